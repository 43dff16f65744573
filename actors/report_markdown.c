/* SPDX-License-Identifier: Apache-2.0 */
/* report_markdown.c: a report for people. */
#include "actors/report_markdown.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mailbox/check.h"

#define FINDINGS_MAX 6
#define DISPUTES_MAX 6
#define FINDING_MIN  0.5 /* score of a claim that nobody supports */
#define NOT_CHECKED  "Not looked for: no engine answered.\n"

static void
put_citation(FILE *out, const struct troupe_report *self,
             const struct place *place)
{
    fprintf(out, "[%u:%zu-%zu]", troupe__report_source(self, place->passage),
            place->start, place->end);
}

static void
put_quote(FILE *out, const struct troupe_report *self,
          const struct place *place)
{
    const troupe_passage_t *passage =
        troupe_passages_at(self->passages, place->passage);
    CHECK(place->start >= passage->start && place->end <= passage->end);
    troupe__report_put_text(out,
                            passage->text + (place->start - passage->start),
                            place->end - place->start);
    fputc(' ', out);
    put_citation(out, self, place);
}

/* Of "rm(1) - remove files or directories" the name will do. */
static size_t
short_title(const char *title)
{
    const char *dash = strstr(title, ") - ");
    return dash ? (size_t) (dash - title) + 1 : strlen(title);
}

/* What a term stands below: an option is nothing without its command. */
static void
put_context(FILE *out, const struct troupe_report *self,
            const struct place *place)
{
    const troupe_passage_t *passage =
        troupe_passages_at(self->passages, place->passage);
    size_t size = short_title(passage->title);
    fputs("*", out);
    if (strncmp(passage->heading, passage->title, size) != 0) {
        troupe__report_put_text(out, passage->title, size);
        fputs(*passage->heading ? ", " : "", out);
    }
    troupe__report_put_text(out, passage->heading, strlen(passage->heading));
    fputs("*: ", out);
}

static bool
same_place(const struct place *one, const struct place *other)
{
    return one->passage == other->passage && one->start == other->start;
}

/* Who says the same as `place`: the claim or its supporters, not itself. */
static void
put_support(FILE *out, const struct troupe_report *self,
            const struct claim *claim, const struct place *place)
{
    fprintf(out,
            " (supported by %u independent source%s: ", claim->support.count,
            claim->support.count == 1 ? "" : "s");
    bool first = true;
    if (!same_place(&claim->place, place)) {
        put_citation(out, self, &claim->place);
        first = false;
    }
    for (uint32_t i = 0; i < claim->support.count; i++) {
        if (same_place(&claim->support.items[i], place))
            continue;
        fputs(first ? "" : ", ", out);
        put_citation(out, self, &claim->support.items[i]);
        first = false;
    }
    fputs(")", out);
}

static void
put_verdict(FILE *out, const struct troupe_report *self,
            const struct claim *claim, const struct place *place)
{
    if (claim && claim->verdict == VERDICT_SUPPORTED)
        put_support(out, self, claim, place);
    else if (claim && claim->verdict == VERDICT_CONTRADICTED)
        fputs(" (contradicted, see Disagreements)", out);
}

static void
put_answer(FILE *out, const struct troupe_report *self)
{
    fputs("## Answer\n\n", out);
    if (!troupe__report_searched(self)) {
        fputs("No engine answered: nothing was looked at. Whether there is an "
              "answer is not known.\n\n",
              out);
        return;
    }
    if (!self->has_summary) {
        fputs("The summariser gave no answer; the best passages are listed "
              "under Sources.\n\n",
              out);
        return;
    }
    if (self->summary.count == 0) {
        fputs("Nothing that was found answers this question.\n\n", out);
        return;
    }
    if (!self->summary.direct) {
        fputs("No sentence answers the question directly; the nearest are:"
              "\n\n",
              out);
    }
    for (uint32_t i = 0; i < self->summary.count; i++) {
        const struct place *place = &self->summary.points[i].place;
        fputs("- ", out);
        put_context(out, self, place);
        put_quote(out, self, place);
        put_verdict(out, self, troupe__report_claim(self, place), place);
        fputc('\n', out);
    }
    fputc('\n', out);
}

static void
put_places(FILE *out, const struct troupe_report *self,
           const struct written *written)
{
    for (uint32_t i = 0; i < written->places.count; i++) {
        fputc(' ', out);
        put_citation(out, self, &written->places.items[i]);
    }
}

/* What a model wrote, each sentence with the places that it rests on; of one
 * that was rejected these are quoted instead. */
static void
put_written(FILE *out, const struct troupe_report *self)
{
    if (self->written_count == 0)
        return;
    fputs("## In short\n\nWritten by a model from the quotes that are named:"
          "\n\n",
          out);
    for (uint32_t i = 0; i < self->written_count; i++) {
        const struct written *it = &self->written[i];
        if (it->text) {
            fputs("- ", out);
            troupe__report_put_text(out, it->text, strlen(it->text));
            put_places(out, self, it);
            fputs(it->checked ? "\n" : " (not checked)\n", out);
        }
        for (uint32_t j = 0; !it->text && j < it->places.count; j++) {
            fputs("- Quoted: ", out);
            put_quote(out, self, &it->places.items[j]);
            fputc('\n', out);
        }
    }
    fputc('\n', out);
}

