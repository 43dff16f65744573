/* SPDX-License-Identifier: Apache-2.0 */
/* cut.c: documents cut into passages that can be read alone. */
#include "actors/cut.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "mailbox/check.h"

#define WORDS_MIN   80
#define WORDS_MAX   200
#define WORDS_BLOCK 260 /* a longer block is split at its sentences */
#define LEVEL_MAX   8

struct cutter {
    const struct troupe_document *document;
    struct troupe__cut *cut;
    const struct troupe__block *path[LEVEL_MAX + 1]; /* open headings */
    size_t heading; /* of the current section, in cut->headings */
    bool open;
    size_t start;
    size_t end;
    size_t words;
};

static size_t
count_words(const char *s, size_t start, size_t end)
{
    size_t words = 0;
    bool inside = false;
    for (size_t i = start; i < end; i++) {
        bool space = s[i] == ' ' || s[i] == '\n' || s[i] == '\t';
        words += !space && !inside;
        inside = !space;
    }
    return words;
}

/* "e.g. this", "J. Doe", "vs. that": a dot that ends no sentence. */
static bool
is_abbreviation(const char *s, size_t start, size_t dot)
{
    static const char *const words[] = {"e.g", "i.e", "etc",  "vs",    "cf",
                                        "Dr",  "Mr",  "St",   "No",    "Fig",
                                        "fig", "al",  "resp", "approx"};
    size_t from = dot;
    while (from > start && !isspace((unsigned char) s[from - 1])
           && s[from - 1] != '(')
        from--;
    size_t size = dot - from;
    if (size == 1 && isupper((unsigned char) s[from]))
        return true;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i]) == size && memcmp(words[i], s + from, size) == 0)
            return true;
    return false;
}

size_t
troupe__sentence_end(const char *text, size_t start, size_t end)
{
    for (size_t i = start; i < end; i++) {
        if (!strchr(".!?", text[i]) || !text[i])
            continue;
        size_t after = i + 1;
        while (after < end && strchr(")\"'", text[after]) && text[after])
            after++;
        if (after < end && !isspace((unsigned char) text[after]))
            continue;
        size_t next = after;
        while (next < end && isspace((unsigned char) text[next]))
            next++;
        if (next < end && islower((unsigned char) text[next]))
            continue;
        if (text[i] == '.' && is_abbreviation(text, start, i))
            continue;
        return after;
    }
    return end;
}

/* Lines are the units of code, sentences those of prose. */
static size_t
unit_end(const char *s, const struct troupe__block *block, size_t at)
{
    if (block->kind != TROUPE__BLOCK_CODE)
        return troupe__sentence_end(s, at, block->end);
    const char *stop = memchr(s + at, '\n', block->end - at);
    return stop ? (size_t) (stop - s) : block->end;
}

static void
close_piece(struct cutter *self)
{
    if (!self->open)
        return;
    self->open = false;
    struct troupe__cut *cut = self->cut;
    if (cut->count == cut->capacity) {
        cut->capacity = cut->capacity ? cut->capacity * 2 : 16;
        cut->pieces =
            troupe__realloc(cut->pieces, cut->capacity * sizeof *cut->pieces);
    }
    cut->pieces[cut->count++] = (struct troupe__piece){
        .start = self->start, .end = self->end, .heading = self->heading};
}

static void
extend_piece(struct cutter *self, size_t start, size_t end, size_t words)
{
    if (!self->open) {
        self->open = true;
        self->start = start;
        self->words = 0;
    }
    self->end = end;
    self->words += words;
}

/* A block too long for one passage, sentence by sentence. */
static void
split_block(struct cutter *self, const struct troupe__block *block)
{
    const char *s = self->document->text.data;
    for (size_t at = block->start; at < block->end;) {
        size_t end = unit_end(s, block, at);
        size_t words = count_words(s, at, end);
        if (self->open && self->words + words > WORDS_MAX)
            close_piece(self);
        extend_piece(self, at, end, words);
        for (at = end; at < block->end && isspace((unsigned char) s[at]);)
            at++;
    }
}

