/* SPDX-License-Identifier: Apache-2.0 */
/* research.c: starts the actors of a run, waits for the report, stops them. */
#include "actors/research.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "troupe_child_calls.h"
#include "troupe_corpus.h"
#include "troupe_research.h"
#include "troupe_stats.h"

#include "mailbox/check.h"

#define LIMIT_DEFAULT    32
#define PROGRESS_MS      50
#define INTENSITY        100 /* restarts of all children within the period */
#define CHILD_RESTARTS   8   /* of one child; then it stays down */
#define BACKOFF_MIN_MS   5
#define BACKOFF_MAX_MS   200
#define STOP_MS          1000
#define WITHOUT_DEADLINE 600000 /* ms; a bound for runs without a deadline */
#define ASKS_MAX         4      /* of a coordinator that fails */
#define ACTORS_MAX       (PARTS_MAX + 1)

struct troupe_research {
    troupe_research_outcome_t outcome;
    bool deadline_passed;
    char *markdown;
    char *json;
};

/* A run as its caller's thread sees it. */
struct drive {
    troupe_t *node;
    const troupe_research_options_t *options;
    struct research_request request;
    troupe_child_spec_t specs[ACTORS_MAX];
    troupe_ref_t refs[ACTORS_MAX]; /* by spec */
    uint64_t before[ACTORS_MAX];   /* handled before the run: the start */
    size_t spec_count;
    troupe_ref_t supervisor;
    unsigned asks;
    int rc; /* of the last ask */
    troupe_research_t *result;
};

troupe_research_options_t
troupe_research_options_default(void)
{
    return (troupe_research_options_t){
        .limit = LIMIT_DEFAULT, .interrupt_fd = -1, .progress_ms = PROGRESS_MS};
}

static const troupe_research_fault_t *
fault_of(const troupe_research_options_t *options, const char *name)
{
    for (size_t i = 0; i < options->fault_count; i++)
        if (strcmp(options->faults[i].name, name) == 0)
            return &options->faults[i];
    return NULL;
}

static troupe_child_spec_t
spec_of(const char *id, const troupe_kind_t *kind)
{
    return (troupe_child_spec_t){
        .id = id,
        .kind = kind,
        .place = TROUPE_OWN_THREAD, /* they compute and read for long */
        .backoff = {.min_ms = BACKOFF_MIN_MS, .max_ms = BACKOFF_MAX_MS},
        .budget = {.restarts = CHILD_RESTARTS, .then = TROUPE_GIVE_UP},
        .poison_max = TROUPE_INFINITE, /* the gather counts its attempts */
    };
}

static int
add_spec(struct drive *self, const char *id, const troupe_kind_t *kind,
         bool engine)
{
    const troupe_research_fault_t *fault = fault_of(self->options, id);
    uint64_t fail = fault ? fault->times : 0;
    troupe_child_spec_t *spec = &self->specs[self->spec_count++];
    *spec = spec_of(id, kind);
    if (engine) {
        return troupe_child_spec_pack(spec, "{s:s, s:s, s:*, s:U}", "engine",
                                      id, "cache", self->options->cache,
                                      "roots", troupe__texts_write,
                                      &self->request.roots, "fail", fail);
    }
    return troupe_child_spec_pack(spec, "{s:U}", "fail", fail);
}

static int
add_specs(struct drive *self)
{
    static const troupe_kind_t *const analysers[ANALYSER_COUNT] = {
        [ANALYSER_SUMMARISER] = &troupe_summariser,
        [ANALYSER_FACT_CHECKER] = &troupe_fact_checker,
        [ANALYSER_SENTIMENT] = &troupe_sentiment,
    };
    uint32_t engines = self->options->engines;
    int rc = 0;
    for (unsigned i = 0; i < TROUPE_ENGINE_COUNT && rc == 0; i++) {
        if (engines == 0 || engines & (1u << i))
            rc = add_spec(self, troupe_engine_name((troupe_engine_t) i),
                          &troupe_search_engine, true);
    }
    for (unsigned i = 0; i < ANALYSER_COUNT && rc == 0; i++)
        rc = add_spec(self, troupe__analyser_name(i), analysers[i], false);
    if (rc == 0)
        rc = add_spec(self, COORDINATOR, &troupe_coordinator, false);
    /* It waits for others and must hear of deadlines: a worker will do. */
    self->specs[self->spec_count - 1].place = TROUPE_SPREAD;
    return rc;
}

