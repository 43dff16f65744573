/* SPDX-License-Identifier: Apache-2.0 */
/*
 * council.c: the actor that asks models by a gather and counts their votes. A
 * vote is read as soon as it comes, so that the gather ends when the leader
 * cannot lose: who has not answered by then is given up.
 */
#include "actors/council.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "troupe_events.h"
#include "troupe_gather.h"

#include "actors/council_judge.h"
#include "actors/council_wire.h"
#include "mailbox/check.h"

#define NS_PER_MS    1000000.0
#define SPENT_MS     1000
#define ATTEMPTS_MAX 2 /* of the gather, when a model's actor fails */

struct session {
    struct council *council; /* NULL between two queries */
    troupe_token_t token;
    struct council_company with;
    troupe_gathering_t *gathering;
    unsigned verdicts;    /* of the judge that are still to come */
    troupe_ask_t asks[2]; /* for them */
    uint64_t begun_ns;
    bool decided;
};

static void
take_part(struct council *council, uint32_t index,
          const troupe_gather_part_t *part)
{
    struct vote *vote = &council->votes[index];
    const troupe_answer_t answer = {.outcome = part->outcome,
                                    .code = part->code,
                                    .text = part->text,
                                    .msg = part->reply,
                                    .latency_ns = part->latency_ns};
    if (troupe__vote_take(council, vote, &answer))
        troupe__vote_read(council, vote);
}

/* Take what is new; true when the rest cannot change the result. */
static bool
is_enough(const troupe_gather_t *so_far, void *data)
{
    struct session *self = data;
    bool news = false;
    for (size_t i = 0; i < so_far->count; i++) {
        if (self->council->votes[i].state != VOTE_OPEN
            || so_far->parts[i].outcome == 0)
            continue;
        take_part(self->council, (uint32_t) i, &so_far->parts[i]);
        news = true;
    }
    self->decided = news && troupe__council_is_decided(self->council);
    return self->decided;
}

static int
finish(troupe_context_t *ctx, struct session *self)
{
    struct council *council = self->council;
    char *text = troupe__council_text(council);
    char *json = troupe__council_json(council);
    int rc = troupe_reply_to(ctx, &self->token, "{s:U, s:s, s:s}", "outcome",
                             (uint64_t) council->outcome, "text", text, "json",
                             json);
    free(text);
    free(json);
    troupe__council_destroy(&self->council);
    return rc == -ENOMSG ? 0 : rc; /* the asker has given up: fine */
}

static int
on_spent(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct session *self = state;
    struct council *council = self->council;
    troupe_cost_t *spent = &council->spent, open = {0};
    uint64_t count = 0;
    int rc = -EIO;
    if (answer->outcome == TROUPE_REPLY) {
        rc = troupe_unpack(
            answer->msg, "{s:U, s:f, s:U, s:U, s:b, s:U, s:f, s:U}", "tokens",
            &spent->tokens, "money", &spent->money, "calls", &spent->calls,
            "reserved", &count, "known", &council->cost_known, "open_tokens",
            &open.tokens, "open_money", &open.money, "open_calls", &open.calls);
    }
    /* What was given up may still be under way: the most that it may cost. */
    spent->tokens += open.tokens;
    spent->money += open.money;
    spent->calls += open.calls;
    council->counted = council->cost_known && rc == 0 && count == 0;
    council->cost_known =
        council->counted && troupe__council_costs_are_told(council);
    return finish(ctx, self);
}

static int
add_up(troupe_context_t *ctx, struct session *self)
{
    struct council *council = self->council;
    council->elapsed_ms =
        (double) (troupe_time_ns(ctx) - self->begun_ns) / NS_PER_MS;
    if (self->with.interrupt_fd >= 0 && !council->interrupted)
        (void) troupe_unwatch(ctx, self->with.interrupt_fd);
    if (troupe_ref_is_nobody(self->with.budget)) {
        troupe__council_add_costs(council);
        return finish(ctx, self);
    }
    troupe_ask_options_t options = {
        .timeout_ms = SPENT_MS, .answer = on_spent, .detached = true};
    int rc =
        troupe_ask_with(ctx, self->with.budget, "state", &options, NULL, NULL);
    return rc < 0 ? troupe_fail(ctx, rc, "the budget cannot be asked") : 0;
}

static int
conclude_judge(troupe_context_t *ctx, struct session *self)
{
    if (self->verdicts > 0)
        return 0;
    troupe__judge_conclude(self->council);
    return add_up(ctx, self);
}

/* data: not NULL for the second order. */
static int
on_verdict(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct session *self = state;
    struct council *council = self->council;
    bool swapped = answer->data != NULL;
    if (troupe__vote_take(council, &council->judgement.verdicts[swapped],
                          answer))
        troupe__judge_read(council, swapped);
    self->verdicts -= 1;
    return conclude_judge(ctx, self);
}

/* In one order; what fails at once is a verdict that failed. */
static void
ask_verdict(troupe_context_t *ctx, struct session *self, bool swapped,
            uint64_t end_ns)
{
    struct vote *verdict = &self->council->judgement.verdicts[swapped];
    if (troupe_time_ns(ctx) >= end_ns) {
        troupe__vote_give_up(verdict, VOTE_TIMEOUT,
                             "no time was left to ask it");
        return;
    }
    troupe_ask_options_t options = {.deadline_ns = end_ns,
                                    .answer = on_verdict,
                                    .data = swapped ? self : NULL,
                                    .detached = true};
    char *prompt = troupe__judge_prompt(self->council, swapped);
    int rc = troupe_ask_with(ctx, self->with.judge, "ask", &options,
                             &self->asks[swapped], "{s:s}", "prompt", prompt);
    free(prompt);
    if (rc == 0)
        self->verdicts += 1;
    else
        troupe__vote_give_up(verdict, VOTE_FAILED, troupe_strerror(rc));
}

