/* SPDX-License-Identifier: Apache-2.0 */
/* graph_job.c: one task of a run: its asks, its answers, its further tries. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "troupe_retry.h"

#include "actors/graph_command.h"
#include "actors/graph_each.h"
#include "actors/graph_nested.h"
#include "mailbox/check.h"

#define GRAPH_OUTPUT_MAX (GRAPH_RESULT_MAX - 64) /* bytes of a command's */

static const troupe_graph_task_t *
spec_of(const struct graph_job *job)
{
    return &job->run->orders.graph->tasks[job->task].spec;
}

/* A failure that counts may end the run. */
static void
look_at_failure(troupe_context_t *ctx, struct graph_run *run, uint32_t task)
{
    const struct graph_task *tasks = run->orders.graph->tasks;
    uint32_t whose = tasks[task].fallback_of;
    bool failed = troupe__schedule_failed(&run->schedule, task)
                  || (whose != GRAPH_NONE
                      && troupe__schedule_failed(&run->schedule, whose));
    if (!failed || !run->orders.fail_fast || run->draining)
        return;
    char *words = NULL;
    if (asprintf(&words, "'%s' failed",
                 tasks[whose == GRAPH_NONE ? task : whose].spec.id)
        < 0)
        troupe__out_of_memory(0);
    troupe__graph_run_drain(ctx, run, TROUPE_GRAPH_BROKEN, words, false);
    free(words);
}

void
troupe__graph_job_end(troupe_context_t *ctx, struct graph_job *job,
                      troupe_graph_state_t state, const char *why, ...)
{
    struct graph_run *run = job->run;
    char **whose = job->item ? &job->item->why : &run->whys[job->task];
    if (job->rounds)
        troupe__graph_rounds_end(ctx, job,
                                 job->result ? TROUPE_GRAPH_OK : state);
    if (why) {
        char *words = NULL;
        va_list args;
        va_start(args, why);
        if (vasprintf(&words, why, args) < 0)
            troupe__out_of_memory(0);
        va_end(args);
        free(*whose);
        *whose = words;
    }
    if (state != TROUPE_GRAPH_OK)
        troupe__graph_job_forget(job, NULL, NULL);
    troupe__graph_trace_end(ctx, job, state);
    if (job->rounds)
        troupe__graph_rounds_forget(job->rounds);
    if (job->item) {
        troupe__graph_each_ended(ctx, job, state);
        return;
    }
    troupe__schedule_end(&run->schedule, job->task, state);
    troupe__graph_run_tell(ctx, run);
    look_at_failure(ctx, run, job->task);
}

/* --- further tries ----------------------------------------------------------*/

/* Trying again cannot help. */
static bool
is_permanent(int code)
{
    return code == -EINVAL || code == -EBADMSG || code == -ENOENT
           || code == -EOPNOTSUPP || code == -EMSGSIZE;
}

static uint32_t
rest_ms(troupe_context_t *ctx, const struct graph_job *job)
{
    const troupe_graph_task_t *spec = spec_of(job);
    return troupe_retry_wait_ms(spec->backoff_min_ms, spec->backoff_max_ms,
                                job->attempts, troupe_random(ctx));
}

static int
on_rested(troupe_context_t *ctx, void *state, void *data)
{
    struct graph_job *job = data;
    job->timer = (troupe_timer_t){0};
    if (job->item) {
        troupe__graph_each_rested(job);
    } else {
        troupe__schedule_again(&job->run->schedule, job->task);
        job->run->change_count = 0; /* it was ready before */
    }
    return troupe__graph_run_dispatch(ctx, state);
}

static void
fail(troupe_context_t *ctx, struct graph_job *job, troupe_graph_state_t state,
     int code, const char *words)
{
    bool is_over = job->item && job->item->whole->each->stopped;
    if (job->tries > spec_of(job)->retries || job->run->draining || is_over
        || is_permanent(code)) {
        char round[32] = "", tries[32] = "";
        if (job->rounds)
            snprintf(round, sizeof round, "round %u: ", job->rounds->round);
        if (job->tries > 1)
            snprintf(tries, sizeof tries, "%u tries: ", job->tries);
        troupe__graph_job_end(ctx, job, state, "%s%s%s", round, tries, words);
        return;
    }
    troupe__graph_trace_failed(ctx, job, words);
    troupe__graph_run_event(ctx, job, "again");
    int rc = troupe_call_after(ctx, rest_ms(ctx, job), on_rested, job, NULL,
                               &job->timer);
    CHECK(rc == 0);
    if (job->item)
        troupe__graph_each_rests(job);
}

