/* SPDX-License-Identifier: Apache-2.0 */
/* graph_value.c: reads references to results, and fills them in. */
#include "actors/graph_value.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "actors/graph.h"
#include "mailbox/check.h"

static bool
is_id_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
           || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '/';
}

const char *
troupe__graph_reference_next(const char *text, size_t size)
{
    for (size_t i = 0; i + 1 < size; i++) {
        if (text[i] != '$')
            continue;
        if (text[i + 1] == '$' && i + 2 < size && text[i + 2] == '{')
            i += 2;
        else if (text[i + 1] == '{')
            return &text[i];
    }
    return NULL;
}

size_t
troupe__graph_reference_read(const char *text, size_t size,
                             struct reference *ret)
{
    const char *close = size > 2 ? memchr(text, '}', size) : NULL;
    if (!close)
        return 0;
    const char *at = text + 2;
    *ret = (struct reference){.id = at, .fields = ""};
    while (is_id_letter(*at))
        at++;
    ret->id_size = (size_t) (at - ret->id);
    size_t left = (size_t) (close - at);
    if (ret->id_size == 0 || ret->id_size > TROUPE_GRAPH_ID_MAX)
        return 0;
    if (*at == '.' && left > 1) {
        ret->fields = at + 1;
        ret->fields_size = left - 1;
        if (memchr(ret->fields, '{', ret->fields_size))
            return 0;
    } else if (left == 6 && memcmp(at, ":state", left) == 0) {
        ret->part = REFERENCE_STATE;
    } else if (left == 6 && memcmp(at, ":error", left) == 0) {
        ret->part = REFERENCE_ERROR;
    } else if (left != 0) {
        return 0;
    }
    return (size_t) (close - text) + 1;
}

enum reference_word
troupe__graph_reference_word(const struct reference *reference, bool has_each,
                             bool has_rounds)
{
    static const char *const words[] = {
        [WORD_ITEM] = "item",
        [WORD_INDEX] = "index",
        [WORD_LAST] = "last",
        [WORD_ROUND] = "round",
    };
    for (int i = WORD_ITEM; i <= WORD_ROUND; i++) {
        bool is_meant = i <= WORD_INDEX ? has_each : has_rounds;
        if (is_meant && strlen(words[i]) == reference->id_size
            && memcmp(words[i], reference->id, reference->id_size) == 0
            && reference->part == REFERENCE_RESULT)
            return (enum reference_word) i;
    }
    return WORD_NONE;
}

#define FITTING_DEPTH 28 /* a report adds some; 32 is the end */

static bool
takes(const msgpack_object *object, uint32_t depth, uint32_t *left)
{
    bool is_map = object->type == MSGPACK_OBJECT_MAP;
    if (*left == 0 || depth > FITTING_DEPTH)
        return false;
    --*left;
    if (object->type != MSGPACK_OBJECT_ARRAY && !is_map)
        return true;
    bool fits = true;
    for (uint32_t i = 0; fits && !is_map && i < object->via.array.size; i++)
        fits = takes(&object->via.array.ptr[i], depth + 1, left);
    for (uint32_t i = 0; fits && is_map && i < object->via.map.size; i++)
        fits = takes(&object->via.map.ptr[i].key, depth + 1, left)
               && takes(&object->via.map.ptr[i].val, depth + 1, left);
    return fits;
}

bool
troupe__graph_value_fits(const void *bytes, size_t size, uint32_t *values)
{
    msgpack_unpacked value;
    size_t used = 0;
    uint32_t left = *values;
    msgpack_unpacked_init(&value);
    bool fits = msgpack_unpack_next(&value, bytes, size, &used)
                    == MSGPACK_UNPACK_SUCCESS
                && used == size && takes(&value.data, 1, &left);
    msgpack_unpacked_destroy(&value);
    if (fits)
        *values = left;
    return fits;
}

static msgpack_object
text_object(const char *text)
{
    msgpack_object object = {.type = MSGPACK_OBJECT_STR};
    object.via.str.ptr = text;
    object.via.str.size = (uint32_t) strlen(text);
    return object;
}

