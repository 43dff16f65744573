/* SPDX-License-Identifier: Apache-2.0 */
/* test_crash_matrix.c: processes of children that end at bad moments. */
#include <criterion/criterion.h>

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/wait.h>

#include "supervisor/isolation_world.h"

/* The table is CRASHES.md. */
static void
begin(void)
{
    isolation_begin(NULL, (troupe_nodes_options_t){.term_ms = 100});
}

static void
begin_dying(void)
{
    isolation_begin("dies", (troupe_nodes_options_t){0});
}

static void
begin_impatient(void)
{
    isolation_begin(NULL, (troupe_nodes_options_t){.heartbeat_ms = 20,
                                                   .missed_max = 3,
                                                   .hang_ms = 1000,
                                                   .term_ms = 1000});
}

/* Programs of the crew report a handler after a second. */
static void
begin_strict(void)
{
    isolation_begin(NULL, (troupe_nodes_options_t){.heartbeat_ms = 20,
                                                   .stuck_ms = 1200,
                                                   .term_ms = 50});
}

TestSuite(crash, .init = begin, .fini = isolation_end, .timeout = 120);
TestSuite(crash_stuck, .init = begin_strict, .fini = isolation_end,
          .timeout = 120);
TestSuite(crash_early, .init = begin_dying, .fini = isolation_end,
          .timeout = 120);
TestSuite(crash_silent, .init = begin_impatient, .fini = isolation_end,
          .timeout = 120);

static void
arm(const char *name, const char *how)
{
    cr_assert_eq(
        troupe_node_ask(root, named(name), "arm", 60000, NULL, "s", how), 0);
}

/* --- one process -----------------------------------------------------------*/

Test(crash, a_bus_error_is_a_crash_like_others)
{
    end_and_ask_again("signal", SIGBUS);
}

Test(crash, exit_code_0_is_a_normal_end)
{
    troupe_child_spec_t specs[] = {mate_spec("always"), mate_spec("once")};
    specs[1].restart = TROUPE_TRANSIENT;
    cr_assert_eq(supervise(&patient, specs, 2), 0);
    int64_t before = number_of("always", "pid");
    troupe_ref_t once = named("once");
    end_by(named("always"), "code", 0);
    end_by(once, "code", 0);
    cr_assert_neq(number_of("always", "pid"), before);
    cr_assert_eq(troupe_node_ask(root, once, "pid", 60000, NULL, NULL), -ESRCH);
    cr_assert_eq(troupe_lookup(root, "once", &once), -ENOENT);
}

Test(crash_early, death_before_it_is_a_node_is_a_failed_start)
{
    troupe_supervisor_error_t error;
    troupe_child_spec_t spec = mate_spec("one");
    int rc =
        troupe_node_supervisor_start(root, &patient, &spec, 1, &top, &error);
    cr_assert_lt(rc, 0);
    cr_assert(strstr(error.text, "child 'one'"), "%s", error.text);
}

