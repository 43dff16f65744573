/* SPDX-License-Identifier: Apache-2.0 */
/* decide_table.c: the options that contend, and all they are judged by. */
#include "actors/decide_table.h"

#include <math.h>
#include <stdlib.h>

#include "mailbox/check.h"

void
troupe__table_clear(struct table *self)
{
    CHECK(self);
    if (self->scratch)
        troupe__scratch_destroy(&self->scratch);
    *self = (struct table){0};
}

static struct range *
cell_of(const struct table *self, uint32_t row, uint32_t column)
{
    return &self->cells[(size_t) row * self->column_count + column];
}

/* What an attitude makes of a range. */
static double
seen_as(const struct column *column, const struct range *range, double optimism)
{
    double good = column->max ? range->high : range->low;
    double bad = column->max ? range->low : range->high;
    if (isnan(optimism))
        return column->exact ? range->mode : troupe__range_mean(range);
    return optimism * good + (1 - optimism) * bad;
}

struct sight
troupe__sight(const struct table *self, uint32_t view)
{
    CHECK(self && view < VIEW_COUNT);
    const struct view *it = &self->views[view];
    uint32_t most = self->column_count + 1;
    struct sight sight = {.columns = troupe__alloc(most * sizeof(uint32_t)),
                          .max = troupe__alloc(most * sizeof(bool)),
                          .weights = troupe__alloc(most * sizeof(double)),
                          .values = troupe__alloc((size_t) (self->rows + 1)
                                                  * most * sizeof(double))};
    uint32_t count = 0;
    double sum = 0;
    for (uint32_t j = 0; j < self->column_count; j++) {
        const struct column *column = &self->columns[j];
        double weight = it->weights[column->group] * column->weight;
        if (!(column->views >> view & 1) || weight <= 0)
            continue;
        sight.columns[count] = j;
        sight.max[count] = column->max;
        sight.weights[count++] = weight;
        sum += weight;
    }
    for (uint32_t k = 0; k < count; k++)
        sight.weights[k] /= sum;
    for (uint32_t i = 0; i < self->rows; i++) {
        for (uint32_t k = 0; k < count; k++) {
            sight.values[(size_t) i * count + k] =
                seen_as(&self->columns[sight.columns[k]],
                        cell_of(self, i, sight.columns[k]), it->optimism);
        }
    }
    sight.matrix = (struct matrix){self->rows, count, sight.max, sight.weights,
                                   sight.values};
    return sight;
}

void
troupe__sight_clear(struct sight *self)
{
    free(self->columns);
    free(self->max);
    free(self->weights);
    free(self->values);
    *self = (struct sight){.columns = NULL};
}

static bool
is_dominated(const struct table *self, uint32_t row, uint32_t by)
{
    bool better = false;
    for (uint32_t j = 0; j < self->column_count; j++) {
        const struct range *one = cell_of(self, by, j);
        const struct range *other = cell_of(self, row, j);
        double leads[] = {one->low - other->low, one->mode - other->mode,
                          one->high - other->high};
        for (unsigned k = 0; k < 3; k++) {
            double lead = self->columns[j].max ? leads[k] : -leads[k];
            if (lead < 0)
                return false;
            better |= lead > 0;
        }
    }
    return better;
}

uint32_t
troupe__table_dominator(const struct table *self, uint32_t row)
{
    for (uint32_t i = 0; i < self->rows; i++)
        if (i != row && is_dominated(self, row, i))
            return i;
    return UINT32_MAX;
}

struct table
troupe__table_new(uint32_t rows)
{
    struct table self = {.scratch = troupe__scratch_new(), .rows = rows};
    self.ids = troupe__scratch_alloc(self.scratch, (rows + 1) * sizeof(char *));
    self.columns = troupe__scratch_alloc(
        self.scratch, TABLE_COLUMNS_MAX * sizeof *self.columns);
    self.cells = troupe__scratch_alloc(self.scratch, (size_t) (rows + 1)
                                                         * TABLE_COLUMNS_MAX
                                                         * sizeof *self.cells);
    return self;
}

struct table
troupe__table_without(const struct table *self, uint32_t row)
{
    struct table copy = troupe__table_new(self->rows);
    copy.rows = 0;
    copy.column_count = self->column_count;
    for (uint32_t j = 0; j < self->column_count; j++)
        copy.columns[j] = self->columns[j];
    for (unsigned v = 0; v < VIEW_COUNT; v++)
        copy.views[v] = self->views[v];
    for (uint32_t i = 0; i < self->rows; i++) {
        if (i == row)
            continue;
        copy.ids[copy.rows] = self->ids[i];
        for (uint32_t j = 0; j < self->column_count; j++)
            *cell_of(&copy, copy.rows, j) = *cell_of(self, i, j);
        copy.rows += 1;
    }
    return copy;
}

double *
troupe__opinion(const struct table *table, uint32_t view)
{
    struct sight sight = troupe__sight(table, view);
    uint32_t rows = table->rows;
    double *all =
        troupe__alloc(((size_t) METHOD_COUNT * rows + 1) * sizeof(double));
    for (unsigned m = 0; m < METHOD_COUNT; m++) {
        double *scores = &all[(size_t) m * rows];
        bool usable =
            sight.matrix.columns > 0 && rows > 0
            && troupe__method_run((enum method) m, &sight.matrix, scores);
        for (uint32_t i = 0; i < rows && !usable; i++)
            scores[i] = NAN;
    }
    troupe__sight_clear(&sight);
    return all;
}
