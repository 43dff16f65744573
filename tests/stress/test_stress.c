/* SPDX-License-Identifier: Apache-2.0 */
/* test_stress.c: random actors, failures, asks and stops: do books balance? */
#include <criterion/criterion.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "stress/crowd.h"

TestSuite(stress, .timeout = 60);

enum {
    KICKS_AT_ONCE = 20, /* of every top, between two rests */
    ROUNDS = 40,
    THREADS = 2,
    SETTLE_MS = 30000,
    LETTERS = 1 << 16, /* as many as a node can remember */
    MS = 1000000
};

/* What was seen of a run from outside. */
struct run {
    troupe_t *node;
    troupe_ref_t tops[CROWD_TOPS], conductor;
    uint64_t letters;                         /* dead letters that were read */
    uint64_t dead[TROUPE_DEAD_CANCELLED + 1]; /* of type "do", by reason */
    uint64_t expired;                         /* of any type */
    uint64_t story;                           /* of letters and counters */
};

/* TROUPE_STRESS_SEED=n: the same crowd again. */
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

static void
run_begin(struct run *run, const troupe_options_t *options)
{
    *run = (struct run){.story = 1};
    run->node = crowd_begin(options, run->tops);
    cr_assert_not_null(run->node);
    cr_assert_eq(troupe_node_spawn(run->node, &crowd_conductor, NULL,
                                   &run->conductor, NULL),
                 0);
}

static void
run_add(struct run *run, uint64_t word)
{
    run->story = (run->story ^ word) * UINT64_C(0x100000001b3);
    run->story ^= run->story >> 29;
}

/* At rest: the dead letters since the last time. */
static void
read_letters(struct run *run)
{
    static troupe_dead_letter_t letters[LETTERS];
    troupe_node_stats_t stats;
    troupe_node_stats_get(run->node, &stats);
    uint64_t fresh = stats.dead_letters - run->letters;
    cr_assert_leq(fresh, (uint64_t) LETTERS, "rounds are too large");
    cr_assert_eq(troupe_dead_letters(run->node, letters, fresh), fresh);
    for (uint64_t i = fresh; i-- > 0;) {
        cr_assert_geq(letters[i].why, TROUPE_DEAD_NO_ACTOR);
        cr_assert_leq(letters[i].why, TROUPE_DEAD_CANCELLED);
        if (strcmp(letters[i].type, "do") == 0)
            run->dead[letters[i].why]++;
        run->expired += letters[i].why == TROUPE_DEAD_EXPIRED;
        run_add(run, letters[i].at_ns ^ (uint64_t) letters[i].why);
        run_add(run, letters[i].to.id);
        run_add(run, letters[i].from.id);
    }
    run->letters = stats.dead_letters;
}

static void
rest(struct run *run)
{
    cr_assert_eq(troupe_settle(run->node, SETTLE_MS), 0);
    read_letters(run);
}

/* Every message was handled, or is dead with a reason. */
static void
messages_balance(const struct run *run, const troupe_node_stats_t *stats)
{
    uint64_t sent = books.told + books.asked + books.forwarded;
    uint64_t dead = 0;
    for (int i = TROUPE_DEAD_NO_ACTOR; i <= TROUPE_DEAD_CANCELLED; i++) {
        cr_log_info("dead, %s: %llu", troupe_dead_name((troupe_dead_t) i),
                    (unsigned long long) run->dead[i]);
        if (i != TROUPE_DEAD_FAILED) /* that was handled, badly */
            dead += run->dead[i];
    }
    cr_assert_eq(sent, books.done + dead,
                 "sent %llu, handled %llu, dead unhandled %llu",
                 (unsigned long long) sent, (unsigned long long) books.done,
                 (unsigned long long) dead);
    cr_assert_leq(run->dead[TROUPE_DEAD_FAILED], books.failed);
    cr_assert_eq(stats->messages_received, stats->messages_sent);
    cr_assert_eq(stats->dead_letters, run->letters);
    cr_assert_eq(stats->expired, run->expired);
    cr_assert_eq(stats->frames_refused, 0);
}

/* What the members know of themselves is what the node says of them. */
static void
counters_balance(const struct run *run, const troupe_node_stats_t *stats)
{
    troupe_kind_stats_t kind;
    cr_assert_eq(troupe_kind_stats_get(run->node, &crowd_member, &kind), 0);
    cr_assert_eq(
        kind.received, books.done + books.ticked + kind.dropped,
        "received %llu, handled %llu, ticks %llu, dropped %llu",
        (unsigned long long) kind.received, (unsigned long long) books.done,
        (unsigned long long) books.ticked, (unsigned long long) kind.dropped);
    cr_assert_eq(kind.handled + kind.failed, books.callbacks);
    cr_assert_eq(kind.failed, books.failed);
    cr_assert_eq(kind.spawned, books.spawned + CROWD_TOPS);
    cr_assert_eq(troupe_actors(run->node, NULL, 0), stats->actors);
    cr_assert_eq(stats->spawned - stats->ended, stats->actors);
}

