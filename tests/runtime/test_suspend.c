/* SPDX-License-Identifier: Apache-2.0 */
/* test_suspend.c: actors that rest until they are told to go on. */
#include <criterion/criterion.h>

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "runtime/nurse.h"
#include "runtime/world.h"

TestSuite(suspend, .init = world_begin, .fini = world_end, .timeout = 20);

static int
note_end(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    troupe_down_t down;
    (void) ctx, (void) state;
    int rc = troupe_down_read(msg, &down);
    if (rc == 0)
        note("%s %s", down.monitor.id ? "down" : "exit",
             troupe_exit_name(down.reason.kind));
    return rc;
}

static void
note_stop(troupe_context_t *ctx, void *state, const troupe_reason_t *reason)
{
    (void) ctx, (void) state;
    note("stop %s", troupe_exit_name(reason->kind));
}

TROUPE_KIND(onlooker, char, TROUPE_ON("do", do_inside),
            TROUPE_ON_DOWN(note_end), TROUPE_ON_STOP(note_stop),
            TROUPE_ON_FALLBACK(note_message));

static int
leave(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    int rc = note_end(ctx, state, msg);
    return rc < 0 ? rc : TROUPE_STOP;
}

TROUPE_KIND(leaver, char, TROUPE_ON_EXIT(leave),
            TROUPE_ON_FALLBACK(note_message));

static int
suspend_it(troupe_context_t *ctx, void *arg)
{
    return troupe_suspend(ctx, *(troupe_ref_t *) arg);
}

static int
resume_it(troupe_context_t *ctx, void *arg)
{
    return troupe_resume(ctx, *(troupe_ref_t *) arg);
}

static void
let_rest(troupe_ref_t boss, troupe_ref_t ref)
{
    cr_assert_eq(inside(boss, suspend_it, &ref), 0);
    settle();
}

static void
let_go_on(troupe_ref_t boss, troupe_ref_t ref)
{
    cr_assert_eq(inside(boss, resume_it, &ref), 0);
    settle();
}

static troupe_ref_t
on(uint32_t worker, const troupe_kind_t *kind)
{
    const troupe_spawn_options_t options = {.place = TROUPE_WORKER,
                                            .worker = worker};
    return spawn(kind, &options);
}

Test(suspend, messages_wait_and_are_handled_in_order_after_the_resume)
{
    for (uint32_t worker = 0; worker < 2; worker++) {
        troupe_ref_t boss = probe_on(0), ref = on(worker, &onlooker);
        tell(ref, "a");
        assert_notes("a");
        let_rest(boss, ref);
        let_rest(boss, ref); /* once is enough */
        tell(ref, "b");
        tell(ref, "c");
        assert_notes("");
        troupe_actor_stats_t stats = stats_of(ref);
        cr_assert_eq(stats.status, TROUPE_STATUS_SUSPENDED);
        cr_assert_str_eq(troupe_status_name(stats.status), "suspended");
        cr_assert_eq(stats.mailbox_depth, 2);
        let_go_on(boss, ref);
        let_go_on(boss, ref);
        assert_notes("b, c");
        cr_assert_eq(stats_of(ref).status, TROUPE_STATUS_RUNNING);
    }
}

static int
suspend_and_tell(troupe_context_t *ctx, void *arg)
{
    troupe_ref_t to = *(troupe_ref_t *) arg;
    int rc = troupe_send(ctx, to, "before", NULL);
    if (rc == 0)
        rc = troupe_suspend(ctx, to);
    return rc < 0 ? rc : troupe_send(ctx, to, "after", NULL);
}

Test(suspend, it_has_its_place_among_the_messages_of_its_sender)
{
    troupe_ref_t boss = probe_on(0), ref = on(1, &onlooker);
    settle(); /* before its start nothing is handled */
    cr_assert_eq(inside(boss, suspend_and_tell, &ref), 0);
    assert_notes("before");
    let_go_on(boss, ref);
    assert_notes("after");
}

Test(suspend, its_mailbox_keeps_its_bounds)
{
    const troupe_spawn_options_t options = {
        .mailbox = {.messages_max = 2, .overflow = TROUPE_OVERFLOW_REJECT}};
    troupe_ref_t boss = probe_new(), ref = spawn(&onlooker, &options);
    let_rest(boss, ref);
    for (int i = 0; i < 5; i++)
        tell(ref, "more");
    cr_assert_eq(dead(TROUPE_DEAD_OVERFLOW), 3);
    cr_assert_eq(stats_of(ref).mailbox_depth, 2);
    let_go_on(boss, ref);
    assert_notes("more, more");
}

static int
note_call(troupe_context_t *ctx, void *state, void *data)
{
    (void) ctx, (void) state, (void) data;
    note("call");
    return 0;
}

