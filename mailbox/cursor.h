/* SPDX-License-Identifier: Apache-2.0 */
/* cursor.h: walking over msgpack bytes without building anything. */
#ifndef TROUPE_MAILBOX_CURSOR_H
#define TROUPE_MAILBOX_CURSOR_H

#include "mailbox/wire.h"

/*
 * A cursor never reads outside [at, end), whatever the bytes are. It says
 * what an item is; it does not judge text, depth or counts (validate.c does).
 */
struct troupe__cursor {
    const uint8_t *at;
    const uint8_t *end;
};

enum troupe__form {
    FORM_BAD, /* the byte that msgpack never uses */
    FORM_NIL,
    FORM_BOOL,
    FORM_UINT,
    FORM_INT, /* negative */
    FORM_REAL,
    FORM_TEXT,
    FORM_BINARY,
    FORM_EXT,
    FORM_ARRAY,
    FORM_MAP
};

struct troupe__item {
    enum troupe__form form;
    uint64_t number;     /* the value (a real's bits), the size, the count */
    const uint8_t *data; /* of text, binary and ext */
};

/* troupe__cursor_wide: troupe__cursor_next for first bytes 0xc0 .. 0xdf. */
bool troupe__cursor_wide(struct troupe__cursor *self,
                         struct troupe__item *ret_item);

/*
 * troupe__cursor_skip: step over one whole value.
 *
 *   returns  false when it is not wholly there.
 */
bool troupe__cursor_skip(struct troupe__cursor *self);

/*
 * troupe__cursor_next: read one item: a scalar with its bytes, or the head
 * of a container, whose first item the cursor then stands at.
 *
 *   returns  false when the item is not wholly there or begins with 0xc1.
 */
static inline bool
troupe__cursor_next(struct troupe__cursor *self, struct troupe__item *ret_item)
{
    if (self->at >= self->end)
        return false;
    uint8_t first = *self->at;
    if ((first & 0xe0) == 0xc0)
        return troupe__cursor_wide(self, ret_item);

    self->at++;
    if (first < 0x80) {
        ret_item->form = FORM_UINT;
        ret_item->number = first;
    } else if (first < 0xa0) {
        ret_item->form = first < 0x90 ? FORM_MAP : FORM_ARRAY;
        ret_item->number = first & 0x0f;
    } else if (first < 0xc0) {
        ret_item->form = FORM_TEXT;
        ret_item->number = first & 0x1f;
        ret_item->data = self->at;
        if ((size_t) (self->end - self->at) < ret_item->number)
            return false;
        self->at += ret_item->number;
    } else {
        ret_item->form = FORM_INT;
        ret_item->number = (uint64_t) (int64_t) (int8_t) first;
    }
    return true;
}

static inline double
troupe__item_real(const struct troupe__item *self)
{
    double real;
    memcpy(&real, &self->number, sizeof real);
    return real;
}

#endif
