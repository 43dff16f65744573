/* SPDX-License-Identifier: Apache-2.0 */
/* decide_sample.c: what a ranking is worth when the numbers are not sure. */
#include "actors/decide_sample.h"

#include <math.h>
#include <stdlib.h>

#include "mailbox/check.h"

#define TIE 1e-9

/* SplitMix64 (Steele, Lea & Flood 2014). */
static uint64_t
next(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* Above 0 and below 1. */
static double
uniform(uint64_t *state)
{
    return ((double) (next(state) >> 12) + 0.5) / 4503599627370496.0;
}

/* FNV-1a, to tell names apart. */
static uint64_t
hash(uint64_t hash, const char *text)
{
    for (; *text; text++)
        hash = (hash ^ (unsigned char) *text) * 0x100000001b3u;
    return (hash ^ 0xff) * 0x100000001b3u;
}

static double
normal(uint64_t *state)
{
    double radius = sqrt(-2 * log(uniform(state)));
    return radius * cos(6.283185307179586 * uniform(state));
}

/* Marsaglia & Tsang 2000; a shape below 1 by way of one above. */
static double
gamma_of(double shape, uint64_t *state)
{
    if (shape < 1)
        return gamma_of(shape + 1, state) * pow(uniform(state), 1 / shape);
    double d = shape - 1.0 / 3;
    double c = 1 / sqrt(9 * d);
    for (;;) {
        double x = normal(state);
        double v = pow(1 + c * x, 3);
        if (v > 0 && log(uniform(state)) < 0.5 * x * x + d - d * v + d * log(v))
            return d * v;
    }
}

static double
triangular(const struct range *range, uint64_t *state)
{
    double span = range->high - range->low;
    double u = uniform(state);
    if (span <= 0)
        return range->mode;
    double left = range->mode - range->low;
    if (u * span < left)
        return range->low + sqrt(u * span * left);
    return range->high - sqrt((1 - u) * span * (range->high - range->mode));
}

/* What stays the same from sample to sample. */
struct drawing {
    const struct table *table;
    struct sight sight;
    double *low; /* by the sight's columns: the scale of the values */
    double *high;
    uint64_t *column_names; /* hashes */
    uint64_t *row_names;
    double *weights; /* of this sample */
    double *scores;
};

static const struct range *
range_at(const struct drawing *self, uint32_t row, uint32_t k)
{
    const struct table *table = self->table;
    return &table->cells[(size_t) row * table->column_count
                         + self->sight.columns[k]];
}

static void
find_scales(struct drawing *self)
{
    for (uint32_t k = 0; k < self->sight.matrix.columns; k++) {
        bool exact = self->table->columns[self->sight.columns[k]].exact;
        for (uint32_t i = 0; i < self->table->rows; i++) {
            const struct range *it = range_at(self, i, k);
            double low = exact ? it->mode : it->low;
            double high = exact ? it->mode : it->high;
            self->low[k] = i == 0 ? low : fmin(self->low[k], low);
            self->high[k] = i == 0 ? high : fmax(self->high[k], high);
        }
    }
}

static struct drawing
drawing_new(const struct table *table, uint64_t seed)
{
    struct drawing self = {.table = table,
                           .sight = troupe__sight(table, VIEW_BASE)};
    size_t columns = self.sight.matrix.columns + 1;
    size_t rows = table->rows + 1;
    self.low = troupe__alloc(columns * sizeof *self.low);
    self.high = troupe__alloc(columns * sizeof *self.high);
    self.column_names = troupe__alloc(columns * sizeof *self.column_names);
    self.row_names = troupe__alloc(rows * sizeof *self.row_names);
    self.weights = troupe__alloc(columns * sizeof *self.weights);
    self.scores = troupe__alloc(rows * sizeof *self.scores);
    uint64_t basis = next(&seed);
    for (uint32_t i = 0; i < table->rows; i++)
        self.row_names[i] = hash(basis, table->ids[i]);
    for (uint32_t k = 0; k < self.sight.matrix.columns; k++) {
        const struct column *column = &table->columns[self.sight.columns[k]];
        self.column_names[k] = hash(basis + column->group, column->id);
    }
    find_scales(&self);
    return self;
}

static void
drawing_clear(struct drawing *self)
{
    troupe__sight_clear(&self->sight);
    free(self->low);
    free(self->high);
    free(self->column_names);
    free(self->row_names);
    free(self->weights);
    free(self->scores);
}

static void
draw_weights(struct drawing *self, uint64_t sample)
{
    uint32_t columns = self->sight.matrix.columns;
    double sum = 0;
    for (uint32_t k = 0; k < columns; k++) {
        uint64_t state = self->column_names[k] ^ sample;
        state = next(&state);
        self->weights[k] = gamma_of(columns * self->sight.weights[k], &state);
        sum += self->weights[k];
    }
    for (uint32_t k = 0; k < columns; k++)
        self->weights[k] /= sum;
}

static void
draw_scores(struct drawing *self, uint64_t sample)
{
    for (uint32_t i = 0; i < self->table->rows; i++) {
        self->scores[i] = 0;
        for (uint32_t k = 0; k < self->sight.matrix.columns; k++) {
            double span = self->high[k] - self->low[k];
            uint64_t state =
                (self->row_names[i] ^ sample) + self->column_names[k];
            state = next(&state);
            bool exact = self->table->columns[self->sight.columns[k]].exact;
            const struct range *range = range_at(self, i, k);
            double value = exact ? range->mode : triangular(range, &state);
            double part = span > 0 ? (value - self->low[k]) / span : 1;
            if (span > 0 && !self->sight.max[k])
                part = 1 - part;
            self->scores[i] += self->weights[k] * part;
        }
    }
}

uint32_t
troupe__sample(const struct table *table, const struct samples *samples,
               uint32_t *ret_counts)
{
    CHECK(table && samples && samples->step > 0 && ret_counts);
    uint32_t count = 0;
    uint32_t rows = table->rows;
    struct drawing drawing = drawing_new(table, samples->seed);
    for (uint64_t k = samples->first; k < samples->end; k += samples->step) {
        uint64_t state = k;
        uint64_t sample = next(&state);
        draw_weights(&drawing, sample);
        draw_scores(&drawing, sample);
        for (uint32_t i = 0; i < rows; i++) {
            uint32_t rank = 0;
            for (uint32_t j = 0; j < rows; j++)
                rank += drawing.scores[j] - drawing.scores[i] > TIE;
            ret_counts[(size_t) i * rows + rank] += 1;
        }
        count += 1;
    }
    drawing_clear(&drawing);
    return count;
}

/* The weighted sum without column k, and what k adds, at weight t of k:
 * (1 - t) * rest + t * part. Where `other` passes `row` the weight is an end.
 */
static void
meet(struct stability *self, double lead_rest, double lead_part, uint32_t other)
{
    double slope = lead_part - lead_rest;
    if (fabs(slope) < TIE)
        return;
    double at = -lead_rest / slope; /* where the lead is 0 */
    if (slope > 0 && at > self->low && at <= self->weight + TIE) {
        self->low = fmin(at, self->weight);
        self->below = other;
    } else if (slope < 0 && at < self->high && at >= self->weight - TIE) {
        self->high = fmax(at, self->weight);
        self->above = other;
    }
}

/* Min-max normalised, 1 for the best; all 1 where all are alike. */
static double
part_of(const struct matrix *matrix, uint32_t row, uint32_t column)
{
    double low = INFINITY;
    double high = -INFINITY;
    for (uint32_t i = 0; i < matrix->rows; i++) {
        double value = matrix->values[(size_t) i * matrix->columns + column];
        low = fmin(low, value);
        high = fmax(high, value);
    }
    double value = matrix->values[(size_t) row * matrix->columns + column];
    if (high - low <= 0)
        return 1;
    return matrix->max[column] ? (value - low) / (high - low)
                               : (high - value) / (high - low);
}

uint32_t
troupe__stability(const struct table *table, uint32_t row,
                  struct stability *ret_items)
{
    CHECK(table && row < table->rows && ret_items);
    struct sight sight = troupe__sight(table, VIEW_BASE);
    const struct matrix *matrix = &sight.matrix;
    double *scores = troupe__alloc((table->rows + 1) * sizeof *scores);
    (void) troupe__weighted_sum(matrix, scores);
    uint32_t ahead = 0;
    for (uint32_t i = 0; i < table->rows; i++)
        ahead += i != row && scores[i] - scores[row] > TIE;
    uint32_t count = 0;
    for (uint32_t k = 0; k < matrix->columns && ahead == 0; k++) {
        double weight = matrix->weights[k];
        struct stability *it = &ret_items[count++];
        *it = (struct stability){.column = sight.columns[k],
                                 .weight = weight,
                                 .high = 1,
                                 .below = UINT32_MAX,
                                 .above = UINT32_MAX};
        double mine = part_of(matrix, row, k);
        for (uint32_t i = 0; i < table->rows && weight < 1; i++) {
            double part = mine - part_of(matrix, i, k);
            double lead = scores[row] - scores[i];
            double rest = (lead - weight * part) / (1 - weight);
            if (i != row)
                meet(it, rest, part, i);
        }
    }
    free(scores);
    troupe__sight_clear(&sight);
    return count;
}
