/* SPDX-License-Identifier: Apache-2.0 */
/* budget.c: an account of tokens, money and calls, with reservations. */
#include "troupe_budget.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>

#include "mailbox/check.h"

static void
add(troupe_cost_t *self, const troupe_cost_t *more)
{
    self->tokens += more->tokens;
    self->money += more->money;
    self->calls += more->calls;
}

static void
take_off(troupe_cost_t *self, const troupe_cost_t *less)
{
    CHECK(self->tokens >= less->tokens && self->calls >= less->calls);
    self->tokens -= less->tokens;
    self->calls -= less->calls;
    self->money -= less->money;
    if (self->money < 0) /* sums of fractions */
        self->money = 0;
}

static bool
is_over(uint64_t limit, uint64_t used, uint64_t reserved, uint64_t more)
{
    return limit > 0
           && (more > limit || used > limit - more
               || reserved > limit - more - used);
}

static bool
is_over_money(const troupe_account_t *self, double more)
{
    double limit = self->limit.money;
    return limit > 0
           && self->used.money + self->reserved.money + more
                  > limit * (1 + 1e-12);
}

int
troupe_account_reserve(troupe_account_t *self, const troupe_cost_t *cost)
{
    CHECK(self && cost);
    if (!isfinite(cost->money) || cost->money < 0)
        return -EINVAL;
    if (is_over(self->limit.tokens, self->used.tokens, self->reserved.tokens,
                cost->tokens)
        || is_over(self->limit.calls, self->used.calls, self->reserved.calls,
                   cost->calls)
        || is_over_money(self, cost->money)) {
        self->refused += 1;
        return -ENOSPC;
    }
    add(&self->reserved, cost);
    return 0;
}

void
troupe_account_commit(troupe_account_t *self, const troupe_cost_t *reserved,
                      const troupe_cost_t *used)
{
    CHECK(self && reserved && used);
    take_off(&self->reserved, reserved);
    add(&self->used, used);
}

void
troupe_account_release(troupe_account_t *self, const troupe_cost_t *reserved)
{
    CHECK(self && reserved);
    take_off(&self->reserved, reserved);
}

static uint64_t
less_of(uint64_t one, uint64_t other)
{
    return one < other ? one : other;
}

void
troupe_account_spend(troupe_account_t *self, troupe_cost_t *reserved,
                     const troupe_cost_t *used)
{
    CHECK(self && reserved && used);
    const troupe_cost_t part = {.tokens =
                                    less_of(reserved->tokens, used->tokens),
                                .money = fmin(reserved->money, used->money),
                                .calls = less_of(reserved->calls, used->calls)};
    take_off(reserved, &part);
    take_off(&self->reserved, &part);
    add(&self->used, used);
}

static uint64_t
left(uint64_t limit, uint64_t used, uint64_t reserved)
{
    return used + reserved < limit ? limit - used - reserved : 0;
}

const char *
troupe_account_words(const troupe_account_t *self, const troupe_cost_t *cost,
                     char *text, size_t size)
{
    CHECK(self && cost && text && size > 0);
    const troupe_cost_t *limit = &self->limit;
    const troupe_cost_t *used = &self->used, *reserved = &self->reserved;
    if (is_over(limit->calls, used->calls, reserved->calls, cost->calls)) {
        (void) snprintf(text, size, "all %llu calls are made or under way",
                        (unsigned long long) limit->calls);
    } else if (is_over(limit->tokens, used->tokens, reserved->tokens,
                       cost->tokens)) {
        (void) snprintf(text, size,
                        "up to %llu tokens are wanted, %llu of %llu are left",
                        (unsigned long long) cost->tokens,
                        (unsigned long long) left(limit->tokens, used->tokens,
                                                  reserved->tokens),
                        (unsigned long long) limit->tokens);
    } else if (is_over_money(self, cost->money)) {
        double rest = limit->money - used->money - reserved->money;
        (void) snprintf(text, size,
                        "up to %.6g is wanted, %.6g of %.6g is left",
                        cost->money, rest > 0 ? rest : 0, limit->money);
    } else {
        (void) snprintf(text, size, "there is enough");
    }
    return text;
}
