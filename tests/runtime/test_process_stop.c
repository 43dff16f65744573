/* SPDX-License-Identifier: Apache-2.0 */
/* test_process_stop.c: child processes are ended, with all that is theirs. */
#include <criterion/criterion.h>

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "runtime/process_world.h"

TestSuite(process_stop, .init = process_begin, .fini = process_end,
          .timeout = 30);

/* For those that are meant to come to the end of the ladder. */
static void
begin_in_haste(void)
{
    process_begin_with(
        (struct troupe__processes_options){.term_ms = 20, .kill_ms = 20});
}

/* SIGKILL comes soon; but it is given all the time that it needs. */
static void
begin_short_term(void)
{
    process_begin_with(
        (struct troupe__processes_options){.term_ms = 20, .kill_ms = 60000});
}

Test(process_stop, sigterm_ends_a_child)
{
    uint64_t id = PUPPET("say", "ready", "wait");
    wait_line(id, "ready");
    cr_assert_eq(troupe__process_stop(owner, id), 0);
    const struct told *told = wait_end(id);
    cr_assert_eq(told->end, TROUPE__END_SIGNAL);
    cr_assert_eq(told->code, SIGTERM);
    cr_assert(told->asked);
}

Test(process_stop, a_child_may_end_in_its_own_way)
{
    uint64_t id = PUPPET("on-term-leave", "say", "ready", "wait");
    wait_line(id, "ready");
    cr_assert_eq(troupe__process_stop(owner, id), 0);
    int again = troupe__process_stop(owner, id);
    cr_assert(again == 0 || again == -ESRCH); /* it may have ended by now */
    const struct told *told = wait_end(id);
    cr_assert_eq(told->end, TROUPE__END_CODE);
    cr_assert_eq(told->code, 7);
}

Test(process_stop, who_ignores_sigterm_gets_sigkill, .init = begin_short_term)
{
    uint64_t id = PUPPET("ignore", "15", "say", "ready", "wait");
    wait_line(id, "ready");
    cr_assert_eq(troupe__process_stop(owner, id), 0);
    const struct told *told = wait_end(id);
    cr_assert_eq(told->end, TROUPE__END_SIGNAL);
    cr_assert_eq(told->code, SIGKILL);
    cr_assert(told->asked);
}

Test(process_stop, a_stopped_child_is_woken_to_end)
{
    uint64_t id = PUPPET("on-term-leave", "pid", "say", "ready", "wait");
    wait_line(id, "ready");
    cr_assert_eq(troupe__process_signal(owner, id, SIGSTOP), 0);
    wait_stopped(atoi(wait_line(id, "pid ")));
    cr_assert_eq(troupe__process_stop(owner, id), 0);
    const struct told *told = wait_end(id);
    cr_assert_eq(told->code, 7, "%s %s", told->text, told->tail);
}

Test(process_stop, one_that_resists_delays_nobody)
{
    uint64_t stubborn = PUPPET("ignore", "15", "say", "ready", "wait");
    wait_line(stubborn, "ready");
    cr_assert_eq(troupe__process_stop(owner, stubborn), 0);
    for (int i = 0; i < 3; i++) {
        uint64_t id = PUPPET("say", "ready", "wait");
        wait_line(id, "ready");
        cr_assert_eq(troupe__process_stop(owner, id), 0);
        cr_assert_eq(wait_end(id)->code, SIGTERM);
    }
    cr_assert_eq(troupe__process_signal(owner, stubborn, SIGKILL), 0);
    cr_assert_eq(wait_end(stubborn)->code, SIGKILL);
}

Test(process_stop, a_signal_can_ask_for_a_core)
{
    uint64_t id = PUPPET("ignore", "15", "say", "ready", "wait");
    wait_line(id, "ready");
    cr_assert_eq(troupe__process_signal(owner, id, SIGABRT), 0);
    const struct told *told = wait_end(id);
    cr_assert_eq(told->code, SIGABRT);
    cr_assert_not(told->asked);
}

/* A start and a stop at once: whichever comes first, there is one report. */
Test(process_stop, a_stop_may_overtake_the_start)
{
    for (int i = 0; i < 30; i++) {
        uint64_t id = PUPPET("wait");
        cr_assert_eq(troupe__process_stop(owner, id), 0);
        const struct told *told = wait_end(id);
        cr_assert(told->asked);
        bool never_ran = told->end == TROUPE__END_UNSTARTED
                         && told->code == -ECANCELED && told->pid == 0;
        bool ran = told->end == TROUPE__END_SIGNAL && told->code == SIGTERM
                   && told->pid > 0;
        cr_assert(never_ran || ran, "%s", told->text);
    }
}

