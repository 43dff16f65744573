/* SPDX-License-Identifier: Apache-2.0 */
/* unpack_scalar.c: the letters that read one value each. */
#include <errno.h>
#include <limits.h>

#include "mailbox/format.h"
#include "mailbox/unpack.h"
#include "troupe_base.h"

/* The next item when it is of that form. */
static inline int
take(struct troupe__reader *self, enum troupe__form form,
     struct troupe__item *ret_item)
{
    return troupe__cursor_next(&self->cursor, ret_item)
                   && ret_item->form == form
               ? 0
               : -EBADMSG;
}

static int
read_text(struct troupe__reader *self)
{
    bool sized = troupe__format_mark(&self->format, '%');
    bool nullable = !sized && troupe__format_mark(&self->format, '?');
    const char **ret_text = va_arg(*self->args, const char **);
    size_t *ret_size = sized ? va_arg(*self->args, size_t *) : NULL;
    if (!ret_text || (sized && !ret_size))
        return -EINVAL;

    struct troupe__item item;
    if (!troupe__cursor_next(&self->cursor, &item))
        return -EBADMSG;
    if (nullable && item.form == FORM_NIL) {
        *ret_text = NULL;
        return 0;
    }
    if (item.form != FORM_TEXT)
        return -EBADMSG;
    if (sized) {
        *ret_text = (const char *) item.data;
        *ret_size = item.number;
        return 0;
    }
    /* A NUL inside would cut the text short where nobody sees it. */
    if (memchr(item.data, '\0', item.number))
        return -EBADMSG;
    char *text = troupe__arena_alloc(self->arena, item.number + 1);
    memcpy(text, item.data, item.number);
    text[item.number] = '\0';
    *ret_text = text;
    return 0;
}

static int
read_signed(struct troupe__reader *self, int64_t low, int64_t high,
            int64_t *ret_value)
{
    struct troupe__item item;
    if (!troupe__cursor_next(&self->cursor, &item)
        || (item.form != FORM_UINT && item.form != FORM_INT))
        return -EBADMSG;
    int64_t value = (int64_t) item.number;
    if (item.form == FORM_UINT ? item.number > (uint64_t) high : value < low)
        return -ERANGE;
    *ret_value = value;
    return 0;
}

static int
read_int(struct troupe__reader *self)
{
    int *ret_value = va_arg(*self->args, int *);
    if (!ret_value)
        return -EINVAL;
    int64_t value = 0;
    int rc = read_signed(self, INT_MIN, INT_MAX, &value);
    if (rc == 0)
        *ret_value = (int) value;
    return rc;
}

static int
read_long(struct troupe__reader *self)
{
    int64_t *ret_value = va_arg(*self->args, int64_t *);
    if (!ret_value)
        return -EINVAL;
    return read_signed(self, INT64_MIN, INT64_MAX, ret_value);
}

static int
read_unsigned(struct troupe__reader *self, uint64_t *ret_value)
{
    if (!ret_value)
        return -EINVAL;
    struct troupe__item item;
    if (!troupe__cursor_next(&self->cursor, &item))
        return -EBADMSG;
    if (item.form == FORM_INT)
        return -ERANGE;
    if (item.form != FORM_UINT)
        return -EBADMSG;
    *ret_value = item.number;
    return 0;
}

static int
read_ref(struct troupe__reader *self)
{
    troupe_ref_t *ret_ref = va_arg(*self->args, troupe_ref_t *);
    return read_unsigned(self, ret_ref ? &ret_ref->id : NULL);
}

static int
read_real(struct troupe__reader *self)
{
    double *ret_value = va_arg(*self->args, double *);
    if (!ret_value)
        return -EINVAL;
    struct troupe__item item;
    if (!troupe__cursor_next(&self->cursor, &item))
        return -EBADMSG;
    if (item.form == FORM_REAL)
        *ret_value = troupe__item_real(&item);
    else if (item.form == FORM_UINT)
        *ret_value = (double) item.number;
    else if (item.form == FORM_INT)
        *ret_value = (double) (int64_t) item.number;
    else
        return -EBADMSG;
    return 0;
}

static int
read_bool(struct troupe__reader *self)
{
    bool *ret_value = va_arg(*self->args, bool *);
    if (!ret_value)
        return -EINVAL;
    struct troupe__item item;
    int rc = take(self, FORM_BOOL, &item);
    if (rc == 0)
        *ret_value = item.number != 0;
    return rc;
}

static int
read_bytes(struct troupe__reader *self, bool raw)
{
    const void **ret_bytes = va_arg(*self->args, const void **);
    size_t *ret_size = va_arg(*self->args, size_t *);
    if (!ret_bytes || !ret_size)
        return -EINVAL;
    if (raw) {
        const uint8_t *start = self->cursor.at;
        if (!troupe__cursor_skip(&self->cursor))
            return -EBADMSG;
        *ret_bytes = start;
        *ret_size = (size_t) (self->cursor.at - start);
        return 0;
    }
    struct troupe__item item;
    int rc = take(self, FORM_BINARY, &item);
    if (rc == 0) {
        *ret_bytes = item.data;
        *ret_size = item.number;
    }
    return rc;
}

int
troupe__read_scalar(struct troupe__reader *self, char letter)
{
    struct troupe__item item;
    switch (letter) {
    case 's':
        return read_text(self);
    case 'i':
        return read_int(self);
    case 'I':
        return read_long(self);
    case 'U':
        return read_unsigned(self, va_arg(*self->args, uint64_t *));
    case 'f':
        return read_real(self);
    case 'b':
        return read_bool(self);
    case 'n':
        return take(self, FORM_NIL, &item);
    case 'B':
        return read_bytes(self, false);
    case 'r':
        return read_bytes(self, true);
    case 'R':
        return read_ref(self);
    default:
        return -EINVAL;
    }
}

int
troupe__pass_scalar(struct troupe__reader *self, char letter)
{
    size_t targets = 1;
    if (letter == 's')
        targets = troupe__format_mark(&self->format, '%') ? 2 : 1;
    else if (letter == 'B' || letter == 'r')
        targets = 2;
    else if (letter == 'n')
        targets = 0;
    else if (letter == '\0' || !strchr("iIUfbR", letter))
        return -EINVAL;
    if (letter == 's' && targets == 1)
        (void) troupe__format_mark(&self->format, '?');
    for (; targets > 0; targets--)
        if (!va_arg(*self->args, void *))
            return -EINVAL;
    return 0;
}
