/* SPDX-License-Identifier: Apache-2.0 */
/* troupe_lifecycle.h: monitors, links, ends, and what supervisors need. */
#ifndef TROUPE_LIFECYCLE_H
#define TROUPE_LIFECYCLE_H

#include "troupe_actor.h"

/* One monitor of this actor's; a value; 0: none. */
typedef struct troupe_monitor {
    uint64_t id;
} troupe_monitor_t;

/* What a TROUPE_ON_DOWN or TROUPE_ON_EXIT handler reads out of its message. */
typedef struct troupe_down {
    troupe_ref_t ref;         /* who ended */
    troupe_monitor_t monitor; /* whose monitor this ends; 0 for a link */
    uint32_t incarnation;     /* which one ended; 0: there was none */
    troupe_reason_t reason;   /* lent with the message */
} troupe_down_t;

/*
 * troupe_down_read: what a DOWN or EXIT says.
 *
 *   returns  0, or -EBADMSG when `msg` is no such message
 */
TROUPE_MUST int troupe_down_read(const troupe_message_t *msg,
                                 troupe_down_t *ret_down);

/*
 * troupe_monitor: hear once, in TROUPE_ON_DOWN, that an incarnation ended:
 * after its last message, after its name is free, whatever fills mailboxes.
 * A restarted actor needs a new monitor. For no actor: noproc at once.
 *
 *   returns  0, -EINVAL
 */
TROUPE_API int troupe_monitor(troupe_context_t *ctx, troupe_ref_t target,
                              troupe_monitor_t *ret_monitor);

/*
 * troupe_demonitor: after it no DOWN of that monitor is handled.
 *
 *   returns  0 when it was open, -ENOENT when it is over, or -EPERM when it
 *            is another actor's (it stays)
 */
TROUPE_API int troupe_demonitor(troupe_context_t *ctx,
                                troupe_monitor_t monitor);

/*
 * troupe_link: end together: an abnormal end of one ends the other with the
 * same reason, unless it has TROUPE_ON_EXIT: then it is a message there, as
 * is a normal end. At most one per pair; with oneself: nothing. No such
 * actor: exit noproc.
 *
 *   returns  0 or -EINVAL
 */
TROUPE_API int troupe_link(troupe_context_t *ctx, troupe_ref_t other);

/* troupe_unlink: after it no EXIT of that link is handled. 0 or -ENOENT. */
TROUPE_API int troupe_unlink(troupe_context_t *ctx, troupe_ref_t other);

/*
 * troupe_exit_send: an exit signal, from this actor, to any actor.
 *
 *   kind  TROUPE_EXIT_SHUTDOWN or _ERROR: it ends so, unless it has
 *         TROUPE_ON_EXIT: then a message there. TROUPE_EXIT_KILLED: it ends at
 *         once, without its stop. TROUPE_EXIT_NORMAL: ignored, unless sent to
 *         oneself.
 *   text  the words of the reason; NULL: none.
 *   returns  0, -EINVAL
 */
TROUPE_API int troupe_exit_send(troupe_context_t *ctx, troupe_ref_t to,
                                troupe_exit_t kind, int code, const char *text);

/*
 * troupe_exit: end this actor with a reason of its own choice: `return
 * troupe_exit(...)` from a handler. The message in hand counts as handled.
 *
 *   kind    TROUPE_EXIT_NORMAL, _SHUTDOWN or _ERROR; or another's that is
 *           passed on: _KILLED stays, the rest becomes _ERROR.
 *   format  the words, as printf; kept to 1 KiB; NULL: none.
 *   returns TROUPE_STOP, or -EINVAL for an unknown kind
 */
TROUPE_API int troupe_exit(troupe_context_t *ctx, troupe_exit_t kind, int code,
                           const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/*
 * For supervisors. An actor that was spawned with `supervised` tells its
 * spawner, in TROUPE_ON_CHILD, when a start has ended and when an incarnation
 * has; then it waits, mailbox and name kept, for one of the two calls below.
 * If the spawner ends, its supervised actors are stopped and released.
 */
typedef enum troupe_child_event {
    TROUPE_CHILD_STARTED = 1, /* start is done (or troupe_started() was) */
    TROUPE_CHILD_ENDED        /* the incarnation ended, or start failed */
} troupe_child_event_t;

typedef struct troupe_child {
    troupe_child_event_t event;
    troupe_ref_t ref;
    uint32_t incarnation;
    bool in_start;                  /* it ended before its start was done */
    troupe_reason_t reason;         /* for ENDED; lent with the message */
    bool had_message;               /* a message was in hand when it failed: */
    char type[TROUPE_TYPE_MAX + 1]; /* its type */
    uint64_t fingerprint; /* of its type and body; the same for the same */
    uint64_t cause; /* the same for all that ended with one process; or 0 */
} troupe_child_t;

/*
 * troupe_child_read: what a child's event says.
 *
 *   returns  0, or -EBADMSG when `msg` is no such message
 */
TROUPE_MUST int troupe_child_read(const troupe_message_t *msg,
                                  troupe_child_t *ret_child);

/*
 * troupe_child_restart: begin the next incarnation of an ended child: same
 * ref, name, mailbox; zeroed state; these arguments.
 *
 *   returns  0, -EINVAL; for one that is not an ended child of this actor's
 *            nothing happens but a log line
 */
TROUPE_API int troupe_child_restart(troupe_context_t *ctx, troupe_ref_t child,
                                    const char *format, ...);

/*
 * troupe_child_release: an ended child will not come back: its ref is stale,
 * its name free, its mailbox dead letters, asks to it end with TROUPE_DOWN.
 */
TROUPE_API int troupe_child_release(troupe_context_t *ctx, troupe_ref_t child);

/*
 * troupe_child_quarantine: the child shall not see messages of that
 * fingerprint any more: asks get an error (-EBADMSG, "quarantined"), tells
 * are dead letters. At most 16 per child, the oldest is forgotten.
 */
TROUPE_API int troupe_child_quarantine(troupe_context_t *ctx,
                                       troupe_ref_t child,
                                       uint64_t fingerprint);

/*
 * troupe_suspend: let an actor rest until troupe_resume(): it handles no more
 * messages, timers and descriptors. They wait, and its mailbox keeps its
 * bounds; what goes on are its start, answers to what it asked, DOWN and EXIT,
 * an exit signal, and its end. Over with the incarnation: a restarted actor
 * runs. An actor with TROUPE_ON_CHILD does not rest, for the sake of its
 * children: that is a line in the log.
 *
 *   returns  0 or -EINVAL; for no actor, or one that rests, nothing happens
 *   order    what this actor sends it later is not handled before the resume
 */
TROUPE_API int troupe_suspend(troupe_context_t *ctx, troupe_ref_t target);

/* troupe_resume: let it go on, with what waited: 0 or -EINVAL. */
TROUPE_API int troupe_resume(troupe_context_t *ctx, troupe_ref_t target);

/*
 * troupe_started: an actor whose start returned TROUPE_STARTING is ready;
 * messages from others are handled from now on (answers and timers already
 * were). Returns 0 or -EALREADY.
 */
TROUPE_API int troupe_started(troupe_context_t *ctx);

/* troupe_parent: who spawned this actor with `supervised`, or nobody. */
TROUPE_API troupe_ref_t troupe_parent(const troupe_context_t *ctx);

#endif
