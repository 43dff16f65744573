/* SPDX-License-Identifier: Apache-2.0 */
/* update.h: writing documents into the index. */
#ifndef TROUPE_ACTORS_UPDATE_H
#define TROUPE_ACTORS_UPDATE_H

#include "actors/corpus.h"
#include "actors/reading.h"
#include "actors/references.h"
#include "actors/scan.h"

/* The statements that write, prepared once per update. */
struct troupe__writer {
    troupe_corpus_t *corpus;
    sqlite3_stmt *select_passages;
    sqlite3_stmt *delete_words;
    sqlite3_stmt *delete_title;
    sqlite3_stmt *delete_passages;
    sqlite3_stmt *delete_document;
    sqlite3_stmt *insert_document;
    sqlite3_stmt *insert_passage;
    sqlite3_stmt *insert_words;
    sqlite3_stmt *insert_title;
    struct troupe__references references;
};

int troupe__writer_open(struct troupe__writer *self, troupe_corpus_t *corpus);
void troupe__writer_close(struct troupe__writer *self);

/* troupe__writer_remove: forget a document; 0 also when it is unknown. */
int troupe__writer_remove(struct troupe__writer *self, int64_t id);

/* troupe__writer_add: index a document, or keep the reason why not. */
int troupe__writer_add(struct troupe__writer *self,
                       const struct troupe__file *file,
                       const struct troupe_document *document,
                       const struct troupe__cut *cut);

/* troupe__writer_words: bring the list of words up to date. */
int troupe__writer_words(troupe_corpus_t *corpus);

#endif
