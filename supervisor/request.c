/* SPDX-License-Identifier: Apache-2.0 */
/* request.c: packs and reads calls to a supervisor. */
#include "supervisor/request.h"

#include <errno.h>
#include <string.h>

#include "mailbox/check.h"

enum { REQUEST_FIELDS = 5 };

static const char *
type_of(troupe_child_verb_t verb)
{
    switch (verb) {
    case TROUPE_START_CHILD:
        return "child.start";
    case TROUPE_TERMINATE_CHILD:
        return "child.terminate";
    case TROUPE_RESTART_CHILD:
        return "child.restart";
    case TROUPE_RENEW_CHILD:
        return "child.renew";
    case TROUPE_DELETE_CHILD:
        return "child.delete";
    case TROUPE_WHICH_CHILD:
        return "child.which";
    case TROUPE_WHICH_CHILDREN:
        return "child.list";
    case TROUPE_COUNT_CHILDREN:
        return "child.count";
    case TROUPE_CHILD_SPEC:
        return "child.spec";
    case TROUPE_CHANGE_CHILD:
        return "child.change";
    case TROUPE_CHANGE_OPTIONS:
        return "supervisor.change";
    }
    return NULL;
}

static bool
names_a_child(const troupe_child_request_t *request)
{
    return (request->id && request->id[0] != '\0')
           || !troupe_ref_is_nobody(request->ref);
}

static int
request_check(const troupe_child_request_t *request,
              troupe_supervisor_error_t *error)
{
    switch (request->verb) {
    case TROUPE_START_CHILD:
        if (request->arguments_size > 0
            && !troupe__bytes_check(request->arguments,
                                    request->arguments_size))
            return troupe__error_set(error,
                                     "arguments are not one msgpack value");
        return 0;
    case TROUPE_WHICH_CHILDREN:
    case TROUPE_COUNT_CHILDREN:
        return 0;
    case TROUPE_CHANGE_CHILD:
        return request->spec ? 0 : troupe__error_set(error, "spec is missing");
    case TROUPE_CHANGE_OPTIONS:
        if (!request->options)
            return troupe__error_set(error, "options are missing");
        return troupe__options_check(request->options, error);
    case TROUPE_TERMINATE_CHILD:
    case TROUPE_RESTART_CHILD:
    case TROUPE_DELETE_CHILD:
    case TROUPE_RENEW_CHILD:
    case TROUPE_WHICH_CHILD:
    case TROUPE_CHILD_SPEC:
        break;
    }
    if (!names_a_child(request))
        return troupe__error_set(error, "id and ref are missing");
    if (request->id
        && strnlen(request->id, TROUPE_NAME_MAX + 1) > TROUPE_NAME_MAX)
        return troupe__error_set(error, "id is longer than %d bytes",
                                 TROUPE_NAME_MAX);
    return 0;
}

/* Alone, a spec can be checked only against a supervisor that allows all; the
 * running one checks what concerns its own options. */
static int
pack_spec(troupe_t *node, const troupe_child_spec_t *spec,
          msgpack_packer *packer, troupe_supervisor_error_t *error)
{
    const troupe_supervisor_options_t lenient = {.auto_shutdown =
                                                     TROUPE_AUTO_ANY};
    int rc = troupe_child_specs_check(&lenient, spec, 1, error);
    return rc < 0 ? rc : troupe__spec_pack(node, spec, packer, error);
}

int
troupe__request_pack(troupe_t *node, const troupe_child_request_t *request,
                     const char **ret_type, msgpack_sbuffer *out,
                     troupe_supervisor_error_t *error)
{
    CHECK(node && request);
    CHECK(ret_type && out && error);
    const char *type = type_of(request->verb);
    if (!type)
        return troupe__error_set(error, "no such verb (%d)",
                                 (int) request->verb);
    int rc = request_check(request, error);
    if (rc < 0)
        return rc;
    msgpack_packer packer;
    msgpack_packer_init(&packer, out, msgpack_sbuffer_write);
    msgpack_pack_array(&packer, REQUEST_FIELDS);
    if (request->id) {
        size_t size = strlen(request->id);
        msgpack_pack_str(&packer, size);
        msgpack_pack_str_body(&packer, request->id, size);
    } else {
        msgpack_pack_nil(&packer);
    }
    msgpack_pack_uint64(&packer, request->ref.id);
    if (request->spec)
        rc = pack_spec(node, request->spec, &packer, error);
    else
        msgpack_pack_nil(&packer);
    if (rc < 0)
        return rc;
    msgpack_pack_bin(&packer, request->arguments_size);
    if (request->arguments_size > 0)
        msgpack_pack_bin_body(&packer, request->arguments,
                              request->arguments_size);
    if (request->options)
        troupe__options_pack(request->options, &packer);
    else
        msgpack_pack_nil(&packer);
    *ret_type = type;
    return 0;
}

static int
read_id(const msgpack_object *object, char id[TROUPE_NAME_MAX + 1])
{
    id[0] = '\0';
    if (object->type == MSGPACK_OBJECT_NIL)
        return 0;
    if (object->type != MSGPACK_OBJECT_STR
        || object->via.str.size > TROUPE_NAME_MAX)
        return -EBADMSG;
    memcpy(id, object->via.str.ptr, object->via.str.size);
    id[object->via.str.size] = '\0';
    return 0;
}

int
troupe__request_read(const troupe_message_t *msg,
                     struct troupe__request *ret_request)
{
    CHECK(msg && ret_request);
    msgpack_object object;
    int rc = troupe_message_object(msg, &object);
    if (rc < 0)
        return rc;
    if (object.type != MSGPACK_OBJECT_ARRAY
        || object.via.array.size != REQUEST_FIELDS)
        return -EBADMSG;
    const msgpack_object *fields = object.via.array.ptr;
    rc = read_id(&fields[0], ret_request->id);
    if (rc < 0 || fields[1].type != MSGPACK_OBJECT_POSITIVE_INTEGER
        || fields[3].type != MSGPACK_OBJECT_BIN)
        return -EBADMSG;
    ret_request->ref.id = fields[1].via.u64;
    bool no_spec = fields[2].type == MSGPACK_OBJECT_NIL;
    ret_request->spec = no_spec ? NULL : &fields[2];
    bool no_options = fields[4].type == MSGPACK_OBJECT_NIL;
    ret_request->options = no_options ? NULL : &fields[4];
    ret_request->arguments = fields[3].via.bin.ptr;
    ret_request->arguments_size = fields[3].via.bin.size;
    if (ret_request->arguments_size > 0
        && !troupe__bytes_check(ret_request->arguments,
                                ret_request->arguments_size))
        return -EBADMSG;
    return 0;
}
