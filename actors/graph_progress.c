/* SPDX-License-Identifier: Apache-2.0 */
/* graph_progress.c: a run from its first task to its report. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "actors/graph_each.h"
#include "mailbox/check.h"

#define NS_PER_MS    1000000u
#define PARALLEL_MAX 10000u

/* --- a run ------------------------------------------------------------------*/

uint64_t
troupe__graph_run_now(troupe_context_t *ctx, const struct graph_run *run)
{
    uint64_t now_ns = troupe_time_ns(ctx);
    return now_ns > run->start_ns ? now_ns - run->start_ns : 0;
}

static void
on_changed(void *data, uint32_t task)
{
    struct graph_run *run = data;
    run->changes[run->change_count++] = task;
}

struct graph_run *
troupe__graph_run_new(troupe_context_t *ctx, const struct graph_orders *orders)
{
    uint32_t count = orders->graph->count;
    struct graph_run *run = troupe__alloc(sizeof *run);
    run->orders = *orders;
    run->jobs = troupe__alloc(count * sizeof *run->jobs);
    run->whys = troupe__alloc(count * sizeof *run->whys);
    run->lists = troupe__alloc((count + 1) * sizeof *run->lists);
    run->changes = troupe__alloc((2 * (size_t) count + 2) * sizeof(uint32_t));
    for (uint32_t i = 0; i < count; i++) {
        run->jobs[i].run = run;
        run->jobs[i].task = i;
    }
    if (run->orders.parallel == 0)
        run->orders.parallel = troupe__graph_cores();
    if (run->orders.parallel > PARALLEL_MAX)
        run->orders.parallel = PARALLEL_MAX;
    run->start_ns = troupe_time_ns(ctx);
    (void) troupe_trace_get(ctx, &run->trace);
    run->schedule = (struct schedule){
        .graph = orders->graph, .changed = on_changed, .data = run};
    return run;
}

void
troupe__graph_run_destroy(struct graph_run **run_p)
{
    struct graph_run *run = *run_p;
    if (!run)
        return;
    for (uint32_t i = 0; i < run->orders.graph->count; i++) {
        free(run->jobs[i].result);
        free(run->jobs[i].filled);
        troupe__graph_each_destroy(&run->jobs[i].each);
        troupe__graph_rounds_destroy(&run->jobs[i].rounds);
        free(run->whys[i]);
    }
    free(run->jobs);
    free(run->whys);
    free(run->changes);
    free(run->lists);
    free(run->end_why);
    troupe__schedule_clear(&run->schedule);
    troupe__graph_orders_clear(&run->orders);
    free(run);
    *run_p = NULL;
}

/* --- the watcher ------------------------------------------------------------*/

const char *
troupe__graph_job_id(const struct graph_job *job, char text[GRAPH_PART_ID])
{
    const char *id = job->run->orders.graph->tasks[job->task].spec.id;
    if (!job->item)
        return id;
    snprintf(text, GRAPH_PART_ID, "%s[%u]", id, job->item->index);
    return text;
}

/* How it ended; 0: it has not. */
static troupe_graph_state_t
state_of(const struct graph_job *job)
{
    const struct schedule_task *it = &job->run->schedule.tasks[job->task];
    if (job->item)
        return (troupe_graph_state_t) job->item->state;
    return it->phase == SCHEDULE_ENDED ? (troupe_graph_state_t) it->state : 0;
}

void
troupe__graph_run_event(troupe_context_t *ctx, const struct graph_job *job,
                        const char *event)
{
    const struct graph_run *run = job->run;
    char id[GRAPH_PART_ID];
    if (troupe_ref_is_nobody(run->orders.watcher))
        return;
    const char *why = job->item ? job->item->why : run->whys[job->task];
    /* A watcher that is full, or gone, misses something: the run goes on. */
    int rc = troupe_send(
        ctx, run->orders.watcher, "graph.event",
        "{s:s, s:s, s:U, s:s, s:s, s:U, s:U, s:U, s:U, s:U}", "event", event,
        "id", troupe__graph_job_id(job, id), "task", (uint64_t) job->task,
        "state", troupe_graph_state_name(state_of(job)), "why", why ? why : "",
        "attempts", (uint64_t) job->attempts, "ms",
        troupe__graph_run_now(ctx, run) / NS_PER_MS, "busy",
        (uint64_t) run->busy, "ended", (uint64_t) run->schedule.ended, "count",
        (uint64_t) run->orders.graph->count);
    (void) rc;
}

