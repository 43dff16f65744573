/* SPDX-License-Identifier: Apache-2.0 */
/* graph_json.c: results of tasks from JSON and to JSON. */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "actors/graph_value.h"
#include "mailbox/check.h"

#define DEPTH_MAX 28 /* of a result: a report of it nests up to 32 */

static int
pack(const json_t *json, msgpack_packer *packer, unsigned depth)
{
    if (depth > DEPTH_MAX)
        return -EBADMSG;
    switch (json_typeof(json)) {
    case JSON_NULL:
        return msgpack_pack_nil(packer);
    case JSON_TRUE:
        return msgpack_pack_true(packer);
    case JSON_FALSE:
        return msgpack_pack_false(packer);
    case JSON_INTEGER:
        return msgpack_pack_int64(packer, json_integer_value(json));
    case JSON_REAL:
        return msgpack_pack_double(packer, json_real_value(json));
    case JSON_STRING:
        return msgpack_pack_str_with_body(packer, json_string_value(json),
                                          json_string_length(json));
    case JSON_ARRAY:
        msgpack_pack_array(packer, json_array_size(json));
        break;
    case JSON_OBJECT:
        msgpack_pack_map(packer, json_object_size(json));
        break;
    }
    int rc = 0;
    for (size_t i = 0; i < json_array_size(json) && rc == 0; i++)
        rc = pack(json_array_get(json, i), packer, depth + 1);
    if (!json_is_object(json))
        return rc;
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *) (uintptr_t) json, key, value)
    {
        if (rc == 0) {
            msgpack_pack_str_with_body(packer, key, strlen(key));
            rc = pack(value, packer, depth + 1);
        }
    }
    return rc;
}

int
troupe__graph_json_value(const char *text, size_t size, void **ret_bytes,
                         size_t *ret_size)
{
    json_t *json = json_loadb(text, size, JSON_DECODE_ANY, NULL);
    if (!json)
        return -EBADMSG;
    msgpack_sbuffer buffer;
    msgpack_packer packer;
    msgpack_sbuffer_init(&buffer);
    msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
    int rc = pack(json, &packer, 0);
    json_decref(json);
    if (rc == 0) {
        *ret_bytes = buffer.data;
        *ret_size = buffer.size;
    } else {
        msgpack_sbuffer_destroy(&buffer);
    }
    return rc;
}

static void
write_text(const char *text, size_t size, FILE *out)
{
    json_t *json = json_stringn(size > 0 ? text : "", size);
    char *dump = json ? json_dumps(json, JSON_ENCODE_ANY) : NULL;
    if (dump) {
        fputs(dump, out);
    } else { /* bytes that are no UTF-8 */
        fputc('"', out);
        for (size_t i = 0; i < size; i++)
            fprintf(out, "%02x", (unsigned char) text[i]);
        fputc('"', out);
    }
    free(dump);
    json_decref(json);
}

static void
write_map(const msgpack_object_map *map, FILE *out)
{
    fputc('{', out);
    for (uint32_t i = 0; i < map->size; i++) {
        if (i > 0)
            fputc(',', out);
        const msgpack_object *key = &map->ptr[i].key;
        if (key->type == MSGPACK_OBJECT_STR) {
            write_text(key->via.str.ptr, key->via.str.size, out);
        } else {
            fputc('"', out);
            troupe__graph_value_text(key, out);
            fputc('"', out);
        }
        fputc(':', out);
        troupe__graph_value_json(&map->ptr[i].val, out);
    }
    fputc('}', out);
}

void
troupe__graph_value_json(const msgpack_object *object, FILE *out)
{
    switch (object->type) {
    case MSGPACK_OBJECT_STR:
        write_text(object->via.str.ptr, object->via.str.size, out);
        return;
    case MSGPACK_OBJECT_BIN:
        write_text(object->via.bin.ptr, object->via.bin.size, out);
        return;
    case MSGPACK_OBJECT_ARRAY:
        fputc('[', out);
        for (uint32_t i = 0; i < object->via.array.size; i++) {
            if (i > 0)
                fputc(',', out);
            troupe__graph_value_json(&object->via.array.ptr[i], out);
        }
        fputc(']', out);
        return;
    case MSGPACK_OBJECT_MAP:
        write_map(&object->via.map, out);
        return;
    case MSGPACK_OBJECT_FLOAT32:
    case MSGPACK_OBJECT_FLOAT64:
        if (isfinite(object->via.f64))
            troupe__graph_value_text(object, out);
        else
            fputs("null", out);
        return;
    case MSGPACK_OBJECT_NIL:
    case MSGPACK_OBJECT_EXT:
        fputs("null", out);
        return;
    case MSGPACK_OBJECT_BOOLEAN:
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
    case MSGPACK_OBJECT_NEGATIVE_INTEGER:
        troupe__graph_value_text(object, out);
        return;
    }
}
