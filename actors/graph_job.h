/* SPDX-License-Identifier: Apache-2.0 */
/* graph_job.h: a task while it runs: its attempts, its result, its end. */
#ifndef TROUPE_ACTORS_GRAPH_JOB_H
#define TROUPE_ACTORS_GRAPH_JOB_H

#include "troupe_events.h"
#include "troupe_trace.h"

#include "actors/graph.h"
#include "troupe_graph_run.h"

#define GRAPH_KEY        256 /* bytes of the key of a task in the journal */
#define GRAPH_PART_ID    (TROUPE_GRAPH_ID_MAX + 16) /* of "id[3]", an item */
#define GRAPH_JOURNAL_MS 60000 /* that it may take to write */

struct coordinator;
struct graph_run;
struct graph_each;
struct graph_item;
struct graph_rounds;

/* A task while it runs, and what came of it; or one item of a task with
 * `each`. Times count from the start. */
struct graph_job {
    struct graph_run *run;
    uint32_t task;
    struct graph_each *each;     /* its items; or NULL */
    struct graph_item *item;     /* which it is of those; or NULL */
    struct graph_rounds *rounds; /* of a task that is repeated; or NULL */
    troupe_ask_t ask;            /* the open one */
    troupe_timer_t timer; /* it rests until then, before it is tried again */
    uint32_t attempts;
    uint32_t tries; /* of those, in this round */
    bool resumed;
    bool lacks;       /* it is a graph, which says what it went well without */
    bool keeps;       /* its result is on the way to the journal */
    void *filled;     /* owned; or NULL */
    const void *body; /* with all references filled in */
    size_t body_size;
    uint64_t ready_ns;
    uint64_t started_ns;
    uint64_t ended_ns;
    uint64_t spent_ns; /* by the attempts that have ended */
    void *result;      /* one msgpack value; owned */
    size_t result_size;
    uint32_t result_values;
    troupe_span_t span;
    troupe_trace_t place; /* of the span, also when it is over */
};

/* troupe__graph_job_id: "id", or "id[3]" of an item, in `text`. */
const char *troupe__graph_job_id(const struct graph_job *job,
                                 char text[GRAPH_PART_ID]);

/* troupe__graph_job_start: start a task that was popped; it may end at once. */
void troupe__graph_job_start(troupe_context_t *ctx, struct coordinator *self,
                             struct graph_run *run, uint32_t task);

/* troupe__graph_job_attempt: do it, or do it once more. */
void troupe__graph_job_attempt(troupe_context_t *ctx, struct coordinator *self,
                               struct graph_job *job);

/* troupe__graph_job_begin: do it for the first time, or a further round of it,
 * unless the journal has it. */
void troupe__graph_job_begin(troupe_context_t *ctx, struct coordinator *self,
                             struct graph_job *job);

/* troupe__graph_job_known: what a reference of a job, `data`, is to. */
struct known;
struct reference;
struct known troupe__graph_job_known(void *data,
                                     const struct reference *reference);

/* troupe__graph_job_result: it went well, and this is what came of it. */
void troupe__graph_job_result(troupe_context_t *ctx, struct graph_job *job,
                              const void *bytes, size_t size);

/* troupe__graph_job_forget: its result is not one any more; it is given back,
 * or freed when `ret_bytes` is NULL. */
void troupe__graph_job_forget(struct graph_job *job, void **ret_bytes,
                              size_t *ret_size);

/* troupe__graph_job_done: its result is kept: end it, or go round again. */
void troupe__graph_job_done(troupe_context_t *ctx, struct graph_job *job);

/* troupe__graph_job_end: a task has ended; `why` is a format, or NULL. */
void troupe__graph_job_end(troupe_context_t *ctx, struct graph_job *job,
                           troupe_graph_state_t state, const char *why, ...)
    __attribute__((format(printf, 4, 5)));

/* troupe__graph_trace_begin, _attempt, _end: the span of a task; what is sent
 * after the first two belongs to it. */
void troupe__graph_trace_begin(troupe_context_t *ctx, struct graph_job *job);
void troupe__graph_trace_attempt(troupe_context_t *ctx, struct graph_job *job);
void troupe__graph_trace_failed(troupe_context_t *ctx, struct graph_job *job,
                                const char *words);
void troupe__graph_trace_end(troupe_context_t *ctx, struct graph_job *job,
                             troupe_graph_state_t state);

/* troupe__graph_job_stop: give a running task up; it ends later, or now. */
void troupe__graph_job_stop(troupe_context_t *ctx, struct graph_job *job);

/* troupe__graph_journal_open: troupe__graph_run_begin() or _refuse() follows; 0 or an
 * error. troupe__graph_journal_close: troupe__graph_run_over() follows. */
int troupe__graph_journal_open(troupe_context_t *ctx, struct coordinator *self);
int troupe__graph_journal_close(troupe_context_t *ctx,
                                struct coordinator *self);

/* troupe__graph_journal_find: look for its result first; false: there is no need. */
bool troupe__graph_journal_find(troupe_context_t *ctx, struct graph_job *job);

/* troupe__graph_journal_key: what it is called there. */
void troupe__graph_journal_key(struct graph_job *job, char key[GRAPH_KEY]);

/* troupe__graph_journal_keep: keep its result, then end it; it fails when that
 * cannot be kept. false: no need. */
bool troupe__graph_journal_keep(troupe_context_t *ctx, struct graph_job *job);

#endif
