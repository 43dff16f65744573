/* SPDX-License-Identifier: Apache-2.0 */
/* mailbox.h: messages that wait for their actor. */
#ifndef TROUPE_MAILBOX_MAILBOX_H
#define TROUPE_MAILBOX_MAILBOX_H

#include <stdatomic.h>

#include "mailbox/frame.h"
#include "mailbox/message.h"
#include "mailbox/pool.h"

/*
 * A parcel is one message that waits. A small one is copied, so that it does
 * not keep a whole frame of others in memory; one that is large, also beside
 * its frame, holds that, so that large payloads are never copied.
 */
struct troupe__parcel {
    struct troupe__parcel *next, *before;
    uint64_t since;              /* ns on the node's clock */
    const uint8_t *bytes;        /* the message */
    struct troupe__frame *frame; /* held, or NULL: the bytes follow here */
    uint32_t size;               /* bytes of the message */
    bool stashed;                /* it waits in the stash of its actor */
    uint8_t excused;             /* both as in the message */
    uint16_t attempt;
    uint8_t copy[];
};

/*
 * Waiting messages in order. One thread writes; `count`, `size` and `since`
 * may be read by any.
 */
struct troupe__mailbox {
    struct troupe__parcel *first, *last;
    _Atomic uint32_t count; /* messages */
    _Atomic uint32_t size;  /* their bytes */
    _Atomic uint64_t since; /* of the first; 0: empty */
};

/* troupe__parcel_new: the message as a parcel. */
struct troupe__parcel *troupe__parcel_new(struct troupe__pool *pool,
                                          const struct troupe_message *msg,
                                          uint64_t now);
void troupe__parcel_free(struct troupe__pool *pool,
                         struct troupe__parcel *parcel);

/* troupe__parcel_open: the message of a parcel; the parcel stays. */
void troupe__parcel_open(const struct troupe__parcel *parcel,
                         struct troupe__arena *arena,
                         struct troupe_message *ret_msg);

void troupe__mailbox_push(struct troupe__mailbox *self,
                          struct troupe__parcel *parcel);
void troupe__mailbox_push_front(struct troupe__mailbox *self,
                                struct troupe__parcel *parcel);
struct troupe__parcel *troupe__mailbox_pop(struct troupe__mailbox *self);

/* troupe__mailbox_remove: take one out, from anywhere, in O(1). */
void troupe__mailbox_remove(struct troupe__mailbox *self,
                            struct troupe__parcel *parcel);

static inline uint32_t
troupe__mailbox_count(const struct troupe__mailbox *self)
{
    return atomic_load_explicit(&self->count, memory_order_relaxed);
}

static inline uint32_t
troupe__mailbox_size(const struct troupe__mailbox *self)
{
    return atomic_load_explicit(&self->size, memory_order_relaxed);
}

#endif
