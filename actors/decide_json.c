/* SPDX-License-Identifier: Apache-2.0 */
/* decide_json.c: a decision for programs; see DECISION.md for its shape. */
#include "actors/decide_result.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "mailbox/check.h"

#define SCHEMA          "troupe-decision-1"
#define DEGRADATION_MAX 512

/* jansson gives NULL only for memory or text that is not UTF-8: a bug. */
static json_t *
sure(json_t *value)
{
    CHECK(value);
    return value;
}

static void
set(json_t *object, const char *key, json_t *value)
{
    CHECK(json_object_set_new(object, key, sure(value)) == 0);
}

static void
append(json_t *array, json_t *value)
{
    CHECK(json_array_append_new(array, sure(value)) == 0);
}

/* A reason may have been cut in the middle of a character. */
static json_t *
text_of(const char *text)
{
    size_t size = strlen(text);
    json_t *value = NULL;
    while (!(value = json_stringn(text, size)) && size > 0)
        size -= 1;
    return value;
}

static json_t *
real_of(double number)
{
    return isfinite(number) ? json_real(number) : json_null();
}

static json_t *
range_of(const struct range *range)
{
    if (isnan(range->mode))
        return json_null();
    return json_pack("{s:f, s:f, s:f}", "low", range->low, "mode", range->mode,
                     "high", range->high);
}

static json_t *
id_of(const struct decision_result *self, uint32_t row)
{
    return row == NO_ROW ? json_null() : text_of(self->table.ids[row]);
}

static void
set_estimate(json_t *object, enum group group, const struct estimate *it)
{
    if (group == GROUP_COST_BENEFIT) {
        set(object, "net_present_value", range_of(&it->net[VIEW_BASE]));
        set(object, "benefit_cost_ratio", real_of(it->ratio));
        set(object, "payback", real_of(it->payback));
    } else if (group == GROUP_RISK) {
        set(object, "expected_loss", real_of(it->loss));
        set(object, "tail_loss", real_of(it->tail));
        set(object, "worst_case", real_of(it->worst));
    } else if (group == GROUP_STAKEHOLDERS) {
        set(object, "mean", real_of(it->mean));
        set(object, "minimum", real_of(it->minimum));
    } else {
        set(object, "mean", real_of(it->mean));
        set(object, "deviation", real_of(it->deviation));
        set(object, "on_time", real_of(it->on_time));
    }
}

static json_t *
cells_of(const struct decision_result *self, uint32_t option)
{
    json_t *cells = sure(json_object());
    for (unsigned g = 1; g <= STRATEGY_COUNT; g++) {
        const struct cell *cell =
            &self->cells[(size_t) option * STRATEGY_COUNT + g - 1];
        bool enough = cell->done && cell->estimate.enough;
        json_t *it = sure(json_object());
        set(it, "state",
            json_string(!cell->done ? "failed"
                        : enough    ? "done"
                                    : "insufficient_data"));
        set(it, "attempts", json_integer(cell->attempts));
        set(it, "reason",
            text_of(cell->done ? cell->estimate.missing : cell->reason));
        if (enough)
            set_estimate(it, (enum group) g, &cell->estimate);
        set(cells, troupe__group_name((enum group) g), it);
    }
    return cells;
}

static uint32_t
row_of(const struct decision_result *self, uint32_t option)
{
    for (uint32_t i = 0; i < self->table.rows; i++)
        if (self->options[i] == option)
            return i;
    return NO_ROW;
}

static json_t *
ranking_of(const struct decision_result *self, uint32_t row)
{
    if (row == NO_ROW || self->consensus.ballots == 0)
        return json_null();
    json_t *shares = sure(json_array());
    for (uint32_t k = 0; k < self->table.rows && self->samples > 0; k++)
        append(shares, real_of(troupe__acceptability(self, row, k)));
    json_t *it = sure(json_object());
    set(it, "borda", real_of(self->consensus.borda[row]));
    set(it, "copeland", real_of(self->consensus.copeland[row]));
    set(it, "regret", real_of(self->regrets[row]));
    set(it, "rank_acceptability", shares);
    return it;
}

