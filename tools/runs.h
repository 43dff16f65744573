/* SPDX-License-Identifier: Apache-2.0 */
/* runs.h: the directory of a run of a topology, and which runs there are. */
#ifndef TROUPE_TOOLS_RUNS_H
#define TROUPE_TOOLS_RUNS_H

#include <sys/un.h>

#include "troupe_rundir.h"

/*
 * A run has a directory by troupe_rundir.h, with the socket `admin` in its
 * generation. Its base is $XDG_RUNTIME_DIR/troupe, or /tmp/troupe-UID.
 */

/* troupe__run_name: what a topology's name is in a path: a byte other than
 * letters, digits, '.', '_' and '-' is '_'; to be freed. */
char *troupe__run_name(const char *name);

/*
 * troupe__run_claim: make the directory of a run, and hold its lock.
 *
 *   name     of the topology.
 *   text     out: what is wrong, and the cure; of a success what is odd, or "".
 *   returns  0, -EBUSY when it runs already, or as troupe_rundir_open(); ends
 *            with troupe_rundir_close().
 */
int troupe__run_claim(const char *name, troupe_rundir_t **ret_home,
                      char text[TROUPE_RUN_TEXT]);

/* troupe__run_socket: the address of the admin socket of a run, by its
 * directory; returns 0 or -ENAMETOOLONG. */
int troupe__run_socket(const char *directory, struct sockaddr_un *ret_address);

/* troupe__runs_list: those that run, by name; *ret_runs is to be freed. Returns
 * 0, or a negative errno after having said why in `text`. */
int troupe__runs_list(troupe_run_t **ret_runs, size_t *ret_count,
                      char text[TROUPE_RUN_TEXT]);

#endif
