/* SPDX-License-Identifier: Apache-2.0 */
/* test_cache.c: what is asked twice, at once or later, is asked once. */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "troupe_cache.h"

#include "actors/policy_world.h"

static troupe_ref_t shop, cache;

static void
begin(void)
{
    policy_begin();
    policy_spawn(&shop_kind, &shop, NULL);
    policy_spawn(&troupe_cache, &cache, "{s:R, s:U, s:U}", "backend", shop,
                 "ttl_ms", UINT64_C(1000), "bytes_max", UINT64_C(2000));
}

TestSuite(cache, .init = begin, .fini = policy_end, .timeout = 30);

static struct policy_call
call_of(const char *type, const char *body)
{
    return (struct policy_call){.to = cache, .type = type, .body = body};
}

/* What the shop was asked as the how manieth, or from memory. */
static int64_t
get(const char *type, const char *body)
{
    struct policy_call call = call_of(type, body);
    policy_put(&call);
    cr_assert(strcmp(call.text, body) == 0, "%s", call.text);
    return call.number;
}

static uint64_t
count(const char *key)
{
    return policy_number(cache, "cache.state", key);
}

Test(cache, the_same_type_and_body_are_answered_from_memory)
{
    cr_assert_eq(get("get", "tea"), 1);
    cr_assert_eq(get("get", "tea"), 1);
    cr_assert_eq(get("get", "milk"), 2);
    cr_assert_eq(get("get", "tea"), 1);
    cr_assert_eq(count("hits"), 2u);
    cr_assert_eq(count("misses"), 2u);
    cr_assert_eq(count("entries"), 2u);
    cr_assert_eq(policy_number(shop, "state", "asked"), 2u);
}

Test(cache, an_answer_is_good_for_its_time)
{
    cr_assert_eq(get("get", "tea"), 1);
    policy_advance(999);
    cr_assert_eq(get("get", "tea"), 1);
    policy_advance(2);
    cr_assert_eq(get("get", "tea"), 2);
    cr_assert_eq(count("entries"), 1u);
    policy_tell(cache, "cache.clear");
    cr_assert_eq(count("bytes"), 0u);
    cr_assert_eq(get("get", "tea"), 3);
}

Test(cache, those_at_once_share_one_ask)
{
    struct policy_call calls[20];
    for (int i = 0; i < 20; i++) {
        calls[i] = call_of("hold", "tea");
        policy_put(&calls[i]);
    }
    cr_assert_eq(policy_number(shop, "state", "held"), 1u);
    cr_assert_eq(count("shared"), 19u);
    cr_assert_eq(count("under_way"), 1u);
    policy_tell(shop, "release");
    for (int i = 0; i < 20; i++) {
        cr_assert_eq(calls[i].outcome, TROUPE_REPLY, "%d", i);
        cr_assert_str_eq(calls[i].text, "held");
    }
    cr_assert_eq(policy_number(shop, "state", "asked"), 1u);
}

Test(cache, the_deadline_of_one_ends_that_one_alone)
{
    struct policy_call hasty = call_of("hold", "tea");
    struct policy_call calm = call_of("hold", "tea");
    hasty.timeout_ms = 100;
    policy_put(&hasty);
    policy_put(&calm);
    policy_advance(200);
    cr_assert_eq(hasty.outcome, TROUPE_TIMEOUT);
    cr_assert_eq(calm.outcome, 0);
    cr_assert_eq(policy_number(shop, "state", "cancelled"), 0u);
    policy_tell(shop, "release");
    cr_assert_eq(calm.outcome, TROUPE_REPLY);
}

Test(cache, when_nobody_waits_any_more_the_ask_is_given_up)
{
    struct policy_call one = call_of("hold", "tea"), two = one, three = one;
    policy_put(&one);
    policy_put(&two);
    policy_give_up(&one);
    cr_assert_eq(policy_number(shop, "state", "cancelled"), 0u);
    policy_give_up(&two);
    cr_assert_eq(policy_number(shop, "state", "cancelled"), 1u);
    cr_assert_eq(count("under_way"), 0u);
    policy_put(&three);
    cr_assert_eq(policy_number(shop, "state", "asked"), 2u);
    policy_tell(shop, "release");
    cr_assert_eq(three.outcome, TROUPE_REPLY);
}

Test(cache, what_fails_is_told_and_not_kept)
{
    for (int i = 1; i <= 2; i++) {
        struct policy_call call = call_of("fail", "tea");
        policy_put(&call);
        cr_assert_eq(call.outcome, TROUPE_ERROR);
        cr_assert_eq(call.code, -EIO);
        cr_assert_str_eq(call.text, "sold out");
        cr_assert_eq(policy_number(shop, "state", "asked"), (uint64_t) i);
    }
    cr_assert_eq(count("failed"), 2u);
    cr_assert_eq(count("entries"), 0u);
}

Test(cache, the_least_recently_used_goes_when_it_is_full)
{
    char body[16];
    for (int i = 0; i < 5; i++) {
        snprintf(body, sizeof body, "item %d", i);
        get("get", body);
        get("get", "item 0"); /* it stays in use */
    }
    for (int i = 5; count("evicted") == 0; i++) {
        cr_assert_lt(i, 100);
        snprintf(body, sizeof body, "item %d", i);
        get("get", body);
        get("get", "item 0");
    }
    cr_assert_leq(count("bytes"), 2000u);
    uint64_t asked = policy_number(shop, "state", "asked");
    cr_assert_eq(get("get", "item 0"), 1);
    cr_assert_eq(policy_number(shop, "state", "asked"), asked);
    cr_assert_eq(get("get", "item 1"), (int64_t) asked + 1);
}

/* A thousand keys: the table grows, and everything is found again. */
Test(cache, many_keys_are_told_apart)
{
    static char bodies[1000][16];
    troupe_ref_t large;
    policy_spawn(&troupe_cache, &large, "{s:R}", "backend", shop);
    cache = large;
    for (int i = 0; i < 1000; i++) {
        snprintf(bodies[i], sizeof bodies[i], "%d", i * 7919);
        cr_assert_eq(get("get", bodies[i]), i + 1);
    }
    for (int i = 0; i < 1000; i += 13)
        cr_assert_eq(get("get", bodies[i]), i + 1);
    cr_assert_eq(count("entries"), 1000u);
}

/* Its start fails: it is gone as soon as there is nothing to wait for. */
static bool
is_refused(troupe_ref_t ref)
{
    troupe_actor_stats_t stats;
    policy_settle();
    return troupe_actor_stats_get(policy_node, ref, &stats) == -ESRCH;
}

Test(cache, bad_arguments_are_refused)
{
    troupe_ref_t ref;
    policy_spawn(&troupe_cache, &ref, "{s:U}", "ttl_ms", UINT64_C(5));
    cr_assert(is_refused(ref));
    policy_spawn(&troupe_cache, &ref, "{s:R, s:U}", "backend", shop, "ttl_ms",
                 UINT64_C(0));
    cr_assert(is_refused(ref));
    policy_spawn(&troupe_cache, &ref, "{s:s}", "backend", "nobody");
    cr_assert(is_refused(ref));
    cr_assert_not(is_refused(cache));
}
