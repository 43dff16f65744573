/* SPDX-License-Identifier: Apache-2.0 */
/* books.h: what all actors of a run did together, and in which order. */
#ifndef TROUPE_TESTS_STRESS_BOOKS_H
#define TROUPE_TESTS_STRESS_BOOKS_H

#include <stdatomic.h>

#include "troupe.h"

struct books {
    _Atomic uint64_t asked, refused; /* asks that were taken, or not */
    _Atomic uint64_t outcomes[7];    /* by troupe_outcome_t */
    _Atomic uint64_t dropped;        /* asks whose asker ended first */
    _Atomic uint64_t stale;          /* outcomes of an earlier incarnation */
    _Atomic uint64_t twice;          /* outcomes of an ask that had one */
    _Atomic uint64_t told, forwarded, spawned;
    _Atomic uint64_t done, ticked;      /* of the two types, handled */
    _Atomic uint64_t callbacks, failed; /* all, and those that failed */
    _Atomic uint64_t story;             /* of all that happened, in its order */
};

extern struct books books;

/* Now and then a callback takes its time: real time, that is. */
extern bool books_hesitate;

/* books_open: new ones. */
void books_open(void);

/* One per open ask: the incarnation that asked; 0: none. */
typedef _Atomic uint32_t ticket_t;

ticket_t *ticket_draw(uint32_t incarnation);

/* ticket_close: returns the incarnation that asked. */
uint32_t ticket_close(ticket_t *ticket);

/* story_add: what happened next; an order where one worker runs everything. */
void story_add(uint64_t word);

/* enter, leave: every callback of a member begins and ends with these. */
void enter(troupe_context_t *ctx, char what, uint64_t detail);
int leave(int rc);

/* asks_ended: how many asks had an outcome, or nobody to hear it. */
uint64_t asks_ended(void);

#endif
