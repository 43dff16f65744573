/* SPDX-License-Identifier: Apache-2.0 */
/*
 * port.c: what an ordinary thread is among workers.
 *
 * A thread that calls gets a port: a worker without a thread of its own,
 * which the call drives on the caller's stack, with one actor on it that
 * stands for the thread. A port stays its thread's until that thread ends, so
 * that order per pair holds for threads too; then the next thread may have
 * it. The port's lock is held while it is driven; who closes a node takes it
 * too, which makes the hand-over of its sockets a full fence.
 */
#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "runtime/handle.h"

enum { NS_PER_S = 1000000000 };

static int
thread_down(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx, (void) state, (void) msg;
    return TROUPE_STOP;
}

struct thread_state {
    char unused;
};

static const troupe_clause_t thread_clauses[] = {TROUPE_ON_DOWN(thread_down),
                                                 {0, NULL, NULL, NULL}};
const troupe_kind_t troupe__thread_kind = {
    "thread", sizeof(struct thread_state), thread_clauses, {0}};

static int
guest_new(struct troupe__worker *port)
{
    const struct troupe__kind *kind = NULL;
    troupe_t *node = port->node;
    uint32_t slot = 0;
    int rc = troupe__kind_of(&node->kinds, &troupe__thread_kind, &kind);
    if (rc < 0)
        return rc;
    if (!troupe__slot_take(&node->slots, &port->slots, &slot))
        return -ENOSPC;
    struct troupe__actor *guest = troupe__actor_new(port, kind);
    __atomic_store_n(&guest->messages_max, UINT32_MAX, __ATOMIC_RELAXED);
    __atomic_store_n(&guest->bytes_max, UINT32_MAX, __ATOMIC_RELAXED);
    __atomic_store_n(&guest->overflow, TROUPE_OVERFLOW_MUTE, __ATOMIC_RELAXED);
    guest->suspended = false;
    guest->direct = true;
    atomic_store_explicit(&guest->status, TROUPE_STATUS_RUNNING,
                          memory_order_relaxed);
    troupe__actor_publish(port, guest, port->index, slot);
    port->guest = guest;
    return 0;
}

/* The thread that had it has ended. */
static void
port_orphaned(void *data)
{
    struct troupe__worker *port = data;
    port->base_trace = NULL;
    pthread_mutex_lock(&port->node->lock);
    port->next_idle = port->node->idle_ports;
    port->node->idle_ports = port;
    pthread_mutex_unlock(&port->node->lock);
}

int
troupe__ports_init(troupe_t *node)
{
    node->has_port_key =
        pthread_key_create(&node->port_key, port_orphaned) == 0;
    return node->has_port_key ? 0 : -EIO;
}

static int
port_of_thread(troupe_t *node, struct troupe__worker **ret_port)
{
    struct troupe__worker *port = pthread_getspecific(node->port_key);
    if (!port) {
        pthread_mutex_lock(&node->lock);
        port = node->idle_ports;
        if (port)
            node->idle_ports = port->next_idle;
        pthread_mutex_unlock(&node->lock);
        if (!port) {
            int rc = troupe__worker_new(node, true, false, &port);
            if (rc < 0)
                return rc;
        }
        if (pthread_setspecific(node->port_key, port) != 0) {
            port_orphaned(port);
            return -EIO;
        }
        atomic_store(&port->tid, (int) gettid());
    }
    *ret_port = port;
    return 0;
}

/* Take the thread's port; every call of this file begins so. */
int
troupe__port_enter(troupe_t *node, bool even_stopping,
                   struct troupe__worker **ret_port)
{
    struct troupe__worker *port = NULL;
    if (!node)
        return -EINVAL;
    if (troupe__here && troupe__here->node == node)
        return -EDEADLK;
    if (!even_stopping && atomic_load(&node->stopping))
        return -ESHUTDOWN;
    int rc = port_of_thread(node, &port);
    if (rc < 0)
        return rc;
    pthread_mutex_lock(&port->port_lock);
    /* The node may have stopped while we waited. */
    if (port->closed || (!even_stopping && atomic_load(&node->stopping))) {
        pthread_mutex_unlock(&port->port_lock);
        return -ESHUTDOWN;
    }
    port->outer = troupe__here;
    troupe__here = port;
    atomic_store(&port->in_use, true);
    if (!port->guest)
        rc = guest_new(port);
    if (rc < 0) {
        troupe__port_leave(port);
        return rc;
    }
    if (troupe__lanes_ready(port)) /* what came meanwhile */
        (void) troupe__worker_turn(port);
    troupe__context_begin(port, port->guest);
    *ret_port = port;
    return 0;
}

