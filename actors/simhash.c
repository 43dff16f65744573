/* SPDX-License-Identifier: Apache-2.0 */
/* simhash.c: how alike texts are, by words in a row. */
#include "actors/simhash.h"

#include <stdlib.h>
#include <string.h>

#include "mailbox/check.h"

/* FNV-1a, and then the finaliser of MurmurHash3, which mixes every bit. */
static uint64_t
mix(uint64_t hash)
{
    hash ^= hash >> 33;
    hash *= 0xff51afd7ed558ccdULL;
    hash ^= hash >> 33;
    hash *= 0xc4ceb9fe1a85ec53ULL;
    return hash ^ (hash >> 33);
}

/* Quotes and dashes beyond ASCII (U+2000 .. U+206F) part words as theirs do:
 * the same text with other quotes must look the same. */
static bool
is_punctuation(const unsigned char *s, size_t size)
{
    return size >= 3 && s[0] == 0xe2 && (s[1] == 0x80 || s[1] == 0x81);
}

static bool
is_word_byte(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
           || (c >= '0' && c <= '9') || c >= 0x80;
}

uint64_t
troupe__word_hash(const char *text, size_t size, size_t *at)
{
    const unsigned char *s = (const unsigned char *) text;
    size_t i = *at;
    while (i < size && (!is_word_byte(s[i]) || is_punctuation(s + i, size - i)))
        i += is_word_byte(s[i]) ? 3 : 1;
    uint64_t word = 0xcbf29ce484222325ULL;
    size_t from = i;
    for (; i < size && is_word_byte(s[i]) && !is_punctuation(s + i, size - i);
         i++) {
        unsigned char c = s[i];
        c = (unsigned char) (c >= 'A' && c <= 'Z' ? c + 32 : c);
        word = (word ^ c) * 0x100000001b3ULL;
    }
    *at = i;
    return i == from ? 0 : mix(word);
}

uint64_t
troupe_text_simhash(const char *text, size_t size)
{
    CHECK(text || size == 0);
    int counts[64] = {0};
    uint64_t before = 0, word;
    for (size_t at = 0; (word = troupe__word_hash(text, size, &at)) != 0;) {
        uint64_t pair = mix(word * 31 + before);
        before = word;
        for (int bit = 0; bit < 64; bit++)
            counts[bit] += (pair >> bit) & 1 ? 1 : -1;
    }
    uint64_t hash = 0;
    for (int bit = 0; bit < 64; bit++)
        hash |= (uint64_t) (counts[bit] > 0) << bit;
    return hash;
}

static int
compare_hashes(const void *one, const void *other)
{
    const uint64_t *a = one, *b = other;
    return *a < *b ? -1 : *a > *b;
}

void
troupe__shingles_make(const char *text, size_t size,
                      struct troupe__shingles *ret)
{
    *ret = (struct troupe__shingles){0};
    ret->hashes = troupe__alloc((size / 2 + 1) * sizeof *ret->hashes);
    uint64_t recent[3] = {0}, word;
    size_t words = 0;
    for (size_t at = 0; (word = troupe__word_hash(text, size, &at)) != 0;) {
        if (words >= 3)
            ret->hashes[ret->count++] = mix(recent[0] + 31 * recent[1]
                                            + 961 * recent[2] + 29791 * word);
        recent[0] = recent[1];
        recent[1] = recent[2];
        recent[2] = word;
        words++;
    }
    qsort(ret->hashes, ret->count, sizeof *ret->hashes, compare_hashes);
}

void
troupe__shingles_free(struct troupe__shingles *self)
{
    free(self->hashes);
    *self = (struct troupe__shingles){0};
}

double
troupe__shingles_shared(const struct troupe__shingles *one,
                        const struct troupe__shingles *other)
{
    size_t least = one->count < other->count ? one->count : other->count;
    size_t shared = 0;
    for (size_t i = 0, j = 0; i < one->count && j < other->count;) {
        uint64_t a = one->hashes[i], b = other->hashes[j];
        shared += a == b;
        i += a <= b;
        j += b <= a;
    }
    return least ? (double) shared / (double) least : 0;
}
