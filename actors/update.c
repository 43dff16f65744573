/* SPDX-License-Identifier: Apache-2.0 */
/* update.c: bringing the index up to date with the files. */
#include "actors/update.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mailbox/check.h"

#define BATCHES_PER_COMMIT 8

struct update {
    troupe_corpus_t *corpus;
    struct troupe__scan scan;
    struct troupe__writer writer;
    troupe_corpus_stats_t stats;
    const char **paths; /* to be read, from the scan */
    size_t *indices;    /* of these in the scan */
    int64_t *gone;      /* documents to be removed */
    size_t gone_count;
    size_t gone_capacity;
};

static void
tell_skipped(struct update *self, const char *path, const char *reason)
{
    self->stats.skipped++;
    if (self->corpus->options.skipped)
        self->corpus->options.skipped(self->corpus->options.context, path,
                                      reason);
}

static bool
tell_progress(struct update *self)
{
    const troupe_corpus_options_t *options = &self->corpus->options;
    return options->progress
           && options->progress(options->context, &self->stats) != 0;
}

static void
add_gone(struct update *self, int64_t id)
{
    if (self->gone_count == self->gone_capacity) {
        self->gone_capacity =
            self->gone_capacity ? self->gone_capacity * 2 : 64;
        self->gone = troupe__realloc(self->gone,
                                     self->gone_capacity * sizeof *self->gone);
    }
    self->gone[self->gone_count++] = id;
}

static void
add_changed(struct update *self, size_t index)
{
    self->paths[self->stats.changed] = self->scan.files[index].path;
    self->indices[self->stats.changed++] = index;
}

/* A file that the index knows: is it still the same? */
static void
compare_known(struct update *self, sqlite3_stmt *row, size_t index)
{
    const struct troupe__file *file = &self->scan.files[index];
    bool same = sqlite3_column_int64(row, 2) == (int64_t) file->inode
                && sqlite3_column_int64(row, 3) == file->size
                && sqlite3_column_int64(row, 4) == file->mtime_ns
                && sqlite3_column_int(row, 6) == 0;
    const char *reason = (const char *) sqlite3_column_text(row, 5);
    if (file->reason || !same)
        add_gone(self, sqlite3_column_int64(row, 0));
    if (!file->reason && !same)
        add_changed(self, index);
    else if (!file->reason && reason)
        tell_skipped(self, file->path, reason);
}

static void
meet_file(struct update *self, size_t index)
{
    const struct troupe__file *file = &self->scan.files[index];
    if (file->reason)
        tell_skipped(self, file->path, file->reason);
}

/* Files and documents are both in the order of their paths: one merge. */
static int
find_changes(struct update *self)
{
    sqlite3_stmt *row = NULL;
    int rc = troupe__corpus_prepare(self->corpus,
                                    "SELECT id, path, inode, size, mtime,"
                                    " reason, retry FROM document"
                                    " ORDER BY path",
                                    &row);
    if (rc < 0)
        return rc;
    size_t at = 0;
    int code;
    while ((code = sqlite3_step(row)) == SQLITE_ROW) {
        const char *path = (const char *) sqlite3_column_text(row, 1);
        int order = -1;
        while (at < self->scan.count
               && (order = strcmp(self->scan.files[at].path, path)) < 0) {
            meet_file(self, at);
            if (!self->scan.files[at].reason)
                add_changed(self, at);
            at++;
        }
        if (at < self->scan.count && order == 0) {
            meet_file(self, at);
            compare_known(self, row, at++);
        } else {
            add_gone(self, sqlite3_column_int64(row, 0));
            self->stats.removed++;
        }
    }
    for (; at < self->scan.count; at++) {
        meet_file(self, at);
        if (!self->scan.files[at].reason)
            add_changed(self, at);
    }
    sqlite3_finalize(row);
    return troupe__sqlite_error(code);
}

static int
remove_gone(struct update *self)
{
    int rc = self->gone_count
                 ? troupe__corpus_exec(self->corpus, "BEGIN IMMEDIATE")
                 : 0;
    for (size_t i = 0; rc == 0 && i < self->gone_count; i++)
        rc = troupe__writer_remove(&self->writer, self->gone[i]);
    if (rc == 0 && self->gone_count)
        rc = troupe__corpus_exec(self->corpus, "COMMIT");
    return rc;
}

