/* SPDX-License-Identifier: Apache-2.0 */
/* decide_consensus.c: what the perspectives and their methods agree on. */
#include "actors/decide_result.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "mailbox/check.h"

#define TIE 1e-9

void
troupe__consensus_clear(struct consensus *self)
{
    free(self->borda);
    free(self->copeland);
    *self = (struct consensus){.leader = NO_ROW};
}

/* Each perspective has one vote in all, shared by the methods it can use. */
static uint32_t
cast(const struct table *table, const double *scores, double *ranks,
     double *weights)
{
    uint32_t count = 0;
    for (unsigned m = 0; m < METHOD_COUNT; m++) {
        const double *of_method = &scores[(size_t) m * table->rows];
        if (isnan(of_method[0]))
            continue;
        troupe__ranks(of_method, table->rows,
                      &ranks[(size_t) count * table->rows]);
        count += 1;
    }
    for (uint32_t i = 0; i < count; i++)
        weights[i] = 1.0 / count;
    return count;
}

/* The best by Copeland, then by Borda; a dominated one is never it. */
static void
find_leaders(const struct table *table, struct consensus *self)
{
    uint32_t best[2] = {NO_ROW, NO_ROW};
    for (uint32_t i = 0; i < table->rows; i++) {
        if (troupe__table_dominator(table, i) != NO_ROW)
            continue;
        uint32_t row = i;
        for (unsigned k = 0; k < 2; k++) {
            double lead = best[k] == NO_ROW
                              ? 1
                              : self->copeland[row] - self->copeland[best[k]];
            if (fabs(lead) <= TIE)
                lead = self->borda[row] - self->borda[best[k]];
            if (lead <= TIE)
                continue;
            uint32_t pushed = best[k];
            best[k] = row;
            row = pushed;
            if (row == NO_ROW)
                break;
        }
    }
    self->second = best[1];
    self->leader = best[0];
    if (best[1] == NO_ROW)
        return;
    self->tied = fabs(self->copeland[best[0]] - self->copeland[best[1]]) <= TIE
                 && fabs(self->borda[best[0]] - self->borda[best[1]]) <= TIE;
    if (self->tied)
        self->leader = NO_ROW;
}

struct consensus
troupe__consensus_make(const struct table *table,
                       double *const scores[PERSPECTIVE_COUNT])
{
    struct consensus self = {
        .condorcet = NO_ROW, .leader = NO_ROW, .second = NO_ROW};
    uint32_t rows = table->rows;
    size_t most = (size_t) PERSPECTIVE_COUNT * METHOD_COUNT;
    self.borda = troupe__alloc((rows + 1) * sizeof(double));
    self.copeland = troupe__alloc((rows + 1) * sizeof(double));
    double *ranks = troupe__alloc((most * rows + 1) * sizeof(double));
    double weights[PERSPECTIVE_COUNT * METHOD_COUNT];
    for (unsigned v = 0; v < PERSPECTIVE_COUNT && rows > 0; v++) {
        if (scores[v]) {
            self.ballots +=
                cast(table, scores[v], &ranks[(size_t) self.ballots * rows],
                     &weights[self.ballots]);
        }
    }
    if (self.ballots > 0) {
        struct ballots ballots = {rows, self.ballots, ranks, weights};
        troupe__borda(&ballots, self.borda);
        troupe__copeland(&ballots, self.copeland);
        self.condorcet = troupe__condorcet(&ballots);
        find_leaders(table, &self);
    }
    free(ranks);
    return self;
}
