/* SPDX-License-Identifier: Apache-2.0 */
/* layout.c: how nested elements become lines of text and blocks. */
#include "actors/layout.h"

#include <ctype.h>
#include <string.h>

#include "mailbox/check.h"

struct troupe__element *
troupe__layout_top(struct troupe__layout *self)
{
    return self->depth ? &self->stack[self->depth - 1] : NULL;
}

void
troupe__layout_close(struct troupe__layout *self)
{
    self->space = false;
    if (!self->open)
        return;
    self->open = false;
    struct troupe__text *text = &self->document->text;
    while (text->size > self->start
           && strchr(" \n\t", text->data[text->size - 1]))
        text->size--;
    text->data[text->size] = 0;
    if (text->size > self->start)
        troupe__document_block(self->document, self->kind, self->start,
                               self->level, self->item);
}

/* The innermost element that decides how text is laid out. */
static struct troupe__element *
owner(struct troupe__layout *self)
{
    for (size_t i = self->depth; i > 0; i--) {
        enum tag tag = self->stack[i - 1].tag;
        if (tag == TAG_HEADING || tag == TAG_ITEM || tag == TAG_TERM
            || tag == TAG_MEANING || tag == TAG_ROW)
            return &self->stack[i - 1];
        if (tag == TAG_LIST || tag == TAG_INDENT)
            return NULL;
    }
    return NULL;
}

/* "*", a bullet, "o", "1.", "(a)", "[3]"; but not "-", which is an option. */
static bool
is_mark(const char *s, size_t size)
{
    if (size > 4 || s[0] == '-')
        return false;
    bool letters = false;
    for (size_t i = 0; i < size; i++)
        letters = letters || isalnum((unsigned char) s[i]);
    return !letters || strchr(".)]", s[size - 1]) || (size == 1 && *s == 'o');
}

/* A term that is only a mark ("*", "1.") goes before its meaning's text. */
static bool
join_mark(struct troupe__layout *self)
{
    struct troupe_document *doc = self->document;
    if (doc->block_count == 0)
        return false;
    struct troupe__block *last = &doc->blocks[doc->block_count - 1];
    if (last->kind != TROUPE__BLOCK_TERM
        || !is_mark(doc->text.data + last->start, last->end - last->start))
        return false;
    self->start = last->start;
    doc->block_count--;
    troupe__text_putc(&doc->text, ' ');
    return true;
}

static struct troupe__element *
find_list(struct troupe__layout *self)
{
    for (size_t i = self->depth; i > 0; i--)
        if (self->stack[i - 1].tag == TAG_LIST)
            return &self->stack[i - 1];
    return NULL;
}

static void
put_mark(struct troupe__layout *self)
{
    struct troupe__element *list = find_list(self);
    struct troupe__text *text = &self->document->text;
    if (list && list->ordered)
        troupe__text_printf(text, "%u. ", ++list->counter);
    else
        troupe__text_puts(text, "- ");
}

/* Items and rows follow each other, a meaning its term, without a gap. */
static bool
is_tight(struct troupe__layout *self, enum tag tag, bool fresh)
{
    struct troupe_document *doc = self->document;
    if (!fresh || doc->block_count == 0)
        return false;
    const struct troupe__block *last = &doc->blocks[doc->block_count - 1];
    if (tag == TAG_MEANING)
        return last->kind == TROUPE__BLOCK_TERM;
    if (tag == TAG_ROW)
        return last->kind == TROUPE__BLOCK_CODE && last->item;
    struct troupe__element *list = find_list(self);
    bool first = list && list->fresh;
    if (list && tag == TAG_ITEM)
        list->fresh = false;
    return tag == TAG_ITEM && !first;
}

