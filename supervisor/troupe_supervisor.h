/* SPDX-License-Identifier: Apache-2.0 */
/* troupe_supervisor.h: supervisors and the specs of their children. */
#ifndef TROUPE_SUPERVISOR_H
#define TROUPE_SUPERVISOR_H

#include "troupe_thread.h"

/*
 * A supervisor is an actor that starts children in order, restarts those
 * that fail, and stops them in reverse order. A restarted child keeps its
 * ref, name and mailbox; its state is new. One that is stopped for good has
 * a stale ref and a free name, also when its spec is kept. A child that ends
 * with -ENOTRECOVERABLE is not restarted, whatever its spec says.
 *
 * In these structs 0 takes the default; for a real 0 or no bound at all:
 */
#define TROUPE_ZERO     (UINT32_MAX - 1)
#define TROUPE_INFINITE UINT32_MAX

/* For shutdown_ms: the child is killed at once, its stop is not called. */
#define TROUPE_SHUTDOWN_BRUTAL (UINT32_MAX - 2)

typedef enum troupe_restart {
    TROUPE_PERMANENT = 0, /* always restarted */
    TROUPE_TRANSIENT,     /* when it did not end normally or by shutdown */
    TROUPE_TEMPORARY      /* never, and its spec is forgotten when it ends */
} troupe_restart_t;

typedef enum troupe_strategy {
    TROUPE_ONE_FOR_ONE = 0,
    TROUPE_ONE_FOR_ALL,       /* one fails: all are stopped and restarted */
    TROUPE_REST_FOR_ONE,      /* one fails: it and those after it are */
    TROUPE_SIMPLE_ONE_FOR_ONE /* one spec, any number of children of it */
} troupe_strategy_t;

typedef enum troupe_auto_shutdown {
    TROUPE_AUTO_NEVER = 0,
    TROUPE_AUTO_ANY, /* a significant child ended by itself, not restarted */
    TROUPE_AUTO_ALL  /* and so did every other significant child */
} troupe_auto_shutdown_t;

/*
 * How long a child rests before a restart. The first restart in a row is at
 * once; the second waits min_ms, each further one `factor` times as long. A
 * row ends when the child has run for reset_ms.
 */
typedef struct troupe_backoff {
    uint32_t min_ms;         /* 10; TROUPE_ZERO: never wait */
    uint32_t max_ms;         /* 5000 */
    uint32_t factor_percent; /* 200; at least 100 */
    uint32_t jitter_percent; /* the wait is shortened by up to so much; 20 */
    uint32_t reset_ms;       /* 30,000 */
} troupe_backoff_t;

typedef enum troupe_over_budget {
    TROUPE_ESCALATE = 0, /* the supervisor stops all children and ends */
    TROUPE_GIVE_UP       /* only this child stays down */
} troupe_over_budget_t;

/* Restarts of one child; all also count for the supervisor's intensity. */
typedef struct troupe_budget {
    uint32_t restarts;  /* allowed within period_ms; 0: no such budget */
    uint32_t period_ms; /* the supervisor's */
    troupe_over_budget_t then;
} troupe_budget_t;

typedef struct troupe_supervisor_options {
    const char *name; /* unique on the node; NULL: none */
    troupe_strategy_t strategy;
    uint32_t intensity;    /* restarts allowed within period_ms; 1 */
    uint32_t period_ms;    /* 5000 */
    uint32_t unstable_max; /* restarts of one child in a row (as for its
                              back-off), however slow they come; 100 */
    troupe_auto_shutdown_t auto_shutdown;
    troupe_place_t place;
    bool unlinked; /* outlive the actor that starts it */
} troupe_supervisor_options_t;

/* In which process a child runs; see troupe_isolation.h. */
typedef enum troupe_isolation {
    TROUPE_SAME_PROCESS = 0, /* its supervisor's, or that of `node` */
    TROUPE_OWN_PROCESS       /* one for each of its incarnations */
} troupe_isolation_t;