static int
set_timers(troupe_context_t *ctx, void *arg)
{
    (void) arg;
    int rc = troupe_timer_set(ctx, "tick", 10, 10);
    return rc < 0 ? rc
                  : troupe_call_after(ctx, 15, note_call, NULL, NULL, NULL);
}

Test(suspend, timers_and_calls_wait_and_do_not_heap_up)
{
    troupe_ref_t boss = probe_new(), ref = spawn(&onlooker, NULL);
    cr_assert_eq(inside(ref, set_timers, NULL), 0);
    let_rest(boss, ref);
    advance(100);
    assert_notes("");
    let_go_on(boss, ref);
    advance(1);
    assert_notes("call, tick");
    advance(10);
    assert_notes("tick");
}

static int ends[2];

static int
on_readable(troupe_context_t *ctx, void *state, int fd, short events)
{
    char byte;
    (void) ctx, (void) state, (void) events;
    if (read(fd, &byte, 1) == 1)
        note("byte %c", byte);
    return 0;
}

static int
watch_it(troupe_context_t *ctx, void *arg)
{
    (void) arg;
    return troupe_watch(ctx, ends[0], POLLIN, on_readable);
}

Test(suspend, descriptors_stay_unheard)
{
    cr_assert_eq(pipe(ends), 0);
    troupe_ref_t boss = probe_on(1), ref = on(0, &onlooker);
    cr_assert_eq(inside(ref, watch_it, NULL), 0);
    let_rest(boss, ref);
    cr_assert_eq(write(ends[1], "x", 1), 1);
    tell(ref, "told"); /* its worker has had a turn when this waits */
    assert_notes("");
    let_go_on(boss, ref);
    const char *noted = "";
    for (int i = 0; i < 100000 && !*noted; i++) {
        noted = notes();
        if (strcmp(noted, "told") == 0)
            noted = "";
    }
    cr_assert(strstr(noted, "byte x"), "got %s", noted);
    close(ends[0]);
    close(ends[1]);
}

static int
monitor_it(troupe_context_t *ctx, void *arg)
{
    return troupe_monitor(ctx, *(troupe_ref_t *) arg, NULL);
}

static int
tell_late(troupe_context_t *ctx, void *arg)
{
    return troupe_send(ctx, *(troupe_ref_t *) arg, "late", NULL);
}

Test(suspend, an_end_is_heard_unless_a_message_of_the_dead_waits)
{
    troupe_ref_t boss = probe_new(), ref = spawn(&onlooker, NULL);
    troupe_ref_t quiet = probe_new(), talker = probe_new();
    cr_assert_eq(inside(ref, monitor_it, &quiet), 0);
    cr_assert_eq(inside(ref, monitor_it, &talker), 0);
    let_rest(boss, ref);
    cr_assert_eq(inside(talker, tell_late, &ref), 0);
    end_actor(talker, TROUPE_EXIT_KILLED);
    assert_notes("");
    end_actor(quiet, TROUPE_EXIT_KILLED);
    assert_notes("down killed");
    let_go_on(boss, ref);
    assert_notes("late, down killed");
}

static int
answer_late(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    static troupe_token_t token;
    if (troupe_message_is_ask(msg))
        return troupe_defer(ctx, &token);
    return troupe_reply_to(ctx, &token, "i", 7);
}

TROUPE_KIND(answerer, char, TROUPE_ON_FALLBACK(answer_late));

static int
ask_it(troupe_context_t *ctx, void *arg)
{
    return troupe_ask(ctx, *(troupe_ref_t *) arg, "what", 1000, note_answer,
                      NULL, NULL);
}

Test(suspend, answers_and_timeouts_of_its_own_asks_come)
{
    troupe_ref_t boss = probe_new(), ref = spawn(&onlooker, NULL),
                 other = spawn(&answerer, NULL);
    cr_assert_eq(inside(ref, ask_it, &other), 0);
    let_rest(boss, ref);
    tell(ref, "waits");
    tell(other, "now");
    assert_notes("reply:7");
    let_go_on(boss, ref);
    assert_notes("waits");
    cr_assert_eq(inside(ref, ask_it, &other), 0);
    let_rest(boss, ref);
    advance(1001);
    assert_notes("timeout -110");
}

Test(suspend, a_suspended_actor_ends_when_it_is_told_to)
{
    troupe_ref_t boss = probe_new();
    for (int kill = 0; kill < 2; kill++) {
        troupe_ref_t ref = spawn(&onlooker, NULL);
        let_rest(boss, ref);
        tell(ref, "lost");
        end_actor(ref, kill ? TROUPE_EXIT_KILLED : TROUPE_EXIT_SHUTDOWN);
        assert_notes(kill ? "" : "stop shutdown");
        cr_assert_eq(dead(TROUPE_DEAD_ENDED), kill + 1);
    }
}

