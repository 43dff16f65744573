/* SPDX-License-Identifier: Apache-2.0 */
/* idmap.c: open addressing with linear probes and backward shift. */
#include "runtime/idmap.h"

#include <stdlib.h>

#include "mailbox/check.h"

enum { CAPACITY_MIN = 8 };

static uint32_t
home(const struct troupe__idmap *self, uint64_t id)
{
    return (uint32_t) troupe__mix(id) & (self->capacity - 1);
}

/* The place of the id, or the empty place where it would go. */
static uint32_t
find(const struct troupe__idmap *self, uint64_t id)
{
    uint32_t at = home(self, id);
    while (self->entries[at].id && self->entries[at].id != id)
        at = (at + 1) & (self->capacity - 1);
    return at;
}

static void
resize(struct troupe__idmap *self, uint32_t capacity)
{
    struct troupe__idmap old = *self;
    self->capacity = capacity;
    self->entries = troupe__alloc(capacity * sizeof *self->entries);
    for (uint32_t i = 0; i < old.capacity; i++)
        if (old.entries[i].id)
            self->entries[find(self, old.entries[i].id)] = old.entries[i];
    free(old.entries);
}

void
troupe__idmap_set(struct troupe__idmap *self, uint64_t id, uint64_t value)
{
    CHECK(id);
    if (self->capacity == 0)
        resize(self, CAPACITY_MIN);
    else if ((self->count + 1) * 4 > self->capacity * 3)
        resize(self, self->capacity * 2);
    struct troupe__idmap_entry *entry = &self->entries[find(self, id)];
    if (!entry->id)
        self->count++;
    *entry = (struct troupe__idmap_entry){id, value};
}

bool
troupe__idmap_get(const struct troupe__idmap *self, uint64_t id,
                  uint64_t *ret_value)
{
    if (self->count == 0)
        return false;
    const struct troupe__idmap_entry *entry = &self->entries[find(self, id)];
    if (!entry->id)
        return false;
    *ret_value = entry->value;
    return true;
}

/* Close the gap: whoever was pushed on by a full place moves back. */
static void
shift_back(struct troupe__idmap *self, uint32_t gap)
{
    uint32_t mask = self->capacity - 1;
    for (uint32_t at = (gap + 1) & mask; self->entries[at].id;
         at = (at + 1) & mask) {
        uint32_t wanted = home(self, self->entries[at].id);
        if (((at - wanted) & mask) < ((at - gap) & mask))
            continue;
        self->entries[gap] = self->entries[at];
        gap = at;
    }
    self->entries[gap].id = 0;
}

bool
troupe__idmap_remove(struct troupe__idmap *self, uint64_t id,
                     uint64_t *ret_value)
{
    if (self->count == 0)
        return false;
    uint32_t at = find(self, id);
    if (!self->entries[at].id)
        return false;
    if (ret_value)
        *ret_value = self->entries[at].value;
    shift_back(self, at);
    self->count--;
    if (self->count == 0)
        troupe__idmap_free(self);
    else if (self->capacity > CAPACITY_MIN && self->count * 8 < self->capacity)
        resize(self, self->capacity / 2);
    return true;
}

const struct troupe__idmap_entry *
troupe__idmap_any(const struct troupe__idmap *self)
{
    if (self->count == 0)
        return NULL;
    for (uint32_t i = self->capacity; i-- > 0;)
        if (self->entries[i].id)
            return &self->entries[i];
    return NULL;
}

void
troupe__idmap_free(struct troupe__idmap *self)
{
    free(self->entries);
    *self = (struct troupe__idmap){0};
}
