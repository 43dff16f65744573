/* SPDX-License-Identifier: Apache-2.0 */
/* unpack.c: the formats that read a body, straight from its bytes. */
#include "mailbox/unpack.h"

#include <errno.h>

#include "mailbox/format.h"
#include "mailbox/message.h"

static int
open_container(struct troupe__reader *self, bool is_map)
{
    if (self->depth == WIRE_DEPTH_MAX)
        return -EINVAL;
    struct troupe__item item;
    if (!troupe__cursor_next(&self->cursor, &item)
        || item.form != (is_map ? FORM_MAP : FORM_ARRAY))
        return -EBADMSG;
    self->levels[self->depth++] = (struct troupe__level){
        .first = self->cursor.at,
        .at = self->cursor.at,
        .count = item.number,
        .is_map = is_map,
    };
    return 0;
}

/* The value at the cursor has been read: its container moves on. */
static void
finish_value(struct troupe__reader *self)
{
    if (self->depth == 0)
        return;
    struct troupe__level *top = &self->levels[self->depth - 1];
    top->at = self->cursor.at;
    top->index++;
    top->taken++;
}

static int
close_container(struct troupe__reader *self, char letter)
{
    if (self->depth == 0)
        return -EINVAL;
    struct troupe__level *top = &self->levels[self->depth - 1];
    bool strict = letter == '!';
    if (strict)
        letter = troupe__format_next(&self->format);
    if (letter != (top->is_map ? '}' : ']'))
        return -EINVAL;
    self->depth--;
    if (top->is_absent)
        return 0;
    if (strict && top->taken != top->count)
        return -EBADMSG;
    if (self->depth == 0)
        return 0; /* nobody asks where it ends */

    self->cursor.at = top->at;
    uint64_t rest = (top->count - top->index) << top->is_map;
    for (; rest > 0; rest--)
        if (!troupe__cursor_skip(&self->cursor))
            return -EBADMSG;
    finish_value(self);
    return 0;
}

static inline bool
is_key(const struct troupe__item *item, const char *key)
{
    if (item->form != FORM_TEXT)
        return false;
    for (uint64_t i = 0; i < item->number; i++)
        if ((uint8_t) key[i] != item->data[i] || key[i] == '\0')
            return false;
    return key[item->number] == '\0';
}

/* 1 and the cursor at the value of `key`, or 0, or -EBADMSG. */
static int
find_between(struct troupe__reader *self, struct troupe__level *map,
             const char *key, uint64_t until)
{
    self->cursor.at = map->at;
    for (; map->index < until; map->index++) {
        map->at = self->cursor.at;
        struct troupe__item item;
        if (!troupe__cursor_next(&self->cursor, &item))
            return -EBADMSG;
        if (is_key(&item, key))
            return 1;
        if (item.form == FORM_ARRAY || item.form == FORM_MAP) {
            self->cursor.at = map->at;
            if (!troupe__cursor_skip(&self->cursor))
                return -EBADMSG;
        }
        if (!troupe__cursor_skip(&self->cursor))
            return -EBADMSG;
    }
    map->at = self->cursor.at;
    return 0;
}

/*
 * Writers and readers mostly name keys in the same order: so look from where
 * the last one was found, and only then from the front.
 */
static int
find_key(struct troupe__reader *self, const char *key)
{
    struct troupe__level *map = &self->levels[self->depth - 1];
    uint64_t before = map->index;
    int found = find_between(self, map, key, map->count);
    if (found != 0 || before == 0)
        return found;
    map->at = map->first;
    map->index = 0;
    return find_between(self, map, key, before);
}

/* The key and its mark: 1 and the cursor at its value, 0, or an error. */
static int
read_key(struct troupe__reader *self, char letter)
{
    if (letter != 's')
        return -EINVAL;
    const char *key = va_arg(*self->args, const char *);
    bool optional = troupe__format_mark(&self->format, '?');
    if (!key)
        return -EINVAL;
    if (self->levels[self->depth - 1].is_absent)
        return 0;
    int found = find_key(self, key);
    return found == 0 && !optional ? -EBADMSG : found;
}

/* The letters of a value that is not there. */
static int
pass_value(struct troupe__reader *self, char letter)
{
    if (letter != '{' && letter != '[')
        return troupe__pass_scalar(self, letter);
    if (self->depth == WIRE_DEPTH_MAX)
        return -EINVAL;
    self->levels[self->depth++] =
        (struct troupe__level){.is_map = letter == '{', .is_absent = true};
    return 0;
}

static int
read_value(struct troupe__reader *self, char letter)
{
    if (letter == '{' || letter == '[')
        return open_container(self, letter == '{');
    int rc = troupe__read_scalar(self, letter);
    if (rc == 0)
        finish_value(self);
    return rc;
}

/* A value, with its key where it stands in a map. */
static int
read_entry(struct troupe__reader *self, char letter)
{
    if (self->depth == 0)
        return read_value(self, letter);
    struct troupe__level *top = &self->levels[self->depth - 1];
    if (top->is_map) {
        int found = read_key(self, letter);
        if (found < 0)
            return found;
        letter = troupe__format_next(&self->format);
        return found ? read_value(self, letter) : pass_value(self, letter);
    }
    if (top->is_absent)
        return pass_value(self, letter);
    if (top->index == top->count)
        return -EBADMSG;
    self->cursor.at = top->at;
    return read_value(self, letter);
}

int
troupe__unpack_value(const uint8_t *bytes, size_t size,
                     struct troupe__arena *arena, const char *format,
                     va_list *args)
{
    struct troupe__reader self;
    self.cursor = (struct troupe__cursor){bytes, bytes + size};
    self.format = format;
    self.args = args;
    self.arena = arena;
    self.depth = 0;
    do {
        char letter = troupe__format_next(&self.format);
        int rc = letter == '}' || letter == ']' || letter == '!'
                     ? close_container(&self, letter)
                     : read_entry(&self, letter);
        if (rc < 0)
            return rc;
    } while (self.depth > 0);
    return troupe__format_next(&self.format) == '\0' ? 0 : -EINVAL;
}

/* One number is what many messages carry: a short cut for those that fit into
 * any target. */
static inline bool
is_number(const troupe_message_t *msg, const char *format, uint32_t *ret_number)
{
    if ((*format != 'i' && *format != 'I') || format[1] != '\0')
        return false;
    const uint8_t *body = msg->body;
    *ret_number = *body;
    if (msg->body_size == 1)
        return *body < 0x80;
    if (msg->body_size == 2 && *body == 0xcc)
        *ret_number = body[1];
    else if (msg->body_size == 3 && *body == 0xcd)
        *ret_number = (uint32_t) body[1] << 8 | body[2];
    else if (msg->body_size == 5 && *body == 0xce && body[1] < 0x80)
        *ret_number = troupe__load_u32(body + 1);
    else
        return false;
    return true;
}

int
troupe_unpack(const troupe_message_t *msg, const char *format, ...)
{
    if (!msg || !format)
        return -EINVAL;
    int rc = -EINVAL;
    uint32_t number = 0;
    va_list args;
    va_start(args, format);
    if (__builtin_expect(!is_number(msg, format, &number), 0)) {
        rc = troupe__unpack_value(msg->body, msg->body_size, msg->arena, format,
                                  &args);
    } else {
        void *ret_value = va_arg(args, void *);
        if (ret_value && *format == 'i')
            *(int *) ret_value = (int) number;
        else if (ret_value)
            *(int64_t *) ret_value = number;
        rc = ret_value ? 0 : -EINVAL;
    }
    va_end(args);
    return rc;
}