static void
enter_section(struct cutter *self, const struct troupe__block *heading)
{
    unsigned level = heading->level;
    level = level < 1 ? 1 : level > LEVEL_MAX ? LEVEL_MAX : level;
    self->path[level] = heading;
    for (unsigned i = level + 1; i <= LEVEL_MAX; i++)
        self->path[i] = NULL;

    struct troupe__text *headings = &self->cut->headings;
    self->heading = headings->size;
    const char *between = "";
    for (unsigned i = 1; i <= level; i++) {
        if (!self->path[i])
            continue;
        size_t size = self->path[i]->end - self->path[i]->start;
        troupe__text_puts(headings, between);
        size_t from = headings->size;
        troupe__text_put(headings,
                         self->document->text.data + self->path[i]->start,
                         size < 200 ? size : 200);
        for (char *c = headings->data + from; *c; c++)
            *c = *c == '\n' ? ' ' : *c;
        while (headings->size > from
               && !troupe__utf8_is_valid(headings->data + from,
                                         headings->size - from))
            headings->size--; /* cut inside a character */
        headings->data[headings->size] = 0;
        between = " > ";
    }
    troupe__text_putc(headings, 0);
}

/* Blocks from `first` that must not be parted: terms and their meaning, the
 * line that announces a list or an example, and the first of these. */
static size_t
group_size(const struct troupe_document *doc, size_t first)
{
    const char *s = doc->text.data;
    size_t i = first;
    while (i + 1 < doc->block_count) {
        const struct troupe__block *block = &doc->blocks[i];
        const struct troupe__block *next = &doc->blocks[i + 1];
        bool announces = s[block->end - 1] == ':' && !block->item
                         && block->end - block->start < 400;
        bool deeper = i > first && next->level > doc->blocks[first].level
                      && doc->blocks[first].kind == TROUPE__BLOCK_TERM
                      && next->kind != TROUPE__BLOCK_TERM;
        if (next->kind == TROUPE__BLOCK_HEADING
            || (block->kind != TROUPE__BLOCK_TERM && !announces && !deeper))
            break;
        i++;
    }
    return i - first + 1;
}

static void
add_group(struct cutter *self, size_t first, size_t count)
{
    const struct troupe_document *doc = self->document;
    const struct troupe__block *blocks = &doc->blocks[first];
    size_t start = blocks[0].start, end = blocks[count - 1].end;
    size_t words = count_words(doc->text.data, start, end);
    if (self->open && self->words + words > WORDS_MAX
        && (self->words >= WORDS_MIN || words >= WORDS_MIN))
        close_piece(self);
    if (words <= WORDS_BLOCK) {
        extend_piece(self, start, end, words);
        return;
    }
    for (size_t i = 0; i < count; i++)
        split_block(self, &blocks[i]);
}

void
troupe__cut_document(const struct troupe_document *document,
                     struct troupe__cut *ret_cut)
{
    *ret_cut = (struct troupe__cut){0};
    struct cutter self = {.document = document, .cut = ret_cut};
    troupe__text_putc(&ret_cut->headings, 0);
    for (size_t i = 0; i < document->block_count;) {
        const struct troupe__block *block = &document->blocks[i];
        if (block->kind == TROUPE__BLOCK_HEADING) {
            close_piece(&self);
            enter_section(&self, block);
            i++;
        } else {
            size_t count = group_size(document, i);
            add_group(&self, i, count);
            i += count;
        }
    }
    close_piece(&self);
    /* A document of headings alone is still a document. */
    if (ret_cut->count == 0 && document->block_count > 0) {
        extend_piece(&self, document->blocks[0].start,
                     document->blocks[document->block_count - 1].end, 0);
        close_piece(&self);
    }
}

void
troupe__cut_free(struct troupe__cut *self)
{
    free(self->pieces);
    troupe__text_free(&self->headings);
    *self = (struct troupe__cut){0};
}
