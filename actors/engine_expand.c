/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_expand.c: the question and the words of its first answers.
 *
 * Pseudo relevance feedback in the manner of RM3 (Lavrenko & Croft 2001; Abdul-
 * Jaleel et al. 2004): the words of the first passages, weighted by the
 * passages' scores and by how rare the words are, join the question with less
 * weight than its own words. FTS5 knows no weights: a term given k times
 * counts k times.
 */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "actors/corpus.h"
#include "actors/stem.h"
#include "mailbox/check.h"

#define FEEDBACK_PASSAGES 5
#define FEEDBACK_WORDS    5
#define WORDS_LOOKED_UP   40
#define OWN_WEIGHT        1 /* times that a word of the question counts more */
#define COMMON_MIN        20
#define COMMON_SHARE      50 /* of passages, one in: a word too common to add */

struct word {
    char stem[TROUPE__TERM_SIZE_MAX];
    char text[TROUPE__TERM_SIZE_MAX]; /* as first seen: FTS5 stems it itself */
    double weight;
    unsigned passages; /* that hold it */
    unsigned last;     /* passage that was counted last, from 1 */
};

struct words {
    struct word *items;
    size_t count;
    size_t capacity;
};

static struct word *
words_find(struct words *self, const char *stem, const char *text)
{
    for (size_t i = 0; i < self->count; i++)
        if (strcmp(self->items[i].stem, stem) == 0)
            return &self->items[i];
    if (self->count == self->capacity) {
        self->capacity = self->capacity ? self->capacity * 2 : 256;
        self->items =
            troupe__realloc(self->items, self->capacity * sizeof *self->items);
    }
    struct word *word = &self->items[self->count++];
    *word = (struct word){0};
    memcpy(word->stem, stem, strlen(stem) + 1);
    memcpy(word->text, text, strlen(text) + 1);
    return word;
}

static bool
is_worth_it(const char *token)
{
    size_t size = strlen(token);
    if (size < 4 || size > 30 || troupe__is_stop_word(token))
        return false;
    for (size_t i = 0; i < size; i++)
        if (isdigit((unsigned char) token[i]))
            return false;
    return true;
}

static void
take_passage(struct words *words, struct troupe__stemmer *stemmer,
             const troupe_passage_t *passage, unsigned number, double weight)
{
    size_t size = strlen(passage->text), at = 0, total = 0;
    char token[TROUPE__TERM_SIZE_MAX];
    while (troupe__next_token(passage->text, size, &at, token))
        total++;
    at = 0;
    while (troupe__next_token(passage->text, size, &at, token)) {
        if (!is_worth_it(token))
            continue;
        char stem[TROUPE__TERM_SIZE_MAX];
        memcpy(stem, token, sizeof stem);
        troupe__stem(stemmer, stem);
        struct word *word = words_find(words, stem, token);
        word->weight += weight / (double) (total + 20);
        word->passages += word->last != number;
        word->last = number;
    }
}

static int
compare_words(const void *one, const void *other)
{
    const struct word *a = one, *b = other;
    if (a->weight != b->weight)
        return a->weight > b->weight ? -1 : 1;
    return strcmp(a->stem, b->stem);
}

static void
sort_words(struct words *words)
{
    if (words->count > 1)
        qsort(words->items, words->count, sizeof *words->items, compare_words);
}

static bool
is_in_query(const struct troupe__query *query, struct troupe__stemmer *stemmer,
            const char *stem)
{
    char token[TROUPE__TERM_SIZE_MAX];
    for (size_t i = 0; i < query->count; i++) {
        const char *text = query->terms[i].text;
        for (size_t at = 0;
             troupe__next_token(text, strlen(text), &at, token);) {
            troupe__stem(stemmer, token);
            if (strcmp(token, stem) == 0)
                return true;
        }
    }
    return false;
}

/* Words that are in one passage only are of that passage, not of the matter. */
static int
weigh_words(troupe_corpus_t *corpus, struct words *words,
            const struct troupe__query *query, struct troupe__stemmer *stemmer,
            unsigned passages)
{
    int64_t total = 0;
    int rc = troupe__corpus_total(corpus, &total);
    /* Whatever is in more passages is too common: how common is all the same,
     * and to count them would cost more than all else here. */
    int64_t most = total / COMMON_SHARE + 1;
    most = most > COMMON_MIN ? most : COMMON_MIN + 1;
    for (size_t i = 0; i < words->count; i++) {
        if (words->items[i].passages < (passages > 2 ? 2U : 1U)
            || is_in_query(query, stemmer, words->items[i].stem))
            words->items[i].weight = 0;
    }
    sort_words(words);
    if (words->count > WORDS_LOOKED_UP)
        words->count = WORDS_LOOKED_UP;
    for (size_t i = 0; rc == 0 && i < words->count; i++) {
        int64_t count = 0;
        rc = troupe__corpus_count_up_to(corpus, words->items[i].text, most,
                                        &count);
        double rare = log((double) total / (1 + (double) count));
        bool common = count > COMMON_MIN && count * COMMON_SHARE > total;
        words->items[i].weight *= common ? 0 : rare;
    }
    sort_words(words);
    return rc;
}

static void
write_expression(struct troupe__text *expression,
                 const struct troupe__query *query, const struct words *words)
{
    for (int i = 0; i < OWN_WEIGHT; i++)
        troupe__expression_terms(expression, query);
    for (size_t i = 0; i < words->count && i < FEEDBACK_WORDS; i++) {
        if (words->items[i].weight <= 0)
            break;
        troupe__expression_or(expression);
        troupe__expression_phrase(expression, words->items[i].text);
    }
}

static int
expand(troupe_corpus_t *self, const struct troupe__query *query,
       const troupe_passages_t *first, struct troupe__text *expression)
{
    struct words words = {0};
    struct troupe__stemmer *stemmer = troupe__stemmer_new();
    unsigned count = (unsigned) troupe_passages_count(first);
    double best = count ? troupe_passages_at(first, 0)->score : 1;
    for (unsigned i = 0; i < count; i++) {
        const troupe_passage_t *passage = troupe_passages_at(first, i);
        double weight = best > 0 ? passage->score / best : 1;
        take_passage(&words, stemmer, passage, i + 1, weight);
    }
    int rc = weigh_words(self, &words, query, stemmer, count);
    if (rc == 0)
        write_expression(expression, query, &words);
    free(words.items);
    troupe__stemmer_destroy(&stemmer);
    return rc;
}

int
troupe__engine_expand(troupe_corpus_t *self, const struct troupe__query *query,
                      size_t limit, troupe_passages_t *list)
{
    troupe_passages_t *first = troupe_passages_new();
    struct troupe__text expression = {0};
    int rc = troupe__engine_bm25(self, query, FEEDBACK_PASSAGES, first);
    if (rc == 0)
        rc = expand(self, query, first, &expression);
    if (rc == 0)
        rc = troupe__corpus_match(self, troupe__text_string(&expression), limit,
                                  TROUPE_ENGINE_EXPAND, list);
    troupe__text_free(&expression);
    troupe_passages_destroy(&first);
    return rc;
}
