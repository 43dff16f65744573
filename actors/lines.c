/* SPDX-License-Identifier: Apache-2.0 */
/* lines.c: tells the lines of a plain text apart: terms, bullets, rules. */
#include "actors/lines.h"

#include <stdbool.h>
#include <string.h>

#include "actors/letters.h"
#include "actors/scratch.h"
#include "actors/words.h"
#include "mailbox/check.h"

#define TAB_WIDTH  8
#define TERM_WORDS 6
#define TAG_MAX    72 /* bytes; a longer line is no tag of an entry */

/* Bytes of a bullet with the space behind it; 0 when there is none. */
static size_t
bullet_size(const char *text, size_t size)
{
    if (size > 4 && memcmp(text, "\xe2\x80\xa2 ", 4) == 0)
        return 4;
    if (size > 2 && strchr("*+o-", text[0]) && text[1] == ' ')
        return 2;
    size_t open = text[0] == '(' || text[0] == '[';
    size_t at = open;
    while (at < size && at < open + 3 && is_digit(text[at]))
        at += 1;
    if (at == open && at < size && is_lower(text[at]))
        at += 1;
    if (at == open || at + 2 > size)
        return 0;
    bool closed = text[at] == ')' || (text[at] == ']' && open)
                  || (text[at] == '.' && is_digit(text[at - 1]));
    return closed && text[at + 1] == ' ' ? at + 2 : 0;
}

static bool
is_rule(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (is_alnum(text[i]))
            return false;
    return true;
}

/* Where two spaces part a tag from the words about it, or size. */
static size_t
gap_at(const char *text, size_t size)
{
    for (size_t i = 1; i + 2 < size && i < TAG_MAX / 2; i++) {
        bool wide = text[i] == ' ' && text[i + 1] == ' ';
        if ((wide || text[i] == '\t') && !strchr(".!?:", text[i - 1]))
            return i;
    }
    return size;
}

static bool
is_option(const char *text, size_t size)
{
    return size >= 2 && text[0] == '-'
           && (is_alnum(text[1]) || (text[1] == '-' && size > 2));
}

static void
look_at_line(struct line *line, const char *text)
{
    const char *start = text + line->start;
    size_t size = line->end - line->start;
    line->body = line->start;
    if (size == 0) {
        line->kind = LINE_BLANK;
    } else if (size >= 3
               && (!memcmp(start, "```", 3) || !memcmp(start, "~~~", 3))) {
        line->kind = LINE_FENCE;
    } else if (is_rule(start, size)) {
        line->kind = LINE_RULE;
    } else if (start[0] == '#' && line->indent == 0
               && memchr(start, ' ', size < 8 ? size : 8)) {
        line->kind = LINE_HEADING;
    } else if (bullet_size(start, size) > 0) {
        line->kind = LINE_BULLET;
        line->body = line->start + bullet_size(start, size);
        while (line->body < line->end && is_space(text[line->body]))
            line->body += 1;
    } else if (is_option(start, size)) {
        line->kind = LINE_TAG;
        line->body = line->start + gap_at(start, size);
    }
}

static void
read_lines(struct lines *self, struct scratch *scratch, const char *text,
           size_t size)
{
    size_t at = 0;
    while (at < size) {
        self->items = troupe__scratch_room(scratch, self->items, self->count,
                                           sizeof *self->items);
        struct line *line = &self->items[self->count++];
        const char *stop = memchr(text + at, '\n', size - at);
        size_t end = stop ? (size_t) (stop - text) : size;
        line->start = at;
        while (line->start < end && is_space(text[line->start])) {
            line->indent += text[line->start] == '\t' ? TAB_WIDTH : 1;
            line->start += 1;
        }
        line->end = end;
        while (line->end > line->start && is_space(text[line->end - 1]))
            line->end -= 1;
        look_at_line(line, text);
        at = end + 1;
    }
}

/* Few words, and not the half of a sentence. */
static bool
reads_as_term(const char *text, size_t size)
{
    size_t words = 1;
    size_t last = 0;
    for (size_t i = 0; i + 1 < size; i++) {
        if (text[i] == ' ') {
            words += 1;
            last = i + 1;
        }
    }
    return size <= TAG_MAX && words <= TERM_WORDS
           && !strchr(".,;", text[size - 1])
           && !troupe__word_stop(text + last, size - last);
}

/* A short line with deeper lines below it names what they are about. */
static void
find_terms(struct lines *self, const char *text)
{
    for (uint32_t i = 0; i + 1 < self->count; i++) {
        struct line *line = &self->items[i];
        const struct line *next = &self->items[i + 1];
        size_t size = line->end - line->start;
        if (line->kind != LINE_TEXT || next->kind != LINE_TEXT)
            continue;
        bool first = i == 0 || self->items[i - 1].kind != LINE_TEXT
                     || self->items[i - 1].indent > line->indent;
        if (first && next->indent >= line->indent + 2
            && reads_as_term(text + line->start, size)) {
            line->kind = LINE_TAG;
            line->body = line->end;
        }
    }
}

struct lines
troupe__lines_read(struct scratch *scratch, const char *text, size_t size)
{
    CHECK(text || size == 0);
    struct lines self = {0};
    read_lines(&self, scratch, text, size);
    find_terms(&self, text);
    return self;
}
