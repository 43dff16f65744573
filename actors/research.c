/* SPDX-License-Identifier: Apache-2.0 */
/* research.c: starts the actors of a run, waits for the report, stops them. */
#include "actors/research_actors.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "troupe_research.h"
#include "troupe_stats.h"

#include "mailbox/check.h"

#define LIMIT_DEFAULT    32
#define PROGRESS_MS      50
#define STOP_MS          1000
#define WITHOUT_DEADLINE 600000 /* ms; a bound for runs without a deadline */
#define ASKS_MAX         4      /* of a coordinator that fails */

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
    struct research_actors actors;
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

static troupe_research_actor_t
look_at(const struct drive *self, uint32_t index)
{
    const struct research_actor *it = &self->actors.items[index];
    bool leads = index + 1 == self->actors.count;
    troupe_research_actor_t actor = {
        .name = it->name, .role = it->role, .state = "down"};
    troupe_actor_stats_t stats;
    if (troupe_actor_stats_get(self->node, it->ref, &stats) < 0)
        return actor;
    actor.failed = stats.failed;
    actor.restarts = stats.incarnation > 0 ? stats.incarnation - 1 : 0;
    uint64_t starts = it->before + actor.restarts;
    actor.handled = stats.handled > starts ? stats.handled - starts : 0;
    if (leads)
        actor.handled = self->result ? 1 : 0;
    bool busy = stats.received > stats.handled + stats.failed + stats.dropped;
    if (stats.status == TROUPE_STATUS_WAITING)
        actor.state = "restarting";
    else if (stats.status == TROUPE_STATUS_STARTING)
        actor.state = actor.restarts > 0 ? "restarting" : "starting";
    else if (busy || (leads && !self->result))
        actor.state = "working";
    else
        actor.state = actor.handled > 0 ? "done" : "waiting";
    return actor;
}

static void
show_progress(const struct drive *self)
{
    troupe_research_actor_t actors[MEMBERS_MAX + 1];
    if (!self->options->progress)
        return;
    for (uint32_t i = 0; i < self->actors.count; i++)
        actors[i] = look_at(self, i);
    self->options->progress(self->options->context, actors, self->actors.count);
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
            || outcome > TROUPE_RESEARCH_BUDGET))
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
    uint32_t timeout_ms = self->options->deadline_ms
                              ? self->options->deadline_ms + RESEARCH_GRACE_MS
                              : WITHOUT_DEADLINE;
    self->request.failures = self->asks;
    self->asks += 1;
    return troupe_ask(ctx, self->actors.coordinator, "research", timeout_ms,
                      on_report, NULL, RESEARCH_REQUEST,
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
    rc = troupe__research_actors_start(node, options, &self.request,
                                       &self.actors);
    if (rc == 0)
        rc = troupe__research_faults_check(&self.actors, options);
    if (rc == 0) {
        rc = troupe_node_run(node, begin, &self, 0);
        rc = rc < 0 ? rc : self.rc;
        show_progress(&self);
    }
    if (!troupe_ref_is_nobody(self.actors.supervisor))
        troupe_node_exit(node, self.actors.supervisor, TROUPE_EXIT_SHUTDOWN,
                         STOP_MS);
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
