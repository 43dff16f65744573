/* SPDX-License-Identifier: Apache-2.0 */
/*
 * otlp_value.c: texts, numbers and attributes of OpenTelemetry's JSON. It is
 * written without a tree of JSON objects in between: a run may make a hundred
 * thousand spans a second.
 * source: RFC 8259; opentelemetry-proto, common.proto.
 */
#include "actors/otlp_value.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define DEPTH_MAX  8  /* of attributes */
#define DIGITS_MAX 20 /* of 64 bits */

static const char hex_digits[] = "0123456789abcdef";

static void put_value(struct troupe__text *to, const msgpack_object *object,
                      unsigned depth);

static void
put_control(struct troupe__text *to, unsigned char c)
{
    char text[] = {'\\', 'u', '0', '0', hex_digits[c >> 4], hex_digits[c & 15]};
    troupe__text_put(to, text, sizeof text);
}

void
troupe__otlp_text(struct troupe__text *to, const char *bytes, size_t size)
{
    size = troupe__utf8_is_valid(bytes, size) ? size : 0;
    troupe__text_putc(to, '"');
    for (size_t from = 0, at = 0; at <= size; at++) {
        unsigned char c = at < size ? (unsigned char) bytes[at] : 0;
        if (c >= ' ' && c != '"' && c != '\\')
            continue;
        troupe__text_put(to, bytes + from, at - from);
        from = at + 1;
        if (at < size && c < ' ')
            put_control(to, c);
        else if (at < size)
            troupe__text_put(to, (char[]){'\\', (char) c}, 2);
    }
    troupe__text_putc(to, '"');
}

void
troupe__otlp_hex(struct troupe__text *to, const uint8_t *bytes, size_t size)
{
    char *at = troupe__text_room(to, 2 * size);
    for (size_t i = 0; i < size; i++) {
        *at++ = hex_digits[bytes[i] >> 4];
        *at++ = hex_digits[bytes[i] & 15];
    }
    *at = '\0';
    to->size += 2 * size;
}

void
troupe__otlp_unsigned(struct troupe__text *to, uint64_t number)
{
    char digits[DIGITS_MAX];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char) ('0' + number % 10);
        number /= 10;
    } while (number > 0);
    troupe__text_put(to, digits + at, sizeof digits - at);
}

/* A number of 64 bits is a string; so it is in protobuf's JSON. */
static void
put_int(struct troupe__text *to, int64_t number)
{
    troupe__text_puts(to, "{\"intValue\":\"");
    if (number < 0)
        troupe__text_putc(to, '-');
    troupe__otlp_unsigned(to, number < 0 ? 0 - (uint64_t) number
                                         : (uint64_t) number);
    troupe__text_puts(to, "\"}");
}

static void
put_real(struct troupe__text *to, double number)
{
    char text[32];
    const char *word = isnan(number) ? "\"NaN\""
                       : number > 0  ? "\"Infinity\""
                                     : "\"-Infinity\"";
    if (isfinite(number))
        snprintf(text, sizeof text, "%.17g", number);
    else
        snprintf(text, sizeof text, "%s", word);
    troupe__text_puts(to, "{\"doubleValue\":");
    troupe__text_puts(to, text);
    troupe__text_putc(to, '}');
}

/* RFC 4648, with padding. */
static void
put_base64(struct troupe__text *to, const uint8_t *bytes, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "abcdefghijklmnopqrstuvwxyz0123456789+/";
    troupe__text_puts(to, "{\"bytesValue\":\"");
    for (size_t i = 0; i < size; i += 3) {
        uint32_t left = (uint32_t) (size - i);
        uint32_t word = (uint32_t) bytes[i] << 16
                        | (left > 1 ? (uint32_t) bytes[i + 1] << 8 : 0)
                        | (left > 2 ? bytes[i + 2] : 0);
        char four[4] = {digits[word >> 18], digits[word >> 12 & 63],
                        left > 1 ? digits[word >> 6 & 63] : '=',
                        left > 2 ? digits[word & 63] : '='};
        troupe__text_put(to, four, sizeof four);
    }
    troupe__text_puts(to, "\"}");
}

static bool
has_value(const msgpack_object *object, unsigned depth)
{
    return depth <= DEPTH_MAX && object->type != MSGPACK_OBJECT_NIL
           && object->type != MSGPACK_OBJECT_EXT;
}

static void
put_comma(struct troupe__text *to)
{
    if (to->size == 0 || to->data[to->size - 1] != '[')
        troupe__text_putc(to, ',');
}

static void
put_array(struct troupe__text *to, const msgpack_object *object, unsigned depth)
{
    troupe__text_puts(to, "{\"arrayValue\":{\"values\":[");
    for (uint32_t i = 0; i < object->via.array.size; i++) {
        put_comma(to);
        put_value(to, &object->via.array.ptr[i], depth + 1);
    }
    troupe__text_puts(to, "]}}");
}

static void
put_members(struct troupe__text *to, const msgpack_object *map, unsigned depth)
{
    for (uint32_t i = 0; i < map->via.map.size; i++) {
        const msgpack_object_kv *it = &map->via.map.ptr[i];
        if (it->key.type != MSGPACK_OBJECT_STR
            || !has_value(&it->val, depth + 1))
            continue;
        put_comma(to);
        troupe__text_puts(to, "{\"key\":");
        troupe__otlp_text(to, it->key.via.str.ptr, it->key.via.str.size);
        troupe__text_puts(to, ",\"value\":");
        put_value(to, &it->val, depth + 1);
        troupe__text_putc(to, '}');
    }
}

static void
put_map(struct troupe__text *to, const msgpack_object *object, unsigned depth)
{
    troupe__text_puts(to, "{\"kvlistValue\":{\"values\":[");
    put_members(to, object, depth);
    troupe__text_puts(to, "]}}");
}

/* An AnyValue; {}: there is none. */
static void
put_value(struct troupe__text *to, const msgpack_object *object, unsigned depth)
{
    switch (has_value(object, depth) ? object->type : MSGPACK_OBJECT_NIL) {
    case MSGPACK_OBJECT_STR:
        troupe__text_puts(to, "{\"stringValue\":");
        troupe__otlp_text(to, object->via.str.ptr, object->via.str.size);
        troupe__text_putc(to, '}');
        break;
    case MSGPACK_OBJECT_BOOLEAN:
        troupe__text_puts(to, object->via.boolean ? "{\"boolValue\":true}"
                                                  : "{\"boolValue\":false}");
        break;
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
    case MSGPACK_OBJECT_NEGATIVE_INTEGER:
        put_int(to, object->via.i64);
        break;
    case MSGPACK_OBJECT_FLOAT32:
    case MSGPACK_OBJECT_FLOAT64:
        put_real(to, object->via.f64);
        break;
    case MSGPACK_OBJECT_BIN:
        put_base64(to, (const uint8_t *) object->via.bin.ptr,
                   object->via.bin.size);
        break;
    case MSGPACK_OBJECT_ARRAY:
        put_array(to, object, depth);
        break;
    case MSGPACK_OBJECT_MAP:
        put_map(to, object, depth);
        break;
    case MSGPACK_OBJECT_NIL:
    case MSGPACK_OBJECT_EXT:
        troupe__text_puts(to, "{}");
        break;
    }
}

void
troupe__otlp_attributes(struct troupe__text *to, const msgpack_object *map)
{
    if (map->type == MSGPACK_OBJECT_MAP)
        put_members(to, map, 0);
}
