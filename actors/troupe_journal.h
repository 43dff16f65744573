/* SPDX-License-Identifier: Apache-2.0 */
/* troupe_journal.h: what a run has finished, on disk before it counts. */
#ifndef TROUPE_JOURNAL_H
#define TROUPE_JOURNAL_H

#include "troupe_kind.h"

/*
 * A journal is an append-only SQLite file (WAL). An append is one transaction
 * and on the disk when it returns; a run that is killed at any point and
 * resumed finds all that it was told of, and nothing by halves. One process
 * writes a journal at a time; others may read it meanwhile.
 */
typedef struct troupe_journal troupe_journal_t;

typedef enum troupe_journal_what {
    TROUPE_JOURNAL_STARTED = 1, /* a task was begun */
    TROUPE_JOURNAL_ATTEMPT,     /* one attempt at it has ended */
    TROUPE_JOURNAL_DONE,        /* it is finished, for better or worse */
    TROUPE_JOURNAL_NOTE         /* anything else a pipeline wants to keep */
} troupe_journal_what_t;

/* One line of a journal; what is read is lent until the callback returns. */
typedef struct troupe_journal_entry {
    troupe_journal_what_t what;
    const char *key;   /* of the task: UTF-8, 1 .. 1024 bytes */
    const char *state; /* "ok", "failed", ...: 1 .. 31 bytes; NULL: "" */
    uint32_t attempt;  /* from 1; 0: not said */
    double ms;         /* that it took */
    const void *value; /* any bytes; may be NULL */
    size_t value_size;
    int64_t at_ms; /* when it was written, since 1970; not read by append */
} troupe_journal_entry_t;

/* What is wrong, in words, with the file and the cure. */
typedef struct troupe_journal_error {
    char text[512];
} troupe_journal_error_t;

/* How to open; the directory must be there. */
typedef enum troupe_journal_mode {
    TROUPE_JOURNAL_CREATE = 1, /* it must not be there yet */
    TROUPE_JOURNAL_RESUME,     /* to go on with it */
    TROUPE_JOURNAL_READ        /* to look at it, also while it is written */
} troupe_journal_mode_t;

/*
 * troupe_journal_open: open the journal in a file.
 *
 *   path         of the file, UTF-8.
 *   ret_journal  out: owned by the caller; untouched on error.
 *   error        out: words, "" when all is well; may be NULL.
 *   returns      0, or
 *                -EEXIST   CREATE: there is such a file
 *                -ENOENT   there is none
 *                -EBUSY    another process, which is named, writes it
 *                -EBADMSG  it is damaged, or no journal
 *                -EPROTO   it was written by another version
 *                -EACCES, -ENOSPC, -EIO
 *   threads      any; a journal belongs to one thread at a time
 */
TROUPE_MUST int troupe_journal_open(const char *path,
                                    troupe_journal_mode_t mode,
                                    troupe_journal_t **ret_journal,
                                    troupe_journal_error_t *error);

/*
 * troupe_journal_append: put entries on the disk, all or none.
 *
 *   returns  0, -EINVAL (a key, state or `what` is wrong), -EPERM (opened to
 *            read), -ENOSPC (disk full), -EBADMSG, -EBUSY or -EIO; then
 *            troupe_journal_words() says more, and the journal can be used on
 *   cost     one fsync(2): many at once are cheap, one at a time is not
 */
TROUPE_MUST int troupe_journal_append(troupe_journal_t *self,
                                      const troupe_journal_entry_t *entries,
                                      size_t count);

/* troupe_journal_fn: one entry; returns 0 to go on, else to end the fold. */
typedef int (*troupe_journal_fn)(void *data,
                                 const troupe_journal_entry_t *entry);

/*
 * troupe_journal_fold: all entries, in the order in which they were written.
 *
 *   what     only those; 0: all.
 *   returns  0, what `each` returned, -EBADMSG or -EIO
 */
TROUPE_MUST int troupe_journal_fold(troupe_journal_t *self,
                                    troupe_journal_what_t what,
                                    troupe_journal_fn each, void *data);

/*
 * troupe_journal_find: the last DONE of a key.
 *
 *   ret_entry  out: lent until the next call with this journal.
 *   returns    0, -ENOENT, -EBADMSG or -EIO
 *   cost       O(log n)
 */
TROUPE_MUST int troupe_journal_find(troupe_journal_t *self, const char *key,
                                    troupe_journal_entry_t *ret_entry);

/* troupe_journal_set: keep a text under a name, such as the command line; it
 * replaces the one before. Returns 0 or as troupe_journal_append(). */
TROUPE_MUST int troupe_journal_set(troupe_journal_t *self, const char *name,
                                   const char *text);

/* troupe_journal_get: such a text, to be freed with free(); NULL: none. */
TROUPE_API char *troupe_journal_get(troupe_journal_t *self, const char *name);

/* troupe_journal_words: why the last call failed, with the file and the cure;
 * "" when none did; valid until the next call. */
TROUPE_API const char *troupe_journal_words(const troupe_journal_t *self);

/* troupe_journal_destroy: close *self_p and set it to NULL; NULL is fine. */
TROUPE_API void troupe_journal_destroy(troupe_journal_t **self_p);

/*
 * troupe_journal_actor: a journal that many actors write to, on a thread of
 * its own (place it there: it waits for the disk). What comes in while it
 * writes is one transaction the next time.
 *
 *   start   {path: s, mode: U}     mode as above; its end says what was wrong
 *   append  {entries: [{what: U, key: s, state: s, attempt: U, ms: f,
 *           value: B}]}            all but key may be absent; what: DONE
 *       ->  nil when it is on the disk, or an error with words
 *   find    {key: s} -> {state: s, attempt: U, ms: f, value: B}, or -ENOENT
 *   set     {name: s, text: s} -> nil
 *   get     {name: s} -> {text: s}, or -ENOENT
 */
TROUPE_API const troupe_kind_t troupe_journal_actor;

#endif
