/* SPDX-License-Identifier: Apache-2.0 */
/* wire.c: the size of a large message. */
#include "mailbox/wire.h"

void
troupe__wire_widen(struct troupe__buffer *out, size_t start, size_t more)
{
    troupe__buffer_room(out, WIRE_SIZE_EXTRA);
    uint8_t *at = out->data + start;
    memmove(at + WIRE_AT_TO + WIRE_SIZE_EXTRA, at + WIRE_AT_TO,
            out->size - start - WIRE_AT_TO);
    out->size += WIRE_SIZE_EXTRA;
    size_t size = out->size - start + more;
    CHECK(size <= UINT32_MAX);
    at[WIRE_AT_SIZE] = 0xce;
    troupe__store_u32(at + WIRE_AT_SIZE + 1, (uint32_t) size);
}
