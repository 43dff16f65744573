/* SPDX-License-Identifier: Apache-2.0 */
/* map_wire.c: see map_wire.h; source: the msgpack specification. */
#include "actors/map_wire.h"

#include <endian.h>
#include <string.h>

#define FIT_DEPTH  28         /* of the 32 levels of a body */
#define FIT_VALUES (1u << 19) /* of its 2^20 values */

enum {
    NIL = 0xc0,
    NEVER = 0xc1,
    BIN8 = 0xc4,
    BIN32 = 0xc6,
    FLOAT32 = 0xca,
    FLOAT64 = 0xcb,
    UINT8 = 0xcc,
    UINT64 = 0xcf,
    STR8 = 0xd9,
    STR32 = 0xdb,
    ARRAY16 = 0xdc,
    ARRAY32 = 0xdd,
    MAP16 = 0xde,
    MAP32 = 0xdf
};

/* The head of a value: what it is, and how much belongs to it. */
struct head {
    uint8_t first;
    size_t size;     /* of the head */
    uint64_t number; /* in it: a count, a size, or the value itself */
};

static uint64_t
big_endian(const uint8_t *at, size_t size)
{
    uint64_t number = 0;
    if (size == sizeof number) { /* the most frequent of the long ones */
        memcpy(&number, at, sizeof number);
        return be64toh(number);
    }
    for (size_t i = 0; i < size; i++)
        number = number << 8 | at[i];
    return number;
}

/* First bytes of c0 .. df: so many more belong to the head. */
static bool
read_wide(const struct map_cursor *self, struct head *ret)
{
    static const char extra[] = "\0\0\0\0\1\2\4\1\2\4\4\10\1\2\4\10"
                                "\1\2\4\10\0\0\0\0\0\1\2\4\2\4\2\4";
    size_t more = (size_t) extra[*self->at - NIL];
    if ((size_t) (self->end - self->at) < 1 + more)
        return false;
    *ret = (struct head){*self->at, 1 + more, big_endian(self->at + 1, more)};
    return true;
}

static inline bool
read_head(const struct map_cursor *self, struct head *ret)
{
    if (self->at == self->end)
        return false;
    uint8_t first = *self->at;
    if (first >= NIL && first < 0xe0)
        return read_wide(self, ret);
    *ret = (struct head){first, 1, 0};
    if (first < 0x80)
        ret->number = first;
    else if (first < 0xa0)
        ret->number = first & 0x0f; /* fixmap, fixarray */
    else if (first < NIL)
        ret->number = first & 0x1f; /* fixstr */
    return true;
}

static bool
is_text(uint8_t first)
{
    return (first >= 0xa0 && first < NIL) || (first >= STR8 && first <= STR32);
}

/* Bytes behind the head, and values behind it. */
static void
extent(const struct head *head, uint64_t *ret_bytes, uint64_t *ret_values)
{
    uint8_t first = head->first;
    *ret_bytes = *ret_values = 0;
    if ((first >= 0x80 && first < 0x90) || first == MAP16 || first == MAP32)
        *ret_values = head->number * 2;
    else if ((first >= 0x90 && first < 0xa0) || first == ARRAY16
             || first == ARRAY32)
        *ret_values = head->number;
    else if (is_text(first) || (first >= BIN8 && first <= BIN32))
        *ret_bytes = head->number;
    else if (first >= 0xc7 && first <= 0xc9)
        *ret_bytes = head->number + 1; /* ext: its type */
    else if (first >= 0xd4 && first <= 0xd8)
        *ret_bytes = (UINT64_C(1) << (first - 0xd4)) + 1;
}

static bool
is_container(uint8_t first)
{
    return (first >= 0x80 && first < 0xa0)
           || (first >= ARRAY16 && first <= MAP32);
}

