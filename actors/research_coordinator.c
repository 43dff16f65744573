/* SPDX-License-Identifier: Apache-2.0 */
/*
 * research_coordinator.c: the actor that asks the others and reports.
 *
 * A model plans, where there is one. Phase 1 gathers the engines' passages and
 * merges them, phase 2 reads pages of the web where that is wanted, phase 3
 * gathers the analysers' findings over what is left without the passages that
 * give orders; a model writes from them, where there is one; then the report.
 * Each phase ends when all have answered or failed for good, at its share of
 * the deadline, or at an interrupt; the next one takes what there is.
 */
#include "actors/research_run.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "troupe_events.h"
#include "troupe_research.h"

#include "mailbox/check.h"

#define NS_PER_MS       1000000u
#define SENTENCES       5
#define CLAIMS          24
#define ANALYSE_PERCENT 90 /* of the time left then */

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
    for (uint32_t i = 0; i < QUERIES_MAX; i++) {
        free(self->queries[i].text);
        for (uint32_t j = 0; j < ENGINES_MAX; j++)
            troupe_passages_destroy(&self->queries[i].lists[j]);
    }
    for (uint32_t i = 0; i < self->planned.count; i++)
        free(self->planned.texts[i]);
    troupe__texts_clear(&self->urls);
    troupe__texts_clear(&self->request.roots);
    troupe__texts_clear(&self->request.skips);
    troupe__report_destroy(&self->report);
    free(self);
    *self_p = NULL;
}

static int
finish(troupe_context_t *ctx, struct coordinator *self)
{
    struct run *run = self->run;
    struct troupe_report *report = run->report;
    report->elapsed_ms =
        (double) (troupe_time_ns(ctx) - run->start_ns) / NS_PER_MS;
    troupe__report_finish(report);
    uint64_t outcome =
        !troupe__report_searched(report)  ? TROUPE_RESEARCH_NOTHING
        : report->over_budget             ? TROUPE_RESEARCH_BUDGET
        : troupe__report_degraded(report) ? TROUPE_RESEARCH_DEGRADED
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

static int
end_run(troupe_context_t *ctx, struct run *run)
{
    return finish(ctx, run->coordinator);
}

static bool
is_analyser(const struct part *part, enum analyser_index index)
{
    return strcmp(part->name, troupe__analyser_name(index)) == 0;
}

static void
take_finding(struct run *run, struct part *part, const troupe_message_t *reply)
{
    struct troupe_report *report = run->report;
    int rc = -EBADMSG;
    if (is_analyser(part, ANALYSER_SUMMARISER)) {
        rc = troupe__summary_read(reply, report->passages, &report->summary);
        report->has_summary = rc == 0;
        part->results = report->summary.count;
    } else if (is_analyser(part, ANALYSER_FACT_CHECKER)) {
        rc = troupe__facts_read(reply, report->passages, &report->facts);
        report->has_facts = rc == 0;
        part->results = report->facts.count;
    } else if (is_analyser(part, ANALYSER_SENTIMENT)) {
        rc =
            troupe__sentiment_read(reply, report->passages, &report->sentiment);
        report->has_sentiment = rc == 0;
        part->results = report->sentiment.count;
    }
    if (rc < 0)
        troupe__part_bad(part);
}

static int
on_findings(troupe_context_t *ctx, void *state, const troupe_gather_t *result)
{
    struct coordinator *self = state;
    struct run *run = self->run;
    CHECK(run);
    run->gathering = NULL;
    struct targets targets = troupe__run_targets(run, PART_ANALYSER);
    CHECK(result->count == targets.count);
    for (uint32_t i = 0; i < targets.count; i++) {
        struct part *part = &run->report->parts[targets.index[i]];
        if (troupe__run_note(run, part, &result->parts[i]))
            take_finding(run, part, result->parts[i].reply);
    }
    run->next = end_run;
    return troupe__run_write(ctx, run);
}

/* Of what was not looked at an analyser could only say that it is not there. */
static int
skip_analysis(troupe_context_t *ctx, struct run *run,
              const struct targets *targets)
{
    for (uint32_t i = 0; i < targets->count; i++)
        troupe__part_skip(&run->report->parts[targets->index[i]],
                          "no engine answered");
    run->next = end_run;
    return troupe__run_write(ctx, run);
}

static int
begin_analysis(troupe_context_t *ctx, struct run *run)
{
    struct targets targets = troupe__run_targets(run, PART_ANALYSER);
    troupe__run_flag(run);
    if (targets.count == 0)
        return finish(ctx, run->coordinator);
    if (!troupe__report_searched(run->report))
        return skip_analysis(ctx, run, &targets);
    troupe_gather_options_t options =
        troupe__run_gather(ctx, run, ANALYSE_PERCENT, on_findings, run);
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
begin_reading(troupe_context_t *ctx, struct run *run)
{
    run->next = begin_analysis;
    return troupe__run_read_pages(ctx, run);
}

/* What is about to answer is worth a blink; then the phase is over. */
static int
on_patience_end(troupe_context_t *ctx, void *state, void *data)
{
    (void) data;
    struct run *run = ((struct coordinator *) state)->run;
    for (uint32_t i = 0; run && i < run->query_count; i++)
        if (run->queries[i].gathering)
            troupe_gather_end(ctx, run->queries[i].gathering);
    if (run && run->gathering)
        troupe_gather_end(ctx, run->gathering);
    if (run && run->ask.id != 0)
        (void) troupe_cancel(ctx, run->ask);
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
    return troupe_call_after(ctx, RUN_INTERRUPTED_MS, on_patience_end, NULL,
                             NULL, NULL);
}

static int
begin_search(troupe_context_t *ctx, struct run *run)
{
    run->next = begin_reading;
    int rc = troupe__run_search(ctx, run);
    return rc < 0 ? troupe_fail(ctx, rc, "the engines cannot be asked") : 0;
}

static int
begin_plan(troupe_context_t *ctx, struct run *run)
{
    int rc = 0;
    if (run->request.interrupt_fd >= 0)
        rc = troupe_watch(ctx, (int) run->request.interrupt_fd, POLLIN,
                          on_interrupt);
    run->next = begin_search;
    return rc < 0 ? rc : troupe__run_plan(ctx, run);
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
    run->coordinator = self;
    self->run = run;
    rc = troupe_defer(ctx, &run->token);
    if (rc == 0)
        rc = begin_plan(ctx, run);
    return rc;
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
