/* SPDX-License-Identifier: Apache-2.0 */
/* test_mailbox.c: bounds, what happens at them, and what passes them. */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "runtime/world.h"

TestSuite(bounds, .init = world_begin, .fini = world_end, .timeout = 20);

struct dozer {
    char unused;
};

/* Messages wait until its start is done, when the test says so. */
static int
dozer_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    troupe_timer_set(ctx, "wake", 1000, 0);
    return TROUPE_STARTING;
}

static int
dozer_wake(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    return troupe_started(ctx);
}

TROUPE_KIND(dozer, struct dozer, TROUPE_ON_START(dozer_start),
            TROUPE_ON("wake", dozer_wake), TROUPE_ON("do", do_inside),
            TROUPE_ON_FALLBACK(note_message));

static troupe_ref_t
dozer_new(troupe_overflow_t overflow, uint32_t messages, uint32_t bytes)
{
    const troupe_spawn_options_t options = {
        .mailbox = {messages, bytes, overflow}};
    troupe_ref_t ref = spawn(&dozer, &options);
    settle();
    return ref;
}

struct burst {
    troupe_ref_t to;
    int count, sent, refused;
    size_t size;
};

static int
send_burst(troupe_context_t *ctx, void *arg)
{
    static const char filling[1 << 16];
    struct burst *burst = arg;
    for (int i = 0; i < burst->count; i++) {
        int rc = burst->size ? troupe_send(ctx, burst->to, "m", "B", filling,
                                           burst->size)
                             : troupe_send(ctx, burst->to, "m", "i", i);
        burst->sent += rc == 0;
        burst->refused += rc == -EAGAIN;
        if (rc < 0 && rc != -EAGAIN)
            return rc;
    }
    return 0;
}

static void
burst(troupe_ref_t from, struct burst *burst)
{
    cr_assert_eq(inside(from, send_burst, burst), 0);
    settle();
}

Test(bounds, reject_keeps_what_was_there)
{
    struct burst some = {dozer_new(TROUPE_OVERFLOW_REJECT, 3, 0), 5, 0, 0, 0};
    burst(probe_on(0), &some);
    cr_assert_eq(some.sent, 5);
    cr_assert_eq(stats_of(some.to).mailbox_depth, 3);
    cr_assert_eq(dead(TROUPE_DEAD_OVERFLOW), 2);
    cr_assert_eq(stats_of(some.to).dropped, 2);
    advance(1000);
    assert_notes("m:0, m:1, m:2");
}

Test(bounds, drop_newest_keeps_the_oldest)
{
    struct burst some = {dozer_new(TROUPE_OVERFLOW_DROP_NEWEST, 3, 0), 5, 0, 0,
                         0};
    burst(probe_on(0), &some);
    advance(1000);
    assert_notes("m:0, m:1, m:2");
    cr_assert_eq(dead(TROUPE_DEAD_OVERFLOW), 2);
}

Test(bounds, drop_oldest_keeps_the_newest)
{
    struct burst some = {dozer_new(TROUPE_OVERFLOW_DROP_OLDEST, 3, 0), 5, 0, 0,
                         0};
    burst(probe_on(0), &some);
    advance(1000);
    assert_notes("m:2, m:3, m:4");
    cr_assert_eq(dead(TROUPE_DEAD_OVERFLOW), 2);
}

Test(bounds, bytes_count_as_messages_do)
{
    troupe_overflow_t all[] = {TROUPE_OVERFLOW_REJECT,
                               TROUPE_OVERFLOW_DROP_NEWEST,
                               TROUPE_OVERFLOW_DROP_OLDEST};
    troupe_ref_t from = probe_on(0);
    for (size_t i = 0; i < 3; i++) {
        struct burst some = {dozer_new(all[i], 100, 10000), 10, 0, 0, 3000};
        burst(from, &some);
        troupe_actor_stats_t stats = stats_of(some.to);
        cr_assert_eq(stats.mailbox_depth, 3);
        cr_assert_leq(stats.mailbox_bytes, 10000);
        cr_assert_gt(stats.mailbox_bytes, 9000);
        cr_assert_eq(dead(TROUPE_DEAD_OVERFLOW), 7 * ((int) i + 1));
    }
}

/* Room for the new one may take more than one old one. */
Test(bounds, drop_oldest_makes_as_much_room_as_is_needed)
{
    troupe_ref_t to = dozer_new(TROUPE_OVERFLOW_DROP_OLDEST, 100, 10000);
    troupe_ref_t from = probe_on(0);
    struct burst small = {to, 9, 0, 0, 1000};
    struct burst large = {to, 1, 0, 0, 6000};
    burst(from, &small);
    burst(from, &large);
    cr_assert_leq(stats_of(to).mailbox_bytes, 10000);
    cr_assert_geq(stats_of(to).mailbox_depth, 2);
}

