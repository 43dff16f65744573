/* SPDX-License-Identifier: Apache-2.0 */
/* text.h: text that grows at the end, and what UTF-8 asks for. */
#ifndef TROUPE_ACTORS_TEXT_H
#define TROUPE_ACTORS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* {0} is empty. data ends with a NUL that size does not count, or is NULL. */
struct troupe__text {
    char *data;
    size_t size;
    size_t capacity;
};

void troupe__text_puts(struct troupe__text *self, const char *text);
void troupe__text_putc(struct troupe__text *self, char c);
void troupe__text_printf(struct troupe__text *self, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* troupe__text_grow: make room for `size` bytes more; at least doubles. */
void troupe__text_grow(struct troupe__text *self, size_t size);

/* troupe__text_room: where `size` bytes may be written; size is unchanged. */
static inline char *
troupe__text_room(struct troupe__text *self, size_t size)
{
    if (__builtin_expect(size >= self->capacity - self->size, 0))
        troupe__text_grow(self, size);
    return self->data + self->size;
}

/* troupe__text_put: `bytes` may be NULL when there are none. */
static inline void
troupe__text_put(struct troupe__text *self, const char *bytes, size_t size)
{
    char *room = troupe__text_room(self, size);
    if (size > 0)
        memcpy(room, bytes, size);
    room[size] = 0;
    self->size += size;
}

/* troupe__text_free: give the memory back; the text is empty then. */
void troupe__text_free(struct troupe__text *self);

/* troupe__text_clear: empty, but the memory is kept. */
void troupe__text_clear(struct troupe__text *self);

/* troupe__text_string: the text as a string, never NULL. */
const char *troupe__text_string(const struct troupe__text *self);

/* troupe__utf8_size: bytes of the valid character at text, 0 if there is none
 * (RFC 3629: no surrogates, no overlong forms). */
size_t troupe__utf8_size(const char *text, size_t size);

/* troupe__utf8_is_valid: true when all of it is UTF-8. */
bool troupe__utf8_is_valid(const char *text, size_t size);

/*
 * troupe__text_decode: make `self` clean UTF-8: no byte order mark, lines end
 * with "\n", control characters (but tab) are gone.
 *
 *   ret_note  out: "" or how the bytes were read; static.
 *   returns   0, or -EBADMSG when it is not text.
 */
int troupe__text_decode(struct troupe__text *self, const char **ret_note);

#endif
