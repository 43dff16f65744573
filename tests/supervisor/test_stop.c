/* SPDX-License-Identifier: Apache-2.0 */
/* test_stop.c: stopping children and supervisors (cases 23 to 32). */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdio.h>

#include "supervisor/harness.h"
#include "supervisor/spec.h"

static const troupe_supervisor_options_t simple = {
    .strategy = TROUPE_SIMPLE_ONE_FOR_ONE};

static troupe_child_spec_t
trapping_child(const char *id, enum stop_way stop, uint32_t shutdown_ms)
{
    troupe_child_spec_t spec = child_of(id);
    spec.kind = &trapping;
    spec.shutdown_ms = shutdown_ms;
    script_of(id)->stop = stop;
    return spec;
}

/* Simple one-for-one children whose only argument is their id. */
static troupe_child_spec_t
template_of(uint32_t shutdown_ms)
{
    troupe_child_spec_t template = {.id = "template",
                                    .kind = &trapping,
                                    .shutdown_ms = shutdown_ms,
                                    .backoff = {.min_ms = TROUPE_ZERO}};
    return template;
}

static troupe_ref_t
start_more(troupe_ref_t top, const char *id, enum stop_way stop,
           uint32_t after_ms)
{
    troupe_ref_t ref = TROUPE_NOBODY;
    script_of(id)->stop = stop;
    script_of(id)->stop_after_ms = after_ms;
    cr_assert_eq(troupe_supervisor_start_more(world_node(), top, &ref, "s", id),
                 0);
    watch(ref, id);
    return ref;
}

Test(supervisor, case_23_without_a_bound_worker_and_supervisor_end_well)
{
    const troupe_supervisor_options_t below = {.intensity = 1};
    troupe_child_spec_t specs[] = {
        trapping_child("a", STOP_LATE, TROUPE_INFINITE),
        {.id = "b", .supervisor = &below, .shutdown_ms = TROUPE_INFINITE}};
    script_of("a")->stop_after_ms = 3600000;
    troupe_ref_t top = start_supervisor(NULL, specs, 2);
    watch(ref_of(top, "a"), "a");
    watch(ref_of(top, "b"), "b");
    shut_down(top);
    EXPECT_JOURNAL_SORTED("down b shutdown, exit a, start a");
    world_advance(3599999);
    EXPECT_JOURNAL("");
    world_advance(1);
    EXPECT_JOURNAL_SORTED("down a shutdown, stop a");
}

Test(supervisor, case_24_a_sleeper_is_killed_after_its_time)
{
    troupe_child_spec_t specs[] = {
        child_of("good"), trapping_child("sleeper", STOP_REFUSES, 1000)};
    troupe_ref_t top = start_supervisor(NULL, specs, 2);
    watch(top, "top");
    watch(ref_of(top, "good"), "good");
    watch(ref_of(top, "sleeper"), "sleeper");
    shut_down(top);
    world_advance(999);
    EXPECT_JOURNAL("start good, start sleeper, exit sleeper");
    world_advance(1);
    EXPECT_JOURNAL_SORTED("down good shutdown, down sleeper killed, "
                          "down top shutdown, stop good");
}

Test(supervisor, case_25_a_simple_sleeper_is_killed_after_its_time)
{
    troupe_child_spec_t template = template_of(1000);
    troupe_ref_t top = start_supervisor(&simple, &template, 1);
    start_more(top, "good", STOP_OBEYS, 0);
    start_more(top, "sleeper", STOP_REFUSES, 0);
    watch(top, "top");
    shut_down(top);
    EXPECT_JOURNAL_SORTED("down good shutdown, exit good, exit sleeper, "
                          "start good, start sleeper, stop good");
    world_advance(999);
    EXPECT_JOURNAL("");
    world_advance(1);
    EXPECT_JOURNAL_SORTED("down sleeper killed, down top shutdown");
}

