/* SPDX-License-Identifier: Apache-2.0 */
/* test_message_path.c: every message crosses a socket: no side door. */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>

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

/* What crossed sockets since the last look, by kind: "tell 1, reply 1". */
static const char *
crossed(void)
{
    static const char *const names[WIRE_KIND_MAX + 1] = {
        [WIRE_TELL] = "tell",     [WIRE_ASK] = "ask",
        [WIRE_REPLY] = "reply",   [WIRE_ERROR] = "error",
        [WIRE_CANCEL] = "cancel", [WIRE_DOWN] = "down",
        [WIRE_EXIT] = "exit"};
    static uint64_t before[WIRE_KIND_MAX + 1];
    static char text[256];
    size_t used = 0;
    settle();
    text[0] = '\0';
    for (size_t i = 0; i <= WIRE_KIND_MAX; i++) {
        uint64_t now = seen[i];
        if (names[i] && now != before[i])
            used += (size_t) snprintf(text + used, sizeof text - used,
                                      "%s%s %llu", used ? ", " : "", names[i],
                                      (unsigned long long) (now - before[i]));
        before[i] = now;
    }
    return text;
}

#define assert_crossed(wanted)                                                 \
    do {                                                                       \
        const char *got = crossed();                                           \
        cr_assert_str_eq(got, wanted, "got %s", got);                          \
    } while (0)

/* Where those of this test send to, and what they hold. */
static troupe_ref_t target;
static troupe_ask_t open_ask;
static char group[] = "readers", verb_later[] = "later",
            verb_refuse[] = "refuse";

struct crossing {
    troupe_token_t token;
};

static int
on_pass(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    if (troupe_ref_equal(troupe_self(ctx), target))
        return note_message(ctx, state, msg);
    return troupe_forward(ctx, target, msg);
}

static int
on_refuse(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    return troupe_reply_error(ctx, -EPERM, "no");
}

static int
on_later(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct crossing *self = state;
    (void) msg;
    return troupe_defer(ctx, &self->token);
}

static int
on_now(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct crossing *self = state;
    (void) msg;
    return troupe_reply_to(ctx, &self->token, "i", 1);
}

static int
on_leave(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx, (void) state, (void) msg;
    return TROUPE_STOP;
}

static int
on_end(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx, (void) state, (void) msg;
    note("end");
    return 0;
}

TROUPE_KIND(crossing, struct crossing, TROUPE_ON("do", do_inside),
            TROUPE_ON("pass", on_pass), TROUPE_ON("refuse", on_refuse),
            TROUPE_ON("later", on_later), TROUPE_ON("now", on_now),
            TROUPE_ON("leave", on_leave), TROUPE_ON_DOWN(on_end),
            TROUPE_ON_EXIT(on_end), TROUPE_ON_FALLBACK(note_message));

static troupe_ref_t
crossing_on(uint32_t worker)
{
    const troupe_spawn_options_t options = {.place = TROUPE_WORKER,
                                            .worker = worker};
    return spawn(&crossing, &options);
}

static int
join_group(troupe_context_t *ctx, void *arg)
{
    return troupe_join(ctx, arg);
}

static int
publish(troupe_context_t *ctx, void *arg)
{
    return troupe_publish(ctx, arg, "news", NULL) == 1 ? 0 : -EIO;
}

static int
set_timer(troupe_context_t *ctx, void *arg)
{
    (void) arg;
    return troupe_timer_set(ctx, "tick", 1, 0);
}

static int
ask_target(troupe_context_t *ctx, void *arg)
{
    const troupe_ask_options_t options = {.answer = note_answer};
    return troupe_ask_with(ctx, target, arg, &options, &open_ask, NULL);
}

static int
cancel_ask(troupe_context_t *ctx, void *arg)
{
    (void) arg;
    return troupe_cancel(ctx, open_ask);
}

static int
monitor_target(troupe_context_t *ctx, void *arg)
{
    (void) arg;
    return troupe_monitor(ctx, target, NULL);
}

static int
link_target(troupe_context_t *ctx, void *arg)
{
    (void) arg;
    return troupe_link(ctx, target);
}

static int
help(void *arg, troupe_result_t *result)
{
    (void) arg;
    return troupe_result_set(result, "i", 2);
}

static int
use_helper(troupe_context_t *ctx, void *arg)
{
    const troupe_ask_options_t options = {.answer = note_answer};
    (void) arg;
    return troupe_blocking(ctx, help, NULL, 0, &options, NULL);
}

/* Each step from the test's thread is an ask and a reply, or a tell, itself. */
static void
tells_and_asks(troupe_ref_t one)
{
    cr_assert_eq(inside(target, join_group, group), 0);
    assert_crossed("ask 1, reply 1");
    cr_assert_eq(inside(one, publish, group), 0);
    assert_crossed("tell 1, ask 1, reply 1");
    cr_assert_eq(inside(one, set_timer, NULL), 0);
    assert_crossed("ask 1, reply 1");
    advance(1);
    assert_crossed("tell 1");
    tell(one, "pass");
    assert_crossed("tell 2");
    assert_notes("news, tick, pass");
    cr_assert_eq(inside(one, ask_target, verb_refuse), 0);
    assert_crossed("ask 2, reply 1, error 1");
    cr_assert_eq(inside(one, ask_target, verb_later), 0);
    assert_crossed("ask 2, reply 1");
    tell(target, "now");
    assert_crossed("tell 1, reply 1");
    cr_assert_eq(inside(one, ask_target, verb_later), 0);
    assert_crossed("ask 2, reply 1");
    cr_assert_eq(inside(one, cancel_ask, NULL), 0);
    assert_crossed("ask 1, reply 1, cancel 1");
    tell(target, "now"); /* what comes too late crosses too, and is counted */
    assert_crossed("tell 1, reply 1");
    cr_assert_eq(node_stats().late_replies, 1);
    cr_assert_eq(inside(one, use_helper, NULL), 0);
    assert_crossed("ask 1, reply 2");
    assert_notes("error -1, reply:1, cancelled -125, reply:2");
}

static void
ends(troupe_ref_t one, uint32_t worker)
{
    cr_assert_eq(inside(one, monitor_target, NULL), 0);
    settle();
    (void) crossed(); /* how it is asked for is the runtime's own */
    tell(target, "leave");
    assert_crossed("tell 1, down 1");
    assert_notes("end");
    target = crossing_on(worker);
    cr_assert_eq(inside(one, link_target, NULL), 0);
    settle();
    (void) crossed();
    tell(target, "leave");
    assert_crossed("tell 1, exit 1");
    assert_notes("end");
}

/* On one worker, where a short cut would be easiest, and between two. */
Test(path, the_tap_sees_every_kind_of_message)
{
    for (uint32_t worker = 0; worker < 2; worker++) {
        open_tapped(2);
        troupe_ref_t one = crossing_on(0);
        target = crossing_on(worker);
        (void) crossed();
        tells_and_asks(one);
        ends(one, worker);
        end_actor(one, TROUPE_EXIT_KILLED); /* it would not heed a stop */
        cr_assert_eq(unread, 0);
        cr_assert_eq(seen_frames, node_stats().frames_sent);
        cr_assert_eq(seen_bytes, node_stats().bytes_sent);
        world_end();
        seen_frames = seen_bytes = 0;
    }
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
