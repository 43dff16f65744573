/* SPDX-License-Identifier: Apache-2.0 */
/* troupe_limit.h: how many calls at once something can bear, found out. */
#ifndef TROUPE_LIMIT_H
#define TROUPE_LIMIT_H

#include "troupe_kind.h"

typedef enum troupe_limit_algorithm {
    TROUPE_LIMIT_GRADIENT = 0, /* by how much slower than usual answers come */
    TROUPE_LIMIT_AIMD          /* one more each round; less when one is lost */
} troupe_limit_algorithm_t;

/* 0 takes the default. */
typedef struct troupe_limit_options {
    troupe_limit_algorithm_t algorithm;
    uint32_t start;             /* the limit at the beginning; 20 */
    uint32_t min;               /* 1 */
    uint32_t max;               /* 1,000 */
    uint32_t tolerance_percent; /* gradient: of the usual time, that is still
                                   as usual; 150 */
    uint32_t backoff_percent;   /* what is left of the limit when a call is
                                   lost; 90 */
} troupe_limit_options_t;

/* Of one target; begin with troupe_limit_init(); members are to look at. */
typedef struct troupe_limit {
    troupe_limit_options_t options;
    double limit;
    double usual_us;    /* the mean of what calls take in the long run */
    uint64_t samples;   /* of it */
    uint32_t under_way; /* calls */
    uint64_t taken, refused, lost;
} troupe_limit_t;

/*
 * troupe_limit_init: nothing is under way.
 *
 *   options  copied; NULL: the defaults.
 *   returns  0, or -EINVAL: min over start, start over max, a tolerance below
 *            100 or a backoff over 99 percent
 */
TROUPE_MUST int troupe_limit_init(troupe_limit_t *self,
                                  const troupe_limit_options_t *options);

/*
 * troupe_limit_take: may a call be made? Each one that may is ended by one of
 * the three below.
 *
 *   returns  0 or -EAGAIN
 */
TROUPE_MUST int troupe_limit_take(troupe_limit_t *self);

/*
 * troupe_limit_record: a call has ended after so long, however well. The limit
 * moves only while at least half of it is under way.
 *
 *   source  gradient: Netflix concurrency-limits, "Gradient2"; AIMD: D.-M.
 *           Chiu and R. Jain, "Analysis of the Increase and Decrease
 *           Algorithms for Congestion Avoidance", 1989.
 */
TROUPE_API void troupe_limit_record(troupe_limit_t *self, uint64_t latency_ns);

/* troupe_limit_lose: it was refused for want of room, or took too long. */
TROUPE_API void troupe_limit_lose(troupe_limit_t *self);

/* troupe_limit_forget: it was given up; says nothing. */
TROUPE_API void troupe_limit_forget(troupe_limit_t *self);

/*
 * troupe_limiter: an actor that stands before another one, the backend, and is
 * asked in its place, with the same types and bodies. So many asks as the
 * limit says are with the backend at once; `queue` more wait here, in order,
 * and are given up at their deadline; others are refused at once.
 *
 *   start        {backend: R, algorithm?: s, start?: U, min?: U, max?: U,
 *                queue?: U}
 *   any other    is asked of the backend, or ends with -EBUSY; tells are
 *                forwarded
 *   limit.state  -> {limit: U, under_way: U, waiting: U, taken: U, refused: U,
 *                lost: U}
 *
 * backend: a ref, or the name of an actor. algorithm: "gradient" or "aimd".
 * queue: 100. What times out, or fails with -EBUSY, -EAGAIN, -ENOBUFS or
 * -ETIMEDOUT, is lost; any other answer counts by its time.
 */
TROUPE_API const troupe_kind_t troupe_limiter;

#endif
