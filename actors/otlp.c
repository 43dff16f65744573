/* SPDX-License-Identifier: Apache-2.0 */
/*
 * otlp.c: spans as OpenTelemetry's JSON. It is protobuf's JSON with ids in
 * lower-case hex and enums as numbers; numbers of 64 bits are strings.
 * source: OTLP 1.3, "JSON Protobuf Encoding"; opentelemetry-proto, trace.proto.
 */
#include "actors/otlp.h"

#include <string.h>
#include <unistd.h>

#include "mailbox/check.h"

#include "actors/otlp_value.h"

#define SPAN 8

static bool
take_trace(const msgpack_object *object, troupe_trace_t *ret)
{
    if (object->type != MSGPACK_OBJECT_BIN
        || object->via.bin.size != sizeof *ret)
        return false;
    memcpy(ret, object->via.bin.ptr, sizeof *ret);
    return troupe_trace_is(ret);
}

static bool
is_text(const msgpack_object *object)
{
    return object->type == MSGPACK_OBJECT_STR;
}

static bool
is_number(const msgpack_object *object)
{
    return object->type == MSGPACK_OBJECT_POSITIVE_INTEGER;
}

static bool
fields_are_good(enum otlp_what what, const msgpack_object *fields)
{
    troupe_trace_t other;
    switch (what) {
    case OTLP_SPAN:
        return is_text(&fields[2]) && is_number(&fields[3])
               && is_number(&fields[4]) && is_number(&fields[5]);
    case OTLP_EVENT:
        return is_text(&fields[1]) && is_number(&fields[2]);
    case OTLP_LINK:
        return take_trace(&fields[1], &other);
    case OTLP_NOTE:
        break;
    }
    return true;
}

bool
troupe__otlp_read(const troupe_message_t *msg, enum otlp_what what,
                  struct otlp_item *ret)
{
    static const uint32_t counts[] = {
        [OTLP_SPAN] = 8, [OTLP_EVENT] = 4, [OTLP_LINK] = 2, [OTLP_NOTE] = 2};
    ret->what = what;
    if (troupe_message_object(msg, &ret->body) < 0
        || ret->body.type != MSGPACK_OBJECT_ARRAY
        || ret->body.via.array.size != counts[what])
        return false;
    ret->fields = ret->body.via.array.ptr;
    if (!take_trace(&ret->fields[0], &ret->at)
        || !fields_are_good(what, ret->fields))
        return false;
    memcpy(&ret->key, ret->at.span, sizeof ret->key);
    return true;
}

/* --- writing ----------------------------------------------------------------*/

/* {"traceId":"...","spanId":"..." */
static void
put_ids(struct troupe__text *to, const troupe_trace_t *at)
{
    troupe__text_puts(to, "{\"traceId\":\"");
    troupe__otlp_hex(to, at->id, sizeof at->id);
    troupe__text_puts(to, "\",\"spanId\":\"");
    troupe__otlp_hex(to, at->span, sizeof at->span);
    troupe__text_putc(to, '"');
}

static void
put_time(struct troupe__text *to, const char *key,
         const struct otlp_clock *clock, const msgpack_object *ns)
{
    troupe__text_puts(to, key);
    troupe__otlp_unsigned(to, ns->via.u64 + (uint64_t) clock->ahead_ns);
    troupe__text_putc(to, '"');
}

static void
put_text(struct troupe__text *to, const char *key, const msgpack_object *text)
{
    troupe__text_puts(to, key);
    troupe__otlp_text(to, text->via.str.ptr, text->via.str.size);
}

static void
put_event(const struct otlp_item *item, const struct otlp_clock *clock,
          struct troupe__text *to)
{
    const msgpack_object *it = item->fields;
    put_time(to, "{\"timeUnixNano\":\"", clock, &it[2]);
    put_text(to, ",\"name\":", &it[1]);
    troupe__text_puts(to, ",\"attributes\":[");
    troupe__otlp_attributes(to, &it[3]);
    troupe__text_puts(to, "]}");
}

static void
put_span(const struct otlp_item *item, const struct otlp_clock *clock,
         struct troupe__text *to)
{
    const msgpack_object *it = item->fields;
    put_ids(to, &item->at);
    if (it[1].type == MSGPACK_OBJECT_BIN && it[1].via.bin.size == SPAN) {
        troupe__text_puts(to, ",\"parentSpanId\":\"");
        troupe__otlp_hex(to, (const uint8_t *) it[1].via.bin.ptr, SPAN);
        troupe__text_putc(to, '"');
    }
    put_text(to, ",\"name\":", &it[2]);
    troupe__text_puts(to, ",\"kind\":");
    troupe__otlp_unsigned(to, it[3].via.u64);
    put_time(to, ",\"startTimeUnixNano\":\"", clock, &it[4]);
    put_time(to, ",\"endTimeUnixNano\":\"", clock, &it[5]);
    troupe__text_puts(to, ",\"status\":{");
    if (is_text(&it[6])) {
        put_text(to, "\"message\":", &it[6]);
        troupe__text_puts(to, ",\"code\":2"); /* it failed */
    }
    troupe__text_puts(to, "},\"attributes\":[");
    troupe__otlp_attributes(to, &it[7]);
}

void
troupe__otlp_write(const struct otlp_item *item, const struct otlp_clock *clock,
                   struct troupe__text *to)
{
    troupe_trace_t other;
    switch (item->what) {
    case OTLP_SPAN:
        put_span(item, clock, to);
        break;
    case OTLP_EVENT:
        put_event(item, clock, to);
        break;
    case OTLP_LINK:
        CHECK(take_trace(&item->fields[1], &other));
        put_ids(to, &other);
        troupe__text_putc(to, '}');
        break;
    case OTLP_NOTE:
        troupe__otlp_attributes(to, &item->fields[1]);
        break;
    }
}

char *
troupe__otlp_resource(const char *service, const msgpack_object *more)
{
    struct troupe__text to = {0};
    troupe__text_puts(&to, "{\"attributes\":[");
    if (more)
        troupe__otlp_attributes(&to, more);
    if (to.data[to.size - 1] != '[')
        troupe__text_putc(&to, ',');
    troupe__text_puts(&to, "{\"key\":\"service.name\",\"value\":"
                           "{\"stringValue\":");
    troupe__otlp_text(&to, service, strlen(service));
    troupe__text_puts(&to, "}},{\"key\":\"process.pid\",\"value\":"
                           "{\"intValue\":\"");
    troupe__otlp_unsigned(&to, (uint64_t) getpid());
    troupe__text_puts(&to, "\"}}]}");
    return to.data;
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
