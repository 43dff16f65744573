/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_ranking.c: the merged engines must beat plain bm25 on real questions.
 *
 * The corpus is the manual pages of this machine (without those of gcloud, of
 * which an image may hold sixteen thousand); where there are too few of them
 * the test says so and is skipped. Measured are the mean reciprocal rank of
 * the first page that answers, and how often one is among the first five.
 *
 * The test holds the sealed questions of ranking_held_out.txt to a floor; what
 * they give is printed, as totals, only with TROUPE_RANKING=held-out. The
 * engines are tuned on those of ranking.txt: TROUPE_RANKING=dev prints these,
 * each with its places.
 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "actors/corpus.h"
#include "tests/actors/scratch_dir.h"
#include "troupe_corpus.h"

#define PAGES_MIN 1500
#define DEPTH     50
#define DEV       TROUPE_SOURCE_DIR "/tests/actors/ranking.txt"
#define HELD_OUT  TROUPE_SOURCE_DIR "/tests/actors/ranking_held_out.txt"

enum { PLAIN, WEIGHTED, BM25, TRIGRAM, PHRASE, EXPAND, ANCHOR, FUSED, METHODS };
static const char *const method_names[METHODS] = {
    "plain bm25", "weighted bm25", "bm25",   "trigram",
    "phrase",     "expand",        "anchor", "fused"};

struct measure {
    double reciprocal[METHODS]; /* sums over the questions */
    size_t top5[METHODS];
    size_t questions;
};

/* Links to the pages of the machine, so that gcloud's can be left out. */
static size_t
link_pages(const char *directory)
{
    size_t count = 0;
    for (int section = 1; section <= 8; section++) {
        char from[64];
        snprintf(from, sizeof from, "/usr/share/man/man%d", section);
        DIR *dir = opendir(from);
        for (struct dirent *entry; dir && (entry = readdir(dir));) {
            char target[512], link[512];
            struct stat st;
            snprintf(target, sizeof target, "%s/%s", from, entry->d_name);
            /* A link would be listed for the page that it leads to. */
            if (lstat(target, &st) < 0 || !S_ISREG(st.st_mode)
                || strncmp(entry->d_name, "gcloud", 6) == 0)
                continue;
            snprintf(link, sizeof link, "%s/%s", directory, entry->d_name);
            count += symlink(target, link) == 0;
        }
        if (dir)
            closedir(dir);
    }
    return count;
}

/* "/x/open.2.gz" is "open(2)". */
static void
page_name(const char *path, char *ret, size_t size)
{
    const char *base = strrchr(path, '/') + 1;
    size_t length = strlen(base);
    if (length > 3 && strcmp(base + length - 3, ".gz") == 0)
        length -= 3;
    size_t dot = length;
    while (dot > 0 && base[dot - 1] != '.')
        dot--;
    snprintf(ret, size, "%.*s(%.*s)", (int) (dot > 0 ? dot - 1 : 0), base,
             (int) (length - dot), base + dot);
}

static bool
is_expected(const char *pages, const char *name)
{
    size_t size = strlen(name);
    for (const char *at = strstr(pages, name); at; at = strstr(at + 1, name)) {
        if ((at == pages || at[-1] == ' ')
            && (!at[size] || at[size] == ' ' || at[size] == '\n'))
            return true;
    }
    return false;
}

/* The place of the first expected page among the pages, 0 if there is none. */
static size_t
place_of(const troupe_passages_t *list, const char *pages)
{
    size_t place = 0;
    for (size_t i = 0; i < troupe_passages_count(list); i++) {
        const char *path = troupe_passages_at(list, i)->path;
        bool again = false;
        for (size_t j = 0; j < i && !again; j++)
            again = strcmp(troupe_passages_at(list, j)->path, path) == 0;
        if (again)
            continue;
        place++;
        char name[256];
        page_name(path, name, sizeof name);
        if (is_expected(pages, name))
            return place;
    }
    return 0;
}

/* What FTS5 gives by itself for the words of the question. */
static troupe_passages_t *
search_plain(troupe_corpus_t *corpus, const char *question, const char *weights)
{
    struct troupe__query query;
    cr_assert_eq(troupe__query_parse(question, &query), 0);
    struct troupe__text match = {0}, sql = {0};
    char token[TROUPE__TERM_SIZE_MAX];
    for (size_t at = 0;
         troupe__next_token(question, strlen(question), &at, token);) {
        if (troupe__is_stop_word(token))
            continue;
        troupe__expression_or(&match);
        troupe__expression_phrase(&match, token);
    }
    troupe__text_printf(&sql,
                        "SELECT d.path FROM (SELECT rowid AS id, rank FROM"
                        " passage_fts WHERE passage_fts MATCH ?1 AND rank MATCH"
                        " 'bm25(%s)' ORDER BY rank LIMIT %d) m"
                        " JOIN passage p ON p.id = m.id"
                        " JOIN document d ON d.id = p.document ORDER BY m.rank",
                        weights, DEPTH);
    sqlite3_stmt *row = NULL;
    cr_assert_eq(troupe__corpus_prepare(corpus, sql.data, &row), 0);
    sqlite3_bind_text(row, 1, match.data, -1, SQLITE_STATIC);
    troupe_passages_t *list = troupe_passages_new();
    while (sqlite3_step(row) == SQLITE_ROW) {
        troupe_passage_t passage = {
            .path = (const char *) sqlite3_column_text(row, 0)};
        cr_assert_eq(troupe_passages_add(list, &passage), 0);
    }
    sqlite3_finalize(row);
    troupe__text_free(&match);
    troupe__text_free(&sql);
    troupe__query_free(&query);
    return list;
}

