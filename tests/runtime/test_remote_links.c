/* SPDX-License-Identifier: Apache-2.0 */
/* test_remote_links.c: monitors, links and exit signals across nodes. */
#include <criterion/criterion.h>

#include <errno.h>
#include <string.h>

#include "runtime/far_clerk.h"
#include "runtime/world.h"
#include "troupe_lifecycle.h"

TestSuite(remote_links, .init = pair_begin, .fini = pair_end, .timeout = 60);

static int
monitor_it(troupe_context_t *ctx, void *arg)
{
    return troupe_monitor(ctx, *(const troupe_ref_t *) arg, NULL);
}

static int
link_it(troupe_context_t *ctx, void *arg)
{
    return troupe_link(ctx, *(const troupe_ref_t *) arg);
}

static int
unlink_it(troupe_context_t *ctx, void *arg)
{
    return troupe_unlink(ctx, *(const troupe_ref_t *) arg);
}

static int
fail_now(troupe_context_t *ctx, void *arg)
{
    (void) arg;
    return troupe_fail(ctx, -EIO, "the ink has run out");
}

static void
nothing_more(void)
{
    pair_settle();
    const char *got = notes();
    cr_assert_str_eq(got, "", "%s", got);
}

/* Who traps exits would not end with its node at once. */
static void
kill_actor(troupe_ref_t ref)
{
    cr_assert_eq(troupe_node_exit(home, ref, TROUPE_EXIT_KILLED, 30000), 0);
}

struct speech {
    troupe_ref_t to;
    int count;
};

static int
speak_and_fail(troupe_context_t *ctx, void *arg)
{
    const struct speech *speech = arg;
    for (int i = 0; i < speech->count; i++) {
        int rc = troupe_send(ctx, speech->to, "line", "i", i);
        if (rc < 0)
            return rc;
    }
    return fail_now(ctx, NULL);
}

Test(remote_links, a_down_comes_once_with_its_reason_after_the_last_message)
{
    troupe_ref_t watcher = spawn_on(home, &noisy);
    troupe_ref_t far = spawn_on(away, &probe);
    cr_assert_str_eq(notes_after(1), "start 1");
    cr_assert_eq(inside(watcher, monitor_it, &far), 0);
    pair_settle(); /* the monitor is there */
    struct speech speech = {.to = watcher, .count = 3};
    node = away; /* what it reads here must not have crossed a process */
    inside_later(far, speak_and_fail, &speech);
    cr_assert_str_eq(
        notes_after(4),
        "line:0, line:1, line:2, down error -5 the ink has run out");
    nothing_more();
}

/* Of two nodes two actors may have monitored as often as each other. */
Test(remote_links, monitors_of_actors_of_both_nodes_are_told_apart)
{
    troupe_ref_t target = spawn_on(away, &probe);
    for (int i = 0; i < 2; i++) {
        troupe_ref_t near = spawn_on(away, &noisy),
                     far = spawn_on(home, &noisy);
        cr_assert_eq(inside(near, monitor_it, &target), 0);
        cr_assert_eq(inside(far, monitor_it, &target), 0);
    }
    cr_assert_str_eq(notes_after(4), "start 1, start 1, start 1, start 1");
    pair_settle();
    kill_actor(target);
    const char *got = notes_after(4);
    cr_assert_str_eq(got, "down killed 0 , down killed 0 , down killed 0 , "
                          "down killed 0 ");
    nothing_more();
}

static int
monitor_and_not(troupe_context_t *ctx, void *arg)
{
    troupe_monitor_t monitor;
    int rc = troupe_monitor(ctx, *(const troupe_ref_t *) arg, &monitor);
    return rc < 0 ? rc : troupe_demonitor(ctx, monitor);
}

Test(remote_links, after_a_demonitor_there_is_no_down)
{
    troupe_ref_t watcher = spawn_on(home, &noisy);
    troupe_ref_t far = spawn_on(away, &probe);
    cr_assert_eq(inside(watcher, monitor_and_not, &far), 0);
    cr_assert_str_eq(notes_after(1), "start 1");
    pair_settle();
    kill_actor(far);
    nothing_more();
}

