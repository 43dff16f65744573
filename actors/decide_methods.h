/* SPDX-License-Identifier: Apache-2.0 */
/* decide_methods.h: the arithmetic of decisions, on plain numbers. */
#ifndef TROUPE_ACTORS_DECIDE_METHODS_H
#define TROUPE_ACTORS_DECIDE_METHODS_H

#include <stdbool.h>
#include <stdint.h>

/* Something between two ends, most likely `mode`: a triangular distribution;
 * a number that is known has all three alike. */
struct range {
    double low, mode, high;
};

/* troupe__range_mean: of the triangular distribution. */
double troupe__range_mean(const struct range *self);

/* What is to be ranked: `rows` options by `columns` criteria. */
struct matrix {
    uint32_t rows;
    uint32_t columns;
    const bool *max;       /* by column: more is better */
    const double *weights; /* by column; they add up to 1 */
    const double *values;  /* row by row, finite */
};

/*
 * The methods. Each writes a score for each row, where more is better.
 *
 *   returns  true, or false when the method cannot be used on such numbers;
 *            the scores are untouched then
 */

/* Min-max normalised, then the weighted sum (Fishburn 1967). 0 .. 1. */
bool troupe__weighted_sum(const struct matrix *self, double *scores);

/* Product of (value / best) ^ weight (Bridgman 1922); only when each value is
 * above 0. 0 .. 1. */
bool troupe__weighted_product(const struct matrix *self, double *scores);

/* Closeness to the ideal, vector normalised (Hwang & Yoon 1981). 0 .. 1. */
bool troupe__topsis(const struct matrix *self, double *scores);

/* 1 - Q with v = 0.5 (Opricovic 1998): the least regret of a group. 0 .. 1. */
bool troupe__vikor(const struct matrix *self, double *scores);

enum method {
    METHOD_WEIGHTED_SUM,
    METHOD_WEIGHTED_PRODUCT,
    METHOD_TOPSIS,
    METHOD_VIKOR,
    METHOD_COUNT
};

const char *troupe__method_name(enum method method);
bool troupe__method_run(enum method method, const struct matrix *matrix,
                        double *scores);

/* troupe__ranks: 1 for the best; equal ones share the mean of their ranks. */
void troupe__ranks(const double *scores, uint32_t count, double *ret_ranks);

/* troupe__dominates: at least as good by each column, better by one. */
bool troupe__dominates(const struct matrix *self, uint32_t one, uint32_t other);

/*
 * troupe__ahp: weights from comparisons by pairs: the principal eigenvector
 * (Saaty 1977).
 *
 *   comparisons  n x n, reciprocal, above 0.
 *   ret_weights  out: n, adding up to 1.
 *   ret_lambda   out: the principal eigenvalue; n when all is consistent.
 *   returns      the consistency ratio; over 0.1 the comparisons contradict
 *                each other too much (Saaty 1980, with his random indices)
 */
double troupe__ahp(const double *comparisons, uint32_t n, double *ret_weights,
                   double *ret_lambda);

/* troupe__entropy_weights: a criterion weighs as much as it tells the options
 * apart (Shannon 1948; Zeleny 1982); false when a value is not above 0. */
bool troupe__entropy_weights(const struct matrix *self, double *ret_weights);

/* Rankings that are put together: `ballots` x `options` ranks. */
struct ballots {
    uint32_t options;
    uint32_t count;
    const double *ranks;   /* ballot by ballot, 1 is best */
    const double *weights; /* by ballot; NULL: 1 each */
};

/* troupe__borda: options - rank, summed over ballots (Borda 1781). */
void troupe__borda(const struct ballots *self, double *ret_scores);

/* troupe__copeland: 1 for each other that most ballots rank behind, 1/2 for
 * each tie (Copeland 1951). */
void troupe__copeland(const struct ballots *self, double *ret_scores);

/* troupe__condorcet: who beats each other one, or UINT32_MAX. */
uint32_t troupe__condorcet(const struct ballots *self);

/* A decision node: payoffs of `options` in `states` of the world. */
struct payoffs {
    uint32_t options;
    uint32_t states;
    const double *values;        /* option by option */
    const double *probabilities; /* by state, adding up to 1; NULL: unknown */
};

double troupe__maximin(const struct payoffs *self, uint32_t option);
double troupe__maximax(const struct payoffs *self, uint32_t option);
double troupe__hurwicz(const struct payoffs *self, uint32_t option,
                       double optimism);
/* The most that the option falls behind the best in a state (Savage 1951). */
double troupe__regret(const struct payoffs *self, uint32_t option);
/* Without probabilities all states are alike (Laplace). */
double troupe__expected(const struct payoffs *self, uint32_t option);
/* What it would be worth to know the state beforehand. */
double troupe__perfect_information(const struct payoffs *self);

#endif
