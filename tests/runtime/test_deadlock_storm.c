/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_deadlock_storm.c: random graphs of asks, and which of them must end.
 *
 * A model of the test's own says it: an actor that has no ask open can go on,
 * and so can one that waits, over whatever asks, for one that can. Of the
 * others, in each set whose actors all lead to each other and to nobody else,
 * the youngest ask ends; its asker then answers what it holds, and so on.
 */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/knots.h"
#include "runtime/world.h"

TestSuite(deadlock_storm, .init = world_begin, .fini = world_end,
          .timeout = 60);

enum {
    ACTORS_MAX = 9,
    ASKS_MAX = 16,
    GRAPHS = 100,
    FIRST_SEED = 1000,
    LONG_MS = 7200000
};

struct graph {
    uint32_t actor_count, ask_count;
    troupe_ref_t refs[ACTORS_MAX];
    bool strict[ACTORS_MAX];
    struct knot_ask asks[ASKS_MAX];
    uint32_t from[ASKS_MAX], to[ASKS_MAX];
    bool open[ASKS_MAX], ended[ASKS_MAX]; /* as the model says */
};

/* --- the model --------------------------------------------------------------*/

static bool
waits(const struct graph *self, uint32_t actor)
{
    for (uint32_t i = 0; i < self->ask_count; i++)
        if (self->open[i] && self->from[i] == actor)
            return true;
    return false;
}

/* Whom an actor leads to, itself only over asks. */
static void
reach(const struct graph *self, uint32_t actor, bool *ret_reached)
{
    bool grows = true;
    memset(ret_reached, 0, ACTORS_MAX * sizeof *ret_reached);
    while (grows) {
        grows = false;
        for (uint32_t i = 0; i < self->ask_count; i++) {
            if (!self->open[i] || ret_reached[self->to[i]]
                || (self->from[i] != actor && !ret_reached[self->from[i]]))
                continue;
            ret_reached[self->to[i]] = grows = true;
        }
    }
}

/* Everybody that it leads to waits, and leads back to it. */
static bool
is_in_knot(const struct graph *self, uint32_t actor)
{
    bool reached[ACTORS_MAX], back[ACTORS_MAX];
    reach(self, actor, reached);
    for (uint32_t i = 0; i < self->actor_count; i++) {
        if (!reached[i])
            continue;
        reach(self, i, back);
        if (!waits(self, i) || !back[actor])
            return false;
    }
    return waits(self, actor);
}

/* An actor that has got an answer answers what it holds, if it may. */
static void
answered(struct graph *self, uint32_t ask)
{
    uint32_t actor = self->from[ask];
    self->open[ask] = false;
    if (self->strict[actor] && waits(self, actor))
        return;
    for (uint32_t i = 0; i < self->ask_count; i++)
        if (self->open[i] && self->to[i] == actor)
            answered(self, i);
}

static bool
end_one(struct graph *self)
{
    bool reached[ACTORS_MAX];
    uint32_t youngest = ASKS_MAX;
    for (uint32_t actor = 0; actor < self->actor_count; actor++) {
        if (!is_in_knot(self, actor))
            continue;
        reach(self, actor, reached);
        for (uint32_t i = 0; i < self->ask_count; i++)
            if (self->open[i] && reached[self->from[i]])
                youngest = i; /* they are in order of age */
        self->ended[youngest] = true;
        answered(self, youngest);
        return true;
    }
    return false;
}

/* --- the run ----------------------------------------------------------------*/

static uint32_t
pick(unsigned *seed, uint32_t below)
{
    return below > 0 ? (uint32_t) rand_r(seed) % below : 0;
}

static void
build(struct graph *self, unsigned *seed)
{
    memset(self, 0, sizeof *self);
    const uint32_t actors = 2 + pick(seed, ACTORS_MAX - 1);
    self->actor_count = actors;
    self->ask_count = 1 + pick(seed, ASKS_MAX);
    uint32_t idle = pick(seed, 3); /* never ask, and hold */
    for (uint32_t i = 0; i < actors; i++) {
        const troupe_spawn_options_t options = {.place = TROUPE_WORKER,
                                                .worker = i % 2};
        self->strict[i] = pick(seed, 3) == 0;
        self->refs[i] = spawn(self->strict[i] ? &strict : &knotted, &options);
    }
    uint32_t askers = idle < actors ? actors - idle : 0;
    for (uint32_t i = 0; i < self->ask_count; i++) {
        self->from[i] = pick(seed, askers);
        self->to[i] = pick(seed, actors);
        self->open[i] = true;
        self->asks[i] = (struct knot_ask){.from = self->refs[self->from[i]],
                                          .to = self->refs[self->to[i]],
                                          .type = "hold",
                                          .timeout_ms = LONG_MS};
    }
}

/* Each has its own actors: they run at the same time. */
static void
run(struct graph *graphs)
{
    for (uint32_t i = 0; i < ASKS_MAX; i++) {
        advance(1);
        for (uint32_t at = 0; at < GRAPHS; at++)
            if (i < graphs[at].ask_count)
                knot_send(&graphs[at].asks[i]);
    }
    for (uint32_t at = 0; at < GRAPHS; at++)
        while (end_one(&graphs[at]))
            continue;
    advance(300000);
}

static void
judge_ask(const struct graph *self, unsigned seed, uint32_t i)
{
    const struct knot_ask *ask = &self->asks[i];
    const char *outcome = troupe_outcome_name(ask->outcome);
    bool ended = strncmp(ask->text, "deadlock: ", 10) == 0;
    cr_assert_eq(ended, self->ended[i], "seed %u, ask %u of %u: %s %s", seed, i,
                 self->ask_count, outcome, ask->text);
    cr_assert_eq(ask->outcome == 0, self->open[i], "seed %u, ask %u of %u: %s",
                 seed, i, self->ask_count, outcome);
}

/* How many asks ended by it. */
static uint64_t
judge(const struct graph *self, unsigned seed)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < self->ask_count; i++) {
        judge_ask(self, seed, i);
        count += self->ended[i];
    }
    return count;
}

Test(deadlock_storm, just_the_asks_end_that_the_model_names)
{
    static struct graph graphs[GRAPHS];
    uint64_t ended = 0;
    for (unsigned i = 0; i < GRAPHS; i++) {
        unsigned seed = FIRST_SEED + i;
        build(&graphs[i], &seed);
    }
    run(graphs);
    for (unsigned i = 0; i < GRAPHS; i++)
        ended += judge(&graphs[i], FIRST_SEED + i);
    cr_assert_gt(ended, GRAPHS / 4, "%d", (int) ended);
    cr_assert_eq(node_stats().deadlocks, ended);
    assert_notes(""); /* no ask had two outcomes */
}
