/* SPDX-License-Identifier: Apache-2.0 */
/* process_adopt.h: what a child process does with what it inherited. */
#ifndef TROUPE_RUNTIME_PROCESS_ADOPT_H
#define TROUPE_RUNTIME_PROCESS_ADOPT_H

#include <stddef.h>

/*
 * What the environment of a child names: the number of a descriptor each.
 * The lifeline is a pipe that nobody writes to and whose other end is held by
 * the owner alone: at its end of file the owner is gone. The hello is a pipe
 * too; its bytes can be read once. A program in another language does with
 * them what troupe__process_adopt() does.
 */
#define TROUPE__LIFELINE_ENV "TROUPE_LIFELINE_FD"
#define TROUPE__HELLO_ENV    "TROUPE_HELLO_FD"

/*
 * troupe__process_adopt: take over what the owner of this process handed down.
 * Call it first thing in main(): it takes the two variables out of the
 * environment, which other threads must not read meanwhile.
 *
 * A thread then waits for the end of the lifeline or of the parent process,
 * whichever comes first, and then kills the process group, this process
 * included, by SIGKILL: who has something to save must not count on more. As
 * the parent's death must leave it the time for this, the signal of that death
 * (prctl PR_SET_PDEATHSIG) is changed from SIGKILL to SIGCONT, which also wakes
 * a stopped process. Who executes another program later on sets the signal to
 * SIGKILL again before: the thread does not survive that.
 *
 *   hello     out: the bytes of the owner's hello; may be NULL when size is 0.
 *   size      room there; TROUPE__HELLO_MAX holds any.
 *   ret_size  out: bytes of the hello, 0 when there was none; may be NULL.
 *   returns   0, or
 *             -ENODATA   this process was not started by an owner
 *             -EPERM     not called on the main thread
 *             -EBADMSG   a variable names no pipe: somebody changed it
 *             -EMSGSIZE  the hello is larger than `size`; it is lost
 *             -EAGAIN    no thread can be started, or another negative errno
 */
__attribute__((warn_unused_result)) int
troupe__process_adopt(void *hello, size_t size, size_t *ret_size);

#endif
