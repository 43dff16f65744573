/* SPDX-License-Identifier: Apache-2.0 */
/* gather_run.c: the asks of a gather: their answers, repeats and hedges. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mailbox/check.h"
#include "mailbox/ref.h"
#include "supervisor/gather.h"
#include "troupe_nodes.h"
#include "troupe_stats.h"

#define ATTEMPTS_MAX 3

static int on_answer(troupe_context_t *ctx, void *state,
                     const troupe_answer_t *answer);

static void
on_drop(void *data)
{
    struct troupe__try *try = data;
    try->ask.id = 0;
    troupe__gathering_drop(try->slot->gathering);
}

static int
ask(troupe_context_t *ctx, struct troupe__try *try)
{
    struct troupe_gathering *self = try->slot->gathering;
    const troupe_ask_options_t options = {.deadline_ns = self->deadline_ns,
                                          .answer = on_answer,
                                          .data = try,
                                          .drop = on_drop};
    int rc = troupe_ask_with(ctx, try->to, self->type, &options, &try->ask, "r",
                             self->body, self->body_size);
    if (rc < 0)
        return rc;
    self->holders += 1;
    troupe__slot_part(try->slot)->attempts += 1;
    return 0;
}

/* The slot has its outcome: what else it had open is of no use any more. */
static void
settle(troupe_context_t *ctx, struct troupe__slot *slot)
{
    struct troupe_gathering *self = slot->gathering;
    CHECK(!slot->settled && self->open > 0);
    slot->settled = true;
    self->open -= 1;
    if (slot->main.ask.id != 0)
        (void) troupe_cancel(ctx, slot->main.ask);
    if (slot->hedge.ask.id != 0)
        (void) troupe_cancel(ctx, slot->hedge.ask);
    if (slot->timer.id != 0 && troupe_call_clear(ctx, slot->timer) == 0)
        troupe__gathering_let_go(self);
    slot->timer.id = 0;
    troupe_gather_part_t *part = troupe__slot_part(slot);
    if (slot->asked_ns != 0)
        part->latency_ns = troupe_time_ns(ctx) - slot->asked_ns;
}

static void
put_words(const char **words, const char *text)
{
    free((void *) (uintptr_t) *words);
    *words = troupe__strdup(text);
}

void
troupe__slot_fail(troupe_context_t *ctx, struct troupe__slot *slot,
                  troupe_outcome_t outcome, int code, const char *text)
{
    CHECK(code < 0);
    troupe_gather_part_t *part = troupe__slot_part(slot);
    part->outcome = outcome;
    part->code = code;
    put_words(&part->text, text ? text : "");
    settle(ctx, slot);
}

static void
slot_reply(troupe_context_t *ctx, struct troupe__slot *slot,
           const troupe_answer_t *answer)
{
    struct troupe_gathering *self = slot->gathering;
    troupe_gather_part_t *part = troupe__slot_part(slot);
    part->outcome = TROUPE_REPLY;
    part->answered_by = answer->target;
    part->incarnation = answer->incarnation;
    (void) troupe_message_keep(answer->msg, &part->reply);
    part->usable = !self->options.usable
                   || self->options.usable(part->reply, self->options.data);
    if (part->usable && self->options.score)
        part->score = self->options.score(part->reply, self->options.data);
    if (part->usable && self->options.policy == TROUPE_GATHER_MAJORITY)
        troupe__gather_classify(self, slot);
    self->result->shown.answered += 1;
    self->result->shown.usable += part->usable ? 1 : 0;
    settle(ctx, slot);
}

/* The process that held the ask has ended, and who was asked has not: that is
 * the deputy of a child elsewhere, which will be back. Of an actor of another
 * node only its own answer says whether it is there. */
static bool
is_a_deputy(troupe_context_t *ctx, troupe_ref_t asked,
            const troupe_answer_t *answer)
{
    troupe_t *node = troupe_context_node(ctx);
    troupe_actor_stats_t stats;
    char name[TROUPE_NAME_MAX + 1];
    if (answer->outcome != TROUPE_DOWN)
        return false;
    return troupe__ref_node(asked) == troupe__ref_node(troupe_self(ctx))
               ? troupe_actor_stats_get(node, asked, &stats) == 0
               : troupe_node_of(node, asked, name) == 0;
}

/* It failed before it answered: its next incarnation may do better. */
static bool
ask_again(troupe_context_t *ctx, struct troupe__try *try,
          const troupe_answer_t *answer)
{
    const struct troupe_gathering *self = try->slot->gathering;
    uint32_t attempts_max =
        self->options.attempts_max ? self->options.attempts_max : ATTEMPTS_MAX;
    troupe_gather_part_t *part = troupe__slot_part(try->slot);
    bool again =
        (answer->code == -EHOSTDOWN || is_a_deputy(ctx, try->to, answer))
        && part->attempts < attempts_max
        && troupe_time_ns(ctx) < self->deadline_ns && ask(ctx, try) == 0;
    if (again && answer->text)
        put_words(&part->failure, answer->text);
    return again;
}

