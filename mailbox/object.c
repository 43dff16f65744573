/* SPDX-License-Identifier: Apache-2.0 */
/* object.c: a body as msgpack-c's tree. */
#include <errno.h>

#include "mailbox/message.h"
#include "troupe_msgpack.h"

int
troupe_message_object(const troupe_message_t *msg, msgpack_object *ret_object)
{
    if (!msg || !ret_object)
        return -EINVAL;
    /*
     * msgpack-c believes the counts that it reads. A body may be given to it
     * because it was checked on its way in: by troupe__pack() where we wrote
     * it, by troupe__message_parse() where others did.
     */
    size_t used = 0;
    msgpack_object object;
    msgpack_unpack_return rc =
        msgpack_unpack((const char *) msg->body, msg->body_size, &used,
                       troupe__arena_zone(msg->arena), &object);
    if (rc != MSGPACK_UNPACK_SUCCESS || used != msg->body_size)
        return -EBADMSG;
    *ret_object = object;
    return 0;
}
