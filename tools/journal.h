/* SPDX-License-Identifier: Apache-2.0 */
/* journal.h: the journal of a run of a command, by the id of the run. */
#ifndef TROUPE_TOOLS_JOURNAL_H
#define TROUPE_TOOLS_JOURNAL_H

#include "troupe_runs.h"

/* {0}: none. */
struct troupe__journal {
    const char *command; /* "map", "query", ... */
    char id[TROUPE_RUN_ID_MAX + 1];
    char *path; /* NULL: none */
    bool resume;
};

/*
 * troupe__journal_find: that of a new run, or of one that goes on. What it is
 * asked is written down; of one that goes on with another command it is said.
 *
 *   resume   an id, "last", or NULL: a new one; where no directory of runs is
 *            known there is none then.
 *   argv     the command line, from the command's name ("map") on.
 *   returns  0, or an exit code after having said why
 */
int troupe__journal_find(const char *resume, int argc, char **argv,
                         struct troupe__journal *ret);

/* troupe__journal_complain: a run failed with -EIO as its journal could not be
 * opened: say why, on standard error; `cure` what else helps, or "". */
void troupe__journal_complain(const struct troupe__journal *self,
                              const char *cure);

/* troupe__journal_end: write down how it ended, by its exit code, and free it;
 * `cut`: it was interrupted. One that was not even begun goes. */
void troupe__journal_end(struct troupe__journal *self, int code, bool cut);

#endif
