/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_trigram.c: titles that look like the question, and slips mended.
 *
 * Words are compared by the runs of three letters that they share: "regex" is
 * near to "regular expression", "capability" to "capabilities". The titles
 * that share most give their best passages. When a word of the question is not
 * known, passages with the words that it may have meant join them.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "actors/corpus.h"
#include "actors/passage.h"
#include "actors/stem.h"
#include "actors/variants.h"
#include "mailbox/check.h"

#define TITLES_MAX       12
#define TITLES_LOOKED_AT 200
#define OF_TITLE_MAX     2 /* passages of each */
#define TITLE_WEIGHT     0.5
#define WORDS_MAX        24
#define LIKENESS_MIN     0.6 /* less shared trigrams are chance */
#define SCORE_MIN        0.45

/* The words of a question, and how much each says. */
struct wanted {
    char words[WORDS_MAX][TROUPE__TERM_SIZE_MAX]; /* stems */
    double weights[WORDS_MAX];
    size_t count;
};

struct title {
    int64_t document;
    double score;
};

/* Each trigram of each word; shorter words have none. */
static void
write_trigrams(struct troupe__text *expression, const char *word)
{
    if (!troupe__utf8_is_valid(word, strlen(word)))
        return; /* no trigrams of half characters */
    for (size_t i = 0; i + 3 <= strlen(word); i++) {
        char trigram[4] = {word[i], word[i + 1], word[i + 2], 0};
        troupe__expression_or(expression);
        troupe__expression_phrase(expression, trigram);
    }
}

static int
find_wanted(troupe_corpus_t *self, const struct troupe__query *query,
            struct troupe__stemmer *stemmer, struct wanted *ret)
{
    *ret = (struct wanted){0};
    for (size_t i = 0; i < query->count; i++) {
        const char *text = query->terms[i].text;
        size_t at = 0;
        char *word = ret->words[ret->count];
        while (ret->count < WORDS_MAX
               && troupe__next_token(text, strlen(text), &at, word)) {
            troupe__stem(stemmer, word);
            int64_t count = 0;
            int rc = troupe__corpus_count(self, word, &count);
            if (rc < 0)
                return rc;
            /* A rough idf; a word that is nowhere may be a slip: not more. */
            ret->weights[ret->count++] = 1 + log(1e6 / (10 + (double) count));
            word = ret->words[ret->count < WORDS_MAX ? ret->count : 0];
        }
    }
    return 0;
}

/* How much of a word's trigrams another word has, 0 to 1. */
static double
likeness(const char *word, const char *other)
{
    size_t size = strlen(word), shared = 0;
    if (strcmp(word, other) == 0)
        return 1;
    if (size < 3)
        return 0;
    for (size_t i = 0; i + 3 <= size; i++) {
        char trigram[4] = {word[i], word[i + 1], word[i + 2], 0};
        shared += strstr(other, trigram) != NULL;
    }
    double part = (double) shared / (double) (size - 2);
    return part < LIKENESS_MIN ? 0 : part;
}

/* How much of what the question asks for is in a title, 0 to 1. */
static double
judge_title(const struct wanted *wanted, const char *title)
{
    double best[WORDS_MAX] = {0};
    char token[TROUPE__TERM_SIZE_MAX];
    size_t length = 0;
    for (size_t at = 0; troupe__next_token(title, strlen(title), &at, token);) {
        length++;
        for (size_t i = 0; i < wanted->count; i++) {
            double like = likeness(wanted->words[i], token);
            best[i] = like > best[i] ? like : best[i];
        }
    }
    double sum = 0, total = 0.001;
    for (size_t i = 0; i < wanted->count; i++) {
        sum += best[i] * wanted->weights[i];
        total += wanted->weights[i];
    }
    return sum / total / (1 + 0.01 * (double) length);
}

