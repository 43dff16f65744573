/* SPDX-License-Identifier: Apache-2.0 */
/* troupe_msgpack.h: bodies through msgpack-c's own packer and objects. */
#ifndef TROUPE_MSGPACK_H
#define TROUPE_MSGPACK_H

#include <msgpack.h>

#include "troupe_message.h"

/*
 * troupe_write_fn: writes exactly one msgpack value with `packer`, straight
 * into the outbox: use it with the format "*".
 *
 *   packer   msgpack-c's packer, lent for the call. It writes where the
 *            message is being made, so that nothing else may be sent before
 *            the function returns.
 *   arg      what was given beside the function.
 *   returns  0, or a negative errno value: then nothing is sent and the
 *            sending call returns that value. What was written is checked:
 *            anything but one whole value gives -EBADMSG.
 */
typedef int (*troupe_write_fn)(msgpack_packer *packer, void *arg);

/*
 * troupe_message_object: the body as msgpack-c's tree of objects.
 *
 *   msg         the message.
 *   ret_object  out: the tree. Strings and binaries point into the message;
 *               the tree lies in memory that the message owns, so both are
 *               gone when the message is.
 *   returns     0, or
 *               -EINVAL   an argument is NULL
 *               -EBADMSG  msgpack-c refuses the bytes
 *   threads     the one that holds the message
 */
TROUPE_MUST int troupe_message_object(const troupe_message_t *msg,
                                      msgpack_object *ret_object);

#endif
