/* SPDX-License-Identifier: Apache-2.0 */
/* otlp.h: spans as OpenTelemetry's JSON. */
#ifndef TROUPE_ACTORS_OTLP_H
#define TROUPE_ACTORS_OTLP_H

#include "troupe_msgpack.h"
#include "troupe_trace.h"

#include "actors/text.h"

/* Times of a node's clock as those of the world: what is to be added. */
struct otlp_clock {
    int64_t ahead_ns;
};

/* Which of the messages of troupe_trace.h. */
enum otlp_what { OTLP_EVENT, OTLP_LINK, OTLP_NOTE, OTLP_SPAN };

/* One of them; lent with its message. */
struct otlp_item {
    enum otlp_what what;
    troupe_trace_t at;
    uint64_t key; /* of the span that it is of */
    msgpack_object body;
    const msgpack_object *fields;
};

/* troupe__otlp_read: false: it is no such message. */
bool troupe__otlp_read(const troupe_message_t *msg, enum otlp_what what,
                       struct otlp_item *ret);

/*
 * troupe__otlp_write: straight into the text, as each span of a run comes by
 * here: an event or a link as an object; of a note its attributes, each behind
 * a ','; of a span the object but for its end, which is that of the list of its
 * attributes, "]", and of all, "}".
 */
void troupe__otlp_write(const struct otlp_item *item,
                        const struct otlp_clock *clock,
                        struct troupe__text *to);

/* troupe__otlp_resource: of a service; `more`: attributes, or NULL. To be
 * freed. */
char *troupe__otlp_resource(const char *service, const msgpack_object *more);

/* troupe__otlp_document: spans, JSON objects with ',' between them, as the body
 * of an export. */
void troupe__otlp_document(const char *resource, const char *spans, size_t size,
                           struct troupe__text *ret);

#endif
