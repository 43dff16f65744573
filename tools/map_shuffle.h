/* SPDX-License-Identifier: Apache-2.0 */
/* map_shuffle.h: lines of a file in random order. */
#ifndef TROUPE_TOOLS_MAP_SHUFFLE_H
#define TROUPE_TOOLS_MAP_SHUFFLE_H

#include <stddef.h>
#include <stdint.h>

/* A line, by its place in the buffer. */
struct troupe__map_line {
    size_t at, size;
    uint64_t line; /* its number in the file */
};

/* All lines, and which comes when. */
struct troupe__map_order {
    struct troupe__map_line *lines;
    size_t count;
    size_t *ranks; /* which line comes then; NULL: not all have been read */
    size_t next;
};

/* troupe__map_seed: one that nobody has chosen. */
uint64_t troupe__map_seed(void);
void troupe__map_order_add(struct troupe__map_order *self,
                           struct troupe__map_line line);
/* troupe__map_shuffle: all are there: their order. */
void troupe__map_shuffle(struct troupe__map_order *self, uint64_t seed);
void troupe__map_order_free(struct troupe__map_order *self);

#endif
