/* SPDX-License-Identifier: Apache-2.0 */
/* test_start.c: starting supervisors and children (cases 1 to 19). */
#include <criterion/criterion.h>

#include <errno.h>
#include <string.h>

#include "supervisor/harness.h"

Test(supervisor, case_01_an_empty_one_starts_and_ends_with_shutdown)
{
    troupe_ref_t top = start_supervisor(NULL, NULL, 0);
    EXPECT_COUNTS(top, 0, 0, 0, 0);
    watch(top, "top");
    shut_down(top);
    EXPECT_JOURNAL("down top shutdown");
}

Test(supervisor, case_03_a_permanent_child_that_ignores_is_kept_without_actor)
{
    troupe_child_spec_t a = child_of("a");
    troupe_child_spec_t b = child_of("b");
    troupe_ref_t top = start_supervisor(NULL, &a, 1);
    script_of("b")->start_ignores = 1;
    troupe_ref_t ref = {42};
    cr_assert_eq(
        troupe_supervisor_start_child(world_node(), top, &b, &ref, NULL), 0);
    cr_assert(troupe_ref_is_nobody(ref));
    EXPECT_COUNTS(top, 2, 1, 0, 2);
    troupe_child_info_t infos[3];
    cr_assert_eq(troupe_supervisor_which_children(world_node(), top, infos, 3),
                 2);
    cr_assert_str_eq(infos[0].id, "b");
    cr_assert_str_eq(infos[1].id, "a");
    cr_assert_eq(infos[0].status, TROUPE_CHILD_DOWN);
    cr_assert_eq(infos[1].status, TROUPE_CHILD_UP);
}

Test(supervisor, case_04_a_temporary_child_that_ignores_at_first_is_dropped)
{
    troupe_child_spec_t specs[] = {child_of("a"), child_of("b")};
    specs[0].restart = TROUPE_TEMPORARY;
    script_of("a")->start_ignores = 1;
    troupe_ref_t top = start_supervisor(NULL, specs, 2);
    EXPECT_COUNTS(top, 1, 1, 0, 1);
    cr_assert(is_alive(ref_of(top, "b")));
}

Test(supervisor, case_05_a_temporary_child_that_ignores_a_call_is_dropped)
{
    troupe_child_spec_t a = child_of("a");
    a.restart = TROUPE_TEMPORARY;
    troupe_ref_t top = start_supervisor(NULL, NULL, 0);
    script_of("a")->start_ignores = 1;
    troupe_ref_t ref = {42};
    cr_assert_eq(
        troupe_supervisor_start_child(world_node(), top, &a, &ref, NULL), 0);
    cr_assert(troupe_ref_is_nobody(ref));
    EXPECT_COUNTS(top, 0, 0, 0, 0);
}

static void
ignore_in_simple(troupe_restart_t restart)
{
    troupe_child_spec_t template = child_of("a");
    template.restart = restart;
    const troupe_supervisor_options_t options = {.strategy =
                                                     TROUPE_SIMPLE_ONE_FOR_ONE};
    troupe_ref_t top = start_supervisor(&options, &template, 1);
    script_of("a")->start_ignores = 1;
    troupe_ref_t ref = {42};
    cr_assert_eq(troupe_supervisor_start_more(world_node(), top, &ref, NULL),
                 0);
    cr_assert(troupe_ref_is_nobody(ref));
    EXPECT_COUNTS(top, 1, 0, 0, 0);
    watch(top, "top");
    shut_down(top);
    EXPECT_JOURNAL("start a, down top shutdown");
}

Test(supervisor, case_06_a_temporary_simple_child_that_ignores_is_dropped)
{
    ignore_in_simple(TROUPE_TEMPORARY);
}

Test(supervisor, case_07_a_permanent_simple_child_that_ignores_is_dropped_too)
{
    ignore_in_simple(TROUPE_PERMANENT);
}