/* One step into a value, or NULL. */
static const msgpack_object *
step(const msgpack_object *object, const char *field, size_t size)
{
    if (object->type == MSGPACK_OBJECT_MAP) {
        const msgpack_object_map *map = &object->via.map;
        for (uint32_t i = 0; i < map->size; i++) {
            const msgpack_object *key = &map->ptr[i].key;
            if (key->type == MSGPACK_OBJECT_STR && key->via.str.size == size
                && memcmp(key->via.str.ptr, field, size) == 0)
                return &map->ptr[i].val;
        }
        return NULL;
    }
    uint64_t index = 0;
    bool is_number = size > 0 && size < 10;
    for (size_t i = 0; i < size && is_number; i++) {
        is_number = field[i] >= '0' && field[i] <= '9';
        index = index * 10 + (uint64_t) (field[i] - '0');
    }
    if (object->type != MSGPACK_OBJECT_ARRAY || !is_number
        || index >= object->via.array.size)
        return NULL;
    return &object->via.array.ptr[index];
}

int
troupe__graph_reference_value(const struct reference *reference, known_fn known,
                              void *data, msgpack_zone *zone,
                              msgpack_object *ret_object,
                              char why[REFERENCE_WHY])
{
    struct known of = known(data, reference);
    *ret_object = (msgpack_object){.type = MSGPACK_OBJECT_NIL};
    if (reference->part != REFERENCE_RESULT) {
        *ret_object =
            text_object(reference->part == REFERENCE_STATE ? of.state : of.why);
        return 0;
    }
    if (!of.result)
        return 0;
    size_t used = 0;
    msgpack_object object;
    int rc = msgpack_unpack(of.result, of.result_size, &used, zone, &object);
    CHECK(rc == MSGPACK_UNPACK_SUCCESS);
    const msgpack_object *at = &object;
    const char *field = reference->fields;
    const char *end = field + reference->fields_size;
    while (at && field < end) {
        const char *dot = memchr(field, '.', (size_t) (end - field));
        size_t size = (size_t) ((dot ? dot : end) - field);
        at = step(at, field, size);
        field += size + 1;
    }
    if (!at) {
        snprintf(why, REFERENCE_WHY, "the result of '%.*s' has no '%.*s'",
                 (int) reference->id_size, reference->id,
                 (int) reference->fields_size, reference->fields);
        return -EINVAL;
    }
    *ret_object = *at;
    return 0;
}

void
troupe__graph_value_text(const msgpack_object *object, FILE *out)
{
    switch (object->type) {
    case MSGPACK_OBJECT_NIL:
        return;
    case MSGPACK_OBJECT_BOOLEAN:
        fputs(object->via.boolean ? "true" : "false", out);
        return;
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
        fprintf(out, "%" PRIu64, object->via.u64);
        return;
    case MSGPACK_OBJECT_NEGATIVE_INTEGER:
        fprintf(out, "%" PRId64, object->via.i64);
        return;
    case MSGPACK_OBJECT_FLOAT32:
    case MSGPACK_OBJECT_FLOAT64:
        fprintf(out, "%.15g", object->via.f64);
        return;
    case MSGPACK_OBJECT_STR:
        fwrite(object->via.str.ptr, 1, object->via.str.size, out);
        return;
    case MSGPACK_OBJECT_BIN:
    case MSGPACK_OBJECT_EXT:
    case MSGPACK_OBJECT_ARRAY:
    case MSGPACK_OBJECT_MAP:
        troupe__graph_value_json(object, out);
        return;
    }
}

/* --- filling in -------------------------------------------------------------*/

struct filler {
    msgpack_packer *packer;
    bool as_text;
    known_fn known;
    void *data;
    char *why;
    msgpack_zone zone; /* of results that are read */
};

static int
value_of(struct filler *self, const struct reference *reference,
         msgpack_object *ret_object)
{
    return troupe__graph_reference_value(reference, self->known, self->data,
                                         &self->zone, ret_object, self->why);
}

