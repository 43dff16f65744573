/* SPDX-License-Identifier: Apache-2.0 */
/* test_budget.c: budgets that are split down a tree of keepers. */
#include <criterion/criterion.h>

#include <errno.h>
#include <string.h>

#include "troupe_budget.h"

#include "actors/policy_world.h"

TestSuite(share, .init = policy_begin, .fini = policy_end, .timeout = 30);

static troupe_ref_t
keeper(troupe_ref_t parent, uint64_t tokens)
{
    troupe_ref_t ref;
    if (troupe_ref_is_nobody(parent))
        policy_spawn(&troupe_budget_keeper, &ref, "{s:U}", "tokens", tokens);
    else
        policy_spawn(&troupe_budget_keeper, &ref, "{s:U, s:R}", "tokens",
                     tokens, "parent", parent);
    policy_settle();
    return ref;
}

static bool
is_there(troupe_ref_t ref)
{
    troupe_actor_stats_t stats;
    policy_settle();
    return troupe_actor_stats_get(policy_node, ref, &stats) == 0;
}

/* Draws on a keeper: "draw" [keeper, tokens], "use" tokens, "end". */
struct drawer {
    troupe_ref_t keeper;
    uint64_t id;
    int code;
};

static int
on_drawn(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct drawer *self = state;
    (void) ctx;
    self->code = answer->code;
    return answer->outcome == TROUPE_REPLY
               ? troupe_unpack(answer->msg, "{s:U}", "id", &self->id)
               : 0;
}

static int
on_draw(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct drawer *self = state;
    uint64_t tokens = 0;
    int rc = troupe_unpack(msg, "[R, U]", &self->keeper, &tokens);
    return rc < 0 ? rc
                  : troupe_ask(ctx, self->keeper, "reserve", 0, on_drawn, NULL,
                               "{s:U, s:f, s:U}", "tokens", tokens, "money",
                               0.0, "calls", UINT64_C(1));
}

static int
on_use(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    const struct drawer *self = state;
    uint64_t tokens = 0;
    int rc = troupe_unpack(msg, "U", &tokens);
    return rc < 0 ? rc
                  : troupe_send(ctx, self->keeper, "commit",
                                "{s:U, s:U, s:f, s:U, s:b}", "id", self->id,
                                "tokens", tokens, "money", 0.0, "calls",
                                UINT64_C(1), "known", 1);
}

static int
on_code(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    const struct drawer *self = state;
    (void) msg;
    return troupe_reply(ctx, "{s:U}", "code", (uint64_t) -self->code);
}

static const troupe_clause_t clauses[] = {TROUPE_ON("draw", on_draw),
                                          TROUPE_ON("use", on_use),
                                          TROUPE_ON("code", on_code),
                                          {0, NULL, NULL, NULL}};

static const troupe_kind_t drawer_kind = {
    .name = "draws", .state_size = sizeof(struct drawer), .clauses = clauses};

/* Who draws so much, and what that came to. */
static troupe_ref_t
draw(troupe_ref_t from, uint64_t tokens, int code)
{
    troupe_ref_t ref;
    policy_spawn(&drawer_kind, &ref, NULL);
    cr_assert_eq(
        troupe_node_send(policy_node, ref, "draw", "[R, U]", from, tokens), 0);
    policy_settle();
    cr_assert_eq(policy_number(ref, "code", "code"), (uint64_t) -code);
    return ref;
}

static void
use(troupe_ref_t drawer, uint64_t tokens)
{
    cr_assert_eq(troupe_node_send(policy_node, drawer, "use", "U", tokens), 0);
    policy_settle();
}

static uint64_t
used(troupe_ref_t of)
{
    return policy_number(of, "state", "tokens");
}

static void
kill_it(troupe_ref_t ref)
{
    cr_assert_eq(troupe_node_exit(policy_node, ref, TROUPE_EXIT_KILLED, 5000),
                 0);
    policy_settle();
}

Test(share, is_set_aside_and_what_is_spent_of_it_is_spent_of_the_whole)
{
    troupe_ref_t whole = keeper(TROUPE_NOBODY, 1000);
    troupe_ref_t part = keeper(whole, 400);
    draw(whole, 601, -ENOSPC);
    draw(part, 401, -ENOSPC);
    use(draw(part, 100, 0), 80);
    cr_assert_eq(used(part), 80u);
    cr_assert_eq(used(whole), 80u);
    draw(part, 321, -ENOSPC);
    draw(whole, 600, 0);
    draw(whole, 1, -ENOSPC);
}

Test(share, comes_back_when_its_keeper_ends)
{
    troupe_ref_t whole = keeper(TROUPE_NOBODY, 1000);
    troupe_ref_t part = keeper(whole, 400);
    use(draw(part, 100, 0), 100);
    kill_it(part);
    cr_assert_eq(used(whole), 100u);
    cr_assert_eq(policy_number(whole, "state", "reserved"), 0u);
    draw(whole, 901, -ENOSPC);
    draw(whole, 900, 0);
}

/* What its drawers have not settled by then may be spent. */
Test(share, takes_open_draws_for_spent_when_it_is_stopped)
{
    troupe_ref_t whole = keeper(TROUPE_NOBODY, 1000);
    troupe_ref_t part = keeper(whole, 400);
    draw(part, 150, 0);
    cr_assert_eq(
        troupe_node_exit(policy_node, part, TROUPE_EXIT_SHUTDOWN, 5000), 0);
    policy_settle();
    cr_assert_eq(used(whole), 150u);
    draw(whole, 850, 0);
}

Test(share, is_split_further_and_who_dies_below_is_counted_above)
{
    troupe_ref_t whole = keeper(TROUPE_NOBODY, 1000);
    troupe_ref_t middle = keeper(whole, 500), leaf = keeper(middle, 200);
    use(draw(leaf, 50, 0), 60); /* it came to more */
    cr_assert_eq(used(whole), 60u);
    kill_it(draw(leaf, 100, 0));
    cr_assert_eq(used(leaf), 160u);
    cr_assert_eq(used(whole), 160u);
    cr_assert_eq(
        troupe_node_exit(policy_node, middle, TROUPE_EXIT_SHUTDOWN, 5000), 0);
    policy_settle();
    cr_assert_eq(policy_number(whole, "state", "reserved"), 0u);
    draw(whole, 840, 0);
}

Test(share, a_keeper_without_enough_above_does_not_start)
{
    troupe_ref_t whole = keeper(TROUPE_NOBODY, 1000);
    cr_assert(is_there(keeper(whole, 1000)));
    cr_assert_not(is_there(keeper(whole, 1)));
    cr_assert_not(is_there(keeper(whole, 0))); /* all of it, without a limit */
    cr_assert_eq(policy_number(whole, "state", "reserved"), 1u);
}
