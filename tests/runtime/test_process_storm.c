/* SPDX-License-Identifier: Apache-2.0 */
/* test_process_storm.c: child processes by the hundred, and without means. */
#include <criterion/criterion.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "runtime/process_world.h"

TestSuite(process_storm, .init = process_begin, .fini = process_end,
          .timeout = 120);

#ifdef TROUPE_SLOW_BUILD
enum { STARTS = 200 };
#else
enum { STARTS = 500 };
#endif

enum { AT_ONCE = 16 };

static const char *const lives[][8] = {
    {"puppet", "exit", "0", NULL},
    {"puppet", "say", "x", "exit", "3", NULL},
    {"puppet", "abort", NULL},
    {"puppet", "say", "x", "wait", NULL},
    {"puppet", "ignore", "15", "say", "x", "wait", NULL},
    {"puppet", "adopt", "wait", NULL},
    {"puppet", "fork", "group", "say-raw", "x", "wait", NULL},
    {"puppet", "flood", "0123456789\n", NULL},
    {"puppet", "stop-self", "wait", NULL},
};

static const int fates[] = {SIGKILL, SIGSEGV, SIGTERM, SIGABRT, SIGSTOP, 0};

static unsigned
seed_of_test(void)
{
    const char *text = getenv("TROUPE_SEED");
    unsigned seed = text ? (unsigned) strtoul(text, NULL, 10)
                         : (unsigned) time(NULL) ^ (unsigned) getpid();
    printf("storm: TROUPE_SEED=%u\n", seed);
    fflush(stdout);
    return seed;
}

/* What befalls a child first, then the end that nobody can refuse. */
static void
befall(uint64_t id, unsigned *seed)
{
    int fate = fates[(unsigned) rand_r(seed) % (sizeof fates / sizeof *fates)];
    if (fate == 0)
        (void) !troupe__process_stop(owner, id);
    else
        (void) !troupe__process_signal(owner, id, fate);
    (void) !troupe__process_signal(owner, id, SIGKILL);
}

/*
 * That each has one report, and that no child, zombie or descriptor is left,
 * is asked by process_end().
 */
Test(process_storm, starts_and_kills_at_random_moments_leave_nothing)
{
    uint64_t alive[AT_ONCE] = {0};
    unsigned seed = seed_of_test();
    for (int i = 0; i < STARTS; i++) {
        unsigned at = (unsigned) rand_r(&seed) % AT_ONCE;
        if (alive[at] != 0) {
            befall(alive[at], &seed);
            if (rand_r(&seed) % 2)
                wait_end(alive[at]);
        }
        unsigned life =
            (unsigned) rand_r(&seed) % (sizeof lives / sizeof *lives);
        alive[at] = puppet_start(lives[life]);
        if (rand_r(&seed) % 8 == 0)
            befall(alive[at], &seed);
    }
    for (unsigned at = 0; at < AT_ONCE; at++) {
        if (alive[at] == 0)
            continue;
        befall(alive[at], &seed);
        wait_end(alive[at]);
    }
}

static struct rlimit
limit_to(__rlimit_resource_t what, rlim_t value)
{
    struct rlimit before;
    cr_assert_eq(getrlimit(what, &before), 0);
    struct rlimit now = {value, before.rlim_max};
    cr_assert_eq(setrlimit(what, &now), 0);
    return before;
}

/* Whichever descriptor is the one too many. */
Test(process_storm, without_descriptors_a_start_fails_and_leaves_nothing)
{
    int lowest = dup(0);
    close(lowest);
    int failed = 0;
    bool ran = false;
    wait_end(PUPPET("exit", "0")); /* what is opened once is open */
    for (int more = 0; more < 64 && !ran; more++) {
        struct rlimit before =
            limit_to(RLIMIT_NOFILE, (rlim_t) (lowest + more));
        const struct told *told = wait_end(PUPPET("exit", "5"));
        cr_assert_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
        ran = told->end == TROUPE__END_CODE;
        if (ran)
            break;
        failed++;
        cr_assert_eq(told->end, TROUPE__END_UNSTARTED, "%s", told->text);
        cr_assert_eq(told->code, -EMFILE, "%s", told->text);
        cr_assert_not_null(strstr(told->text, "ulimit -n"));
    }
    cr_assert(ran);
    cr_assert_geq(failed, 4);
}

/* poll(2) takes no more of them than the limit allows, open or not. */
Test(process_storm, a_limit_below_what_is_watched_ends_nothing)
{
    enum { CHILDREN = 4, FEW = 3 };
    uint64_t ids[CHILDREN];
    for (int i = 0; i < CHILDREN; i++) {
        ids[i] = PUPPET("say", "ready", "wait");
        wait_line(ids[i], "ready");
    }
    struct rlimit before = limit_to(RLIMIT_NOFILE, FEW);
    for (int i = 0; i < CHILDREN; i++) {
        cr_assert_eq(troupe__process_signal(owner, ids[i], SIGKILL), 0);
        cr_assert_eq(wait_end(ids[i])->end, TROUPE__END_SIGNAL);
    }
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
}

Test(process_storm, without_descriptors_there_is_no_owner)
{
    int lowest = dup(0);
    close(lowest);
    int rc = -1;
    int failed = 0;
    for (int more = 0; more < 64 && rc != 0; more++) {
        struct troupe__processes *another = NULL;
        struct rlimit before =
            limit_to(RLIMIT_NOFILE, (rlim_t) (lowest + more));
        rc = troupe__processes_new(NULL, &another);
        cr_assert_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
        cr_assert(rc == 0 || rc == -EMFILE, "%d", rc);
        failed += rc != 0;
        cr_assert_eq(troupe__processes_destroy(&another), 0);
    }
    cr_assert_eq(rc, 0);
    cr_assert_geq(failed, 4);
}

/* The limit does not hold for root, who becomes somebody else for it. */
Test(process_storm, without_processes_a_start_fails_and_others_go_on)
{
    const uid_t nobody = 65534;
    uid_t uid = getuid();
    uint64_t other = PUPPET("say", "ready", "wait");
    wait_line(other, "ready");
    if (uid == 0)
        cr_assert_eq(setresuid(nobody, nobody, 0), 0);
    struct rlimit before = limit_to(RLIMIT_NPROC, 1);
    const struct told *told = wait_end(PUPPET("exit", "5"));
    cr_assert_eq(setrlimit(RLIMIT_NPROC, &before), 0);
    if (uid == 0)
        cr_assert_eq(setresuid(0, 0, 0), 0);
    cr_assert_eq(told->end, TROUPE__END_UNSTARTED, "%s", told->text);
    cr_assert_eq(told->code, -EAGAIN);
    cr_assert_str_eq(told->step, "clone");
    cr_assert_not_null(strstr(told->text, "ulimit -u"), "%s", told->text);
    cr_assert_eq(wait_end(PUPPET("exit", "5"))->code, 5);
    cr_assert_eq(troupe__process_stop(owner, other), 0);
    cr_assert_eq(wait_end(other)->code, SIGTERM);
}
