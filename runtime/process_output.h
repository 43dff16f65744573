/* SPDX-License-Identifier: Apache-2.0 */
/* process_output.h: cuts a child's output into lines and keeps the last. */
#ifndef TROUPE_RUNTIME_PROCESS_OUTPUT_H
#define TROUPE_RUNTIME_PROCESS_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TROUPE__LINE_MAX = 1024, /* bytes of a line that are kept */
    /* Of a cleaned line: every byte may become four, then " ..." and NUL. */
    TROUPE__LINE_TEXT = 4 * TROUPE__LINE_MAX + 5
};

/* The line that is being read of one stream; all zero to begin with. */
struct troupe__lines {
    size_t size;
    bool over; /* it is longer than is kept; the rest is passed over */
    char bytes[TROUPE__LINE_MAX];
};

typedef void (*troupe__line_fn)(void *data, const char *text, size_t size);

/*
 * troupe__lines_feed: take bytes as they were read, and call `line` for each
 * line that they end. A line that grows over TROUPE__LINE_MAX is told at once,
 * cut, and the rest of it passed over.
 */
void troupe__lines_feed(struct troupe__lines *self, const char *bytes,
                        size_t size, troupe__line_fn line, void *data);

/* troupe__lines_end: call `line` for what is left without a line's end. */
void troupe__lines_end(struct troupe__lines *self, troupe__line_fn line,
                       void *data);

/*
 * troupe__line_clean: make any bytes harmless to a terminal and a log: valid
 * UTF-8 stays; control characters (but tab), other bytes, and characters that
 * end lines or turn text around become \x1b or \u202e.
 *
 *   over     the line was cut: an unfinished character at its end is dropped,
 *            and " ..." added.
 *   text     out: NUL-ended.
 *   returns  its length
 */
size_t troupe__line_clean(const char *bytes, size_t size, bool over,
                          char text[TROUPE__LINE_TEXT]);

/* The last lines of a child. */
struct troupe__tail {
    char **lines; /* oldest first; room for lines_max */
    size_t count, lines_max;
    size_t bytes, bytes_max; /* of all lines, without their NULs */
};

void troupe__tail_init(struct troupe__tail *self, size_t lines_max,
                       size_t bytes_max);
void troupe__tail_free(struct troupe__tail *self);

/* troupe__tail_add: the oldest lines go when there are too many or too long;
 * a line over bytes_max keeps its beginning. */
void troupe__tail_add(struct troupe__tail *self, const char *text, size_t size);

#endif
