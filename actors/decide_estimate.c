/* SPDX-License-Identifier: Apache-2.0 */
/* decide_estimate.c: what each strategy says of one option. */
#include "actors/decide_estimate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "mailbox/check.h"

#define TAIL_LEVEL 0.95

double
troupe__present_value(const double *flows, uint32_t count, double rate)
{
    double sum = 0;
    double factor = 1;
    for (uint32_t i = 0; i < count; i++) {
        sum += flows[i] * factor;
        factor /= 1 + rate;
    }
    return sum;
}

double
troupe__payback(const double *flows, uint32_t count)
{
    double sum = 0;
    double owed = 0; /* after the last period that ended below 0 */
    uint32_t last = UINT32_MAX;
    for (uint32_t i = 0; i < count; i++) {
        sum += flows[i];
        owed = sum < 0 ? -sum : owed;
        last = sum < 0 ? i : last;
    }
    if (last == UINT32_MAX)
        return 0;
    return last + 1 < count ? last + owed / flows[last + 1] : NAN;
}

struct loss {
    double amount;
    double probability;
};

static int
by_amount(const void *one, const void *other)
{
    const struct loss *a = one;
    const struct loss *b = other;
    return (a->amount < b->amount) - (a->amount > b->amount);
}

double
troupe__tail_loss(const struct risk *risks, uint32_t count, double level)
{
    CHECK(count <= DECIDE_RISKS_MAX);
    uint32_t outcomes = 1u << count;
    struct loss *losses = troupe__alloc(outcomes * sizeof *losses);
    for (uint32_t i = 0; i < outcomes; i++) {
        losses[i] = (struct loss){0, 1};
        for (uint32_t j = 0; j < count; j++) {
            bool happens = i >> j & 1;
            losses[i].amount += happens ? risks[j].impact : 0;
            losses[i].probability *=
                happens ? risks[j].probability : 1 - risks[j].probability;
        }
    }
    qsort(losses, outcomes, sizeof *losses, by_amount);
    double left = 1 - level;
    double sum = 0;
    for (uint32_t i = 0; i < outcomes && left > 0; i++) {
        double share = fmin(left, losses[i].probability);
        sum += share * losses[i].amount;
        left -= share;
    }
    free(losses);
    return sum / (1 - level);
}

static double
task_mean(const struct task *task)
{
    return (task->optimistic + 4 * task->likely + task->pessimistic) / 6;
}

static double
task_variance(const struct task *task)
{
    return pow((task->pessimistic - task->optimistic) / 6, 2);
}

/* A task whose predecessors are all done, or UINT32_MAX. */
static uint32_t
next_task(const struct task *tasks, uint32_t count, const bool *done)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t waits = done[i];
        for (uint32_t j = 0; j < tasks[i].after_count; j++)
            waits += !done[tasks[i].after[j]];
        if (waits == 0)
            return i;
    }
    return UINT32_MAX;
}

uint32_t
troupe__tasks_cycle(const struct task *tasks, uint32_t count)
{
    bool done[DECIDE_TASKS_MAX] = {false};
    CHECK(count <= DECIDE_TASKS_MAX);
    for (uint32_t at; (at = next_task(tasks, count, done)) != UINT32_MAX;)
        done[at] = true;
    uint32_t stuck = 0;
    while (stuck < count && done[stuck])
        stuck += 1;
    if (stuck == count)
        return UINT32_MAX;
    /* Walk back along what it waits for: after `count` steps it is on one. */
    for (uint32_t step = 0; step < count; step++) {
        uint32_t j = 0;
        while (done[tasks[stuck].after[j]])
            j += 1;
        stuck = tasks[stuck].after[j];
    }
    return stuck;
}

void
troupe__schedule(const struct task *tasks, uint32_t count, double *ret_mean,
                 double *ret_variance)
{
    CHECK(count <= DECIDE_TASKS_MAX);
    double end[DECIDE_TASKS_MAX] = {0};
    double variance[DECIDE_TASKS_MAX] = {0};
    bool done[DECIDE_TASKS_MAX] = {false};
    *ret_mean = 0;
    *ret_variance = 0;
    for (uint32_t at; (at = next_task(tasks, count, done)) != UINT32_MAX;) {
        double begin = 0;
        double spread = 0;
        for (uint32_t j = 0; j < tasks[at].after_count; j++) {
            uint32_t before = tasks[at].after[j];
            bool later = end[before] > begin;
            if (later || (end[before] >= begin && variance[before] > spread))
                spread = variance[before];
            begin = fmax(begin, end[before]);
        }
        done[at] = true;
        end[at] = begin + task_mean(&tasks[at]);
        variance[at] = spread + task_variance(&tasks[at]);
        /* Of two ways that are as long, the less certain one counts. */
        if (end[at] > *ret_mean
            || (end[at] >= *ret_mean && variance[at] > *ret_variance))
            *ret_variance = variance[at];
        *ret_mean = fmax(*ret_mean, end[at]);
    }
}

static void
lacks(struct estimate *self, const char *what)
{
    self->enough = false;
    snprintf(self->missing, sizeof self->missing, "%s", what);
}

