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
    struct troupe__arena *arena; /* for what reading must allocate */
    struct troupe__frame *frame; /* may be shared by keepers; or NULL */
    uint16_t attempt;            /* of an ask; 0: the first */
    uint8_t excused;    /* attempts that ended for the sake of another */
    troupe_ref_t asker; /* who asked, where a deputy asks for it; or nobody */
    uint64_t asker_id;  /* and the id of that ask */
    char type_text[TROUPE_TYPE_MAX + 1]; /* filled when first asked for */
};

/*
 * troupe__message_read: read the envelope of a message of our own making,
 * trusted: it begins at `at` and lies wholly before `end`. `arena`, `frame`,
 * `attempt`, `excused` and `asker` are the caller's to set: neither this nor
 * troupe__message_parse touches them.
 *
 *   returns  the bytes of the message, or 0 when it has none of the forms that
 *            we write (then only troupe__message_parse may read it).
 */
static inline size_t
troupe__message_read(struct troupe_message *self, const uint8_t *at,
                     const uint8_t *end)
{
    size_t left = (size_t) (end - at);
    if (__builtin_expect(left < WIRE_HEAD_SHORT + 4, 0))
        return 0; /* a type of 1, trace and body take 2 + 1 + 1 */
    const uint8_t *to = at + WIRE_AT_TO;
    size_t size = (size_t) at[WIRE_AT_SIZE + 1] << 8 | at[WIRE_AT_SIZE + 2];
    unsigned kind = at[WIRE_AT_KIND] ^ (WIRE_VERSION << 4);
    unsigned wrong = at[0] ^ (0x90U | WIRE_ITEMS);
    if (__builtin_expect(at[WIRE_AT_SIZE] != 0xcd, 0)) {
        wrong |= at[WIRE_AT_SIZE] ^ 0xceU;
        size = troupe__load_u32(at + WIRE_AT_SIZE + 1);
        to += WIRE_SIZE_EXTRA;
    }
    const uint8_t *id = to + WIRE_PAIR;
    const uint8_t *type = id + 2;
    wrong |= (to[0] ^ 0xcfU) | (to[WIRE_NUMBER] ^ 0xcfU);
    self->id = 0;
    self->deadline = 0;
    if ((id[0] | id[1]) != 0) {
        type = id + WIRE_PAIR;
        if (end - type < 4)
            return 0;
        wrong |= (id[0] ^ 0xcfU) | (id[WIRE_NUMBER] ^ 0xcfU);
        self->id = troupe__load_u64(id + 1);
        self->deadline = troupe__load_u64(id + WIRE_NUMBER + 1);
    }
    size_t type_size = *type & 0x1fU;
    wrong |= (*type & 0xe0U) ^ 0xa0U;
    if (wrong || kind - 1 >= WIRE_KIND_MAX || type_size == 0 || size > left)
        return 0;
    const uint8_t *trace = type + 1 + type_size;
    const uint8_t *body = trace + 1;
    if (at + size <= body) /* also when the trace lies behind the message */
        return 0;
    self->trace = NULL;
    if (__builtin_expect(*trace != 0xc0, 0)) {
        body += 1 + WIRE_TRACE_SIZE;
        if (*trace != 0xc4 || trace[1] != WIRE_TRACE_SIZE || body >= at + size)
            return 0;
        self->trace = trace + 2;
    }
    self->start = at;
    self->size = size;
    self->kind = (enum troupe__wire_kind) kind;
    self->to.id = troupe__load_u64(to + 1);
    self->from.id = troupe__load_u64(to + WIRE_NUMBER + 1);
    self->type = (const char *) (type + 1);
    self->type_size = type_size;
    self->body = body;
    self->body_size = (size_t) (at + size - body);
    self->type_text[0] = '\0';
    return size;
}

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
