/* SPDX-License-Identifier: Apache-2.0 */
/* test_ask_crowd.c: very many asks that wait for one actor, and give up. */
#include <criterion/criterion.h>

#include <errno.h>
#include <string.h>

#include "runtime/world.h"

TestSuite(crowd, .init = world_begin, .fini = world_end, .timeout = 60);

#ifdef TROUPE_SLOW_BUILD
enum { ASKS = 20000 };
#else
enum { ASKS = 100000 };
#endif

struct counter {
    int outcomes[TROUPE_CANCELLED + 1];
};

static struct counter seen;

static int
count_answer(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    (void) ctx, (void) state;
    seen.outcomes[answer->outcome]++;
    return 0;
}

/* Its start is never done: what comes for it waits. */
static int
never_started(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx, (void) state, (void) msg;
    return TROUPE_STARTING;
}

TROUPE_KIND(never, struct counter, TROUPE_ON_START(never_started),
            TROUPE_ON_FALLBACK(note_message));

struct crowd {
    troupe_ref_t to;
    troupe_ask_t asks[ASKS];
    int next;
};

static struct crowd crowd;

enum { STEP = 1000, FIRST_MS = 1000 };

/* The last one that asks is the first whose time is up. */
static int
ask_step(troupe_context_t *ctx, void *arg)
{
    struct crowd *self = arg;
    for (int i = 0; i < STEP; i++, self->next++) {
        const troupe_ask_options_t options = {
            .timeout_ms = (uint32_t) (FIRST_MS + (ASKS - self->next) / STEP),
            .answer = count_answer};
        int rc = troupe_ask_with(ctx, self->to, "ask", &options,
                                 &self->asks[self->next], NULL);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static troupe_ref_t
crowd_new(void)
{
    const troupe_spawn_options_t options = {
        .place = TROUPE_WORKER,
        .worker = 1,
        .mailbox = {.messages_max = 2 * ASKS, .bytes_max = 1 << 30}};
    troupe_ref_t asker = probe_on(0);
    crowd.to = spawn(&never, &options);
    while (crowd.next < ASKS)
        cr_assert_eq(inside(asker, ask_step, &crowd), 0);
    cr_assert_eq(stats_of(crowd.to).mailbox_depth, ASKS);
    return asker;
}

static void
assert_all(troupe_outcome_t outcome)
{
    settle();
    for (int i = 0; i <= TROUPE_CANCELLED; i++)
        cr_assert_eq(seen.outcomes[i], i == (int) outcome ? ASKS : 0);
    cr_assert_eq(stats_of(crowd.to).mailbox_depth, 0);
    cr_assert_eq(stats_of(crowd.to).dropped, ASKS);
    cr_assert_eq(node_stats().late_replies, 0);
}

Test(crowd, each_of_many_that_wait_times_out_once)
{
    crowd_new();
    advance(FIRST_MS + ASKS / STEP + 100);
    assert_all(TROUPE_TIMEOUT);
}

static int
cancel_step(troupe_context_t *ctx, void *arg)
{
    struct crowd *self = arg;
    for (int i = 0; i < STEP; i++)
        if (troupe_cancel(ctx, self->asks[--self->next]) < 0)
            return -EIO;
    return 0;
}

Test(crowd, each_of_many_that_wait_is_cancelled_once)
{
    troupe_ref_t asker = crowd_new();
    while (crowd.next > 0)
        cr_assert_eq(inside(asker, cancel_step, &crowd), 0);
    assert_all(TROUPE_CANCELLED);
}

static int
cancel_all_and_fail(troupe_context_t *ctx, void *arg)
{
    while (crowd.next > 0)
        (void) cancel_step(ctx, arg);
    return -EIO;
}

/* Its outcomes stand ready when it ends: they are dropped, and not looked for
 * one by one. */
Test(crowd, an_asker_with_many_outcomes_ends_without_hearing_them)
{
    troupe_ref_t asker = crowd_new();
    inside_later(asker, cancel_all_and_fail, &crowd);
    settle();
    cr_assert_not(alive(asker));
    cr_assert_eq(seen.outcomes[TROUPE_CANCELLED], 0);
    cr_assert_eq(stats_of(crowd.to).mailbox_depth, 0);
}
