/* SPDX-License-Identifier: Apache-2.0 */
/* troupe_nodes.h: a run of several nodes, each a process of its own. */
#ifndef TROUPE_NODES_H
#define TROUPE_NODES_H

#include "troupe_kind.h"

/*
 * The root of a run is a node with `nodes` in its options. It starts the other
 * nodes, watches them, and ends them when it ends; should it die, they die
 * too. Each life of a process has a number: who is started again gets another.
 *
 * Names and groups are those of the whole run: troupe_lookup(), troupe_join()
 * and troupe_publish() see the actors of all nodes, with the lag of a message
 * from node to node to the root and on. When actors of two nodes claim one
 * name within that lag, both calls return 0; the root then decides for one, and
 * the other's node takes the name away again and logs a warning.
 *
 * What one node may have kept by others is bounded: 65,536 names and places in
 * groups; 65,536 monitors, links and waits for room, on each worker. More is
 * refused, with a line in the log: the name is taken away again, and monitors
 * and links end at once, with TROUPE_EXIT_NOCONNECTION and -ENOSPC.
 */

/* How often the root looks, and how patient it is; 0 takes the default. */
typedef struct troupe_nodes_options {
    const char *name; /* of the root's node; NULL: "root" */
    /*
     * For the sockets: absolute, at most 91 bytes, ours alone (mode 0700),
     * without sockets of another run; not removed. NULL: one is made and
     * removed, BASE/NAME/g-1a2b3c4d, and a second root of that name refused.
     */
    const char *directory;
    const char *base;      /* for `directory` NULL; NULL: /tmp/troupe-UID */
    uint32_t heartbeat_ms; /* between two questions to a node; 1000 */
    uint32_t missed_max;   /* so many without an answer are reported; 3 */
    uint32_t hang_ms;      /* then it is ended; 10,000 */
    uint32_t stuck_ms;     /* a handler that takes so long ends its node;
                            * 0: it is only reported, as watchdog_ms says */
    uint32_t start_ms;     /* for a node to become ready; 30,000 */
    uint32_t term_ms;      /* from SIGTERM to SIGKILL; 5000 */
    /* Processes at once that the supervisors of one node, but for the root's,
     * may have for their children; 128. */
    uint32_t processes_max;
    bool subreaper; /* reap orphans of nodes too; see prctl(2) */
    /* Each line that a node's process writes, made printable; NULL: they are
     * logged, as "[name] line", or, where info is not logged, the last 20 when
     * it failed; and the very last stands in the words of its end. Called on a
     * thread of the library's. */
    void (*line)(void *data, const char *name, int stream, const char *text);
    void *data;
} troupe_nodes_options_t;

/* What a node's process is; all of it is copied. */
typedef struct troupe_node_spec {
    const char *name;        /* of the node; one at a time may have it */
    const char *path;        /* the program; NULL: this one, once more:
                              * see troupe_program_t (troupe_isolation.h) */
    const char *const *argv; /* ended by NULL; NULL: the path alone */
    const char *const
        *env;              /* "NAME=VALUE", ended by NULL, over ours; or NULL */
    const char *directory; /* to start in; NULL: ours */
} troupe_node_spec_t;

/*
 * troupe_node_start: start a node, soon; it must call troupe_node_join(). What
 * becomes of it is told to those who watch (troupe_nodes_watch()).
 *
 *   root        a node with `nodes` in its options.
 *   ret_number  out, may be NULL: the number of this life of it.
 *   returns     0, or
 *               -EINVAL     name, path or another value is wrong
 *               -EPERM      `root` is no root
 *               -EEXIST     a living node has that name
 *               -ENOSPC     1022 nodes live, or ended within a minute
 *               -ESHUTDOWN  the root is stopping
 *   threads     any
 */
TROUPE_MUST int troupe_node_start(troupe_t *root,
                                  const troupe_node_spec_t *spec,
                                  uint32_t *ret_number);

/*
 * troupe_node_end: ask a node to stop in order; after `timeout_ms` its process
 * gets SIGTERM, then SIGKILL. Does not wait.
 *
 *   returns  0 (again, too), -EPERM (`root` is no root), or -ESRCH: no such
 *            node lives
 *   threads  any
 */
TROUPE_API int troupe_node_end(troupe_t *root, uint32_t number,
                               uint32_t timeout_ms);

/*
 * troupe_node_join: become the node that this process was started as. Call it
 * first thing in main(); then, as long as the node shall live, troupe_wait(),
 * and troupe_destroy(). The root's orderly end is a stop request here.
 *
 *   options   as for troupe_new(); `nodes` must be NULL.
 *   ret_node  out: the node, of which the whole run knows now.
 *   returns   0, or
 *             -ENODATA    no root started this process: it may be one itself
 *             -EPERM      not called on the main thread
 *             -EBADMSG    what the root handed down cannot be read
 *             -EPROTO     the root refused this node; the log says why
 *             -ETIMEDOUT  the root did not answer
 *             or as troupe_new()
 *   threads   the main thread
 */
TROUPE_MUST int troupe_node_join(const troupe_options_t *options,
                                 troupe_t **ret_node);

typedef enum troupe_node_state {
    TROUPE_NODE_STARTING = 1, /* its process runs, or soon will */
    TROUPE_NODE_JOINING,      /* it has said hello */
    TROUPE_NODE_READY
} troupe_node_state_t;

typedef struct troupe_node_info {
    uint32_t number;
    char name[TROUPE_NAME_MAX + 1];
    troupe_node_state_t state;
    int pid;            /* 0: not known yet */
    uint32_t workers;   /* 0: not known yet, or it has none, as a guest has */
    bool is_silent;     /* too many questions without an answer; the root's */
    troupe_ref_t agent; /* who acts for others there, or the one actor of a
                           node that is not built on Troupe; or nobody */
} troupe_node_info_t;

/*
 * troupe_node_list: the nodes of the run, this one included, by number.
 *
 *   ret_infos  out: room for `max` of them; the rest is left out.
 *   returns    how many there are; 0 on a node that is alone
 *   threads    any
 */
TROUPE_API size_t troupe_node_list(troupe_t *node,
                                   troupe_node_info_t *ret_infos, size_t max);

/*
 * troupe_node_of: the name of the node that an actor is on.
 *
 *   name     out.
 *   returns  0, or -ENOENT: no living node that this one knows; a node that is
 *            alone knows none
 *   threads  any
 */
TROUPE_API int troupe_node_of(troupe_t *node, troupe_ref_t ref,
                              char name[TROUPE_NAME_MAX + 1]);

/* What a "node-up" or "node-down" says. */
typedef struct troupe_node_event {
    const char *name; /* lent with the message */
    uint32_t number;
    bool is_up;
    /* For "node-down": */
    bool was_ready;         /* false: its start failed */
    bool is_permanent;      /* exit code 125: do not start it again */
    troupe_reason_t reason; /* code: exit code, signal (killed), or -errno */
} troupe_node_event_t;

/*
 * troupe_nodes_watch: hear of nodes, by tells: "node-up" when one is ready, of
 * each that is so already too, and "node-down" once when it has ended; at the
 * root also when it ended before it was ready.
 *
 *   returns  0 (again, too), or -EPERM: this node is in no run
 */
TROUPE_API int troupe_nodes_watch(troupe_context_t *ctx);

/* troupe_node_event_read: what such a message says. Returns 0 or -EBADMSG. */
TROUPE_MUST int troupe_node_event_read(const troupe_message_t *msg,
                                       troupe_node_event_t *ret_event);

#endif
