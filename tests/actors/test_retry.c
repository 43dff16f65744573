/* SPDX-License-Identifier: Apache-2.0 */
/* test_retry.c: waits, bounds and budget of retries; the breaker's states. */
#include <criterion/criterion.h>

#include <errno.h>

#include "troupe_breaker.h"
#include "troupe_hedge.h"
#include "troupe_retry.h"

#define MS UINT64_C(1000000)

static troupe_retry_case_t
failed(troupe_fault_t fault, uint32_t attempts, uint64_t random)
{
    return (troupe_retry_case_t){
        .fault = fault, .attempts = attempts, .random = random};
}

Test(retry, waits_anything_up_to_a_bound_that_doubles)
{
    troupe_retry_t retry;
    troupe_retry_init(&retry, &(troupe_retry_options_t){.attempts_max = 100,
                                                        .base_ms = 100,
                                                        .cap_ms = 1000,
                                                        .budget_burst = 1000});
    static const uint32_t bounds[] = {100, 200, 400, 800, 1000, 1000};
    for (uint32_t i = 0; i < 6; i++) {
        uint32_t wait_ms = 0, least = UINT32_MAX, most = 0;
        for (uint64_t random = 0; random <= bounds[i]; random += bounds[i]) {
            troupe_retry_case_t what =
                failed(TROUPE_FAULT_TRANSIENT, i + 1, random);
            cr_assert_eq(troupe_retry_next(&retry, &what, &wait_ms), 0);
            least = wait_ms < least ? wait_ms : least;
            most = wait_ms > most ? wait_ms : most;
        }
        cr_assert_eq(least, 0u);
        cr_assert_eq(most, bounds[i]);
        troupe_retry_case_t over =
            failed(TROUPE_FAULT_TRANSIENT, i + 1, bounds[i] + 1);
        cr_assert_eq(troupe_retry_next(&retry, &over, &wait_ms), 0);
        cr_assert_eq(wait_ms, 0u);
    }
}

Test(retry, repeats_neither_what_is_wrong_nor_too_often)
{
    troupe_retry_t retry;
    troupe_retry_init(&retry, NULL);
    uint32_t wait_ms = 77;
    troupe_retry_case_t what = failed(TROUPE_FAULT_PERMANENT, 1, 0);
    cr_assert_eq(troupe_retry_next(&retry, &what, &wait_ms), -EPERM);
    what = failed(TROUPE_FAULT_NONE, 1, 0);
    cr_assert_eq(troupe_retry_next(&retry, &what, &wait_ms), -EPERM);
    what = failed(TROUPE_FAULT_TRANSIENT, 3, 0);
    cr_assert_eq(troupe_retry_next(&retry, &what, &wait_ms), -ERANGE);
    cr_assert_eq(wait_ms, 77u);
}

Test(retry, waits_as_long_as_it_was_asked_to_but_not_past_the_deadline)
{
    troupe_retry_t retry;
    troupe_retry_init(&retry, NULL);
    uint32_t wait_ms = 0;
    troupe_retry_case_t what = failed(TROUPE_FAULT_OVERLOAD, 1, 0);
    what.retry_after_ms = 2000;
    what.now_ns = 500 * MS;
    what.deadline_ns = 2501 * MS;
    cr_assert_eq(troupe_retry_next(&retry, &what, &wait_ms), 0);
    cr_assert_eq(wait_ms, 2000u);
    what.deadline_ns = 2500 * MS;
    cr_assert_eq(troupe_retry_next(&retry, &what, &wait_ms), -ETIMEDOUT);
}

Test(retry, is_a_bounded_part_of_all_calls)
{
    troupe_retry_t retry;
    troupe_retry_init(&retry, NULL);
    unsigned retries = 0;
    for (unsigned i = 0; i < 1000; i++) {
        uint32_t wait_ms = 0;
        troupe_retry_case_t what = failed(TROUPE_FAULT_TRANSIENT, 1, i);
        troupe_retry_earn(&retry);
        int rc = troupe_retry_next(&retry, &what, &wait_ms);
        cr_assert(rc == 0 || rc == -EAGAIN);
        retries += rc == 0;
    }
    /* Ten at the beginning, and one for each ten calls. */
    cr_assert_geq(retries, 100u);
    cr_assert_leq(retries, 110u);
}

static void
record(troupe_breaker_t *breaker, uint64_t now_ns, bool ok)
{
    cr_assert_eq(troupe_breaker_allow(breaker, now_ns, NULL), 0);
    troupe_breaker_record(breaker, now_ns, ok);
}

static troupe_breaker_t
opened(void)
{
    troupe_breaker_t breaker;
    cr_assert_eq(troupe_breaker_init(&breaker, NULL), 0);
    for (int i = 0; i < 5; i++) {
        cr_assert_eq(breaker.state, TROUPE_BREAKER_CLOSED);
        record(&breaker, 0, false);
    }
    cr_assert_eq(breaker.state, TROUPE_BREAKER_OPEN);
    return breaker;
}

