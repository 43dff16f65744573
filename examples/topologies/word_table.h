/* SPDX-License-Identifier: Apache-2.0 */
/* word_table.h: a hash table of words and how often each was seen. */
#ifndef TROUPE_EXAMPLES_WORD_TABLE_H
#define TROUPE_EXAMPLES_WORD_TABLE_H

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORD_MAX = 40, LOAD_MAX = 3 };

struct entry {
    char word[WORD_MAX + 1];
    uint64_t count;
};

/* Open addressing; at most two thirds are taken. */
struct table {
    struct entry *entries;
    size_t taken, size;
};

static inline uint32_t
hash(const char *word)
{
    uint32_t value = 2166136261u; /* Fowler, Noll, Vo */
    for (; *word; word++)
        value = (value ^ (unsigned char) *word) * 16777619u;
    return value;
}

static inline struct entry *
find(struct table *self, const char *word)
{
    size_t at = hash(word) & (self->size - 1);
    while (self->entries[at].count && strcmp(self->entries[at].word, word) != 0)
        at = (at + 1) & (self->size - 1);
    return &self->entries[at];
}

static inline int
count_word(struct table *self, const char *word, uint64_t by)
{
    if (LOAD_MAX * self->taken >= (LOAD_MAX - 1) * self->size) {
        struct table larger = {.size = self->size ? 2 * self->size : 256};
        larger.entries = calloc(larger.size, sizeof *larger.entries);
        if (!larger.entries)
            return -ENOSPC;
        for (size_t i = 0; i < self->size; i++)
            if (self->entries[i].count)
                *find(&larger, self->entries[i].word) = self->entries[i];
        larger.taken = self->taken;
        free(self->entries);
        *self = larger;
    }
    struct entry *entry = find(self, word);
    if (entry->count == 0) {
        snprintf(entry->word, sizeof entry->word, "%s", word);
        self->taken++;
    }
    entry->count += by;
    return 0;
}

#endif