bool
troupe__take_any(struct map_cursor *self, const void **ret_value,
                 size_t *ret_size)
{
    struct map_cursor at = *self;
    if (at.at < at.end && (*at.at < 0x80 || *at.at == NIL)) { /* often */
        *ret_value = self->at++;
        *ret_size = 1;
        return true;
    }
    for (uint64_t left = 1; left > 0; left--) {
        struct head head;
        uint64_t bytes, values;
        if (!read_head(&at, &head))
            return false;
        extent(&head, &bytes, &values);
        at.at += head.size;
        if ((uint64_t) (at.end - at.at) < bytes)
            return false;
        at.at += bytes;
        left += values;
    }
    *ret_value = self->at;
    *ret_size = (size_t) (at.at - self->at);
    self->at = at.at;
    return true;
}

uint64_t
troupe__value_count(const void *value, size_t size)
{
    struct map_cursor at = {value, (const uint8_t *) value + size};
    uint64_t count = 0;
    for (uint64_t left = 1; left > 0; left--, count++) {
        struct head head;
        uint64_t bytes, values;
        if (!read_head(&at, &head))
            break;
        extent(&head, &bytes, &values);
        at.at += head.size + bytes;
        left += values;
    }
    return count;
}

/* Bytes of a value that has no other ones in it and is short; 0: of another. */
static size_t
short_size(uint8_t first)
{
    static const uint8_t sizes[] = {1, 0, 1, 1, 0, 0, 0, 0, 0, 0,
                                    5, 9, 2, 3, 5, 9, 2, 3, 5, 9};
    if (first < 0x80 || first >= 0xe0)
        return 1;
    if (first < 0xa0)
        return 0;
    if (first < NIL)
        return 1 + (first & 0x1fu);
    return first < NIL + sizeof sizes ? sizes[first - NIL] : 0;
}

bool
troupe__value_fits(const void *value, size_t size)
{
    if (size > 0 && short_size(*(const uint8_t *) value) == size)
        return true;
    uint64_t missing[FIT_DEPTH], count = 0;
    size_t depth = 0;
    struct map_cursor at = {value, (const uint8_t *) value + size};
    do {
        struct head head;
        uint64_t bytes, values;
        if (!read_head(&at, &head) || head.first == NEVER
            || ++count > FIT_VALUES)
            return false;
        extent(&head, &bytes, &values);
        at.at += head.size;
        if ((uint64_t) (at.end - at.at) < bytes || values > FIT_VALUES)
            return false;
        at.at += bytes;
        if (depth > 0)
            missing[depth - 1]--;
        bool opens = values > 0 || is_container(head.first);
        if (opens && depth == FIT_DEPTH)
            return false;
        if (opens)
            missing[depth++] = values;
        while (depth > 0 && missing[depth - 1] == 0)
            depth--;
    } while (depth > 0);
    return at.at == at.end;
}

/* A head whose first byte is one of a range or one of two. */
static bool
take_count(struct map_cursor *self, uint8_t fix, uint8_t wide,
           uint32_t *ret_count)
{
    struct head head;
    if (!read_head(self, &head)
        || ((head.first & 0xf0) != fix && head.first != wide
            && head.first != wide + 1))
        return false;
    *ret_count = (uint32_t) head.number;
    self->at += head.size;
    return true;
}

bool
troupe__take_array(struct map_cursor *self, uint32_t *ret_count)
{
    return take_count(self, 0x90, ARRAY16, ret_count);
}

bool
troupe__take_map(struct map_cursor *self, uint32_t *ret_count)
{
    return take_count(self, 0x80, MAP16, ret_count);
}

bool
troupe__take_uint(struct map_cursor *self, uint64_t *ret_number)
{
    struct head head;
    if (self->at < self->end && *self->at < 0x80) { /* most are small */
        *ret_number = *self->at++;
        return true;
    }
    if (!read_head(self, &head)
        || (head.first >= 0x80 && (head.first < UINT8 || head.first > UINT64)))
        return false;
    *ret_number = head.number;
    self->at += head.size;
    return true;
}

bool
troupe__take_bin(struct map_cursor *self)
{
    struct head head;
    if (!read_head(self, &head) || head.first < BIN8 || head.first > BIN32
        || (uint64_t) (self->end - self->at) - head.size < head.number)
        return false;
    self->at += head.size;
    self->end = self->at + head.number;
    return true;
}

