/* SPDX-License-Identifier: Apache-2.0 */
/* test_stress.c: random actors, failures, asks and stops: do books balance? */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "stress/crowd.h"

TestSuite(stress, .timeout = 60);

enum { SECONDS = 2, ROUNDS_AT_ONCE = 20 };

/* TROUPE_STRESS_SEED=n runs the same again. */
static uint64_t
choose_seed(const char *test)
{
    const char *given = getenv("TROUPE_STRESS_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 0) : 0;
    if (!given)
        cr_assert_eq(getrandom(&seed, sizeof seed, 0), (ssize_t) sizeof seed);
    cr_log_info("%s: TROUPE_STRESS_SEED=%llu", test, (unsigned long long) seed);
    return seed ? seed : 1;
}

static bool
time_is_up(time_t since)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec - since >= SECONDS;
}

static void
kick_for_a_while(troupe_t *node, const troupe_ref_t tops[CROWD_TOPS])
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    while (!time_is_up(now.tv_sec)) {
        for (int i = 0; i < ROUNDS_AT_ONCE; i++)
            cr_assert_eq(crowd_kick(node, tops), 0);
        cr_assert_eq(troupe_settle(node, 30000), 0);
    }
}

static void
every_ask_had_one_outcome(void)
{
    cr_assert_eq(books.stale, 0);
    cr_assert(crowd_is_done(),
              "%llu asks: %llu replies, %llu errors, %llu "
              "timeouts, %llu down, %llu overload, %llu "
              "cancelled, %llu dropped",
              (unsigned long long) books.asked,
              (unsigned long long) books.outcomes[TROUPE_REPLY],
              (unsigned long long) books.outcomes[TROUPE_ERROR],
              (unsigned long long) books.outcomes[TROUPE_TIMEOUT],
              (unsigned long long) books.outcomes[TROUPE_DOWN],
              (unsigned long long) books.outcomes[TROUPE_OVERLOAD],
              (unsigned long long) books.outcomes[TROUPE_CANCELLED],
              (unsigned long long) books.dropped);
}

/* Every message that went into a frame came out of it; nobody still waits. */
Test(stress, books_balance_when_all_is_quiet)
{
    troupe_ref_t tops[CROWD_TOPS];
    troupe_t *node = crowd_begin(choose_seed("quiet"), tops);
    cr_assert_not_null(node);
    kick_for_a_while(node, tops);
    /* Deadlines of up to 300 ms: until the last of them has passed. */
    do
        cr_assert_eq(troupe_settle(node, 30000), 0);
    while (!crowd_is_done());
    every_ask_had_one_outcome();
    for (int i = TROUPE_REPLY; i <= TROUPE_CANCELLED; i++)
        cr_log_info("%s: %llu", troupe_outcome_name((troupe_outcome_t) i),
                    (unsigned long long) books.outcomes[i]);
    cr_assert_gt(books.outcomes[TROUPE_REPLY], 0);
    cr_assert_gt(books.outcomes[TROUPE_ERROR], 0);
    cr_assert_gt(books.failed, 0);
    cr_assert_gt(books.spawned, 0);
    troupe_node_stats_t stats;
    troupe_node_stats_get(node, &stats);
    cr_assert_eq(stats.frames_refused, 0);
    cr_assert_eq(troupe_actors(node, NULL, 0), stats.actors);
    cr_assert_eq(troupe_destroy(&node), 0);
}

/* In the midst of it all: the stop has the last word on every ask. */
Test(stress, a_stop_in_the_midst_ends_every_ask)
{
    uint64_t seed = choose_seed("stop");
    for (int i = 0; i < 10; i++) {
        troupe_ref_t tops[CROWD_TOPS];
        troupe_t *node = crowd_begin(seed + (uint64_t) i, tops);
        cr_assert_not_null(node);
        for (int k = 0; k < ROUNDS_AT_ONCE; k++)
            cr_assert_eq(crowd_kick(node, tops), 0);
        cr_assert_eq(troupe_stop(node, 10000), 0, "%s",
                     troupe_stragglers(node));
        cr_assert_eq(troupe_destroy(&node), 0);
        every_ask_had_one_outcome();
    }
}
