/* SPDX-License-Identifier: Apache-2.0 */
/* journal.h: what the files of the journal share. */
#ifndef TROUPE_ACTORS_JOURNAL_H
#define TROUPE_ACTORS_JOURNAL_H

#include <sqlite3.h>
#include <stdbool.h>
#include <sys/types.h>

#include "troupe_journal.h"

#include "actors/text.h"

struct troupe_journal {
    sqlite3 *db;
    char *path;
    int lock; /* held while we may write; else -1 */
    bool in_transaction;
    sqlite3_stmt *insert;
    sqlite3_stmt *find;
    struct troupe__text words;
};

/* A transaction by hand, for the actor; each returns 0 or as append. After an
 * error of insert or commit nothing of the transaction is kept. */
int troupe__journal_begin(troupe_journal_t *self);
int troupe__journal_insert(troupe_journal_t *self,
                           const troupe_journal_entry_t *entry);
int troupe__journal_commit(troupe_journal_t *self);

/* troupe__journal_is_valid: whether an entry may be written. */
bool troupe__journal_is_valid(const troupe_journal_entry_t *entry);

/* troupe__journal_exec: run SQL that gives no rows; for tests as well. */
int troupe__journal_exec(troupe_journal_t *self, const char *sql);

/* troupe__journal_failed: set the words for what SQLite said last, or for a
 * code of ours; returns the code. */
int troupe__journal_failed(troupe_journal_t *self, int rc);

/* troupe__journal_lock: hold the lock beside a journal; 0, -EBUSY with the pid
 * of who holds it (0: not known), or another error. */
int troupe__journal_lock(const char *path, int *ret_fd, pid_t *ret_holder);

/* troupe__journal_holder: who holds it now; 0: nobody. */
pid_t troupe__journal_holder(const char *path);

#endif
