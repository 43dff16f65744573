/* SPDX-License-Identifier: Apache-2.0 */
/* test_auto.c: significant children and auto shutdown (cases 74 to 79). */
#include <criterion/criterion.h>

#include <errno.h>

#include "supervisor/harness.h"

enum way { BY_CALL, BY_KILL, BY_CRASH, BY_DONE, WAYS };

static void
end_by(enum way way, troupe_ref_t top, const char *id)
{
    if (way == BY_CALL)
        cr_assert_eq(troupe_supervisor_terminate_child(world_node(), top, id),
                     0);
    else if (way == BY_KILL)
        kill_actor(ref_of(top, id));
    else
        tell(ref_of(top, id), way == BY_CRASH ? "crash" : "done");
}

/* "bystander", then "one" and "two" of that type and significance. */
static troupe_ref_t
start_three(troupe_strategy_t strategy, troupe_auto_shutdown_t rule,
            troupe_restart_t restart, bool significant)
{
    troupe_child_spec_t specs[] = {child_of("bystander"), child_of("one"),
                                   child_of("two")};
    for (int i = 1; i < 3; i++) {
        specs[i].restart = restart;
        specs[i].significant = significant;
    }
    const troupe_supervisor_options_t options = {
        .strategy = strategy, .auto_shutdown = rule, .intensity = 10};
    return start_supervisor(&options, specs, 3);
}

Test(supervisor, case_74_children_that_are_not_significant_trigger_nothing)
{
    for (int rule = TROUPE_AUTO_NEVER; rule <= TROUPE_AUTO_ALL; rule++) {
        for (int restart = TROUPE_TRANSIENT; restart <= TROUPE_TEMPORARY;
             restart++) {
            for (int way = 0; way < WAYS; way++) {
                troupe_ref_t top = start_three(
                    TROUPE_ONE_FOR_ONE, (troupe_auto_shutdown_t) rule,
                    (troupe_restart_t) restart, false);
                end_by((enum way) way, top, "one");
                end_by((enum way) way, top, "two");
                cr_assert(is_alive(top));
                shut_down(top);
            }
        }
    }
}

Test(supervisor, case_75_the_end_of_any_temporary_one_triggers_unless_called)
{
    for (int way = 0; way < WAYS; way++) {
        troupe_ref_t top = start_three(TROUPE_ONE_FOR_ONE, TROUPE_AUTO_ANY,
                                       TROUPE_TEMPORARY, true);
        watch(top, "top");
        end_by((enum way) way, top, "one");
        cr_assert_eq(is_alive(top), way == BY_CALL);
        cr_assert_eq(journal_count("down top shutdown"),
                     way == BY_CALL ? 0 : way);
        cr_assert_eq(journal_count("stop two"), way == BY_CALL ? 0 : way);
        cr_assert_eq(journal_count("stop bystander"), way == BY_CALL ? 0 : way);
    }
}

Test(supervisor, case_76_a_transient_one_triggers_by_a_normal_end_only)
{
    for (int way = 0; way < WAYS; way++) {
        troupe_ref_t top = start_three(TROUPE_ONE_FOR_ONE, TROUPE_AUTO_ANY,
                                       TROUPE_TRANSIENT, true);
        end_by((enum way) way, top, "one");
        cr_assert_eq(is_alive(top), way != BY_DONE);
        if (way == BY_KILL || way == BY_CRASH)
            EXPECT_COUNTS(top, 3, 3, 0, 3);
    }
}

Test(supervisor, case_77_all_waits_for_the_last_one)
{
    for (int way = BY_KILL; way < WAYS; way++) {
        troupe_ref_t top = start_three(TROUPE_ONE_FOR_ONE, TROUPE_AUTO_ALL,
                                       TROUPE_TEMPORARY, true);
        troupe_ref_t bystander = ref_of(top, "bystander");
        end_by((enum way) way, top, "one");
        cr_assert(is_alive(top));
        end_by((enum way) way, top, "two");
        cr_assert_not(is_alive(top));
        cr_assert_not(is_alive(bystander));
    }
}

Test(supervisor, case_78_a_sibling_s_crash_triggers_nothing)
{
    for (int strategy = TROUPE_ONE_FOR_ONE; strategy <= TROUPE_REST_FOR_ONE;
         strategy++) {
        for (int rule = TROUPE_AUTO_ANY; rule <= TROUPE_AUTO_ALL; rule++) {
            troupe_ref_t top = start_three((troupe_strategy_t) strategy,
                                           (troupe_auto_shutdown_t) rule,
                                           TROUPE_TEMPORARY, true);
            tell(ref_of(top, "bystander"), "crash");
            cr_assert(is_alive(top));
            if (strategy == TROUPE_ONE_FOR_ONE)
                EXPECT_COUNTS(top, 3, 3, 0, 3);
            else
                EXPECT_COUNTS(top, 1, 1, 0, 1);
        }
    }
}

