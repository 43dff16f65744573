/* SPDX-License-Identifier: Apache-2.0 */
/* decide.c: starts a decider, waits for its report, stops it. */
#include "actors/decide.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "troupe_child_calls.h"
#include "troupe_journal.h"
#include "troupe_msgpack.h"

#include "mailbox/check.h"

#define PROGRESS_MS      50
#define SAMPLES          10000
#define SAMPLERS         2
#define RESTARTS         8
#define BACKOFF_MIN_MS   5
#define BACKOFF_MAX_MS   200
#define STOP_MS          1000
#define TEAM_MS          1000   /* for an answer about progress */
#define WITHOUT_DEADLINE 600000 /* ms; a bound for runs without a deadline */
#define END_NS           UINT64_C(2000000000) /* for who is told to end */
#define ASKS_MAX         4                    /* of a decider that fails */
#define KEPT_KINDS       3 /* cells, perspectives, samplers */

/* A run as its caller's thread sees it. */
struct drive {
    troupe_t *node;
    const troupe_decide_options_t *options;
    struct decide_request request;
    void *packed; /* from JSON; owned */
    const void *decision;
    size_t decision_size;
    troupe_ref_t decider;
    struct team_view view;
    unsigned asks;
    uint64_t ended_ns; /* the decider is told to end; 0: not yet */
    int rc;            /* of the last ask */
    troupe_decide_t *result;
};

troupe_decide_options_t
troupe_decide_options_default(void)
{
    return (troupe_decide_options_t){.samples = SAMPLES,
                                     .seed = 1,
                                     .samplers = SAMPLERS,
                                     .interrupt_fd = -1,
                                     .progress_ms = PROGRESS_MS};
}

/* The decision as msgpack: given so, or packed from JSON. */
static int
take_decision(struct drive *self)
{
    const troupe_decide_options_t *options = self->options;
    char error[160];
    if (!options->json) {
        self->decision = options->decision;
        self->decision_size = options->decision_size;
        return options->decision && options->decision_size > 0 ? 0 : -EINVAL;
    }
    int rc = troupe__decision_pack(options->json, &self->packed,
                                   &self->decision_size, error, sizeof error);
    self->decision = self->packed;
    if (rc < 0 && options->problem)
        options->problem(options->context, "", false, error);
    return rc;
}

static int
check_decision(const struct drive *self)
{
    const troupe_decide_options_t *options = self->options;
    struct decision *decision = NULL;
    struct problems problems = {.scratch = troupe__scratch_new()};
    msgpack_unpacked whole;
    size_t at = 0;
    msgpack_unpacked_init(&whole);
    int rc = -EINVAL;
    if (msgpack_unpack_next(&whole, self->decision, self->decision_size, &at)
            == MSGPACK_UNPACK_SUCCESS
        && at == self->decision_size)
        rc = troupe__decision_read(&whole.data, &problems, &decision);
    for (uint32_t i = 0; options->problem && i < problems.count; i++)
        options->problem(options->context, problems.items[i].pointer,
                         problems.items[i].at_key, problems.items[i].text);
    msgpack_unpacked_destroy(&whole);
    troupe__decision_destroy(&decision);
    troupe__scratch_destroy(&problems.scratch);
    return rc;
}

int
troupe_decide_check(const troupe_decide_options_t *options)
{
    if (!options)
        return -EINVAL;
    struct drive self = {.options = options};
    int rc = take_decision(&self);
    if (rc == 0)
        rc = check_decision(&self);
    free(self.packed);
    return rc;
}

static int
check_options(const troupe_decide_options_t *options)
{
    if (!options || options->samples > DECIDE_SAMPLES_MAX
        || options->samplers == 0 || options->samplers > DECIDE_SAMPLERS_MAX
        || options->progress_ms == 0
        || options->deadline_ms > UINT32_MAX - DECIDE_GRACE_MS
        || options->fault_count > DECIDE_FAULTS_MAX
        || (options->fault_count > 0 && !options->faults))
        return -EINVAL;
    for (size_t i = 0; i < options->fault_count; i++) {
        const char *name = options->faults[i].name;
        if (!name)
            return -EINVAL;
        if (strcmp(name, DECIDER) != 0 && !troupe__is_team_name(name))
            return -ENOENT;
    }
    return 0;
}

static void
fill_request(struct drive *self)
{
    const troupe_decide_options_t *options = self->options;
    self->request.samples = options->samples;
    self->request.seed = options->seed;
    self->request.samplers = options->samplers;
    self->request.deadline_ms = options->deadline_ms;
    for (size_t i = 0; i < options->fault_count; i++) {
        struct fault *fault = &self->request.faults[i];
        snprintf(fault->name, sizeof fault->name, "%s",
                 options->faults[i].name);
        fault->times = options->faults[i].times;
    }
    self->request.fault_count = (uint32_t) options->fault_count;
}

