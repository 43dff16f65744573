/* SPDX-License-Identifier: Apache-2.0 */
/* decide_reader.c: maps of msgpack read by tables, problems told by place. */
#include "actors/decide_reader.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/text.h"
#include "mailbox/check.h"

#define NUMBER_MAX 1e100 /* squares stay finite */

#define PROBLEMS_MAX 1000
#define SHOWN_MAX    40

/* A step of a JSON pointer: "~" and "/" of a key are escaped. */
static void
put_step(struct troupe__text *text, const struct spot *at)
{
    if (!at->up)
        return;
    put_step(text, at->up);
    troupe__text_putc(text, '/');
    if (!at->key) {
        troupe__text_printf(text, "%u", at->index);
        return;
    }
    for (uint32_t i = 0; i < at->key_size; i++) {
        if (at->key[i] == '~')
            troupe__text_puts(text, "~0");
        else if (at->key[i] == '/')
            troupe__text_puts(text, "~1");
        else
            troupe__text_putc(text, at->key[i]);
    }
}

void
troupe__problem(struct reader *self, const struct spot *at, bool at_key,
                const char *format, ...)
{
    struct problems *problems = self->problems;
    if (problems->count == PROBLEMS_MAX)
        return;
    char *words = NULL;
    va_list args;
    va_start(args, format);
    int size = vasprintf(&words, format, args);
    va_end(args);
    if (size < 0)
        troupe__out_of_memory(0);
    struct troupe__text pointer = {0};
    put_step(&pointer, at);
    problems->items =
        troupe__scratch_room(problems->scratch, problems->items,
                             problems->count, sizeof *problems->items);
    problems->items[problems->count++] = (struct problem){
        .pointer = troupe__scratch_text(
            problems->scratch, troupe__text_string(&pointer), pointer.size),
        .at_key = at_key,
        .text = troupe__scratch_text(problems->scratch, words, (size_t) size)};
    troupe__text_free(&pointer);
    free(words);
}

struct spot
troupe__child(const struct spot *at, uint32_t index)
{
    CHECK(index < troupe__size_of(at));
    if (at->object->type == MSGPACK_OBJECT_ARRAY) {
        return (struct spot){.up = at,
                             .index = index,
                             .object = &at->object->via.array.ptr[index]};
    }
    const msgpack_object_kv *pair = &at->object->via.map.ptr[index];
    struct spot spot = {.up = at, .object = &pair->val, .key = ""};
    if (pair->key.type == MSGPACK_OBJECT_STR) {
        spot.key = pair->key.via.str.ptr;
        spot.key_size = pair->key.via.str.size;
    }
    return spot;
}

uint32_t
troupe__size_of(const struct spot *at)
{
    return at->object->type == MSGPACK_OBJECT_ARRAY ? at->object->via.array.size
           : at->object->type == MSGPACK_OBJECT_MAP ? at->object->via.map.size
                                                    : 0;
}

static bool
is_key(const struct spot *at, const char *key)
{
    return at->key && at->key_size == strlen(key)
           && memcmp(at->key, key, at->key_size) == 0;
}

bool
troupe__find(const struct spot *at, const char *key, struct spot *ret)
{
    if (at->object->type != MSGPACK_OBJECT_MAP)
        return false;
    for (uint32_t i = 0; i < troupe__size_of(at); i++) {
        *ret = troupe__child(at, i);
        if (is_key(ret, key))
            return true;
    }
    return false;
}

const char *
troupe__key_text(struct reader *self, const struct spot *at)
{
    return troupe__scratch_text(self->decision->scratch, at->key, at->key_size);
}

static const char *
type_name(const msgpack_object *object)
{
    switch (object->type) {
    case MSGPACK_OBJECT_NIL:
        return "nothing";
    case MSGPACK_OBJECT_BOOLEAN:
        return "true or false";
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
    case MSGPACK_OBJECT_NEGATIVE_INTEGER:
    case MSGPACK_OBJECT_FLOAT32:
    case MSGPACK_OBJECT_FLOAT64:
        return fabs(object->via.f64) < NUMBER_MAX ? "a number"
               : isfinite(object->via.f64)        ? "one far too large"
                                                  : "an infinite one, or none";
    case MSGPACK_OBJECT_STR:
        return "a text";
    case MSGPACK_OBJECT_ARRAY:
        return "a list";
    case MSGPACK_OBJECT_MAP:
        return "keys and values";
    default:
        return "bytes";
    }
}

/* "'price' wants a number, not a text"; the name of an item is its list's. */
static void
wants(struct reader *self, const struct spot *at, const char *wanted)
{
    const struct spot *named = at;
    while (named->up && !named->key)
        named = named->up;
    bool empty = at->object->type == MSGPACK_OBJECT_NIL;
    if (!named->up) {
        troupe__problem(self, at, false,
                        "a decision wants %s, not %s; write them", wanted,
                        type_name(at->object));
    } else {
        troupe__problem(
            self, at, false, "'%.*s' wants %s, not %s; %s",
            (int) named->key_size, named->key, wanted, type_name(at->object),
            empty ? "fill it in, or take the key out" : "write one");
    }
}

const char *
troupe__read_text(struct reader *self, const struct spot *at)
{
    const msgpack_object *it = at->object;
    if (it->type == MSGPACK_OBJECT_STR && it->via.str.size > 0
        && troupe__utf8_is_valid(it->via.str.ptr, it->via.str.size))
        return troupe__scratch_text(self->decision->scratch, it->via.str.ptr,
                                    it->via.str.size);
    wants(self, at, "a text");
    return "";
}