/* Why a task ended that never ran. */
static char *
why_of(const struct graph_run *run, uint32_t task)
{
    const struct schedule_task *it = &run->schedule.tasks[task];
    const struct graph_task *of = &run->orders.graph->tasks[task];
    if (it->state == TROUPE_GRAPH_SKIPPED)
        return troupe__schedule_chain(&run->schedule, task, run->whys);
    if (it->state == TROUPE_GRAPH_CANCELLED)
        return troupe__strdup(run->end_why ? run->end_why : "the run was over");
    if (it->state == TROUPE_GRAPH_NOT_NEEDED) {
        return troupe__strdup(troupe__graph_stands_by(of) && !it->fired
                                  ? "it stood by, and nothing failed"
                                  : "what it needs was not needed");
    }
    return NULL;
}

void
troupe__graph_run_tell(troupe_context_t *ctx, struct graph_run *run)
{
    uint64_t now_ns = troupe__graph_run_now(ctx, run);
    for (uint32_t i = 0; i < run->change_count; i++) {
        uint32_t task = run->changes[i];
        struct graph_job *job = &run->jobs[task];
        if (run->schedule.tasks[task].phase != SCHEDULE_ENDED) {
            job->ready_ns = now_ns;
            continue;
        }
        job->ended_ns = now_ns;
        if (!run->whys[task])
            run->whys[task] = why_of(run, task);
        troupe__graph_run_event(ctx, job, "ended");
    }
    run->change_count = 0;
}

/* --- ends -------------------------------------------------------------------*/

/* After a failure, what stands by is done to its end. */
static bool
is_kept(const struct graph_run *run, uint32_t task)
{
    return run->outcome == TROUPE_GRAPH_BROKEN
           && troupe__graph_stands_by(&run->orders.graph->tasks[task]);
}

void
troupe__graph_run_drain(troupe_context_t *ctx, struct graph_run *run,
                        troupe_graph_outcome_t outcome, const char *why,
                        bool now)
{
    if (!run->draining) {
        run->draining = true;
        run->outcome = outcome;
        run->end_why = troupe__strdup(why);
    }
    troupe__schedule_cancel(&run->schedule,
                            run->outcome == TROUPE_GRAPH_BROKEN && !now);
    troupe__graph_run_tell(ctx, run);
    for (uint32_t i = 0; i < run->orders.graph->count; i++) {
        if (run->schedule.tasks[i].phase != SCHEDULE_RUNNING)
            continue;
        if (run->jobs[i].each && (now || !is_kept(run, i)))
            troupe__graph_each_stop(ctx, &run->jobs[i], now);
        else if (now || run->jobs[i].timer.id != 0)
            troupe__graph_job_stop(ctx, &run->jobs[i]);
    }
}

static troupe_graph_outcome_t
outcome_of(const struct graph_run *run)
{
    troupe_graph_outcome_t outcome = TROUPE_GRAPH_COMPLETE;
    if (run->outcome != 0)
        return run->outcome;
    for (uint32_t i = 0; i < run->orders.graph->count; i++) {
        uint8_t state = run->schedule.tasks[i].state;
        if (troupe__schedule_failed(&run->schedule, i))
            return TROUPE_GRAPH_BROKEN;
        bool is_whole = state == TROUPE_GRAPH_OK && !run->whys[i];
        if (!is_whole && state != TROUPE_GRAPH_NOT_NEEDED)
            outcome = TROUPE_GRAPH_DEGRADED;
    }
    return outcome;
}