static struct range
present_range(const struct option *option, double rate)
{
    double low[DECIDE_FLOWS_MAX];
    double mode[DECIDE_FLOWS_MAX];
    double high[DECIDE_FLOWS_MAX];
    uint32_t count = option->flow_count;
    for (uint32_t i = 0; i < count; i++) {
        low[i] = option->flows[i].low;
        mode[i] = option->flows[i].mode;
        high[i] = option->flows[i].high;
    }
    return (struct range){troupe__present_value(low, count, rate),
                          troupe__present_value(mode, count, rate),
                          troupe__present_value(high, count, rate)};
}

static void
weigh_money(const struct decision *decision, const struct option *option,
            struct estimate *ret)
{
    if (option->flow_count == 0) {
        lacks(ret, "no cash_flow");
        return;
    }
    double costs[DECIDE_FLOWS_MAX];
    double gains[DECIDE_FLOWS_MAX];
    double flows[DECIDE_FLOWS_MAX];
    for (uint32_t i = 0; i < option->flow_count; i++) {
        flows[i] = option->flows[i].mode;
        costs[i] = fmax(0, -flows[i]);
        gains[i] = fmax(0, flows[i]);
    }
    uint32_t count = option->flow_count;
    for (unsigned i = 0; i < PERSPECTIVE_COUNT; i++)
        ret->net[i] = present_range(option, decision->perspectives[i].rate);
    ret->net[PERSPECTIVE_COUNT] = present_range(option, decision->rate);
    double cost = troupe__present_value(costs, count, decision->rate);
    if (cost > 0)
        ret->ratio = troupe__present_value(gains, count, decision->rate) / cost;
    ret->payback = troupe__payback(flows, count);
}

static void
weigh_risks(const struct option *option, struct estimate *ret)
{
    if (!option->has_risks) {
        lacks(ret, "no risks; write 'risks: {}' when there are none");
        return;
    }
    ret->loss = ret->least = ret->worst = 0;
    for (uint32_t i = 0; i < option->risk_count; i++) {
        const struct risk *risk = &option->risks[i];
        ret->loss += risk->probability * risk->impact;
        ret->least +=
            risk->probability >= 1 ? risk->impact : fmin(0, risk->impact);
        if (risk->probability > 0)
            ret->worst +=
                risk->probability >= 1 ? risk->impact : fmax(0, risk->impact);
    }
    ret->tail =
        troupe__tail_loss(option->risks, option->risk_count, TAIL_LEVEL);
}

static void
weigh_scores(const struct decision *decision, const struct option *option,
             struct estimate *ret)
{
    double sum = 0;
    double weights = 0;
    if (decision->stakeholder_count == 0)
        lacks(ret, "no stakeholders");
    for (uint32_t i = 0; i < decision->stakeholder_count; i++) {
        const struct named_weight *who = &decision->stakeholders[i];
        double score = option->scores[i];
        if (isnan(score)) {
            lacks(ret, "");
            snprintf(ret->missing, sizeof ret->missing, "no score of '%s'",
                     who->id);
            return;
        }
        sum += who->weight * score;
        weights += who->weight;
        ret->minimum = fmin(ret->minimum, score); /* of NAN: the other */
        ret->maximum = fmax(ret->maximum, score);
    }
    if (ret->enough)
        ret->mean = sum / weights;
}

static void
weigh_tasks(const struct decision *decision, const struct option *option,
            struct estimate *ret)
{
    if (option->task_count == 0) {
        lacks(ret, "no schedule");
        return;
    }
    double variance = 0;
    troupe__schedule(option->tasks, option->task_count, &ret->mean, &variance);
    ret->deviation = sqrt(variance);
    double left = decision->deadline - ret->mean;
    if (isnan(left))
        return;
    ret->on_time = ret->deviation > 0
                       ? erfc(-left / ret->deviation / sqrt(2)) / 2
                       : left >= 0;
}

struct estimate
troupe__estimate(const struct decision *decision, enum group strategy,
                 uint32_t option)
{
    CHECK(decision && option < decision->option_count);
    const struct option *it = &decision->options[option];
    struct estimate estimate = {.enough = true,
                                .ratio = NAN,
                                .payback = NAN,
                                .loss = NAN,
                                .tail = NAN,
                                .least = NAN,
                                .worst = NAN,
                                .mean = NAN,
                                .minimum = NAN,
                                .maximum = NAN,
                                .deviation = NAN,
                                .on_time = NAN};
    for (unsigned i = 0; i <= PERSPECTIVE_COUNT; i++)
        estimate.net[i] = (struct range){NAN, NAN, NAN};
    if (strategy == GROUP_COST_BENEFIT)
        weigh_money(decision, it, &estimate);
    else if (strategy == GROUP_RISK)
        weigh_risks(it, &estimate);
    else if (strategy == GROUP_STAKEHOLDERS)
        weigh_scores(decision, it, &estimate);
    else if (strategy == GROUP_TIMELINE)
        weigh_tasks(decision, it, &estimate);
    return estimate;
}
