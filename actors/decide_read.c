/* SPDX-License-Identifier: Apache-2.0 */
/* decide_read.c: a decision read as a whole, and what must fit together. */
#include "actors/decide_reader.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "mailbox/check.h"

#define MARGIN        0.05
#define CRITERIA      4 /* they weigh as much as the four strategies */
#define SHORT_PREMIUM 0.05
#define SUM_TOLERANCE 1e-6

const char *
troupe__group_name(enum group group)
{
    static const char *const names[GROUP_COUNT] = {
        [GROUP_CRITERIA] = "criteria",
        [GROUP_COST_BENEFIT] = "cost_benefit",
        [GROUP_RISK] = "risk_assessment",
        [GROUP_STAKEHOLDERS] = "stakeholder_impact",
        [GROUP_TIMELINE] = "timeline_analysis",
        [GROUP_PAYOFFS] = "payoffs",
    };
    CHECK(group < GROUP_COUNT);
    return names[group];
}

const char *
troupe__perspective_name(enum perspective_index index)
{
    static const char *const names[PERSPECTIVE_COUNT] = {
        [PERSPECTIVE_SHORT_TERM] = "short_term",
        [PERSPECTIVE_LONG_TERM] = "long_term",
        [PERSPECTIVE_RISK_AVERSE] = "risk_averse",
        [PERSPECTIVE_OPPORTUNITY] = "opportunity_focused",
    };
    CHECK(index < PERSPECTIVE_COUNT);
    return names[index];
}

/* What a perspective is when the file says nothing of it. */
static void
begin_perspectives(struct decision *self)
{
    static const struct perspective standard[PERSPECTIVE_COUNT] = {
        [PERSPECTIVE_SHORT_TERM] = {NAN, NAN, {1, 1, 1, 1, 2, 1}},
        [PERSPECTIVE_LONG_TERM] = {NAN, NAN, {1, 2, 1, 2, 0.5, 1}},
        [PERSPECTIVE_RISK_AVERSE] = {NAN, 0.2, {1, 1, 3, 1, 1, 1}},
        [PERSPECTIVE_OPPORTUNITY] = {NAN, 0.8, {1, 2, 0.5, 1, 1, 1}},
    };
    for (unsigned i = 0; i < PERSPECTIVE_COUNT; i++)
        self->perspectives[i] = standard[i];
    for (unsigned i = 0; i < GROUP_COUNT; i++)
        self->weights[i] = i == GROUP_CRITERIA ? CRITERIA : 1;
    self->rate = self->deadline = self->consistency = NAN;
    self->margin = MARGIN;
    self->problem = self->money = self->time = "";
}

/* Money now is worth more to who looks at the next year alone. */
static void
end_perspectives(struct decision *self)
{
    for (unsigned i = 0; i < PERSPECTIVE_COUNT; i++) {
        struct perspective *it = &self->perspectives[i];
        if (isnan(it->rate)) {
            it->rate = i == PERSPECTIVE_SHORT_TERM  ? self->rate + SHORT_PREMIUM
                       : i == PERSPECTIVE_LONG_TERM ? self->rate / 2
                                                    : self->rate;
        }
    }
}

static void
read_scalars(struct reader *self, const struct spot *root)
{
    struct decision *decision = self->decision;
    struct spot it;
    if (troupe__find(root, "problem", &it))
        decision->problem = troupe__read_text(self, &it);
    else {
        troupe__problem(self, root, false,
                        "a decision has no 'problem'; add a sentence that says "
                        "what is to be decided");
    }
    if (troupe__find(root, "money", &it))
        decision->money = troupe__read_text(self, &it);
    if (troupe__find(root, "time", &it))
        decision->time = troupe__read_text(self, &it);
    if (troupe__find(root, "discount_rate", &it))
        decision->rate = troupe__read_real(self, &it, -0.99, 100);
    if (troupe__find(root, "deadline", &it))
        decision->deadline = troupe__read_real(self, &it, 0, INFINITY);
    if (troupe__find(root, "margin", &it))
        decision->margin = troupe__read_real(self, &it, 0, 1);
}

