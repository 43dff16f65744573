/* SPDX-License-Identifier: Apache-2.0 */
/* test_stash.c: messages put aside, and other tables of handlers. */
#include <criterion/criterion.h>

#include <errno.h>
#include <string.h>

#include "runtime/nurse.h"
#include "runtime/world.h"

TestSuite(stash, .init = world_begin, .fini = world_end, .timeout = 20);

static int
unstash_and_fail(troupe_context_t *ctx, void *arg)
{
    (void) arg;
    troupe_unstash(ctx);
    return -EIO;
}

static int
stash_it(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    return troupe_stash(ctx);
}

static int
open_up(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    note("open");
    extern const troupe_kind_t opened;
    int rc = troupe_become(ctx, &opened);
    return rc < 0 ? rc : troupe_unstash(ctx);
}

static int
open_and_fail(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    int rc = open_up(ctx, state, msg);
    return rc < 0 ? rc : -EIO;
}

static int
stash_and_fail(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    int rc = troupe_stash(ctx);
    return rc < 0 ? rc : -EIO;
}

static int
answer_it(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    note("%s", troupe_message_type(msg));
    return troupe_reply(ctx, "i", 5);
}

static int
close_up(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    note("close");
    return troupe_become(ctx, NULL);
}

struct door {
    char unused;
};

TROUPE_KIND(door, struct door, TROUPE_ON("open", open_up),
            TROUPE_ON("open-and-fail", open_and_fail),
            TROUPE_ON("stash-and-fail", stash_and_fail),
            TROUPE_ON("do", do_inside), TROUPE_ON_FALLBACK(stash_it));
TROUPE_KIND(opened, struct door, TROUPE_ON("close", close_up),
            TROUPE_ON("ask", answer_it), TROUPE_ON("do", do_inside),
            TROUPE_ON_FALLBACK(note_message));

static void
tell_all(troupe_ref_t to, const char *types)
{
    for (; *types; types++)
        tell(to, (const char[]){*types, '\0'});
}

Test(stash, stashed_messages_come_back_first_and_in_order)
{
    troupe_ref_t ref = spawn(&door, NULL);
    tell_all(ref, "abc");
    assert_notes("");
    cr_assert_eq(stats_of(ref).mailbox_depth, 0);
    tell(ref, "open");
    tell_all(ref, "de");
    assert_notes("open, a, b, c, d, e");
}

Test(stash, become_counts_from_the_next_message_and_back)
{
    troupe_ref_t ref = spawn(&door, NULL);
    tell_all(ref, "a");
    tell(ref, "open");
    tell(ref, "close");
    tell_all(ref, "b");
    tell(ref, "open");
    assert_notes("open, a, close, open, b");
}

struct large {
    char bytes[64];
};
TROUPE_KIND(large, struct large, TROUPE_ON_FALLBACK(note_message));

static int
become_larger(troupe_context_t *ctx, void *arg)
{
    (void) arg;
    return troupe_become(ctx, &large);
}

Test(stash, become_refuses_a_larger_state)
{
    troupe_ref_t ref = spawn(&door, NULL);
    cr_assert_eq(inside(ref, become_larger, NULL), -EINVAL);
    tell(ref, "open");
    assert_notes("open");
}

Test(stash, a_restart_forgets_become_and_hands_the_stash_back)
{
    nurse_new(&door, true);
    notes();
    tell_all(plan.child, "ab");
    tell(plan.child, "open-and-fail");
    tell_all(plan.child, "c");
    assert_notes("open, 1 error on open-and-fail, 2 started");
    tell(plan.child, "open");
    assert_notes("open, a, b, c");
}

Test(stash, unstash_and_failure_at_once_do_no_harm)
{
    nurse_new(&door, true);
    notes();
    tell_all(plan.child, "ab");
    for (int i = 0; i < 3; i++)
        inside_later(plan.child, unstash_and_fail, NULL);
    assert_notes("1 error on do, 2 started, 2 error on do, 3 started, 3 error "
                 "on do, 4 started");
    tell(plan.child, "open");
    assert_notes("open, a, b");
}

/* The message that broke an actor is a dead letter, stashed or not. */
Test(stash, a_message_stashed_by_the_handler_that_fails_is_dead)
{
    nurse_new(&door, true);
    notes();
    tell_all(plan.child, "a");
    tell(plan.child, "stash-and-fail");
    cr_assert_eq(
        troupe_node_ask(node, plan.child, "stash-and-fail", 0, NULL, NULL),
        -EHOSTDOWN);
    assert_notes("1 error on stash-and-fail, 2 started, 2 error on "
                 "stash-and-fail, 3 started");
    tell(plan.child, "open");
    assert_notes("open, a");
    cr_assert_eq(dead(TROUPE_DEAD_FAILED), 2);
}

static int
ask_door(troupe_context_t *ctx, void *arg)
{
    const troupe_ref_t *to = arg;
    return troupe_ask(ctx, *to, "ask", 60000, note_answer, NULL, NULL);
}

Test(stash, a_stashed_ask_stays_open)
{
    troupe_ref_t ref = spawn(&door, NULL), asker = probe_new();
    cr_assert_eq(inside(asker, ask_door, &ref), 0);
    assert_notes("");
    tell(ref, "open");
    assert_notes("open, ask, reply:5");
}

Test(stash, a_stash_is_bounded_in_messages_and_bytes)
{
    static char text[3000];
    memset(text, 'x', sizeof text - 1);
    const troupe_spawn_options_t options = {
        .mailbox = {.messages_max = 4, .bytes_max = 10000}};
    troupe_ref_t ref = spawn(&door, &options);
    tell_all(ref, "abcde");
    settle();
    cr_assert_not(alive(ref)); /* -ENOSPC came back from the handler */
    ref = spawn(&door, &options);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(troupe_node_send(node, ref, "a", "s", text), 0);
    cr_assert(alive(ref));
    cr_assert_eq(troupe_node_send(node, ref, "a", "s", text), 0);
    cr_assert_not(alive(ref));
}