static int
start_actors(struct drive *self)
{
    troupe_supervisor_options_t options = {.strategy = TROUPE_ONE_FOR_ONE,
                                           .intensity = INTENSITY,
                                           .place = TROUPE_SPREAD};
    int rc =
        troupe_node_supervisor_start(self->node, &options, self->specs,
                                     self->spec_count, &self->supervisor, NULL);
    for (size_t i = 0; i < self->spec_count && rc == 0; i++) {
        troupe_child_info_t info;
        rc = troupe_supervisor_which_child(self->node, self->supervisor,
                                           self->specs[i].id, &info);
        if (rc == 0)
            self->refs[i] = info.ref;
        troupe_actor_stats_t stats;
        if (rc == 0
            && troupe_actor_stats_get(self->node, info.ref, &stats) == 0)
            self->before[i] = stats.handled;
    }
    return rc;
}

/* Put each ref where the request wants it. */
static void
fill_parts(struct drive *self)
{
    for (size_t i = 0; i < self->spec_count; i++) {
        troupe_engine_t engine = TROUPE_ENGINE_COUNT;
        if (troupe_engine_find(self->specs[i].id, &engine) == 0)
            self->request.parts[engine] = self->refs[i];
        for (unsigned j = 0; j < ANALYSER_COUNT; j++)
            if (strcmp(self->specs[i].id, troupe__analyser_name(j)) == 0)
                self->request.parts[TROUPE_ENGINE_COUNT + j] = self->refs[i];
    }
}

static troupe_research_actor_t
look_at(const struct drive *self, size_t index)
{
    const troupe_child_spec_t *spec = &self->specs[index];
    troupe_research_actor_t actor = {
        .name = spec->id,
        .role = spec->kind == &troupe_search_engine ? "engine"
                : spec->kind == &troupe_coordinator ? "coordinator"
                                                    : "analyser",
        .state = "down",
    };
    troupe_actor_stats_t stats;
    if (troupe_actor_stats_get(self->node, self->refs[index], &stats) < 0)
        return actor;
    actor.failed = stats.failed;
    actor.restarts = stats.incarnation > 0 ? stats.incarnation - 1 : 0;
    uint64_t starts = self->before[index] + actor.restarts;
    actor.handled = stats.handled > starts ? stats.handled - starts : 0;
    if (spec->kind == &troupe_coordinator)
        actor.handled = self->result ? 1 : 0;
    bool busy = stats.received > stats.handled + stats.failed + stats.dropped;
    if (stats.status == TROUPE_STATUS_WAITING)
        actor.state = "restarting";
    else if (stats.status == TROUPE_STATUS_STARTING)
        actor.state = actor.restarts > 0 ? "restarting" : "starting";
    else if (busy || (spec->kind == &troupe_coordinator && !self->result))
        actor.state = "working";
    else
        actor.state = actor.handled > 0 ? "done" : "waiting";
    return actor;
}

static void
show_progress(const struct drive *self)
{
    troupe_research_actor_t actors[ACTORS_MAX];
    if (!self->options->progress)
        return;
    for (size_t i = 0; i < self->spec_count; i++)
        actors[i] = look_at(self, i);
    self->options->progress(self->options->context, actors, self->spec_count);
}