Test(bounds, one_message_larger_than_the_bound_still_passes_alone)
{
    struct burst some = {dozer_new(TROUPE_OVERFLOW_REJECT, 10, 1000), 2, 0, 0,
                         5000};
    burst(probe_on(0), &some);
    cr_assert_eq(stats_of(some.to).mailbox_depth, 1);
    advance(1000);
    assert_notes("m");
}

/* The sender rests when its handler is over, and goes on when there is room. */
Test(bounds, back_pressure_mutes_the_sender_until_there_is_room)
{
    troupe_ref_t from[2] = {probe_on(0), probe_on(1)};
    for (size_t i = 0; i < 2; i++) {
        struct burst some = {dozer_new(TROUPE_OVERFLOW_MUTE, 4, 0), 6, 0, 0, 0};
        burst(from[i], &some);
        cr_assert_eq(some.sent, 6);
        cr_assert_eq(stats_of(from[i]).status, TROUPE_STATUS_RUNNING);
        some = (struct burst){some.to, 1, 0, 0, 0};
        burst(from[i], &some); /* now it is known to be full */
        cr_assert_eq(stats_of(from[i]).status, TROUPE_STATUS_MUTED);
        tell(from[i], "wait");
        assert_notes("");
        cr_assert_eq(stats_of(from[i]).mailbox_depth, 1);
        advance(1000);
        const char *got = notes();
        cr_assert(strstr(got, "wait"), "%s", got);
        cr_assert(strstr(got, "m:0, m:1, m:2, m:3, m:4, m:5, m:0"), "%s", got);
        cr_assert_eq(stats_of(from[i]).status, TROUPE_STATUS_RUNNING);
        cr_assert_eq(dead(TROUPE_DEAD_OVERFLOW), 0);
    }
    cr_assert_eq(node_stats().mutes, 2);
}

Test(bounds, a_muted_sender_goes_on_when_the_receiver_ends)
{
    troupe_ref_t from = probe_on(0);
    struct burst some = {dozer_new(TROUPE_OVERFLOW_MUTE, 2, 0), 3, 0, 0, 0};
    burst(from, &some);
    burst(from, &some);
    tell(from, "wait");
    assert_notes("");
    end_actor(some.to, TROUPE_EXIT_KILLED);
    assert_notes("wait");
}

Test(bounds, a_handler_that_goes_on_sending_meets_the_hard_cap)
{
    troupe_ref_t from = probe_on(0);
    troupe_ref_t to = dozer_new(TROUPE_OVERFLOW_MUTE, 10, 0);
    struct burst first = {to, 100, 0, 0, 0};
    burst(from, &first);
    cr_assert_eq(first.sent, 100); /* none had arrived yet */
    troupe_ref_t other = probe_on(1);
    struct burst second = {to, 500, 0, 0, 4000};
    burst(other, &second);
    cr_assert_gt(second.refused, 0);
    advance(1000);
    settle();
    notes();
    second = (struct burst){to, 5, 0, 0, 0};
    burst(other, &second);
    assert_notes("m:0, m:1, m:2, m:3, m:4");
}

/* Resident bytes of the process: the most so far, or 0 where it is not told. */
static long
resident_most(void)
{
    char line[256];
    long kib = 0;
    FILE *file = fopen("/proc/self/status", "r");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "VmHWM: %ld", &kib) == 1)
            break;
    if (file)
        fclose(file);
    return kib * 1024;
}

static void
burst_of_one_handler(uint32_t worker, int count, size_t size)
{
    const troupe_spawn_options_t options = {.place = TROUPE_WORKER};
    struct burst all = {spawn(&dozer, &options), count, 0, 0, size};
    settle();
    burst(probe_on(worker), &all);
    cr_assert_gt(all.refused, 0);
    cr_assert_eq(all.sent + all.refused, count);
    end_actor(all.to, TROUPE_EXIT_KILLED);
    settle();
}

/*
 * By far more than is taken: 3 GB in large messages, 200 MB in small ones, to
 * the sender's own worker and to another. The limits let one handler pile up
 * four times the mailbox's 8 MiB, and 16 MiB under way. A message takes more
 * than its bytes and pools keep what they had, so four times that is allowed
 * here. A sanitizer keeps what was freed: its resident bytes say nothing.
 */
