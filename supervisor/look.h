/* SPDX-License-Identifier: Apache-2.0 */
/* look.h: the handlers of calls, and what they share. */
#ifndef TROUPE_SUPERVISOR_LOOK_H
#define TROUPE_SUPERVISOR_LOOK_H

#include "supervisor/request.h"
#include "supervisor/supervisor.h"

/* troupe__child_info: as others see it. */
troupe_child_info_t troupe__child_info(const struct troupe__child *child);

/* troupe__child_named: by the id or the ref of a call; NULL: no such. */
struct troupe__child *
troupe__child_named(const struct troupe__supervisor *self,
                    const struct troupe__request *request);

/* troupe__reply_info: answer the call in hand with a child's info. */
int troupe__reply_info(troupe_context_t *ctx,
                       const struct troupe__child *child);

/*
 * troupe__call_begin: read the call in hand.
 *
 *   returns  0; or -EBADMSG, then it has been answered so
 */
int troupe__call_begin(troupe_context_t *ctx, const troupe_message_t *msg,
                       struct troupe__request *ret_request);

/* supervisor.c: answered when all children have started, or one has not. */
int troupe__on_ready(troupe_context_t *ctx, void *state,
                     const troupe_message_t *msg);

/* troupe__change_begin: read the call in hand, unless it must wait or comes
 * too late: then NULL, and that has been seen to. */
struct troupe__supervisor *
troupe__change_begin(troupe_context_t *ctx, void *state,
                     const troupe_message_t *msg,
                     struct troupe__request *ret_request);

/* troupe__call_refuse: answer the call in hand with an error; returns 0. */
int troupe__call_refuse(troupe_context_t *ctx, int code, const char *text);

/* change.c: handlers of calls that change the rules. */
int troupe__on_change_child(troupe_context_t *ctx, void *state,
                            const troupe_message_t *msg);
int troupe__on_change_options(troupe_context_t *ctx, void *state,
                              const troupe_message_t *msg);

/* call.c: handlers of the calls in troupe_children.h. */
int troupe__on_start_child(troupe_context_t *ctx, void *state,
                           const troupe_message_t *msg);
int troupe__on_terminate_child(troupe_context_t *ctx, void *state,
                               const troupe_message_t *msg);
int troupe__on_restart_child(troupe_context_t *ctx, void *state,
                             const troupe_message_t *msg);
int troupe__on_renew_child(troupe_context_t *ctx, void *state,
                           const troupe_message_t *msg);
int troupe__on_delete_child(troupe_context_t *ctx, void *state,
                            const troupe_message_t *msg);

/* look.c: handlers of the calls that only look. */
int troupe__on_which_child(troupe_context_t *ctx, void *state,
                           const troupe_message_t *msg);
int troupe__on_which_children(troupe_context_t *ctx, void *state,
                              const troupe_message_t *msg);
int troupe__on_count_children(troupe_context_t *ctx, void *state,
                              const troupe_message_t *msg);
int troupe__on_child_spec(troupe_context_t *ctx, void *state,
                          const troupe_message_t *msg);

#endif
