/* SPDX-License-Identifier: Apache-2.0 */
/* decide_table.h: the options that contend, and all they are judged by. */
#ifndef TROUPE_ACTORS_DECIDE_TABLE_H
#define TROUPE_ACTORS_DECIDE_TABLE_H

#include "actors/decide_estimate.h"

/* Who looks at the table: each perspective, and who takes none. */
#define VIEW_BASE  PERSPECTIVE_COUNT
#define VIEW_COUNT (PERSPECTIVE_COUNT + 1)

#define TABLE_COLUMNS_MAX (DECIDE_COLUMNS_MAX + VIEW_COUNT + GROUP_COUNT)

struct column {
    const char *id;
    uint32_t group; /* enum group */
    bool max;
    bool exact;     /* what is expected is the mode, and it is not sampled */
    uint32_t views; /* bit 1 << view */
    double weight;  /* within its group, adding up to 1 in each view */
};

struct view {
    double optimism; /* NAN: what is expected */
    double weights[GROUP_COUNT];
};

/* {0} is empty. */
struct table {
    struct scratch *scratch; /* owns all of it */
    uint32_t rows;
    uint32_t column_count;
    const char **ids; /* of the rows: options that contend */
    struct column *columns;
    struct range *cells; /* row by row */
    struct view views[VIEW_COUNT];
    bool unweighed; /* entropy could not weigh the criteria: all are alike */
};

/* troupe__table_new: room for so many rows and TABLE_COLUMNS_MAX columns. */
struct table troupe__table_new(uint32_t rows);
void troupe__table_clear(struct table *self);

/* A table as one view sees it: plain numbers; matrix borrows the others. */
struct sight {
    struct matrix matrix;
    uint32_t *columns; /* of the table, by the matrix's; none weighs 0 */
    bool *max;
    double *weights;
    double *values;
};

/* troupe__sight: what a view sees; columns may be 0; end it with clear. */
struct sight troupe__sight(const struct table *self, uint32_t view);
void troupe__sight_clear(struct sight *self);

/* troupe__table_dominator: a row that is better or as good in each column,
 * at both ends and in the middle, in all views; or UINT32_MAX. */
uint32_t troupe__table_dominator(const struct table *self, uint32_t row);

/* troupe__table_without: a copy without one row; UINT32_MAX: with all. */
struct table troupe__table_without(const struct table *self, uint32_t row);

/* Why an option does not contend. */
struct standing {
    bool excluded;   /* by a hard limit */
    bool incomplete; /* data are missing: it cannot be ranked */
    char reason[160];
    char doubt[160]; /* a limit that may be broken; "" for none */
};

/* troupe__standing: whether an option keeps the limits and has all values. */
struct standing troupe__standing(const struct decision *decision,
                                 uint32_t option);

/* What became of the cell of a strategy and an option. */
struct cell {
    bool asked; /* there are data for that strategy somewhere */
    bool done;  /* answered, if only with "insufficient data" */
    uint32_t attempts;
    char reason[160]; /* of a failure; "" otherwise */
    struct estimate estimate;
};

/*
 * troupe__table_make: what can be compared.
 *
 *   cells     option by option, STRATEGY_COUNT each.
 *   standing  by option.
 *   used      out: by group, whether it is part of the table.
 */
struct table troupe__table_make(const struct decision *decision,
                                const struct cell *cells,
                                const struct standing *standing,
                                bool used[GROUP_COUNT]);

/* troupe__opinion: the scores of all methods on one view: by method, then row;
 * NAN where a method cannot be used. To be freed. */
double *troupe__opinion(const struct table *table, uint32_t view);

#endif
