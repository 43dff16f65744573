/* SPDX-License-Identifier: Apache-2.0 */
/* troupe_isolation.h: children of supervisors in processes of their own. */
#ifndef TROUPE_ISOLATION_H
#define TROUPE_ISOLATION_H

#include "troupe_nodes.h"

/*
 * A child whose spec has `isolation` or `node` (troupe_supervisor.h) runs in
 * another process, with no change to its kind. Its supervisor sees it as any
 * other child: a small actor stands in for it there, its deputy, which has the
 * name, the mailbox and the ref that others use, passes messages on with
 * their sender and deadline, and ends as the child or its process ends:
 *
 *   the child failed           TROUPE_EXIT_ERROR with its code and words
 *   exit code 0 of its process TROUPE_EXIT_NORMAL
 *   another exit code          TROUPE_EXIT_ERROR, the code
 *   exit code 125              TROUPE_EXIT_ERROR, -ENOTRECOVERABLE: for any
 *                              child this means that it is not restarted
 *   a signal                   TROUPE_EXIT_KILLED, the signal; words say
 *                              which, and whether a core was dumped
 *
 * The words of a code or a signal end with the last line that it wrote.
 *
 * Strategies, back-off, gather and names work as for others, and so does
 * intensity, for which a process that ends counts once, however many children
 * of a supervisor it held. While the process is down messages wait in the
 * deputy's mailbox. One that had left it before word of the end came is lost,
 * at most once delivered; an ask then ends with TROUPE_DOWN, or is asked again
 * where `delivery` says so (troupe_delivery.h). That works for a program in
 * another language too: a guest is told the attempt and the asker; a node
 * of its own is not told the attempt, and the asker that it
 * sees is the deputy.
 *
 * When a process crashes while a handler runs for a message, that message is
 * to blame, as if the handler had failed on it: poison_max counts so too. A
 * signal from outside is not its fault, nor is anything known of a program in
 * another language. On a named node all that its workers had in hand are to
 * blame.
 *
 * With a `program` in its spec the child's own process runs that one. When the
 * spec has no kind the child is the program itself, in any language: a guest
 * (mailbox/WIRE.md; examples/python), or a node with one actor (NODES.md). It
 * has started when it has said so, gets its arguments by argv, and ends with
 * its process, which is told to stop.
 *
 * An own process lives as long as one incarnation of its child. A named node
 * is started when its first child is, again when a child is restarted on it,
 * and ends with the run. A node has at most 16,384 children of supervisors on
 * one other node, but for those of the root's, and `processes_max` processes
 * (troupe_nodes.h): a start beyond that fails with -ENOSPC.
 */

/*
 * How processes of isolated children are started. The name of the node comes
 * last, behind the arguments.
 *
 * The first process of the program that runs now is executed. From the second
 * on they are forked from one that has linked the program and waits before its
 * main() (`ps` shows "troupe-mould"); that saves most of what linking takes.
 * They begin as if they were executed, with arguments, environment, directory and
 * limits of that moment, and the rights of who starts them. But cgroup, niceness,
 * cores, root directory, namespaces and Landlock's rules are as they were when the
 * second was started, and what the system draws when it executes a
 * program (where it lies in memory, its stack protectors) is the same in all of
 * them. Who does not want that names the program by its path: then each is
 * executed, as it is where it cannot be forked: with another C library than
 * glibc, or one linked with the archive and without what CMake's
 * troupe::static adds.
 */
typedef struct troupe_program {
    const char *path;        /* NULL: the program that runs now */
    const char *const *argv; /* ended by NULL, 62 at most; NULL: the path */
    const char *const *env;  /* "NAME=VALUE", ended by NULL; NULL: as ours */
} troupe_program_t;

/*
 * troupe_isolation_begin: the root gets ready to start processes for isolated
 * children, of any supervisor in the run. The program must call
 * troupe_isolation_serve().
 *
 *   root     a node with `nodes` in its options.
 *   program  copied; NULL: the defaults.
 *   returns  0, -EPERM (`root` is no root), -EEXIST (again), or as
 *            troupe_node_spawn()
 *   threads  any but the node's own
 */
TROUPE_MUST int troupe_isolation_begin(troupe_t *root,
                                       const troupe_program_t *program);

/*
 * troupe_isolation_serve: be a node that isolated children are put on: join
 * the run, and live until the root ends it. Call it first thing in main().
 *
 *   options  as for troupe_node_join().
 *   kinds    what may run here, ended by NULL; it must outlive the call.
 *   returns  0 after the orderly end, -ENODATA where this process was not
 *            started by a root (main() then goes on as usual), or as
 *            troupe_node_join()
 *   threads  the main thread
 */
TROUPE_MUST int troupe_isolation_serve(const troupe_options_t *options,
                                       const troupe_kind_t *const *kinds);

#endif
