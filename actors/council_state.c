/* SPDX-License-Identifier: Apache-2.0 */
/* council_state.c: a council's memory, and the names of what can become. */
#include <math.h>
#include <stdlib.h>

#include "actors/council.h"
#include "mailbox/check.h"

static void
clear_vote(struct vote *vote)
{
    free(vote->name);
    free(vote->family);
    free(vote->text);
    free(vote->answer);
}

static void
open_vote(struct vote *vote)
{
    vote->prompt_tokens = vote->completion_tokens = -1;
    vote->cost = (double) NAN;
    vote->weight = 1;
}

struct council *
troupe__council_new(uint32_t count)
{
    struct council *self = troupe__alloc(sizeof *self);
    self->votes = troupe__alloc((count + 1) * sizeof *self->votes);
    self->count = count;
    self->best = UINT32_MAX;
    for (uint32_t i = 0; i < count; i++)
        open_vote(&self->votes[i]);
    for (int i = 0; i < 2; i++)
        open_vote(&self->judgement.verdicts[i]);
    return self;
}

static void
free_result(struct council *self)
{
    for (uint32_t i = 0; i < self->group_count; i++) {
        free(self->groups[i].answer);
        free(self->groups[i].votes);
    }
    free(self->groups);
    for (uint32_t i = 0; i < self->claim_count; i++) {
        free(self->claims[i].text);
        free(self->claims[i].votes);
    }
    free(self->claims);
    free(self->answer);
}

void
troupe__council_destroy(struct council **self_p)
{
    struct council *self = *self_p;
    if (!self)
        return;
    free_result(self);
    for (uint32_t i = 0; i < self->count; i++)
        clear_vote(&self->votes[i]);
    for (int i = 0; i < 2; i++)
        clear_vote(&self->judgement.verdicts[i]);
    free(self->votes);
    for (uint32_t i = 0; i < self->choice_count; i++)
        free(self->choices[i]);
    free(self->choices);
    free(self->prompt);
    free(self->field);
    free(self);
    *self_p = NULL;
}

const char *
troupe__vote_state_name(enum vote_state state)
{
    static const char *const names[] = {[VOTE_OPEN] = "open",
                                        [VOTE_USABLE] = "usable",
                                        [VOTE_UNUSABLE] = "unusable",
                                        [VOTE_FAILED] = "failed",
                                        [VOTE_TIMEOUT] = "timeout",
                                        [VOTE_BUDGET] = "budget",
                                        [VOTE_NOT_NEEDED] = "not needed",
                                        [VOTE_INTERRUPTED] = "interrupted"};
    return names[state];
}

const char *
troupe_query_type_name(troupe_query_type_t type)
{
    static const char *const names[TROUPE_QUERY_TYPE_COUNT] = {
        "text", "choice", "number", "json", "ranking"};
    return (unsigned) type < TROUPE_QUERY_TYPE_COUNT ? names[type] : "unknown";
}
