/* SPDX-License-Identifier: Apache-2.0 */
/* council_json.c: a council's result as JSON; see QUERY.md. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "actors/council_judge.h"
#include "mailbox/check.h"

static json_t *
number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *
count(int64_t value)
{
    return value >= 0 ? json_integer(value) : json_null();
}

static json_t *
text(const char *value)
{
    return value ? json_string(value) : json_null();
}

static json_t *
models(const struct council *self, const uint32_t *votes, uint32_t size)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < size; i++)
        json_array_append_new(list, json_string(self->votes[votes[i]].name));
    return list;
}

static const char *
outcome_name(troupe_query_outcome_t outcome)
{
    static const char *const names[] = {[TROUPE_QUERY_COMPLETE] = "complete",
                                        [TROUPE_QUERY_DEGRADED] = "degraded",
                                        [TROUPE_QUERY_BUDGET] = "budget",
                                        [TROUPE_QUERY_DEADLINE] = "deadline",
                                        [TROUPE_QUERY_NO_QUORUM] = "no_quorum"};
    return names[outcome];
}

/* Who fails does not say how many there were but in words. */
static json_t *
attempts(const struct vote *vote)
{
    return vote->attempts > 0 || vote->text
               ? json_integer((json_int_t) vote->attempts)
               : json_null();
}

static json_t *
answers(const struct council *self)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < self->count; i++) {
        const struct vote *vote = &self->votes[i];
        json_array_append_new(
            list,
            json_pack(
                "{s:s, s:s, s:f, s:s, s:s, s:o, s:o, s:b, s:o, s:f, s:o, "
                "s:o, s:o}",
                "model", vote->name, "family", vote->family, "weight",
                vote->weight, "state", troupe__vote_state_name(vote->state),
                "reason", vote->reason, "answer", text(vote->answer), "text",
                text(vote->text), "truncated", (int) vote->truncated,
                "attempts", attempts(vote), "latency_ms", vote->latency_ms,
                "prompt_tokens", count(vote->prompt_tokens),
                "completion_tokens", count(vote->completion_tokens), "cost",
                number(vote->cost)));
    }
    return list;
}

/* What was wrong with the run, a line each. */
static json_t *
complaints(const struct council *self)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < self->count; i++) {
        const struct vote *vote = &self->votes[i];
        if (vote->state == VOTE_USABLE || vote->state == VOTE_NOT_NEEDED)
            continue;
        json_array_append_new(list,
                              json_sprintf("%s: %s", vote->name, vote->reason));
    }
    if (troupe__judge_failure(self)) {
        struct troupe__text words = {0};
        troupe__judge_complain(self, &words);
        json_array_append_new(list, json_string(words.data));
        troupe__text_free(&words);
    }
    if (self->interrupted)
        json_array_append_new(list, json_string("it was interrupted"));
    return list;
}

static json_t *
groups(const struct council *self, uint32_t from)
{
    json_t *list = json_array();
    for (uint32_t i = from; i < self->group_count; i++) {
        const struct answer_group *group = &self->groups[i];
        json_array_append_new(
            list, json_pack("{s:s, s:f, s:o}", "answer", group->answer,
                            "weight", group->weight, "models",
                            models(self, group->votes, group->count)));
    }
    return list;
}

static bool
is_of(const struct common_claim *claim, uint32_t vote)
{
    bool found = false;
    for (uint32_t i = 0; i < claim->count && !found; i++)
        found = claim->votes[i] == vote;
    return found;
}

/* All, or those that speak against the answer. */
static json_t *
claims(const struct council *self, bool dissent_only)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < self->claim_count; i++) {
        const struct common_claim *claim = &self->claims[i];
        if (dissent_only && (!claim->contested || is_of(claim, self->best)))
            continue;
        json_array_append_new(
            list, json_pack("{s:s, s:b, s:o}", "text", claim->text, "contested",
                            (int) claim->contested, "models",
                            models(self, claim->votes, claim->count)));
    }
    return list;
}