static json_t *
options_of(const struct decision_result *self)
{
    json_t *list = sure(json_array());
    for (uint32_t i = 0; i < self->decision->option_count; i++) {
        const struct standing *standing = &self->standing[i];
        uint32_t row = row_of(self, i);
        json_t *it = sure(json_object());
        set(it, "id", text_of(self->decision->options[i].id));
        set(it, "title", text_of(self->decision->options[i].title));
        set(it, "status",
            json_string(standing->excluded     ? "excluded"
                        : standing->incomplete ? "insufficient_data"
                                               : "ranked"));
        set(it, "reason", text_of(standing->reason));
        set(it, "dominated_by",
            row == NO_ROW ? json_null() : id_of(self, self->dominators[row]));
        set(it, "strategies", cells_of(self, i));
        set(it, "ranking", ranking_of(self, row));
        append(list, it);
    }
    return list;
}

static json_t *
scores_of(const struct decision_result *self, const double *scores)
{
    json_t *methods = sure(json_object());
    for (unsigned m = 0; m < METHOD_COUNT; m++) {
        const double *of = &scores[(size_t) m * self->table.rows];
        json_t *it = sure(isnan(of[0]) ? json_null() : json_object());
        for (uint32_t i = 0; json_is_object(it) && i < self->table.rows; i++)
            set(it, self->table.ids[i], real_of(of[i]));
        set(methods, troupe__method_name((enum method) m), it);
    }
    return methods;
}

static json_t *
perspectives_of(const struct decision_result *self)
{
    json_t *list = sure(json_array());
    for (unsigned v = 0; v < PERSPECTIVE_COUNT; v++) {
        const struct opinion *opinion = &self->opinions[v];
        const struct perspective *how = &self->decision->perspectives[v];
        json_t *it = sure(json_object());
        set(it, "name",
            json_string(troupe__perspective_name((enum perspective_index) v)));
        set(it, "state",
            json_string(opinion->done              ? "done"
                        : *opinion->reason != '\0' ? "failed"
                                                   : "not_asked"));
        set(it, "attempts", json_integer(opinion->attempts));
        set(it, "reason", text_of(opinion->reason));
        set(it, "discount_rate", real_of(how->rate));
        set(it, "optimism", real_of(how->optimism));
        set(it, "first", id_of(self, self->champions[v]));
        set(it, "scores",
            opinion->scores ? scores_of(self, opinion->scores) : json_null());
        append(list, it);
    }
    return list;
}

static json_t *
stability_of(const struct decision_result *self)
{
    json_t *list = sure(json_array());
    for (uint32_t i = 0; i < self->stability_count; i++) {
        const struct stability *from = &self->stability[i];
        const struct column *column = &self->table.columns[from->column];
        json_t *it = sure(json_object());
        set(it, "column", text_of(column->id));
        set(it, "group",
            json_string(troupe__group_name((enum group) column->group)));
        set(it, "weight", real_of(from->weight));
        set(it, "low", real_of(from->low));
        set(it, "high", real_of(from->high));
        set(it, "first_below", id_of(self, from->below));
        set(it, "first_above", id_of(self, from->above));
        append(list, it);
    }
    return list;
}

static json_t *
robustness_of(const struct decision_result *self)
{
    json_t *reversals = sure(json_array());
    for (uint32_t i = 0; i < self->reversal_count; i++) {
        json_t *it = sure(json_object());
        set(it, "without", id_of(self, self->reversals[i].without));
        set(it, "first", id_of(self, self->reversals[i].leader));
        append(reversals, it);
    }
    json_t *it = sure(json_object());
    set(it, "samples", json_integer(self->samples));
    set(it, "samples_asked", json_integer(self->samples_asked));
    set(it, "seed", json_integer((json_int_t) self->seed));
    set(it, "weight_stability", stability_of(self));
    set(it, "rank_reversals", reversals);
    return it;
}

/* The rules for a decision node, by option that has all payoffs. */
static json_t *
node_of(const struct decision_result *self)
{
    const struct decision *decision = self->decision;
    if (!self->used[GROUP_PAYOFFS])
        return json_null();
    struct payoffs payoffs;
    double *values = troupe__result_payoffs(self, &payoffs);
    json_t *options = sure(json_object());
    for (uint32_t i = 0; i < self->table.rows; i++) {
        set(options, self->table.ids[i],
            json_pack("{s:f, s:f, s:f, s:f, s:f, s:f}", "expected",
                      troupe__expected(&payoffs, i), "maximin",
                      troupe__maximin(&payoffs, i), "maximax",
                      troupe__maximax(&payoffs, i), "hurwicz_0.2",
                      troupe__hurwicz(&payoffs, i, 0.2), "hurwicz_0.8",
                      troupe__hurwicz(&payoffs, i, 0.8), "regret",
                      troupe__regret(&payoffs, i)));
    }
    json_t *states = sure(json_object());
    for (uint32_t j = 0; j < decision->state_count; j++)
        set(states, decision->states[j].id,
            json_real(decision->states[j].weight));
    json_t *it = sure(json_object());
    set(it, "states", states);
    set(it, "options", options);
    set(it, "perfect_information",
        real_of(troupe__perfect_information(&payoffs)));
    free(values);
    return it;
}

