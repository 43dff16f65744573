/* SPDX-License-Identifier: Apache-2.0 */
/* troupe_map.h: many tasks at once: programs, functions and asks. */
#ifndef TROUPE_MAP_H
#define TROUPE_MAP_H

#include "troupe_journal.h"
#include "troupe_kind.h"

#define TROUPE_MAP_REPLICAS_MAX 99

/*
 * A map runs a list of tasks with a bound on how many run at once. A task that
 * fails is a result; each task has exactly one. A task is
 *
 *   ["command", nil, nil, {...}]   a program; the map is the body of "run" in
 *                                  troupe_command.h, and its answer the value
 *   ["fn", KIND, TYPE, body]       an actor of that kind, which the map starts
 *                                  and which has one task at a time, is asked
 *   ["ask", NAME, TYPE, body]      the actor of that name is asked
 *
 * and may go on with a timeout in ms (0: that of the map), retries, a key for
 * the journal (nil: it is not written down), a priority (0 and more; the higher
 * the sooner) and the name of a resource (nil: none), of which each task that
 * runs has a token; there may be 64 names. TYPE nil is "call".
 *
 * Pools run them, one on each worker of the node: a pool is given so much as it
 * will do in a few milliseconds, and takes half of what another one has not
 * begun. Actors for functions start when they are needed. One that does not
 * return keeps its worker: its task ends by a timeout, the deadline or "halt",
 * others go on, on up to 64 threads more, if the map is apart from functions.
 */
typedef enum troupe_map_mode {
    TROUPE_MAP_ASYNC = 0, /* functions are actors on the workers */
    TROUPE_MAP_THREAD,    /* each has a thread of its own: it may block */
    TROUPE_MAP_PROCESS,   /* each has a process of its own: it may crash; the
                             node must be the root of troupe_isolation_begin() */
    TROUPE_MAP_AUTO       /* async; after one that keeps its worker: thread */
} troupe_map_mode_t;

/* When to begin no more, "soon", or to end what runs as well, "now". */
typedef enum troupe_map_halt_on {
    TROUPE_MAP_HALT_NEVER = 0,
    TROUPE_MAP_HALT_FAIL,    /* so many did not succeed */
    TROUPE_MAP_HALT_SUCCESS, /* so many did */
    TROUPE_MAP_HALT_DONE     /* so many have ended */
} troupe_map_halt_on_t;

typedef struct troupe_map_halt {
    troupe_map_halt_on_t on;
    bool now;
    uint32_t count;
    uint32_t percent; /* instead of count: of those that have ended, from the
                         tenth on */
} troupe_map_halt_t;

/* What tasks need and there is not enough of. */
typedef struct troupe_map_resource {
    const char *name; /* 1 .. TROUPE_NAME_MAX bytes */
    uint32_t count;   /* tokens: so many tasks with it at once; 1 and more */
} troupe_map_resource_t;

/* {0} is a good beginning. */
typedef struct troupe_map_options {
    uint32_t jobs; /* at once; 0: as many as the node has workers; 65,536 */
    troupe_map_mode_t mode;
    bool ordered; /* results in the order of the tasks */
    bool apart;   /* the map has a thread of its own; with auto it always has */
    uint32_t timeout_ms;      /* of an attempt; 0: none */
    uint32_t timeout_percent; /* or of the median of three and more; 0: none */
    uint32_t retries;         /* for tasks that say nothing */
    uint32_t backoff_ms;      /* before a retry, at most; it doubles; 0: 100 */
    uint32_t deadline_ms;     /* for everything; 0: none */
    troupe_map_halt_t halt;
    const troupe_map_resource_t *resources; /* others have one token */
    size_t resource_count;                  /* 64 */
    double load;         /* begin none while the machine's is above; 0: none */
    uint32_t replicas;   /* so many may do each task, in other pools; what most
                          say counts: state and value, or exit and output; 99 */
    const char *journal; /* path; NULL: none */
    bool resume; /* the journal is there: what it has is not done again */
    bool resume_failed; /* but what did not succeed is */
} troupe_map_options_t;

