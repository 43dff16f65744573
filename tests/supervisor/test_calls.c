/* SPDX-License-Identifier: Apache-2.0 */
/* test_calls.c: calls that look after children (cases 33 to 45). */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "supervisor/harness.h"

static const troupe_supervisor_options_t simple = {
    .strategy = TROUPE_SIMPLE_ONE_FOR_ONE, .intensity = 100000};

/* A child whose restarts fail: it is RESTARTING until its back-off is over. */
static troupe_ref_t
start_failing(troupe_child_spec_t *spec)
{
    const troupe_supervisor_options_t options = {.intensity = 1000};
    spec->backoff.min_ms = 1000;
    troupe_ref_t top = start_supervisor(&options, spec, 1);
    script_of(spec->id)->start_fails = 1;
    tell(ref_of(top, spec->id), "crash");
    cr_assert_eq(status_of(top, spec->id), TROUPE_CHILD_RESTARTING);
    return top;
}

Test(supervisor, case_33_an_id_can_be_there_once)
{
    troupe_child_spec_t a = child_of("a");
    troupe_ref_t top = start_supervisor(NULL, &a, 1);
    troupe_ref_t before = ref_of(top, "a");
    cr_assert_eq(
        troupe_supervisor_start_child(world_node(), top, &a, NULL, NULL),
        -EEXIST);
    cr_assert(troupe_ref_equal(ref_of(top, "a"), before));
    cr_assert_eq(troupe_supervisor_terminate_child(world_node(), top, "a"), 0);
    cr_assert_eq(
        troupe_supervisor_start_child(world_node(), top, &a, NULL, NULL),
        -EALREADY);
}

Test(supervisor, case_34_terminating_keeps_the_spec_and_can_be_repeated)
{
    troupe_child_spec_t a = child_of("a");
    troupe_ref_t top = start_supervisor(NULL, &a, 1);
    watch(ref_of(top, "a"), "a");
    cr_assert_eq(troupe_supervisor_terminate_child(world_node(), top, "x"),
                 -ENOENT);
    cr_assert_eq(troupe_supervisor_terminate_child(world_node(), top, "a"), 0);
    EXPECT_JOURNAL_SORTED("down a shutdown, start a, stop a");
    EXPECT_COUNTS(top, 1, 0, 0, 1);
    cr_assert_eq(troupe_supervisor_terminate_child(world_node(), top, "a"), 0);
    EXPECT_JOURNAL("");
}

Test(supervisor, case_35_a_stopped_child_can_be_started_again)
{
    troupe_child_spec_t a = child_of("a");
    troupe_ref_t top = start_supervisor(NULL, &a, 1);
    troupe_ref_t before = ref_of(top, "a");
    troupe_ref_t after;
    cr_assert_eq(
        troupe_supervisor_restart_child(world_node(), top, "a", &after),
        -EBUSY);
    cr_assert_eq(
        troupe_supervisor_restart_child(world_node(), top, "x", &after),
        -ENOENT);
    cr_assert_eq(troupe_supervisor_terminate_child(world_node(), top, "a"), 0);
    cr_assert_not(is_alive(before));
    cr_assert_eq(
        troupe_supervisor_restart_child(world_node(), top, "a", &after), 0);
    cr_assert(is_alive(after));
    cr_assert_not(troupe_ref_equal(before, after));
}

Test(supervisor, case_35_not_while_it_is_being_restarted)
{
    troupe_child_spec_t a = child_of("a");
    troupe_ref_t top = start_failing(&a);
    cr_assert_eq(troupe_supervisor_restart_child(world_node(), top, "a", NULL),
                 -EAGAIN);
}

Test(supervisor, case_36_only_a_stopped_child_can_be_deleted)
{
    troupe_child_spec_t a = child_of("a");
    troupe_ref_t top = start_failing(&a);
    cr_assert_eq(troupe_supervisor_delete_child(world_node(), top, "a"),
                 -EAGAIN);
    world_advance(1000);
    cr_assert_eq(troupe_supervisor_delete_child(world_node(), top, "a"),
                 -EBUSY);
    cr_assert_eq(troupe_supervisor_delete_child(world_node(), top, "x"),
                 -ENOENT);
    cr_assert_eq(troupe_supervisor_terminate_child(world_node(), top, "a"), 0);
    cr_assert_eq(troupe_supervisor_delete_child(world_node(), top, "a"), 0);
    EXPECT_COUNTS(top, 0, 0, 0, 0);
    cr_assert_eq(troupe_supervisor_restart_child(world_node(), top, "a", NULL),
                 -ENOENT);
}

Test(supervisor, case_37_children_with_ids_are_not_terminated_by_ref)
{
    troupe_child_spec_t a = child_of("a");
    troupe_ref_t top = start_supervisor(NULL, &a, 1);
    troupe_ref_t ref = ref_of(top, "a");
    cr_assert_eq(troupe_supervisor_terminate_ref(world_node(), top, ref),
                 -ENOENT);
    cr_assert(is_alive(ref));
}

