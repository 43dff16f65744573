/* SPDX-License-Identifier: Apache-2.0 */
/* test_tree.c: supervisors of supervisors (cases 69 to 72). */
#include <criterion/criterion.h>

#include <errno.h>
#include <string.h>

#include "supervisor/harness.h"

Test(supervisor, case_69_static_grandchildren_come_back_and_added_ones_do_not)
{
    const troupe_supervisor_options_t below = {.intensity = 1};
    static const char *const ids[] = {"s1", "s2", "s3"};
    static const char *const leaves[] = {"l1", "l2", "l3"};
    troupe_child_spec_t leaf[3], specs[3];
    for (int i = 0; i < 3; i++) {
        leaf[i] = child_of(leaves[i]);
        specs[i] = (troupe_child_spec_t){.id = ids[i],
                                         .supervisor = &below,
                                         .children = &leaf[i],
                                         .child_count = 1,
                                         .restart = i == 2 ? TROUPE_TRANSIENT
                                                           : TROUPE_PERMANENT};
    }
    const troupe_supervisor_options_t options = {.strategy = TROUPE_ONE_FOR_ALL,
                                                 .intensity = 10};
    troupe_ref_t top = start_supervisor(&options, specs, 3);
    troupe_ref_t s1 = ref_of(top, "s1");
    troupe_child_spec_t added = child_of("added");
    cr_assert_eq(
        troupe_supervisor_start_child(world_node(), s1, &added, NULL, NULL), 0);
    cr_assert_eq(troupe_supervisor_terminate_child(world_node(), top, "s3"), 0);
    EXPECT_JOURNAL("start l1, start l2, start l3, start added, stop l3");
    EXPECT_COUNTS(top, 3, 2, 3, 0);

    kill_actor(ref_of(top, "s2"));
    EXPECT_JOURNAL_SORTED("start l1, start l2, start l3, stop added, stop l1, "
                          "stop l2");
    EXPECT_COUNTS(top, 3, 3, 3, 0);
    EXPECT_COUNTS(s1, 1, 1, 0, 1);
    cr_assert(troupe_ref_equal(s1, ref_of(top, "s1")));
    cr_assert_eq(incarnation_of(s1), 2);
}

/* top > "middle" > "leaf", the lower two with names. */
static troupe_ref_t
start_named_tree(void)
{
    const troupe_supervisor_options_t below = {.name = "middle name"};
    troupe_child_spec_t leaf = child_of("leaf");
    leaf.name = "leaf name";
    troupe_child_spec_t middle = {.id = "middle",
                                  .supervisor = &below,
                                  .children = &leaf,
                                  .child_count = 1};
    const troupe_supervisor_options_t options = {.name = "top name",
                                                 .intensity = 10};
    return start_supervisor(&options, &middle, 1);
}

static troupe_ref_t
named(const char *name)
{
    troupe_ref_t ref = TROUPE_NOBODY;
    world_settle();
    return troupe_lookup(world_node(), name, &ref) == 0 ? ref : TROUPE_NOBODY;
}

Test(supervisor, case_70_a_killed_supervisor_comes_back_with_its_tree)
{
    troupe_ref_t top = start_named_tree();
    troupe_ref_t middle = named("middle name");
    troupe_ref_t leaf = named("leaf name");
    cr_assert(is_alive(leaf));
    kill_actor(middle);
    EXPECT_JOURNAL("start leaf, stop leaf, start leaf");
    cr_assert(troupe_ref_equal(named("middle name"), middle));
    cr_assert_eq(incarnation_of(middle), 2);
    cr_assert(is_alive(named("leaf name")));
    cr_assert_not(is_alive(leaf)); /* its supervisor forgot it */
    kill_actor(top);
    cr_assert(troupe_ref_is_nobody(named("top name")));
    cr_assert(troupe_ref_is_nobody(named("middle name")));
    cr_assert(troupe_ref_is_nobody(named("leaf name")));
    EXPECT_JOURNAL("stop leaf");
}

Test(supervisor, case_71_a_leaf_is_killed_fails_or_is_restarted_by_a_call)
{
    start_named_tree();
    troupe_ref_t middle = named("middle name");
    troupe_ref_t leaf = named("leaf name");
    kill_actor(leaf);
    cr_assert(troupe_ref_equal(named("leaf name"), leaf));
    cr_assert_eq(incarnation_of(leaf), 2);
    world_advance(6000);
    tell(leaf, "crash");
    cr_assert(troupe_ref_equal(named("leaf name"), leaf));
    cr_assert_eq(incarnation_of(leaf), 3);
    cr_assert_eq(
        troupe_supervisor_terminate_child(world_node(), middle, "leaf"), 0);
    cr_assert(troupe_ref_is_nobody(named("leaf name")));
    cr_assert_eq(
        troupe_supervisor_restart_child(world_node(), middle, "leaf", &leaf),
        0);
    cr_assert(troupe_ref_equal(named("leaf name"), leaf));
    cr_assert_eq(incarnation_of(middle), 1);
}

Test(supervisor, case_72_levels_multiply_the_restarts_before_the_top_gives_up)
{
    const troupe_supervisor_options_t below = {.intensity = 2,
                                               .period_ms = 3600000};
    troupe_child_spec_t leaf = child_of("leaf");
    troupe_child_spec_t middle = {.id = "middle",
                                  .supervisor = &below,
                                  .children = &leaf,
                                  .child_count = 1,
                                  .backoff = {.min_ms = TROUPE_ZERO}};
    const troupe_supervisor_options_t options = {.intensity = 3,
                                                 .period_ms = 3600000};
    troupe_ref_t top = start_supervisor(&options, &middle, 1);
    troupe_ref_t middle_ref = ref_of(top, "middle");
    int crashes = 0;
    while (is_alive(top)) {
        tell(ref_of(middle_ref, "leaf"), "crash");
        crashes += 1;
    }
    cr_assert_eq(crashes, (2 + 1) * (3 + 1));
}