static int
start_decider(struct drive *self, troupe_ref_t *ret_supervisor)
{
    static const troupe_supervisor_options_t how = {.strategy =
                                                        TROUPE_ONE_FOR_ONE,
                                                    .intensity = RESTARTS + 1,
                                                    .place = TROUPE_SPREAD};
    uint64_t fail = 0;
    for (uint32_t i = 0; i < self->request.fault_count; i++)
        if (strcmp(self->request.faults[i].name, DECIDER) == 0)
            fail = self->request.faults[i].times;
    troupe_child_spec_t spec = {
        .id = DECIDER,
        .kind = &troupe_decider,
        .place = TROUPE_SPREAD,
        .backoff = {.min_ms = BACKOFF_MIN_MS, .max_ms = BACKOFF_MAX_MS},
        .budget = {.restarts = RESTARTS, .then = TROUPE_GIVE_UP},
        .poison_max = TROUPE_INFINITE};
    troupe_child_info_t info;
    int rc = troupe_child_spec_pack(&spec, "{s:U}", "fail", fail);
    if (rc == 0)
        rc = troupe_node_supervisor_start(self->node, &how, &spec, 1,
                                          ret_supervisor, NULL);
    if (rc == 0)
        rc = troupe_supervisor_which_child(self->node, *ret_supervisor, DECIDER,
                                           &info);
    if (rc == 0)
        self->decider = info.ref;
    troupe_child_spec_clear(&spec);
    return rc;
}

/* Keepers know by name whom they start. */
static int
start_journal(struct drive *self, troupe_ref_t supervisor)
{
    static const troupe_kind_t *const kinds[KEPT_KINDS] = {
        &troupe_decision_cell, &troupe_decision_perspective,
        &troupe_decision_sampler};
    const troupe_decide_options_t *options = self->options;
    troupe_child_spec_t spec = {.id = "journal",
                                .kind = &troupe_journal_actor,
                                .restart = TROUPE_TEMPORARY,
                                .place = TROUPE_OWN_THREAD};
    int rc = 0;
    if (!options->journal)
        return 0;
    for (size_t i = 0; i < KEPT_KINDS && rc == 0; i++)
        rc = troupe_kind_register(self->node, kinds[i]);
    if (rc == 0) {
        rc = troupe_child_spec_pack(
            &spec, "{s:s, s:U}", "path", options->journal, "mode",
            (uint64_t) (options->resume ? TROUPE_JOURNAL_RESUME
                                        : TROUPE_JOURNAL_CREATE));
    }
    if (rc == 0) {
        rc = troupe_supervisor_start_child(self->node, supervisor, &spec,
                                           &self->request.journal, NULL)
                     < 0
                 ? -EIO
                 : 0;
    }
    troupe_child_spec_clear(&spec);
    return rc;
}

static void
show_progress(const struct drive *self)
{
    troupe_research_actor_t lines[TEAM_LINES];
    if (!self->options->progress)
        return;
    troupe__team_look(&self->view, self->node, lines);
    if (self->result)
        for (unsigned i = 0; i < TEAM_LINES; i++)
            lines[i].state = "done";
    troupe_research_actor_t *decider = &lines[TEAM_LINES - 1];
    decider->state = self->result ? "done" : "working";
    decider->handled = self->result ? 1 : 0;
    decider->failed = decider->restarts = self->asks > 0 ? self->asks - 1 : 0;
    self->options->progress(self->options->context, lines, TEAM_LINES);
}

static int
take_report(struct drive *self, const troupe_message_t *msg)
{
    const char *texts[4] = {NULL};
    uint64_t outcome = 0;
    bool deadline_passed = false;
    int rc = troupe_unpack(msg, "{s:U, s:b, s:s, s:s, s:s, s:s}", "outcome",
                           &outcome, "deadline_passed", &deadline_passed,
                           "verdict", &texts[0], "markdown", &texts[1], "json",
                           &texts[2], "svg", &texts[3]);
    if (rc == 0
        && (outcome < TROUPE_RESEARCH_COMPLETE
            || outcome > TROUPE_RESEARCH_NOTHING))
        rc = -EBADMSG;
    if (rc < 0)
        return rc;
    self->result = troupe__alloc(sizeof *self->result);
    *self->result =
        (troupe_decide_t){.outcome = (troupe_decide_outcome_t) outcome,
                          .deadline_passed = deadline_passed,
                          .verdict = troupe__strdup(texts[0]),
                          .markdown = troupe__strdup(texts[1]),
                          .json = troupe__strdup(texts[2]),
                          .svg = troupe__strdup(texts[3])};
    return 0;
}

static int ask(troupe_context_t *ctx, struct drive *self);

