/* SPDX-License-Identifier: Apache-2.0 */
/* lines.h: the lines of a plain text and what each of them is. */
#ifndef TROUPE_ACTORS_LINES_H
#define TROUPE_ACTORS_LINES_H

#include <stddef.h>
#include <stdint.h>

struct scratch;

enum line_kind {
    LINE_TEXT,
    LINE_BLANK,
    LINE_RULE,    /* only punctuation: ----, ====, ***** */
    LINE_FENCE,   /* ``` or ~~~ */
    LINE_HEADING, /* # Markdown heading */
    LINE_BULLET,  /* "- item", "1. item" */
    LINE_TAG,     /* "-x, --long" or a term with text below it */
};

struct line {
    size_t start; /* first byte that is no white space */
    size_t end;   /* one past the last such byte */
    size_t body;  /* of a bullet or tag: where its text begins */
    unsigned indent;
    enum line_kind kind;
};

struct lines {
    struct line *items;
    uint32_t count;
};

/* troupe__lines_read: cut `size` bytes of text at line ends. */
struct lines troupe__lines_read(struct scratch *scratch, const char *text,
                                size_t size);

#endif
