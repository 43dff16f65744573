/* SPDX-License-Identifier: Apache-2.0 */
/* match.c: passages that match an expression, and the counts of words. */
#include <ctype.h>
#include <math.h>
#include <string.h>
#include <strings.h>

#include "actors/corpus.h"
#include "actors/passage.h"
#include "mailbox/check.h"

#define PER_DOCUMENT_MAX 4
#define LINKS_WEIGHT     0.1 /* tuned on tests/actors/ranking.txt */

/* Called by name: ordered by FTS5's hidden column "rank" all rows are sorted,
 * ordered by this, with a limit, only as many as are wanted are kept. */
#define RANK(limit) "troupe_rank(passage_fts, ?1, " limit ", 10.0, 4.0, 1.0)"

/* How many passages of this document the list has already. */
static size_t
count_path(const troupe_passages_t *list, const char *path)
{
    size_t count = 0;
    for (size_t i = 0; i < troupe_passages_count(list); i++)
        count += strcmp(troupe_passages_at(list, i)->path, path) == 0;
    return count;
}

/* Parts of manuals that name the matter without saying much about it. */
static double
worth_of_heading(const char *heading)
{
    static const struct {
        const char *name;
        double worth;
    } parts[] = {{"NAME", 0.85},
                 {"SYNOPSIS", 0.7},
                 {"SEE ALSO", 0.7},
                 {"SEEALSO", 0.7},
                 {"LIBRARY", 0.7},
                 {"AUTHOR", 0.7},
                 {"AUTHORS", 0.7},
                 {"COPYRIGHT", 0.7},
                 {"COPYRIGHT AND LICENSE", 0.7},
                 {"LICENSE", 0.7},
                 {"COLOPHON", 0.7},
                 {"AVAILABILITY", 0.7},
                 {"RESOURCES", 0.7},
                 {"REPORTING BUGS", 0.7}};
    const char *last = heading;
    for (const char *at = heading; (at = strstr(at, " > ")); at += 3)
        last = at + 3;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (strcasecmp(last, parts[i].name) == 0)
            return parts[i].worth;
    return 1;
}

/* "/usr/share/man/sv/man1/cp.1.gz": the same page in another language. A
 * question in that language meets few words of others, and so loses nothing. */
static double
worth_of_path(const char *path)
{
    const char *page = strstr(path, "/man");
    while (page && !(isdigit((unsigned char) page[4]) && strchr(page + 4, '/')))
        page = strstr(page + 1, "/man");
    if (!page)
        return 1;
    const char *from = page;
    while (from > path && from[-1] != '/')
        from--;
    size_t size = strcspn(from, "_.@/");
    bool letters = size == 2 || size == 3;
    for (size_t i = 0; i < size && letters; i++)
        letters = islower((unsigned char) from[i]);
    return letters && strncmp(from, "man", 3) != 0 ? 0.5 : 1;
}

double
troupe__passage_worth(const troupe_passage_t *passage)
{
    return worth_of_heading(passage->heading) * worth_of_path(passage->path);
}

double
troupe__links_worth(int64_t links)
{
    return 1 + LINKS_WEIGHT * log(1 + (double) links);
}

int
troupe__path_worth(troupe_corpus_t *self, const char *path, double *ret_worth)
{
    sqlite3_stmt *row = NULL;
    int rc = troupe__corpus_prepare(
        self, "SELECT links FROM document WHERE path = ?1", &row);
    if (rc < 0)
        return rc;
    sqlite3_bind_text(row, 1, path, -1, SQLITE_STATIC);
    int code = sqlite3_step(row);
    *ret_worth = troupe__links_worth(
        code == SQLITE_ROW ? sqlite3_column_int64(row, 0) : 0);
    sqlite3_finalize(row);
    return troupe__sqlite_error(code);
}

static void
take_row(sqlite3_stmt *row, troupe_engine_t engine, troupe_passages_t *list)
{
    troupe_passage_t passage = {
        .path = (const char *) sqlite3_column_text(row, 0),
        .title = (const char *) sqlite3_column_text(row, 1),
        .heading = (const char *) sqlite3_column_text(row, 2),
        .text = (const char *) sqlite3_column_text(row, 3),
        .start = (size_t) sqlite3_column_int64(row, 4),
        .end = (size_t) sqlite3_column_int64(row, 5),
        .score = -sqlite3_column_double(row, 6), /* theirs: less is better */
        .engines = 1U << engine};
    if (!passage.path || !passage.heading)
        return;
    passage.score *= troupe__passage_worth(&passage)
                     * troupe__links_worth(sqlite3_column_int64(row, 7));
    if (count_path(list, passage.path) >= PER_DOCUMENT_MAX)
        return;
    /* A row that does not add up is damaged: better no passage than a wrong
     * citation. */
    (void) !troupe_passages_add(list, &passage);
}

