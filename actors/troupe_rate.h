/* SPDX-License-Identifier: Apache-2.0 */
/* troupe_rate.h: requests and tokens per minute, shared by all who call. */
#ifndef TROUPE_RATE_H
#define TROUPE_RATE_H

#include "troupe_kind.h"

/* 0: no such limit. */
typedef struct troupe_rate_options {
    uint32_t requests; /* per minute */
    uint32_t tokens;   /* per minute */
    uint32_t burst_ms; /* so much of a minute may be used at once; 6,000 */
} troupe_rate_options_t;

/* Two buckets and a rest; begin with troupe_rate_init(). */
typedef struct troupe_rate {
    troupe_rate_options_t options;
    double requests;   /* in the bucket now */
    double tokens;     /* below 0 after one call larger than the bucket */
    uint64_t at_ns;    /* when they were filled up */
    uint64_t rest_ns;  /* no call before; 0: none */
    uint32_t refusals; /* in a row */
    uint64_t refused;  /* in all */
    uint64_t granted;  /* in all */
} troupe_rate_t;

/* troupe_rate_init: full buckets. options: copied; NULL: no limits. */
TROUPE_API void troupe_rate_init(troupe_rate_t *self,
                                 const troupe_rate_options_t *options,
                                 uint64_t now_ns);

/*
 * troupe_rate_take: take one request of so many tokens. One that is larger
 * than the whole bucket passes when that is full.
 *
 *   tokens       an estimate; see troupe_rate_settle().
 *   ret_when_ns  out on -EAGAIN: when it may pass, if nobody else takes.
 *   returns      0 or -EAGAIN
 */
TROUPE_MUST int troupe_rate_take(troupe_rate_t *self, uint64_t now_ns,
                                 uint64_t tokens, uint64_t *ret_when_ns);

/* troupe_rate_settle: a call went well, and used other than estimated. */
TROUPE_API void troupe_rate_settle(troupe_rate_t *self, uint64_t estimated,
                                   uint64_t used);

/* troupe_rate_return: likewise of a call that did not go well: what it did not
 * use is there again, and refusals in a row stay so. */
TROUPE_API void troupe_rate_return(troupe_rate_t *self, uint64_t estimated,
                                   uint64_t used);

/*
 * troupe_rate_refuse: the other side said "too many": everybody rests.
 *
 *   after_ms  as it asked (Retry-After); 0: it did not say: 1 s, and twice as
 *             long each time in a row, up to a minute.
 */
TROUPE_API void troupe_rate_refuse(troupe_rate_t *self, uint64_t now_ns,
                                   uint64_t after_ms);

/*
 * troupe_rate_limiter: an actor around it, one for each provider. Who waits
 * is let through in the order of asking; who cannot be before its deadline is
 * told so at once, but where a call is under way that will settle: what that
 * gives back may let others through sooner.
 *
 *   start   {requests?: U, tokens?: U, burst_ms?: U}
 *   take    {tokens: U, settles?: b} -> {waited_ms: U}; -ETIMEDOUT as an error;
 *           settles: a "settle" follows, however the call ends
 *   settle  {estimated: U, used: U, good?: b}; tell; good: the call went well,
 *           as it does where nothing is said
 *   refused {after_ms: U}; tell
 *   state   -> {waiting: U, granted: U, refused: U, rest_ms: U}
 */
TROUPE_API const troupe_kind_t troupe_rate_limiter;

#endif
