/* SPDX-License-Identifier: Apache-2.0 */
/* test_hedger.c: late answers, second asks, and one outcome for the asker. */
#include <criterion/criterion.h>

#include <errno.h>

#include "troupe_hedge.h"

#include "actors/policy_world.h"

enum { SAMPLES = 20 };

static troupe_ref_t one, other, hedger;

static void
begin(void)
{
    policy_begin();
    policy_spawn(&shop_kind, &one, NULL);
    policy_spawn(&shop_kind, &other, NULL);
    policy_spawn(&troupe_hedger, &hedger, "{s:R, s:R, s:U}", "backend", one,
                 "other", other, "min_ms", UINT64_C(10));
}

TestSuite(hedger, .init = begin, .fini = policy_end, .timeout = 30);

static void
put(struct policy_call *call, const char *type)
{
    *call = (struct policy_call){.to = hedger, .type = type, .body = "x"};
    policy_put(call);
}

/* So many answers that it knows what late is. */
static void
learn(void)
{
    struct policy_call call;
    for (int i = 0; i < SAMPLES; i++)
        put(&call, "get");
    cr_assert_eq(call.outcome, TROUPE_REPLY);
}

static uint64_t
count(const char *key)
{
    return policy_number(hedger, "hedge.state", key);
}

static uint64_t
held(troupe_ref_t shop)
{
    return policy_number(shop, "state", "held");
}

Test(hedger, asks_once_while_it_knows_too_little)
{
    struct policy_call call;
    put(&call, "hold");
    policy_advance(10000);
    cr_assert_eq(held(one), 1u);
    cr_assert_eq(held(other), 0u);
    policy_tell(one, "release");
    cr_assert_eq(call.outcome, TROUPE_REPLY);
    cr_assert_eq(count("under_way"), 0u);
}

Test(hedger, the_second_is_asked_when_the_first_is_late_and_the_loser_ends)
{
    struct policy_call call;
    learn();
    put(&call, "hold");
    policy_advance(9);
    cr_assert_eq(held(other), 0u);
    policy_advance(1);
    cr_assert_eq(held(other), 1u);
    cr_assert_eq(call.outcome, 0);
    policy_tell(other, "release");
    cr_assert_eq(call.outcome, TROUPE_REPLY);
    cr_assert_eq(policy_number(one, "state", "cancelled"), 1u);
    cr_assert_eq(count("won"), 1u);
    cr_assert_eq(count("hedges"), 1u);
    cr_assert_eq(count("under_way"), 0u);
}

Test(hedger, no_more_than_its_share_of_all_asks_is_asked_twice)
{
    struct policy_call calls[5];
    learn();
    for (int i = 0; i < 5; i++)
        put(&calls[i], "hold");
    policy_advance(100);
    cr_assert_eq(held(one), 5u);
    cr_assert_eq(count("hedges"), 1u);
    cr_assert_eq(held(other), 1u);
    policy_tell(one, "release");
    policy_tell(other, "release");
    uint64_t before = count("hedges");
    for (int i = 0; i < 5; i++)
        put(&calls[i], "hold");
    policy_advance(100);
    cr_assert_eq(count("hedges"), before); /* 5 % of 30 are spent */
}

Test(hedger, an_error_counts_when_no_other_ask_is_open)
{
    struct policy_call call;
    put(&call, "fail");
    cr_assert_eq(call.code, -EIO);
    learn();
    put(&call, "hold");
    policy_advance(10);
    cr_assert_eq(troupe_node_exit(policy_node, one, TROUPE_EXIT_KILLED, 5000),
                 0);
    policy_settle();
    cr_assert_eq(call.outcome, 0);
    policy_tell(other, "release");
    cr_assert_eq(call.outcome, TROUPE_REPLY);
    cr_assert_eq(count("under_way"), 0u);
}

Test(hedger, who_gives_up_ends_both)
{
    struct policy_call call;
    learn();
    put(&call, "hold");
    policy_advance(10);
    policy_give_up(&call);
    cr_assert_eq(policy_number(one, "state", "cancelled"), 1u);
    cr_assert_eq(policy_number(other, "state", "cancelled"), 1u);
    cr_assert_eq(count("under_way"), 0u);
    put(&call, "hold");
    policy_give_up(&call); /* before the second */
    policy_advance(100);
    cr_assert_eq(held(other), 0u);
}
