/* SPDX-License-Identifier: Apache-2.0 */
/* troupe_stats.h: what can be looked at while a node runs. */
#ifndef TROUPE_STATS_H
#define TROUPE_STATS_H

#include "troupe_actor.h"

typedef enum troupe_status {
    TROUPE_STATUS_STARTING = 1, /* spawned, or its start is not done */
    TROUPE_STATUS_RUNNING,
    TROUPE_STATUS_MUTED,   /* rests until a receiver has room */
    TROUPE_STATUS_WAITING, /* ended; its supervisor has not decided yet */
    TROUPE_STATUS_STOPPING,
    TROUPE_STATUS_SUSPENDED /* rests until troupe_resume() */
} troupe_status_t;

/* troupe_status_name: "starting", "running", "muted", ... */
TROUPE_API const char *troupe_status_name(troupe_status_t status);

/* Counts are since the spawn, over all incarnations. */
typedef struct troupe_actor_stats {
    troupe_ref_t ref;
    const char *kind;               /* the kind's name; a constant */
    char name[TROUPE_NAME_MAX + 1]; /* "" when it has none */
    troupe_status_t status;
    uint32_t incarnation;
    uint64_t received;      /* messages that came for it */
    uint64_t handled;       /* handlers that returned well */
    uint64_t failed;        /* handlers that failed */
    uint64_t dropped;       /* refused, expired or displaced */
    uint64_t deadlocks;     /* asks of its own that were ended to untie one */
    uint32_t mailbox_depth; /* messages that wait */
    uint32_t mailbox_bytes;
    uint64_t mailbox_age_ns; /* how long the first one has waited */
    uint64_t handler_ns;     /* time in handlers, by samples */
    troupe_ref_t parent;     /* who spawned it with `supervised`, or nobody */
    troupe_limits_t limits;  /* bounds of its mailbox */
} troupe_actor_stats_t;

/*
 * troupe_actor_stats_get: one actor's counters, at any time, without asking
 * it.
 *
 *   returns  0 or -ESRCH
 *   threads  any
 *   cost     O(1); stops nobody
 */
TROUPE_MUST int troupe_actor_stats_get(troupe_t *node, troupe_ref_t ref,
                                       troupe_actor_stats_t *ret_stats);

typedef struct troupe_kind_stats {
    const char *kind;
    uint64_t spawned, ended, restarted;
    uint64_t received, handled, failed, dropped;
    uint64_t handler_ns;
} troupe_kind_stats_t;

/*
 * troupe_kind_stats_get: the sum over all actors of a kind.
 *
 *   returns  0 or -ENOENT
 *   threads  any
 *   cost     O(workers)
 */
TROUPE_MUST int troupe_kind_stats_get(troupe_t *node, const troupe_kind_t *kind,
                                      troupe_kind_stats_t *ret_stats);

typedef struct troupe_node_stats {
    uint32_t workers;
    uint64_t actors; /* that live now */
    uint64_t spawned;
    uint64_t ended;
    uint64_t restarts;
    uint64_t messages_sent; /* put into frames */
    uint64_t messages_received;
    uint64_t frames_sent; /* put into sockets */
    uint64_t bytes_sent;
    uint64_t frames_refused; /* undecodable */
    uint64_t dead_letters;
    uint64_t late_replies;
    uint64_t redelivered; /* asks that were handed over once more */
    uint64_t expired;     /* messages whose deadline passed unhandled */
    uint64_t mutes;       /* times that a sender had to rest */
    uint64_t deadlocks;   /* that were found and untied */
    uint64_t watchdog_reports;
    uint64_t spans_lost; /* that did not reach their taker, who does not know */
    uint64_t allocations; /* calls of malloc by Troupe's own message path;
                             libzmq adds one for each frame over 33 bytes */
} troupe_node_stats_t;

/* troupe_node_stats_get: the node's counters; threads: any; cost: O(workers) */
TROUPE_API void troupe_node_stats_get(troupe_t *node,
                                      troupe_node_stats_t *ret_stats);

/* Why a message became a dead letter. */
typedef enum troupe_dead {
    TROUPE_DEAD_NO_ACTOR = 1, /* the ref is stale */
    TROUPE_DEAD_OVERFLOW,     /* the mailbox was full */
    TROUPE_DEAD_EXPIRED,      /* its deadline had passed */
    TROUPE_DEAD_FAILED,       /* its handler failed on it */
    TROUPE_DEAD_ENDED,        /* the actor ended with it in its mailbox */
    TROUPE_DEAD_UNHANDLED,    /* no handler for its type */
    TROUPE_DEAD_QUARANTINED,  /* refused after it had broken the actor */
    TROUPE_DEAD_STOPPING,     /* the node was stopping */
    TROUPE_DEAD_CANCELLED,    /* its asker gave up before it was handled */
    TROUPE_DEAD_ATTEMPTS      /* the actor ended each time that it was asked */
} troupe_dead_t;

/* troupe_dead_name: "no actor", "overflow", ... */
TROUPE_API const char *troupe_dead_name(troupe_dead_t why);

typedef struct troupe_dead_letter {
    troupe_dead_t why;
    troupe_ref_t to, from;
    uint64_t at_ns; /* on the node's clock */
    uint32_t size;  /* bytes of the message */
    char type[TROUPE_TYPE_MAX + 1];
} troupe_dead_letter_t;

/*
 * troupe_dead_letters: the last dead letters, the newest first.
 *
 *   letters  room for `count` of them.
 *   returns  how many were written
 *   threads  any
 */
TROUPE_API size_t troupe_dead_letters(troupe_t *node,
                                      troupe_dead_letter_t *letters,
                                      size_t count);

/*
 * troupe_actors: the refs of all actors, in no order.
 *
 *   returns  how many there are (may be more than `count`)
 *   threads  any
 */
TROUPE_API size_t troupe_actors(troupe_t *node, troupe_ref_t *refs,
                                size_t count);

#endif
