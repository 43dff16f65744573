/* SPDX-License-Identifier: Apache-2.0 */
/* json_value.h: message bodies as JSON, and JSON as message bodies. */
#ifndef TROUPE_TOOLS_JSON_VALUE_H
#define TROUPE_TOOLS_JSON_VALUE_H

#include <jansson.h>

#include "troupe_msgpack.h"

/*
 * What msgpack has and JSON has not is an object with one key of ours:
 *   {"$bin": "aGk="}          a binary, in base64
 *   {"$ext": [5, "aGk="]}     an extension: its type, its bytes in base64
 *   {"$uint": "1844674..."}   an integer over 2^63 - 1
 *   {"$float": "nan"}         nan, inf or -inf
 *   {"$map": [[1, "a"]]}      a map whose keys are not all texts, or are there
 *                             twice, or which would be read as one of these
 * There and back again gives the same value.
 */

/*
 * troupe__json_pack: append a JSON value as msgpack.
 *
 *   returns  0, or -EINVAL: one of the objects above is not as it should be
 */
int troupe__json_pack(const json_t *value, msgpack_packer *packer);

/* troupe__json_of: a new JSON value; never NULL. */
json_t *troupe__json_of(const msgpack_object *object);

/* troupe__json_of_body: the same of one msgpack value; NULL when it is none. */
json_t *troupe__json_of_body(const void *body, size_t size);

#endif
