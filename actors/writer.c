/* SPDX-License-Identifier: Apache-2.0 */
/* writer.c: writing documents into the index. */
#include <errno.h>
#include <string.h>

#include "actors/update.h"
#include "mailbox/check.h"

int
troupe__writer_open(struct troupe__writer *self, troupe_corpus_t *corpus)
{
    *self = (struct troupe__writer){.corpus = corpus};
    const struct {
        sqlite3_stmt **statement;
        const char *sql;
    } all[] = {
        {&self->select_passages,
         "SELECT p.id, d.title || ' ' || d.names, p.heading, p.body"
         " FROM passage p JOIN document d ON d.id = p.document"
         " WHERE p.document = ?1"},
        {&self->delete_words,
         "INSERT INTO passage_fts(passage_fts, rowid, title, heading, body)"
         " VALUES('delete', ?1, ?2, ?3, ?4)"},
        {&self->delete_title,
         "INSERT INTO title_fts(title_fts, rowid, title)"
         " SELECT 'delete', id, title || ' ' || names FROM document"
         " WHERE id = ?1 AND reason IS NULL"},
        {&self->insert_title,
         "INSERT INTO title_fts(rowid, title) VALUES(?1, ?2)"},
        {&self->delete_passages, "DELETE FROM passage WHERE document = ?1"},
        {&self->delete_document, "DELETE FROM document WHERE id = ?1"},
        {&self->insert_document,
         "INSERT INTO document(path, inode, size, mtime, title, names, reason,"
         " retry) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"},
        {&self->insert_passage,
         "INSERT INTO passage(document, start, stop, heading, body)"
         " VALUES(?1, ?2, ?3, ?4, ?5)"},
        {&self->insert_words,
         "INSERT INTO passage_fts(rowid, title, heading, body)"
         " VALUES(?1, ?2, ?3, ?4)"},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        int rc = troupe__corpus_prepare(corpus, all[i].sql, all[i].statement);
        if (rc < 0) {
            troupe__writer_close(self);
            return rc;
        }
    }
    return troupe__references_open(&self->references, corpus);
}

void
troupe__writer_close(struct troupe__writer *self)
{
    sqlite3_finalize(self->select_passages);
    sqlite3_finalize(self->delete_words);
    sqlite3_finalize(self->delete_title);
    sqlite3_finalize(self->insert_title);
    sqlite3_finalize(self->delete_passages);
    sqlite3_finalize(self->delete_document);
    sqlite3_finalize(self->insert_document);
    sqlite3_finalize(self->insert_passage);
    sqlite3_finalize(self->insert_words);
    troupe__references_close(&self->references);
    *self = (struct troupe__writer){0};
}

static int
run(sqlite3_stmt *statement)
{
    sqlite3_step(statement);
    return troupe__sqlite_error(sqlite3_reset(statement));
}

/* The words must be given again to be taken out: passage_fts keeps no text. */
static int
remove_words(struct troupe__writer *self, int64_t id)
{
    sqlite3_bind_int64(self->select_passages, 1, id);
    int rc = 0;
    while (rc == 0 && sqlite3_step(self->select_passages) == SQLITE_ROW) {
        for (int i = 0; i < 4; i++)
            sqlite3_bind_value(self->delete_words, i + 1,
                               sqlite3_column_value(self->select_passages, i));
        rc = run(self->delete_words);
    }
    int end = troupe__sqlite_error(sqlite3_reset(self->select_passages));
    return rc < 0 ? rc : end;
}

int
troupe__writer_remove(struct troupe__writer *self, int64_t id)
{
    int rc = remove_words(self, id);
    sqlite3_bind_int64(self->delete_title, 1, id);
    if (rc == 0)
        rc = run(self->delete_title);
    sqlite3_bind_int64(self->delete_passages, 1, id);
    if (rc == 0)
        rc = run(self->delete_passages);
    if (rc == 0)
        rc = troupe__references_remove(&self->references, id);
    sqlite3_bind_int64(self->delete_document, 1, id);
    return rc == 0 ? run(self->delete_document) : rc;
}

