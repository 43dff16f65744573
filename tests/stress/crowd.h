/* SPDX-License-Identifier: Apache-2.0 */
/* crowd.h: actors that do whatever a random number says, and keep books. */
#ifndef TROUPE_TESTS_STRESS_CROWD_H
#define TROUPE_TESTS_STRESS_CROWD_H

#include "stress/books.h"

/* The top of the tree: it spawns members and starts them again; and one that
 * kicks all tops as often as the integer in "kick" says. */
extern const troupe_kind_t crowd_root, crowd_member, crowd_conductor;

enum { CROWD_TOPS = 8, CROWD_STEPS = 40 };

/* crowd_options: two workers that run freely. */
troupe_options_t crowd_options(uint64_t seed);

/*
 * crowd_begin: new books, a node and its tops. The seed says all that they
 * will do, but only with one worker and a manual clock also in which order
 * their messages meet.
 */
troupe_t *crowd_begin(const troupe_options_t *options,
                      troupe_ref_t tops[CROWD_TOPS]);

/* crowd_kick: every top does something, and so do those that hear of it. */
int crowd_kick(troupe_t *node, const troupe_ref_t tops[CROWD_TOPS]);

/* crowd_is_done: true when every ask has had its outcome. */
bool crowd_is_done(void);

#endif
