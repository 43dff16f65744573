/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mute.c: back-pressure: a sender rests until its receiver has room.
 *
 * 1. A receiver is full when its mailbox is at its bound, and has room again
 *    at half of it. Its slot says so to senders on this node.
 * 2. An actor that sent to a full receiver is muted on it when its handler
 *    returns: it handles nothing until every such receiver has room.
 * 3. A full actor is never muted, and nobody is muted by itself.
 * 4. Nobody waits for an actor that was muted after it: serials of the node
 *    tell. Such a sender goes on at once.
 *
 * So muting cannot deadlock. A full receiver that is muted was muted before
 * it was full (3), and stays full while anybody waits for it (1), so that it
 * cannot be muted anew meanwhile (3). Along a chain of those who wait each was
 * hence muted earlier than the one before (4): the chain is no circle, and its
 * last actor runs. Without (4) two that mute each other while the words are
 * under way would both be full, and muted, when the words arrive.
 *
 * The muted actor's worker asks the receiver's for word ("room") and the
 * answer ("go") always comes: at once when there is room or nobody, else with
 * the room. No shared state is needed, so a receiver may be anywhere.
 */
#include <stdlib.h>

#include "runtime/remote.h"
#include "runtime/worker.h"

/* The muted actors of this worker that wait for one receiver. */
struct mute {
    uint64_t *actors;
    uint32_t count, capacity;
};

static bool
is_full(const struct troupe__actor *actor, uint32_t factor_up,
        uint32_t factor_down)
{
    uint64_t count = troupe__mailbox_count(&actor->mailbox);
    uint64_t size = troupe__mailbox_size(&actor->mailbox);
    return count * factor_down >= (uint64_t) actor->messages_max * factor_up
           || size * factor_down >= (uint64_t) actor->bytes_max * factor_up;
}

/* After each change of a mailbox: what do senders see, who may go on? */
void
troupe__pressure_update(struct troupe__worker *self,
                        struct troupe__actor *actor)
{
    if (actor->overflow != TROUPE_OVERFLOW_MUTE)
        return;
    struct troupe__slot *slot =
        troupe__slot_at(&self->node->slots, troupe__ref_slot(actor->ref));
    if (!actor->full) {
        if (!is_full(actor, 1, 1))
            return;
        actor->full = true;
        atomic_store_explicit(&slot->pressure, PRESSURE_FULL,
                              memory_order_relaxed);
        return;
    }
    if (!is_full(actor, 1, 2)) {
        actor->full = false;
        actor->pushed = 0;
        atomic_store_explicit(&slot->pressure, PRESSURE_NONE,
                              memory_order_relaxed);
        troupe__mute_relieve(self, actor);
        return;
    }
    bool over = is_full(actor, TROUPE__HARD_FACTOR, 1);
    atomic_store_explicit(&slot->pressure, over ? PRESSURE_OVER : PRESSURE_FULL,
                          memory_order_relaxed);
}

static struct mute *
mute_of(struct troupe__worker *self, uint64_t receiver)
{
    uint64_t value = 0;
    if (!troupe__idmap_get(&self->mutes, receiver, &value))
        return NULL;
    return (void *) (uintptr_t) value;
}

static void
ask_for_word(struct troupe__worker *self, struct troupe__actor *actor,
             uint64_t receiver)
{
    struct troupe__envelope envelope = troupe__envelope(
        WIRE_CONTROL, (troupe_ref_t){receiver}, actor->ref, "room");
    envelope.id = actor->muted_at;
    (void) troupe__emitf(self, &envelope, NULL);
}

static void
mute_on(struct troupe__worker *self, struct troupe__actor *actor,
        uint64_t receiver)
{
    struct mute *mute = mute_of(self, receiver);
    if (!mute) {
        mute = troupe__alloc(sizeof *mute);
        troupe__idmap_set(&self->mutes, receiver, (uint64_t) (uintptr_t) mute);
        ask_for_word(self, actor, receiver);
    }
    for (uint32_t i = 0; i < mute->count; i++)
        if (mute->actors[i] == actor->ref.id)
            return;
    if (mute->count == mute->capacity) {
        mute->capacity = mute->capacity ? 2 * mute->capacity : 4;
        mute->actors = troupe__realloc(mute->actors,
                                       mute->capacity * sizeof *mute->actors);
    }
    mute->actors[mute->count++] = actor->ref.id;
    actor->muted_on++;
    BUMP(self->counters.mutes);
}

/* A full actor does not rest, so what it pushes meanwhile is counted. */
static void
count_pushed(struct troupe__worker *self, struct troupe__actor *actor)
{
    struct troupe_context *ctx = &self->ctx;
    for (uint32_t i = 0; i < ctx->mute_count; i++) {
        troupe_ref_t to = {ctx->mutes[i].receiver};
        actor->pushed += troupe__bytes_to(self, to) - ctx->mutes[i].found_at;
    }
}

/* Later than all before it, on this node and, as the clock is that of all
 * processes here, on others; and no two are equal. */
static uint64_t
next_serial(troupe_t *node)
{
    if (!node->peers)
        return atomic_fetch_add(&node->mute_serial, 1) + 1;
    uint64_t before = atomic_load(&node->mute_serial), serial;
    do {
        serial = troupe__real_ns() / 64 << 10 | node->id;
        if (serial <= before)
            serial = before + (1 << 10);
    } while (
        !atomic_compare_exchange_weak(&node->mute_serial, &before, serial));
    return serial;
}

