/* SPDX-License-Identifier: Apache-2.0 */
/* test_timers.c: keyed timers and calls, on a clock that is moved by hand. */
#include <criterion/criterion.h>

#include <errno.h>

#include "runtime/world.h"

TestSuite(timers, .init = world_begin, .fini = world_end, .timeout = 20);

struct setting {
    const char *key;
    uint32_t after_ms, every_ms;
    bool clear;
};

static int
set(troupe_context_t *ctx, void *arg)
{
    const struct setting *self = arg;
    return self->clear ? troupe_timer_clear(ctx, self->key)
                       : troupe_timer_set(ctx, self->key, self->after_ms,
                                          self->every_ms);
}

static int
set_timer(troupe_ref_t ref, const char *key, uint32_t after, uint32_t every)
{
    struct setting setting = {key, after, every, false};
    return inside(ref, set, &setting);
}

static int
clear_timer(troupe_ref_t ref, const char *key)
{
    struct setting setting = {key, 0, 0, true};
    return inside(ref, set, &setting);
}

Test(timers, fire_once_and_not_before_their_time)
{
    troupe_ref_t ref = probe_new();
    cr_assert_eq(set_timer(ref, "t", 10, 0), 0);
    advance(9);
    assert_notes("");
    advance(1);
    assert_notes("t");
    advance(100000);
    assert_notes("");
    cr_assert_eq(clear_timer(ref, "t"), -ENOENT);
}

Test(timers, of_no_time_fire_when_the_handler_has_returned)
{
    cr_assert_eq(set_timer(probe_new(), "now", 0, 0), 0);
    assert_notes("now");
}

Test(timers, fire_in_the_order_of_their_times)
{
    troupe_ref_t ref = probe_new();
    const char *const keys[] = {"d", "b", "a", "c", "e"};
    const uint32_t times[] = {300000, 70, 1, 5000, 90000000};
    for (size_t i = 0; i < 5; i++)
        cr_assert_eq(set_timer(ref, keys[i], times[i], 0), 0);
    advance(90000000);
    assert_notes("a, b, c, d, e");
}

Test(timers, that_repeat_do_not_drift)
{
    troupe_ref_t ref = probe_new();
    cr_assert_eq(set_timer(ref, "t", 5, 10), 0);
    for (int i = 0; i < 5; i++) {
        advance(7);
        advance(3);
    }
    assert_notes("t, t, t, t, t");
    cr_assert_eq(clear_timer(ref, "t"), 0);
    advance(1000);
    assert_notes("");
}

Test(timers, that_were_replaced_or_cleared_are_never_seen)
{
    troupe_ref_t ref = probe_new();
    cr_assert_eq(set_timer(ref, "t", 10, 0), 0);
    cr_assert_eq(set_timer(ref, "t", 20, 0), 0);
    advance(15);
    assert_notes("");
    advance(5);
    assert_notes("t");
    cr_assert_eq(set_timer(ref, "t", 10, 0), 0);
    cr_assert_eq(clear_timer(ref, "t"), 0);
    advance(100);
    assert_notes("");
}

static int
replace_due(troupe_context_t *ctx, void *arg)
{
    (void) arg;
    note("first");
    int rc = troupe_timer_clear(ctx, "cleared");
    return rc < 0 ? rc : troupe_timer_set(ctx, "replaced", 50, 0);
}

static int
call_and_timers(troupe_context_t *ctx, void *arg)
{
    const bool *clear = arg;
    (void) clear;
    int rc = troupe_timer_set(ctx, "cleared", 10, 0);
    if (rc == 0)
        rc = troupe_timer_set(ctx, "replaced", 10, 0);
    return rc;
}

/* Their messages may be on their way already. */
Test(timers, are_not_seen_when_replaced_while_due)
{
    bool unused = false;
    troupe_ref_t ref = probe_new();
    cr_assert_eq(inside(ref, call_and_timers, &unused), 0);
    inside_later(ref, replace_due, NULL);
    settle();
    advance(10);
    assert_notes("first");
    advance(40);
    assert_notes("replaced");
}

