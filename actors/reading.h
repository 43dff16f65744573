/* SPDX-License-Identifier: Apache-2.0 */
/* reading.h: documents read and cut by some threads, taken by one. */
#ifndef TROUPE_ACTORS_READING_H
#define TROUPE_ACTORS_READING_H

#include "actors/cut.h"
#include "actors/document.h"

#define TROUPE__BATCH 32

/* Documents that were read together, to be freed. */
struct troupe__batch {
    size_t first; /* index of the first in the list of paths */
    size_t count;
    struct troupe_document *documents[TROUPE__BATCH];
    struct troupe__cut cuts[TROUPE__BATCH];
};

struct troupe__reading;

/* troupe__reading_new: begin to read.
 *   paths    `count` paths, lent until destroy.
 *   threads  that read, 0: one per core. */
struct troupe__reading *troupe__reading_new(const char *const *paths,
                                            size_t count, size_t size_max,
                                            unsigned threads);

/* troupe__reading_next: wait for a batch, in no particular order; NULL at the
 * end. */
struct troupe__batch *troupe__reading_next(struct troupe__reading *self);

void troupe__batch_destroy(struct troupe__batch **self_p);

/* troupe__reading_destroy: stop, also before the end. */
void troupe__reading_destroy(struct troupe__reading **self_p);

#endif