static bool
number_of(const msgpack_object *object, double *ret)
{
    if (object->type == MSGPACK_OBJECT_POSITIVE_INTEGER)
        *ret = (double) object->via.u64;
    else if (object->type == MSGPACK_OBJECT_NEGATIVE_INTEGER)
        *ret = (double) object->via.i64;
    else if (object->type == MSGPACK_OBJECT_FLOAT64
             || object->type == MSGPACK_OBJECT_FLOAT32)
        *ret = object->via.f64;
    else
        return false;
    return isfinite(*ret) && fabs(*ret) < NUMBER_MAX;
}

double
troupe__read_real(struct reader *self, const struct spot *at, double low,
                  double high)
{
    double number = NAN;
    if (!number_of(at->object, &number)) {
        wants(self, at, "a number");
        return NAN;
    }
    if (number >= low && number <= high)
        return number;
    char name[80] = "";
    if (at->key)
        snprintf(name, sizeof name, "'%.*s' is ", (int) at->key_size, at->key);
    if (number < low && low >= 0 && low <= 0) {
        troupe__problem(self, at, false, "%s%g, below 0; write 0 or more", name,
                        number);
    } else {
        troupe__problem(self, at, false,
                        "%s%g, not within %g and %g; choose one that is", name,
                        number, low, high);
    }
    return NAN;
}

struct range
troupe__read_range(struct reader *self, const struct spot *at)
{
    static const char *const keys[] = {"low", "mode", "high", NULL};
    struct range range = {NAN, NAN, NAN};
    double number = NAN;
    if (number_of(at->object, &number))
        return (struct range){number, number, number};
    if (at->object->type != MSGPACK_OBJECT_MAP) {
        wants(self, at, "a number or {low, mode, high}");
        return range;
    }
    if (!troupe__is_map(self, at, 3, "low, mode and high"))
        return range;
    double *const ends[] = {&range.low, &range.mode, &range.high};
    struct spot end;
    bool complete = true;
    troupe__check_keys(self, at, "a range", keys);
    for (unsigned i = 0; i < 3; i++) {
        if (troupe__find(at, keys[i], &end))
            *ends[i] = troupe__read_real(self, &end, -INFINITY, INFINITY);
        else
            troupe__problem(self, at, false, "a range has no '%s'; add one",
                            keys[i]);
        complete &= !isnan(*ends[i]);
    }
    if (complete && (range.low > range.mode || range.mode > range.high)) {
        troupe__problem(self, at, false,
                        "low %g, mode %g and high %g are not in order; sort "
                        "them",
                        range.low, range.mode, range.high);
        complete = false;
    }
    return complete ? range : (struct range){NAN, NAN, NAN};
}

bool
troupe__is_list(struct reader *self, const struct spot *at, uint32_t most,
                const char *wanted)
{
    if (at->object->type != MSGPACK_OBJECT_ARRAY) {
        wants(self, at, wanted);
        return false;
    }
    if (troupe__size_of(at) <= most)
        return true;
    troupe__problem(self, at, false,
                    "%u are more than the %u there may be; "
                    "leave some out",
                    troupe__size_of(at), most);
    return false;
}

static bool
keys_are_good(struct reader *self, const struct spot *at)
{
    for (uint32_t i = 0; i < troupe__size_of(at); i++) {
        struct spot one = troupe__child(at, i);
        const msgpack_object *key = &at->object->via.map.ptr[i].key;
        if (key->type != MSGPACK_OBJECT_STR || one.key_size == 0
            || one.key_size > TROUPE_NAME_MAX
            || memchr(one.key, 0, one.key_size)
            || !troupe__utf8_is_valid(one.key, one.key_size)) {
            troupe__problem(self, at, false,
                            "a key is no name of 1 to %d bytes; write one",
                            TROUPE_NAME_MAX);
            return false;
        }
        for (uint32_t j = 0; j < i; j++) {
            struct spot other = troupe__child(at, j);
            if (other.key_size != one.key_size
                || memcmp(other.key, one.key, one.key_size) != 0)
                continue;
            troupe__problem(self, &one, true,
                            "the key '%.*s' is here twice; take one of the "
                            "two out",
                            (int) one.key_size, one.key);
            return false;
        }
    }
    return true;
}

bool
troupe__is_map(struct reader *self, const struct spot *at, uint32_t most,
               const char *wanted)
{
    if (at->object->type != MSGPACK_OBJECT_MAP) {
        wants(self, at, wanted);
        return false;
    }
    if (troupe__size_of(at) > most) {
        troupe__problem(self, at, false,
                        "%u are more than the %u there may be; leave some out",
                        troupe__size_of(at), most);
        return false;
    }
    return keys_are_good(self, at);
}

void
troupe__check_keys(struct reader *self, const struct spot *at, const char *what,
                   const char *const *keys)
{
    struct troupe__text list = {0};
    for (uint32_t k = 0; keys[k]; k++)
        troupe__text_printf(&list, "%s%s", k ? ", " : "", keys[k]);
    for (uint32_t i = 0; i < troupe__size_of(at); i++) {
        struct spot it = troupe__child(at, i);
        uint32_t k = 0;
        while (keys[k] && !is_key(&it, keys[k]))
            k += 1;
        if (!keys[k]) {
            troupe__problem(self, &it, true,
                            "%s has no key '%.*s'; there are %s", what,
                            (int) it.key_size, it.key, list.data);
        }
    }
    troupe__text_free(&list);
}