static void
ask(troupe_corpus_t *corpus, const char *question, const char *pages,
    size_t places[METHODS])
{
    troupe_passages_t *lists[METHODS] = {0};
    lists[PLAIN] = search_plain(corpus, question, "1.0, 1.0, 1.0");
    lists[WEIGHTED] = search_plain(corpus, question, "10.0, 4.0, 1.0");
    for (int i = 0; i < TROUPE_ENGINE_COUNT; i++) {
        cr_assert_eq(troupe_corpus_search(corpus, (troupe_engine_t) i, question,
                                          DEPTH, &lists[BM25 + i]),
                     0);
    }
    troupe_fuse_options_t options = troupe_fuse_options_default();
    options.limit = DEPTH;
    cr_assert_eq(
        troupe_passages_fuse((const troupe_passages_t *const *) &lists[BM25],
                             TROUPE_ENGINE_COUNT, &options, &lists[FUSED]),
        0);
    for (int i = 0; i < METHODS; i++) {
        places[i] = place_of(lists[i], pages);
        troupe_passages_destroy(&lists[i]);
    }
}

static bool
is_wanted(const char *listing)
{
    const char *wanted = getenv("TROUPE_RANKING");
    return wanted && strcmp(wanted, listing) == 0;
}

static void
measure_line(troupe_corpus_t *corpus, char *line, bool listed,
             struct measure *measure)
{
    char *pages = strstr(line, " | ");
    cr_assert(pages, "a line of questions has not two parts: %s", line);
    *pages = 0;
    size_t places[METHODS];
    ask(corpus, line, pages + 3, places);
    for (int i = 0; listed && i < METHODS; i++)
        printf("%3zu ", places[i]);
    if (listed)
        printf(" %s\n", line);
    measure->questions++;
    for (int i = 0; i < METHODS; i++) {
        measure->reciprocal[i] += places[i] ? 1.0 / (double) places[i] : 0;
        measure->top5[i] += places[i] > 0 && places[i] <= 5;
    }
}

static struct measure
measure_file(troupe_corpus_t *corpus, const char *path, bool listed)
{
    struct measure measure = {0};
    FILE *file = fopen(path, "r");
    cr_assert(file);
    char *line = NULL;
    size_t capacity = 0;
    while (getline(&line, &capacity, file) > 0)
        if (line[0] != '#' && line[0] != '\n')
            measure_line(corpus, line, listed, &measure);
    free(line);
    fclose(file);
    return measure;
}

static void
print_measure(const char *set, const struct measure *measure)
{
    printf("%-10s %-14s %8s %10s\n", set, "", "MRR", "recall@5");
    for (int i = 0; i < METHODS; i++) {
        printf("%-10s %-14s %8.3f %6zu/%zu\n", "", method_names[i],
               measure->reciprocal[i] / (double) measure->questions,
               measure->top5[i], measure->questions);
    }
    fflush(stdout);
}

Test(ranking, merged_engines_beat_plain_bm25_on_questions_not_tuned_on,
     .timeout = 240)
{
#if defined(TROUPE_SLOW_BUILD) || defined(__clang__)
    cr_skip_test("a measurement, once is enough: see the release build");
#endif
    struct scratch_dir pages, cache;
    scratch_dir_make(&pages);
    scratch_dir_make(&cache);
    size_t count = link_pages(pages.path);
    if (count < PAGES_MIN) {
        scratch_dir_remove(&pages);
        scratch_dir_remove(&cache);
        cr_skip_test("only %zu manual pages here", count);
    }
    troupe_corpus_options_t options = troupe_corpus_options_default();
    options.cache = cache.path;
    const char *roots[] = {pages.path};
    troupe_corpus_t *corpus = NULL;
    cr_assert_eq(troupe_corpus_open(roots, 1, &options, &corpus), 0);
    cr_assert_eq(troupe_corpus_update(corpus, NULL), 0);
    if (is_wanted("dev")) {
        struct measure dev = measure_file(corpus, DEV, true);
        print_measure("dev", &dev);
    }
    struct measure held_out = measure_file(corpus, HELD_OUT, false);
    if (is_wanted("held-out"))
        print_measure("held-out", &held_out);
    /* Set when all tuning was done, below what came out: 1.19 times, and 55
     * against 45 of 96. Other machines have other pages. */
    cr_assert(held_out.questions >= 60);
    cr_assert(held_out.reciprocal[FUSED] > held_out.reciprocal[PLAIN] * 1.1);
    cr_assert(held_out.reciprocal[FUSED] > held_out.reciprocal[WEIGHTED]);
    cr_assert(held_out.top5[FUSED] > held_out.top5[PLAIN]);
    troupe_corpus_destroy(&corpus);
    scratch_dir_remove(&pages);
    scratch_dir_remove(&cache);
}
