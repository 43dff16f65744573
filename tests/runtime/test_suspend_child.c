/* SPDX-License-Identifier: Apache-2.0 */
/* test_suspend_child.c: a rest is one incarnation's. */
#include <criterion/criterion.h>

#include "runtime/nurse.h"
#include "runtime/world.h"

TestSuite(suspend_child, .init = world_begin, .fini = world_end, .timeout = 20);

static int
suspend_child(troupe_context_t *ctx, void *arg)
{
    (void) arg;
    return troupe_suspend(ctx, plan.child);
}

Test(suspend_child, it_is_over_with_the_incarnation)
{
    troupe_ref_t boss = probe_new();
    (void) nurse_new(&noisy, true);
    (void) notes();
    cr_assert_eq(inside(boss, suspend_child, NULL), 0);
    settle();
    tell(plan.child, "kept");
    assert_notes("");
    int rc = troupe_node_exit(node, plan.child, TROUPE_EXIT_SHUTDOWN, 0);
    cr_assert_eq(rc, 0);
    cr_assert(strstr(notes(), "kept"));
    cr_assert_eq(stats_of(plan.child).status, TROUPE_STATUS_RUNNING);
}
