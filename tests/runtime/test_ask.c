/* SPDX-License-Identifier: Apache-2.0 */
/* test_ask.c: each outcome of an ask, exactly once. */
#include <criterion/criterion.h>

#include <errno.h>
#include <string.h>

#include "runtime/world.h"

TestSuite(ask, .init = world_begin, .fini = world_end, .timeout = 20);

struct silent {
    troupe_token_t token;
};

static int
keep_token(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct silent *self = state;
    (void) msg;
    return troupe_defer(ctx, &self->token);
}

static int
answer_late(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct silent *self = state;
    (void) msg;
    note("open %d", troupe_token_is_open(ctx, self->token));
    note("%d", troupe_reply_to(ctx, &self->token, "i", 3));
    note("%d", troupe_reply_to(ctx, &self->token, "i", 4));
    return 0;
}

static int
error_late(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct silent *self = state;
    (void) msg;
    return troupe_reply_error_to(ctx, &self->token, -EACCES, "no");
}

static int
drop_late(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct silent *self = state;
    (void) msg;
    troupe_token_drop(ctx, &self->token);
    troupe_token_drop(ctx, &self->token);
    return 0;
}

static int
end_now(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx, (void) state, (void) msg;
    return TROUPE_STOP;
}

static int
fail_now(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    return troupe_fail(ctx, -EIO, "lost");
}

static int
answer_now(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    int first = troupe_reply(ctx, "i", 1);
    note("%d %d", first, troupe_reply(ctx, "i", 2));
    return 0;
}

static int
refuse_now(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    return troupe_reply_error(ctx, -ERANGE, "too %s", "far");
}

static int
forget(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx, (void) state, (void) msg;
    return 0;
}

TROUPE_KIND(silent, struct silent, TROUPE_ON("keep", keep_token),
            TROUPE_ON("late", answer_late), TROUPE_ON("late-no", error_late),
            TROUPE_ON("drop", drop_late), TROUPE_ON("end", end_now),
            TROUPE_ON("fail", fail_now), TROUPE_ON("now", answer_now),
            TROUPE_ON("no", refuse_now), TROUPE_ON("forget", forget),
            TROUPE_ON("do", do_inside));

struct question {
    troupe_ref_t to;
    const char *type;
    uint32_t timeout_ms;
    uint64_t deadline_ns;
    troupe_answer_fn answer;
    bool cancel;
    troupe_ask_t ask;
    int cancelled;
};

static int
put(troupe_context_t *ctx, void *arg)
{
    struct question *self = arg;
    troupe_ask_options_t options = {.timeout_ms = self->timeout_ms,
                                    .deadline_ns = self->deadline_ns,
                                    .answer = self->answer ? self->answer
                                                           : note_answer};
    int rc =
        troupe_ask_with(ctx, self->to, self->type, &options, &self->ask, NULL);
    if (rc == 0 && self->cancel)
        self->cancelled = troupe_cancel(ctx, self->ask);
    return rc;
}

/* It is there when this returns: what another sends then comes after it. */
static void
ask(troupe_ref_t asker, troupe_ref_t to, const char *type)
{
    struct question question = {.to = to, .type = type, .timeout_ms = 1000};
    cr_assert_eq(inside(asker, put, &question), 0);
    settle();
}

Test(ask, ends_with_what_the_other_does)
{
    static const struct {
        const char *type, *wanted;
    } cases[] = {
        {"now", "0 -42, reply:1"}, {"no", "error -34"},
        {"forget", "error -32"},   {"unknown", "error -95"},
        {"end", "error -32"},
    };
    troupe_ref_t asker = probe_on(0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ask(asker, spawn(&silent, NULL), cases[i].type);
        assert_notes(cases[i].wanted);
    }
    ask(asker, spawn(&silent, NULL), "fail");
    assert_notes("error -112");
    advance(10000);
    assert_notes("");
    cr_assert_eq(node_stats().late_replies, 0);
}

Test(ask, a_deferred_one_is_answered_later_and_once)
{
    troupe_ref_t asker = probe_on(0), to = spawn(&silent, NULL);
    ask(asker, to, "keep");
    assert_notes("");
    tell(to, "late");
    settle();
    advance(10000);
    const char *got = notes();
    cr_assert(strcmp(got, "open 1, 0, -42, reply:3") == 0
                  || strcmp(got, "open 1, 0, reply:3, -42") == 0
                  || strcmp(got, "open 1, reply:3, 0, -42") == 0,
              "%s", got);
    ask(asker, to, "keep");
    tell(to, "late-no");
    assert_notes("error -13");
    ask(asker, to, "keep");
    tell(to, "drop");
    assert_notes("error -32");
    cr_assert_eq(node_stats().late_replies, 0);
}

Test(ask, a_promise_breaks_with_the_actor)
{
    troupe_ref_t asker = probe_on(0), to = spawn(&silent, NULL);
    ask(asker, to, "keep");
    ask(asker, to, "keep");
    tell(to, "end");
    assert_notes("down -3, down -3");
}

Test(ask, one_to_nobody_is_down_at_once)
{
    troupe_ref_t asker = probe_on(0), to = probe_on(1);
    end_actor(to, TROUPE_EXIT_KILLED);
    ask(asker, to, "hello");
    assert_notes("down -3");
}

