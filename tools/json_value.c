/* SPDX-License-Identifier: Apache-2.0 */
/* json_value.c: message bodies as JSON, and JSON as message bodies. */
#include "tools/json_value.h"

#include <czmq.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tools/findings.h"

/* --- bytes and base64 -------------------------------------------------------*/

static json_t *
text_of_bytes(const void *bytes, size_t size)
{
    if (size == 0)
        return json_string("");
    zarmour_t *armour = zarmour_new();
    char *text = armour ? zarmour_encode(armour, bytes, size) : NULL;
    json_t *json = json_string(text ? text : "");
    free(text);
    zarmour_destroy(&armour);
    return json;
}

/* NULL when it is no base64. */
static zchunk_t *
bytes_of_text(const json_t *json)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                   "abcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *text = json_string_value(json);
    size_t size = text ? strlen(text) : 1;
    if (size % 4 != 0 || json_string_length(json) != size)
        return NULL;
    size_t digits = strspn(text, alphabet);
    size_t padding = strspn(text + digits, "=");
    if (digits + padding != size || padding > 2)
        return NULL;
    if (size == 0)
        return zchunk_new(NULL, 0);
    zarmour_t *armour = zarmour_new();
    zchunk_t *chunk = armour ? zarmour_decode(armour, text) : NULL;
    zarmour_destroy(&armour);
    /* It counts a byte for the NUL of a text. */
    size_t wanted = size / 4 * 3 - padding;
    if (chunk && zchunk_size(chunk) > wanted) {
        zchunk_t *exact = zchunk_new(zchunk_data(chunk), wanted);
        zchunk_destroy(&chunk);
        chunk = exact;
    }
    return chunk;
}

static int
pack_binary(const json_t *value, msgpack_packer *packer)
{
    zchunk_t *chunk = bytes_of_text(value);
    if (!chunk)
        return -EINVAL;
    msgpack_pack_bin(packer, zchunk_size(chunk));
    msgpack_pack_bin_body(packer, zchunk_data(chunk), zchunk_size(chunk));
    zchunk_destroy(&chunk);
    return 0;
}

static int
pack_extension(const json_t *value, msgpack_packer *packer)
{
    const json_t *type = json_array_get(value, 0);
    json_int_t number = json_integer_value(type);
    zchunk_t *chunk = bytes_of_text(json_array_get(value, 1));
    bool good = chunk && json_is_integer(type) && json_array_size(value) == 2
                && number >= INT8_MIN && number <= INT8_MAX;
    if (good) {
        msgpack_pack_ext(packer, zchunk_size(chunk), (int8_t) number);
        msgpack_pack_ext_body(packer, zchunk_data(chunk), zchunk_size(chunk));
    }
    zchunk_destroy(&chunk);
    return good ? 0 : -EINVAL;
}

/* --- from JSON --------------------------------------------------------------*/

static int
pack_unsigned(const json_t *value, msgpack_packer *packer)
{
    const char *text = json_string_value(value);
    char *end = NULL;
    if (!text || strspn(text, "0123456789") != strlen(text) || !*text)
        return -EINVAL;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (errno != 0 || *end)
        return -EINVAL;
    msgpack_pack_uint64(packer, number);
    return 0;
}

static int
pack_float(const json_t *value, msgpack_packer *packer)
{
    const char *text = json_string_value(value);
    if (text && strcmp(text, "nan") == 0)
        msgpack_pack_double(packer, NAN);
    else if (text && strcmp(text, "inf") == 0)
        msgpack_pack_double(packer, INFINITY);
    else if (text && strcmp(text, "-inf") == 0)
        msgpack_pack_double(packer, -INFINITY);
    else
        return -EINVAL;
    return 0;
}

static int
pack_pairs(const json_t *value, msgpack_packer *packer)
{
    if (!json_is_array(value))
        return -EINVAL;
    msgpack_pack_map(packer, json_array_size(value));
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < json_array_size(value); i++) {
        const json_t *pair = json_array_get(value, i);
        if (json_array_size(pair) != 2)
            return -EINVAL;
        rc = troupe__json_pack(json_array_get(pair, 0), packer);
        if (rc == 0)
            rc = troupe__json_pack(json_array_get(pair, 1), packer);
    }
    return rc;
}

typedef int (*pack_fn)(const json_t *value, msgpack_packer *packer);

static const struct {
    const char *key;
    pack_fn pack;
} specials[] = {
    {"$bin", pack_binary},  {"$ext", pack_extension}, {"$uint", pack_unsigned},
    {"$float", pack_float}, {"$map", pack_pairs},
};

static pack_fn
special_of(const char *key, size_t size)
{
    for (size_t i = 0; i < sizeof specials / sizeof *specials; i++) {
        if (strlen(specials[i].key) == size
            && memcmp(specials[i].key, key, size) == 0)
            return specials[i].pack;
    }
    return NULL;
}

static int
pack_object(json_t *value, msgpack_packer *packer)
{
    const char *key = NULL;
    json_t *item = NULL;
    if (json_object_size(value) == 1) {
        void *only = json_object_iter(value);
        key = json_object_iter_key(only);
        pack_fn pack = special_of(key, strlen(key));
        if (pack)
            return pack(json_object_iter_value(only), packer);
    }
    msgpack_pack_map(packer, json_object_size(value));
    json_object_foreach(value, key, item)
    {
        msgpack_pack_str_with_body(packer, key, strlen(key));
        int rc = troupe__json_pack(item, packer);
        if (rc < 0)
            return rc;
    }
    return 0;
}

