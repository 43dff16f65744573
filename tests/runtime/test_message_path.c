/* SPDX-License-Identifier: Apache-2.0 */
/* test_message_path.c: every message crosses a socket: no side door. */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdatomic.h>

#include "mailbox/message.h"
#include "runtime/world.h"

TestSuite(path, .timeout = 20);

/* What the tap saw, by kind; unread: bytes that are no message. */
static _Atomic uint64_t seen[WIRE_KIND_MAX + 1], seen_frames, seen_bytes,
    unread, ours;

static void
tap(void *data, const void *frame, size_t size)
{
    const uint8_t *at = frame, *end = at + size;
    struct troupe_message msg;
    (void) data;
    seen_frames++;
    seen_bytes += size;
    while (at < end) {
        ptrdiff_t used = troupe__message_parse(&msg, at, end);
        if (used < 0) {
            unread++;
            return;
        }
        seen[msg.kind]++;
        ours += msg.kind <= WIRE_ASK && troupe_message_is(&msg, "ball");
        at += used;
    }
}

static void
open_tapped(uint32_t workers)
{
    troupe_options_t options = world_options();
    options.workers = workers;
    options.tap = tap;
    cr_assert_eq(troupe_new(&options, &node), 0);
}

static troupe_ref_t players[6];
static _Atomic uint64_t thrown, caught, asked, answered;

struct player {
    char unused;
};

static int
caught_back(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    (void) ctx, (void) state;
    answered += answer->outcome == TROUPE_REPLY;
    return 0;
}

/* Tells and asks to anybody, itself among them; an ask is answered first. */
static int
catch_ball(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    int left = 0;
    (void) state;
    if (troupe_unpack(msg, "i", &left) < 0)
        return -EBADMSG;
    caught++;
    int rc = troupe_message_is_ask(msg) ? troupe_reply(ctx, NULL) : 0;
    if (rc < 0 || left == 0)
        return rc;
    troupe_ref_t to = players[troupe_random(ctx) % 6];
    thrown++;
    if (troupe_random(ctx) % 2)
        return troupe_send(ctx, to, "ball", "i", left - 1);
    asked++;
    return troupe_ask(ctx, to, "ball", 60000, caught_back, NULL, "i", left - 1);
}

TROUPE_KIND(player, struct player, TROUPE_ON("ball", catch_ball));

static void
play(uint32_t workers)
{
    open_tapped(workers);
    for (uint32_t i = 0; i < 6; i++) {
        const troupe_spawn_options_t options = {
            .place = i == 5 ? TROUPE_OWN_THREAD : TROUPE_WORKER,
            .worker = i % workers};
        players[i] = spawn(&player, &options);
    }
    for (int i = 0; i < 20; i++) {
        thrown++;
        cr_assert_eq(troupe_node_send(node, players[i % 6], "ball", "i", 100),
                     0);
    }
    settle();
}

static void
the_books_balance(void)
{
    troupe_node_stats_t stats = node_stats();
    cr_assert_eq(unread, 0);
    cr_assert_eq(thrown, 20 * 101);
    cr_assert_eq(caught, thrown);
    cr_assert_eq(ours, thrown);
    cr_assert_gt(asked, 100);
    cr_assert_eq(answered, asked);
    cr_assert_eq(seen[WIRE_ASK], asked);
    cr_assert_eq(seen[WIRE_REPLY], asked);
    cr_assert_eq(seen[WIRE_ERROR], 0);
    uint64_t all = 0;
    for (size_t i = 1; i <= WIRE_KIND_MAX; i++)
        all += seen[i];
    cr_assert_eq(all, stats.messages_sent);
    cr_assert_eq(stats.messages_received, stats.messages_sent);
    cr_assert_eq(seen_frames, stats.frames_sent);
    cr_assert_eq(seen_bytes, stats.bytes_sent);
}

/* Also what an actor sends to itself or to another on its own worker. */
Test(path, the_tap_sees_each_message_of_one_worker)
{
    play(1);
    the_books_balance();
    world_end();
}

Test(path, the_tap_sees_each_message_between_workers)
{
    play(2);
    the_books_balance();
    world_end();
}

static int
timer_and_self(troupe_context_t *ctx, void *arg)
{
    (void) arg;
    int rc = troupe_send(ctx, troupe_self(ctx), "ball", NULL);
    return rc < 0 ? rc : troupe_timer_set(ctx, "ball", 1, 0);
}

Test(path, the_tap_sees_timers_publications_and_forwards)
{
    open_tapped(2);
    troupe_ref_t one = probe_on(0);
    cr_assert_eq(inside(one, timer_and_self, NULL), 0);
    advance(1);
    assert_notes("ball, ball");
    cr_assert_eq(ours, 2);
    cr_assert_eq(unread, 0);
    world_end();
}

static int
blob_out(troupe_context_t *ctx, void *arg)
{
    void *blob = troupe_blob_new(100000);
    return troupe_send_blob(ctx, *(troupe_ref_t *) arg, "ball", &blob, 100000);
}

Test(path, the_tap_sees_blobs)
{
    open_tapped(2);
    troupe_ref_t one = probe_on(0), other = probe_on(1);
    cr_assert_eq(inside(one, blob_out, &other), 0);
    settle();
    cr_assert_eq(ours, 1);
    cr_assert_gt(seen_bytes, 100000);
    cr_assert_eq(unread, 0);
    cr_assert_eq(seen_frames, node_stats().frames_sent);
    cr_assert_eq(seen_bytes, node_stats().bytes_sent);
    world_end();
}
