/* SPDX-License-Identifier: Apache-2.0 */
/* troupe_node.h: a node: workers, a clock, limits, and their end. */
#ifndef TROUPE_NODE_H
#define TROUPE_NODE_H

#include "troupe_base.h"

/* A node runs actors on its workers. Several may live in one process. */
typedef struct troupe troupe_t;

typedef enum troupe_level {
    TROUPE_LOG_DEBUG,
    TROUPE_LOG_INFO,
    TROUPE_LOG_WARNING,
    TROUPE_LOG_ERROR
} troupe_level_t;

/* A log line of the node's own; called on any thread, one at a time. */
typedef void (*troupe_log_fn)(void *data, troupe_level_t level,
                              const char *text);

/*
 * A tap sees every frame just before it goes into a socket: whole msgpack
 * messages, back to back. Called on the sending thread, several at a time.
 */
typedef void (*troupe_tap_fn)(void *data, const void *frame, size_t size);

/* What a full mailbox does with one more message from another actor. */
typedef enum troupe_overflow {
    TROUPE_OVERFLOW_DEFAULT = 0, /* what the node says; a node: mute */
    TROUPE_OVERFLOW_MUTE,        /* the sender rests until there is room */
    TROUPE_OVERFLOW_REJECT,      /* asks end with overload, tells are dead */
    TROUPE_OVERFLOW_DROP_NEWEST, /* the new one is a dead letter */
    TROUPE_OVERFLOW_DROP_OLDEST  /* the oldest one is a dead letter */
} troupe_overflow_t;

/*
 * Bounds of a mailbox; 0 takes the node's; whichever is met first counts.
 * What waits in the mailbox is bounded; what is under way between workers
 * comes on top: senders rest at 1 MiB under way from their worker to another,
 * and are refused (-EAGAIN) at 16 MiB or when the mailbox holds four times its
 * bound.
 */
typedef struct troupe_limits {
    uint32_t messages_max; /* waiting messages; node: 4096 */
    uint32_t bytes_max;    /* their bytes; node: 8 MiB */
    troupe_overflow_t overflow;
} troupe_limits_t;

typedef struct troupe_options {
    uint32_t workers;          /* threads that run actors; 0: one per core */
    troupe_limits_t mailbox;   /* for kinds that say nothing */
    uint32_t watchdog_ms;      /* report longer handlers; 1000; 0: never */
    uint32_t ask_timeout_ms;   /* for asks that give none; 5000 */
    uint32_t deadlock_ms;      /* asks open for longer are looked at, see
                                  troupe_ask.h; 1000; 0: never */
    uint32_t message_size_max; /* bytes of one message; 128 MiB */
    uint32_t actors_max;       /* 0: 16,777,215 */
    uint32_t dead_letters_max; /* how many are remembered; 256 */
    uint32_t helpers_max;      /* threads for blocking functions; 16 */
    uint32_t spin_us;          /* how long a worker looks before it sleeps */
    uint64_t seed;             /* of all randomness; 0: from the system */
    bool manual_clock;         /* time moves by troupe_clock_advance() only */
    troupe_log_fn log;         /* NULL: silent */
    void *log_data;
    troupe_level_t log_level; /* the lowest that is logged; info */
    troupe_tap_fn tap;        /* NULL: none */
    void *tap_data;
    /* This node starts others; see troupe_nodes.h. NULL: it is alone. */
    const struct troupe_nodes_options *nodes;
} troupe_options_t;

/* troupe_options_default: the values named above. */
TROUPE_API troupe_options_t troupe_options_default(void);

/*
 * troupe_new: start a node.
 *
 *   options   from troupe_options_default(), changed; NULL: the defaults.
 *   ret_node  out: the node; end it with troupe_destroy().
 *   returns   0, or
 *             -EINVAL  an option is out of range
 *             -EIO     no thread could be started
 *             -EMFILE  no descriptors left for the sockets
 *   threads   any
 */
TROUPE_MUST int troupe_new(const troupe_options_t *options,
                           troupe_t **ret_node);

/*
 * troupe_stop: end all actors in the reverse order of their start, then the
 * workers. From the first moment on spawns are refused, and so are the calls
 * of ordinary threads; actors may still send while they end.
 *
 *   node        the node.
 *   timeout_ms  for everything together; after it the rest is killed, and an
 *               actor whose handler does not return, or an ordinary thread
 *               that does not come out of its callback, is left and named.
 *   returns     0, also when it was stopped already, or
 *               -ETIMEDOUT  some did not stop: troupe_stragglers() names them
 *               -EDEADLK    called by an actor of this node; use
 *                           troupe_stop_request() there
 *   threads     any but the node's own
 */
TROUPE_API int troupe_stop(troupe_t *node, uint32_t timeout_ms);

/*
 * troupe_stop_request: ask for the stop and return; troupe_wait() or
 * troupe_stop() on an ordinary thread then does the rest.
 *
 *   threads  any
 */
TROUPE_API void troupe_stop_request(troupe_t *node);

/*
 * troupe_wait: sleep until a stop is requested.
 *
 *   timeout_ms  0: without end.
 *   returns     0 when a stop was requested, or -ETIMEDOUT
 *   threads     any but the node's own
 */
TROUPE_API int troupe_wait(troupe_t *node, uint32_t timeout_ms);

/*
 * troupe_stragglers: who did not stop, as text, one line each, "" for none;
 * valid until the node is destroyed.
 */
TROUPE_API const char *troupe_stragglers(troupe_t *node);

/*
 * troupe_destroy: stop the node (10 s at most) and give everything back;
 * *node_p is NULL then; NULL is fine. Where a handler never returns, or a
 * thread is still in its callback, that thread and the node's memory stay
 * behind and a log line says so.
 *
 *   returns  0, or -ETIMEDOUT when something had to be left behind, or
 *            -EDEADLK as troupe_stop(): then nothing happened.
 */
TROUPE_API int troupe_destroy(troupe_t **node_p);

/* troupe_now_ns: the node's clock: monotonic, or the manual one. */
TROUPE_API uint64_t troupe_now_ns(const troupe_t *node);

/*
 * troupe_clock_advance: move the manual clock; every timer that falls due
 * fires in order, and the call returns when all workers have seen the time
 * and are at rest again. With one worker, a seed, and one message from outside
 * at a time, each sent at rest, a run repeats exactly.
 *
 *   returns  0, -EPERM when the clock is not manual, -EDEADLK inside a
 *            callback, or -ETIMEDOUT when the workers do not come to rest
 *   threads  any but the node's own
 */
TROUPE_API int troupe_clock_advance(troupe_t *node, uint64_t by_ns);

/*
 * troupe_settle: sleep until no message is under way and every worker is at
 * rest (timers may still be set). Meant for tests.
 *
 *   returns  0, -ETIMEDOUT, or -EDEADLK inside a callback
 *   threads  any but the node's own
 */
TROUPE_API int troupe_settle(troupe_t *node, uint32_t timeout_ms);

#endif