int
troupe__json_pack(const json_t *value, msgpack_packer *packer)
{
    switch (json_typeof(value)) {
    case JSON_NULL:
        return msgpack_pack_nil(packer);
    case JSON_TRUE:
        return msgpack_pack_true(packer);
    case JSON_FALSE:
        return msgpack_pack_false(packer);
    case JSON_INTEGER:
        return msgpack_pack_int64(packer, json_integer_value(value));
    case JSON_REAL:
        return msgpack_pack_double(packer, json_real_value(value));
    case JSON_STRING:
        return msgpack_pack_str_with_body(packer, json_string_value(value),
                                          json_string_length(value));
    case JSON_ARRAY:
        msgpack_pack_array(packer, json_array_size(value));
        for (size_t i = 0; i < json_array_size(value); i++) {
            int rc = troupe__json_pack(json_array_get(value, i), packer);
            if (rc < 0)
                return rc;
        }
        return 0;
    case JSON_OBJECT:
        return pack_object((json_t *) (uintptr_t) value, packer);
    }
    return -EINVAL;
}

/* --- to JSON ----------------------------------------------------------------*/

static json_t *
wrap(const char *key, json_t *value)
{
    return json_pack("{s:o}", key, value);
}

static json_t *
of_pairs(const msgpack_object_map *map)
{
    json_t *pairs = json_array();
    for (uint32_t i = 0; i < map->size; i++) {
        json_array_append_new(
            pairs, json_pack("[o, o]", troupe__json_of(&map->ptr[i].key),
                             troupe__json_of(&map->ptr[i].val)));
    }
    return wrap("$map", pairs);
}

/* NULL when JSON has no such object. */
static json_t *
of_map(const msgpack_object_map *map)
{
    json_t *json = json_object();
    for (uint32_t i = 0; i < map->size; i++) {
        const msgpack_object *key = &map->ptr[i].key;
        const msgpack_object_str *text = &key->via.str;
        char *name = key->type == MSGPACK_OBJECT_STR
                             && !memchr(text->ptr, '\0', text->size)
                         ? troupe__copy(text->ptr, text->size)
                         : NULL;
        bool odd = !name || json_object_get(json, name)
                   || (map->size == 1 && special_of(name, strlen(name)));
        int rc = odd ? -1
                     : json_object_set_new(json, name,
                                           troupe__json_of(&map->ptr[i].val));
        free(name);
        if (rc < 0) {
            json_decref(json);
            return NULL;
        }
    }
    return json;
}

static json_t *
of_real(double real)
{
    if (isfinite(real))
        return json_real(real);
    return wrap("$float", json_string(isnan(real) ? "nan"
                                      : real > 0  ? "inf"
                                                  : "-inf"));
}

static json_t *
of_unsigned(uint64_t number)
{
    char text[24];
    if (number <= INT64_MAX)
        return json_integer((json_int_t) number);
    (void) snprintf(text, sizeof text, "%llu", (unsigned long long) number);
    return wrap("$uint", json_string(text));
}

static json_t *
of_text(const msgpack_object_str *text)
{
    json_t *json = json_stringn(text->size > 0 ? text->ptr : "", text->size);
    return json ? json : wrap("$bin", text_of_bytes(text->ptr, text->size));
}

static json_t *
of_list(const msgpack_object_array *list)
{
    json_t *json = json_array();
    for (uint32_t i = 0; i < list->size; i++)
        json_array_append_new(json, troupe__json_of(&list->ptr[i]));
    return json;
}

json_t *
troupe__json_of(const msgpack_object *object)
{
    json_t *json = NULL;
    switch (object->type) {
    case MSGPACK_OBJECT_NIL:
        return json_null();
    case MSGPACK_OBJECT_BOOLEAN:
        return json_boolean(object->via.boolean);
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
        return of_unsigned(object->via.u64);
    case MSGPACK_OBJECT_NEGATIVE_INTEGER:
        return json_integer(object->via.i64);
    case MSGPACK_OBJECT_FLOAT32:
    case MSGPACK_OBJECT_FLOAT64:
        return of_real(object->via.f64);
    case MSGPACK_OBJECT_STR:
        return of_text(&object->via.str);
    case MSGPACK_OBJECT_BIN:
        return wrap("$bin",
                    text_of_bytes(object->via.bin.ptr, object->via.bin.size));
    case MSGPACK_OBJECT_EXT:
        return wrap("$ext", json_pack("[i, o]", (int) object->via.ext.type,
                                      text_of_bytes(object->via.ext.ptr,
                                                    object->via.ext.size)));
    case MSGPACK_OBJECT_ARRAY:
        return of_list(&object->via.array);
    case MSGPACK_OBJECT_MAP:
        json = of_map(&object->via.map);
        return json ? json : of_pairs(&object->via.map);
    }
    return json_null();
}

json_t *
troupe__json_of_body(const void *body, size_t size)
{
    msgpack_unpacked unpacked;
    msgpack_unpacked_init(&unpacked);
    size_t used = 0;
    json_t *json = NULL;
    if (msgpack_unpack_next(&unpacked, body, size, &used)
            == MSGPACK_UNPACK_SUCCESS
        && used == size)
        json = troupe__json_of(&unpacked.data);
    msgpack_unpacked_destroy(&unpacked);
    return json;
}
