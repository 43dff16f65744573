/* SPDX-License-Identifier: Apache-2.0 */
/* decide_rank.c: methods that rank options by several criteria. */
#include "actors/decide_methods.h"

#include <math.h>
#include <stdlib.h>

#include "mailbox/check.h"

#define TIE         1e-9 /* scores nearer than that are equal */
#define VIKOR_SHARE 0.5  /* of the group's utility against the worst regret */

double
troupe__range_mean(const struct range *self)
{
    return (self->low + self->mode + self->high) / 3;
}

static double
at(const struct matrix *self, uint32_t row, uint32_t column)
{
    return self->values[(size_t) row * self->columns + column];
}

/* The best and the worst value of a column. */
static void
ends_of(const struct matrix *self, uint32_t column, double *ret_best,
        double *ret_worst)
{
    double low = at(self, 0, column);
    double high = low;
    for (uint32_t i = 1; i < self->rows; i++) {
        low = fmin(low, at(self, i, column));
        high = fmax(high, at(self, i, column));
    }
    *ret_best = self->max[column] ? high : low;
    *ret_worst = self->max[column] ? low : high;
}

bool
troupe__weighted_sum(const struct matrix *self, double *scores)
{
    CHECK(self && scores);
    for (uint32_t i = 0; i < self->rows; i++)
        scores[i] = 0;
    for (uint32_t j = 0; j < self->columns; j++) {
        double best = 0;
        double worst = 0;
        ends_of(self, j, &best, &worst);
        double span = best - worst;
        for (uint32_t i = 0; i < self->rows; i++) {
            double part = fabs(span) > 0 ? (at(self, i, j) - worst) / span : 1;
            scores[i] += self->weights[j] * part;
        }
    }
    return true;
}

static bool
all_positive(const struct matrix *self)
{
    for (size_t i = 0; i < (size_t) self->rows * self->columns; i++)
        if (self->values[i] <= 0)
            return false;
    return true;
}

bool
troupe__weighted_product(const struct matrix *self, double *scores)
{
    CHECK(self && scores);
    if (!all_positive(self))
        return false;
    for (uint32_t i = 0; i < self->rows; i++)
        scores[i] = 1;
    for (uint32_t j = 0; j < self->columns; j++) {
        double best = 0;
        double worst = 0;
        ends_of(self, j, &best, &worst);
        for (uint32_t i = 0; i < self->rows; i++) {
            double ratio =
                self->max[j] ? at(self, i, j) / best : best / at(self, i, j);
            scores[i] *= pow(ratio, self->weights[j]);
        }
    }
    return true;
}

static double
length_of(const struct matrix *self, uint32_t column)
{
    double sum = 0;
    for (uint32_t i = 0; i < self->rows; i++)
        sum += at(self, i, column) * at(self, i, column);
    return sqrt(sum);
}

bool
troupe__topsis(const struct matrix *self, double *scores)
{
    CHECK(self && scores);
    double *far = troupe__alloc(self->rows * sizeof *far);
    double *near = troupe__alloc(self->rows * sizeof *near);
    for (uint32_t j = 0; j < self->columns; j++) {
        double best = 0;
        double worst = 0;
        double length = length_of(self, j);
        ends_of(self, j, &best, &worst);
        for (uint32_t i = 0; i < self->rows && length > 0; i++) {
            double scale = self->weights[j] / length;
            far[i] += pow((at(self, i, j) - best) * scale, 2);
            near[i] += pow((at(self, i, j) - worst) * scale, 2);
        }
    }
    for (uint32_t i = 0; i < self->rows; i++) {
        double sum = sqrt(far[i]) + sqrt(near[i]);
        scores[i] = sum > 0 ? sqrt(near[i]) / sum : 1; /* all are alike */
    }
    free(far);
    free(near);
    return true;
}

/* 0 for the least of the numbers, 1 for the most; 0 when all are alike. */
static void
spread(double *numbers, uint32_t count)
{
    double low = numbers[0];
    double high = numbers[0];
    for (uint32_t i = 1; i < count; i++) {
        low = fmin(low, numbers[i]);
        high = fmax(high, numbers[i]);
    }
    for (uint32_t i = 0; i < count; i++)
        numbers[i] = high - low > TIE ? (numbers[i] - low) / (high - low) : 0;
}

bool
troupe__vikor(const struct matrix *self, double *scores)
{
    CHECK(self && scores);
    double *sums = troupe__alloc(self->rows * sizeof *sums);
    double *worsts = troupe__alloc(self->rows * sizeof *worsts);
    for (uint32_t j = 0; j < self->columns; j++) {
        double best = 0;
        double worst = 0;
        ends_of(self, j, &best, &worst);
        for (uint32_t i = 0; i < self->rows; i++) {
            double behind = fabs(best - worst) > 0
                                ? (best - at(self, i, j)) / (best - worst)
                                : 0;
            sums[i] += self->weights[j] * behind;
            worsts[i] = fmax(worsts[i], self->weights[j] * behind);
        }
    }
    spread(sums, self->rows);
    spread(worsts, self->rows);
    for (uint32_t i = 0; i < self->rows; i++)
        scores[i] = 1 - (VIKOR_SHARE * sums[i] + (1 - VIKOR_SHARE) * worsts[i]);
    free(sums);
    free(worsts);
    return true;
}

const char *
troupe__method_name(enum method method)
{
    static const char *const names[METHOD_COUNT] = {
        [METHOD_WEIGHTED_SUM] = "weighted_sum",
        [METHOD_WEIGHTED_PRODUCT] = "weighted_product",
        [METHOD_TOPSIS] = "topsis",
        [METHOD_VIKOR] = "vikor",
    };
    CHECK(method < METHOD_COUNT);
    return names[method];
}

bool
troupe__method_run(enum method method, const struct matrix *matrix,
                   double *scores)
{
    static bool (*const methods[METHOD_COUNT])(const struct matrix *,
                                               double *) = {
        [METHOD_WEIGHTED_SUM] = troupe__weighted_sum,
        [METHOD_WEIGHTED_PRODUCT] = troupe__weighted_product,
        [METHOD_TOPSIS] = troupe__topsis,
        [METHOD_VIKOR] = troupe__vikor,
    };
    CHECK(method < METHOD_COUNT);
    return methods[method](matrix, scores);
}

void
troupe__ranks(const double *scores, uint32_t count, double *ret_ranks)
{
    CHECK(scores && ret_ranks);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t ahead = 0;
        uint32_t equal = 0; /* itself is one */
        for (uint32_t j = 0; j < count; j++) {
            double lead = scores[j] - scores[i];
            ahead += lead > TIE;
            equal += fabs(lead) <= TIE;
        }
        ret_ranks[i] = ahead + (equal + 1) / 2.0;
    }
}

bool
troupe__dominates(const struct matrix *self, uint32_t one, uint32_t other)
{
    CHECK(self && one < self->rows && other < self->rows);
    bool better = false;
    for (uint32_t j = 0; j < self->columns; j++) {
        double lead = at(self, one, j) - at(self, other, j);
        lead = self->max[j] ? lead : -lead;
        if (lead < 0)
            return false;
        better |= lead > 0;
    }
    return better;
}
