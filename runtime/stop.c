/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stop.c: the ordered end of a node.
 *
 * First the actors that threads spawned, the last one first, each given time
 * to stop what it supervises; then whoever is left; then the workers. Who
 * does not stop is killed, and whose handler does not return is named.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "runtime/hub.h"
#include "runtime/worker.h"

enum { NS_PER_MS = 1000000, GRACE_MS = 200, DESTROY_MS = 10000 };

static uint32_t
ms_left(uint64_t deadline)
{
    uint64_t now = troupe__real_ns();
    return now >= deadline ? 0 : (uint32_t) ((deadline - now) / NS_PER_MS);
}

static void name_straggler(troupe_t *node, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void
name_straggler(troupe_t *node, const char *format, ...)
{
    char line[512];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    size_t before = node->stragglers ? strlen(node->stragglers) : 0;
    size_t size = strlen(line) + 2;
    node->stragglers = troupe__realloc(node->stragglers, before + size);
    snprintf(node->stragglers + before, size, "%s\n", line);
    troupe__log(node, TROUPE_LOG_ERROR, "did not stop: %s", line);
}

/* False when there is no such actor any more. */
static bool
name_actor(troupe_t *node, troupe_ref_t ref, const char *what)
{
    char text[TROUPE_REF_TEXT];
    troupe_actor_stats_t stats;
    if (troupe_actor_stats_get(node, ref, &stats) < 0)
        return false;
    name_straggler(node, "%s %s%s%s: %s", stats.kind,
                   troupe_ref_text(ref, text), stats.name[0] ? " " : "",
                   stats.name, what);
    return true;
}

struct root {
    uint64_t ref, serial;
};

static int
last_first(const void *one, const void *other)
{
    const struct root *a = one, *b = other;
    return a->serial < b->serial ? 1 : a->serial > b->serial ? -1 : 0;
}

static size_t
take_roots(troupe_t *node, struct root **ret_roots)
{
    pthread_mutex_lock(&node->lock);
    size_t count = 0;
    struct root *roots = troupe__alloc((node->roots.count + 1) * sizeof *roots);
    for (uint32_t i = 0; i < node->roots.capacity; i++) {
        if (node->roots.entries[i].id)
            roots[count++] = (struct root){node->roots.entries[i].id,
                                           node->roots.entries[i].value};
    }
    pthread_mutex_unlock(&node->lock);
    qsort(roots, count, sizeof *roots, last_first);
    *ret_roots = roots;
    return count;
}

static int
stop_roots(troupe_t *node, uint64_t deadline)
{
    struct root *roots = NULL;
    size_t count = take_roots(node, &roots);
    int result = 0;
    for (size_t i = 0; i < count; i++) {
        troupe_ref_t ref = {roots[i].ref};
        uint32_t left = ms_left(deadline);
        int rc = -ETIMEDOUT;
        if (left > 0)
            rc = troupe__exit_and_wait(node, ref, TROUPE_EXIT_SHUTDOWN,
                                       "the node stops", left, true);
        if (rc != -ETIMEDOUT)
            continue;
        (void) name_actor(node, ref,
                          left > 0 ? "did not stop in time"
                                   : "was killed: no time was left for it");
        result = -ETIMEDOUT;
        (void) troupe__exit_and_wait(node, ref, TROUPE_EXIT_KILLED,
                                     "the node stops", GRACE_MS, true);
    }
    free(roots);
    return result;
}

static uint64_t
actors_left(troupe_t *node)
{
    troupe_node_stats_t stats;
    troupe_node_stats_get(node, &stats);
    return stats.actors;
}

/* Everyone on a worker, spawned by actors and supervised by nobody. */
static void
stop_the_rest(troupe_t *node, uint64_t deadline)
{
    static const char *const verbs[] = {"sweep", "kill"};
    for (size_t i = 0; i < 2 && actors_left(node) > 0; i++) {
        uint64_t grace = troupe__real_ns() + (uint64_t) GRACE_MS * NS_PER_MS;
        uint64_t until = i == 0 && deadline > grace ? deadline : grace;
        troupe__control_all(node, verbs[i]);
        while (actors_left(node) > 0 && ms_left(until) > 0)
            if (troupe_settle(node, ms_left(until)) == 0)
                break;
    }
}

static void
name_hanging(troupe_t *node, const struct troupe__worker *worker)
{
    troupe_ref_t ref = {atomic_load(&worker->run_ref)};
    const char *type = atomic_load(&worker->run_type);
    char what[128];
    snprintf(what, sizeof what, "its handler for '%s' does not return",
             type ? type : "?");
    if (!name_actor(node, ref, what))
        name_straggler(node, "worker %u: %s", worker->index, what);
}

/* A thread of the user's, by the name and number that the system shows. */
static void
name_thread(troupe_t *node, const struct troupe__worker *port)
{
    char path[64], name[32] = "";
    int tid = atomic_load(&port->tid);
    const char *type = atomic_load(&port->run_type);
    snprintf(path, sizeof path, "/proc/self/task/%d/comm", tid);
    FILE *file = fopen(path, "r");
    if (file && fgets(name, sizeof name, file))
        name[strcspn(name, "\n")] = '\0';
    if (file)
        fclose(file);
    name_straggler(node, "thread %d %s: its %s%s does not return", tid, name,
                   type ? "callback " : "call into the node", type ? type : "");
}

/* Where something must end that only has to look up: the deadline, but never
 * less than a moment. */
static uint64_t
grace_after(uint64_t deadline)
{
    uint64_t grace = troupe__real_ns() + (uint64_t) GRACE_MS * NS_PER_MS;
    return deadline > grace ? deadline : grace;
}

static int
stop_workers(troupe_t *node, uint64_t deadline)
{
    int result = 0;
    uint64_t until = grace_after(deadline);
    struct timespec at = {(time_t) (until / 1000000000),
                          (long) (until % 1000000000)};
    troupe__control_all(node, "quit");
    for (uint32_t i = 0; i < atomic_load(&node->worker_count); i++) {
        struct troupe__worker *worker = node->workers[i];
        if (!worker || worker->is_port || !worker->thread)
            continue;
        if (pthread_clockjoin_np(worker->thread, NULL, CLOCK_MONOTONIC, &at)
            == 0) {
            worker->thread = 0;
            continue;
        }
        name_hanging(node, worker);
        node->left_behind = true;
        result = -ETIMEDOUT;
    }
    return result;
}

/* Actors of a worker that is gone, if any: their memory goes with the slabs,
 * but what they hold beside must be freed by somebody. */
static void
stop_everything(troupe_t *node, uint64_t deadline, int *ret_rc)
{
    int rc = stop_roots(node, deadline);
    stop_the_rest(node, deadline);
    if (!troupe__hub_stop_all(node, deadline)) {
        name_straggler(node, "a process of a node of its own does not end");
        rc = -ETIMEDOUT;
    }
    if (!troupe__helpers_stop(node, deadline)) {
        name_straggler(node, "a blocking function does not return");
        node->left_behind = true;
        rc = -ETIMEDOUT;
    }
    int workers = stop_workers(node, deadline);
    rc = rc < 0 ? rc : workers;
    troupe__watchdog_stop(node);
    troupe__link_stop(node);
    node->ports_open =
        node->left_behind
        || !troupe__ports_close(node, grace_after(deadline), name_thread);
    *ret_rc = node->ports_open ? -ETIMEDOUT : rc;
}

int
troupe_stop(troupe_t *node, uint32_t timeout_ms)
{
    CHECK(node);
    int rc = 0;
    if (troupe__here && troupe__here->node == node)
        return -EDEADLK;
    troupe_stop_request(node);
    pthread_mutex_lock(&node->stop_lock);
    if (!node->stopped) {
        atomic_store(&node->stopping, true);
        troupe__wake_all(node);
        stop_everything(
            node, troupe__real_ns() + (uint64_t) timeout_ms * NS_PER_MS, &rc);
        node->stopped = true;
        node->stop_rc = rc;
    }
    rc = node->stop_rc;
    pthread_mutex_unlock(&node->stop_lock);
    return rc;
}

void
troupe_stop_request(troupe_t *node)
{
    CHECK(node);
    pthread_mutex_lock(&node->state_lock);
    atomic_store(&node->stop_requested, true);
    pthread_cond_broadcast(&node->state_changed);
    pthread_mutex_unlock(&node->state_lock);
}

int
troupe_wait(troupe_t *node, uint32_t timeout_ms)
{
    CHECK(node);
    if (troupe__here && troupe__here->node == node)
        return -EDEADLK;
    uint64_t until = troupe__real_ns() + (uint64_t) timeout_ms * NS_PER_MS;
    struct timespec at = {(time_t) (until / 1000000000),
                          (long) (until % 1000000000)};
    int rc = 0;
    pthread_mutex_lock(&node->state_lock);
    while (!atomic_load(&node->stop_requested) && rc != ETIMEDOUT) {
        if (timeout_ms == 0)
            pthread_cond_wait(&node->state_changed, &node->state_lock);
        else
            rc = pthread_cond_timedwait(&node->state_changed, &node->state_lock,
                                        &at);
    }
    bool requested = atomic_load(&node->stop_requested);
    pthread_mutex_unlock(&node->state_lock);
    return requested ? 0 : -ETIMEDOUT;
}

const char *
troupe_stragglers(troupe_t *node)
{
    CHECK(node);
    return node->stragglers ? node->stragglers : "";
}

int
troupe_destroy(troupe_t **node_p)
{
    troupe_t *node = node_p ? *node_p : NULL;
    if (!node)
        return 0;
    if (troupe__here && troupe__here->node == node)
        return -EDEADLK;
    (void) troupe_stop(node, DESTROY_MS);
    *node_p = NULL;
    /* A thread that was late for the stop may be out by now. */
    if (node->ports_open && !node->left_behind)
        node->ports_open = !troupe__ports_close(node, troupe__real_ns(), NULL);
    if (node->ports_open) {
        troupe__log(node, TROUPE_LOG_ERROR,
                    "the node is left behind: a handler never returned");
        return -ETIMEDOUT;
    }
    troupe__node_free(node);
    return 0;
}

/* A node that could not begin. */
void
troupe__node_abandon(troupe_t *node)
{
    atomic_store(&node->stopping, true);
    for (uint32_t i = 0; i < atomic_load(&node->worker_count); i++) {
        if (node->workers[i] && !node->workers[i]->is_port
            && !node->workers[i]->thread)
            troupe__worker_clear(node->workers[i]);
    }
    (void) stop_workers(node, troupe__real_ns());
    if (!node->left_behind
        && troupe__ports_close(node, grace_after(0), name_thread))
        troupe__node_free(node);
}
