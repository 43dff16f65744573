/* SPDX-License-Identifier: Apache-2.0 */
/* put.h: msgpack's scalars at the end of a buffer, each in its shortest form. */
#ifndef TROUPE_MAILBOX_PUT_H
#define TROUPE_MAILBOX_PUT_H

#include "mailbox/wire.h"

static inline void
troupe__put_byte(struct troupe__buffer *out, uint8_t byte)
{
    *troupe__buffer_room(out, 1) = byte;
    out->size++;
}

static inline void
troupe__put_uint(struct troupe__buffer *out, uint64_t value)
{
    uint8_t *at = troupe__buffer_room(out, 9);
    if (value < 0x80) {
        at[0] = (uint8_t) value;
        out->size += 1;
    } else if (value <= UINT8_MAX) {
        at[0] = 0xcc;
        at[1] = (uint8_t) value;
        out->size += 2;
    } else if (value <= UINT16_MAX) {
        at[0] = 0xcd;
        at[1] = (uint8_t) (value >> 8);
        at[2] = (uint8_t) value;
        out->size += 3;
    } else if (value <= UINT32_MAX) {
        at[0] = 0xce;
        troupe__store_u32(at + 1, (uint32_t) value);
        out->size += 5;
    } else {
        at[0] = 0xcf;
        troupe__store_u64(at + 1, value);
        out->size += 9;
    }
}

static inline void
troupe__put_negative(struct troupe__buffer *out, int64_t value)
{
    uint8_t *at = troupe__buffer_room(out, 9);
    if (value >= -32) {
        at[0] = (uint8_t) value;
        out->size += 1;
    } else if (value >= INT8_MIN) {
        at[0] = 0xd0;
        at[1] = (uint8_t) value;
        out->size += 2;
    } else if (value >= INT16_MIN) {
        at[0] = 0xd1;
        at[1] = (uint8_t) ((uint64_t) value >> 8);
        at[2] = (uint8_t) value;
        out->size += 3;
    } else if (value >= INT32_MIN) {
        at[0] = 0xd2;
        troupe__store_u32(at + 1, (uint32_t) value);
        out->size += 5;
    } else {
        at[0] = 0xd3;
        troupe__store_u64(at + 1, (uint64_t) value);
        out->size += 9;
    }
}

static inline void
troupe__put_int(struct troupe__buffer *out, int64_t value)
{
    if (value >= 0)
        troupe__put_uint(out, (uint64_t) value);
    else
        troupe__put_negative(out, value);
}

static inline void
troupe__put_real(struct troupe__buffer *out, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint8_t *at = troupe__buffer_room(out, 9);
    at[0] = 0xcb;
    troupe__store_u64(at + 1, bits);
    out->size += 9;
}

/*
 * troupe__write_head: the head of something with a size or a count.
 *
 *   at       room for 5 bytes.
 *   code8    first byte when the size takes one more; 0: there is none such.
 *   code16   when it takes two; the byte for four follows that.
 *   returns  the bytes written
 */
static inline size_t
troupe__write_head(uint8_t *at, uint8_t code8, uint8_t code16, size_t size)
{
    if (code8 && size <= UINT8_MAX) {
        at[0] = code8;
        at[1] = (uint8_t) size;
        return 2;
    }
    if (size <= UINT16_MAX) {
        at[0] = code16;
        at[1] = (uint8_t) (size >> 8);
        at[2] = (uint8_t) size;
        return 3;
    }
    at[0] = (uint8_t) (code16 + 1);
    troupe__store_u32(at + 1, (uint32_t) size);
    return 5;
}

#endif
