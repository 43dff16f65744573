/* SPDX-License-Identifier: Apache-2.0 */
/* bytes.h: numbers in the order of the network, and short copies. */
#ifndef TROUPE_MAILBOX_BYTES_H
#define TROUPE_MAILBOX_BYTES_H

#include <stdint.h>
#include <string.h>

static inline uint64_t
troupe__load_u64(const uint8_t *at)
{
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return __builtin_bswap64(value);
}

static inline void
troupe__store_u64(uint8_t *at, uint64_t value)
{
    value = __builtin_bswap64(value);
    memcpy(at, &value, sizeof value);
}

static inline uint32_t
troupe__load_u32(const uint8_t *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return __builtin_bswap32(value);
}

static inline void
troupe__store_u32(uint8_t *at, uint32_t value)
{
    value = __builtin_bswap32(value);
    memcpy(at, &value, sizeof value);
}

static inline void
troupe__store_u16(uint8_t *at, uint16_t value)
{
    value = __builtin_bswap16(value);
    memcpy(at, &value, sizeof value);
}

/* troupe__copy_short: memcpy of up to 32 bytes that may not overlap. */
static inline void
troupe__copy_short(uint8_t *to, const void *from, size_t size)
{
    const uint8_t *bytes = from;
    if (size >= 16) {
        memcpy(to, bytes, 16);
        memcpy(to + size - 16, bytes + size - 16, 16);
    } else if (size >= 8) {
        memcpy(to, bytes, 8);
        memcpy(to + size - 8, bytes + size - 8, 8);
    } else if (size >= 4) {
        memcpy(to, bytes, 4);
        memcpy(to + size - 4, bytes + size - 4, 4);
    } else if (size > 0) {
        to[0] = bytes[0];
        to[size / 2] = bytes[size / 2];
        to[size - 1] = bytes[size - 1];
    }
}

#endif
