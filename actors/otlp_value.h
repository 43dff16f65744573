/* SPDX-License-Identifier: Apache-2.0 */
/* otlp_value.h: texts, numbers and attributes of OpenTelemetry's JSON. */
#ifndef TROUPE_ACTORS_OTLP_VALUE_H
#define TROUPE_ACTORS_OTLP_VALUE_H

#include "troupe_msgpack.h"

#include "actors/text.h"

/* troupe__otlp_text: a JSON string; of what is no UTF-8 the empty one. */
void troupe__otlp_text(struct troupe__text *to, const char *bytes, size_t size);

/* troupe__otlp_hex: digits, without quotes. */
void troupe__otlp_hex(struct troupe__text *to, const uint8_t *bytes,
                      size_t size);

/* troupe__otlp_unsigned: digits, without quotes. */
void troupe__otlp_unsigned(struct troupe__text *to, uint64_t number);

/* troupe__otlp_attributes: a map as KeyValues, with a ',' before each but where
 * a list begins; what is nil, or has another key than a text, is left out. */
void troupe__otlp_attributes(struct troupe__text *to,
                             const msgpack_object *map);

#endif
