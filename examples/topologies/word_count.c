/* SPDX-License-Identifier: Apache-2.0 */
/*
 * word_count.c: the kinds of word-count.yaml: which words are most frequent in
 * a folder of text? A reader tells the mappers which files there are; each
 * mapper counts the words of one file at a time and gives each word to the
 * reducer that has its share of all words; the report asks the reducers for
 * their most frequent words, prints them, and ends the run.
 *
 * Nobody counts what is on its way: a full mailbox rests its senders.
 */
#include <ctype.h>
#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <troupe.h>

#include "word_table.h"

enum { TEAM_MAX = 64, TOP = 10, BATCH = 64 };

/* --- a team: actors called NAME-1, NAME-2, ... --------------------------------*/

struct team {
    troupe_ref_t refs[TEAM_MAX];
    size_t count;
};

static int
find_team(troupe_context_t *ctx, const char *name, struct team *ret)
{
    char text[TROUPE_NAME_MAX + 1];
    for (ret->count = 0; ret->count < TEAM_MAX; ret->count++) {
        snprintf(text, sizeof text, "%s-%zu", name, ret->count + 1);
        if (troupe_lookup(troupe_context_node(ctx), text,
                          &ret->refs[ret->count])
            < 0)
            break;
    }
    if (ret->count == 0)
        return troupe_fail(ctx, -ENOENT, "there is no %s-1", name);
    return 0;
}

/* --- reducer: has a share of the words ----------------------------------------*/

struct reducer {
    struct table table;
    size_t ends;    /* mappers that have no more */
    size_t mappers; /* how many there are, once it was asked */
    troupe_token_t asked;
};

static int
on_counts(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx;
    struct reducer *self = state;
    const char *text = NULL;
    size_t size = 0;
    /* "word count\n" again and again: quick to write and to read. */
    int rc = troupe_unpack(msg, "s%", &text, &size);
    while (rc == 0 && size > 0) {
        char word[WORD_MAX + 1];
        const char *end = memchr(text, '\n', size);
        const char *space = memchr(text, ' ', size);
        if (!end || !space || space > end || space - text > WORD_MAX)
            return -EBADMSG;
        memcpy(word, text, (size_t) (space - text));
        word[space - text] = '\0';
        rc = count_word(&self->table, word, strtoull(space + 1, NULL, 10));
        size -= (size_t) (end + 1 - text);
        text = end + 1;
    }
    return rc;
}

static int
most_frequent_first(const void *one, const void *other)
{
    const struct entry *a = one, *b = other;
    if (a->count != b->count)
        return a->count < b->count ? 1 : -1;
    return strcmp(a->word, b->word);
}

static int
answer_when_all_is_in(troupe_context_t *ctx, struct reducer *self)
{
    uint64_t words = 0;
    char text[TOP * (WORD_MAX + 24)] = "";
    if (self->asked.id == 0 || self->ends < self->mappers)
        return 0;
    for (size_t i = 0; i < self->table.size; i++)
        words += self->table.entries[i].count;
    if (self->table.size > 0)
        qsort(self->table.entries, self->table.size,
              sizeof *self->table.entries, most_frequent_first);
    for (size_t i = 0, at = 0; i < TOP && i < self->table.taken; i++) {
        at += (size_t) snprintf(text + at, sizeof text - at, "%s %" PRIu64 "\n",
                                self->table.entries[i].word,
                                self->table.entries[i].count);
    }
    return troupe_reply_to(ctx, &self->asked, "{s:U, s:U, s:s}", "words", words,
                           "different", (uint64_t) self->table.taken, "top",
                           text);
}

/* A mapper's counts come before its end: order between two actors is kept. */
static int
on_end(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    struct reducer *self = state;
    self->ends++;
    return answer_when_all_is_in(ctx, self);
}

static int
on_top(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct reducer *self = state;
    uint64_t mappers = 0;
    int rc = troupe_unpack(msg, "{s:U}", "mappers", &mappers);
    if (rc == 0)
        rc = troupe_defer(ctx, &self->asked);
    self->mappers = (size_t) mappers;
    return rc < 0 ? rc : answer_when_all_is_in(ctx, self);
}

