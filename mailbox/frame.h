/* SPDX-License-Identifier: Apache-2.0 */
/* frame.h: a ZeroMQ message that holds messages, as it was received. */
#ifndef TROUPE_MAILBOX_FRAME_H
#define TROUPE_MAILBOX_FRAME_H

#include <stdatomic.h>
#include <stdbool.h>
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

/*
 * troupe__frame_is_worth: shall who keeps a message of `size` bytes hold its
 * frame? A small one is copied, and so is one that is less than a quarter of
 * its frame: what is kept must not take many times its size.
 */
enum { TROUPE__FRAME_SHARED_FROM = 4096 };

static inline bool
troupe__frame_is_worth(const struct troupe__frame *self, size_t size)
{
    return self && size >= TROUPE__FRAME_SHARED_FROM && size * 4 >= self->size;
}

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
