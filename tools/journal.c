/* SPDX-License-Identifier: Apache-2.0 */
/* journal.c: the journal of a run of a command, by the id of the run. */
#include "tools/journal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/call.h"
#include "tools/commands.h"
#include "tools/findings.h"

/* What may differ where a run goes on: how long its value is in words. */
static int
words_to_leave_out(const char *word)
{
    static const char *const alone[] = {"--json", "--quiet", "--plain"};
    static const char *const with_value[] = {"--resume", "--resume-failed"};
    for (size_t i = 0; i < sizeof alone / sizeof *alone; i++)
        if (strcmp(word, alone[i]) == 0)
            return 1;
    for (size_t i = 0; i < sizeof with_value / sizeof *with_value; i++) {
        size_t size = strlen(with_value[i]);
        if (strncmp(word, with_value[i], size) == 0
            && (word[size] == '=' || word[size] == '\0'))
            return word[size] == '=' ? 1 : 2;
    }
    return 0;
}

/* In one line, as it was typed, nearly. */
static char *
command_line(int argc, char **argv)
{
    char *text = troupe__copy("troupe", 6);
    for (int i = 0; i < argc && strlen(text) < TROUPE_RUN_COMMAND_MAX;) {
        int left_out = words_to_leave_out(argv[i]);
        if (left_out == 0) {
            char *longer = troupe__format("%s %s", text, argv[i]);
            free(text);
            text = longer;
        }
        i += left_out ? left_out : 1;
    }
    if (strlen(text) > TROUPE_RUN_COMMAND_MAX)
        text[TROUPE_RUN_COMMAND_MAX] = '\0';
    bool is_text = troupe__is_text(text);
    for (char *at = text; *at; at++) {
        unsigned char byte = (unsigned char) *at;
        *at = (char) (byte < ' ' ? ' ' : byte > '~' && !is_text ? '?' : byte);
    }
    return text;
}

/* Of a run that goes on with another command nearly all is done anew. */
static void
begin(const struct troupe__journal *self, int argc, char **argv)
{
    char *command = command_line(argc, argv), *first = NULL;
    int rc = troupe_run_begin(self->path, command, &first);
    if (rc < 0) {
        fprintf(troupe__errors(),
                "troupe %s: what run %s is cannot be written "
                "down: %s\n",
                self->command, self->id, troupe_strerror(rc));
    }
    if (first && strcmp(first, command) != 0) {
        fprintf(
            troupe__errors(),
            "troupe %s: run %s began with another command: %s; only what is "
            "the same is not done again\n",
            self->command, self->id, first);
    }
    free(first);
    free(command);
}

int
troupe__journal_find(const char *resume, int argc, char **argv,
                     struct troupe__journal *ret)
{
    const char *command = argv[0];
    troupe_journal_error_t error = {""};
    char *base = troupe__runs_directory();
    *ret =
        (struct troupe__journal){.command = command, .resume = resume != NULL};
    int rc = resume ? -ENOENT : 0;
    if (base && resume) {
        rc =
            troupe_run_find(base, resume, command, ret->id, &ret->path, &error);
    } else if (base) {
        rc = troupe_run_make(base, command, ret->id, &ret->path, &error);
    }
    free(base);
    if (ret->path)
        begin(ret, argc, argv);
    if (rc == 0)
        return 0;
    fprintf(troupe__errors(), "troupe %s: %s\n", command,
            error.text[0] ? error.text : "no directory of runs: set HOME");
    if (!resume)
        fprintf(troupe__errors(), "troupe %s: --no-journal does without\n",
                command);
    return TROUPE__EXIT_FAILED;
}

/* It is opened once more, for the words: the run's actor of the journal took
 * them with it. */
void
troupe__journal_complain(const struct troupe__journal *self, const char *cure)
{
    troupe_journal_error_t error = {""};
    troupe_journal_t *journal = NULL;
    bool is_there = access(self->path, F_OK) == 0;
    (void) !troupe_journal_open(
        self->path, is_there ? TROUPE_JOURNAL_RESUME : TROUPE_JOURNAL_CREATE,
        &journal, &error);
    troupe_journal_destroy(&journal);
    fprintf(troupe__errors(), "troupe %s: %s%s\n", self->command,
            error.text[0]
                ? error.text
                : "the journal could not be opened; now it can: try again",
            cure);
}

/* In a word. */
static const char *
state_of(int code)
{
    static const struct {
        int code;
        const char *state;
    } states[] = {{TROUPE__EXIT_OK, "finished"},
                  {TROUPE__EXIT_OPEN, "finished"},
                  {TROUPE__EXIT_PARTIAL, "partial"},
                  {TROUPE__EXIT_BUDGET, "budget"},
                  {TROUPE__EXIT_QUORUM, "no-quorum"},
                  {TROUPE__EXIT_DEADLINE, "deadline"}};
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        if (states[i].code == code)
            return states[i].state;
    return "failed";
}

/* A slip, as an option that is wrong: nothing was begun, and 'last' is to be the
 * run before it. */
static bool
is_nothing(const struct troupe__journal *self)
{
    return !self->resume && access(self->path, F_OK) < 0 && errno == ENOENT;
}

void
troupe__journal_end(struct troupe__journal *self, int code, bool cut)
{
    int rc = 0;
    if (self->path && is_nothing(self)) {
        char *base = troupe__runs_directory();
        rc = base ? troupe_run_remove(base, self->id) : 0;
        free(base);
    } else if (self->path && !cut) {
        rc = troupe_run_end(self->path, state_of(code));
    }
    if (rc < 0) {
        fprintf(troupe__errors(),
                "troupe %s: how run %s ended cannot be "
                "written down: %s\n",
                self->command, self->id, troupe_strerror(rc));
    }
    free(self->path);
    *self = (struct troupe__journal){.path = NULL};
}
