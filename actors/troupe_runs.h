/* SPDX-License-Identifier: Apache-2.0 */
/* troupe_runs.h: runs of pipelines that left a journal, by their ids. */
#ifndef TROUPE_RUNS_H
#define TROUPE_RUNS_H

#include "troupe_journal.h"

/*
 * A run is a directory BASE/ID, open to its user alone, with `journal.db`, the
 * two lines that troupe_run_begin() and troupe_run_end() write, and whatever its
 * pipeline puts beside them. An id is PIPELINE-DAY-TIME-XXXX.
 */
#define TROUPE_RUN_ID_MAX      63  /* bytes, without the NUL */
#define TROUPE_RUN_COMMAND_MAX 255 /* bytes of a command that are kept */

/*
 * troupe_run_make: a directory for a new run; BASE is made where it is missing.
 *
 *   base      the directory of all runs; the library has no default, the
 *             troupe command takes $XDG_STATE_HOME/troupe/runs.
 *   pipeline  "map", "graph", ...: 1 .. 16 small letters.
 *   ret_id    out: its id.
 *   ret_path  out: of its journal, not there yet; to be freed.
 *   error     out: words; may be NULL.
 *   returns   0, -EINVAL, -EACCES, -ENOSPC, -ENOTDIR or -EIO
 *   threads   any
 */
TROUPE_MUST int troupe_run_make(const char *base, const char *pipeline,
                                char ret_id[TROUPE_RUN_ID_MAX + 1],
                                char **ret_path, troupe_journal_error_t *error);

/*
 * troupe_run_find: the journal of a run.
 *
 *   id        its id, or "last": the newest of `pipeline`.
 *   pipeline  NULL: any; a run of another one is not found.
 *   ret_id    out: its id.
 *   ret_path  out: to be freed.
 *   error     out: words; may be NULL.
 *   returns   0 or -ENOENT
 *   threads   any
 */
TROUPE_MUST int troupe_run_find(const char *base, const char *id,
                                const char *pipeline,
                                char ret_id[TROUPE_RUN_ID_MAX + 1],
                                char **ret_path, troupe_journal_error_t *error);

/*
 * troupe_run_begin: a run begins, or goes on: what it was asked is written down
 * before it does anything, so that it is known of one that is killed.
 *
 *   path      of its journal, which need not be there yet.
 *   command   the command line, for people; more than TROUPE_RUN_COMMAND_MAX
 *             bytes, and what follows a newline, are cut off. Of a run that goes
 *             on the first one stays.
 *   ret_command  out: what the run began with, to be freed; may be NULL.
 *   returns   0, -EACCES, -ENOSPC, -ENOENT or -EIO: nothing is written then, and
 *             the run can be done all the same
 *   threads   any
 */
TROUPE_MUST int troupe_run_begin(const char *path, const char *command,
                                 char **ret_command);

/*
 * troupe_run_end: it has come to its end; without this it counts as interrupted.
 *
 *   state    how, in a word: "finished", "partial", "failed", ...
 *   returns  as troupe_run_begin()
 *   threads  any
 */
TROUPE_MUST int troupe_run_end(const char *path, const char *state);

/* What a run left; lent for the call. */
typedef struct troupe_run_info {
    const char *id;
    const char *state; /* "running", "interrupted", "damaged", or as it ended */
    const char *command; /* or "" */
    const char *words;   /* of what is damaged, else "" */
    int64_t changed_ms;  /* since 1970 */
    uint64_t done;       /* tasks with an end */
    uint64_t ok;         /* of them, those whose last end was "ok" */
    uint64_t bytes;      /* of all files */
} troupe_run_info_t;

/* troupe_run_fn: one run; returns 0 to go on. */
typedef int (*troupe_run_fn)(void *data, const troupe_run_info_t *info);

/*
 * troupe_runs_list: all runs, the oldest first.
 *
 *   returns  0, what `each` returned, or -EIO; none is no error
 *   threads  any
 */
TROUPE_MUST int troupe_runs_list(const char *base, troupe_run_fn each,
                                 void *data);

/*
 * troupe_run_remove: take away a run with all its files.
 *
 *   returns  0, -ENOENT, -EBUSY when it runs, -EACCES or -EIO
 *   threads  any
 */
TROUPE_MUST int troupe_run_remove(const char *base, const char *id);

#endif
