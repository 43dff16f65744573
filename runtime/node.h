/* SPDX-License-Identifier: Apache-2.0 */
/* node.h: what a node is made of. */
#ifndef TROUPE_RUNTIME_NODE_H
#define TROUPE_RUNTIME_NODE_H

#include <pthread.h>
#include <stdatomic.h>

#include "mailbox/pool.h"
#include "mailbox/ref.h"
#include "mailbox/transport.h"
#include "runtime/idmap.h"
#include "runtime/kind.h"
#include "runtime/slots.h"
#include "troupe_stats.h"

struct troupe__worker;
struct troupe__job;
struct troupe__mark;
struct troupe__peers;
struct troupe__membership;
struct troupe__link;
struct troupe_rundir;

/* Threads that run blocking functions; see blocking.c. */
struct troupe__helpers {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct troupe__job *first, *last; /* that wait for a helper */
    pthread_t *threads;
    uint32_t started, idle, waiting;
    bool quit;
    _Atomic uint32_t busy; /* jobs that wait or run */
};

/* The last dead letters, in a ring; see dead.c. */
struct troupe__dead_ring {
    pthread_mutex_t lock;
    troupe_dead_letter_t *letters;
    uint32_t size;
    uint64_t count;
};

/*
 * Who owns what: workers[i] belongs to its thread, once it runs; the table of
 * pointers grows under `lock` only and is read without. Names and groups have
 * a lock of their own, taken for a look-up only, never around a callback.
 */
struct troupe {
    troupe_options_t options;
    void *transport;
    struct troupe__tap tap;
    uint32_t id;                  /* of the node in refs */
    struct troupe__peers *peers;  /* NULL: it is alone */
    struct troupe__mark *marks;   /* of each worker; or NULL; see mark.h */
    struct troupe__link *link;    /* with these; or NULL */
    struct troupe_rundir *rundir; /* a root's that made one; or NULL */
    uint64_t serial;  /* of the node in the process: endpoint names */
    uint32_t regular; /* workers from the options: 0 .. regular - 1 */
    struct troupe__slots slots;
    struct troupe__depot actor_depot, parcel_depot;
    struct troupe__kinds kinds;
    struct troupe__spares spares;        /* buffers of frames */
    struct troupe__spares remote_spares; /* and of those to other processes */

    pthread_mutex_t lock; /* for the four below and for `roots` */
    _Atomic(struct troupe__worker *) workers[TROUPE__WORKER_MAX + 1];
    _Atomic uint32_t worker_count;
    struct troupe__worker *idle_own; /* own-thread workers without an actor */
    struct troupe__worker *idle_ports;
    bool has_port_key;
    pthread_key_t port_key; /* a thread's port */

    /* Actors spawned from threads, in order; they are stopped in reverse. */
    struct troupe__idmap roots; /* ref -> its place in the order */
    uint64_t root_serial;

    _Atomic uint32_t next_spread;
    _Atomic uint64_t mute_serial; /* orders all mutes; see mute.c */
    _Atomic uint32_t places;      /* taken, where actors_max is set */
    _Atomic uint64_t manual_now;  /* ns, when the clock is manual */
    uint64_t ticks_start, ns_start;

    pthread_mutex_t names_lock;   /* for the three below */
    void *names;                  /* zhashx_t *: name -> ref */
    struct troupe__idmap name_of; /* ref -> its first name, malloc'ed */
    _Atomic uint64_t span_taker, handler_taker, spans_lost; /* see trace.h */
    void *groups; /* zhashx_t *: name -> members */

    pthread_mutex_t agent_lock; /* while the agent is started */
    _Atomic uint64_t agent;     /* its ref; 0: none was wanted yet */

    struct troupe__helpers helpers;
    struct troupe__dead_ring dead;

    pthread_mutex_t log_lock;
    pthread_mutex_t state_lock; /* for the stop and for settling */
    pthread_cond_t state_changed;
    _Atomic uint32_t watchers; /* threads that wait for state_changed */
    _Atomic bool stop_requested;
    _Atomic bool stopping;     /* threads may not spawn or send any more */
    pthread_mutex_t stop_lock; /* one stop at a time */
    bool stopped;
    int stop_rc;
    char *stragglers;
    bool left_behind; /* a thread of ours never came back */
    bool ports_open;  /* a thread of the user's did not come back in time */

    pthread_t watchdog;
    bool watchdog_runs;
    pthread_cond_t watchdog_wake;
    bool watchdog_quit; /* under state_lock */
    _Atomic uint64_t watchdog_reports;
    _Atomic uint64_t hanging_ms; /* of the reported handler that is longest */
};

/* troupe__log: a line through the callback, where the level is wanted. */
void troupe__log(troupe_t *node, troupe_level_t level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* node.c */
int troupe__node_new(const troupe_options_t *options,
                     const struct troupe__membership *membership,
                     troupe_t **ret_node);
int troupe__root_new(const troupe_options_t *options, troupe_t **ret_node);
int troupe__thread_start(pthread_t *thread, void *(*run)(void *), void *data);
void troupe__node_free(troupe_t *node);

/* stop.c */
void troupe__node_abandon(troupe_t *node);

/* clock.c: real or manual. */
void troupe__clock_init(troupe_t *node);
uint64_t troupe__clock_ns(const troupe_t *node);
uint64_t troupe__real_ns(void);
uint64_t troupe__ticks_to_ns(const troupe_t *node, uint64_t ticks);

/* troupe__state_changed: wake those who wait for the node to rest or stop. */
void troupe__state_changed(troupe_t *node);

/* names.c */
void troupe__names_init(troupe_t *node);
void troupe__names_free(troupe_t *node);
int troupe__name_claim(troupe_t *node, const char *name, troupe_ref_t ref);
void troupe__name_show(troupe_t *node, const char *name, troupe_ref_t ref);
const char *troupe__name_of(troupe_t *node, troupe_ref_t ref, char *ret_name);
void troupe__name_release(troupe_t *node, const char *name, troupe_ref_t ref);
bool troupe__name_is_valid(const char *name);

/* stats.c: the first actor from a slot on, *slot is then the one behind it. */
bool troupe__actor_next(troupe_t *node, uint32_t *slot, troupe_ref_t *ret_ref);

/* spawn.c */
void troupe__root_remove(troupe_t *node, troupe_ref_t ref);

/* dead.c */
void troupe__dead_ring_init(troupe_t *node);
void troupe__dead_ring_free(troupe_t *node);

/* watchdog.c */
int troupe__watchdog_start(troupe_t *node);
void troupe__watchdog_stop(troupe_t *node);

/* blocking.c */
void troupe__helpers_init(troupe_t *node);
bool troupe__helpers_stop(troupe_t *node, uint64_t deadline_ns);
void troupe__helpers_free(troupe_t *node);

/* port.c, thread.c */
int troupe__ports_init(troupe_t *node);
bool troupe__ports_close(troupe_t *node, uint64_t deadline,
                         void (*hangs)(troupe_t *node,
                                       const struct troupe__worker *port));
int troupe__control_all(troupe_t *node, const char *verb);
int troupe__exit_and_wait(troupe_t *node, troupe_ref_t to, troupe_exit_t kind,
                          const char *text, uint32_t timeout_ms,
                          bool even_stopping);
int troupe__wake_all(troupe_t *node);

#endif
