/* SPDX-License-Identifier: Apache-2.0 */
/* supervisor.h: what a supervisor is made of, and what its parts share. */
#ifndef TROUPE_SUPERVISOR_SUPERVISOR_H
#define TROUPE_SUPERVISOR_SUPERVISOR_H

#include "supervisor/child.h"
#include "troupe_lifecycle.h"
#include "troupe_trace.h"

/*
 * Nothing here waits: a supervisor sets something going, returns to its
 * mailbox, and goes on when it hears of the end.
 *
 * Only one thing that concerns several children goes on at a time: the first
 * start of all, a round (the restart of a group), or the shutdown. It walks
 * along the children with `cursor`, forwards to start, backwards to stop, and
 * rests at the child that it waits for. Meanwhile ends of other children are
 * pending and calls that change something are stashed. Children of one-for-
 * one supervisors need no rounds: each goes its own way.
 */
enum troupe__phase {
    PHASE_STARTING,
    PHASE_RUNNING,
    PHASE_STOPPING,
    PHASE_DONE /* the actor ends when this callback returns */
};

enum troupe__round { ROUND_NONE, ROUND_STOPS, ROUND_STARTS };

/* For a round's wait between stopping and starting: none. */
#define AT_ONCE (-1)

/* How long a killed actor may take until it is left behind. */
#define KILL_GRACE_MS 1000

struct troupe__supervisor {
    troupe_supervisor_options_t options; /* no name */
    bool simple;
    troupe_child_spec_t template; /* for simple one-for-one */
    struct troupe__children children;
    uint32_t active;      /* children that have an actor */
    uint32_t significant; /* of them, significant ones */
    struct troupe__window window;
    enum troupe__phase phase;
    enum troupe__round round;
    struct troupe__child *cursor;
    struct troupe__child *from;   /* the first of the round */
    struct troupe__child *failed; /* whose failure caused the round */
    int64_t wait_ms;              /* of the round, or AT_ONCE */
    struct troupe__child *pending_first, *pending_last;
    struct troupe__child *again_first, *again_last;
    struct troupe__child *late_first, *late_last;
    troupe_timer_t late_timer; /* for the first of them to be late */
    uint64_t late_ns;
    bool stashed, stop_is_late;
    troupe_ref_t starter;
    troupe_trace_t trace; /* of its start; or none */
    bool has_parent;      /* its start is open until all children started */
    bool awaited;         /* a thread's call of "ready" is on its way */
    struct troupe__waiter *ready; /* calls that wait for the first start */
    troupe_timer_t stop_timer;    /* shared by all: simple one-for-one */
    troupe_exit_t exit_kind;      /* for PHASE_STOPPING and after */
    int exit_code;
    char exit_text[256];
};

/* The actor's state: all else lies where an end without stop can free it. */
struct troupe__supervisor_state {
    struct troupe__supervisor *self;
};

/* supervisor.c */
int troupe__supervisor_settle(troupe_context_t *ctx,
                              struct troupe__supervisor *self);
void troupe__supervisor_unpend(struct troupe__supervisor *self,
                               struct troupe__child *child);
void troupe__supervisor_pend(struct troupe__supervisor *self,
                             struct troupe__child *child);

/* run.c: single actors begin and end. */

/* troupe__child_start: spawn or restart it; 0, or why that was refused. */
int troupe__child_start(troupe_context_t *ctx, struct troupe__supervisor *self,
                        struct troupe__child *child);
/* troupe__child_stop: ask it to stop, then kill it; its end comes later. */
void troupe__child_stop(troupe_context_t *ctx, struct troupe__supervisor *self,
                        struct troupe__child *child,
                        enum troupe__purpose purpose);
/* troupe__child_kill: its end comes later, or it is left behind. */
void troupe__child_kill(troupe_context_t *ctx, struct troupe__supervisor *self,
                        struct troupe__child *child);
/* troupe__child_release: it is down; no timer, no ref. */
void troupe__child_release(troupe_context_t *ctx,
                           struct troupe__supervisor *self,
                           struct troupe__child *child);
