/* SPDX-License-Identifier: Apache-2.0 */
/* decide_payoff.c: a decision node: payoffs in states of the world. */
#include "actors/decide_methods.h"

#include <math.h>
#include <stddef.h>

#include "mailbox/check.h"

static double
payoff(const struct payoffs *self, uint32_t option, uint32_t state)
{
    CHECK(option < self->options && state < self->states);
    return self->values[(size_t) option * self->states + state];
}

static double
probability(const struct payoffs *self, uint32_t state)
{
    return self->probabilities ? self->probabilities[state]
                               : 1.0 / self->states;
}

static double
best_in(const struct payoffs *self, uint32_t state)
{
    double best = payoff(self, 0, state);
    for (uint32_t i = 1; i < self->options; i++)
        best = fmax(best, payoff(self, i, state));
    return best;
}

double
troupe__maximin(const struct payoffs *self, uint32_t option)
{
    double least = payoff(self, option, 0);
    for (uint32_t j = 1; j < self->states; j++)
        least = fmin(least, payoff(self, option, j));
    return least;
}

double
troupe__maximax(const struct payoffs *self, uint32_t option)
{
    double most = payoff(self, option, 0);
    for (uint32_t j = 1; j < self->states; j++)
        most = fmax(most, payoff(self, option, j));
    return most;
}

double
troupe__hurwicz(const struct payoffs *self, uint32_t option, double optimism)
{
    return optimism * troupe__maximax(self, option)
           + (1 - optimism) * troupe__maximin(self, option);
}

double
troupe__regret(const struct payoffs *self, uint32_t option)
{
    double most = 0;
    for (uint32_t j = 0; j < self->states; j++)
        most = fmax(most, best_in(self, j) - payoff(self, option, j));
    return most;
}

double
troupe__expected(const struct payoffs *self, uint32_t option)
{
    double sum = 0;
    for (uint32_t j = 0; j < self->states; j++)
        sum += probability(self, j) * payoff(self, option, j);
    return sum;
}

double
troupe__perfect_information(const struct payoffs *self)
{
    double knowing = 0;
    double best = troupe__expected(self, 0);
    for (uint32_t j = 0; j < self->states; j++)
        knowing += probability(self, j) * best_in(self, j);
    for (uint32_t i = 1; i < self->options; i++)
        best = fmax(best, troupe__expected(self, i));
    return knowing - best;
}
