/* SPDX-License-Identifier: Apache-2.0 */
/*
 * remote_lost.c: a node has ended: what its actors owed is settled here.
 *
 * Each worker hears "lost" once, after the last frame that it takes from that
 * node: asks that an actor there holds end with `down`; monitors and links of
 * actors here are told, by messages to ourselves, as if the actors there had
 * said so; who rests for a receiver there goes on.
 */
#include <errno.h>
#include <stdio.h>

#include "runtime/remote.h"

static const struct troupe__peer *
lost_peer(const struct troupe__worker *self, uint32_t number)
{
    const struct troupe__peers *peers = self->node->peers;
    if (!peers || number > TROUPE__PEER_MAX
        || atomic_load_explicit(&peers->all[number].state, memory_order_acquire)
               != PEER_LOST)
        return NULL;
    return &peers->all[number];
}

bool
troupe__remotes_is_lost(const struct troupe__worker *self, troupe_ref_t ref)
{
    return lost_peer(self, troupe__ref_node(ref)) != NULL;
}

/* "node engines was lost: killed by signal 9" */
static void
print_words(const struct troupe__peer *peer, char *text, size_t size)
{
    snprintf(text, size, "node '%s' was lost: %s", peer->facts.name,
             peer->lost_text);
}

void
troupe__ask_lost(struct troupe__worker *self, struct troupe__ask *ask)
{
    char text[TROUPE__WORDS_MAX];
    const struct troupe__peer *peer =
        lost_peer(self, troupe__ref_node(troupe__ask_holder(ask)));
    CHECK(peer);
    print_words(peer, text, sizeof text);
    troupe__ask_finish(self, ask, TROUPE_DOWN, -ESRCH, text);
}

static void
end_asks(struct troupe__worker *self, uint32_t number)
{
    for (uint32_t i = 0; i < self->asks.count; i++) {
        struct troupe__ask *ask = self->asks.entries[i].object;
        if (ask && ask->outcome == 0 && !ask->probing && !ask->local
            && troupe__ref_node(troupe__ask_holder(ask)) == number)
            troupe__ask_lost(self, ask);
    }
}

/* As the runtime of an actor there would have told its end. */
static void
tell_end(struct troupe__worker *self, enum troupe__wire_kind kind,
         troupe_ref_t to, troupe_ref_t from, uint64_t id,
         const struct troupe__peer *peer)
{
    char text[TROUPE__WORDS_MAX];
    struct troupe__envelope envelope =
        troupe__envelope(kind, to, from, kind == WIRE_DOWN ? "down" : "exit");
    envelope.id = id;
    print_words(peer, text, sizeof text);
    if (troupe__emitf(self, &envelope, "[i, i, i, s]", 0,
                      (int) TROUPE_EXIT_NOCONNECTION, peer->lost_code, text)
        < 0) {
        (void) troupe__emitf(self, &envelope, "[i, i, i, s]", 0,
                             (int) TROUPE_EXIT_NOCONNECTION, peer->lost_code,
                             "its node was lost");
    }
}

/* As the runtime of its asker would have given it up. */
void
troupe__token_lost(struct troupe__worker *self,
                   const struct troupe__token *token)
{
    struct troupe__envelope envelope = troupe__envelope(
        WIRE_CANCEL, token->actor->ref, token->asker, "cancel");
    envelope.id = token->ask_id;
    (void) troupe__emitf(self, &envelope, NULL);
}

static void
cancel_tokens(struct troupe__worker *self, const struct troupe__actor *actor,
              uint32_t number)
{
    for (const struct troupe__token *at = actor->extra->tokens; at;
         at = at->next)
        if (troupe__ref_node(at->asker) == number && !at->cancelled)
            troupe__token_lost(self, at);
}

/* Entries whose id or, if `by_value`, whose value is a ref there. */
static void
forget(struct troupe__idmap *map, uint32_t number, bool by_value)
{
    for (uint32_t i = 0; i < map->capacity;) {
        const struct troupe__idmap_entry *at = &map->entries[i];
        troupe_ref_t ref = {by_value ? at->value : at->id};
        bool there = at->id && troupe__ref_node(ref) == number;
        /* A removal moves others: begin anew. */
        if (there)
            troupe__idmap_remove(map, at->id, NULL);
        i = there ? 0 : i + 1;
    }
}

/* Of its extras those that have to do with actors there. */
static void
settle_actor(struct troupe__worker *self, struct troupe__actor *actor,
             uint32_t number, const struct troupe__peer *peer)
{
    struct troupe__extra *extra = actor->extra;
    for (uint32_t i = 0; i < extra->monitors.capacity; i++) {
        const struct troupe__idmap_entry *at = &extra->monitors.entries[i];
        troupe_ref_t target = {at->value};
        if (at->id && troupe__ref_node(target) == number)
            tell_end(self, WIRE_DOWN, actor->ref, target, at->id, peer);
    }
    for (uint32_t i = 0; i < extra->links.capacity; i++) {
        troupe_ref_t other = {extra->links.entries[i].id};
        if (other.id && troupe__ref_node(other) == number)
            tell_end(self, WIRE_EXIT, actor->ref, other, 0, peer);
    }
    forget(&extra->watchers, number, true);
    forget(&extra->waiters, number, false);
    cancel_tokens(self, actor, number);
}

static void
settle_actors(struct troupe__worker *self, uint32_t number,
              const struct troupe__peer *peer)
{
    struct troupe__slots *slots = &self->node->slots;
    for (uint32_t i = troupe__slots_used(slots); i-- > 0;) {
        /* Of another worker's actors not a byte may be read. */
        struct troupe__slot *slot = troupe__slot_at(slots, i);
        struct troupe__actor *actor =
            slot && SEEN(slot->worker) == self->index
                ? atomic_load_explicit(&slot->actor, memory_order_acquire)
                : NULL;
        if (actor && actor->extra)
            settle_actor(self, actor, number, peer);
    }
}

static void
wake_muted(struct troupe__worker *self, uint32_t number)
{
    uint64_t receiver;
    do {
        receiver = 0;
        for (uint32_t i = 0; receiver == 0 && i < self->mutes.capacity; i++) {
            troupe_ref_t ref = {self->mutes.entries[i].id};
            if (ref.id && troupe__ref_node(ref) == number)
                receiver = ref.id;
        }
        if (receiver)
            troupe__mute_go(self, receiver);
    } while (receiver);
}

/* The workers whose messages this one passes on hear of it after them. */
static void
tell_others(struct troupe__worker *self, uint32_t number)
{
    troupe_t *node = self->node;
    for (uint32_t i = node->regular; i < atomic_load(&node->worker_count);
         i++) {
        if (i % node->regular == self->index && node->workers[i]
            && !atomic_load(&node->workers[i]->finished))
            troupe__control_worker(self, i, "lost", number);
    }
}

void
troupe__remotes_lost(struct troupe__worker *self, uint32_t number)
{
    const struct troupe__peer *peer = lost_peer(self, number);
    if (!peer || !self->remotes)
        return;
    end_asks(self, number);
    settle_actors(self, number, peer);
    wake_muted(self, number);
    troupe__remotes_drop(self, number);
    troupe__remotes_flow_lost(self, number);
    if (!self->is_port && !self->is_own)
        tell_others(self, number);
}
