/* SPDX-License-Identifier: Apache-2.0 */
/* pool.c: slabs, and the depot that pools trade chains with. */
#include "mailbox/pool.h"

#include <stdlib.h>

/* Memory comes in slabs of one chain; they are linked for the end only. */
struct troupe__slab {
    struct troupe__slab *next;
    char padding[TROUPE__POOL_STEP - sizeof(void *)];
};

void
troupe__depot_init(struct troupe__depot *self)
{
    *self = (struct troupe__depot){0};
    CHECK(pthread_mutex_init(&self->lock, NULL) == 0);
}

void
troupe__depot_free(struct troupe__depot *self)
{
    while (self->slabs) {
        struct troupe__slab *next = self->slabs->next;
        free(self->slabs);
        self->slabs = next;
    }
    pthread_mutex_destroy(&self->lock);
}

/* A new slab, cut into one chain. */
static struct troupe__block *
slab_new(struct troupe__depot *depot, size_t index)
{
    size_t size = (index + 1) * TROUPE__POOL_STEP;
    struct troupe__slab *slab =
        troupe__alloc(sizeof *slab + size * TROUPE__POOL_CHAIN);
    pthread_mutex_lock(&depot->lock);
    slab->next = depot->slabs;
    depot->slabs = slab;
    pthread_mutex_unlock(&depot->lock);
    atomic_fetch_add_explicit(&depot->slab_count, 1, memory_order_relaxed);

    char *at = (char *) (slab + 1);
    struct troupe__block *first = NULL;
    for (size_t i = TROUPE__POOL_CHAIN; i-- > 0;) {
        struct troupe__block *block = (void *) (at + i * size);
        block->next = first;
        first = block;
    }
    return first;
}

static struct troupe__block *
depot_take(struct troupe__depot *depot, size_t index)
{
    pthread_mutex_lock(&depot->lock);
    struct troupe__block *chain = depot->chains[index];
    if (chain)
        depot->chains[index] = chain->next_chain;
    pthread_mutex_unlock(&depot->lock);
    return chain;
}

static void
depot_give(struct troupe__depot *depot, size_t index,
           struct troupe__block *chain)
{
    pthread_mutex_lock(&depot->lock);
    chain->next_chain = depot->chains[index];
    depot->chains[index] = chain;
    pthread_mutex_unlock(&depot->lock);
}

void *
troupe__pool_refill(struct troupe__pool *self, size_t index)
{
    CHECK(index < TROUPE__POOL_CLASSES);
    struct troupe__pool_class *of = &self->classes[index];
    struct troupe__block *chain = of->spare;
    of->spare = NULL;
    if (!chain)
        chain = depot_take(self->depot, index);
    if (!chain)
        chain = slab_new(self->depot, index);

    /* A chain from a closing pool may be short: count it. */
    uint32_t count = 0;
    for (struct troupe__block *at = chain->next; at; at = at->next)
        count++;
    of->free = chain->next;
    of->count = count;
    return chain;
}

void
troupe__pool_spill(struct troupe__pool *self, size_t index)
{
    CHECK(index < TROUPE__POOL_CLASSES);
    struct troupe__pool_class *of = &self->classes[index];
    if (of->spare)
        depot_give(self->depot, index, of->spare);
    of->spare = of->free;
    of->free = NULL;
    of->count = 0;
}

void
troupe__pool_close(struct troupe__pool *self)
{
    for (size_t i = 0; i < TROUPE__POOL_CLASSES; i++) {
        struct troupe__pool_class *of = &self->classes[i];
        if (of->spare)
            depot_give(self->depot, i, of->spare);
        if (of->free)
            depot_give(self->depot, i, of->free);
        *of = (struct troupe__pool_class){0};
    }
}
