/* SPDX-License-Identifier: Apache-2.0 */
/* idmap.h: a small hash table from 64-bit ids to 64-bit values. */
#ifndef TROUPE_RUNTIME_IDMAP_H
#define TROUPE_RUNTIME_IDMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Open addressing, no tombstones; {0} is empty; id 0 may not be used. */
struct troupe__idmap {
    struct troupe__idmap_entry {
        uint64_t id;
        uint64_t value;
    } * entries;
    uint32_t capacity; /* a power of two, or 0 */
    uint32_t count;
};

/* troupe__idmap_set: add or replace. */
void troupe__idmap_set(struct troupe__idmap *self, uint64_t id, uint64_t value);

/* troupe__idmap_get: true and *ret_value when the id is there. */
bool troupe__idmap_get(const struct troupe__idmap *self, uint64_t id,
                       uint64_t *ret_value);

/* troupe__idmap_remove: true when it was there; ret_value may be NULL. */
bool troupe__idmap_remove(struct troupe__idmap *self, uint64_t id,
                          uint64_t *ret_value);

/* troupe__idmap_any: some entry, or NULL when empty. */
const struct troupe__idmap_entry *
troupe__idmap_any(const struct troupe__idmap *self);

void troupe__idmap_free(struct troupe__idmap *self);

/* troupe__mix: 64 bits well stirred. */
static inline uint64_t
troupe__mix(uint64_t x)
{
    x ^= x >> 32;
    x *= UINT64_C(0xd6e8feb86659fd93);
    x ^= x >> 32;
    x *= UINT64_C(0xd6e8feb86659fd93);
    return x ^ x >> 32;
}

#endif
