/* SPDX-License-Identifier: Apache-2.0 */
/* test_start.c: what start may return, and an actor that is long in it. */
#include <criterion/criterion.h>

#include <errno.h>

#include "runtime/world.h"

TestSuite(start, .init = world_begin, .fini = world_end, .timeout = 20);

struct starter {
    char unused;
};

/* Returns what it was given. */
static int
start_as_told(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    int rc = 0;
    (void) state;
    if (troupe_unpack(msg, "i", &rc) < 0)
        return -EBADMSG;
    note("start");
    troupe_timer_set(ctx, "tick", 10, 0);
    return rc;
}

static void
note_stop(troupe_context_t *ctx, void *state, const troupe_reason_t *reason)
{
    (void) ctx, (void) state;
    note("stop %s", troupe_exit_name(reason->kind));
}

static int
ready(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    note("tick, %d", troupe_started(ctx));
    note("%d", troupe_started(ctx));
    return 0;
}

TROUPE_KIND(starter, struct starter, TROUPE_ON_START(start_as_told),
            TROUPE_ON_STOP(note_stop), TROUPE_ON("tick", ready),
            TROUPE_ON("do", do_inside), TROUPE_ON_FALLBACK(note_message));

static troupe_ref_t
start(int rc)
{
    troupe_ref_t ref = TROUPE_NOBODY;
    cr_assert_eq(troupe_node_spawn(node, &starter, NULL, &ref, "i", rc), 0);
    return ref;
}

Test(start, messages_wait_for_its_end)
{
    troupe_ref_t ref = start(0);
    tell(ref, "hello");
    assert_notes("start, hello");
    cr_assert_eq(stats_of(ref).status, TROUPE_STATUS_RUNNING);
}

Test(start, may_end_the_actor_at_once)
{
    cr_assert_not(alive(start(TROUPE_STOP)));
    assert_notes("start, stop normal");
    cr_assert_not(alive(start(TROUPE_IGNORE)));
    assert_notes("start");
    cr_assert_not(alive(start(-EIO)));
    assert_notes("start");
    cr_assert_eq(node_stats().actors, 0);
}

/* Answers and timers are handled before troupe_started, others wait. */
Test(start, may_take_its_time)
{
    troupe_ref_t ref = start(TROUPE_STARTING);
    tell(ref, "hello");
    assert_notes("start");
    cr_assert_eq(stats_of(ref).status, TROUPE_STATUS_STARTING);
    cr_assert_eq(stats_of(ref).mailbox_depth, 1);
    advance(10);
    assert_notes("tick, 0, -114, hello");
    cr_assert_eq(stats_of(ref).status, TROUPE_STATUS_RUNNING);
}

static int
ask_and_start(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    note_answer(ctx, state, answer);
    note("started %d", troupe_started(ctx));
    return 0;
}

static int
asking_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    troupe_ref_t to;
    (void) state;
    int rc = troupe_unpack(msg, "R", &to);
    if (rc == 0)
        rc = troupe_ask(ctx, to, "do", 1000, ask_and_start, NULL, "[U, U]",
                        (uint64_t) 0, (uint64_t) 0);
    return rc < 0 ? rc : TROUPE_STARTING;
}

TROUPE_KIND(asking, struct starter, TROUPE_ON_START(asking_start),
            TROUPE_ON_FALLBACK(note_message));

static int
answer_nine(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    return troupe_reply(ctx, "i", 9);
}

TROUPE_KIND(nine, struct starter, TROUPE_ON("do", answer_nine));

Test(start, may_ask_and_wait_for_the_answer)
{
    troupe_ref_t ref = TROUPE_NOBODY;
    cr_assert_eq(
        troupe_node_spawn(node, &asking, NULL, &ref, "R", spawn(&nine, NULL)),
        0);
    tell(ref, "hello");
    assert_notes("reply:9, started 0, hello");
}

Test(start, one_that_takes_its_time_can_be_stopped)
{
    troupe_ref_t ref = start(TROUPE_STARTING);
    tell(ref, "hello");
    settle();
    end_actor(ref, TROUPE_EXIT_SHUTDOWN);
    cr_assert_not(alive(ref));
    assert_notes("start"); /* what did not start needs no stop */
    cr_assert_eq(dead(TROUPE_DEAD_ENDED), 1);
    advance(100);
    assert_notes("");
}

Test(start, an_ask_to_one_that_never_starts_hears_of_its_end)
{
    troupe_ref_t ref = start(-EIO);
    int rc = troupe_node_ask(node, ref, "hello", 0, NULL, NULL);
    cr_assert_eq(rc, -ESRCH, "%d", rc);
}