bool
troupe__take_real(struct map_cursor *self, double *ret_number)
{
    struct head head;
    uint64_t whole = 0;
    if (!read_head(self, &head))
        return false;
    if (head.first == FLOAT64) {
        memcpy(ret_number, &head.number, sizeof *ret_number);
        self->at += head.size;
        return true;
    }
    if (!troupe__take_uint(self, &whole))
        return false;
    *ret_number = (double) whole;
    return true;
}

bool
troupe__take_text(struct map_cursor *self, const char **ret_text,
                  size_t *ret_size)
{
    struct head head;
    *ret_text = NULL;
    *ret_size = 0;
    if (self->at < self->end && *self->at == NIL) {
        self->at++;
        return true;
    }
    if (!read_head(self, &head))
        return false;
    if (!is_text(head.first)
        || (uint64_t) (self->end - self->at) - head.size < head.number)
        return false;
    *ret_text = (const char *) self->at + head.size;
    *ret_size = (size_t) head.number;
    self->at += head.size + head.number;
    return true;
}

static bool
same(const char *text, size_t size, const char *word)
{
    return size == strlen(word) && memcmp(text, word, size) == 0;
}

bool
troupe__find_value(const troupe_message_t *msg, const char *key,
                   struct map_cursor *ret_value)
{
    size_t size = 0;
    uint32_t pairs = 0;
    const uint8_t *body = troupe_message_body(msg, &size);
    struct map_cursor at = {body, body + size};
    if (!troupe__take_map(&at, &pairs))
        return false;
    for (uint32_t i = 0; i < pairs; i++) {
        struct map_cursor name = at;
        const char *text = NULL;
        const void *passed = NULL;
        if (!troupe__take_any(&at, &passed, &size)) /* keys are any value */
            return false;
        if (troupe__take_text(&name, &text, &size) && text
            && same(text, size, key)) {
            *ret_value = at;
            return true;
        }
        if (!troupe__take_any(&at, &passed, &size))
            return false;
    }
    return false;
}

static const char *const hows[] = {[TROUPE_MAP_COMMAND] = "command",
                                   [TROUPE_MAP_FN] = "fn",
                                   [TROUPE_MAP_ASK] = "ask",
                                   [MAP_DONE] = "done"};

static bool
read_how(const char *text, size_t size, unsigned *ret_how)
{
    for (unsigned i = 0; text && i <= MAP_DONE; i++) {
        if (same(text, size, hows[i])) {
            *ret_how = i;
            return true;
        }
    }
    return false;
}

static bool
take_retries(struct map_cursor *self, struct map_task *ret)
{
    const char *none = NULL;
    size_t size = 0;
    ret->has_retries = troupe__take_uint(self, &ret->retries);
    return ret->has_retries || (troupe__take_text(self, &none, &size) && !none);
}

bool
troupe__task_take(struct map_cursor *self, struct map_task *ret_task)
{
    const char *how = NULL;
    size_t size = 0;
    uint32_t count = 0;
    *ret_task = (struct map_task){0};
    if (!troupe__take_array(self, &count) || count < 4 || count > 9
        || !troupe__take_text(self, &how, &size)
        || !read_how(how, size, &ret_task->how)
        || !troupe__take_text(self, &ret_task->target, &ret_task->target_size)
        || !troupe__take_text(self, &ret_task->type, &ret_task->type_size)
        || !troupe__take_any(self, &ret_task->body, &ret_task->body_size))
        return false;
    if (count > 4 && !troupe__take_uint(self, &ret_task->timeout_ms))
        return false;
    if (count > 5 && !take_retries(self, ret_task))
        return false;
    if (count > 6
        && !troupe__take_text(self, &ret_task->key, &ret_task->key_size))
        return false;
    if (count > 7 && !troupe__take_uint(self, &ret_task->priority))
        return false;
    if (count > 8
        && !troupe__take_text(self, &ret_task->resource,
                              &ret_task->resource_size))
        return false;
    return ret_task->type_size <= TROUPE_TYPE_MAX
           && ret_task->resource_size <= TROUPE_NAME_MAX
           && ret_task->target_size <= TROUPE_NAME_MAX
           && (ret_task->how == TROUPE_MAP_COMMAND || ret_task->how == MAP_DONE
               || ret_task->target)
           && ret_task->timeout_ms <= UINT32_MAX;
}
