/* SPDX-License-Identifier: Apache-2.0 */
/* b3_ring: one token round a ring of a hundred actors. */
#include <errno.h>

#include "bench/common.h"

enum { HOPS = 2000000, RING = 100 };

struct link {
    troupe_ref_t next, leader;
};

static int
link_next(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct link *self = state;
    (void) ctx;
    return troupe_unpack(msg, "[R, R]", &self->next, &self->leader);
}

static int
link_token(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct link *self = state;
    int64_t left = 0;
    int rc = troupe_unpack(msg, "I", &left);
    if (rc < 0)
        return rc;
    if (left > 1)
        return troupe_send(ctx, self->next, "token", "I", left - 1);
    return troupe_send(ctx, self->leader, "done", NULL);
}

TROUPE_KIND(link_kind, struct link, TROUPE_ON("next", link_next),
            TROUPE_ON("token", link_token));

struct leader {
    troupe_ref_t links[RING];
    troupe_token_t done;
    int64_t hops;
};

static int
start_over(troupe_context_t *ctx, void *state, const troupe_message_t *args,
           uint32_t workers)
{
    struct leader *self = state;
    int rc = troupe_unpack(args, "I", &self->hops);
    for (uint32_t i = 0; rc == 0 && i < RING; i++) {
        troupe_spawn_options_t options = {.place = TROUPE_WORKER,
                                          .worker = i % workers};
        rc = troupe_spawn(ctx, &link_kind, &options, &self->links[i], NULL);
    }
    for (int i = 0; rc == 0 && i < RING; i++)
        rc = troupe_send(ctx, self->links[i], "next", "[R, R]",
                         self->links[(i + 1) % RING], troupe_self(ctx));
    return rc;
}

static int
start_one(troupe_context_t *ctx, void *state, const troupe_message_t *args)
{
    return start_over(ctx, state, args, 1);
}

static int
start_two(troupe_context_t *ctx, void *state, const troupe_message_t *args)
{
    return start_over(ctx, state, args, 2);
}

static int
leader_ready(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    return troupe_reply(ctx, NULL);
}

static int
leader_go(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct leader *self = state;
    (void) msg;
    int rc = troupe_defer(ctx, &self->done);
    return rc < 0 ? rc
                  : troupe_send(ctx, self->links[0], "token", "I", self->hops);
}

static int
leader_done(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct leader *self = state;
    (void) msg;
    return troupe_reply_to(ctx, &self->done, "I", self->hops);
}

TROUPE_KIND(leader_of_one, struct leader, TROUPE_ON_START(start_one),
            TROUPE_ON("ready", leader_ready), TROUPE_ON("go", leader_go),
            TROUPE_ON("done", leader_done));
TROUPE_KIND(leader_of_two, struct leader, TROUPE_ON_START(start_two),
            TROUPE_ON("ready", leader_ready), TROUPE_ON("go", leader_go),
            TROUPE_ON("done", leader_done));

static int
run(bool quick, uint32_t workers, const troupe_kind_t *kind)
{
    int64_t count = quick ? HOPS / 10 : HOPS, answer = 0;
    double seconds = 0;
    troupe_t *node = NULL;
    int rc = bench_node(workers, &node);
    if (rc == 0)
        rc = bench_go(node, kind, count, &seconds, &answer);
    if (rc == 0 && answer != count)
        rc = -EPROTO;
    if (rc == 0)
        bench_result(NULL, seconds / (double) count * 1e9, "ns/hop", count);
    troupe_destroy(&node);
    return rc;
}

static int
one_worker(bool quick)
{
    return run(quick, 1, &leader_of_one);
}

static int
two_workers(bool quick)
{
    return run(quick, 2, &leader_of_two);
}

int
main(int argc, char **argv)
{
    static const struct bench_variant variants[] = {
        {"one-worker", one_worker}, {"two-workers", two_workers}, {NULL, NULL}};
    return bench_main(argc, argv, "B3", variants);
}
