/* SPDX-License-Identifier: Apache-2.0 */
/* troupe_graph.h: tasks that need each other, run by supervised actors. */
#ifndef TROUPE_GRAPH_H
#define TROUPE_GRAPH_H

#include "troupe_actor.h"

#define TROUPE_GRAPH_TASKS_MAX  20000
#define TROUPE_GRAPH_NEEDS_MAX  200000 /* of all tasks together */
#define TROUPE_GRAPH_ID_MAX     127    /* bytes of A-Z a-z 0-9 _ - / */
#define TROUPE_GRAPH_PARTS_MAX  10000  /* items of lists in a run */
#define TROUPE_GRAPH_ROUNDS_MAX 1000   /* of a task that is repeated */

/* When a task starts. A need is good when it went well; one that is optional
 * and did not is absent: nobody's vote, and in nobody's way. */
typedef enum troupe_graph_rule {
    TROUPE_GRAPH_ALL_SUCCESS = 0, /* each need is good or absent */
    TROUPE_GRAPH_ALL_DONE,        /* each has ended, however */
    TROUPE_GRAPH_ONE_SUCCESS,     /* as soon as one is good */
    TROUPE_GRAPH_NONE_FAILED,     /* each has ended, none of them badly */
    TROUPE_GRAPH_QUORUM           /* as soon as `quorum` of them are good */
} troupe_graph_rule_t;

/* What a task does. */
typedef enum troupe_graph_work {
    TROUPE_GRAPH_NOOP = 0,
    TROUPE_GRAPH_VALUE, /* its result is `body` */
    TROUPE_GRAPH_ASK,   /* asks `actor` `type` with `body`: the reply's body */
    TROUPE_GRAPH_COMMAND, /* a shell command; see GRAPH.md for the body */
    TROUPE_GRAPH_NESTED /* a run of another graph; its body: {graph: bytes that
                           troupe_graph_write() wrote, item?, index?}; those two
                           become the results of its tasks of those ids */
} troupe_graph_work_t;

/* A task; texts and arrays are copied. Zeros are the defaults. */
typedef struct troupe_graph_task {
    const char *id;
    troupe_graph_work_t work;
    const char *actor; /* a name */
    const char *type;
    const void *body; /* one msgpack value; in its texts ${id.field} is filled
                         in with results of needs; NULL: nil */
    size_t body_size;
    const char *const *needs; /* ids */
    size_t need_count;
    troupe_graph_rule_t rule;
    uint32_t quorum;
    bool optional;             /* the graph goes well without it */
    const char *fallback;      /* id of the task that replaces it if it fails */
    const char *on_error;      /* id of the task that runs if it fails */
    const char *when;          /* "${id.field} > 3"; false: it is not needed */
    const char *const *writes; /* names of things that it alone may change */
    size_t write_count;
    uint32_t retries;        /* further attempts after a failure */
    uint32_t backoff_min_ms; /* before the first of them; 100 */
    uint32_t backoff_max_ms; /* before any; 10,000 */
    uint32_t timeout_ms;     /* of one attempt; 0: an hour */
    uint32_t takes_ms;       /* as far as is known; 0: not known */
    uint32_t line;           /* in the file that it comes from; 0: none */
    const char *file;        /* which that is, for messages; or NULL */
    const char *each;        /* "${id.field}", a list or lines: it is done once
                               for each, ${item}, at its ${index} from 0; its
                               result is the list of theirs, in order */
    uint32_t each_parallel;  /* items at once; 0: as many as the run may */
    uint32_t each_quorum;    /* so many must go well; 0: all */
    const char *until;       /* a condition as `when`: it is done again until it
                               holds of ${last}, its result; ${round} from 1 */
    uint32_t rounds_max;     /* with `until`: 1 to TROUPE_GRAPH_ROUNDS_MAX */
    bool rounds_enough;      /* after the last of them it is well in any case */
} troupe_graph_task_t;

/* Tasks, in the order in which they were added. */
typedef struct troupe_graph troupe_graph_t;

/* troupe_graph_new: an empty graph, owned by the caller. threads: one at a
 * time, as for all calls on a graph. */
