/* SPDX-License-Identifier: Apache-2.0 */
/* oracles.c: actors to gather from, and ways to do it. */
#include "supervisor/oracles.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "supervisor/harness.h"

enum { TARGETS_MAX = 16 };

struct oracle {
    char says[16];
    troupe_token_t token;
};

static int
on_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx;
    struct oracle *self = state;
    const char *says = NULL;
    int rc = troupe_unpack(msg, "s", &says);
    if (rc == 0)
        snprintf(self->says, sizeof self->says, "%s", says);
    return rc;
}

static int
on_ask(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    struct oracle *self = state;
    switch (self->says[0]) {
    case '!':
        return troupe_reply_error(ctx, -ENODATA, "nothing to say");
    case '?':
        return troupe_defer(ctx, &self->token);
    case '#':
        if (troupe_incarnation(ctx) == 1)
            return troupe_fail(ctx, -EIO, "not yet");
        break;
    default:
        break;
    }
    return troupe_reply(ctx, "s", self->says);
}

static int
on_late(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    struct oracle *self = state;
    if (!troupe_token_is_open(ctx, self->token)) {
        journal_add("%s was cancelled", self->says);
        return 0;
    }
    return troupe_reply_to(ctx, &self->token, "s", self->says);
}

static int
on_crash(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state;
    (void) msg;
    return troupe_fail(ctx, -EIO, "told to crash");
}

TROUPE_KIND(oracle, struct oracle, TROUPE_ON_START(on_start),
            TROUPE_ON("ask", on_ask), TROUPE_ON("late", on_late),
            TROUPE_ON("crash", on_crash));

void
oracles(const char *const says[], size_t count, troupe_ref_t *targets)
{
    for (size_t i = 0; i < count; i++)
        cr_assert_eq(troupe_node_spawn(world_node(), &oracle, NULL, &targets[i],
                                       "s", says[i]),
                     0);
    world_settle();
}

troupe_gather_t *
gather(const troupe_ref_t *targets, size_t count,
       const troupe_gather_options_t *options)
{
    troupe_gather_t *result = NULL;
    cr_assert_eq(troupe_node_gather(world_node(), targets, count, "ask",
                                    options, &result, "s", "what?"),
                 0);
    cr_assert_not_null(result);
    return result;
}

/* What a gatherer is to do; read by its thread when nothing else moves. */
static struct {
    troupe_ref_t targets[TARGETS_MAX];
    size_t count;
    troupe_gather_options_t options;
} order;

struct gatherer {
    troupe_gathering_t *gathering;
};

static int
on_done(troupe_context_t *ctx, void *state, const troupe_gather_t *result)
{
    (void) ctx;
    struct gatherer *self = state;
    self->gathering = NULL;
    char line[96];
    size_t at = (size_t) snprintf(line, sizeof line,
                                  "%s, %s:", result->met ? "met" : "not met",
                                  result->why);
    for (size_t i = 0; i < result->count && at < sizeof line; i++)
        at += (size_t) snprintf(line + at, sizeof line - at, " %s",
                                troupe_outcome_name(result->parts[i].outcome));
    journal_add("%s", line);
    return 0;
}

static void
on_drop(void *data)
{
    journal_add("dropped %s", (const char *) data);
}

static int
on_begin(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    struct gatherer *self = state;
    troupe_gather_options_t options = order.options;
    options.done = on_done;
    options.drop = on_drop;
    static char it[] = "it";
    options.data = it;
    return troupe_gather(ctx, order.targets, order.count, "ask", &options,
                         &self->gathering, "s", "what?");
}

static int
on_end(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    struct gatherer *self = state;
    return troupe_gather_end(ctx, self->gathering);
}

TROUPE_KIND(gatherer, struct gatherer, TROUPE_ON("begin", on_begin),
            TROUPE_ON("gather end", on_end),
            TROUPE_ON("gather crash", on_crash));

troupe_ref_t
gather_later(const troupe_ref_t *targets, size_t count,
             const troupe_gather_options_t *options)
{
    troupe_ref_t ref = TROUPE_NOBODY;
    cr_assert_leq(count, (size_t) TARGETS_MAX);
    memcpy(order.targets, targets, count * sizeof *targets);
    order.count = count;
    order.options = *options;
    cr_assert_eq(troupe_node_spawn(world_node(), &gatherer, NULL, &ref, NULL),
                 0);
    tell(ref, "begin");
    return ref;
}
