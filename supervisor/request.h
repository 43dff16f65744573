/* SPDX-License-Identifier: Apache-2.0 */
/* request.h: calls to a supervisor as they travel. */
#ifndef TROUPE_SUPERVISOR_REQUEST_H
#define TROUPE_SUPERVISOR_REQUEST_H

#include "supervisor/spec.h"

/*
 * A call's body is [id or nil, ref, spec or nil, arguments, options or nil];
 * see spec_read.c for specs and options. An info is [id, ref, status, supervisor, restarts].
 */
struct troupe__request {
    char id[TROUPE_NAME_MAX + 1]; /* "": none */
    troupe_ref_t ref;
    const msgpack_object *spec;    /* lent with the message; NULL: none */
    const msgpack_object *options; /* lent with the message; NULL: none */
    const void *arguments;         /* lent with the message */
    size_t arguments_size;
};

/* troupe__request_read: 0 or -EBADMSG. */
int troupe__request_read(const troupe_message_t *msg,
                         struct troupe__request *ret_request);

/*
 * troupe__request_pack: check a call and pack its body.
 *
 *   ret_type  out: the type of its message; a constant.
 *   returns   0 or -EINVAL with words in `error`, or -EEXIST (kinds)
 */
int troupe__request_pack(troupe_t *node, const troupe_child_request_t *request,
                         const char **ret_type, msgpack_sbuffer *out,
                         troupe_supervisor_error_t *error);

/* troupe__info_write: one info. */
void troupe__info_write(const troupe_child_info_t *info,
                        msgpack_packer *packer);

#endif
