/* SPDX-License-Identifier: Apache-2.0 */
/* decide_make.c: who contends, and the table of what is known of them. */
#include "actors/decide_table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "mailbox/check.h"

#define ALL_VIEWS ((1u << VIEW_COUNT) - 1)
#define SPREAD_90 1.645 /* standard deviations: 5 % lie beyond at each end */

static void
hold_to_limit(const struct criterion *criterion, const struct range *value,
              struct standing *ret)
{
    double bad = criterion->max ? value->low : value->high;
    double sign = criterion->max ? 1 : -1;
    const char *word = criterion->max ? "at least" : "at most";
    if (sign * (value->mode - criterion->limit) < 0) {
        ret->excluded = true;
        snprintf(ret->reason, sizeof ret->reason, "%s is %g, the limit %s %g",
                 criterion->id, value->mode, word, criterion->limit);
    } else if (sign * (bad - criterion->limit) < 0) {
        snprintf(ret->doubt, sizeof ret->doubt,
                 "%s may become %g, the limit is %s %g", criterion->id, bad,
                 word, criterion->limit);
    }
}

struct standing
troupe__standing(const struct decision *decision, uint32_t option)
{
    struct standing standing = {.excluded = false};
    const struct option *it = &decision->options[option];
    for (uint32_t j = 0; j < decision->criterion_count; j++) {
        const struct criterion *criterion = &decision->criteria[j];
        if (isnan(it->values[j].mode) && !standing.excluded) {
            standing.incomplete = true;
            snprintf(standing.reason, sizeof standing.reason,
                     "no value for '%s'", criterion->id);
        } else if (!isnan(criterion->limit) && !isnan(it->values[j].mode)
                   && !standing.excluded) {
            hold_to_limit(criterion, &it->values[j], &standing);
        }
    }
    standing.incomplete &= !standing.excluded;
    return standing;
}

/* The columns that are being made, and whom they are made of. */
struct making {
    const struct decision *decision;
    const struct cell *cells;
    const uint32_t *options; /* by row */
    struct table *table;
};

static struct column *
add_column(struct making *self, const char *id, enum group group, bool max)
{
    struct column *column = &self->table->columns[self->table->column_count++];
    CHECK(self->table->column_count <= TABLE_COLUMNS_MAX);
    *column = (struct column){.id = id,
                              .group = group,
                              .max = max,
                              .exact = true,
                              .views = ALL_VIEWS,
                              .weight = 1};
    return column;
}

static const struct estimate *
estimate_of(const struct making *self, uint32_t row, enum group group)
{
    return &self->cells[(size_t) self->options[row] * STRATEGY_COUNT
                        + (group - 1)]
                .estimate;
}

/* One number of an estimate as a range; the deadline decides which of time. */
static struct range
range_of(const struct making *self, const struct estimate *it, enum group group,
         uint32_t view)
{
    if (group == GROUP_COST_BENEFIT)
        return it->net[view];
    if (group == GROUP_RISK)
        return (struct range){it->least, it->loss, it->tail};
    if (group == GROUP_STAKEHOLDERS)
        return (struct range){it->minimum, it->mean, it->maximum};
    if (!isnan(self->decision->deadline)) {
        /* Estimates do not know it to more than a point: 0.9999 is 1. */
        double share = round(100 * it->on_time) / 100;
        return (struct range){share, share, share};
    }
    return (struct range){it->mean - SPREAD_90 * it->deviation, it->mean,
                          it->mean + SPREAD_90 * it->deviation};
}

static void
add_strategy(struct making *self, enum group group)
{
    static const char *const names[] = {
        [GROUP_COST_BENEFIT] = "net present value",
        [GROUP_RISK] = "expected loss",
        [GROUP_STAKEHOLDERS] = "stakeholders",
        [GROUP_TIMELINE] = "duration",
    };
    bool on_time = group == GROUP_TIMELINE && !isnan(self->decision->deadline);
    bool money = group == GROUP_COST_BENEFIT;
    bool max = money || on_time || group == GROUP_STAKEHOLDERS;
    uint32_t views = money ? VIEW_COUNT : 1; /* each has a discount rate */
    for (uint32_t view = 0; view < views; view++) {
        struct column *column =
            add_column(self, on_time ? "on time" : names[group], group, max);
        column->exact = !money;
        column->views = money ? 1u << view : ALL_VIEWS;
    }
    struct table *table = self->table;
    for (uint32_t i = 0; i < table->rows; i++) {
        for (uint32_t view = 0; view < views; view++) {
            table->cells[(size_t) i * TABLE_COLUMNS_MAX + table->column_count
                         - views + view] =
                range_of(self, estimate_of(self, i, group), group, view);
        }
    }
}

static void
add_criteria(struct making *self)
{
    const struct decision *decision = self->decision;
    for (uint32_t j = 0; j < decision->criterion_count; j++) {
        const struct criterion *criterion = &decision->criteria[j];
        struct column *column =
            add_column(self, criterion->id, GROUP_CRITERIA, criterion->max);
        column->exact = false;
        column->weight = decision->criterion_weights[j];
        for (uint32_t i = 0; i < self->table->rows; i++)
            self->table->cells[(size_t) i * TABLE_COLUMNS_MAX + j] =
                decision->options[self->options[i]].values[j];
    }
}

