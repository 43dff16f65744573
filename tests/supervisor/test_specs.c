/* SPDX-License-Identifier: Apache-2.0 */
/* test_specs.c: which specs and options are taken (cases 15, 20 to 22). */
#include <criterion/criterion.h>

#include <errno.h>
#include <string.h>

#include "supervisor/harness.h"

static void
expect_refused(const troupe_supervisor_options_t *options,
               const troupe_child_spec_t *spec, const char *words)
{
    troupe_supervisor_error_t error;
    troupe_ref_t ref = {42};
    cr_assert_eq(troupe_child_specs_check(options, spec, spec ? 1 : 0, &error),
                 -EINVAL);
    cr_assert_not_null(strstr(error.text, words), "'%s' lacks '%s'", error.text,
                       words);
    cr_assert_eq(troupe_node_supervisor_start(world_node(), options, spec,
                                              spec ? 1 : 0, &ref, &error),
                 -EINVAL);
    cr_assert_not_null(strstr(error.text, words));
    cr_assert_eq(ref.id, 42);
}

static void
expect_taken(const troupe_supervisor_options_t *options,
             const troupe_child_spec_t *spec)
{
    troupe_supervisor_error_t error;
    cr_assert_eq(troupe_child_specs_check(options, spec, 1, &error), 0, "%s",
                 error.text);
    cr_assert_str_empty(error.text);
}

Test(supervisor, case_15_a_spec_needs_an_id_and_a_kind)
{
    troupe_child_spec_t spec = child_of("a");
    spec.id = NULL;
    expect_refused(NULL, &spec, "child 0: id is missing");
    spec.id = "";
    expect_refused(NULL, &spec, "id must be");
    spec.id = "a";
    spec.kind = NULL;
    expect_refused(NULL, &spec, "child 'a': kind is missing");
}

Test(supervisor, case_20_every_sound_combination_is_taken)
{
    static const uint32_t shutdowns[] = {0, TROUPE_ZERO, 1000, TROUPE_INFINITE,
                                         TROUPE_SHUTDOWN_BRUTAL};
    for (int restart = TROUPE_PERMANENT; restart <= TROUPE_TEMPORARY;
         restart++) {
        for (size_t i = 0; i < sizeof shutdowns / sizeof *shutdowns; i++) {
            troupe_child_spec_t spec = child_of("a");
            spec.restart = (troupe_restart_t) restart;
            spec.shutdown_ms = shutdowns[i];
            expect_taken(NULL, &spec);
        }
        const troupe_supervisor_options_t below = {.intensity = 3};
        troupe_child_spec_t tree = {.id = "b",
                                    .supervisor = &below,
                                    .restart = (troupe_restart_t) restart,
                                    .shutdown_ms = TROUPE_INFINITE};
        expect_taken(NULL, &tree);
    }
}

Test(supervisor, case_20_each_bad_field_has_its_own_words)
{
    troupe_child_spec_t good = child_of("a");
    troupe_child_spec_t bad = good;
    bad.restart = (troupe_restart_t) 7;
    expect_refused(NULL, &bad, "child 'a': no such restart");
    bad = good;
    bad.place = (troupe_place_t) 77;
    expect_refused(NULL, &bad, "no such place");
    bad = good;
    bad.mailbox.overflow = (troupe_overflow_t) 77;
    expect_refused(NULL, &bad, "mailbox.overflow");
    bad = good;
    bad.name = "tab\there";
    expect_refused(NULL, &bad, "name must be");
    bad = good;
    bad.backoff.factor_percent = 99;
    expect_refused(NULL, &bad, "factor_percent");
    bad = good;
    bad.backoff.jitter_percent = 101;
    expect_refused(NULL, &bad, "jitter_percent");
    bad = good;
    bad.backoff.min_ms = 6000;
    expect_refused(NULL, &bad, "min_ms is over max_ms");
    bad = good;
    bad.budget.then = (troupe_over_budget_t) 3;
    expect_refused(NULL, &bad, "budget.then");
    bad = good;
    bad.arguments = "\xc1";
    bad.arguments_size = 1;
    expect_refused(NULL, &bad, "arguments are not one msgpack value");
    bad = good;
    bad.child_count = 1;
    expect_refused(NULL, &bad, "children without supervisor");
}

