/* SPDX-License-Identifier: Apache-2.0 */
/* journal_read.c: what a journal says: folds, finds, and texts by name. */
#include "actors/journal.h"

#include <errno.h>

#include "actors/corpus.h"
#include "mailbox/check.h"

#define COLUMNS "what, key, state, attempt, ms, at, value"

static troupe_journal_entry_t
entry_of(sqlite3_stmt *row)
{
    const char *key = (const char *) sqlite3_column_text(row, 1);
    const char *state = (const char *) sqlite3_column_text(row, 2);
    return (troupe_journal_entry_t){
        .what = (troupe_journal_what_t) sqlite3_column_int(row, 0),
        .key = key ? key : "",
        .state = state ? state : "",
        .attempt = (uint32_t) sqlite3_column_int64(row, 3),
        .ms = sqlite3_column_double(row, 4),
        .at_ms = sqlite3_column_int64(row, 5),
        .value = sqlite3_column_blob(row, 6),
        .value_size = (size_t) sqlite3_column_bytes(row, 6),
    };
}

int
troupe_journal_fold(troupe_journal_t *self, troupe_journal_what_t what,
                    troupe_journal_fn each, void *data)
{
    static const char sql[] = "SELECT " COLUMNS " FROM entry"
                              " WHERE ?1 = 0 OR what = ?1 ORDER BY id";
    CHECK(self);
    CHECK(each);
    sqlite3_stmt *rows = NULL;
    int told = 0;
    troupe__text_clear(&self->words);
    int code = sqlite3_prepare_v2(self->db, sql, -1, &rows, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_bind_int(rows, 1, (int) what);
    while (code == SQLITE_OK || code == SQLITE_ROW) {
        code = sqlite3_step(rows);
        if (code != SQLITE_ROW)
            break;
        troupe_journal_entry_t entry = entry_of(rows);
        told = each(data, &entry);
        if (told != 0)
            break;
    }
    int rc = troupe__sqlite_error(code);
    if (rc < 0)
        rc = troupe__journal_failed(self, rc);
    sqlite3_finalize(rows);
    return rc < 0 ? rc : told;
}

int
troupe_journal_find(troupe_journal_t *self, const char *key,
                    troupe_journal_entry_t *ret_entry)
{
    static const char sql[] = "SELECT " COLUMNS " FROM entry"
                              " WHERE key = ? AND what = 3"
                              " ORDER BY id DESC LIMIT 1";
    CHECK(self);
    CHECK(key);
    CHECK(ret_entry);
    troupe__text_clear(&self->words);
    int code = SQLITE_OK;
    if (!self->find)
        code = sqlite3_prepare_v2(self->db, sql, -1, &self->find, NULL);
    if (code == SQLITE_OK) {
        sqlite3_reset(self->find); /* what was lent is over */
        code = sqlite3_bind_text(self->find, 1, key, -1, SQLITE_TRANSIENT);
    }
    if (code == SQLITE_OK)
        code = sqlite3_step(self->find);
    int rc = troupe__sqlite_error(code);
    if (rc < 0)
        return troupe__journal_failed(self, rc);
    if (code != SQLITE_ROW)
        return -ENOENT;
    *ret_entry = entry_of(self->find);
    return 0;
}

int
troupe_journal_set(troupe_journal_t *self, const char *name, const char *text)
{
    static const char sql[] = "INSERT OR REPLACE INTO note VALUES(?, ?)";
    CHECK(self);
    CHECK(name);
    CHECK(text);
    sqlite3_stmt *statement = NULL;
    int rc = troupe__journal_begin(self);
    if (rc < 0)
        return rc;
    int code = sqlite3_prepare_v2(self->db, sql, -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
    if (code == SQLITE_OK)
        code = sqlite3_bind_text(statement, 2, text, -1, SQLITE_STATIC);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    rc = troupe__sqlite_error(code);
    if (rc < 0)
        rc = troupe__journal_failed(self, rc);
    sqlite3_finalize(statement);
    if (rc == 0)
        return troupe__journal_commit(self);
    self->in_transaction = false;
    (void) sqlite3_exec(self->db, "ROLLBACK", NULL, NULL, NULL);
    return rc;
}

char *
troupe_journal_get(troupe_journal_t *self, const char *name)
{
    CHECK(self);
    CHECK(name);
    sqlite3_stmt *statement = NULL;
    char *text = NULL;
    int code = sqlite3_prepare_v2(
        self->db, "SELECT text FROM note WHERE name = ?", -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
    if (code == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW) {
        const char *found = (const char *) sqlite3_column_text(statement, 0);
        text = found ? troupe__strdup(found) : NULL;
    }
    sqlite3_finalize(statement);
    return text;
}
