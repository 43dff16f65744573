/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decide_coordinator.c: the actor that asks the others and reports.
 *
 * Phase 1 gathers the cells, an actor for each option and strategy, and makes
 * the table. Phase 2 gathers the perspectives and the samplers over it, both
 * at once. Phase 3 is the verdict. A phase ends when all have answered or
 * failed for good, or at its share of the deadline; the next one takes what
 * there is, and what is missing is nobody's vote.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "troupe_gather.h"
#include "troupe_lifecycle.h"

#include "actors/decide.h"
#include "actors/decide_codec.h"
#include "actors/research.h"
#include "mailbox/check.h"

#define NS_PER_MS     1000000u
#define PHASE_MS      60000u /* of a phase when there is no deadline */
#define ATTEMPTS_MAX  4
#define CELLS_PERCENT 50 /* of the time left, for phase 1 */
#define RANK_PERCENT  90 /* of the time left then, for phase 2 */

struct run {
    struct decide_request request;
    troupe_message_t *msg; /* kept: the decision's bytes lie in it */
    const void *decision;
    size_t decision_size;
    struct decision_result result;
    troupe_token_t token;
    troupe_ref_t team;
    unsigned open; /* gathers of phase 2 */
    uint64_t start_ns;
};

struct decider {
    uint64_t fail;
    struct run *run; /* NULL between runs */
};

static int
decider_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct decider *self = state;
    int rc = troupe_unpack(msg, "n");
    if (rc < 0)
        rc = troupe_unpack(msg, "{s?U}", "fail", &self->fail);
    return rc < 0 ? troupe_fail(ctx, rc, "a decider wants nothing, or fail")
                  : 0;
}

static void
run_destroy(struct run **self_p)
{
    struct run *self = *self_p;
    if (!self)
        return;
    troupe__result_clear(&self->result);
    troupe_message_destroy(&self->msg);
    free(self);
    *self_p = NULL;
}

/* Milliseconds for a phase: a share of what is left, never 0. */
static uint32_t
phase_ms(troupe_context_t *ctx, const struct run *run, unsigned percent)
{
    if (run->request.deadline_ms == 0)
        return PHASE_MS;
    uint64_t spent = (troupe_time_ns(ctx) - run->start_ns) / NS_PER_MS;
    if (spent >= run->request.deadline_ms)
        return 1;
    uint64_t left = (run->request.deadline_ms - spent) * percent / 100;
    return left > 0 ? (uint32_t) left : 1;
}

static troupe_gather_options_t
gather_options(troupe_context_t *ctx, const struct run *run, unsigned percent,
               troupe_gathered_fn done)
{
    return (troupe_gather_options_t){.policy = TROUPE_GATHER_ALL,
                                     .timeout_ms = phase_ms(ctx, run, percent),
                                     .attempts_max = ATTEMPTS_MAX,
                                     .done = done};
}

/* Why a part gave no answer, "" when it did. */
static void
note_reason(struct run *run, const troupe_gather_part_t *part, char *reason,
            size_t size)
{
    if (part->outcome == TROUPE_REPLY)
        return;
    run->result.deadline_passed |=
        part->outcome == TROUPE_TIMEOUT && run->request.deadline_ms > 0;
    snprintf(reason, size, "%s%s%s", troupe_outcome_name(part->outcome),
             part->text && *part->text ? ": " : "",
             part->text ? part->text : "");
}

static int
finish(troupe_context_t *ctx, struct decider *self)
{
    struct run *run = self->run;
    struct decision_result *result = &run->result;
    result->elapsed_ms =
        (double) (troupe_time_ns(ctx) - run->start_ns) / NS_PER_MS;
    troupe__result_judge(result);
    bool any = result->table.rows < 2;
    for (unsigned v = 0; v < PERSPECTIVE_COUNT; v++)
        any |= result->opinions[v].done;
    uint64_t outcome = !any ? TROUPE_RESEARCH_NOTHING
                       : troupe__result_degraded(result)
                           ? TROUPE_RESEARCH_DEGRADED
                           : TROUPE_RESEARCH_COMPLETE;
    char *markdown = troupe__result_markdown(result);
    char *json = troupe__result_json(result);
    char *svg = troupe__result_svg(result);
    int rc = troupe_reply_to(ctx, &run->token, "{s:U, s:s, s:b, s:s, s:s, s:s}",
                             "outcome", outcome, "verdict",
                             troupe__verdict_name(result->verdict),
                             "deadline_passed", (int) result->deadline_passed,
                             "markdown", markdown, "json", json, "svg", svg);
    free(markdown);
    free(json);
    free(svg);
    troupe_unlink(ctx, run->team);
    troupe_exit_send(ctx, run->team, TROUPE_EXIT_SHUTDOWN, 0, NULL);
    run_destroy(&self->run);
    return rc == -ENOMSG ? 0 : rc; /* the asker has given up: fine */
}

static int
end_phase(troupe_context_t *ctx, struct decider *self)
{
    self->run->open -= 1;
    return self->run->open > 0 ? 0 : finish(ctx, self);
}

