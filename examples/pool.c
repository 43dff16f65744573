/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool.c: actors that come and go with the work, behind a limit. Forty jobs
 * are asked of a limiter, which asks a pool, which has up to eight diggers.
 */
#include <stdio.h>

#include <troupe.h>

#include "troupe_limit.h"
#include "troupe_pool.h"

enum { JOBS = 40, DIGGERS = 8 };

struct digger {
    troupe_token_t asker;
};

static int
digger_end(troupe_context_t *ctx, void *state, void *data)
{
    struct digger *self = state;
    (void) data;
    return troupe_reply_to(ctx, &self->asker, "n");
}

static int
digger_dig(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct digger *self = state;
    (void) msg;
    int rc = troupe_defer(ctx, &self->asker);
    return rc < 0 ? rc
                  : troupe_call_after(ctx, 10, digger_end, NULL, NULL, NULL);
}

TROUPE_KIND(digger, struct digger, TROUPE_ON("dig", digger_dig));

struct owner {
    troupe_token_t done;
    int64_t left, dug;
};

static int
on_dug(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct owner *self = state;
    self->dug += answer->outcome == TROUPE_REPLY;
    self->left -= 1;
    return self->left > 0 ? 0
                          : troupe_reply_to(ctx, &self->done, "I", self->dug);
}

static int
owner_go(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct owner *self = state;
    troupe_ref_t to;
    int rc = troupe_unpack(msg, "R", &to);
    if (rc == 0)
        rc = troupe_defer(ctx, &self->done);
    for (; self->left < JOBS && rc == 0; self->left++)
        rc = troupe_ask(ctx, to, "dig", 0, on_dug, NULL, NULL);
    return rc;
}

TROUPE_KIND(owner, struct owner, TROUPE_ON("go", owner_go));

static int
run(troupe_t *node, int64_t *ret_dug, uint64_t *ret_actors)
{
    troupe_ref_t pool, limiter, owner_ref;
    troupe_message_t *reply = NULL, *state = NULL;
    int rc = troupe_kind_register(node, &digger); /* a pool finds it by name */
    if (rc == 0)
        rc = troupe_node_spawn(node, &troupe_pool, NULL, &pool, "{s:s, s:U}",
                               "kind", "digger", "max", (uint64_t) DIGGERS);
    if (rc == 0) {
        rc = troupe_node_spawn(node, &troupe_limiter, NULL, &limiter,
                               "{s:R, s:U, s:U}", "backend", pool, "start",
                               (uint64_t) DIGGERS, "max", (uint64_t) DIGGERS);
    }
    if (rc == 0)
        rc = troupe_node_spawn(node, &owner, NULL, &owner_ref, NULL);
    if (rc == 0)
        rc = troupe_node_ask(node, owner_ref, "go", 0, &reply, "R", limiter);
    if (rc == 0)
        rc = troupe_unpack(reply, "I", ret_dug);
    if (rc == 0)
        rc = troupe_node_ask(node, pool, "pool.state", 0, &state, NULL);
    if (rc == 0)
        rc = troupe_unpack(state, "{s:U}", "actors", ret_actors);
    troupe_message_destroy(&reply);
    troupe_message_destroy(&state);
    return rc;
}

int
main(void)
{
    troupe_t *node = NULL;
    int64_t dug = 0;
    uint64_t actors = 0;
    int rc = troupe_new(NULL, &node);
    if (rc == 0)
        rc = run(node, &dug, &actors);
    if (rc < 0)
        fprintf(stderr, "pool: %s\n", troupe_strerror(rc));
    else
        printf("%lld jobs, by %llu diggers in the end\n", (long long) dug,
               (unsigned long long) actors);
    bool right = rc == 0 && dug == JOBS && actors >= 1 && actors <= DIGGERS;
    return troupe_destroy(&node) == 0 && right ? 0 : 1;
}
