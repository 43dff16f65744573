/* SPDX-License-Identifier: Apache-2.0 */
/* knots.c: actors that ask each other, hold what they are asked, and tell. */
#include "runtime/knots.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <stdio.h>

#include "runtime/world.h"

enum { HELD_MAX = 64 };

struct knotted {
    troupe_token_t held[HELD_MAX];
    uint32_t held_count, open;
};

static int
release_all(troupe_context_t *ctx, struct knotted *self, int code)
{
    int rc = 0;
    for (uint32_t i = 0; i < self->held_count; i++) {
        rc = code < 0 ? troupe_reply_error_to(ctx, &self->held[i], code,
                                              "it could not go on")
                      : troupe_reply_to(ctx, &self->held[i], "n");
        if (rc < 0 && rc != -ENOMSG) /* its asker gave up */
            return rc;
    }
    self->held_count = 0;
    return troupe_unstash(ctx);
}

static void
record(const troupe_answer_t *answer)
{
    struct knot_ask *ask = answer->data;
    if (ask->outcome != 0)
        note("%s, and then %s", troupe_outcome_name(ask->outcome),
             troupe_outcome_name(answer->outcome));
    snprintf(ask->text, sizeof ask->text, "%s", answer->text);
    ask->code = answer->code;
    ask->outcome = answer->outcome;
}

static int
any_answer(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct knotted *self = state;
    record(answer);
    self->open--;
    return release_all(ctx, self, answer->code);
}

static int
last_answer(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct knotted *self = state;
    record(answer);
    return --self->open > 0 ? 0 : release_all(ctx, self, answer->code);
}

static int
bad_answer(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    if (answer->outcome == TROUPE_REPLY)
        return any_answer(ctx, state, answer);
    record(answer);
    return troupe_fail(ctx, answer->code, "%s", answer->text);
}

static int
put(troupe_context_t *ctx, struct knotted *self, const troupe_message_t *msg,
    troupe_answer_fn answer)
{
    uint64_t address = 0;
    int rc = troupe_unpack(msg, "U", &address);
    struct knot_ask *ask = (void *) (uintptr_t) address;
    if (rc < 0)
        return rc;
    troupe_ask_options_t options = {.timeout_ms = ask->timeout_ms,
                                    .answer = answer,
                                    .data = ask,
                                    .patient = ask->patient,
                                    .detached = true};
    rc = troupe_ask_with(ctx, ask->to, ask->type ? ask->type : "hold", &options,
                         NULL, NULL);
    self->open += rc == 0;
    return troupe_message_is_ask(msg) ? troupe_reply(ctx, "i", rc) : rc;
}

static int
any_put(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    return put(ctx, state, msg, any_answer);
}

static int
strict_put(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    return put(ctx, state, msg, last_answer);
}

static int
fragile_put(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    return put(ctx, state, msg, bad_answer);
}

static int
on_hold(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct knotted *self = state;
    (void) msg;
    if (self->held_count == HELD_MAX)
        return -ENOSPC;
    return troupe_defer(ctx, &self->held[self->held_count++]);
}

static int
on_now(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    return troupe_reply(ctx, "n");
}

static int
on_stash(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    const struct knotted *self = state;
    return self->open > 0 ? troupe_stash(ctx) : on_now(ctx, state, msg);
}

static int
on_release(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    return release_all(ctx, state, 0);
}

static int
on_later(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    int after_ms = 0;
    (void) state;
    int rc = troupe_unpack(msg, "i", &after_ms);
    if (rc == 0)
        rc = troupe_timer_set(ctx, "release", (uint32_t) after_ms, 0);
    return troupe_reply(ctx, "i", rc);
}

#define HOLDS                                                                  \
    TROUPE_ON("hold", on_hold), TROUPE_ON("stash", on_stash),                  \
        TROUPE_ON("now", on_now), TROUPE_ON("release", on_release),            \
        TROUPE_ON("later", on_later)

TROUPE_KIND(knotted, struct knotted, TROUPE_ON("put", any_put), HOLDS);
TROUPE_KIND(strict, struct knotted, TROUPE_ON("put", strict_put), HOLDS);
TROUPE_KIND(fragile, struct knotted, TROUPE_ON("put", fragile_put), HOLDS);

static void
bid(troupe_ref_t to, const char *type, const char *format, uint64_t number)
{
    troupe_message_t *reply = NULL;
    int code = -1;
    cr_assert_eq(troupe_node_ask(node, to, type, 60000, &reply, format, number),
                 0);
    cr_assert_eq(troupe_unpack(reply, "i", &code), 0);
    troupe_message_destroy(&reply);
    cr_assert_eq(code, 0, "%d", code);
}

void
knot_put(struct knot_ask *ask)
{
    bid(ask->from, "put", "U", (uint64_t) (uintptr_t) ask);
}

void
knot_later(troupe_ref_t ref, uint32_t after_ms)
{
    bid(ref, "later", "U", after_ms);
}

void
knot_send(struct knot_ask *ask)
{
    cr_assert_eq(troupe_node_send(node, ask->from, "put", "U",
                                  (uint64_t) (uintptr_t) ask),
                 0);
}
