/* SPDX-License-Identifier: Apache-2.0 */
/* message.h: what a message is made of. */
#ifndef TROUPE_MAILBOX_MESSAGE_H
#define TROUPE_MAILBOX_MESSAGE_H

#include <stdarg.h>

#include "mailbox/arena.h"
#include "mailbox/wire.h"
#include "troupe_message.h"

struct troupe__frame;

/*
 * All pointers lead into the bytes [start, start + size) of the message. The
 * struct is the reader's (a worker fills one per message that it hands over);
 * the bytes belong to the frame or the parcel that they arrived in.
 */
struct troupe_message {
    const uint8_t *start; /* the whole message */
    size_t size;          /* its bytes */
    enum troupe__wire_kind kind;
    troupe_ref_t to, from;
    uint64_t id;
    uint64_t deadline;
    const char *type; /* not NUL-ended */
    size_t type_size;
    const uint8_t *trace; /* or NULL */
    const uint8_t *body;
    size_t body_size;
    struct troupe__arena *arena;         /* for what reading must allocate */
    struct troupe__frame *frame;         /* may be shared by keepers; or NULL */
    char type_text[TROUPE_TYPE_MAX + 1]; /* filled when first asked for */
};

/*
 * troupe__message_read: read the envelope of a message of our own making,
 * trusted: it begins at `at` and lies wholly before `end`. `arena` and
 * `frame` are the caller's to set: neither this nor troupe__message_parse
 * touches them.
 *
 *   returns  the bytes of the message, or 0 when the fixed layout is not
 *            there (then only troupe__message_parse may read it).
 */
size_t troupe__message_read(struct troupe_message *self, const uint8_t *at,
                            const uint8_t *end);

/*
 * troupe__message_parse: read a message from a stranger: every byte is
 * checked before it is believed, nothing is allocated. Whether the stranger
 * may send that kind, and from that ref, is for the caller to judge.
 *
 *   returns  the bytes of the message (1 ..), or -EBADMSG; then nothing in
 *            *self may be used.
 */
ptrdiff_t troupe__message_parse(struct troupe_message *self, const uint8_t *at,
                                const uint8_t *end);

/*
 * troupe__type_ok: true when a type may travel: 1 .. TROUPE_TYPE_MAX bytes of
 * printable ASCII, so that it can stand in a log line as it is.
 */
bool troupe__type_ok(const char *type, size_t size);

/*
 * troupe__unpack_value: troupe_unpack on bare bytes, which may be anything;
 * only what the format asks for is looked at.
 *
 *   bytes    one msgpack value; strings of "s" are copied into `arena`.
 *   args     the arguments; consumed.
 *   returns  as troupe_unpack
 */
int troupe__unpack_value(const uint8_t *bytes, size_t size,
                         struct troupe__arena *arena, const char *format,
                         va_list *args);

#endif
