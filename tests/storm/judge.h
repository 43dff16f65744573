/* SPDX-License-Identifier: Apache-2.0 */
/* judge.h: what must be true after a storm. */
#ifndef TROUPE_TESTS_STORM_JUDGE_H
#define TROUPE_TESTS_STORM_JUDGE_H

#include <stddef.h>

#include "storm/tree.h"

/* Times from a kill to the next answer, and the root's memory after each. */
struct tally {
    uint64_t *times;
    long *kib;
    size_t count, samples;
    unsigned blows[PLACES];
};

void tally_add(struct tally *self, uint64_t time_ns);
void tally_sample(struct tally *self, long kib);
void tally_print(struct tally *self);
void tally_free(struct tally *self);

/* books_are_closed: no living process has an ask without an outcome. */
bool books_are_closed(void);

/*
 * The judges print what they find, and return how many faults they found.
 *
 * judge_books: no ask had two outcomes, none was told to a later incarnation.
 * Each ask of the root, and of a process that ended in order, had one; of a
 * process that was killed some are missing: at most as many as can be open.
 */
int judge_books(void);

/* judge_belongings: no process, thread, descriptor or socket file is left. */
int judge_belongings(struct belongings before, struct belongings after,
                     const char *directory);

/* judge_memory: the root's, in the last quarter as in the second one. */
int judge_memory(const struct tally *tally);

#endif
