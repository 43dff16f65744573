/* SPDX-License-Identifier: Apache-2.0 */
/*
 * otlp.c: spans as OpenTelemetry's JSON. It is protobuf's JSON with ids in
 * lower-case hex and enums as numbers; numbers of 64 bits are strings.
 * source: OTLP 1.3, "JSON Protobuf Encoding"; opentelemetry-proto, trace.proto.
 */
#include "actors/otlp.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mailbox/check.h"

#define STATUS_BAD 2
#define DEPTH_MAX  8 /* of attributes */
#define HEX_MAX    (2 * sizeof(troupe_trace_t) + 1)

static json_t *value_of(const msgpack_object *object, unsigned depth);

/* Text that is not UTF-8 came through no message of ours. */
static json_t *
text_of(const char *bytes, size_t size)
{
    json_t *text = json_stringn(bytes, size);
    return text ? text : json_string("");
}

static json_t *
hex_of(const uint8_t *bytes, size_t size)
{
    char text[HEX_MAX];
    CHECK(2 * size < sizeof text);
    for (size_t i = 0; i < size; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    return json_stringn(text, 2 * size);
}

static json_t *
int_of(int64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long) number);
    return json_string(text);
}

static json_t *
time_of(const struct otlp_clock *clock, uint64_t ns)
{
    return int_of((int64_t) ns + clock->ahead_ns);
}

static json_t *
real_of(double number)
{
    if (isfinite(number))
        return json_real(number);
    return json_string(isnan(number) ? "NaN"
                       : number > 0  ? "Infinity"
                                     : "-Infinity");
}

/* RFC 4648, with padding. */
static json_t *
base64_of(const uint8_t *bytes, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "abcdefghijklmnopqrstuvwxyz0123456789+/";
    struct troupe__text text = {0};
    for (size_t i = 0; i < size; i += 3) {
        uint32_t left = (uint32_t) (size - i);
        uint32_t word = (uint32_t) bytes[i] << 16
                        | (left > 1 ? (uint32_t) bytes[i + 1] << 8 : 0)
                        | (left > 2 ? bytes[i + 2] : 0);
        char four[4] = {digits[word >> 18], digits[word >> 12 & 63],
                        left > 1 ? digits[word >> 6 & 63] : '=',
                        left > 2 ? digits[word & 63] : '='};
        troupe__text_put(&text, four, sizeof four);
    }
    json_t *value = json_string(troupe__text_string(&text));
    troupe__text_free(&text);
    return value;
}

static json_t *
array_of(const msgpack_object *object, unsigned depth)
{
    json_t *values = json_array();
    for (uint32_t i = 0; i < object->via.array.size; i++) {
        json_t *value = value_of(&object->via.array.ptr[i], depth + 1);
        json_array_append_new(values, value ? value : json_object());
    }
    return json_pack("{s:{s:o}}", "arrayValue", "values", values);
}

static json_t *
members_of(const msgpack_object *map, unsigned depth)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < map->via.map.size; i++) {
        const msgpack_object_kv *it = &map->via.map.ptr[i];
        json_t *value = it->key.type == MSGPACK_OBJECT_STR
                            ? value_of(&it->val, depth + 1)
                            : NULL;
        if (!value)
            continue;
        json_array_append_new(
            list, json_pack("{s:o, s:o}", "key",
                            text_of(it->key.via.str.ptr, it->key.via.str.size),
                            "value", value));
    }
    return list;
}

/* An AnyValue; NULL: there is none. */
static json_t *
value_of(const msgpack_object *object, unsigned depth)
{
    if (depth > DEPTH_MAX)
        return NULL;
    switch (object->type) {
    case MSGPACK_OBJECT_STR:
        return json_pack("{s:o}", "stringValue",
                         text_of(object->via.str.ptr, object->via.str.size));
    case MSGPACK_OBJECT_BOOLEAN:
        return json_pack("{s:b}", "boolValue", object->via.boolean);
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
    case MSGPACK_OBJECT_NEGATIVE_INTEGER:
        return json_pack("{s:o}", "intValue", int_of(object->via.i64));
    case MSGPACK_OBJECT_FLOAT32:
    case MSGPACK_OBJECT_FLOAT64:
        return json_pack("{s:o}", "doubleValue", real_of(object->via.f64));
    case MSGPACK_OBJECT_BIN:
        return json_pack("{s:o}", "bytesValue",
                         base64_of((const uint8_t *) object->via.bin.ptr,
                                   object->via.bin.size));
    case MSGPACK_OBJECT_ARRAY:
        return array_of(object, depth);
    case MSGPACK_OBJECT_MAP:
        return json_pack("{s:{s:o}}", "kvlistValue", "values",
                         members_of(object, depth));
    case MSGPACK_OBJECT_NIL:
    case MSGPACK_OBJECT_EXT:
        break;
    }
    return NULL;
}

json_t *
troupe__otlp_attributes(const msgpack_object *map)
{
    return map->type == MSGPACK_OBJECT_MAP ? members_of(map, 0) : json_array();
}

/* The items of a message that is an array of so many; NULL: it is none. */
static const msgpack_object *
items_of(const troupe_message_t *msg, uint32_t count, msgpack_object *body)
{
    if (troupe_message_object(msg, body) < 0
        || body->type != MSGPACK_OBJECT_ARRAY || body->via.array.size != count)
        return NULL;
    return body->via.array.ptr;
}

