/* SPDX-License-Identifier: Apache-2.0 */
/* test_transport.c: who waits for frames is woken by each, and none is lost. */
#include <criterion/criterion.h>

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "mailbox/transport.h"

TestSuite(transport, .timeout = 60);

static void *transport;
static struct troupe__inbox inbox;
static struct troupe__outbox outbox;
static struct troupe__spares spares;
static struct troupe__frame *frame;

static void
begin(void)
{
    transport = troupe__transport_new(64);
    troupe__spares_init(&spares, TROUPE__FRAME_BUFFER, 4);
    cr_assert_eq(troupe__inbox_open(&inbox, transport, "inproc://one"), 0);
    cr_assert_eq(troupe__outbox_open(&outbox, transport, &inbox, NULL, &spares),
                 0);
    frame = troupe__frame_new();
}

static void
end(void)
{
    troupe__frame_release(frame);
    troupe__outbox_close(&outbox);
    troupe__inbox_close(&inbox);
    troupe__transport_free(transport);
    troupe__spares_free(&spares);
}

static void
send_bytes(size_t size)
{
    memset(troupe__buffer_room(&outbox.buffer, size), 7, size);
    outbox.buffer.size += size;
    troupe__outbox_flush(&outbox);
}

static bool
wait_ms(long ms)
{
    const struct troupe__source source = troupe__inbox_source(&inbox);
    return troupe__sources_wait(&source, 1, NULL, 0, ms);
}

/* Until there is none; how many there were. */
static int
take_all(void)
{
    int count = 0;
    while (troupe__inbox_ready(&inbox) > 0
           && troupe__inbox_take(&inbox, frame)) {
        frame = troupe__frame_clear(frame);
        count++;
    }
    return count;
}

Test(transport, a_source_is_asked_once_and_then_tells)
{
    begin();
    cr_assert_not(inbox.armed);
    for (int i = 0; i < 10; i++) {
        while (wait_ms(0))
            continue; /* that somebody has connected is news, too */
        cr_assert(inbox.armed);
        send_bytes(100);
        cr_assert(wait_ms(-1));
        cr_assert_not(inbox.armed);
        cr_assert_eq(take_all(), 1);
    }
    end();
}

Test(transport, what_came_before_the_question_needs_no_waiting)
{
    begin();
    send_bytes(100);
    cr_assert(wait_ms(-1));
    cr_assert_eq(take_all(), 1);
    send_bytes(100);
    send_bytes(100);
    cr_assert(wait_ms(-1));
    cr_assert(troupe__inbox_take(&inbox, frame)); /* one stays */
    cr_assert(wait_ms(-1));
    cr_assert(troupe__inbox_take(&inbox, frame));
    end();
}

Test(transport, descriptors_are_waited_for_beside_frames)
{
    int pipes[2];
    begin();
    cr_assert_eq(pipe(pipes), 0);
    struct pollfd looked = {.fd = pipes[0], .events = POLLIN};
    const struct troupe__source source = troupe__inbox_source(&inbox);
    cr_assert_eq(write(pipes[1], "x", 1), 1);
    do
        cr_assert(troupe__sources_wait(&source, 1, &looked, 1, -1));
    while (!looked.revents);
    cr_assert_eq(looked.revents, POLLIN);
    cr_assert_eq(close(pipes[1]), 0);
    cr_assert_eq(read(pipes[0], &(char){0}, 1), 1);
    cr_assert(troupe__sources_wait(&source, 1, &looked, 1, -1));
    cr_assert_eq(looked.revents, POLLHUP);
    cr_assert_eq(close(pipes[0]), 0);
    end();
}

/* A sender that is interrupted between its send and its ring: the reader has
 * the frame, and waits for its processor no more than a sleeper does. */
Test(transport, who_is_woken_takes_a_frame_before_its_ring)
{
    begin();
    send_bytes(100);
    cr_assert(wait_ms(-1));
    cr_assert_eq(take_all(), 1);
    while (wait_ms(0))
        continue;
    uint64_t rung = atomic_load(&inbox.rung);
    send_bytes(100);
    uint64_t ring = atomic_exchange(&inbox.rung, rung) - rung;
    cr_assert(wait_ms(-1));
    troupe__inbox_slept(&inbox);
    cr_assert_eq(troupe__inbox_ready(&inbox), 0);
    cr_assert_eq(troupe__inbox_likely(&inbox), 1);
    cr_assert(troupe__inbox_take(&inbox, frame));
    frame = troupe__frame_clear(frame);
    /* It is ahead: nothing is ready, nothing is under way, and it can sleep. */
    cr_assert_eq(troupe__inbox_likely(&inbox), 0);
    cr_assert_eq(troupe__inbox_under_way(&inbox), 0);
    cr_assert_not(wait_ms(0));
    troupe__inbox_slept(&inbox);
    cr_assert_eq(troupe__inbox_likely(&inbox), 0);
    /* Another frame, with its ring, does not wait for the ring that is due. */
    send_bytes(50);
    cr_assert(wait_ms(-1));
    troupe__inbox_slept(&inbox);
    cr_assert_eq(troupe__inbox_likely(&inbox), 1);
    cr_assert(troupe__inbox_take(&inbox, frame));
    frame = troupe__frame_clear(frame);
    atomic_fetch_add(&inbox.rung, ring);
    cr_assert_eq(troupe__inbox_likely(&inbox), 0);
    cr_assert_eq(take_all(), 0);
    end();
}

enum { FRAMES = 20000 };

static void *
send_all(void *unused)
{
    (void) unused;
    for (uint32_t i = 0; i < FRAMES; i++) {
        send_bytes(i % 64 == 0 ? 3000 : 40);
        if (i % 7 == 0)
            poll(NULL, 0, 0); /* so that the reader often finds nothing */
    }
    return NULL;
}

/* A wake-up that was lost would leave it waiting for ever. */
Test(transport, whoever_waits_without_end_gets_every_frame)
{
    pthread_t thread;
    int count = 0;
    begin();
    cr_assert_eq(pthread_create(&thread, NULL, send_all, NULL), 0);
    while (count < FRAMES) {
        (void) wait_ms(-1);
        count += take_all();
    }
    cr_assert_eq(pthread_join(thread, NULL), 0);
    cr_assert_eq(count, FRAMES);
    cr_assert_eq(troupe__inbox_under_way(&inbox), 0);
    end();
}

/* Large frames take a buffer along, which comes back. */
Test(transport, buffers_are_used_again)
{
    begin();
    for (int i = 0; i < 1000; i++) {
        send_bytes(TROUPE__FRAME_FULL);
        cr_assert_eq(take_all(), 1);
    }
    cr_assert_leq(outbox.allocations, 4);
    end();
}
