/* SPDX-License-Identifier: Apache-2.0 */
/* wire.c: the part of an envelope that is the same in every message. */
#include "mailbox/wire.h"

const uint8_t troupe__wire_blank[WIRE_AT_TYPE] = {
    [0] = 0x90 | WIRE_ITEMS,   [WIRE_AT_KIND] = WIRE_VERSION << 4,
    [WIRE_AT_SIZE] = 0xce,     [WIRE_AT_TO] = 0xcf,
    [WIRE_AT_FROM] = 0xcf,     [WIRE_AT_ID] = 0xcf,
    [WIRE_AT_DEADLINE] = 0xcf,
};

_Static_assert(WIRE_AT_TO == WIRE_AT_SIZE + 5, "size is a uint 32");
_Static_assert(WIRE_AT_TYPE == WIRE_AT_TO + 4 * 9, "four times uint 64");
_Static_assert((WIRE_VERSION << 4 | WIRE_KIND_MAX) < 128, "one byte");
