/* SPDX-License-Identifier: Apache-2.0 */
/* troupe_children.h: looking after the children of a running supervisor. */
#ifndef TROUPE_CHILDREN_H
#define TROUPE_CHILDREN_H

#include "troupe_supervisor.h"

typedef enum troupe_child_status {
    TROUPE_CHILD_DOWN = 0, /* stopped; only its spec is kept */
    TROUPE_CHILD_STARTING, /* its start is not done */
    TROUPE_CHILD_UP,
    TROUPE_CHILD_STOPPING,
    TROUPE_CHILD_RESTARTING, /* it failed; the next attempt is set */
    TROUPE_CHILD_WAITING     /* stopped for a sibling's restart */
} troupe_child_status_t;

/* troupe_child_status_name: "down", "starting", "up", ... */
TROUPE_API const char *troupe_child_status_name(troupe_child_status_t status);

typedef struct troupe_child_info {
    char id[TROUPE_NAME_MAX + 1]; /* simple one-for-one: the template's */
    troupe_ref_t ref;             /* nobody when it is down */
    troupe_child_status_t status;
    bool supervisor;
    uint32_t restarts; /* attempts since it was started by a call */
} troupe_child_info_t;

typedef struct troupe_child_counts {
    uint32_t specs, active, supervisors, workers;
} troupe_child_counts_t;

/* What can be asked of a supervisor. Children are named by id, those of a
 * simple one-for-one supervisor by ref. */
typedef enum troupe_child_verb {
    TROUPE_START_CHILD = 1, /* spec, or (simple) arguments -> info */
    TROUPE_TERMINATE_CHILD, /* id or ref -> nil */
    TROUPE_RESTART_CHILD,   /* id -> info */
    TROUPE_DELETE_CHILD,    /* id -> nil */
    TROUPE_WHICH_CHILD,     /* id or ref -> info */
    TROUPE_WHICH_CHILDREN,  /* -> infos, the newest first */
    TROUPE_COUNT_CHILDREN,  /* -> counts */
    TROUPE_CHILD_SPEC,      /* id or ref -> spec */
    TROUPE_CHANGE_CHILD,    /* spec -> nil: for the child of that id */
    TROUPE_CHANGE_OPTIONS,  /* options -> nil */
    TROUPE_RENEW_CHILD      /* id or ref -> info: stop it, start it anew */
} troupe_child_verb_t;

typedef struct troupe_child_request {
    troupe_child_verb_t verb;
    const char *id;
    troupe_ref_t ref;
    const troupe_child_spec_t *spec;
    const troupe_supervisor_options_t *options;
    const void *arguments; /* simple one-for-one: one msgpack value, or NULL;
                              where the template has arguments too, start is
                              given [template's, these] */
    size_t arguments_size;
} troupe_child_request_t;

/*
 * What a change changes: intensity, period_ms, unstable_max and auto_shutdown
 * of the options; all of a spec, for a child that runs from its next decision
 * or start on, but not whether it is a supervisor. A significant child that
 * runs stays so when auto_shutdown becomes never; new ones are refused.
 */

/*
 * troupe_supervisor_ask: ask a supervisor from an actor. The answer comes as
 * for troupe_ask(); read its message with the functions below. Errors in it:
 *
 *   -ENOENT  no such child           -EEXIST   a child of that id runs, or
 *   -EBUSY   it runs: stop it first            the name is taken
 *   -EAGAIN  it is being restarted   -EALREADY there is a stopped one
 *   -EPERM   not with this strategy  -EINVAL   the spec is wrong
 *   or the code with which the child failed to start
 *
 *   timeout_ms  0: the node's default.
 *   returns     0, or as troupe_ask(), or -EINVAL
 */
TROUPE_MUST int troupe_supervisor_ask(troupe_context_t *ctx,
                                      troupe_ref_t supervisor,
                                      const troupe_child_request_t *request,
                                      uint32_t timeout_ms,
                                      troupe_answer_fn answer, void *data);

/* troupe_child_info_read: the info in an answer; returns 0 or -EBADMSG. */
TROUPE_MUST int troupe_child_info_read(const troupe_message_t *msg,
                                       troupe_child_info_t *ret_info);

/*
 * troupe_child_infos_read: the infos in an answer to "which children".
 *
 *   infos    room for `count`; may be NULL when count is 0.
 *   returns  how many there are (may be more), or -EBADMSG
 */
TROUPE_MUST int troupe_child_infos_read(const troupe_message_t *msg,
                                        troupe_child_info_t *infos,
                                        size_t count);

/* troupe_child_counts_read: the counts in an answer; returns 0 or -EBADMSG. */
TROUPE_MUST int troupe_child_counts_read(const troupe_message_t *msg,
                                         troupe_child_counts_t *ret_counts);

/*
 * troupe_child_spec_read: the spec in an answer, with defaults filled in and
 * 0 for TROUPE_ZERO. A supervisor's has the library's own kind.
 *
 *   ret_spec  out: end it with troupe_child_spec_free().
 *   returns   0, -EBADMSG, or -ENOENT for a kind that the node does not know
 */
TROUPE_MUST int troupe_child_spec_read(troupe_t *node,
                                       const troupe_message_t *msg,
                                       troupe_child_spec_t *ret_spec);

/* troupe_child_spec_free: free a spec that was read; NULL is fine. */
TROUPE_API void troupe_child_spec_free(troupe_child_spec_t *spec);

#endif
