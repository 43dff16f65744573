/* SPDX-License-Identifier: Apache-2.0 */
/* spec_read.c: reads definitions and specs that were packed. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mailbox/check.h"
#include "supervisor/isolation.h"
#include "supervisor/spec_fields.h"

static bool
is_array(const msgpack_object *object, uint32_t size)
{
    return object->type == MSGPACK_OBJECT_ARRAY
           && object->via.array.size == size;
}

static bool
read_number(const msgpack_object *object, uint32_t *ret_number)
{
    if (object->type != MSGPACK_OBJECT_POSITIVE_INTEGER
        || object->via.u64 > UINT32_MAX)
        return false;
    *ret_number = (uint32_t) object->via.u64;
    return true;
}

/* Strings are not NUL-ended where they lie, so they are copied. */
static char *
copy_text(const msgpack_object *object)
{
    if (object->type != MSGPACK_OBJECT_STR
        || memchr(object->via.str.ptr, '\0', object->via.str.size))
        return NULL;
    char *text = troupe__alloc((size_t) object->via.str.size + 1);
    memcpy(text, object->via.str.ptr, object->via.str.size);
    return text;
}

static void *
copy_bytes(const void *bytes, size_t size)
{
    if (size == 0)
        return NULL;
    void *copy = troupe__alloc(size);
    memcpy(copy, bytes, size);
    return copy;
}

static int
read_texts(troupe_t *node, const msgpack_object *fields,
           troupe_child_spec_t *spec)
{
    char *kind = copy_text(&fields[1]);
    int rc = kind ? troupe_kind_find(node, kind, &spec->kind) : -EBADMSG;
    free(kind);
    if (rc < 0)
        return rc;
    spec->id = copy_text(&fields[0]);
    if (!spec->id)
        return -EBADMSG;
    if (fields[2].type != MSGPACK_OBJECT_NIL
        && !(spec->name = copy_text(&fields[2])))
        return -EBADMSG;
    if (fields[3].type != MSGPACK_OBJECT_NIL
        && !(spec->node = copy_text(&fields[3])))
        return -EBADMSG;
    if (fields[4].type != MSGPACK_OBJECT_BIN
        || fields[5].type != MSGPACK_OBJECT_BIN)
        return -EBADMSG;
    spec->arguments_size = fields[4].via.bin.size;
    spec->arguments = copy_bytes(fields[4].via.bin.ptr, spec->arguments_size);
    return troupe__program_read(fields[5].via.bin.ptr, fields[5].via.bin.size,
                                &spec->program);
}

static bool
copy_numbers(const msgpack_object *object, uint32_t numbers[SPEC_NUMBERS_COUNT])
{
    size_t size = SPEC_NUMBERS_COUNT * sizeof *numbers;
    if (object->type != MSGPACK_OBJECT_BIN || object->via.bin.size != size)
        return false;
    memcpy(numbers, object->via.bin.ptr, size);
    return true;
}

int
troupe__spec_read(troupe_t *node, const msgpack_object *object,
                  troupe_child_spec_t *ret_spec)
{
    CHECK(node && object);
    CHECK(ret_spec);
    if (!is_array(object, SPEC_FIELDS))
        return -EBADMSG;
    const msgpack_object *fields = object->via.array.ptr;
    troupe_child_spec_t spec = {0};
    int rc = read_texts(node, fields, &spec);
    uint32_t numbers[SPEC_NUMBERS_COUNT] = {0};
    size_t count = 0;
    if (rc == 0 && !copy_numbers(&fields[SPEC_TEXTS], numbers))
        rc = -EBADMSG;
    if (rc < 0) {
        troupe__spec_free(&spec);
        return rc;
    }
#define AS_FIELD(type, field) spec.field = (type) numbers[count++];
    SPEC_NUMBERS(AS_FIELD)
#undef AS_FIELD
    *ret_spec = spec;
    return 0;
}

void
troupe__spec_free(troupe_child_spec_t *spec)
{
    CHECK(spec);
    free((void *) (uintptr_t) spec->id);
    free((void *) (uintptr_t) spec->name);
    free((void *) (uintptr_t) spec->node);
    free((void *) (uintptr_t) spec->arguments);
    troupe__program_free(&spec->program);
    *spec = (troupe_child_spec_t){0};
}

int
troupe__options_read(const msgpack_object *object,
                     troupe_supervisor_options_t *ret_options)
{
    if (!is_array(object, OPTIONS_FIELDS))
        return -EBADMSG;
    const msgpack_object *fields = object->via.array.ptr;
    uint32_t number = 0;
#define AS_READ(type, field)                                                   \
    if (!read_number(fields, &number))                                         \
        return -EBADMSG;                                                       \
    ret_options->field = (type) number;                                        \
    fields++;
    OPTIONS_NUMBERS(AS_READ)
#undef AS_READ
    return 0;
}

int
troupe__definition_read(troupe_t *node, const troupe_message_t *msg,
                        struct troupe__definition *ret_definition)
{
    CHECK(node && msg);
    CHECK(ret_definition);
    msgpack_object object;
    int rc = troupe_message_object(msg, &object);
    if (rc < 0)
        return rc;
    if (!is_array(&object, 3)
        || object.via.array.ptr[1].type != MSGPACK_OBJECT_ARRAY
        || object.via.array.ptr[2].type != MSGPACK_OBJECT_BOOLEAN)
        return -EBADMSG;
    struct troupe__definition self = {.awaited =
                                          object.via.array.ptr[2].via.boolean};
    rc = troupe__options_read(&object.via.array.ptr[0], &self.options);
    if (rc < 0)
        return rc;
    msgpack_object_array specs = object.via.array.ptr[1].via.array;
    self.specs = troupe__alloc((specs.size + 1) * sizeof *self.specs);
    while (rc == 0 && self.count < specs.size) {
        rc = troupe__spec_read(node, &specs.ptr[self.count],
                               &self.specs[self.count]);
        if (rc == 0)
            self.count += 1;
    }
    troupe_supervisor_error_t error;
    if (rc == 0
        && troupe_child_specs_check(&self.options, self.specs, self.count,
                                    &error)
               < 0)
        rc = -EBADMSG;
    if (rc < 0) {
        troupe__definition_free(&self);
        return rc;
    }
    *ret_definition = self;
    return 0;
}

void
troupe__definition_free(struct troupe__definition *self)
{
    CHECK(self);
    for (size_t i = 0; i < self->count; i++)
        troupe__spec_free(&self->specs[i]);
    free(self->specs);
    *self = (struct troupe__definition){0};
}
