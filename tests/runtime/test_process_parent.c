/* SPDX-License-Identifier: Apache-2.0 */
/* test_process_parent.c: child processes do not outlive their parent. */
#include <criterion/criterion.h>

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/process_world.h"

TestSuite(process_parent, .init = process_begin, .fini = process_end,
          .timeout = 30);

/*
 * A middle process owns a child with a grandchild; the middle is killed. They
 * have sessions of their own, so nothing that befalls the middle's group
 * reaches them.
 */
struct family {
    uint64_t middle;
    int child, grandchild; /* pidfds */
    pid_t child_pid, grandchild_pid;
};

static struct family
start_family(const char *words)
{
    struct family family = {.middle = PUPPET("own", words)};
    family.child_pid = atoi(wait_line(family.middle, "child "));
    family.child = watch_pid(family.child_pid);
    family.grandchild_pid = atoi(wait_line(family.middle, "grandchild "));
    family.grandchild = watch_pid(family.grandchild_pid);
    wait_line(family.middle, "ready");
    return family;
}

static void
kill_middle(const struct family *family)
{
    cr_assert_eq(troupe__process_signal(owner, family->middle, SIGKILL), 0);
    cr_assert_eq(wait_end(family->middle)->code, SIGKILL);
}

Test(process_parent, an_adopted_child_takes_its_group_along)
{
    struct family family =
        start_family("adopt,fork,group,ignore,15,say,ready,wait");
    kill_middle(&family);
    wait_gone(family.child);
    wait_gone(family.grandchild);
}

Test(process_parent, a_stopped_child_goes_as_well)
{
    struct family family = start_family("adopt,fork,group,say,ready,wait");
    cr_assert_eq(kill(family.child_pid, SIGSTOP), 0);
    wait_stopped(family.child_pid);
    kill_middle(&family);
    wait_gone(family.child);
    wait_gone(family.grandchild);
}

/* Its grandchild stays: nobody who knew of it is left. */
Test(process_parent, a_child_that_did_not_adopt_goes_alone)
{
    struct family family = start_family("fork,group,say,ready,wait");
    kill_middle(&family);
    wait_gone(family.child);
    cr_assert_eq(kill(family.grandchild_pid, SIGKILL), 0);
    wait_gone(family.grandchild);
}

/* Whoever closes everything it does not know is watched all the same. */
Test(process_parent, a_closed_lifeline_does_not_matter)
{
    struct family family =
        start_family("adopt,close-all,fork,group,say,ready,wait");
    kill_middle(&family);
    wait_gone(family.child);
    wait_gone(family.grandchild);
}

/* Between the two: the parent goes before the child has adopted. */
Test(process_parent, a_parent_may_go_at_any_moment)
{
    for (int i = 0; i < 20; i++) {
        uint64_t middle = PUPPET("own", "say,up,adopt,say,ready,wait");
        int child = watch_pid(atoi(wait_line(middle, "child ")));
        if (i % 2)
            wait_line(middle, "up");
        cr_assert_eq(troupe__process_signal(owner, middle, SIGKILL), 0);
        wait_end(middle);
        wait_gone(child);
    }
}
