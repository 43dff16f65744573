/* SPDX-License-Identifier: Apache-2.0 */
/* test_rate.c: rates and budgets, alone and as actors under a manual clock. */
#include <criterion/criterion.h>

#include <errno.h>
#include <math.h>
#include <string.h>

#include <troupe.h>

#include "troupe_budget.h"
#include "troupe_rate.h"

#define MS     UINT64_C(1000000)
#define MINUTE (60000 * MS)
#define CALLS  12

Test(rate, never_grants_more_than_a_bucket_and_a_minute_in_a_minute)
{
    troupe_rate_t rate;
    troupe_rate_options_t options = {.requests = 60, .tokens = 6000};
    troupe_rate_init(&rate, &options, 0);
    unsigned granted = 0;
    for (uint64_t now = 0, when = 0; now < MINUTE; now += 10 * MS)
        granted += troupe_rate_take(&rate, now, 50, &when) == 0;
    cr_assert_geq(granted, 60u);
    cr_assert_leq(granted, 66u);
}

Test(rate, says_when_the_next_one_may_pass_and_keeps_its_word)
{
    troupe_rate_t rate;
    troupe_rate_options_t options = {.tokens = 600};
    uint64_t when = 0;
    troupe_rate_init(&rate, &options, 0);
    cr_assert_eq(troupe_rate_take(&rate, 0, 60, &when), 0);
    cr_assert_eq(troupe_rate_take(&rate, 0, 30, &when), -EAGAIN);
    cr_assert_float_eq((double) when, 3000.0 * MS, 1.0 * MS);
    cr_assert_eq(troupe_rate_take(&rate, when - MS, 30, &when), -EAGAIN);
    cr_assert_eq(troupe_rate_take(&rate, when, 30, &when), 0);
    /* One that is larger than the bucket waits until it is full. */
    cr_assert_eq(troupe_rate_take(&rate, 9 * MINUTE, 600, &when), 0);
    cr_assert_eq(troupe_rate_take(&rate, 9 * MINUTE, 1, &when), -EAGAIN);
    cr_assert_gt(when, 9 * MINUTE + 54000 * MS);
    troupe_rate_settle(&rate, 600, 10); /* it was much less */
    cr_assert_eq(troupe_rate_take(&rate, 9 * MINUTE, 1, &when), 0);
}

Test(rate, rests_for_as_long_as_it_was_told_or_longer_each_time)
{
    troupe_rate_t rate;
    uint64_t when = 0;
    troupe_rate_init(&rate, NULL, 0);
    troupe_rate_refuse(&rate, 0, 2500);
    cr_assert_eq(troupe_rate_take(&rate, 0, 1, &when), -EAGAIN);
    cr_assert_eq(when, 2500 * MS);
    cr_assert_eq(troupe_rate_take(&rate, when, 1, &when), 0);
    troupe_rate_settle(&rate, 1, 1);
    static const uint64_t rests[] = {1000, 2000, 4000, 8000};
    uint64_t now = MINUTE;
    for (int i = 0; i < 4; i++) {
        troupe_rate_refuse(&rate, now, 0);
        troupe_rate_refuse(&rate, now, 0); /* one that was under way */
        cr_assert_eq(troupe_rate_take(&rate, now, 1, &when), -EAGAIN);
        cr_assert_eq(when, now + rests[i] * MS);
        now = when;
    }
}

Test(budget, gives_out_what_there_is_and_not_more)
{
    troupe_account_t account = {.limit = {.tokens = 1000, .money = 0.3}};
    troupe_cost_t cost = {.tokens = 400, .money = 0.1, .calls = 1};
    cr_assert_eq(troupe_account_reserve(&account, &cost), 0);
    cr_assert_eq(troupe_account_reserve(&account, &cost), 0);
    cr_assert_eq(troupe_account_reserve(&account, &cost), -ENOSPC);
    char words[128];
    cr_assert_str_eq(troupe_account_words(&account, &cost, words, sizeof words),
                     "up to 400 tokens are wanted, 200 of 1000 are left");
    troupe_cost_t used = {.tokens = 100, .money = 0.1, .calls = 1};
    troupe_account_commit(&account, &cost, &used);
    cr_assert_eq(troupe_account_reserve(&account, &cost), 0);
    troupe_account_release(&account, &cost);
    cost.tokens = UINT64_MAX;
    cr_assert_eq(troupe_account_reserve(&account, &cost), -ENOSPC);
    cost.money = (double) NAN;
    cr_assert_eq(troupe_account_reserve(&account, &cost), -EINVAL);
    cr_assert_eq(account.used.calls, 1u);
}

