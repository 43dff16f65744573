/* SPDX-License-Identifier: Apache-2.0 */
/* council_compare.h: the sentences of answers, and how alike they are. */
#ifndef TROUPE_ACTORS_COUNCIL_COMPARE_H
#define TROUPE_ACTORS_COUNCIL_COMPARE_H

#include "actors/council.h"
#include "actors/scratch.h"
#include "actors/sentence.h"
#include "actors/values.h"

#define SAME 0.5 /* likeness of two sentences that say the same */

/* One sentence of one answer. */
struct said {
    uint32_t vote;
    const char *text;
    size_t size;
    struct words words;
    struct values values;
    uint32_t *terms;
    uint32_t term_count;
    double norm;
    uint32_t *grams; /* ascending, each once */
    uint32_t gram_count;
    bool denies;
    uint32_t parent; /* in the forest of those that are alike */
};

struct comparison {
    struct council *council;
    struct scratch *scratch;
    struct vocabulary *vocabulary;
    struct said *said;
    uint32_t count;
    double *rarity;   /* by term */
    double *likeness; /* of sentences, count x count; below 0: but for a veto */
};

/* troupe__sentences_compare: cut all usable answers, of which there is one at
 * least, and fill in the rest of a comparison; its three lists are to be freed.
 */
void troupe__sentences_compare(struct comparison *self);

/* troupe__sentences_root: the first of those that say the same as one. */
uint32_t troupe__sentences_root(struct comparison *self, uint32_t index);

#endif