Test(supervisor, case_20_running_supervisors_check_specs_too)
{
    troupe_ref_t top = start_supervisor(NULL, NULL, 0);
    troupe_child_spec_t bad = child_of("a");
    bad.restart = (troupe_restart_t) 7;
    troupe_supervisor_error_t error;
    cr_assert_eq(
        troupe_supervisor_start_child(world_node(), top, &bad, NULL, &error),
        -EINVAL);
    cr_assert_str_eq(error.text, "child 'a': no such restart");
    bad = child_of("a");
    bad.restart = TROUPE_TRANSIENT;
    bad.significant = true; /* the supervisor's auto_shutdown is never */
    cr_assert_eq(
        troupe_supervisor_start_child(world_node(), top, &bad, NULL, &error),
        -EINVAL);
    cr_assert_not_null(strstr(error.text, "significant"));
    EXPECT_COUNTS(top, 0, 0, 0, 0);
}

Test(supervisor, case_20_duplicate_ids_are_refused)
{
    troupe_child_spec_t specs[] = {child_of("b"), child_of("a"), child_of("b")};
    troupe_supervisor_error_t error;
    cr_assert_eq(troupe_child_specs_check(NULL, specs, 3, &error), -EINVAL);
    cr_assert_str_eq(error.text, "child 'b': id is used twice");
}

Test(supervisor, case_20_what_is_wrong_below_is_named_with_its_way)
{
    const troupe_supervisor_options_t below = {.intensity = 3};
    troupe_child_spec_t leaf = child_of("leaf");
    leaf.restart = (troupe_restart_t) 7;
    troupe_child_spec_t tree = {.id = "tree",
                                .supervisor = &below,
                                .children = &leaf,
                                .child_count = 1};
    expect_refused(NULL, &tree, "child 'tree': child 'leaf': no such restart");
}

Test(supervisor, case_21_bad_options_are_refused)
{
    troupe_supervisor_options_t bad = {.strategy = (troupe_strategy_t) 9};
    expect_refused(&bad, NULL, "options: no such strategy (9)");
    bad = (troupe_supervisor_options_t){.period_ms = TROUPE_ZERO};
    expect_refused(&bad, NULL, "period_ms must not be 0");
    bad = (troupe_supervisor_options_t){.auto_shutdown =
                                            (troupe_auto_shutdown_t) 5};
    expect_refused(&bad, NULL, "no such auto_shutdown");
    bad = (troupe_supervisor_options_t){.name = ""};
    expect_refused(&bad, NULL, "name must be");
    bad = (troupe_supervisor_options_t){.strategy = TROUPE_SIMPLE_ONE_FOR_ONE};
    expect_refused(&bad, NULL, "exactly one spec, not 0");
}

Test(supervisor, case_22_significant_needs_a_rule_and_an_end)
{
    const troupe_supervisor_options_t any = {.auto_shutdown = TROUPE_AUTO_ANY};
    troupe_child_spec_t spec = child_of("a");
    spec.significant = true;
    spec.restart = TROUPE_TRANSIENT;
    expect_refused(NULL, &spec, "significant needs an auto_shutdown");
    expect_taken(&any, &spec);
    spec.restart = TROUPE_PERMANENT;
    expect_refused(&any, &spec, "significant needs a restart");
    const troupe_supervisor_options_t simple = {
        .strategy = TROUPE_SIMPLE_ONE_FOR_ONE,
        .auto_shutdown = TROUPE_AUTO_ALL};
    spec.restart = TROUPE_TRANSIENT;
    expect_refused(&simple, &spec, "auto_shutdown is not for simple");
}

Test(supervisor, case_73_a_supervisor_as_child_is_never_killed_in_its_shutdown)
{
    const troupe_supervisor_options_t below = {.intensity = 3};
    troupe_child_spec_t tree = {
        .id = "tree", .supervisor = &below, .shutdown_ms = 1000};
    expect_refused(NULL, &tree,
                   "shutdown_ms of a supervisor must be TROUPE_INFINITE");
    tree.shutdown_ms = TROUPE_SHUTDOWN_BRUTAL;
    expect_refused(NULL, &tree, "shutdown_ms of a supervisor");
}