static void
asks_balance(void)
{
    for (int i = TROUPE_REPLY; i <= TROUPE_CANCELLED; i++)
        cr_log_info("%s: %llu", troupe_outcome_name((troupe_outcome_t) i),
                    (unsigned long long) books.outcomes[i]);
    cr_assert_eq(books.twice, 0);
    cr_assert_eq(books.stale, 0);
    cr_assert_eq(asks_ended(), books.asked, "%llu of %llu asks ended",
                 (unsigned long long) asks_ended(),
                 (unsigned long long) books.asked);
}

/* All is quiet: nothing is under way, nothing is open. */
static void
all_balances(struct run *run)
{
    troupe_node_stats_t stats;
    rest(run);
    troupe_node_stats_get(run->node, &stats);
    asks_balance();
    messages_balance(run, &stats);
    counters_balance(run, &stats);
    cr_assert_gt(books.outcomes[TROUPE_REPLY], 0);
    cr_assert_gt(books.outcomes[TROUPE_ERROR], 0);
    cr_assert_gt(books.failed, 0);
    cr_assert_gt(books.spawned, 0);
    cr_assert_gt(books.forwarded, 0);
    cr_assert_gt(run->dead[TROUPE_DEAD_FAILED], 0);
    cr_assert_gt(run->dead[TROUPE_DEAD_NO_ACTOR], 0);
    run_add(run, stats.messages_sent);
    run_add(run, stats.frames_sent);
    run_add(run, stats.bytes_sent);
    run_add(run, stats.spawned);
    run_add(run, stats.restarts);
    run_add(run, stats.mutes);
    run_add(run, stats.late_replies);
    run_add(run, books.story);
}

/* One worker, time by hand, kicks from within: returns its whole story. */
static uint64_t
replay(uint64_t seed)
{
    static struct run run;
    troupe_options_t options = crowd_options(seed);
    options.workers = 1;
    options.manual_clock = true;
    options.dead_letters_max = LETTERS;
    run_begin(&run, &options);
    for (int i = 0; i < ROUNDS; i++) {
        cr_assert_eq(troupe_node_send(run.node, run.conductor, "kick", "i",
                                      KICKS_AT_ONCE),
                     0);
        rest(&run);
        cr_assert_eq(troupe_clock_advance(run.node, UINT64_C(7) * MS), 0);
    }
    /* Deadlines of up to 300 ms, and the last ticks. */
    for (int i = 0; i < 100 && !crowd_is_done(); i++)
        cr_assert_eq(troupe_clock_advance(run.node, UINT64_C(100) * MS), 0);
    cr_assert_eq(troupe_clock_advance(run.node, UINT64_C(100) * MS), 0);
    all_balances(&run);
    cr_assert_eq(troupe_destroy(&run.node), 0);
    cr_log_info("seed %llu: %llu callbacks, story %016llx",
                (unsigned long long) seed, (unsigned long long) books.callbacks,
                (unsigned long long) run.story);
    return run.story;
}

/* Also where handlers take longer than before. */
Test(stress, a_seed_says_all_that_happens)
{
    uint64_t seed = choose_seed("replay");
    uint64_t first = replay(seed);
    books_hesitate = true;
    cr_assert_eq(replay(seed), first);
    books_hesitate = false;
    cr_assert_neq(replay(seed + 1), first);
}

struct kicker {
    pthread_t thread;
    const struct run *run;
    int failures;
};

static void *
kick(void *data)
{
    struct kicker *self = data;
    for (int i = 0; i < KICKS_AT_ONCE; i++)
        self->failures += crowd_kick(self->run->node, self->run->tops) < 0;
    return NULL;
}

/* Threads kick while workers run. */
static void
kick_from_threads(const struct run *run)
{
    struct kicker kickers[THREADS];
    for (int i = 0; i < THREADS; i++) {
        kickers[i] = (struct kicker){.run = run};
        cr_assert_eq(
            pthread_create(&kickers[i].thread, NULL, kick, &kickers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(kickers[i].thread, NULL);
        cr_assert_eq(kickers[i].failures, 0);
    }
}

Test(stress, books_balance_after_a_free_run)
{
    static struct run run;
    troupe_options_t options = crowd_options(choose_seed("free"));
    options.dead_letters_max = LETTERS;
    run_begin(&run, &options);
    for (int i = 0; i < ROUNDS; i++) {
        kick_from_threads(&run);
        rest(&run);
    }
    /* Deadlines of up to 300 ms: until the last of them has passed. */
    while (!crowd_is_done())
        rest(&run);
    all_balances(&run);
    cr_assert_eq(troupe_destroy(&run.node), 0);
}

/* In the midst of it all: the stop has the last word on every ask. */
Test(stress, a_stop_in_the_midst_ends_every_ask)
{
    uint64_t seed = choose_seed("stop");
    for (int i = 0; i < 10; i++) {
        static struct run run;
        troupe_options_t options = crowd_options(seed + (uint64_t) i);
        run_begin(&run, &options);
        for (int k = 0; k < KICKS_AT_ONCE; k++)
            cr_assert_eq(crowd_kick(run.node, run.tops), 0);
        cr_assert_eq(troupe_stop(run.node, 10000), 0, "%s",
                     troupe_stragglers(run.node));
        cr_assert_eq(troupe_destroy(&run.node), 0);
        asks_balance();
    }
}
