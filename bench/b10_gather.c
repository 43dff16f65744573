/* SPDX-License-Identifier: Apache-2.0 */
/* b10_gather: ask a hundred actors at once, collect a hundred answers. */
#include <errno.h>

#include "bench/common.h"

enum { TARGETS = 100, GATHERS = 5000, PATIENCE_MS = 5000 };

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
    troupe_ref_t targets[TARGETS];
    troupe_token_t done;
    int64_t left, answers;
};

static int
asker_start(troupe_context_t *ctx, void *state, const troupe_message_t *args)
{
    struct asker *self = state;
    troupe_spawn_options_t options = {.place = TROUPE_SPREAD};
    int rc = troupe_unpack(args, "I", &self->left);
    for (int i = 0; rc == 0 && i < TARGETS; i++)
        rc = troupe_spawn(ctx, &target, &options, &self->targets[i], NULL);
    return rc;
}

static int
asker_ready(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    return troupe_reply(ctx, NULL);
}

static int gathered(troupe_context_t *ctx, void *state,
                    const troupe_gather_t *result);

static int
gather_once(troupe_context_t *ctx, struct asker *self)
{
    troupe_gather_options_t options = {.timeout_ms = PATIENCE_MS,
                                       .done = gathered};
    return troupe_gather(ctx, self->targets, TARGETS, "number", &options, NULL,
                         "i", 1);
}

static int
gathered(troupe_context_t *ctx, void *state, const troupe_gather_t *result)
{
    struct asker *self = state;
    if (!result->met)
        return troupe_fail(ctx, -EPROTO, "%s", result->why);
    self->answers += (int64_t) result->usable;
    if (--self->left > 0)
        return gather_once(ctx, self);
    return troupe_reply_to(ctx, &self->done, "I", self->answers);
}

static int
asker_go(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct asker *self = state;
    (void) msg;
    int rc = troupe_defer(ctx, &self->done);
    return rc < 0 ? rc : gather_once(ctx, self);
}

TROUPE_KIND(asker, struct asker, TROUPE_ON_START(asker_start),
            TROUPE_ON("ready", asker_ready), TROUPE_ON("go", asker_go));

static int
run(bool quick)
{
    int64_t count = quick ? GATHERS / 10 : GATHERS, answer = 0;
    double seconds = 0;
    troupe_t *node = NULL;
    int rc = bench_node(0, &node);
    if (rc == 0)
        rc = bench_go(node, &asker, count, &seconds, &answer);
    if (rc == 0 && answer != count * TARGETS)
        rc = -EPROTO;
    if (rc == 0)
        bench_result(NULL, seconds / (double) count * 1e6, "us/gather", count);
    troupe_destroy(&node);
    return rc;
}

int
main(int argc, char **argv)
{
    static const struct bench_variant variants[] = {{"default", run},
                                                    {NULL, NULL}};
    return bench_main(argc, argv, "B10", variants);
}
