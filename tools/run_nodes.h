/* SPDX-License-Identifier: Apache-2.0 */
/* run_nodes.h: the other processes of a run. */
#ifndef TROUPE_TOOLS_RUN_NODES_H
#define TROUPE_TOOLS_RUN_NODES_H

#include "troupe_isolation.h"

#include "tools/run.h"

/* What a run that has other processes needs; {0} otherwise. */
struct troupe__run_nodes {
    troupe_nodes_options_t options;
    char *directory; /* of the sockets */
};

/*
 * troupe__run_nodes_open: make the directory of the sockets.
 *
 *   home     the run's own directory, which it has locked.
 *   why      out: what is wrong, and the cure.
 *   returns  0 or a negative errno
 */
int troupe__run_nodes_open(struct troupe__run_nodes *self, const char *home,
                           const struct troupe__part *part,
                           const struct troupe__run_options *run,
                           char why[512]);

/* troupe__run_nodes_begin: the root may start processes from now on; `file`
 * is the topology's. */
int troupe__run_nodes_begin(troupe_t *root, const char *file);

/* troupe__run_nodes_close: when the root has been destroyed. */
void troupe__run_nodes_close(struct troupe__run_nodes *self);

#endif
