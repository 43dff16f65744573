/* SPDX-License-Identifier: Apache-2.0 */
/* watchdog.c: a thread that looks, now and then, who does not return. */
#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "runtime/worker.h"

struct seen {
    uint64_t serial;   /* callbacks begun and turns done at the last look */
    uint64_t since_ms; /* looks since, in ms */
    bool reported;
};

static bool
report(troupe_t *node, struct troupe__worker *worker, uint64_t ms)
{
    char text[TROUPE_REF_TEXT];
    troupe_ref_t ref = {atomic_load(&worker->run_ref)};
    const char *type = atomic_load(&worker->run_type);
    troupe_actor_stats_t stats = {.kind = "?"};
    if (troupe_actor_stats_get(node, ref, &stats) < 0)
        return false; /* it ended just now */
    troupe__log(node, TROUPE_LOG_WARNING,
                "%s %s%s%s has been in its handler for '%s' for %llu ms",
                stats.kind, troupe_ref_text(ref, text),
                stats.name[0] ? " " : "", stats.name, type ? type : "?",
                (unsigned long long) ms);
    atomic_fetch_add(&node->watchdog_reports, 1); /* it can be read now */
    return true;
}

/* How long the worker has been in one same handler, if that is too long. */
static uint64_t
look(troupe_t *node, struct troupe__worker *worker, struct seen *seen,
     uint64_t step_ms)
{
    uint64_t serial =
        atomic_load(&worker->callbacks) + atomic_load(&worker->turns);
    if (atomic_load(&worker->idle) || serial != seen->serial) {
        *seen = (struct seen){.serial = serial};
        return 0;
    }
    seen->since_ms += step_ms;
    if (seen->since_ms < node->options.watchdog_ms)
        return 0;
    if (!seen->reported)
        seen->reported = report(node, worker, seen->since_ms);
    return seen->reported ? seen->since_ms : 0;
}

static void
look_at_all(troupe_t *node, struct seen *seen, uint64_t step_ms)
{
    uint64_t longest = 0;
    for (uint32_t i = 0; i < atomic_load(&node->worker_count); i++) {
        struct troupe__worker *worker = atomic_load(&node->workers[i]);
        if (!worker || worker->is_port)
            continue;
        uint64_t ms = look(node, worker, &seen[i], step_ms);
        longest = ms > longest ? ms : longest;
    }
    atomic_store(&node->hanging_ms, longest);
}

static void *
watchdog_main(void *data)
{
    troupe_t *node = data;
    struct seen seen[TROUPE__WORKER_MAX + 1] = {0};
    uint64_t step_ms = node->options.watchdog_ms / 4;
    step_ms = step_ms > 250 ? 250 : step_ms < 1 ? 1 : step_ms;
    pthread_setname_np(pthread_self(), "troupe-watch");
    pthread_mutex_lock(&node->state_lock);
    while (!node->watchdog_quit) {
        struct timespec at;
        clock_gettime(CLOCK_MONOTONIC, &at);
        at.tv_nsec += (long) step_ms * 1000000;
        at.tv_sec += at.tv_nsec / 1000000000;
        at.tv_nsec %= 1000000000;
        pthread_cond_timedwait(&node->watchdog_wake, &node->state_lock, &at);
        pthread_mutex_unlock(&node->state_lock);
        look_at_all(node, seen, step_ms);
        pthread_mutex_lock(&node->state_lock);
    }
    pthread_mutex_unlock(&node->state_lock);
    return NULL;
}

int
troupe__watchdog_start(troupe_t *node)
{
    if (node->options.watchdog_ms == 0)
        return 0;
    if (troupe__thread_start(&node->watchdog, watchdog_main, node) < 0)
        return -EIO;
    node->watchdog_runs = true;
    return 0;
}

void
troupe__watchdog_stop(troupe_t *node)
{
    if (!node->watchdog_runs)
        return;
    pthread_mutex_lock(&node->state_lock);
    node->watchdog_quit = true;
    pthread_cond_broadcast(&node->watchdog_wake);
    pthread_mutex_unlock(&node->state_lock);
    pthread_join(node->watchdog, NULL);
    node->watchdog_runs = false;
}
