/* SPDX-License-Identifier: Apache-2.0 */
/* test_ask_edges.c: asks that wait, expire or are put wrongly. */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "runtime/world.h"

TestSuite(asking, .init = world_begin, .fini = world_end, .timeout = 20);

struct lazy {
    char unused;
};

/* Starts when it is told to by a timer: until then all messages wait. */
static int
lazy_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    troupe_timer_set(ctx, "begin", 1000, 0);
    return TROUPE_STARTING;
}

static int
lazy_begin(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    return troupe_started(ctx);
}

static int
lazy_answer(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state;
    note("%s", troupe_message_type(msg));
    return troupe_reply(ctx, "i", 1);
}

TROUPE_KIND(lazy, struct lazy, TROUPE_ON_START(lazy_start),
            TROUPE_ON("begin", lazy_begin), TROUPE_ON("ask", lazy_answer));

static char text[1024], second[] = "second ";

static int
note_text(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    snprintf(text, sizeof text, "%s", answer->text);
    return note_answer(ctx, state, answer);
}

struct question {
    troupe_ref_t to;
    uint32_t timeout_ms;
    troupe_ask_t ask;
};

static int
put(troupe_context_t *ctx, void *arg)
{
    struct question *self = arg;
    troupe_ask_options_t options = {.timeout_ms = self->timeout_ms,
                                    .answer = note_text};
    return troupe_ask_with(ctx, self->to, "ask", &options, &self->ask, NULL);
}

static int
cancel_it(troupe_context_t *ctx, void *arg)
{
    return troupe_cancel(ctx, *(const troupe_ask_t *) arg);
}

Test(asking, one_that_waits_in_a_mailbox_says_so_and_is_taken_out)
{
    troupe_ref_t asker = probe_on(0);
    struct question first = {spawn(&lazy, NULL), 5000, {0}};
    struct question next = {first.to, 100, {0}};
    cr_assert_eq(inside(asker, put, &first), 0);
    cr_assert_eq(inside(asker, put, &next), 0);
    cr_assert_eq(stats_of(first.to).mailbox_depth, 2);
    advance(100);
    assert_notes("timeout -110");
    cr_assert(strstr(text, "lazy") && strstr(text, "number 2 in the mailbox"),
              "%s", text);
    cr_assert_eq(stats_of(first.to).mailbox_depth, 1);
    cr_assert_eq(dead(TROUPE_DEAD_CANCELLED), 1);
    advance(900);
    assert_notes("ask, reply:1");
}

Test(asking, a_cancelled_one_never_reaches_its_handler)
{
    troupe_ref_t asker = probe_on(0);
    struct question question = {spawn(&lazy, NULL), 5000, {0}};
    cr_assert_eq(inside(asker, put, &question), 0);
    settle();
    cr_assert_eq(inside(asker, cancel_it, &question.ask), 0);
    assert_notes("cancelled -125");
    cr_assert_eq(stats_of(question.to).mailbox_depth, 0);
    advance(2000);
    assert_notes("");
    cr_assert_eq(node_stats().late_replies, 0);
}

/* Where the asker's cancel comes first, that is what it died of. */
Test(asking, one_that_was_given_up_in_the_mailbox_is_no_expired_one)
{
    troupe_ref_t asker = probe_on(0);
    struct question question = {spawn(&lazy, NULL), 500, {0}};
    cr_assert_eq(inside(asker, put, &question), 0);
    advance(500);
    advance(2500);
    assert_notes("timeout -110");
    cr_assert_eq(dead(TROUPE_DEAD_CANCELLED), 1);
    cr_assert_eq(dead(TROUPE_DEAD_EXPIRED), 0);
    cr_assert_eq(node_stats().expired, 0);
}

Test(asking, a_full_mailbox_that_rejects_is_overload)
{
    const troupe_spawn_options_t options = {
        .mailbox = {.messages_max = 1, .overflow = TROUPE_OVERFLOW_REJECT}};
    troupe_ref_t asker = probe_on(0), to = spawn(&lazy, &options);
    struct question question = {to, 5000, {0}};
    cr_assert_eq(inside(asker, put, &question), 0);
    cr_assert_eq(inside(asker, put, &question), 0);
    assert_notes("overload -105");
    cr_assert_eq(troupe_node_ask(node, to, "ask", 0, NULL, NULL), -ENOBUFS);
    advance(1000);
    assert_notes("ask, reply:1");
}

/* Its answer callback asks again, on behalf of the ask that was given up. */
struct stubborn {
    troupe_token_t token;
    troupe_ref_t to;
};

