/* SPDX-License-Identifier: Apache-2.0 */
/* decide_actors.c: the actors that work a decision out, cell by cell. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "troupe_ask.h"
#include "troupe_decide.h"
#include "troupe_trace.h"

#include "actors/decide.h"
#include "actors/decide_codec.h"
#include "actors/research.h"
#include "mailbox/check.h"

struct cell_actor {
    enum group strategy;
    uint64_t fail;             /* first incarnations that fail */
    struct decision *decision; /* of the start, or NULL */
};

/* -EBADMSG where there is no decision, or -EINVAL where it is wrong. */
static int
read_part(const troupe_message_t *msg, struct decision **ret_decision)
{
    msgpack_object body;
    const msgpack_object *object = troupe__decision_object(msg, &body);
    if (!object)
        return -EBADMSG;
    struct problems problems = {.scratch = troupe__scratch_new()};
    int rc = troupe__decision_read_part(object, &problems, ret_decision);
    troupe__scratch_destroy(&problems.scratch);
    if (rc == 0 && (*ret_decision)->option_count == 0) {
        troupe__decision_destroy(ret_decision);
        rc = -EINVAL;
    }
    return rc;
}

static int
cell_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct cell_actor *self = state;
    const char *name = NULL;
    int rc = troupe_unpack(msg, "{s:s, s?U}", "strategy", &name, "fail",
                           &self->fail);
    for (unsigned i = 1; rc == 0 && i <= STRATEGY_COUNT; i++) {
        if (strcmp(name, troupe__group_name((enum group) i)) == 0)
            self->strategy = (enum group) i;
    }
    if (rc == 0 && self->strategy == GROUP_CRITERIA)
        rc = -EINVAL;
    if (rc == 0 && read_part(msg, &self->decision) == -EINVAL)
        rc = -EINVAL;
    return rc < 0 ? troupe_fail(ctx, rc, "a cell wants strategy and decision")
                  : 0;
}

static int
on_evaluate(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct cell_actor *self = state;
    int rc = troupe__fail_on_request(ctx, self->fail);
    if (rc < 0)
        return rc;
    struct decision *other = NULL;
    rc = read_part(msg, &other);
    if (rc == -EBADMSG && self->decision)
        rc = 0;
    if (rc < 0) {
        return troupe_reply_error(ctx, rc,
                                  "evaluate wants a decision with an option");
    }
    const struct decision *decision = other ? other : self->decision;
    troupe_trace_note(ctx, "{s:s, s:s}", "troupe.decide.strategy",
                      troupe__group_name(self->strategy),
                      "troupe.decide.option", decision->options[0].id);
    struct estimate estimate = troupe__estimate(decision, self->strategy, 0);
    rc = troupe_reply(ctx, "{s:*}", "estimate", troupe__estimate_write,
                      &estimate);
    troupe__decision_destroy(&other);
    return rc;
}

static void
cell_stop(troupe_context_t *ctx, void *state, const troupe_reason_t *reason)
{
    (void) ctx;
    (void) reason;
    troupe__decision_destroy(&((struct cell_actor *) state)->decision);
}

struct perspective_actor {
    uint32_t view;
    uint64_t fail;
};

static int
perspective_start(troupe_context_t *ctx, void *state,
                  const troupe_message_t *msg)
{
    struct perspective_actor *self = state;
    const char *name = NULL;
    int rc = troupe_unpack(msg, "{s:s, s?U}", "perspective", &name, "fail",
                           &self->fail);
    self->view = VIEW_COUNT;
    for (unsigned i = 0; rc == 0 && i < PERSPECTIVE_COUNT; i++) {
        if (strcmp(name, troupe__perspective_name((enum perspective_index) i))
            == 0)
            self->view = i;
    }
    if (rc == 0 && self->view == VIEW_COUNT)
        rc = -EINVAL;
    return rc < 0 ? troupe_fail(ctx, rc, "a perspective wants its name") : 0;
}

static int
on_rank(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct perspective_actor *self = state;
    struct table table = {.scratch = NULL};
    int rc = troupe__fail_on_request(ctx, self->fail);
    if (rc < 0)
        return rc;
    rc = troupe__table_read(msg, &table);
    if (rc < 0)
        return troupe_reply_error(ctx, rc, "rank wants a table");
    double *scores = troupe__opinion(&table, self->view);
    struct scores list = {scores, METHOD_COUNT * table.rows};
    rc = troupe_reply(ctx, "{s:*}", "scores", troupe__scores_write, &list);
    free(scores);
    troupe__table_clear(&table);
    return rc;
}

TROUPE_KIND(troupe_decision_cell, struct cell_actor,
            TROUPE_ON_START(cell_start), TROUPE_ON("evaluate", on_evaluate),
            TROUPE_ON_STOP(cell_stop));

TROUPE_KIND(troupe_decision_perspective, struct perspective_actor,
            TROUPE_ON_START(perspective_start), TROUPE_ON("rank", on_rank));
