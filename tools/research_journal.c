/* SPDX-License-Identifier: Apache-2.0 */
/* research_journal.c: the journal of a run of `troupe research`. */
#include <stdlib.h>

#include "troupe_journal.h"

#include "tools/call.h"
#include "tools/commands.h"
#include "tools/research_arguments.h"

int
troupe__research_journal(const struct troupe__research_arguments *arguments,
                         int argc, char **argv, struct troupe__journal *ret)
{
    *ret = (struct troupe__journal){.path = NULL};
    if (arguments->no_journal || (!arguments->web && !arguments->models))
        return -1;
    int code = troupe__journal_find(arguments->resume, argc, argv, ret);
    if (code != TROUPE__EXIT_OK || !ret->path)
        return code == TROUPE__EXIT_OK ? -1 : code;
    /* Left for the actor that writes it. */
    troupe_journal_error_t error = {""};
    troupe_journal_t *journal = NULL;
    int rc = troupe_journal_open(
        ret->path, ret->resume ? TROUPE_JOURNAL_RESUME : TROUPE_JOURNAL_CREATE,
        &journal, &error);
    troupe_journal_destroy(&journal);
    if (rc == 0)
        return -1;
    fprintf(troupe__errors(), "troupe research: %s\n", error.text);
    troupe__journal_end(ret, TROUPE__EXIT_FAILED, true);
    return TROUPE__EXIT_FAILED;
}
