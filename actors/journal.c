/* SPDX-License-Identifier: Apache-2.0 */
/*
 * journal.c: the file of a journal, opened, written and closed.
 *
 * entry  every line, in the order in which it was written; never changed
 * note   texts by name
 */
#include "actors/journal.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "actors/corpus.h"
#include "mailbox/check.h"

#define VERSION     1
#define APPLICATION 0x54726a6e /* "Trjn": what file(1) could tell it by */
#define KEY_MAX     1024
#define BUSY_MS     2000 /* a reader may be checkpointing */

static const char schema[] =
    "CREATE TABLE entry(id INTEGER PRIMARY KEY, what INTEGER NOT NULL,"
    " key TEXT NOT NULL, state TEXT NOT NULL, attempt INTEGER NOT NULL,"
    " ms REAL NOT NULL, at INTEGER NOT NULL, value BLOB);"
    "CREATE INDEX entry_done ON entry(key) WHERE what = 3;"
    "CREATE TABLE note(name TEXT PRIMARY KEY, text TEXT NOT NULL)"
    " WITHOUT ROWID;";

_Static_assert(TROUPE_JOURNAL_DONE == 3, "the schema has its number");

static void
say_cure(struct troupe__text *words, const char *path, int rc, const char *why)
{
    troupe__text_clear(words);
    switch (rc) {
    case -ENOSPC:
        troupe__text_printf(words,
                            "the journal %s: the disk is full: make room, "
                            "then resume the run",
                            path);
        return;
    case -EBADMSG:
        troupe__text_printf(words,
                            "the journal %s is damaged (%s): start the run "
                            "anew, or restore the file",
                            path, why);
        return;
    case -EACCES:
        troupe__text_printf(words,
                            "the journal %s: %s: see who may write the file "
                            "and its directory",
                            path, why);
        return;
    case -EBUSY:
        troupe__text_printf(words,
                            "the journal %s is locked by another program: end "
                            "what has it open",
                            path);
        return;
    case -EIO:
        troupe__text_printf(words,
                            "the journal %s: %s: see whether its disk is full "
                            "or broken, or a limit on files (ulimit -f) is "
                            "reached; then resume the run",
                            path, why);
        return;
    default:
        troupe__text_printf(words, "the journal %s: %s", path, why);
    }
}

int
troupe__journal_failed(troupe_journal_t *self, int rc)
{
    const char *why = self->db ? sqlite3_errmsg(self->db) : troupe_strerror(rc);
    int cause = troupe__sqlite_cause(self->db, rc);
    say_cure(&self->words, self->path, cause, why);
    return cause;
}

static int
failed_with(troupe_journal_t *self, int rc, const char *words)
{
    troupe__text_clear(&self->words);
    troupe__text_printf(&self->words, "the journal %s: %s", self->path, words);
    return rc;
}

int
troupe__journal_exec(troupe_journal_t *self, const char *sql)
{
    int rc =
        troupe__sqlite_error(sqlite3_exec(self->db, sql, NULL, NULL, NULL));
    return rc < 0 ? troupe__journal_failed(self, rc) : 0;
}

static int
read_pragma(troupe_journal_t *self, const char *sql, int *ret_number)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(self->db, sql, -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        *ret_number = sqlite3_column_int(statement, 0);
    int rc = troupe__sqlite_error(code);
    if (rc < 0)
        rc = troupe__journal_failed(self, rc);
    sqlite3_finalize(statement);
    return rc;
}

static int
make(troupe_journal_t *self)
{
    char numbers[96];
    snprintf(numbers, sizeof numbers,
             "PRAGMA application_id = %d; PRAGMA user_version = %d;",
             APPLICATION, VERSION);
    int rc = troupe__journal_exec(self, "BEGIN IMMEDIATE");
    if (rc == 0)
        rc = troupe__journal_exec(self, schema);
    if (rc == 0)
        rc = troupe__journal_exec(self, numbers);
    return rc == 0 ? troupe__journal_exec(self, "COMMIT") : rc;
}

