/* SPDX-License-Identifier: Apache-2.0 */
/* scratch.h: memory that is taken piece by piece and given back all at once. */
#ifndef TROUPE_ACTORS_SCRATCH_H
#define TROUPE_ACTORS_SCRATCH_H

#include <stddef.h>
#include <stdint.h>

/*
 * An analysis makes thousands of small lists that all end together. They come
 * from one scratch, so that no list has an owner to be argued about.
 */
struct scratch;

/* troupe__scratch_new: an empty scratch, owned by the caller. */
struct scratch *troupe__scratch_new(void);

/* troupe__scratch_destroy: give everything back; NULL inside is fine. */
void troupe__scratch_destroy(struct scratch **self_p);

/* troupe__scratch_alloc: `size` zeroed bytes that live as long as the scratch. */
void *troupe__scratch_alloc(struct scratch *self, size_t size)
    __attribute__((returns_nonnull));

/* troupe__scratch_text: a NUL-ended copy of `size` bytes. */
char *troupe__scratch_text(struct scratch *self, const char *text, size_t size)
    __attribute__((returns_nonnull));

/*
 * troupe__scratch_room: make room for one more item in a growing list.
 *
 *   items    the list, NULL at first.
 *   count    items in use.
 *   size     bytes of one item.
 *   returns  the list, moved when it was full; a list holds 0 or a power of
 *            two items, so that the count alone says when it is full.
 */
void *troupe__scratch_room(struct scratch *self, void *items, uint32_t count,
                           size_t size) __attribute__((returns_nonnull));

#endif
