/* SPDX-License-Identifier: Apache-2.0 */
/* council_write.c: a council's result for people. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "actors/council_judge.h"
#include "mailbox/check.h"

#define SHOWN_CLAIMS 12
#define SHOWN_ANSWER 40 /* bytes of an answer in the table */

static void
put_models(const struct council *self, const uint32_t *votes, uint32_t count,
           struct troupe__text *to)
{
    for (uint32_t i = 0; i < count; i++)
        troupe__text_printf(to, "%s%s", i > 0 ? ", " : "",
                            self->votes[votes[i]].name);
}

/* The first line of a run that is not whole. */
static void
put_outcome(const struct council *self, struct troupe__text *to)
{
    static const char *const words[] = {
        [TROUPE_QUERY_DEGRADED] = "Degraded",
        [TROUPE_QUERY_BUDGET] = "The budget is used up",
        [TROUPE_QUERY_DEADLINE] = "The deadline passed",
        [TROUPE_QUERY_NO_QUORUM] = "No quorum",
    };
    if (self->outcome == TROUPE_QUERY_COMPLETE)
        return;
    troupe__text_printf(to, "%s: %u of %u models gave a usable answer",
                        words[self->outcome], self->usable, self->count);
    if (self->not_needed > 0)
        troupe__text_printf(to, ", %u were not needed", self->not_needed);
    if (self->usable < self->quorum)
        troupe__text_printf(to, "; %u are needed for a result", self->quorum);
    if (self->interrupted)
        troupe__text_puts(to, "; it was interrupted");
    if (self->tie)
        troupe__text_puts(to, "; the best of them tie");
    if (troupe__judge_failure(self)) {
        troupe__text_puts(to, "; ");
        troupe__judge_complain(self, to);
    }
    troupe__text_puts(to, ".\n\n");
}

static void
put_consensus(const struct council *self, struct troupe__text *to)
{
    if (self->usable < self->quorum)
        return;
    troupe__text_puts(to, "Consensus: ");
    if (isnan(self->score)) {
        troupe__text_puts(to, "not to be said of fewer than two answers\n");
        return;
    }
    troupe__text_printf(to, "%.2f (%s", self->score, self->method);
    if (!isnan(self->low))
        troupe__text_printf(to, "; 95 %% interval %.2f to %.2f", self->low,
                            self->high);
    troupe__text_puts(to, ")\n");
    if (self->families == 1)
        troupe__text_puts(to, "All voters are of one family: what they agree "
                              "on may be one error.\n");
}

static void
put_judgement(const struct council *self, struct troupe__text *to)
{
    const struct judgement *judgement = &self->judgement;
    if (judgement->verdicts[0].state == VOTE_OPEN
        || troupe__judge_failure(self))
        return; /* there is none, or it is said above */
    if (judgement->agreed) {
        troupe__text_printf(to,
                            "The judge finds that of %s better, in both "
                            "orders.\n",
                            self->votes[self->best].name);
    } else {
        troupe__text_puts(to, "The judge did not decide: asked in both orders, "
                              "it did not mean the same.\n");
    }
}

static void
put_groups(const struct council *self, struct troupe__text *to)
{
    for (uint32_t i = 0; i < self->group_count; i++) {
        const struct answer_group *group = &self->groups[i];
        troupe__text_printf(to, "  %s: %u (", group->answer, group->count);
        put_models(self, group->votes, group->count, to);
        troupe__text_puts(to, ")\n");
    }
}

static const char *
standing(const struct council *self, const struct common_claim *claim)
{
    return claim->contested                  ? "contested"
           : claim->count == self->usable    ? "agreed"
           : claim->count * 2 > self->usable ? "majority"
           : claim->count == 1               ? "unique"
                                             : "minority";
}

static void
put_claims(const struct council *self, struct troupe__text *to)
{
    if (self->usable < 2 || self->claim_count == 0)
        return;
    troupe__text_puts(to, "\nWhat they say\n");
    for (uint32_t i = 0; i < self->claim_count && i < SHOWN_CLAIMS; i++) {
        const struct common_claim *claim = &self->claims[i];
        troupe__text_printf(to, "  %s, %u of %u: %s (", standing(self, claim),
                            claim->count, self->usable, claim->text);
        put_models(self, claim->votes, claim->count, to);
        troupe__text_puts(to, ")\n");
    }
    if (self->claim_count > SHOWN_CLAIMS)
        troupe__text_printf(to, "  and %u more\n",
                            self->claim_count - SHOWN_CLAIMS);
}

/* One line of an answer, cut at a whole character. */
static void
put_short(const char *text, struct troupe__text *to)
{
    size_t size = 0, left = strlen(text);
    while (size < SHOWN_ANSWER && size < left && text[size] != '\n') {
        size_t step = troupe__utf8_size(text + size, left - size);
        size += step > 0 ? step : 1;
    }
    troupe__text_put(to, text, size);
    if (size < left)
        troupe__text_puts(to, " ...");
}

