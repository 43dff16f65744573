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

#define COMMAND_MAX 200 /* bytes of a command line that are kept for people */

int
troupe__journal_find(const char *command, const char *resume,
                     struct troupe__journal *ret)
{
    troupe_journal_error_t error = {""};
    char *base = troupe__runs_directory();
    *ret = (struct troupe__journal){.resume = resume != NULL};
    int rc = resume ? -ENOENT : 0;
    if (base && resume) {
        rc =
            troupe_run_find(base, resume, command, ret->id, &ret->path, &error);
    } else if (base) {
        rc = troupe_run_make(base, command, ret->id, &ret->path, &error);
    }
    free(base);
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
troupe__journal_complain(const struct troupe__journal *self,
                         const char *command, const char *cure)
{
    troupe_journal_error_t error = {""};
    troupe_journal_t *journal = NULL;
    bool is_there = access(self->path, F_OK) == 0;
    (void) !troupe_journal_open(
        self->path, is_there ? TROUPE_JOURNAL_RESUME : TROUPE_JOURNAL_CREATE,
        &journal, &error);
    troupe_journal_destroy(&journal);
    fprintf(troupe__errors(), "troupe %s: %s%s\n", command,
            error.text[0]
                ? error.text
                : "the journal could not be opened; now it can: try again",
            cure);
}

static char *
command_line(int argc, char **argv)
{
    char *text = troupe__copy("troupe", 6);
    for (int i = 0; i < argc && strlen(text) < COMMAND_MAX; i++) {
        char *longer = troupe__format("%s %s", text, argv[i]);
        free(text);
        text = longer;
    }
    return text;
}

void
troupe__journal_end(struct troupe__journal *self, int argc, char **argv,
                    bool finished)
{
    troupe_journal_t *journal = NULL;
    if (self->path
        && troupe_journal_open(self->path, TROUPE_JOURNAL_RESUME, &journal,
                               NULL)
               == 0) {
        char *line = command_line(argc, argv);
        int rc = troupe_journal_set(journal, TROUPE_RUN_NOTE_COMMAND, line);
        if (rc == 0 && finished)
            rc = troupe_journal_set(journal, TROUPE_RUN_NOTE_STATE, "finished");
        if (rc < 0)
            fprintf(troupe__errors(), "troupe %s: %s\n", argv[0],
                    troupe_journal_words(journal));
        free(line);
    }
    troupe_journal_destroy(&journal);
    free(self->path);
    *self = (struct troupe__journal){.path = NULL};
}
