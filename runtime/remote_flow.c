/* SPDX-License-Identifier: Apache-2.0 */
/* remote_flow.c: how much is under way between workers of different nodes. */
#include <stdlib.h>

#include "runtime/remote.h"

enum { CREDIT_EVERY = TROUPE__LANE_SOFT / 4 };

/* What came from one worker of another node. */
struct reader {
    uint64_t taken, told; /* bytes */
};

static struct reader *
reader_of(struct troupe__worker *self, uint32_t sender)
{
    uint64_t value = 0;
    if (troupe__idmap_get(&self->remotes->readers, sender, &value))
        return (void *) (uintptr_t) value;
    struct reader *reader = troupe__alloc(sizeof *reader);
    troupe__idmap_set(&self->remotes->readers, sender,
                      (uint64_t) (uintptr_t) reader);
    return reader;
}

/* A frame was taken; `sender` is a node's number and worker. */
void
troupe__remotes_took(struct troupe__worker *self, uint32_t sender, size_t size)
{
    struct reader *reader = reader_of(self, sender);
    reader->taken += size;
    if (reader->taken - reader->told < CREDIT_EVERY)
        return;
    reader->told = reader->taken;
    troupe_ref_t to = troupe__runtime_ref(sender >> TROUPE__WORKER_BITS,
                                          sender & TROUPE__WORKER_MAX);
    struct troupe__envelope envelope = troupe__envelope(
        WIRE_CONTROL, to, troupe__runtime_ref(self->node->id, self->index),
        "credit");
    envelope.id = reader->taken;
    (void) troupe__emitf(self, &envelope, NULL);
}

/* A worker of another node tells how many of our bytes it has taken. */
void
troupe__remotes_credit(struct troupe__worker *self,
                       const struct troupe_message *msg)
{
    struct troupe__outbox *outbox =
        self->remotes ? troupe__remotes_known(self, msg->from) : NULL;
    if (outbox && msg->id <= outbox->bytes && msg->id > outbox->credited)
        outbox->credited = msg->id;
}

uint32_t
troupe__remotes_pressure(const struct troupe__worker *self,
                         troupe_ref_t receiver)
{
    uint64_t pressure = PRESSURE_NONE;
    if (self->remotes && self->remotes->full.count > 0)
        (void) troupe__idmap_get(&self->remotes->full, receiver.id, &pressure);
    return (uint32_t) pressure;
}

/* A receiver says that it is full; `id` is how full. */
void
troupe__remotes_full(struct troupe__worker *self,
                     const struct troupe_message *msg)
{
    uint64_t known = 0;
    if (self->remotes
        && (troupe__idmap_get(&self->remotes->full, msg->from.id, &known)
            || troupe__remotes_may_hold(self, troupe__ref_node(msg->from))))
        troupe__idmap_set(&self->remotes->full, msg->from.id,
                          msg->id > 1 ? PRESSURE_OVER : PRESSURE_FULL);
}

void
troupe__remotes_has_room(struct troupe__worker *self, uint64_t receiver)
{
    troupe__idmap_remove(&self->remotes->full, receiver, NULL);
}

/* Which runtime sent what is in hand. It need not be that of its sender, where
 * it was forwarded; but a thread of its own knows no other. */
static troupe_ref_t
source_of(const struct troupe__worker *self, const struct troupe_message *msg)
{
    uint32_t sender = self->remotes->sender;
    if (!sender)
        return troupe__runtime_ref(troupe__ref_node(msg->from),
                                   troupe__ref_worker(msg->from));
    return troupe__runtime_ref(sender >> TROUPE__WORKER_BITS,
                               sender & TROUPE__WORKER_MAX);
}

/*
 * What was parked came from another node, where nobody sees how full the
 * mailbox is: its worker is told, once for each step. It is among those that
 * wait from then on, and hears of room as they do.
 */
