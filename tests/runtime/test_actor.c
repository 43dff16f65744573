/* SPDX-License-Identifier: Apache-2.0 */
/* test_actor.c: the life of one actor, from its start to its stop. */
#include <criterion/criterion.h>

#include <errno.h>
#include <string.h>

#include "runtime/nurse.h"
#include "runtime/world.h"

TestSuite(actor, .init = world_begin, .fini = world_end, .timeout = 20);

struct counting {
    int64_t count;
    uint8_t bytes[64];
};

static int
counting_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    const struct counting *self = state;
    static const uint8_t zeros[64];
    (void) ctx, (void) msg;
    note("%s", self->count == 0 && memcmp(self->bytes, zeros, 64) == 0
                   ? "zeroed"
                   : "not zeroed");
    return 0;
}

static int
counting_add(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct counting *self = state;
    (void) ctx, (void) msg;
    memset(self->bytes, 0xee, sizeof self->bytes);
    note("count %lld", (long long) ++self->count);
    return 0;
}

static int
break_it(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    return troupe_fail(ctx, -EIO, "broken by %s", troupe_message_type(msg));
}

TROUPE_KIND(counting, struct counting, TROUPE_ON_START(counting_start),
            TROUPE_ON("add", counting_add), TROUPE_ON("break", break_it),
            TROUPE_ON("do", do_inside));

Test(actor, a_restart_begins_from_zeroed_state_and_keeps_the_rest)
{
    nurse_new(&counting, true);
    troupe_ref_t child = plan.child, found = TROUPE_NOBODY;
    tell(child, "add");
    tell(child, "break");
    assert_notes("zeroed, 1 started, count 1, 1 error on break, zeroed, "
                 "2 started");
    tell(child, "add");
    assert_notes("count 1");
    cr_assert_eq(troupe_lookup(node, "child", &found), 0);
    cr_assert_eq(found.id, child.id);
    cr_assert_eq(stats_of(child).incarnation, 2);
    cr_assert_eq(dead(TROUPE_DEAD_FAILED), 1);
    cr_assert_eq(node_stats().restarts, 1);
}

Test(actor, one_that_was_let_go_is_gone)
{
    nurse_new(&counting, false);
    tell(plan.child, "break");
    tell(plan.child, "add");
    assert_notes("zeroed, 1 started, 1 error on break");
    troupe_ref_t found = {77};
    cr_assert_not(alive(plan.child));
    cr_assert_eq(troupe_lookup(node, "child", &found), -ENOENT);
    cr_assert_eq(found.id, 77);
    cr_assert_eq(dead(TROUPE_DEAD_ENDED) + dead(TROUPE_DEAD_NO_ACTOR), 1);
}

Test(actor, a_quarantined_message_is_not_seen_again)
{
    nurse_new(&counting, true);
    plan.quarantine = true;
    tell(plan.child, "break");
    settle();
    notes();
    tell(plan.child, "break");
    cr_assert_eq(troupe_node_ask(node, plan.child, "break", 0, NULL, NULL),
                 -EBADMSG);
    assert_notes("");
    cr_assert_eq(dead(TROUPE_DEAD_QUARANTINED), 2);
}

/* The spawner and the one who ends the new actor before it has begun. */
static int
spawn_and_kill(troupe_context_t *ctx, void *arg)
{
    const troupe_spawn_options_t options = {.supervised = true};
    const troupe_exit_t *kind = arg;
    int rc = troupe_spawn(ctx, &noisy, &options, &plan.child, NULL);
    if (rc == 0)
        rc = troupe_exit_send(ctx, plan.child, *kind, 0, NULL);
    return rc;
}

/* Its state was never made: neither start nor stop may see it. */
Test(actor, one_that_is_stopped_before_it_began_never_begins)
{
    troupe_exit_t kinds[] = {TROUPE_EXIT_SHUTDOWN, TROUPE_EXIT_KILLED};
    troupe_ref_t mother = nurse_new(&probe, false);
    notes();
    for (size_t i = 0; i < 2; i++) {
        cr_assert_eq(inside(mother, spawn_and_kill, &kinds[i]), 0);
        assert_notes(i ? "1 killed in start" : "1 shutdown in start");
        cr_assert_not(alive(plan.child));
    }
}

static bool once;

