/* SPDX-License-Identifier: Apache-2.0 */
/* troupe_thread.h: the way in from ordinary threads, main's among them. */
#ifndef TROUPE_THREAD_H
#define TROUPE_THREAD_H

#include "troupe_events.h"

/*
 * All calls here are for threads that run no actor: on a worker they return
 * -EDEADLK. Messages from one thread to one actor keep their order.
 */

/* troupe_node_spawn: troupe_spawn() from an ordinary thread. */
TROUPE_MUST int troupe_node_spawn(troupe_t *node, const troupe_kind_t *kind,
                                  const troupe_spawn_options_t *options,
                                  troupe_ref_t *ret_ref, const char *format,
                                  ...);

/*
 * troupe_node_send: troupe_send() from an ordinary thread; where the
 * receiver is full the call waits until there is room, at most the node's
 * ask_timeout_ms, then returns -EAGAIN. A function that a callback of
 * troupe_node_run() calls, and that has no context, may send, too: as
 * troupe_send().
 */
TROUPE_MUST int troupe_node_send(troupe_t *node, troupe_ref_t to,
                                 const char *type, const char *format, ...);

/*
 * troupe_node_ask: ask and wait.
 *
 *   timeout_ms  0: the node's default.
 *   ret_reply   out: the reply on success, to be ended with
 *               troupe_message_destroy(); NULL otherwise; may be NULL.
 *   returns     0 for a reply, or
 *               -ETIMEDOUT, -EHOSTDOWN or -ESRCH (down), -ENOBUFS (overload),
 *               -ECANCELED (the node stops), the code of an error reply, or
 *               as troupe_send()
 */
TROUPE_MUST int troupe_node_ask(troupe_t *node, troupe_ref_t to,
                                const char *type, uint32_t timeout_ms,
                                troupe_message_t **ret_reply,
                                const char *format, ...);

/*
 * troupe_node_ask_words: what the last troupe_node_ask() of this thread ended
 * with, in words: those of an error, or for a timeout whom it waited for, and
 * where that one was waiting, the chain, as in troupe_answer_t.
 *
 *   returns  "" after a reply, or when nobody was asked; valid until this
 *            thread asks again
 *   threads  any
 */
TROUPE_API const char *troupe_node_ask_words(void);

/*
 * troupe_node_run: let an ordinary thread live as an actor for a while:
 * `begin` is called with a context that may ask, gather, monitor and set
 * timers; its callbacks run on this thread, inside the call, which ends when
 * one of them returns TROUPE_STOP or an error, or at the timeout.
 *
 *   begin       called first; returns as a handler does.
 *   data        given to it as `state`, and to callbacks as their `state`.
 *   timeout_ms  0: without end.
 *   returns     0 after TROUPE_STOP, the error, -ETIMEDOUT, or -ECANCELED
 *               when the node stops
 */
TROUPE_MUST int troupe_node_run(troupe_t *node, troupe_call_fn begin,
                                void *data, uint32_t timeout_ms);

/*
 * troupe_node_exit: troupe_exit_send() from an ordinary thread. With
 * `timeout_ms` other than 0 it waits until the actor is gone.
 *
 *   returns  0, -EINVAL, or -ETIMEDOUT
 */
TROUPE_API int troupe_node_exit(troupe_t *node, troupe_ref_t to,
                                troupe_exit_t kind, uint32_t timeout_ms);

#endif
