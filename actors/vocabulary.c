/* SPDX-License-Identifier: Apache-2.0 */
/* vocabulary.c: words numbered by their stem (Porter 2, libstemmer). */
#include <stdlib.h>
#include <string.h>

#include <libstemmer.h>

#include "actors/scratch.h"
#include "actors/words.h"
#include "mailbox/check.h"

#define WORD_SIZE_MAX 64 /* bytes of a word that count; the rest is ignored */
#define NO_ENTRY      UINT32_MAX

/* One table holds forms and another stems; both map text to a number. */
struct entry {
    const char *text;
    uint64_t hash;
    uint32_t size;
    uint32_t term;
};

struct table {
    struct entry *slots; /* a power of two, at most half full */
    uint32_t room;
    uint32_t count;
};

struct vocabulary {
    struct scratch *scratch; /* borrowed */
    struct sb_stemmer *stemmer;
    struct table forms; /* lower-case words as they stand in texts */
    struct table stems;
    const char **texts; /* stem by term */
};

struct scratch *troupe__vocabulary_scratch(struct vocabulary *self);

struct vocabulary *
troupe__vocabulary_new(struct scratch *scratch)
{
    CHECK(scratch);
    struct vocabulary *self = troupe__scratch_alloc(scratch, sizeof *self);
    self->scratch = scratch;
    self->stemmer = sb_stemmer_new("english", "UTF_8");
    CHECK(self->stemmer);
    return self;
}

void
troupe__vocabulary_destroy(struct vocabulary **self_p)
{
    CHECK(self_p);
    if (!*self_p)
        return;
    sb_stemmer_delete((*self_p)->stemmer);
    *self_p = NULL;
}

struct scratch *
troupe__vocabulary_scratch(struct vocabulary *self)
{
    return self->scratch;
}

uint32_t
troupe__vocabulary_count(const struct vocabulary *self)
{
    return self->stems.count;
}

const char *
troupe__vocabulary_text(const struct vocabulary *self, uint32_t term)
{
    CHECK(term < self->stems.count);
    return self->texts[term];
}

/* FNV-1a: good enough for words, and no seed to carry. */
static uint64_t
hash_of(const char *text, size_t size)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (unsigned char) text[i]) * 0x100000001b3u;
    return hash;
}

static struct entry *
slot_of(const struct table *table, uint64_t hash, const char *text, size_t size)
{
    uint32_t at = (uint32_t) hash & (table->room - 1);
    for (;;) {
        struct entry *slot = &table->slots[at];
        if (!slot->text)
            return slot;
        if (slot->hash == hash && slot->size == size
            && memcmp(slot->text, text, size) == 0)
            return slot;
        at = (at + 1) & (table->room - 1);
    }
}

static void
grow(struct scratch *scratch, struct table *table)
{
    if (table->room > 0 && table->count < table->room / 2)
        return;
    struct table larger = {.room = table->room ? table->room * 2 : 1024,
                           .count = table->count};
    larger.slots =
        troupe__scratch_alloc(scratch, larger.room * sizeof *larger.slots);
    for (uint32_t i = 0; i < table->room; i++) {
        const struct entry *old = &table->slots[i];
        if (old->text)
            *slot_of(&larger, old->hash, old->text, old->size) = *old;
    }
    *table = larger;
}

/* The entry for a text; a new one has the term NO_ENTRY. */
static struct entry *
entry_for(struct scratch *scratch, struct table *table, const char *text,
          size_t size)
{
    grow(scratch, table);
    uint64_t hash = hash_of(text, size);
    struct entry *entry = slot_of(table, hash, text, size);
    if (entry->text)
        return entry;
    *entry = (struct entry){.text = troupe__scratch_text(scratch, text, size),
                            .hash = hash,
                            .size = (uint32_t) size,
                            .term = NO_ENTRY};
    table->count += 1;
    return entry;
}

static uint32_t
stem_term(struct vocabulary *self, const char *word, size_t size)
{
    const char *stem = word;
    size_t stem_size = size;
    bool plain = true;
    for (size_t i = 0; i < size; i++) {
        plain = plain
                && ((word[i] >= 'a' && word[i] <= 'z')
                    || (unsigned char) word[i] >= 0x80);
    }
    if (plain) {
        const sb_symbol *found = sb_stemmer_stem(
            self->stemmer, (const sb_symbol *) word, (int) size);
        CHECK(found);
        stem = (const char *) found;
        stem_size = (size_t) sb_stemmer_length(self->stemmer);
    }
    struct entry *entry =
        entry_for(self->scratch, &self->stems, stem, stem_size);
    if (entry->term != NO_ENTRY)
        return entry->term;
    entry->term = self->stems.count - 1;
    self->texts = troupe__scratch_room(self->scratch, self->texts, entry->term,
                                       sizeof *self->texts);
    self->texts[entry->term] = entry->text;
    return entry->term;
}

uint32_t
troupe__vocabulary_term(struct vocabulary *self, const char *word, size_t size)
{
    CHECK(self);
    CHECK(word && size > 0);
    char lower[WORD_SIZE_MAX];
    size = size < sizeof lower ? size : sizeof lower;
    for (size_t i = 0; i < size; i++) {
        char c = word[i];
        lower[i] = c >= 'A' && c <= 'Z' ? (char) (c - 'A' + 'a') : c;
    }
    struct entry *entry = entry_for(self->scratch, &self->forms, lower, size);
    if (entry->term == NO_ENTRY)
        entry->term = stem_term(self, lower, size);
    return entry->term;
}