static bool
take_trace(const msgpack_object *object, troupe_trace_t *ret, uint64_t *ret_at)
{
    if (object->type != MSGPACK_OBJECT_BIN
        || object->via.bin.size != sizeof *ret)
        return false;
    memcpy(ret, object->via.bin.ptr, sizeof *ret);
    memcpy(ret_at, ret->span, sizeof *ret_at);
    return troupe_trace_is(ret);
}

static bool
is_time(const msgpack_object *object)
{
    return object->type == MSGPACK_OBJECT_POSITIVE_INTEGER;
}

static json_t *
ids_of(const troupe_trace_t *at)
{
    return json_pack("{s:o, s:o}", "traceId", hex_of(at->id, sizeof at->id),
                     "spanId", hex_of(at->span, sizeof at->span));
}

json_t *
troupe__otlp_span(const troupe_message_t *msg, const struct otlp_clock *clock,
                  uint64_t *ret_at)
{
    msgpack_object body;
    troupe_trace_t at;
    const msgpack_object *it = items_of(msg, 8, &body);
    if (!it || !take_trace(&it[0], &at, ret_at)
        || it[2].type != MSGPACK_OBJECT_STR || !is_time(&it[3])
        || !is_time(&it[4]) || !is_time(&it[5]))
        return NULL;
    json_t *span = ids_of(&at);
    if (it[1].type == MSGPACK_OBJECT_BIN && it[1].via.bin.size == 8)
        json_object_set_new(span, "parentSpanId",
                            hex_of((const uint8_t *) it[1].via.bin.ptr, 8));
    json_object_set_new(span, "name",
                        text_of(it[2].via.str.ptr, it[2].via.str.size));
    json_object_set_new(span, "kind", json_integer((json_int_t) it[3].via.u64));
    json_object_set_new(span, "startTimeUnixNano",
                        time_of(clock, it[4].via.u64));
    json_object_set_new(span, "endTimeUnixNano", time_of(clock, it[5].via.u64));
    json_object_set_new(span, "attributes", troupe__otlp_attributes(&it[7]));
    json_object_set_new(
        span, "status",
        it[6].type != MSGPACK_OBJECT_STR
            ? json_object()
            : json_pack("{s:o, s:i}", "message",
                        text_of(it[6].via.str.ptr, it[6].via.str.size), "code",
                        STATUS_BAD));
    return span;
}

json_t *
troupe__otlp_event(const troupe_message_t *msg, const struct otlp_clock *clock,
                   uint64_t *ret_at)
{
    msgpack_object body;
    troupe_trace_t at;
    const msgpack_object *it = items_of(msg, 4, &body);
    if (!it || !take_trace(&it[0], &at, ret_at)
        || it[1].type != MSGPACK_OBJECT_STR || !is_time(&it[2]))
        return NULL;
    return json_pack("{s:o, s:o, s:o}", "timeUnixNano",
                     time_of(clock, it[2].via.u64), "name",
                     text_of(it[1].via.str.ptr, it[1].via.str.size),
                     "attributes", troupe__otlp_attributes(&it[3]));
}

json_t *
troupe__otlp_link(const troupe_message_t *msg, uint64_t *ret_at)
{
    msgpack_object body;
    troupe_trace_t at, other;
    uint64_t ignore = 0;
    const msgpack_object *it = items_of(msg, 2, &body);
    if (!it || !take_trace(&it[0], &at, ret_at)
        || !take_trace(&it[1], &other, &ignore))
        return NULL;
    return ids_of(&other);
}

json_t *
troupe__otlp_note(const troupe_message_t *msg, uint64_t *ret_at)
{
    msgpack_object body;
    troupe_trace_t at;
    const msgpack_object *it = items_of(msg, 2, &body);
    return it && take_trace(&it[0], &at, ret_at)
               ? troupe__otlp_attributes(&it[1])
               : NULL;
}

char *
troupe__otlp_resource(const char *service, const msgpack_object *more)
{
    json_t *attributes = more ? troupe__otlp_attributes(more) : json_array();
    json_t *text =
        json_pack("{s:o}", "stringValue", text_of(service, strlen(service)));
    json_array_append_new(attributes, json_pack("{s:s, s:o}", "key",
                                                "service.name", "value", text));
    json_array_append_new(attributes,
                          json_pack("{s:s, s:{s:o}}", "key", "process.pid",
                                    "value", "intValue", int_of(getpid())));
    json_t *resource = json_pack("{s:o}", "attributes", attributes);
    char *dumped = json_dumps(resource, JSON_COMPACT);
    CHECK(dumped);
    json_decref(resource);
    return dumped;
}

void
troupe__otlp_document(const char *resource, const char *spans, size_t size,
                      struct troupe__text *ret)
{
    troupe__text_puts(ret, "{\"resourceSpans\":[{\"resource\":");
    troupe__text_puts(ret, resource);
    troupe__text_puts(ret, ",\"scopeSpans\":[{\"scope\":{\"name\":\"troupe\","
                           "\"version\":\"" TROUPE_VERSION "\"},\"spans\":[");
    troupe__text_put(ret, spans, size);
    troupe__text_puts(ret, "]}]}]}");
}