static void
put_votes(const struct council *self, struct troupe__text *to)
{
    size_t width = 0;
    for (uint32_t i = 0; i < self->count; i++) {
        size_t size = strlen(self->votes[i].name);
        width = size > width ? size : width;
    }
    bool apart = to->size < 2 || strcmp(to->data + to->size - 2, "\n\n") == 0;
    troupe__text_printf(to, "%sModels\n", apart ? "" : "\n");
    for (uint32_t i = 0; i < self->count; i++) {
        const struct vote *vote = &self->votes[i];
        troupe__text_printf(to, "  %-*s  %-10s  %6.0f ms  ", (int) width,
                            vote->name, troupe__vote_state_name(vote->state),
                            vote->latency_ms);
        if (vote->state == VOTE_USABLE)
            put_short(vote->answer, to);
        else
            troupe__text_puts(to, vote->reason);
        if (vote->truncated)
            troupe__text_puts(to, " (cut off by max_tokens)");
        if (vote->attempts > 1)
            troupe__text_printf(to, " (%u attempts)",
                                (unsigned) vote->attempts);
        troupe__text_putc(to, '\n');
    }
}

/* One that says what it took, and it has no price. */
static bool
is_unpriced(const struct vote *vote)
{
    return vote->prompt_tokens >= 0 && vote->completion_tokens >= 0
           && !isfinite(vote->cost);
}

static bool
has_unpriced(const struct council *self)
{
    bool found = false;
    for (uint32_t i = 0; i < self->count; i++)
        found |= is_unpriced(&self->votes[i]);
    for (int i = 0; i < 2; i++)
        found |= is_unpriced(&self->judgement.verdicts[i]);
    return found;
}

/* As in the JSON: of all calls, and of the whole run. */
static void
put_spent(const struct council *self, struct troupe__text *to)
{
    const troupe_cost_t *spent = &self->spent;
    if (self->cost_known && spent->calls == 0 && spent->tokens == 0) {
        troupe__text_puts(to, "it cost nothing");
        return;
    }
    troupe__text_printf(to, "it cost %llu tokens",
                        (unsigned long long) spent->tokens);
    bool unpriced = has_unpriced(self);
    if (spent->money > 0 || (self->counted && !unpriced)) {
        troupe__text_printf(to, ", %.6f in money%s", spent->money,
                            unpriced ? " for those that have a price" : "");
    } else {
        troupe__text_puts(to, ", money unknown");
    }
    troupe__text_printf(to, ", in %llu call%s",
                        (unsigned long long) spent->calls,
                        spent->calls == 1 ? "" : "s");
    if (!self->counted)
        troupe__text_puts(to, ", a part of it unknown");
}

static void
put_answers_that(uint32_t count, const char *what, struct troupe__text *to)
{
    if (count > 0)
        troupe__text_printf(to, "; %u answer%s %s", (unsigned) count,
                            count == 1 ? " was" : "s were", what);
}

static void
put_cost(const struct council *self, struct troupe__text *to)
{
    troupe__text_printf(to, "\nAfter %.0f ms%s; ", self->elapsed_ms,
                        self->answered == 0 ? " there is no answer" : "");
    put_spent(self, to);
    put_answers_that(self->replayed, "in the journal of the run", to);
    put_answers_that(self->hedged, "asked for twice, being late", to);
    troupe__text_puts(to, ".\n");
}

static void
put_answer(const char *of, const char *answer, struct troupe__text *to)
{
    bool one_line = !strchr(answer, '\n');
    troupe__text_printf(to, "Answer%s%s:%s%s\n\n", of ? " of " : "",
                        of ? of : "", one_line ? " " : "\n", answer);
}

/* Texts that tie are in no other list as a whole. */
static void
put_answers(const struct council *self, struct troupe__text *to)
{
    uint32_t one = 0, other = 0;
    if (self->answer) {
        put_answer(NULL, self->answer, to);
    } else if (self->tie && self->type == TROUPE_QUERY_TEXT
               && troupe__council_rivals(self, &one, &other)) {
        put_answer(self->votes[one].name, self->votes[one].answer, to);
        put_answer(self->votes[other].name, self->votes[other].answer, to);
    }
}

char *
troupe__council_text(const struct council *self)
{
    CHECK(self);
    struct troupe__text text = {0};
    put_outcome(self, &text);
    put_answers(self, &text);
    put_consensus(self, &text);
    put_judgement(self, &text);
    put_groups(self, &text);
    put_claims(self, &text);
    put_votes(self, &text);
    put_cost(self, &text);
    return text.data;
}
