/* SPDX-License-Identifier: Apache-2.0 */
/* control.h: calling a supervisor from an ordinary thread. */
#ifndef TROUPE_SUPERVISOR_CONTROL_H
#define TROUPE_SUPERVISOR_CONTROL_H

#include "supervisor/request.h"
#include "troupe_child_calls.h"

/*
 * troupe__node_call: call a supervisor and wait, however long it takes.
 *
 *   request    NULL: wait until it has started its children.
 *   ret_reply  out: the caller's own; may be NULL.
 *   error      out: words; never NULL.
 *   returns    0, or as the functions in troupe_children.h
 */
int troupe__node_call(troupe_t *node, troupe_ref_t supervisor,
                      const troupe_child_request_t *request,
                      troupe_message_t **ret_reply,
                      troupe_supervisor_error_t *error);

#endif
