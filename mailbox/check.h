/* SPDX-License-Identifier: Apache-2.0 */
/* check.h: the promise that stops a wrong program, and the allocator. */
#ifndef TROUPE_MAILBOX_CHECK_H
#define TROUPE_MAILBOX_CHECK_H

#include <stddef.h>
#include <string.h>

/*
 * CHECK states what only a bug can make false. It stays in every build: a
 * wrong program must stop at the first wrong step, not ten messages later.
 * It is never for what the outside can cause; that is an error code.
 */
#define CHECK(truth)                                                           \
    (__builtin_expect(!!(truth), 1)                                            \
         ? (void) 0                                                            \
         : troupe__check_failed(#truth, __FILE__, __LINE__))

_Noreturn void troupe__check_failed(const char *truth, const char *file,
                                    int line);

/* troupe__out_of_memory: the one end that a lack of memory has. */
_Noreturn void troupe__out_of_memory(size_t size);

/* troupe__alloc: `size` zeroed bytes, or the process ends with a message. */
void *troupe__alloc(size_t size) __attribute__((malloc, returns_nonnull));

/* troupe__realloc: `size` bytes that begin with the old ones, or the end. */
void *troupe__realloc(void *old, size_t size) __attribute__((returns_nonnull));

/* troupe__strdup: a copy of `text` to be freed with free(). */
char *troupe__strdup(const char *text) __attribute__((malloc, returns_nonnull));

/* troupe__clear: memset to 0 of a struct of a few lines. For a known size
 * compilers take `rep stos`, which needs longer to begin than all of this. */
static inline void
troupe__clear(void *at, size_t size)
{
    __asm__("" : "+r"(size));
    memset(at, 0, size);
}

#endif
