/* SPDX-License-Identifier: Apache-2.0 */
/* decide_weigh.c: where weights come from: comparisons, or the numbers. */
#include "actors/decide_methods.h"

#include <math.h>
#include <stdlib.h>

#include "mailbox/check.h"

#define TURNS_MAX 10000
#define PRECISION 1e-13

/* Saaty's indices of random matrices (1980); the last one for more rows. */
static const double random_index[] = {0,    0,    0,    0.58, 0.90, 1.12,
                                      1.24, 1.32, 1.41, 1.45, 1.49, 1.51,
                                      1.54, 1.56, 1.57, 1.59};
#define RANDOM_COUNT (sizeof random_index / sizeof random_index[0])

/* One turn of the power iteration; returns the eigenvalue so far. */
static double
turn(const double *comparisons, uint32_t n, const double *from, double *to)
{
    double sum = 0;
    for (uint32_t i = 0; i < n; i++) {
        to[i] = 0;
        for (uint32_t j = 0; j < n; j++)
            to[i] += comparisons[(size_t) i * n + j] * from[j];
        sum += to[i];
    }
    for (uint32_t i = 0; i < n; i++)
        to[i] /= sum;
    return sum;
}

double
troupe__ahp(const double *comparisons, uint32_t n, double *ret_weights,
            double *ret_lambda)
{
    CHECK(comparisons && n > 0 && ret_weights);
    double *next = troupe__alloc(n * sizeof *next);
    double lambda = n;
    double change = 1;
    for (uint32_t i = 0; i < n; i++)
        ret_weights[i] = 1.0 / n;
    for (unsigned i = 0; i < TURNS_MAX && change > PRECISION; i++) {
        lambda = turn(comparisons, n, ret_weights, next);
        change = 0;
        for (uint32_t j = 0; j < n; j++) {
            change = fmax(change, fabs(next[j] - ret_weights[j]));
            ret_weights[j] = next[j];
        }
    }
    free(next);
    if (ret_lambda)
        *ret_lambda = lambda;
    if (n < 3)
        return 0; /* two things cannot contradict each other */
    double random = random_index[n < RANDOM_COUNT ? n : RANDOM_COUNT - 1];
    return fmax(0, (lambda - n) / (n - 1) / random);
}

/* 1 - the entropy of a column's shares; NAN when one is not above 0. */
static double
told_by(const struct matrix *self, uint32_t column)
{
    double sum = 0;
    double entropy = 0;
    for (uint32_t i = 0; i < self->rows; i++) {
        double value = self->values[(size_t) i * self->columns + column];
        if (value <= 0)
            return NAN;
        sum += value;
    }
    for (uint32_t i = 0; i < self->rows; i++) {
        double share = self->values[(size_t) i * self->columns + column] / sum;
        entropy -= share * log(share);
    }
    return 1 - entropy / log(self->rows);
}

bool
troupe__entropy_weights(const struct matrix *self, double *ret_weights)
{
    CHECK(self && ret_weights);
    double *told = troupe__alloc((self->columns + 1) * sizeof *told);
    double sum = 0;
    for (uint32_t j = 0; j < self->columns; j++) {
        told[j] = self->rows > 1 ? told_by(self, j) : NAN;
        sum += told[j];
    }
    bool usable = isfinite(sum);
    for (uint32_t j = 0; usable && j < self->columns; j++) {
        ret_weights[j] = sum > PRECISION ? told[j] / sum : 1.0 / self->columns;
    }
    free(told);
    return usable;
}
