/* SPDX-License-Identifier: Apache-2.0 */
/* table.h: aligned columns of text, and numbers for people. */
#ifndef TROUPE_TOOLS_TABLE_H
#define TROUPE_TOOLS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct troupe__table {
    char **cells; /* the heads, then row by row */
    size_t count, columns;
};

/* troupe__table_add: the next cell; NULL: "-". While `columns` is 0 cells are
 * heads; one that begins with '>' is of numbers. */
void troupe__table_add(struct troupe__table *self, const char *cell);
void troupe__table_number(struct troupe__table *self, uint64_t number);
void troupe__table_format(struct troupe__table *self, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* troupe__table_print: at most so many rows; 0: all. */
void troupe__table_print(const struct troupe__table *self, size_t rows_max,
                         FILE *out);

/* troupe__table_free: it is empty then, without columns. */
void troupe__table_free(struct troupe__table *self);

/* troupe__time_text: "1.2 s", "35 ms", "12 us", "2 m 3 s"; at most 31 bytes. */
const char *troupe__time_text(uint64_t ns, char text[32]);

#endif
