/* SPDX-License-Identifier: Apache-2.0 */
/* decide_judge.c: the verdict on a decision, and what it rests on. */
#include "actors/decide_result.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mailbox/check.h"

#define SURE 1.96 /* standard errors: 95 % */
#define TIE  1e-9

const char *
troupe__verdict_name(enum verdict_of_decision verdict)
{
    static const char *const names[] = {
        [DECISION_RECOMMENDED] = "recommended",
        [DECISION_NO_CLEAR_WINNER] = "no_clear_winner",
        [DECISION_INSUFFICIENT_DATA] = "insufficient_data",
    };
    CHECK(verdict <= DECISION_INSUFFICIENT_DATA);
    return names[verdict];
}

const char *
troupe__result_title(const struct decision_result *self, uint32_t row)
{
    CHECK(row < self->table.rows);
    return self->decision->options[self->options[row]].title;
}

double
troupe__acceptability(const struct decision_result *self, uint32_t row,
                      uint32_t rank)
{
    uint32_t rows = self->table.rows;
    CHECK(row < rows && rank < rows);
    if (self->samples == 0)
        return NAN;
    return (double) self->counts[(size_t) row * rows + rank] / self->samples;
}

double *
troupe__result_payoffs(const struct decision_result *self,
                       struct payoffs *ret_payoffs)
{
    uint32_t rows = self->table.rows;
    uint32_t states = self->decision->state_count;
    double *numbers =
        troupe__alloc(((size_t) rows + 1) * (states + 1) * sizeof *numbers);
    double *probabilities = &numbers[(size_t) rows * states];
    for (uint32_t j = 0; j < states; j++)
        probabilities[j] = self->decision->states[j].weight;
    for (uint32_t i = 0; i < rows; i++) {
        for (uint32_t j = 0; j < states; j++)
            numbers[(size_t) i * states + j] =
                self->decision->options[self->options[i]].payoffs[j];
    }
    *ret_payoffs = (struct payoffs){rows, states, numbers, probabilities};
    return numbers;
}

/* Above 0 when a row comes before another. */
static int
compare(const struct decision_result *self, uint32_t one, uint32_t other)
{
    const struct consensus *by = &self->consensus;
    double lead = by->copeland[one] - by->copeland[other];
    if (fabs(lead) <= TIE)
        lead = by->borda[one] - by->borda[other];
    if (fabs(lead) <= TIE)
        return strcmp(self->table.ids[other], self->table.ids[one]);
    return lead > 0 ? 1 : -1;
}

void
troupe__result_order(const struct decision_result *self, uint32_t *ret_rows)
{
    for (uint32_t i = 0; i < self->table.rows; i++) {
        uint32_t at = i;
        for (; at > 0 && compare(self, i, ret_rows[at - 1]) > 0; at--)
            ret_rows[at] = ret_rows[at - 1];
        ret_rows[at] = i;
    }
}

static void
map_rows(struct decision_result *self)
{
    uint32_t rows = 0;
    uint32_t count = self->decision->option_count;
    self->options = troupe__alloc((count + 1) * sizeof(uint32_t));
    self->dominators = troupe__alloc((count + 1) * sizeof(uint32_t));
    for (uint32_t i = 0; i < count; i++)
        if (!self->standing[i].excluded && !self->standing[i].incomplete)
            self->options[rows++] = i;
    CHECK(rows == self->table.rows);
    for (uint32_t i = 0; i < rows; i++)
        self->dominators[i] = troupe__table_dominator(&self->table, i);
}

/* Who is first for one perspective, all its methods put together. */
static uint32_t
champion_of(const struct decision_result *self, unsigned view)
{
    double *scores[PERSPECTIVE_COUNT] = {NULL};
    scores[view] = self->opinions[view].scores;
    struct consensus alone = troupe__consensus_make(&self->table, scores);
    uint32_t champion = alone.leader;
    troupe__consensus_clear(&alone);
    return champion;
}

/* How far each option falls behind in the perspective that likes it least:
 * Savage's regret, the perspectives being the states. */
static void
find_regrets(struct decision_result *self)
{
    uint32_t rows = self->table.rows;
    self->regrets = troupe__alloc((rows + 1) * sizeof(double));
    for (unsigned v = 0; v < PERSPECTIVE_COUNT; v++) {
        const double *scores = self->opinions[v].scores;
        double best = -INFINITY;
        for (uint32_t i = 0; scores && i < rows; i++)
            best = fmax(best, scores[i]);
        for (uint32_t i = 0; scores && i < rows; i++)
            self->regrets[i] = fmax(self->regrets[i], best - scores[i]);
    }
}

/* Rankings may turn over when an option that lost is taken away. */
static void
find_reversals(struct decision_result *self)
{
    uint32_t rows = self->table.rows;
    uint32_t leader = self->consensus.leader;
    self->reversals = troupe__alloc((rows + 1) * sizeof *self->reversals);
    for (uint32_t i = 0; i < rows && rows > 2 && leader != NO_ROW; i++) {
        if (i == leader)
            continue;
        double *scores[PERSPECTIVE_COUNT] = {NULL};
        struct table less = troupe__table_without(&self->table, i);
        for (unsigned v = 0; v < PERSPECTIVE_COUNT; v++)
            if (self->opinions[v].scores)
                scores[v] = troupe__opinion(&less, v);
        struct consensus other = troupe__consensus_make(&less, scores);
        uint32_t row = other.leader == NO_ROW
                           ? NO_ROW
                           : other.leader + (other.leader >= i);
        if (row != leader)
            self->reversals[self->reversal_count++] =
                (struct reversal){.without = i, .leader = row};
        troupe__consensus_clear(&other);
        for (unsigned v = 0; v < PERSPECTIVE_COUNT; v++)
            free(scores[v]);
        troupe__table_clear(&less);
    }
}

