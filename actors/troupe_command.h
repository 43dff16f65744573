/* SPDX-License-Identifier: Apache-2.0 */
/* troupe_command.h: an actor that runs programs and shell commands. */
#ifndef TROUPE_COMMAND_H
#define TROUPE_COMMAND_H

#include "troupe_kind.h"

/*
 * troupe_command: an actor that runs any number of commands at once and waits
 * for none of them.
 *
 *   start  nil, or {limit: U}: so many at once, the others wait their turn;
 *          0 or absent: no limit
 *
 *   run    {argv: [s], or shell: s, a text for /bin/sh -c; what is not
                            UTF-8, here and below, as B
 *           stdin: s or B    what it reads; absent: nothing
 *           timeout_ms: U    0 or absent: none
 *           grace_ms: U      from TERM to KILL; 2000
 *           env: [s]         "NAME=VALUE", added to ours, the last one counts
 *           directory: s     where it runs; absent: where we are
 *           stdout_max: U, stderr_max: U    bytes that are kept: 8 MiB, 1 MiB}
 *       -> {state: s         "ok": exit code 0; "failed": another, a signal,
 *                            or it never ran; "timeout"
 *           exit: i          exit code, or -1
 *           signal: i        that ended it, or 0
 *           error: i         negative errno when it never ran, else 0
 *           text: s          that in words; "" for "ok"
 *           stdout: B, stderr: B            what was kept
 *           stdout_size: U, stderr_size: U  bytes that it wrote
 *           queue_ms: f, run_ms: f, pid: U}
 *          or an error: -EBADMSG for another body
 *
 * A command runs in a process group of its own, with default signals and no
 * descriptor but 0, 1 and 2. At the timeout its group gets TERM and CONT, and
 * after the grace KILL. When the ask is cancelled or its deadline passes, its
 * group gets KILL at once. When it ends, KILL goes to what is left of its
 * group, before its number can name somebody else. When our process ends,
 * however, all that gets KILL, too: a shell that waits for our end, started
 * with the first command, sees to what they have started. What left the group
 * by setsid(2) is out of reach.
 *
 * What it reads is a file in memory, so that it never waits for us. What it
 * writes beyond the bounds is read and counted, not kept.
 *
 * A start keeps the worker for the time of one exec (below a millisecond;
 * longer on a slow file system): where others must not feel that, place the
 * actor on a thread of its own.
 *
 * source: clone(2), execve(2), prctl(2) PR_SET_PDEATHSIG, pidfd_open(2)
 */
TROUPE_API const troupe_kind_t troupe_command;

#endif
