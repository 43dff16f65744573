/* SPDX-License-Identifier: Apache-2.0 */
/* corpus.h: what the files that index and search a corpus share. */
#ifndef TROUPE_ACTORS_CORPUS_H
#define TROUPE_ACTORS_CORPUS_H

#include <sqlite3.h>
#include <stdbool.h>

#include "troupe_corpus.h"

#include "actors/query.h"
#include "actors/rank.h"
#include "actors/text.h"

struct troupe_corpus {
    troupe_corpus_options_t options;
    struct troupe__text path; /* of the index */
    struct troupe__text lock; /* of the file that an updater locks */
    struct troupe__text door; /* of the file that is locked while opening */
    char **roots;             /* canonical, sorted, each once */
    size_t root_count;
    sqlite3 *db;
    struct troupe__rank_counts *counts; /* of passage_fts */
    int64_t counted; /* the version of the data that had them */
};

/* troupe__sqlite_error: the error of ours for a result code of SQLite. */
int troupe__sqlite_error(int code);

/* troupe__sqlite_cause: such an error, but -ENOSPC where the system says that a
 * disk, or a file by its limit, is full: SQLite calls that "I/O error" for some
 * of its files. `db` may be NULL. */
int troupe__sqlite_cause(sqlite3 *db, int rc);

/* troupe__corpus_exec: run SQL that gives no rows. */
int troupe__corpus_exec(troupe_corpus_t *self, const char *sql);

/* troupe__corpus_prepare: a statement, to be finalized. */
int troupe__corpus_prepare(troupe_corpus_t *self, const char *sql,
                           sqlite3_stmt **ret_statement);

/* troupe__corpus_lock: wait for the lock on a file, which is made if missing;
 * the result is a descriptor to close, or a negative error. */
int troupe__corpus_lock(const struct troupe__text *path);

/* troupe__database_open: open the index; make it if it is missing, of another
 * version, or damaged: it is only a cache. */
int troupe__database_open(troupe_corpus_t *self);

/*
 * troupe__corpus_match: the passages that match an FTS5 expression, best
 * first, by bm25 with the weights of title, heading and body.
 *
 *   expression  built with troupe__query_*(), never a user's text.
 */
int troupe__corpus_match(troupe_corpus_t *self, const char *expression,
                         size_t limit, troupe_engine_t engine,
                         troupe_passages_t *list);

/* troupe__passage_worth: what to multiply a score with, 1 for most passages,
 * less for parts like SEE ALSO and for translations. */
double troupe__passage_worth(const troupe_passage_t *passage);

/* troupe__links_worth: what to multiply a score with for a document that so
 * many others name; 1 for none. */
double troupe__links_worth(int64_t links);

/* troupe__path_worth: the same, for the document at a path. */
int troupe__path_worth(troupe_corpus_t *self, const char *path,
                       double *ret_worth);

/*
 * troupe__corpus_match_document: the passages of one document that match best,
 * or its first one when none does; `score` is theirs, less for each next one.
 */
int troupe__corpus_match_document(troupe_corpus_t *self, int64_t document,
                                  const char *expression, size_t limit,
                                  double score, troupe_engine_t engine,
                                  troupe_passages_t *list);

/* troupe__corpus_total: how many passages there are, about. */
int troupe__corpus_total(troupe_corpus_t *self, int64_t *ret_total);

/* troupe__corpus_count: in how many passages a stemmed term occurs. */
int troupe__corpus_count(troupe_corpus_t *self, const char *stem,
                         int64_t *ret_count);

/* troupe__corpus_count_up_to: the same of a word as it stands in a text, and
 * `most` when there are as many or more. */
int troupe__corpus_count_up_to(troupe_corpus_t *self, const char *word,
                               int64_t most, int64_t *ret_count);

/* The engines; each fills `list` with at most `limit` passages, best first. */
int troupe__engine_bm25(troupe_corpus_t *self,
                        const struct troupe__query *query, size_t limit,
                        troupe_passages_t *list);
int troupe__engine_trigram(troupe_corpus_t *self,
                           const struct troupe__query *query, size_t limit,
                           troupe_passages_t *list);
int troupe__engine_phrase(troupe_corpus_t *self,
                          const struct troupe__query *query, size_t limit,
                          troupe_passages_t *list);
int troupe__engine_expand(troupe_corpus_t *self,
                          const struct troupe__query *query, size_t limit,
                          troupe_passages_t *list);
int troupe__engine_anchor(troupe_corpus_t *self,
                          const struct troupe__query *query, size_t limit,
                          troupe_passages_t *list);

#endif
