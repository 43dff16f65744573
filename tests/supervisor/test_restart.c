/* SPDX-License-Identifier: Apache-2.0 */
/* test_restart.c: who is restarted, and how often (cases 46 to 57, 67). */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdio.h>

#include "supervisor/harness.h"

/* One child of that type; after each end: does it run, is it kept? */
static void
expect_after(troupe_restart_t restart, const char *verb, bool runs, bool kept)
{
    troupe_child_spec_t a = child_of("a");
    a.restart = restart;
    troupe_ref_t top = start_supervisor(NULL, &a, 1);
    troupe_ref_t ref = ref_of(top, "a");
    if (verb)
        tell(ref, verb);
    else
        kill_actor(ref);
    EXPECT_COUNTS(top, kept, runs, 0, kept);
    cr_assert_eq(is_alive(ref), runs);
    if (runs) {
        cr_assert_eq(incarnation_of(ref), 2);
        cr_assert(troupe_ref_equal(ref, ref_of(top, "a")));
    } else if (kept) {
        cr_assert_eq(status_of(top, "a"), TROUPE_CHILD_DOWN);
        cr_assert_eq(
            troupe_supervisor_restart_child(world_node(), top, "a", &ref), 0);
        cr_assert(is_alive(ref));
    } else {
        cr_assert_eq(
            troupe_supervisor_start_child(world_node(), top, &a, &ref, NULL),
            0);
        cr_assert(is_alive(ref));
    }
}

Test(supervisor, case_46_permanent_is_restarted_after_a_normal_end)
{
    expect_after(TROUPE_PERMANENT, "done", true, true);
}

Test(supervisor, case_47_permanent_is_restarted_after_a_shutdown)
{
    expect_after(TROUPE_PERMANENT, "quit", true, true);
}

Test(supervisor, case_48_permanent_is_restarted_after_a_failure)
{
    expect_after(TROUPE_PERMANENT, "crash", true, true);
    expect_after(TROUPE_PERMANENT, NULL, true, true);
}

Test(supervisor, case_49_transient_is_kept_after_a_normal_end)
{
    expect_after(TROUPE_TRANSIENT, "done", false, true);
}

Test(supervisor, case_50_transient_is_kept_after_a_shutdown)
{
    expect_after(TROUPE_TRANSIENT, "quit", false, true);
}

Test(supervisor, case_51_transient_is_restarted_after_a_failure)
{
    expect_after(TROUPE_TRANSIENT, "crash", true, true);
    expect_after(TROUPE_TRANSIENT, NULL, true, true);
}

Test(supervisor, case_52_temporary_is_gone_after_a_normal_end)
{
    expect_after(TROUPE_TEMPORARY, "done", false, false);
}

Test(supervisor, case_53_temporary_is_gone_after_a_shutdown)
{
    expect_after(TROUPE_TEMPORARY, "quit", false, false);
}

Test(supervisor, case_54_temporary_is_gone_after_a_failure)
{
    expect_after(TROUPE_TEMPORARY, "crash", false, false);
    expect_after(TROUPE_TEMPORARY, NULL, false, false);
}

Test(supervisor, case_55_a_temporary_bystander_is_stopped_and_dropped)
{
    for (int i = TROUPE_ONE_FOR_ALL; i <= TROUPE_REST_FOR_ONE; i++) {
        troupe_child_spec_t specs[] = {child_of("a"), child_of("temporary")};
        specs[1].restart = TROUPE_TEMPORARY;
        const troupe_supervisor_options_t options = {.strategy =
                                                         (troupe_strategy_t) i};
        troupe_ref_t top = start_supervisor(&options, specs, 2);
        tell(ref_of(top, "a"), "crash");
        EXPECT_JOURNAL("start a, start temporary, stop a error, "
                       "stop temporary, start a");
        EXPECT_COUNTS(top, 1, 1, 0, 1);
    }
}

Test(supervisor, case_56_failures_further_apart_than_the_period_are_forgiven)
{
    troupe_child_spec_t a = child_of("a");
    troupe_ref_t top = start_supervisor(NULL, &a, 1);
    troupe_ref_t ref = ref_of(top, "a");
    for (int i = 0; i < 6; i++) {
        tell(ref, "crash");
        world_advance(5001);
    }
    cr_assert(is_alive(top));
    cr_assert_eq(incarnation_of(ref), 7);
}