static troupe_ref_t
start_nested(bool significant)
{
    const troupe_supervisor_options_t below = {.auto_shutdown =
                                                   TROUPE_AUTO_ANY};
    troupe_child_spec_t leaf = child_of("leaf");
    leaf.restart = TROUPE_TRANSIENT;
    leaf.significant = true;
    troupe_child_spec_t b = {.id = "b",
                             .supervisor = &below,
                             .children = &leaf,
                             .child_count = 1,
                             .restart = TROUPE_TRANSIENT,
                             .significant = significant};
    const troupe_supervisor_options_t options = {.auto_shutdown =
                                                     TROUPE_AUTO_ANY};
    return start_supervisor(&options, &b, 1);
}

Test(supervisor, case_79_an_auto_shutdown_goes_up_where_it_is_significant)
{
    for (int significant = 0; significant < 2; significant++) {
        troupe_ref_t top = start_nested(significant);
        troupe_ref_t b = ref_of(top, "b");
        tell(ref_of(b, "leaf"), "done");
        cr_assert_not(is_alive(b));
        cr_assert_eq(is_alive(top), !significant);
    }
}

Test(supervisor, case_80_the_rule_can_change_while_children_run)
{
    troupe_child_spec_t specs[] = {child_of("a"), child_of("b")};
    specs[0].restart = specs[1].restart = TROUPE_TEMPORARY;
    troupe_supervisor_options_t options = {.intensity = 1};
    troupe_t *node = world_node();
    troupe_ref_t top = start_supervisor(&options, specs, 2);

    /* never: a significant one is refused; any: one may become so */
    specs[0].significant = true;
    troupe_supervisor_error_t error;
    cr_assert_eq(troupe_supervisor_change_child(node, top, &specs[0], &error),
                 -EINVAL);
    options.auto_shutdown = TROUPE_AUTO_ANY;
    cr_assert_eq(troupe_supervisor_change_options(node, top, &options, &error),
                 0);
    cr_assert_eq(troupe_supervisor_change_child(node, top, &specs[0], &error),
                 0);

    /* back to never: it stays and means nothing, new ones are refused */
    options.auto_shutdown = TROUPE_AUTO_NEVER;
    cr_assert_eq(troupe_supervisor_change_options(node, top, &options, &error),
                 0);
    troupe_child_spec_t c = child_of("c");
    c.restart = TROUPE_TEMPORARY;
    c.significant = true;
    cr_assert_eq(troupe_supervisor_start_child(node, top, &c, NULL, &error),
                 -EINVAL);
    EXPECT_COUNTS(top, 2, 2, 0, 2);

    /* all: both are significant, and the last one ends it */
    options.auto_shutdown = TROUPE_AUTO_ALL;
    cr_assert_eq(troupe_supervisor_change_options(node, top, &options, &error),
                 0);
    specs[1].significant = true;
    cr_assert_eq(troupe_supervisor_change_child(node, top, &specs[1], &error),
                 0);
    tell(ref_of(top, "a"), "done");
    cr_assert(is_alive(top));
    tell(ref_of(top, "b"), "done");
    cr_assert_not(is_alive(top));
}

Test(supervisor, case_80_a_refused_change_changes_nothing)
{
    troupe_child_spec_t a = child_of("a");
    troupe_t *node = world_node();
    troupe_ref_t top = start_supervisor(NULL, &a, 1);
    troupe_supervisor_error_t error;
    troupe_supervisor_options_t options = {.strategy = TROUPE_ONE_FOR_ALL};
    cr_assert_eq(troupe_supervisor_change_options(node, top, &options, &error),
                 -EINVAL);
    cr_assert_str_eq(error.text, "options: the strategy cannot be changed");
    options = (troupe_supervisor_options_t){.period_ms = TROUPE_ZERO};
    cr_assert_eq(troupe_supervisor_change_options(node, top, &options, &error),
                 -EINVAL);
    cr_assert_eq(troupe_supervisor_change_options(node, top, NULL, &error),
                 -EINVAL);
    a.shutdown_ms = 77;
    a.restart = (troupe_restart_t) 9;
    cr_assert_eq(troupe_supervisor_change_child(node, top, &a, &error),
                 -EINVAL);
    cr_assert_eq(troupe_supervisor_change_child(node, top, NULL, &error),
                 -EINVAL);
    troupe_child_spec_t other = child_of("other");
    cr_assert_eq(troupe_supervisor_change_child(node, top, &other, &error),
                 -ENOENT);
    troupe_child_spec_t spec;
    cr_assert_eq(troupe_supervisor_child_spec(node, top, "a", &spec), 0);
    cr_assert_eq(spec.shutdown_ms, 5000);
    troupe_child_spec_free(&spec);
    EXPECT_JOURNAL("start a");
}

Test(supervisor, case_81_a_changed_spec_applies_to_the_child_that_runs)
{
    troupe_child_spec_t a = child_of("a");
    a.kind = &trapping;
    script_of("a")->stop = STOP_REFUSES;
    troupe_t *node = world_node();
    troupe_ref_t top = start_supervisor(NULL, &a, 1);
    watch(top, "top");
    a.shutdown_ms = 100;
    cr_assert_eq(troupe_supervisor_change_child(node, top, &a, NULL), 0);
    shut_down(top);
    world_advance(99);
    EXPECT_JOURNAL("start a, exit a");
    world_advance(1);
    EXPECT_JOURNAL("down top shutdown");
}
