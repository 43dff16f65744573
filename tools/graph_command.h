/* SPDX-License-Identifier: Apache-2.0 */
/* graph_command.h: what the files of `troupe graph` share. */
#ifndef TROUPE_TOOLS_GRAPH_COMMAND_H
#define TROUPE_TOOLS_GRAPH_COMMAND_H

#include "tools/graph_file.h"
#include "tools/journal.h"
#include "tools/trace.h"

struct troupe__graph_arguments {
    const char *path;
    const char *svg, *run_dot, *timeline, *chrome; /* files; or NULL */
    struct troupe__trace_options trace;
    const char *journal; /* a file of one's own; or NULL */
    const char *run;     /* to be resumed, or NULL */
    int argc;            /* the command line, from "graph" on */
    char **argv;
    size_t parallel;      /* 0: as the file says */
    uint32_t deadline_ms; /* 0: as the file says */
    bool fail_fast, resume, no_journal;
    bool dot, all, json, quiet;
};

/* troupe__graph_run: run it, and print what came of it; returns an exit code. */
int troupe__graph_run(const struct troupe__graph_arguments *arguments,
                      struct troupe__graph_file *file);

/* troupe__graph_learn: take from a journal how long tasks took; 0, or -1 after
 * having said why. */
int troupe__graph_learn(struct troupe__graph_file *file, const char *journal);

#endif
