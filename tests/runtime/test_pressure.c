/* SPDX-License-Identifier: Apache-2.0 */
/* test_pressure.c: who sends to an actor that is far over its bounds. */
#include <criterion/criterion.h>

#include <errno.h>

#include "runtime/world.h"

TestSuite(pressure, .init = world_begin, .fini = world_end, .timeout = 20);

enum { BOUND = 2, FLOOD = 50 };

/* Its mailbox fills while its start is not done. */
struct sleeper {
    int heard;
};

static int
sleeper_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    int rc = troupe_timer_set(ctx, "wake", 10, 0);
    return rc < 0 ? rc : TROUPE_STARTING;
}

static int
sleeper_wake(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    return troupe_started(ctx);
}

static int
sleeper_hear(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx, (void) msg;
    struct sleeper *self = state;
    if (++self->heard == FLOOD + 1)
        note("heard all");
    return 0;
}

TROUPE_KIND(sleeper, struct sleeper, TROUPE_ON_START(sleeper_start),
            TROUPE_ON("wake", sleeper_wake), TROUPE_ON("x", sleeper_hear));

static int
flood(troupe_context_t *ctx, void *arg)
{
    const troupe_ref_t *to = arg;
    int rc = 0;
    for (int i = 0; rc == 0 && i < FLOOD; i++)
        rc = troupe_send(ctx, *to, "x", NULL);
    return rc;
}

static int
send_one(troupe_context_t *ctx, void *arg)
{
    const troupe_ref_t *to = arg;
    return troupe_send(ctx, *to, "x", NULL);
}

static troupe_ref_t
overfull_sleeper(void)
{
    const troupe_spawn_options_t options = {.place = TROUPE_WORKER,
                                            .mailbox.messages_max = BOUND};
    troupe_ref_t ref = spawn(&sleeper, &options);
    cr_assert_eq(inside(probe_on(1), flood, &ref), 0);
    settle();
    cr_assert_eq(stats_of(ref).mailbox_depth, FLOOD);
    return ref;
}

/* A full mailbox is never the failure of one who could not know of it. */
Test(pressure, one_message_to_an_overfull_actor_is_taken_and_mutes)
{
    troupe_ref_t ref = overfull_sleeper();
    troupe_ref_t sender = probe_on(1);
    cr_assert_eq(inside(sender, send_one, &ref), 0);
    settle();
    cr_assert_eq(stats_of(sender).status, TROUPE_STATUS_MUTED);
    advance(10);
    assert_notes("heard all");
    cr_assert_eq(stats_of(sender).status, TROUPE_STATUS_RUNNING);
    cr_assert_eq(node_stats().dead_letters, 0);
}

struct push {
    troupe_ref_t to;
    size_t sent;
};

static int
send_without_end(troupe_context_t *ctx, void *arg)
{
    struct push *push = arg;
    char body[1000] = {0};
    for (;;) {
        int rc = troupe_send(ctx, push->to, "more", "B", body, sizeof body);
        if (rc < 0)
            return rc;
        push->sent += sizeof body;
    }
}

/* But who goes on and on is stopped, so that memory is bounded. */
Test(pressure, a_handler_that_goes_on_sending_is_refused)
{
    struct push push = {.to = overfull_sleeper()};
    troupe_ref_t sender = probe_on(1);
    cr_assert_eq(inside(sender, send_without_end, &push), -EAGAIN);
    cr_assert_gt(push.sent, 0);
    cr_assert_lt(push.sent, 1 << 20);
    /* Each handler anew, but it does not come to that: it rests. */
    settle();
    cr_assert_eq(stats_of(sender).status, TROUPE_STATUS_MUTED);
}
