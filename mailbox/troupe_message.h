/* SPDX-License-Identifier: Apache-2.0 */
/* troupe_message.h: reading a message, and keeping one. */
#ifndef TROUPE_MESSAGE_H
#define TROUPE_MESSAGE_H

#include "troupe_base.h"

/*
 * A message as a handler sees it: lent until the handler returns. Its bytes
 * lie where they arrived; reading it copies nothing but strings that must end
 * in NUL.
 */
typedef struct troupe_message troupe_message_t;

/*
 * troupe_message_type: the verb, NUL-ended: 1 .. 31 printable ASCII bytes;
 * valid while the message is.
 */
TROUPE_API const char *troupe_message_type(const troupe_message_t *msg);

/* troupe_message_is: true when the type of `msg` is `type`. */
TROUPE_API bool troupe_message_is(const troupe_message_t *msg,
                                  const char *type);

/* troupe_message_sender: who sent it; for an ask, who asks. */
TROUPE_API troupe_ref_t troupe_message_sender(const troupe_message_t *msg);

/* troupe_message_is_ask: true when the sender waits for a reply. */
TROUPE_API bool troupe_message_is_ask(const troupe_message_t *msg);

/*
 * troupe_message_attempt: how often this ask has been handed to the actor or
 * its incarnations before, this time included: 1, or more after a restart of
 * one that is asked at least once; see troupe_delivery.h.
 */
TROUPE_API uint32_t troupe_message_attempt(const troupe_message_t *msg);

/*
 * troupe_message_ask_id: with the sender it names an ask, the same at each
 * attempt; 0 for a tell.
 */
TROUPE_API uint64_t troupe_message_ask_id(const troupe_message_t *msg);

/* troupe_message_deadline_ns: on the node's clock; 0 when there is none. */
TROUPE_API uint64_t troupe_message_deadline_ns(const troupe_message_t *msg);

/* troupe_message_body: the body as one msgpack value; *ret_size its bytes. */
TROUPE_API const void *troupe_message_body(const troupe_message_t *msg,
                                           size_t *ret_size);

/*
 * troupe_unpack: read the body by a format, as jansson's json_unpack does.
 *
 *   msg      the message.
 *   format   one value; white space, ':' and ',' are ignored:
 *              s   string          const char **  NUL-ended, lent with msg;
 *                                  a NUL inside the string is -EBADMSG
 *              s?  string or nil   const char **  NULL for nil
 *              s%  string          const char **, size_t *  not NUL-ended
 *              i   integer         int *
 *              I   integer         int64_t *
 *              U   integer         uint64_t *
 *              f   double, float or integer       double *
 *              b   boolean         bool *
 *              n   nil             nothing
 *              B   binary          const void **, size_t *
 *              R   ref             troupe_ref_t *
 *              r   any value, raw  const void **, size_t *
 *              {}  map             key (const char *) then value, each
 *              []  array           items in order
 *            A key followed by '?' before its value's letter may be absent:
 *            its targets stay as they are. '!' before a closing brace
 *            demands that nothing else is there; without it, other keys and
 *            further items are fine. Of a key that is there twice, one of
 *            the values is read.
 *   returns  0, or
 *            -EBADMSG  the body is not of that shape
 *            -ERANGE   a number does not fit its target
 *            -EINVAL   the format itself is wrong, or an argument is NULL
 *            On error some targets may have been written.
 *   threads  the one that holds the message
 */
TROUPE_MUST int troupe_unpack(const troupe_message_t *msg, const char *format,
                              ...);

/*
 * troupe_message_keep: keep a message beyond its handler.
 *
 *   msg      a message lent to the handler.
 *   ret_msg  out: the caller's own; end it with troupe_message_destroy().
 *            Small messages are copied; one of 16 KiB or more shares the
 *            buffer that it arrived in.
 *   returns  0, or -EINVAL for a NULL argument
 *   threads  the one that holds the message; the kept one may then be used
 *            by one thread at a time.
 */
TROUPE_API int troupe_message_keep(const troupe_message_t *msg,
                                   troupe_message_t **ret_msg);

/* troupe_message_destroy: let go of a kept message; NULL is fine. */
TROUPE_API void troupe_message_destroy(troupe_message_t **msg_p);

/*
 * Formats for everything that sends (troupe_send, troupe_ask, ...), as in
 * jansson's json_pack; one value, or NULL for nil:
 *   s   const char *                  string (UTF-8); NULL is an error
 *   s?  const char *                  string, or nil for NULL
 *   s#  const char *, size_t          string that need not end in NUL
 *   i int   I int64_t   U uint64_t   f double   b int (as boolean)   n nil
 *   B   const void *, size_t          binary
 *   R   troupe_ref_t                  ref
 *   r   const void *, size_t          one msgpack value, checked and copied
 *   m   const troupe_message_t *      the body of that message
 *   *   troupe_write_fn, void *       what the function writes; see
 *                                     troupe_msgpack.h
 *   {}  key (s or s#), then value     map        []  values    array
 * White space, ':' and ',' are ignored. Integers take the smallest form that
 * holds them. What an error stops is not sent:
 *   -EINVAL    the format is wrong, a pointer is NULL, a text is not UTF-8,
 *              or containers nest deeper than 32
 *   -EBADMSG   what "r" or "*" gives is not one whole value, or the body
 *              would nest deeper than 32 or hold more than 2^20 values with
 *              it (or with "m")
 *   -EMSGSIZE  a string or binary of 4 GiB or more
 */

#endif