Test(timers, end_with_their_actor)
{
    troupe_ref_t ref = probe_new();
    cr_assert_eq(set_timer(ref, "t", 10, 10), 0);
    end_actor(ref, TROUPE_EXIT_KILLED);
    advance(100);
    assert_notes("");
    cr_assert_eq(node_stats().dead_letters, 0);
}

Test(timers, refuse_wrong_keys)
{
    troupe_ref_t ref = probe_new();
    cr_assert_eq(set_timer(ref, NULL, 1, 0), -EINVAL);
    cr_assert_eq(set_timer(ref, "", 1, 0), -EINVAL);
    cr_assert_eq(set_timer(ref, "a key of thirty-two bytes or more", 1, 0),
                 -EINVAL);
    cr_assert_eq(clear_timer(ref, NULL), -ENOENT);
    cr_assert_eq(clear_timer(ref, "never-set"), -ENOENT);
    advance(10);
    assert_notes("");
}

static int dropped;

static void
count_drop(void *data)
{
    (void) data;
    __atomic_fetch_add(&dropped, 1, __ATOMIC_SEQ_CST);
}

static int
called(troupe_context_t *ctx, void *state, void *data)
{
    (void) ctx, (void) state;
    note("call %d", *(int *) data);
    return 0;
}

static int numbers[] = {1, 2, 3};
static troupe_timer_t handles[3];

static int
set_calls(troupe_context_t *ctx, void *arg)
{
    (void) arg;
    for (uint32_t i = 0; i < 3; i++) {
        int rc = troupe_call_after(ctx, 10 * (i + 1), called, &numbers[i],
                                   count_drop, &handles[i]);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int
clear_call(troupe_context_t *ctx, void *arg)
{
    return troupe_call_clear(ctx, *(troupe_timer_t *) arg);
}

Test(timers, calls_come_once_or_are_dropped)
{
    troupe_ref_t ref = probe_new(), other = probe_new();
    cr_assert_eq(inside(ref, set_calls, NULL), 0);
    advance(10);
    assert_notes("call 1");
    cr_assert_eq(inside(other, clear_call, &handles[1]), -ENOENT);
    cr_assert_eq(inside(ref, clear_call, &handles[1]), 0);
    cr_assert_eq(inside(ref, clear_call, &handles[0]), -ENOENT);
    cr_assert_eq(__atomic_load_n(&dropped, __ATOMIC_SEQ_CST), 0);
    end_actor(ref, TROUPE_EXIT_KILLED);
    advance(100);
    assert_notes("");
    cr_assert_eq(__atomic_load_n(&dropped, __ATOMIC_SEQ_CST), 1);
}

static int rounds;

static int
call_again(troupe_context_t *ctx, void *state, void *data)
{
    (void) state;
    if (++rounds == 100) {
        note("done");
        return 0;
    }
    return troupe_call_after(ctx, 0, call_again, data, NULL, NULL);
}

static int
call_at_once(troupe_context_t *ctx, void *arg)
{
    return troupe_call_after(ctx, 0, call_again, arg, NULL, NULL);
}

Test(timers, calls_at_once_leave_room_for_others)
{
    cr_assert_eq(inside(probe_new(), call_at_once, NULL), 0);
    assert_notes("done");
}

static int
advance_inside(troupe_context_t *ctx, void *arg)
{
    (void) arg;
    note("%d", troupe_clock_advance(troupe_context_node(ctx), 1));
    return 0;
}

Test(timers, the_clock_is_moved_from_ordinary_threads_only)
{
    uint64_t before = troupe_now_ns(node);
    cr_assert_eq(inside(probe_new(), advance_inside, NULL), 0);
    assert_notes("-35");
    cr_assert_eq(troupe_now_ns(node), before);
    advance(5);
    cr_assert_eq(troupe_now_ns(node), before + 5000000);
}

Test(timers, a_real_clock_cannot_be_moved)
{
    troupe_options_t options = world_options();
    options.manual_clock = false;
    world_reopen(&options);
    cr_assert_eq(troupe_clock_advance(node, 1), -EPERM);
}
