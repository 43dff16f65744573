/* SPDX-License-Identifier: Apache-2.0 */
/*
 * variants.c: words as they may have been meant.
 *
 * A word that the corpus does not know is replaced by the known words nearest
 * to it: those that share trigrams with it, by edit distance with swapped
 * neighbours as one edit (Damerau 1964). A rare word that is a part of longer
 * names ("cloexec" of "o_cloexec") brings these names along.
 */
#include <stdlib.h>
#include <string.h>

#include "actors/variants.h"
#include "mailbox/check.h"

#define CANDIDATES_MAX 100
#define VARIANTS_MAX   3
#define NAMES_MAX      6
#define NAMES_OF_MAX   50 /* passages of a word that may be part of names */
#define RARE_MAX       1  /* passages of a word that may be a slip */

struct variant {
    char word[TROUPE__TERM_SIZE_MAX];
    size_t distance;
    int64_t count; /* passages that hold it */
};

/* Optimal string alignment, all of it in three rows. */
static size_t
edit_distance(const char *one, const char *other)
{
    size_t rows[3][TROUPE__TERM_SIZE_MAX];
    size_t n = strlen(one), m = strlen(other);
    CHECK(n < TROUPE__TERM_SIZE_MAX && m < TROUPE__TERM_SIZE_MAX);
    for (size_t j = 0; j <= m; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t *row = rows[i % 3], *up = rows[(i + 2) % 3],
               *up2 = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t best = up[j - 1] + (one[i - 1] != other[j - 1]);
            best = up[j] + 1 < best ? up[j] + 1 : best;
            best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
            if (i > 1 && j > 1 && one[i - 1] == other[j - 2]
                && one[i - 2] == other[j - 1] && up2[j - 2] + 1 < best)
                best = up2[j - 2] + 1;
            row[j] = best;
        }
    }
    return rows[n % 3][m];
}

static int
compare_variants(const void *one, const void *other)
{
    const struct variant *a = one, *b = other;
    if (a->distance != b->distance)
        return a->distance < b->distance ? -1 : 1;
    return a->count > b->count ? -1 : a->count < b->count;
}

/* Rows of word_fts that match, best first by trigrams in common. */
static int
look_up(troupe_corpus_t *corpus, const char *expression, const char *word,
        size_t distance_max, struct variant *ret, size_t *ret_count)
{
    sqlite3_stmt *row = NULL;
    int rc = troupe__corpus_prepare(corpus,
                                    "SELECT word FROM word_fts WHERE word_fts"
                                    " MATCH ?1 ORDER BY bm25(word_fts)"
                                    " LIMIT ?2",
                                    &row);
    if (rc < 0)
        return rc;
    sqlite3_bind_text(row, 1, expression, -1, SQLITE_STATIC);
    sqlite3_bind_int(row, 2, CANDIDATES_MAX);
    int code;
    while ((code = sqlite3_step(row)) == SQLITE_ROW) {
        const char *found = (const char *) sqlite3_column_text(row, 0);
        if (!found || strlen(found) >= TROUPE__TERM_SIZE_MAX)
            continue;
        size_t distance = edit_distance(word, found);
        if (distance == 0 || distance > distance_max)
            continue;
        struct variant *variant = &ret[(*ret_count)++];
        memcpy(variant->word, found, strlen(found) + 1);
        variant->distance = distance;
        rc = troupe__corpus_count(corpus, found, &variant->count);
    }
    sqlite3_finalize(row);
    qsort(ret, *ret_count, sizeof *ret, compare_variants);
    return rc < 0 ? rc : troupe__sqlite_error(code);
}

/* Known words that look like an unknown one. */
static int
find_similar(troupe_corpus_t *corpus, const char *word, struct variant *ret,
             size_t *ret_count)
{
    struct troupe__text expression = {0};
    size_t size = strlen(word);
    for (size_t i = 0; i + 3 <= size; i++) {
        char trigram[4] = {word[i], word[i + 1], word[i + 2], 0};
        troupe__expression_or(&expression);
        troupe__expression_phrase(&expression, trigram);
    }
    *ret_count = 0;
    int rc = look_up(corpus, expression.data, word, size < 6 ? 1 : 2, ret,
                     ret_count);
    troupe__text_free(&expression);
    return rc;
}

/* Known names that contain a word. */
static int
find_names(troupe_corpus_t *corpus, const char *word, struct variant *ret,
           size_t *ret_count)
{
    struct troupe__text expression = {0};
    troupe__expression_phrase(&expression, word);
    *ret_count = 0;
    int rc = look_up(corpus, expression.data, word, 12, ret, ret_count);
    troupe__text_free(&expression);
    size_t kept = 0;
    for (size_t i = 0; i < *ret_count; i++)
        if (strchr(ret[i].word, '_'))
            ret[kept++] = ret[i];
    *ret_count = kept;
    return rc;
}

static void
add_words(struct troupe__text *expression, const struct variant *variants,
          size_t count, size_t max)
{
    for (size_t i = 0; i < count && i < max; i++) {
        /* A farther word is not worth a guess when there is a nearer one. */
        if (variants[i].distance > variants[0].distance + 1)
            break;
        troupe__expression_or(expression);
        troupe__expression_phrase(expression, variants[i].word);
    }
}

int
troupe__variants_add(troupe_corpus_t *corpus, struct troupe__stemmer *stemmer,
                     const struct troupe__term *term,
                     struct troupe__text *expression)
{
    const char *text = term->text;
    char stem[TROUPE__TERM_SIZE_MAX];
    struct variant variants[CANDIDATES_MAX];
    size_t count = 0;
    memcpy(stem, text, sizeof stem);
    troupe__stem(stemmer, stem);
    int64_t known = 0;
    int rc = troupe__corpus_count(corpus, stem, &known);
    if (rc < 0 || strlen(stem) < 4 || strchr(text, ' '))
        return rc;
    if (known <= RARE_MAX) {
        rc = find_similar(corpus, stem, variants, &count);
        if (rc == 0)
            add_words(expression, variants, count, VARIANTS_MAX);
    }
    if (rc == 0 && (known <= NAMES_OF_MAX || term->kind == TROUPE__TERM_NAME)) {
        rc = find_names(corpus, stem, variants, &count);
        if (rc == 0)
            add_words(expression, variants, count, NAMES_MAX);
    }
    return rc;
}
