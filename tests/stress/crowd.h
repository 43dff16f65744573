/* SPDX-License-Identifier: Apache-2.0 */
/* crowd.h: actors that do whatever a random number says, and keep books. */
#ifndef TROUPE_TESTS_STRESS_CROWD_H
#define TROUPE_TESTS_STRESS_CROWD_H

#include <stdatomic.h>

#include "troupe.h"

/* What all actors of a run did together. */
struct books {
    _Atomic uint64_t asked, refused; /* asks that were taken, or not */
    _Atomic uint64_t outcomes[7];    /* by troupe_outcome_t */
    _Atomic uint64_t dropped;        /* asks whose asker ended first */
    _Atomic uint64_t stale;          /* outcomes of an earlier incarnation */
    _Atomic uint64_t told, failed, spawned;
};

extern struct books books;

/* The top of the tree: it spawns members and starts them again. */
extern const troupe_kind_t crowd_root;

enum { CROWD_TOPS = 8, CROWD_STEPS = 40 };

/*
 * crowd_begin: a node and its tops; the seed says all that they will do, but
 * not in which order their messages meet.
 */
troupe_t *crowd_begin(uint64_t seed, troupe_ref_t tops[CROWD_TOPS]);

/* crowd_kick: every top does something, and so do those that hear of it. */
int crowd_kick(troupe_t *node, const troupe_ref_t tops[CROWD_TOPS]);

/* crowd_is_done: true when every ask has had its outcome. */
bool crowd_is_done(void);

#endif
