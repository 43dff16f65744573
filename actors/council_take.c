/* SPDX-License-Identifier: Apache-2.0 */
/* council_take.c: what an ask of a model came to, as a vote, and its cost. */
#include <errno.h>
#include <math.h>
#include <stdio.h>

#include "actors/council.h"
#include "mailbox/check.h"

#define NS_PER_MS 1000000.0

/* What a reply says; an actor that answers something else is no model. */
static int
read_reply(const troupe_message_t *reply, struct vote *vote)
{
    const char *text = NULL;
    int rc = troupe_unpack(
        reply, "{s:s, s?b, s?I, s?I, s?f, s?U, s?b, s?b}", "text", &text,
        "truncated", &vote->truncated, "prompt_tokens", &vote->prompt_tokens,
        "completion_tokens", &vote->completion_tokens, "cost", &vote->cost,
        "attempts", &vote->attempts, "replayed", &vote->replayed, "hedged",
        &vote->hedged);
    if (rc == 0)
        vote->text = troupe__strdup(text);
    return rc;
}

void
troupe__vote_give_up(struct vote *vote, enum vote_state state,
                     const char *words)
{
    vote->state = state;
    (void) snprintf(vote->reason, sizeof vote->reason, "%s", words);
}

static enum vote_state
state_of(const struct council *council, const troupe_answer_t *answer)
{
    if (answer->outcome == TROUPE_CANCELLED)
        return council->interrupted ? VOTE_INTERRUPTED : VOTE_NOT_NEEDED;
    if (answer->outcome == TROUPE_TIMEOUT || answer->code == -ETIMEDOUT)
        return VOTE_TIMEOUT;
    return answer->code == -ENOSPC ? VOTE_BUDGET : VOTE_FAILED;
}

/* True when there is a text to be read. */
bool
troupe__vote_take(struct council *council, struct vote *vote,
                  const troupe_answer_t *answer)
{
    CHECK(council && vote && answer);
    vote->latency_ms = (double) answer->latency_ns / NS_PER_MS;
    if (answer->outcome != TROUPE_REPLY) {
        enum vote_state state = state_of(council, answer);
        const char *words = state == VOTE_INTERRUPTED ? "it was interrupted"
                            : answer->outcome == TROUPE_TIMEOUT
                                ? "no answer before the deadline"
                            : answer->text && *answer->text
                                ? answer->text
                                : troupe_outcome_name(answer->outcome);
        troupe__vote_give_up(vote, state, words);
        return false;
    }
    if (read_reply(answer->msg, vote) < 0) {
        troupe__vote_give_up(vote, VOTE_FAILED,
                             "its answer is not that of a model");
        return false;
    }
    council->replayed += vote->replayed;
    council->hedged += vote->hedged;
    return true;
}

static void
add_cost(struct council *council, const struct vote *vote)
{
    bool known = vote->prompt_tokens >= 0 && vote->completion_tokens >= 0;
    council->counted &= known;
    council->cost_known &= known && isfinite(vote->cost);
    council->spent.calls += vote->attempts;
    if (known)
        council->spent.tokens +=
            (uint64_t) vote->prompt_tokens + (uint64_t) vote->completion_tokens;
    council->spent.money += isfinite(vote->cost) ? vote->cost : 0;
}

void
troupe__council_add_costs(struct council *council)
{
    council->counted = council->cost_known = true;
    for (uint32_t i = 0; i < council->count; i++)
        add_cost(council, &council->votes[i]);
    for (int i = 0; i < 2; i++) {
        if (council->judgement.verdicts[i].state != VOTE_OPEN)
            add_cost(council, &council->judgement.verdicts[i]);
    }
}

static bool
is_told(const struct vote *vote)
{
    bool answered = vote->state == VOTE_USABLE || vote->state == VOTE_UNUSABLE;
    return !answered || isfinite(vote->cost);
}

bool
troupe__council_costs_are_told(const struct council *council)
{
    CHECK(council);
    bool told = true;
    for (uint32_t i = 0; i < council->count; i++)
        told &= is_told(&council->votes[i]);
    for (int i = 0; i < 2; i++)
        told &= is_told(&council->judgement.verdicts[i]);
    return told;
}