/* Its first restart dies in start; the next one does not. */
Test(crash, death_in_a_restart_is_tried_again)
{
    char path[] = "/tmp/troupe-crash-XXXXXX";
    int fd = mkstemp(path);
    cr_assert_geq(fd, 0);
    cr_assert_eq(unlink(path), 0);
    troupe_child_spec_t spec = crook_spec("one");
    cr_assert_eq(troupe_child_spec_pack(&spec, "s", path), 0);
    cr_assert_eq(supervise(&patient, &spec, 1), 0);
    int64_t before = number_of("one", "pid");
    close(fd);
    fd = open(path, O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    cr_assert_geq(fd, 0);
    cr_assert_eq(kill((pid_t) before, SIGKILL), 0);
    wait_gone(before);
    cr_assert_neq(number_of("one", "pid"), before);
    cr_assert_eq(access(path, F_OK), -1);
    close(fd);
    troupe_child_spec_clear(&spec);
}

/* Killed whenever there is a process, until it has happened in each phase. */
Test(crash, death_at_any_moment_of_a_restart_is_tried_again)
{
    troupe_child_spec_t spec = mate_spec("one");
    spec.backoff.min_ms = TROUPE_ZERO;
    cr_assert_eq(supervise(&patient, &spec, 1), 0);
    int64_t first = number_of("one", "pid");
    for (int i = 0, last = 0; i < 20;) {
        troupe_node_info_t infos[2];
        size_t count = troupe_node_list(root, infos, 2);
        if (count < 2 || infos[1].pid == 0 || infos[1].pid == last) {
            (void) poll(NULL, 0, 1);
            continue;
        }
        (void) poll(NULL, 0, i); /* a little later each time */
        last = infos[1].pid;
        (void) kill(last, SIGKILL);
        i++;
    }
    cr_assert_neq(number_of("one", "pid"), first);
}

Test(crash, who_takes_all_memory_is_restarted)
{
    troupe_child_spec_t specs[] = {crook_spec("one"), mate_spec("two")};
    cr_assert_eq(supervise(&patient, specs, 2), 0);
    int64_t before = number_of("one", "pid"), other = number_of("two", "pid");
    end_by(named("one"), "eat", 0);
    cr_assert_neq(number_of("one", "pid"), before);
    cr_assert_eq(number_of("two", "pid"), other);
}

/* Its node has all it needs by then; what ends it frees them. */
Test(crash, who_takes_all_descriptors_still_answers)
{
    troupe_child_spec_t spec = crook_spec("one");
    cr_assert_eq(supervise(&patient, &spec, 1), 0);
    int64_t before = number_of("one", "pid");
    cr_assert_gt(number_of("one", "descriptors"), 0);
    cr_assert_eq(number_of("one", "pid"), before);
    cr_assert_eq(number_of("one", "descriptors"), 0);
    cr_assert_eq(kill((pid_t) before, SIGKILL), 0);
    wait_gone(before);
    cr_assert_neq(number_of("one", "pid"), before);
}

Test(crash, without_descriptors_in_the_root_a_restart_waits)
{
    struct rlimit before, few = {.rlim_cur = 20};
    troupe_child_spec_t spec = mate_spec("one");
    cr_assert_eq(supervise(&patient, &spec, 1), 0);
    int64_t pid = number_of("one", "pid");
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    few.rlim_max = before.rlim_max;
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
    cr_assert_eq(kill((pid_t) pid, SIGKILL), 0);
    wait_line("Too many open files");
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    cr_assert_neq(number_of("one", "pid"), pid);
}

Test(crash_silent, a_stopped_process_is_ended_and_restarted)
{
    troupe_child_spec_t specs[] = {mate_spec("one"), mate_spec("two")};
    cr_assert_eq(supervise(&patient, specs, 2), 0);
    int64_t before = number_of("one", "pid");
    cr_assert_eq(kill((pid_t) before, SIGSTOP), 0);
    wait_line("has not answered");
    wait_gone(before);
    cr_assert_neq(number_of("one", "pid"), before);
}

/* Its node answers, so the process stays; the watchdog there says who. */
Test(crash, an_endless_handler_is_reported)
{
    troupe_child_spec_t specs[] = {crook_spec("one"), mate_spec("two")};
    cr_assert_eq(supervise(&patient, specs, 2), 0);
    int64_t before = number_of("one", "pid"), other = number_of("two", "pid");
    cr_assert_eq(troupe_node_send(root, named("one"), "spin", NULL), 0);
    wait_line("crook");
    cr_assert_eq(number_of("two", "pid"), other);
    cr_assert_eq(kill((pid_t) before, SIGKILL), 0); /* or a stop waits */
    cr_assert_neq(number_of("one", "pid"), before);
}

Test(crash_stuck, an_endless_handler_ends_its_process_where_that_is_wanted)
{
    troupe_child_spec_t specs[] = {crook_spec("one"), mate_spec("two")};
    specs[0].poison_max = 1;
    cr_assert_eq(supervise(&patient, specs, 2), 0);
    int64_t before = number_of("one", "pid"), other = number_of("two", "pid");
    cr_assert_eq(troupe_node_ask(root, named("one"), "spin", 60000, NULL, NULL),
                 -ESRCH); /* down: the process is gone */
    wait_gone(before);
    int64_t after = number_of("one", "pid");
    cr_assert_neq(after, before);
    /* The message was to blame, and is kept from it. */
    cr_assert_eq(troupe_node_ask(root, named("one"), "spin", 60000, NULL, NULL),
                 -EBADMSG);
    cr_assert_eq(number_of("one", "pid"), after);
    cr_assert_eq(number_of("two", "pid"), other);
}

Test(crash, a_process_that_it_made_ends_with_it)
{
    troupe_child_spec_t spec = crook_spec("one");
    cr_assert_eq(supervise(&patient, &spec, 1), 0);
    int64_t before = number_of("one", "pid");
    int64_t grandchild = number_of("one", "fork");
    cr_assert_eq(kill((pid_t) before, SIGKILL), 0);
    wait_gone(grandchild);
    cr_assert_neq(number_of("one", "pid"), before);
}

/* Its deputy keeps it from the next incarnation; that failure counts as none. */
Test(crash, a_message_that_always_fails_is_kept_away)
{
    troupe_supervisor_options_t strict = {.intensity = 2, .period_ms = 60000};
    troupe_child_spec_t spec = mate_spec("one");
    cr_assert_eq(supervise(&strict, &spec, 1), 0);
    troupe_ref_t ref = named("one");
    for (int i = 0; i < 3; i++) {
        end_by(ref, "fail", 7);
        (void) number_of("one", "pid");
    }
    int64_t last = number_of("one", "pid");
    int rc = troupe_node_ask(root, ref, "fail", 60000, NULL, "i", 7);
    cr_assert_eq(rc, -EBADMSG, "%d", rc);
    cr_assert(strstr(troupe_node_ask_words(), "quarantined"), "%s",
              troupe_node_ask_words());
    cr_assert_eq(number_of("one", "pid"), last);
}

/* --- several ---------------------------------------------------------------*/

static const troupe_supervisor_options_t all = {.strategy = TROUPE_ONE_FOR_ALL,
                                                .intensity = 1000};

Test(crash, two_that_crash_at_once_are_both_restarted)
{
    troupe_child_spec_t specs[] = {mate_spec("one"), mate_spec("two"),
                                   mate_spec("three")};
    cr_assert_eq(supervise(&patient, specs, 3), 0);
    for (int i = 0; i < 5; i++) {
        int64_t one = number_of("one", "pid"), two = number_of("two", "pid");
        int64_t three = number_of("three", "pid");
        cr_assert_eq(kill((pid_t) one, SIGKILL), 0);
        cr_assert_eq(kill((pid_t) two, SIGKILL), 0);
        wait_gone(one);
        wait_gone(two);
        cr_assert_neq(number_of("one", "pid"), one);
        cr_assert_neq(number_of("two", "pid"), two);
        cr_assert_eq(number_of("three", "pid"), three);
    }
}

/* The first one falls; the second is stopped for it, which it does badly. */
static void
stop_badly(const char *how, uint32_t shutdown_ms)
{
    troupe_child_spec_t specs[] = {mate_spec("one"), crook_spec("two")};
    specs[1].shutdown_ms = shutdown_ms;
    cr_assert_eq(supervise(&all, specs, 2), 0);
    int64_t one = number_of("one", "pid"), two = number_of("two", "pid");
    arm("two", how);
    end_by(named("one"), "signal", SIGKILL);
    cr_assert_neq(number_of("one", "pid"), one);
    cr_assert_neq(number_of("two", "pid"), two);
    cr_assert_eq(kill((pid_t) two, 0), -1);
}

Test(crash, who_crashes_in_its_stop_is_restarted_with_the_others)
{
    stop_badly("crash", 60000);
}

Test(crash, who_hangs_in_its_stop_is_killed_after_its_time)
{
    stop_badly("hang", 200);
}

Test(crash, who_crashes_while_all_ends_does_not_matter)
{
    troupe_child_spec_t specs[] = {mate_spec("one"), crook_spec("two"),
                                   mate_spec("three"), crook_spec("four")};
    cr_assert_eq(supervise(&patient, specs, 4), 0);
    int64_t two = number_of("two", "pid");
    arm("two", "crash");
    arm("four", "crash");
    cr_assert_eq(troupe_stop(root, 60000), 0, "%s", troupe_stragglers(root));
    cr_assert_eq(kill((pid_t) two, 0), -1);
}

/* --- supervisors on other nodes --------------------------------------------*/

/* Which of three children, each in a process of its own, get a new one when
 * the second falls; their supervisor has a process of its own as well. */
static void
nested(troupe_strategy_t strategy, const char *fallen)
{
    static const char *const names[] = {"a", "b", "c"};
    troupe_supervisor_options_t below = {.strategy = strategy,
                                         .intensity = 100};
    troupe_child_spec_t leaves[] = {mate_spec("a"), mate_spec("b"),
                                    mate_spec("c")};
    troupe_child_spec_t branch = {.id = "branch",
                                  .supervisor = &below,
                                  .children = leaves,
                                  .child_count = 3,
                                  .isolation = TROUPE_OWN_PROCESS};
    int64_t before[3];
    cr_assert_eq(supervise(&patient, &branch, 1), 0);
    for (int i = 0; i < 3; i++)
        before[i] = number_of(names[i], "pid");
    end_by(named("b"), "signal", SIGKILL);
    /* Those that fell have a new one at once; those after it may be about to
     * be stopped: the second one's answer comes after that was begun. */
    for (int i = 1; i < 3; i++) {
        if (fallen[i] == 'x') {
            wait_gone(before[i]);
            cr_assert_neq(number_of(names[i], "pid"), before[i]);
        }
    }
    if (fallen[0] == 'x')
        wait_gone(before[0]);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(number_of(names[i], "pid") == before[i], fallen[i] != 'x',
                     "%s", names[i]);
}

Test(crash, one_for_one_holds_on_another_node)
{
    nested(TROUPE_ONE_FOR_ONE, "-x-");
}

Test(crash, one_for_all_holds_on_another_node)
{
    nested(TROUPE_ONE_FOR_ALL, "xxx");
}

Test(crash, rest_for_one_holds_on_another_node)
{
    nested(TROUPE_REST_FOR_ONE, "-xx");
}

/* Its supervisor gives up over there, and is itself started again. */
Test(crash, too_many_crashes_end_a_supervisor_on_another_node)
{
    troupe_supervisor_options_t strict = {.intensity = 1, .period_ms = 60000};
    troupe_child_spec_t leaves[] = {mate_spec("leaf"), mate_spec("other")};
    leaves[1].isolation = TROUPE_SAME_PROCESS;
    troupe_child_spec_t branch = {.id = "branch",
                                  .supervisor = &strict,
                                  .children = leaves,
                                  .child_count = 2,
                                  .node = "there"};
    cr_assert_eq(supervise(&patient, &branch, 1), 0);
    int64_t there = number_of("other", "pid");
    cr_assert_eq(troupe_node_send(root, named("other"), "note", NULL), 0);
    for (int i = 0; i < 2; i++) {
        int64_t pid = number_of("leaf", "pid");
        cr_assert_eq(kill((pid_t) pid, SIGKILL), 0);
        wait_gone(pid);
    }
    wait_line("child 'branch' ended");
    while (troupe_lookup(root, "other", &top) < 0
           || troupe_node_ask(root, top, "pid", 60000, NULL, NULL) < 0)
        (void) poll(NULL, 0, 1);
    cr_assert_eq(number_of("other", "pid"), there); /* the node had not ended */
    cr_assert_eq(number_of("other", "heard"), 0);   /* the actor had */
}
