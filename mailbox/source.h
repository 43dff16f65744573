/* SPDX-License-Identifier: Apache-2.0 */
/* source.h: waiting for frames and for descriptors at once. */
#ifndef TROUPE_MAILBOX_SOURCE_H
#define TROUPE_MAILBOX_SOURCE_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * A socket that frames come from. To ask it for some costs system calls. One
 * that had nothing when it was asked, and that nothing was taken from since, is
 * armed: whatever comes next makes its descriptor readable, so that it need not
 * be asked again.
 */
struct troupe__source {
    void *socket;
    int fd;      /* of the socket */
    bool *armed; /* whoever takes something from the socket sets it to false */
};

enum { TROUPE__SOURCES_MAX = 10, TROUPE__SOURCES_FDS_MAX = 64 };

/*
 * troupe__sources_wait: sleep until a frame or a descriptor is ready.
 *
 *   sources     `source_count` of them, 1 .. TROUPE__SOURCES_MAX.
 *   fds, count  also waited for, TROUPE__SOURCES_FDS_MAX at most; revents are
 *               filled in.
 *   timeout_ms  -1: without end.
 *   returns     true when something may be ready
 *   source      zmq_getsockopt(3), ZMQ_FD and ZMQ_EVENTS: the descriptor is
 *               readable at the edge only, once events were asked for
 */
bool troupe__sources_wait(const struct troupe__source *sources,
                          size_t source_count, struct pollfd *fds, size_t count,
                          long timeout_ms);

#endif