Test(supervisor, case_38_calls_to_no_supervisor_fail_at_once)
{
    troupe_child_spec_t a = child_of("a");
    troupe_ref_t top = start_supervisor(NULL, &a, 1);
    shut_down(top);
    troupe_child_info_t info;
    troupe_child_counts_t counts;
    troupe_t *node = world_node();
    cr_assert_eq(troupe_supervisor_start_child(node, top, &a, NULL, NULL),
                 -ESRCH);
    cr_assert_eq(troupe_supervisor_terminate_child(node, top, "a"), -ESRCH);
    cr_assert_eq(troupe_supervisor_restart_child(node, top, "a", NULL), -ESRCH);
    cr_assert_eq(troupe_supervisor_delete_child(node, top, "a"), -ESRCH);
    cr_assert_eq(troupe_supervisor_which_child(node, top, "a", &info), -ESRCH);
    cr_assert_eq(troupe_supervisor_which_children(node, top, &info, 1), -ESRCH);
    cr_assert_eq(troupe_supervisor_count_children(node, top, &counts), -ESRCH);
    cr_assert_eq(troupe_supervisor_start_more(node, top, NULL, NULL), -ESRCH);
}

Test(supervisor, case_39_simple_children_are_named_by_ref)
{
    troupe_child_spec_t template = child_of("a");
    troupe_t *node = world_node();
    troupe_ref_t top = start_supervisor(&simple, &template, 1);
    troupe_ref_t refs[3];
    for (int i = 0; i < 3; i++)
        cr_assert_eq(troupe_supervisor_start_more(node, top, &refs[i], NULL),
                     0);
    EXPECT_COUNTS(top, 1, 3, 0, 3);
    cr_assert_eq(troupe_supervisor_terminate_ref(node, top, refs[0]), 0);
    cr_assert_not(is_alive(refs[0]));
    EXPECT_COUNTS(top, 1, 2, 0, 2);
    cr_assert_eq(troupe_supervisor_terminate_child(node, top, "a"), -EPERM);
    cr_assert_eq(troupe_supervisor_restart_child(node, top, "a", NULL), -EPERM);
    cr_assert_eq(troupe_supervisor_delete_child(node, top, "a"), -EPERM);
    cr_assert_eq(
        troupe_supervisor_start_child(node, top, &template, NULL, NULL),
        -EPERM);
    cr_assert_eq(troupe_supervisor_terminate_ref(node, top, refs[0]), 0);
    troupe_ref_t foreigner;
    cr_assert_eq(troupe_node_spawn(node, &plain, NULL, &foreigner, "s", "f"),
                 0);
    cr_assert_eq(troupe_supervisor_terminate_ref(node, top, foreigner),
                 -ENOENT);
    cr_assert(is_alive(foreigner));
}

Test(supervisor, case_40_one_child_can_be_looked_at)
{
    troupe_child_spec_t a = child_of("a");
    troupe_t *node = world_node();
    troupe_ref_t top = start_supervisor(NULL, &a, 1);
    troupe_child_info_t info;
    cr_assert_eq(troupe_supervisor_which_child(node, top, "a", &info), 0);
    cr_assert_str_eq(info.id, "a");
    cr_assert(is_alive(info.ref));
    cr_assert_not(info.supervisor);
    cr_assert_eq(troupe_supervisor_terminate_child(node, top, "a"), 0);
    cr_assert_eq(troupe_supervisor_which_child(node, top, "a", &info), 0);
    cr_assert(troupe_ref_is_nobody(info.ref));
    cr_assert_eq(troupe_supervisor_delete_child(node, top, "a"), 0);
    cr_assert_eq(troupe_supervisor_which_child(node, top, "a", &info), -ENOENT);
}

Test(supervisor, case_40_a_simple_child_is_looked_at_by_ref)
{
    troupe_child_spec_t a = child_of("a");
    troupe_t *node = world_node();
    troupe_ref_t top = start_supervisor(&simple, &a, 1);
    troupe_ref_t ref;
    troupe_child_info_t info;
    cr_assert_eq(troupe_supervisor_start_more(node, top, &ref, NULL), 0);
    cr_assert_eq(troupe_supervisor_which_ref(node, top, ref, &info), 0);
    cr_assert(troupe_ref_equal(info.ref, ref));
    cr_assert_eq(troupe_supervisor_which_ref(node, top, top, &info), -ENOENT);
    cr_assert_eq(troupe_supervisor_which_child(node, top, "a", &info), -EPERM);
}