/* --- asks -------------------------------------------------------------------*/

/* A command may have failed although whoever ran it answered. */
static void
take_command(troupe_context_t *ctx, struct graph_job *job,
             const troupe_message_t *reply)
{
    msgpack_unpacked body;
    struct command command;
    char why[COMMAND_WHY];
    void *bytes = NULL;
    size_t size = 0, used = 0;
    msgpack_unpacked_init(&body);
    int rc = msgpack_unpack_next(&body, job->body, job->body_size, &used);
    CHECK(rc == MSGPACK_UNPACK_SUCCESS);
    rc = troupe__graph_command_read(&body.data, &command);
    CHECK(rc == 0); /* it was run */
    troupe_graph_state_t state = troupe__graph_command_result(
        reply, command.output, GRAPH_OUTPUT_MAX, &bytes, &size, why);
    msgpack_unpacked_destroy(&body);
    if (state == TROUPE_GRAPH_OK)
        troupe__graph_job_result(ctx, job, bytes, size);
    else
        fail(ctx, job, state, -EPROTO, why);
    free(bytes);
}

static void
take_answer(troupe_context_t *ctx, struct graph_job *job,
            const troupe_answer_t *answer)
{
    size_t size = 0;
    const void *body = NULL;
    switch (answer->outcome) {
    case TROUPE_REPLY:
        body = troupe_message_body(answer->msg, &size);
        if (spec_of(job)->work == TROUPE_GRAPH_COMMAND)
            take_command(ctx, job, answer->msg);
        else if (spec_of(job)->work == TROUPE_GRAPH_NESTED)
            troupe__graph_nested_take(ctx, job, answer->msg);
        else
            troupe__graph_job_result(ctx, job, body, size);
        return;
    case TROUPE_CANCELLED:
        troupe__graph_job_end(ctx, job, TROUPE_GRAPH_CANCELLED, "%s",
                              job->run->end_why ? job->run->end_why
                                                : answer->text);
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
    bool is_late =
        spec_of(job)->work == TROUPE_GRAPH_NESTED && answer->code == -ETIMEDOUT;
    fail(ctx, job, is_late ? TROUPE_GRAPH_TIMEOUT : TROUPE_GRAPH_FAILED,
         answer->code, answer->text);
}

static int
on_answer(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct graph_job *job = answer->data;
    struct graph_run *run = job->run;
    job->ask = (troupe_ask_t){0};
    job->spent_ns += troupe__graph_run_now(ctx, run) - job->started_ns;
    run->busy--;
    take_answer(ctx, job, answer);
    return troupe__graph_run_dispatch(ctx, state);
}

static int
ask_command(troupe_context_t *ctx, struct coordinator *self,
            struct graph_job *job, troupe_ask_options_t *options)
{
    msgpack_unpacked body;
    struct command command;
    size_t used = 0;
    msgpack_unpacked_init(&body);
    int rc = msgpack_unpack_next(&body, job->body, job->body_size, &used);
    CHECK(rc == MSGPACK_UNPACK_SUCCESS);
    rc = troupe__graph_command_read(&body.data, &command);
    struct command_order order = {.command = &command,
                                  .timeout_ms = spec_of(job)->timeout_ms,
                                  .output_max = GRAPH_OUTPUT_MAX};
    options->timeout_ms = order.timeout_ms < UINT32_MAX - COMMAND_GRACE_MS
                              ? order.timeout_ms + COMMAND_GRACE_MS
                              : UINT32_MAX;
    if (rc == 0)
        rc = troupe_ask_with(ctx, self->commands, "run", options, &job->ask,
                             "*", troupe__graph_command_write, &order);
    msgpack_unpacked_destroy(&body);
    return rc;
}

/* Whom it asks, and what. */
static int
ask(troupe_context_t *ctx, struct coordinator *self, struct graph_job *job)
{
    const troupe_graph_task_t *spec = spec_of(job);
    troupe_ask_options_t options = {.timeout_ms = spec->timeout_ms,
                                    .answer = on_answer,
                                    .data = job,
                                    .detached = true};
    troupe_ref_t to = self->workers[self->turn++ % GRAPH_WORKERS];
    const char *type = "value";
    int rc = 0;
    switch (spec->work) {
    case TROUPE_GRAPH_NOOP:
        return troupe_ask_with(ctx, to, "noop", &options, &job->ask, NULL);
    case TROUPE_GRAPH_COMMAND:
        return ask_command(ctx, self, job, &options);
    case TROUPE_GRAPH_NESTED:
        return troupe__graph_nested_ask(ctx, self, job, &options);
    case TROUPE_GRAPH_VALUE:
        break;
    case TROUPE_GRAPH_ASK:
        type = spec->type;
        rc = troupe_lookup(troupe_context_node(ctx), spec->actor, &to);
        break;
    }
    return rc < 0 ? rc
                  : troupe_ask_with(ctx, to, type, &options, &job->ask, "r",
                                    job->body, job->body_size);
}

void
troupe__graph_job_attempt(troupe_context_t *ctx, struct coordinator *self,
                          struct graph_job *job)
{
    struct graph_run *run = job->run;
    job->attempts++;
    job->tries++;
    job->resumed = false;
    troupe__graph_trace_attempt(ctx, job);
    job->started_ns = troupe__graph_run_now(ctx, run);
    int rc = ask(ctx, self, job);
    if (rc == 0) {
        run->busy++;
        if (run->busy > run->busy_most)
            run->busy_most = run->busy;
        troupe__graph_run_event(ctx, job, "started");
    } else if (rc == -ENOENT) {
        char words[TROUPE_NAME_MAX + 64];
        snprintf(words, sizeof words, "there is no actor '%s'",
                 spec_of(job)->actor);
        fail(ctx, job, TROUPE_GRAPH_FAILED, rc, words);
    } else {
        fail(ctx, job, TROUPE_GRAPH_FAILED, rc,
             spec_of(job)->work == TROUPE_GRAPH_COMMAND && rc == -EINVAL
                 ? "an argument or variable holds a zero byte, or is no text"
                 : troupe_strerror(rc));
    }
}

/* What it is given, with the results of others in their places. */
static int
fill_in(struct graph_job *job, char why[REFERENCE_WHY])
{
    static const char nil[] = "\xc0";
    const troupe_graph_task_t *spec = spec_of(job);
    free(job->filled); /* of the round before */
    job->filled = NULL;
    job->body = spec->body ? spec->body : nil;
    job->body_size = spec->body ? spec->body_size : 1;
    if (!memmem(job->body, job->body_size, "${", 2))
        return 0;
    int rc = troupe__graph_references_fill(
        job->body, job->body_size, spec->work == TROUPE_GRAPH_COMMAND,
        troupe__graph_job_known, job, &job->filled, &job->body_size, why);
    if (rc == 0)
        job->body = job->filled;
    return rc;
}

void
troupe__graph_job_begin(troupe_context_t *ctx, struct coordinator *self,
                        struct graph_job *job)
{
    char why[REFERENCE_WHY];
    int rc = fill_in(job, why);
    if (rc < 0)
        troupe__graph_job_end(ctx, job, TROUPE_GRAPH_FAILED, "%s", why);
    else if (!troupe__graph_journal_find(ctx, job))
        troupe__graph_job_attempt(ctx, self, job);
}

void
troupe__graph_job_start(troupe_context_t *ctx, struct coordinator *self,
                        struct graph_run *run, uint32_t task)
{
    struct graph_job *job = &run->jobs[task];
    const troupe_graph_task_t *spec = spec_of(job);
    char why[REFERENCE_WHY];
    if (job->attempts > 0) {
        troupe__graph_job_attempt(ctx, self, job);
        return;
    }
    int rc = spec->when ? troupe__graph_when(
                 spec->when, troupe__graph_job_known, job, NULL, why)
                        : 1;
    if (rc == 0) {
        troupe__graph_job_end(ctx, job, TROUPE_GRAPH_NOT_NEEDED,
                              "its 'when' is false");
        return;
    }
    troupe__graph_trace_begin(ctx, job);
    if (rc < 0) {
        troupe__graph_job_end(ctx, job, TROUPE_GRAPH_FAILED, "'when': %s", why);
    } else if (spec->each) {
        troupe__graph_each_begin(ctx, job);
    } else {
        if (spec->until)
            troupe__graph_rounds_begin(ctx, job);
        troupe__graph_job_begin(ctx, self, job);
    }
}

void
troupe__graph_job_stop(troupe_context_t *ctx, struct graph_job *job)
{
    if (job->keeps)
        return; /* it is done; the journal will soon have it */
    if (job->ask.id != 0) {
        troupe_cancel(ctx, job->ask);
    } else if (job->timer.id != 0) {
        troupe_call_clear(ctx, job->timer);
        job->timer = (troupe_timer_t){0};
        troupe__graph_job_end(ctx, job, TROUPE_GRAPH_CANCELLED,
                              "%s, before it was tried again",
                              job->run->end_why);
    }
}
