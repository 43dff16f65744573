/* SPDX-License-Identifier: Apache-2.0 */
/* slots.h: the table from refs to actors. */
#ifndef TROUPE_RUNTIME_SLOTS_H
#define TROUPE_RUNTIME_SLOTS_H

#include <pthread.h>
#include <stdatomic.h>

#include "mailbox/ref.h"

struct troupe__actor;

/* How full the mailbox of a slot's actor is, for senders to see. */
enum troupe__pressure {
    PRESSURE_NONE = 0,
    PRESSURE_FULL = 1, /* senders shall rest */
    PRESSURE_OVER = 2  /* sends are refused */
};

/*
 * Written by whoever spawns and then by the worker of the actor; read by all.
 * A slot never moves, so that a stale ref is a look at a newer generation and
 * never a dangling pointer.
 */
struct troupe__slot {
    _Atomic(struct troupe__actor *) actor;
    _Atomic uint32_t generation; /* of the tenant, or of the next one */
    _Atomic uint8_t pressure;
    _Atomic bool is_guest;   /* it stands for a thread */
    _Atomic uint16_t worker; /* of the tenant */
};

enum {
    TROUPE__SLOT_CHUNK_BITS = 12,
    TROUPE__SLOT_CHUNK = 1 << TROUPE__SLOT_CHUNK_BITS,
    TROUPE__SLOT_CHUNKS = 1 << (TROUPE__SLOT_BITS - TROUPE__SLOT_CHUNK_BITS),
    TROUPE__SLOT_BATCH = 128
};

struct troupe__slots {
    pthread_mutex_t lock;
    uint32_t fresh; /* slots from here on were never used */
    uint32_t limit; /* slots from here on may not be used */
    uint32_t *free; /* a stack of slots to use again */
    uint32_t free_count, free_capacity;
    _Atomic(struct troupe__slot *) chunks[TROUPE__SLOT_CHUNKS];
};

/* Slots that a worker has ready; the worker's own. */
struct troupe__slot_cache {
    uint32_t slots[2 * TROUPE__SLOT_BATCH];
    uint32_t count;
};

void troupe__slots_init(struct troupe__slots *self, uint32_t actors_max);
void troupe__slots_free(struct troupe__slots *self);

/* troupe__slot_take: a free slot; false when the limit is reached. */
bool troupe__slot_take(struct troupe__slots *self,
                       struct troupe__slot_cache *cache, uint32_t *ret_slot);

/* troupe__slot_give: the tenant is gone; its refs are stale from now on. */
void troupe__slot_give(struct troupe__slots *self,
                       struct troupe__slot_cache *cache, uint32_t slot);

/* troupe__slot_cache_close: what is left in a cache goes back. */
void troupe__slot_cache_close(struct troupe__slots *self,
                              struct troupe__slot_cache *cache);

/* troupe__slots_used: slots from here on were never used; any thread. */
uint32_t troupe__slots_used(struct troupe__slots *self);

/* troupe__slot_at: the slot, or NULL when it was never used. */
static inline struct troupe__slot *
troupe__slot_at(struct troupe__slots *self, uint32_t slot)
{
    struct troupe__slot *chunk = atomic_load_explicit(
        &self->chunks[slot >> TROUPE__SLOT_CHUNK_BITS], memory_order_acquire);
    return chunk ? &chunk[slot & (TROUPE__SLOT_CHUNK - 1)] : NULL;
}

/* troupe__slot_actor: the tenant that the ref means, or NULL. */
static inline struct troupe__actor *
troupe__slot_actor(struct troupe__slots *self, troupe_ref_t ref)
{
    struct troupe__slot *slot = troupe__slot_at(self, troupe__ref_slot(ref));
    if (!slot
        || atomic_load_explicit(&slot->generation, memory_order_acquire)
               != troupe__ref_generation(ref)
        || atomic_load_explicit(&slot->worker, memory_order_relaxed)
               != troupe__ref_worker(ref)) /* a made-up ref */
        return NULL;
    return atomic_load_explicit(&slot->actor, memory_order_acquire);
}

#endif
