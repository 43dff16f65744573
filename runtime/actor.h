/* SPDX-License-Identifier: Apache-2.0 */
/* actor.h: what an actor is made of. */
#ifndef TROUPE_RUNTIME_ACTOR_H
#define TROUPE_RUNTIME_ACTOR_H

#include "mailbox/mailbox.h"
#include "runtime/idmap.h"
#include "runtime/kind.h"
#include "runtime/wheel.h"
#include "troupe_events.h"
#include "troupe_lifecycle.h"
#include "troupe_stats.h"
#include "troupe_trace.h"

/* One open ask of an actor's; see ask.c. */
struct troupe__ask {
    uint64_t id; /* generation and index */
    struct troupe__actor *actor;
    troupe_answer_fn answer;
    void *data;
    void (*drop)(void *data);
    troupe_ref_t target;
    uint64_t since;    /* ns */
    uint64_t deadline; /* ns */
    struct troupe__alarm alarm;
    struct troupe__ask *next, **link;             /* of the actor */
    struct troupe__ask *scope_next, **scope_link; /* of the asked-for ask */
    struct troupe__token *scope; /* made while handling this one, or NULL */
    struct troupe__ask *done_next, *done_before; /* in the worker's list */
    struct troupe__hop *hops;  /* where it was forwarded, the last word first */
    struct troupe__knot *knot; /* while it looks for a deadlock, or NULL */
    char *text;                /* of the outcome; malloc'ed, or NULL */
    struct troupe__traced *traced; /* see trace.h; or NULL */
    int code;
    uint8_t outcome; /* troupe_outcome_t; 0: open */
    bool probing;    /* timed out; asking where it hangs */
    bool local;      /* a blocking function: nobody to cancel */
    bool patient;    /* never taken for a part of a deadlock */
};

/* An ask that an actor has taken and will answer later; see token.c. */
struct troupe__token {
    uint64_t id;
    struct troupe__actor *actor;
    troupe_ref_t asker;
    uint64_t ask_id;
    uint64_t deadline;
    struct troupe__ask *asks; /* made on its behalf */
    char *hung;               /* what the last of them timed out on, or NULL */
    struct troupe__parcel *kept; /* the ask itself, see care.h; or NULL */
    struct troupe__token *next, **link;
    char type[TROUPE_TYPE_MAX + 1];
    bool deferred; /* the actor has the token in hand */
    bool cancelled;
};

/* A keyed timer or a call that is set for later; see timers.c. */
struct troupe__timer {
    struct troupe__alarm alarm;
    struct troupe__timer *next, **link;
    struct troupe__actor *actor;
    uint64_t id;         /* serial of the setting */
    bool waiting;        /* its message is on its way or in the mailbox */
    uint64_t due, every; /* ns */
    troupe_call_fn call; /* NULL: a message of type `key` */
    void *data;
    void (*drop)(void *data);
    troupe_trace_t trace; /* that it was set in, or none */
    char key[TROUPE_TYPE_MAX + 1];
};

/* An end that waits for the supervised actors of the one that ends. */
struct troupe__ending {
    troupe_reason_t reason; /* its text is malloc'ed */
    bool in_start, had_message;
    uint64_t fingerprint, cause;
    char type[TROUPE_TYPE_MAX + 1];
};

/* What most actors never need; made on first use. */
struct troupe__extra {
    char **names, **groups;
    uint32_t name_count, group_count;
    struct troupe__ask *asks;
    struct troupe__token *tokens;
    struct troupe__timer *timers;
    struct troupe__watch *watches;
    struct troupe__idmap monitors; /* mine: id -> target */
    struct troupe__idmap watchers; /* of me: id -> who */
    struct troupe__idmap links;    /* ref -> 1 */
    struct troupe__idmap children; /* ref -> 1; supervised by me */
    struct troupe__idmap waiters;  /* ref of a muted actor -> 1 */
    struct troupe__mailbox stash;
    struct troupe__ending *ending; /* not finished; or NULL */
    struct troupe__care *care;     /* see care.h; or NULL */
    uint64_t quarantine[16];
    uint32_t quarantine_count; /* ever; the ring holds the last 16 */
};

/*
 * An actor belongs to its worker. Its block comes from the actors' depot, so
 * that the _Atomic fields can be read by any thread that checks the slot's
 * generation before and after: memory of an actor is only ever an actor's.
 */
struct troupe__actor {
    troupe_ref_t ref;
    const struct troupe__kind *kind; /* whose handlers are in force */
    const struct troupe__kind *born; /* as spawned */
    void *state;
    struct troupe__extra *extra;
    struct troupe__actor *queue_next;
    troupe_ref_t parent; /* supervisor, or nobody */
    struct troupe__mailbox mailbox;
    uint32_t messages_max, bytes_max;
    uint32_t muted_on;      /* receivers that it waits for */
    uint64_t pushed;        /* bytes sent to full receivers while full */
    uint32_t child_events;  /* of WIRE_CHILD in the mailbox */
    uint64_t muted_at;      /* serial of that; see mute.c */
    uint32_t turn;          /* the worker's, when it last ran */
    uint64_t turn_ticks;    /* used in that turn */
    uint16_t block_size;    /* for the pool */
    uint8_t overflow;       /* troupe_overflow_t */
    bool direct;            /* a message may be handled where it arrived */
    bool fast;              /* its messages take little time, as far as known */
    bool queued;            /* in the worker's queue or on its stack */
    bool full;              /* over its bounds; senders rest */
    bool suspended;         /* start is not done: only answers and timers run */
    bool resting;           /* told to: no messages until it is resumed */
    bool ending;            /* stop runs or it waits for its supervisor */
    bool in_start;          /* start was called and is not done */
    bool begun;             /* start was called: the state is made */
    bool orphaned;          /* its supervisor ended: nobody will restart it */
    bool root;              /* spawned by a thread; in the node's list */
    _Atomic uint8_t status; /* troupe_status_t */
    _Atomic uint32_t incarnation;
    _Atomic(const struct troupe__kind *) kind_seen;
    _Atomic uint64_t received, handled, ticks;
    _Atomic uint32_t failed, dropped, deadlocks;
};

/* Counters have one writer, so a load and a store will do. */
#define BUMP(counter)                                                          \
    atomic_store_explicit(                                                     \
        &(counter),                                                            \
        atomic_load_explicit(&(counter), memory_order_relaxed) + 1,            \
        memory_order_relaxed)

#define ADD(counter, by)                                                       \
    atomic_store_explicit(                                                     \
        &(counter),                                                            \
        atomic_load_explicit(&(counter), memory_order_relaxed) + (by),         \
        memory_order_relaxed)

#define SEEN(counter) atomic_load_explicit(&(counter), memory_order_relaxed)

/* troupe__rests: it was told to; a start that is not done goes on. */
static inline bool
troupe__rests(const struct troupe__actor *self)
{
    return self->resting && !self->suspended;
}

static inline struct troupe__extra *
troupe__extra(struct troupe__actor *self)
{
    if (!self->extra)
        self->extra = troupe__alloc(sizeof *self->extra);
    return self->extra;
}

#endif