static int
take_report(struct drive *self, const troupe_message_t *msg)
{
    const char *markdown = NULL;
    const char *json = NULL;
    uint64_t outcome = 0;
    bool deadline_passed = false;
    int rc = troupe_unpack(msg, "{s:U, s:b, s:s, s:s}", "outcome", &outcome,
                           "deadline_passed", &deadline_passed, "markdown",
                           &markdown, "json", &json);
    if (rc == 0
        && (outcome < TROUPE_RESEARCH_COMPLETE
            || outcome > TROUPE_RESEARCH_NOTHING))
        rc = -EBADMSG;
    if (rc < 0)
        return rc;
    self->result = troupe__alloc(sizeof *self->result);
    self->result->outcome = (troupe_research_outcome_t) outcome;
    self->result->deadline_passed = deadline_passed;
    self->result->markdown = troupe__strdup(markdown);
    self->result->json = troupe__strdup(json);
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
    troupe_ref_t coordinator = self->refs[self->spec_count - 1];
    uint32_t timeout_ms = self->options->deadline_ms
                              ? self->options->deadline_ms + RESEARCH_GRACE_MS
                              : WITHOUT_DEADLINE;
    self->request.failures = self->asks;
    self->asks += 1;
    return troupe_ask(ctx, coordinator, "research", timeout_ms, on_report, NULL,
                      RESEARCH_REQUEST,
                      RESEARCH_REQUEST_ARGUMENTS(&self->request));
}

static int
on_tick(troupe_context_t *ctx, void *state, void *data)
{
    struct drive *self = state;
    show_progress(self);
    return troupe_call_after(ctx, self->options->progress_ms, on_tick, data,
                             NULL, NULL);
}

static int
begin(troupe_context_t *ctx, void *state, void *data)
{
    int rc = ask(ctx, state);
    return rc < 0 ? rc : on_tick(ctx, state, data);
}

/* -ENOENT for a fault of an actor that is not there. */
static int
check_faults(const struct drive *self)
{
    for (size_t i = 0; i < self->options->fault_count; i++) {
        bool found = false;
        for (size_t j = 0; j < self->spec_count; j++)
            found |=
                strcmp(self->options->faults[i].name, self->specs[j].id) == 0;
        if (!found)
            return -ENOENT;
    }
    return 0;
}

int
troupe_research_run(troupe_t *node, const troupe_research_options_t *options,
                    troupe_research_t **ret_research)
{
    CHECK(ret_research);
    int rc = node ? troupe__research_check(options) : -EINVAL;
    if (rc < 0)
        return rc;
    struct drive self = {.node = node,
                         .options = options,
                         .request = troupe__research_request(options)};
    rc = add_specs(&self);
    if (rc == 0)
        rc = check_faults(&self);
    if (rc == 0)
        rc = start_actors(&self);
    if (rc == 0) {
        fill_parts(&self);
        rc = troupe_node_run(node, begin, &self, 0);
        rc = rc < 0 ? rc : self.rc;
        show_progress(&self);
    }
    if (!troupe_ref_is_nobody(self.supervisor))
        troupe_node_exit(node, self.supervisor, TROUPE_EXIT_SHUTDOWN, STOP_MS);
    for (size_t i = 0; i < self.spec_count; i++)
        troupe_child_spec_clear(&self.specs[i]);
    troupe__research_request_clear(&self.request);
    if (rc == 0)
        *ret_research = self.result;
    return rc;
}

troupe_research_outcome_t
troupe_research_outcome(const troupe_research_t *self)
{
    CHECK(self);
    return self->outcome;
}

bool
troupe_research_deadline_passed(const troupe_research_t *self)
{
    CHECK(self);
    return self->deadline_passed;
}

const char *
troupe_research_markdown(const troupe_research_t *self)
{
    CHECK(self);
    return self->markdown;
}

const char *
troupe_research_json(const troupe_research_t *self)
{
    CHECK(self);
    return self->json;
}

void
troupe_research_destroy(troupe_research_t **self_p)
{
    if (!self_p || !*self_p)
        return;
    free((*self_p)->markdown);
    free((*self_p)->json);
    free(*self_p);
    *self_p = NULL;
}
