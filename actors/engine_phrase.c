/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_phrase.c: the words of the question close together.
 *
 * FTS5 finds passages in which two terms are near each other; each is then
 * judged by its best window: which terms it holds, weighted by how rare they
 * are, how tightly, and whether in the order of the question.
 */
#include <math.h>
#include <string.h>

#include "actors/corpus.h"
#include "actors/passage.h"
#include "actors/stem.h"

#define CANDIDATES_MAX 150
#define NEAR_TOKENS    10
#define WINDOW_TOKENS  24
#define TOKENS_MAX     4096
#define TERMS_MAX      10

/* The terms of a question, each by its stemmed tokens. */
struct target {
    char tokens[TERMS_MAX][4][TROUPE__TERM_SIZE_MAX];
    size_t lengths[TERMS_MAX];
    double weights[TERMS_MAX];
    size_t count;
};

/* A term met in a passage. */
struct meeting {
    unsigned position; /* in tokens */
    unsigned term;
};

static void
near_pair(struct troupe__text *expression, const char *one, const char *other)
{
    troupe__expression_or(expression);
    troupe__text_puts(expression, "NEAR(");
    troupe__expression_phrase(expression, one);
    troupe__text_putc(expression, ' ');
    troupe__expression_phrase(expression, other);
    troupe__text_printf(expression, ", %d)", NEAR_TOKENS);
}

static void
write_expression(struct troupe__text *expression,
                 const struct troupe__query *query)
{
    for (size_t i = 0; i < query->count && i < TERMS_MAX; i++) {
        const char *text = query->terms[i].text;
        if (strchr(text, ' ') || query->count == 1) {
            troupe__expression_or(expression);
            troupe__expression_phrase(expression, text);
        }
        for (size_t j = i + 1; j < query->count && j <= i + 3; j++)
            near_pair(expression, text, query->terms[j].text);
    }
}

static int
find_target(troupe_corpus_t *corpus, const struct troupe__query *query,
            struct troupe__stemmer *stemmer, struct target *ret)
{
    *ret = (struct target){0};
    for (size_t i = 0; i < query->count && i < TERMS_MAX; i++) {
        const char *text = query->terms[i].text;
        size_t at = 0, size = strlen(text);
        double weight = 0;
        while (ret->lengths[i] < 4
               && troupe__next_token(text, size, &at,
                                     ret->tokens[i][ret->lengths[i]])) {
            char *token = ret->tokens[i][ret->lengths[i]++];
            troupe__stem(stemmer, token);
            int64_t count = 0;
            int rc = troupe__corpus_count(corpus, token, &count);
            if (rc < 0)
                return rc;
            /* A rough idf: the scale cancels out between passages. */
            double rare = 1 + log(1e6 / (1 + (double) count));
            weight = rare > weight ? rare : weight;
        }
        ret->weights[i] = weight;
        ret->count++;
    }
    return 0;
}

static bool
term_ends_here(const struct target *target, size_t term,
               char (*recent)[TROUPE__TERM_SIZE_MAX], size_t position)
{
    size_t length = target->lengths[term];
    if (length == 0 || position + 1 < length)
        return false;
    for (size_t k = 0; k < length; k++) {
        if (strcmp(target->tokens[term][k],
                   recent[(position + 1 - length + k) % 4])
            != 0)
            return false;
    }
    return true;
}

/* Where the terms are in a text; returns how many meetings there are. */
static size_t
meet(const struct target *target, struct troupe__stemmer *stemmer,
     const char *text, struct meeting *ret, size_t max)
{
    char recent[4][TROUPE__TERM_SIZE_MAX];
    size_t count = 0, at = 0, size = strlen(text);
    for (size_t position = 0;
         position < TOKENS_MAX
         && troupe__next_token(text, size, &at, recent[position % 4]);
         position++) {
        troupe__stem(stemmer, recent[position % 4]);
        for (size_t i = 0; i < target->count && count < max; i++) {
            if (term_ends_here(target, i, recent, position))
                ret[count++] = (struct meeting){.position = (unsigned) position,
                                                .term = (unsigned) i};
        }
    }
    return count;
}

/* The worth of the best window; its parts are in the essay above. */
static double
best_window(const struct target *target, const struct meeting *meetings,
            size_t count)
{
    double best = 0;
    for (size_t i = 0; i < count; i++) {
        unsigned seen = 0, before = meetings[i].term;
        double weight = 0;
        for (size_t j = i; j < count; j++) {
            unsigned span = meetings[j].position - meetings[i].position;
            unsigned term = meetings[j].term;
            if (span > WINDOW_TOKENS)
                break;
            if (seen & (1U << term))
                continue;
            seen |= 1U << term;
            weight += target->weights[term] * (term == before + 1 ? 1.2 : 1);
            before = term;
            double spread = span - (double) (__builtin_popcount(seen) - 1);
            double worth = weight / (1 + 0.03 * (spread > 0 ? spread : 0));
            best = worth > best ? worth : best;
        }
    }
    return best;
}

static double
covered(const struct target *target, const struct meeting *meetings,
        size_t count)
{
    unsigned seen = 0;
    double weight = 0;
    for (size_t i = 0; i < count; i++) {
        if (!(seen & (1U << meetings[i].term)))
            weight += target->weights[meetings[i].term];
        seen |= 1U << meetings[i].term;
    }
    return weight;
}

static double
judge(const struct target *target, struct troupe__stemmer *stemmer,
      const troupe_passage_t *passage)
{
    struct meeting meetings[512];
    size_t count = meet(target, stemmer, passage->text, meetings, 512);
    double score = best_window(target, meetings, count)
                   + 0.6 * covered(target, meetings, count);
    count = meet(target, stemmer, passage->heading, meetings, 512);
    score += 0.3 * covered(target, meetings, count);
    count = meet(target, stemmer, passage->title, meetings, 512);
    return score + 1.2 * covered(target, meetings, count);
}

int
troupe__engine_phrase(troupe_corpus_t *self, const struct troupe__query *query,
                      size_t limit, troupe_passages_t *list)
{
    struct troupe__text expression = {0};
    write_expression(&expression, query);
    struct troupe__stemmer *stemmer = troupe__stemmer_new();
    struct target target;
    int rc = find_target(self, query, stemmer, &target);
    if (rc == 0) {
        rc = troupe__corpus_match(self, troupe__text_string(&expression),
                                  limit > CANDIDATES_MAX ? limit
                                                         : CANDIDATES_MAX,
                                  TROUPE_ENGINE_PHRASE, list);
    }
    for (size_t i = 0; rc == 0 && i < troupe_passages_count(list); i++) {
        troupe_passage_t *passage = troupe__passages_edit(list, i);
        double worth = 1;
        rc = troupe__path_worth(self, passage->path, &worth);
        passage->score = judge(&target, stemmer, passage)
                         * troupe__passage_worth(passage) * worth;
    }
    if (rc == 0)
        troupe__passages_sort(list, limit);
    troupe__stemmer_destroy(&stemmer);
    troupe__text_free(&expression);
    return rc;
}