Test(process_stop, grandchildren_go_with_a_stopped_child)
{
    uint64_t id = PUPPET("fork", "group", "say", "ready", "wait");
    int grandchild = watch_pid(atoi(wait_line(id, "grandchild ")));
    wait_line(id, "ready");
    cr_assert_eq(troupe__process_stop(owner, id), 0);
    cr_assert_eq(wait_end(id)->code, SIGTERM);
    wait_gone(grandchild); /* it ignores SIGTERM */
}

Test(process_stop, grandchildren_go_with_a_child_that_ends)
{
    uint64_t id =
        PUPPET("fork", "group", "on-term-leave", "say", "ready", "wait");
    int grandchild = watch_pid(atoi(wait_line(id, "grandchild ")));
    wait_line(id, "ready");
    kill(atoi(wait_line(id, "grandchild ")), SIGCONT); /* it is there */
    cr_assert_eq(troupe__process_signal(owner, id, SIGTERM), 0);
    cr_assert_eq(wait_end(id)->code, 7);
    wait_gone(grandchild);
}

static void
begin_as_subreaper(void)
{
    process_begin_with((struct troupe__processes_options){
        .term_ms = 60000, .kill_ms = 60000, .subreaper = true});
}

/* process_end() finds any child, zombies too, that is left to us. */
Test(process_stop, a_subreaper_reaps_orphans, .init = begin_as_subreaper)
{
    uint64_t id = PUPPET("fork", "group", "fork", "group", "exit", "0");
    cr_assert_eq(wait_end(id)->end, TROUPE__END_NORMAL);
    int is_subreaper = 0;
    prctl(PR_GET_CHILD_SUBREAPER, &is_subreaper);
    cr_assert_eq(is_subreaper, 1);
}

Test(process_stop, destroy_ends_all_and_waits_for_them)
{
    uint64_t ids[8];
    for (int i = 0; i < 8; i++)
        ids[i] = PUPPET("wait");
    cr_assert_eq(troupe__processes_destroy(&owner), 0);
    cr_assert_null(owner);
    cr_assert_eq(end_count(), 8);
    for (int i = 0; i < 8; i++)
        cr_assert(wait_end(ids[i])->asked);
    cr_assert_eq(troupe__processes_destroy(&owner), 0); /* NULL is fine */
}

static _Atomic int start_rc, destroy_rc, stop_rc;

static void
try_all(const struct troupe__process_exit *end)
{
    const struct troupe__process_spec spec = {.name = "x", .path = "/bin/true"};
    start_rc = troupe__process_start(owner, &spec, NULL);
    stop_rc = troupe__process_stop(owner, end->id);
    destroy_rc = troupe__processes_destroy(&owner);
}

Test(process_stop, callbacks_may_call_all_but_destroy)
{
    uint64_t id = PUPPET("wait");
    on_end = try_all;
    cr_assert_eq(troupe__processes_destroy(&owner), 0);
    wait_end(id);
    cr_assert_eq(start_rc, -ESHUTDOWN);
    cr_assert_eq(stop_rc, -ESRCH);
    cr_assert_eq(destroy_rc, -EDEADLK);
}

/*
 * No test can put a process into state D; one that may not be signalled looks
 * the same from here. Needs the right to become somebody else and back.
 */
Test(process_stop, who_cannot_be_killed_is_reported_and_watched_on,
     .init = begin_in_haste)
{
    const uid_t nobody = 65534;
    if (geteuid() != 0)
        cr_skip_test("needs to be root to lose the right to signal a child");
    uint64_t id = PUPPET("say", "ready", "wait");
    wait_line(id, "ready");
    cr_assert_eq(setresuid(nobody, nobody, 0), 0);
    cr_assert_eq(troupe__process_stop(owner, id), 0);
    pid_t pid = wait_stuck(id);
    cr_assert_gt(pid, 1);
    cr_assert_eq(troupe__processes_destroy(&owner), -ETIMEDOUT);
    cr_assert_not_null(owner);
    cr_assert_eq(troupe__processes_destroy(&owner), -ETIMEDOUT);
    cr_assert_eq(end_count(), 0);
    cr_assert_eq(setresuid(0, 0, 0), 0);
    cr_assert_eq(troupe__process_signal(owner, id, SIGKILL), 0);
    cr_assert_eq(wait_end(id)->code, SIGKILL);
    cr_assert_eq(wait_end(id)->pid, pid);
}
