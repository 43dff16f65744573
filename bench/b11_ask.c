/* SPDX-License-Identifier: Apache-2.0 */
/* b11_ask: round trips of asks, one after the other, each timed. */
#include <errno.h>
#include <stdlib.h>

#include "bench/common.h"

enum { ASKS = 200000, WARM_UP = 2000, PATIENCE_MS = 5000 };

/* Seconds of each ask; written by the asker, read when it has answered. */
static double times[ASKS];

static int
target_number(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    int number = 0;
    (void) state;
    int rc = troupe_unpack(msg, "i", &number);
    return rc < 0 ? rc : troupe_reply(ctx, "i", number);
}

TROUPE_KIND(target, char, TROUPE_ON("number", target_number));

struct asker {
    troupe_ref_t target;
    troupe_token_t done;
    int64_t count, asked;
    double began;
};

static int
start_on(troupe_context_t *ctx, void *state, const troupe_message_t *args,
         uint32_t worker)
{
    struct asker *self = state;
    troupe_spawn_options_t options = {.place = TROUPE_WORKER, .worker = worker};
    int rc = troupe_unpack(args, "I", &self->count);
    self->asked = -WARM_UP;
    return rc < 0 ? rc
                  : troupe_spawn(ctx, &target, &options, &self->target, NULL);
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
asker_ready(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    return troupe_reply(ctx, NULL);
}

static int
answered(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct asker *self = state;
    double now = bench_now();
    if (answer->outcome != TROUPE_REPLY)
        return troupe_fail(ctx, answer->code, "%s", answer->text);
    if (self->asked >= 0)
        times[self->asked] = now - self->began;
    if (++self->asked == self->count)
        return troupe_reply_to(ctx, &self->done, "I", self->asked);
    self->began = bench_now();
    return troupe_ask(ctx, self->target, "number", PATIENCE_MS, answered, NULL,
                      "i", 1);
}

static int
asker_go(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct asker *self = state;
    (void) msg;
    int rc = troupe_defer(ctx, &self->done);
    if (rc < 0)
        return rc;
    self->began = bench_now();
    return troupe_ask(ctx, self->target, "number", PATIENCE_MS, answered, NULL,
                      "i", 1);
}

TROUPE_KIND(near_asker, struct asker, TROUPE_ON_START(start_near),
            TROUPE_ON("ready", asker_ready), TROUPE_ON("go", asker_go));
TROUPE_KIND(far_asker, struct asker, TROUPE_ON_START(start_far),
            TROUPE_ON("ready", asker_ready), TROUPE_ON("go", asker_go));

static int
shorter_first(const void *one, const void *other)
{
    double a = *(const double *) one, b = *(const double *) other;
    return a < b ? -1 : a > b;
}

static void
tell(int64_t count, const char *const parts[3])
{
    static const double shares[] = {0.5, 0.99, 0.999};
    qsort(times, (size_t) count, sizeof *times, shorter_first);
    for (size_t i = 0; i < 3; i++) {
        size_t at = (size_t) ((double) count * shares[i]);
        bench_result(parts[i], times[at] * 1e9, "ns", count);
    }
}

static int
run(bool quick, const troupe_kind_t *kind, const char *const parts[3])
{
    int64_t count = quick ? ASKS / 10 : ASKS, answer = 0;
    double seconds = 0;
    troupe_t *node = NULL;
    int rc = bench_node(2, &node);
    if (rc == 0)
        rc = bench_go(node, kind, count, &seconds, &answer);
    if (rc == 0 && answer != count)
        rc = -EPROTO;
    if (rc == 0)
        tell(count, parts);
    troupe_destroy(&node);
    return rc;
}

static int
two_workers(bool quick)
{
    static const char *const parts[] = {"p50", "p99", "p99.9"};
    return run(quick, &far_asker, parts);
}

static int
one_worker(bool quick)
{
    static const char *const parts[] = {"one-worker p50", "one-worker p99",
                                        "one-worker p99.9"};
    return run(quick, &near_asker, parts);
}

int
main(int argc, char **argv)
{
    static const struct bench_variant variants[] = {
        {"default", two_workers}, {"one-worker", one_worker}, {NULL, NULL}};
    return bench_main(argc, argv, "B11", variants);
}
