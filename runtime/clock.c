/* SPDX-License-Identifier: Apache-2.0 */
/* clock.c: the one source of time, real or moved by hand. */
#include <errno.h>
#include <time.h>

#include "runtime/worker.h"

enum { NS_PER_S = 1000000000 };

uint64_t
troupe__real_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t) now.tv_sec * NS_PER_S + (uint64_t) now.tv_nsec;
}

uint64_t
troupe__ticks_slow(void)
{
    return troupe__real_ns();
}

uint64_t
troupe__clock_ns(const troupe_t *node)
{
    return node->options.manual_clock
               ? atomic_load_explicit(&node->manual_now, memory_order_acquire)
               : troupe__real_ns();
}

uint64_t
troupe_now_ns(const troupe_t *node)
{
    CHECK(node);
    return troupe__clock_ns(node);
}

/* How long a tick is shows in what passed since the node began. */
uint64_t
troupe__ticks_to_ns(const troupe_t *node, uint64_t ticks)
{
    uint64_t passed_ticks = troupe__ticks() - node->ticks_start;
    uint64_t passed_ns = troupe__real_ns() - node->ns_start;
    if (passed_ticks == 0)
        return 0;
    return (uint64_t) ((double) ticks * (double) passed_ns
                       / (double) passed_ticks);
}

void
troupe__clock_init(troupe_t *node)
{
    node->ticks_start = troupe__ticks();
    node->ns_start = troupe__real_ns();
    atomic_store(&node->manual_now, NS_PER_S);
}

void
troupe__state_changed(troupe_t *node)
{
    if (atomic_load(&node->watchers) == 0)
        return;
    pthread_mutex_lock(&node->state_lock);
    pthread_cond_broadcast(&node->state_changed);
    pthread_mutex_unlock(&node->state_lock);
}

/* At rest: every worker sleeps and nothing is under way to any of them. */
static bool
is_at_rest(troupe_t *node)
{
    uint32_t count = atomic_load(&node->worker_count);
    if (atomic_load(&node->helpers.busy) > 0)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        struct troupe__worker *worker = atomic_load(&node->workers[i]);
        if (!worker || worker->is_port)
            continue;
        if (!atomic_load(&worker->idle)
            || (!atomic_load(&worker->finished)
                && troupe__lanes_under_way(worker) > 0))
            return false;
    }
    return true;
}

static uint64_t
callbacks(troupe_t *node)
{
    uint64_t sum = 0;
    uint32_t count = atomic_load(&node->worker_count);
    for (uint32_t i = 0; i < count; i++) {
        struct troupe__worker *worker = atomic_load(&node->workers[i]);
        if (worker)
            sum += troupe__lanes_rung(worker) + atomic_load(&worker->callbacks);
    }
    return sum;
}

/* Twice at rest with nothing in between is at rest. */
static bool
is_settled(troupe_t *node)
{
    uint64_t before = callbacks(node);
    return is_at_rest(node) && is_at_rest(node) && callbacks(node) == before;
}

static struct timespec
later(uint64_t ns)
{
    uint64_t at = troupe__real_ns() + ns;
    return (struct timespec){(time_t) (at / NS_PER_S), (long) (at % NS_PER_S)};
}

int
troupe_settle(troupe_t *node, uint32_t timeout_ms)
{
    CHECK(node);
    if (troupe__here && troupe__here->node == node && !troupe__here->is_port)
        return -EDEADLK;
    uint64_t until = troupe__real_ns() + timeout_ms * UINT64_C(1000000);
    bool settled = false;
    pthread_mutex_lock(&node->state_lock);
    atomic_fetch_add(&node->watchers, 1);
    while (!(settled = is_settled(node)) && troupe__real_ns() < until) {
        /* A worker that falls asleep wakes us; a look now and then is for
         * those that fell asleep just before we came. */
        struct timespec at = later(1000000);
        pthread_cond_timedwait(&node->state_changed, &node->state_lock, &at);
    }
    atomic_fetch_sub(&node->watchers, 1);
    pthread_mutex_unlock(&node->state_lock);
    return settled ? 0 : -ETIMEDOUT;
}

static uint64_t
next_due(troupe_t *node)
{
    uint64_t next = UINT64_MAX;
    uint32_t count = atomic_load(&node->worker_count);
    for (uint32_t i = 0; i < count; i++) {
        struct troupe__worker *worker = atomic_load(&node->workers[i]);
        uint64_t due =
            worker && (!worker->is_port || atomic_load(&worker->in_use))
                ? atomic_load(&worker->next_due)
                : UINT64_MAX;
        next = due < next ? due : next;
    }
    return next;
}

enum { SETTLE_MS = 10000 };

/* One timer's time after the other, so that their effects keep their order. */
int
troupe_clock_advance(troupe_t *node, uint64_t by_ns)
{
    CHECK(node);
    if (!node->options.manual_clock)
        return -EPERM;
    if (troupe__here && troupe__here->node == node)
        return -EDEADLK;
    uint64_t target = atomic_load(&node->manual_now) + by_ns;
    int rc = troupe_settle(node, SETTLE_MS);
    while (rc == 0) {
        uint64_t due = next_due(node);
        uint64_t to = due < target ? due : target;
        if (to > atomic_load(&node->manual_now))
            atomic_store(&node->manual_now, to);
        if (due > target)
            break;
        rc = troupe__wake_all(node);
        if (rc == 0)
            rc = troupe_settle(node, SETTLE_MS);
    }
    return rc;
}
