/* SPDX-License-Identifier: Apache-2.0 */
/* cursor.c: the msgpack items whose first byte is 0xc0 .. 0xdf. */
#include "mailbox/cursor.h"

/* `width` bytes of number follow the first byte; `fixed` is then added. */
struct shape {
    uint8_t form;
    uint8_t width;
    uint8_t fixed;
    bool is_signed;
    bool is_plain; /* the number is all there is to it */
};

static const struct shape shapes[32] = {
    [0x00] = {FORM_NIL, 0, 0, false, true},
    [0x01] = {FORM_BAD, 0, 0, false, false},
    [0x02] = {FORM_BOOL, 0, 0, false, true},
    [0x03] = {FORM_BOOL, 0, 1, false, true},
    [0x04] = {FORM_BINARY, 1, 0, false, false},
    [0x05] = {FORM_BINARY, 2, 0, false, false},
    [0x06] = {FORM_BINARY, 4, 0, false, false},
    [0x07] = {FORM_EXT, 1, 0, false, false},
    [0x08] = {FORM_EXT, 2, 0, false, false},
    [0x09] = {FORM_EXT, 4, 0, false, false},
    [0x0a] = {FORM_REAL, 4, 0, false, false},
    [0x0b] = {FORM_REAL, 8, 0, false, true},
    [0x0c] = {FORM_UINT, 1, 0, false, true},
    [0x0d] = {FORM_UINT, 2, 0, false, true},
    [0x0e] = {FORM_UINT, 4, 0, false, true},
    [0x0f] = {FORM_UINT, 8, 0, false, true},
    [0x10] = {FORM_UINT, 1, 0, true, false},
    [0x11] = {FORM_UINT, 2, 0, true, false},
    [0x12] = {FORM_UINT, 4, 0, true, false},
    [0x13] = {FORM_UINT, 8, 0, true, false},
    [0x14] = {FORM_EXT, 0, 1, false, false},
    [0x15] = {FORM_EXT, 0, 2, false, false},
    [0x16] = {FORM_EXT, 0, 4, false, false},
    [0x17] = {FORM_EXT, 0, 8, false, false},
    [0x18] = {FORM_EXT, 0, 16, false, false},
    [0x19] = {FORM_TEXT, 1, 0, false, false},
    [0x1a] = {FORM_TEXT, 2, 0, false, false},
    [0x1b] = {FORM_TEXT, 4, 0, false, false},
    [0x1c] = {FORM_ARRAY, 2, 0, false, true},
    [0x1d] = {FORM_ARRAY, 4, 0, false, true},
    [0x1e] = {FORM_MAP, 2, 0, false, true},
    [0x1f] = {FORM_MAP, 4, 0, false, true},
};

static uint64_t
load(const uint8_t *at, uint8_t width)
{
    switch (width) {
    case 1:
        return at[0];
    case 2:
        return (uint64_t) at[0] << 8 | at[1];
    case 4:
        return troupe__load_u32(at);
    case 8:
        return troupe__load_u64(at);
    default:
        return 0;
    }
}

static uint64_t
load_signed(const uint8_t *at, uint8_t width)
{
    unsigned shift = 64 - 8U * width;
    return (uint64_t) ((int64_t) (load(at, width) << shift) >> shift);
}

/* A float 32 is widened, so that there is one kind of real. */
static uint64_t
real_bits(uint64_t bits, uint8_t width)
{
    if (width == 8)
        return bits;
    uint32_t narrow = (uint32_t) bits;
    float single;
    memcpy(&single, &narrow, sizeof single);
    double real = (double) single;
    memcpy(&bits, &real, sizeof bits);
    return bits;
}

bool
troupe__cursor_wide(struct troupe__cursor *self, struct troupe__item *ret_item)
{
    struct shape shape = shapes[*self->at & 0x1f];
    const uint8_t *at = self->at + 1;
    size_t left = (size_t) (self->end - at);
    if (left < shape.width || shape.form == FORM_BAD)
        return false;

    ret_item->form = shape.form;
    ret_item->number = load(at, shape.width) + shape.fixed;
    if (shape.is_plain) { /* most are */
        self->at = at + shape.width;
        return true;
    }
    if (shape.is_signed) {
        ret_item->number = load_signed(at, shape.width);
        if ((int64_t) ret_item->number < 0)
            ret_item->form = FORM_INT;
    }
    at += shape.width;
    left -= shape.width;

    uint64_t size = 0;
    if (shape.form == FORM_REAL)
        ret_item->number = real_bits(ret_item->number, shape.width);
    else if (shape.form == FORM_TEXT || shape.form == FORM_BINARY)
        size = ret_item->number;
    else if (shape.form == FORM_EXT)
        size = ret_item->number + 1; /* its type comes first */
    if (left < size)
        return false;
    ret_item->data = at;
    self->at = at + size;
    return true;
}

bool
troupe__cursor_skip(struct troupe__cursor *self)
{
    uint64_t wanted = 1;
    while (wanted > 0) {
        struct troupe__item item;
        if (!troupe__cursor_next(self, &item))
            return false;
        wanted--;
        if (item.form == FORM_ARRAY)
            wanted += item.number;
        else if (item.form == FORM_MAP)
            wanted += 2 * item.number;
        /* An item takes a byte or more: this also bounds `wanted`. */
        if (wanted > (uint64_t) (self->end - self->at))
            return false;
    }
    return true;
}