Test(breaker, opens_when_most_calls_fail_and_says_when_to_ask_again)
{
    troupe_breaker_t breaker = opened();
    uint32_t wait_ms = 0;
    cr_assert_eq(troupe_breaker_allow(&breaker, 4000 * MS, &wait_ms), -EBUSY);
    cr_assert_eq(wait_ms, 6000u);
    troupe_breaker_record(&breaker, 5000 * MS, false); /* a late one */
    cr_assert_eq(troupe_breaker_allow(&breaker, 9999 * MS, &wait_ms), -EBUSY);
    cr_assert_eq(wait_ms, 1u);
}

Test(breaker, closes_after_probes_that_went_well)
{
    troupe_breaker_t breaker = opened();
    cr_assert_eq(troupe_breaker_allow(&breaker, 10000 * MS, NULL), 0);
    cr_assert_eq(breaker.state, TROUPE_BREAKER_HALF_OPEN);
    cr_assert_eq(troupe_breaker_allow(&breaker, 10000 * MS, NULL), 0);
    cr_assert_eq(troupe_breaker_allow(&breaker, 10000 * MS, NULL), -EBUSY);
    troupe_breaker_record(&breaker, 10001 * MS, true);
    troupe_breaker_forget(&breaker);
    record(&breaker, 10002 * MS, true);
    cr_assert_eq(breaker.state, TROUPE_BREAKER_CLOSED);
    record(&breaker, 10003 * MS, false); /* the old failures are forgotten */
    cr_assert_eq(breaker.state, TROUPE_BREAKER_CLOSED);
}

Test(breaker, opens_again_when_a_probe_fails)
{
    troupe_breaker_t breaker = opened();
    record(&breaker, 10000 * MS, false);
    cr_assert_eq(breaker.state, TROUPE_BREAKER_OPEN);
    cr_assert_eq(breaker.opened, 2u);
    cr_assert_eq(troupe_breaker_allow(&breaker, 19999 * MS, NULL), -EBUSY);
    cr_assert_eq(troupe_breaker_allow(&breaker, 20000 * MS, NULL), 0);
}

Test(breaker, looks_at_the_last_calls_only)
{
    troupe_breaker_t breaker;
    troupe_breaker_options_t options = {.window = 4, .calls_min = 4};
    cr_assert_eq(troupe_breaker_init(&breaker, &options), 0);
    for (int i = 0; i < 100; i++)
        record(&breaker, 0, i % 4 != 0); /* a quarter fails */
    cr_assert_eq(breaker.state, TROUPE_BREAKER_CLOSED);
    record(&breaker, 0, false);
    record(&breaker, 0, false);
    cr_assert_eq(breaker.state, TROUPE_BREAKER_OPEN);
    options.window = 65;
    cr_assert_eq(troupe_breaker_init(&breaker, &options), -EINVAL);
}

Test(hedge, comes_after_the_percentile_once_enough_is_known)
{
    troupe_hedge_t hedge;
    cr_assert_eq(troupe_hedge_init(&hedge, NULL), 0);
    for (uint64_t i = 1; i <= 19; i++) {
        troupe_hedge_record(&hedge, i * MS);
        cr_assert_eq(troupe_hedge_after_ms(&hedge), 0u);
    }
    troupe_hedge_record(&hedge, 20 * MS);
    cr_assert_eq(troupe_hedge_after_ms(&hedge), 19u); /* of 1 .. 20 */
    for (uint64_t i = 0; i < 200; i++)
        troupe_hedge_record(&hedge, 5 * MS + 1000); /* only these now */
    cr_assert_eq(troupe_hedge_after_ms(&hedge), 6u);
}

/* A hundred servers, each slow once in a hundred: 63 % of fan-outs are slow
 * (Dean & Barroso). With a hedge at the 95th percentile few are. */
Test(hedge, cuts_the_tail_of_a_fan_out_for_few_more_asks)
{
    troupe_hedge_t hedge;
    cr_assert_eq(troupe_hedge_init(&hedge, NULL), 0);
    uint64_t random = 88172645463325252u, slow = 0, slow_hedged = 0;
    enum { ROUNDS = 500, SERVERS = 100 };
    for (int round = 0; round < ROUNDS; round++) {
        bool any = false, any_hedged = false;
        for (int i = 0; i < SERVERS; i++) {
            uint64_t ms[2];
            for (int j = 0; j < 2; j++) {
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                ms[j] = random % 100 == 0 ? 1000 : 10 + random % 7;
            }
            uint32_t after_ms = troupe_hedge_after_ms(&hedge);
            uint64_t best = ms[0];
            if (after_ms > 0 && best > after_ms) {
                troupe_hedge_made(&hedge);
                best = best < after_ms + ms[1] ? best : after_ms + ms[1];
            }
            troupe_hedge_record(&hedge, ms[0] * MS);
            any |= ms[0] > 100;
            any_hedged |= best > 100;
        }
        slow += any;
        slow_hedged += any_hedged;
    }
    cr_assert_float_eq((double) slow / ROUNDS, 0.634, 0.08);
    cr_assert_lt(slow_hedged, slow / 10);
    cr_assert_leq(hedge.hedges * 100, hedge.asks * 5);
}
