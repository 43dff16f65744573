/* SPDX-License-Identifier: Apache-2.0 */
/* decide_markdown_tables.c: the tables of a decision for people. */
#include "actors/decide_markdown.h"

#include <math.h>
#include <stdlib.h>

#include "mailbox/check.h"

#define TIE 1e-9

static void
put_number(FILE *out, double number, const char *unit)
{
    if (isnan(number)) {
        fputc('-', out);
        return;
    }
    if (fabs(number) >= 100)
        fprintf(out, "%.0f", number);
    else
        fprintf(out, "%.3g", number);
    if (*unit) {
        fputc(' ', out);
        troupe__put_line(out, unit);
    }
}

void
troupe__put_ranking(FILE *out, const struct decision_result *self)
{
    uint32_t rows = self->table.rows;
    if (self->consensus.ballots == 0)
        return;
    fprintf(out,
            "## Ranking\n\nOf %u rankings, each by one method under one "
            "perspective; regret is over the perspectives' weighted sums.\n\n"
            "| option | Copeland | Borda | first | last | regret |\n"
            "|---|---|---|---|---|---|\n",
            self->consensus.ballots);
    uint32_t *order = troupe__alloc((rows + 1) * sizeof *order);
    troupe__result_order(self, order);
    for (uint32_t k = 0; k < rows; k++) {
        uint32_t i = order[k];
        fputs("| ", out);
        troupe__put_option(out, self, i);
        fprintf(out, " | %.1f | %.2f | ", self->consensus.copeland[i],
                self->consensus.borda[i]);
        if (self->samples > 0) {
            fprintf(out, "%.0f %% | %.0f %%",
                    100 * troupe__acceptability(self, i, 0),
                    100 * troupe__acceptability(self, i, rows - 1));
        } else {
            fputs("- | -", out);
        }
        fprintf(out, " | %.3f |\n", self->regrets[i]);
    }
    free(order);
    if (self->consensus.condorcet != NO_ROW) {
        fputs("\nCondorcet winner: ", out);
        troupe__put_option(out, self, self->consensus.condorcet);
        fputs(".\n\n", out);
    } else {
        fputs("\nNo option beats each other one (no Condorcet winner).\n\n",
              out);
    }
}

/* Who is first by a method under a perspective. */
static void
put_first(FILE *out, const struct decision_result *self, const double *scores)
{
    uint32_t best = 0;
    bool tied = false;
    if (isnan(scores[0])) {
        fputs("not usable", out);
        return;
    }
    for (uint32_t i = 1; i < self->table.rows; i++) {
        if (fabs(scores[i] - scores[best]) <= TIE)
            tied = true;
        else if (scores[i] > scores[best])
            best = i, tied = false;
    }
    if (tied)
        fputs("tie", out);
    else
        troupe__put_option(out, self, best);
    fprintf(out, " (%.2f)", scores[best]);
}

void
troupe__put_methods(FILE *out, const struct decision_result *self)
{
    if (self->consensus.ballots == 0)
        return;
    fputs("## Methods\n\nFirst, and its score.\n\n| perspective |", out);
    for (unsigned m = 0; m < METHOD_COUNT; m++)
        fprintf(out, " %s |", troupe__method_name((enum method) m));
    fputs("\n|---|", out);
    for (unsigned m = 0; m < METHOD_COUNT; m++)
        fputs("---|", out);
    fputc('\n', out);
    for (unsigned v = 0; v < PERSPECTIVE_COUNT; v++) {
        const double *scores = self->opinions[v].scores;
        fprintf(out, "| %s |",
                troupe__perspective_name((enum perspective_index) v));
        for (unsigned m = 0; m < METHOD_COUNT; m++) {
            fputc(' ', out);
            if (scores)
                put_first(out, self, &scores[(size_t) m * self->table.rows]);
            else
                fputs("no answer", out);
            fputs(" |", out);
        }
        fputc('\n', out);
    }
    fputc('\n', out);
}

static void
put_cell(FILE *out, const struct decision_result *self, enum group group,
         const struct cell *cell)
{
    const struct decision *decision = self->decision;
    const struct estimate *it = &cell->estimate;
    if (!cell->done) {
        fputs("no answer", out);
    } else if (!it->enough) {
        fputs("insufficient data", out);
    } else if (group == GROUP_COST_BENEFIT) {
        fputs("NPV ", out);
        put_number(out, it->net[VIEW_BASE].mode, decision->money);
        fputs(", BCR ", out);
        put_number(out, it->ratio, "");
        fputs(", payback ", out);
        put_number(out, it->payback, "");
    } else if (group == GROUP_RISK) {
        fputs("expected loss ", out);
        put_number(out, it->loss, decision->money);
        fputs(", worst 5 % ", out);
        put_number(out, it->tail, "");
        fputs(", worst case ", out);
        put_number(out, it->worst, "");
    } else if (group == GROUP_STAKEHOLDERS) {
        fputs("mean ", out);
        put_number(out, it->mean, "");
        fputs(", least ", out);
        put_number(out, it->minimum, "");
    } else {
        put_number(out, it->mean, decision->time);
        fputs(" +- ", out);
        put_number(out, it->deviation, "");
        if (!isnan(it->on_time))
            fprintf(out, ", on time %.0f %%", 100 * it->on_time);
    }
}

void
troupe__put_strategies(FILE *out, const struct decision_result *self)
{
    const struct decision *decision = self->decision;
    fputs("## Strategies\n\n| option |", out);
    for (unsigned g = 1; g <= STRATEGY_COUNT; g++)
        fprintf(out, " %s |", troupe__group_name((enum group) g));
    fputs("\n|---|---|---|---|---|\n", out);
    for (uint32_t i = 0; i < decision->option_count; i++) {
        fputs("| ", out);
        troupe__put_line(out, decision->options[i].title);
        for (unsigned g = 1; g <= STRATEGY_COUNT; g++) {
            fputs(" | ", out);
            put_cell(out, self, (enum group) g,
                     &self->cells[(size_t) i * STRATEGY_COUNT + g - 1]);
        }
        fputs(" |\n", out);
    }
    fputc('\n', out);
}

void
troupe__put_node(FILE *out, const struct decision_result *self)
{
    static const char head[] =
        "## Decision node\n\n| option | expected | least "
        "| most | Hurwicz 0.2 | Hurwicz 0.8 | regret |\n"
        "|---|---|---|---|---|---|---|\n";
    struct payoffs payoffs;
    if (!self->used[GROUP_PAYOFFS])
        return;
    double *values = troupe__result_payoffs(self, &payoffs);
    fputs(head, out);
    for (uint32_t i = 0; i < self->table.rows; i++) {
        const double numbers[] = {troupe__expected(&payoffs, i),
                                  troupe__maximin(&payoffs, i),
                                  troupe__maximax(&payoffs, i),
                                  troupe__hurwicz(&payoffs, i, 0.2),
                                  troupe__hurwicz(&payoffs, i, 0.8),
                                  troupe__regret(&payoffs, i)};
        fputs("| ", out);
        troupe__put_option(out, self, i);
        for (unsigned k = 0; k < sizeof numbers / sizeof numbers[0]; k++) {
            fputs(" | ", out);
            put_number(out, numbers[k], "");
        }
        fputs(" |\n", out);
    }
    fputs("\nTo know the state beforehand would be worth ", out);
    put_number(out, troupe__perfect_information(&payoffs),
               self->decision->money);
    fputs(".\n\n", out);
    free(values);
}