Test(supervisor, case_26_a_brutal_kill_is_at_once)
{
    troupe_child_spec_t specs[] = {
        child_of("good"),
        trapping_child("brutal", STOP_REFUSES, TROUPE_SHUTDOWN_BRUTAL)};
    troupe_ref_t top = start_supervisor(NULL, specs, 2);
    watch(ref_of(top, "good"), "good");
    watch(ref_of(top, "brutal"), "brutal");
    shut_down(top);
    EXPECT_JOURNAL_SORTED("down brutal killed, down good shutdown, "
                          "start brutal, start good, stop good");
}

Test(supervisor, case_27_ten_brutal_kills_are_at_once)
{
    troupe_child_spec_t template = template_of(TROUPE_SHUTDOWN_BRUTAL);
    troupe_ref_t top = start_supervisor(&simple, &template, 1);
    for (int i = 0; i < 10; i++)
        start_more(top, "x", STOP_REFUSES, 0);
    watch(top, "top");
    shut_down(top);
    cr_assert_eq(journal_count("down x killed"), 10);
    cr_assert_eq(journal_count("down top shutdown"), 1);
    cr_assert_eq(journal_count("exit x"), 0);
}

Test(supervisor, case_28_ends_of_their_own_keep_their_reasons_in_a_shutdown)
{
    static const char *const verbs[] = {"done", "quit", "crash"};
    static const char *const ends[] = {"normal", "shutdown", "error"};
    static char ids[9][16];
    troupe_child_spec_t specs[10];
    for (int i = 0; i < 9; i++) {
        snprintf(ids[i], sizeof ids[i], "c%d", i);
        specs[i] = child_of(ids[i]);
        specs[i].restart = (troupe_restart_t) (i / 3);
    }
    specs[9] = trapping_child("slow", STOP_LATE, TROUPE_INFINITE);
    script_of("slow")->stop_after_ms = 1000;
    const troupe_supervisor_options_t options = {.intensity = 100};
    troupe_ref_t top = start_supervisor(&options, specs, 10);
    troupe_ref_t refs[9];
    watch(top, "top");
    for (int i = 0; i < 9; i++) {
        refs[i] = ref_of(top, ids[i]);
        watch(refs[i], ids[i]);
    }
    shut_down(top);
    for (int i = 0; i < 9; i++)
        tell(refs[i], verbs[i % 3]);
    world_advance(1000);
    for (int i = 0; i < 9; i++) {
        char line[64];
        snprintf(line, sizeof line, "down c%d %s", i, ends[i % 3]);
        cr_assert_eq(journal_count(line), 1, "%s", line);
        snprintf(line, sizeof line, "start c%d", i);
        cr_assert_eq(journal_count(line), 1, "%s", line);
    }
    cr_assert_eq(journal_count("down top shutdown"), 1);
}

Test(supervisor, case_29_simple_children_that_end_oddly_are_not_restarted)
{
    for (int restart = TROUPE_PERMANENT; restart <= TROUPE_TEMPORARY;
         restart++) {
        troupe_child_spec_t template = template_of(5000);
        template.restart = (troupe_restart_t) restart;
        troupe_ref_t top = start_supervisor(&simple, &template, 1);
        start_more(top, "normal", STOP_NORMALLY, 0);
        start_more(top, "fails", STOP_FAILS, 0);
        watch(top, "top");
        shut_down(top);
        EXPECT_JOURNAL_SORTED(
            "down fails error, down normal normal, down top shutdown, "
            "exit fails, exit normal, start fails, start normal, "
            "stop fails error, stop normal normal");
    }
}

