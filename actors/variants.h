/* SPDX-License-Identifier: Apache-2.0 */
/* variants.h: words as they may have been meant. */
#ifndef TROUPE_ACTORS_VARIANTS_H
#define TROUPE_ACTORS_VARIANTS_H

#include "actors/corpus.h"
#include "actors/stem.h"

/* troupe__variants_add: append the known words that a term of a question may
 * have meant to an expression, joined by OR; often there are none. */
int troupe__variants_add(troupe_corpus_t *corpus,
                         struct troupe__stemmer *stemmer,
                         const struct troupe__term *term,
                         struct troupe__text *expression);

#endif