/* Probabilities add up, and each option has all payoffs or none. */
static void
check_states(struct reader *self, const struct spot *root)
{
    const struct decision *decision = self->decision;
    struct spot at;
    double sum = 0;
    for (uint32_t i = 0; i < decision->state_count; i++)
        sum += decision->states[i].weight;
    if (decision->state_count > 0 && fabs(sum - 1) > SUM_TOLERANCE
        && troupe__find(root, "states", &at)) {
        troupe__problem(self, &at, true,
                        "the probabilities of the states add up to %g; make "
                        "that 1",
                        sum);
    }
}

/* A schedule or a flow of money wants to know what it is held against. */
static void
check_rate(struct reader *self, const struct spot *root)
{
    const struct decision *decision = self->decision;
    bool flows = false;
    struct spot it;
    for (uint32_t i = 0; i < decision->option_count; i++)
        flows |= decision->options[i].flow_count > 0;
    if (flows && !troupe__find(root, "discount_rate", &it)) {
        troupe__problem(self, root, false,
                        "cash_flow wants a 'discount_rate'; add one, such as "
                        "0.05, or 0");
    }
}

static void
work_out_weights(struct decision *self)
{
    uint32_t n = self->criterion_count;
    self->criterion_weights =
        troupe__scratch_alloc(self->scratch, (n + 1) * sizeof(double));
    if (self->weighting == WEIGHTING_AHP && n > 0) {
        self->consistency =
            troupe__ahp(self->comparisons, n, self->criterion_weights, NULL);
        return;
    }
    double sum = 0;
    for (uint32_t i = 0; i < n; i++)
        sum += self->criteria[i].weight;
    for (uint32_t i = 0; i < n; i++)
        self->criterion_weights[i] =
            isnan(sum) ? 1.0 / n : self->criteria[i].weight / sum;
}

static void
read_all(struct reader *self, const struct spot *root)
{
    static const char *const keys[] = {
        "problem",      "criteria", "comparisons",   "weighting",    "options",
        "stakeholders", "states",   "discount_rate", "deadline",     "money",
        "time",         "margin",   "weights",       "perspectives", NULL};
    struct decision *decision = self->decision;
    if (!troupe__is_map(self, root, 64, "keys such as problem and options"))
        return;
    troupe__check_keys(self, root, "a decision", keys);
    read_scalars(self, root);
    troupe__read_criteria(self, root);
    troupe__read_named(self, root, "stakeholders", INFINITY,
                       &decision->stakeholders, &decision->stakeholder_count);
    troupe__read_named(self, root, "states", 1, &decision->states,
                       &decision->state_count);
    troupe__read_perspectives(self, root);
    troupe__read_options(self, root);
    check_states(self, root);
    check_rate(self, root);
}

static int
read_decision(const msgpack_object *object, bool part,
              struct problems *problems, struct decision **ret_decision)
{
    CHECK(object && problems && problems->scratch && ret_decision);
    struct decision *decision = troupe__alloc(sizeof *decision);
    decision->scratch = troupe__scratch_new();
    struct reader reader = {decision, problems, part};
    struct spot root = {.object = object};
    begin_perspectives(decision);
    read_all(&reader, &root);
    if (problems->count > 0) {
        troupe__decision_destroy(&decision);
        return -EINVAL;
    }
    end_perspectives(decision);
    work_out_weights(decision);
    *ret_decision = decision;
    return 0;
}

int
troupe__decision_read(const msgpack_object *object, struct problems *problems,
                      struct decision **ret_decision)
{
    return read_decision(object, false, problems, ret_decision);
}

int
troupe__decision_read_part(const msgpack_object *object,
                           struct problems *problems,
                           struct decision **ret_decision)
{
    return read_decision(object, true, problems, ret_decision);
}

void
troupe__decision_destroy(struct decision **self_p)
{
    CHECK(self_p);
    struct decision *self = *self_p;
    if (!self)
        return;
    troupe__scratch_destroy(&self->scratch);
    free(self);
    *self_p = NULL;
}
