/* SPDX-License-Identifier: Apache-2.0 */
/* graph_trace.c: the span of a task of a graph, linked to those it needed. */
#include <stdio.h>

#include "actors/graph_each.h"

#define LINKS_MAX 128 /* as OpenTelemetry has it */

static const struct graph_task *
task_of(const struct graph_job *job)
{
    return &job->run->orders.graph->tasks[job->task];
}

void
troupe__graph_trace_begin(troupe_context_t *ctx, struct graph_job *job)
{
    const struct graph_run *run = job->run;
    const struct graph_task *task = task_of(job);
    if (!troupe_trace_is(&run->trace))
        return;
    troupe_trace_set(ctx, job->item ? &job->item->whole->place : &run->trace);
    (void) troupe_span_begin(ctx, &job->span);
    job->place = job->span.at;
    troupe_trace_set(ctx, &job->place);
    for (size_t i = 0; i < task->spec.need_count && i < LINKS_MAX; i++)
        troupe_span_link(ctx, &job->span, &run->jobs[task->needs[i]].place);
}

void
troupe__graph_trace_attempt(troupe_context_t *ctx, struct graph_job *job)
{
    troupe_trace_set(ctx, &job->place);
    troupe_span_event(ctx, &job->span, "attempt", "{s:i}", "troupe.attempt",
                      (int) job->attempts);
}

void
troupe__graph_trace_failed(troupe_context_t *ctx, struct graph_job *job,
                           const char *words)
{
    troupe_span_event(ctx, &job->span, "again", "{s:i, s:s}", "troupe.attempt",
                      (int) job->attempts, "troupe.words", words);
}

void
troupe__graph_trace_end(troupe_context_t *ctx, struct graph_job *job,
                        troupe_graph_state_t state)
{
    static const char *const works[] = {"noop", "value", "ask", "command",
                                        "graph"};
    const troupe_graph_task_t *spec = &task_of(job)->spec;
    const char *why = job->item ? job->item->why : job->run->whys[job->task];
    const char *name = troupe_graph_state_name(state);
    char text[32], id[GRAPH_PART_ID];
    if (!troupe_trace_is(&job->span.at))
        return; /* it never began */
    bool good = state == TROUPE_GRAPH_OK || state == TROUPE_GRAPH_NOT_NEEDED;
    snprintf(text, sizeof text, "task %s", works[spec->work]);
    troupe_span_end(ctx, &job->span, text, TROUPE_SPAN_INTERNAL,
                    good  ? NULL
                    : why ? why
                          : name,
                    "{s:s, s:s, s:i, s:b, s:b}", "troupe.task.key",
                    troupe__graph_job_id(job, id), "troupe.state", name,
                    "troupe.attempts", (int) job->attempts, "troupe.resumed",
                    (int) job->resumed, "troupe.task.optional",
                    (int) spec->optional);
}
