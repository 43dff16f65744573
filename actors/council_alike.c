/* SPDX-License-Identifier: Apache-2.0 */
/*
 * council_alike.c: sentences of answers, and how alike they are.
 *
 * Two sentences are as alike as their words (cosine of inverse document
 * frequencies) and their letters (Dice of trigrams) are, unless they differ in
 * a number or in a denial: then not at all.
 */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "actors/council_compare.h"
#include "mailbox/check.h"

#define WORDS_SHARE 0.6  /* of likeness; letters have the rest */
#define SAID_MAX    1500 /* sentences in all; of each answer the first */
#define SAID_MIN    2    /* of each answer, however many there are */

static int
ascending(const void *one, const void *other)
{
    uint32_t a = *(const uint32_t *) one, b = *(const uint32_t *) other;
    return a < b ? -1 : a > b;
}

/* Three letters or digits in a row, other bytes as one space. */
static void
find_grams(struct comparison *self, struct said *said)
{
    uint32_t *grams =
        troupe__scratch_alloc(self->scratch, (said->size + 3) * sizeof *grams);
    uint32_t count = 0, window = ' ';
    for (size_t i = 0; i <= said->size; i++) {
        unsigned char c = i < said->size ? (unsigned char) said->text[i] : ' ';
        c = isalnum(c) || c >= 0x80 ? (unsigned char) tolower(c) : ' ';
        if (c == ' ' && (window & 0xff) == ' ')
            continue;
        window = (window << 8 | c) & 0xffffff;
        if (window >> 8 != 0)
            grams[count++] = window;
    }
    qsort(grams, count, sizeof *grams, ascending);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (i == 0 || grams[i] != grams[i - 1])
            grams[kept++] = grams[i];
    }
    said->grams = grams;
    said->gram_count = kept;
}

static void
add_said(struct comparison *self, uint32_t vote, const char *text, size_t size)
{
    struct said *said = &self->said[self->count];
    *said = (struct said){
        .vote = vote, .text = text, .size = size, .parent = self->count};
    said->words = troupe__words_cut(self->vocabulary, text, size);
    said->values = troupe__values_read(&said->words);
    said->terms =
        troupe__words_terms(self->scratch, &said->words, &said->term_count);
    unsigned denials = 0;
    for (uint32_t i = 0; i < said->words.count; i++)
        denials += (said->words.items[i].flags & WORD_NEGATION) != 0;
    said->denies = denials % 2 == 1;
    find_grams(self, said);
    self->count += 1;
}

static void
cut_answers(struct comparison *self)
{
    struct council *council = self->council;
    uint32_t share = SAID_MAX / (council->usable > 0 ? council->usable : 1);
    share = share < SAID_MIN ? SAID_MIN : share;
    self->said = troupe__alloc(((size_t) council->count * share + 1)
                               * sizeof *self->said);
    for (uint32_t i = 0; i < council->count; i++) {
        const struct vote *vote = &council->votes[i];
        if (vote->state != VOTE_USABLE)
            continue;
        size_t size = strlen(vote->answer);
        struct sentence_spans spans =
            troupe__sentences_cut(self->scratch, vote->answer, size, "");
        for (uint32_t j = 0; j < spans.count && j < share; j++) {
            const struct sentence_span *span = &spans.items[j];
            add_said(self, i, vote->answer + span->start,
                     span->end - span->start);
        }
        if (spans.count == 0)
            add_said(self, i, vote->answer, size);
    }
}

/* Rare words weigh more; each sentence is brought to length 1. */
static void
weigh(struct comparison *self)
{
    uint32_t terms = troupe__vocabulary_count(self->vocabulary);
    self->rarity = troupe__alloc((terms + 1) * sizeof *self->rarity);
    for (uint32_t i = 0; i < self->count; i++)
        for (uint32_t j = 0; j < self->said[i].term_count; j++)
            self->rarity[self->said[i].terms[j]] += 1;
    for (uint32_t i = 0; i < terms; i++)
        if (self->rarity[i] > 0)
            self->rarity[i] = log(1 + self->count / self->rarity[i]);
    for (uint32_t i = 0; i < self->count; i++) {
        struct said *said = &self->said[i];
        double sum = 0;
        for (uint32_t j = 0; j < said->term_count; j++)
            sum += self->rarity[said->terms[j]] * self->rarity[said->terms[j]];
        said->norm = sqrt(sum);
    }
}

static double
words_alike(const struct comparison *self, const struct said *one,
            const struct said *other)
{
    double sum = 0;
    for (uint32_t i = 0, j = 0; i < one->term_count && j < other->term_count;) {
        uint32_t a = one->terms[i], b = other->terms[j];
        if (a == b)
            sum += self->rarity[a] * self->rarity[a];
        i += a <= b;
        j += b <= a;
    }
    double norm = one->norm * other->norm;
    return norm > 0 ? sum / norm : 0;
}

static double
letters_alike(const struct said *one, const struct said *other)
{
    uint32_t shared = 0, all = one->gram_count + other->gram_count;
    for (uint32_t i = 0, j = 0; i < one->gram_count && j < other->gram_count;) {
        uint32_t a = one->grams[i], b = other->grams[j];
        shared += a == b;
        i += a <= b;
        j += b <= a;
    }
    return all > 0 ? 2.0 * shared / all : 0;
}

static bool
has_value(const struct said *said, const struct value *value)
{
    for (uint32_t i = 0; i < said->values.count; i++) {
        if (troupe__value_equal(&said->values.items[i], value))
            return true;
    }
    return false;
}

/* Both have numbers, and one of the shorter list is not in the other. */
static bool
numbers_differ(const struct said *one, const struct said *other)
{
    if (one->values.count > other->values.count)
        return numbers_differ(other, one);
    for (uint32_t i = 0; i < one->values.count; i++) {
        if (!has_value(other, &one->values.items[i]))
            return true;
    }
    return false;
}

static double
alike(const struct comparison *self, const struct said *one,
      const struct said *other)
{
    double words = words_alike(self, one, other);
    double letters = letters_alike(one, other);
    double both = one->norm > 0 && other->norm > 0
                      ? WORDS_SHARE * words + (1 - WORDS_SHARE) * letters
                      : letters;
    bool veto = one->denies != other->denies || numbers_differ(one, other);
    return veto ? -both : both;
}

uint32_t
troupe__sentences_root(struct comparison *self, uint32_t index)
{
    while (self->said[index].parent != index)
        index = self->said[index].parent =
            self->said[self->said[index].parent].parent;
    return index;
}

static void
compare_all(struct comparison *self)
{
    uint32_t count = self->count;
    self->likeness =
        troupe__alloc(((size_t) count * count + 1) * sizeof *self->likeness);
    for (uint32_t i = 0; i < count; i++) {
        self->likeness[(size_t) i * count + i] = 1;
        for (uint32_t j = i + 1; j < count; j++) {
            double both = alike(self, &self->said[i], &self->said[j]);
            self->likeness[(size_t) i * count + j] = both;
            self->likeness[(size_t) j * count + i] = both;
            if (both < SAME)
                continue;
            uint32_t one = troupe__sentences_root(self, i),
                     other = troupe__sentences_root(self, j);
            self->said[one > other ? one : other].parent =
                one < other ? one : other;
        }
    }
}

void
troupe__sentences_compare(struct comparison *self)
{
    CHECK(self && self->council->usable > 0);
    cut_answers(self);
    weigh(self);
    compare_all(self);
}
