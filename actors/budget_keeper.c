/* SPDX-License-Identifier: Apache-2.0 */
/* budget_keeper.c: the actor that holds an account which many draw from. */
#include <errno.h>
#include <stdlib.h>

#include "troupe_ask.h"
#include "troupe_budget.h"
#include "troupe_lifecycle.h"

#include "mailbox/check.h"

/* One reservation that is open. */
struct draw {
    uint64_t id;
    troupe_cost_t cost;
    troupe_monitor_t monitor; /* of who reserved */
    struct draw *next;
};

struct keeper {
    troupe_account_t account;
    struct draw *draws;
    uint64_t next_id;
    uint64_t count;
};

static int
keeper_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct keeper *self = state;
    troupe_cost_t *limit = &self->account.limit;
    int rc = troupe_unpack(msg, "{s?U, s?f, s?U}", "tokens", &limit->tokens,
                           "money", &limit->money, "calls", &limit->calls);
    if (rc < 0 || !(limit->money >= 0))
        return troupe_fail(ctx, -EINVAL,
                           "a budget keeper wants {tokens, money, calls}");
    return 0;
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
on_reserve(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct keeper *self = state;
    troupe_cost_t cost = {0};
    int rc = troupe_unpack(msg, "{s:U, s:f, s:U}", "tokens", &cost.tokens,
                           "money", &cost.money, "calls", &cost.calls);
    if (rc == 0)
        rc = troupe_account_reserve(&self->account, &cost);
    if (rc == -ENOSPC) {
        char words[128];
        return troupe_reply_error(
            ctx, rc, "the budget: %s",
            troupe_account_words(&self->account, &cost, words, sizeof words));
    }
    if (rc < 0)
        return troupe_reply_error(ctx, rc,
                                  "reserve wants {tokens, money, calls}");
    struct draw *draw = troupe__alloc(sizeof *draw);
    draw->id = ++self->next_id;
    draw->cost = cost;
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

static int
on_commit(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct keeper *self = state;
    uint64_t id = 0;
    troupe_cost_t used = {0};
    bool known = true;
    if (troupe_unpack(msg, "{s:U, s:U, s:f, s:U, s:b}", "id", &id, "tokens",
                      &used.tokens, "money", &used.money, "calls", &used.calls,
                      "known", &known)
            < 0
        || !(used.money >= 0))
        return 0;
    struct draw **at = find(self, id);
    if (!*at)
        return 0; /* its owner's end was heard of first */
    troupe_account_commit(&self->account, &(*at)->cost, &used);
    self->account.unknown |= !known;
    (void) troupe_demonitor(ctx, (*at)->monitor);
    end_draw(self, at);
    return 0;
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

/* Nobody will say any more what it came to: the most that it can. */
static int
on_down(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct keeper *self = state;
    troupe_down_t down;
    (void) ctx;
    if (troupe_down_read(msg, &down) < 0)
        return 0;
    struct draw **at = &self->draws;
    while (*at && (*at)->monitor.id != down.monitor.id)
        at = &(*at)->next;
    if (!*at)
        return 0;
    troupe_account_commit(&self->account, &(*at)->cost, &(*at)->cost);
    self->account.unknown = true;
    end_draw(self, at);
    return 0;
}

static int
on_state(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    const struct keeper *self = state;
    const troupe_account_t *account = &self->account;
    return troupe_reply(ctx, "{s:U, s:f, s:U, s:U, s:U, s:b}", "tokens",
                        account->used.tokens, "money", account->used.money,
                        "calls", account->used.calls, "reserved", self->count,
                        "refused", account->refused, "known",
                        (int) !account->unknown);
}

static void
keeper_stop(troupe_context_t *ctx, void *state, const troupe_reason_t *reason)
{
    (void) ctx, (void) reason;
    struct keeper *self = state;
    while (self->draws)
        end_draw(self, &self->draws);
}

TROUPE_KIND(troupe_budget_keeper, struct keeper, TROUPE_ON_START(keeper_start),
            TROUPE_ON("reserve", on_reserve), TROUPE_ON("commit", on_commit),
            TROUPE_ON("release", on_release), TROUPE_ON("state", on_state),
            TROUPE_ON_DOWN(on_down), TROUPE_ON_STOP(keeper_stop));
