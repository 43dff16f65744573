/* SPDX-License-Identifier: Apache-2.0 */
/* graph_parts.c: items and rounds in the message that a report is. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "actors/graph_each.h"
#include "mailbox/check.h"

/* [state, attempts, resumed, started_ns, ended_ns, spent_ns, why] */
#define PART_SIZE 7

void
troupe__graph_pack_parts(msgpack_packer *packer,
                         const troupe_graph_part_t *parts, size_t count)
{
    msgpack_pack_array(packer, count);
    for (size_t i = 0; i < count; i++) {
        const troupe_graph_part_t *it = &parts[i];
        msgpack_pack_array(packer, PART_SIZE);
        troupe__graph_pack_text(packer, troupe_graph_state_name(it->state));
        msgpack_pack_uint32(packer, it->attempts);
        it->resumed ? msgpack_pack_true(packer) : msgpack_pack_false(packer);
        msgpack_pack_uint64(packer, it->started_ns);
        msgpack_pack_uint64(packer, it->ended_ns);
        msgpack_pack_uint64(packer, it->spent_ns);
        troupe__graph_pack_text(packer, it->why);
    }
}

static bool
is_part(const msgpack_object *from)
{
    const msgpack_object *it = from->via.array.ptr;
    if (from->type != MSGPACK_OBJECT_ARRAY || from->via.array.size != PART_SIZE)
        return false;
    return it[0].type == MSGPACK_OBJECT_STR
           && it[1].type == MSGPACK_OBJECT_POSITIVE_INTEGER
           && it[2].type == MSGPACK_OBJECT_BOOLEAN
           && it[3].type == MSGPACK_OBJECT_POSITIVE_INTEGER
           && it[4].type == MSGPACK_OBJECT_POSITIVE_INTEGER
           && it[5].type == MSGPACK_OBJECT_POSITIVE_INTEGER
           && it[6].type == MSGPACK_OBJECT_STR;
}

static int
read_part(const msgpack_object *from, troupe_graph_part_t *it)
{
    if (!is_part(from))
        return -EBADMSG;
    const msgpack_object *at = from->via.array.ptr;
    const msgpack_object_str *state = &at[0].via.str, *why = &at[6].via.str;
    for (int i = TROUPE_GRAPH_OK; i <= TROUPE_GRAPH_NOT_NEEDED; i++) {
        const char *name = troupe_graph_state_name((troupe_graph_state_t) i);
        if (strlen(name) == state->size
            && memcmp(name, state->ptr, state->size) == 0)
            it->state = (troupe_graph_state_t) i;
    }
    it->attempts = (uint32_t) at[1].via.u64;
    it->resumed = at[2].via.boolean;
    it->started_ns = at[3].via.u64;
    it->ended_ns = at[4].via.u64;
    it->spent_ns = at[5].via.u64;
    char *text = troupe__alloc((size_t) why->size + 1);
    if (why->size > 0)
        memcpy(text, why->ptr, why->size);
    it->why = text;
    return it->state == 0 ? -EBADMSG : 0;
}

int
troupe__graph_read_parts(const msgpack_object *list,
                         troupe_graph_part_t **ret_parts, size_t *ret_count)
{
    *ret_parts = NULL;
    *ret_count = 0;
    if (list->type != MSGPACK_OBJECT_ARRAY)
        return -EBADMSG;
    size_t count = list->via.array.size;
    troupe_graph_part_t *parts = troupe__alloc((count + 1) * sizeof *parts);
    int rc = 0;
    for (size_t i = 0; i < count && rc == 0; i++)
        rc = read_part(&list->via.array.ptr[i], &parts[i]);
    if (rc < 0) {
        troupe__graph_parts_free(parts, count);
        return rc;
    }
    *ret_parts = parts;
    *ret_count = count;
    return 0;
}

void
troupe__graph_parts_free(troupe_graph_part_t *parts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free((void *) (uintptr_t) parts[i].why);
    free(parts);
}
