/* SPDX-License-Identifier: Apache-2.0 */
/* decide_report.c: a finished report, and decisions that come as JSON. */
#include "actors/decide.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "troupe_msgpack.h"

#include "mailbox/check.h"

troupe_decide_outcome_t
troupe_decide_outcome(const troupe_decide_t *self)
{
    CHECK(self);
    return self->outcome;
}

const char *
troupe_decide_verdict(const troupe_decide_t *self)
{
    CHECK(self);
    return self->verdict;
}

bool
troupe_decide_deadline_passed(const troupe_decide_t *self)
{
    CHECK(self);
    return self->deadline_passed;
}

const char *
troupe_decide_markdown(const troupe_decide_t *self)
{
    CHECK(self);
    return self->markdown;
}

const char *
troupe_decide_json(const troupe_decide_t *self)
{
    CHECK(self);
    return self->json;
}

const char *
troupe_decide_svg(const troupe_decide_t *self)
{
    CHECK(self);
    return self->svg;
}

void
troupe_decide_destroy(troupe_decide_t **self_p)
{
    if (!self_p || !*self_p)
        return;
    free((*self_p)->verdict);
    free((*self_p)->markdown);
    free((*self_p)->json);
    free((*self_p)->svg);
    free(*self_p);
    *self_p = NULL;
}

static void
pack_text(msgpack_packer *packer, const char *text, size_t size)
{
    msgpack_pack_str(packer, size);
    msgpack_pack_str_body(packer, text, size);
}

/* jansson bounds the depth of what it has read (2,048). */
static void
pack(msgpack_packer *packer, json_t *value)
{
    json_t *item = NULL;
    const char *key = NULL;
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        msgpack_pack_map(packer, json_object_size(value));
        json_object_foreach(value, key, item)
        {
            pack_text(packer, key, strlen(key));
            pack(packer, item);
        }
        break;
    case JSON_ARRAY:
        msgpack_pack_array(packer, json_array_size(value));
        for (size_t i = 0; i < json_array_size(value); i++)
            pack(packer, json_array_get(value, i));
        break;
    case JSON_STRING:
        pack_text(packer, json_string_value(value), json_string_length(value));
        break;
    case JSON_INTEGER:
        msgpack_pack_int64(packer, json_integer_value(value));
        break;
    case JSON_REAL:
        msgpack_pack_double(packer, json_real_value(value));
        break;
    case JSON_TRUE:
        msgpack_pack_true(packer);
        break;
    case JSON_FALSE:
        msgpack_pack_false(packer);
        break;
    case JSON_NULL:
        msgpack_pack_nil(packer);
        break;
    }
}

int
troupe__decision_pack(const char *json, void **ret_bytes, size_t *ret_size,
                      char *error, size_t error_size)
{
    json_error_t wrong;
    json_t *root = json_loads(json, JSON_REJECT_DUPLICATES, &wrong);
    if (!root) {
        snprintf(error, error_size, "no JSON: line %d, column %d: %s; mend it",
                 wrong.line, wrong.column, wrong.text);
        return -EINVAL;
    }
    msgpack_sbuffer buffer;
    msgpack_packer packer;
    msgpack_sbuffer_init(&buffer);
    msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
    pack(&packer, root);
    json_decref(root);
    *ret_bytes = troupe__alloc(buffer.size);
    memcpy(*ret_bytes, buffer.data, buffer.size);
    *ret_size = buffer.size;
    msgpack_sbuffer_destroy(&buffer);
    return 0;
}