TROUPE_API troupe_graph_t *troupe_graph_new(void);

/*
 * troupe_graph_add: add a task.
 *
 *   returns  0, or
 *            -EINVAL  no id, a bad one, or a member is out of range
 *            -EBADMSG body is not one msgpack value, or not a command's
 *            -ENOSPC  over TROUPE_GRAPH_TASKS_MAX or _NEEDS_MAX
 *            What concerns several tasks is looked at by the check.
 */
TROUPE_MUST int troupe_graph_add(troupe_graph_t *self,
                                 const troupe_graph_task_t *task);

/* troupe_graph_count: how many tasks there are. */
TROUPE_API size_t troupe_graph_count(const troupe_graph_t *self);

/* troupe_graph_task: the index-th task, or NULL; lent until the graph ends. */
TROUPE_API const troupe_graph_task_t *
troupe_graph_task(const troupe_graph_t *self, size_t index);

/* What can be wrong with a graph. */
typedef enum troupe_graph_fault {
    TROUPE_GRAPH_EMPTY = 1,
    TROUPE_GRAPH_DUPLICATE, /* two tasks of one id */
    TROUPE_GRAPH_MISSING,   /* `name` is the id of no task */
    TROUPE_GRAPH_CYCLE,
    TROUPE_GRAPH_WRITERS,  /* two write one thing, in no order */
    TROUPE_GRAPH_NEVER,    /* it could not run, however the others end */
    TROUPE_GRAPH_REFERENCE /* a ${...} or a `when` that cannot be read, or is of
                              a task that is not needed: `name` */
} troupe_graph_fault_t;

/* One thing that is wrong; all is lent for the call. */
typedef struct troupe_graph_problem {
    troupe_graph_fault_t fault;
    size_t task;      /* index; SIZE_MAX: the whole graph */
    size_t need;      /* which of its needs; SIZE_MAX: none */
    const char *name; /* or NULL */
    const char *text; /* a sentence, with ids and lines */
} troupe_graph_problem_t;

/*
 * troupe_graph_check: look whether a graph can run.
 *
 *   found    called for each thing that is wrong; NULL: nobody.
 *   returns  0, or -EINVAL when something is wrong
 *   cost     tasks + needs, and once more for each thing that several write
 */
TROUPE_MUST int troupe_graph_check(
    troupe_graph_t *self,
    void (*found)(void *data, const troupe_graph_problem_t *problem),
    void *data);

/* What a run will be like when tasks take what `takes_ms` says. */
typedef struct troupe_graph_plan {
    uint32_t parallel;
    bool is_guess;      /* a task does not say: it counts as 1 s */
    uint64_t work_ms;   /* T1: all tasks, one after the other */
    uint64_t span_ms;   /* Tinf: the critical path */
    uint64_t wall_ms;   /* with `parallel` at once, by priority */
    uint64_t *start_ms; /* by task */
    uint64_t *rank_ms;  /* by task: from its start to the end (b-level) */
    uint32_t *order;    /* tasks by their start */
    uint32_t *path;     /* the critical path */
    size_t count, path_count;
} troupe_graph_plan_t;

/*
 * troupe_graph_plan: predict a run by simulation. Tasks that stand by for a
 * failure take no part.
 *
 *   parallel  0: one per core.
 *   ret_plan  out: end it with troupe_graph_plan_destroy().
 *   returns   0, or -EINVAL when the graph cannot run
 *   source    b-level: HEFT, Topcuoglu et al. 2002
 */
TROUPE_MUST int troupe_graph_plan(troupe_graph_t *self, uint32_t parallel,
                                  troupe_graph_plan_t **ret_plan);

/* troupe_graph_plan_destroy: free *plan_p and set it to NULL; NULL is fine. */
TROUPE_API void troupe_graph_plan_destroy(troupe_graph_plan_t **plan_p);

/* troupe_graph_destroy: free *self_p and set it to NULL; NULL is fine. */
TROUPE_API void troupe_graph_destroy(troupe_graph_t **self_p);

#endif
