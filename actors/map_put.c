/* SPDX-License-Identifier: Apache-2.0 */
/* map_put.c: tasks and results written as msgpack; see map_wire.h. */
#include "actors/map_wire.h"

#include <endian.h>
#include <string.h>

enum {
    NIL = 0xc0,
    BIN32 = 0xc6,
    FLOAT64 = 0xcb,
    UINT32 = 0xce,
    UINT64 = 0xcf,
    STR32 = 0xdb,
    ARRAY32 = 0xdd
};

/* One byte, and a number of so many bytes behind it. */
static inline void
put_head(struct troupe__text *to, uint8_t first, uint64_t number, size_t size)
{
    char bytes[9] = {(char) first};
    number = htobe64(number << (size > 0 ? 64 - 8 * size : 0));
    memcpy(bytes + 1, &number, sizeof number);
    troupe__text_put(to, bytes, 1 + size);
}

void
troupe__put_array(struct troupe__text *to, uint32_t count)
{
    if (count < 16)
        put_head(to, (uint8_t) (0x90 | count), 0, 0);
    else
        put_head(to, ARRAY32, count, 4);
}

void
troupe__put_uint(struct troupe__text *to, uint64_t number)
{
    if (number < 128)
        put_head(to, (uint8_t) number, 0, 0);
    else if (number <= UINT32_MAX)
        put_head(to, UINT32, number, 4);
    else
        put_head(to, UINT64, number, 8);
}

void
troupe__put_real(struct troupe__text *to, double number)
{
    uint64_t bits = 0;
    memcpy(&bits, &number, sizeof bits);
    put_head(to, FLOAT64, bits, 8);
}

void
troupe__put_text(struct troupe__text *to, const char *text, size_t size)
{
    if (size < 32)
        put_head(to, (uint8_t) (0xa0 | size), 0, 0);
    else
        put_head(to, STR32, size, 4);
    troupe__text_put(to, text, size);
}

void
troupe__put_nil(struct troupe__text *to)
{
    put_head(to, NIL, 0, 0);
}

void
troupe__put_bin(struct troupe__text *to, const void *bytes, size_t size)
{
    put_head(to, BIN32, size, 4);
    troupe__text_put(to, bytes, size);
}
