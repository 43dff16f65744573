/* SPDX-License-Identifier: Apache-2.0 */
/*
 * research_coordinator.c: the actor that asks the others and reports.
 *
 * Phase 1 gathers the engines' passages and merges them, phase 2 gathers the
 * analysers' findings over them, phase 3 is the report. Each phase ends when
 * all have answered or failed for good, at its share of the deadline, or at
 * an interrupt; the next one takes what there is.
 */
#include "actors/research.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "troupe_events.h"
#include "troupe_gather.h"
#include "troupe_research.h"

#include "mailbox/check.h"

#define NS_PER_MS       1000000u
#define PHASE_MS        60000u /* of a phase when there is no deadline */
#define INTERRUPTED_MS  300    /* of the analysis after an interrupt */
#define ATTEMPTS_MAX    4
#define SEARCH_DEPTH    50 /* passages that each engine is asked for */
#define PER_DOCUMENT    4
#define SENTENCES       5
#define CLAIMS          24
#define SEARCH_PERCENT  60 /* of the time left, for phase 1 */
#define ANALYSE_PERCENT 90 /* of the time left then, for phase 2 */

struct run {
    struct research_request request; /* its question is the report's */
    struct troupe_report *report;
    troupe_token_t token;
    troupe_gathering_t *gathering;
    uint64_t start_ns;
};

struct coordinator {
    uint64_t fail;
    struct run *run; /* NULL between runs */
};

static int
coordinator_start(troupe_context_t *ctx, void *state,
                  const troupe_message_t *msg)
{
    struct coordinator *self = state;
    int rc = troupe_unpack(msg, "{s:U}", "fail", &self->fail);
    return rc < 0 ? troupe_fail(ctx, rc, "a coordinator wants fail") : 0;
}

static void
run_destroy(struct run **self_p)
{
    struct run *self = *self_p;
    if (!self)
        return;
    troupe__texts_clear(&self->request.roots);
    troupe__texts_clear(&self->request.skips);
    troupe__report_destroy(&self->report);
    free(self);
    *self_p = NULL;
}

/* Milliseconds for a phase: a share of what is left, never 0. */
static uint32_t
phase_ms(troupe_context_t *ctx, const struct run *run, unsigned percent)
{
    if (run->report->interrupted)
        return INTERRUPTED_MS;
    if (run->request.deadline_ms == 0)
        return PHASE_MS;
    uint64_t spent = (troupe_time_ns(ctx) - run->start_ns) / NS_PER_MS;
    if (spent >= run->request.deadline_ms)
        return 1;
    uint64_t left = (run->request.deadline_ms - spent) * percent / 100;
    return left > 0 ? (uint32_t) left : 1;
}

/* What the gather says about one actor, in the words of the report. */
static void
note_part(struct run *run, struct part *part, const troupe_gather_part_t *from)
{
    part->attempts = from->attempts;
    part->restarts = from->attempts > 0 ? from->attempts - 1 : 0;
    part->elapsed_ms = (double) from->latency_ns / NS_PER_MS;
    switch (from->outcome) {
    case TROUPE_REPLY:
        part->state = PART_DONE;
        return;
    case TROUPE_TIMEOUT:
        part->state = PART_TIMEOUT;
        run->report->deadline_passed |=
            run->request.deadline_ms > 0 && !run->report->interrupted;
        break;
    case TROUPE_CANCELLED:
        part->state = PART_CANCELLED;
        break;
    case TROUPE_ERROR:
    case TROUPE_DOWN:
    case TROUPE_OVERLOAD:
        part->state = PART_FAILED;
        break;
    }
    snprintf(part->reason, sizeof part->reason, "%s",
             from->text ? from->text : "");
}

static void
note_bad_answer(struct part *part)
{
    part->state = PART_FAILED;
    snprintf(part->reason, sizeof part->reason, "its answer cannot be read");
}

/* The targets of a phase and the parts of the report that they answer. */
struct targets {
    troupe_ref_t refs[PARTS_MAX];
    unsigned index[PARTS_MAX]; /* in the request's parts */
    size_t count;
};

static struct targets
targets_of(const struct run *run, unsigned from, unsigned to)
{
    struct targets targets = {.count = 0};
    for (unsigned i = from; i < to; i++) {
        if (troupe_ref_is_nobody(run->request.parts[i]))
            continue;
        targets.refs[targets.count] = run->request.parts[i];
        targets.index[targets.count++] = i;
    }
    return targets;
}

