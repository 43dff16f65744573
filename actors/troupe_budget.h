/* SPDX-License-Identifier: Apache-2.0 */
/* troupe_budget.h: what a run may cost: tokens, money and calls. */
#ifndef TROUPE_BUDGET_H
#define TROUPE_BUDGET_H

#include "troupe_kind.h"

/* What something costs, or may cost. */
typedef struct troupe_cost {
    uint64_t tokens;
    double money; /* in the unit of the price list, say US dollars */
    uint64_t calls;
} troupe_cost_t;

/*
 * An account: nothing is spent that was not reserved before. In a limit 0
 * means: no such limit. Begin with {.limit = ...}.
 */
typedef struct troupe_account {
    troupe_cost_t limit;
    troupe_cost_t used;
    troupe_cost_t reserved;
    uint64_t refused; /* reservations */
    bool unknown;     /* something was used whose amount nobody knows */
} troupe_account_t;

/*
 * troupe_account_reserve: set so much aside.
 *
 *   cost     the most that it may come to.
 *   returns  0; -EINVAL for money below 0 or not a number; or -ENOSPC:
 *            used, reserved and this are over a limit
 */
TROUPE_MUST int troupe_account_reserve(troupe_account_t *self,
                                       const troupe_cost_t *cost);

/* troupe_account_commit: what was reserved is spent; used: what it came to,
 * which may be more or less. */
TROUPE_API void troupe_account_commit(troupe_account_t *self,
                                      const troupe_cost_t *reserved,
                                      const troupe_cost_t *used);

/* troupe_account_release: what was reserved is not needed. */
TROUPE_API void troupe_account_release(troupe_account_t *self,
                                       const troupe_cost_t *reserved);

/*
 * troupe_account_spend: a part of what was reserved is spent.
 *
 *   reserved  in: what is reserved; out: what of it is left.
 *   used      what it came to; may be more than there was.
 */
TROUPE_API void troupe_account_spend(troupe_account_t *self,
                                     troupe_cost_t *reserved,
                                     const troupe_cost_t *used);

/*
 * troupe_account_words: which limit a cost is over, as in "1,200 tokens are
 * wanted, 300 of 2,000 are left".
 *
 *   text     out: `size` bytes, NUL-ended.
 *   returns  text
 */
TROUPE_API const char *troupe_account_words(const troupe_account_t *self,
                                            const troupe_cost_t *cost,
                                            char *text, size_t size);

/*
 * troupe_budget_keeper: an actor that holds an account which many draw from.
 * Who ends with a reservation open is taken to have spent it, or, when it was
 * made with `back`, to have spent only what it has said so far.
 *
 *   start    {tokens?: U, money?: f, calls?: U, parent?: R, used_tokens?: U,
 *            used_money?: f, used_calls?: U, used_known?: b}: the limits; and
 *            what was used of them before, by a run that is gone on with
 *   reserve  {tokens: U, money: f, calls: U, back?: b} -> {id: U}; -ENOSPC as
 *            an error
 *   commit   {id: U, tokens: U, money: f, calls: U, known: b}; tell
 *   spend    the same, but the rest stays reserved; tell
 *   release  {id: U}; tell
 *   state    -> {tokens: U, money: f, calls: U, reserved: U, refused: U,
 *               known: b, open_tokens: U, open_money: f, open_calls: U}: used;
 *               how many reservations are open, and what they may come to, but
 *               for those with `back`
 *
 * With a parent, another keeper's ref or name, it has a share of that one's
 * budget: its limits are reserved there when it starts, which fails where
 * there is not so much; what is spent here is spent there, too; and when it
 * ends, however it does, the rest is the parent's again. A share names a limit
 * for all that its parent limits. So budgets are split down a tree.
 */
TROUPE_API const troupe_kind_t troupe_budget_keeper;

#endif
