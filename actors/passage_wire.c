/* SPDX-License-Identifier: Apache-2.0 */
/* passage_wire.c: lists of passages in messages. */
#include "actors/passage_wire.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "actors/text.h"
#include "mailbox/check.h"

static int
pack_string(msgpack_packer *packer, const char *text)
{
    size_t size = strlen(text);
    if (size > UINT32_MAX || msgpack_pack_str(packer, size) != 0)
        return -EIO;
    return msgpack_pack_str_body(packer, text, size) != 0 ? -EIO : 0;
}

static int
pack_text(msgpack_packer *packer, const char *key, const char *text)
{
    int rc = pack_string(packer, key);
    return rc == 0 ? pack_string(packer, text) : rc;
}

static int
pack_number(msgpack_packer *packer, const char *key, uint64_t number)
{
    int rc = pack_string(packer, key);
    if (rc == 0 && msgpack_pack_uint64(packer, number) != 0)
        rc = -EIO;
    return rc;
}

static int
pack_passage(msgpack_packer *packer, const troupe_passage_t *passage)
{
    int rc = msgpack_pack_map(packer, 10) != 0 ? -EIO : 0;
    if (rc == 0)
        rc = pack_text(packer, "path", passage->path);
    if (rc == 0)
        rc = pack_text(packer, "title", passage->title);
    if (rc == 0)
        rc = pack_text(packer, "heading", passage->heading);
    if (rc == 0)
        rc = pack_text(packer, "text", passage->text);
    if (rc == 0)
        rc = pack_number(packer, "start", passage->start);
    if (rc == 0)
        rc = pack_number(packer, "end", passage->end);
    if (rc == 0)
        rc = pack_string(packer, "score");
    if (rc == 0 && msgpack_pack_double(packer, passage->score) != 0)
        rc = -EIO;
    if (rc == 0)
        rc = pack_number(packer, "rank", passage->rank);
    if (rc == 0)
        rc = pack_number(packer, "engines", passage->engines);
    return rc == 0 ? pack_number(packer, "duplicates", passage->duplicates)
                   : rc;
}

int
troupe__passages_pack(msgpack_packer *packer, const troupe_passages_t *list)
{
    CHECK(packer && list);
    size_t count = troupe_passages_count(list);
    int rc = msgpack_pack_array(packer, count) != 0 ? -EIO : 0;
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = pack_passage(packer, troupe_passages_at(list, i));
    return rc;
}

/* The strings of a passage that is being read, NUL-ended copies. */
struct strings {
    char *path;
    char *title;
    char *heading;
    char *text;
};

static bool
read_string(const msgpack_object *value, char **ret)
{
    if (value->type != MSGPACK_OBJECT_STR)
        return false;
    const char *s = value->via.str.ptr;
    size_t size = value->via.str.size;
    if ((size > 0 && memchr(s, 0, size)) || !troupe__utf8_is_valid(s, size))
        return false;
    free(*ret); /* a key may come twice: the last one counts */
    *ret = troupe__alloc(size + 1);
    if (size > 0)
        memcpy(*ret, s, size);
    return true;
}

static bool
read_number(const msgpack_object *value, uint64_t max, uint64_t *ret)
{
    if (value->type != MSGPACK_OBJECT_POSITIVE_INTEGER || value->via.u64 > max)
        return false;
    *ret = value->via.u64;
    return true;
}

/* Other languages write a whole number where a fraction is allowed. */
static bool
read_score(const msgpack_object *value, double *ret)
{
    if (value->type == MSGPACK_OBJECT_FLOAT32
        || value->type == MSGPACK_OBJECT_FLOAT64)
        *ret = value->via.f64;
    else if (value->type == MSGPACK_OBJECT_POSITIVE_INTEGER)
        *ret = (double) value->via.u64;
    else if (value->type == MSGPACK_OBJECT_NEGATIVE_INTEGER)
        *ret = (double) value->via.i64;
    else
        return false;
    return isfinite(*ret);
}

static bool
is_key(const msgpack_object *key, const char *name)
{
    return key->via.str.size == strlen(name)
           && memcmp(key->via.str.ptr, name, strlen(name)) == 0;
}

static bool
read_pair(const msgpack_object_kv *pair, struct strings *strings,
          troupe_passage_t *ret)
{
    const msgpack_object *key = &pair->key, *value = &pair->val;
    if (key->type != MSGPACK_OBJECT_STR)
        return false;
    uint64_t number = 0;
    bool good = true;
    if (is_key(key, "path"))
        return read_string(value, &strings->path);
    if (is_key(key, "title"))
        return read_string(value, &strings->title);
    if (is_key(key, "heading"))
        return read_string(value, &strings->heading);
    if (is_key(key, "text"))
        return read_string(value, &strings->text);
    if (is_key(key, "score"))
        return read_score(value, &ret->score);
    if (is_key(key, "start")) {
        good = read_number(value, SIZE_MAX, &number);
        ret->start = (size_t) number;
    } else if (is_key(key, "end")) {
        good = read_number(value, SIZE_MAX, &number);
        ret->end = (size_t) number;
    } else if (is_key(key, "rank")) {
        good = read_number(value, UINT32_MAX, &number);
        ret->rank = (uint32_t) number;
    } else if (is_key(key, "engines")) {
        good = read_number(value, UINT32_MAX, &number);
        ret->engines = (uint32_t) number;
    } else if (is_key(key, "duplicates")) {
        good = read_number(value, UINT32_MAX, &number);
        ret->duplicates = (uint32_t) number;
    }
    return good;
}

static int
read_passage(const msgpack_object *object, troupe_passages_t *list)
{
    if (object->type != MSGPACK_OBJECT_MAP)
        return -EBADMSG;
    struct strings strings = {0};
    troupe_passage_t passage = {0};
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < object->via.map.size; i++)
        if (!read_pair(&object->via.map.ptr[i], &strings, &passage))
            rc = -EBADMSG;
    passage.path = strings.path;
    passage.title = strings.title;
    passage.heading = strings.heading;
    passage.text = strings.text;
    if (rc == 0 && troupe_passages_add(list, &passage) < 0)
        rc = -EBADMSG;
    free(strings.path);
    free(strings.title);
    free(strings.heading);
    free(strings.text);
    return rc;
}

int
troupe__passages_unpack(const msgpack_object *object,
                        troupe_passages_t **ret_list)
{
    CHECK(object && ret_list);
    if (object->type != MSGPACK_OBJECT_ARRAY)
        return -EBADMSG;
    troupe_passages_t *list = troupe_passages_new();
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < object->via.array.size; i++)
        rc = read_passage(&object->via.array.ptr[i], list);
    if (rc < 0)
        troupe_passages_destroy(&list);
    else
        *ret_list = list;
    return rc;
}
