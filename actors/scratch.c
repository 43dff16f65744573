/* SPDX-License-Identifier: Apache-2.0 */
/* scratch.c: memory that is taken piece by piece and given back all at once. */
#include "actors/scratch.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "mailbox/check.h"

#define BLOCK_SIZE ((size_t) 64 * 1024)
#define ALIGNMENT  alignof(max_align_t)

struct block {
    struct block *next;
    size_t used; /* bytes given out */
    size_t size; /* bytes in data */
    alignas(max_align_t) unsigned char data[];
};

struct scratch {
    struct block *blocks; /* the first is the one that gives */
};

struct scratch *
troupe__scratch_new(void)
{
    return troupe__alloc(sizeof(struct scratch));
}

void
troupe__scratch_destroy(struct scratch **self_p)
{
    CHECK(self_p);
    struct scratch *self = *self_p;
    if (!self)
        return;
    while (self->blocks) {
        struct block *next = self->blocks->next;
        free(self->blocks);
        self->blocks = next;
    }
    free(self);
    *self_p = NULL;
}

void *
troupe__scratch_alloc(struct scratch *self, size_t size)
{
    CHECK(self);
    CHECK(size < SIZE_MAX / 2);
    size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    struct block *block = self->blocks;
    if (!block || block->size - block->used < size) {
        size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;
        block = troupe__alloc(sizeof *block + room);
        block->size = room;
        block->next = self->blocks;
        self->blocks = block;
    }
    void *memory = block->data + block->used;
    block->used += size;
    return memory;
}

char *
troupe__scratch_text(struct scratch *self, const char *text, size_t size)
{
    CHECK(text || size == 0);
    char *copy = troupe__scratch_alloc(self, size + 1);
    if (size > 0)
        memcpy(copy, text, size);
    return copy;
}

void *
troupe__scratch_room(struct scratch *self, void *items, uint32_t count,
                     size_t size)
{
    CHECK(items || count == 0);
    CHECK(count < UINT32_MAX / 2);
    if (count > 0 && (count & (count - 1)) != 0)
        return items;
    size_t room = count == 0 ? 1 : (size_t) count * 2;
    void *moved = troupe__scratch_alloc(self, room * size);
    if (count > 0)
        memcpy(moved, items, count * size);
    return moved;
}