static bool
is_finding(const struct troupe_report *self, const struct claim *claim,
           enum verdict verdict)
{
    if (claim->verdict != verdict
        || troupe__report_in_answer(self, &claim->place))
        return false;
    return verdict == VERDICT_SUPPORTED || claim->score >= FINDING_MIN;
}

static void
put_findings(FILE *out, const struct troupe_report *self)
{
    static const enum verdict order[] = {VERDICT_SUPPORTED, VERDICT_UNVERIFIED};
    unsigned count = 0;
    fputs("## Key findings\n\n", out);
    for (unsigned pass = 0; pass < 2; pass++) {
        for (uint32_t i = 0; i < self->facts.count; i++) {
            const struct claim *claim = &self->facts.claims[i];
            if (!is_finding(self, claim, order[pass]) || count == FINDINGS_MAX)
                continue;
            fprintf(out, "%u. **%s**: ", ++count,
                    troupe__verdict_word(claim->verdict));
            put_context(out, self, &claim->place);
            put_quote(out, self, &claim->place);
            put_verdict(out, self, claim, &claim->place);
            fputc('\n', out);
        }
    }
    if (count == 0) {
        fputs(self->has_facts ? "None beyond the answer.\n"
              : troupe__report_searched(self)
                  ? "The fact checker gave no answer.\n"
                  : NOT_CHECKED,
              out);
    }
    fputc('\n', out);
}

static void
put_disagreements(FILE *out, const struct troupe_report *self)
{
    unsigned count = 0;
    fputs("## Disagreements\n\n", out);
    for (uint32_t i = 0; i < self->facts.count && count < DISPUTES_MAX; i++) {
        const struct claim *claim = &self->facts.claims[i];
        if (claim->verdict != VERDICT_CONTRADICTED)
            continue;
        fprintf(out, "%u. %s:\n   - ", ++count,
                claim->reason ? claim->reason : "they differ");
        put_quote(out, self, &claim->place);
        if (claim->support.count > 0)
            fprintf(out, " (and %u more)", claim->support.count);
        for (uint32_t j = 0; j < claim->against.count; j++) {
            fputs("\n   - ", out);
            put_quote(out, self, &claim->against.items[j]);
        }
        fputc('\n', out);
    }
    if (count == 0 && self->has_facts) {
        fprintf(out, "None among %u claims from %u independent sources.\n",
                self->facts.count, self->facts.sources);
    } else if (count == 0) {
        fputs(troupe__report_searched(self)
                  ? "Not checked: the fact checker gave no answer.\n"
                  : NOT_CHECKED,
              out);
    }
    fputc('\n', out);
}

static void
put_mood(FILE *out, const struct troupe_report *self)
{
    if (!self->has_sentiment)
        return;
    const struct mood *mood = &self->sentiment.whole;
    fprintf(out, "## Sentiment\n\nThe sources are %s", troupe__mood_word(mood));
    fprintf(out, " (%u of %u sentences praise or blame; mean %.2f).\n\n",
            mood->opinions, mood->sentences, mood->compound);
}

static void
put_confidence(FILE *out, const struct troupe_report *self)
{
    const struct confidence *it = &self->confidence;
    fprintf(out, "## Confidence\n\n%.2f (%s) = ", it->value,
            troupe__confidence_word(it));
    fprintf(out,
            "%.2f x support %.2f + %.2f x agreement %.2f + %.2f x coverage "
            "%.2f + %.2f x retrieval %.2f + %.2f x success %.2f",
            SHARE_SUPPORT, it->support, SHARE_AGREEMENT, it->agreement,
            SHARE_COVERAGE, it->coverage, SHARE_RETRIEVAL, it->retrieval,
            SHARE_SUCCESS, it->success);
    if (*it->why)
        fprintf(out, "; at most %.2f because %s", it->cap, it->why);
    fputs(".\n\n", out);
}

static void
put_limit(void *data, const char *text)
{
    fputs("- ", data);
    troupe__report_put_text(data, text, strlen(text));
    fputc('\n', data);
}

char *
troupe__report_markdown(const struct troupe_report *self)
{
    CHECK(self);
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    CHECK(out);
    if (troupe__report_degraded(self)) {
        char why[REPORT_DEGRADATION_SIZE];
        troupe__report_degradation(self, why, sizeof why);
        fputs("**DEGRADED REPORT**: ", out);
        troupe__report_put_text(out, why, strlen(why));
        fputs(".\n\n", out);
    }
    fputs("# ", out);
    troupe__report_put_text(out, self->question, strlen(self->question));
    fputs("\n\n", out);
    put_written(out, self);
    put_answer(out, self);
    put_findings(out, self);
    put_disagreements(out, self);
    troupe__report_put_facets(out, self);
    troupe__report_put_sources(out, self);
    troupe__report_put_flags(out, self);
    put_mood(out, self);
    put_confidence(out, self);
    fputs("## Limits of this run\n\n", out);
    troupe__report_limits(self, put_limit, out);
    fprintf(out, "\nMade in %.0f ms.\n", self->elapsed_ms);
    fclose(out);
    return text;
}
