/* SPDX-License-Identifier: Apache-2.0 */
/* council_rank.c: one order out of many: Copeland, Borda, Kendall's W. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "actors/council.h"
#include "actors/decide_methods.h"
#include "mailbox/check.h"

#define NEAR 1e-9

/* One choice with what it has won. */
struct standing {
    double copeland, borda;
    uint32_t choice;
};

static uint32_t
place_in(const struct vote *vote, uint32_t choice)
{
    uint32_t place = 0;
    while (vote->order[place] != choice)
        place += 1;
    return place;
}

/* Of Copeland's score here a lost pair takes as much as a won one gives. */
static void
score_choices(struct council *self)
{
    uint32_t options = self->choice_count, count = 0;
    size_t size = (size_t) self->count * options;
    double *ranks = troupe__alloc((size + self->count) * sizeof *ranks);
    double *weights = ranks + size;
    for (uint32_t i = 0; i < self->count; i++) {
        const struct vote *vote = &self->votes[i];
        if (vote->state != VOTE_USABLE)
            continue;
        for (uint32_t place = 0; place < options; place++)
            ranks[(size_t) count * options + vote->order[place]] = place + 1;
        weights[count++] = vote->weight;
    }
    const struct ballots ballots = {options, count, ranks, weights};
    troupe__borda(&ballots, self->borda);
    troupe__copeland(&ballots, self->copeland);
    for (uint32_t i = 0; i < options; i++)
        self->copeland[i] = 2 * self->copeland[i] - (options - 1);
    free(ranks);
}

/* Kendall & Babington Smith 1939: 0: no agreement, 1: all orders alike. */
static double
kendall_w(const struct council *self)
{
    double n = self->choice_count, m = self->usable, squares = 0;
    for (uint32_t i = 0; i < self->choice_count; i++) {
        double sum = 0;
        for (uint32_t j = 0; j < self->count; j++) {
            if (self->votes[j].state == VOTE_USABLE)
                sum += place_in(&self->votes[j], i) + 1;
        }
        double off = sum - m * (n + 1) / 2;
        squares += off * off;
    }
    return 12 * squares / (m * m * (n * n * n - n));
}

static int
compare(const struct standing *a, const struct standing *b)
{
    if (fabs(a->copeland - b->copeland) > NEAR)
        return a->copeland > b->copeland ? -1 : 1;
    if (fabs(a->borda - b->borda) > NEAR)
        return a->borda > b->borda ? -1 : 1;
    return 0;
}

static int
best_first(const void *one, const void *other)
{
    const struct standing *a = one, *b = other;
    int order = compare(a, b);
    return order != 0 ? order : a->choice < b->choice ? -1 : 1;
}

/* The vote whose order is nearest to the common one: most pairs alike. */
static uint32_t
nearest_vote(const struct council *self, const struct standing *standings)
{
    uint32_t best = UINT32_MAX, most = 0;
    for (uint32_t i = 0; i < self->count; i++) {
        const struct vote *vote = &self->votes[i];
        uint32_t alike = 1;
        if (vote->state != VOTE_USABLE)
            continue;
        for (uint32_t j = 0; j < self->choice_count; j++) {
            for (uint32_t k = j + 1; k < self->choice_count; k++)
                alike += place_in(vote, standings[j].choice)
                         < place_in(vote, standings[k].choice);
        }
        if (alike > most) {
            most = alike;
            best = i;
        }
    }
    return best;
}

void
troupe__council_rank(struct council *self)
{
    struct standing standings[COUNCIL_CHOICES_MAX];
    CHECK(self && self->choice_count >= 2);
    self->method = "Kendall's W of the orders; order by Copeland, then Borda";
    for (uint32_t i = 0; i < self->count; i++)
        self->voters += self->votes[i].state == VOTE_USABLE;
    if (self->usable == 0)
        return;
    score_choices(self);
    for (uint32_t i = 0; i < self->choice_count; i++)
        standings[i] = (struct standing){self->copeland[i], self->borda[i], i};
    qsort(standings, self->choice_count, sizeof *standings, best_first);
    if (self->usable >= 2)
        self->score = kendall_w(self);
    self->tie = compare(&standings[0], &standings[1]) == 0;
    struct troupe__text order = {0};
    for (uint32_t i = 0; i < self->choice_count; i++) {
        bool equal = i > 0 && compare(&standings[i - 1], &standings[i]) == 0;
        troupe__text_printf(&order, "%s%s",
                            i == 0  ? ""
                            : equal ? " = "
                                    : " > ",
                            self->choices[standings[i].choice]);
    }
    self->answer = order.data;
    self->best = nearest_vote(self, standings);
}
