/* SPDX-License-Identifier: Apache-2.0 */
/* budget_keeper.c: the actor that holds an account which many draw from. */
#include <errno.h>
#include <stdlib.h>

#include "troupe_ask.h"
#include "troupe_budget.h"
#include "troupe_lifecycle.h"

#include "actors/relay.h"
#include "mailbox/check.h"

#define START_MS 10000

/* One reservation that is open. */
struct draw {
    uint64_t id;
    troupe_cost_t cost;
    troupe_monitor_t monitor; /* of who reserved */
    bool back;                /* it comes back when that one ends */
    struct draw *next;
};

struct keeper {
    troupe_account_t account;
    struct draw *draws;
    uint64_t next_id;
    uint64_t count;
    troupe_ref_t parent; /* or nobody */
    uint64_t share;      /* the reservation there */
};

static int
on_share(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct keeper *self = state;
    if (answer->outcome != TROUPE_REPLY)
        return troupe_fail(ctx, answer->code, "%s", answer->text);
    int rc = troupe_unpack(answer->msg, "{s:U}", "id", &self->share);
    return rc < 0 ? rc : troupe_started(ctx);
}

static int
take_share(troupe_context_t *ctx, struct keeper *self)
{
    const troupe_cost_t *limit = &self->account.limit;
    int rc =
        troupe_ask(ctx, self->parent, "reserve", START_MS, on_share, NULL,
                   "{s:U, s:f, s:U, s:b}", "tokens", limit->tokens, "money",
                   limit->money, "calls", limit->calls, "back", 1);
    return rc < 0 ? rc : TROUPE_STARTING;
}

static int
keeper_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct keeper *self = state;
    troupe_cost_t *limit = &self->account.limit, *used = &self->account.used;
    bool known = true;
    int rc = troupe_unpack(msg, "{s?U, s?f, s?U, s?U, s?f, s?U, s?b}", "tokens",
                           &limit->tokens, "money", &limit->money, "calls",
                           &limit->calls, "used_tokens", &used->tokens,
                           "used_money", &used->money, "used_calls",
                           &used->calls, "used_known", &known);
    self->account.unknown = !known;
    if (rc < 0 || !(limit->money >= 0) || !(used->money >= 0))
        return troupe_fail(ctx, -EINVAL,
                           "a budget keeper wants {tokens, money, calls}");
    rc = troupe__read_ref(ctx, msg, "budget", "parent", &self->parent);
    return rc < 0 || troupe_ref_is_nobody(self->parent) ? rc
                                                        : take_share(ctx, self);
}

/* What is spent of a share is spent of the whole. */
static int
tell_parent(troupe_context_t *ctx, const struct keeper *self,
            const troupe_cost_t *used, bool known)
{
    if (troupe_ref_is_nobody(self->parent) || self->share == 0)
        return 0;
    return troupe_send(ctx, self->parent, "spend", "{s:U, s:U, s:f, s:U, s:b}",
                       "id", self->share, "tokens", used->tokens, "money",
                       used->money, "calls", used->calls, "known", (int) known);
}

/* A share without a limit of its own would be the whole of it. */
static bool
is_unlimited(const struct keeper *self, const troupe_cost_t *share)
{
    const troupe_cost_t *limit = &self->account.limit;
    return (limit->tokens > 0 && share->tokens == 0)
           || (limit->money > 0 && !(share->money > 0))
           || (limit->calls > 0 && share->calls == 0);
}

static struct draw **
find(struct keeper *self, uint64_t id)
{
    struct draw **at = &self->draws;
    while (*at && (*at)->id != id)
        at = &(*at)->next;
    return at;
}

static void
end_draw(struct keeper *self, struct draw **at)
{
    struct draw *gone = *at;
    *at = gone->next;
    self->count -= 1;
    free(gone);
}

static int
refuse(troupe_context_t *ctx, const struct keeper *self, int code,
       const troupe_cost_t *cost)
{
    char words[128];
    if (code == -ENOSPC) {
        return troupe_reply_error(
            ctx, code, "the budget: %s",
            troupe_account_words(&self->account, cost, words, sizeof words));
    }
    return troupe_reply_error(ctx, code,
                              "reserve wants {tokens, money, calls}, and for "
                              "a share all that are limited");
}

static int
on_reserve(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct keeper *self = state;
    troupe_cost_t cost = {0};
    bool back = false;
    int rc = troupe_unpack(msg, "{s:U, s:f, s:U, s?b}", "tokens", &cost.tokens,
                           "money", &cost.money, "calls", &cost.calls, "back",
                           &back);
    if (rc == 0 && back && is_unlimited(self, &cost))
        rc = -EINVAL;
    if (rc == 0)
        rc = troupe_account_reserve(&self->account, &cost);
    if (rc < 0)
        return refuse(ctx, self, rc, &cost);
    struct draw *draw = troupe__alloc(sizeof *draw);
    draw->id = ++self->next_id;
    draw->cost = cost;
    draw->back = back;
    draw->next = self->draws;
    rc = troupe_monitor(ctx, troupe_message_sender(msg), &draw->monitor);
    if (rc < 0) {
        troupe_account_release(&self->account, &cost);
        free(draw);
        return troupe_reply_error(ctx, rc, "reserve is for actors");
    }
    self->draws = draw;
    self->count += 1;
    return troupe_reply(ctx, "{s:U}", "id", draw->id);
}

