/* SPDX-License-Identifier: Apache-2.0 */
/* info.c: what a supervisor says of its children, packed and read. */
#include <errno.h>
#include <string.h>

#include "mailbox/check.h"
#include "supervisor/request.h"

enum { INFO_FIELDS = 5, COUNT_FIELDS = 4 };

const char *
troupe_child_status_name(troupe_child_status_t status)
{
    switch (status) {
    case TROUPE_CHILD_DOWN:
        return "down";
    case TROUPE_CHILD_STARTING:
        return "starting";
    case TROUPE_CHILD_UP:
        return "up";
    case TROUPE_CHILD_STOPPING:
        return "stopping";
    case TROUPE_CHILD_RESTARTING:
        return "restarting";
    case TROUPE_CHILD_WAITING:
        return "waiting";
    }
    return "unknown";
}

void
troupe__info_write(const troupe_child_info_t *info, msgpack_packer *packer)
{
    size_t size = strlen(info->id);
    msgpack_pack_array(packer, INFO_FIELDS);
    msgpack_pack_str(packer, size);
    msgpack_pack_str_body(packer, info->id, size);
    msgpack_pack_uint64(packer, info->ref.id);
    msgpack_pack_uint8(packer, (uint8_t) info->status);
    msgpack_pack_uint8(packer, info->supervisor ? 1 : 0);
    msgpack_pack_uint32(packer, info->restarts);
}

static bool
are_numbers(const msgpack_object *fields, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (fields[i].type != MSGPACK_OBJECT_POSITIVE_INTEGER)
            return false;
    }
    return true;
}

static int
info_read(const msgpack_object *object, troupe_child_info_t *ret_info)
{
    if (object->type != MSGPACK_OBJECT_ARRAY
        || object->via.array.size != INFO_FIELDS)
        return -EBADMSG;
    const msgpack_object *fields = object->via.array.ptr;
    if (fields[0].type != MSGPACK_OBJECT_STR
        || fields[0].via.str.size > TROUPE_NAME_MAX
        || !are_numbers(fields + 1, INFO_FIELDS - 1)
        || fields[2].via.u64 > TROUPE_CHILD_WAITING)
        return -EBADMSG;
    troupe_child_info_t info = {
        .ref = {fields[1].via.u64},
        .status = (troupe_child_status_t) fields[2].via.u64,
        .supervisor = fields[3].via.u64 != 0,
        .restarts = (uint32_t) fields[4].via.u64,
    };
    memcpy(info.id, fields[0].via.str.ptr, fields[0].via.str.size);
    *ret_info = info;
    return 0;
}

int
troupe_child_info_read(const troupe_message_t *msg,
                       troupe_child_info_t *ret_info)
{
    if (!msg || !ret_info)
        return -EINVAL;
    msgpack_object object;
    int rc = troupe_message_object(msg, &object);
    return rc < 0 ? rc : info_read(&object, ret_info);
}

int
troupe_child_infos_read(const troupe_message_t *msg, troupe_child_info_t *infos,
                        size_t count)
{
    if (!msg || (!infos && count > 0))
        return -EINVAL;
    msgpack_object object;
    int rc = troupe_message_object(msg, &object);
    if (rc < 0)
        return rc;
    if (object.type != MSGPACK_OBJECT_ARRAY)
        return -EBADMSG;
    uint32_t size = object.via.array.size;
    for (uint32_t i = 0; i < size && i < count; i++) {
        rc = info_read(&object.via.array.ptr[i], &infos[i]);
        if (rc < 0)
            return rc;
    }
    return (int) size;
}

int
troupe_child_counts_read(const troupe_message_t *msg,
                         troupe_child_counts_t *ret_counts)
{
    if (!msg || !ret_counts)
        return -EINVAL;
    msgpack_object object;
    int rc = troupe_message_object(msg, &object);
    if (rc < 0)
        return rc;
    if (object.type != MSGPACK_OBJECT_ARRAY
        || object.via.array.size != COUNT_FIELDS
        || !are_numbers(object.via.array.ptr, COUNT_FIELDS))
        return -EBADMSG;
    const msgpack_object *fields = object.via.array.ptr;
    *ret_counts = (troupe_child_counts_t){
        .specs = (uint32_t) fields[0].via.u64,
        .active = (uint32_t) fields[1].via.u64,
        .supervisors = (uint32_t) fields[2].via.u64,
        .workers = (uint32_t) fields[3].via.u64,
    };
    return 0;
}

int
troupe_child_spec_read(troupe_t *node, const troupe_message_t *msg,
                       troupe_child_spec_t *ret_spec)
{
    if (!node || !msg || !ret_spec)
        return -EINVAL;
    msgpack_object object;
    int rc = troupe_message_object(msg, &object);
    return rc < 0 ? rc : troupe__spec_read(node, &object, ret_spec);
}

void
troupe_child_spec_free(troupe_child_spec_t *spec)
{
    if (spec)
        troupe__spec_free(spec);
}