Test(suspend, a_node_stops_with_suspended_actors)
{
    troupe_ref_t boss = probe_new(), ref = spawn(&onlooker, NULL),
                 other = spawn(&leaver, NULL);
    let_rest(boss, ref);
    let_rest(boss, other);
    tell(ref, "lost");
    troupe_options_t options = world_options();
    world_reopen(&options); /* the end of the node is checked there */
    assert_notes("exit shutdown, stop shutdown");
}

Test(suspend, a_full_suspended_actor_rests_its_senders)
{
    const troupe_spawn_options_t small = {.mailbox = {.messages_max = 1}};
    troupe_ref_t boss = probe_new(), ref = spawn(&onlooker, &small),
                 sender = probe_new();
    let_rest(boss, ref);
    cr_assert_eq(inside(sender, tell_late, &ref), 0);
    settle();
    cr_assert_eq(inside(sender, tell_late, &ref), 0);
    cr_assert_eq(stats_of(sender).status, TROUPE_STATUS_MUTED);
    tell(sender, "rested");
    assert_notes("");
    let_go_on(boss, ref);
    cr_assert_eq(stats_of(sender).status, TROUPE_STATUS_RUNNING);
    cr_assert(strstr(notes(), "rested"));
}

Test(suspend, a_muted_actor_that_was_suspended_waits_for_both)
{
    const troupe_spawn_options_t small = {.mailbox = {.messages_max = 1}};
    troupe_ref_t boss = probe_new(), ref = spawn(&onlooker, &small),
                 sender = spawn(&onlooker, NULL);
    let_rest(boss, ref);
    cr_assert_eq(inside(sender, tell_late, &ref), 0);
    settle();
    cr_assert_eq(inside(sender, tell_late, &ref), 0);
    let_rest(boss, sender);
    tell(sender, "rested");
    let_go_on(boss, sender);
    cr_assert_eq(stats_of(sender).status, TROUPE_STATUS_MUTED);
    let_rest(boss, sender);
    let_go_on(boss, ref);
    assert_notes("late, late");
    cr_assert_eq(stats_of(sender).status, TROUPE_STATUS_SUSPENDED);
    let_go_on(boss, sender);
    assert_notes("rested");
}

Test(suspend, supervisors_threads_and_nobody_do_not_rest)
{
    troupe_ref_t boss = probe_new(), parent = spawn(&noisy, NULL);
    settle();
    (void) notes();
    let_rest(boss, parent);
    cr_assert_eq(logged("is not suspended: others would wait for it"), 1);
    tell(parent, "on");
    assert_notes("on");
    troupe_ref_t nobody = TROUPE_NOBODY;
    cr_assert_eq(inside(boss, suspend_it, &nobody), -EINVAL);
    cr_assert_eq(inside(boss, resume_it, &nobody), -EINVAL);
    end_actor(parent, TROUPE_EXIT_KILLED);
    let_rest(boss, parent); /* a stale ref */
}

static int
start_later(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    int rc = troupe_timer_set(ctx, "ready", 10, 0);
    return rc < 0 ? rc : TROUPE_STARTING;
}

static int
say_ready(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    return troupe_started(ctx);
}

TROUPE_KIND(slow_starter, char, TROUPE_ON_START(start_later),
            TROUPE_ON("ready", say_ready), TROUPE_ON_FALLBACK(note_message));

Test(suspend, a_start_goes_on_and_then_it_rests)
{
    troupe_ref_t boss = probe_new(), ref = spawn(&slow_starter, NULL);
    let_rest(boss, ref);
    cr_assert_eq(stats_of(ref).status, TROUPE_STATUS_STARTING);
    tell(ref, "first");
    advance(11);
    cr_assert_eq(stats_of(ref).status, TROUPE_STATUS_SUSPENDED);
    assert_notes("");
    let_go_on(boss, ref);
    assert_notes("first");
}

static int
suspend_child(troupe_context_t *ctx, void *arg)
{
    (void) arg;
    return troupe_suspend(ctx, plan.child);
}

Test(suspend, it_is_over_with_the_incarnation)
{
    troupe_ref_t boss = probe_new();
    (void) nurse_new(&onlooker, true);
    cr_assert_eq(inside(boss, suspend_child, NULL), 0);
    (void) notes(); /* at rest: its boss's word and ours come by other ways */
    tell(plan.child, "kept");
    assert_notes("");
    end_actor(plan.child, TROUPE_EXIT_SHUTDOWN);
    cr_assert(strstr(notes(), "kept"));
    cr_assert_eq(stats_of(plan.child).status, TROUPE_STATUS_RUNNING);
}