typedef struct troupe_child_spec {
    const char *id; /* unique among siblings; 1 .. TROUPE_NAME_MAX bytes */
    const troupe_kind_t *kind; /* what it is; or else, for a supervisor: */
    const troupe_supervisor_options_t *supervisor;
    const struct troupe_child_spec *children; /* its children's specs */
    size_t child_count;
    const void *arguments; /* of start: one msgpack value; see */
    size_t arguments_size; /*     troupe_child_spec_pack(); 0: nil */
    troupe_restart_t restart;
    uint32_t shutdown_ms; /* from asking it to stop to killing it; 5000; a
                             supervisor: always TROUPE_INFINITE */
    uint32_t start_ms;    /* how long start may take; 30,000; a supervisor:
                             TROUPE_INFINITE */
    bool significant;
    const char *name;     /* unique on the node; NULL: none */
    troupe_place_t place; /* default: near the supervisor */
    uint32_t worker;
    troupe_limits_t mailbox;
    troupe_backoff_t backoff;
    troupe_budget_t budget;
    uint32_t poison_max; /* failures on one same message, or crashes with it
                            in hand, until it is kept from the child, in a
                            row; the last of them does not count as one; 3;
                            TROUPE_INFINITE: never */
    /* Of asks over a restart; not of a supervisor; troupe_delivery.h. */
    troupe_delivery_t delivery;
    troupe_isolation_t isolation;
    const char *node; /* the name of the node that it runs on; NULL: its
                         supervisor's; not with TROUPE_OWN_PROCESS */
    const struct troupe_program *program; /* troupe_isolation.h; or NULL */
} troupe_child_spec_t;

/* What is wrong, in words: "child 'x': shutdown_ms ...". */
typedef struct troupe_supervisor_error {
    char text[256];
} troupe_supervisor_error_t;

/*
 * troupe_child_spec_pack: set the arguments of a spec to a packed value.
 *
 *   format   as for troupe_send().
 *   returns  0 or -EINVAL; the bytes belong to the spec from then on, until
 *            troupe_child_spec_clear(). Starting a child copies them.
 */
TROUPE_MUST int troupe_child_spec_pack(troupe_child_spec_t *spec,
                                       const char *format, ...);

/* troupe_child_spec_clear: free packed arguments. */
TROUPE_API void troupe_child_spec_clear(troupe_child_spec_t *spec);

/*
 * troupe_child_specs_check: what a start would say of them, without it.
 *
 *   error    out: words, "" when all is well; may be NULL.
 *   returns  0 or -EINVAL
 *   threads  any
 */
TROUPE_MUST int
troupe_child_specs_check(const troupe_supervisor_options_t *options,
                         const troupe_child_spec_t *specs, size_t count,
                         troupe_supervisor_error_t *error);

/*
 * troupe_supervisor_start: begin a supervisor from an actor. The children
 * start one after another later; calls that change something wait for that.
 * When one fails to start, the others are stopped and the supervisor fails.
 * Unless `unlinked`, it ends with the actor, and its end is an exit there.
 *
 *   options  NULL: the defaults.
 *   specs    copied; for TROUPE_SIMPLE_ONE_FOR_ONE exactly one.
 *   ret_ref  out: its address; may be NULL.
 *   error    out: words; may be NULL.
 *   returns  0, -EINVAL (`error` says which spec and field), or as
 *            troupe_spawn(); -EEXIST also when two kinds have one name;
 *            -EMSGSIZE when there are more specs than one message can hold
 */
TROUPE_MUST int troupe_supervisor_start(
    troupe_context_t *ctx, const troupe_supervisor_options_t *options,
    const troupe_child_spec_t *specs, size_t count, troupe_ref_t *ret_ref,
    troupe_supervisor_error_t *error);

/*
 * troupe_node_supervisor_start: the same from an ordinary thread; waits until
 * all children have started.
 *
 *   returns  as above, or the code of the child that failed to start
 */
TROUPE_MUST int troupe_node_supervisor_start(
    troupe_t *node, const troupe_supervisor_options_t *options,
    const troupe_child_spec_t *specs, size_t count, troupe_ref_t *ret_ref,
    troupe_supervisor_error_t *error);

#endif
