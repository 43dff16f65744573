/* SPDX-License-Identifier: Apache-2.0 */
/* context.h: what a callback acts through, and what a worker counts. */
#ifndef TROUPE_RUNTIME_CONTEXT_H
#define TROUPE_RUNTIME_CONTEXT_H

#include "runtime/actor.h"
#include "runtime/node.h"

enum troupe__ask_state { ASK_NONE, ASK_OPEN, ASK_ANSWERED, ASK_DEFERRED };

enum {
    TROUPE__WORDS_MAX = 1024,
    TROUPE__WATCHES_MAX = 64, /* descriptors of a worker: one poll for all */
    TROUPE__MUTES_MAX = 8,    /* receivers noted in one handler */
    TROUPE__PUSH_FULL_MAX = 4 << 20, /* the same for all handlers of an actor
                                        that is full itself */
    TROUPE__PUSH_MAX = 256 << 10,    /* bytes that a handler may still send to a
                                    receiver that it found full */
    TROUPE__TURN_FRAMES = 64,        /* taken before outboxes are flushed */
    TROUPE__TURN_STARTS = 1024,      /* of the newest actors, a turn */
    TROUPE__HARD_FACTOR = 4,         /* hard cap of a mailbox, in bounds */
    TROUPE__LANE_SOFT = 1 << 20,     /* bytes under way: senders rest */
    TROUPE__LANE_HARD = 16 << 20     /* bytes under way: sends are refused */
};

/* A full receiver that the handler sent to: it rests for it afterwards. */
struct troupe__full {
    uint64_t receiver;
    uint64_t found_at; /* bytes sent to its worker when it was found full */
};

/* One per worker; filled anew for each callback. */
struct troupe_context {
    struct troupe__worker *worker;
    struct troupe__actor *actor;
    const struct troupe_message *msg;   /* in hand, or NULL */
    const uint8_t *trace;               /* of what is sent now, or NULL */
    uint8_t own_trace[WIRE_TRACE_SIZE]; /* by troupe_trace_set() */
    struct troupe__token *scope;        /* asks made now are for this one */
    enum troupe__ask_state ask;         /* of the message in hand */
    struct troupe__parcel *stashed;     /* the message in hand, put aside */
    bool has_words;                     /* `words` is set */
    bool exits;                         /* troupe_exit() was called */
    troupe_exit_t exit_kind;
    int exit_code;
    uint64_t cause;                        /* see troupe__context_cause() */
    uint64_t blamed;                       /* fingerprint; 0: no message */
    char blamed_type[TROUPE_TYPE_MAX + 1]; /* see troupe__context_blame() */
    uint32_t mute_count;
    struct troupe__full mutes[TROUPE__MUTES_MAX];
    char words[TROUPE__WORDS_MAX]; /* of troupe_fail(), troupe_exit() */
};

/* troupe__context_blame: the actor, which ends now, was broken by a message
 * of that type and fingerprint that another had in hand for it. */
void troupe__context_blame(struct troupe_context *self, const char *type,
                           uint64_t fingerprint);

/* troupe__context_cause: the actor, which ends now, does so as others do that
 * name the same cause: their supervisor counts that as one failure. */
void troupe__context_cause(struct troupe_context *self, uint64_t cause);
/* troupe__context_kept: of the ask in hand, where it is kept; see care.h. */
troupe_token_t troupe__context_kept(const struct troupe_context *self);

/* troupe__answerer: in an answer's callback: whose answer it is, or nobody. */
troupe_ref_t troupe__answerer(const struct troupe_context *self);

/* troupe__token_settle: answer a deferred ask as another one was. */
void troupe__token_settle(struct troupe_context *self, troupe_token_t *token,
                          troupe_outcome_t outcome, int code, const char *text);

struct troupe__watch {
    struct troupe__watch *next; /* of the actor */
    struct troupe__actor *actor;
    troupe_ready_fn ready;
    uint64_t id; /* serial: two actors may watch one descriptor */
    int fd;
    short events;
    troupe_trace_t trace; /* that it was set in, or none */
    bool of_start;        /* that was the trace of a start */
    bool has_come;        /* since then */
    bool is_called;       /* now */
};

/* What one poll looks at. */
struct troupe__looks {
    struct pollfd fds[TROUPE__WATCHES_MAX];
    uint64_t ids[TROUPE__WATCHES_MAX];
    uint32_t count;
};

struct troupe__kind_counters {
    _Atomic uint64_t spawned, ended, restarted;
    _Atomic uint64_t received, handled, failed, dropped, ticks;
};

struct troupe__counters {
    _Atomic uint64_t sent, received, frames, bytes, refused;
    _Atomic uint64_t dead, late, redelivered, expired, mutes, allocations;
    _Atomic uint64_t deadlocks;
    _Atomic uint64_t spawned, ended, restarts;
};

/* Asks and tokens by number; the number holds a generation. */
struct troupe__ids {
    struct troupe__ids_entry {
        void *object;
        uint32_t generation, next_free;
    } * entries;
    uint32_t count, capacity, first_free; /* free: index + 1; 0: none */
};

#endif
