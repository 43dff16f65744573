/* SPDX-License-Identifier: Apache-2.0 */
/* spares.c: buffers that leave with frames and come back. */
#include "mailbox/spares.h"

#include <stdbool.h>
#include <stdlib.h>

#include "mailbox/check.h"

void
troupe__spares_init(struct troupe__spares *self, size_t size, size_t most)
{
    CHECK(most <= TROUPE__SPARES_MAX);
    *self = (struct troupe__spares){.size = size, .most = most};
    CHECK(pthread_mutex_init(&self->lock, NULL) == 0);
}

void
troupe__spares_free(struct troupe__spares *self)
{
    while (self->count > 0)
        free(self->buffers[--self->count]);
    pthread_mutex_destroy(&self->lock);
}

uint8_t *
troupe__spares_take(struct troupe__spares *self, uint64_t *allocations)
{
    uint8_t *buffer = NULL;
    pthread_mutex_lock(&self->lock);
    if (self->count > 0)
        buffer = self->buffers[--self->count];
    pthread_mutex_unlock(&self->lock);
    if (!buffer)
        ++*allocations;
    return buffer ? buffer : troupe__realloc(NULL, self->size);
}

void
troupe__spares_give(struct troupe__spares *self, uint8_t *buffer)
{
    pthread_mutex_lock(&self->lock);
    bool kept = self->count < self->most;
    if (kept)
        self->buffers[self->count++] = buffer;
    pthread_mutex_unlock(&self->lock);
    if (!kept)
        free(buffer);
}
