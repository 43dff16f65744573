/* SPDX-License-Identifier: Apache-2.0 */
/*
 * council_compare.c: free text without a model: what its sentences share.
 *
 * Two answers are as alike as each one's sentences are to the other's nearest.
 * The best answer is the one that is most like all others: of minimum Bayes
 * risk (Kumar & Byrne 2004); unless another one is as good.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "actors/council_compare.h"
#include "actors/council_judge.h"
#include "mailbox/check.h"

#define COVERAGE   0.05 /* what it is worth to speak of the prompt's words */
#define CUT_OFF    0.1  /* what it costs to be truncated */
#define UNLIKE     0.15 /* what any two texts share, by their letters mostly */
#define CLAIMS_MAX 100  /* that are told */
#define NEAR       1e-9 /* worths are sums of fractions */

/* How well the sentences of one answer are met in another. */
static double
one_way(const struct comparison *self, uint32_t from, uint32_t to)
{
    double sum = 0;
    uint32_t count = 0;
    for (uint32_t i = 0; i < self->count; i++) {
        if (self->said[i].vote != from)
            continue;
        double best = 0;
        for (uint32_t j = 0; j < self->count; j++) {
            double both = self->likeness[(size_t) i * self->count + j];
            if (self->said[j].vote == to && both > best)
                best = both;
        }
        sum += best;
        count += 1;
    }
    return count > 0 ? sum / count : 0;
}

/* Which part of the prompt's words an answer speaks of. */
static double
coverage(struct comparison *self, uint32_t vote)
{
    const char *prompt = self->council->prompt;
    struct words words =
        troupe__words_cut(self->vocabulary, prompt, strlen(prompt));
    uint32_t count = 0, found = 0;
    uint32_t *terms = troupe__words_terms(self->scratch, &words, &count);
    for (uint32_t i = 0; i < count; i++) {
        bool has = false;
        for (uint32_t j = 0; j < self->count && !has; j++) {
            has = self->said[j].vote == vote
                  && troupe__terms_have(self->said[j].terms,
                                        self->said[j].term_count, terms[i]);
        }
        found += has;
    }
    return count > 0 ? (double) found / count : 0;
}

static double
both_ways(const struct comparison *self, uint32_t one, uint32_t other)
{
    return (one_way(self, one, other) + one_way(self, other, one)) / 2;
}

static bool
is_usable(const struct comparison *self, uint32_t vote)
{
    return self->council->votes[vote].state == VOTE_USABLE;
}

/* Of equal worth the heavier one is the better, and then the first one. */
static bool
is_better(const struct vote *one, const struct vote *other)
{
    if (fabs(one->worth - other->worth) > NEAR)
        return one->worth > other->worth;
    return one->weight > other->weight;
}

static void
choose_best(struct comparison *self)
{
    struct council *council = self->council;
    double sum = 0, pairs = 0;
    for (uint32_t i = 0; i < council->count; i++) {
        double own = 0, weight = 0;
        if (!is_usable(self, i))
            continue;
        for (uint32_t j = 0; j < council->count; j++) {
            if (i == j || !is_usable(self, j))
                continue;
            double both = both_ways(self, i, j);
            own += both * council->votes[j].weight;
            weight += council->votes[j].weight;
            sum += both;
            pairs += 1;
        }
        double worth = (weight > 0 ? own / weight : 0)
                       + COVERAGE * coverage(self, i)
                       - (council->votes[i].truncated ? CUT_OFF : 0);
        council->votes[i].worth = worth;
        if (council->best == UINT32_MAX
            || is_better(&council->votes[i], &council->votes[council->best]))
            council->best = i;
    }
    if (pairs > 0)
        council->score = sum / pairs;
}

/* They do not say the same, on the whole or in one sentence. */
static bool
differ(const struct comparison *self, uint32_t one, uint32_t other)
{
    for (uint32_t i = 0; i < self->count; i++) {
        for (uint32_t j = 0; j < self->count; j++) {
            if (self->said[i].vote == one && self->said[j].vote == other
                && self->likeness[(size_t) i * self->count + j] <= -SAME)
                return true;
        }
    }
    return both_ways(self, one, other) < SAME;
}

/* Nobody says what the best one does. */
static bool
is_alone(const struct comparison *self)
{
    uint32_t best = self->council->best;
    for (uint32_t i = 0; i < self->council->count; i++) {
        if (i != best && is_usable(self, i)
            && both_ways(self, best, i) >= UNLIKE)
            return false;
    }
    return true;
}

