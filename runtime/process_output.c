/* SPDX-License-Identifier: Apache-2.0 */
/* process_output.c: cuts a child's output into lines and keeps the last. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mailbox/check.h"
#include "runtime/process_output.h"

/*
 * The size of the character that begins at `bytes`, and its value; 0 when none
 * begins there. *ret_short: it would need bytes past the end.
 */
static size_t
decode(const unsigned char *bytes, size_t size, uint32_t *ret_value,
       bool *ret_short)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char lead = bytes[0];
    *ret_short = false;
    *ret_value = lead;
    if (lead < 0x80)
        return 1;
    size_t want = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4)
        return 0;
    uint32_t value = lead & (0xffU >> (want + 1));
    for (size_t i = 1; i < want; i++) {
        if (i == size) {
            *ret_short = true;
            return 0;
        }
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
        value = value << 6 | (bytes[i] & 0x3fU);
    }
    *ret_value = value;
    bool surrogate = value >= 0xd800 && value <= 0xdfff;
    return value < least[want] || value > 0x10ffff || surrogate ? 0 : want;
}

/* Ends a line, turns text around, hides it, or does what a terminal obeys. */
static bool
is_harmful(uint32_t value)
{
    return (value < 0x20 && value != '\t') || (value >= 0x7f && value < 0xa0)
           || value == 0x061c || value == 0x200e || value == 0x200f
           || (value >= 0x2028 && value <= 0x202e)
           || (value >= 0x2066 && value <= 0x2069) || value == 0xfeff
           || (value >= 0xe0000 && value <= 0xe007f);
}

size_t
troupe__line_clean(const char *bytes, size_t size, bool over,
                   char text[TROUPE__LINE_TEXT])
{
    CHECK(size <= TROUPE__LINE_MAX);
    size_t at = 0;
    size_t length = 0;
    while (at < size) {
        const unsigned char *here = (const unsigned char *) bytes + at;
        uint32_t value = 0;
        bool is_short = false;
        size_t taken = decode(here, size - at, &value, &is_short);
        if (is_short && over)
            break; /* it was we who cut it */
        char *to = text + length;
        size_t room = TROUPE__LINE_TEXT - length;
        if (taken > 0 && !is_harmful(value)) {
            memcpy(to, here, taken);
            length += taken;
        } else if (taken <= 1) {
            length += (size_t) snprintf(to, room, "\\x%02x", here[0]);
        } else {
            const char *format = value > 0xffff ? "\\U%08x" : "\\u%04x";
            length += (size_t) snprintf(to, room, format, value);
        }
        at += taken > 0 ? taken : 1;
    }
    if (over) {
        memcpy(text + length, " ...", 4);
        length += 4;
    }
    text[length] = '\0';
    return length;
}

/* Hand over the line that is there, and begin the next. */
static void
tell(struct troupe__lines *self, bool over, troupe__line_fn line, void *data)
{
    char text[TROUPE__LINE_TEXT];
    size_t size = self->size;
    if (!over && size > 0 && self->bytes[size - 1] == '\r')
        size--;
    size_t length = troupe__line_clean(self->bytes, size, over, text);
    self->size = 0;
    line(data, text, length);
}

/* Bytes of a line, without its end. */
static void
add(struct troupe__lines *self, const char *bytes, size_t size,
    troupe__line_fn line, void *data)
{
    if (self->over)
        return;
    size_t room = TROUPE__LINE_MAX - self->size;
    size_t taken = size < room ? size : room;
    memcpy(self->bytes + self->size, bytes, taken);
    self->size += taken;
    if (taken < size) {
        self->over = true;
        tell(self, true, line, data);
    }
}

void
troupe__lines_feed(struct troupe__lines *self, const char *bytes, size_t size,
                   troupe__line_fn line, void *data)
{
    const char *end = bytes + size;
    while (bytes < end) {
        const char *stop = memchr(bytes, '\n', (size_t) (end - bytes));
        add(self, bytes, (size_t) ((stop ? stop : end) - bytes), line, data);
        if (!stop)
            return;
        if (!self->over)
            tell(self, false, line, data);
        self->over = false;
        bytes = stop + 1;
    }
}

void
troupe__lines_end(struct troupe__lines *self, troupe__line_fn line, void *data)
{
    if (self->size > 0)
        tell(self, false, line, data);
    self->over = false;
}

void
troupe__tail_init(struct troupe__tail *self, size_t lines_max, size_t bytes_max)
{
    CHECK(lines_max > 0);
    *self =
        (struct troupe__tail){.lines_max = lines_max, .bytes_max = bytes_max};
    self->lines = troupe__alloc(lines_max * sizeof *self->lines);
}

void
troupe__tail_free(struct troupe__tail *self)
{
    for (size_t i = 0; i < self->count; i++)
        free(self->lines[i]);
    free(self->lines);
    *self = (struct troupe__tail){0};
}

static void
drop_oldest(struct troupe__tail *self)
{
    self->bytes -= strlen(self->lines[0]);
    free(self->lines[0]);
    self->count--;
    memmove(self->lines, self->lines + 1, self->count * sizeof *self->lines);
}

void
troupe__tail_add(struct troupe__tail *self, const char *text, size_t size)
{
    if (size > self->bytes_max) {
        size = self->bytes_max;
        while (size > 0 && ((unsigned char) text[size] & 0xc0) == 0x80)
            size--; /* not through the middle of a character */
    }
    while (self->count == self->lines_max
           || (self->count > 0 && self->bytes + size > self->bytes_max))
        drop_oldest(self);
    char *copy = troupe__alloc(size + 1);
    memcpy(copy, text, size);
    self->lines[self->count++] = copy;
    self->bytes += size;
}
