/* SPDX-License-Identifier: Apache-2.0 */
/* journal.h: the journal of a run of a command, by the id of the run. */
#ifndef TROUPE_TOOLS_JOURNAL_H
#define TROUPE_TOOLS_JOURNAL_H

#include "troupe_runs.h"

/* {0}: none. */
struct troupe__journal {
    char id[TROUPE_RUN_ID_MAX + 1];
    char *path; /* NULL: none */
    bool resume;
};

/*
 * troupe__journal_find: that of a new run, or of one that goes on.
 *
 *   command  "map", "query", ...
 *   resume   an id, "last", or NULL: a new one; where no directory of runs is
 *            known there is none then.
 *   returns  0, or an exit code after having said why
 */
int troupe__journal_find(const char *command, const char *resume,
                         struct troupe__journal *ret);

/* troupe__journal_complain: a run failed with -EIO as its journal could not be
 * opened: say why, on standard error; `cure` what else helps, or "". */
void troupe__journal_complain(const struct troupe__journal *self,
                              const char *command, const char *cure);

/* troupe__journal_end: write down what people see of the run later, and free
 * it; `arguments` the command line, from the command's name on. */
void troupe__journal_end(struct troupe__journal *self, int argc, char **argv,
                         bool finished);

#endif
