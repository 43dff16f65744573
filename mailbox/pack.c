/* SPDX-License-Identifier: Apache-2.0 */
/* pack.c: the formats that write a body. */
#include "mailbox/pack.h"

#include <errno.h>

#include "mailbox/format.h"
#include "mailbox/message.h"
#include "mailbox/put.h"
#include "mailbox/wire.h"
#include "troupe_msgpack.h"

/* A container that is being written. Its head is one byte until it closes. */
struct open {
    size_t start; /* of the head, in the buffer */
    size_t count; /* items, or pairs, so far */
    bool is_map;
};

struct packer {
    struct troupe__buffer *out;
    const char *format; /* the next letter */
    va_list *args;
    size_t elements; /* values that the body may still hold */
    size_t depth;
    struct open open[WIRE_DEPTH_MAX];
};

/* strlen, and faster for keys and names, which are short. */
static inline size_t
text_size(const char *text)
{
    size_t size = 0;
    while (size < 12 && text[size] != '\0')
        size++;
    return size < 12 ? size : size + strlen(text + size);
}

static int
put_text(struct packer *self, const char *text, size_t size)
{
    if (size > UINT32_MAX)
        return -EMSGSIZE;
    if (!troupe__is_short_ascii(text, size)
        && !troupe__utf8((const uint8_t *) text, size))
        return -EINVAL;
    uint8_t *at = troupe__buffer_room(self->out, size + 5);
    if (size < 32) {
        at[0] = (uint8_t) (0xa0 | size);
        troupe__copy_short(at + 1, text, size);
        self->out->size += 1 + size;
        return 0;
    }
    size_t head = troupe__write_head(at, 0xd9, 0xda, size);
    memcpy(at + head, text, size);
    self->out->size += head + size;
    return 0;
}

static int
pack_text(struct packer *self, bool is_key)
{
    const char *text = va_arg(*self->args, const char *);
    if (troupe__format_mark(&self->format, '#')) {
        size_t size = va_arg(*self->args, size_t);
        if (!text && size > 0)
            return -EINVAL;
        return put_text(self, text, size);
    }
    bool nullable = !is_key && troupe__format_mark(&self->format, '?');
    if (!text && nullable) {
        troupe__put_byte(self->out, 0xc0);
        return 0;
    }
    if (!text)
        return -EINVAL;
    return put_text(self, text, text_size(text));
}

static int
pack_binary(struct packer *self)
{
    const void *bytes = va_arg(*self->args, const void *);
    size_t size = va_arg(*self->args, size_t);
    if (!bytes && size > 0)
        return -EINVAL;
    if (size > UINT32_MAX)
        return -EMSGSIZE;
    uint8_t *at = troupe__buffer_room(self->out, size + 5);
    self->out->size += troupe__write_head(at, 0xc4, 0xc5, size);
    troupe__buffer_put(self->out, bytes, size);
    return 0;
}

/* The bytes must be one value that fits into what the body may still hold. */
static int
check_value(struct packer *self, const uint8_t *bytes, size_t size)
{
    struct troupe__limits limits = {WIRE_DEPTH_MAX - self->depth,
                                    self->elements};
    ptrdiff_t used = troupe__value_check(bytes, bytes + size, &limits);
    if (used < 0 || (size_t) used != size)
        return -EBADMSG;
    /* Where there is a container, that counts this value as its item. */
    self->elements = limits.elements + (self->depth > 0);
    return 0;
}

static int
pack_raw(struct packer *self)
{
    const void *bytes = va_arg(*self->args, const void *);
    size_t size = va_arg(*self->args, size_t);
    if (!bytes)
        return -EINVAL;
    int rc = check_value(self, bytes, size);
    if (rc == 0)
        troupe__buffer_put(self->out, bytes, size);
    return rc;
}

static int
pack_message(struct packer *self)
{
    const troupe_message_t *msg = va_arg(*self->args, const troupe_message_t *);
    if (!msg)
        return -EINVAL;
    /* A body has been checked, but inside another it may nest too deep. */
    int rc = 0;
    if (self->depth > 0)
        rc = check_value(self, msg->body, msg->body_size);
    if (rc == 0)
        troupe__buffer_put(self->out, msg->body, msg->body_size);
    return rc;
}

static int
write_some(void *buffer, const char *bytes, size_t size)
{
    troupe__buffer_put(buffer, bytes, size);
    return 0;
}

static int
pack_written(struct packer *self)
{
    troupe_write_fn write = va_arg(*self->args, troupe_write_fn);
    void *arg = va_arg(*self->args, void *);
    if (!write)
        return -EINVAL;
    size_t start = self->out->size;
    msgpack_packer packer;
    msgpack_packer_init(&packer, self->out, write_some);
    int rc = write(&packer, arg);
    if (rc != 0)
        return rc < 0 ? rc : -EINVAL;
    CHECK(self->out->size >= start);
    if (self->out->size == start)
        return -EBADMSG;
    return check_value(self, self->out->data + start, self->out->size - start);
}

