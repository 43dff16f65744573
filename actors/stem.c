/* SPDX-License-Identifier: Apache-2.0 */
/* stem.c: words cut to their stems as the index does. */
#include "actors/stem.h"

#include <libstemmer.h>
#include <stdlib.h>
#include <string.h>

#include "mailbox/check.h"

struct troupe__stemmer {
    struct sb_stemmer *inner;
};

struct troupe__stemmer *
troupe__stemmer_new(void)
{
    struct troupe__stemmer *self = troupe__alloc(sizeof *self);
    self->inner = sb_stemmer_new("porter", "UTF_8");
    CHECK(self->inner); /* fails only without memory: "porter" is built in */
    return self;
}

void
troupe__stemmer_destroy(struct troupe__stemmer **self_p)
{
    if (!*self_p)
        return;
    sb_stemmer_delete((*self_p)->inner);
    free(*self_p);
    *self_p = NULL;
}

void
troupe__stem(struct troupe__stemmer *self, char token[TROUPE__TERM_SIZE_MAX])
{
    size_t size = strlen(token);
    if (size < 3) /* so does FTS5 */
        return;
    const sb_symbol *stem =
        sb_stemmer_stem(self->inner, (const sb_symbol *) token, (int) size);
    int length = stem ? sb_stemmer_length(self->inner) : 0;
    if (length <= 0 || length >= TROUPE__TERM_SIZE_MAX)
        return;
    memcpy(token, stem, (size_t) length);
    token[length] = 0;
}
