/* SPDX-License-Identifier: Apache-2.0 */
/* python.c: kinds for python.yaml: who gives lines out, and who adds them up. */
#include <errno.h>
#include <stdio.h>

#include <troupe.h>

/* --- tally: the actors in Python ask it ------------------------------------ */

enum { LINES_MAX = 100000 };

/* Who is killed may have told us a line and not have said so to its asker, who
 * then has it counted again: so a line counts once, however often it comes. */
struct tally {
    int64_t words;
    uint8_t is_known[LINES_MAX / 8 + 1];
};

static int
tally_add(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct tally *self = state;
    int line = 0, words = 0;
    int rc = troupe_unpack(msg, "[i, i]", &line, &words);
    if (rc < 0 || line < 0 || line >= LINES_MAX)
        return troupe_reply_error(ctx, rc < 0 ? rc : -ERANGE,
                                  "add wants [line, words]");
    if (!(self->is_known[line / 8] >> line % 8 & 1))
        self->words += words;
    self->is_known[line / 8] |= (uint8_t) (1 << line % 8);
    return troupe_reply(ctx, "I", self->words);
}

TROUPE_KIND(tally, struct tally, TROUPE_ON("add", tally_add));

/* --- reader: gives out a file line by line ---------------------------------- */

enum {
    CLERKS_MAX = 16,
    AT_ONCE = 4, /* lines that a clerk has */
    ANSWER_MS = 30000,
    JOBS_MAX = CLERKS_MAX * AT_ONCE + 1
};

/* One line, and who has it. */
struct job {
    bool is_out;
    int clerk, line;
    char text[4096];
};

struct reader {
    FILE *file;
    char clerk[TROUPE_NAME_MAX + 1]; /* NAME of NAME-1, NAME-2, ... */
    int clerks, open;                /* asks that have not ended */
    int kill_at; /* the first clerk is killed after so many lines; 0: never */
    int lines, done, again, crashes;
    int64_t words, total; /* by the clerks' own count, and by the tally's */
    int done_by[CLERKS_MAX];
    struct job jobs[JOBS_MAX];
};

static int on_counted(troupe_context_t *ctx, void *state,
                      const troupe_answer_t *answer);

static int
ask_clerk(troupe_context_t *ctx, struct reader *self, struct job *job)
{
    char name[TROUPE_NAME_MAX + 16];
    troupe_ref_t clerk;
    snprintf(name, sizeof name, "%s-%d", self->clerk, job->clerk + 1);
    int rc = troupe_lookup(troupe_context_node(ctx), name, &clerk);
    if (rc == 0)
        rc = troupe_ask(ctx, clerk, "count", ANSWER_MS, on_counted, job,
                        "{s:i, s:s}", "line", job->line, "text", job->text);
    if (rc < 0)
        return troupe_fail(ctx, rc, "%s is not asked", name);
    self->open++;
    return 0;
}

static void
print_all(const struct reader *self)
{
    for (int i = 0; i < self->clerks; i++)
        printf("%s-%d counted %d lines\n", self->clerk, i + 1,
               self->done_by[i]);
    printf("%d lines, %lld words; the tally in C has %lld\n", self->lines,
           (long long) self->words, (long long) self->total);
    printf("killed %d times, %d lines given out again\n", self->crashes,
           self->again);
    fflush(stdout);
}

/* The next line, or the end. */
static int
next(troupe_context_t *ctx, struct reader *self, int clerk)
{
    struct job *job = self->jobs;
    while (job->is_out)
        job++;
    if (!fgets(job->text, sizeof job->text, self->file)) {
        if (self->open > 0)
            return 0;
        print_all(self);
        return self->words == self->total
                   ? TROUPE_STOP
                   : troupe_fail(ctx, -EIO, "words are lost");
    }
    job->is_out = true;
    job->clerk = clerk;
    job->line = self->lines++;
    return ask_clerk(ctx, self, job);
}

/* Its process ends as by `kill -9`; who waits for an answer of it hears so. */
static int
on_killed(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct reader *self = state;
    self->open--;
    self->crashes += answer->outcome == TROUPE_DOWN;
    return next(ctx, self, 0);
}

static int
kill_one(troupe_context_t *ctx, struct reader *self)
{
    char name[TROUPE_NAME_MAX + 16];
    troupe_ref_t clerk;
    snprintf(name, sizeof name, "%s-1", self->clerk);
    int rc = troupe_lookup(troupe_context_node(ctx), name, &clerk);
    if (rc == 0)
        rc = troupe_ask(ctx, clerk, "crash", 0, on_killed, NULL, NULL);
    self->open += rc == 0;
    return rc;
}

static int
on_counted(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct reader *self = state;
    struct job *job = answer->data;
    int64_t words = 0, total = 0;
    self->open--;
    if (answer->outcome == TROUPE_DOWN) { /* nobody says what it has */
        self->again++;
        return ask_clerk(ctx, self, job);
    }
    int clerk = job->clerk;
    job->is_out = false;
    int rc = answer->outcome != TROUPE_REPLY
                 ? troupe_fail(ctx, answer->code, "%s", answer->text)
                 : troupe_unpack(answer->msg, "{s:I,s:I}", "words", &words,
                                 "total", &total);
    if (rc < 0)
        return rc;
    self->done_by[clerk]++;
    self->words += words;
    self->total = total > self->total ? total : self->total;
    if (++self->done == self->kill_at)
        rc = kill_one(ctx, self);
    return rc < 0 ? rc : next(ctx, self, clerk);
}

static int
reader_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct reader *self = state;
    const char *path = NULL, *clerk = NULL;
    int rc =
        troupe_unpack(msg, "{s:s,s:s,s:i,s?i}", "file", &path, "clerk", &clerk,
                      "clerks", &self->clerks, "kill_at", &self->kill_at);
    if (rc < 0 || self->clerks < 1 || self->clerks > CLERKS_MAX) {
        return troupe_fail(ctx, -EINVAL,
                           "reader wants {file: PATH, clerk: NAME, "
                           "clerks: 1 to 16}");
    }
    snprintf(self->clerk, sizeof self->clerk, "%s", clerk);
    self->file = fopen(path, "re");
    if (!self->file)
        return troupe_fail(ctx, -errno, "%s cannot be read", path);
    for (int i = 0; rc == 0 && i < AT_ONCE * self->clerks; i++)
        rc = next(ctx, self, i % self->clerks);
    return rc;
}

static void
reader_stop(troupe_context_t *ctx, void *state, const troupe_reason_t *reason)
{
    struct reader *self = state;
    (void) ctx, (void) reason;
    if (self->file)
        fclose(self->file);
}

TROUPE_KIND(reader, struct reader, TROUPE_ON_START(reader_start),
            TROUPE_ON_STOP(reader_stop));

TROUPE_KINDS(&tally, &reader);
