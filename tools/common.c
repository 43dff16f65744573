/* SPDX-License-Identifier: Apache-2.0 */
/* common.c: what several commands do alike. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/call.h"
#include "tools/commands.h"
#include "tools/findings.h"
#include "tools/progress.h"

#define NAMED_MAX 10

/* A directory by its variable, or below HOME. */
static char *
directory_of(const char *variable, const char *rest, const char *below_home)
{
    const char *base = getenv(variable);
    if (!base || base[0] != '/') {
        base = getenv("HOME");
        rest = below_home;
    }
    char *path = NULL;
    if (!base || base[0] != '/' || asprintf(&path, "%s%s", base, rest) < 0)
        return NULL;
    return path;
}

const char *
troupe__cure(int rc)
{
    if (rc == -EMFILE)
        return "; raise the limit of descriptors (ulimit -n)";
    if (rc == -EIO)
        return "; raise the limit of processes and threads (ulimit -u, or "
               "pids.max of the cgroup), if that is reached";
    return "";
}

char *
troupe__cache_directory(void)
{
    return directory_of("XDG_CACHE_HOME", "/troupe", "/.cache/troupe");
}

char *
troupe__runs_directory(void)
{
    return directory_of("XDG_STATE_HOME", "/troupe/runs",
                        "/.local/state/troupe/runs");
}

static int output_error; /* errno of the first write that failed */

bool
troupe__flush_output(void)
{
    if (fflush(stdout) != 0 && output_error == 0)
        output_error = errno;
    return output_error == 0 && !ferror(stdout);
}

char *
troupe__for_people(const char *text)
{
    char *plain = troupe__copy(text, strlen(text)), *to = plain;
    for (const char *at = plain; *at; at++) {
        unsigned char c = (unsigned char) at[0], next = (unsigned char) at[1];
        if (c == 0xc2 && next >= 0x80 && next < 0xa0)
            at++; /* U+0080 to U+009F: some terminals take them for ESC [ */
        else if ((c >= ' ' && c != 0x7f) || c == '\n' || c == '\t')
            *to++ = *at;
    }
    *to = '\0';
    return plain;
}

void
troupe__say_output_error(void)
{
    fprintf(stderr, "troupe: standard output: %s\n",
            output_error ? strerror(output_error) : "it cannot be written");
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
    if (self->json_lines) {
        troupe__print_line(json_pack("{s:s, s:s, s:s}", "event", "skipped",
                                     "path", path, "reason", reason));
        return;
    }
    clear_line(self);
    fprintf(stderr, "troupe %s: skipped ", self->command);
    troupe__print_path(stderr, path);
    fprintf(stderr, ": %s\n", reason);
}

static int
on_progress(void *context, const troupe_corpus_stats_t *stats)
{
    struct troupe__indexing *self = context;
    if (self->is_over && self->is_over(self->is_over_data)) {
        self->stopped = true;
        return 1;
    }
    if (self->tell && stats->changed > 0)
        self->tell(self->data, stats->read, stats->changed);
    if (self->quiet || stats->changed == 0 || !isatty(STDERR_FILENO))
        return 0;
    fprintf(stderr, "\r\033[Kindexing: %zu of %zu documents", stats->read,
            stats->changed);
    self->drawn = true;
    return 0;
}

/* A link may lead to a name that is not UTF-8. */
static bool
name_odd_root(const struct troupe__indexing *self, const char *const *roots,
              size_t count)
{
    bool found = false;
    for (size_t i = 0; i < count && !found; i++) {
        char *real = realpath(roots[i], NULL);
        found = real && !troupe__is_text(real);
        if (found) {
            fprintf(troupe__errors(), "troupe %s: corpus %s leads to ",
                    self->command, roots[i]);
            troupe__print_path(troupe__errors(), real);
            fputs(", a name that is not UTF-8\n", troupe__errors());
        }
        free(real);
    }
    return found;
}

static int
fail_open(const struct troupe__indexing *self, const char *const *roots,
          size_t count, const char *cache, int rc)
{
    for (size_t i = 0; i < count; i++) {
        if (access(roots[i], R_OK) == 0)
            continue;
        fprintf(troupe__errors(), "troupe %s: corpus %s: %s\n", self->command,
                roots[i], strerror(errno));
        return TROUPE__EXIT_FAILED;
    }
    if (rc == -EINVAL && name_odd_root(self, roots, count))
        return TROUPE__EXIT_FAILED;
    fprintf(troupe__errors(), "troupe %s: cannot use the index in %s: %s%s\n",
            self->command, cache, strerror(-rc),
            rc == -ENOSPC ? ": make room, or choose another --cache"
            : rc == -EIO
                ? ": see whether its disk is full or broken, or a limit on "
                  "files (ulimit -f) is reached"
                : "");
    return TROUPE__EXIT_FAILED;
}

static void
tell_more(const struct troupe__indexing *self, size_t count)
{
    if (self->json_lines) {
        troupe__print_line(json_pack("{s:s, s:I}", "event", "skipped_more",
                                     "files", (json_int_t) count));
        return;
    }
    fprintf(troupe__errors(),
            "troupe %s: skipped %zu files more (--verbose names them)\n",
            self->command, count);
}

static int
update(struct troupe__indexing *self, troupe_corpus_t *corpus,
       troupe_corpus_stats_t *ret_stats)
{
    int rc = troupe_corpus_update(corpus, ret_stats);
    clear_line(self);
    if (!self->quiet && !self->verbose && self->skipped > NAMED_MAX)
        tell_more(self, self->skipped - NAMED_MAX);
    if (rc == 0 || (rc == -ECANCELED && self->stopped))
        return TROUPE__EXIT_OK;
    if (rc == -ENODATA) {
        fprintf(troupe__errors(),
                "troupe %s: the corpus is empty: no document that can be read"
                " among %zu files\n",
                self->command, ret_stats->files);
    } else {
        fprintf(troupe__errors(),
                "troupe %s: the index cannot be updated: %s\n", self->command,
                strerror(-rc));
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
    int named = troupe__check_path(indexing->command, "--cache", cache);
    if (named >= 0) {
        free(standard);
        return named;
    }
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
