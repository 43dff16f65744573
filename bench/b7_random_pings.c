/* SPDX-License-Identifier: Apache-2.0 */
/* b7_random_pings: 120 actors ping each other at random and are answered. */
#include <errno.h>

#include "bench/common.h"

enum { ACTORS = 120, PINGS = 20000 };

struct pinger {
    troupe_ref_t all[ACTORS], leader;
    uint32_t index, x;
    int64_t left;
};

static int
pinger_start(troupe_context_t *ctx, void *state, const troupe_message_t *args)
{
    struct pinger *self = state;
    int64_t index = 0;
    (void) ctx;
    int rc =
        troupe_unpack(args, "[R, I, I]", &self->leader, &index, &self->left);
    self->index = (uint32_t) index;
    self->x = self->index + 1;
    return rc;
}

static int
pinger_meet(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct pinger *self = state;
    const void *bytes = NULL;
    size_t size = 0;
    (void) ctx;
    int rc = troupe_unpack(msg, "B", &bytes, &size);
    if (rc < 0 || size != sizeof self->all)
        return -EBADMSG;
    __builtin_memcpy(self->all, bytes, size);
    return 0;
}

static int
pinger_go(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct pinger *self = state;
    (void) msg;
    if (self->left-- == 0)
        return troupe_send(ctx, self->leader, "done", NULL);
    self->x = (self->x * 75 + 74) % 65537;
    uint32_t target = (self->index + 1 + self->x % (ACTORS - 1)) % ACTORS;
    return troupe_send(ctx, self->all[target], "ping", "i", 1);
}

static int
pinger_ping(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    int number = 0;
    (void) state;
    int rc = troupe_unpack(msg, "i", &number);
    if (rc < 0)
        return rc;
    return troupe_send(ctx, troupe_message_sender(msg), "pong", "i", number);
}

TROUPE_KIND(pinger, struct pinger, TROUPE_ON_START(pinger_start),
            TROUPE_ON("meet", pinger_meet), TROUPE_ON("go", pinger_go),
            TROUPE_ON("ping", pinger_ping), TROUPE_ON("pong", pinger_go));

struct leader {
    troupe_ref_t all[ACTORS];
    troupe_token_t done;
    int64_t finished;
};

static int
leader_start(troupe_context_t *ctx, void *state, const troupe_message_t *args)
{
    struct leader *self = state;
    troupe_spawn_options_t options = {.place = TROUPE_SPREAD};
    int64_t pings = 0;
    int rc = troupe_unpack(args, "I", &pings);
    for (int64_t i = 0; rc == 0 && i < ACTORS; i++)
        rc = troupe_spawn(ctx, &pinger, &options, &self->all[i], "[R, I, I]",
                          troupe_self(ctx), i, pings);
    for (int i = 0; rc == 0 && i < ACTORS; i++)
        rc = troupe_send(ctx, self->all[i], "meet", "B", self->all,
                         sizeof self->all);
    return rc;
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
    for (int i = 0; rc == 0 && i < ACTORS; i++)
        rc = troupe_send(ctx, self->all[i], "go", NULL);
    return rc;
}

static int
leader_done(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct leader *self = state;
    (void) msg;
    if (++self->finished < ACTORS)
        return 0;
    return troupe_reply_to(ctx, &self->done, "I", self->finished);
}

TROUPE_KIND(leader, struct leader, TROUPE_ON_START(leader_start),
            TROUPE_ON("ready", leader_ready), TROUPE_ON("go", leader_go),
            TROUPE_ON("done", leader_done));

static int
run(bool quick)
{
    int64_t pings = quick ? PINGS / 10 : PINGS, answer = 0;
    int64_t count = pings * ACTORS * 2;
    double seconds = 0;
    troupe_t *node = NULL;
    int rc = bench_node(0, &node);
    if (rc == 0)
        rc = bench_go(node, &leader, pings, &seconds, &answer);
    if (rc == 0 && answer != ACTORS)
        rc = -EPROTO;
    if (rc == 0)
        bench_result(NULL, seconds / (double) count * 1e9, "ns/message", count);
    troupe_destroy(&node);
    return rc;
}

int
main(int argc, char **argv)
{
    static const struct bench_variant variants[] = {{"default", run},
                                                    {NULL, NULL}};
    return bench_main(argc, argv, "B7", variants);
}
