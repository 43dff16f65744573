/* SPDX-License-Identifier: Apache-2.0 */
/* arena.c: chunks that are filled from the front and freed together. */
#include "mailbox/arena.h"

#include <msgpack/zone.h>
#include <stdint.h>
#include <stdlib.h>

#include "mailbox/check.h"

enum {
    CHUNK_MIN = 8 * 1024,
    CHUNK_KEPT = 256 * 1024 /* a bigger one is not kept over a reset */
};

struct troupe__arena_chunk {
    struct troupe__arena_chunk *older;
    size_t capacity;
    _Alignas(8) uint8_t bytes[];
};

static void
grow(struct troupe__arena *self, size_t size)
{
    size_t capacity = self->chunk ? self->chunk->capacity : CHUNK_MIN / 2;
    if (capacity < CHUNK_KEPT)
        capacity *= 2;
    if (capacity < size)
        capacity = size;
    struct troupe__arena_chunk *chunk =
        troupe__realloc(NULL, sizeof *chunk + capacity);
    chunk->older = self->chunk;
    chunk->capacity = capacity;
    self->chunk = chunk;
    self->used = 0;
}

void *
troupe__arena_alloc(struct troupe__arena *self, size_t size)
{
    CHECK(size <= PTRDIFF_MAX - sizeof(struct troupe__arena_chunk) - 8);
    size = (size + 7) & ~(size_t) 7;
    if (!self->chunk || self->chunk->capacity - self->used < size)
        grow(self, size);
    void *memory = self->chunk->bytes + self->used;
    self->used += size;
    self->dirty = true;
    return memory;
}

void *
troupe__arena_zone(struct troupe__arena *self)
{
    if (!self->zone) {
        self->zone = msgpack_zone_new(MSGPACK_ZONE_CHUNK_SIZE);
        if (!self->zone)
            troupe__out_of_memory(MSGPACK_ZONE_CHUNK_SIZE);
    }
    self->dirty = true;
    return self->zone;
}

static void
free_chunks(struct troupe__arena_chunk *chunk)
{
    while (chunk) {
        struct troupe__arena_chunk *older = chunk->older;
        free(chunk);
        chunk = older;
    }
}

void
troupe__arena_clear(struct troupe__arena *self)
{
    if (self->chunk) {
        free_chunks(self->chunk->older);
        self->chunk->older = NULL;
        if (self->chunk->capacity > CHUNK_KEPT) {
            free(self->chunk);
            self->chunk = NULL;
        }
    }
    if (self->zone)
        msgpack_zone_clear(self->zone);
    self->used = 0;
    self->dirty = false;
}

void
troupe__arena_free(struct troupe__arena *self)
{
    free_chunks(self->chunk);
    if (self->zone)
        msgpack_zone_free(self->zone);
    *self = (struct troupe__arena){0};
}