Test(remote_links, who_monitors_or_links_to_nobody_hears_noproc)
{
    troupe_ref_t watcher = spawn_on(home, &noisy);
    troupe_ref_t trapper = spawn_on(home, &trapping);
    troupe_ref_t gone = spawn_on(away, &probe);
    kill_actor(gone);
    cr_assert_str_eq(notes_after(1), "start 1");
    cr_assert_eq(inside(watcher, monitor_it, &gone), 0);
    cr_assert_str_eq(notes_after(1), "down noproc 0 no such actor");
    cr_assert_eq(inside(trapper, link_it, &gone), 0);
    cr_assert_str_eq(notes_after(1), "exit noproc 0 no such actor");
    nothing_more();
    kill_actor(trapper);
}

Test(remote_links, a_link_ends_both_sides_or_is_a_message)
{
    troupe_ref_t watcher = spawn_on(home, &noisy);
    troupe_ref_t one = spawn_on(home, &probe), other = spawn_on(away, &probe);
    troupe_ref_t trapper = spawn_on(home, &trapping);
    cr_assert_eq(inside(watcher, monitor_it, &one), 0);
    cr_assert_eq(inside(one, link_it, &other), 0);
    cr_assert_eq(inside(trapper, link_it, &other), 0);
    cr_assert_str_eq(notes_after(1), "start 1");
    pair_settle();
    inside_later(other, fail_now, NULL);
    const char *got = notes_after(2);
    cr_assert(strstr(got, "down error -5 the ink has run out"), "%s", got);
    cr_assert(strstr(got, "exit error -5 the ink has run out"), "%s", got);
    nothing_more();
    kill_actor(trapper);
}

Test(remote_links, after_an_unlink_there_is_no_exit)
{
    troupe_ref_t trapper = spawn_on(home, &trapping);
    troupe_ref_t far = spawn_on(away, &probe);
    cr_assert_eq(inside(trapper, link_it, &far), 0);
    cr_assert_eq(inside(trapper, unlink_it, &far), 0);
    pair_settle();
    kill_actor(far);
    nothing_more();
    kill_actor(trapper);
}

static int
signal_it(troupe_context_t *ctx, void *arg)
{
    return troupe_exit_send(ctx, *(const troupe_ref_t *) arg,
                            TROUPE_EXIT_SHUTDOWN, -4, "the day is over");
}

Test(remote_links, an_exit_signal_ends_an_actor_or_is_a_message)
{
    troupe_ref_t sender = spawn_on(home, &noisy);
    troupe_ref_t far = spawn_on(away, &probe);
    troupe_ref_t trapper = spawn_on(away, &trapping);
    cr_assert_str_eq(notes_after(1), "start 1");
    cr_assert_eq(inside(sender, monitor_it, &far), 0);
    cr_assert_eq(inside(sender, signal_it, &far), 0);
    cr_assert_str_eq(notes_after(1), "down shutdown -4 the day is over");
    cr_assert_eq(inside(sender, signal_it, &trapper), 0);
    cr_assert_str_eq(notes_after(1), "exit shutdown -4 the day is over");
    nothing_more();
    kill_actor(trapper);
}

/* Ordinary threads wait for ends on other nodes, too. */
Test(remote_links, a_thread_waits_for_an_end_on_another_node)
{
    troupe_ref_t far = spawn_on(away, &noisy);
    cr_assert_str_eq(notes_after(1), "start 1");
    cr_assert_eq(troupe_node_exit(home, far, TROUPE_EXIT_SHUTDOWN, 30000), 0);
    cr_assert_str_eq(notes_after(1), "stop shutdown");
    cr_assert_eq(troupe_node_exit(home, far, TROUPE_EXIT_SHUTDOWN, 30000), 0);
    nothing_more();
}