static void
open_block(struct troupe__layout *self)
{
    struct troupe__text *text = &self->document->text;
    struct troupe__element *in = owner(self);
    struct troupe__element *inner = troupe__layout_top(self);
    unsigned indent = inner ? inner->indent : 0;
    enum tag tag = in ? in->tag : TAG_BLOCK;
    bool fresh = in && in->fresh;
    if (in)
        in->fresh = false;
    self->open = true;
    self->item =
        fresh && (tag == TAG_ITEM || tag == TAG_TERM || tag == TAG_ROW);
    self->level = indent / 4;
    self->kind = self->pre_depth || tag == TAG_ROW ? TROUPE__BLOCK_CODE
                 : tag == TAG_TERM                 ? TROUPE__BLOCK_TERM
                                                   : TROUPE__BLOCK_PROSE;
    if (tag == TAG_HEADING) {
        self->kind = TROUPE__BLOCK_HEADING;
        self->level = in->level;
        indent = 0;
    }
    if (fresh && tag == TAG_MEANING && join_mark(self)) {
        self->item = true;
        return;
    }
    if (text->size > 0)
        troupe__text_puts(text, is_tight(self, tag, fresh) ? "\n" : "\n\n");
    bool marked = fresh && tag == TAG_ITEM;
    for (unsigned i = marked ? 4 : 0; i < indent; i++)
        troupe__text_putc(text, ' ');
    self->start = text->size;
    if (marked)
        put_mark(self);
}

void
troupe__layout_pre(struct troupe__layout *self, const char *s, size_t size)
{
    struct troupe__text *text = &self->document->text;
    for (size_t i = 0; i < size; i++) {
        if (!self->open) {
            if (s[i] == '\n')
                continue; /* blank lines at the beginning */
            open_block(self);
        }
        /* At most one blank line in a row. */
        if (s[i] == '\n' && text->size >= self->start + 2
            && memcmp(text->data + text->size - 2, "\n\n", 2) == 0)
            continue;
        troupe__text_putc(text, s[i]);
    }
}

/* Bytes of the white space or invisible character at s, 0 if it is visible. */
static size_t
blank_size(const char *s, size_t size, bool *ret_is_space)
{
    *ret_is_space = true;
    if (strchr(" \t\n\r", s[0]) && s[0])
        return 1;
    if (size >= 2 && memcmp(s, "\xc2\xa0", 2) == 0)
        return 2;
    *ret_is_space = false;
    if (size >= 2 && memcmp(s, "\xc2\xad", 2) == 0)
        return 2; /* soft hyphen */
    if (size >= 3 && memcmp(s, "\xe2\x80\x8b", 3) == 0)
        return 3; /* zero width space */
    return (unsigned char) s[0] < 0x20 ? 1 : 0;
}

void
troupe__layout_flow(struct troupe__layout *self, const char *s, size_t size)
{
    struct troupe__text *text = &self->document->text;
    for (size_t i = 0; i < size;) {
        bool is_space = false;
        size_t blank = blank_size(s + i, size - i, &is_space);
        if (blank > 0) {
            self->space = self->space || (is_space && self->open);
            i += blank;
            continue;
        }
        size_t end = i;
        while (end < size && blank_size(s + end, size - end, &is_space) == 0)
            end++;
        if (!self->open)
            open_block(self);
        else if (self->space && !strchr(" \n", text->data[text->size - 1]))
            troupe__text_putc(text, ' ');
        self->space = false;
        troupe__text_put(text, s + i, end - i);
        i = end;
    }
}

void
troupe__layout_push(struct troupe__layout *self, struct troupe__element element)
{
    if (self->depth == self->capacity) {
        self->capacity = self->capacity ? self->capacity * 2 : 32;
        self->stack =
            troupe__realloc(self->stack, self->capacity * sizeof *self->stack);
    }
    self->stack[self->depth++] = element;
}

void
troupe__layout_break(struct troupe__layout *self)
{
    struct troupe__text *text = &self->document->text;
    if (!self->open)
        return;
    if (self->pre_depth) {
        troupe__layout_pre(self, "\n", 1);
        return;
    }
    self->space = false;
    struct troupe__element *in = troupe__layout_top(self);
    troupe__text_putc(text, '\n');
    for (unsigned i = 0; in && i < in->indent; i++)
        troupe__text_putc(text, ' ');
}

void
troupe__layout_cell(struct troupe__layout *self)
{
    if (self->open && !self->pre_depth)
        troupe__text_puts(&self->document->text, "  ");
    self->space = false;
}
