/* SPDX-License-Identifier: Apache-2.0 */
/* troupe_breaker.h: no more calls for a while to what fails most of them. */
#ifndef TROUPE_BREAKER_H
#define TROUPE_BREAKER_H

#include "troupe_base.h"

/* The last so many calls that a breaker can look at. */
#define TROUPE_BREAKER_WINDOW_MAX 64

/* 0 takes the default. */
typedef struct troupe_breaker_options {
    uint32_t window;           /* the last calls that count, 1 .. 64; 20 */
    uint32_t calls_min;        /* of them before it can open; 5 */
    uint32_t failures_percent; /* of them that open it; 50 */
    uint32_t open_ms;          /* until it lets probes through; 10,000 */
    uint32_t probes;           /* that must go well to close it; 2 */
} troupe_breaker_options_t;

typedef enum troupe_breaker_state {
    TROUPE_BREAKER_CLOSED = 0, /* calls pass */
    TROUPE_BREAKER_OPEN,       /* none does */
    TROUPE_BREAKER_HALF_OPEN   /* some do, to see */
} troupe_breaker_state_t;

/* Begin with troupe_breaker_init(); the members are for looking at. */
typedef struct troupe_breaker {
    troupe_breaker_options_t options;
    troupe_breaker_state_t state;
    uint64_t failed;    /* a bit for each of the last calls, newest lowest */
    uint32_t calls;     /* in the window */
    uint32_t probing;   /* probes under way */
    uint32_t probed;    /* probes that went well */
    uint64_t opened_ns; /* when it last opened */
    uint64_t opened;    /* how many times */
} troupe_breaker_t;

/*
 * troupe_breaker_init: closed, with no calls.
 *
 *   options  copied; NULL: the defaults.
 *   returns  0, or -EINVAL: a window over 64, more than 100 percent, or
 *            calls_min over the window
 */
TROUPE_MUST int troupe_breaker_init(troupe_breaker_t *self,
                                    const troupe_breaker_options_t *options);

/*
 * troupe_breaker_allow: may a call be made? Each one that may is ended by
 * troupe_breaker_record() or troupe_breaker_forget().
 *
 *   now_ns       a clock that never goes back.
 *   ret_wait_ms  out on -EBUSY: when to ask again; may be NULL.
 *   returns      0 or -EBUSY
 */
TROUPE_MUST int troupe_breaker_allow(troupe_breaker_t *self, uint64_t now_ns,
                                     uint32_t *ret_wait_ms);

/*
 * troupe_breaker_record: a call that was allowed has ended. A probe that
 * fails opens it again.
 *
 *   ok  false for what the other side is to blame for; a request that was
 *       wrong is not.
 */
TROUPE_API void troupe_breaker_record(troupe_breaker_t *self, uint64_t now_ns,
                                      bool ok);

/* troupe_breaker_forget: a call that was allowed was given up; says nothing. */
TROUPE_API void troupe_breaker_forget(troupe_breaker_t *self);

/* troupe_breaker_state_name: "closed", "open", "half open". */
TROUPE_API const char *troupe_breaker_state_name(troupe_breaker_state_t state);

#endif
