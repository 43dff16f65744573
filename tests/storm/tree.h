/* SPDX-License-Identifier: Apache-2.0 */
/* tree.h: the supervisors of a storm; and what the system says of a process. */
#ifndef TROUPE_TESTS_STORM_TREE_H
#define TROUPE_TESTS_STORM_TREE_H

#include "storm/member.h"

/* tree_start: all of them, below `root`. Returns 0 or -errno, and says why. */
int tree_start(troupe_t *root);

/* What this process has, and the processes that are its children. */
struct belongings {
    long kib, descriptors, threads, children;
};

struct belongings belongings_count(void);

/* belongings_after: the same, once our threads are gone or it takes too long. */
struct belongings belongings_after(struct belongings before);

#endif
