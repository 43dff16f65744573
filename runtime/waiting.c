/* SPDX-License-Identifier: Apache-2.0 */
/*
 * waiting.c: asks that wait in mailboxes and stashes, found by who asked.
 *
 * A cancel must not look through a backlog: when a hundred thousand asks wait
 * for one actor and all time out, each of them is taken out for the price of
 * one. So a worker has an index of the asks that wait for its actors.
 */
#include "runtime/worker.h"

void
troupe__waiting_add(struct troupe__worker *self,
                    const struct troupe_message *msg,
                    struct troupe__parcel *parcel)
{
    troupe__idmap_set(&self->waiting, troupe__ask_key(msg->from, msg->id),
                      (uint64_t) (uintptr_t) parcel);
}

/* The parcel leaves its mailbox; where it holds no ask nothing happens. */
void
troupe__waiting_remove(struct troupe__worker *self,
                       const struct troupe_message *msg,
                       const struct troupe__parcel *parcel)
{
    uint64_t value = 0;
    if (msg->kind != WIRE_ASK)
        return;
    uint64_t key = troupe__ask_key(msg->from, msg->id);
    if (troupe__idmap_get(&self->waiting, key, &value)
        && value == (uint64_t) (uintptr_t) parcel)
        troupe__idmap_remove(&self->waiting, key, NULL);
}

struct troupe__parcel *
troupe__waiting_find(struct troupe__worker *self, troupe_ref_t asker,
                     uint64_t ask_id, struct troupe_message *ret_msg)
{
    uint64_t value = 0;
    if (!troupe__idmap_get(&self->waiting, troupe__ask_key(asker, ask_id),
                           &value))
        return NULL;
    struct troupe__parcel *parcel = (void *) (uintptr_t) value;
    troupe__parcel_open(parcel, &self->arena, ret_msg);
    bool same = ret_msg->from.id == asker.id && ret_msg->id == ask_id;
    return same ? parcel : NULL;
}

/* The asker gave up: where its ask still waits it never reaches a handler. */
void
troupe__waiting_cancel(struct troupe__worker *self,
                       const struct troupe_message *cancel)
{
    struct troupe_message msg;
    struct troupe__parcel *parcel =
        troupe__waiting_find(self, cancel->from, cancel->id, &msg);
    if (!parcel)
        return;
    struct troupe__actor *actor =
        troupe__slot_actor(&self->node->slots, msg.to);
    CHECK(actor); /* its parcels are gone before it is */
    troupe__waiting_remove(self, &msg, parcel);
    troupe__mailbox_remove(
        parcel->stashed ? &actor->extra->stash : &actor->mailbox, parcel);
    BUMP(actor->dropped);
    BUMP(self->kinds[actor->born->index].dropped);
    BUMP(self->kinds[actor->born->index].received);
    troupe__dead(self, &msg, TROUPE_DEAD_CANCELLED);
    troupe__parcel_free(&self->parcels, parcel);
    troupe__pressure_update(self, actor);
}

/* Where in its mailbox an ask waits: 1 for the first, TROUPE__PLACE_MAX for
 * that and all behind it; 0: it does not wait. */
uint32_t
troupe__waiting_place(struct troupe__worker *self, troupe_ref_t asker,
                      uint64_t ask_id)
{
    struct troupe_message msg;
    uint32_t place = 0;
    const struct troupe__parcel *at =
        troupe__waiting_find(self, asker, ask_id, &msg);
    for (; at && place < TROUPE__PLACE_MAX; at = at->before)
        place++;
    return place;
}
