/* SPDX-License-Identifier: Apache-2.0 */
/* stem.h: words cut to their stems as the index does. */
#ifndef TROUPE_ACTORS_STEM_H
#define TROUPE_ACTORS_STEM_H

#include "actors/query.h"

struct troupe__stemmer;

struct troupe__stemmer *troupe__stemmer_new(void);
void troupe__stemmer_destroy(struct troupe__stemmer **self_p);

/* troupe__stem: the stem of a token, Porter 1980, in place. */
void troupe__stem(struct troupe__stemmer *self,
                  char token[TROUPE__TERM_SIZE_MAX]);

#endif