/* troupe__child_leave: give up on an actor that does not end. */
void troupe__child_leave(troupe_context_t *ctx, struct troupe__supervisor *self,
                         struct troupe__child *child);
/* troupe__child_forget: release it and drop its spec. */
void troupe__child_forget(troupe_context_t *ctx,
                          struct troupe__supervisor *self,
                          struct troupe__child *child);
/* troupe__child_move: next state by the table; keeps the counts. */
void troupe__child_move(struct troupe__supervisor *self,
                        struct troupe__child *child,
                        enum troupe__child_event what);
/* troupe__child_timer: set its one timer. */
void troupe__child_timer(troupe_context_t *ctx, struct troupe__child *child,
                         uint32_t after_ms, troupe_call_fn call);
void troupe__child_timer_clear(troupe_context_t *ctx,
                               struct troupe__child *child);

/* late.c: one timer for the deadlines of all starts. */
void troupe__late_watch(troupe_context_t *ctx, struct troupe__supervisor *self,
                        struct troupe__child *child);
void troupe__late_forget(struct troupe__supervisor *self,
                         struct troupe__child *child);

static inline bool
troupe__child_is_active(const struct troupe__child *child)
{
    return child->state != CHILD_DOWN && child->state != CHILD_WAITING;
}

/* decide.c: what follows when a start or an incarnation has ended. */
void troupe__child_started(troupe_context_t *ctx,
                           struct troupe__supervisor *self,
                           struct troupe__child *child);
void troupe__child_ended(troupe_context_t *ctx, struct troupe__supervisor *self,
                         struct troupe__child *child);
void troupe__child_not_started(troupe_context_t *ctx,
                               struct troupe__supervisor *self,
                               struct troupe__child *child, int rc);
void troupe__child_decide(troupe_context_t *ctx,
                          struct troupe__supervisor *self,
                          struct troupe__child *child);

/* count.c: whether and when a failed child is restarted. */
enum troupe__verdict { VERDICT_RESTART, VERDICT_GIVE_UP, VERDICT_ESCALATE };

/* troupe__restart_judge: note a failure; *ret_wait_ms: AT_ONCE, 0 or more. */
enum troupe__verdict troupe__restart_judge(troupe_context_t *ctx,
                                           struct troupe__supervisor *self,
                                           struct troupe__child *child,
                                           int64_t *ret_wait_ms);

/* round.c: groups, and the walk along the children. */
void troupe__round_begin(troupe_context_t *ctx, struct troupe__supervisor *self,
                         struct troupe__child *failed, int64_t wait_ms);
void troupe__walk_forwards(troupe_context_t *ctx,
                           struct troupe__supervisor *self);
void troupe__walk_backwards(troupe_context_t *ctx,
                            struct troupe__supervisor *self);
/* troupe__on_again: the message to itself that retries come by. */
int troupe__on_again(troupe_context_t *ctx, void *state,
                     const troupe_message_t *msg);
void troupe__again_forget(struct troupe__supervisor *self,
                          struct troupe__child *child);
/* troupe__retry_later: restartit after a rest, by itself or as a round. */
void troupe__retry_later(troupe_context_t *ctx, struct troupe__supervisor *self,
                         struct troupe__child *child, int64_t wait_ms);

/* shutdown.c */
void troupe__shutdown_begin(troupe_context_t *ctx,
                            struct troupe__supervisor *self, troupe_exit_t kind,
                            int code, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* troupe__shutdown_check: simple one-for-one: done when nobody is left. */
void troupe__shutdown_check(troupe_context_t *ctx,
                            struct troupe__supervisor *self);

/* answer.c: replies to calls that waited. */
void troupe__waiter_add(troupe_context_t *ctx, struct troupe__waiter **list);
void troupe__waiters_info(troupe_context_t *ctx, struct troupe__child *child);
void troupe__waiters_error(troupe_context_t *ctx, struct troupe__waiter **list,
                           int code, const char *text);
void troupe__waiters_nil(troupe_context_t *ctx, struct troupe__waiter **list);
void troupe__waiters_free(struct troupe__waiter **list);

#endif
