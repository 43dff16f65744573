/* SPDX-License-Identifier: Apache-2.0 */
/* findings.h: what is wrong with a file, and where; memory for it. */
#ifndef TROUPE_TOOLS_FINDINGS_H
#define TROUPE_TOOLS_FINDINGS_H

#include <stddef.h>
#include <stdio.h>

/* A place in a file; both count from 1; line 0: no place. */
struct troupe__spot {
    size_t line;
    size_t column; /* in characters */
};

struct troupe__finding {
    struct troupe__spot spot;
    char *text; /* "what is wrong; the cure" */
};

/* Begins as {.path = ...}; the path is borrowed. */
struct troupe__findings {
    const char *path;
    struct troupe__finding *items;
    size_t count;
};

/* troupe__found: note one more; each place and text is kept once. */
void troupe__found(struct troupe__findings *self, struct troupe__spot spot,
                   const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* troupe__findings_print: "path:line:column: text" each, in the order of the
 * file; at most 50, then how many more there are. */
void troupe__findings_print(struct troupe__findings *self, FILE *out);

/* troupe__findings_free: give back what it owns. */
void troupe__findings_free(struct troupe__findings *self);

/* troupe__grab: zeroed memory, or the program ends with a message. */
void *troupe__grab(size_t size) __attribute__((malloc, returns_nonnull));

/* troupe__grow: room for one item more in an array of `count`; the array is
 * moved at powers of two. */
void *troupe__grow(void *items, size_t count, size_t item_size)
    __attribute__((returns_nonnull));

/* troupe__copy: the first `size` bytes of a text, NUL-ended. */
char *troupe__copy(const char *text, size_t size)
    __attribute__((malloc, returns_nonnull));

/* troupe__format: as asprintf; never NULL. */
char *troupe__format(const char *format, ...)
    __attribute__((format(printf, 1, 2), malloc, returns_nonnull));

/*
 * troupe__nearest: which of some names was probably meant.
 *
 *   names    NULLs are passed over.
 *   returns  one of them, or NULL when none is near
 */
const char *troupe__nearest(const char *name, const char *const *names,
                            size_t count);

#endif
