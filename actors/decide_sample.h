/* SPDX-License-Identifier: Apache-2.0 */
/* decide_sample.h: what a ranking is worth when the numbers are not sure. */
#ifndef TROUPE_ACTORS_DECIDE_SAMPLE_H
#define TROUPE_ACTORS_DECIDE_SAMPLE_H

#include "actors/decide_table.h"

/*
 * SMAA (Lahdelma, Hokkanen & Salminen 1998): weights and values are drawn
 * again and again, and each time the options are ranked by a weighted sum.
 *
 * Weights: Dirichlet, whose mean are the weights of the base view, and whose
 * concentration is the number of columns: when all weigh alike, that is the
 * uniform distribution of SMAA. Values: triangular, each on its own.
 *
 * Sample k draws from generators that are seeded by the seed, k, and the name
 * of what is drawn. So it is the same whoever works it out, and in whatever
 * order options and criteria stand.
 */
struct samples {
    uint64_t seed;
    uint32_t first; /* samples first, first + step, ... below `end` */
    uint32_t step;
    uint32_t end;
};

/* troupe__sample: count ranks into ret_counts, rows x rows: option, then rank
 * from the first on; equal ones share the better rank. Returns how many
 * samples there were. */
uint32_t troupe__sample(const struct table *table,
                        const struct samples *samples, uint32_t *ret_counts);

/* How far a weight of the base view may go before another option is first by
 * the weighted sum, the others keeping their proportions. */
struct stability {
    uint32_t column; /* of the table */
    double weight;
    double low, high;
    uint32_t below; /* who is first then, a row; UINT32_MAX: nobody else */
    uint32_t above;
};

/* troupe__stability: for each column that the base view sees, whether `row`
 * stays first; returns how many. It must be first now; 0 otherwise. */
uint32_t troupe__stability(const struct table *table, uint32_t row,
                           struct stability *ret_items);

#endif
