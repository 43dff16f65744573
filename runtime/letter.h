/* SPDX-License-Identifier: Apache-2.0 */
/* letter.h: reading and writing what nodes say over the control link. */
#ifndef TROUPE_RUNTIME_LETTER_H
#define TROUPE_RUNTIME_LETTER_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include "mailbox/arena.h"
#include "mailbox/buffer.h"
#include "mailbox/cursor.h"

/* A letter is a msgpack array whose first item is the verb; see NODES.md. */
enum { TROUPE__VERB_MAX = 15 };

struct troupe__letter {
    const uint8_t *bytes;
    size_t size;
    char verb[TROUPE__VERB_MAX + 1];
    struct troupe__arena *arena; /* for strings that are read */
};

/*
 * troupe__letter_open: check bytes of somebody else's.
 *
 *   returns  true when they are one array, not deep, that begins with a verb;
 *            `bytes` must then outlive the letter
 */
bool troupe__letter_open(struct troupe__letter *self, const uint8_t *bytes,
                         size_t size, struct troupe__arena *arena);

/* troupe__letter_open_deep: one that may hold the body of a message. */
bool troupe__letter_open_deep(struct troupe__letter *self, const uint8_t *bytes,
                              size_t size, struct troupe__arena *arena);

/* troupe__letter_read: as troupe_unpack(); the verb counts as an item. */
int troupe__letter_read(const struct troupe__letter *self, const char *format,
                        ...);

/*
 * troupe__letter_items: begin to walk over an array that was read with "r".
 *
 *   returns  how many items there are, or -1: it is no array
 */
int troupe__letter_items(const void *array, size_t size,
                         struct troupe__cursor *ret_cursor);

/* troupe__item_is: it is that text, and not a part of it. */
bool troupe__item_is(const struct troupe__item *item, const char *text);

/* troupe__letter_write: append a letter by a format, which must be right. */
void troupe__letter_write(struct troupe__buffer *out, const char *format, ...);

#endif
