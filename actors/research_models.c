/* SPDX-License-Identifier: Apache-2.0 */
/*
 * research_models.c: what models do in a run, where there are some: one plans
 * the facets before the search, one writes an answer from the sentences that
 * were found, one checks that. Whoever fails is named, and the run goes on as
 * it does without models. While the planner is asked a part of the budget is
 * set aside for the others.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "actors/research_run.h"
#include "mailbox/check.h"

#define NS_PER_MS     UINT64_C(1000000)
#define PLAN_PERCENT  20 /* of the time left */
#define WRITE_PERCENT 60
#define CHECK_PERCENT 90
#define BUDGET_MS     5000 /* an account answers at once */

static bool
find_model(const struct run *run, const char *name, uint32_t *ret_index)
{
    const struct members *members = &run->request.members;
    for (uint32_t i = 0; i < members->count; i++) {
        if (members->items[i].role == PART_MODEL
            && strcmp(members->items[i].name, name) == 0) {
            *ret_index = i;
            return true;
        }
    }
    return false;
}

/* Ask the model of a name; the prompt is taken. */
static int
ask_model(troupe_context_t *ctx, struct run *run, const char *name,
          char *prompt, const char *schema, unsigned percent,
          troupe_answer_fn answer)
{
    bool found = find_model(run, name, &run->asked);
    CHECK(found);
    run->phase_ns = troupe_time_ns(ctx);
    troupe_ask_options_t options = {
        .deadline_ns =
            run->phase_ns + troupe__run_phase_ms(ctx, run, percent) * NS_PER_MS,
        .answer = answer,
        .data = run,
        .detached = true};
    int rc = troupe_ask_with(ctx, run->request.members.items[run->asked].ref,
                             "ask", &options, &run->ask, "{s:s, s:s, s:b}",
                             "prompt", prompt, "schema", schema, "kept_only",
                             (int) run->kept_only);
    free(prompt);
    return rc < 0 ? troupe_fail(ctx, rc, "a model cannot be asked") : 0;
}

/* Its text, lent; or NULL, and the report says why. */
static const char *
text_of(troupe_context_t *ctx, struct run *run, const troupe_answer_t *answer)
{
    struct part *part = &run->report->parts[run->asked];
    const char *text = NULL;
    uint64_t attempts = 1;
    bool replayed = false, hedged = false;
    run->ask = (troupe_ask_t){0};
    part->start_ms =
        (double) (run->phase_ns - run->start_ns) / (double) NS_PER_MS;
    part->elapsed_ms =
        (double) (troupe_time_ns(ctx) - run->phase_ns) / (double) NS_PER_MS;
    part->state = answer->outcome == TROUPE_REPLY       ? PART_DONE
                  : answer->outcome == TROUPE_TIMEOUT   ? PART_TIMEOUT
                  : answer->outcome == TROUPE_CANCELLED ? PART_CANCELLED
                                                        : PART_FAILED;
    part->asked += 1;
    part->answered += part->state == PART_DONE;
    part->usable += part->state == PART_DONE;
    run->report->deadline_passed |=
        part->state == PART_TIMEOUT && run->request.deadline_ms > 0;
    run->report->over_budget |=
        answer->outcome == TROUPE_ERROR && answer->code == -ENOSPC
        && !run->kept_only; /* which is no reason to have no answer */
    if (part->state == PART_DONE
        && troupe_unpack(answer->msg, "{s:s, s?U, s?b, s?b}", "text", &text,
                         "attempts", &attempts, "replayed", &replayed, "hedged",
                         &hedged)
               < 0)
        troupe__part_bad(part);
    run->report->replayed += replayed;
    run->report->hedged += hedged;
    part->attempts = (uint32_t) attempts;
    if (part->state != PART_DONE && !*part->reason
        && !troupe__part_silent(part, answer->latency_ns))
        troupe__part_reason(part, answer->text ? answer->text : "");
    return part->state == PART_DONE ? text : NULL;
}

/* --- the plan --------------------------------------------------------------*/

static int
on_planned(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct run *run = answer->data;
    struct part *part = &run->report->parts[run->asked];
    const char *text = text_of(ctx, run, answer);
    (void) state;
    if (text && troupe__plan_read(text, &run->planned) < 0)
        troupe__part_bad(part);
    part->results = run->planned.count;
    if (run->draw > 0
        && troupe_send(ctx, run->request.budget, "release", "{s:U}", "id",
                       run->draw)
               < 0)
        return troupe_fail(ctx, -EIO, "the budget cannot be told");
    run->draw = 0;
    run->kept_only = false;
    return run->next(ctx, run);
}