/* Who ranks otherwise than the result does. */
static json_t *
other_orders(const struct council *self)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < self->count && self->answer; i++) {
        const struct vote *vote = &self->votes[i];
        if (vote->state != VOTE_USABLE
            || strcmp(vote->answer, self->answer) == 0)
            continue;
        json_array_append_new(list,
                              json_pack("{s:s, s:[s]}", "answer", vote->answer,
                                        "models", vote->name));
    }
    return list;
}

static json_t *
ranking(const struct council *self)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < self->choice_count; i++) {
        json_array_append_new(list, json_pack("{s:s, s:f, s:f}", "choice",
                                              self->choices[i], "borda",
                                              self->borda[i], "copeland",
                                              self->copeland[i]));
    }
    return list;
}

static json_t *
judgement(const struct council *self)
{
    const struct judgement *it = &self->judgement;
    const struct vote *failure = troupe__judge_failure(self);
    if (it->verdicts[0].state == VOTE_OPEN)
        return json_null(); /* there is no judge */
    return json_pack(
        "{s:[s, s], s:b, s:s, s:s}", "between", self->votes[it->one].name,
        self->votes[it->other].name, "agreed", (int) it->agreed, "state",
        troupe__vote_state_name(failure ? failure->state : VOTE_USABLE),
        "reason", failure ? failure->reason : "");
}

static void
add_details(const struct council *self, json_t *root)
{
    bool met = self->usable >= self->quorum;
    json_t *dissent = NULL;
    if (self->type == TROUPE_QUERY_TEXT) {
        json_object_set_new(root, "claims", claims(self, false));
        dissent = claims(self, true);
    } else if (self->type == TROUPE_QUERY_RANKING) {
        json_object_set_new(root, "ranking", ranking(self));
        dissent = other_orders(self);
    } else {
        json_object_set_new(root, "groups", groups(self, 0));
        dissent = groups(self, met && !self->tie ? 1 : 0);
    }
    json_object_set_new(root, "dissent", dissent);
}

char *
troupe__council_json(const struct council *self)
{
    CHECK(self);
    const char *best =
        self->best == UINT32_MAX ? NULL : self->votes[self->best].name;
    json_t *interval = isfinite(self->low)
                           ? json_pack("[f, f]", self->low, self->high)
                           : json_null();
    json_t *root = json_pack(
        "{s:s, s:s, s:s, s:o, s:i, s:i, s:i, s:i, s:i, s:{s:i, s:b}}",
        "outcome", outcome_name(self->outcome), "prompt", self->prompt, "type",
        troupe_query_type_name(self->type), "degraded", complaints(self),
        "asked", (int) self->count, "answered", (int) self->answered, "usable",
        (int) self->usable, "failed", (int) self->failed, "not_needed",
        (int) self->not_needed, "quorum", "need", (int) self->quorum, "met",
        (int) (self->usable >= self->quorum));
    json_object_set_new(root, "best",
                        self->answer
                            ? json_pack("{s:s, s:o}", "answer", self->answer,
                                        "model", text(best))
                            : json_null());
    json_object_set_new(root, "consensus",
                        json_pack("{s:o, s:s, s:o, s:b, s:f, s:i}", "score",
                                  number(self->score), "method", self->method,
                                  "interval", interval, "tie", (int) self->tie,
                                  "voters", self->voters, "families",
                                  (int) self->families));
    json_object_set_new(root, "judge", judgement(self));
    add_details(self, root);
    json_object_set_new(root, "answers", answers(self));
    json_object_set_new(root, "cost",
                        json_pack("{s:I, s:f, s:I, s:b, s:I, s:I}", "tokens",
                                  (json_int_t) self->spent.tokens, "money",
                                  self->spent.money, "calls",
                                  (json_int_t) self->spent.calls, "known",
                                  (int) self->cost_known, "replayed",
                                  (json_int_t) self->replayed, "hedged",
                                  (json_int_t) self->hedged));
    json_object_set_new(root, "elapsed_ms", json_real(self->elapsed_ms));
    char *out = json_dumps(root, JSON_INDENT(2));
    json_decref(root);
    return out;
}
