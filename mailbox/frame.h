/* SPDX-License-Identifier: Apache-2.0 */
/* frame.h: a ZeroMQ message that holds messages, as it was received. */
#ifndef TROUPE_MAILBOX_FRAME_H
#define TROUPE_MAILBOX_FRAME_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A received frame; shared by its worker and by those who keep a message.
 * `data` and `size` are of the last receive.
 */
struct troupe__frame {
    const uint8_t *data;
    size_t size;
    _Atomic uint32_t holders;
    _Alignas(8) char message[64]; /* a zmq_msg_t */
};

/* troupe__frame_new: an empty one, held once. */
struct troupe__frame *troupe__frame_new(void);

/* troupe__frame_hold: one holder more; any thread. */
struct troupe__frame *troupe__frame_hold(struct troupe__frame *self);

/* troupe__frame_release: one holder less; the last frees it; any thread. */
void troupe__frame_release(struct troupe__frame *self);

/* troupe__frame_clear: ready for the next receive: returns the same frame,
 * emptied, or a new one when somebody else holds this. */
struct troupe__frame *troupe__frame_clear(struct troupe__frame *self);

#endif
