/* SPDX-License-Identifier: Apache-2.0 */
/* test_rank.c: the rank of a match is that of bm25(), to the last bit. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/rank.h"
#include "actors/text.h"
#include "tests/actors/scratch_dir.h"
#include "troupe_corpus.h"

enum { ROWS = 3000, WORDS = 60 };

static sqlite3 *db;
static struct troupe__rank_counts *counts;
static uint64_t seed;

static void
run(const char *sql)
{
    cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK, "%s: %s",
                 sql, sqlite3_errmsg(db));
}

static uint32_t
draw(uint32_t below)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t) (seed >> 33) % below;
}

/* Low numbers are frequent. */
static void
put_words(struct troupe__text *text, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        troupe__text_printf(text, " w%u", draw(1 + draw(1 + draw(WORDS))));
}

static void
add_rows(int64_t first, int64_t count)
{
    for (int64_t id = first; id < first + count; id++) {
        struct troupe__text sql = {0};
        troupe__text_printf(&sql,
                            "INSERT INTO t(rowid, title, body) VALUES(%lld, '",
                            (long long) id);
        put_words(&sql, draw(4));
        troupe__text_puts(&sql, "', '");
        put_words(&sql, 1 + draw(draw(10) ? 12 : 80));
        troupe__text_puts(&sql, "')");
        run(sql.data);
        troupe__text_free(&sql);
    }
}

static void
set_up(void)
{
    seed = 7;
    counts = troupe__rank_counts_new();
    cr_assert_eq(sqlite3_open(":memory:", &db), SQLITE_OK);
    cr_assert_eq(troupe__rank_register(db, counts), SQLITE_OK);
    run("CREATE VIRTUAL TABLE t USING fts5(title, body, content='')");
    run("BEGIN");
    add_rows(1, ROWS);
    run("COMMIT");
}

static void
tear_down(void)
{
    sqlite3_close(db);
    troupe__rank_counts_destroy(&counts);
}

TestSuite(rank, .init = set_up, .fini = tear_down, .timeout = 60);

/* "rowid rank" of each row that is found; to be freed. */
static char *
find(const char *function, const char *expression, int limit)
{
    struct troupe__text found = {0};
    char sql[256];
    sqlite3_stmt *row = NULL;
    snprintf(sql, sizeof sql,
             "SELECT rowid, %s AS r FROM t WHERE t MATCH ?1 ORDER BY 2"
             " LIMIT ?2",
             function);
    cr_assert_eq(sqlite3_prepare_v2(db, sql, -1, &row, NULL), SQLITE_OK, "%s",
                 sqlite3_errmsg(db));
    sqlite3_bind_text(row, 1, expression, -1, SQLITE_STATIC);
    sqlite3_bind_int(row, 2, limit);
    while (sqlite3_step(row) == SQLITE_ROW) {
        troupe__text_printf(&found, "%lld %a\n",
                            (long long) sqlite3_column_int64(row, 0),
                            sqlite3_column_double(row, 1));
    }
    cr_assert_eq(sqlite3_finalize(row), SQLITE_OK, "%s", sqlite3_errmsg(db));
    troupe__text_puts(&found, "");
    return found.data;
}

static void
compare(const char *expression, int limit)
{
    char *theirs = find("bm25(t, 10.0, 1.5)", expression, limit);
    char *ours = find("troupe_rank(t, ?1, ?2, 10.0, 1.5)", expression, limit);
    cr_assert_eq(strcmp(ours, theirs), 0, "%s, %d", expression, limit);
    free(theirs);
    free(ours);
}

static const char *const expressions[] = {
    "\"w1\"",
    "\"w0\" OR \"w1\" OR \"w2\"",
    "\"w0\" OR \"w40\"",
    "\"w40\" OR \"w40\" OR \"w3\"",
    "\"w1\" OR title : \"w1\"",
    "title : \"w0\" OR \"w0\" OR \"w17\"",
    "\"w1 w0\" OR \"w2\"",
    "NEAR(\"w1\" \"w3\", 4) OR NEAR(\"w3\" \"w20\", 4) OR \"w9\"",
    "\"w1\" OR \"say \"\"w2\"\"\" OR \"w5\"",
    "\"w1\" OR \"--\" OR \"w2\"", /* a phrase without a token */
    "NEAR(\"w1\" \"--\", 4) OR \"w30\" OR \"w2\"",
    "\"nowhere\" OR \"w6\"",
    "\"nowhere\"",
};