/*
 * troupe_map: the actor; for C there is troupe_map_run().
 *
 *   start  nil, or {jobs: U, mode: "async", "thread", "process" or "auto",
 *          ordered: b, timeout_ms: U, timeout_percent: U, retries: U,
 *          backoff_ms: U, deadline_ms: U, halt_on: U, halt_now: b, halt_count: U,
 *          halt_percent: U, resources: {NAME: U}, load: f, replicas: U,
 *          journal: R}     a troupe_journal_actor
 *   map    {tasks: [task]} -> {results: [result]}, in the order of the tasks
 *   put    {tasks: [task], last: b} -> nil when there is room for more
 *   take   nil -> {results: [result], halted: b, over: b, summary: {...}}, when
 *          there are results of puts, or 1 ms later; over when all are there
 *   halt   {now: b} -> nil: begin no more; now: end what runs; why: s, words
 *   stat   nil -> the summary so far
 *
 * A result is [number, key, state, value, attempts, queue_ms, run_ms, pool,
 * text]: numbers count the tasks from 0; state is "ok", "failed", "timeout",
 * "lost" (its actor ended), "cancelled" (while it ran) or "skipped" (it never
 * ran); pool is nil where none had it. Where several did it there are the votes
 * behind: [[state, count, value], ...], with nil for the value that is above.
 */
TROUPE_API const troupe_kind_t troupe_map;

typedef enum troupe_map_how {
    TROUPE_MAP_COMMAND = 0,
    TROUPE_MAP_FN,
    TROUPE_MAP_ASK,
    TROUPE_MAP_BROKEN /* it cannot be done: its result is "failed", and its
                         text is `target` */
} troupe_map_how_t;

/* A task; what it points to is read before `next` is called again. */
typedef struct troupe_map_task {
    troupe_map_how_t how;
    const char *target; /* kind or name; NULL for a command */
    const char *type;   /* NULL: "call" */
    const void *body;   /* one msgpack value; NULL: nil */
    size_t body_size;
    uint32_t timeout_ms;  /* 0: that of the map */
    int64_t retries;      /* -1: those of the map */
    const char *key;      /* NULL: none */
    uint32_t priority;    /* the higher the sooner */
    const char *resource; /* NULL: none */
} troupe_map_task_t;

/* A result; lent for the call. */
typedef struct troupe_map_result {
    uint64_t number;                /* of its task, from 0 */
    const char *key, *text, *state; /* "" for none; why not "ok", or "" */
    const void *value;              /* one msgpack value */
    size_t value_size;
    uint32_t attempts, pool;
    double queue_ms, run_ms;
    const void *votes; /* [[state, count, value], ...]; NULL: none */
    size_t votes_size;
    bool resumed; /* from the journal */
} troupe_map_result_t;

/* What came of all. */
typedef struct troupe_map_summary {
    uint64_t tasks, ok, failed, timeout, lost, cancelled, skipped;
    uint64_t retried, stolen, resumed;
    uint32_t jobs, peak, stuck; /* bound; most at once; threads kept */
    bool halted, deadline_passed;
    double wall_s, busy_s, p50_ms, p95_ms, p99_ms, queue_p50_ms;
    char error[512]; /* of the journal; "" */
} troupe_map_summary_t;

/* Who gives the tasks and takes the results; all on the calling thread. */
typedef struct troupe_map_calls {
    /* 1: a task; 0: that was the last; -EAGAIN: none yet, ask again when
     * input_fd is readable; another error ends the run with it. */
    int (*next)(void *data, troupe_map_task_t *ret_task);
    int (*result)(void *data, const troupe_map_result_t *result); /* 0, error */
    /* Now and then; may be NULL. 1: begin no more; 2: end what runs as well. */
    int (*look)(void *data, const troupe_map_summary_t *so_far);
    int input_fd;     /* -1: none */
    uint32_t look_ms; /* 0: 200 */
    void *data;
} troupe_map_calls_t;

/*
 * troupe_map_run: run tasks and wait for their results.
 *
 *   node         runs them; kinds of functions must be known to it.
 *   ret_summary  out, also after an error of a call; may be NULL.
 *   returns      0 whatever became of the tasks, an error of `next` or
 *                `result`, an error of the journal (`error` has words), or
 *                -EINVAL, -EIO, -ESHUTDOWN, -EHOSTDOWN (the map failed)
 *   threads      any but the node's own
 */
TROUPE_MUST int troupe_map_run(troupe_t *node,
                               const troupe_map_options_t *options,
                               const troupe_map_calls_t *calls,
                               troupe_map_summary_t *ret_summary);

#endif
