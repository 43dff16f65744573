/* SPDX-License-Identifier: Apache-2.0 */
/* troupe_events.h: names, groups, timers, stash, descriptors, helpers. */
#ifndef TROUPE_EVENTS_H
#define TROUPE_EVENTS_H

#include "troupe_ask.h"

/*
 * troupe_register: give this actor a further name on its node; it is free
 * again before anyone hears of the actor's end, and kept over restarts.
 *
 *   name     1 .. TROUPE_NAME_MAX bytes of UTF-8 without control characters.
 *   returns  0, -EINVAL, or -EEXIST
 */
TROUPE_MUST int troupe_register(troupe_context_t *ctx, const char *name);

/* troupe_unregister: give a name of this actor's up: 0 or -ENOENT. */
TROUPE_API int troupe_unregister(troupe_context_t *ctx, const char *name);

/*
 * troupe_lookup: who has a name.
 *
 *   ret_ref  out; untouched on error.
 *   returns  0 or -ENOENT
 *   threads  any
 */
TROUPE_MUST int troupe_lookup(troupe_t *node, const char *name,
                              troupe_ref_t *ret_ref);

/* troupe_join: enter a group: 0, -EINVAL, or -EALREADY. Ends with the actor,
 * not with a restart. */
TROUPE_API int troupe_join(troupe_context_t *ctx, const char *group);

/* troupe_leave: leave a group: 0 or -ENOENT. */
TROUPE_API int troupe_leave(troupe_context_t *ctx, const char *group);

/*
 * troupe_publish: send to every member of a group but the sender.
 *
 *   returns  how many it was sent to, or as troupe_send(); a member that is
 *            over its hard cap is passed over and counted as a dead letter.
 */
TROUPE_MUST int troupe_publish(troupe_context_t *ctx, const char *group,
                               const char *type, const char *format, ...);

/*
 * troupe_timer_set: send this actor a message of type `key` with a nil body
 * later. A timer of that key which is set already is replaced. Timers end
 * with the incarnation; one that was replaced or cleared is never seen.
 *
 *   after_ms  0: as soon as the handler has returned.
 *   every_ms  0: once; else again and again, without drift.
 *   returns   0 or -EINVAL
 */
TROUPE_API int troupe_timer_set(troupe_context_t *ctx, const char *key,
                                uint32_t after_ms, uint32_t every_ms);

/* troupe_timer_clear: 0, or -ENOENT when no such timer is set. */
TROUPE_API int troupe_timer_clear(troupe_context_t *ctx, const char *key);

/* Called on the actor's worker as a handler is; returns as a handler does. */
typedef int (*troupe_call_fn)(troupe_context_t *ctx, void *state, void *data);

/* A call that is set for later; a value; 0: none. */
typedef struct troupe_timer {
    uint64_t id;
} troupe_timer_t;

/*
 * troupe_call_after: call a function of this actor's later, once.
 *
 *   drop       called with `data` instead when the incarnation ends first;
 *              may be NULL.
 *   ret_timer  for troupe_call_clear(); may be NULL.
 *   returns    0
 */
TROUPE_API int troupe_call_after(troupe_context_t *ctx, uint32_t after_ms,
                                 troupe_call_fn call, void *data,
                                 void (*drop)(void *data),
                                 troupe_timer_t *ret_timer);

/* troupe_call_clear: forget it, without drop: 0, or -ENOENT when it is over.*/
TROUPE_API int troupe_call_clear(troupe_context_t *ctx, troupe_timer_t timer);

/*
 * troupe_become: handle messages by another kind's table from the next
 * message on; state, name, mailbox stay; NULL: back to the first. Not kept
 * over restarts.
 *
 *   returns  0, or -EINVAL when its state is larger than this actor's
 */
TROUPE_API int troupe_become(troupe_context_t *ctx, const troupe_kind_t *kind);

/*
 * troupe_stash: put the message being handled aside; an ask stays open. The
 * stash has the mailbox's bounds for itself, so that what the actor waits for
 * can still come.
 *
 *   returns  0, -ENOMSG when none is being handled, or -ENOSPC when the
 *            stash is full (messages_max)
 */
TROUPE_API int troupe_stash(troupe_context_t *ctx);

/* troupe_unstash: all stashed messages come next, in order. Returns 0. */
TROUPE_API int troupe_unstash(troupe_context_t *ctx);

/* Called when a watched descriptor is ready; returns as a handler does. */
typedef int (*troupe_ready_fn)(troupe_context_t *ctx, void *state, int fd,
                               short events);

/*
 * troupe_watch: call back while a descriptor is ready (level-triggered).
 *
 * Watching again changes events and function. It ends with the incarnation;
 * the descriptor stays the caller's. End the watch before you close it: one
 * that is closed while it is watched is dropped with a line in the log.
 *
 *   events   POLLIN, POLLOUT of poll(2), or both; the call also hears POLLERR
 *            and POLLHUP.
 *   returns  0, -EINVAL (also when fd is not open), or -ENOSPC when the actor's
 *            worker watches 64 descriptors already
 */
TROUPE_API int troupe_watch(troupe_context_t *ctx, int fd, short events,
                            troupe_ready_fn ready);

/* troupe_unwatch: 0 or -ENOENT. */
TROUPE_API int troupe_unwatch(troupe_context_t *ctx, int fd);

/* Where a blocking function writes its result: one call of troupe_result. */
typedef struct troupe_result troupe_result_t;

/*
 * troupe_blocking_fn: runs on a helper thread; must not touch actor state.
 *
 *   arg      a copy of what was given.
 *   returns  0, or a negative errno value: the outcome is TROUPE_ERROR.
 */
typedef int (*troupe_blocking_fn)(void *arg, troupe_result_t *result);

/*
 * troupe_result_set: the body of the reply, once.
 *
 *   returns  0, -EINVAL, or -EALREADY
 */
TROUPE_MUST int troupe_result_set(troupe_result_t *result, const char *format,
                                  ...);

/*
 * troupe_blocking: run a function on a helper thread; its result comes as
 * the answer to an ask would (deadline, cancel and drop as there: a function
 * that runs is never broken off, its result is then dropped).
 *
 *   arg, size  copied for the helper.
 *   returns    0, -EINVAL, -EMSGSIZE (size is over message_size_max), -ENOSPC
 *              (too many are waiting), -EIO (no thread), -ESHUTDOWN (the node
 *              has stopped its helpers)
 */
TROUPE_MUST int troupe_blocking(troupe_context_t *ctx, troupe_blocking_fn run,
                                const void *arg, size_t size,
                                const troupe_ask_options_t *options,
                                troupe_ask_t *ret_ask);

#endif
