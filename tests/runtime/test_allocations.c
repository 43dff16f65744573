/* SPDX-License-Identifier: Apache-2.0 */
/* test_allocations.c: calls of malloc, counted where everybody makes them. */
#include <criterion/criterion.h>

#include <stdatomic.h>
#include <stdlib.h>

#include "runtime/world.h"

/* Sanitizers and valgrind put an allocator of their own there. */
#ifndef TROUPE_SLOW_BUILD

TestSuite(allocations, .init = world_begin, .fini = world_end, .timeout = 60);

static _Atomic uint64_t allocated;

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);

/* In place of the C library's: libzmq's calls come here too. */
void *
malloc(size_t size)
{
    atomic_fetch_add_explicit(&allocated, 1, memory_order_relaxed);
    return __libc_malloc(size);
}

void *
calloc(size_t count, size_t size)
{
    atomic_fetch_add_explicit(&allocated, 1, memory_order_relaxed);
    return __libc_calloc(count, size);
}

void *
realloc(void *old, size_t size)
{
    atomic_fetch_add_explicit(&allocated, 1, memory_order_relaxed);
    return __libc_realloc(old, size);
}

struct bat {
    char unused;
};

/* Each has the ball that was sent it sent back, one less. */
static int
hit(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    int left = 0;
    (void) state;
    int rc = troupe_unpack(msg, "i", &left);
    if (rc < 0 || left == 0)
        return rc;
    return troupe_send(ctx, troupe_message_sender(msg), "b", "i", left - 1);
}

TROUPE_KIND(bat, struct bat, TROUPE_ON("b", hit), TROUPE_ON("do", do_inside));

struct serve {
    troupe_ref_t to;
    int balls, hits;
};

static int
serve(troupe_context_t *ctx, void *arg)
{
    const struct serve *self = arg;
    int rc = 0;
    for (int i = 0; i < self->balls && rc == 0; i++)
        rc = troupe_send(ctx, self->to, "b", "i", self->hits);
    return rc;
}

struct flow {
    uint64_t messages, frames, bytes, allocations;
};

/* What a game costs, the first of which is not counted. */
static struct flow
play(uint32_t worker, int balls, int hits)
{
    const troupe_spawn_options_t here = {.place = TROUPE_WORKER};
    const troupe_spawn_options_t there = {.place = TROUPE_WORKER,
                                          .worker = worker};
    struct serve game = {spawn(&bat, &there), balls, hits};
    troupe_ref_t from = spawn(&bat, &here);
    troupe_node_stats_t before = {.workers = 0}, after;
    uint64_t first = 0;
    for (int i = 0; i < 3; i++) {
        before = node_stats();
        first = atomic_load(&allocated);
        cr_assert_eq(inside(from, serve, &game), 0);
        settle();
    }
    uint64_t last = atomic_load(&allocated);
    after = node_stats();
    return (struct flow){after.messages_sent - before.messages_sent,
                         after.frames_sent - before.frames_sent,
                         after.bytes_sent - before.bytes_sent, last - first};
}

/*
 * One message in each frame, and none longer than what libzmq holds in place.
 * The ask that begins a game, and its answer, are longer: a few calls.
 */
Test(allocations, small_tells_that_go_one_by_one_make_none)
{
    /* Where libzmq makes any, it makes one for 256 messages: 19. */
    enum { HITS = 5000, START = 12 };
    for (uint32_t worker = 0; worker < 2; worker++) {
        struct flow flow = play(worker, 1, HITS);
        cr_assert_geq(flow.messages, HITS);
        cr_assert_geq(flow.frames, HITS);
        cr_assert_leq(flow.bytes, flow.messages * 33);
        cr_assert_leq(flow.allocations, START, "%llu",
                      (unsigned long long) flow.allocations);
    }
}

/* Many at once share a frame, and with it what libzmq allocates for one. */
Test(allocations, a_batched_flow_makes_less_than_one_for_a_hundred_messages)
{
    for (uint32_t worker = 0; worker < 2; worker++) {
        struct flow flow = play(worker, 2000, 100);
        cr_assert_geq(flow.messages, 200000);
        cr_assert_lt(flow.allocations * 100, flow.messages, "%llu for %llu",
                     (unsigned long long) flow.allocations,
                     (unsigned long long) flow.messages);
    }
}

#endif
