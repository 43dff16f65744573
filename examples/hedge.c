/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hedge.c: a second ask where the first one is late. A clerk takes a nap at
 * each 25th question; the hedger before it asks a colleague when an answer takes
 * longer than 95 of 100 did, and takes the one that comes first.
 */
#include <stdio.h>

#include <troupe.h>

#include "troupe_hedge.h"

enum { QUESTIONS = 200, NAP_EACH = 25, NAP_MS = 1000 };

struct clerk {
    troupe_token_t asker;
    int64_t asked;
};

static int
clerk_wakes(troupe_context_t *ctx, void *state, void *data)
{
    struct clerk *self = state;
    (void) data;
    /* Nobody may wait any more: the hedger has cancelled its ask then. */
    (void) !troupe_reply_to(ctx, &self->asker, NULL);
    return 0;
}

static int
clerk_look_up(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct clerk *self = state;
    (void) msg;
    self->asked += 1;
    if (self->asked % NAP_EACH != 0)
        return troupe_reply(ctx, NULL);
    int rc = troupe_defer(ctx, &self->asker);
    return rc < 0
               ? rc
               : troupe_call_after(ctx, NAP_MS, clerk_wakes, NULL, NULL, NULL);
}

TROUPE_KIND(clerk, struct clerk, TROUPE_ON("look-up", clerk_look_up));

int
main(void)
{
    troupe_t *node = NULL;
    troupe_ref_t one, other, hedger;
    uint64_t asked_twice = 0, won = 0;
    int rc = troupe_new(NULL, &node);
    if (rc == 0)
        rc = troupe_node_spawn(node, &clerk, NULL, &one, NULL);
    if (rc == 0)
        rc = troupe_node_spawn(node, &clerk, NULL, &other, NULL);
    if (rc == 0) {
        rc = troupe_node_spawn(node, &troupe_hedger, NULL, &hedger,
                               "{s:R, s:R}", "backend", one, "other", other);
    }
    for (int i = 0; i < QUESTIONS && rc == 0; i++)
        rc = troupe_node_ask(node, hedger, "look-up", 0, NULL, NULL);
    troupe_message_t *reply = NULL;
    if (rc == 0)
        rc = troupe_node_ask(node, hedger, "hedge.state", 0, &reply, NULL);
    if (rc == 0)
        rc = troupe_unpack(reply, "{s:U, s:U}", "hedges", &asked_twice, "won",
                           &won);
    troupe_message_destroy(&reply);
    if (rc < 0) {
        fprintf(stderr, "hedge: %s\n", troupe_strerror(rc));
    } else {
        printf("%d questions, %llu asked twice; the colleague was first %llu "
               "times\n",
               QUESTIONS, (unsigned long long) asked_twice,
               (unsigned long long) won);
    }
    bool right = rc == 0 && won > 0 && asked_twice < QUESTIONS / 5;
    return troupe_destroy(&node) == 0 && right ? 0 : 1;
}
