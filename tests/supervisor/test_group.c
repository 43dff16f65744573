/* SPDX-License-Identifier: Apache-2.0 */
/* test_group.c: children that are restarted together (cases 58 to 66). */
#include <criterion/criterion.h>

#include <errno.h>

#include "supervisor/harness.h"

static troupe_ref_t
start_three(troupe_strategy_t strategy, uint32_t intensity)
{
    troupe_child_spec_t specs[] = {child_of("a"), child_of("b"), child_of("c")};
    const troupe_supervisor_options_t options = {
        .strategy = strategy, .intensity = intensity, .period_ms = 3600000};
    troupe_ref_t top = start_supervisor(&options, specs, 3);
    watch(top, "top");
    EXPECT_JOURNAL("start a, start b, start c");
    return top;
}

Test(supervisor, case_58_one_whose_restarts_fail_takes_all_with_it)
{
    troupe_ref_t top = start_three(TROUPE_ONE_FOR_ONE, 4);
    script_of("b")->start_fails = 100;
    tell(ref_of(top, "b"), "crash");
    EXPECT_JOURNAL("stop b error, start b, start b, start b, start b, stop c, "
                   "stop a, down top shutdown");
}

Test(supervisor, case_59_one_for_all_replaces_all)
{
    troupe_ref_t top = start_three(TROUPE_ONE_FOR_ALL, 2);
    troupe_ref_t b = ref_of(top, "b");
    for (int i = 0; i < 2; i++) {
        tell(b, "crash");
        EXPECT_JOURNAL("stop b error, stop c, stop a, start a, start b, "
                       "start c");
    }
    cr_assert_eq(incarnation_of(ref_of(top, "a")), 3);
    cr_assert_eq(incarnation_of(b), 3);
    cr_assert_eq(incarnation_of(ref_of(top, "c")), 3);
    tell(b, "crash");
    EXPECT_JOURNAL("stop b error, stop c, stop a, down top shutdown");
}

Test(supervisor, case_59_a_group_s_restart_counts_once)
{
    troupe_ref_t top = start_three(TROUPE_ONE_FOR_ALL, 1);
    tell(ref_of(top, "a"), "crash");
    cr_assert(is_alive(top));
    cr_assert_eq(incarnation_of(ref_of(top, "c")), 2);
}

Test(supervisor, case_60_one_for_all_gives_up_when_another_cannot_start)
{
    troupe_ref_t top = start_three(TROUPE_ONE_FOR_ALL, 2);
    script_of("c")->start_fails = 100;
    tell(ref_of(top, "a"), "crash");
    EXPECT_JOURNAL("stop a error, stop c, stop b, "
                   "start a, start b, start c, stop b, stop a, "
                   "start a, start b, start c, stop b, stop a, "
                   "down top shutdown");
}

Test(supervisor, case_61_what_had_just_started_is_stopped_again)
{
    troupe_ref_t top = start_three(TROUPE_ONE_FOR_ALL, 5);
    script_of("b")->start_fails = 1;
    tell(ref_of(top, "a"), "crash");
    EXPECT_JOURNAL("stop a error, stop c, stop b, start a, start b, stop a, "
                   "start a, start b, start c");
    EXPECT_COUNTS(top, 3, 3, 0, 3);
}

Test(supervisor, case_62_rest_for_one_leaves_the_earlier_ones)
{
    troupe_ref_t top = start_three(TROUPE_REST_FOR_ONE, 1);
    tell(ref_of(top, "b"), "crash");
    EXPECT_JOURNAL("stop b error, stop c, start b, start c");
    cr_assert_eq(incarnation_of(ref_of(top, "a")), 1);
    cr_assert_eq(incarnation_of(ref_of(top, "b")), 2);
    tell(ref_of(top, "c"), "crash");
    EXPECT_JOURNAL("stop c error, stop b, stop a, down top shutdown");
}

Test(supervisor, case_63_rest_for_one_gives_up_when_a_later_one_cannot_start)
{
    troupe_ref_t top = start_three(TROUPE_REST_FOR_ONE, 3);
    script_of("c")->start_fails = 100;
    tell(ref_of(top, "b"), "crash");
    EXPECT_JOURNAL("stop b error, stop c, start b, start c, start c, start c, "
                   "stop b, stop a, down top shutdown");
}