void
troupe__port_leave(struct troupe__worker *port)
{
    troupe__flush(port);
    atomic_store(&port->in_use, false);
    atomic_store_explicit(&port->run_type, NULL, memory_order_relaxed);
    troupe__here = port->outer;
    pthread_mutex_unlock(&port->port_lock);
}

/* The call is over: so is what it set going. */
void
troupe__port_end_guest(struct troupe__worker *port)
{
    troupe_reason_t reason = {TROUPE_EXIT_KILLED, 0, "the call is over"};
    if (port->guest)
        troupe__actor_end(port, port->guest, &reason, NULL);
    troupe__asks_tell(port);
}

static void
port_close(struct troupe__worker *port)
{
    struct troupe__worker *outer = troupe__here; /* of another node */
    troupe__here = port;
    while (troupe__lanes_ready(port))
        (void) troupe__worker_turn(port); /* the last words to guests */
    troupe__port_end_guest(port);
    troupe__here = outer;
    port->closed = true;
    troupe__worker_clear(port);
}

/*
 * At the end of a node: its ports are closed for the threads that had them.
 * One that is in a callback of the user's may stay there: `hangs` is told of
 * each that did not come back by `deadline`, and the call returns false.
 */
bool
troupe__ports_close(troupe_t *node, uint64_t deadline,
                    void (*hangs)(troupe_t *node,
                                  const struct troupe__worker *port))
{
    struct timespec at = {(time_t) (deadline / NS_PER_S),
                          (long) (deadline % NS_PER_S)};
    bool all = true;
    for (uint32_t i = 0; i < atomic_load(&node->worker_count); i++) {
        struct troupe__worker *port = node->workers[i];
        if (!port || !port->is_port)
            continue;
        if (pthread_mutex_clocklock(&port->port_lock, CLOCK_MONOTONIC, &at)
            != 0) {
            all = false;
            if (hangs)
                hangs(node, port);
            continue;
        }
        if (!port->closed)
            port_close(port);
        pthread_mutex_unlock(&port->port_lock);
    }
    /* A thread that comes back finds its port by the key, and leaves it. */
    if (all && node->has_port_key)
        pthread_key_delete(node->port_key);
    return all;
}

/* A word to the runtime of a worker itself. */
void
troupe__control_worker(struct troupe__worker *port, uint32_t index,
                       const char *verb, uint64_t id)
{
    troupe_ref_t to =
        troupe__ref_make(port->node->id, index, 0, TROUPE__SLOT_MAX);
    struct troupe__envelope envelope =
        troupe__envelope(WIRE_CONTROL, to, TROUPE_NOBODY, verb);
    envelope.id = id;
    (void) troupe__emitf(port, &envelope, NULL);
}

int
troupe__control_all(troupe_t *node, const char *verb)
{
    struct troupe__worker *port = NULL;
    int rc = troupe__port_enter(node, true, &port);
    if (rc < 0)
        return rc;
    for (uint32_t i = 0; i < atomic_load(&node->worker_count); i++) {
        struct troupe__worker *worker = node->workers[i];
        bool woken = worker && worker != port
                     && (worker->is_port ? atomic_load(&worker->in_use)
                                         : !atomic_load(&worker->finished));
        if (woken)
            troupe__control_worker(port, i, verb, 0);
    }
    troupe__port_leave(port);
    return 0;
}

int
troupe__wake_all(troupe_t *node)
{
    return troupe__control_all(node, "wake");
}
