/* SPDX-License-Identifier: Apache-2.0 */
/* troupe_graph_run.h: runs a graph, and says what came of each task. */
#ifndef TROUPE_GRAPH_RUN_H
#define TROUPE_GRAPH_RUN_H

#include "troupe_graph.h"

/* How a task ended: exactly one of these. */
typedef enum troupe_graph_state {
    TROUPE_GRAPH_OK = 1,
    TROUPE_GRAPH_FAILED,
    TROUPE_GRAPH_TIMEOUT,
    TROUPE_GRAPH_LOST,      /* whoever did it ended without an answer */
    TROUPE_GRAPH_CANCELLED, /* the run was over first */
    TROUPE_GRAPH_SKIPPED,   /* for want of a need: `why` has the chain */
    TROUPE_GRAPH_NOT_NEEDED /* its `when` is false, a need of it was not needed,
                               or it stood by for what went well */
} troupe_graph_state_t;

/* troupe_graph_state_name: "ok", "failed", "timeout", "lost", "cancelled",
 * "skipped", "not needed". */
TROUPE_API const char *troupe_graph_state_name(troupe_graph_state_t state);

/* What came of one item of a task with `each`, or of one round of a task that
 * is repeated; as below. */
typedef struct troupe_graph_part {
    troupe_graph_state_t state;
    uint32_t attempts;
    bool resumed;
    uint64_t started_ns;
    uint64_t ended_ns;
    uint64_t spent_ns;
    const char *why;
} troupe_graph_part_t;

/* What came of a task. Times count from the start of the run. */
typedef struct troupe_graph_ended {
    const char *id;
    troupe_graph_state_t state;
    uint32_t attempts;   /* 0: it was never started */
    uint64_t ready_ns;   /* its needs had ended */
    uint64_t started_ns; /* the last attempt began */
    uint64_t ended_ns;
    uint64_t spent_ns;  /* by all attempts */
    bool resumed;       /* done by an earlier run of the journal */
    bool recovered;     /* it failed, and its fallback went well */
    const char *why;    /* "" when it went well; of one that is ok: what is
                            missing, as items beyond its quorum, or `until` */
    const void *result; /* one msgpack value; a recovered task: that of its
                            fallback; NULL: none */
    size_t result_size;
    const troupe_graph_part_t *parts; /* its items or rounds, in order */
    size_t part_count;
} troupe_graph_ended_t;

/* How a run ended. */
typedef enum troupe_graph_outcome {
    TROUPE_GRAPH_COMPLETE = 1, /* all went well, or was not needed */
    TROUPE_GRAPH_DEGRADED,     /* but for optional tasks, or by fallbacks, or
                                  one that is ok says what is missing */
    TROUPE_GRAPH_BROKEN,       /* a task failed that had to go well */
    TROUPE_GRAPH_INTERRUPTED,
    TROUPE_GRAPH_OVERDUE, /* the deadline passed */
    TROUPE_GRAPH_STALLED  /* nothing ran and nothing could: a bug; `why` says
                             who waits for whom */
} troupe_graph_outcome_t;

/* troupe_graph_outcome_name: "complete", "degraded", "broken", ... */
TROUPE_API const char *
troupe_graph_outcome_name(troupe_graph_outcome_t outcome);

/* What came of a run; T_P <= T1 / P + Tinf (Brent 1974) where tasks do not wait
 * for anything else. */
typedef struct troupe_graph_report {
    troupe_graph_outcome_t outcome;
    const char *why; /* in a line */
    size_t count;
    const troupe_graph_ended_t *tasks;          /* in the order of the graph */
    size_t states[TROUPE_GRAPH_NOT_NEEDED + 1]; /* how many ended so */
    uint32_t parallel;                          /* the bound */
    uint32_t parallel_most;                     /* at once, as measured */
    uint64_t wall_ns;
    uint64_t work_ns;     /* T1: all attempts together */
    uint64_t span_ns;     /* Tinf: the critical path, as measured */
    double speedup;       /* work / wall */
    double efficiency;    /* speedup / parallel */
    const uint32_t *path; /* the critical path: indexes of tasks */
    size_t path_count;
} troupe_graph_report_t;

