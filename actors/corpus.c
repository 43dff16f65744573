/* SPDX-License-Identifier: Apache-2.0 */
/* corpus.c: opening a corpus, asking its engines, closing it. */
#include "actors/corpus.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "actors/document.h"
#include "actors/stem.h"
#include "mailbox/check.h"

#define LIMIT_MAX      1000
#define COMMON_SHARE   10
#define COMMON_MATTERS 100000 /* passages: fewer are fast enough with all */

troupe_corpus_options_t
troupe_corpus_options_default(void)
{
    return (troupe_corpus_options_t){.file_size_max = TROUPE__FILE_SIZE_MAX,
                                     .depth_max = 32};
}

static int
compare_strings(const void *one, const void *other)
{
    const char *const *a = one, *const *b = other;
    return strcmp(*a, *b);
}

static int
path_error(int code)
{
    switch (code) {
    case EACCES:
    case EPERM:
    case EROFS:
        return -EACCES;
    case ELOOP:
        return -ELOOP;
    case ENOENT:
    case ENOTDIR:
        return -ENOENT;
    case ENOSPC:
        return -ENOSPC;
    default:
        return -EIO;
    }
}

/* Roots are known by their real paths, in order, without doubles. */
static int
take_roots(troupe_corpus_t *self, const char *const *roots, size_t count)
{
    self->roots = troupe__alloc(count * sizeof *self->roots);
    for (size_t i = 0; i < count; i++) {
        char *real = roots[i] ? realpath(roots[i], NULL) : NULL;
        if (!real)
            return roots[i] ? path_error(errno) : -EINVAL;
        self->roots[self->root_count++] = real;
        if (!troupe__utf8_is_valid(real, strlen(real)))
            return -EINVAL;
        struct stat st;
        if (stat(real, &st) < 0)
            return path_error(errno);
        if (access(real, S_ISDIR(st.st_mode) ? R_OK | X_OK : R_OK) < 0)
            return path_error(errno);
    }
    qsort(self->roots, self->root_count, sizeof *self->roots, compare_strings);
    size_t kept = 1;
    for (size_t i = 1; i < self->root_count; i++) {
        if (strcmp(self->roots[i], self->roots[kept - 1]) == 0)
            free(self->roots[i]);
        else
            self->roots[kept++] = self->roots[i];
    }
    self->root_count = kept;
    return 0;
}

/* As mkdir -p, private to the user: it holds the text of their documents. */
static int
make_directory(const char *path)
{
    char *copy = troupe__strdup(path);
    int rc = 0;
    for (char *at = copy + 1; rc == 0; at++) {
        char c = *at;
        if (c != '/' && c != 0)
            continue;
        *at = 0;
        if (mkdir(copy, 0700) < 0 && errno != EEXIST)
            rc = path_error(errno);
        *at = c;
        if (c == 0)
            break;
    }
    struct stat st;
    if (rc == 0 && stat(copy, &st) < 0)
        rc = path_error(errno);
    else if (rc == 0 && (!S_ISDIR(st.st_mode) || access(copy, W_OK | X_OK) < 0))
        rc = -EACCES;
    free(copy);
    return rc;
}

/* The name of the index is a hash of the roots and limits. */
static void
name_index(troupe_corpus_t *self)
{
    uint64_t hash = 0xcbf29ce484222325ULL;
    for (size_t i = 0; i < self->root_count; i++) {
        const char *s = self->roots[i];
        for (size_t j = 0; j <= strlen(s); j++)
            hash = (hash ^ (unsigned char) s[j]) * 0x100000001b3ULL;
    }
    hash = (hash ^ self->options.file_size_max) * 0x100000001b3ULL;
    hash = (hash ^ self->options.depth_max) * 0x100000001b3ULL;
    troupe__text_printf(&self->path, "%s/corpus-%016llx.sqlite",
                        self->options.cache, (unsigned long long) hash);
    troupe__text_printf(&self->lock, "%s.lock", self->path.data);
    troupe__text_printf(&self->door, "%s.open", self->path.data);
}

int
troupe_corpus_open(const char *const *roots, size_t count,
                   const troupe_corpus_options_t *options,
                   troupe_corpus_t **ret_corpus)
{
    CHECK(ret_corpus);
    if (!roots || count == 0 || count > TROUPE_ROOTS_MAX || !options
        || !options->cache || !options->cache[0] || options->file_size_max == 0
        || options->file_size_max > UINT32_MAX / 4)
        return -EINVAL;
    troupe_corpus_t *self = troupe__alloc(sizeof *self);
    self->options = *options;
    self->options.cache = troupe__strdup(options->cache);
    self->counts = troupe__rank_counts_new();
    int rc = take_roots(self, roots, count);
    if (rc == 0)
        rc = make_directory(self->options.cache);
    if (rc == 0) {
        name_index(self);
        rc = troupe__sqlite_cause(self->db, troupe__database_open(self));
    }
    if (rc < 0)
        troupe_corpus_destroy(&self);
    else
        *ret_corpus = self;
    return rc;
}