static int
find_titles(troupe_corpus_t *self, const struct wanted *wanted,
            const char *trigrams, struct title *ret, size_t *ret_count)
{
    sqlite3_stmt *row = NULL;
    int rc = troupe__corpus_prepare(
        self,
        "SELECT d.id, d.title || ' ' || d.names FROM (SELECT rowid AS id FROM"
        " title_fts WHERE title_fts MATCH ?1 ORDER BY bm25(title_fts)"
        " LIMIT ?2) m JOIN document d ON d.id = m.id",
        &row);
    if (rc < 0)
        return rc;
    sqlite3_bind_text(row, 1, trigrams, -1, SQLITE_STATIC);
    sqlite3_bind_int(row, 2, TITLES_LOOKED_AT);
    int code = SQLITE_DONE;
    *ret_count = 0;
    while ((code = sqlite3_step(row)) == SQLITE_ROW) {
        const char *title = (const char *) sqlite3_column_text(row, 1);
        double score = title ? judge_title(wanted, title) : 0;
        if (score >= SCORE_MIN)
            ret[(*ret_count)++] = (struct title){
                .document = sqlite3_column_int64(row, 0), .score = score};
    }
    sqlite3_finalize(row);
    return troupe__sqlite_error(code);
}

static int
compare_titles(const void *one, const void *other)
{
    const struct title *a = one, *b = other;
    if (a->score != b->score)
        return a->score > b->score ? -1 : 1;
    return a->document < b->document ? -1 : a->document > b->document;
}

static int
add_titles(troupe_corpus_t *self, const struct wanted *wanted,
           const char *trigrams, const char *words, troupe_passages_t *list)
{
    struct title titles[TITLES_LOOKED_AT];
    size_t count = 0;
    if (!trigrams[0])
        return 0;
    int rc = find_titles(self, wanted, trigrams, titles, &count);
    qsort(titles, count, sizeof *titles, compare_titles);
    for (size_t i = 0; rc == 0 && i < count && i < TITLES_MAX; i++) {
        rc = troupe__corpus_match_document(self, titles[i].document, words,
                                           OF_TITLE_MAX, titles[i].score,
                                           TROUPE_ENGINE_TRIGRAM, list);
    }
    return rc;
}

/* Words say more than titles. */
static int
merge(const troupe_passages_t *mended, const troupe_passages_t *titles,
      size_t limit, troupe_passages_t *list)
{
    const troupe_passages_t *lists[] = {mended, titles};
    const double weights[] = {1, TITLE_WEIGHT};
    troupe_fuse_options_t options = troupe_fuse_options_default();
    options.weights = weights;
    options.limit = limit;
    options.per_document_max = 4;
    options.duplicate_bits = 0;
    troupe_passages_t *merged = NULL;
    int rc = troupe_passages_fuse(lists, 2, &options, &merged);
    CHECK(rc == 0);
    for (size_t i = 0; rc == 0 && i < troupe_passages_count(merged); i++)
        rc = troupe_passages_add(list, troupe_passages_at(merged, i));
    troupe_passages_destroy(&merged);
    return rc;
}

static int
search(troupe_corpus_t *self, const struct troupe__query *query, size_t limit,
       struct troupe__stemmer *stemmer, troupe_passages_t *list)
{
    struct troupe__text titles = {0}, words = {0}, variants = {0};
    troupe_passages_t *by_title = troupe_passages_new();
    troupe_passages_t *mended = troupe_passages_new();
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < query->count; i++)
        rc = troupe__variants_add(self, stemmer, &query->terms[i], &variants);
    troupe__expression_terms(&words, query);
    if (variants.size > 0)
        troupe__text_printf(&words, " OR %s", variants.data);
    struct wanted wanted;
    if (rc == 0)
        rc = find_wanted(self, query, stemmer, &wanted);
    for (size_t i = 0; rc == 0 && i < wanted.count; i++)
        write_trigrams(&titles, wanted.words[i]);
    if (rc == 0)
        rc = add_titles(self, &wanted, troupe__text_string(&titles), words.data,
                        by_title);
    if (rc == 0)
        rc = troupe__corpus_match(self, words.data, limit,
                                  TROUPE_ENGINE_TRIGRAM, mended);
    if (rc == 0)
        rc = merge(mended, by_title, limit, list);
    troupe_passages_destroy(&by_title);
    troupe_passages_destroy(&mended);
    troupe__text_free(&titles);
    troupe__text_free(&words);
    troupe__text_free(&variants);
    return rc;
}

int
troupe__engine_trigram(troupe_corpus_t *self, const struct troupe__query *query,
                       size_t limit, troupe_passages_t *list)
{
    struct troupe__stemmer *stemmer = troupe__stemmer_new();
    int rc = search(self, query, limit, stemmer, list);
    troupe__stemmer_destroy(&stemmer);
    return rc;
}