static void
count_many(bool supervisors)
{
    const troupe_supervisor_options_t below = {.intensity = 1};
    troupe_child_spec_t template = {.id = "t", .restart = TROUPE_TEMPORARY};
    template.kind = supervisors ? NULL : &plain;
    template.supervisor = supervisors ? &below : NULL;
    troupe_ref_t top = start_supervisor(&simple, &template, 1);
    static troupe_ref_t refs[2000];
    for (int i = 0; i < 2000; i++) {
        cr_assert_eq(
            troupe_supervisor_start_more(world_node(), top, &refs[i], NULL), 0);
        if (i == 999)
            EXPECT_COUNTS(top, 1, 1000, supervisors ? 1000 : 0,
                          supervisors ? 0 : 1000);
    }
    EXPECT_COUNTS(top, 1, 2000, supervisors ? 2000 : 0, supervisors ? 0 : 2000);
    EXPECT_COUNTS(top, 1, 2000, supervisors ? 2000 : 0, supervisors ? 0 : 2000);
    for (int i = 0; i < 2000; i++)
        cr_assert_eq(
            troupe_node_exit(world_node(), refs[i], TROUPE_EXIT_KILLED, 0), 0);
    world_settle();
    EXPECT_COUNTS(top, 1, 0, 0, 0);
}

/* Each start is a call, and where others want the processors a call waits for
 * them at every step: the time limit is for what hangs, not for what is slow. */
Test(supervisor, case_41_two_thousand_workers_are_counted, .timeout = 240)
{
    count_many(false);
}

Test(supervisor, case_41_two_thousand_supervisors_are_counted, .timeout = 240)
{
    count_many(true);
}

Test(supervisor, case_42_restarting_children_are_not_active)
{
    troupe_child_spec_t template = {
        .id = "t",
        .kind = &plain,
        .backoff = {.min_ms = 1000, .jitter_percent = TROUPE_ZERO}};
    troupe_ref_t top = start_supervisor(&simple, &template, 1);
    static const char *const ids[] = {"a", "b", "c"};
    troupe_ref_t refs[3];
    for (int i = 0; i < 3; i++)
        cr_assert_eq(troupe_supervisor_start_more(world_node(), top, &refs[i],
                                                  "s", ids[i]),
                     0);
    for (int i = 0; i < 2; i++) {
        script_of(ids[i])->start_fails = 1;
        tell(refs[i], "crash");
    }
    EXPECT_COUNTS(top, 1, 1, 0, 3);
    world_advance(1000);
    EXPECT_COUNTS(top, 1, 3, 0, 3);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(
            troupe_supervisor_terminate_ref(world_node(), top, refs[i]), 0);
    EXPECT_COUNTS(top, 1, 0, 0, 0);
}

Test(supervisor, case_43_arguments_of_temporary_children_are_not_kept)
{
    for (int strategy = TROUPE_ONE_FOR_ONE; strategy <= TROUPE_REST_FOR_ONE;
         strategy++) {
        troupe_child_spec_t specs[] = {child_of("keeps"), child_of("drops")};
        specs[1].restart = TROUPE_TEMPORARY;
        const troupe_supervisor_options_t options = {
            .strategy = (troupe_strategy_t) strategy, .intensity = 100};
        troupe_ref_t top = start_supervisor(&options, specs, 2);
        troupe_child_spec_t spec;
        for (int i = 0; i < 2; i++) {
            cr_assert_eq(troupe_supervisor_child_spec(world_node(), top,
                                                      specs[i].id, &spec),
                         0);
            cr_assert_eq(spec.arguments_size,
                         i == 0 ? specs[0].arguments_size : 0);
            troupe_child_spec_free(&spec);
        }
        tell(ref_of(top, "drops"), "crash");
        EXPECT_COUNTS(top, 1, 1, 0, 1);
    }
}

enum way { WAY_KILL, WAY_NORMAL, WAY_ABNORMAL, WAY_CALL, WAY_COUNT };

static void
end_by(enum way way, troupe_ref_t top, const char *id)
{
    if (way == WAY_CALL)
        cr_assert_eq(troupe_supervisor_terminate_child(world_node(), top, id),
                     0);
    else if (way == WAY_KILL)
        kill_actor(ref_of(top, id));
    else
        tell(ref_of(top, id), way == WAY_NORMAL ? "done" : "crash");
}

Test(supervisor, case_44_which_specs_outlive_their_actors)
{
    for (int strategy = TROUPE_ONE_FOR_ONE; strategy <= TROUPE_REST_FOR_ONE;
         strategy++) {
        for (int way = 0; way < WAY_COUNT; way++) {
            for (int restart = 0; restart <= TROUPE_TEMPORARY; restart++) {
                troupe_child_spec_t a = child_of("a");
                a.restart = (troupe_restart_t) restart;
                const troupe_supervisor_options_t options = {
                    .strategy = (troupe_strategy_t) strategy};
                troupe_ref_t top = start_supervisor(&options, &a, 1);
                end_by((enum way) way, top, "a");
                bool kept = restart != TROUPE_TEMPORARY;
                bool runs =
                    kept && way != WAY_CALL
                    && (restart == TROUPE_PERMANENT || way != WAY_NORMAL);
                EXPECT_COUNTS(top, kept, runs, 0, kept);
                cr_assert_eq(troupe_supervisor_start_child(world_node(), top,
                                                           &a, NULL, NULL),
                             runs   ? -EEXIST
                             : kept ? -EALREADY
                                    : 0);
            }
        }
    }
}
