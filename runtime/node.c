/* SPDX-License-Identifier: Apache-2.0 */
/* node.c: how a node begins, and how it is given back. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "runtime/hub.h"
#include "runtime/mark.h"
#include "runtime/peers.h"
#include "runtime/room.h"
#include "runtime/worker.h"

enum { WORKERS_MAX = 256, SIZE_MAX_MAX = 1 << 30, DEAD_MAX = 1 << 16 };

troupe_options_t
troupe_options_default(void)
{
    return (troupe_options_t){
        .mailbox = {.messages_max = 4096,
                    .bytes_max = 8 << 20,
                    .overflow = TROUPE_OVERFLOW_MUTE},
        .watchdog_ms = 1000,
        .ask_timeout_ms = 5000,
        .deadlock_ms = 1000,
        .message_size_max = 128 << 20,
        .dead_letters_max = 256,
        .helpers_max = 16,
        .spin_us = 40,
        .log_level = TROUPE_LOG_INFO,
    };
}

static bool
options_are_valid(const troupe_options_t *options)
{
    const troupe_limits_t *mailbox = &options->mailbox;
    return options->workers <= WORKERS_MAX
           && mailbox->overflow <= TROUPE_OVERFLOW_DROP_OLDEST
           && options->message_size_max >= 4096
           && options->message_size_max <= SIZE_MAX_MAX
           && options->actors_max <= TROUPE__SLOT_MAX
           && options->dead_letters_max <= DEAD_MAX
           && options->helpers_max <= 1024 && options->spin_us <= 1000000
           && options->log_level <= TROUPE_LOG_ERROR;
}

static void
fill_in(troupe_options_t *options)
{
    troupe_options_t defaults = troupe_options_default();
    if (options->workers == 0) {
        long cores = sysconf(_SC_NPROCESSORS_ONLN);
        options->workers = cores < 1             ? 1
                           : cores > WORKERS_MAX ? WORKERS_MAX
                                                 : (uint32_t) cores;
    }
    if (options->mailbox.messages_max == 0)
        options->mailbox.messages_max = defaults.mailbox.messages_max;
    if (options->mailbox.bytes_max == 0)
        options->mailbox.bytes_max = defaults.mailbox.bytes_max;
    if (options->mailbox.overflow == TROUPE_OVERFLOW_DEFAULT)
        options->mailbox.overflow = defaults.mailbox.overflow;
    if (options->ask_timeout_ms == 0)
        options->ask_timeout_ms = defaults.ask_timeout_ms;
    if (options->seed == 0
        && getrandom(&options->seed, sizeof options->seed, 0) < 0)
        options->seed = (uint64_t) time(NULL);
}

static void
condition_init(pthread_cond_t *condition)
{
    pthread_condattr_t monotonic;
    CHECK(pthread_condattr_init(&monotonic) == 0);
    CHECK(pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0);
    CHECK(pthread_cond_init(condition, &monotonic) == 0);
    pthread_condattr_destroy(&monotonic);
}

/*
 * Each socket takes a descriptor, so that no more can be made than there may be
 * of these. ZeroMQ writes twelve bytes for each that it might make: for 65,536
 * they are 192 pages, a third of what a child process touches before it is
 * ready.
 */
static int
sockets_max(void)
{
    enum { LEAST = 1024, MOST = 65536 };
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur > MOST)
        return MOST;
    return limit.rlim_cur < LEAST ? LEAST : (int) limit.rlim_cur;
}

static void
node_init(troupe_t *node, const troupe_options_t *options)
{
    node->options = *options;
    fill_in(&node->options);
    node->id = 1;
    node->tap = (struct troupe__tap){node->options.tap, node->options.tap_data};
    node->transport = troupe__transport_new(sockets_max());
    troupe__clock_init(node);
    troupe__slots_init(&node->slots, 0); /* actors_max: see spawn.c */
    troupe__depot_init(&node->actor_depot);
    troupe__depot_init(&node->parcel_depot);
    troupe__kinds_init(&node->kinds);
    troupe__spares_init(&node->spares, TROUPE__FRAME_BUFFER,
                        TROUPE__SPARES_MAX);
    troupe__spares_init(&node->remote_spares, TROUPE__REMOTE_BUFFER, 32);
    troupe__names_init(node);
    troupe__dead_ring_init(node);
    troupe__helpers_init(node);
    CHECK(pthread_mutex_init(&node->lock, NULL) == 0);
    CHECK(pthread_mutex_init(&node->log_lock, NULL) == 0);
    CHECK(pthread_mutex_init(&node->stop_lock, NULL) == 0);
    CHECK(pthread_mutex_init(&node->state_lock, NULL) == 0);
    CHECK(pthread_mutex_init(&node->agent_lock, NULL) == 0);
    condition_init(&node->state_changed);
    condition_init(&node->watchdog_wake);
}

