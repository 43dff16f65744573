/* SPDX-License-Identifier: Apache-2.0 */
/* decide_markdown.c: a decision for people. */
#include "actors/decide_markdown.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mailbox/check.h"

#define DEGRADATION_MAX 512
#define HALF_PERCENT    0.005

void
troupe__put_line(FILE *out, const char *text)
{
    bool space = false;
    for (; *text; text++) {
        unsigned char c = (unsigned char) *text;
        if (c <= ' ' || c == 0x7f) {
            space = true;
            continue;
        }
        if (space)
            fputc(' ', out);
        space = false;
        if (strchr("\\<[]|*`", c))
            fputc('\\', out);
        fputc(c, out);
    }
}

void
troupe__put_option(FILE *out, const struct decision_result *self, uint32_t row)
{
    troupe__put_line(out, troupe__result_title(self, row));
}

static void
put_recommendation(FILE *out, const struct decision_result *self)
{
    fputs("## Recommendation\n\n", out);
    if (self->verdict == DECISION_RECOMMENDED) {
        fputs("**", out);
        troupe__put_option(out, self, self->winner);
        fputs("**: ", out);
    } else if (self->verdict == DECISION_NO_CLEAR_WINNER) {
        fputs("**No clear winner**: ", out);
    } else {
        fputs("**Insufficient data**: ", out);
    }
    troupe__put_line(out, self->why);
    fputs(".\n\n", out);
    if (self->verdict == DECISION_RECOMMENDED && !isnan(self->lead)) {
        fprintf(out, "Margin: %.1f points of the samples before '",
                100 * self->lead);
        troupe__put_option(out, self, self->rival);
        fprintf(out, "'; the noise is %.1f.\n\n", 100 * self->noise);
    }
}

static void
put_change(FILE *out, const struct decision_result *self,
           const struct stability *it, bool up)
{
    uint32_t row = up ? it->above : it->below;
    const struct column *column = &self->table.columns[it->column];
    fputs("- If ", out);
    troupe__put_line(out, column->id);
    double share = up ? it->high : it->low;
    const char *how = up ? "more than" : "less than";
    if (fabs(share - it->weight) < HALF_PERCENT) /* they are equal now */
        fprintf(out, " weighed %s its %.0f %%, '", how, 100 * it->weight);
    else
        fprintf(out, " weighed %s %.0f %% instead of %.0f %%, '", how,
                100 * share, 100 * it->weight);
    troupe__put_option(out, self, row);
    fputs("' would be first by the weighted sum.\n", out);
}

static void
put_changes(FILE *out, const struct decision_result *self)
{
    uint32_t count = 0;
    if (self->consensus.leader == NO_ROW)
        return;
    fputs("## What would change it\n\n", out);
    for (uint32_t i = 0; i < self->stability_count; i++) {
        const struct stability *it = &self->stability[i];
        if (it->below != NO_ROW)
            put_change(out, self, it, false);
        if (it->above != NO_ROW)
            put_change(out, self, it, true);
        count += it->below != NO_ROW || it->above != NO_ROW;
    }
    if (self->stability_count == 0) {
        fputs("- By the weighted sum alone another option is first already.\n",
              out);
    } else if (count == 0) {
        fputs("- No weight of a single criterion would: '", out);
        troupe__put_option(out, self, self->consensus.leader);
        fputs("' stays first by the weighted sum at any.\n", out);
    }
    for (uint32_t i = 0; i < self->reversal_count; i++) {
        const struct reversal *it = &self->reversals[i];
        fputs("- Without '", out);
        troupe__put_option(out, self, it->without);
        fputs("' the ranking turns over: ", out);
        if (it->leader == NO_ROW) {
            fputs("nobody is first alone.\n", out);
            continue;
        }
        fputs("first is '", out);
        troupe__put_option(out, self, it->leader);
        fputs("'.\n", out);
    }
    fputc('\n', out);
}

static void
put_dissent(FILE *out, const struct decision_result *self)
{
    uint32_t leader = self->consensus.leader;
    uint32_t count = 0;
    for (unsigned v = 0; v < PERSPECTIVE_COUNT; v++) {
        uint32_t first = self->champions[v];
        if (!self->opinions[v].done || first == leader)
            continue;
        if (count++ == 0)
            fputs("## Dissent\n\n", out);
        fprintf(out, "- %s puts ",
                troupe__perspective_name((enum perspective_index) v));
        if (first == NO_ROW) {
            fputs("several first alike.\n", out);
            continue;
        }
        fputc('\'', out);
        troupe__put_option(out, self, first);
        fputs("' first.\n", out);
    }
    if (count > 0)
        fputc('\n', out);
}

static void
begin_unranked(FILE *out, uint32_t *count)
{
    const char *head = "## Excluded, without data, or dominated\n\n- ";
    fputs((*count)++ == 0 ? head : "- ", out);
}

static void
put_excluded(FILE *out, const struct decision_result *self)
{
    uint32_t count = 0;
    const struct decision *decision = self->decision;
    for (uint32_t i = 0; i < decision->option_count; i++) {
        const struct standing *it = &self->standing[i];
        if (!it->excluded && !it->incomplete)
            continue;
        begin_unranked(out, &count);
        troupe__put_line(out, decision->options[i].title);
        fputs(it->excluded ? ": excluded, " : ": insufficient data, ", out);
        troupe__put_line(out, it->reason);
        fputs(".\n", out);
    }
    for (uint32_t i = 0; i < self->table.rows; i++) {
        if (self->dominators[i] == NO_ROW)
            continue;
        begin_unranked(out, &count);
        troupe__put_option(out, self, i);
        fputs(": dominated by '", out);
        troupe__put_option(out, self, self->dominators[i]);
        fputs("', which is as good or better in everything.\n", out);
    }
    if (count > 0)
        fputc('\n', out);
}

static void
put_limit(void *data, const char *text)
{
    fputs("- ", data);
    troupe__put_line(data, text);
    fputc('\n', data);
}

static void
put_run(FILE *out, const struct decision_result *self)
{
    struct tally tally = troupe__result_tally(self);
    fputs("## Limits of this run\n\n", out);
    fprintf(out, "- Actors: %u asked, %u answered, %u usable, %u failed.\n",
            tally.asked, tally.answered, tally.usable, tally.failed);
    if (self->sampler_count > 0)
        fprintf(out, "- Samples: %u of %u, seed %llu.\n", self->samples,
                self->samples_asked, (unsigned long long) self->seed);
    troupe__result_limits(self, put_limit, out);
}

char *
troupe__result_markdown(const struct decision_result *self)
{
    CHECK(self);
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    CHECK(out);
    if (troupe__result_degraded(self)) {
        char reason[DEGRADATION_MAX];
        troupe__result_degradation(self, reason, sizeof reason);
        fputs("**DEGRADED REPORT**: ", out);
        troupe__put_line(out, reason);
        fputs(".\n\n", out);
    }
    fputs("# ", out);
    troupe__put_line(out, self->decision->problem);
    fputs("\n\n", out);
    put_recommendation(out, self);
    put_changes(out, self);
    put_dissent(out, self);
    put_excluded(out, self);
    troupe__put_ranking(out, self);
    troupe__put_methods(out, self);
    troupe__put_strategies(out, self);
    troupe__put_node(out, self);
    put_run(out, self);
    CHECK(fclose(out) == 0);
    return text;
}