static int
kill_again(troupe_context_t *ctx, void *arg)
{
    once = true;
    return spawn_and_kill(ctx, arg);
}

static int
once_child(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    troupe_child_t child;
    (void) state;
    if (troupe_child_read(msg, &child) < 0)
        return -EBADMSG;
    note("child %u %s", child.incarnation,
         child.event == TROUPE_CHILD_STARTED ? "started" : "ended");
    bool restart = once && child.event == TROUPE_CHILD_ENDED;
    once = false;
    return restart ? troupe_child_restart(ctx, child.ref, NULL) : 0;
}

struct once {
    char unused;
};

TROUPE_KIND(once_nurse, struct once, TROUPE_ON_CHILD(once_child),
            TROUPE_ON("do", do_inside));

Test(actor, one_that_was_stopped_before_it_began_can_be_restarted)
{
    troupe_exit_t kind = TROUPE_EXIT_KILLED;
    troupe_ref_t mother = spawn(&once_nurse, NULL);
    cr_assert_eq(inside(mother, kill_again, &kind), 0);
    assert_notes("child 1 ended, start 2, child 2 started");
    tell(plan.child, "hello");
    assert_notes("hello");
}

Test(actor, an_unknown_type_is_answered_and_counted)
{
    troupe_ref_t ref = spawn(&counting, NULL);
    notes();
    cr_assert_eq(troupe_node_ask(node, ref, "what", 0, NULL, NULL),
                 -EOPNOTSUPP);
    tell(ref, "what");
    cr_assert_eq(dead(TROUPE_DEAD_UNHANDLED), 2);
    cr_assert_eq(stats_of(ref).dropped, 2);
    cr_assert_eq(node_stats().actors, 1);
}

static int
exit_it(troupe_context_t *ctx, void *arg)
{
    const troupe_reason_t *reason = arg;
    return troupe_exit(ctx, reason->kind, reason->code, "%s", reason->text);
}

static int
monitor_it(troupe_context_t *ctx, void *arg)
{
    const troupe_ref_t *target = arg;
    return troupe_monitor(ctx, *target, NULL);
}

Test(actor, every_way_to_end_runs_stop_and_says_why)
{
    troupe_ref_t watcher = spawn(&noisy, NULL);
    troupe_reason_t reasons[] = {{TROUPE_EXIT_NORMAL, 0, "done"},
                                 {TROUPE_EXIT_SHUTDOWN, 0, "bye"},
                                 {TROUPE_EXIT_ERROR, -EIO, "no disk"}};
    const char *const wanted[] = {"start 1, stop normal, down normal 0 done",
                                  "start 1, stop shutdown, down shutdown 0 bye",
                                  "start 1, stop error, down error -5 no disk"};
    notes();
    for (size_t i = 0; i < 3; i++) {
        troupe_ref_t ref = spawn(&noisy, NULL);
        cr_assert_eq(inside(watcher, monitor_it, &ref), 0);
        settle();
        inside_later(ref, exit_it, &reasons[i]);
        assert_notes(wanted[i]);
    }
}

static int
fail_with_words(troupe_context_t *ctx, void *arg)
{
    (void) arg;
    return troupe_fail(ctx, -EIO, "no %s", "paper");
}

static int
fail_plainly(troupe_context_t *ctx, void *arg)
{
    (void) ctx, (void) arg;
    return -ENOENT;
}

static int
stop_plainly(troupe_context_t *ctx, void *arg)
{
    (void) ctx, (void) arg;
    return TROUPE_STOP;
}

Test(actor, failures_and_stops_end_it_with_their_words)
{
    troupe_ref_t watcher = spawn(&noisy, NULL);
    inside_fn ways[] = {fail_with_words, fail_plainly, stop_plainly};
    const char *const wanted[] = {
        "start 1, stop error, down error -5 no paper",
        "start 1, stop error, down error -2 no such name, group, timer or file",
        "start 1, stop normal, down normal 0 "};
    notes();
    for (size_t i = 0; i < 3; i++) {
        troupe_ref_t ref = spawn(&noisy, NULL);
        cr_assert_eq(inside(watcher, monitor_it, &ref), 0);
        settle();
        inside_later(ref, ways[i], NULL);
        assert_notes(wanted[i]);
    }
}