/* Another one that differs, and weighs as much, is as good: because it stands
 * as well for all, or because the best one stands for nobody but itself. */
static bool
is_tied(const struct comparison *self)
{
    const struct council *council = self->council;
    const struct vote *best = &council->votes[council->best];
    bool alone = is_alone(self);
    for (uint32_t i = 0; i < council->count; i++) {
        const struct vote *vote = &council->votes[i];
        if (vote != best && is_usable(self, i)
            && vote->weight >= best->weight - NEAR
            && (alone || vote->worth >= best->worth - NEAR)
            && differ(self, council->best, i))
            return true;
    }
    return false;
}

static void
conclude(const struct comparison *self)
{
    struct council *council = self->council;
    council->tie = is_tied(self);
    if (council->tie)
        council->best = UINT32_MAX;
    else
        council->answer = troupe__strdup(council->votes[council->best].answer);
}

static bool
is_contested(struct comparison *self, uint32_t root)
{
    for (uint32_t i = 0; i < self->count; i++) {
        if (troupe__sentences_root(self, i) != root)
            continue;
        for (uint32_t j = 0; j < self->count; j++) {
            if (self->likeness[(size_t) i * self->count + j] <= -SAME)
                return true;
        }
    }
    return false;
}

static int
most_said_first(const void *one, const void *other)
{
    const struct common_claim *a = one, *b = other;
    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    return a->votes[0] < b->votes[0] ? -1 : a->votes[0] > b->votes[0];
}

static void
list_claims(struct comparison *self)
{
    struct council *council = self->council;
    council->claims =
        troupe__alloc((self->count + 1) * sizeof *council->claims);
    for (uint32_t i = 0; i < self->count; i++) {
        if (troupe__sentences_root(self, i) != i)
            continue;
        struct common_claim *claim = &council->claims[council->claim_count++];
        claim->text = troupe__alloc(self->said[i].size + 1);
        memcpy(claim->text, self->said[i].text, self->said[i].size);
        claim->votes = troupe__alloc(council->count * sizeof *claim->votes);
        claim->contested = is_contested(self, i);
        for (uint32_t j = i; j < self->count; j++) {
            uint32_t vote = self->said[j].vote;
            bool is_new =
                claim->count == 0 || claim->votes[claim->count - 1] != vote;
            if (is_new && troupe__sentences_root(self, j) == i)
                claim->votes[claim->count++] = vote;
        }
    }
    if (council->claim_count > 1)
        qsort(council->claims, council->claim_count, sizeof *council->claims,
              most_said_first);
    while (council->claim_count > CLAIMS_MAX) {
        struct common_claim *last = &council->claims[--council->claim_count];
        free(last->text);
        free(last->votes);
    }
}

void
troupe__council_compare(struct council *council)
{
    CHECK(council);
    struct comparison self = {.council = council,
                              .scratch = troupe__scratch_new()};
    self.vocabulary = troupe__vocabulary_new(self.scratch);
    council->method = "mean likeness of all pairs";
    for (uint32_t i = 0; i < council->count; i++)
        council->voters += council->votes[i].state == VOTE_USABLE;
    if (council->usable > 0) {
        troupe__sentences_compare(&self);
        choose_best(&self);
        list_claims(&self);
        conclude(&self);
    }
    free(self.said);
    free(self.rarity);
    free(self.likeness);
    troupe__vocabulary_destroy(&self.vocabulary);
    troupe__scratch_destroy(&self.scratch);
}

/* Who stands best for all, but for those who say the same as another one. */
static uint32_t
worthiest(const struct council *self, const char *but)
{
    uint32_t best = UINT32_MAX;
    for (uint32_t i = 0; i < self->count; i++) {
        const struct vote *vote = &self->votes[i];
        if (vote->state != VOTE_USABLE
            || (but && strcmp(vote->answer, but) == 0))
            continue;
        if (best == UINT32_MAX || vote->worth > self->votes[best].worth)
            best = i;
    }
    return best;
}

bool
troupe__council_rivals(const struct council *self, uint32_t *ret_one,
                       uint32_t *ret_other)
{
    CHECK(self && self->usable > 0);
    uint32_t one = self->best;
    if (one == UINT32_MAX)
        one = worthiest(self, NULL);
    uint32_t other = worthiest(self, self->votes[one].answer);
    *ret_one = one;
    *ret_other = other;
    return other != UINT32_MAX;
}