Test(rank, is_that_of_bm25)
{
    static const int limits[] = {1, 2, 7, 120, 4000};
    for (size_t i = 0; i < sizeof expressions / sizeof *expressions; i++)
        for (size_t j = 0; j < sizeof limits / sizeof *limits; j++)
            compare(expressions[i], limits[j]);
}

Test(rank, is_that_of_bm25_for_questions_of_any_words)
{
    for (int i = 0; i < 100; i++) {
        struct troupe__text text = {0};
        for (uint32_t j = 1 + draw(8); j > 0; j--)
            troupe__text_printf(&text, "\"w%u\"%s", draw(WORDS),
                                j > 1 ? " OR " : "");
        compare(text.data, (int) (1 + draw(100)));
        troupe__text_free(&text);
    }
}

Test(rank, follows_the_index_once_the_counts_are_cleared)
{
    compare("\"w40\" OR \"w3\"", 50);
    add_rows(ROWS + 1, 500);
    troupe__rank_counts_clear(counts);
    compare("\"w40\" OR \"w3\"", 50);
}

Test(rank, refuses_what_it_is_not_for)
{
    static const char *const calls[] = {
        "troupe_rank(t)", "troupe_rank(t, 'w0')", "troupe_rank(t, NULL, 3)",
        "troupe_rank(t, 'w0', 0)", "troupe_rank(t, 'w0', 5000)"};
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        char sql[128];
        snprintf(sql, sizeof sql, "SELECT %s FROM t('w0') LIMIT 1", calls[i]);
        cr_assert_neq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK, "%s",
                      calls[i]);
    }
    run("SELECT troupe_rank(t, 'w0', 3) FROM t('w0') LIMIT 1");
}

/* The score of the first passage for "tea mug". */
static double
first_score(troupe_corpus_t *corpus)
{
    troupe_passages_t *list = NULL;
    cr_assert_eq(
        troupe_corpus_search(corpus, TROUPE_ENGINE_BM25, "tea mug", 5, &list),
        0);
    cr_assert_gt(troupe_passages_count(list), 0);
    double score = troupe_passages_at(list, 0)->score;
    troupe_passages_destroy(&list);
    return score;
}

static troupe_corpus_t *
open_corpus(const char *root, const char *cache)
{
    troupe_corpus_t *corpus = NULL;
    troupe_corpus_options_t options = troupe_corpus_options_default();
    options.cache = cache;
    cr_assert_eq(troupe_corpus_open(&root, 1, &options, &corpus), 0);
    return corpus;
}

Test(rank, of_a_search_follows_what_others_write)
{
    struct scratch_dir docs, cache;
    scratch_dir_make(&docs);
    scratch_dir_make(&cache);
    for (int i = 0; i < 9; i++) {
        char name[] = "0.txt";
        name[0] = (char) (name[0] + i);
        scratch_dir_write(&docs, name,
                          i ? "A jar of salt stands there." : "A mug of tea.");
    }
    troupe_corpus_t *one = open_corpus(docs.path, cache.path);
    cr_assert_eq(troupe_corpus_update(one, NULL), 0);
    double before = first_score(one);
    scratch_dir_write(&docs, "9.txt", "More tea for all who want some.");
    troupe_corpus_t *other = open_corpus(docs.path, cache.path);
    cr_assert_eq(troupe_corpus_update(other, NULL), 0);
    double after = first_score(other);
    cr_assert_neq(after, before);
    cr_assert_eq(first_score(one), after);
    scratch_dir_write(&docs, "8.txt", "Tea leaves in a tin.");
    cr_assert_eq(troupe_corpus_update(one, NULL), 0);
    after = first_score(one);
    cr_assert_eq(first_score(other), after);
    troupe_corpus_destroy(&one);
    troupe_corpus_destroy(&other);
    scratch_dir_remove(&docs);
    scratch_dir_remove(&cache);
}
