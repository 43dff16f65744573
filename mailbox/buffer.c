/* SPDX-License-Identifier: Apache-2.0 */
/* buffer.c: growth of a buffer. */
#include "mailbox/buffer.h"

#include <stdlib.h>

enum { CAPACITY_MIN = 256 };

void
troupe__buffer_grow(struct troupe__buffer *self, size_t extra)
{
    size_t wanted = self->size + extra;
    CHECK(wanted >= extra);
    size_t capacity = self->capacity ? self->capacity : CAPACITY_MIN;
    while (capacity < wanted)
        capacity *= 2;
    if (self->size < self->capacity / 2) { /* realloc would copy all of it */
        uint8_t *data = troupe__realloc(NULL, capacity);
        memcpy(data, self->data, self->size);
        free(self->data);
        self->data = data;
    } else {
        self->data = troupe__realloc(self->data, capacity);
    }
    self->capacity = capacity;
}

void
troupe__buffer_free(struct troupe__buffer *self)
{
    free(self->data);
    *self = (struct troupe__buffer){0};
}
