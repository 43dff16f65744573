/* SPDX-License-Identifier: Apache-2.0 */
/* graph_job.c: one task of a run: its asks, its answers, its further tries. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/graph_coordinator.h"
#include "actors/graph_value.h"
#include "mailbox/check.h"

#define NS_PER_MS 1000000u

static const troupe_graph_task_t *
spec_of(const struct graph_job *job)
{
    return &job->run->orders.graph->tasks[job->task].spec;
}

void
troupe__job_end(troupe_context_t *ctx, struct graph_job *job,
                troupe_graph_state_t state, const char *why, ...)
{
    struct graph_run *run = job->run;
    if (why) {
        va_list args;
        va_start(args, why);
        free(run->whys[job->task]);
        if (vasprintf(&run->whys[job->task], why, args) < 0)
            troupe__out_of_memory(0);
        va_end(args);
    }
    troupe__schedule_end(&run->schedule, job->task, state);
    troupe__run_tell(ctx, run);
    uint32_t whose = run->orders.graph->tasks[job->task].fallback_of;
    bool failed = troupe__schedule_failed(&run->schedule, job->task)
                  || (whose != GRAPH_NONE
                      && troupe__schedule_failed(&run->schedule, whose));
    if (failed && run->orders.fail_fast && !run->draining) {
        char *words = NULL;
        if (asprintf(&words, "'%s' failed",
                     run->orders.graph
                         ->tasks[whose == GRAPH_NONE ? job->task : whose]
                         .spec.id)
            < 0)
            troupe__out_of_memory(0);
        troupe__run_drain(ctx, run, TROUPE_GRAPH_BROKEN, words, false);
        free(words);
    }
}

/* --- results ----------------------------------------------------------------*/

static struct known
known_task(void *data, const struct reference *reference)
{
    const struct graph_run *run = data;
    struct known known = {.state = "", .why = ""};
    uint32_t task = troupe__graph_find(run->orders.graph, reference->id,
                                       reference->id_size);
    CHECK(task != GRAPH_NONE);
    const struct schedule_task *it = &run->schedule.tasks[task];
    const struct graph_job *job = &run->jobs[task];
    if (it->phase != SCHEDULE_ENDED)
        return known;
    known.state = troupe_graph_state_name((troupe_graph_state_t) it->state);
    known.why = run->whys[task] ? run->whys[task] : "";
    if (it->recovered)
        job = &run->jobs[run->orders.graph->tasks[task].fallback];
    known.result = job->result;
    known.result_size = job->result_size;
    return known;
}

static void
take_result(troupe_context_t *ctx, struct graph_job *job, const void *bytes,
            size_t size)
{
    struct graph_run *run = job->run;
    if (size > GRAPH_RESULT_MAX || run->result_bytes + size > GRAPH_TOTAL_MAX) {
        troupe__job_end(ctx, job, TROUPE_GRAPH_FAILED,
                        "its result has %zu bytes: over 1 MiB, or with the "
                        "others over 64 MiB; hand a file's path on instead",
                        size);
        return;
    }
    run->result_bytes += size;
    job->result = troupe__alloc(size);
    job->result_size = size;
    memcpy(job->result, bytes, size);
    troupe__job_end(ctx, job, TROUPE_GRAPH_OK, NULL);
}

/* --- further tries ----------------------------------------------------------*/

/* Trying again cannot help. */
static bool
is_permanent(int code)
{
    return code == -EINVAL || code == -EBADMSG || code == -ENOENT
           || code == -EOPNOTSUPP || code == -EMSGSIZE;
}

/* Full jitter: anything up to the bound, which doubles. source: M. Brooker,
 * "Exponential Backoff And Jitter". */
static uint32_t
rest_ms(troupe_context_t *ctx, const struct graph_job *job)
{
    const troupe_graph_task_t *spec = spec_of(job);
    uint64_t bound = spec->backoff_min_ms;
    for (uint32_t i = 1; i < job->attempts && bound < spec->backoff_max_ms; i++)
        bound *= 2;
    if (bound > spec->backoff_max_ms)
        bound = spec->backoff_max_ms;
    return (uint32_t) (troupe_random(ctx) % (bound + 1));
}

static int
on_rested(troupe_context_t *ctx, void *state, void *data)
{
    struct graph_job *job = data;
    job->timer = (troupe_timer_t){0};
    troupe__schedule_again(&job->run->schedule, job->task);
    job->run->change_count = 0; /* it was ready before */
    return troupe__run_dispatch(ctx, state);
}

static void
fail(troupe_context_t *ctx, struct graph_job *job, troupe_graph_state_t state,
     int code, const char *words)
{
    if (job->attempts > spec_of(job)->retries || job->run->draining
        || is_permanent(code)) {
        const char *tries = job->attempts > 1 ? " tries: " : "";
        char count[16] = "";
        if (job->attempts > 1)
            snprintf(count, sizeof count, "%u", job->attempts);
        troupe__job_end(ctx, job, state, "%s%s%s", count, tries, words);
        return;
    }
    troupe__run_event(ctx, job->run, job->task, "again");
    int rc = troupe_call_after(ctx, rest_ms(ctx, job), on_rested, job, NULL,
                               &job->timer);
    CHECK(rc == 0);
}

