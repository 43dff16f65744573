/* SPDX-License-Identifier: Apache-2.0 */
/*
 * council_compare.c: free text without a model: what its sentences share.
 *
 * Two sentences are as alike as their words (cosine of inverse document
 * frequencies) and their letters (Dice of trigrams) are, unless they differ in
 * a number or in a denial: then not at all. Two answers are as alike as each
 * one's sentences are to the other's nearest. The best answer is the one that
 * is most like all others: of minimum Bayes risk (Kumar & Byrne 2004).
 */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "actors/council.h"
#include "actors/scratch.h"
#include "actors/sentence.h"
#include "actors/values.h"
#include "mailbox/check.h"

#define WORDS_SHARE 0.6  /* of likeness; letters have the rest */
#define SAME        0.5  /* likeness of two sentences that say the same */
#define COVERAGE    0.05 /* what it is worth to speak of the prompt's words */
#define CUT_OFF     0.1  /* what it costs to be truncated */
#define SAID_MAX    1500 /* sentences in all; of each answer the first */
#define SAID_MIN    2    /* of each answer, however many there are */
#define CLAIMS_MAX  100  /* that are told */

/* One sentence of one answer. */
struct said {
    uint32_t vote;
    const char *text;
    size_t size;
    struct words words;
    struct values values;
    uint32_t *terms;
    uint32_t term_count;
    double norm;
    uint32_t *grams; /* ascending, each once */
    uint32_t gram_count;
    bool denies;
    uint32_t parent; /* in the forest of those that are alike */
};

struct comparison {
    struct council *council;
    struct scratch *scratch;
    struct vocabulary *vocabulary;
    struct said *said;
    uint32_t count;
    double *rarity;   /* by term */
    double *likeness; /* of sentences, count x count; below 0: but for a veto */
};

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

static uint32_t
root_of(struct comparison *self, uint32_t index)
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
            uint32_t one = root_of(self, i), other = root_of(self, j);
            self->said[one > other ? one : other].parent =
                one < other ? one : other;
        }
    }
}

/* How well the sentences of one answer are met in another. */
static double
one_way(const struct comparison *self, uint32_t from, uint32_t to)
{
    double sum = 0;
    uint32_t count = 0;
    for (uint32_t i = 0; i < self->count; i++) {
        if (self->said[i].vote != from)
            continue;
        double best = 0;
        for (uint32_t j = 0; j < self->count; j++) {
            double both = self->likeness[(size_t) i * self->count + j];
            if (self->said[j].vote == to && both > best)
                best = both;
        }
        sum += best;
        count += 1;
    }
    return count > 0 ? sum / count : 0;
}

/* Which part of the prompt's words an answer speaks of. */
static double
coverage(struct comparison *self, uint32_t vote)
{
    const char *prompt = self->council->prompt;
    struct words words =
        troupe__words_cut(self->vocabulary, prompt, strlen(prompt));
    uint32_t count = 0, found = 0;
    uint32_t *terms = troupe__words_terms(self->scratch, &words, &count);
    for (uint32_t i = 0; i < count; i++) {
        bool has = false;
        for (uint32_t j = 0; j < self->count && !has; j++) {
            has = self->said[j].vote == vote
                  && troupe__terms_have(self->said[j].terms,
                                        self->said[j].term_count, terms[i]);
        }
        found += has;
    }
    return count > 0 ? (double) found / count : 0;
}

static void
choose_best(struct comparison *self)
{
    struct council *council = self->council;
    double best = -1, sum = 0, pairs = 0;
    for (uint32_t i = 0; i < council->count; i++) {
        double own = 0, weight = 0;
        if (council->votes[i].state != VOTE_USABLE)
            continue;
        for (uint32_t j = 0; j < council->count; j++) {
            if (i == j || council->votes[j].state != VOTE_USABLE)
                continue;
            double both = (one_way(self, i, j) + one_way(self, j, i)) / 2;
            own += both * council->votes[j].weight;
            weight += council->votes[j].weight;
            sum += both;
            pairs += 1;
        }
        double worth = (weight > 0 ? own / weight : 0)
                       + COVERAGE * coverage(self, i)
                       - (council->votes[i].truncated ? CUT_OFF : 0);
        council->votes[i].worth = worth;
        if (worth > best) {
            best = worth;
            council->best = i;
        }
    }
    if (pairs > 0)
        council->score = sum / pairs;
}

static bool
is_contested(struct comparison *self, uint32_t root)
{
    for (uint32_t i = 0; i < self->count; i++) {
        if (root_of(self, i) != root)
            continue;
        for (uint32_t j = 0; j < self->count; j++) {
            if (self->likeness[(size_t) i * self->count + j] <= -SAME)
                return true;
        }
    }
    return false;
}

static int
most_said_first(const void *one, const void *other)
{
    const struct common_claim *a = one, *b = other;
    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    return a->votes[0] < b->votes[0] ? -1 : a->votes[0] > b->votes[0];
}

static void
list_claims(struct comparison *self)
{
    struct council *council = self->council;
    council->claims =
        troupe__alloc((self->count + 1) * sizeof *council->claims);
    for (uint32_t i = 0; i < self->count; i++) {
        if (root_of(self, i) != i)
            continue;
        struct common_claim *claim = &council->claims[council->claim_count++];
        claim->text = troupe__alloc(self->said[i].size + 1);
        memcpy(claim->text, self->said[i].text, self->said[i].size);
        claim->votes = troupe__alloc(council->count * sizeof *claim->votes);
        claim->contested = is_contested(self, i);
        for (uint32_t j = i; j < self->count; j++) {
            uint32_t vote = self->said[j].vote;
            bool is_new =
                claim->count == 0 || claim->votes[claim->count - 1] != vote;
            if (is_new && root_of(self, j) == i)
                claim->votes[claim->count++] = vote;
        }
    }
    if (council->claim_count > 1)
        qsort(council->claims, council->claim_count, sizeof *council->claims,
              most_said_first);
    while (council->claim_count > CLAIMS_MAX) {
        struct common_claim *last = &council->claims[--council->claim_count];
        free(last->text);
        free(last->votes);
    }
}

void
troupe__council_compare(struct council *council)
{
    CHECK(council);
    struct comparison self = {.council = council,
                              .scratch = troupe__scratch_new()};
    self.vocabulary = troupe__vocabulary_new(self.scratch);
    council->method = "mean likeness of all pairs";
    for (uint32_t i = 0; i < council->count; i++)
        council->voters += council->votes[i].state == VOTE_USABLE;
    if (council->usable > 0) {
        cut_answers(&self);
        weigh(&self);
        compare_all(&self);
        choose_best(&self);
        list_claims(&self);
        council->answer = troupe__strdup(council->votes[council->best].answer);
    }
    free(self.said);
    free(self.rarity);
    free(self.likeness);
    troupe__vocabulary_destroy(&self.vocabulary);
    troupe__scratch_destroy(&self.scratch);
}
