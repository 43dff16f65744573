/* SPDX-License-Identifier: Apache-2.0 */
/* sentence.h: text cut into sentences, each with its exact bytes. */
#ifndef TROUPE_ACTORS_SENTENCE_H
#define TROUPE_ACTORS_SENTENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct scratch;

enum sentence_kind {
    SENTENCE_PROSE, /* a whole sentence */
    SENTENCE_ENTRY, /* an option or term with the first words about it */
    SENTENCE_NAME,  /* "rm - remove files": what a manual page is about */
    SENTENCE_OTHER, /* synopsis, code, fragment, reference list: no sentence */
    SENTENCE_LEGAL, /* copyright, licence, where to report bugs */
    SENTENCE_ORDER, /* words that give orders to a program that reads them */
};

struct sentence_span {
    size_t start;            /* first byte in the text that was cut */
    size_t end;              /* one past the last */
    size_t tag_end;          /* of an entry: end of its tag; else start */
    enum sentence_kind kind; /* what it is */
};

struct sentence_spans {
    struct sentence_span *items;
    uint32_t count;
};

/*
 * troupe__sentences_cut: cut text into sentences.
 *
 *   text     UTF-8 of `size` bytes: plain text, with lines and indentation.
 *   heading  the path of headings that it stands below; "" when unknown.
 *   returns  spans in order of their start; they do not overlap, each begins
 *            and ends with a byte that is no white space. Headings, rules and
 *            code blocks are in no span.
 */
struct sentence_spans troupe__sentences_cut(struct scratch *scratch,
                                            const char *text, size_t size,
                                            const char *heading);

/*
 * troupe__sentence_kind: what a piece of prose or an entry is.
 *
 *   text      `size` bytes, trimmed.
 *   tag_size  bytes of the entry's tag; 0 for prose.
 *   heading   as above.
 */
enum sentence_kind troupe__sentence_kind(const char *text, size_t size,
                                         size_t tag_size, const char *heading);

/* troupe__heading_has: true when a word stands in the heading, case ignored. */
bool troupe__heading_has(const char *heading, const char *word);

#endif