Test(supervisor, case_30_simple_children_share_one_timer)
{
    troupe_child_spec_t template = template_of(2000);
    troupe_ref_t top = start_supervisor(&simple, &template, 1);
    start_more(top, "one", STOP_LATE, 1000);
    start_more(top, "two", STOP_LATE, 1000);
    start_more(top, "five", STOP_LATE, 5000);
    watch(top, "top");
    shut_down(top);
    EXPECT_JOURNAL_SORTED("exit five, exit one, exit two, start five, "
                          "start one, start two");
    world_advance(1000);
    EXPECT_JOURNAL_SORTED("down one shutdown, down two shutdown, stop one, "
                          "stop two");
    world_advance(999);
    EXPECT_JOURNAL("");
    world_advance(1);
    EXPECT_JOURNAL_SORTED("down five killed, down top shutdown");
}

Test(supervisor, case_31_a_child_that_refuses_does_not_hold_up_the_supervisor)
{
    troupe_child_spec_t specs[] = {child_of("good"),
                                   trapping_child("bad", STOP_REFUSES, 1000)};
    troupe_ref_t top = start_supervisor(NULL, specs, 2);
    watch(ref_of(top, "bad"), "bad");
    call_later(top, TROUPE_TERMINATE_CHILD, "bad");
    EXPECT_JOURNAL("start good, start bad, exit bad");
    cr_assert_eq(status_of(top, "bad"), TROUPE_CHILD_STOPPING);
    tell(top, "a stranger's message");
    world_advance(1000);
    EXPECT_JOURNAL_SORTED("bad: 0, down bad killed");
    cr_assert_eq(status_of(top, "bad"), TROUPE_CHILD_DOWN);
    EXPECT_COUNTS(top, 2, 1, 0, 2);
}

Test(supervisor, case_31_an_actor_that_never_returns_is_left_behind)
{
    world_begin_real();
    troupe_child_spec_t specs[] = {child_of("good"), child_of("stuck")};
    specs[1].shutdown_ms = 10;
    specs[1].place = TROUPE_OWN_THREAD;
    troupe_ref_t top = start_supervisor(NULL, specs, 2);
    troupe_ref_t stuck = ref_of(top, "stuck");
    watch(top, "top");
    cr_assert_eq(troupe_node_send(world_node(), stuck, "block", NULL), 0);
    harness_wait_blocked();
    cr_assert_eq(
        troupe_node_exit(world_node(), top, TROUPE_EXIT_SHUTDOWN, 20000), 0);
    harness_unblock();
    cr_assert_eq(log_count("child 'stuck' did not stop within 10 ms"), 1);
    cr_assert_eq(log_count("does not end: left behind"), 1);
    cr_assert_eq(journal_count("stop good"), 1);
    cr_assert_eq(journal_count("down top shutdown"), 1);
    cr_assert_not(is_alive(stuck));
}

Test(supervisor, case_32_the_order_is_the_list_and_the_reverse)
{
    static const char *const ids[] = {"e", "b", "d", "a", "c"};
    troupe_ref_t top = start_group(TROUPE_REST_FOR_ONE, ids, 5);
    EXPECT_JOURNAL("start e, start b, start d, start a, start c");
    kill_actor(ref_of(top, "d"));
    EXPECT_JOURNAL("stop c, stop a, start d, start a, start c");
    shut_down(top);
    EXPECT_JOURNAL("stop c, stop a, stop d, stop b, stop e");
}

/* Its starter's thread may not come to ask any more how the start went. */
Test(supervisor, a_node_stops_while_a_supervisor_is_being_started)
{
    troupe_child_spec_t spec = child_of("a");
    const troupe_supervisor_options_t options = {.intensity = 1};
    troupe_supervisor_error_t error = {{0}};
    msgpack_sbuffer body;
    msgpack_sbuffer_init(&body);
    world_begin_real();
    cr_assert_eq(troupe__definition_pack(world_node(), &options, &spec, 1, true,
                                         &body, &error),
                 0);
    cr_assert_eq(troupe_node_spawn(world_node(), &troupe__supervisor_kind, NULL,
                                   NULL, "r", body.data, body.size),
                 0);
    msgpack_sbuffer_destroy(&body);
    cr_assert_eq(troupe_stop(world_node(), 2000), 0, "%s",
                 troupe_stragglers(world_node()));
}