Test(ask, a_timeout_comes_at_its_deadline_and_what_is_late_is_counted)
{
    troupe_ref_t asker = probe_on(0), to = spawn(&silent, NULL);
    ask(asker, to, "keep");
    advance(999);
    assert_notes("");
    advance(1);
    assert_notes("timeout -110");
    tell(to, "late");
    assert_notes("open 0, 0, -42");
    cr_assert_eq(node_stats().late_replies, 1);
}

Test(ask, a_deadline_that_never_comes_or_has_passed)
{
    troupe_ref_t asker = probe_on(0), to = spawn(&silent, NULL);
    struct question never = {
        .to = to, .type = "now", .deadline_ns = UINT64_MAX};
    inside_later(asker, put, &never); /* no scope with a deadline */
    assert_notes("0 -42, reply:1");
    struct question past = {.to = to, .type = "now", .deadline_ns = 1};
    inside_later(asker, put, &past);
    assert_notes("timeout -110");
    cr_assert_eq(dead(TROUPE_DEAD_EXPIRED), 1); /* the cancel comes behind */
    cr_assert_eq(dead(TROUPE_DEAD_CANCELLED), 0);
    cr_assert_eq(node_stats().expired, 1);
}

Test(ask, cancel_ends_it_once)
{
    troupe_ref_t asker = probe_on(0), to = spawn(&silent, NULL);
    struct question question = {
        .to = to, .type = "keep", .timeout_ms = 1000, .cancel = true};
    cr_assert_eq(inside(asker, put, &question), 0);
    cr_assert_eq(question.cancelled, 0);
    assert_notes("cancelled -125");
    tell(to, "late");
    assert_notes("open 0, 0, -42");
    advance(10000);
    assert_notes("");
}

static int
cancel_it(troupe_context_t *ctx, void *arg)
{
    return troupe_cancel(ctx, *(const troupe_ask_t *) arg);
}

Test(ask, only_the_asker_can_cancel_and_only_while_it_is_open)
{
    troupe_ref_t asker = probe_on(0), other = probe_on(0);
    troupe_ref_t to = spawn(&silent, NULL);
    struct question question = {.to = to, .type = "keep", .timeout_ms = 1000};
    cr_assert_eq(inside(asker, put, &question), 0);
    cr_assert_eq(inside(other, cancel_it, &question.ask), -ENOENT);
    cr_assert_eq(inside(asker, cancel_it, &question.ask), 0);
    cr_assert_eq(inside(asker, cancel_it, &question.ask), -ENOENT);
    assert_notes("cancelled -125");
}

static int dropped;

static void
count_drop(void *data)
{
    (void) data;
    __atomic_fetch_add(&dropped, 1, __ATOMIC_SEQ_CST);
}

static int
ask_with_drop(troupe_context_t *ctx, void *arg)
{
    troupe_ask_options_t options = {
        .timeout_ms = 1000, .answer = note_answer, .drop = count_drop};
    return troupe_ask_with(ctx, *(troupe_ref_t *) arg, "keep", &options, NULL,
                           NULL);
}

Test(ask, an_asker_that_ends_is_not_called_but_its_data_is_dropped)
{
    troupe_ref_t asker = probe_on(0), to = spawn(&silent, NULL);
    cr_assert_eq(inside(asker, ask_with_drop, &to), 0);
    end_actor(asker, TROUPE_EXIT_KILLED);
    settle();
    cr_assert_eq(__atomic_load_n(&dropped, __ATOMIC_SEQ_CST), 1);
    tell(to, "late");
    assert_notes("open 0, 0, -42"); /* the cancel was there before */
    advance(10000);
    assert_notes("");
}

static int
forward_it(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    troupe_ref_t to;
    (void) state;
    int rc = troupe_unpack(msg, "R", &to);
    if (rc == 0)
        rc = troupe_forward(ctx, to, msg);
    if (rc == 0 && troupe_forward(ctx, to, msg) != -ENOMSG
        && troupe_message_is_ask(msg))
        return -EIO;
    return rc;
}

static int
show_and_answer(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state;
    return troupe_reply(ctx, "[R, U]", troupe_message_sender(msg),
                        troupe_message_deadline_ns(msg));
}

struct empty {
    char unused;
};
TROUPE_KIND(forwarder, struct empty, TROUPE_ON("go", forward_it),
            TROUPE_ON("do", do_inside));
TROUPE_KIND(shower, struct empty, TROUPE_ON("go", show_and_answer));

static int
note_shown(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    troupe_ref_t asker;
    uint64_t deadline;
    (void) state;
    if (!answer->msg
        || troupe_unpack(answer->msg, "[R, U]", &asker, &deadline) < 0)
        return -EBADMSG;
    note("%s, deadline in %llu ms",
         troupe_ref_equal(asker, troupe_self(ctx)) ? "me" : "other",
         (unsigned long long) ((deadline - troupe_time_ns(ctx)) / 1000000));
    return 0;
}

static int
ask_forwarder(troupe_context_t *ctx, void *arg)
{
    const troupe_ref_t *refs = arg;
    return troupe_ask(ctx, refs[0], "go", 777, note_shown, NULL, "R", refs[1]);
}

Test(ask, forward_keeps_asker_and_deadline)
{
    troupe_ref_t asker = probe_on(0);
    troupe_ref_t refs[2] = {spawn(&forwarder, NULL), spawn(&shower, NULL)};
    cr_assert_eq(inside(asker, ask_forwarder, refs), 0);
    assert_notes("me, deadline in 777 ms");
}
