/* SPDX-License-Identifier: Apache-2.0 */
/* far_clerk.c: an actor that counts, answers, fails and waits as it is told. */
#include "runtime/far_clerk.h"

#include <criterion/criterion.h>

#include <errno.h>

struct clerk {
    int64_t sum, count; /* of what was added */
    troupe_token_t deferred;
};

static int
on_add(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx;
    struct clerk *self = state;
    int64_t number = 0;
    int rc = troupe_unpack(msg, "[I]", &number);
    if (rc < 0)
        rc = troupe_unpack(msg, "I", &number);
    if (rc < 0)
        return rc;
    self->count++;
    /* The order of arrival shows in it. */
    self->sum = self->sum * 31 + number;
    return 0;
}

static int
on_sum(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    const struct clerk *self = state;
    return troupe_reply(ctx, "[I, I]", self->sum, self->count);
}

static int
on_fail(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    return troupe_fail(ctx, -EIO, "the ink has run out");
}

static int
on_never(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    struct clerk *self = state;
    return troupe_defer(ctx, &self->deferred);
}

static int
on_end(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx, (void) state, (void) msg;
    return TROUPE_STOP;
}

static int
on_echo(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state;
    return troupe_reply(ctx, "m", msg);
}

TROUPE_KIND(far_clerk, struct clerk, TROUPE_ON("add", on_add),
            TROUPE_ON("sum", on_sum), TROUPE_ON("fail", on_fail),
            TROUPE_ON("never", on_never), TROUPE_ON("end", on_end),
            TROUPE_ON("echo", on_echo));

troupe_ref_t
spawn_on(troupe_t *at, const troupe_kind_t *kind)
{
    troupe_ref_t ref;
    troupe_spawn_options_t options = {.place = TROUPE_WORKER, .worker = 1};
    cr_assert_eq(troupe_node_spawn(at, kind, &options, &ref, NULL), 0);
    return ref;
}