static int
on_ranked(troupe_context_t *ctx, void *state, const troupe_gather_t *gathered)
{
    struct decider *self = state;
    CHECK(self->run);
    struct decision_result *result = &self->run->result;
    uint32_t count = METHOD_COUNT * result->table.rows;
    for (size_t v = 0; v < gathered->count && v < PERSPECTIVE_COUNT; v++) {
        const troupe_gather_part_t *part = &gathered->parts[v];
        struct opinion *opinion = &result->opinions[v];
        opinion->attempts = part->attempts;
        note_reason(self->run, part, opinion->reason, sizeof opinion->reason);
        if (part->outcome != TROUPE_REPLY)
            continue;
        opinion->scores = troupe__alloc((count + 1) * sizeof(double));
        opinion->done =
            troupe__scores_read(part->reply, count, opinion->scores) == 0;
        if (opinion->done)
            continue;
        free(opinion->scores);
        opinion->scores = NULL;
        snprintf(opinion->reason, sizeof opinion->reason,
                 "its answer cannot be read");
    }
    return end_phase(ctx, self);
}

static int
on_sampled(troupe_context_t *ctx, void *state, const troupe_gather_t *gathered)
{
    struct decider *self = state;
    CHECK(self->run);
    struct decision_result *result = &self->run->result;
    for (size_t i = 0; i < gathered->count && i < result->sampler_count; i++) {
        const troupe_gather_part_t *part = &gathered->parts[i];
        struct opinion *sampler = &result->samplers[i];
        sampler->attempts = part->attempts;
        note_reason(self->run, part, sampler->reason, sizeof sampler->reason);
        sampler->done = part->outcome == TROUPE_REPLY
                        && troupe__samples_add(part->reply, result->table.rows,
                                               result->counts, &result->samples)
                               == 0;
        if (!sampler->done && !*sampler->reason)
            snprintf(sampler->reason, sizeof sampler->reason,
                     "its answer cannot be read");
    }
    result->deadline_passed |= result->samples < result->samples_asked
                               && gathered->answered == gathered->count;
    return end_phase(ctx, self);
}

static int
ask_perspectives(troupe_context_t *ctx, struct run *run)
{
    const char *ids[PERSPECTIVE_COUNT];
    for (unsigned v = 0; v < PERSPECTIVE_COUNT; v++)
        ids[v] = troupe__perspective_name((enum perspective_index) v);
    troupe_gather_options_t options =
        gather_options(ctx, run, RANK_PERCENT, on_ranked);
    run->open += 1;
    return troupe_gather_children(ctx, run->team, ids, PERSPECTIVE_COUNT,
                                  "rank", &options, "{s:*}", "table",
                                  troupe__table_write, &run->result.table);
}

static int
ask_samplers(troupe_context_t *ctx, struct run *run)
{
    char names[DECIDE_SAMPLERS_MAX][TROUPE_NAME_MAX + 1];
    const char *ids[DECIDE_SAMPLERS_MAX];
    struct decision_result *result = &run->result;
    uint32_t rows = result->table.rows;
    result->sampler_count = (uint32_t) run->request.samplers;
    result->samplers =
        troupe__alloc(result->sampler_count * sizeof *result->samplers);
    result->counts =
        troupe__alloc(((size_t) rows * rows + 1) * sizeof *result->counts);
    for (uint32_t i = 0; i < result->sampler_count; i++) {
        troupe__sampler_id(i, names[i]);
        ids[i] = names[i];
    }
    troupe_gather_options_t options =
        gather_options(ctx, run, RANK_PERCENT, on_sampled);
    run->open += 1;
    return troupe_gather_children(
        ctx, run->team, ids, result->sampler_count, "sample", &options,
        "{s:*, s:U, s:U}", "table", troupe__table_write, &result->table, "seed",
        run->request.seed, "samples", run->request.samples);
}

static int
begin_ranking(troupe_context_t *ctx, struct decider *self)
{
    struct run *run = self->run;
    struct decision_result *result = &run->result;
    const struct decision *decision = result->decision;
    result->standing =
        troupe__alloc(decision->option_count * sizeof *result->standing);
    for (uint32_t i = 0; i < decision->option_count; i++)
        result->standing[i] = troupe__standing(decision, i);
    result->table = troupe__table_make(decision, result->cells,
                                       result->standing, result->used);
    if (result->table.rows < 2 || result->table.column_count == 0)
        return finish(ctx, self);
    int rc = ask_perspectives(ctx, run);
    if (rc == 0 && run->request.samples > 0)
        rc = ask_samplers(ctx, run);
    return rc < 0 ? troupe_fail(ctx, rc, "the perspectives cannot be asked")
                  : 0;
}