static void
bind_text(sqlite3_stmt *statement, int index, const char *text, size_t size)
{
    sqlite3_bind_text64(statement, index, text, size, SQLITE_STATIC,
                        SQLITE_UTF8);
}

static void
bind_string(sqlite3_stmt *statement, int index, const char *text)
{
    bind_text(statement, index, text, strlen(text));
}

static int
add_document(struct troupe__writer *self, const struct troupe__file *file,
             const struct troupe_document *doc)
{
    sqlite3_stmt *statement = self->insert_document;
    bind_string(statement, 1, file->path);
    sqlite3_bind_int64(statement, 2, (int64_t) file->inode);
    sqlite3_bind_int64(statement, 3, file->size);
    sqlite3_bind_int64(statement, 4, file->mtime_ns);
    bind_string(statement, 5, troupe__text_string(&doc->title));
    bind_string(statement, 6, troupe__text_string(&doc->names));
    sqlite3_bind_null(statement, 7);
    if (doc->rc < 0)
        bind_string(statement, 7, troupe__text_string(&doc->note));
    /* What another program or a chmod can mend is tried again each time. */
    sqlite3_bind_int(statement, 8,
                     doc->rc == -EACCES || doc->rc == -EPROTO || doc->rc == -EIO
                         || doc->rc == -ENOENT);
    return run(statement);
}

static int
add_passage(struct troupe__writer *self, int64_t document, const char *title,
            const char *heading, const char *body, struct troupe__piece piece)
{
    sqlite3_stmt *statement = self->insert_passage;
    sqlite3_bind_int64(statement, 1, document);
    sqlite3_bind_int64(statement, 2, (int64_t) piece.start);
    sqlite3_bind_int64(statement, 3, (int64_t) piece.end);
    bind_string(statement, 4, heading);
    bind_text(statement, 5, body, piece.end - piece.start);
    int rc = run(statement);
    if (rc < 0)
        return rc;
    statement = self->insert_words;
    sqlite3_bind_int64(statement, 1,
                       sqlite3_last_insert_rowid(self->corpus->db));
    bind_string(statement, 2, title);
    bind_string(statement, 3, heading);
    bind_text(statement, 4, body, piece.end - piece.start);
    rc = run(statement);
    if (rc < 0)
        return rc;
    return troupe__references_find(&self->references, document, heading, body,
                                   piece.end - piece.start);
}

int
troupe__writer_add(struct troupe__writer *self, const struct troupe__file *file,
                   const struct troupe_document *document,
                   const struct troupe__cut *cut)
{
    int rc = add_document(self, file, document);
    if (rc < 0 || document->rc < 0)
        return rc;
    int64_t id = sqlite3_last_insert_rowid(self->corpus->db);
    struct troupe__text title = {0};
    troupe__text_printf(&title, "%s %s", troupe__text_string(&document->title),
                        troupe__text_string(&document->names));
    sqlite3_bind_int64(self->insert_title, 1, id);
    bind_text(self->insert_title, 2, title.data, title.size);
    rc = run(self->insert_title);
    if (rc == 0)
        rc = troupe__references_names(&self->references, id, file->path,
                                      document);
    for (size_t i = 0; rc == 0 && i < cut->count; i++) {
        rc = add_passage(
            self, id, title.data, cut->headings.data + cut->pieces[i].heading,
            document->text.data + cut->pieces[i].start, cut->pieces[i]);
    }
    troupe__text_free(&title);
    return rc;
}

/* Words that occur once are more often slips than names. */
int
troupe__writer_words(troupe_corpus_t *corpus)
{
    return troupe__corpus_exec(
        corpus, "BEGIN IMMEDIATE;"
                "INSERT INTO word_fts(word) SELECT term FROM passage_vocab"
                " WHERE doc >= 2 AND length(term) BETWEEN 4 AND 40"
                " AND term GLOB '*[a-z]*'"
                " EXCEPT SELECT word FROM word_fts;"
                "COMMIT");
}