static int
add_batch(struct update *self, const struct troupe__batch *batch)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < batch->count; i++) {
        const struct troupe_document *doc = batch->documents[i];
        const struct troupe__file *file =
            &self->scan.files[self->indices[batch->first + i]];
        rc = troupe__writer_add(&self->writer, file, doc, &batch->cuts[i]);
        if (doc->rc < 0)
            tell_skipped(self, file->path, troupe__text_string(&doc->note));
        else
            self->stats.read++;
    }
    return rc;
}

static int
add_all(struct update *self, struct troupe__reading *reading)
{
    int rc = 0;
    bool stop = false;
    struct troupe__batch *batch = troupe__reading_next(reading);
    while (batch && rc == 0 && !stop) {
        rc = troupe__corpus_exec(self->corpus, "BEGIN IMMEDIATE");
        for (int i = 0; rc == 0 && batch && !stop && i < BATCHES_PER_COMMIT;
             i++) {
            rc = add_batch(self, batch);
            troupe__batch_destroy(&batch);
            stop = tell_progress(self);
            if (!stop)
                batch = troupe__reading_next(reading);
        }
        if (rc == 0)
            rc = troupe__corpus_exec(self->corpus, "COMMIT");
    }
    troupe__batch_destroy(&batch);
    return rc == 0 && stop ? -ECANCELED : rc;
}

static int
count_rows(troupe_corpus_t *corpus, const char *sql, size_t *ret_count)
{
    sqlite3_stmt *row = NULL;
    int rc = troupe__corpus_prepare(corpus, sql, &row);
    if (rc == 0 && sqlite3_step(row) == SQLITE_ROW)
        *ret_count = (size_t) sqlite3_column_int64(row, 0);
    int end = troupe__sqlite_error(sqlite3_finalize(row));
    return rc < 0 ? rc : end;
}

static int
write_changes(struct update *self)
{
    if (self->stats.changed == 0 && self->gone_count == 0)
        return 0;
    int rc = troupe__writer_open(&self->writer, self->corpus);
    if (rc == 0)
        rc = remove_gone(self);
    if (rc == 0 && self->stats.changed > 0) {
        struct troupe__reading *reading = troupe__reading_new(
            self->paths, self->stats.changed,
            self->corpus->options.file_size_max, self->corpus->options.threads);
        rc = add_all(self, reading);
        troupe__reading_destroy(&reading);
    }
    troupe__writer_close(&self->writer);
    if (rc == 0 || rc == -ECANCELED) {
        int end = troupe__writer_words(self->corpus);
        if (end == 0)
            end = troupe__references_count(self->corpus);
        rc = end < 0 ? end : rc;
    }
    if (sqlite3_get_autocommit(self->corpus->db) == 0)
        (void) troupe__corpus_exec(self->corpus, "ROLLBACK");
    return rc;
}

static int
run(struct update *self)
{
    self->stats.files = self->scan.count;
    self->paths = troupe__alloc((self->scan.count + 1) * sizeof *self->paths);
    self->indices =
        troupe__alloc((self->scan.count + 1) * sizeof *self->indices);
    int rc = find_changes(self);
    if (rc == 0 && tell_progress(self))
        rc = -ECANCELED;
    if (rc == 0)
        rc = write_changes(self);
    int counted = count_rows(self->corpus,
                             "SELECT count(*) FROM document"
                             " WHERE reason IS NULL",
                             &self->stats.documents);
    if (counted == 0)
        counted = count_rows(self->corpus, "SELECT count(*) FROM passage",
                             &self->stats.passages);
    if (rc == 0)
        rc = counted;
    return rc == 0 && self->stats.documents == 0 ? -ENODATA : rc;
}

int
troupe_corpus_update(troupe_corpus_t *self, troupe_corpus_stats_t *ret_stats)
{
    CHECK(self);
    int lock = troupe__corpus_lock(&self->lock);
    if (lock < 0)
        return lock;
    struct update update = {.corpus = self};
    troupe__scan_roots(self->roots, self->root_count, self->options.depth_max,
                       self->options.threads, &update.scan);
    int rc = troupe__sqlite_cause(self->db, run(&update));
    troupe__rank_counts_clear(self->counts);
    close(lock);
    troupe__scan_free(&update.scan);
    free(update.paths);
    free(update.indices);
    free(update.gone);
    if (ret_stats)
        *ret_stats = update.stats;
    return rc == -EBADMSG ? -EIO : rc;
}