/* A text with references between other words. */
static int
fill_words(struct filler *self, const char *text, size_t size)
{
    char *filled = NULL;
    size_t filled_size = 0;
    FILE *out = troupe__graph_text_open(&filled, &filled_size);
    int rc = 0;
    for (size_t i = 0; i < size && rc == 0;) {
        struct reference reference;
        msgpack_object object;
        size_t left = size - i;
        size_t used =
            left > 2 && text[i] == '$' && text[i + 1] == '{'
                ? troupe__graph_reference_read(text + i, left, &reference)
                : 0;
        if (left > 2 && memcmp(text + i, "$${", 3) == 0) {
            fputs("${", out);
            used = 3;
        } else if (used == 0) {
            fputc(text[i], out);
            used = 1;
        } else {
            rc = value_of(self, &reference, &object);
            if (rc == 0)
                troupe__graph_value_text(&object, out);
        }
        i += used;
    }
    troupe__graph_text_close(out);
    if (rc == 0)
        msgpack_pack_str_with_body(self->packer, filled, filled_size);
    free(filled);
    return rc;
}

static int
fill_text(struct filler *self, const msgpack_object *object)
{
    const char *text = object->via.str.ptr;
    size_t size = object->via.str.size;
    struct reference reference;
    msgpack_object value;
    if (!memchr(text, '$', size))
        return msgpack_pack_object(self->packer, *object);
    if (self->as_text || size < 4 || memcmp(text, "${", 2) != 0
        || troupe__graph_reference_read(text, size, &reference) != size)
        return fill_words(self, text, size);
    int rc = value_of(self, &reference, &value);
    return rc < 0 ? rc : msgpack_pack_object(self->packer, value);
}

static int
fill(struct filler *self, const msgpack_object *object)
{
    int rc = 0;
    if (object->type == MSGPACK_OBJECT_STR)
        return fill_text(self, object);
    if (object->type == MSGPACK_OBJECT_ARRAY) {
        msgpack_pack_array(self->packer, object->via.array.size);
        for (uint32_t i = 0; i < object->via.array.size && rc == 0; i++)
            rc = fill(self, &object->via.array.ptr[i]);
        return rc;
    }
    if (object->type != MSGPACK_OBJECT_MAP)
        return msgpack_pack_object(self->packer, *object);
    msgpack_pack_map(self->packer, object->via.map.size);
    for (uint32_t i = 0; i < object->via.map.size && rc == 0; i++) {
        const msgpack_object_kv *pair = &object->via.map.ptr[i];
        msgpack_pack_object(self->packer, pair->key);
        bool as_is = self->as_text && pair->key.type == MSGPACK_OBJECT_STR
                     && pair->key.via.str.size == 3
                     && memcmp(pair->key.via.str.ptr, "cmd", 3) == 0;
        rc = as_is ? msgpack_pack_object(self->packer, pair->val)
                   : fill(self, &pair->val);
    }
    return rc;
}

int
troupe__graph_references_fill(const void *bytes, size_t size, bool as_text,
                              known_fn known, void *data, void **ret_bytes,
                              size_t *ret_size, char why[REFERENCE_WHY])
{
    msgpack_unpacked body;
    msgpack_sbuffer buffer;
    msgpack_packer packer;
    size_t used = 0;
    msgpack_unpacked_init(&body);
    msgpack_sbuffer_init(&buffer);
    msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
    struct filler filler = {.packer = &packer,
                            .as_text = as_text,
                            .known = known,
                            .data = data,
                            .why = why};
    if (!msgpack_zone_init(&filler.zone, MSGPACK_ZONE_CHUNK_SIZE))
        troupe__out_of_memory(MSGPACK_ZONE_CHUNK_SIZE);
    int rc = msgpack_unpack_next(&body, bytes, size, &used);
    CHECK(rc == MSGPACK_UNPACK_SUCCESS);
    rc = fill(&filler, &body.data);
    msgpack_zone_destroy(&filler.zone);
    msgpack_unpacked_destroy(&body);
    if (rc == 0) {
        *ret_bytes = buffer.data;
        *ret_size = buffer.size;
    } else {
        msgpack_sbuffer_destroy(&buffer);
    }
    return rc;
}
