/* SPDX-License-Identifier: Apache-2.0 */
/* b8_skynet: a tree of actors, ten a level, down to a million leaves. */
#include <errno.h>

#include "bench/common.h"

enum { LEAVES = 1000000, FAN = 10 };

struct tree {
    troupe_ref_t parent;
    int64_t sum;
    int32_t open;
};

static int tree_start(troupe_context_t *ctx, void *state,
                      const troupe_message_t *args);
static int tree_sum(troupe_context_t *ctx, void *state,
                    const troupe_message_t *msg);

TROUPE_KIND(tree, struct tree, TROUPE_ON_START(tree_start),
            TROUPE_ON("sum", tree_sum));

/* The first ten are spread over the workers; each then stays on its own. */
static int
tree_start(troupe_context_t *ctx, void *state, const troupe_message_t *args)
{
    struct tree *self = state;
    int64_t first = 0, leaves = 0;
    int rc = troupe_unpack(args, "[R, I, I]", &self->parent, &first, &leaves);
    if (rc < 0)
        return rc;
    if (leaves == 1) {
        rc = troupe_send(ctx, self->parent, "sum", "I", first);
        return rc < 0 ? rc : TROUPE_STOP;
    }
    self->open = FAN;
    for (int64_t i = 0; rc == 0 && i < FAN; i++)
        rc = troupe_spawn(ctx, &tree, NULL, NULL, "[R, I, I]", troupe_self(ctx),
                          first + i * (leaves / FAN), leaves / FAN);
    return rc;
}

static int
tree_sum(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct tree *self = state;
    int64_t sum = 0;
    int rc = troupe_unpack(msg, "I", &sum);
    if (rc < 0)
        return rc;
    self->sum += sum;
    if (--self->open > 0)
        return 0;
    rc = troupe_send(ctx, self->parent, "sum", "I", self->sum);
    return rc < 0 ? rc : TROUPE_STOP;
}

struct root {
    troupe_token_t done;
    int64_t leaves, sum;
    int32_t open;
};

static int
root_start(troupe_context_t *ctx, void *state, const troupe_message_t *args)
{
    struct root *self = state;
    (void) ctx;
    return troupe_unpack(args, "I", &self->leaves);
}

static int
root_ready(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    return troupe_reply(ctx, NULL);
}

static int
root_go(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct root *self = state;
    troupe_spawn_options_t options = {.place = TROUPE_SPREAD};
    (void) msg;
    self->open = FAN;
    int rc = troupe_defer(ctx, &self->done);
    for (int64_t i = 0; rc == 0 && i < FAN; i++) {
        rc = troupe_spawn(ctx, &tree, &options, NULL, "[R, I, I]",
                          troupe_self(ctx), i * (self->leaves / FAN),
                          self->leaves / FAN);
    }
    return rc;
}

static int
root_sum(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct root *self = state;
    int64_t sum = 0;
    int rc = troupe_unpack(msg, "I", &sum);
    if (rc < 0)
        return rc;
    self->sum += sum;
    if (--self->open > 0)
        return 0;
    return troupe_reply_to(ctx, &self->done, "I", self->sum);
}

TROUPE_KIND(root, struct root, TROUPE_ON_START(root_start),
            TROUPE_ON("ready", root_ready), TROUPE_ON("go", root_go),
            TROUPE_ON("sum", root_sum));

static int
run(bool quick)
{
    int64_t leaves = quick ? LEAVES / 10 : LEAVES, answer = 0;
    double seconds = 0;
    troupe_t *node = NULL;
    int rc = bench_node(0, &node);
    if (rc == 0)
        rc = bench_go(node, &root, leaves, &seconds, &answer);
    if (rc == 0 && answer != leaves * (leaves - 1) / 2)
        rc = -EPROTO;
    if (rc == 0)
        bench_result(NULL, seconds, "s", leaves);
    troupe_destroy(&node);
    return rc;
}

int
main(int argc, char **argv)
{
    static const struct bench_variant variants[] = {{"default", run},
                                                    {NULL, NULL}};
    return bench_main(argc, argv, "B8", variants);
}
