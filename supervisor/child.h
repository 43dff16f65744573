/* SPDX-License-Identifier: Apache-2.0 */
/* child.h: one child of a supervisor, its states, and where to find it. */
#ifndef TROUPE_SUPERVISOR_CHILD_H
#define TROUPE_SUPERVISOR_CHILD_H

#include "supervisor/spec.h"

/* WAITING: it ended and keeps its ref and mailbox until a restart. */
#define CHILD_STATES(X)                                                        \
    X(DOWN) X(STARTING) X(UP) X(STOPPING) X(KILLING) X(WAITING)
#define CHILD_EVENTS(X) X(START) X(STARTED) X(STOP) X(KILL) X(ENDED) X(GONE)

#define AS_STATE(name) CHILD_##name,
#define AS_EVENT(name) ON_##name,
enum troupe__child_state { CHILD_STATES(AS_STATE) CHILD_STATE_COUNT };
enum troupe__child_event { CHILD_EVENTS(AS_EVENT) ON_EVENT_COUNT };
#undef AS_STATE
#undef AS_EVENT

/* troupe__child_next: the state after an event; CHECKs that it may happen. */
enum troupe__child_state troupe__child_next(enum troupe__child_state from,
                                            enum troupe__child_event what);

/* Why an end of the child is expected; it decides what follows. */
enum troupe__purpose {
    FOR_NOTHING = 0, /* it is not: the child ended by itself */
    FOR_CALL,        /* a call terminates it */
    FOR_RENEWAL,     /* a call restarts it */
    FOR_ROUND,       /* a sibling's restart */
    FOR_SHUTDOWN,    /* the supervisor ends */
    FOR_LATENESS     /* its start took too long */
};

/* Which call a child is STARTING for, if any. */
enum troupe__called { NOT_CALLED = 0, CALLED_START, CALLED_RESTART };

/* How the last incarnation ended; kept while the decision waits. */
struct troupe__end {
    troupe_exit_t kind;
    int code;
    bool in_start;
    bool had_message;
    uint64_t fingerprint;
    uint64_t cause; /* shared by all whose process ended; 0: its own */
    char text[128];
};

/* A ring of the restarts that still count. */
struct troupe__window {
    struct troupe__moment *moments;
    uint32_t count, first, capacity;
};

struct troupe__moment {
    uint64_t at_ns, cause;
};

/*
 * troupe__window_add: note one restart.
 *
 *   cause    of the end before it; one that is there already does not count
 *            again; 0: its own.
 *   returns  true when more than `allowed` lie within [now - period, now]
 */
bool troupe__window_add(struct troupe__window *self, uint64_t now_ns,
                        uint64_t cause, uint64_t period_ns, uint32_t allowed);

/* troupe__window_clear: forget all and give the memory back. */
void troupe__window_clear(struct troupe__window *self);

/* Messages that broke a child since its last stable run. */
enum { POISONS_MAX = 8 };
struct troupe__poison {
    uint64_t fingerprint;
    uint32_t failures;
};

/* An ask that is answered when something about a child is settled. */
struct troupe__waiter {
    struct troupe__waiter *next;
    troupe_token_t token;
};

struct troupe__child {
    struct troupe__child *prev, *next;        /* in the order of start */
    struct troupe__child *id_next, *ref_next; /* in the table's chains */
    struct troupe__child *pending_next; /* ends that wait for a decision */
    struct troupe__child *again_next;   /* starts to be tried again */
    struct troupe__child *late_prev, *late_next; /* starts with a deadline */
    const troupe_child_spec_t *spec;
    bool shares_spec; /* simple one-for-one: the spec is the template */
    void *arguments;  /* of its own: simple one-for-one */
    size_t arguments_size;
    troupe_ref_t ref;
    enum troupe__child_state state;
    enum troupe__purpose purpose;
    bool pending, again;
    uint64_t late_ns; /* when its start is late; 0: no deadline now */
    bool retrying;    /* WAITING for a restart of its own */
    enum troupe__called called;
    uint32_t restarts;
    uint32_t row;                   /* restarts since its last stable run */
    uint64_t up_since_ns;           /* 0: not since the row began */
    troupe_timer_t timer;           /* stop deadline or back-off */
    struct troupe__window window;   /* of its own budget */
    struct troupe__poison *poisons; /* POISONS_MAX of them, or NULL */
    struct troupe__end end;
    struct troupe__waiter *starters, *enders;
};

/* Children in order, to be found by id and by ref. */
struct troupe__children {
    struct troupe__child *first, *last;
    struct troupe__child **by_id, **by_ref;
    uint32_t buckets; /* a power of two; 0 at first */
    uint32_t count;
};

/*
 * troupe__children_add: one more at the end.
 *
 *   spec         malloc'ed; the child's own then, unless it is shared.
 *   shares_spec  the spec stays the caller's; the child has no id to be
 *                found by.
 */
struct troupe__child *troupe__children_add(struct troupe__children *self,
                                           const troupe_child_spec_t *spec,
                                           bool shares_spec);

/* troupe__children_remove: take it out and free it. */
void troupe__children_remove(struct troupe__children *self,
                             struct troupe__child *child);

/* troupe__children_find: by id, or NULL. */
struct troupe__child *troupe__children_find(const struct troupe__children *self,
                                            const char *id);

/* troupe__children_find_ref: by ref, or NULL. */
struct troupe__child *
troupe__children_find_ref(const struct troupe__children *self,
                          troupe_ref_t ref);

/* troupe__children_set_ref: give a child another ref, or nobody. */
void troupe__children_set_ref(struct troupe__children *self,
                              struct troupe__child *child, troupe_ref_t ref);

/* troupe__children_free: everything. */
void troupe__children_free(struct troupe__children *self);

#endif