void
troupe_corpus_destroy(troupe_corpus_t **self_p)
{
    if (!self_p || !*self_p)
        return;
    troupe_corpus_t *self = *self_p;
    sqlite3_close(self->db);
    troupe__rank_counts_destroy(&self->counts);
    for (size_t i = 0; i < self->root_count; i++)
        free(self->roots[i]);
    free(self->roots);
    troupe__text_free(&self->path);
    troupe__text_free(&self->lock);
    troupe__text_free(&self->door);
    free((void *) (uintptr_t) self->options.cache);
    free(self);
    *self_p = NULL;
}

int
troupe_query_check(const char *query)
{
    CHECK(query);
    struct troupe__query parsed;
    int rc = troupe__query_parse(query, &parsed);
    troupe__query_free(&parsed);
    return rc;
}

/* A word in every tenth passage tells little and costs the most: it matches
 * thousands of passages, each of which would be ranked. */
static int
drop_common_words(troupe_corpus_t *self, struct troupe__query *query)
{
    int64_t total = 0;
    int rc = troupe__corpus_total(self, &total);
    if (rc < 0 || total < COMMON_MATTERS)
        return rc;
    struct troupe__stemmer *stemmer = troupe__stemmer_new();
    struct troupe__query kept = {0};
    for (size_t i = 0; rc == 0 && i < query->count; i++) {
        const struct troupe__term *term = &query->terms[i];
        char stem[TROUPE__TERM_SIZE_MAX];
        memcpy(stem, term->text, sizeof stem);
        troupe__stem(stemmer, stem);
        int64_t count = 0;
        if (term->kind == TROUPE__TERM_WORD)
            rc = troupe__corpus_count(self, stem, &count);
        if (count * COMMON_SHARE <= total)
            kept.terms[kept.count++] = *term;
    }
    troupe__stemmer_destroy(&stemmer);
    if (rc == 0 && kept.count >= 2)
        *query = kept;
    return rc;
}

/* One state of the index for all statements of a search. What was counted in
 * an earlier search still holds if nobody has written since. */
static int
begin_search(troupe_corpus_t *self)
{
    sqlite3_stmt *row = NULL;
    int rc = troupe__corpus_exec(self, "BEGIN");
    if (rc == 0)
        rc = troupe__corpus_prepare(self, "PRAGMA data_version", &row);
    if (rc < 0)
        return rc;
    int code = sqlite3_step(row);
    int64_t version = code == SQLITE_ROW ? sqlite3_column_int64(row, 0) : 0;
    if (version != self->counted)
        troupe__rank_counts_clear(self->counts);
    self->counted = version;
    sqlite3_finalize(row);
    return troupe__sqlite_error(code);
}

int
troupe_corpus_search(troupe_corpus_t *self, troupe_engine_t engine,
                     const char *query, size_t limit,
                     troupe_passages_t **ret_list)
{
    CHECK(self && query && ret_list);
    static int (*const engines[TROUPE_ENGINE_COUNT])(
        troupe_corpus_t *, const struct troupe__query *, size_t,
        troupe_passages_t *) = {
        [TROUPE_ENGINE_BM25] = troupe__engine_bm25,
        [TROUPE_ENGINE_TRIGRAM] = troupe__engine_trigram,
        [TROUPE_ENGINE_PHRASE] = troupe__engine_phrase,
        [TROUPE_ENGINE_EXPAND] = troupe__engine_expand,
        [TROUPE_ENGINE_ANCHOR] = troupe__engine_anchor,
    };
    if ((unsigned) engine >= TROUPE_ENGINE_COUNT || limit == 0
        || limit > LIMIT_MAX)
        return -ERANGE;
    struct troupe__query parsed;
    int rc = troupe__query_parse(query, &parsed);
    if (rc == 0)
        rc = begin_search(self);
    if (rc == 0 && engine != TROUPE_ENGINE_PHRASE)
        rc = drop_common_words(self, &parsed);
    if (rc == 0) {
        troupe_passages_t *list = troupe_passages_new();
        rc = engines[engine](self, &parsed, limit, list);
        if (rc < 0)
            troupe_passages_destroy(&list);
        else
            *ret_list = list;
    }
    if (sqlite3_get_autocommit(self->db) == 0)
        (void) troupe__corpus_exec(self, "ROLLBACK"); /* nothing is written */
    troupe__query_free(&parsed);
    return rc == -EBADMSG ? -EIO : rc;
}
