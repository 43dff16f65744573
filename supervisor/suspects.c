/* SPDX-License-Identifier: Apache-2.0 */
/* suspects.c: messages in hand when a process crashed, from root to deputy. */
#include <stdlib.h>
#include <string.h>

#include "runtime/mark.h"
#include "runtime/peers.h"
#include "supervisor/isolation.h"

int
troupe__suspects_write(msgpack_packer *packer, void *arg)
{
    const struct troupe__scene *scene = arg;
    struct troupe__suspect *suspects = NULL;
    size_t count = troupe__peer_suspects(scene->root, scene->node, &suspects);
    msgpack_pack_array(packer, count);
    for (size_t i = 0; i < count; i++) {
        size_t size = strlen(suspects[i].type);
        msgpack_pack_array(packer, 3);
        msgpack_pack_uint64(packer, suspects[i].ref.id);
        msgpack_pack_str(packer, size);
        msgpack_pack_str_body(packer, suspects[i].type, size);
        msgpack_pack_uint64(packer, suspects[i].fingerprint);
    }
    free(suspects);
    return 0;
}

static bool
is_of(const msgpack_object *suspect, troupe_ref_t actor)
{
    if (suspect->type != MSGPACK_OBJECT_ARRAY || suspect->via.array.size != 3)
        return false;
    const msgpack_object *fields = suspect->via.array.ptr;
    return fields[0].type == MSGPACK_OBJECT_POSITIVE_INTEGER
           && fields[0].via.u64 == actor.id
           && fields[1].type == MSGPACK_OBJECT_STR
           && fields[1].via.str.size <= TROUPE_TYPE_MAX
           && fields[2].type == MSGPACK_OBJECT_POSITIVE_INTEGER;
}

uint64_t
troupe__suspects_find(const troupe_message_t *msg, troupe_ref_t actor,
                      char type[TROUPE_TYPE_MAX + 1])
{
    msgpack_object object;
    if (troupe_message_object(msg, &object) < 0
        || object.type != MSGPACK_OBJECT_ARRAY || object.via.array.size < 5
        || object.via.array.ptr[4].type != MSGPACK_OBJECT_ARRAY)
        return 0;
    const msgpack_object_array *list = &object.via.array.ptr[4].via.array;
    for (uint32_t i = 0; i < list->size; i++) {
        if (!is_of(&list->ptr[i], actor))
            continue;
        const msgpack_object *fields = list->ptr[i].via.array.ptr;
        memcpy(type, fields[1].via.str.ptr, fields[1].via.str.size);
        type[fields[1].via.str.size] = '\0';
        return fields[2].via.u64;
    }
    return 0;
}
