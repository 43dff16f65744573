/* SPDX-License-Identifier: Apache-2.0 */
/* timeline.h: what ran when, as bars of an SVG. */
#ifndef TROUPE_TOOLS_TIMELINE_H
#define TROUPE_TOOLS_TIMELINE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum troupe__bar_style { TROUPE__BAR_OK, TROUPE__BAR_BAD, TROUPE__BAR_LATE };

/* A row; times are from the beginning of the whole. Borrowed. */
struct troupe__bar {
    const char *name;
    const char *state; /* a word for it */
    const char *why;   /* of a failure; "" otherwise */
    enum troupe__bar_style style;
    uint32_t tries;
    uint64_t ready_ns; /* it could have begun */
    uint64_t from_ns;
    uint64_t to_ns;
};

/*
 * troupe__timeline_draw: write them as one <svg> element, from top to bottom.
 *
 *   wall_ns  of the whole; the width is that.
 *   foot     stands below them; borrowed.
 */
void troupe__timeline_draw(const struct troupe__bar *bars, size_t count,
                           uint64_t wall_ns, const char *foot, FILE *out);

/* troupe__xml_write: text, harmless in XML and HTML and in attributes that
 * stand in double quotes. */
void troupe__xml_write(const char *text, FILE *out);

#endif
