/* SPDX-License-Identifier: Apache-2.0 */
/* mould.h: a process that is linked and waits: children are forked from it. */
#ifndef TROUPE_RUNTIME_MOULD_H
#define TROUPE_RUNTIME_MOULD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "troupe_base.h"

/*
 * Linking and loading is a good part of a child's start. A mould is a process of
 * the same program that has done that once. It stands still before the first
 * constructor of any library, where there is no thread, no lock, no random
 * number and no handler of forks yet; a child forked from it goes on from there,
 * through constructors and main(), as if it had been executed.
 *
 * The child is its owner's own, as the mould's parent is its parent too: it is
 * watched, reaped and killed as any other. A mould that has ended, that does not
 * answer, or that cannot be one at all is no failure: the child is executed
 * then. What all children of a mould share is what the system draws for each
 * program that it executes: where things lie in memory, and stack protectors.
 *
 * The owner's starting thread has the mould (mould.c); in the mould itself
 * mould_wait.c runs.
 */

/* Names the descriptor of a mould's orders; the last of its environment. */
#define TROUPE__MOULD_ENV "TROUPE_MOULD_FD"

/* What an order hands over, by SCM_RIGHTS. */
enum { MOULD_OUT, MOULD_ERROR, MOULD_HELLO, MOULD_DIRECTORY, MOULD_FDS };

struct troupe__mould_order {
    uint64_t id;
    struct rlimit limits[RLIM_NLIMITS];
    char last[TROUPE_NAME_MAX + 1]; /* argument; all zero from its end on */
};

/*
 * Two come for each order, in any order: one of the mould, with the pid of the
 * child or a negative errno, and one of the child itself, which has its own
 * session by then. So one is enough where the mould is killed in between.
 */
struct troupe__mould_answer {
    uint64_t id;
    int32_t pid;
    bool is_child;
};

struct troupe__processes;
struct troupe__process;
struct troupe__launch;

/* One of an owner; all zero to begin with. */
struct troupe__mould {
    struct troupe__launch *launch; /* what it was executed with; NULL: none */
    pid_t pid;
    int pidfd, socket;
    uint64_t rights; /* of its owner then: users, groups, capabilities, filters
                      * of calls; when they have changed it is made anew */
    uint64_t orders;
    uint32_t wished; /* starts that might have used one */
    bool has_forked; /* it, or one before */
    bool useless;    /* this program cannot be one */
};

/*
 * troupe__mould_fork: have a child forked, by a mould that is started now where
 * it is worth it. Its pid, pidfd and started_ns are set then.
 *
 *   output   its standard output and error.
 *   hello    its hello.
 *   returns  true, or false: nothing has happened, it is to be executed.
 *   threads  the starting one
 */
bool troupe__mould_fork(struct troupe__processes *owner,
                        struct troupe__process *child, const int output[2],
                        int hello);

/* troupe__mould_end: kill it, if there is one, and reap it. */
void troupe__mould_end(struct troupe__processes *owner);

/* troupe__mould_is_possible: the program was linked in a way that lets it be
 * one: with the shared library, or with the archive and mould_first. */
bool troupe__mould_is_possible(void);

/* troupe__mould_wait: in a mould, wait for orders; it returns in each child. In
 * all other processes it returns at once. It runs before the C library has
 * begun, and must call little. */
void troupe__mould_wait(int argc, char **argv, char **envp);

#endif