/* In both orders at once, where there is something to judge. */
static int
ask_judge(troupe_context_t *ctx, struct session *self)
{
    struct council *council = self->council;
    uint64_t end_ns = self->begun_ns + council->deadline_ms * UINT64_C(1000000);
    if (troupe_ref_is_nobody(self->with.judge)
        || !troupe__judge_wanted(council))
        return add_up(ctx, self);
    self->verdicts = 0;
    ask_verdict(ctx, self, false, end_ns);
    ask_verdict(ctx, self, true, end_ns);
    return conclude_judge(ctx, self);
}

static int
on_gathered(troupe_context_t *ctx, void *state, const troupe_gather_t *result)
{
    struct session *self = state;
    struct council *council = self->council;
    CHECK(council && result->count == council->count);
    self->gathering = NULL;
    for (uint32_t i = 0; i < council->count; i++) {
        if (council->votes[i].state == VOTE_OPEN)
            take_part(council, i, &result->parts[i]);
    }
    troupe__council_conclude(council);
    return ask_judge(ctx, self);
}

/* End the wait for models, or for the judge, with what there is. */
static void
end_wait(troupe_context_t *ctx, struct session *self)
{
    if (self->gathering)
        (void) troupe_gather_end(ctx, self->gathering);
    for (int i = 0; i < 2 && self->verdicts > 0; i++)
        (void) troupe_cancel(ctx, self->asks[i]);
}

/* Level-triggered, and what is there belongs to who gave us the descriptor. */
static int
on_interrupt(troupe_context_t *ctx, void *state, int fd, short events)
{
    struct session *self = state;
    (void) events;
    (void) troupe_unwatch(ctx, fd);
    bool waits = self->council && !self->decided
                 && (self->gathering || self->verdicts > 0);
    if (waits) {
        self->council->interrupted = true;
        end_wait(ctx, self);
    }
    return 0;
}

static int
begin(troupe_context_t *ctx, struct session *self)
{
    struct council *council = self->council;
    troupe_ref_t *models = troupe__alloc(council->count * sizeof *models);
    for (uint32_t i = 0; i < council->count; i++)
        models[i] = council->votes[i].model;
    troupe_gather_options_t options = {.policy = TROUPE_GATHER_DEADLINE,
                                       .timeout_ms = council->deadline_ms,
                                       .attempts_max = ATTEMPTS_MAX,
                                       .enough = is_enough,
                                       .done = on_gathered,
                                       .data = self};
    char *prompt = troupe__council_prompt(council);
    char *schema = troupe__council_schema(council);
    self->begun_ns = troupe_time_ns(ctx);
    int rc = troupe_gather(ctx, models, council->count, "ask", &options,
                           &self->gathering, "{s:s, s:s?}", "prompt", prompt,
                           "schema", schema);
    free(prompt);
    free(schema);
    free(models);
    if (rc == 0 && self->with.interrupt_fd >= 0)
        rc = troupe_watch(ctx, self->with.interrupt_fd, POLLIN, on_interrupt);
    return rc;
}

/* Find those that were only named; the name of one that is not there. */
static const char *
find_models(troupe_context_t *ctx, struct council *council)
{
    troupe_t *node = troupe_context_node(ctx);
    for (uint32_t i = 0; i < council->count; i++) {
        struct vote *vote = &council->votes[i];
        if (troupe_ref_is_nobody(vote->model)
            && troupe_lookup(node, vote->name, &vote->model) < 0)
            return vote->name;
    }
    return NULL;
}

static int
on_query(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct session *self = state;
    if (self->council)
        return troupe_reply_error(ctx, -EBUSY, "one query at a time");
    self->decided = false;
    int rc = troupe__council_request_read(msg, &self->with, &self->council);
    if (rc < 0)
        return troupe_reply_error(ctx, rc, "not a query");
    const char *missing = find_models(ctx, self->council);
    if (missing) {
        rc =
            troupe_reply_error(ctx, -ENOENT, "there is no actor '%s'", missing);
        troupe__council_destroy(&self->council);
        return rc;
    }
    rc = troupe_defer(ctx, &self->token);
    if (rc == 0)
        rc = begin(ctx, self);
    return rc < 0 ? troupe_fail(ctx, rc, "the models cannot be asked") : 0;
}

static int
on_state(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    const struct council *council = ((struct session *) state)->council;
    uint64_t ended = 0, count = council ? council->count : 0;
    (void) msg;
    for (uint64_t i = 0; i < count; i++)
        ended += council->votes[i].state != VOTE_OPEN;
    return troupe_reply(ctx, "{s:U, s:U}", "ended", ended, "count", count);
}

/* Nobody waits for the result: neither should we. */
static int
on_cancel(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    end_wait(ctx, state);
    return 0;
}

static void
on_stop(troupe_context_t *ctx, void *state, const troupe_reason_t *reason)
{
    struct session *self = state;
    (void) ctx, (void) reason;
    troupe__council_destroy(&self->council);
}

TROUPE_KIND(troupe_council, struct session, TROUPE_ON("query", on_query),
            TROUPE_ON("state", on_state), TROUPE_ON_CANCEL(on_cancel),
            TROUPE_ON_STOP(on_stop));
