/* SPDX-License-Identifier: Apache-2.0 */
/* sentence.c: text cut into paragraphs, entries and sentences. */
#include "actors/sentence.h"

#include <string.h>

#include "actors/letters.h"
#include "actors/lines.h"
#include "actors/scratch.h"
#include "actors/words.h"
#include "mailbox/check.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* A dot after one of these ends no sentence. Sorted. */
static const char *const abbreviations[] = {
    "al",   "approx", "apr", "aug",  "ca",   "cf",   "ch",  "co",  "corp",
    "dec",  "dept",   "dr",  "e.g",  "ed",   "eds",  "eg",  "eq",  "esp",
    "etc",  "ex",     "feb", "fig",  "figs", "i.e",  "ie",  "inc", "incl",
    "jan",  "jr",     "jul", "jun",  "ltd",  "mar",  "max", "min", "mr",
    "mrs",  "ms",     "no",  "nov",  "nr",   "oct",  "op",  "p.s", "pp",
    "prof", "resp",   "sec", "sect", "sep",  "sept", "sr",  "st",  "vol",
    "vs",   "w.r.t",  "wrt",
};

struct cutter {
    struct scratch *scratch;
    const char *text;
    const char *heading;
    struct lines lines;
    struct sentence_spans spans;
};

/* "... of them. 1 Any exception": the number of a note between sentences. */
static size_t
behind_note(const struct cutter *self, size_t start, size_t end)
{
    size_t at = start;
    while (at < end && at < start + 2 && is_digit(self->text[at]))
        at += 1;
    bool inside = start > 1 && self->text[start - 1] == ' '
                  && strchr(".)", self->text[start - 2]);
    if (at == start || !inside || at + 2 >= end || self->text[at] != ' '
        || !is_upper(self->text[at + 1]))
        return start;
    return at + 1;
}

static void
add_span(struct cutter *self, size_t start, size_t end, size_t tag_end)
{
    while (start < end && is_space(self->text[start]))
        start += 1;
    while (end > start && is_space(self->text[end - 1]))
        end -= 1;
    if (start == end)
        return;
    start = behind_note(self, start, end);
    struct sentence_spans *spans = &self->spans;
    spans->items = troupe__scratch_room(self->scratch, spans->items,
                                        spans->count, sizeof *spans->items);
    struct sentence_span *span = &spans->items[spans->count++];
    span->start = start;
    span->end = end;
    span->tag_end = tag_end > start ? tag_end : start;
    span->kind = troupe__sentence_kind(self->text + start, end - start,
                                       span->tag_end - start, self->heading);
}

/* True when the dot at `at` stands for missing letters, not for an end. */
static bool
is_abbreviation(const char *text, size_t start, size_t at)
{
    size_t word = at;
    while (word > start && (is_alnum(text[word - 1]) || text[word - 1] == '.'))
        word -= 1;
    size_t size = at - word;
    if (size == 0)
        return false;
    if (size == 1 && is_upper(text[word]))
        return true; /* an initial */
    return troupe__word_in(abbreviations, COUNT(abbreviations), text + word,
                           size);
}

/* What follows an end of sentence: its first byte decides. */
static bool
begins_sentence(const char *text, size_t at, size_t end, size_t word_size,
                bool wide)
{
    if (at >= end || wide)
        return true;
    if (strchr("\"'([`", text[at]) && at + 1 < end)
        at += 1;
    if (!is_lower(text[at]))
        return true;
    return word_size >= 3; /* a sentence may begin with a command's name */
}

/*
 * Where the sentence ends whose mark stands at `at`: one past its closing
 * quotes and brackets; 0 when the mark ends none.
 */
static size_t
sentence_end(const char *text, size_t start, size_t at, size_t end)
{
    size_t after = at + 1;
    while (after < end && strchr(".!?", text[after]))
        after += 1;
    bool dots = after > at + 1 && text[at] == '.';
    while (
        after < end
        && (strchr("\"')]`", text[after])
            || (end - after >= 3 && !memcmp(text + after, "\xe2\x80\x9d", 3))))
        after += strchr("\"')]`", text[after]) ? 1 : 3;
    if (after < end && !is_space(text[after]))
        return 0;
    size_t next = after;
    while (next < end && is_space(text[next]))
        next += 1;
    if (next >= end)
        return after;
    if (text[at] == '.' && is_abbreviation(text, start, at))
        return 0;
    size_t word = at;
    while (word > start && is_lower(text[word - 1]))
        word -= 1;
    bool wide = next - after >= 2 && text[after] == ' ' && !dots;
    size_t size = at - word;
    wide |= size > 1 && end - next > size && !is_alnum(text[next + size])
            && memcmp(text + word, text + next, size) == 0; /* "of rm. rm is" */
    return begins_sentence(text, next, end, dots ? 0 : size, wide) ? after : 0;
}

/* Cut [start, end) into sentences; the first one takes the tag along. */
static void
cut_sentences(struct cutter *self, size_t tag, size_t tag_end, size_t start,
              size_t end)
{
    size_t from = tag;
    size_t at = start;
    while (at < end) {
        size_t stop = 0;
        if (strchr(".!?", self->text[at]))
            stop = sentence_end(self->text, from, at, end);
        if (stop == 0) {
            at += 1;
            continue;
        }
        add_span(self, from, stop, from == tag ? tag_end : from);
        from = stop;
        at = stop;
    }
    add_span(self, from, end, from == tag ? tag_end : from);
}

static bool
continues(const struct line *line, const struct line *first)
{
    if (line->kind != LINE_TEXT)
        return false;
    return first->kind != LINE_TAG || line->indent > first->indent;
}

/* One paragraph, list item or entry; returns the line behind it. */
static uint32_t
cut_unit(struct cutter *self, uint32_t at)
{
    const struct line *first = &self->lines.items[at];
    uint32_t next = at + 1;
    size_t tag_end = first->body;
    if (first->kind == LINE_TAG) {
        /* "-a" above "--all": both are the tag. */
        while (next < self->lines.count && first->body == first->end
               && self->lines.items[next].kind == LINE_TAG
               && self->lines.items[next].indent == first->indent) {
            first = &self->lines.items[next++];
            tag_end = first->body;
        }
    }
    size_t start = self->lines.items[at].kind == LINE_TAG
                       ? self->lines.items[at].start
                       : self->lines.items[at].body;
    while (next < self->lines.count
           && continues(&self->lines.items[next], first))
        next += 1;
    size_t end = self->lines.items[next - 1].end;
    if (first->kind == LINE_TAG)
        cut_sentences(self, start, tag_end, tag_end, end);
    else
        cut_sentences(self, start, start, start, end);
    return next;
}

struct sentence_spans
troupe__sentences_cut(struct scratch *scratch, const char *text, size_t size,
                      const char *heading)
{
    CHECK(text);
    CHECK(heading);
    struct cutter self = {.scratch = scratch, .text = text, .heading = heading};
    self.lines = troupe__lines_read(scratch, text, size);
    uint32_t at = 0;
    while (at < self.lines.count) {
        enum line_kind kind = self.lines.items[at].kind;
        if (kind == LINE_FENCE) {
            do
                at += 1;
            while (at < self.lines.count
                   && self.lines.items[at].kind != LINE_FENCE);
            at += 1;
        } else if (kind == LINE_BLANK || kind == LINE_RULE
                   || kind == LINE_HEADING) {
            at += 1;
        } else {
            at = cut_unit(&self, at);
        }
    }
    return self.spans;
}