static void
reducer_stop(troupe_context_t *ctx, void *state, const troupe_reason_t *reason)
{
    (void) ctx, (void) reason;
    struct reducer *self = state;
    free(self->table.entries);
}

TROUPE_KIND(reducer, struct reducer, TROUPE_ON("counts", on_counts),
            TROUPE_ON("end", on_end), TROUPE_ON("top", on_top),
            TROUPE_ON_STOP(reducer_stop));

/* --- mapper: counts the words of a file ---------------------------------------*/

struct mapper {
    struct team reducers;
};

static int
mapper_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct mapper *self = state;
    const char *reducers = NULL;
    int rc = troupe_unpack(msg, "{s:s}", "reducers", &reducers);
    return rc < 0 ? rc : find_team(ctx, reducers, &self->reducers);
}

static int
count_file(FILE *file, struct table *table)
{
    char word[WORD_MAX + 1];
    size_t size = 0;
    int rc = 0, c = 0;
    while (rc == 0 && c != EOF) {
        c = getc_unlocked(file);
        int letter = c == EOF || !isalpha(c) ? 0 : tolower(c);
        if (letter && size < WORD_MAX)
            word[size++] = (char) letter;
        if (letter)
            continue;
        word[size] = '\0';
        if (size > 2)
            rc = count_word(table, word, 1);
        size = 0;
    }
    return rc;
}

/* One message to each reducer, with the words that are its share. */
static int
send_counts(troupe_context_t *ctx, const struct mapper *self,
            const struct table *table)
{
    int rc = 0;
    for (size_t i = 0; i < self->reducers.count && rc == 0; i++) {
        char *text = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&text, &size);
        if (!out)
            return -ENOSPC;
        for (size_t j = 0; j < table->size; j++) {
            const struct entry *entry = &table->entries[j];
            if (entry->count && hash(entry->word) % self->reducers.count == i)
                fprintf(out, "%s %" PRIu64 "\n", entry->word, entry->count);
        }
        if (fclose(out) != 0)
            rc = -ENOSPC;
        else if (size > 0)
            rc = troupe_send(ctx, self->reducers.refs[i], "counts", "s#", text,
                             size);
        free(text);
    }
    return rc;
}

/* A file that cannot be read is passed over: the others still count. */
static int
on_file(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    const struct mapper *self = state;
    struct table table = {0};
    const char *path = NULL;
    int rc = troupe_unpack(msg, "s", &path);
    FILE *file = rc == 0 ? fopen(path, "re") : NULL;
    if (rc == 0 && !file)
        troupe_log(ctx, TROUPE_LOG_WARNING, "%s: %s", path, strerror(errno));
    if (file) {
        rc = count_file(file, &table);
        fclose(file);
    }
    if (rc == 0)
        rc = send_counts(ctx, self, &table);
    free(table.entries);
    return rc;
}

/* All files before this have been counted, and the counts sent. */
static int
on_done(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    const struct mapper *self = state;
    int rc = 0;
    for (size_t i = 0; i < self->reducers.count && rc == 0; i++)
        rc = troupe_send(ctx, self->reducers.refs[i], "end", NULL);
    return rc;
}

TROUPE_KIND(mapper, struct mapper, TROUPE_ON_START(mapper_start),
            TROUPE_ON("file", on_file), TROUPE_ON("done", on_done));

/* --- report: reads the folder, waits, prints ----------------------------------*/

struct report {
    struct team mappers, reducers;
    char **paths;
    size_t files, sent;
    uint64_t words, different;
    size_t waiting; /* for answers */
    struct table top;
};

static struct report *walk; /* nftw has no argument; one report walks at once */

static int
take_file(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void) st;
    const char *name = path + at->base;
    const char *dot = strrchr(name, '.');
    if (type == FTW_D && name[0] == '.' && at->level > 0)
        return FTW_SKIP_SUBTREE;
    if (type != FTW_F || !dot
        || (strcmp(dot, ".md") != 0 && strcmp(dot, ".txt") != 0
            && strcmp(dot, ".h") != 0))
        return FTW_CONTINUE;
    char **more = realloc(walk->paths, (walk->files + 1) * sizeof *more);
    if (!more)
        return FTW_STOP;
    walk->paths = more;
    walk->paths[walk->files] = strdup(path);
    return walk->paths[walk->files++] ? FTW_CONTINUE : FTW_STOP;
}

