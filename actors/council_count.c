/* SPDX-License-Identifier: Apache-2.0 */
/* council_count.c: answers that are equal, their weight, and the outcome. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "actors/council_judge.h"
#include "mailbox/check.h"

#define Z    1.959963984540054 /* of 95 %, two-sided */
#define NEAR 1e-9              /* weights are sums of fractions */

void
troupe__wilson(double share, double voters, double *ret_low, double *ret_high)
{
    double square = Z * Z, below = 1 + square / voters;
    double middle = (share + square / (2 * voters)) / below;
    double half =
        Z * sqrt(share * (1 - share) / voters + square / (4 * voters * voters))
        / below;
    *ret_low = middle - half > 0 ? middle - half : 0;
    *ret_high = middle + half < 1 ? middle + half : 1;
}

static void
clear_groups(struct council *self)
{
    for (uint32_t i = 0; i < self->group_count; i++) {
        free(self->groups[i].answer);
        free(self->groups[i].votes);
    }
    free(self->groups);
    self->groups = NULL;
    self->group_count = 0;
}

static struct answer_group *
add_group(struct council *self, const struct vote *first)
{
    struct answer_group *group = &self->groups[self->group_count++];
    group->answer = troupe__strdup(first->answer);
    group->votes = troupe__alloc(self->count * sizeof *group->votes);
    return group;
}

static void
join(struct council *self, struct answer_group *group, uint32_t index)
{
    group->votes[group->count++] = index;
    group->weight += self->votes[index].weight;
}

static int
heaviest_first(const void *one, const void *other)
{
    const struct answer_group *a = one, *b = other;
    if (fabs(a->weight - b->weight) > NEAR)
        return a->weight > b->weight ? -1 : 1;
    return strcmp(a->answer, b->answer);
}

static void
group_equal(struct council *self)
{
    for (uint32_t i = 0; i < self->count; i++) {
        const struct vote *vote = &self->votes[i];
        if (vote->state != VOTE_USABLE)
            continue;
        struct answer_group *group = NULL;
        for (uint32_t j = 0; j < self->group_count && !group; j++) {
            if (strcmp(self->groups[j].answer, vote->answer) == 0)
                group = &self->groups[j];
        }
        join(self, group ? group : add_group(self, vote), i);
    }
}

static bool
is_near(const struct council *self, double one, double other)
{
    double largest = fmax(fabs(one), fabs(other));
    double bound = self->absolute ? self->tolerance : self->tolerance * largest;
    return fabs(one - other) <= bound * (1 + NEAR);
}

struct sorted {
    double number;
    uint32_t vote;
};

static int
by_number(const void *one, const void *other)
{
    const struct sorted *a = one, *b = other;
    if (a->number != b->number)
        return a->number < b->number ? -1 : 1;
    return a->vote < b->vote ? -1 : a->vote > b->vote;
}

/* In order of size, each near the one before (single link); a group's answer
 * is the one in its middle. */
static void
group_near(struct council *self)
{
    struct sorted *sorted = troupe__alloc((self->count + 1) * sizeof *sorted);
    uint32_t count = 0;
    for (uint32_t i = 0; i < self->count; i++) {
        if (self->votes[i].state == VOTE_USABLE)
            sorted[count++] = (struct sorted){self->votes[i].number, i};
    }
    qsort(sorted, count, sizeof *sorted, by_number);
    struct answer_group *group = NULL;
    for (uint32_t i = 0; i < count; i++) {
        if (i == 0 || !is_near(self, sorted[i - 1].number, sorted[i].number))
            group = add_group(self, &self->votes[sorted[i].vote]);
        join(self, group, sorted[i].vote);
    }
    for (uint32_t i = 0; i < self->group_count; i++) {
        group = &self->groups[i];
        free(group->answer);
        uint32_t middle = group->votes[(group->count - 1) / 2];
        group->answer = troupe__strdup(self->votes[middle].answer);
    }
    free(sorted);
}

void
troupe__council_group(struct council *self)
{
    CHECK(self);
    clear_groups(self);
    self->groups = troupe__alloc((self->count + 1) * sizeof *self->groups);
    if (self->type == TROUPE_QUERY_NUMBER)
        group_near(self);
    else
        group_equal(self);
    if (self->group_count > 1)
        qsort(self->groups, self->group_count, sizeof *self->groups,
              heaviest_first);
}

