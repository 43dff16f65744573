/* SPDX-License-Identifier: Apache-2.0 */
/* troupe_hedge.h: when a silent target's ask is worth a second one. */
#ifndef TROUPE_HEDGE_H
#define TROUPE_HEDGE_H

#include "troupe_kind.h"

#define TROUPE_HEDGE_WINDOW 128 /* the last latencies that count */

/* 0 takes the default. */
typedef struct troupe_hedge_options {
    uint32_t percentile;    /* of the latencies, 1 .. 99; 95 */
    uint32_t samples_min;   /* before there is a hedge at all; 20 */
    uint32_t min_ms;        /* never sooner; 1 */
    uint32_t max_ms;        /* nor later; 60,000 */
    uint32_t extra_percent; /* of all asks may be second ones; 5 */
} troupe_hedge_options_t;

/* Of one target, or of several that are alike; begin with
 * troupe_hedge_init(). Only for asks that may be answered twice. */
typedef struct troupe_hedge {
    troupe_hedge_options_t options;
    uint32_t latencies_us[TROUPE_HEDGE_WINDOW];
    uint32_t count; /* of them that are there */
    uint32_t next;
    uint64_t asks;   /* first ones */
    uint64_t hedges; /* second ones */
} troupe_hedge_t;

/*
 * troupe_hedge_init: nothing is known yet.
 *
 *   options  copied; NULL: the defaults.
 *   returns  0, or -EINVAL: a percentile over 99, samples_min over the window,
 *            min_ms over max_ms, or extra_percent over 100
 */
TROUPE_MUST int troupe_hedge_init(troupe_hedge_t *self,
                                  const troupe_hedge_options_t *options);

/* troupe_hedge_record: an ask was answered after so long. */
TROUPE_API void troupe_hedge_record(troupe_hedge_t *self, uint64_t latency_ns);

/*
 * troupe_hedge_after_ms: an ask is made: when shall a second one follow, if it
 * is not answered by then? The value is what a gather calls hedge_after_ms.
 *
 *   returns  milliseconds, rounded up; 0: never: too little is known, or too
 *            many asks were second ones
 *   source   J. Dean and L. A. Barroso, "The Tail at Scale", CACM 2013.
 */
TROUPE_MUST uint32_t troupe_hedge_after_ms(troupe_hedge_t *self);

/* troupe_hedge_allowed: the bound on second asks leaves room for one now; it
 * may have been used up since the ask was made. */
TROUPE_API bool troupe_hedge_allowed(const troupe_hedge_t *self);

/* troupe_hedge_made: the second ask was made; it counts against the bound. */
TROUPE_API void troupe_hedge_made(troupe_hedge_t *self);

/*
 * troupe_hedger: an actor that stands before another one, and is asked in its
 * place, with the same types and bodies. When that is late with an answer the
 * other one is asked, too, or the same once more. The first reply counts, and
 * the other ask is cancelled; an error counts when no other ask is open. Before
 * models (troupe_model.h) each ask has a reservation of its own.
 *
 *   start        {backend: R, other?: R, percentile?: U, samples_min?: U,
 *                min_ms?: U, max_ms?: U, extra_percent?: U}: refs or names,
 *                and what troupe_hedge_options_t says
 *   any other    is asked; tells are forwarded to the backend
 *   hedge.state  -> {asks: U, hedges: U, won: U, under_way: U}: won: second
 *                asks that were answered first
 */
TROUPE_API const troupe_kind_t troupe_hedger;

#endif
