/* SPDX-License-Identifier: Apache-2.0 */
/* buffer.h: bytes that grow at the end. */
#ifndef TROUPE_MAILBOX_BUFFER_H
#define TROUPE_MAILBOX_BUFFER_H

#include <stdint.h>
#include <string.h>

#include "mailbox/check.h"

struct troupe__buffer {
    uint8_t *data;   /* malloc'ed; NULL when capacity is 0 */
    size_t size;     /* bytes in use */
    size_t capacity; /* bytes there */
};

/* troupe__buffer_grow: make room for `extra` bytes more; at least doubles. */
void troupe__buffer_grow(struct troupe__buffer *self, size_t extra);

/* troupe__buffer_free: give the bytes back; the buffer is empty then. */
void troupe__buffer_free(struct troupe__buffer *self);

/* troupe__buffer_room: where `extra` bytes may be written; size unchanged. */
static inline uint8_t *
troupe__buffer_room(struct troupe__buffer *self, size_t extra)
{
    if (__builtin_expect(self->capacity - self->size < extra, 0))
        troupe__buffer_grow(self, extra);
    return self->data + self->size;
}

static inline void
troupe__buffer_put(struct troupe__buffer *self, const void *bytes, size_t size)
{
    if (size == 0)
        return;
    memcpy(troupe__buffer_room(self, size), bytes, size);
    self->size += size;
}

#endif