static int
ask_planner(troupe_context_t *ctx, struct run *run)
{
    return ask_model(ctx, run, "planner",
                     troupe__plan_prompt(run->report->question),
                     troupe__plan_schema, PLAN_PERCENT, on_planned);
}

static int
on_reserved(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct run *run = answer->data;
    (void) state;
    run->ask = (troupe_ask_t){0};
    if (answer->outcome == TROUPE_REPLY
        && troupe_unpack(answer->msg, "{s:U}", "id", &run->draw) == 0)
        return ask_planner(ctx, run);
    run->kept_only = true; /* the budget is kept for the answer */
    return ask_planner(ctx, run);
}

int
troupe__run_plan(troupe_context_t *ctx, struct run *run)
{
    const troupe_cost_t *reserve = &run->request.reserve;
    uint32_t index = 0;
    if (!find_model(run, "planner", &index))
        return run->next(ctx, run);
    if (troupe_ref_is_nobody(run->request.budget))
        return ask_planner(ctx, run);
    troupe_ask_options_t options = {.timeout_ms = BUDGET_MS,
                                    .answer = on_reserved,
                                    .data = run,
                                    .detached = true};
    int rc =
        troupe_ask_with(ctx, run->request.budget, "reserve", &options,
                        &run->ask, "{s:U, s:f, s:U}", "tokens", reserve->tokens,
                        "money", reserve->money, "calls", reserve->calls);
    return rc < 0 ? troupe_fail(ctx, rc, "the budget cannot be asked") : 0;
}

/* --- the answer ------------------------------------------------------------*/

static int
on_cost(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct run *run = answer->data;
    struct troupe_report *report = run->report;
    (void) state;
    run->ask = (troupe_ask_t){0};
    report->has_cost =
        answer->outcome == TROUPE_REPLY
        && troupe_unpack(answer->msg, "{s:U, s:f, s:U, s:b}", "tokens",
                         &report->tokens, "money", &report->money, "calls",
                         &report->calls, "known", &report->cost_known)
               == 0;
    return run->next(ctx, run);
}

/* What it cost; then the report. */
static int
end_writing(troupe_context_t *ctx, struct run *run)
{
    troupe_ask_options_t options = {.timeout_ms = BUDGET_MS,
                                    .answer = on_cost,
                                    .data = run,
                                    .detached = true};
    if (troupe_ref_is_nobody(run->request.budget))
        return run->next(ctx, run);
    int rc = troupe_ask_with(ctx, run->request.budget, "state", &options,
                             &run->ask, NULL);
    return rc < 0 ? troupe_fail(ctx, rc, "the budget cannot be asked") : 0;
}

static int
on_checked(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct run *run = answer->data;
    struct part *part = &run->report->parts[run->asked];
    const char *text = text_of(ctx, run, answer);
    (void) state;
    if (text && troupe__checked_read(text, run->report) < 0)
        troupe__part_bad(part);
    for (uint32_t i = 0; i < run->report->written_count; i++)
        part->results += run->report->written[i].checked;
    return end_writing(ctx, run);
}

static void
spare(struct run *run, const char *name)
{
    uint32_t index = 0;
    if (find_model(run, name, &index))
        troupe__part_skip(&run->report->parts[index], "nothing was written");
}

static int
on_written(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct run *run = answer->data;
    struct troupe_report *report = run->report;
    struct part *part = &report->parts[run->asked];
    const char *text = text_of(ctx, run, answer);
    (void) state;
    if (text && troupe__written_read(text, &run->spans, report) < 0)
        troupe__part_bad(part);
    part->results = report->written_count - report->rejected;
    uint32_t index = 0;
    if (part->results > 0 && find_model(run, "checker", &index))
        return ask_model(ctx, run, "checker", troupe__check_prompt(report),
                         troupe__check_schema, CHECK_PERCENT, on_checked);
    spare(run, "checker");
    return end_writing(ctx, run);
}

int
troupe__run_write(troupe_context_t *ctx, struct run *run)
{
    uint32_t index = 0;
    if (!find_model(run, "writer", &index))
        return run->next(ctx, run);
    run->spans = troupe__spans_of(run->report);
    if (run->spans.count > 0) {
        return ask_model(ctx, run, "writer",
                         troupe__write_prompt(run->report, &run->spans),
                         troupe__write_schema, WRITE_PERCENT, on_written);
    }
    spare(run, "writer");
    spare(run, "checker");
    return end_writing(ctx, run);
}