/* What a commit or a spend says; NULL: nothing, or its owner's end was heard
 * of first. */
static struct draw **
read_used(struct keeper *self, const troupe_message_t *msg,
          troupe_cost_t *ret_used, bool *ret_known)
{
    uint64_t id = 0;
    if (troupe_unpack(msg, "{s:U, s:U, s:f, s:U, s:b}", "id", &id, "tokens",
                      &ret_used->tokens, "money", &ret_used->money, "calls",
                      &ret_used->calls, "known", ret_known)
            < 0
        || !(ret_used->money >= 0))
        return NULL;
    struct draw **at = find(self, id);
    return *at ? at : NULL;
}

/* What a draw has used is counted here and above; the last time it ends. */
static int
use(troupe_context_t *ctx, struct keeper *self, const troupe_message_t *msg,
    bool is_last)
{
    troupe_cost_t used = {0};
    bool known = true;
    struct draw **at = read_used(self, msg, &used, &known);
    if (!at)
        return 0;
    self->account.unknown |= !known;
    if (is_last) {
        troupe_account_commit(&self->account, &(*at)->cost, &used);
        (void) troupe_demonitor(ctx, (*at)->monitor);
        end_draw(self, at);
    } else {
        troupe_account_spend(&self->account, &(*at)->cost, &used);
    }
    return tell_parent(ctx, self, &used, known);
}

static int
on_commit(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    return use(ctx, state, msg, true);
}

static int
on_spend(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    return use(ctx, state, msg, false);
}

static int
on_release(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct keeper *self = state;
    uint64_t id = 0;
    if (troupe_unpack(msg, "{s:U}", "id", &id) < 0)
        return 0;
    struct draw **at = find(self, id);
    if (!*at)
        return 0;
    troupe_account_release(&self->account, &(*at)->cost);
    (void) troupe_demonitor(ctx, (*at)->monitor);
    end_draw(self, at);
    return 0;
}

/* Nobody will say any more what it came to: the most that it can, but where
 * all that was spent of it has been said. */
static int
on_down(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct keeper *self = state;
    troupe_down_t down;
    if (troupe_down_read(msg, &down) < 0)
        return 0;
    struct draw **at = &self->draws;
    while (*at && (*at)->monitor.id != down.monitor.id)
        at = &(*at)->next;
    if (!*at)
        return 0;
    const troupe_cost_t cost = (*at)->cost;
    bool back = (*at)->back;
    end_draw(self, at);
    if (back) {
        troupe_account_release(&self->account, &cost);
        return 0;
    }
    troupe_account_commit(&self->account, &cost, &cost);
    self->account.unknown = true;
    return tell_parent(ctx, self, &cost, false);
}

static int
on_state(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    const struct keeper *self = state;
    const troupe_account_t *account = &self->account;
    troupe_cost_t open = {0}; /* a share spends as its own draws end */
    for (const struct draw *it = self->draws; it; it = it->next) {
        if (it->back)
            continue;
        open.tokens += it->cost.tokens;
        open.money += it->cost.money;
        open.calls += it->cost.calls;
    }
    return troupe_reply(
        ctx, "{s:U, s:f, s:U, s:U, s:U, s:b, s:U, s:f, s:U}", "tokens",
        account->used.tokens, "money", account->used.money, "calls",
        account->used.calls, "reserved", self->count, "refused",
        account->refused, "known", (int) !account->unknown, "open_tokens",
        open.tokens, "open_money", open.money, "open_calls", open.calls);
}

static void
keeper_stop(troupe_context_t *ctx, void *state, const troupe_reason_t *reason)
{
    (void) reason;
    struct keeper *self = state;
    while (self->draws) { /* who has them cannot say any more what came of it */
        if (!self->draws->back)
            (void) tell_parent(ctx, self, &self->draws->cost, false);
        end_draw(self, &self->draws);
    }
}

TROUPE_KIND(troupe_budget_keeper, struct keeper, TROUPE_ON_START(keeper_start),
            TROUPE_ON("reserve", on_reserve), TROUPE_ON("commit", on_commit),
            TROUPE_ON("spend", on_spend), TROUPE_ON("release", on_release),
            TROUPE_ON("state", on_state), TROUPE_ON_DOWN(on_down),
            TROUPE_ON_STOP(keeper_stop));