/* The report's part of an actor: those that take part, in order. */
static struct part *
part_of(const struct run *run, unsigned index)
{
    unsigned at = 0;
    for (unsigned i = 0; i < index; i++)
        at += !troupe_ref_is_nobody(run->request.parts[i]);
    CHECK(at < run->report->part_count);
    return &run->report->parts[at];
}

static int
finish(troupe_context_t *ctx, struct coordinator *self)
{
    struct run *run = self->run;
    struct troupe_report *report = run->report;
    report->elapsed_ms =
        (double) (troupe_time_ns(ctx) - run->start_ns) / NS_PER_MS;
    troupe__report_finish(report);
    unsigned engines = 0;
    for (uint32_t i = 0; i < report->part_count; i++)
        engines +=
            report->parts[i].engine && report->parts[i].state == PART_DONE;
    uint64_t outcome = engines == 0 ? TROUPE_RESEARCH_NOTHING
                       : troupe__report_degraded(report)
                           ? TROUPE_RESEARCH_DEGRADED
                           : TROUPE_RESEARCH_COMPLETE;
    char *markdown = troupe__report_markdown(report);
    char *json = troupe__report_json(report);
    int rc = troupe_reply_to(ctx, &run->token, "{s:U, s:b, s:s, s:s}",
                             "outcome", outcome, "deadline_passed",
                             (int) report->deadline_passed, "markdown",
                             markdown, "json", json);
    free(markdown);
    free(json);
    if (run->request.interrupt_fd >= 0 && !report->interrupted)
        troupe_unwatch(ctx, (int) run->request.interrupt_fd);
    run_destroy(&self->run);
    return rc == -ENOMSG ? 0 : rc; /* the asker has given up: fine */
}

static void
take_finding(struct run *run, unsigned index, struct part *part,
             const troupe_message_t *reply)
{
    struct troupe_report *report = run->report;
    int rc = -EBADMSG;
    if (index == TROUPE_ENGINE_COUNT + ANALYSER_SUMMARISER) {
        rc = troupe__summary_read(reply, report->passages, &report->summary);
        report->has_summary = rc == 0;
        part->results = report->summary.count;
    } else if (index == TROUPE_ENGINE_COUNT + ANALYSER_FACT_CHECKER) {
        rc = troupe__facts_read(reply, report->passages, &report->facts);
        report->has_facts = rc == 0;
        part->results = report->facts.count;
    } else if (index == TROUPE_ENGINE_COUNT + ANALYSER_SENTIMENT) {
        rc =
            troupe__sentiment_read(reply, report->passages, &report->sentiment);
        report->has_sentiment = rc == 0;
        part->results = report->sentiment.count;
    }
    if (rc < 0)
        note_bad_answer(part);
}

static int
on_findings(troupe_context_t *ctx, void *state, const troupe_gather_t *result)
{
    struct coordinator *self = state;
    struct run *run = self->run;
    CHECK(run);
    run->gathering = NULL;
    struct targets targets = targets_of(run, TROUPE_ENGINE_COUNT, PARTS_MAX);
    CHECK(result->count == targets.count);
    for (size_t i = 0; i < result->count; i++) {
        struct part *part = part_of(run, targets.index[i]);
        note_part(run, part, &result->parts[i]);
        if (part->state == PART_DONE)
            take_finding(run, targets.index[i], part, result->parts[i].reply);
    }
    return finish(ctx, self);
}

static troupe_gather_options_t
gather_options(troupe_context_t *ctx, const struct run *run, unsigned percent,
               troupe_gathered_fn done)
{
    return (troupe_gather_options_t){
        .policy = TROUPE_GATHER_DEADLINE,
        .timeout_ms = phase_ms(ctx, run, percent),
        .attempts_max = ATTEMPTS_MAX,
        .done = done,
    };
}

static int
begin_analysis(troupe_context_t *ctx, struct coordinator *self)
{
    struct run *run = self->run;
    struct targets targets = targets_of(run, TROUPE_ENGINE_COUNT, PARTS_MAX);
    if (targets.count == 0)
        return finish(ctx, self);
    troupe_gather_options_t options =
        gather_options(ctx, run, ANALYSE_PERCENT, on_findings);
    int rc = troupe_gather(
        ctx, targets.refs, targets.count, "analyse", &options, &run->gathering,
        "{s:s, s:U, s:U, s:*}", "question", run->report->question, "sentences",
        (uint64_t) SENTENCES, "claims", (uint64_t) CLAIMS, "passages",
        troupe__passages_write, run->report->passages);
    if (rc < 0)
        return troupe_fail(ctx, rc, "the analysers cannot be asked");
    return 0;
}

