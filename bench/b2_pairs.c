/* SPDX-License-Identifier: Apache-2.0 */
/* b2_pairs: a hundred pairs of actors that answer each other at once. */
#include <errno.h>

#include "bench/common.h"

enum { MESSAGES = 4000000, PAIRS = 100 };

static int
ponger_ping(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    int number = 0;
    (void) state;
    int rc = troupe_unpack(msg, "i", &number);
    if (rc < 0)
        return rc;
    return troupe_send(ctx, troupe_message_sender(msg), "pong", "i", number);
}

TROUPE_KIND(ponger, char, TROUPE_ON("ping", ponger_ping));

struct pinger {
    troupe_ref_t leader, ponger;
    int64_t left;
};

static int
pinger_start(troupe_context_t *ctx, void *state, const troupe_message_t *args)
{
    struct pinger *self = state;
    int rc = troupe_unpack(args, "[R, I]", &self->leader, &self->left);
    return rc < 0 ? rc : troupe_spawn(ctx, &ponger, NULL, &self->ponger, NULL);
}

static int
pinger_go(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct pinger *self = state;
    (void) msg;
    return troupe_send(ctx, self->ponger, "ping", "i", 1);
}

static int
pinger_pong(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct pinger *self = state;
    int number = 0;
    int rc = troupe_unpack(msg, "i", &number);
    if (rc < 0)
        return rc;
    self->left -= 2;
    if (self->left > 0)
        return troupe_send(ctx, self->ponger, "ping", "i", number);
    return troupe_send(ctx, self->leader, "done", NULL);
}

TROUPE_KIND(pinger, struct pinger, TROUPE_ON_START(pinger_start),
            TROUPE_ON("go", pinger_go), TROUPE_ON("pong", pinger_pong));

struct leader {
    troupe_ref_t pingers[PAIRS];
    troupe_token_t done;
    int64_t finished;
};

static int
leader_start(troupe_context_t *ctx, void *state, const troupe_message_t *args)
{
    struct leader *self = state;
    troupe_spawn_options_t options = {.place = TROUPE_SPREAD};
    int64_t count = 0;
    int rc = troupe_unpack(args, "I", &count);
    for (int i = 0; rc == 0 && i < PAIRS; i++)
        rc = troupe_spawn(ctx, &pinger, &options, &self->pingers[i], "[R, I]",
                          troupe_self(ctx), count / PAIRS);
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
    for (int i = 0; rc == 0 && i < PAIRS; i++)
        rc = troupe_send(ctx, self->pingers[i], "go", NULL);
    return rc;
}

static int
leader_done(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct leader *self = state;
    (void) msg;
    if (++self->finished < PAIRS)
        return 0;
    return troupe_reply_to(ctx, &self->done, "I", self->finished);
}

TROUPE_KIND(leader, struct leader, TROUPE_ON_START(leader_start),
            TROUPE_ON("ready", leader_ready), TROUPE_ON("go", leader_go),
            TROUPE_ON("done", leader_done));

static int
run(bool quick)
{
    int64_t count = quick ? MESSAGES / 10 : MESSAGES, answer = 0;
    double seconds = 0;
    troupe_t *node = NULL;
    int rc = bench_node(0, &node);
    if (rc == 0)
        rc = bench_go(node, &leader, count, &seconds, &answer);
    if (rc == 0 && answer != PAIRS)
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
    return bench_main(argc, argv, "B2", variants);
}