bool
troupe__council_is_decided(struct council *self)
{
    CHECK(self);
    if (self->ask_all || self->type == TROUPE_QUERY_TEXT
        || self->type == TROUPE_QUERY_RANKING)
        return false;
    double open = 0;
    uint32_t usable = 0, waiting = 0;
    for (uint32_t i = 0; i < self->count; i++) {
        waiting += self->votes[i].state == VOTE_OPEN;
        usable += self->votes[i].state == VOTE_USABLE;
        open += self->votes[i].state == VOTE_OPEN ? self->votes[i].weight : 0;
    }
    if (waiting == 0 || usable < self->quorum || usable < 2)
        return false;
    troupe__council_group(self);
    double others = 0;
    for (uint32_t i = 1; i < self->group_count; i++) {
        /* One more number can join two groups to one. */
        bool joins = self->type == TROUPE_QUERY_NUMBER;
        others = joins || i == 1 ? others + self->groups[i].weight : others;
    }
    return self->groups[0].weight > others + open + NEAR;
}

/* Votes of equal weight that would say as much: (sum)^2 / sum of squares. */
static double
effective(const struct council *self, double *ret_sum)
{
    double sum = 0, squares = 0;
    for (uint32_t i = 0; i < self->count; i++) {
        if (self->votes[i].state != VOTE_USABLE)
            continue;
        sum += self->votes[i].weight;
        squares += self->votes[i].weight * self->votes[i].weight;
    }
    *ret_sum = sum;
    return squares > 0 ? sum * sum / squares : 0;
}

void
troupe__council_count(struct council *self)
{
    CHECK(self);
    double sum = 0;
    self->voters = effective(self, &sum);
    troupe__council_group(self);
    self->method = "plurality share";
    if (self->group_count == 0)
        return;
    const struct answer_group *first = &self->groups[0];
    self->tie =
        self->group_count > 1 && self->groups[1].weight >= first->weight - NEAR;
    if (self->usable >= 2) {
        self->score = first->weight / sum;
        troupe__wilson(self->score, self->voters, &self->low, &self->high);
    }
    if (self->tie)
        return;
    self->best = first->votes[(first->count - 1) / 2];
    self->answer = troupe__strdup(first->answer);
}

static void
count_states(struct council *self)
{
    self->answered = self->usable = self->failed = self->not_needed = 0;
    for (uint32_t i = 0; i < self->count; i++) {
        enum vote_state state = self->votes[i].state;
        CHECK(state != VOTE_OPEN);
        self->answered += state == VOTE_USABLE || state == VOTE_UNUSABLE;
        self->usable += state == VOTE_USABLE;
        self->not_needed += state == VOTE_NOT_NEEDED;
    }
    self->failed = self->count - self->answered - self->not_needed;
}

static uint32_t
count_families(const struct council *self)
{
    uint32_t families = 0;
    for (uint32_t i = 0; i < self->count; i++) {
        bool is_new = self->votes[i].state == VOTE_USABLE;
        for (uint32_t j = 0; j < i && is_new; j++) {
            is_new =
                self->votes[j].state != VOTE_USABLE
                || strcmp(self->votes[j].family, self->votes[i].family) != 0;
        }
        families += is_new;
    }
    return families;
}

troupe_query_outcome_t
troupe__council_outcome(const struct council *self)
{
    CHECK(self);
    const struct vote *verdict = troupe__judge_failure(self);
    uint32_t late = 0, unpaid = verdict && verdict->state == VOTE_BUDGET;
    for (uint32_t i = 0; i < self->count; i++) {
        late += self->votes[i].state == VOTE_TIMEOUT;
        unpaid += self->votes[i].state == VOTE_BUDGET;
    }
    if (unpaid > 0)
        return TROUPE_QUERY_BUDGET;
    if (self->usable < self->quorum)
        return self->usable + late >= self->quorum ? TROUPE_QUERY_DEADLINE
                                                   : TROUPE_QUERY_NO_QUORUM;
    bool whole = self->usable + self->not_needed == self->count && !verdict;
    return whole && !self->tie && !self->interrupted ? TROUPE_QUERY_COMPLETE
                                                     : TROUPE_QUERY_DEGRADED;
}

void
troupe__council_conclude(struct council *self)
{
    CHECK(self);
    count_states(self);
    self->families = count_families(self);
    self->best = UINT32_MAX;
    self->score = self->low = self->high = (double) NAN;
    if (self->type == TROUPE_QUERY_TEXT)
        troupe__council_compare(self);
    else if (self->type == TROUPE_QUERY_RANKING)
        troupe__council_rank(self);
    else
        troupe__council_count(self);
    if (self->usable < self->quorum) { /* too few to speak for all */
        free(self->answer);
        self->answer = NULL;
        self->best = UINT32_MAX;
        self->score = self->low = self->high = (double) NAN;
        self->tie = false;
    }
    self->outcome = troupe__council_outcome(self);
}