/* With every thread gone: what the node holds. */
void
troupe__node_free(troupe_t *node)
{
    for (uint32_t i = 0; i < atomic_load(&node->worker_count); i++)
        if (node->workers[i])
            troupe__worker_free(node->workers[i]);
    troupe__link_free(node);
    troupe__transport_free(node->transport);
    troupe__rundir_drop(node);
    troupe__dead_ring_free(node);
    troupe__names_free(node);
    troupe__kinds_free(&node->kinds);
    troupe__spares_free(&node->spares);
    troupe__spares_free(&node->remote_spares);
    troupe__depot_free(&node->parcel_depot);
    troupe__depot_free(&node->actor_depot);
    troupe__marks_close(node);
    troupe__peers_free(node->peers);
    troupe__slots_free(&node->slots);
    troupe__idmap_free(&node->roots);
    troupe__helpers_free(node);
    free(node->stragglers);
    pthread_cond_destroy(&node->watchdog_wake);
    pthread_cond_destroy(&node->state_changed);
    pthread_mutex_destroy(&node->state_lock);
    pthread_mutex_destroy(&node->agent_lock);
    pthread_mutex_destroy(&node->log_lock);
    pthread_mutex_destroy(&node->stop_lock);
    pthread_mutex_destroy(&node->lock);
    free(node);
}

static int
open_ways(troupe_t *node, struct troupe__worker *port)
{
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < node->regular; i++)
        if (!troupe__outbox_to(port, troupe__ref_make(node->id, i, 0, 0)))
            rc = -EMFILE;
    troupe__port_leave(port);
    return rc;
}

int
troupe_new(const troupe_options_t *options, troupe_t **ret_node)
{
    return options && options->nodes
               ? troupe__root_new(options, ret_node)
               : troupe__node_new(options, NULL, ret_node);
}

/* `membership` NULL: a node that is alone. */
int
troupe__node_new(const troupe_options_t *options,
                 const struct troupe__membership *membership,
                 troupe_t **ret_node)
{
    troupe_options_t defaults = troupe_options_default();
    options = options ? options : &defaults;
    if (!ret_node || !options_are_valid(options)
        || (membership && !membership->unlinked && options->manual_clock))
        return -EINVAL;
    struct troupe__room room;
    int rc = troupe__room_look(&room);
    if (rc < 0) {
        troupe__room_leave(&room);
        return rc;
    }
    troupe_t *node = troupe__alloc(sizeof *node);
    node_init(node, options);
    if (membership) {
        node->id = membership->number;
        node->peers = troupe__peers_new(membership);
    }
    struct troupe__worker *worker = NULL;
    rc = troupe__ports_init(node);
    troupe__room_leave(&room); /* before libzmq starts its own */
    if (rc == 0 && membership && !membership->unlinked)
        rc = troupe__link_open(node, options->nodes);
    while (rc == 0 && node->regular < node->options.workers) {
        rc = troupe__worker_new(node, false, false, &worker);
        node->regular += rc == 0;
    }
    if (rc == 0 && (rc = troupe__port_enter(node, true, &worker)) == 0)
        rc = open_ways(node, worker); /* so that a stop never lacks a socket */
    for (uint32_t i = 0; rc == 0 && i < node->regular; i++)
        rc = troupe__worker_start(node->workers[i]);
    if (rc == 0)
        rc = troupe__watchdog_start(node);
    if (rc < 0) {
        troupe__node_abandon(node);
        return rc;
    }
    *ret_node = node;
    return 0;
}

/*
 * A thread of ours leaves all signals to the threads of the user, but those
 * of its own faults: where one is blocked the kernel passes over the handler
 * that the user, or a sanitizer, has for it.
 */
int
troupe__thread_start(pthread_t *thread, void *(*run)(void *), void *data)
{
    static const int faults[] = {SIGSEGV, SIGBUS,  SIGFPE,
                                 SIGILL,  SIGTRAP, SIGSYS};
    sigset_t blocked, before;
    sigfillset(&blocked);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        sigdelset(&blocked, faults[i]);
    pthread_sigmask(SIG_SETMASK, &blocked, &before);
    int rc = pthread_create(thread, NULL, run, data);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc == 0 ? 0 : -EIO;
}

void
troupe__log(troupe_t *node, troupe_level_t level, const char *format, ...)
{
    char text[TROUPE__WORDS_MAX + 128];
    if (!node->options.log || level < node->options.log_level)
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    pthread_mutex_lock(&node->log_lock);
    node->options.log(node->options.log_data, level, text);
    pthread_mutex_unlock(&node->log_lock);
}