static int
check(troupe_journal_t *self)
{
    int application = 0, version = 0;
    int rc = read_pragma(self, "PRAGMA application_id", &application);
    if (rc == 0)
        rc = read_pragma(self, "PRAGMA user_version", &version);
    if (rc < 0)
        return rc;
    if (application != APPLICATION) {
        return failed_with(self, -EBADMSG,
                           "this is no journal of a run, or one whose start "
                           "was cut short; start the run anew");
    }
    if (version != VERSION) {
        return failed_with(self, -EPROTO,
                           "another version of Troupe wrote it; use that one, "
                           "or start the run anew");
    }
    return 0;
}

/* FULL: a transaction is on the disk when COMMIT returns. */
static int
open_file(troupe_journal_t *self, troupe_journal_mode_t mode)
{
    int flags = SQLITE_OPEN_NOMUTEX
                | (mode == TROUPE_JOURNAL_READ ? SQLITE_OPEN_READONLY
                                               : SQLITE_OPEN_READWRITE)
                | (mode == TROUPE_JOURNAL_CREATE ? SQLITE_OPEN_CREATE : 0);
    int rc = troupe__sqlite_error(
        sqlite3_open_v2(self->path, &self->db, flags, NULL));
    if (rc < 0)
        return troupe__journal_failed(self, rc);
    sqlite3_busy_timeout(self->db, BUSY_MS);
    if (mode != TROUPE_JOURNAL_READ)
        rc = troupe__journal_exec(self, "PRAGMA journal_mode = WAL;"
                                        "PRAGMA synchronous = FULL");
    if (rc == 0 && mode == TROUPE_JOURNAL_CREATE)
        rc = make(self);
    return rc == 0 ? check(self) : rc;
}

static int
hold(troupe_journal_t *self)
{
    pid_t holder = 0;
    char words[96];
    int rc = troupe__journal_lock(self->path, &self->lock, &holder);
    if (rc != -EBUSY)
        return rc < 0 ? troupe__journal_failed(self, rc) : 0;
    snprintf(words, sizeof words,
             "process %d writes it: wait for its end, or stop it",
             (int) holder);
    return failed_with(self, rc, words);
}

/* What could not be made in full is in nobody's way the next time. */
static void
unmake(troupe_journal_t *self)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    char path[PATH_MAX];
    sqlite3_close(self->db);
    self->db = NULL;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        if ((size_t) snprintf(path, sizeof path, "%s%s", self->path, ends[i])
            < sizeof path)
            (void) unlink(path);
    }
}

static int
open_all(troupe_journal_t *self, troupe_journal_mode_t mode)
{
    bool is_there = access(self->path, F_OK) == 0;
    if (mode == TROUPE_JOURNAL_CREATE && is_there)
        return failed_with(self, -EEXIST, "there is one already");
    if (mode != TROUPE_JOURNAL_CREATE && !is_there)
        return failed_with(self, -ENOENT, "there is none");
    int rc = mode == TROUPE_JOURNAL_READ ? 0 : hold(self);
    if (rc < 0)
        return rc;
    rc = open_file(self, mode);
    if (rc < 0 && mode == TROUPE_JOURNAL_CREATE)
        unmake(self);
    return rc;
}

int
troupe_journal_open(const char *path, troupe_journal_mode_t mode,
                    troupe_journal_t **ret_journal,
                    troupe_journal_error_t *error)
{
    CHECK(path);
    CHECK(ret_journal);
    troupe_journal_t *self = troupe__alloc(sizeof *self);
    self->path = troupe__strdup(path);
    self->lock = -1;
    int rc = open_all(self, mode);
    if (error)
        snprintf(error->text, sizeof error->text, "%s",
                 rc < 0 ? troupe__text_string(&self->words) : "");
    if (rc < 0)
        troupe_journal_destroy(&self);
    else
        *ret_journal = self;
    return rc;
}

