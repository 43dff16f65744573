/* SPDX-License-Identifier: Apache-2.0 */
/* A corpus: documents below some directories, indexed and searchable. */
#ifndef TROUPE_CORPUS_H
#define TROUPE_CORPUS_H

#include "troupe_passage.h"

#include <stddef.h>
#include <stdint.h>

#define TROUPE_ROOTS_MAX 64 /* of a corpus, or of a run of research */

typedef struct troupe_corpus troupe_corpus_t;

/* What an update did so far; the totals are known once `scanned` is. */
typedef struct {
    size_t files;     /* files found below the roots */
    size_t changed;   /* of these, to be read in this update */
    size_t read;      /* documents read and indexed in this update */
    size_t removed;   /* documents that are gone or changed to unreadable */
    size_t skipped;   /* files that could not be read; each is named */
    size_t documents; /* documents in the index at the end */
    size_t passages;  /* passages in the index at the end */
} troupe_corpus_stats_t;

/* Limits and callbacks; start from troupe_corpus_options_default(). */
typedef struct {
    const char *cache;    /* directory of the index, made if missing */
    size_t file_size_max; /* bytes of a file once unpacked, 16 MiB */
    unsigned depth_max;   /* directories below a root, 32 */
    unsigned threads;     /* that read documents; 0: one per core */
    void *context;        /* given to the callbacks */
    /* A file was passed over, and why; called on the updating thread. For a
     * file that has not changed since, the reason is told again. */
    void (*skipped)(void *context, const char *path, const char *reason);
    /* After each batch of documents; not 0 stops the update, which keeps what
     * it has indexed and returns -ECANCELED. */
    int (*progress)(void *context, const troupe_corpus_stats_t *stats);
} troupe_corpus_options_t;

/* troupe_corpus_options_default: the defaults above, no cache, no callbacks. */
TROUPE_API troupe_corpus_options_t troupe_corpus_options_default(void);

/*
 * troupe_corpus_open: open, or make, the index of some roots.
 *
 *   roots       `count` directories or files, 1 .. TROUPE_ROOTS_MAX; copied.
 *   options     cache must be set; copied.
 *   ret_corpus  out: the corpus, owned by the caller; untouched on error.
 *   returns     0, or
 *               -EINVAL   no root, too many, no cache directory, or a
 *                         root whose real path is not UTF-8
 *               -ENOENT   a root does not exist
 *               -EACCES   a root may not be read, or the cache not written
 *               -ELOOP    a root is a loop of symbolic links
 *               -EIO      the index cannot be read or written
 *   threads     a corpus belongs to one thread at a time; threads and
 *               processes may each open their own on the same index.
 *   order       the same roots in any order and spelling share one index.
 */
TROUPE_MUST int troupe_corpus_open(const char *const *roots, size_t count,
                                   const troupe_corpus_options_t *options,
                                   troupe_corpus_t **ret_corpus);

/*
 * troupe_corpus_update: bring the index up to date with the files.
 *
 *   ret_stats  out, may be NULL: what was done; set on -ENODATA too.
 *   returns    0, or
 *              -ENODATA    there is no document below the roots
 *              -ECANCELED  the progress callback said so
 *              -EBUSY      another process kept the database locked for a
 *                          minute; who updates the same index is waited for
 *              -ENOSPC     the cache directory is full
 *              -EIO        the index cannot be read or written
 *   cost       one stat per file; only new and changed files are read (a
 *              change of size, inode or time of modification). One
 *              transaction per batch, so that a search beside it sees whole
 *              batches; a second updater waits for the first.
 */
TROUPE_MUST int troupe_corpus_update(troupe_corpus_t *self,
                                     troupe_corpus_stats_t *ret_stats);

/*
 * troupe_corpus_search: ask one engine.
 *
 *   query     words in plain language; nothing in it is syntax.
 *   limit     1 .. 1000 passages at most.
 *   ret_list  out: passages, best first, owned by the caller; an empty list
 *             when nothing fits; untouched on error.
 *   returns   0, or
 *             -EINVAL  the query is empty or has only stop words
 *             -ERANGE  no such engine, or limit is out of range
 *             -EBUSY   another process keeps the index locked
 *             -EIO     the index cannot be read
 */
TROUPE_MUST int troupe_corpus_search(troupe_corpus_t *self,
                                     troupe_engine_t engine, const char *query,
                                     size_t limit,
                                     troupe_passages_t **ret_list);

/* troupe_corpus_destroy: close *self_p and set it to NULL; NULL is fine. */
TROUPE_API void troupe_corpus_destroy(troupe_corpus_t **self_p);

/*
 * troupe_query_check: whether a query has a word to search for.
 *
 *   returns  0, or
 *            -EINVAL  it is empty or has only stop words
 */
TROUPE_MUST int troupe_query_check(const char *query);

#endif
