/* SPDX-License-Identifier: Apache-2.0 */
/* test_muting.c: circles of senders under back-pressure never stand still. */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdatomic.h>
#include <time.h>

#include "runtime/world.h"

TestSuite(muting, .timeout = 60);

enum { CROWD = 24, ROUNDS = 400, FANOUT = 5 };

static troupe_ref_t crowd[CROWD];
static _Atomic uint64_t handled;

struct member {
    uint64_t refused, seen;
};

/* Longer than an actor's share of a turn: what comes meanwhile is parked, and
 * its mailbox is full, on whatever machine this runs. */
static void
use_up_the_turn(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t until = (int64_t) now.tv_sec * 1000000000 + now.tv_nsec + 5000000;
    do {
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while ((int64_t) now.tv_sec * 1000000000 + now.tv_nsec < until);
}

/* Each message with hops left makes FANOUT more, to anybody in the crowd. */
static int
pass_on(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct member *self = state;
    int hops = 0;
    if (troupe_unpack(msg, "i", &hops) < 0)
        return -EBADMSG;
    handled++;
    if (self->seen++ == 0)
        use_up_the_turn();
    for (int i = 0; i < FANOUT && hops > 0; i++) {
        troupe_ref_t to = crowd[troupe_random(ctx) % CROWD];
        int rc = troupe_send(ctx, to, "pass", "i", hops - 1);
        if (rc == -EAGAIN)
            self->refused++;
        else if (rc < 0)
            return rc;
    }
    return 0;
}

TROUPE_KIND(member, struct member, TROUPE_ON("pass", pass_on));

static void
gather_crowd(uint32_t messages_max)
{
    for (uint32_t i = 0; i < CROWD; i++) {
        const troupe_spawn_options_t options = {
            .place = TROUPE_WORKER,
            .worker = i % 2,
            .mailbox = {.messages_max = messages_max}};
        crowd[i] = spawn(&member, &options);
    }
}

/* A node that stands still with messages in mailboxes does settle: so look
 * into the mailboxes then. */
static void
all_is_done(void)
{
    settle();
    for (int i = 0; i < CROWD; i++) {
        troupe_actor_stats_t stats = stats_of(crowd[i]);
        cr_assert_eq(stats.mailbox_depth, 0, "actor %d: %u wait", i,
                     stats.mailbox_depth);
        cr_assert_eq(stats.status, TROUPE_STATUS_RUNNING, "actor %d: %d", i,
                     (int) stats.status);
    }
}

static void
run_crowd(uint64_t seed, uint32_t messages_max)
{
    troupe_options_t options = world_options();
    options.seed = seed;
    options.manual_clock = false;
    options.ask_timeout_ms = 100000; /* a send waits as long for room */
    options.dead_letters_max = 16;
    cr_assert_eq(troupe_new(&options, &node), 0);
    gather_crowd(messages_max);
    handled = 0;
    for (int i = 0; i < ROUNDS; i++)
        cr_assert_eq(troupe_node_send(node, crowd[i % CROWD], "pass", "i", 4),
                     0);
    all_is_done();
    cr_assert_gt(handled, (uint64_t) ROUNDS);
    cr_assert_gt(node_stats().mutes, 0);
    cr_assert_eq(node_stats().dead_letters, 0);
    world_end();
}

Test(muting, random_circles_come_to_an_end)
{
    for (uint64_t seed = 1; seed <= 3; seed++)
        run_crowd(seed, 4);
}

Test(muting, circles_with_room_for_one_come_to_an_end)
{
    run_crowd(11, 1);
}

/* A ring in which each member is muted on the next. */
static int
pass_round(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    int at = 0, left = 0;
    (void) state;
    if (troupe_unpack(msg, "[i, i]", &at, &left) < 0)
        return -EBADMSG;
    handled++;
    for (int i = 0; i < 2 && left > 0; i++) {
        int rc = troupe_send(ctx, crowd[(at + 1) % CROWD], "round", "[i, i]",
                             (at + 1) % CROWD, left - 1);
        if (rc < 0 && rc != -EAGAIN)
            return rc;
    }
    return 0;
}

TROUPE_KIND(ringer, struct member, TROUPE_ON("round", pass_round));

Test(muting, a_full_ring_turns_on)
{
    troupe_options_t options = world_options();
    options.manual_clock = false;
    cr_assert_eq(troupe_new(&options, &node), 0);
    for (uint32_t i = 0; i < CROWD; i++) {
        const troupe_spawn_options_t place = {.place = TROUPE_WORKER,
                                              .worker = i % 2,
                                              .mailbox = {.messages_max = 2}};
        crowd[i] = spawn(&ringer, &place);
    }
    handled = 0;
    for (int i = 0; i < CROWD; i++)
        cr_assert_eq(troupe_node_send(node, crowd[i], "round", "[i, i]", i, 10),
                     0);
    all_is_done();
    cr_assert_gt(handled, 1000);
    world_end();
}
