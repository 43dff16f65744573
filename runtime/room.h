/* SPDX-License-Identifier: Apache-2.0 */
/* room.h: whether there is room for a node in this process. */
#ifndef TROUPE_RUNTIME_ROOM_H
#define TROUPE_RUNTIME_ROOM_H

/*
 * troupe__room_check: try whether a few descriptors and threads can be had.
 * libzmq aborts where it lacks those that it begins with; whoever is told
 * before can say so in words.
 *
 *   returns  0, -EMFILE, or -EIO (no threads)
 *   threads  any
 */
__attribute__((warn_unused_result)) int troupe__room_check(void);

#endif
