/* SPDX-License-Identifier: Apache-2.0 */
/* troupe_child_calls.h: the calls of troupe_children.h for ordinary threads. */
#ifndef TROUPE_CHILD_CALLS_H
#define TROUPE_CHILD_CALLS_H

#include "troupe_children.h"

/*
 * Each waits for the supervisor's answer, however long a child takes. They
 * return the errors of troupe_supervisor_ask(), -ESRCH when there is no such
 * supervisor, -ESHUTDOWN when it stops, or as troupe_node_run().
 *
 *   node        where the supervisor runs.
 *   supervisor  its address.
 *   threads     any that runs no actor
 */

/*
 * troupe_supervisor_start_child: add a child and start it.
 *
 *   spec     copied.
 *   ret_ref  out: its address; nobody when its start ignored; may be NULL.
 *   error    out: words; may be NULL.
 *   returns  0, -EEXIST, -EALREADY, -EINVAL, -EPERM, or why it did not start
 */
TROUPE_MUST int troupe_supervisor_start_child(troupe_t *node,
                                              troupe_ref_t supervisor,
                                              const troupe_child_spec_t *spec,
                                              troupe_ref_t *ret_ref,
                                              troupe_supervisor_error_t *error);

/*
 * troupe_supervisor_start_more: one more simple one-for-one child.
 *
 *   format   its arguments, as for troupe_send(); NULL: none.
 *   returns  0, -EINVAL, or why it did not start
 */
TROUPE_MUST int troupe_supervisor_start_more(troupe_t *node,
                                             troupe_ref_t supervisor,
                                             troupe_ref_t *ret_ref,
                                             const char *format, ...);

/*
 * troupe_supervisor_terminate_child: stop a child, or the attempts to restart
 * it; its spec is kept, unless it is temporary.
 *
 *   returns  0, also when it was down; -ENOENT; -EPERM for simple one-for-one
 */
TROUPE_MUST int troupe_supervisor_terminate_child(troupe_t *node,
                                                  troupe_ref_t supervisor,
                                                  const char *id);

/* troupe_supervisor_terminate_ref: the same for simple one-for-one; returns 0,
 * also when that actor is gone already, or -ENOENT. */
TROUPE_MUST int troupe_supervisor_terminate_ref(troupe_t *node,
                                                troupe_ref_t supervisor,
                                                troupe_ref_t child);

/*
 * troupe_supervisor_restart_child: start a child that is down.
 *
 *   ret_ref  out: its address, a new one; may be NULL.
 *   returns  0, -ENOENT, -EBUSY when it runs, -EAGAIN when it is being
 *            restarted, -EPERM, or why it did not start
 */
TROUPE_MUST int troupe_supervisor_restart_child(troupe_t *node,
                                                troupe_ref_t supervisor,
                                                const char *id,
                                                troupe_ref_t *ret_ref);

/*
 * troupe_supervisor_renew_child: restart a child that runs, as if it had
 * failed, with the same ref, name and mailbox and with those that its strategy
 * restarts too; it is stopped in order first, and nothing is counted. A
 * supervisor's children all are new. One that is down is started.
 *
 *   ret_ref  out: its address; may be NULL.
 *   returns  0 when it has started; -ENOENT; -EAGAIN when it is stopping or
 *            being restarted; -EPERM for a temporary one and for simple
 *            one-for-one; -ETIMEDOUT when it does not end and was left behind;
 *            or why it did not start
 */
TROUPE_MUST int troupe_supervisor_renew_child(troupe_t *node,
                                              troupe_ref_t supervisor,
                                              const char *id,
                                              troupe_ref_t *ret_ref);

/* troupe_supervisor_delete_child: forget a child that is down; returns 0,
 * -ENOENT, -EBUSY, -EAGAIN or -EPERM. */
TROUPE_MUST int troupe_supervisor_delete_child(troupe_t *node,
                                               troupe_ref_t supervisor,
                                               const char *id);

/* troupe_supervisor_which_child: look at one; returns 0, -ENOENT or -EPERM. */
TROUPE_MUST int troupe_supervisor_which_child(troupe_t *node,
                                              troupe_ref_t supervisor,
                                              const char *id,
                                              troupe_child_info_t *ret_info);

/* troupe_supervisor_which_ref: look at one by ref; returns 0 or -ENOENT. */
TROUPE_MUST int troupe_supervisor_which_ref(troupe_t *node,
                                            troupe_ref_t supervisor,
                                            troupe_ref_t child,
                                            troupe_child_info_t *ret_info);

/* troupe_supervisor_child_spec: a child's spec, to be ended with
 * troupe_child_spec_free(); returns 0 or -ENOENT. */
TROUPE_MUST int troupe_supervisor_child_spec(troupe_t *node,
                                             troupe_ref_t supervisor,
                                             const char *id,
                                             troupe_child_spec_t *ret_spec);

/* troupe_supervisor_which_children: all of them, the newest first; returns how
 * many there are, as troupe_child_infos_read(). */
TROUPE_MUST int troupe_supervisor_which_children(troupe_t *node,
                                                 troupe_ref_t supervisor,
                                                 troupe_child_info_t *infos,
                                                 size_t count);

/* troupe_supervisor_count_children: returns 0 or an error named above. */
TROUPE_MUST int
troupe_supervisor_count_children(troupe_t *node, troupe_ref_t supervisor,
                                 troupe_child_counts_t *ret_counts);

/*
 * troupe_supervisor_change_child: give the child of that id another spec.
 *
 *   error    out: words; may be NULL.
 *   returns  0, -ENOENT, -EPERM, or -EINVAL; then nothing has changed
 */
TROUPE_MUST int
troupe_supervisor_change_child(troupe_t *node, troupe_ref_t supervisor,
                               const troupe_child_spec_t *spec,
                               troupe_supervisor_error_t *error);

/*
 * troupe_supervisor_change_options: other numbers and another auto_shutdown.
 *
 *   options  its strategy must be that of the supervisor; name and place are
 *            not looked at.
 *   error    out: words; may be NULL.
 *   returns  0, or -EINVAL; then nothing has changed
 */
TROUPE_MUST int
troupe_supervisor_change_options(troupe_t *node, troupe_ref_t supervisor,
                                 const troupe_supervisor_options_t *options,
                                 troupe_supervisor_error_t *error);

#endif
