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

#define LANES     UINT64_C(0x0101010101010101)
#define LANES_MAX 255 /* what a byte can count */

/* How many numbers have each bit. Bit 8 * j + k is counted in byte j of lane k:
 * eight of them with one addition. */
struct bits {
    uint64_t lanes[8];
    size_t count; /* in the lanes */
    size_t ones[64];
    size_t total;
};

static void
bits_gather(struct bits *self)
{
    for (int k = 0; k < 8; k++) {
        for (int j = 0; j < 8; j++)
            self->ones[8 * j + k] += (self->lanes[k] >> (8 * j)) & LANES_MAX;
        self->lanes[k] = 0;
    }
    self->total += self->count;
    self->count = 0;
}

static void
bits_add(struct bits *self, uint64_t number)
{
    for (int k = 0; k < 8; k++)
        self->lanes[k] += (number >> k) & LANES;
    if (++self->count == LANES_MAX)
        bits_gather(self);
}

uint64_t
troupe_text_simhash(const char *text, size_t size)
{
    CHECK(text || size == 0);
    struct bits bits = {.count = 0};
    uint64_t before = 0, word;
    for (size_t at = 0; (word = troupe__word_hash(text, size, &at)) != 0;) {
        bits_add(&bits, mix(word * 31 + before));
        before = word;
    }
    bits_gather(&bits);
    uint64_t hash = 0;
    for (int bit = 0; bit < 64; bit++)
        hash |= (uint64_t) (2 * bits.ones[bit] > bits.total) << bit;
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

bool
troupe__shingles_share(const struct troupe__shingles *one,
                       const struct troupe__shingles *other, double part)
{
    bool is_less = one->count <= other->count;
    const struct troupe__shingles *less = is_less ? one : other;
    const struct troupe__shingles *more = is_less ? other : one;
    /* So many of the smaller text may be missing; most texts share next to
     * nothing, and need not be looked at to their ends. */
    double spare = (double) less->count * (1 - part);
    size_t missing = 0;
    for (size_t i = 0, j = 0; i < less->count;) {
        bool over = j == more->count || less->hashes[i] < more->hashes[j];
        if (over && (double) ++missing > spare)
            return false;
        i += over || less->hashes[i] == more->hashes[j];
        j += !over;
    }
    return less->count > 0;
}