static int
on_report(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct drive *self = state;
    if (answer->outcome == TROUPE_REPLY) {
        self->rc = take_report(self, answer->msg);
        return TROUPE_STOP;
    }
    self->rc = answer->outcome == TROUPE_TIMEOUT ? -ETIMEDOUT : -EHOSTDOWN;
    bool again = answer->outcome == TROUPE_ERROR && self->asks < ASKS_MAX;
    if (again && ask(ctx, self) == 0)
        return 0;
    return TROUPE_STOP;
}

static int
ask(troupe_context_t *ctx, struct drive *self)
{
    const struct decide_request *it = &self->request;
    uint32_t timeout_ms = it->deadline_ms
                              ? (uint32_t) it->deadline_ms + DECIDE_GRACE_MS
                              : WITHOUT_DEADLINE;
    self->request.failures = self->asks;
    self->asks += 1;
    return troupe_ask(ctx, self->decider, "decide", timeout_ms, on_report, NULL,
                      "{s:r, s:U, s:U, s:U, s:U, s:U, s:R, s:*}", "decision",
                      self->decision, self->decision_size, "samples",
                      it->samples, "seed", it->seed, "samplers", it->samplers,
                      "deadline_ms", it->deadline_ms, "failures", it->failures,
                      "journal", it->journal, "faults",
                      troupe__decide_faults_write, it);
}

static int
on_children(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    (void) ctx;
    struct drive *self = state;
    if (answer->outcome == TROUPE_REPLY)
        troupe__team_read(&self->view, answer->msg);
    return 0;
}

static int
on_team(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct drive *self = state;
    troupe_ref_t teams[TEAM_COUNT] = {{0}};
    troupe_child_request_t request = {.verb = TROUPE_WHICH_CHILDREN};
    _Static_assert(TEAM_COUNT == 5, "the format below names five teams");
    if (answer->outcome != TROUPE_REPLY
        || troupe_unpack(answer->msg, "{s:[RRRRR]}", "supervisors", &teams[0],
                         &teams[1], &teams[2], &teams[3], &teams[4])
               < 0
        || self->view.known)
        return 0;
    int rc = 0;
    for (unsigned i = 0; i < TEAM_COUNT && rc == 0; i++) {
        if (troupe_ref_is_nobody(teams[i]))
            return 0;
        rc = troupe_supervisor_ask(ctx, teams[i], &request, TEAM_MS,
                                   on_children, NULL);
    }
    self->view.known = true;
    return rc;
}

/* Once with each tick: the decider may have been restarted since. */
static int
end(troupe_context_t *ctx, struct drive *self)
{
    uint64_t now_ns = troupe_time_ns(ctx);
    if (self->ended_ns == 0)
        self->ended_ns = now_ns;
    if (now_ns - self->ended_ns < END_NS)
        return troupe_send(ctx, self->decider, "end", NULL);
    self->rc = -ECANCELED;
    return TROUPE_STOP;
}

static int
on_tick(troupe_context_t *ctx, void *state, void *data)
{
    struct drive *self = state;
    struct pollfd interrupt = {.fd = self->options->interrupt_fd,
                               .events = POLLIN};
    show_progress(self);
    int rc = poll(&interrupt, 1, 0) > 0 ? end(ctx, self) : 0;
    if (rc != 0)
        return rc;
    rc = self->view.known ? 0
                          : troupe_ask(ctx, self->decider, "team", TEAM_MS,
                                       on_team, NULL, NULL);
    if (rc < 0)
        return rc;
    return troupe_call_after(ctx, self->options->progress_ms, on_tick, data,
                             NULL, NULL);
}

static int
begin(troupe_context_t *ctx, void *state, void *data)
{
    struct drive *self = state;
    int rc = ask(ctx, self);
    bool looks = self->options->progress || self->options->interrupt_fd >= 0;
    return rc < 0 || !looks ? rc : on_tick(ctx, state, data);
}

int
troupe_decide_run(troupe_t *node, const troupe_decide_options_t *options,
                  troupe_decide_t **ret_decide)
{
    CHECK(ret_decide);
    struct drive self = {.node = node, .options = options};
    troupe_ref_t supervisor = {0};
    int rc = node ? check_options(options) : -EINVAL;
    if (rc < 0)
        return rc;
    fill_request(&self);
    rc = take_decision(&self);
    if (rc == 0)
        rc = check_decision(&self);
    if (rc == 0)
        rc = start_decider(&self, &supervisor);
    if (rc == 0)
        rc = start_journal(&self, supervisor);
    if (rc == 0) {
        rc = troupe_node_run(node, begin, &self, 0);
        rc = rc < 0 ? rc : self.rc;
        show_progress(&self);
    }
    if (!troupe_ref_is_nobody(supervisor))
        troupe_node_exit(node, supervisor, TROUPE_EXIT_SHUTDOWN, STOP_MS);
    free(self.packed);
    if (rc == 0)
        *ret_decide = self.result;
    return rc;
}
