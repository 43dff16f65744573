/* SPDX-License-Identifier: Apache-2.0 */
/* peers.c: the table of the other nodes of a run. */
#include "runtime/peers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/mark.h"

enum { WORKERS_MAX = 256 };

struct troupe__peers *
troupe__peers_new(const struct troupe__membership *membership)
{
    struct troupe__peers *self = troupe__alloc(sizeof *self);
    self->self = *membership;
    CHECK(pthread_mutex_init(&self->lock, NULL) == 0);
    return self;
}

void
troupe__peers_free(struct troupe__peers *self)
{
    if (!self)
        return;
    /* To look at all would touch a hundred pages that nobody else did. */
    for (size_t i = 0; i <= self->suspect_most; i++)
        free(self->all[i].suspects);
    pthread_mutex_destroy(&self->lock);
    explicit_bzero(self->self.secret, sizeof self->self.secret);
    free(self);
}

static struct troupe__peer *
peer_at(troupe_t *node, uint32_t number)
{
    if (!node->peers || number < TROUPE__ROOT || number > TROUPE__PEER_MAX)
        return NULL;
    return &node->peers->all[number];
}

static bool
is_there(const struct troupe__peer *peer)
{
    uint32_t state = atomic_load_explicit(&peer->state, memory_order_acquire);
    return state == PEER_ADMITTED || state == PEER_ROUTED;
}

static bool
has_rested(const struct troupe__peer *peer, uint64_t ms)
{
    return peer->lost_ns == 0
           || troupe__real_ns() - peer->lost_ns >= ms * UINT64_C(1000000);
}

bool
troupe__peer_is_free(troupe_t *node, uint32_t number)
{
    const struct troupe__peer *peer = peer_at(node, number);
    CHECK(peer);
    pthread_mutex_lock(&node->peers->lock);
    bool is_free = !is_there(peer)
                   && has_rested(peer, 2 * (uint64_t) TROUPE__PEER_REST_MS);
    pthread_mutex_unlock(&node->peers->lock);
    return is_free;
}

int
troupe__peer_admit(troupe_t *node, const struct troupe__peer_facts *facts)
{
    struct troupe__peer *peer = peer_at(node, facts->number);
    if (!peer || facts->number == node->id || facts->workers < 1
        || facts->workers > WORKERS_MAX || !troupe__name_is_valid(facts->name))
        return -EINVAL;
    pthread_mutex_lock(&node->peers->lock);
    /* A number that was lost was one life of one process: it rests. */
    bool there = is_there(peer) || !has_rested(peer, TROUPE__PEER_REST_MS);
    if (!there) {
        peer->facts = *facts;
        free(peer->suspects);
        peer->suspects = NULL;
        peer->suspect_count = 0;
        atomic_store_explicit(&peer->state, PEER_ADMITTED,
                              memory_order_release);
    }
    pthread_mutex_unlock(&node->peers->lock);
    return there ? -EEXIST : 0;
}

int
troupe__peer_route(troupe_t *node, uint32_t number)
{
    struct troupe__peer *peer = peer_at(node, number);
    if (!peer)
        return -ENOENT;
    pthread_mutex_lock(&node->peers->lock);
    bool there = is_there(peer);
    if (there)
        atomic_store_explicit(&peer->state, PEER_ROUTED, memory_order_release);
    pthread_mutex_unlock(&node->peers->lock);
    return there ? 0 : -ENOENT;
}

/* Each worker hears of it by a message, and so at one moment of its own; ports
 * and own threads by way of those that pass messages on to them. */
static void
tell_workers(troupe_t *node, uint32_t number)
{
    struct troupe__worker *port = NULL;
    if (troupe__port_enter(node, true, &port) < 0)
        return; /* it is being destroyed */
    for (uint32_t i = 0; i < node->regular; i++)
        if (node->workers[i] && !atomic_load(&node->workers[i]->finished))
            troupe__control_worker(port, i, "lost", number);
    troupe__port_leave(port);
}

void
troupe__peer_lost(troupe_t *node, uint32_t number,
                  const troupe_reason_t *reason)
{
    struct troupe__peer *peer = peer_at(node, number);
    if (!peer)
        return;
    pthread_mutex_lock(&node->peers->lock);
    bool there = is_there(peer);
    if (there) {
        peer->lost_ns = troupe__real_ns();
        peer->lost_kind = reason->kind;
        peer->lost_code = reason->code;
        snprintf(peer->lost_text, sizeof peer->lost_text, "%s", reason->text);
        atomic_store_explicit(&peer->state, PEER_LOST, memory_order_release);
    }
    pthread_mutex_unlock(&node->peers->lock);
    if (there)
        tell_workers(node, number);
}

void
troupe__peer_suspect(troupe_t *node, uint32_t number,
                     struct troupe__suspect *suspects, size_t count)
{
    struct troupe__peer *peer = peer_at(node, number);
    CHECK(peer);
    pthread_mutex_lock(&node->peers->lock);
    free(peer->suspects);
    peer->suspects = suspects;
    peer->suspect_count = count;
    if (number > node->peers->suspect_most)
        node->peers->suspect_most = number;
    pthread_mutex_unlock(&node->peers->lock);
}

size_t
troupe__peer_suspects(troupe_t *node, uint32_t number,
                      struct troupe__suspect **ret_suspects)
{
    const struct troupe__peer *peer = peer_at(node, number);
    size_t count = 0;
    *ret_suspects = NULL;
    if (!peer)
        return 0;
    pthread_mutex_lock(&node->peers->lock);
    if (!is_there(peer) && peer->suspect_count > 0) {
        count = peer->suspect_count;
        *ret_suspects = troupe__alloc(count * sizeof **ret_suspects);
        memcpy(*ret_suspects, peer->suspects, count * sizeof **ret_suspects);
    }
    pthread_mutex_unlock(&node->peers->lock);
    return count;
}

int
troupe__peer_facts(troupe_t *node, uint32_t number,
                   struct troupe__peer_facts *ret_facts)
{
    struct troupe__peer *peer = peer_at(node, number);
    if (!peer)
        return -ENOENT;
    pthread_mutex_lock(&node->peers->lock);
    bool there = is_there(peer);
    if (there)
        *ret_facts = peer->facts;
    pthread_mutex_unlock(&node->peers->lock);
    return there ? 0 : -ENOENT;
}

bool
troupe__peer_is_lost(const troupe_t *node, uint32_t number)
{
    return node->peers && number <= TROUPE__PEER_MAX
           && atomic_load_explicit(&node->peers->all[number].state,
                                   memory_order_acquire)
                  == PEER_LOST;
}

bool
troupe__peer_grants(troupe_t *node, uint32_t number, pid_t pid)
{
    struct troupe__peer_facts facts;
    return troupe__peer_facts(node, number, &facts) == 0 && facts.pid == pid;
}

void
troupe__secret_text(const struct troupe__membership *self,
                    char text[2 * TROUPE__SECRET_SIZE + 1])
{
    for (size_t i = 0; i < TROUPE__SECRET_SIZE; i++)
        snprintf(text + 2 * i, 3, "%02x", self->secret[i]);
}