static struct payoffs
payoffs_of(const struct decision *decision, const struct option *option,
           double *probabilities)
{
    for (uint32_t j = 0; j < decision->state_count; j++)
        probabilities[j] = decision->states[j].weight;
    return (struct payoffs){1, decision->state_count, option->payoffs,
                            probabilities};
}

static void
add_payoffs(struct making *self)
{
    struct table *table = self->table;
    (void) add_column(self, "payoff", GROUP_PAYOFFS, true);
    for (uint32_t i = 0; i < table->rows; i++) {
        double probabilities[DECIDE_COLUMNS_MAX];
        struct payoffs payoffs = payoffs_of(
            self->decision, &self->decision->options[self->options[i]],
            probabilities);
        table->cells[(size_t) i * TABLE_COLUMNS_MAX + table->column_count - 1] =
            (struct range){troupe__maximin(&payoffs, 0),
                           troupe__expected(&payoffs, 0),
                           troupe__maximax(&payoffs, 0)};
    }
}

/* Whether all that contend have what the group wants. */
static bool
all_have(const struct making *self, enum group group)
{
    const struct decision *decision = self->decision;
    bool all = self->table->rows > 0;
    for (uint32_t i = 0; i < self->table->rows; i++) {
        const struct option *option = &decision->options[self->options[i]];
        const struct cell *cell =
            &self->cells[(size_t) self->options[i] * STRATEGY_COUNT];
        if (group == GROUP_PAYOFFS) {
            all &= decision->state_count > 0;
            for (uint32_t j = 0; j < decision->state_count; j++)
                all &= !isnan(option->payoffs[j]);
        } else if (group != GROUP_CRITERIA) {
            all &= cell[group - 1].done && cell[group - 1].estimate.enough;
        }
    }
    return all && (group != GROUP_CRITERIA || decision->criterion_count > 0);
}

/* Cells were laid out for the most columns there may be. */
static void
close_up(struct table *self)
{
    for (uint32_t i = 0; i < self->rows; i++) {
        for (uint32_t j = 0; j < self->column_count; j++)
            self->cells[(size_t) i * self->column_count + j] =
                self->cells[(size_t) i * TABLE_COLUMNS_MAX + j];
    }
}

/* Entropy weighs by what is known now: the values of those that contend. */
static void
weigh_by_entropy(struct table *self, uint32_t criteria)
{
    struct table alone = troupe__table_without(self, UINT32_MAX);
    double *weights = troupe__alloc((criteria + 1) * sizeof *weights);
    for (unsigned i = 1; i < GROUP_COUNT; i++)
        alone.views[VIEW_BASE].weights[i] = 0;
    alone.views[VIEW_BASE].weights[GROUP_CRITERIA] = 1;
    struct sight sight = troupe__sight(&alone, VIEW_BASE);
    if (sight.matrix.columns == criteria
        && troupe__entropy_weights(&sight.matrix, weights)) {
        for (uint32_t j = 0; j < criteria; j++)
            self->columns[j].weight = weights[j];
    } else {
        self->unweighed = true;
    }
    troupe__sight_clear(&sight);
    troupe__table_clear(&alone);
    free(weights);
}

static void
set_views(struct table *self, const struct decision *decision)
{
    self->views[VIEW_BASE].optimism = NAN;
    for (unsigned i = 0; i < GROUP_COUNT; i++)
        self->views[VIEW_BASE].weights[i] = decision->weights[i];
    for (unsigned v = 0; v < PERSPECTIVE_COUNT; v++) {
        const struct perspective *it = &decision->perspectives[v];
        self->views[v].optimism = it->optimism;
        for (unsigned i = 0; i < GROUP_COUNT; i++)
            self->views[v].weights[i] = decision->weights[i] * it->weights[i];
    }
}

struct table
troupe__table_make(const struct decision *decision, const struct cell *cells,
                   const struct standing *standing, bool used[GROUP_COUNT])
{
    CHECK(decision && cells && standing && used);
    uint32_t options[DECIDE_OPTIONS_MAX];
    struct table table = troupe__table_new(decision->option_count);
    table.rows = 0;
    for (uint32_t i = 0; i < decision->option_count; i++) {
        if (standing[i].excluded || standing[i].incomplete)
            continue;
        table.ids[table.rows] = decision->options[i].id;
        options[table.rows++] = i;
    }
    struct making making = {decision, cells, options, &table};
    for (unsigned i = 0; i < GROUP_COUNT; i++) {
        used[i] = all_have(&making, (enum group) i);
        if (used[i] && i == GROUP_CRITERIA)
            add_criteria(&making);
        else if (used[i] && i == GROUP_PAYOFFS)
            add_payoffs(&making);
        else if (used[i])
            add_strategy(&making, (enum group) i);
    }
    close_up(&table);
    set_views(&table, decision);
    if (decision->weighting == WEIGHTING_ENTROPY && used[GROUP_CRITERIA])
        weigh_by_entropy(&table, decision->criterion_count);
    return table;
}