static int
stubborn_again(troupe_context_t *ctx, void *state,
               const troupe_answer_t *answer)
{
    struct stubborn *self = state;
    note("first %s", troupe_outcome_name(answer->outcome));
    return troupe_ask(ctx, self->to, "ask", 5000, note_answer, second, NULL);
}

static int
stubborn_ask(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct stubborn *self = state;
    (void) msg;
    int rc = troupe_defer(ctx, &self->token);
    if (rc == 0)
        rc = troupe_ask(ctx, self->to, "ask", 5000, stubborn_again, NULL, NULL);
    return rc;
}

static int
stubborn_to(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct stubborn *self = state;
    (void) ctx;
    return troupe_unpack(msg, "R", &self->to);
}

TROUPE_KIND(stubborn, struct stubborn, TROUPE_ON("ask", stubborn_ask),
            TROUPE_ON("to", stubborn_to));

Test(asking, what_is_asked_for_a_cancelled_ask_is_cancelled_too)
{
    troupe_ref_t asker = probe_on(0), far = spawn(&lazy, NULL);
    struct question question = {spawn(&stubborn, NULL), 5000, {0}};
    cr_assert_eq(troupe_node_send(node, question.to, "to", "R", far), 0);
    settle();
    cr_assert_eq(inside(asker, put, &question), 0);
    settle();
    cr_assert_eq(inside(asker, cancel_it, &question.ask), 0);
    const char *got = notes();
    cr_assert(strstr(got, "first cancelled"), "%s", got);
    cr_assert(strstr(got, "second cancelled"), "%s", got);
    cr_assert_eq(stats_of(far).mailbox_depth, 0);
}

static int
put_wrongly(troupe_context_t *ctx, void *arg)
{
    troupe_ref_t self = troupe_self(ctx);
    troupe_token_t token = {0};
    troupe_ask_options_t none = {.timeout_ms = 1};
    troupe_ask_t ask = {77};
    (void) arg;
    note("%d", troupe_ask(ctx, TROUPE_NOBODY, "a", 0, note_answer, NULL, NULL));
    note("%d", troupe_ask(ctx, self, NULL, 0, note_answer, NULL, NULL));
    note("%d", troupe_ask(ctx, self, "", 0, note_answer, NULL, NULL));
    note("%d", troupe_ask(ctx, self, "a", 0, NULL, NULL, NULL));
    note("%d", troupe_ask(ctx, self, "a", 0, note_answer, NULL, "{"));
    note("%d", troupe_ask_with(ctx, self, "a", NULL, &ask, NULL));
    note("%d", troupe_ask_with(ctx, self, "a", &none, &ask, NULL));
    note("%d", troupe_cancel(ctx, (troupe_ask_t){0}));
    note("%d", troupe_cancel(ctx, (troupe_ask_t){UINT64_MAX}));
    note("%d", troupe_reply_to(ctx, &token, NULL));
    note("%d", troupe_token_is_open(ctx, token));
    note("%d", troupe_forward(ctx, self, NULL));
    return ask.id == 77 ? 0 : -1;
}

Test(asking, wrong_arguments_are_refused_and_ask_nobody)
{
    troupe_ref_t ref = probe_on(0);
    cr_assert_eq(inside(ref, put_wrongly, NULL), 0);
    assert_notes("-22, -22, -22, -22, -22, -22, -22, -2, -2, -42, 0, -22");
    advance(100000);
    assert_notes("");
    cr_assert_eq(dead(TROUPE_DEAD_UNHANDLED), 0);
}

static int
reply_to_a_tell(troupe_context_t *ctx, void *arg)
{
    troupe_token_t token = {77};
    (void) arg;
    note("%d", troupe_reply(ctx, NULL));
    note("%d", troupe_reply_error(ctx, -EIO, "x"));
    note("%d %d", troupe_defer(ctx, &token), token.id == 77);
    return 0;
}

Test(asking, a_tell_has_nobody_to_answer)
{
    inside_later(probe_on(0), reply_to_a_tell, NULL);
    assert_notes("-42, -42, -42 1");
}

static int
reply_badly(troupe_context_t *ctx, void *arg)
{
    (void) arg;
    note("%d", troupe_reply(ctx, "{"));
    return 5;
}

/* A reply that could not be packed leaves the ask open. */
Test(asking, a_refused_reply_can_be_made_again)
{
    cr_assert_eq(inside(probe_on(0), reply_badly, NULL), 5);
    assert_notes("-22");
}
