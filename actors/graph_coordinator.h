/* SPDX-License-Identifier: Apache-2.0 */
/* graph_coordinator.h: a run of a graph, as the coordinator's files see it. */
#ifndef TROUPE_ACTORS_GRAPH_COORDINATOR_H
#define TROUPE_ACTORS_GRAPH_COORDINATOR_H

#include "actors/graph_job.h"
#include "actors/graph_schedule.h"
#include "actors/graph_wire.h"

#define GRAPH_WORKERS    2
#define GRAPH_RESULT_MAX (1u << 20)  /* bytes of one result */
#define GRAPH_VALUES_MAX (1u << 19)  /* values in all results of a run */
#define GRAPH_TOTAL_MAX  (64u << 20) /* of all results of a run */

struct graph_run {
    struct coordinator *owner;
    struct graph_orders orders;
    struct schedule schedule;
    struct graph_job *jobs; /* by task */
    char **whys;            /* by task; owned; NULL: nothing to say */
    uint32_t *changes;      /* tasks that have become ready, or have ended */
    uint32_t change_count;
    uint32_t *lists; /* tasks with items that are not all done */
    uint32_t list_count;
    uint32_t part_count;  /* items so far */
    uint32_t round_count; /* rounds that are told of */
    troupe_token_t token; /* of who waits for the report */
    troupe_timer_t deadline;
    troupe_ref_t journal;
    troupe_trace_t trace; /* that it was asked in */
    uint64_t start_ns;
    uint64_t wall_ns; /* when it is over */
    size_t result_bytes;
    uint32_t result_values; /* so far */
    uint32_t busy;          /* tasks that are being done, the bounded number */
    uint32_t busy_most;
    troupe_graph_outcome_t outcome; /* why it was ended early; 0: it was not */
    char *end_why;                  /* in words; owned */
    bool is_begun;
    bool is_over;  /* all have ended: there is only the report to do */
    bool draining; /* nothing more is started */
};

struct coordinator {
    troupe_ref_t supervisor;
    troupe_ref_t workers[GRAPH_WORKERS];
    uint32_t child_count; /* that have started */
    troupe_ref_t commands;
    troupe_ref_t nester;  /* runs graphs that are tasks */
    troupe_ref_t journal; /* of the run */
    uint32_t turn;        /* which worker is next */
    struct graph_run *run;
};

/* troupe__graph_run_new: a run that has not begun; it takes the orders over. */
struct graph_run *troupe__graph_run_new(troupe_context_t *ctx,
                                        const struct graph_orders *orders);

/* troupe__graph_run_begin: start its first tasks; returns as a handler does. */
int troupe__graph_run_begin(troupe_context_t *ctx, struct coordinator *self);

/* troupe__graph_run_refuse: the run cannot begin; returns as a handler does. */
int troupe__graph_run_refuse(troupe_context_t *ctx, struct coordinator *self,
                             int code, const char *words);

/* troupe__graph_run_over: report; returns as a handler does. */
int troupe__graph_run_over(troupe_context_t *ctx, struct coordinator *self);

/* troupe__graph_run_now: nanoseconds since the start of the run. */
uint64_t troupe__graph_run_now(troupe_context_t *ctx,
                               const struct graph_run *run);

/* troupe__graph_run_dispatch: start what is ready, as far as there is room, or end
 * the run; returns as a handler does. */
int troupe__graph_run_dispatch(troupe_context_t *ctx, struct coordinator *self);

/* troupe__graph_run_tell: note when tasks became ready or ended, and tell the
 * watcher. */
void troupe__graph_run_tell(troupe_context_t *ctx, struct graph_run *run);

/* troupe__graph_run_event: tell the watcher of a job: "started", "again". */
void troupe__graph_run_event(troupe_context_t *ctx, const struct graph_job *job,
                             const char *event);

/* troupe__graph_run_drain: start nothing more; with `now` also end what runs. */
void troupe__graph_run_drain(troupe_context_t *ctx, struct graph_run *run,
                             troupe_graph_outcome_t outcome, const char *why,
                             bool now);

/* troupe__graph_run_destroy: free *run_p and set it to NULL. */
void troupe__graph_run_destroy(struct graph_run **run_p);

#endif
