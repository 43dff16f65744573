/* SPDX-License-Identifier: Apache-2.0 */
/*
 * database.c: the SQLite file that holds the index of a corpus.
 *
 * document   one row per file, also for one that could not be read (reason)
 * passage    one row per passage, with its range and text
 * passage_fts  words, stemmed; "contentless": passage has the text
 * title_fts  titles, by their trigrams; rows are those of document
 * word_fts   the words of passage_fts, by their trigrams
 * name       by which names other documents may name one
 * mention    the names that a document mentions, and what it says there
 * reference  the two joined, while they are counted into document.links
 * anchor_fts titles, and what other documents say where they name the document
 *
 * It is a cache: made anew when its version differs or when it is damaged.
 */
#include "actors/corpus.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "mailbox/check.h"

#define VERSION 3

static const char schema[] =
    "CREATE TABLE document(id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE,"
    " inode INTEGER, size INTEGER, mtime INTEGER, title TEXT, names TEXT,"
    " reason TEXT, retry INTEGER,"
    " links INTEGER NOT NULL DEFAULT 0);"
    "CREATE TABLE passage(id INTEGER PRIMARY KEY, document INTEGER NOT NULL,"
    " start INTEGER, stop INTEGER, heading TEXT, body TEXT);"
    "CREATE INDEX passage_document ON passage(document);"
    "CREATE TABLE name(document INTEGER NOT NULL, name TEXT NOT NULL);"
    "CREATE INDEX name_document ON name(document);"
    "CREATE INDEX name_name ON name(name);"
    "CREATE TABLE mention(source INTEGER NOT NULL, name TEXT NOT NULL,"
    " said TEXT NOT NULL);"
    "CREATE INDEX mention_source ON mention(source);"
    "CREATE TABLE reference(document INTEGER, source INTEGER, said TEXT);"
    "CREATE INDEX reference_document ON reference(document);"
    "CREATE VIRTUAL TABLE passage_fts USING fts5(title, heading, body,"
    " content='', tokenize=\"porter unicode61 tokenchars '_'\");"
    "CREATE VIRTUAL TABLE passage_vocab USING fts5vocab(passage_fts, row);"
    "CREATE VIRTUAL TABLE title_fts USING fts5(title, content='',"
    " tokenize='trigram');"
    "CREATE VIRTUAL TABLE anchor_fts USING fts5(title, said, content='',"
    " tokenize=\"porter unicode61 tokenchars '_'\");"
    "CREATE VIRTUAL TABLE word_fts USING fts5(word, tokenize='trigram');"
    /* Flushed less often, so that there is less to merge. */
    "INSERT INTO passage_fts(passage_fts, rank) VALUES('hashsize', 33554432);";

int
troupe__sqlite_error(int code)
{
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return 0;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return -EBUSY;
    case SQLITE_FULL:
        return -ENOSPC;
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return -EACCES;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return -EBADMSG;
    default:
        return -EIO;
    }
}

int
troupe__sqlite_cause(sqlite3 *db, int rc)
{
    int system = db ? sqlite3_system_errno(db) : 0;
    bool full = system == ENOSPC || system == EDQUOT || system == EFBIG;
    return full && (rc == -EIO || rc == -EACCES) ? -ENOSPC : rc;
}

int
troupe__corpus_exec(troupe_corpus_t *self, const char *sql)
{
    return troupe__sqlite_error(sqlite3_exec(self->db, sql, NULL, NULL, NULL));
}

int
troupe__corpus_prepare(troupe_corpus_t *self, const char *sql,
                       sqlite3_stmt **ret_statement)
{
    return troupe__sqlite_error(
        sqlite3_prepare_v2(self->db, sql, -1, ret_statement, NULL));
}

int
troupe__corpus_lock(const struct troupe__text *path)
{
    int fd = open(path->data, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        return errno == EACCES || errno == EROFS ? -EACCES
               : errno == ENOSPC                 ? -ENOSPC
                                                 : -EIO;
    }
    while (flock(fd, LOCK_EX) < 0) {
        if (errno != EINTR) {
            close(fd);
            return -EIO;
        }
    }
    return fd;
}

static int
read_version(troupe_corpus_t *self, int *ret_version)
{
    sqlite3_stmt *statement = NULL;
    int rc = troupe__corpus_prepare(self, "PRAGMA user_version", &statement);
    if (rc < 0)
        return rc;
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        *ret_version = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    return troupe__sqlite_error(code);
}

static int
open_file(troupe_corpus_t *self, int *ret_version)
{
    int code = sqlite3_open_v2(
        self->path.data, &self->db,
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
    int rc = troupe__sqlite_error(code);
    if (rc < 0)
        return rc;
    sqlite3_busy_timeout(self->db, 60000);
    rc = troupe__corpus_exec(self, "PRAGMA journal_mode = WAL;"
                                   "PRAGMA synchronous = NORMAL;"
                                   "PRAGMA cache_size = -65536;"
                                   "PRAGMA temp_store = MEMORY");
    if (rc == 0)
        rc =
            troupe__sqlite_error(troupe__rank_register(self->db, self->counts));
    return rc < 0 ? rc : read_version(self, ret_version);
}

static void
close_file(troupe_corpus_t *self)
{
    sqlite3_close(self->db);
    self->db = NULL;
}

static void
remove_files(troupe_corpus_t *self)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        struct troupe__text path = {0};
        troupe__text_printf(&path, "%s%s", self->path.data, ends[i]);
        unlink(path.data);
        troupe__text_free(&path);
    }
}

static int
make_schema(troupe_corpus_t *self)
{
    int rc = troupe__corpus_exec(self, "BEGIN IMMEDIATE");
    if (rc == 0)
        rc = troupe__corpus_exec(self, schema);
    struct troupe__text version = {0};
    troupe__text_printf(&version, "PRAGMA user_version = %d", VERSION);
    if (rc == 0)
        rc = troupe__corpus_exec(self, version.data);
    troupe__text_free(&version);
    return rc == 0 ? troupe__corpus_exec(self, "COMMIT") : rc;
}

static int
open_or_make(troupe_corpus_t *self)
{
    int version = 0;
    int rc = open_file(self, &version);
    if (rc == -EBADMSG || (rc == 0 && version != 0 && version != VERSION)) {
        close_file(self);
        remove_files(self);
        version = 0;
        rc = open_file(self, &version);
    }
    return rc == 0 && version != VERSION ? make_schema(self) : rc;
}

/* One at a time: SQLite does not wait for others where the journal's mode is
 * set. An updater holds another lock, so that opening never waits for it. */
int
troupe__database_open(troupe_corpus_t *self)
{
    int fd = troupe__corpus_lock(&self->door);
    if (fd < 0)
        return fd;
    int rc = open_or_make(self);
    if (rc < 0)
        close_file(self);
    close(fd);
    return rc == -EBADMSG ? -EIO : rc;
}
