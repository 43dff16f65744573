/* SPDX-License-Identifier: Apache-2.0 */
/* room.h: whether there is room for a node in this process. */
#ifndef TROUPE_RUNTIME_ROOM_H
#define TROUPE_RUNTIME_ROOM_H

#include <pthread.h>
#include <stddef.h>

/* What libzmq starts at once in a context. */
enum { TROUPE__ROOM_THREADS = 2 };

/* A look that has begun. */
struct troupe__room {
    pthread_mutex_t lock;
    pthread_t threads[TROUPE__ROOM_THREADS];
    size_t count;
};

/*
 * troupe__room_look: try whether a few descriptors and threads can be had.
 * libzmq aborts where it lacks those that it begins with; whoever is told
 * before can say so in words. The threads end while the caller goes on.
 *
 *   self     out: for troupe__room_leave(), also after an error; it stays where
 *            it is until then.
 *   returns  0, -EMFILE, or -EIO (no threads)
 *   threads  any
 */
__attribute__((warn_unused_result)) int
troupe__room_look(struct troupe__room *self);

/* troupe__room_leave: wait until what was tried is given back. */
void troupe__room_leave(struct troupe__room *self);

#endif