Test(supervisor, case_57_one_for_one_replaces_only_the_crashed_child)
{
    troupe_child_spec_t specs[] = {child_of("a"), child_of("b")};
    const troupe_supervisor_options_t options = {.intensity = 2,
                                                 .period_ms = 3600000};
    troupe_ref_t top = start_supervisor(&options, specs, 2);
    troupe_ref_t a = ref_of(top, "a");
    watch(top, "top");
    for (int i = 0; i < 2; i++)
        tell(a, "crash");
    EXPECT_JOURNAL("start a, start b, stop a error, start a, stop a error, "
                   "start a");
    cr_assert_eq(incarnation_of(ref_of(top, "b")), 1);
    tell(a, "crash");
    EXPECT_JOURNAL("stop a error, stop b, down top shutdown");
}

static troupe_ref_t
start_counted(uint32_t intensity, troupe_child_spec_t *specs, size_t count)
{
    const troupe_supervisor_options_t options = {.intensity = intensity,
                                                 .period_ms = 1000};
    return start_supervisor(&options, specs, count);
}

Test(supervisor, case_67_exactly_as_many_as_allowed_stay_alive)
{
    troupe_child_spec_t a = child_of("a");
    troupe_ref_t top = start_counted(3, &a, 1);
    troupe_ref_t ref = ref_of(top, "a");
    for (int i = 0; i < 3; i++)
        tell(ref, "crash");
    cr_assert(is_alive(ref));
    tell(ref, "crash");
    cr_assert_not(is_alive(ref));
    cr_assert_not(is_alive(top));
}

Test(supervisor, case_67_a_restart_of_exactly_the_period_s_age_still_counts)
{
    troupe_child_spec_t a = child_of("a");
    troupe_ref_t top = start_counted(1, &a, 1);
    tell(ref_of(top, "a"), "crash");
    world_advance(1000);
    tell(ref_of(top, "a"), "crash");
    cr_assert_not(is_alive(top));
}

Test(supervisor, case_67_a_restart_older_than_the_period_does_not)
{
    troupe_child_spec_t a = child_of("a");
    troupe_ref_t top = start_counted(1, &a, 1);
    tell(ref_of(top, "a"), "crash");
    world_advance(1001);
    tell(ref_of(top, "a"), "crash");
    cr_assert(is_alive(top));
}

Test(supervisor, case_67_intensity_zero_gives_up_at_the_first_failure)
{
    troupe_child_spec_t a = child_of("a");
    troupe_ref_t top = start_counted(TROUPE_ZERO, &a, 1);
    tell(ref_of(top, "a"), "crash");
    cr_assert_not(is_alive(top));
}

Test(supervisor, case_67_children_share_one_budget)
{
    troupe_child_spec_t specs[] = {child_of("a"), child_of("b")};
    troupe_ref_t top = start_counted(2, specs, 2);
    tell(ref_of(top, "a"), "crash");
    tell(ref_of(top, "b"), "crash");
    cr_assert(is_alive(top));
    tell(ref_of(top, "a"), "crash");
    cr_assert_not(is_alive(top));
}

static void
crash_all_the_time(troupe_ref_t top)
{
    script_of("b")->start_fails = 1000000;
    tell(ref_of(top, "b"), "crash");
}

/* b fails in each start; its back-off leaves room for calls. */
static troupe_ref_t
start_storm(troupe_strategy_t strategy)
{
    troupe_child_spec_t specs[] = {child_of("a"), child_of("b"), child_of("c")};
    specs[1].backoff =
        (troupe_backoff_t){.min_ms = 10, .jitter_percent = TROUPE_ZERO};
    const troupe_supervisor_options_t options = {.strategy = strategy,
                                                 .intensity = 1000000,
                                                 .unstable_max =
                                                     TROUPE_INFINITE};
    troupe_ref_t top = start_supervisor(&options, specs, 3);
    crash_all_the_time(top);
    world_advance(100);
    return top;
}

