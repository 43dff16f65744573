/* SPDX-License-Identifier: Apache-2.0 */
/* common.c: what several commands do alike. */
#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/commands.h"

#define NAMED_MAX 10

char *
troupe__cache_directory(void)
{
    const char *base = getenv("XDG_CACHE_HOME");
    const char *rest = "/troupe";
    if (!base || base[0] != '/') {
        base = getenv("HOME");
        rest = "/.cache/troupe";
    }
    char *path = NULL;
    if (!base || base[0] != '/' || asprintf(&path, "%s%s", base, rest) < 0)
        return NULL;
    return path;
}

int
troupe__usage_error(const char *command, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "troupe %s: ", command);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "\ntroupe %s --help says how it is used\n", command);
    return TROUPE__EXIT_USAGE;
}

bool
troupe__read_number(const char *text, size_t min, size_t max,
                    size_t *ret_number)
{
    char *end = NULL;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (errno != 0 || end == text || *end || text[0] == '-' || number < min
        || number > max)
        return false;
    *ret_number = (size_t) number;
    return true;
}

bool
troupe__read_time(const char *text, size_t max_ms, size_t *ret_ms)
{
    char *end = NULL;
    errno = 0;
    double number = strtod(text, &end);
    double factor = strcmp(end, "ms") == 0                  ? 1
                    : strcmp(end, "s") == 0 || *end == '\0' ? 1000
                    : strcmp(end, "m") == 0                 ? 60000
                                                            : 0;
    double ms = number * factor;
    if (errno != 0 || end == text || !(ms >= 1) || ms > (double) max_ms)
        return false;
    *ret_ms = (size_t) ms;
    return true;
}

static void
clear_line(struct troupe__indexing *self)
{
    if (self->drawn)
        fputs("\r\033[K", stderr);
    self->drawn = false;
}

static void
on_skipped(void *context, const char *path, const char *reason)
{
    struct troupe__indexing *self = context;
    self->skipped++;
    if (self->json)
        json_array_append_new(self->json, json_pack("{s:s, s:s}", "path", path,
                                                    "reason", reason));
    if (self->quiet || (!self->verbose && self->skipped > NAMED_MAX))
        return;
    clear_line(self);
    fprintf(stderr, "troupe %s: skipped %s: %s\n", self->command, path, reason);
}

static int
on_progress(void *context, const troupe_corpus_stats_t *stats)
{
    struct troupe__indexing *self = context;
    if (self->is_over && self->is_over(self->is_over_data)) {
        self->stopped = true;
        return 1;
    }
    if (self->quiet || stats->changed == 0 || !isatty(STDERR_FILENO))
        return 0;
    fprintf(stderr, "\r\033[Kindexing: %zu of %zu documents", stats->read,
            stats->changed);
    self->drawn = true;
    return 0;
}

static int
fail_open(const struct troupe__indexing *self, const char *const *roots,
          size_t count, const char *cache, int rc)
{
    for (size_t i = 0; i < count; i++) {
        if (access(roots[i], R_OK) == 0)
            continue;
        fprintf(stderr, "troupe %s: corpus %s: %s\n", self->command, roots[i],
                strerror(errno));
        return TROUPE__EXIT_FAILED;
    }
    fprintf(stderr, "troupe %s: cannot use the index in %s: %s\n",
            self->command, cache, strerror(-rc));
    return TROUPE__EXIT_FAILED;
}

static int
update(struct troupe__indexing *self, troupe_corpus_t *corpus,
       troupe_corpus_stats_t *ret_stats)
{
    int rc = troupe_corpus_update(corpus, ret_stats);
    clear_line(self);
    if (!self->quiet && !self->verbose && self->skipped > NAMED_MAX) {
        fprintf(stderr,
                "troupe %s: skipped %zu files more (--verbose names them)\n",
                self->command, self->skipped - NAMED_MAX);
    }
    if (rc == 0 || (rc == -ECANCELED && self->stopped))
        return TROUPE__EXIT_OK;
    if (rc == -ENODATA) {
        fprintf(stderr,
                "troupe %s: the corpus is empty: no document that can be read"
                " among %zu files\n",
                self->command, ret_stats->files);
    } else {
        fprintf(stderr, "troupe %s: the index cannot be updated: %s\n",
                self->command, strerror(-rc));
    }
    return TROUPE__EXIT_FAILED;
}

int
troupe__open_corpus(struct troupe__indexing *indexing, const char *cache,
                    const char *const *roots, size_t count,
                    troupe_corpus_t **ret_corpus,
                    troupe_corpus_stats_t *ret_stats)
{
    char *standard = cache ? NULL : troupe__cache_directory();
    if (!cache)
        cache = standard;
    if (!cache)
        return troupe__usage_error(indexing->command,
                                   "no cache directory: set HOME or --cache");
    troupe_corpus_options_t options = troupe_corpus_options_default();
    options.cache = cache;
    options.context = indexing;
    options.skipped = on_skipped;
    options.progress = on_progress;
    int rc = troupe_corpus_open(roots, count, &options, ret_corpus);
    int code = TROUPE__EXIT_OK;
    if (rc < 0)
        code = fail_open(indexing, roots, count, cache, rc);
    else
        code = update(indexing, *ret_corpus, ret_stats);
    if (rc == 0 && code != TROUPE__EXIT_OK)
        troupe_corpus_destroy(ret_corpus);
    free(standard);
    return code;
}
