/* SPDX-License-Identifier: Apache-2.0 */
/* b1_ping_pong: one pair of actors that answer each other. */
#include <errno.h>

#include "bench/common.h"

enum { MESSAGES = 2000000 };

struct pinger {
    troupe_ref_t ponger;
    troupe_token_t done;
    int64_t left;
};

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

static int
start_on(troupe_context_t *ctx, void *state, const troupe_message_t *args,
         uint32_t worker)
{
    struct pinger *self = state;
    troupe_spawn_options_t options = {.place = TROUPE_WORKER, .worker = worker};
    int rc = troupe_unpack(args, "I", &self->left);
    if (rc < 0)
        return rc;
    return troupe_spawn(ctx, &ponger, &options, &self->ponger, NULL);
}

static int
start_near(troupe_context_t *ctx, void *state, const troupe_message_t *args)
{
    return start_on(ctx, state, args, 0);
}

static int
start_far(troupe_context_t *ctx, void *state, const troupe_message_t *args)
{
    return start_on(ctx, state, args, 1);
}

static int
pinger_ready(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    return troupe_reply(ctx, NULL);
}

static int
pinger_go(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct pinger *self = state;
    (void) msg;
    int rc = troupe_defer(ctx, &self->done);
    if (rc < 0)
        return rc;
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
    return troupe_reply_to(ctx, &self->done, "I", self->left);
}

TROUPE_KIND(near_pinger, struct pinger, TROUPE_ON_START(start_near),
            TROUPE_ON("ready", pinger_ready), TROUPE_ON("go", pinger_go),
            TROUPE_ON("pong", pinger_pong));
TROUPE_KIND(far_pinger, struct pinger, TROUPE_ON_START(start_far),
            TROUPE_ON("ready", pinger_ready), TROUPE_ON("go", pinger_go),
            TROUPE_ON("pong", pinger_pong));

static int
run(bool quick, uint32_t workers, const troupe_kind_t *kind)
{
    int64_t count = quick ? MESSAGES / 10 : MESSAGES, answer = -1;
    double seconds = 0;
    troupe_t *node = NULL;
    int rc = bench_node(workers, &node);
    if (rc == 0)
        rc = bench_go(node, kind, count, &seconds, &answer);
    if (rc == 0 && answer != 0)
        rc = -EPROTO;
    if (rc == 0)
        bench_result(NULL, seconds / (double) count * 1e9, "ns/message", count);
    troupe_destroy(&node);
    return rc;
}

static int
one_worker(bool quick)
{
    return run(quick, 1, &near_pinger);
}

static int
two_workers(bool quick)
{
    return run(quick, 2, &far_pinger);
}

int
main(int argc, char **argv)
{
    static const struct bench_variant variants[] = {
        {"one-worker", one_worker}, {"two-workers", two_workers}, {NULL, NULL}};
    return bench_main(argc, argv, "B1", variants);
}
