/* SPDX-License-Identifier: Apache-2.0 */
/* socket.h: what the files that hold ZeroMQ sockets share. */
#ifndef TROUPE_MAILBOX_SOCKET_H
#define TROUPE_MAILBOX_SOCKET_H

#include <zmq.h>

#include "mailbox/frame.h"

/* The ZeroMQ message inside a frame. */
static inline zmq_msg_t *
troupe__frame_message(struct troupe__frame *frame)
{
    _Static_assert(sizeof(zmq_msg_t) <= sizeof frame->message, "room");
    return (zmq_msg_t *) (void *) frame->message;
}

/* troupe__socket_new: without high-water marks and without linger, for Troupe
 * bounds what is under way itself; NULL: see troupe__socket_error(). */
void *troupe__socket_new(void *transport, int type);

/* troupe__socket_descriptor: what is readable when something has come in. */
int troupe__socket_descriptor(void *socket);

/* troupe__socket_error: -EMFILE or -EIO, after a call of ZeroMQ's failed. */
int troupe__socket_error(void);

#endif
