/* SPDX-License-Identifier: Apache-2.0 */
/* research_journal.c: the journal of a run of `troupe research`. */
#include <errno.h>
#include <stdlib.h>

#include "troupe_journal.h"
#include "troupe_runs.h"

#include "tools/call.h"
#include "tools/commands.h"
#include "tools/research_arguments.h"

static int
fail(const char *words)
{
    fprintf(troupe__errors(), "troupe research: %s\n",
            *words ? words : "no directory of runs: set HOME");
    return TROUPE__EXIT_FAILED;
}

/* Make it, or find it, and leave it for the actor that writes it. */
static int
prepare(const struct troupe__research_arguments *arguments, const char *base,
        const char *command, char **ret_path)
{
    troupe_journal_error_t error = {""};
    troupe_journal_t *journal = NULL;
    char id[TROUPE_RUN_ID_MAX + 1];
    bool again = arguments->resume != NULL;
    int rc = again ? troupe_run_find(base, arguments->resume, "research", id,
                                     ret_path, &error)
                   : troupe_run_make(base, "research", id, ret_path, &error);
    if (rc == 0) {
        rc = troupe_journal_open(
            *ret_path, again ? TROUPE_JOURNAL_RESUME : TROUPE_JOURNAL_CREATE,
            &journal, &error);
    }
    if (rc < 0)
        return fail(error.text);
    if (!again)
        rc = troupe_journal_set(journal, TROUPE_RUN_NOTE_COMMAND, command);
    int code = rc < 0 ? fail(troupe_journal_words(journal)) : -1;
    troupe_journal_destroy(&journal);
    return code;
}

int
troupe__research_journal(const struct troupe__research_arguments *arguments,
                         const char *command, char **ret_path)
{
    *ret_path = NULL;
    if (arguments->no_journal || (!arguments->web && !arguments->models))
        return -1;
    char *base = troupe__runs_directory();
    int code = -1;
    if (base)
        code = prepare(arguments, base, command, ret_path);
    else if (arguments->resume)
        code = fail("");
    free(base);
    return code;
}

void
troupe__research_finish(const char *path)
{
    troupe_journal_t *journal = NULL;
    if (!path
        || troupe_journal_open(path, TROUPE_JOURNAL_RESUME, &journal, NULL) < 0)
        return;
    if (troupe_journal_set(journal, TROUPE_RUN_NOTE_STATE, "finished") < 0)
        fail(troupe_journal_words(journal));
    troupe_journal_destroy(&journal);
}
