/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_anchor.c: documents by their titles and by what others say of them.
 *
 * A page about unlink() may never say "delete a file", but pages that send
 * their readers there do. The words of the question are looked for in titles
 * and in the sentences of other documents that name one, together with words
 * that mean the same; the documents found give their best passages.
 */
#include <stdlib.h>

#include "actors/corpus.h"
#include "actors/question.h"

#define DOCUMENTS_MAX    25
#define DOCUMENTS_LOOKED 200
#define OF_DOCUMENT_MAX  2 /* passages of each */

struct found {
    int64_t document;
    double score;  /* without what its links are worth */
    double worthy; /* with it */
};

static int
compare_found(const void *one, const void *other)
{
    const struct found *a = one, *b = other;
    if (a->worthy != b->worthy)
        return a->worthy > b->worthy ? -1 : 1;
    return a->document < b->document ? -1 : a->document > b->document;
}

static int
find_documents(troupe_corpus_t *self, const char *expression, struct found *ret,
               size_t *ret_count)
{
    sqlite3_stmt *row = NULL;
    int rc = troupe__corpus_prepare(
        self,
        "SELECT d.id, m.rank, d.links FROM (SELECT rowid AS id,"
        " bm25(anchor_fts, 2.0, 1.0) AS rank FROM anchor_fts"
        " WHERE anchor_fts MATCH ?1 ORDER BY 2 LIMIT ?2) m"
        " JOIN document d ON d.id = m.id",
        &row);
    if (rc < 0)
        return rc;
    sqlite3_bind_text(row, 1, expression, -1, SQLITE_STATIC);
    sqlite3_bind_int(row, 2, DOCUMENTS_LOOKED);
    int code;
    *ret_count = 0;
    while ((code = sqlite3_step(row)) == SQLITE_ROW) {
        double score = -sqlite3_column_double(row, 1);
        ret[(*ret_count)++] = (struct found){
            .document = sqlite3_column_int64(row, 0),
            .score = score,
            .worthy =
                score * troupe__links_worth(sqlite3_column_int64(row, 2))};
    }
    sqlite3_finalize(row);
    qsort(ret, *ret_count, sizeof *ret, compare_found);
    return troupe__sqlite_error(code);
}

int
troupe__engine_anchor(troupe_corpus_t *self, const struct troupe__query *query,
                      size_t limit, troupe_passages_t *list)
{
    struct troupe__text words = {0}, all = {0};
    struct found found[DOCUMENTS_LOOKED];
    size_t count = 0;
    troupe__expression_terms(&words, query);
    troupe__text_puts(&all, troupe__text_string(&words));
    troupe__expression_synonyms(&all, query);
    int rc = find_documents(self, all.data, found, &count);
    for (size_t i = 0; rc == 0 && i < count && i < DOCUMENTS_MAX
                       && troupe_passages_count(list) < limit;
         i++) {
        rc = troupe__corpus_match_document(self, found[i].document, words.data,
                                           OF_DOCUMENT_MAX, found[i].score,
                                           TROUPE_ENGINE_ANCHOR, list);
    }
    troupe__text_free(&words);
    troupe__text_free(&all);
    return rc;
}
