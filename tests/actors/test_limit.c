/* SPDX-License-Identifier: Apache-2.0 */
/* test_limit.c: a limit that is found out, alone and as an actor. */
#include <criterion/criterion.h>

#include <errno.h>

#include "troupe_limit.h"

#include "actors/policy_world.h"

#define US UINT64_C(1000)

static troupe_limit_t
limit_of(const troupe_limit_options_t *options)
{
    troupe_limit_t limit;
    cr_assert_eq(troupe_limit_init(&limit, options), 0);
    return limit;
}

/* As many as it lets through, each of which takes as long as that many take
 * where `room` of them run at once and take `us`. */
static uint32_t
round_of(troupe_limit_t *limit, uint32_t room, uint64_t us)
{
    uint32_t count = 0;
    while (troupe_limit_take(limit) == 0)
        count++;
    uint64_t each = count <= room ? us : us * count / room;
    for (uint32_t i = 0; i < count; i++)
        troupe_limit_record(limit, each * US);
    return count;
}

Test(limit, lets_so_many_through_and_no_more)
{
    troupe_limit_t limit =
        limit_of(&(troupe_limit_options_t){.start = 3, .max = 3});
    for (int i = 0; i < 3; i++)
        cr_assert_eq(troupe_limit_take(&limit), 0);
    cr_assert_eq(troupe_limit_take(&limit), -EAGAIN);
    troupe_limit_forget(&limit);
    cr_assert_eq(troupe_limit_take(&limit), 0);
    cr_assert_eq(limit.refused, 1u);
}

Test(limit, the_gradient_finds_what_the_other_side_can_bear)
{
    troupe_limit_t limit =
        limit_of(&(troupe_limit_options_t){.start = 5, .max = 500});
    for (int i = 0; i < 20; i++) /* it learns what is usual */
        round_of(&limit, 1000, 1000);
    uint32_t free_room = round_of(&limit, 1000, 1000);
    cr_assert_gt(free_room, 50u);
    for (int i = 0; i < 12; i++)
        round_of(&limit, 20, 1000);
    uint32_t little_room = round_of(&limit, 20, 1000);
    cr_assert_lt(little_room, free_room / 2, "%u, %u", little_room, free_room);
    cr_assert_geq(little_room, 10u);
}

Test(limit, aimd_grows_by_one_a_round_and_gives_way)
{
    troupe_limit_t limit = limit_of(&(troupe_limit_options_t){
        .algorithm = TROUPE_LIMIT_AIMD, .start = 10, .backoff_percent = 50});
    round_of(&limit, 1000, 1000); /* when half of it is over, it says no more */
    cr_assert_float_eq(limit.limit, 10.55, 0.1);
    cr_assert_eq(troupe_limit_take(&limit), 0);
    troupe_limit_lose(&limit);
    cr_assert_float_eq(limit.limit, 5.3, 0.1);
    cr_assert_eq(limit.lost, 1u);
    /* What uses less than half of it says nothing. */
    cr_assert_eq(troupe_limit_take(&limit), 0);
    troupe_limit_record(&limit, 10 * US);
    cr_assert_float_eq(limit.limit, 5.3, 0.1);
    for (int i = 0; i < 20; i++) {
        cr_assert_eq(troupe_limit_take(&limit), 0);
        troupe_limit_lose(&limit);
    }
    cr_assert_float_eq(limit.limit, 1.0, 0.001);
}

Test(limit, options_that_contradict_each_other_are_refused)
{
    static const troupe_limit_options_t wrong[] = {
        {.start = 5, .min = 6},
        {.start = 6, .max = 5},
        {.tolerance_percent = 99},
        {.backoff_percent = 100},
        {.algorithm = (troupe_limit_algorithm_t) 9},
    };
    troupe_limit_t limit;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_assert_eq(troupe_limit_init(&limit, &wrong[i]), -EINVAL);
}

/* --- the actor --------------------------------------------------------------*/

enum { CALLS = 6 };

static troupe_ref_t shop, limiter;

static void
begin(void)
{
    policy_begin();
    policy_spawn(&shop_kind, &shop, NULL);
    policy_spawn(&troupe_limiter, &limiter, "{s:R, s:s, s:U, s:U, s:U}",
                 "backend", shop, "algorithm", "aimd", "start", UINT64_C(2),
                 "max", UINT64_C(4), "queue", UINT64_C(2));
}

TestSuite(limiting, .init = begin, .fini = policy_end, .timeout = 30);

static void
put_all(struct policy_call *calls, const char *type)
{
    for (int i = 0; i < CALLS; i++) {
        calls[i] = (struct policy_call){.to = limiter, .type = type};
        policy_put(&calls[i]);
    }
}

static uint64_t
count(const char *key)
{
    return policy_number(limiter, "limit.state", key);
}

Test(limiting, two_pass_two_wait_and_the_others_are_refused)
{
    struct policy_call calls[CALLS];
    put_all(calls, "hold");
    cr_assert_eq(policy_number(shop, "state", "held"), 2u);
    cr_assert_eq(count("waiting"), 2u);
    for (int i = 4; i < CALLS; i++) {
        cr_assert_eq(calls[i].code, -EBUSY);
        cr_assert_str_eq(calls[i].text,
                         "2 asks are under way, the limit now, and 2 wait");
    }
    policy_tell(shop, "release");
    policy_tell(shop, "release");
    for (int i = 0; i < 4; i++)
        cr_assert_eq(calls[i].outcome, TROUPE_REPLY, "%d", i);
    cr_assert_eq(count("refused"), 2u);
    cr_assert_eq(count("limit"), 3u); /* it went well at the limit */
    cr_assert_eq(count("under_way"), 0u);
}

Test(limiting, who_gives_up_makes_room)
{
    struct policy_call calls[CALLS];
    put_all(calls, "hold");
    policy_give_up(&calls[2]); /* it waited */
    cr_assert_eq(count("waiting"), 1u);
    policy_give_up(&calls[0]); /* it was under way */
    cr_assert_eq(policy_number(shop, "state", "cancelled"), 1u);
    cr_assert_eq(policy_number(shop, "state", "held"), 2u);
    cr_assert_eq(count("waiting"), 0u);
}

Test(limiting, what_times_out_is_lost_and_lowers_the_limit)
{
    struct policy_call calls[2];
    for (int i = 0; i < 2; i++) {
        calls[i] = (struct policy_call){
            .to = limiter, .type = "hold", .timeout_ms = 100};
        policy_put(&calls[i]);
    }
    policy_advance(200);
    cr_assert_eq(calls[0].outcome, TROUPE_TIMEOUT);
    cr_assert_eq(count("lost"), 2u);
    cr_assert_eq(count("limit"), 1u);
    cr_assert_eq(count("under_way"), 0u);
}
