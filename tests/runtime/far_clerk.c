/* SPDX-License-Identifier: Apache-2.0 */
/* far_clerk.c: an actor that counts, answers, fails and waits as it is told. */
#include "runtime/far_clerk.h"

#include <criterion/criterion.h>

#include <errno.h>

#include "runtime/world.h"

struct clerk {
    int64_t sum, count; /* of what was added */
    troupe_token_t deferred;
    troupe_ref_t next; /* who gets jobs; nobody: it holds them itself */
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
    self->sum = (self->sum * 31 + number) % 1000000007;
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

static int
on_forget(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx, (void) state, (void) msg;
    return 0;
}

static int
on_next(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct clerk *self = state;
    int rc = troupe_unpack(msg, "R", &self->next);
    return rc < 0 ? rc : troupe_reply(ctx, NULL);
}

static int
on_job(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct clerk *self = state;
    char ref[TROUPE_REF_TEXT];
    if (!troupe_ref_is_nobody(self->next))
        return troupe_forward(ctx, self->next, msg);
    if (troupe_message_is_ask(msg)) {
        note("holds");
        return troupe_defer(ctx, &self->deferred);
    }
    note("job of %s", troupe_ref_text(troupe_message_sender(msg), ref));
    return 0;
}

static int
on_done(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct clerk *self = state;
    (void) msg;
    return troupe_reply_to(ctx, &self->deferred, "i", 3);
}

static int
on_cancel(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx, (void) state, (void) msg;
    note("let go");
    return 0;
}

static int
middle_answer(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct clerk *self = state;
    note("middle %s", troupe_outcome_name(answer->outcome));
    if (answer->outcome == TROUPE_REPLY)
        return troupe_reply_to(ctx, &self->deferred, "m", answer->msg);
    return 0;
}

static int
on_middle(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct clerk *self = state;
    troupe_ref_t to;
    int rc = troupe_unpack(msg, "R", &to);
    if (rc == 0)
        rc = troupe_defer(ctx, &self->deferred);
    if (rc == 0)
        rc = troupe_ask(ctx, to, "job", 60000, middle_answer, NULL, NULL);
    return rc;
}

TROUPE_KIND(far_clerk, struct clerk, TROUPE_ON("add", on_add),
            TROUPE_ON("sum", on_sum), TROUPE_ON("fail", on_fail),
            TROUPE_ON("never", on_never), TROUPE_ON("end", on_end),
            TROUPE_ON("echo", on_echo), TROUPE_ON("forget", on_forget),
            TROUPE_ON("next", on_next), TROUPE_ON("job", on_job),
            TROUPE_ON("done", on_done), TROUPE_ON("middle", on_middle),
            TROUPE_ON("do", do_inside), TROUPE_ON_CANCEL(on_cancel));

void
hand_on(troupe_ref_t from, troupe_ref_t to)
{
    cr_assert_eq(troupe_node_ask(node, from, "next", 30000, NULL, "R", to), 0);
}

troupe_ref_t
spawn_on(troupe_t *at, const troupe_kind_t *kind)
{
    troupe_ref_t ref;
    troupe_spawn_options_t options = {.place = TROUPE_WORKER, .worker = 1};
    cr_assert_eq(troupe_node_spawn(at, kind, &options, &ref, NULL), 0);
    return ref;
}