/* --- the actors -------------------------------------------------------- */

static troupe_t *node;

static void
begin(void)
{
    troupe_options_t options = troupe_options_default();
    options.manual_clock = true;
    options.workers = 1;
    options.seed = 1;
    cr_assert_eq(troupe_new(&options, &node), 0);
}

static void
end(void)
{
    cr_assert_eq(troupe_destroy(&node), 0);
}

TestSuite(limiter, .init = begin, .fini = end, .timeout = 60);

/* Asks twelve times at once and notes the order and times of the answers. */
struct caller {
    troupe_ref_t limiter;
    uint64_t at_ms[CALLS];
    int order[CALLS];
    int errors;
    int count;
};

static int
on_taken(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct caller *self = state;
    if (answer->outcome != TROUPE_REPLY) {
        self->errors += 1;
        return 0;
    }
    self->order[self->count] = (int) (intptr_t) answer->data;
    self->at_ms[self->count++] = troupe_time_ns(ctx) / MS;
    return 0;
}

static int
on_go(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct caller *self = state;
    int timeout_ms = 0;
    int rc = troupe_unpack(msg, "{s:R, s:i}", "limiter", &self->limiter,
                           "timeout_ms", &timeout_ms);
    self->count = self->errors = 0;
    for (intptr_t i = 0; i < CALLS && rc == 0; i++)
        rc = troupe_ask(ctx, self->limiter, "take", (uint32_t) timeout_ms,
                        on_taken, (void *) i, "{s:U}", "tokens", UINT64_C(10));
    return rc;
}

static int
on_look(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    struct caller *self = state;
    bool in_order = true;
    for (int i = 1; i < self->count; i++)
        in_order = in_order && self->order[i] > self->order[i - 1];
    uint64_t last = self->count > 0 ? self->at_ms[self->count - 1] : 0;
    return troupe_reply(ctx, "{s:i, s:i, s:b, s:U}", "count", self->count,
                        "errors", self->errors, "in_order", (int) in_order,
                        "last_ms", last);
}

TROUPE_KIND(caller, struct caller, TROUPE_ON("go", on_go),
            TROUPE_ON("look", on_look));

struct seen {
    int count, errors;
    bool in_order;
    uint64_t last_ms;
};

static struct seen
look(troupe_ref_t at)
{
    struct seen seen = {0};
    troupe_message_t *reply = NULL;
    cr_assert_eq(troupe_node_ask(node, at, "look", 0, &reply, NULL), 0);
    cr_assert_eq(troupe_unpack(reply, "{s:i, s:i, s:b, s:U}", "count",
                               &seen.count, "errors", &seen.errors, "in_order",
                               &seen.in_order, "last_ms", &seen.last_ms),
                 0);
    troupe_message_destroy(&reply);
    return seen;
}

static troupe_ref_t
start_limiter(uint64_t requests)
{
    troupe_ref_t ref;
    cr_assert_eq(troupe_node_spawn(node, &troupe_rate_limiter, NULL, &ref,
                                   "{s:U}", "requests", requests),
                 0);
    return ref;
}

static troupe_ref_t
call(troupe_ref_t limiter, int timeout_ms)
{
    troupe_ref_t ref;
    cr_assert_eq(troupe_node_spawn(node, &caller, NULL, &ref, NULL), 0);
    cr_assert_eq(troupe_node_send(node, ref, "go", "{s:R, s:i}", "limiter",
                                  limiter, "timeout_ms", timeout_ms),
                 0);
    cr_assert_eq(troupe_settle(node, 5000), 0);
    return ref;
}

Test(limiter, lets_calls_through_in_order_at_its_rate)
{
    troupe_ref_t limiter = start_limiter(60);
    troupe_ref_t ref = call(limiter, 60000);
    cr_assert_eq(look(ref).count, 6); /* a tenth of a minute's */
    for (int i = 0; i < 70; i++)
        cr_assert_eq(troupe_clock_advance(node, 100 * MS), 0);
    struct seen seen = look(ref);
    cr_assert_eq(seen.count, CALLS);
    cr_assert(seen.in_order);
    cr_assert_geq(seen.last_ms, 6000u);
}

