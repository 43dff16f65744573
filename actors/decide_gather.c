/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decide_gather.c: the phases of a run, each a few gathers at once.
 *
 * Phase 1 gathers the cells, an actor for each option and strategy, and makes
 * the table. Phase 2 gathers the perspectives and the samplers over it. A
 * phase ends when all have answered or failed for good, or at its share of the
 * deadline; the next one takes what there is, and what is missing is nobody's
 * vote.
 */
#include "actors/decide_run.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "troupe_gather.h"

#include "actors/decide_codec.h"
#include "mailbox/check.h"

#define PHASE_MS      60000u /* of a phase when there is no deadline */
#define ATTEMPTS_MAX  4
#define CELLS_PERCENT 50 /* of the time left, for phase 1 */
#define RANK_PERCENT  90 /* of the time left then, for phase 2 */

/* Milliseconds for a phase: a share of what is left, never 0. */
static uint32_t
phase_ms(troupe_context_t *ctx, const struct run *run, unsigned percent)
{
    if (run->request.deadline_ms == 0)
        return PHASE_MS;
    uint64_t spent = (troupe_time_ns(ctx) - run->start_ns) / DECIDE_NS_PER_MS;
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
end_phase(troupe_context_t *ctx, struct decider *self)
{
    self->run->open -= 1;
    return self->run->open > 0 ? 0 : troupe__decide_finish(ctx, self);
}

/* Who was not even reached has the gather's reason. */
static void
note_unreached(struct opinion *opinions, size_t count,
               const troupe_gather_t *gathered)
{
    for (size_t i = gathered->count; i < count; i++)
        snprintf(opinions[i].reason, sizeof opinions[i].reason, "%s",
                 gathered->why);
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
    note_unreached(result->opinions, PERSPECTIVE_COUNT, gathered);
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
    note_unreached(result->samplers, result->sampler_count, gathered);
    result->deadline_passed |= result->samples < result->samples_asked
                               && gathered->answered == gathered->count
                               && !result->interrupted;
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
    return troupe_gather_children(
        ctx, run->teams[TEAM_RANKS], ids, PERSPECTIVE_COUNT, "rank", &options,
        "{s:*}", "table", troupe__table_write, &run->result.table);
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
        ctx, run->teams[TEAM_RANKS], ids, result->sampler_count, "sample",
        &options, "{s:*, s:U, s:U}", "table", troupe__table_write,
        &result->table, "seed", run->request.seed, "samples",
        run->request.samples);
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
        return troupe__decide_finish(ctx, self);
    int rc = ask_perspectives(ctx, run);
    if (rc == 0 && run->request.samples > 0 && !result->interrupted)
        rc = ask_samplers(ctx, run);
    return rc < 0 ? troupe_fail(ctx, rc, "the perspectives cannot be asked")
                  : 0;
}

/* The cells of one strategy, which `data` names. */
static int
on_cells(troupe_context_t *ctx, void *state, const troupe_gather_t *gathered)
{
    struct decider *self = state;
    CHECK(self->run);
    struct decision_result *result = &self->run->result;
    const enum group *strategy = gathered->data;
    for (size_t i = 0; i < result->decision->option_count; i++) {
        struct cell *cell = &result->cells[i * STRATEGY_COUNT + *strategy - 1];
        const char *why = gathered->why;
        if (i < gathered->count) {
            const troupe_gather_part_t *part = &gathered->parts[i];
            cell->attempts = part->attempts;
            note_reason(self->run, part, cell->reason, sizeof cell->reason);
            cell->done =
                part->outcome == TROUPE_REPLY
                && troupe__estimate_read(part->reply, &cell->estimate) == 0;
            why = "its answer cannot be read";
        }
        if (!cell->done && !*cell->reason)
            snprintf(cell->reason, sizeof cell->reason, "%s", why);
    }
    self->run->open -= 1;
    return self->run->open > 0 ? 0 : begin_ranking(ctx, self);
}

static int
ask_cells(troupe_context_t *ctx, struct run *run, const enum group *strategy)
{
    char names[DECIDE_OPTIONS_MAX][TROUPE_NAME_MAX + 1];
    const char *ids[DECIDE_OPTIONS_MAX];
    uint32_t count = run->result.decision->option_count;
    for (uint32_t i = 0; i < count; i++) {
        troupe__cell_id(i, *strategy, names[i]);
        ids[i] = names[i];
    }
    troupe_gather_options_t options =
        gather_options(ctx, run, CELLS_PERCENT, on_cells);
    options.data = (void *) (uintptr_t) strategy;
    run->open += 1;
    return troupe_gather_children(ctx, run->teams[*strategy - 1], ids, count,
                                  "evaluate", &options, NULL);
}

static int
on_team_ready(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    static const enum group strategies[STRATEGY_COUNT] = {
        GROUP_COST_BENEFIT, GROUP_RISK, GROUP_STAKEHOLDERS, GROUP_TIMELINE};
    struct decider *self = state;
    struct run *run = self->run;
    CHECK(run);
    if (answer->outcome != TROUPE_REPLY) {
        return troupe_fail(ctx, answer->code, "the actors do not start: %s",
                           answer->text);
    }
    run->open -= 1;
    if (run->open > 0)
        return 0; /* others are starting still */
    run->ready = true;
    int rc = 0;
    for (unsigned i = 0; i < STRATEGY_COUNT && rc == 0; i++)
        rc = ask_cells(ctx, run, &strategies[i]);
    return rc < 0 ? troupe_fail(ctx, rc, "the cells cannot be asked") : 0;
}

int
troupe__decide_begin(troupe_context_t *ctx, struct run *run)
{
    uint32_t options = run->result.decision->option_count;
    size_t count = (size_t) options * STRATEGY_COUNT;
    msgpack_object body;
    const msgpack_object *decision = troupe__decision_object(run->msg, &body);
    int rc = decision ? 0 : -EBADMSG;
    run->result.cells = troupe__alloc(count * sizeof *run->result.cells);
    for (unsigned i = 0; i < TEAM_COUNT && rc == 0; i++) {
        rc = troupe__team_start(ctx, i, decision, options, &run->request,
                                on_team_ready, &run->teams[i]);
        run->open += 1;
    }
    return rc;
}
