/* SPDX-License-Identifier: Apache-2.0 */
/* pool.h: blocks of memory that are used again and again. */
#ifndef TROUPE_MAILBOX_POOL_H
#define TROUPE_MAILBOX_POOL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "mailbox/check.h"

/*
 * A pool belongs to one thread and hands out blocks without a lock. Blocks
 * may be given back to another thread's pool: what a pool has too much of
 * goes, a chain at a time, to the depot that the pools of a node share, and
 * comes from there. Memory goes back to the system with the depot only, so
 * that a block stays a block of its class: see stats.c, which reads one that
 * may have a new tenant.
 */
enum {
    TROUPE__POOL_STEP = 64,    /* bytes between two classes */
    TROUPE__POOL_CLASSES = 17, /* 64, 128 .. 1088 bytes */
    TROUPE__POOL_LARGEST = TROUPE__POOL_STEP * TROUPE__POOL_CLASSES,
    TROUPE__POOL_CHAIN = 256 /* blocks that move at once */
};

struct troupe__block {
    struct troupe__block *next;       /* in its chain */
    struct troupe__block *next_chain; /* in the depot; of a first block only */
};

struct troupe__depot {
    pthread_mutex_t lock;
    struct troupe__block *chains[TROUPE__POOL_CLASSES];
    struct troupe__slab *slabs; /* all memory, for the end */
    _Atomic uint64_t slab_count;
};

struct troupe__pool_class {
    struct troupe__block *free;  /* ready */
    struct troupe__block *spare; /* a whole chain, or NULL */
    uint32_t count;              /* blocks in `free` */
};

struct troupe__pool {
    struct troupe__depot *depot;
    struct troupe__pool_class classes[TROUPE__POOL_CLASSES];
};

void troupe__depot_init(struct troupe__depot *self);
void troupe__depot_free(struct troupe__depot *self);

/* The slow half of get and put: trade a chain with the depot. */
void *troupe__pool_refill(struct troupe__pool *self, size_t index);
void troupe__pool_spill(struct troupe__pool *self, size_t index);

/* troupe__pool_close: everything that is free goes to the depot. */
void troupe__pool_close(struct troupe__pool *self);

static inline size_t
troupe__pool_class_of(size_t size)
{
    return (size - 1) / TROUPE__POOL_STEP;
}

/* troupe__pool_get: `size` bytes, 1 .. TROUPE__POOL_LARGEST; not zeroed. */
static inline void *
troupe__pool_get(struct troupe__pool *self, size_t size)
{
    size_t index = troupe__pool_class_of(size);
    struct troupe__pool_class *of = &self->classes[index];
    struct troupe__block *block = of->free;
    if (__builtin_expect(!block, 0))
        return troupe__pool_refill(self, index);
    of->free = block->next;
    of->count--;
    return block;
}

/* troupe__pool_put: give a block of `size` bytes back, to any pool. */
static inline void
troupe__pool_put(struct troupe__pool *self, void *memory, size_t size)
{
    size_t index = troupe__pool_class_of(size);
    struct troupe__pool_class *of = &self->classes[index];
    struct troupe__block *block = memory;
    block->next = of->free;
    of->free = block;
    if (__builtin_expect(++of->count >= TROUPE__POOL_CHAIN, 0))
        troupe__pool_spill(self, index);
}

#endif