/* --- asks -------------------------------------------------------------------*/

static void
take_answer(troupe_context_t *ctx, struct graph_job *job,
            const troupe_answer_t *answer)
{
    size_t size = 0;
    const void *body = NULL;
    switch (answer->outcome) {
    case TROUPE_REPLY:
        body = troupe_message_body(answer->msg, &size);
        take_result(ctx, job, body, size);
        return;
    case TROUPE_CANCELLED:
        troupe__job_end(ctx, job, TROUPE_GRAPH_CANCELLED, "%s",
                        job->run->end_why ? job->run->end_why : answer->text);
        return;
    case TROUPE_TIMEOUT:
        fail(ctx, job, TROUPE_GRAPH_TIMEOUT, answer->code, answer->text);
        return;
    case TROUPE_DOWN:
        fail(ctx, job, TROUPE_GRAPH_LOST, answer->code, answer->text);
        return;
    case TROUPE_ERROR:
    case TROUPE_OVERLOAD:
        break;
    }
    fail(ctx, job, TROUPE_GRAPH_FAILED, answer->code, answer->text);
}

static int
on_answer(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct graph_job *job = answer->data;
    struct graph_run *run = job->run;
    job->ask = (troupe_ask_t){0};
    job->spent_ns += troupe__run_now(ctx, run) - job->started_ns;
    run->busy--;
    take_answer(ctx, job, answer);
    return troupe__run_dispatch(ctx, state);
}

/* Whom it asks, and what. */
static int
ask(troupe_context_t *ctx, struct coordinator *self, struct graph_job *job,
    const void *body, size_t size)
{
    const troupe_graph_task_t *spec = spec_of(job);
    troupe_ask_options_t options = {.timeout_ms = spec->timeout_ms,
                                    .answer = on_answer,
                                    .data = job,
                                    .detached = true};
    troupe_ref_t worker = self->workers[self->turn++ % GRAPH_WORKERS];
    if (spec->work == TROUPE_GRAPH_NOOP)
        return troupe_ask_with(ctx, worker, "noop", &options, &job->ask, NULL);
    if (spec->work == TROUPE_GRAPH_VALUE)
        return troupe_ask_with(ctx, worker, "value", &options, &job->ask, "r",
                               body, size);
    troupe_ref_t actor = TROUPE_NOBODY;
    int rc = troupe_lookup(troupe_context_node(ctx), spec->actor, &actor);
    return rc < 0 ? rc
                  : troupe_ask_with(ctx, actor, spec->type, &options, &job->ask,
                                    "r", body, size);
}

static void
attempt(troupe_context_t *ctx, struct coordinator *self, struct graph_job *job,
        const void *body, size_t size)
{
    struct graph_run *run = job->run;
    job->attempts++;
    job->started_ns = troupe__run_now(ctx, run);
    int rc = ask(ctx, self, job, body, size);
    if (rc == 0) {
        run->busy++;
        if (run->busy > run->busy_most)
            run->busy_most = run->busy;
        troupe__run_event(ctx, run, job->task, "started");
    } else if (rc == -ENOENT) {
        char words[TROUPE_NAME_MAX + 64];
        snprintf(words, sizeof words, "there is no actor '%s'",
                 spec_of(job)->actor);
        fail(ctx, job, TROUPE_GRAPH_FAILED, rc, words);
    } else {
        fail(ctx, job, TROUPE_GRAPH_FAILED, rc, troupe_strerror(rc));
    }
}

void
troupe__job_start(troupe_context_t *ctx, struct coordinator *self,
                  struct graph_run *run, uint32_t task)
{
    static const char nil[] = "\xc0";
    struct graph_job *job = &run->jobs[task];
    const troupe_graph_task_t *spec = spec_of(job);
    char why[REFERENCE_WHY];
    void *filled = NULL;
    const void *body = spec->body ? spec->body : nil;
    size_t size = spec->body ? spec->body_size : 1;
    int rc = spec->when && job->attempts == 0
                 ? troupe__when(spec->when, known_task, run, NULL, why)
                 : 1;
    if (rc == 0) {
        troupe__job_end(ctx, job, TROUPE_GRAPH_NOT_NEEDED,
                        "its 'when' is false");
        return;
    }
    if (rc > 0 && memmem(body, size, "${", 2)) {
        rc = troupe__references_fill(body, size,
                                     spec->work == TROUPE_GRAPH_COMMAND,
                                     known_task, run, &filled, &size, why);
        body = filled;
    }
    if (rc < 0)
        troupe__job_end(ctx, job, TROUPE_GRAPH_FAILED, "%s", why);
    else
        attempt(ctx, self, job, body, size);
    free(filled);
}

void
troupe__job_stop(troupe_context_t *ctx, struct graph_job *job)
{
    if (job->ask.id != 0) {
        troupe_cancel(ctx, job->ask);
    } else if (job->timer.id != 0) {
        troupe_call_clear(ctx, job->timer);
        job->timer = (troupe_timer_t){0};
        troupe__job_end(ctx, job, TROUPE_GRAPH_CANCELLED,
                        "%s, before it was tried again", job->run->end_why);
    }
}