static int
open_container(struct packer *self, bool is_map)
{
    if (self->depth == WIRE_DEPTH_MAX)
        return -EINVAL;
    if (self->depth == 0)
        self->elements--;
    self->open[self->depth++] = (struct open){self->out->size, 0, is_map};
    troupe__put_byte(self->out, 0);
    return 0;
}

/* More than 15 items: the head grows, and what follows it makes room. */
static void
widen_head(struct packer *self, const struct open *top)
{
    uint8_t head[5];
    size_t size =
        troupe__write_head(head, 0, top->is_map ? 0xde : 0xdc, top->count);
    troupe__buffer_room(self->out, size - 1);
    uint8_t *at = self->out->data + top->start;
    memmove(at + size, at + 1, self->out->size - top->start - 1);
    memcpy(at, head, size);
    self->out->size += size - 1;
}

static int
close_container(struct packer *self, bool is_map)
{
    if (self->depth == 0)
        return -EINVAL;
    struct open *top = &self->open[--self->depth];
    if (top->is_map != is_map)
        return -EINVAL;
    size_t items = top->count << is_map;
    if (items > self->elements)
        return -EBADMSG;
    self->elements -= items;
    if (top->count > 15)
        widen_head(self, top);
    else
        self->out->data[top->start] =
            (uint8_t) ((is_map ? 0x80 : 0x90) | top->count);
    return 0;
}

static int
pack_value(struct packer *self, char letter)
{
    switch (letter) {
    case 's':
        return pack_text(self, false);
    case 'i':
        troupe__put_int(self->out, va_arg(*self->args, int));
        return 0;
    case 'I':
        troupe__put_int(self->out, va_arg(*self->args, int64_t));
        return 0;
    case 'U':
        troupe__put_uint(self->out, va_arg(*self->args, uint64_t));
        return 0;
    case 'R':
        troupe__put_uint(self->out, va_arg(*self->args, troupe_ref_t).id);
        return 0;
    case 'f':
        troupe__put_real(self->out, va_arg(*self->args, double));
        return 0;
    case 'b':
        troupe__put_byte(self->out, va_arg(*self->args, int) ? 0xc3 : 0xc2);
        return 0;
    case 'n':
        troupe__put_byte(self->out, 0xc0);
        return 0;
    case 'B':
        return pack_binary(self);
    case 'r':
        return pack_raw(self);
    case 'm':
        return pack_message(self);
    case '*':
        return pack_written(self);
    case '{':
        return open_container(self, true);
    case '[':
        return open_container(self, false);
    default:
        return -EINVAL;
    }
}

/* A value, with its key where it stands in a map. */
static int
pack_entry(struct packer *self, char letter)
{
    if (self->depth > 0) {
        struct open *top = &self->open[self->depth - 1];
        top->count++;
        if (top->is_map) {
            int rc = letter == 's' ? pack_text(self, true) : -EINVAL;
            if (rc < 0)
                return rc;
            letter = troupe__format_next(&self->format);
        }
    }
    return pack_value(self, letter);
}

static int
pack_all(struct packer *self)
{
    do {
        char letter = troupe__format_next(&self->format);
        int rc = letter == '}' || letter == ']'
                     ? close_container(self, letter == '}')
                     : pack_entry(self, letter);
        if (rc < 0)
            return rc;
    } while (self->depth > 0);
    return troupe__format_next(&self->format) == '\0' ? 0 : -EINVAL;
}

/* Bytes of a value that is a number, a bool or nil; 0: of another. */
static inline size_t
plain_size(uint8_t first)
{
    static const uint8_t sizes[] = {1, 0, 1, 1, 0, 0, 0, 0, 0, 0,
                                    5, 9, 2, 3, 5, 9, 2, 3, 5, 9};
    size_t at = (size_t) first - 0xc0;
    if (first < 0x80 || first >= 0xe0)
        return 1;
    return at < sizeof sizes ? sizes[at] : 0;
}

/* A value that is there already, as who passes on what it was told has it. */
static int
put_value(struct troupe__buffer *out, va_list *args)
{
    const uint8_t *bytes = va_arg(*args, const uint8_t *);
    size_t size = va_arg(*args, size_t);
    struct troupe__limits limits = {WIRE_DEPTH_MAX, WIRE_ELEMENTS_MAX};
    if (!bytes)
        return -EINVAL;
    bool is_plain = size > 0 && plain_size(*bytes) == size;
    if (!is_plain
        && troupe__value_check(bytes, bytes + size, &limits)
               != (ptrdiff_t) size)
        return -EBADMSG;
    troupe__buffer_put(out, bytes, size);
    return 0;
}

int
troupe__pack_format(struct troupe__buffer *out, const char *format,
                    va_list *args)
{
    struct packer self;
    if (format[0] == 'r' && format[1] == '\0')
        return put_value(out, args);
    self.out = out;
    self.format = format;
    self.args = args;
    self.elements = WIRE_ELEMENTS_MAX;
    self.depth = 0;
    size_t start = out->size;
    int rc = pack_all(&self);
    if (rc < 0)
        out->size = start;
    return rc;
}
