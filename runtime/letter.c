/* SPDX-License-Identifier: Apache-2.0 */
/* letter.c: reading and writing what nodes say over the control link. */
#include "runtime/letter.h"

#include "mailbox/message.h"
#include "mailbox/pack.h"

enum { DEPTH_MAX = 4, VALUES_MAX = 4096 };

static bool
open_within(struct troupe__letter *self, const uint8_t *bytes, size_t size,
            struct troupe__arena *arena, struct troupe__limits limits)
{
    const uint8_t *end = bytes + size;
    if (size == 0
        || troupe__value_check(bytes, end, &limits) != (ptrdiff_t) size)
        return false;
    struct troupe__cursor cursor = {bytes, end};
    struct troupe__item array;
    struct troupe__item verb;
    if (!troupe__cursor_next(&cursor, &array) || array.form != FORM_ARRAY
        || array.number < 1 || !troupe__cursor_next(&cursor, &verb)
        || verb.form != FORM_TEXT || verb.number < 1
        || verb.number > TROUPE__VERB_MAX)
        return false;
    for (size_t i = 0; i < verb.number; i++)
        if (verb.data[i] < 'a' || verb.data[i] > 'z')
            return false;
    *self = (struct troupe__letter){bytes, size, "", arena};
    memcpy(self->verb, verb.data, verb.number);
    return true;
}

bool
troupe__letter_open(struct troupe__letter *self, const uint8_t *bytes,
                    size_t size, struct troupe__arena *arena)
{
    return open_within(self, bytes, size, arena,
                       (struct troupe__limits){DEPTH_MAX, VALUES_MAX});
}

bool
troupe__letter_open_deep(struct troupe__letter *self, const uint8_t *bytes,
                         size_t size, struct troupe__arena *arena)
{
    return open_within(
        self, bytes, size, arena,
        (struct troupe__limits){WIRE_DEPTH_MAX, WIRE_ELEMENTS_MAX});
}

int
troupe__letter_read(const struct troupe__letter *self, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int rc = troupe__unpack_value(self->bytes, self->size, self->arena, format,
                                  &args);
    va_end(args);
    return rc;
}

int
troupe__letter_items(const void *array, size_t size,
                     struct troupe__cursor *ret_cursor)
{
    struct troupe__item item;
    const uint8_t *at = array;
    *ret_cursor = (struct troupe__cursor){at, at + size};
    if (!troupe__cursor_next(ret_cursor, &item) || item.form != FORM_ARRAY)
        return -1;
    return (int) item.number; /* no more than VALUES_MAX: it was checked */
}

bool
troupe__item_is(const struct troupe__item *item, const char *text)
{
    size_t size = strlen(text);
    return item->form == FORM_TEXT && item->number == size
           && memcmp(item->data, text, size) == 0;
}

void
troupe__letter_write(struct troupe__buffer *out, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int rc = troupe__pack(out, format, &args);
    va_end(args);
    CHECK(rc == 0);
}