static int
on_cells(troupe_context_t *ctx, void *state, const troupe_gather_t *gathered)
{
    struct decider *self = state;
    CHECK(self->run);
    struct decision_result *result = &self->run->result;
    size_t count = (size_t) result->decision->option_count * STRATEGY_COUNT;
    for (size_t i = 0; i < gathered->count && i < count; i++) {
        const troupe_gather_part_t *part = &gathered->parts[i];
        struct cell *cell = &result->cells[i];
        cell->attempts = part->attempts;
        note_reason(self->run, part, cell->reason, sizeof cell->reason);
        cell->done =
            part->outcome == TROUPE_REPLY
            && troupe__estimate_read(part->reply, &cell->estimate) == 0;
        if (!cell->done && !*cell->reason)
            snprintf(cell->reason, sizeof cell->reason,
                     "its answer cannot be read");
    }
    for (size_t i = gathered->count; i < count; i++)
        snprintf(result->cells[i].reason, sizeof result->cells[i].reason, "%s",
                 gathered->why);
    return begin_ranking(ctx, self);
}

static int
ask_cells(troupe_context_t *ctx, struct run *run)
{
    size_t count = (size_t) run->result.decision->option_count * STRATEGY_COUNT;
    char(*names)[TROUPE_NAME_MAX + 1] = troupe__alloc(count * sizeof *names);
    const char **ids = troupe__alloc(count * sizeof *ids);
    for (size_t i = 0; i < count; i++) {
        troupe__cell_id((uint32_t) (i / STRATEGY_COUNT),
                        (enum group)(i % STRATEGY_COUNT + 1), names[i]);
        ids[i] = names[i];
    }
    run->result.cells = troupe__alloc(count * sizeof *run->result.cells);
    troupe_gather_options_t options =
        gather_options(ctx, run, CELLS_PERCENT, on_cells);
    int rc = troupe_gather_children(ctx, run->team, ids, count, "evaluate",
                                    &options, "{s:r}", "decision",
                                    run->decision, run->decision_size);
    free(names);
    free(ids);
    return rc;
}

static int
on_team_ready(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct decider *self = state;
    CHECK(self->run);
    int rc = answer->outcome == TROUPE_REPLY ? ask_cells(ctx, self->run)
                                             : answer->code;
    return rc < 0 ? troupe_fail(ctx, rc, "the cells cannot be asked") : 0;
}

/* The first thing that is wrong, as an answer; a caller that wants all of it
 * asks troupe_decide_check(). */
static int
refuse(troupe_context_t *ctx, const struct problems *problems)
{
    if (problems->count == 0)
        return troupe_reply_error(ctx, -EBADMSG, "decide wants a decision");
    return troupe_reply_error(ctx, -EINVAL, "%s: %s",
                              problems->items[0].pointer,
                              problems->items[0].text);
}

static int
begin_run(troupe_context_t *ctx, struct decider *self,
          const troupe_message_t *msg, struct decision *decision)
{
    struct run *run = troupe__alloc(sizeof *run);
    self->run = run;
    run->result.decision = decision;
    run->result.winner = run->result.rival = NO_ROW;
    run->start_ns = troupe_time_ns(ctx);
    int rc = troupe__decide_request_read(msg, &run->request);
    if (rc < 0) {
        run_destroy(&self->run);
        return troupe_reply_error(ctx, rc, "not a request for a decision");
    }
    run->result.samples_asked = (uint32_t) run->request.samples;
    run->result.seed = run->request.seed;
    run->result.deadline_ms = (uint32_t) run->request.deadline_ms;
    run->result.failures = (uint32_t) run->request.failures;
    rc = troupe_message_keep(msg, &run->msg);
    if (rc == 0)
        rc = troupe_unpack(run->msg, "{s:r}", "decision", &run->decision,
                           &run->decision_size);
    if (rc == 0)
        rc = troupe_defer(ctx, &run->token);
    if (rc == 0)
        rc = troupe__team_start(ctx, decision->option_count, &run->request,
                                on_team_ready, &run->team);
    return rc < 0 ? troupe_fail(ctx, rc, "the actors cannot be started") : 0;
}

static int
on_decide(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct decider *self = state;
    int rc = troupe__fail_on_request(ctx, self->fail);
    if (rc < 0)
        return rc;
    if (self->run)
        return troupe_reply_error(ctx, -EBUSY, "one decision at a time");
    struct decision *decision = NULL;
    struct problems problems = {.scratch = troupe__scratch_new()};
    rc = troupe__decision_take(msg, &problems, &decision);
    rc = rc < 0 ? refuse(ctx, &problems) : begin_run(ctx, self, msg, decision);
    troupe__scratch_destroy(&problems.scratch);
    return rc;
}

static int
on_team(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    struct decider *self = state;
    troupe_ref_t team = {0};
    return troupe_reply(ctx, "{s:R}", "supervisor",
                        self->run ? self->run->team : team);
}

static void
decider_stop(troupe_context_t *ctx, void *state, const troupe_reason_t *reason)
{
    (void) ctx;
    (void) reason;
    run_destroy(&((struct decider *) state)->run);
}

TROUPE_KIND(troupe_decider, struct decider, TROUPE_ON_START(decider_start),
            TROUPE_ON("decide", on_decide), TROUPE_ON("team", on_team),
            TROUPE_ON_STOP(decider_stop));