static json_t *
weights_of(const struct decision_result *self)
{
    static const char *const names[] = {"given", "comparisons", "entropy"};
    json_t *columns = sure(json_array());
    struct sight sight = troupe__sight(&self->table, VIEW_BASE);
    for (uint32_t k = 0; k < sight.matrix.columns; k++) {
        const struct column *column = &self->table.columns[sight.columns[k]];
        json_t *it = sure(json_object());
        set(it, "column", text_of(column->id));
        set(it, "group",
            json_string(troupe__group_name((enum group) column->group)));
        set(it, "weight", real_of(sight.weights[k]));
        append(columns, it);
    }
    troupe__sight_clear(&sight);
    json_t *it = sure(json_object());
    set(it, "weighting", json_string(names[self->decision->weighting]));
    set(it, "consistency_ratio", real_of(self->decision->consistency));
    set(it, "columns", columns);
    return it;
}

static void
append_limit(void *data, const char *text)
{
    append(data, text_of(text));
}

static json_t *
run_of(const struct decision_result *self)
{
    struct tally tally = troupe__result_tally(self);
    json_t *it = sure(json_object());
    set(it, "elapsed_ms", real_of(self->elapsed_ms));
    set(it, "deadline_ms", json_integer(self->deadline_ms));
    set(it, "deadline_passed", json_boolean(self->deadline_passed));
    set(it, "interrupted", json_boolean(self->interrupted));
    set(it, "decider_failures", json_integer(self->failures));
    set(it, "asked", json_integer(tally.asked));
    set(it, "answered", json_integer(tally.answered));
    set(it, "usable", json_integer(tally.usable));
    set(it, "failed", json_integer(tally.failed));
    return it;
}

static json_t *
consensus_of(const struct decision_result *self)
{
    json_t *it = sure(json_object());
    set(it, "rankings", json_integer(self->consensus.ballots));
    set(it, "condorcet_winner", id_of(self, self->consensus.condorcet));
    set(it, "first", id_of(self, self->consensus.leader));
    set(it, "tied", json_boolean(self->consensus.tied));
    return it;
}

static json_t *
recommendation_of(const struct decision_result *self)
{
    if (self->winner == NO_ROW)
        return json_null();
    json_t *it = sure(json_object());
    set(it, "option", id_of(self, self->winner));
    set(it, "first_share",
        real_of(troupe__acceptability(self, self->winner, 0)));
    set(it, "rival", id_of(self, self->rival));
    set(it, "lead", real_of(self->lead));
    set(it, "noise", real_of(self->noise));
    return it;
}

char *
troupe__result_json(const struct decision_result *self)
{
    CHECK(self);
    bool degraded = troupe__result_degraded(self);
    char reason[DEGRADATION_MAX];
    troupe__result_degradation(self, reason, sizeof reason);
    json_t *limits = sure(json_array());
    troupe__result_limits(self, append_limit, limits);
    json_t *it = sure(json_object());
    set(it, "schema", json_string(SCHEMA));
    set(it, "degraded", json_boolean(degraded));
    set(it, "degraded_reason", degraded ? text_of(reason) : json_null());
    set(it, "problem", text_of(self->decision->problem));
    set(it, "verdict", json_string(troupe__verdict_name(self->verdict)));
    set(it, "why", text_of(self->why));
    set(it, "recommendation", recommendation_of(self));
    set(it, "options", options_of(self));
    set(it, "weights", weights_of(self));
    set(it, "perspectives", perspectives_of(self));
    set(it, "consensus", consensus_of(self));
    set(it, "robustness", robustness_of(self));
    set(it, "decision_node", node_of(self));
    set(it, "limits", limits);
    set(it, "run", run_of(self));
    char *text = json_dumps(it, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    CHECK(text);
    json_decref(it);
    return text;
}