Test(supervisor, case_64_only_the_one_that_failed_is_tried_again)
{
    troupe_ref_t top = start_three(TROUPE_REST_FOR_ONE, 5);
    script_of("b")->start_fails = 1;
    tell(ref_of(top, "a"), "crash");
    EXPECT_JOURNAL("stop a error, stop c, stop b, start a, start b, start b, "
                   "start c");
    cr_assert_eq(incarnation_of(ref_of(top, "a")), 2);
}

static troupe_ref_t
start_simple(uint32_t intensity, troupe_restart_t restart)
{
    troupe_child_spec_t template = child_of("t");
    template.restart = restart;
    const troupe_supervisor_options_t options = {.strategy =
                                                     TROUPE_SIMPLE_ONE_FOR_ONE,
                                                 .intensity = intensity,
                                                 .period_ms = 3600000};
    return start_supervisor(&options, &template, 1);
}

Test(supervisor, case_65_a_simple_child_is_restarted_with_its_own_arguments)
{
    troupe_ref_t top = start_simple(2, TROUPE_PERMANENT);
    troupe_ref_t ref;
    cr_assert_eq(
        troupe_supervisor_start_more(world_node(), top, &ref, "s", "x"), 0);
    cr_assert_eq(troupe_supervisor_start_more(world_node(), top, NULL, NULL),
                 0);
    watch(top, "top");
    tell(ref, "crash");
    EXPECT_JOURNAL("start t+x, start t, stop t+x error, start t+x");
    cr_assert_eq(incarnation_of(ref), 2);
    tell(ref, "crash");
    tell(ref, "crash");
    EXPECT_JOURNAL_SORTED("down top shutdown, start t+x, stop t, "
                          "stop t+x error, stop t+x error");
}

Test(supervisor, case_65_a_simple_child_that_cannot_restart_ends_all)
{
    troupe_ref_t top = start_simple(4, TROUPE_PERMANENT);
    troupe_ref_t ref;
    cr_assert_eq(troupe_supervisor_start_more(world_node(), top, &ref, NULL),
                 0);
    watch(top, "top");
    script_of("t")->start_fails = 100;
    tell(ref, "crash");
    cr_assert_eq(journal_count("start t"), 5);
    cr_assert_eq(journal_count("down top shutdown"), 1);
}

Test(supervisor, case_66_a_simple_child_that_ignores_its_restart_is_dropped)
{
    for (int i = TROUPE_PERMANENT; i <= TROUPE_TRANSIENT; i++) {
        troupe_ref_t top = start_simple(4, (troupe_restart_t) i);
        troupe_ref_t ref;
        cr_assert_eq(
            troupe_supervisor_start_more(world_node(), top, &ref, NULL), 0);
        script_of("t")->start_ignores = 1;
        tell(ref, "crash");
        EXPECT_COUNTS(top, 1, 0, 0, 0);
        cr_assert_eq(
            troupe_supervisor_start_more(world_node(), top, &ref, NULL), 0);
    }
}

Test(supervisor, part_0_a_child_that_ignores_in_a_round_lets_it_go_on)
{
    troupe_ref_t top = start_three(TROUPE_ONE_FOR_ALL, 1);
    script_of("b")->start_ignores = 1;
    tell(ref_of(top, "a"), "crash");
    EXPECT_JOURNAL("stop a error, stop c, stop b, start a, start b, start c");
    EXPECT_COUNTS(top, 3, 2, 0, 3);
    cr_assert_eq(status_of(top, "b"), TROUPE_CHILD_DOWN);
}

Test(supervisor, part_0_failures_during_a_round_wait_for_its_end)
{
    troupe_child_spec_t specs[] = {child_of("a"), child_of("b"), child_of("c")};
    specs[2].kind = &trapping;
    script_of("c")->stop = STOP_LATE;
    script_of("c")->stop_after_ms = 100;
    const troupe_supervisor_options_t options = {
        .strategy = TROUPE_REST_FOR_ONE, .intensity = 10};
    troupe_ref_t top = start_supervisor(&options, specs, 3);
    troupe_ref_t a = ref_of(top, "a");
    tell(ref_of(top, "b"), "crash"); /* waits for c to stop */
    tell(a, "crash");                /* is decided after that round */
    EXPECT_JOURNAL("start a, start b, start c, stop b error, exit c, "
                   "stop a error");
    call_later(top, TROUPE_TERMINATE_CHILD, "b"); /* and this after both */
    world_advance(100);
    EXPECT_JOURNAL("stop c, start b, start c, exit c");
    world_advance(100);
    EXPECT_JOURNAL("stop c, stop b, start a, start b, start c, stop b, b: 0");
    EXPECT_COUNTS(top, 3, 2, 0, 3);
}
