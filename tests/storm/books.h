/* SPDX-License-Identifier: Apache-2.0 */
/* books.h: what each process of a storm asked, in memory that outlives it. */
#ifndef TROUPE_TESTS_STORM_BOOKS_H
#define TROUPE_TESTS_STORM_BOOKS_H

#include <stdatomic.h>
#include <stdbool.h>

#include "troupe.h"

/*
 * Every process has a sheet of its own in a file that all of them map. An ask
 * is written down before it is made, its outcome when it is told; so a sheet
 * never shows more outcomes than asks, at whatever moment its process dies.
 */
struct sheet {
    _Atomic int pid;
    _Atomic bool finished;           /* its node ended in order */
    _Atomic uint64_t asked, refused; /* asks that were taken, or not */
    _Atomic uint64_t outcomes[7];    /* by troupe_outcome_t */
    _Atomic uint64_t dropped;        /* asks whose asker ended first */
    _Atomic uint64_t twice;          /* outcomes of an ask that had one */
    _Atomic uint64_t stale;          /* outcomes of an earlier incarnation */
};

enum { SHEETS = 1 << 14 };

struct books {
    _Atomic bool rests; /* nobody shall ask any more */
    _Atomic uint32_t count;
    struct sheet sheets[SHEETS];
};

extern struct books *books;
extern struct sheet *sheet; /* this process's */

/* books_open: map that file, made anew by the root, and take a sheet. */
int books_open(const char *path, bool anew);

/* sheet_ended: how many of its asks had an outcome, or nobody to hear it. */
uint64_t sheet_ended(const struct sheet *one);

/* ticket_draw: for one ask of that incarnation; never 0. */
void *ticket_draw(uint32_t incarnation);

/* ticket_close: its outcome is there; again, or of another: it is counted. */
void ticket_close(void *ticket, uint32_t incarnation);

/* ticket_drop: nobody is there to hear it; counted unless it was not made. */
void ticket_drop(void *ticket);
void ticket_tear(void *ticket);

#endif
