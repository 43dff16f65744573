/* SPDX-License-Identifier: Apache-2.0 */
/* otlp.h: spans as OpenTelemetry's JSON. */
#ifndef TROUPE_ACTORS_OTLP_H
#define TROUPE_ACTORS_OTLP_H

#include <jansson.h>

#include "troupe_msgpack.h"
#include "troupe_trace.h"

#include "actors/text.h"

/* Times of a node's clock as those of the world: what is to be added. */
struct otlp_clock {
    int64_t ahead_ns;
};

/* troupe__otlp_attributes: a map as a list of KeyValue; what is nil, or has
 * another key than a text, is left out. */
json_t *troupe__otlp_attributes(const msgpack_object *map);

/*
 * troupe__otlp_span, _event, _link, _note: of the messages of troupe_trace.h.
 *
 *   ret_at   out: the span that it is of.
 *   returns  a JSON object, of a note an array, or NULL: it is no such message
 */
json_t *troupe__otlp_span(const troupe_message_t *msg,
                          const struct otlp_clock *clock, uint64_t *ret_at);
json_t *troupe__otlp_event(const troupe_message_t *msg,
                           const struct otlp_clock *clock, uint64_t *ret_at);
json_t *troupe__otlp_link(const troupe_message_t *msg, uint64_t *ret_at);
json_t *troupe__otlp_note(const troupe_message_t *msg, uint64_t *ret_at);

/* troupe__otlp_resource: of a service; `more`: attributes, or NULL. To be
 * freed. */
char *troupe__otlp_resource(const char *service, const msgpack_object *more);

/* troupe__otlp_document: spans, JSON objects with ',' between them, as the body
 * of an export. */
void troupe__otlp_document(const char *resource, const char *spans, size_t size,
                           struct troupe__text *ret);

#endif
