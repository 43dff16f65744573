/* SPDX-License-Identifier: Apache-2.0 */
/* pack.h: writing a body by a format, and checking bytes of others. */
#ifndef TROUPE_MAILBOX_PACK_H
#define TROUPE_MAILBOX_PACK_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "mailbox/put.h"

/*
 * troupe__pack: append one value by a format of troupe_message.h.
 *
 *   out      the buffer; on error its size is what it was. A troupe_write_fn
 *            writes into it: nobody else may append before it returns.
 *   format   NULL writes nil.
 *   args     the arguments; consumed.
 *   returns  0, or
 *            -EINVAL    the format, a NULL, text that is not UTF-8, nesting
 *            -EMSGSIZE  a string or binary of 4 GiB or more
 *            -EBADMSG   "r" or "*" is not one whole value, or the body
 *                       would nest too deep or hold too many values with it
 *            or what a troupe_write_fn returned
 */
static inline int troupe__pack(struct troupe__buffer *out, const char *format,
                               va_list *args);

/* The general case of it: `format` is not NULL. */
int troupe__pack_format(struct troupe__buffer *out, const char *format,
                        va_list *args);

static inline int
troupe__pack(struct troupe__buffer *out, const char *format, va_list *args)
{
    if (!format) {
        troupe__put_byte(out, 0xc0);
        return 0;
    }
    /* One integer is what many messages carry: a short cut for it. */
    bool is_int = *format == 'i';
    if ((!is_int && *format != 'I') || format[1] != '\0')
        return troupe__pack_format(out, format, args);
    int64_t value = is_int ? va_arg(*args, int) : va_arg(*args, int64_t);
    if (__builtin_expect(value >= 0 && value < 0x80, 1))
        troupe__put_byte(out, (uint8_t) value);
    else
        troupe__put_int(out, value);
    return 0;
}

/* What may still come: both shrink while values are checked. */
struct troupe__limits {
    size_t depth;    /* containers inside each other */
    size_t elements; /* values, containers and keys included */
};

/*
 * troupe__value_check: check the msgpack value that begins at `at`, in one
 * pass, without recursion or allocation: header bytes present, counts
 * against bytes left, depth, number of values, strict UTF-8 in strings, no
 * 0xc1. What is accepted msgpack-c accepts too.
 *
 *   limits   in and out: `elements` is lowered by the values seen.
 *   returns  the bytes of the value (1 ..), or -EBADMSG.
 */
ptrdiff_t troupe__value_check(const uint8_t *at, const uint8_t *end,
                              struct troupe__limits *limits);

/* troupe__value_size: the same with depth WIRE_DEPTH_MAX. */
ptrdiff_t troupe__value_size(const uint8_t *at, const uint8_t *end,
                             size_t elements_max);

/* troupe__is_short_ascii: what keys, names and ids are: worth a look before
 * anything is called. */
static inline bool
troupe__is_short_ascii(const char *text, size_t size)
{
    uint64_t first = 0;
    uint64_t last = 0;
    if (size > 16)
        return false;
    if (size >= 8) {
        memcpy(&first, text, 8);
        memcpy(&last, text + size - 8, 8);
    } else if (size >= 4) {
        memcpy(&first, text, 4);
        memcpy(&last, text + size - 4, 4);
    } else if (size > 0) {
        first = (uint8_t) (text[0] | text[size / 2] | text[size - 1]);
    }
    return ((first | last) & UINT64_C(0x8080808080808080)) == 0;
}

/* troupe__utf8: true when the bytes are strict UTF-8. */
bool troupe__utf8(const uint8_t *bytes, size_t size);

#endif