Test(limiter, a_refusal_makes_everybody_rest)
{
    troupe_ref_t limiter = start_limiter(0);
    cr_assert_eq(troupe_node_send(node, limiter, "refused", "{s:U}", "after_ms",
                                  UINT64_C(2000)),
                 0);
    troupe_ref_t one = call(limiter, 60000), other = call(limiter, 60000);
    cr_assert_eq(look(one).count + look(other).count, 0);
    cr_assert_eq(troupe_clock_advance(node, 1900 * MS), 0);
    cr_assert_eq(look(one).count + look(other).count, 0);
    cr_assert_eq(troupe_clock_advance(node, 102 * MS), 0);
    cr_assert_eq(look(one).count, CALLS);
    cr_assert_eq(look(other).count, CALLS);
}

Test(limiter, says_at_once_who_cannot_pass_in_time)
{
    troupe_ref_t limiter = start_limiter(60);
    struct seen seen = look(call(limiter, 2500));
    cr_assert_eq(seen.count, 6);
    cr_assert_eq(troupe_clock_advance(node, 2400 * MS), 0);
    troupe_message_t *reply = NULL;
    uint64_t waiting = 99;
    cr_assert_eq(troupe_node_ask(node, limiter, "state", 0, &reply, NULL), 0);
    cr_assert_eq(troupe_unpack(reply, "{s:U}", "waiting", &waiting), 0);
    troupe_message_destroy(&reply);
    cr_assert_eq(waiting, 0u);
}

/* One call under way holds all tokens, and may come back with most of them. */
Test(limiter, waits_for_what_is_under_way_to_settle)
{
    troupe_ref_t ref;
    troupe_message_t *reply = NULL;
    cr_assert_eq(troupe_node_spawn(node, &troupe_rate_limiter, NULL, &ref,
                                   "{s:U}", "tokens", UINT64_C(1200)),
                 0);
    cr_assert_eq(troupe_node_ask(node, ref, "take", 0, &reply, "{s:U, s:b}",
                                 "tokens", UINT64_C(1200), "settles", 1),
                 0);
    troupe_message_destroy(&reply);
    troupe_ref_t calls = call(ref, 5000);
    struct seen seen = look(calls);
    cr_assert_eq(seen.count + seen.errors, 0);
    cr_assert_eq(troupe_node_send(node, ref, "settle", "{s:U, s:U, s:b}",
                                  "estimated", UINT64_C(1200), "used",
                                  UINT64_C(0), "good", 0),
                 0);
    cr_assert_eq(troupe_settle(node, 5000), 0);
    cr_assert_eq(look(calls).count, CALLS);
}

static int
on_draw(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state;
    troupe_ref_t keeper;
    int rc = troupe_unpack(msg, "R", &keeper);
    return rc < 0 ? rc
                  : troupe_ask(ctx, keeper, "reserve", 0, on_taken, NULL,
                               "{s:U, s:f, s:U}", "tokens", UINT64_C(600),
                               "money", 0.0, "calls", UINT64_C(1));
}

TROUPE_KIND(drawer, struct caller, TROUPE_ON("draw", on_draw),
            TROUPE_ON("look", on_look));

Test(limiter, who_ends_with_a_reservation_has_spent_it)
{
    troupe_ref_t keeper, one, other;
    cr_assert_eq(troupe_node_spawn(node, &troupe_budget_keeper, NULL, &keeper,
                                   "{s:U}", "tokens", UINT64_C(1000)),
                 0);
    cr_assert_eq(troupe_node_spawn(node, &drawer, NULL, &one, NULL), 0);
    cr_assert_eq(troupe_node_spawn(node, &drawer, NULL, &other, NULL), 0);
    cr_assert_eq(troupe_node_send(node, one, "draw", "R", keeper), 0);
    cr_assert_eq(troupe_settle(node, 5000), 0);
    cr_assert_eq(troupe_node_exit(node, one, TROUPE_EXIT_KILLED, 5000), 0);
    cr_assert_eq(troupe_node_send(node, other, "draw", "R", keeper), 0);
    cr_assert_eq(troupe_settle(node, 5000), 0);
    cr_assert_eq(look(other).errors, 1);
    troupe_message_t *reply = NULL;
    uint64_t tokens = 0, reserved = 9;
    bool known = true;
    cr_assert_eq(troupe_node_ask(node, keeper, "state", 0, &reply, NULL), 0);
    cr_assert_eq(troupe_unpack(reply, "{s:U, s:U, s:b}", "tokens", &tokens,
                               "reserved", &reserved, "known", &known),
                 0);
    troupe_message_destroy(&reply);
    cr_assert_eq(tokens, 600u);
    cr_assert_eq(reserved, 0u);
    cr_assert_not(known);
}