int
troupe__corpus_match(troupe_corpus_t *self, const char *expression,
                     size_t limit, troupe_engine_t engine,
                     troupe_passages_t *list)
{
    if (!expression[0])
        return 0;
    sqlite3_stmt *row = NULL;
    int rc = troupe__corpus_prepare(
        self,
        "SELECT d.path, d.title, p.heading, p.body, p.start, p.stop, m.rank,"
        " d.links"
        " FROM (SELECT rowid AS id, " RANK(
            "?2") " AS rank FROM passage_fts"
                  "  WHERE passage_fts MATCH ?1 ORDER BY 2 LIMIT ?2) m"
                  " JOIN passage p ON p.id = m.id JOIN document d ON d.id = "
                  "p.document"
                  " ORDER BY m.rank, p.id",
        &row);
    if (rc < 0)
        return rc;
    sqlite3_bind_text(row, 1, expression, -1, SQLITE_STATIC);
    sqlite3_bind_int64(row, 2, (int64_t) limit * 2 + 20);
    int code;
    while ((code = sqlite3_step(row)) == SQLITE_ROW)
        take_row(row, engine, list);
    sqlite3_finalize(row);
    troupe__passages_sort(list, limit);
    return troupe__sqlite_error(code);
}

#define COLUMNS "d.path, d.title, p.heading, p.body, p.start, p.stop"

static int
add_first(troupe_corpus_t *self, int64_t document, double score,
          troupe_engine_t engine, troupe_passages_t *list)
{
    sqlite3_stmt *row = NULL;
    int rc = troupe__corpus_prepare(
        self,
        "SELECT " COLUMNS ", ?2, d.links FROM document d JOIN passage p"
        " ON p.document = d.id WHERE d.id = ?1 ORDER BY p.id LIMIT 1",
        &row);
    if (rc < 0)
        return rc;
    sqlite3_bind_int64(row, 1, document);
    sqlite3_bind_double(row, 2, -score);
    int code = sqlite3_step(row);
    if (code == SQLITE_ROW)
        take_row(row, engine, list);
    sqlite3_finalize(row);
    return troupe__sqlite_error(code);
}

int
troupe__corpus_match_document(troupe_corpus_t *self, int64_t document,
                              const char *expression, size_t limit,
                              double score, troupe_engine_t engine,
                              troupe_passages_t *list)
{
    sqlite3_stmt *row = NULL;
    /* A document's passages were added one after the other. */
    int rc = troupe__corpus_prepare(
        self,
        "SELECT " COLUMNS ", ?4, d.links FROM (SELECT rowid AS id, " RANK(
            "?3") " AS rank"
                  "  FROM passage_fts WHERE passage_fts MATCH ?1 AND rowid "
                  "BETWEEN"
                  "   (SELECT min(id) FROM passage WHERE document = ?2) AND"
                  "   (SELECT max(id) FROM passage WHERE document = ?2)"
                  "  ORDER BY 2 LIMIT ?3) m"
                  " JOIN passage p ON p.id = m.id JOIN document d ON d.id = "
                  "p.document"
                  " ORDER BY m.rank, p.id",
        &row);
    if (rc < 0)
        return rc;
    sqlite3_bind_text(row, 1, expression, -1, SQLITE_STATIC);
    sqlite3_bind_int64(row, 2, document);
    sqlite3_bind_int64(row, 3, (int64_t) limit);
    sqlite3_bind_double(row, 4, -score);
    size_t before = troupe_passages_count(list);
    int code;
    while ((code = sqlite3_step(row)) == SQLITE_ROW)
        take_row(row, engine, list);
    sqlite3_finalize(row);
    rc = troupe__sqlite_error(code);
    if (rc == 0 && troupe_passages_count(list) == before)
        rc = add_first(self, document, score, engine, list);
    return rc;
}

int
troupe__corpus_total(troupe_corpus_t *self, int64_t *ret_total)
{
    sqlite3_stmt *row = NULL;
    int rc = troupe__corpus_prepare(self, "SELECT max(id) FROM passage", &row);
    if (rc < 0)
        return rc;
    *ret_total = 0;
    int code = sqlite3_step(row);
    if (code == SQLITE_ROW)
        *ret_total = sqlite3_column_int64(row, 0);
    sqlite3_finalize(row);
    return troupe__sqlite_error(code);
}

int
troupe__corpus_count(troupe_corpus_t *self, const char *stem,
                     int64_t *ret_count)
{
    sqlite3_stmt *row = NULL;
    int rc = troupe__corpus_prepare(
        self, "SELECT doc FROM passage_vocab WHERE term = ?1", &row);
    if (rc < 0)
        return rc;
    *ret_count = 0;
    sqlite3_bind_text(row, 1, stem, -1, SQLITE_STATIC);
    int code = sqlite3_step(row);
    if (code == SQLITE_ROW)
        *ret_count = sqlite3_column_int64(row, 0);
    sqlite3_finalize(row);
    return troupe__sqlite_error(code);
}

int
troupe__corpus_count_up_to(troupe_corpus_t *self, const char *word,
                           int64_t most, int64_t *ret_count)
{
    sqlite3_stmt *row = NULL;
    struct troupe__text expression = {0};
    int rc = troupe__corpus_prepare(
        self,
        "SELECT count(*) FROM (SELECT rowid FROM passage_fts"
        " WHERE passage_fts MATCH ?1 LIMIT ?2)",
        &row);
    if (rc < 0)
        return rc;
    *ret_count = 0;
    troupe__expression_phrase(&expression, word);
    sqlite3_bind_text(row, 1, expression.data, -1, SQLITE_STATIC);
    sqlite3_bind_int64(row, 2, most);
    int code = sqlite3_step(row);
    if (code == SQLITE_ROW)
        *ret_count = sqlite3_column_int64(row, 0);
    sqlite3_finalize(row);
    troupe__text_free(&expression);
    return troupe__sqlite_error(code);
}
