/* SPDX-License-Identifier: Apache-2.0 */
/* ids.c: numbers for objects; an old number never finds a new object. */
#include "runtime/worker.h"

/* An id is generation << 32 | index + 1, so that it is never 0. */

void *
troupe__ids_find(const struct troupe__ids *self, uint64_t id)
{
    uint32_t at = (uint32_t) id - 1;
    if (at >= self->count
        || self->entries[at].generation != (uint32_t) (id >> 32))
        return NULL;
    return self->entries[at].object;
}

uint64_t
troupe__ids_add(struct troupe__ids *self, void *object)
{
    if (self->first_free == 0) {
        if (self->count == self->capacity) {
            self->capacity = self->capacity ? 2 * self->capacity : 16;
            self->entries = troupe__realloc(
                self->entries, self->capacity * sizeof *self->entries);
        }
        self->entries[self->count] = (struct troupe__ids_entry){NULL, 1, 0};
        self->first_free = ++self->count;
    }
    uint32_t at = self->first_free - 1;
    self->first_free = self->entries[at].next_free;
    self->entries[at].object = object;
    return (uint64_t) self->entries[at].generation << 32 | (at + 1);
}

void
troupe__ids_remove(struct troupe__ids *self, uint64_t id)
{
    uint32_t at = (uint32_t) id - 1;
    CHECK(troupe__ids_find(self, id));
    self->entries[at].object = NULL;
    self->entries[at].generation++;
    self->entries[at].next_free = self->first_free;
    self->first_free = at + 1;
}
