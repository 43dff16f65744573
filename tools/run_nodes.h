/* SPDX-License-Identifier: Apache-2.0 */
/* run_nodes.h: the other processes of a run. */
#ifndef TROUPE_TOOLS_RUN_NODES_H
#define TROUPE_TOOLS_RUN_NODES_H

#include "troupe_isolation.h"

#include "tools/run.h"

/*
 * troupe__run_nodes_open: get ready to hear other processes.
 *
 *   ret        out: for the root of the run.
 *   directory  for the sockets; borrowed.
 */
void troupe__run_nodes_open(troupe_nodes_options_t *ret, const char *directory,
                            const struct troupe__part *part,
                            const struct troupe__run_options *run);

/* troupe__run_nodes_begin: the root may start processes from now on; `file`
 * is the topology's. */
int troupe__run_nodes_begin(troupe_t *root, const char *file);

/* troupe__run_nodes_close: when the root has been destroyed. */
void troupe__run_nodes_close(void);

#endif