static int
merge(struct run *run, const troupe_gather_t *result,
      const struct targets *targets)
{
    troupe_passages_t *lists[TROUPE_ENGINE_COUNT] = {NULL};
    for (size_t i = 0; i < result->count; i++) {
        struct part *part = part_of(run, targets->index[i]);
        note_part(run, part, &result->parts[i]);
        if (part->state != PART_DONE)
            continue;
        if (troupe__passages_read(result->parts[i].reply, &lists[i]) < 0)
            note_bad_answer(part);
        else
            part->results = (uint32_t) troupe_passages_count(lists[i]);
    }
    troupe_fuse_options_t options = troupe_fuse_options_default();
    options.limit = run->request.limit;
    options.per_document_max = PER_DOCUMENT;
    troupe_passages_t *merged = NULL;
    int rc = troupe_passages_fuse((const troupe_passages_t *const *) lists,
                                  result->count, &options, &merged);
    for (size_t i = 0; i < result->count; i++)
        troupe_passages_destroy(&lists[i]);
    if (rc < 0)
        return rc;
    troupe_passages_destroy(&run->report->passages);
    run->report->passages = merged;
    return 0;
}

static int
on_passages(troupe_context_t *ctx, void *state, const troupe_gather_t *result)
{
    struct coordinator *self = state;
    struct run *run = self->run;
    CHECK(run);
    run->gathering = NULL;
    struct targets targets = targets_of(run, 0, TROUPE_ENGINE_COUNT);
    CHECK(result->count == targets.count);
    int rc = merge(run, result, &targets);
    if (rc < 0)
        return troupe_fail(ctx, rc, "the passages cannot be merged");
    return begin_analysis(ctx, self);
}

/* What is about to answer is worth a blink; then the phase is over. */
static int
on_patience_end(troupe_context_t *ctx, void *state, void *data)
{
    (void) data;
    struct coordinator *self = state;
    if (self->run && self->run->gathering)
        troupe_gather_end(ctx, self->run->gathering);
    return 0;
}

/* Level-triggered, and what is there belongs to who gave us the descriptor. */
static int
on_interrupt(troupe_context_t *ctx, void *state, int fd, short events)
{
    (void) events;
    struct coordinator *self = state;
    troupe_unwatch(ctx, fd);
    if (!self->run)
        return 0;
    self->run->report->interrupted = true;
    return troupe_call_after(ctx, INTERRUPTED_MS, on_patience_end, NULL, NULL,
                             NULL);
}

static int
begin_search(troupe_context_t *ctx, struct run *run)
{
    struct targets targets = targets_of(run, 0, TROUPE_ENGINE_COUNT);
    if (targets.count == 0)
        return -EINVAL;
    troupe_gather_options_t options =
        gather_options(ctx, run, SEARCH_PERCENT, on_passages);
    int rc =
        troupe_gather(ctx, targets.refs, targets.count, "search", &options,
                      &run->gathering, "{s:s, s:U}", "question",
                      run->report->question, "limit", (uint64_t) SEARCH_DEPTH);
    if (rc == 0 && run->request.interrupt_fd >= 0)
        rc = troupe_watch(ctx, (int) run->request.interrupt_fd, POLLIN,
                          on_interrupt);
    return rc;
}

static int
on_research(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct coordinator *self = state;
    int rc = troupe__fail_on_request(ctx, self->fail);
    if (rc < 0)
        return rc;
    if (self->run)
        return troupe_reply_error(ctx, -EBUSY, "one run at a time");
    struct research_request request;
    rc = troupe__research_request_read(msg, &request);
    if (rc < 0)
        return troupe_reply_error(ctx, rc, "not a research request");
    struct run *run = troupe__alloc(sizeof *run);
    run->request = request;
    run->report = troupe__report_new(&request);
    run->request.question = run->report->question;
    run->start_ns = troupe_time_ns(ctx);
    self->run = run;
    rc = troupe_defer(ctx, &run->token);
    if (rc == 0)
        rc = begin_search(ctx, run);
    return rc < 0 ? troupe_fail(ctx, rc, "the engines cannot be asked") : 0;
}

static void
coordinator_stop(troupe_context_t *ctx, void *state,
                 const troupe_reason_t *reason)
{
    (void) ctx;
    (void) reason;
    run_destroy(&((struct coordinator *) state)->run);
}

TROUPE_KIND(troupe_coordinator, struct coordinator,
            TROUPE_ON_START(coordinator_start),
            TROUPE_ON("research", on_research),
            TROUPE_ON_STOP(coordinator_stop));
