/* SPDX-License-Identifier: Apache-2.0 */
/* references.h: which documents name which others, and what they say there. */
#ifndef TROUPE_ACTORS_REFERENCES_H
#define TROUPE_ACTORS_REFERENCES_H

#include "actors/corpus.h"
#include "actors/document.h"

/* The statements that write references, prepared once per update. */
struct troupe__references {
    sqlite3_stmt *insert_name;
    sqlite3_stmt *insert_mention;
    sqlite3_stmt *delete_names;
    sqlite3_stmt *delete_mentions;
    size_t told; /* sentences kept of the document that is written */
};

int troupe__references_open(struct troupe__references *self,
                            troupe_corpus_t *corpus);
void troupe__references_close(struct troupe__references *self);

/* troupe__references_names: keep by which names others may name a document:
 * "open(2)" and "creat(2)" for a manual page, else "guide.md"; to be called
 * before its passages are looked through. */
int troupe__references_names(struct troupe__references *self, int64_t id,
                             const char *path,
                             const struct troupe_document *document);

/*
 * troupe__references_find: keep which documents a passage names.
 *
 *   heading  its headings; under SEE ALSO nothing is said about the others.
 *   text     `size` bytes; need not end with NUL.
 */
int troupe__references_find(struct troupe__references *self, int64_t id,
                            const char *heading, const char *text, size_t size);

/* troupe__references_remove: forget what a document names, and its names. */
int troupe__references_remove(struct troupe__references *self, int64_t id);

/* troupe__references_count: count by how many others each document is named,
 * and gather what they say; to be called when all changes are written. */
int troupe__references_count(troupe_corpus_t *corpus);

#endif
