/* SPDX-License-Identifier: Apache-2.0 */
/* slots.c: handing out slots, in batches, and taking them back. */
#include "runtime/slots.h"

#include <stdlib.h>
#include <string.h>

#include "mailbox/check.h"

void
troupe__slots_init(struct troupe__slots *self, uint32_t actors_max)
{
    memset(self, 0, sizeof *self);
    CHECK(pthread_mutex_init(&self->lock, NULL) == 0);
    self->limit = actors_max ? actors_max : TROUPE__SLOT_MAX;
}

void
troupe__slots_free(struct troupe__slots *self)
{
    for (size_t i = 0; i < TROUPE__SLOT_CHUNKS; i++)
        free(atomic_load(&self->chunks[i]));
    free(self->free);
    pthread_mutex_destroy(&self->lock);
}

/* Under the lock: the chunk of a slot that was never used. */
static void
make_chunk(struct troupe__slots *self, uint32_t slot)
{
    _Atomic(struct troupe__slot *) *place =
        &self->chunks[slot >> TROUPE__SLOT_CHUNK_BITS];
    if (atomic_load_explicit(place, memory_order_relaxed))
        return;
    struct troupe__slot *chunk =
        troupe__alloc(TROUPE__SLOT_CHUNK * sizeof *chunk);
    for (size_t i = 0; i < TROUPE__SLOT_CHUNK; i++)
        atomic_init(&chunk[i].generation, 1);
    atomic_store_explicit(place, chunk, memory_order_release);
}

static void
refill(struct troupe__slots *self, struct troupe__slot_cache *cache)
{
    pthread_mutex_lock(&self->lock);
    while (cache->count < TROUPE__SLOT_BATCH && self->free_count > 0)
        cache->slots[cache->count++] = self->free[--self->free_count];
    while (cache->count < TROUPE__SLOT_BATCH && self->fresh < self->limit) {
        make_chunk(self, self->fresh);
        cache->slots[cache->count++] = self->fresh++;
    }
    pthread_mutex_unlock(&self->lock);
}

/* Under the lock or at the end: the last `count` of the cache go back. */
static void
give_back(struct troupe__slots *self, struct troupe__slot_cache *cache,
          uint32_t count)
{
    pthread_mutex_lock(&self->lock);
    if (self->free_count + count > self->free_capacity) {
        self->free_capacity = 2 * (self->free_count + count);
        self->free = troupe__realloc(self->free,
                                     self->free_capacity * sizeof *self->free);
    }
    for (uint32_t i = 0; i < count; i++)
        self->free[self->free_count++] = cache->slots[--cache->count];
    pthread_mutex_unlock(&self->lock);
}

uint32_t
troupe__slots_used(struct troupe__slots *self)
{
    pthread_mutex_lock(&self->lock);
    uint32_t fresh = self->fresh;
    pthread_mutex_unlock(&self->lock);
    return fresh;
}

bool
troupe__slot_take(struct troupe__slots *self, struct troupe__slot_cache *cache,
                  uint32_t *ret_slot)
{
    if (cache->count == 0)
        refill(self, cache);
    if (cache->count == 0)
        return false;
    *ret_slot = cache->slots[--cache->count];
    return true;
}

void
troupe__slot_give(struct troupe__slots *self, struct troupe__slot_cache *cache,
                  uint32_t slot)
{
    struct troupe__slot *at = troupe__slot_at(self, slot);
    uint32_t next = atomic_load_explicit(&at->generation, memory_order_relaxed);
    atomic_store_explicit(&at->actor, NULL, memory_order_release);
    atomic_store_explicit(&at->pressure, PRESSURE_NONE, memory_order_relaxed);
    if (next == TROUPE__GENERATION_MAX) {
        /* Worn out: another round could make an old ref look like a new. */
        atomic_store_explicit(&at->generation, 0, memory_order_release);
        return;
    }
    atomic_store_explicit(&at->generation, next + 1, memory_order_release);
    cache->slots[cache->count++] = slot;
    if (cache->count == 2 * TROUPE__SLOT_BATCH)
        give_back(self, cache, TROUPE__SLOT_BATCH);
}

void
troupe__slot_cache_close(struct troupe__slots *self,
                         struct troupe__slot_cache *cache)
{
    give_back(self, cache, cache->count);
}
