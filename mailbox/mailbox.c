/* SPDX-License-Identifier: Apache-2.0 */
/* mailbox.c: parcels, and the queue that they wait in. */
#include "mailbox/mailbox.h"

#include <stdlib.h>

/* The bytes that a parcel takes, or 0 when it shares its frame. */
static size_t
copied_size(const struct troupe_message *msg)
{
    return troupe__frame_is_worth(msg->frame, msg->size) ? 0 : msg->size;
}

struct troupe__parcel *
troupe__parcel_new(struct troupe__pool *pool, const struct troupe_message *msg,
                   uint64_t now)
{
    CHECK(msg->size <= UINT32_MAX);
    size_t copied = copied_size(msg);
    size_t size = sizeof(struct troupe__parcel) + copied;
    struct troupe__parcel *self = size <= TROUPE__POOL_LARGEST
                                      ? troupe__pool_get(pool, size)
                                      : troupe__alloc(size);
    self->next = self->before = NULL;
    self->since = now;
    self->size = (uint32_t) msg->size;
    self->stashed = false;
    self->attempt = msg->attempt;
    self->excused = msg->excused;
    self->frame = NULL;
    self->bytes = self->copy;
    if (copied) {
        memcpy(self->copy, msg->start, copied);
    } else {
        self->frame = troupe__frame_hold(msg->frame);
        self->bytes = msg->start;
    }
    return self;
}

void
troupe__parcel_free(struct troupe__pool *pool, struct troupe__parcel *parcel)
{
    size_t size = sizeof *parcel + (parcel->frame ? 0 : parcel->size);
    if (parcel->frame)
        troupe__frame_release(parcel->frame);
    if (size <= TROUPE__POOL_LARGEST)
        troupe__pool_put(pool, parcel, size);
    else
        free(parcel);
}

void
troupe__parcel_open(const struct troupe__parcel *parcel,
                    struct troupe__arena *arena, struct troupe_message *ret_msg)
{
    const uint8_t *end = parcel->bytes + parcel->size;
    ret_msg->arena = arena;
    ret_msg->frame = parcel->frame;
    ret_msg->attempt = parcel->attempt;
    ret_msg->excused = parcel->excused;
    ret_msg->asker = TROUPE_NOBODY;
    if (troupe__message_read(ret_msg, parcel->bytes, end) == 0)
        CHECK(troupe__message_parse(ret_msg, parcel->bytes, end) > 0);
}

/* Plain stores: one thread writes, the others only look. */
static void
count_in(struct troupe__mailbox *self, const struct troupe__parcel *parcel)
{
    uint32_t count = troupe__mailbox_count(self);
    uint32_t size = troupe__mailbox_size(self);
    atomic_store_explicit(&self->count, count + 1, memory_order_relaxed);
    atomic_store_explicit(&self->size, size + parcel->size,
                          memory_order_relaxed);
}

static void
count_out(struct troupe__mailbox *self, const struct troupe__parcel *parcel)
{
    uint32_t count = troupe__mailbox_count(self);
    uint32_t size = troupe__mailbox_size(self);
    CHECK(count > 0);
    atomic_store_explicit(&self->count, count - 1, memory_order_relaxed);
    atomic_store_explicit(&self->size, size - parcel->size,
                          memory_order_relaxed);
    atomic_store_explicit(&self->since, self->first ? self->first->since : 0,
                          memory_order_relaxed);
}

void
troupe__mailbox_push(struct troupe__mailbox *self,
                     struct troupe__parcel *parcel)
{
    parcel->next = NULL;
    parcel->before = self->last;
    if (self->last)
        self->last->next = parcel;
    else
        self->first = parcel;
    if (self->first == parcel)
        atomic_store_explicit(&self->since, parcel->since,
                              memory_order_relaxed);
    self->last = parcel;
    count_in(self, parcel);
}

void
troupe__mailbox_push_front(struct troupe__mailbox *self,
                           struct troupe__parcel *parcel)
{
    parcel->next = self->first;
    parcel->before = NULL;
    if (self->first)
        self->first->before = parcel;
    else
        self->last = parcel;
    self->first = parcel;
    atomic_store_explicit(&self->since, parcel->since, memory_order_relaxed);
    count_in(self, parcel);
}

void
troupe__mailbox_remove(struct troupe__mailbox *self,
                       struct troupe__parcel *parcel)
{
    if (parcel->before)
        parcel->before->next = parcel->next;
    else
        self->first = parcel->next;
    if (parcel->next)
        parcel->next->before = parcel->before;
    else
        self->last = parcel->before;
    count_out(self, parcel);
}

struct troupe__parcel *
troupe__mailbox_pop(struct troupe__mailbox *self)
{
    struct troupe__parcel *parcel = self->first;
    if (parcel)
        troupe__mailbox_remove(self, parcel);
    return parcel;
}