static int
on_answer(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct troupe__try *try = answer->data;
    struct troupe__slot *slot = try->slot;
    struct troupe_gathering *self = slot->gathering;
    try->ask.id = 0;
    int rc = 0;
    if (!self->finished && !slot->settled) {
        if (answer->outcome == TROUPE_REPLY) {
            slot_reply(ctx, slot, answer);
        } else if (!ask_again(ctx, try, answer)) {
            const struct troupe__try *other =
                try == &slot->main ? &slot->hedge : &slot->main;
            if (other->ask.id == 0) {
                troupe__slot_part(slot)->incarnation = answer->incarnation;
                troupe__slot_fail(ctx, slot, answer->outcome, answer->code,
                                  answer->text);
            }
        }
        if (troupe__gather_judge(self))
            rc = troupe__gather_finish(ctx, state, self);
    }
    troupe__gathering_let_go(self);
    return rc;
}

static int
on_hedge(troupe_context_t *ctx, void *state, void *data)
{
    (void) state;
    struct troupe__slot *slot = data;
    struct troupe_gathering *self = slot->gathering;
    slot->timer.id = 0;
    if (!self->finished && !slot->settled
        && self->spare_next < self->options.spare_count) {
        slot->hedge.to = self->spares[self->spare_next++];
        (void) ask(ctx, &slot->hedge); /* the target may still answer */
    }
    troupe__gathering_let_go(self);
    return 0;
}

static void
on_hedge_drop(void *data)
{
    struct troupe__slot *slot = data;
    slot->timer.id = 0;
    troupe__gathering_drop(slot->gathering);
}

static void
hedge_set(troupe_context_t *ctx, struct troupe__slot *slot)
{
    struct troupe_gathering *self = slot->gathering;
    if (self->options.hedge_after_ms == 0 || self->options.spare_count == 0)
        return;
    int rc = troupe_call_after(ctx, self->options.hedge_after_ms, on_hedge,
                               slot, on_hedge_drop, &slot->timer);
    CHECK(rc == 0);
    self->holders += 1;
}

static int
slot_begin(troupe_context_t *ctx, struct troupe__slot *slot)
{
    slot->asked_ns = troupe_time_ns(ctx);
    int rc = ask(ctx, &slot->main);
    if (rc == 0) {
        slot->gathering->result->shown.asked += 1;
        hedge_set(ctx, slot);
    }
    return rc;
}

int
troupe__gather_begin(troupe_context_t *ctx, struct troupe_gathering *self)
{
    size_t count = self->result->shown.count;
    for (size_t i = 0; i < count; i++) {
        struct troupe__slot *slot = &self->slots[i];
        if (slot->settled)
            continue;
        int rc = slot_begin(ctx, slot);
        if (rc == 0)
            continue;
        if (rc != -EAGAIN && self->result->shown.asked == 0)
            return rc;
        self->result->shown.asked += 1;
        if (rc == -EAGAIN) {
            troupe__slot_fail(ctx, slot, TROUPE_OVERLOAD, -ENOBUFS,
                              "over its hard cap");
        } else {
            troupe__slot_fail(ctx, slot, TROUPE_ERROR, rc, troupe_strerror(rc));
        }
    }
    if (troupe__gather_judge(self))
        troupe__gather_finish_later(ctx, self);
    return 0;
}

/* What is open is cancelled; the answers of it only let go. */
static void
cancel_open(troupe_context_t *ctx, struct troupe_gathering *self)
{
    for (size_t i = 0; i < self->result->shown.count; i++) {
        struct troupe__slot *slot = &self->slots[i];
        if (!slot->settled)
            troupe__slot_fail(ctx, slot, TROUPE_CANCELLED, -ECANCELED,
                              "not needed any more");
    }
}

int
troupe__gather_finish(troupe_context_t *ctx, void *state,
                      struct troupe_gathering *self)
{
    CHECK(!self->finished);
    self->finished = true;
    cancel_open(ctx, self);
    troupe_gather_t *shown = &self->result->shown;
    shown->latency_ns = troupe_time_ns(ctx) - self->begun_ns;
    troupe__gather_conclude(self);
    int rc = self->options.done(ctx, state, shown);
    troupe__gathering_let_go(self);
    return rc;
}

static int
on_later(troupe_context_t *ctx, void *state, void *data)
{
    struct troupe_gathering *self = data;
    int rc = 0;
    if (!self->finished)
        rc = troupe__gather_finish(ctx, state, self);
    troupe__gathering_let_go(self);
    return rc;
}

static void
on_later_drop(void *data)
{
    troupe__gathering_drop(data);
}

void
troupe__gather_finish_later(troupe_context_t *ctx,
                            struct troupe_gathering *self)
{
    int rc = troupe_call_after(ctx, 0, on_later, self, on_later_drop, NULL);
    CHECK(rc == 0);
    self->holders += 1;
}
