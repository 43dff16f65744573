/* SPDX-License-Identifier: Apache-2.0 */
/* runs.h: the directory of a run of a topology, and which runs there are. */
#ifndef TROUPE_TOOLS_RUNS_H
#define TROUPE_TOOLS_RUNS_H

#include <stddef.h>
#include <sys/types.h>
#include <sys/un.h>

/*
 * A run has the directory BASE/NAME, open to its user alone, with `lock`, which
 * its process holds and which says who that is, and the socket `admin`. BASE is
 * $XDG_RUNTIME_DIR/troupe, or /tmp/troupe-UID; in NAME a byte other than
 * letters, digits, '.', '_' and '-' is '_'.
 */
struct troupe__venue {
    char *name; /* as in its path */
    char *directory;
    pid_t pid;
    int lock; /* held by this process; -1: by another */
};

struct troupe__venues {
    struct troupe__venue *items;
    size_t count;
};

/*
 * troupe__venue_claim: make the directory of a run, and hold its lock.
 *
 *   name     of the topology.
 *   why      out: what is wrong, and the cure.
 *   returns  0, -EBUSY when it runs already, or another error; ends with
 *            troupe__venue_release().
 */
int troupe__venue_claim(const char *name, struct troupe__venue *ret_venue,
                        char why[512]);

/* troupe__venue_release: take away what it made, and let go of the lock. */
void troupe__venue_release(struct troupe__venue *venue);

/* troupe__venue_socket: the address of the admin socket; returns 0 or
 * -ENAMETOOLONG. */
int troupe__venue_socket(const struct troupe__venue *venue,
                         struct sockaddr_un *ret_address);

/* troupe__venue_name: what a topology's name is in a path; to be freed. */
char *troupe__venue_name(const char *name);

/* troupe__venues_list: those whose lock is held, by name; to be freed. */
void troupe__venues_list(struct troupe__venues *ret_venues);
void troupe__venues_free(struct troupe__venues *venues);

#endif
