/* SPDX-License-Identifier: Apache-2.0 */
/* wire.h: the envelope of a message; WIRE.md describes it for everyone. */
#ifndef TROUPE_MAILBOX_WIRE_H
#define TROUPE_MAILBOX_WIRE_H

#include "mailbox/buffer.h"
#include "mailbox/bytes.h"
#include "troupe_base.h"

/*
 * A message is a msgpack array of nine:
 *   [version << 4 | kind, size, to, from, id, deadline, type, trace, body]
 * What we write has few forms, so that it is read without looking at every
 * byte: size is a uint16, or a uint32 where it must be; to and from are uint64
 * in full width; id and deadline are so too or, when both are 0, take one byte
 * each. A reader takes any integer.
 */
enum troupe__wire {
    WIRE_VERSION = 1,
    WIRE_ITEMS = 9,
    WIRE_AT_KIND = 1,
    WIRE_AT_SIZE = 2,
    WIRE_AT_TO = 5,       /* 2 more after a size of 32 bits, as all below */
    WIRE_NUMBER = 9,      /* bytes of an integer in full width */
    WIRE_PAIR = 18,       /* of two */
    WIRE_HEAD_SHORT = 25, /* up to the type, id and deadline being 0 */
    WIRE_HEAD_WIDE = 41,  /* up to the type */
    WIRE_SIZE_EXTRA = 2,  /* bytes that a size of 32 bits takes more */
    WIRE_TRACE_SIZE = 24,
    WIRE_DEPTH_MAX = 32,         /* nesting of a body */
    WIRE_ELEMENTS_MAX = 1 << 20, /* values in a body from elsewhere */
    WIRE_HEADER_MAX = WIRE_HEAD_WIDE + WIRE_SIZE_EXTRA + 1 + TROUPE_TYPE_MAX + 2
                      + WIRE_TRACE_SIZE
};

/* What a message is for. Only the runtime may send WIRE_START and after. */
enum troupe__wire_kind {
    WIRE_TELL = 1,
    WIRE_ASK = 2,
    WIRE_REPLY = 3,
    WIRE_ERROR = 4,
    WIRE_CANCEL = 5,
    WIRE_START = 6,    /* an actor begins or begins again */
    WIRE_STOP = 7,     /* an actor is asked or told to end */
    WIRE_DOWN = 8,     /* to a monitor: it ended */
    WIRE_EXIT = 9,     /* over a link: the other side ended */
    WIRE_CHILD = 10,   /* to a supervisor: a child began or ended */
    WIRE_CONTROL = 11, /* between runtimes; the type is the verb */
    WIRE_KIND_MAX = 11
};

struct troupe__envelope {
    enum troupe__wire_kind kind;
    troupe_ref_t to, from;
    uint64_t id;       /* correlation of asks, replies, monitors */
    uint64_t deadline; /* ns on the node's clock; 0: none */
    const char *type;  /* 1 .. TROUPE_TYPE_MAX bytes, not NUL-ended */
    size_t type_size;
    const uint8_t *trace; /* WIRE_TRACE_SIZE bytes, or NULL */
};

/* troupe__type_size: bytes of a type of 1 .. TROUPE_TYPE_MAX printable ASCII
 * characters, or 0 when it is none. */
static inline size_t
troupe__type_size(const char *type)
{
    const char *at = type;
    if (!type)
        return 0;
    while ((uint8_t) (*at - 0x20) <= 0x7e - 0x20)
        at++;
    size_t size = (size_t) (at - type);
    return *at == '\0' && size <= TROUPE_TYPE_MAX ? size : 0;
}

/* An integer in full width; returns where the next field goes. */
static inline uint8_t *
troupe__wire_number(uint8_t *at, uint64_t value)
{
    at[0] = 0xcf;
    troupe__store_u64(at + 1, value);
    return at + WIRE_NUMBER;
}

/*
 * troupe__wire_begin: append the envelope; the caller appends the body and
 * then calls troupe__wire_end() with the size that `out` had before.
 */
static inline void
troupe__wire_begin(struct troupe__buffer *out,
                   const struct troupe__envelope *envelope)
{
    size_t type_size = envelope->type_size;
    CHECK(type_size - 1 < TROUPE_TYPE_MAX);
    uint8_t *at = troupe__buffer_room(out, WIRE_HEADER_MAX);
    at[0] = 0x90 | WIRE_ITEMS;
    at[WIRE_AT_KIND] = (uint8_t) (WIRE_VERSION << 4 | envelope->kind);
    at[WIRE_AT_SIZE] = 0xcd;
    at = troupe__wire_number(at + WIRE_AT_TO, envelope->to.id);
    at = troupe__wire_number(at, envelope->from.id);
    if ((envelope->id | envelope->deadline) == 0) {
        *at++ = 0;
        *at++ = 0;
    } else {
        at = troupe__wire_number(at, envelope->id);
        at = troupe__wire_number(at, envelope->deadline);
    }
    *at++ = (uint8_t) (0xa0 | type_size);
    troupe__copy_short(at, envelope->type, type_size);
    at += type_size;
    if (envelope->trace) {
        *at++ = 0xc4; /* bin 8 */
        *at++ = WIRE_TRACE_SIZE;
        troupe__copy_short(at, envelope->trace, WIRE_TRACE_SIZE);
        at += WIRE_TRACE_SIZE;
    } else {
        *at++ = 0xc0; /* nil */
    }
    out->size = (size_t) (at - out->data);
}

/* The size needs two bytes more: what follows it makes room. `more` bytes of
 * the message stand elsewhere. */
void troupe__wire_widen(struct troupe__buffer *out, size_t start, size_t more);

/* troupe__wire_end: write the size of the message that began at `start`. */
static inline void
troupe__wire_end(struct troupe__buffer *out, size_t start)
{
    size_t size = out->size - start;
    if (__builtin_expect(size > UINT16_MAX, 0)) {
        troupe__wire_widen(out, start, 0);
        return;
    }
    troupe__store_u16(out->data + start + WIRE_AT_SIZE + 1, (uint16_t) size);
}

/* troupe__wire_clear_id: a message of our own, whose id is not 0, has none
 * from now on. */
static inline void
troupe__wire_clear_id(uint8_t *message)
{
    uint8_t *to = message + WIRE_AT_TO;
    if (message[WIRE_AT_SIZE] == 0xce)
        to += WIRE_SIZE_EXTRA;
    CHECK(to[WIRE_PAIR] == 0xcf);
    troupe__store_u64(to + WIRE_PAIR + 1, 0);
}

#endif