Test(supervisor, case_10_a_failed_start_by_a_call_leaves_nothing_behind)
{
    troupe_child_spec_t a = child_of("a");
    troupe_ref_t top = start_supervisor(NULL, NULL, 0);
    script_of("a")->start_fails = 1;
    troupe_ref_t ref = {42};
    troupe_supervisor_error_t error;
    cr_assert_eq(
        troupe_supervisor_start_child(world_node(), top, &a, &ref, &error),
        -EIO);
    cr_assert_str_eq(error.text, "scripted");
    cr_assert_eq(ref.id, 42);
    EXPECT_COUNTS(top, 0, 0, 0, 0);
    cr_assert_eq(
        troupe_supervisor_start_child(world_node(), top, &a, &ref, &error), 0);
}

Test(supervisor, case_11_a_stopped_child_whose_restart_fails_keeps_its_spec)
{
    troupe_child_spec_t a = child_of("a");
    troupe_ref_t top = start_supervisor(NULL, &a, 1);
    cr_assert_eq(troupe_supervisor_terminate_child(world_node(), top, "a"), 0);
    script_of("a")->start_fails = 1;
    troupe_ref_t ref;
    cr_assert_eq(troupe_supervisor_restart_child(world_node(), top, "a", &ref),
                 -EIO);
    EXPECT_COUNTS(top, 1, 0, 0, 1);
    cr_assert_eq(status_of(top, "a"), TROUPE_CHILD_DOWN);
    cr_assert_eq(troupe_supervisor_restart_child(world_node(), top, "a", &ref),
                 0);
    cr_assert(is_alive(ref));
}

Test(supervisor, case_12_a_simple_child_whose_start_fails_is_not_kept)
{
    troupe_child_spec_t a = child_of("a");
    const troupe_supervisor_options_t options = {.strategy =
                                                     TROUPE_SIMPLE_ONE_FOR_ONE};
    troupe_ref_t top = start_supervisor(&options, &a, 1);
    script_of("a")->start_fails = 1;
    troupe_ref_t ref;
    cr_assert_eq(troupe_supervisor_start_more(world_node(), top, &ref, NULL),
                 -EIO);
    EXPECT_COUNTS(top, 1, 0, 0, 0);
}

Test(supervisor, case_13_defaults_can_be_read_from_a_spec)
{
    const troupe_supervisor_options_t below = {.strategy = TROUPE_ONE_FOR_ALL};
    troupe_child_spec_t specs[] = {
        {.id = "plain", .kind = &plain},
        {.id = "brutal", .kind = &plain, .shutdown_ms = TROUPE_SHUTDOWN_BRUTAL},
        {.id = "tree", .supervisor = &below}};
    troupe_ref_t top = start_supervisor(NULL, specs, 3);
    troupe_child_spec_t spec;
    cr_assert_eq(
        troupe_supervisor_child_spec(world_node(), top, "plain", &spec), 0);
    cr_assert_eq(spec.restart, TROUPE_PERMANENT);
    cr_assert_eq(spec.shutdown_ms, 5000);
    cr_assert_eq(spec.start_ms, 30000);
    cr_assert_eq(spec.backoff.min_ms, 10);
    cr_assert_eq(spec.backoff.max_ms, 5000);
    cr_assert_eq(spec.poison_max, 3);
    cr_assert_eq(spec.kind, &plain);
    troupe_child_spec_free(&spec);
    cr_assert_eq(
        troupe_supervisor_child_spec(world_node(), top, "brutal", &spec), 0);
    cr_assert_eq(spec.shutdown_ms, TROUPE_SHUTDOWN_BRUTAL);
    troupe_child_spec_free(&spec);
    cr_assert_eq(troupe_supervisor_child_spec(world_node(), top, "tree", &spec),
                 0);
    cr_assert_eq(spec.shutdown_ms, TROUPE_INFINITE);
    troupe_child_spec_free(&spec);
    cr_assert_eq(troupe_supervisor_child_spec(world_node(), top, "none", &spec),
                 -ENOENT);
}

Test(supervisor, case_14_a_simple_child_has_the_template_as_its_spec)
{
    troupe_child_spec_t template = child_of("a");
    template.shutdown_ms = 77;
    const troupe_supervisor_options_t options = {.strategy =
                                                     TROUPE_SIMPLE_ONE_FOR_ONE};
    troupe_ref_t top = start_supervisor(&options, &template, 1);
    troupe_ref_t ref;
    cr_assert_eq(troupe_supervisor_start_more(world_node(), top, &ref, NULL),
                 0);
    troupe_child_request_t request = {.verb = TROUPE_CHILD_SPEC, .ref = ref};
    troupe_message_t *reply = NULL;
    cr_assert_eq(ask_supervisor(top, &request, &reply), 0);
    troupe_child_spec_t spec;
    cr_assert_eq(troupe_child_spec_read(world_node(), reply, &spec), 0);
    cr_assert_eq(spec.shutdown_ms, 77);
    troupe_child_spec_free(&spec);
    troupe_message_destroy(&reply);
    request.ref = top; /* a stranger */
    cr_assert_eq(ask_supervisor(top, &request, NULL), -ENOENT);
}