static void
calm_storm(troupe_ref_t top, troupe_child_status_t after_c)
{
    troupe_child_spec_t b = child_of("b");
    troupe_t *node = world_node();
    cr_assert_eq(status_of(top, "b"), TROUPE_CHILD_RESTARTING);
    cr_assert_eq(status_of(top, "a"), TROUPE_CHILD_UP);
    cr_assert_eq(status_of(top, "c"), after_c);
    cr_assert_eq(troupe_supervisor_start_child(node, top, &b, NULL, NULL),
                 -EALREADY);
    cr_assert_eq(troupe_supervisor_terminate_child(node, top, "b"), 0);
    cr_assert_eq(status_of(top, "b"), TROUPE_CHILD_DOWN);
    script_of("b")->start_fails = 0;
    cr_assert_eq(troupe_supervisor_restart_child(node, top, "b", NULL), 0);
    cr_assert_eq(status_of(top, "b"), TROUPE_CHILD_UP);
}

Test(supervisor, case_68_a_restart_storm_of_one_does_not_starve_calls)
{
    troupe_ref_t top = start_storm(TROUPE_ONE_FOR_ONE);
    EXPECT_COUNTS(top, 3, 2, 0, 3);
    calm_storm(top, TROUPE_CHILD_UP);
}

Test(supervisor, case_68_a_restart_storm_of_the_rest_does_not_starve_calls)
{
    troupe_ref_t top = start_storm(TROUPE_REST_FOR_ONE);
    EXPECT_COUNTS(top, 3, 1, 0, 3);
    calm_storm(top, TROUPE_CHILD_WAITING);
    cr_assert_eq(status_of(top, "c"), TROUPE_CHILD_DOWN);
    cr_assert_eq(troupe_supervisor_restart_child(world_node(), top, "c", NULL),
                 0);
}

Test(supervisor, case_68_without_back_off_calls_get_their_turn_too)
{
    troupe_child_spec_t a = child_of("a");
    const troupe_supervisor_options_t options = {
        .intensity = 100000000, .unstable_max = TROUPE_INFINITE};
    troupe_ref_t top = start_supervisor(&options, &a, 1);
    script_of("a")->start_fails = 100000000;
    cr_assert_eq(
        troupe_node_send(world_node(), ref_of(top, "a"), "crash", NULL), 0);
    troupe_child_info_t info = {.restarts = 0};
    while (info.restarts < 100)
        cr_assert_eq(
            troupe_supervisor_which_child(world_node(), top, "a", &info), 0);
    cr_assert_eq(troupe_supervisor_terminate_child(world_node(), top, "a"), 0);
    cr_assert_eq(status_of(top, "a"), TROUPE_CHILD_DOWN);
    world_settle(); /* the loop is over */
}

Test(supervisor, case_68_a_simple_child_is_terminated_in_its_storm)
{
    troupe_child_spec_t template = child_of("b");
    template.backoff.min_ms = 10;
    const troupe_supervisor_options_t options = {
        .strategy = TROUPE_SIMPLE_ONE_FOR_ONE, .intensity = 1000000};
    troupe_ref_t top = start_supervisor(&options, &template, 1);
    troupe_ref_t ref;
    cr_assert_eq(troupe_supervisor_start_more(world_node(), top, &ref, NULL),
                 0);
    script_of("b")->start_fails = 1000000;
    tell(ref, "crash");
    world_advance(20);
    EXPECT_COUNTS(top, 1, 0, 0, 1);
    cr_assert_eq(troupe_supervisor_terminate_ref(world_node(), top, ref), 0);
    EXPECT_COUNTS(top, 1, 0, 0, 0);
}

Test(supervisor, case_68_a_shutdown_in_a_storm_is_prompt)
{
    for (int i = TROUPE_ONE_FOR_ONE; i <= TROUPE_REST_FOR_ONE; i++) {
        troupe_ref_t top = start_storm((troupe_strategy_t) i);
        watch(top, "top");
        shut_down(top);
        cr_assert_eq(journal_count("down top shutdown"), i + 1);
        script_of("b")->start_fails = 0;
    }
}
