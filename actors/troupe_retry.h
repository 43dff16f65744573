/* SPDX-License-Identifier: Apache-2.0 */
/* troupe_retry.h: whether and when a failed call to the outside is repeated. */
#ifndef TROUPE_RETRY_H
#define TROUPE_RETRY_H

#include "troupe_base.h"

/* What became of a call to the outside. */
typedef enum troupe_fault {
    TROUPE_FAULT_NONE = 0,  /* it went well */
    TROUPE_FAULT_TRANSIENT, /* 5xx, no connection, reset, cut off: may heal */
    TROUPE_FAULT_OVERLOAD,  /* 429, or 503 that names a time: asks for rest */
    TROUPE_FAULT_PERMANENT, /* 4xx, an answer that cannot be used: will stay */
    TROUPE_FAULT_TIMEOUT,   /* the time was up */
    TROUPE_FAULT_COUNT
} troupe_fault_t;

/* troupe_fault_name: "none", "transient", "overload", ... */
TROUPE_API const char *troupe_fault_name(troupe_fault_t fault);

/* 0 takes the default. */
typedef struct troupe_retry_options {
    uint32_t attempts_max;   /* calls for one thing, with the first; 3 */
    uint32_t base_ms;        /* bound of the first wait; 250 */
    uint32_t cap_ms;         /* bound of every wait; 10,000 */
    uint32_t budget_percent; /* retries that each first call earns; 10 */
    uint32_t budget_burst;   /* retries that are saved up, and there at the
                                beginning; 10 */
} troupe_retry_options_t;

/*
 * troupe_retry_wait_ms: how long to wait after so many attempts: anything from
 * 0 to base_ms, which doubles with each attempt after the first, up to cap_ms
 * ("full jitter"): those that failed together do not come back together.
 *
 *   attempts  made so far, 1 and more.
 *   random    of which the wait is made.
 *   source    M. Brooker, "Exponential Backoff and Jitter", AWS 2015.
 */
TROUPE_API uint32_t troupe_retry_wait_ms(uint32_t base_ms, uint32_t cap_ms,
                                         uint32_t attempts, uint64_t random);

/* Shared by all calls to one target; begin with troupe_retry_init(). */
typedef struct troupe_retry {
    troupe_retry_options_t options;
    uint64_t credit; /* hundredths of a retry */
} troupe_retry_t;

/*
 * troupe_retry_init: the state at the beginning.
 *
 *   options  copied; NULL: the defaults.
 */
TROUPE_API void troupe_retry_init(troupe_retry_t *self,
                                  const troupe_retry_options_t *options);

/* troupe_retry_earn: a first call is made: it pays for a part of a retry. */
TROUPE_API void troupe_retry_earn(troupe_retry_t *self);

/* One failed call. */
typedef struct troupe_retry_case {
    troupe_fault_t fault;
    uint32_t attempts;       /* made so far, 1 and more */
    uint64_t now_ns;         /* on the clock of deadline_ns */
    uint64_t deadline_ns;    /* 0: none */
    uint32_t retry_after_ms; /* what the other side asked for; 0: nothing */
    uint64_t random;         /* of which the wait is made */
} troupe_retry_case_t;

/*
 * troupe_retry_next: how long to wait before the next attempt, with full
 * jitter, and never less than the other side asked for. It takes the retry
 * from the budget.
 *
 *   ret_wait_ms  out; untouched on error.
 *   returns      0, or why not:
 *                -EPERM      the fault is permanent, or there is none
 *                -ERANGE     attempts_max is reached
 *                -ETIMEDOUT  the wait would end at or after the deadline
 *                -EAGAIN     too many calls were retries lately
 *   source       the budget: gRPC's retry throttling.
 */
TROUPE_MUST int troupe_retry_next(troupe_retry_t *self,
                                  const troupe_retry_case_t *what,
                                  uint32_t *ret_wait_ms);

#endif
