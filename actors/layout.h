/* SPDX-License-Identifier: Apache-2.0 */
/* layout.h: how nested elements become lines of text and blocks. */
#ifndef TROUPE_ACTORS_LAYOUT_H
#define TROUPE_ACTORS_LAYOUT_H

#include "actors/document.h"

/*
 * A block opens with its first visible character, so that empty elements leave
 * no trace, and closes with any tag that begins or ends a block. A paragraph
 * becomes one line; what lies deeper is indented by four columns.
 */
enum tag {
    TAG_INLINE,
    TAG_BLOCK,
    TAG_HEADING,
    TAG_PRE,
    TAG_LIST,
    TAG_ITEM,
    TAG_TERM,
    TAG_MEANING,
    TAG_INDENT,
    TAG_ROW,
    TAG_CELL,
    TAG_BREAK,
    TAG_TITLE,
    TAG_SKIP
};

struct troupe__element {
    enum tag tag;
    unsigned indent;  /* columns, for blocks inside */
    unsigned level;   /* heading: 1 .. 6 */
    unsigned counter; /* list: number of the last item, 0: bullets */
    bool ordered;
    bool fresh; /* item, term, meaning: no block inside yet */
};

struct troupe__layout {
    struct troupe_document *document;
    struct troupe__element *stack;
    size_t depth;
    size_t capacity;
    size_t skip_depth; /* > 0: inside something to pass over */
    size_t pre_depth;  /* > 0: inside <pre> */
    bool open;         /* a block is open */
    size_t start;      /* of the open block */
    enum troupe__block_kind kind;
    unsigned level;
    bool item;
    bool space; /* white space is due before the next character */
};

/* troupe__layout_top: the innermost element, NULL outside of all. */
struct troupe__element *troupe__layout_top(struct troupe__layout *self);

/* troupe__layout_push: an element begins; its end pops the stack. */
void troupe__layout_push(struct troupe__layout *self,
                         struct troupe__element element);

/* troupe__layout_close: the open block, if any, is complete. */
void troupe__layout_close(struct troupe__layout *self);

/* troupe__layout_flow: words; white space only separates them. */
void troupe__layout_flow(struct troupe__layout *self, const char *s,
                         size_t size);

/* troupe__layout_pre: lines that stay as they are. */
void troupe__layout_pre(struct troupe__layout *self, const char *s,
                        size_t size);

/* troupe__layout_break: a new line inside the block. */
void troupe__layout_break(struct troupe__layout *self);

/* troupe__layout_cell: the next cell of a table's row. */
void troupe__layout_cell(struct troupe__layout *self);

#endif