Test(supervisor, case_16_a_failed_start_far_below_ends_the_whole_start)
{
    const troupe_supervisor_options_t below = {.strategy = TROUPE_ONE_FOR_ONE};
    troupe_child_spec_t leaves[] = {child_of("c"), child_of("d")};
    troupe_child_spec_t specs[] = {
        child_of("a"),
        {.id = "b", .supervisor = &below, .children = leaves, .child_count = 2},
        child_of("e")};
    script_of("d")->start_fails = 1;
    troupe_supervisor_error_t error;
    troupe_ref_t ref = {42};
    cr_assert_eq(troupe_node_supervisor_start(world_node(), NULL, specs, 3,
                                              &ref, &error),
                 -EIO);
    cr_assert_str_eq(error.text, "child 'b' failed to start: child 'd' failed "
                                 "to start: scripted");
    cr_assert_eq(ref.id, 42);
    EXPECT_JOURNAL("start a, start c, start d, stop c, stop a");
}

Test(supervisor, case_18_a_taken_name_is_an_error_and_nothing_is_stored)
{
    troupe_ref_t outsider;
    const troupe_spawn_options_t named = {.name = "taken"};
    cr_assert_eq(troupe_node_spawn(world_node(), &plain, &named, &outsider, "s",
                                   "outsider"),
                 0);
    troupe_ref_t top = start_supervisor(NULL, NULL, 0);
    troupe_child_spec_t a = child_of("a");
    a.name = "taken";
    troupe_ref_t ref;
    cr_assert_eq(
        troupe_supervisor_start_child(world_node(), top, &a, &ref, NULL),
        -EEXIST);
    EXPECT_COUNTS(top, 0, 0, 0, 0);
    cr_assert(is_alive(outsider));
}

Test(supervisor, case_19_automatic_restarts_are_logged_and_calls_are_not)
{
    troupe_child_spec_t a = child_of("a");
    troupe_ref_t top = start_supervisor(NULL, &a, 1);
    troupe_ref_t ref;
    cr_assert_eq(troupe_supervisor_terminate_child(world_node(), top, "a"), 0);
    cr_assert_eq(troupe_supervisor_restart_child(world_node(), top, "a", &ref),
                 0);
    cr_assert_eq(log_count("child 'a'"), 0);
    tell(ref, "crash");
    cr_assert_eq(log_count("child 'a' ended error (told to crash): restarted"),
                 1);
}

Test(supervisor, part_0_a_failed_first_start_stops_the_others_in_reverse)
{
    troupe_child_spec_t specs[] = {child_of("a"), child_of("b"), child_of("c"),
                                   child_of("d")};
    script_of("c")->start_fails = 1;
    troupe_supervisor_error_t error;
    cr_assert_eq(troupe_node_supervisor_start(world_node(), NULL, specs, 4,
                                              NULL, &error),
                 -EIO);
    cr_assert_str_eq(error.text, "child 'c' failed to start: scripted");
    EXPECT_JOURNAL("start a, start b, start c, stop b, stop a");
}

Test(supervisor, part_0_strange_messages_are_refused_and_change_nothing)
{
    troupe_child_spec_t a = child_of("a");
    troupe_ref_t top = start_supervisor(NULL, &a, 1);
    cr_assert_eq(troupe_node_ask(world_node(), top, "dance", 0, NULL, "s", "x"),
                 -EOPNOTSUPP);
    tell(top, "dance");
    tell(top, "child.list"); /* a call's type, but not its body */
    cr_assert_eq(
        troupe_node_ask(world_node(), top, "child.start", 0, NULL, "i", 7),
        -EBADMSG);
    EXPECT_COUNTS(top, 1, 1, 0, 1);
}