/* The lead of a row in first places, and who is nearest to it. */
static void
find_lead(struct decision_result *self, uint32_t row)
{
    double mine = troupe__acceptability(self, row, 0);
    double best = -1;
    for (uint32_t i = 0; i < self->table.rows; i++) {
        double other = troupe__acceptability(self, i, 0);
        if (i == row || isnan(other) || other <= best)
            continue;
        best = other;
        self->rival = i;
    }
    if (isnan(mine) || self->rival == NO_ROW)
        return;
    double lead = mine - best;
    double error = sqrt(fmax(0, mine + best - lead * lead) / self->samples);
    self->lead = lead;
    self->noise = fmax(SURE * error, self->decision->margin);
}

static void
rule(struct decision_result *self, enum verdict_of_decision verdict,
     uint32_t winner, const char *why)
{
    self->verdict = verdict;
    self->winner = winner;
    snprintf(self->why, sizeof self->why, "%s", why);
}

/* Fewer than two to compare. */
static void
judge_few(struct decision_result *self)
{
    uint32_t excluded = 0;
    for (uint32_t i = 0; i < self->decision->option_count; i++)
        excluded += self->standing[i].excluded;
    uint32_t left = self->decision->option_count - excluded;
    if (left == 0) {
        rule(self, DECISION_INSUFFICIENT_DATA, NO_ROW,
             "every option breaks a hard limit");
    } else if (left == 1 && self->table.rows == 1) {
        rule(self, DECISION_RECOMMENDED, 0,
             "it is the only option that keeps the hard limits");
    } else {
        rule(self, DECISION_INSUFFICIENT_DATA, NO_ROW,
             "fewer than two options have all the values that are compared");
    }
}

static void
judge_samples(struct decision_result *self)
{
    uint32_t leader = self->consensus.leader;
    char why[sizeof self->why];
    if (self->samples == 0 && self->consensus.condorcet == leader) {
        rule(self, DECISION_RECOMMENDED, leader,
             "it beats each other option in most rankings; how robust that is "
             "could not be sampled");
        return;
    }
    if (self->samples == 0) {
        rule(self, DECISION_NO_CLEAR_WINNER, NO_ROW,
             "no option beats each other one, and nothing could be sampled");
        return;
    }
    bool clear = self->lead > self->noise;
    if (clear) {
        snprintf(why, sizeof why,
                 "it leads the rankings, and is first in %.0f %% of the weight "
                 "samples",
                 100 * troupe__acceptability(self, leader, 0));
    } else if (self->lead < 0) {
        snprintf(why, sizeof why,
                 "'%.60s' leads the rankings, but '%.60s' is first in more "
                 "weight samples",
                 troupe__result_title(self, leader),
                 troupe__result_title(self, self->rival));
    } else {
        snprintf(why, sizeof why,
                 "'%.60s' leads '%.60s' by %.1f points of the weight samples, "
                 "which is not more than the noise of %.1f",
                 troupe__result_title(self, leader),
                 troupe__result_title(self, self->rival), 100 * self->lead,
                 100 * self->noise);
    }
    rule(self, clear ? DECISION_RECOMMENDED : DECISION_NO_CLEAR_WINNER,
         clear ? leader : NO_ROW, why);
}

static void
judge(struct decision_result *self)
{
    if (self->table.rows < 2)
        judge_few(self);
    else if (self->table.column_count == 0) {
        rule(self, DECISION_INSUFFICIENT_DATA, NO_ROW,
             "there is nothing that all options can be compared by");
    } else if (self->consensus.ballots == 0) {
        rule(self, DECISION_INSUFFICIENT_DATA, NO_ROW,
             "no perspective gave a ranking");
    } else if (self->consensus.leader == NO_ROW) {
        rule(self, DECISION_NO_CLEAR_WINNER, NO_ROW,
             "the best options are equal in the rankings");
    } else {
        judge_samples(self);
    }
}

void
troupe__result_judge(struct decision_result *self)
{
    CHECK(self && self->decision);
    double *scores[PERSPECTIVE_COUNT];
    self->winner = self->rival = NO_ROW;
    self->lead = self->noise = NAN;
    map_rows(self);
    for (unsigned v = 0; v < PERSPECTIVE_COUNT; v++) {
        scores[v] = self->opinions[v].scores;
        self->champions[v] = scores[v] ? champion_of(self, v) : NO_ROW;
    }
    self->consensus = troupe__consensus_make(&self->table, scores);
    find_regrets(self);
    find_reversals(self);
    uint32_t leader = self->consensus.leader;
    self->stability =
        troupe__alloc((self->table.column_count + 1) * sizeof *self->stability);
    if (leader != NO_ROW) {
        find_lead(self, leader);
        self->stability_count =
            troupe__stability(&self->table, leader, self->stability);
    }
    judge(self);
}

void
troupe__result_clear(struct decision_result *self)
{
    CHECK(self);
    troupe__decision_destroy(&self->decision);
    troupe__table_clear(&self->table);
    troupe__consensus_clear(&self->consensus);
    for (unsigned v = 0; v < PERSPECTIVE_COUNT; v++)
        free(self->opinions[v].scores);
    free(self->standing);
    free(self->cells);
    free(self->options);
    free(self->dominators);
    free(self->samplers);
    free(self->counts);
    free(self->regrets);
    free(self->stability);
    free(self->reversals);
    *self = (struct decision_result){.decision = NULL};
}
