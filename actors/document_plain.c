/* SPDX-License-Identifier: Apache-2.0 */
/* document_plain.c: the blocks and headings of a plain text. */
#include "actors/document.h"

#include <ctype.h>
#include <string.h>

#include "mailbox/check.h"

struct line {
    size_t start;  /* without the indentation */
    size_t end;    /* without the white space at its end */
    size_t next;   /* where the next line begins */
    size_t indent; /* columns */
};

static struct line
line_at(const struct troupe__text *text, size_t at)
{
    const char *s = text->data;
    struct line line = {.start = at};
    const char *stop = memchr(s + at, '\n', text->size - at);
    line.end = stop ? (size_t) (stop - s) : text->size;
    line.next = stop ? line.end + 1 : text->size;
    for (; line.start < line.end; line.start++) {
        if (s[line.start] == '\t')
            line.indent += 8 - line.indent % 8;
        else if (s[line.start] == ' ')
            line.indent++;
        else
            break;
    }
    while (line.end > line.start
           && (s[line.end - 1] == ' ' || s[line.end - 1] == '\t'))
        line.end--;
    return line;
}

static bool
is_blank(struct line line)
{
    return line.start == line.end;
}

/* "====", "-----": what underlines a heading. */
static char
rule_char(const char *s, struct line line)
{
    char c = s[line.start];
    if (line.end - line.start < 3 || !strchr("=-~*#^\"'+", c))
        return 0;
    for (size_t i = line.start; i < line.end; i++)
        if (s[i] != c)
            return 0;
    return c;
}

static bool
is_upper_case(const char *s, struct line line)
{
    size_t upper = 0;
    for (size_t i = line.start; i < line.end; i++) {
        unsigned char c = (unsigned char) s[i];
        if (islower(c) || c == '=' || c == '{' || c == ';')
            return false;
        upper += isupper(c) != 0;
    }
    return upper >= 4;
}

/* "1.", "2.3.", "A.1": returns the depth of the number, 0 if there is none. */
static unsigned
number_depth(const char *s, struct line line)
{
    size_t at = line.start;
    unsigned depth = 0;
    while (at < line.end) {
        size_t from = at;
        while (at < line.end && isdigit((unsigned char) s[at]))
            at++;
        if (at == from && depth == 0 && isupper((unsigned char) s[at]))
            at++;
        if (at == from)
            break;
        depth++;
        if (at >= line.end || s[at] != '.')
            break;
        at++;
    }
    bool dotted = at > line.start && s[at - 1] == '.';
    if (depth == 0 || at + 1 >= line.end || s[at] != ' '
        || (depth == 1 && !dotted))
        return 0;
    while (at < line.end && s[at] == ' ')
        at++;
    return isupper((unsigned char) s[at]) ? depth : 0;
}

/* A heading stands alone, is short, and does not end like a sentence. */
static unsigned
heading_level(const char *s, struct line line, struct line below)
{
    size_t size = line.end - line.start;
    if (size > 78)
        return 0;
    char rule = is_blank(below) ? 0 : rule_char(s, below);
    if (rule)
        return rule == '=' || rule == '*' || rule == '#' ? 1 : 2;
    if (!is_blank(below) || line.indent > 3 || size < 3)
        return 0;
    if (strchr(".,;:!?", s[line.end - 1]))
        return 0;
    unsigned depth = number_depth(s, line);
    if (depth > 0)
        return depth > 5 ? 6 : depth + 1;
    return is_upper_case(s, line) ? 2 : 0;
}

static bool
starts_item(const char *s, struct line line)
{
    size_t size = line.end - line.start;
    const char *p = s + line.start;
    if (size < 3)
        return false;
    if (strchr("-*+o", p[0]) && p[1] == ' ')
        return true;
    size_t digits = 0;
    while (digits < size && digits < 3 && isdigit((unsigned char) p[digits]))
        digits++;
    return digits > 0 && digits + 1 < size
           && (p[digits] == '.' || p[digits] == ')') && p[digits + 1] == ' ';
}

/* Prose fills its lines with words; code and tables have gaps and signs. */
static enum troupe__block_kind
kind_of(const char *s, size_t start, size_t end)
{
    size_t words = 0, signs = 0, gaps = 0;
    bool in_word = false, at_start = true;
    for (size_t i = start; i < end; i++) {
        unsigned char c = (unsigned char) s[i];
        if (isalpha(c) || c >= 0x80) {
            words += !in_word;
            in_word = true;
        } else {
            in_word = false;
            signs += ispunct(c) && !strchr(".,;:'\"()-`", c);
        }
        if (c == ' ' && !at_start && i + 2 < end && s[i + 1] == ' '
            && s[i + 2] == ' ')
            gaps++;
        at_start = c == '\n' || (at_start && c == ' ');
    }
    return words < 3 || signs * 3 > words || gaps * 6 > words
               ? TROUPE__BLOCK_CODE
               : TROUPE__BLOCK_PROSE;
}

static void
take_title(struct troupe_document *self, struct line line)
{
    if (self->title.size > 0)
        return;
    troupe__text_put(&self->title, self->text.data + line.start,
                     line.end - line.start);
}

/* A paragraph: until a blank line, a heading's rule, or the next item. */
static size_t
paragraph(struct troupe_document *self, struct line first)
{
    const char *s = self->text.data;
    struct line line = first;
    size_t end = first.end;
    while (line.next < self->text.size) {
        struct line next = line_at(&self->text, line.next);
        if (is_blank(next) || (starts_item(s, next) && starts_item(s, first)))
            break;
        end = next.end;
        line = next;
    }
    /* The block is cut by hand: the text is there already, whole. */
    troupe__document_block(
        self, kind_of(s, first.start, end), first.start,
        (unsigned) (first.indent > 120 ? 30 : first.indent / 4),
        starts_item(s, first));
    self->blocks[self->block_count - 1].end = end;
    return line.next;
}

void
troupe__plain_read(struct troupe_document *self, struct troupe__text *source)
{
    CHECK(self->text.size == 0);
    troupe__text_free(&self->text);
    self->text = *source;
    *source = (struct troupe__text){0};

    bool alone = true; /* no text right above */
    for (size_t at = 0; at < self->text.size;) {
        struct line line = line_at(&self->text, at);
        at = line.next;
        if (is_blank(line)) {
            alone = true;
            continue;
        }
        struct line below = {0};
        if (at < self->text.size)
            below = line_at(&self->text, at);
        const char *s = self->text.data;
        if (rule_char(s, line))
            continue; /* above a heading, or between sections */
        unsigned level = alone ? heading_level(s, line, below) : 0;
        if (level > 0) {
            take_title(self, line);
            troupe__document_block(self, TROUPE__BLOCK_HEADING, line.start,
                                   level, false);
            self->blocks[self->block_count - 1].end = line.end;
            at = is_blank(below) ? at : below.next;
        } else {
            at = paragraph(self, line);
            alone = false;
        }
    }
}