/* At the end of a callback: rest for the receivers that were noted. */
void
troupe__mute_apply(struct troupe__worker *self, struct troupe__actor *actor)
{
    struct troupe_context *ctx = &self->ctx;
    if (actor->ending)
        return;
    if (actor->full) {
        count_pushed(self, actor);
        return;
    }
    if (actor->muted_on == 0 && ctx->mute_count > 0)
        actor->muted_at = next_serial(self->node);
    for (uint32_t i = 0; i < ctx->mute_count; i++)
        if (ctx->mutes[i].receiver != actor->ref.id)
            mute_on(self, actor, ctx->mutes[i].receiver);
    if (actor->muted_on == 0)
        return;
    actor->direct = false;
    if (SEEN(actor->status) == TROUPE_STATUS_RUNNING)
        atomic_store_explicit(&actor->status, TROUPE_STATUS_MUTED,
                              memory_order_relaxed);
    if (actor->child_events > 0)
        troupe__enqueue(self, actor);
}

static void
unmute(struct troupe__worker *self, uint64_t ref)
{
    struct troupe__actor *actor =
        troupe__slot_actor(&self->node->slots, (troupe_ref_t){ref});
    if (!actor || actor->muted_on == 0)
        return;
    if (--actor->muted_on > 0)
        return;
    if (SEEN(actor->status) == TROUPE_STATUS_MUTED)
        atomic_store_explicit(&actor->status, TROUPE_STATUS_RUNNING,
                              memory_order_relaxed);
    if (actor->ending || actor->suspended || actor->resting)
        return;
    if (troupe__mailbox_count(&actor->mailbox) > 0)
        troupe__enqueue(self, actor);
    else
        troupe__settle_direct(actor);
}

/* The receiver has room, or is gone. */
void
troupe__mute_go(struct troupe__worker *self, uint64_t receiver)
{
    struct mute *mute = mute_of(self, receiver);
    if (self->remotes)
        troupe__remotes_has_room(self, receiver);
    if (!mute)
        return;
    troupe__idmap_remove(&self->mutes, receiver, NULL);
    for (uint32_t i = 0; i < mute->count; i++)
        unmute(self, mute->actors[i]);
    free(mute->actors);
    free(mute);
}

static void
send_go(struct troupe__worker *self, troupe_ref_t to,
        const struct troupe__actor *receiver)
{
    struct troupe__envelope envelope =
        troupe__envelope(WIRE_CONTROL, to, receiver->ref, "go");
    envelope.id = receiver->ref.id;
    (void) troupe__emitf(self, &envelope, NULL);
}

void
troupe__mute_wanted(struct troupe__worker *self, struct troupe__actor *receiver,
                    const struct troupe_message *msg)
{
    bool later = receiver->muted_on > 0 && receiver->muted_at > msg->id;
    if (receiver->full && !later)
        troupe__idmap_set(&troupe__extra(receiver)->waiters, msg->from.id, 1);
    else
        send_go(self, msg->from, receiver);
}

void
troupe__mute_relieve(struct troupe__worker *self,
                     struct troupe__actor *receiver)
{
    if (!receiver->extra)
        return;
    struct troupe__idmap waiters = receiver->extra->waiters;
    receiver->extra->waiters = (struct troupe__idmap){0};
    for (uint32_t i = 0; i < waiters.capacity; i++)
        if (waiters.entries[i].id)
            send_go(self, (troupe_ref_t){waiters.entries[i].id}, receiver);
    troupe__idmap_free(&waiters);
}

/* The incarnation ends: it rests for nobody any more. */
void
troupe__mute_forget(struct troupe__worker *self, struct troupe__actor *actor)
{
    for (uint32_t i = 0; actor->muted_on > 0 && i < self->mutes.capacity; i++) {
        if (!self->mutes.entries[i].id)
            continue;
        struct mute *mute = (void *) (uintptr_t) self->mutes.entries[i].value;
        for (uint32_t j = 0; j < mute->count; j++) {
            if (mute->actors[j] != actor->ref.id)
                continue;
            mute->actors[j] = mute->actors[--mute->count];
            actor->muted_on--;
            break;
        }
    }
    actor->muted_on = 0;
}

/* As far as it is known here. */
static uint32_t
pressure_of(struct troupe__worker *self, troupe_ref_t receiver)
{
    if (troupe__ref_node(receiver) != self->node->id)
        return troupe__remotes_pressure(self, receiver);
    const struct troupe__slot *slot =
        troupe__slot_at(&self->node->slots, troupe__ref_slot(receiver));
    return slot ? atomic_load_explicit(&slot->pressure, memory_order_relaxed)
                : PRESSURE_FULL; /* somebody else will say "go" */
}

/*
 * Where the pipe and not the mailbox was full, waiting for "go" would drain
 * the pipe first and leave the receiver idle: look how far it is down. True
 * when somebody may go on.
 */
bool
troupe__mute_look(struct troupe__worker *self)
{
    for (uint32_t i = 0; i < self->mutes.capacity; i++) {
        uint64_t receiver = self->mutes.entries[i].id;
        if (!receiver)
            continue;
        troupe_ref_t ref = {receiver};
        const struct troupe__outbox *outbox = troupe__outbox_known(self, ref);
        if (!outbox || pressure_of(self, ref) != PRESSURE_NONE
            || troupe__outbox_under_way(outbox) > TROUPE__LANE_SOFT / 2)
            continue;
        troupe__mute_go(self, receiver);
        return true;
    }
    return false;
}

void
troupe__mutes_free(struct troupe__worker *self)
{
    const struct troupe__idmap_entry *any;
    while ((any = troupe__idmap_any(&self->mutes)))
        troupe__mute_go(self, any->id);
}