static troupe_graph_ended_t
ended_of(const struct graph_run *run, uint32_t task)
{
    const struct schedule_task *it = &run->schedule.tasks[task];
    const struct graph_task *of = &run->orders.graph->tasks[task];
    const struct graph_job *job = &run->jobs[task];
    const struct graph_job *source =
        it->recovered ? &run->jobs[of->fallback] : job;
    const troupe_graph_part_t *parts = NULL;
    if (job->each)
        parts = troupe__graph_each_parts(job->each);
    else if (job->rounds)
        parts = job->rounds->parts;
    return (troupe_graph_ended_t){
        .id = of->spec.id,
        .state = (troupe_graph_state_t) it->state,
        .attempts = job->attempts,
        .ready_ns = job->ready_ns,
        .started_ns = job->started_ns,
        .ended_ns = job->ended_ns,
        .spent_ns = job->spent_ns,
        .resumed = job->resumed,
        .recovered = it->recovered,
        .why = run->whys[task] ? run->whys[task] : "",
        .result = source->result,
        .result_size = source->result_size,
        .parts = parts,
        .part_count = job->each     ? job->each->count
                      : job->rounds ? job->rounds->part_count
                                    : 0,
    };
}

static int
leave(troupe_context_t *ctx, struct coordinator *self, int rc)
{
    troupe__graph_run_destroy(&self->run);
    troupe_unstash(ctx);
    return rc == -ENOMSG ? 0 : rc; /* the asker has given up: fine */
}

int
troupe__graph_run_refuse(troupe_context_t *ctx, struct coordinator *self,
                         int code, const char *words)
{
    int rc = troupe_reply_error_to(ctx, &self->run->token, code, "%s", words);
    return leave(ctx, self, rc);
}

int
troupe__graph_run_over(troupe_context_t *ctx, struct coordinator *self)
{
    struct graph_run *run = self->run;
    uint32_t count = run->orders.graph->count;
    troupe_graph_ended_t *tasks = troupe__alloc(count * sizeof *tasks);
    for (uint32_t i = 0; i < count; i++)
        tasks[i] = ended_of(run, i);
    troupe_graph_report_t report = {
        .outcome = outcome_of(run),
        .why = run->end_why ? run->end_why : "",
        .count = count,
        .tasks = tasks,
        .parallel = run->orders.parallel,
        .parallel_most = run->busy_most,
        .wall_ns = run->wall_ns,
    };
    int rc = troupe_reply_to(ctx, &run->token, "*", troupe__graph_report_tell,
                             &report);
    for (uint32_t i = 0; i < count; i++)
        if (run->jobs[i].each)
            free((void *) (uintptr_t) tasks[i].parts);
    free(tasks);
    return leave(ctx, self, rc);
}

static int
finish(troupe_context_t *ctx, struct coordinator *self)
{
    struct graph_run *run = self->run;
    run->is_over = true;
    run->wall_ns = troupe__graph_run_now(ctx, run);
    if (run->deadline.id != 0)
        troupe_call_clear(ctx, run->deadline);
    if (run->orders.interrupt_fd >= 0)
        troupe_unwatch(ctx, run->orders.interrupt_fd);
    return run->orders.journal ? troupe__graph_journal_close(ctx, self)
                               : troupe__graph_run_over(ctx, self);
}

/* An item of a list, or a task: whatever has the longer way to the end. */
static bool
start_next(troupe_context_t *ctx, struct coordinator *self,
           struct graph_run *run)
{
    struct graph_job *list = troupe__graph_each_next(run);
    uint32_t task = 0;
    bool is_task =
        !list || troupe__schedule_is_before(&run->schedule, list->task);
    if (is_task && troupe__schedule_pop(&run->schedule, &task))
        troupe__graph_job_start(ctx, self, run, task);
    else if (list)
        troupe__graph_each_start(ctx, self, list);
    else
        return false;
    return true;
}

int
troupe__graph_run_dispatch(troupe_context_t *ctx, struct coordinator *self)
{
    struct graph_run *run = self->run;
    CHECK(run);
    if (run->is_over)
        return 0;
    while (run->busy < run->orders.parallel && start_next(ctx, self, run))
        ;
    if (troupe__schedule_is_stalled(&run->schedule)) {
        char *why = troupe__schedule_waits(&run->schedule);
        troupe__graph_run_drain(ctx, run, TROUPE_GRAPH_STALLED, why, true);
        free(why);
    }
    if (run->schedule.ended == run->orders.graph->count)
        return finish(ctx, self);
    return 0;
}
