/* SPDX-License-Identifier: Apache-2.0 */
/* arena.h: memory that is given back all at once. */
#ifndef TROUPE_MAILBOX_ARENA_H
#define TROUPE_MAILBOX_ARENA_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A worker keeps one arena and resets it after each handler: what a handler
 * reads out of a message costs no malloc in the steady state. {0} is empty.
 * `zone` is msgpack-c's, made on first use and cleared with the arena.
 */
struct troupe__arena {
    struct troupe__arena_chunk *chunk; /* the one in use; older ones behind */
    size_t used;                       /* bytes used of it */
    void *zone;                        /* msgpack_zone *, or NULL */
    bool dirty;                        /* something was allocated */
};

/* troupe__arena_alloc: `size` bytes aligned to 8, until the next reset. */
void *troupe__arena_alloc(struct troupe__arena *self, size_t size)
    __attribute__((returns_nonnull));

/* troupe__arena_zone: msgpack-c's zone, a msgpack_zone *, for its objects. */
void *troupe__arena_zone(struct troupe__arena *self)
    __attribute__((returns_nonnull));

/* troupe__arena_clear: what troupe__arena_reset does when there is work. */
void troupe__arena_clear(struct troupe__arena *self);

/*
 * troupe__arena_reset: everything given out is gone; one chunk is kept for
 * the next use unless it is a big one.
 */
static inline void
troupe__arena_reset(struct troupe__arena *self)
{
    if (self->dirty)
        troupe__arena_clear(self);
}

/* troupe__arena_free: give all memory back; the arena is empty then. */
void troupe__arena_free(struct troupe__arena *self);

#endif
