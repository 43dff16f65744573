/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stats.c: counters, read by any thread while their actors run.
 *
 * An actor's block is only ever an actor's, and its counters are atomics, so
 * reading one that has just been given away reads numbers of another actor;
 * the slot's generation, looked at before and after, tells.
 */
#include <errno.h>
#include <stdio.h>

#include "runtime/worker.h"

/* The name lies in memory of the actor's own; the table knows it too. */
static void
name_of(troupe_t *node, troupe_ref_t ref, char *ret_name)
{
    const char *name = troupe__name_of(node, ref, ret_name);
    if (!name)
        ret_name[0] = '\0';
}

int
troupe_actor_stats_get(troupe_t *node, troupe_ref_t ref,
                       troupe_actor_stats_t *ret_stats)
{
    CHECK(node);
    CHECK(ret_stats);
    struct troupe__actor *actor = troupe__slot_actor(&node->slots, ref);
    if (!actor || troupe__ref_node(ref) != node->id)
        return -ESRCH;
    troupe_actor_stats_t stats = {
        .ref = ref,
        .status = SEEN(actor->status),
        .incarnation = SEEN(actor->incarnation),
        .received = SEEN(actor->received),
        .handled = SEEN(actor->handled),
        .failed = SEEN(actor->failed),
        .dropped = SEEN(actor->dropped),
        .deadlocks = SEEN(actor->deadlocks),
        .mailbox_depth = troupe__mailbox_count(&actor->mailbox),
        .mailbox_bytes = troupe__mailbox_size(&actor->mailbox),
        .handler_ns = troupe__ticks_to_ns(node, SEEN(actor->ticks)),
    };
    stats.parent.id = __atomic_load_n(&actor->parent.id, __ATOMIC_RELAXED);
    stats.limits = (troupe_limits_t){
        __atomic_load_n(&actor->messages_max, __ATOMIC_RELAXED),
        __atomic_load_n(&actor->bytes_max, __ATOMIC_RELAXED),
        (troupe_overflow_t) __atomic_load_n(&actor->overflow,
                                            __ATOMIC_RELAXED)};
    uint64_t since = SEEN(actor->mailbox.since);
    uint64_t now = troupe__clock_ns(node);
    stats.mailbox_age_ns = since && now > since ? now - since : 0;
    const struct troupe__kind *kind = SEEN(actor->kind_seen);
    stats.kind = kind ? kind->user->name : "";
    if (troupe__slot_actor(&node->slots, ref) != actor)
        return -ESRCH;
    name_of(node, ref, stats.name);
    *ret_stats = stats;
    return 0;
}

const char *
troupe_status_name(troupe_status_t status)
{
    static const char *const names[] = {
        [TROUPE_STATUS_STARTING] = "starting",
        [TROUPE_STATUS_RUNNING] = "running",
        [TROUPE_STATUS_MUTED] = "muted",
        [TROUPE_STATUS_WAITING] = "waiting",
        [TROUPE_STATUS_STOPPING] = "stopping",
        [TROUPE_STATUS_SUSPENDED] = "suspended",
    };
    size_t index = (size_t) status;
    bool known = index < sizeof names / sizeof *names && names[index];
    return known ? names[index] : "unknown";
}

int
troupe_kind_stats_get(troupe_t *node, const troupe_kind_t *kind,
                      troupe_kind_stats_t *ret_stats)
{
    CHECK(node);
    CHECK(ret_stats);
    const struct troupe__kind *ready = troupe__kind_known(&node->kinds, kind);
    if (!ready)
        return -ENOENT;
    troupe_kind_stats_t stats = {.kind = kind->name};
    uint64_t ticks = 0;
    for (uint32_t i = 0; i < atomic_load(&node->worker_count); i++) {
        struct troupe__worker *worker = atomic_load(&node->workers[i]);
        if (!worker)
            continue;
        struct troupe__kind_counters *part = &worker->kinds[ready->index];
        stats.spawned += SEEN(part->spawned);
        stats.ended += SEEN(part->ended);
        stats.restarted += SEEN(part->restarted);
        stats.received += SEEN(part->received);
        stats.handled += SEEN(part->handled);
        stats.failed += SEEN(part->failed);
        stats.dropped += SEEN(part->dropped);
        ticks += SEEN(part->ticks);
    }
    stats.handler_ns = troupe__ticks_to_ns(node, ticks);
    *ret_stats = stats;
    return 0;
}

static void
add_worker(troupe_node_stats_t *stats, struct troupe__worker *worker)
{
    struct troupe__counters *part = &worker->counters;
    stats->spawned += SEEN(part->spawned);
    stats->ended += SEEN(part->ended);
    stats->restarts += SEEN(part->restarts);
    stats->messages_sent += SEEN(part->sent);
    stats->messages_received += SEEN(part->received);
    stats->frames_sent += SEEN(part->frames);
    stats->bytes_sent += SEEN(part->bytes);
    stats->frames_refused += SEEN(part->refused);
    stats->dead_letters += SEEN(part->dead);
    stats->late_replies += SEEN(part->late);
    stats->redelivered += SEEN(part->redelivered);
    stats->expired += SEEN(part->expired);
    stats->mutes += SEEN(part->mutes);
    stats->deadlocks += SEEN(part->deadlocks);
    stats->allocations += SEEN(part->allocations);
}

void
troupe_node_stats_get(troupe_t *node, troupe_node_stats_t *ret_stats)
{
    CHECK(node);
    CHECK(ret_stats);
    troupe_node_stats_t stats = {.workers = node->regular};
    for (uint32_t i = 0; i < atomic_load(&node->worker_count); i++) {
        struct troupe__worker *worker = atomic_load(&node->workers[i]);
        if (worker)
            add_worker(&stats, worker);
    }
    stats.actors =
        stats.spawned > stats.ended ? stats.spawned - stats.ended : 0;
    stats.watchdog_reports = SEEN(node->watchdog_reports);
    stats.spans_lost = SEEN(node->spans_lost);
    stats.allocations += SEEN(node->parcel_depot.slab_count)
                         + SEEN(node->actor_depot.slab_count);
    *ret_stats = stats;
}

/* The tenant of a slot, if it is an actor of a user's. */
static bool
tenant_of(troupe_t *node, uint32_t index, troupe_ref_t *ret_ref)
{
    struct troupe__slot *slot = troupe__slot_at(&node->slots, index);
    if (!slot || !atomic_load_explicit(&slot->actor, memory_order_acquire)
        || SEEN(slot->is_guest))
        return false;
    *ret_ref = troupe__ref_make(node->id, SEEN(slot->worker),
                                SEEN(slot->generation), index);
    return true;
}

bool
troupe__actor_next(troupe_t *node, uint32_t *slot, troupe_ref_t *ret_ref)
{
    uint32_t used = troupe__slots_used(&node->slots);
    for (uint32_t at = *slot; at < used; at++) {
        if (!tenant_of(node, at, ret_ref))
            continue;
        *slot = at + 1;
        return true;
    }
    return false;
}

size_t
troupe_actors(troupe_t *node, troupe_ref_t *refs, size_t count)
{
    CHECK(node);
    CHECK(refs || count == 0);
    size_t found = 0;
    uint32_t slot = 0;
    for (troupe_ref_t ref; troupe__actor_next(node, &slot, &ref); found++)
        if (found < count)
            refs[found] = ref;
    return found;
}
