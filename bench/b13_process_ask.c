/* SPDX-License-Identifier: Apache-2.0 */
/* b13: round trips of asks to an actor in another process, each timed. */
#include <errno.h>
#include <stdlib.h>

#include "bench/two.h"

enum { ASKS = 100000, WARM_UP = 2000, PATIENCE_MS = 5000 };

static double times[ASKS];

static int
target_number(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    int number = 0;
    (void) state;
    int rc = troupe_unpack(msg, "i", &number);
    return rc < 0 ? rc : troupe_reply(ctx, "i", number);
}

TROUPE_KIND(far_target, char, TROUPE_ON("number", target_number));

struct asker {
    troupe_ref_t target;
    troupe_token_t done;
    int64_t count, asked;
    double began;
};

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
        return troupe_reply_to(ctx, &self->done, NULL);
    self->began = bench_now();
    return troupe_ask(ctx, self->target, "number", PATIENCE_MS, answered, NULL,
                      "i", 1);
}

static int
asker_go(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct asker *self = state;
    int rc = troupe_unpack(msg, "[R, I]", &self->target, &self->count);
    self->asked = -WARM_UP;
    if (rc == 0)
        rc = troupe_defer(ctx, &self->done);
    if (rc < 0)
        return rc;
    self->began = bench_now();
    return troupe_ask(ctx, self->target, "number", PATIENCE_MS, answered, NULL,
                      "i", 1);
}

TROUPE_KIND(process_asker, struct asker, TROUPE_ON("go", asker_go));

static int
shorter_first(const void *one, const void *other)
{
    double a = *(const double *) one, b = *(const double *) other;
    return a < b ? -1 : a > b;
}

static int
run(bool quick)
{
    static const double shares[] = {0.5, 0.99, 0.999};
    static const char *const parts[] = {"p50", "p99", "p99.9"};
    int64_t count = quick ? ASKS / 10 : ASKS;
    troupe_spawn_options_t options = {.place = TROUPE_WORKER};
    troupe_ref_t ref;
    struct bench_two two;
    int rc = bench_two_begin(&two);
    if (rc == 0)
        rc = troupe_node_spawn(two.node, &process_asker, &options, &ref, NULL);
    if (rc == 0)
        rc = troupe_node_ask(two.node, ref, "go", 600000, NULL, "[R, I]",
                             two.far, count);
    qsort(times, (size_t) count, sizeof *times, shorter_first);
    for (size_t i = 0; rc == 0 && i < 3; i++) {
        bench_result(parts[i],
                     times[(size_t) ((double) count * shares[i])] * 1e9, "ns",
                     count);
    }
    bench_two_end(&two);
    return rc;
}

int
main(int argc, char **argv)
{
    static const struct bench_variant variants[] = {{"default", run},
                                                    {NULL, NULL}};
    bench_two_main(argc, argv, &far_target);
    return bench_main(argc, argv, "B13", variants);
}