static int
print_report(const struct report *self)
{
    printf("%zu files, %" PRIu64 " words of three letters or more, "
           "%" PRIu64 " different\n",
           self->files, self->words, self->different);
    qsort(self->top.entries, self->top.size, sizeof *self->top.entries,
          most_frequent_first);
    for (size_t i = 0; i < TOP && i < self->top.taken; i++) {
        const struct entry *entry = &self->top.entries[i];
        int stars = (int) (40 * entry->count / self->top.entries[0].count);
        printf("%8" PRIu64 "  %-12s %.*s\n", entry->count, entry->word, stars,
               "****************************************");
    }
    fflush(stdout);
    return TROUPE_STOP; /* `until: report` in the file ends the run */
}

static int
on_reducer(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct report *self = state;
    uint64_t words = 0, different = 0;
    const char *top = NULL;
    if (answer->outcome != TROUPE_REPLY)
        return troupe_fail(ctx, answer->code, "no counts: %s", answer->text);
    int rc = troupe_unpack(answer->msg, "{s:U, s:U, s:s}", "words", &words,
                           "different", &different, "top", &top);
    self->words += words;
    self->different += different;
    while (rc == 0 && *top) {
        char word[WORD_MAX + 1];
        uint64_t count = 0;
        if (sscanf(top, "%40s %" SCNu64, word, &count) == 2)
            rc = count_word(&self->top, word, count);
        top = strchr(top, '\n') + 1;
    }
    return rc == 0 && --self->waiting == 0 ? print_report(self) : rc;
}

/* Some files in each turn: between them a full mapper can rest this actor. */
static int
on_more(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    struct report *self = state;
    size_t until = self->sent + BATCH;
    int rc = 0;
    for (; rc == 0 && self->sent < self->files && self->sent < until;
         self->sent++) {
        rc = troupe_send(ctx,
                         self->mappers.refs[self->sent % self->mappers.count],
                         "file", "s", self->paths[self->sent]);
    }
    if (rc == 0 && self->sent < self->files)
        return troupe_timer_set(ctx, "more", 0, 0);
    for (size_t i = 0; i < self->mappers.count && rc == 0; i++)
        rc = troupe_send(ctx, self->mappers.refs[i], "done", NULL);
    for (size_t i = 0; i < self->reducers.count && rc == 0; i++) {
        rc = troupe_ask(ctx, self->reducers.refs[i], "top", 60000, on_reducer,
                        NULL, "{s:U}", "mappers",
                        (uint64_t) self->mappers.count);
    }
    self->waiting = self->reducers.count;
    return rc;
}

static int
report_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct report *self = state;
    const char *folder = NULL, *mappers = NULL, *reducers = NULL;
    int rc = troupe_unpack(msg, "{s:s, s:s, s:s}", "folder", &folder, "mappers",
                           &mappers, "reducers", &reducers);
    if (rc == 0)
        rc = find_team(ctx, mappers, &self->mappers);
    if (rc == 0)
        rc = find_team(ctx, reducers, &self->reducers);
    if (rc < 0)
        return rc;
    walk = self;
    if (nftw(folder, take_file, 16, FTW_PHYS | FTW_ACTIONRETVAL) != 0)
        return troupe_fail(ctx, -EIO, "%s: %s", folder, strerror(errno));
    return troupe_timer_set(ctx, "more", 0, 0);
}

static void
report_stop(troupe_context_t *ctx, void *state, const troupe_reason_t *reason)
{
    (void) ctx, (void) reason;
    struct report *self = state;
    for (size_t i = 0; i < self->files; i++)
        free(self->paths[i]);
    free(self->paths);
    free(self->top.entries);
}

TROUPE_KIND(report, struct report, TROUPE_ON_START(report_start),
            TROUPE_ON("more", on_more), TROUPE_ON_STOP(report_stop));

TROUPE_KINDS(&reducer, &mapper, &report);
