/* SPDX-License-Identifier: Apache-2.0 */
/* decide_model.h: a decision as its actors work on it. */
#ifndef TROUPE_ACTORS_DECIDE_MODEL_H
#define TROUPE_ACTORS_DECIDE_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "actors/decide_methods.h"
#include "actors/scratch.h"

#define DECIDE_OPTIONS_MAX 64
#define DECIDE_COLUMNS_MAX 32 /* criteria, stakeholders, states */
#define DECIDE_RISKS_MAX   16 /* of an option: 2^16 outcomes are looked at */
#define DECIDE_TASKS_MAX   200
#define DECIDE_FLOWS_MAX   200

/* What an option is judged by: its criteria, the four strategies, and what it
 * pays in the states of a decision node. */
enum group {
    GROUP_CRITERIA,
    GROUP_COST_BENEFIT,
    GROUP_RISK,
    GROUP_STAKEHOLDERS,
    GROUP_TIMELINE,
    GROUP_PAYOFFS,
    GROUP_COUNT
};
#define STRATEGY_COUNT 4 /* group - 1 is a strategy's index */

enum perspective_index {
    PERSPECTIVE_SHORT_TERM,
    PERSPECTIVE_LONG_TERM,
    PERSPECTIVE_RISK_AVERSE,
    PERSPECTIVE_OPPORTUNITY,
    PERSPECTIVE_COUNT
};

/* troupe__group_name: "criteria", "cost_benefit", ... */
const char *troupe__group_name(enum group group);
/* troupe__perspective_name: "short_term", ... */
const char *troupe__perspective_name(enum perspective_index index);

/* Weights and an attitude. */
struct perspective {
    double rate;                 /* discount rate */
    double optimism;             /* Hurwicz: 0 worst end .. 1 best; NAN: mean */
    double weights[GROUP_COUNT]; /* factors on the decision's own */
};

enum weighting { WEIGHTING_GIVEN, WEIGHTING_AHP, WEIGHTING_ENTROPY };

struct criterion {
    const char *id;
    const char *unit; /* "" for none */
    double weight;    /* NAN: not given */
    double limit;     /* hard: at most, or with `max` at least; NAN: none */
    bool max;
};

struct named_weight { /* a stakeholder, or a state and its probability */
    const char *id;
    double weight; /* NAN: not given */
};

struct risk {
    const char *id;
    double probability;
    double impact; /* a loss when above 0 */
};

struct task {
    const char *id;
    double optimistic, likely, pessimistic;
    uint32_t *after; /* indices of tasks before it in the list or behind */
    uint32_t after_count;
};

struct option {
    const char *id;
    const char *title;    /* the id when none is given */
    struct range *values; /* by criterion; mode NAN: not known */
    struct range *flows;  /* of money, by period from 0 on */
    uint32_t flow_count;
    double *scores; /* by stakeholder; NAN: not known */
    struct risk *risks;
    uint32_t risk_count;
    bool has_risks; /* a list that is empty says that there are none */
    struct task *tasks;
    uint32_t task_count;
    double *payoffs; /* by state; NAN: not known */
};

struct decision {
    struct scratch *scratch; /* owns all of it */
    const char *problem;
    const char *money; /* unit of flows and impacts, "" for none */
    const char *time;  /* unit of tasks, "" for none */
    struct criterion *criteria;
    uint32_t criterion_count;
    double *comparisons; /* criteria by pairs; NULL: none */
    enum weighting weighting;
    struct named_weight *stakeholders;
    uint32_t stakeholder_count;
    struct named_weight *states;
    uint32_t state_count;
    struct option *options;
    uint32_t option_count;
    double rate;     /* NAN: not given */
    double deadline; /* of the tasks; NAN: none */
    double margin;   /* lead that a clear winner has, 0 .. 1 */
    double weights[GROUP_COUNT];
    struct perspective perspectives[PERSPECTIVE_COUNT];
    /* Worked out after reading: */
    double *criterion_weights; /* adding up to 1; entropy's come later */
    double consistency;        /* of the comparisons; NAN: none */
};

/* Something that is wrong: where, as a JSON pointer (RFC 6901), and words. */
struct problem {
    const char *pointer;
    bool at_key; /* the key there, not its value */
    const char *text;
};

struct problems {
    struct problem *items;
    uint32_t count;
    struct scratch *scratch; /* owns them */
};

struct msgpack_object;

/*
 * troupe__decision_read: a decision from its form in DECISION.md.
 *
 *   problems      out: what is wrong, empty when all is well; scratch set.
 *   ret_decision  out: to be ended with troupe__decision_destroy().
 *   returns       0, or -EINVAL with at least one problem
 */
int troupe__decision_read(const struct msgpack_object *object,
                          struct problems *problems,
                          struct decision **ret_decision);

/* troupe__decision_read_part: the same of what a cell is given: one option may
 * be all, and it may have no data. */
int troupe__decision_read_part(const struct msgpack_object *object,
                               struct problems *problems,
                               struct decision **ret_decision);

/* troupe__decision_destroy: free *self_p and set it to NULL; NULL is fine. */
void troupe__decision_destroy(struct decision **self_p);

#endif
