/* SPDX-License-Identifier: Apache-2.0 */
/* decide_estimate.h: what the strategies work out, of one option each. */
#ifndef TROUPE_ACTORS_DECIDE_ESTIMATE_H
#define TROUPE_ACTORS_DECIDE_ESTIMATE_H

#include "actors/decide_model.h"

/* Everything a cell can say; members of other strategies are NAN. */
struct estimate {
    bool enough; /* false: insufficient data, and `missing` says what */
    char missing[96];
    struct range net[PERSPECTIVE_COUNT + 1]; /* present values; last: base */
    double ratio;     /* benefit to cost, at the base rate; NAN: no cost */
    double payback;   /* periods; NAN: never */
    double loss;      /* expected */
    double tail;      /* CVaR: mean of the worst 5 % */
    double least;     /* loss that is certain */
    double worst;     /* when everything goes wrong */
    double mean;      /* of the stakeholders' scores, or of the duration */
    double minimum;   /* of the scores */
    double maximum;   /* of the scores */
    double deviation; /* of the duration */
    double on_time;   /* probability; NAN: no deadline */
};

/* troupe__estimate: what a strategy says of an option. */
struct estimate troupe__estimate(const struct decision *decision,
                                 enum group strategy, uint32_t option);

/* troupe__present_value: flows discounted to period 0. */
double troupe__present_value(const double *flows, uint32_t count, double rate);

/* troupe__payback: periods until the sum of flows is below 0 for the last
 * time, with part of a period; 0 when it never is, NAN when it ends so. */
double troupe__payback(const double *flows, uint32_t count);

/* troupe__tail_loss: CVaR at `level` of independent risks (Rockafellar &
 * Uryasev 2000); 0.95: the mean of the worst 5 %. */
double troupe__tail_loss(const struct risk *risks, uint32_t count,
                         double level);

/* troupe__schedule: PERT (Malcolm and others 1959): mean and variance of the
 * longest way through tasks that have no cycle. */
void troupe__schedule(const struct task *tasks, uint32_t count,
                      double *ret_mean, double *ret_variance);

/* troupe__tasks_cycle: a task on a cycle, or UINT32_MAX. */
uint32_t troupe__tasks_cycle(const struct task *tasks, uint32_t count);

#endif