Test(bounds, one_handler_that_never_stops_sending_fills_a_bounded_memory)
{
    long before = resident_most();
    cr_assert_gt(before, 0);
    for (uint32_t worker = 0; worker < 2; worker++) {
        burst_of_one_handler(worker, 100000, 30000);
        burst_of_one_handler(worker, 2000000, 0);
    }
#ifndef TROUPE_SLOW_BUILD
    long grown = resident_most() - before;
    cr_assert_lt(grown, 4L * (4 * 8 + 16) << 20, "%ld", grown);
#endif
}

static int
timer_and_monitor(troupe_context_t *ctx, void *arg)
{
    int rc = troupe_timer_set(ctx, "tick", 10, 0);
    return rc < 0 ? rc : troupe_monitor(ctx, *(troupe_ref_t *) arg, NULL);
}

struct waiting {
    troupe_token_t token;
};

static int
note_down(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx, (void) state, (void) msg;
    note("down");
    return 0;
}

/* Its mailbox fills while it rests. */
TROUPE_KIND(busy, struct waiting, TROUPE_ON("do", do_inside),
            TROUPE_ON_DOWN(note_down), TROUPE_ON_FALLBACK(note_message));

static int
answer_later(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct waiting *self = state;
    (void) msg;
    return troupe_defer(ctx, &self->token);
}

static int
answer_now(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct waiting *self = state;
    (void) msg;
    return troupe_reply_to(ctx, &self->token, "i", 7);
}

TROUPE_KIND(delayed, struct waiting, TROUPE_ON("later", answer_later),
            TROUPE_ON("now", answer_now));

static int
pass_over(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx, (void) state, (void) msg;
    return 0;
}

/* A dozer whose notes do not come between those of others. */
TROUPE_KIND(quiet_dozer, struct dozer, TROUPE_ON_START(dozer_start),
            TROUPE_ON("wake", dozer_wake), TROUPE_ON_FALLBACK(pass_over));

static int
ask_delayed(troupe_context_t *ctx, void *arg)
{
    return troupe_ask(ctx, *(troupe_ref_t *) arg, "later", 60000, note_answer,
                      NULL, NULL);
}

/* Rests on a receiver that is full, until a second has passed. */
static void
put_to_rest(troupe_ref_t ref)
{
    const troupe_spawn_options_t options = {.mailbox = {.messages_max = 1}};
    struct burst some = {spawn(&quiet_dozer, &options), 3, 0, 0, 0};
    settle();
    burst(ref, &some);
    inside_later(ref, send_burst, &some);
    settle();
    cr_assert_eq(stats_of(ref).status, TROUPE_STATUS_MUTED);
}

/* The mailbox is full first; then come a reply, a DOWN and a timer. */
static void
fill_and_pass(troupe_overflow_t overflow, uint32_t fill, const char *wanted)
{
    const troupe_spawn_options_t options = {
        .place = TROUPE_WORKER,
        .mailbox = {.messages_max = 2, .overflow = overflow}};
    troupe_ref_t self = spawn(&busy, &options), other = spawn(&delayed, NULL);
    int dropped = dead(TROUPE_DEAD_OVERFLOW);
    cr_assert_eq(inside(self, timer_and_monitor, &other), 0);
    cr_assert_eq(inside(self, ask_delayed, &other), 0);
    put_to_rest(self);
    struct burst full = {self, 5, 0, 0, 0};
    burst(probe_on(1), &full);
    cr_assert_eq(stats_of(self).mailbox_depth, fill);
    cr_assert_eq(stats_of(self).dropped, 5 - fill);
    tell(other, "now");
    cr_assert_eq(stats_of(self).mailbox_depth, fill + 1);
    end_actor(other, TROUPE_EXIT_SHUTDOWN);
    cr_assert_eq(stats_of(self).mailbox_depth, fill + 2);
    advance(10);
    cr_assert_eq(stats_of(self).mailbox_depth, fill + 3);
    assert_notes("");
    advance(1000);
    assert_notes(wanted);
    cr_assert_eq(stats_of(self).dropped, 5 - fill);
    cr_assert_eq(dead(TROUPE_DEAD_OVERFLOW) - dropped, 5 - (int) fill);
}

Test(bounds, system_messages_replies_and_timers_pass_a_full_mailbox)
{
    fill_and_pass(TROUPE_OVERFLOW_REJECT, 2, "m:0, m:1, reply:7, down, tick");
    fill_and_pass(TROUPE_OVERFLOW_DROP_NEWEST, 2,
                  "m:0, m:1, reply:7, down, tick");
    fill_and_pass(TROUPE_OVERFLOW_DROP_OLDEST, 2,
                  "m:3, m:4, reply:7, down, tick");
    fill_and_pass(TROUPE_OVERFLOW_MUTE, 5,
                  "m:0, m:1, m:2, m:3, m:4, reply:7, down, tick");
}
