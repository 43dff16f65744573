/* SPDX-License-Identifier: Apache-2.0 */
/* b6_spawn: 200,000 actors that get one message and stop. */
#include <errno.h>
#include <stdatomic.h>

#include "bench/common.h"

enum { ACTORS = 200000, BATCH = 1000 };

/* The end of the last one, for all systems alike: a shared count. */
static _Atomic int64_t ended;

static int
mayfly_live(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    int number = 0;
    (void) ctx, (void) state;
    int rc = troupe_unpack(msg, "i", &number);
    atomic_fetch_add_explicit(&ended, number, memory_order_relaxed);
    return rc < 0 ? rc : TROUPE_STOP;
}

TROUPE_KIND(mayfly, int64_t, TROUPE_ON("live", mayfly_live));

struct spawner {
    troupe_token_t done;
    int64_t count, left;
};

static int
spawner_start(troupe_context_t *ctx, void *state, const troupe_message_t *args)
{
    struct spawner *self = state;
    (void) ctx;
    int rc = troupe_unpack(args, "I", &self->count);
    self->left = self->count;
    return rc;
}

static int
spawner_ready(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    return troupe_reply(ctx, NULL);
}

static int
spawner_more(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct spawner *self = state;
    int rc = 0;
    (void) msg;
    for (int i = 0; rc == 0 && self->left > 0 && i < BATCH; i++) {
        troupe_ref_t ref;
        rc = troupe_spawn(ctx, &mayfly, NULL, &ref, NULL);
        if (rc == 0)
            rc = troupe_send(ctx, ref, "live", "i", 1);
        self->left--;
    }
    if (rc < 0)
        return rc;
    if (self->left > 0
        || atomic_load_explicit(&ended, memory_order_relaxed) < self->count)
        return troupe_send(ctx, troupe_self(ctx), "more", NULL);
    return troupe_reply_to(ctx, &self->done, "I",
                           (int64_t) atomic_load(&ended));
}

static int
spawner_go(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct spawner *self = state;
    int rc = troupe_defer(ctx, &self->done);
    return rc < 0 ? rc : spawner_more(ctx, state, msg);
}

TROUPE_KIND(spawner, struct spawner, TROUPE_ON_START(spawner_start),
            TROUPE_ON("ready", spawner_ready), TROUPE_ON("go", spawner_go),
            TROUPE_ON("more", spawner_more));

static int
run(bool quick)
{
    int64_t count = quick ? ACTORS / 10 : ACTORS, answer = 0;
    double seconds = 0;
    troupe_t *node = NULL;
    int rc = bench_node(0, &node);
    if (rc == 0)
        rc = bench_go(node, &spawner, count, &seconds, &answer);
    if (rc == 0 && answer != count)
        rc = -EPROTO;
    if (rc == 0)
        bench_result(NULL, seconds / (double) count * 1e9, "ns/actor", count);
    troupe_destroy(&node);
    return rc;
}

int
main(int argc, char **argv)
{
    static const struct bench_variant variants[] = {{"default", run},
                                                    {NULL, NULL}};
    return bench_main(argc, argv, "B6", variants);
}