int
troupe__journal_begin(troupe_journal_t *self)
{
    troupe__text_clear(&self->words);
    if (self->lock < 0)
        return failed_with(self, -EPERM, "it was opened to be read");
    int rc = troupe__journal_exec(self, "BEGIN IMMEDIATE");
    self->in_transaction = rc == 0;
    return rc;
}

/* After some errors SQLite has rolled back already: then this one fails. */
static int
roll_back(troupe_journal_t *self, int rc)
{
    self->in_transaction = false;
    (void) sqlite3_exec(self->db, "ROLLBACK", NULL, NULL, NULL);
    return rc;
}

bool
troupe__journal_is_valid(const troupe_journal_entry_t *entry)
{
    size_t size = entry->key ? strlen(entry->key) : 0;
    return entry->what >= TROUPE_JOURNAL_STARTED
           && entry->what <= TROUPE_JOURNAL_NOTE && size > 0 && size <= KEY_MAX
           && troupe__utf8_is_valid(entry->key, size)
           && (!entry->state || strlen(entry->state) <= TROUPE_TYPE_MAX)
           && (entry->value || entry->value_size == 0);
}

static int64_t
wall_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int
troupe__journal_insert(troupe_journal_t *self,
                       const troupe_journal_entry_t *entry)
{
    static const char sql[] =
        "INSERT INTO entry(what, key, state, attempt, ms, at, value)"
        " VALUES(?, ?, ?, ?, ?, ?, ?)";
    if (!troupe__journal_is_valid(entry)) {
        return roll_back(self, failed_with(self, -EINVAL,
                                           "an entry has no key, or one that "
                                           "is too long or not UTF-8"));
    }
    int code = SQLITE_OK;
    if (!self->insert)
        code = sqlite3_prepare_v2(self->db, sql, -1, &self->insert, NULL);
    sqlite3_stmt *it = self->insert;
    if (code == SQLITE_OK) {
        sqlite3_bind_int(it, 1, (int) entry->what);
        sqlite3_bind_text(it, 2, entry->key, -1, SQLITE_STATIC);
        sqlite3_bind_text(it, 3, entry->state ? entry->state : "", -1,
                          SQLITE_STATIC);
        sqlite3_bind_int64(it, 4, entry->attempt);
        sqlite3_bind_double(it, 5, entry->ms);
        sqlite3_bind_int64(it, 6, wall_ms());
        sqlite3_bind_blob64(it, 7, entry->value, entry->value_size,
                            SQLITE_STATIC);
        code = sqlite3_step(it);
        sqlite3_reset(it);
        sqlite3_clear_bindings(it);
    }
    int rc = troupe__sqlite_error(code);
    return rc < 0 ? roll_back(self, troupe__journal_failed(self, rc)) : 0;
}

int
troupe__journal_commit(troupe_journal_t *self)
{
    int rc = troupe__journal_exec(self, "COMMIT");
    if (rc < 0)
        return roll_back(self, rc);
    self->in_transaction = false;
    return 0;
}

int
troupe_journal_append(troupe_journal_t *self,
                      const troupe_journal_entry_t *entries, size_t count)
{
    CHECK(self);
    CHECK(entries || count == 0);
    int rc = troupe__journal_begin(self);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < count && rc == 0; i++)
        rc = troupe__journal_insert(self, &entries[i]);
    return rc < 0 ? rc : troupe__journal_commit(self);
}

const char *
troupe_journal_words(const troupe_journal_t *self)
{
    CHECK(self);
    return troupe__text_string(&self->words);
}

void
troupe_journal_destroy(troupe_journal_t **self_p)
{
    troupe_journal_t *self = self_p ? *self_p : NULL;
    if (!self)
        return;
    if (self->in_transaction)
        (void) roll_back(self, 0);
    sqlite3_finalize(self->insert);
    sqlite3_finalize(self->find);
    sqlite3_close(self->db);
    if (self->lock >= 0)
        close(self->lock);
    troupe__text_free(&self->words);
    free(self->path);
    free(self);
    *self_p = NULL;
}
