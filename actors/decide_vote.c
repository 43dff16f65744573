/* SPDX-License-Identifier: Apache-2.0 */
/* decide_vote.c: many rankings put together into one. */
#include "actors/decide_methods.h"

#include <math.h>

#include "mailbox/check.h"

#define TIE 1e-9

static double
weight_of(const struct ballots *self, uint32_t ballot)
{
    return self->weights ? self->weights[ballot] : 1;
}

static double
rank_of(const struct ballots *self, uint32_t ballot, uint32_t option)
{
    return self->ranks[(size_t) ballot * self->options + option];
}

void
troupe__borda(const struct ballots *self, double *ret_scores)
{
    CHECK(self && ret_scores);
    for (uint32_t i = 0; i < self->options; i++) {
        ret_scores[i] = 0;
        for (uint32_t k = 0; k < self->count; k++)
            ret_scores[i] +=
                weight_of(self, k) * (self->options - rank_of(self, k, i));
    }
}

/* Above 0 when more ballots rank `one` before `other` than behind. */
static double
lead_of(const struct ballots *self, uint32_t one, uint32_t other)
{
    double lead = 0;
    for (uint32_t k = 0; k < self->count; k++) {
        double ahead = rank_of(self, k, other) - rank_of(self, k, one);
        lead += weight_of(self, k) * ((ahead > TIE) - (ahead < -TIE));
    }
    return lead;
}

void
troupe__copeland(const struct ballots *self, double *ret_scores)
{
    CHECK(self && ret_scores);
    for (uint32_t i = 0; i < self->options; i++) {
        ret_scores[i] = 0;
        for (uint32_t j = 0; j < self->options; j++) {
            double lead = i == j ? -1 : lead_of(self, i, j);
            ret_scores[i] += lead > TIE ? 1 : fabs(lead) <= TIE ? 0.5 : 0;
        }
    }
}

uint32_t
troupe__condorcet(const struct ballots *self)
{
    CHECK(self);
    for (uint32_t i = 0; i < self->options && self->count > 0; i++) {
        uint32_t beaten = 0;
        for (uint32_t j = 0; j < self->options; j++)
            beaten += i != j && lead_of(self, i, j) > TIE;
        if (beaten + 1 == self->options)
            return i;
    }
    return UINT32_MAX;
}