void
troupe__remotes_tell_full(struct troupe__worker *self,
                          struct troupe__actor *receiver,
                          const struct troupe_message *msg)
{
    uint64_t told = PRESSURE_NONE;
    const struct troupe__slot *slot =
        troupe__slot_at(&self->node->slots, troupe__ref_slot(receiver->ref));
    uint32_t pressure =
        atomic_load_explicit(&slot->pressure, memory_order_relaxed);
    troupe_ref_t to = source_of(self, msg);
    struct troupe__idmap *waiters = &troupe__extra(receiver)->waiters;
    (void) troupe__idmap_get(waiters, to.id, &told);
    if (pressure <= told)
        return;
    troupe__idmap_set(waiters, to.id, pressure);
    struct troupe__envelope envelope =
        troupe__envelope(WIRE_CONTROL, to, receiver->ref, "full");
    envelope.id = pressure;
    (void) troupe__emitf(self, &envelope, NULL);
}

/*
 * What is passed on is for a worker that is behind, or for an actor of it that
 * is full: who sent it rests for that actor, once for each frame. When it asks
 * for word, the question waits behind what is under way, and so the answer
 * means that there is room.
 */
void
troupe__remotes_tell_behind(struct troupe__worker *self,
                            const struct troupe_message *msg,
                            uint64_t under_way)
{
    const struct troupe__slot *slot =
        troupe__slot_at(&self->node->slots, troupe__ref_slot(msg->to));
    uint32_t pressure =
        slot ? atomic_load_explicit(&slot->pressure, memory_order_relaxed)
             : (uint32_t) PRESSURE_NONE;
    if (pressure == PRESSURE_NONE && under_way > TROUPE__LANE_SOFT)
        pressure = PRESSURE_FULL;
    if (pressure == PRESSURE_NONE || self->remotes->told_full == msg->to.id
        || !self->remotes->sender)
        return;
    self->remotes->told_full = msg->to.id;
    struct troupe__envelope envelope =
        troupe__envelope(WIRE_CONTROL, source_of(self, msg), msg->to, "full");
    envelope.id = pressure;
    (void) troupe__emitf(self, &envelope, NULL);
}

/* Who is no runtime of ours need not rest when it is told "full": a receiver
 * that is at its hard cap takes no more of it. */
bool
troupe__remotes_is_flood(const struct troupe__worker *self,
                         const struct troupe__actor *receiver,
                         const struct troupe_message *msg)
{
    uint32_t number = troupe__ref_node(msg->from);
    if (!receiver->full || number == self->node->id || !self->node->peers
        || self->node->peers->all[number].facts.system)
        return false;
    const struct troupe__slot *slot =
        troupe__slot_at(&self->node->slots, troupe__ref_slot(receiver->ref));
    return atomic_load_explicit(&slot->pressure, memory_order_relaxed)
           == PRESSURE_OVER;
}

/* Some entry whose id, without its lower bits, is the number; 0: none. */
static uint64_t
find_of(const struct troupe__idmap *map, uint32_t number, uint32_t shift)
{
    for (uint32_t i = 0; i < map->capacity; i++)
        if (map->entries[i].id && map->entries[i].id >> shift == number)
            return map->entries[i].id;
    return 0;
}

/* The node is lost: nothing is under way from there, and nobody is full. */
void
troupe__remotes_flow_lost(struct troupe__worker *self, uint32_t number)
{
    struct troupe__idmap *readers = &self->remotes->readers;
    struct troupe__idmap *full = &self->remotes->full;
    uint64_t id, value = 0;
    while ((id = find_of(readers, number, TROUPE__WORKER_BITS))) {
        troupe__idmap_remove(readers, id, &value);
        free((void *) (uintptr_t) value);
    }
    while ((id = find_of(full, number, TROUPE__NODE_SHIFT)))
        troupe__idmap_remove(full, id, NULL);
    troupe__remotes_quota_lost(self, number);
}
