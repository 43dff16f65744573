/* SPDX-License-Identifier: Apache-2.0 */
/* test_batch.c: many asks as one, and each with its own answer. */
#include <criterion/criterion.h>

#include <errno.h>

#include "troupe_batch.h"

#include "actors/policy_world.h"

enum { COUNT = 4, WAIT_MS = 10 };

static troupe_ref_t shop, batcher;

static void
begin(void)
{
    policy_begin();
    policy_spawn(&shop_kind, &shop, NULL);
    policy_spawn(&troupe_batcher, &batcher, "{s:R, s:U, s:U}", "backend", shop,
                 "count", (uint64_t) COUNT, "wait_ms", (uint64_t) WAIT_MS);
}

TestSuite(batch, .init = begin, .fini = policy_end, .timeout = 30);

static void
put(struct policy_call *call, const char *type, const char *body)
{
    *call = (struct policy_call){.to = batcher, .type = type, .body = body};
    policy_put(call);
}

static uint64_t
count(const char *key)
{
    return policy_number(batcher, "batch.state", key);
}

Test(batch, goes_when_it_is_full)
{
    struct policy_call calls[COUNT];
    static const char *const bodies[COUNT] = {"a", "b", "bad", "d"};
    for (int i = 0; i < COUNT - 1; i++) {
        put(&calls[i], "many", bodies[i]);
        cr_assert_eq(calls[i].outcome, 0);
    }
    cr_assert_eq(count("waiting"), 3u);
    put(&calls[3], "many", bodies[3]);
    for (int i = 0; i < COUNT; i++) {
        if (i == 2)
            continue;
        cr_assert_eq(calls[i].outcome, TROUPE_REPLY, "%d %s", i, calls[i].text);
        cr_assert_eq(calls[i].number, COUNT);
        cr_assert_str_eq(calls[i].text, bodies[i]);
    }
    cr_assert_eq(calls[2].code, -EIO);
    cr_assert_str_eq(calls[2].text, "no");
    cr_assert_eq(policy_number(shop, "state", "asked"), 1u);
    cr_assert_eq(count("batches"), 1u);
    cr_assert_eq(count("asks"), (uint64_t) COUNT);
}

Test(batch, goes_when_the_first_has_waited_long_enough)
{
    struct policy_call calls[2];
    put(&calls[0], "many", "a");
    policy_advance(WAIT_MS - 1);
    put(&calls[1], "many", "b");
    cr_assert_eq(calls[0].outcome, 0);
    policy_advance(1);
    cr_assert_eq(calls[0].number, 2);
    cr_assert_eq(calls[1].number, 2);
    policy_advance(1000);
    cr_assert_eq(policy_number(shop, "state", "asked"), 1u);
}

Test(batch, types_are_collected_apart)
{
    struct policy_call one, other;
    put(&one, "many", "a");
    put(&other, "few", "b");
    policy_advance(WAIT_MS);
    cr_assert_eq(one.number, 1);
    cr_assert_eq(count("batches"), 2u);
    cr_assert_eq(other.code, 0, "%d %s", other.code, other.text);
}

Test(batch, an_answer_of_the_wrong_length_fails_each)
{
    struct policy_call calls[2];
    put(&calls[0], "few", "a");
    put(&calls[1], "few", "b");
    policy_advance(WAIT_MS);
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(calls[i].code, -EBADMSG);
        cr_assert_str_eq(calls[i].text,
                         "the batch's answer is no list of its length");
    }
    put(&calls[0], "fail", "a");
    policy_advance(WAIT_MS);
    cr_assert_eq(calls[0].code, -EIO);
    cr_assert_str_eq(calls[0].text, "sold out");
    put(&calls[0], "unknown", "a");
    policy_advance(WAIT_MS);
    cr_assert_eq(calls[0].code, -EOPNOTSUPP);
}

Test(batch, who_gives_up_before_it_goes_is_left_out)
{
    struct policy_call calls[3];
    put(&calls[0], "many", "a");
    put(&calls[1], "many", "b");
    put(&calls[2], "many", "c");
    policy_give_up(&calls[1]);
    policy_advance(WAIT_MS);
    cr_assert_eq(calls[0].number, 2);
    cr_assert_str_eq(calls[2].text, "c");
    put(&calls[0], "many", "a");
    policy_give_up(&calls[0]);
    policy_advance(WAIT_MS);
    cr_assert_eq(count("batches"), 1u);
}

Test(batch, under_way_it_is_cancelled_when_nobody_waits)
{
    struct policy_call calls[2];
    put(&calls[0], "hold", "a");
    put(&calls[1], "hold", "b");
    policy_advance(WAIT_MS);
    cr_assert_eq(count("under_way"), 2u);
    policy_give_up(&calls[0]);
    cr_assert_eq(policy_number(shop, "state", "cancelled"), 0u);
    policy_give_up(&calls[1]);
    cr_assert_eq(policy_number(shop, "state", "cancelled"), 1u);
    cr_assert_eq(count("under_way"), 0u);
}

Test(batch, a_backend_that_ends_fails_each)
{
    struct policy_call call;
    put(&call, "hold", "a");
    policy_advance(WAIT_MS);
    cr_assert_eq(troupe_node_exit(policy_node, shop, TROUPE_EXIT_KILLED, 5000),
                 0);
    policy_settle();
    cr_assert_eq(call.outcome, TROUPE_ERROR);
    cr_assert_eq(call.code, -ESRCH);
}
