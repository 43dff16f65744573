/* SPDX-License-Identifier: Apache-2.0 */
/* decide_coordinator.c: the actor that is asked for a decision. */
#include <errno.h>
#include <stdlib.h>

#include "troupe_lifecycle.h"

#include "actors/decide_codec.h"
#include "actors/decide_run.h"
#include "actors/research.h"
#include "mailbox/check.h"

static int
decider_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct decider *self = state;
    int rc = troupe_unpack(msg, "n");
    if (rc < 0)
        rc = troupe_unpack(msg, "{s?U}", "fail", &self->fail);
    return rc < 0 ? troupe_fail(ctx, rc, "a decider wants nothing, or fail")
                  : 0;
}

static void
run_destroy(struct run **self_p)
{
    struct run *self = *self_p;
    if (!self)
        return;
    troupe__result_clear(&self->result);
    troupe_message_destroy(&self->msg);
    free(self);
    *self_p = NULL;
}

int
troupe__decide_finish(troupe_context_t *ctx, struct decider *self)
{
    struct run *run = self->run;
    struct decision_result *result = &run->result;
    result->elapsed_ms =
        (double) (troupe_time_ns(ctx) - run->start_ns) / DECIDE_NS_PER_MS;
    result->deadline_passed |=
        result->deadline_ms > 0 && result->elapsed_ms >= result->deadline_ms;
    troupe__result_judge(result);
    bool any = result->table.rows < 2;
    for (unsigned v = 0; v < PERSPECTIVE_COUNT; v++)
        any |= result->opinions[v].done;
    uint64_t outcome = !any ? TROUPE_RESEARCH_NOTHING
                       : troupe__result_degraded(result)
                           ? TROUPE_RESEARCH_DEGRADED
                           : TROUPE_RESEARCH_COMPLETE;
    char *markdown = troupe__result_markdown(result);
    char *json = troupe__result_json(result);
    char *svg = troupe__result_svg(result);
    int rc = troupe_reply_to(ctx, &run->token, "{s:U, s:s, s:b, s:s, s:s, s:s}",
                             "outcome", outcome, "verdict",
                             troupe__verdict_name(result->verdict),
                             "deadline_passed", (int) result->deadline_passed,
                             "markdown", markdown, "json", json, "svg", svg);
    free(markdown);
    free(json);
    free(svg);
    for (unsigned i = 0; i < TEAM_COUNT; i++) {
        troupe_unlink(ctx, run->teams[i]);
        troupe_exit_send(ctx, run->teams[i], TROUPE_EXIT_SHUTDOWN, 0, NULL);
    }
    run_destroy(&self->run);
    return rc == -ENOMSG ? 0 : rc; /* the asker has given up: fine */
}

/* The first thing that is wrong, as an answer; a caller that wants all of it
 * asks troupe_decide_check(). */
static int
refuse(troupe_context_t *ctx, const struct problems *problems)
{
    if (problems->count == 0)
        return troupe_reply_error(ctx, -EBADMSG, "decide wants a decision");
    return troupe_reply_error(ctx, -EINVAL, "%s: %s",
                              problems->items[0].pointer,
                              problems->items[0].text);
}

static int
begin_run(troupe_context_t *ctx, struct decider *self,
          const troupe_message_t *msg, struct decision *decision)
{
    struct run *run = troupe__alloc(sizeof *run);
    self->run = run;
    run->result.decision = decision;
    run->result.winner = run->result.rival = NO_ROW;
    run->start_ns = troupe_time_ns(ctx);
    int rc = troupe__decide_request_read(msg, &run->request);
    if (rc < 0) {
        run_destroy(&self->run);
        return troupe_reply_error(ctx, rc, "not a request for a decision");
    }
    run->result.samples_asked = (uint32_t) run->request.samples;
    run->result.seed = run->request.seed;
    run->result.deadline_ms = (uint32_t) run->request.deadline_ms;
    run->result.failures = (uint32_t) run->request.failures;
    rc = troupe_message_keep(msg, &run->msg);
    if (rc == 0)
        rc = troupe_defer(ctx, &run->token);
    if (rc == 0)
        rc = troupe__decide_begin(ctx, run);
    return rc < 0 ? troupe_fail(ctx, rc, "the actors cannot be started") : 0;
}

static int
on_decide(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct decider *self = state;
    int rc = troupe__fail_on_request(ctx, self->fail);
    if (rc < 0)
        return rc;
    if (self->run)
        return troupe_reply_error(ctx, -EBUSY, "one decision at a time");
    struct decision *decision = NULL;
    struct problems problems = {.scratch = troupe__scratch_new()};
    msgpack_object body;
    const msgpack_object *object = troupe__decision_object(msg, &body);
    rc =
        object ? troupe__decision_read(object, &problems, &decision) : -EBADMSG;
    rc = rc < 0 ? refuse(ctx, &problems) : begin_run(ctx, self, msg, decision);
    troupe__scratch_destroy(&problems.scratch);
    return rc;
}

static int
on_team(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    static const troupe_ref_t nobody[TEAM_COUNT];
    const struct decider *self = state;
    const troupe_ref_t *teams =
        self->run && self->run->ready ? self->run->teams : nobody;
    return troupe_reply(ctx, "{s:[RRRRR]}", "supervisors", teams[0], teams[1],
                        teams[2], teams[3], teams[4]);
}

static void
decider_stop(troupe_context_t *ctx, void *state, const troupe_reason_t *reason)
{
    (void) ctx;
    (void) reason;
    run_destroy(&((struct decider *) state)->run);
}

TROUPE_KIND(troupe_decider, struct decider, TROUPE_ON_START(decider_start),
            TROUPE_ON("decide", on_decide), TROUPE_ON("team", on_team),
            TROUPE_ON("end", troupe__decide_on_end),
            TROUPE_ON_STOP(decider_stop));
