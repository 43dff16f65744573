/* SPDX-License-Identifier: Apache-2.0 */
/* cut.h: documents cut into passages that can be read alone. */
#ifndef TROUPE_ACTORS_CUT_H
#define TROUPE_ACTORS_CUT_H

#include "actors/document.h"

struct troupe__piece {
    size_t start; /* bytes of the document's text */
    size_t end;
    size_t heading; /* offset in headings of a NUL-ended heading path */
};

/* The passages of one document, in order. */
struct troupe__cut {
    struct troupe__piece *pieces;
    size_t count;
    size_t capacity;
    struct troupe__text headings;
};

/*
 * troupe__cut_document: cut a document at sections and paragraphs.
 *
 *   ret_cut  out: pieces of about 80 to 200 words; a sentence or line is
 *            never split, and a term stays with what explains it.
 */
void troupe__cut_document(const struct troupe_document *document,
                          struct troupe__cut *ret_cut);

void troupe__cut_free(struct troupe__cut *self);

/* troupe__sentence_end: one past the last byte of the sentence that begins at
 * `start`, at most `end`; white space after it is not part of it. */
size_t troupe__sentence_end(const char *text, size_t start, size_t end);

#endif
