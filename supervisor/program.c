/* SPDX-License-Identifier: Apache-2.0 */
/* program.c: how a process is started, packed and read. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mailbox/check.h"
#include "supervisor/isolation.h"
#include "troupe_msgpack.h"

/* Paths and arguments are bytes: they need not be UTF-8. */
static void
write_text(msgpack_packer *packer, const char *text)
{
    if (!text) {
        msgpack_pack_nil(packer);
        return;
    }
    size_t size = strlen(text);
    msgpack_pack_bin(packer, size);
    msgpack_pack_bin_body(packer, text, size);
}

static void
write_list(msgpack_packer *packer, const char *const *list)
{
    size_t count = 0;
    if (!list) {
        msgpack_pack_nil(packer);
        return;
    }
    while (list[count])
        count++;
    msgpack_pack_array(packer, count);
    for (size_t i = 0; i < count; i++)
        write_text(packer, list[i]);
}

/* nil, or [path or nil, [argv...] or nil, [env...] or nil] */
void
troupe__program_pack(const troupe_program_t *program, msgpack_sbuffer *out)
{
    msgpack_packer packer;
    msgpack_packer_init(&packer, out, msgpack_sbuffer_write);
    if (!program) {
        msgpack_pack_nil(&packer);
        return;
    }
    msgpack_pack_array(&packer, 3);
    write_text(&packer, program->path);
    write_list(&packer, program->argv);
    write_list(&packer, program->env);
}

static bool
copy_text(const msgpack_object *object, char **ret_text)
{
    const msgpack_object_bin *text = &object->via.bin;
    if (object->type != MSGPACK_OBJECT_BIN
        || memchr(text->ptr, '\0', text->size))
        return false;
    *ret_text = troupe__alloc((size_t) text->size + 1);
    memcpy(*ret_text, text->ptr, text->size);
    return true;
}

static bool
copy_list(const msgpack_object *object, const char *const **ret_list)
{
    if (object->type == MSGPACK_OBJECT_NIL)
        return true;
    if (object->type != MSGPACK_OBJECT_ARRAY)
        return false;
    uint32_t count = object->via.array.size;
    char **list = troupe__alloc(((size_t) count + 1) * sizeof *list);
    *ret_list = (const char *const *) list;
    for (uint32_t i = 0; i < count; i++)
        if (!copy_text(&object->via.array.ptr[i], &list[i]))
            return false;
    return true;
}

static bool
copy(const msgpack_object *object, troupe_program_t *program)
{
    if (object->type != MSGPACK_OBJECT_ARRAY || object->via.array.size != 3)
        return false;
    const msgpack_object *fields = object->via.array.ptr;
    char *path = NULL;
    bool good =
        fields[0].type == MSGPACK_OBJECT_NIL || copy_text(&fields[0], &path);
    program->path = path;
    return good && copy_list(&fields[1], &program->argv)
           && copy_list(&fields[2], &program->env);
}

int
troupe__program_read(const void *bytes, size_t size,
                     const troupe_program_t **ret_program)
{
    msgpack_unpacked result;
    int rc = 0;
    *ret_program = NULL;
    msgpack_unpacked_init(&result);
    if (msgpack_unpack_next(&result, bytes, size, NULL)
        != MSGPACK_UNPACK_SUCCESS) {
        rc = -EBADMSG;
    } else if (result.data.type != MSGPACK_OBJECT_NIL) {
        troupe_program_t *program = troupe__alloc(sizeof *program);
        *ret_program = program;
        if (!copy(&result.data, program)) {
            troupe__program_free(ret_program);
            rc = -EBADMSG;
        }
    }
    msgpack_unpacked_destroy(&result);
    return rc;
}

static void
free_list(const char *const *list)
{
    for (const char *const *at = list; at && *at; at++)
        free((void *) (uintptr_t) *at);
    free((void *) (uintptr_t) list);
}

void
troupe__program_free(const troupe_program_t **program_p)
{
    const troupe_program_t *program = *program_p;
    *program_p = NULL;
    if (!program)
        return;
    free((void *) (uintptr_t) program->path);
    free_list(program->argv);
    free_list(program->env);
    free((void *) (uintptr_t) program);
}
