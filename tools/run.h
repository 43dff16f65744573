/* SPDX-License-Identifier: Apache-2.0 */
/* run.h: runs a node's part of a topology in this process. */
#ifndef TROUPE_TOOLS_RUN_H
#define TROUPE_TOOLS_RUN_H

#include "tools/part.h"

struct troupe__run_options {
    const char *name; /* instead of the topology's; NULL: that one */
    uint32_t for_ms;  /* 0: until it ends */
    bool json;        /* log lines as JSON */
    bool quiet;       /* no line but warnings and errors */
    bool verbose;     /* debug lines too */
};

/*
 * troupe__part_run: start a node, the part's tree on it, wait for its end, and
 * stop all in order. Log lines go to standard error. INT and TERM end it; the
 * second of them ends the process at once with code 130.
 *
 *   returns  TROUPE__EXIT_OK when it ended as it should: by `until`, by time or
 *            by a signal; else TROUPE__EXIT_FAILED after having said why
 */
int troupe__part_run(struct troupe__part *part,
                     const struct troupe__run_options *options);

#endif
