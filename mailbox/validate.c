/* SPDX-License-Identifier: Apache-2.0 */
/* validate.c: is this one whole msgpack value, and one that we can bear? */
#include <errno.h>

#include "mailbox/cursor.h"
#include "mailbox/pack.h"

#define HIGH_BITS UINT64_C(0x8080808080808080)

static inline uint64_t
load_8(const uint8_t *at)
{
    uint64_t bytes;
    memcpy(&bytes, at, sizeof bytes);
    return bytes;
}

/*
 * The bytes of the character that begins with `*at` (0x80 or more), or 0. The
 * second byte's range shuts out overlong forms, surrogates and all above
 * U+10FFFF (Unicode 15, table 3-7).
 */
static size_t
character_size(const uint8_t *at, size_t left)
{
    uint8_t first = at[0];
    size_t size = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (first < 0xc2 || first > 0xf4 || left < size)
        return 0;
    uint8_t low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    uint8_t high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (at[1] < low || at[1] > high)
        return 0;
    for (size_t i = 2; i < size; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    return size;
}

bool
troupe__utf8(const uint8_t *bytes, size_t size)
{
    size_t i = 0;
    while (i < size) {
        if (size - i >= 8 && (load_8(bytes + i) & HIGH_BITS) == 0) {
            i += 8;
        } else if (bytes[i] < 0x80) {
            i++;
        } else {
            size_t step = character_size(bytes + i, size - i);
            if (step == 0)
                return false;
            i += step;
        }
    }
    return true;
}

ptrdiff_t
troupe__value_check(const uint8_t *at, const uint8_t *end,
                    struct troupe__limits *limits)
{
    size_t outside[WIRE_DEPTH_MAX]; /* what each container around this lacks */
    size_t depth = 0, missing = 1;  /* what this one lacks */
    outside[0] = 0;
    struct troupe__cursor cursor = {at, end};
    CHECK(limits->depth <= WIRE_DEPTH_MAX);
    do {
        struct troupe__item item;
        if (limits->elements == 0 || !troupe__cursor_next(&cursor, &item))
            return -EBADMSG;
        limits->elements--;
        missing--;
        if (item.form == FORM_TEXT) {
            if (!troupe__is_short_ascii((const char *) item.data, item.number)
                && !troupe__utf8(item.data, item.number))
                return -EBADMSG;
        } else if (item.form == FORM_ARRAY || item.form == FORM_MAP) {
            uint64_t items = item.number << (item.form == FORM_MAP);
            if (depth == limits->depth || items > limits->elements
                || items > (uint64_t) (end - cursor.at))
                return -EBADMSG;
            outside[depth++] = missing;
            missing = items;
        }
        while (missing == 0 && depth > 0)
            missing = outside[--depth];
    } while (missing > 0);
    return cursor.at - at;
}

ptrdiff_t
troupe__value_size(const uint8_t *at, const uint8_t *end, size_t elements_max)
{
    struct troupe__limits limits = {WIRE_DEPTH_MAX, elements_max};
    return troupe__value_check(at, end, &limits);
}