/* Start from troupe_graph_options_default(). */
typedef struct troupe_graph_options {
    uint32_t parallel;    /* tasks at once; 0: one per core */
    bool fail_fast;       /* after a failure start only what stands by */
    uint32_t deadline_ms; /* for everything; 0: none */
    int interrupt_fd;     /* a byte: start no more; a second: end at once; -1 */
    troupe_ref_t watcher; /* is sent "graph.event"; see GRAPH.md; or nobody */
    const char *journal;  /* path of a file that is made, and keeps what is
                             finished before it counts; NULL: none */
    bool resume;          /* the journal is there: what it has is not repeated,
                             as long as the task and its input are the same */
    /* By troupe_graph_run(), on its thread, as soon as there is a report: its
     * actors stop after that, and one that is stuck holds nothing back. */
    void (*ended)(void *data, const troupe_graph_report_t *report);
    void *data;
} troupe_graph_options_t;

/* troupe_graph_options_default: no deadline, no interrupt, no journal. */
TROUPE_API troupe_graph_options_t troupe_graph_options_default(void);

/*
 * troupe_graph_run: run a graph and wait for the report.
 *
 *   node        runs the actors; those of the run are gone at the end.
 *   graph       borrowed.
 *   options     NULL: the defaults.
 *   ret_report  out: end it with troupe_graph_report_destroy(); untouched on
 *               error.
 *   returns     0, whatever became of the tasks, or
 *               -EINVAL     the graph cannot run: troupe_graph_check() says why
 *               -EHOSTDOWN  the coordinator failed
 *               -EIO        the journal cannot be used: see troupe_graph_words()
 *               -ECANCELED  the node stops
 *               -ENOSPC     the node has no room for the actors
 *   threads     any but the node's own; several runs may share a node.
 */
TROUPE_MUST int troupe_graph_run(troupe_t *node, troupe_graph_t *graph,
                                 const troupe_graph_options_t *options,
                                 troupe_graph_report_t **ret_report);

struct msgpack_packer;

/* troupe_graph_words: why the last troupe_graph_run() of this thread failed,
 * or ""; valid until this thread runs another. threads: any */
TROUPE_API const char *troupe_graph_words(void);

/* What a coordinator is asked; both are borrowed, options may be NULL. */
struct troupe_graph_request {
    const troupe_graph_t *graph;
    const troupe_graph_options_t *options;
};

/*
 * troupe_graph_write: the body of a "run", for the format "*": what actors ask
 * a coordinator that they have.
 *
 *   request  a struct troupe_graph_request *
 *   returns  0
 */
TROUPE_API int troupe_graph_write(struct msgpack_packer *packer, void *request);

/*
 * troupe_graph_report_read: the reply to a "run".
 *
 *   graph    that was run.
 *   returns  0, -EINVAL (the graph cannot run), or -EBADMSG
 */
TROUPE_MUST int troupe_graph_report_read(const troupe_message_t *msg,
                                         troupe_graph_t *graph,
                                         troupe_graph_report_t **ret_report);

/* troupe_graph_report_destroy: free it, set it to NULL; NULL is fine. */
TROUPE_API void troupe_graph_report_destroy(troupe_graph_report_t **report_p);

/*
 * The actors of a run. troupe_graph_coordinator starts, below a supervisor of
 * its own, those that do the work, a troupe_graph_worker each; it is asked
 * "run" with a graph, and runs one at a time. Its start takes nil. GRAPH.md has
 * the bodies.
 */
TROUPE_API const troupe_kind_t troupe_graph_coordinator;
TROUPE_API const troupe_kind_t troupe_graph_worker;

#endif
