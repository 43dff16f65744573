/* SPDX-License-Identifier: Apache-2.0 */
/* simhash.h: how alike texts are, by words in a row. */
#ifndef TROUPE_ACTORS_SIMHASH_H
#define TROUPE_ACTORS_SIMHASH_H

#include "troupe_passage.h"

/* troupe__word_hash: a hash of the next word, without its case; 0 at the end.
 *   at  in and out: where to go on. */
uint64_t troupe__word_hash(const char *text, size_t size, size_t *at);

/* The runs of four words of a text, as sorted hashes (Broder 1997). */
struct troupe__shingles {
    uint64_t *hashes;
    size_t count;
};

void troupe__shingles_make(const char *text, size_t size,
                           struct troupe__shingles *ret);
void troupe__shingles_free(struct troupe__shingles *self);

/* troupe__shingles_share: whether that part of the smaller text, 0 to 1, is in
 * the larger; false when one has fewer than four words. */
bool troupe__shingles_share(const struct troupe__shingles *one,
                            const struct troupe__shingles *other, double part);

#endif
