/* SPDX-License-Identifier: Apache-2.0 */
/* text.c: text that grows at the end, and what UTF-8 asks for. */
#include "actors/text.h"

#include <errno.h>
#include <iconv.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mailbox/check.h"

void
troupe__text_grow(struct troupe__text *self, size_t size)
{
    CHECK(size < SIZE_MAX / 4);
    size_t need = self->size + size + 1;
    size_t capacity = self->capacity ? self->capacity * 2 : 64;
    while (capacity < need)
        capacity *= 2;
    self->data = troupe__realloc(self->data, capacity);
    self->capacity = capacity;
}

void
troupe__text_puts(struct troupe__text *self, const char *text)
{
    troupe__text_put(self, text, strlen(text));
}

void
troupe__text_putc(struct troupe__text *self, char c)
{
    troupe__text_put(self, &c, 1);
}

void
troupe__text_printf(struct troupe__text *self, const char *format, ...)
{
    CHECK(format);
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);
    int size = vsnprintf(NULL, 0, format, args);
    CHECK(size >= 0);
    char *room = troupe__text_room(self, (size_t) size);
    vsnprintf(room, (size_t) size + 1, format, again);
    self->size += (size_t) size;
    va_end(again);
    va_end(args);
}

void
troupe__text_free(struct troupe__text *self)
{
    free(self->data);
    *self = (struct troupe__text){0};
}

void
troupe__text_clear(struct troupe__text *self)
{
    self->size = 0;
    if (self->data)
        self->data[0] = 0;
}

const char *
troupe__text_string(const struct troupe__text *self)
{
    return self->data ? self->data : "";
}

size_t
troupe__utf8_size(const char *text, size_t size)
{
    const unsigned char *s = (const unsigned char *) text;
    if (size == 0)
        return 0;
    if (s[0] < 0x80)
        return 1;
    size_t length = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
    if (s[0] < 0xc2 || s[0] > 0xf4 || length > size)
        return 0;
    unsigned low = 0x80, high = 0xbf; /* of the second byte */
    if (s[0] == 0xe0)
        low = 0xa0;
    else if (s[0] == 0xed)
        high = 0x9f;
    else if (s[0] == 0xf0)
        low = 0x90;
    else if (s[0] == 0xf4)
        high = 0x8f;
    if (s[1] < low || s[1] > high)
        return 0;
    for (size_t i = 2; i < length; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    return length;
}

bool
troupe__utf8_is_valid(const char *text, size_t size)
{
    for (size_t at = 0; at < size;) {
        size_t step = troupe__utf8_size(text + at, size - at);
        if (step == 0)
            return false;
        at += step;
    }
    return true;
}

/* In a text, control characters are rare; in other data they are not. */
static bool
is_binary(const struct troupe__text *self)
{
    size_t odd = 0;
    for (size_t i = 0; i < self->size; i++) {
        unsigned char c = (unsigned char) self->data[i];
        if (c == 0)
            return true;
        if (c < 0x20 && !strchr("\t\n\r\f\b\033", c))
            odd++;
    }
    return odd > 8 && odd > self->size / 50;
}

static int
convert_utf16(struct troupe__text *self)
{
    iconv_t converter = iconv_open("UTF-8", "UTF-16");
    if (converter == (iconv_t) -1)
        return -EBADMSG;
    struct troupe__text out = {0};
    char *from = self->data;
    size_t from_left = self->size;
    size_t to_left = self->size * 3 / 2 + 4;
    char *to = troupe__text_room(&out, to_left);
    size_t rc = iconv(converter, &from, &from_left, &to, &to_left);
    iconv_close(converter);
    if (rc == (size_t) -1 && errno != EINVAL) { /* EINVAL: cut off at the end */
        troupe__text_free(&out);
        return -EBADMSG;
    }
    out.size = (size_t) (to - out.data);
    out.data[out.size] = 0;
    troupe__text_free(self);
    *self = out;
    return 0;
}

static void
convert_latin1(struct troupe__text *self)
{
    struct troupe__text out = {0};
    char *to = troupe__text_room(&out, self->size * 2);
    for (size_t i = 0; i < self->size; i++) {
        unsigned char c = (unsigned char) self->data[i];
        if (c < 0x80) {
            *to++ = (char) c;
        } else {
            *to++ = (char) (0xc0 | (c >> 6));
            *to++ = (char) (0x80 | (c & 0x3f));
        }
    }
    *to = 0;
    out.size = (size_t) (to - out.data);
    troupe__text_free(self);
    *self = out;
}

/* Overstrikes ("_\bx", "x\bx") and colours (ESC [ ... m) are for printers. */
static void
clean(struct troupe__text *self)
{
    char *s = self->data;
    size_t size = self->size, from = 0, to = 0;
    if (size >= 3 && memcmp(s, "\xef\xbb\xbf", 3) == 0)
        from = 3;
    for (; from < size; from++) {
        unsigned char c = (unsigned char) s[from];
        if (c == '\r') {
            if (from + 1 < size && s[from + 1] == '\n')
                continue;
            c = '\n';
        } else if (c == '\b') {
            while (to > 0 && (s[to - 1] & 0xc0) == 0x80)
                to--;
            if (to > 0 && s[to - 1] != '\n')
                to--;
            continue;
        } else if (c == 033) {
            if (from + 1 < size && s[from + 1] == '[') {
                while (from + 1 < size
                       && !(s[from] >= 'A' && s[from] <= 'z' && s[from] != '['))
                    from++;
            }
            continue;
        } else if (c == '\f') {
            c = '\n';
        } else if ((c < 0x20 && c != '\t' && c != '\n') || c == 0x7f) {
            continue;
        }
        s[to++] = (char) c;
    }
    self->size = to;
    s[to] = 0;
}

int
troupe__text_decode(struct troupe__text *self, const char **ret_note)
{
    const char *note = "";
    if (self->size == 0) {
        *ret_note = note;
        return 0;
    }
    if (self->size >= 2
        && (memcmp(self->data, "\xff\xfe", 2) == 0
            || memcmp(self->data, "\xfe\xff", 2) == 0)) {
        if (convert_utf16(self) < 0)
            return -EBADMSG;
        note = "read as UTF-16";
    }
    if (is_binary(self))
        return -EBADMSG;
    if (!troupe__utf8_is_valid(self->data, self->size)) {
        convert_latin1(self);
        note = "not UTF-8: read as Latin-1";
    }
    clean(self);
    *ret_note = note;
    return 0;
}
