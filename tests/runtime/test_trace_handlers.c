/* SPDX-License-Identifier: Apache-2.0 */
/* test_trace_handlers.c: spans of handlers, and traces of what comes later. */
#include <criterion/criterion.h>

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "runtime/trace_world.h"

static int pipe_ends[2];

static void
begin(void)
{
    world_begin();
    cr_assert_eq(pipe(pipe_ends), 0);
}

static void
end(void)
{
    world_end();
    close(pipe_ends[0]);
    close(pipe_ends[1]);
}

TestSuite(tracing_handlers, .init = begin, .fini = end, .timeout = 60);

/* worker: notes where it works. */
static int
worker_any(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state;
    note_place(troupe_message_type(msg), ctx);
    return 0;
}

static int
worker_bad(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    return troupe_fail(ctx, -EIO, "it broke");
}

TROUPE_KIND(handled, char, TROUPE_ON_START(start_noted),
            TROUPE_ON("do", do_inside), TROUPE_ON("bad", worker_bad),
            TROUPE_ON_FALLBACK(worker_any));

/* taker: notes spans, and whether they hang below something. */
static int
taker_span(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    const void *at = NULL, *parent = NULL;
    size_t size = 0, parent_size = 0;
    const char *name = NULL, *error = NULL;
    uint64_t from = 0, to = 0;
    int kind = 0;
    troupe_trace_t trace;
    (void) ctx, (void) state;
    cr_assert_eq(troupe_unpack(msg, "[B, r, s, i, U, U, s?, {}]", &at, &size,
                               &parent, &parent_size, &name, &kind, &from, &to,
                               &error),
                 0);
    cr_assert_eq(size, sizeof trace);
    memcpy(&trace, at, size);
    note("span %s %d %s%s%s", name, kind,
         parent_size > 1 ? place_of(&trace) : "root", error ? ": " : "",
         error ? error : "");
    return 0;
}

static int
taker_link(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    const void *at = NULL, *other = NULL;
    size_t size = 0, other_size = 0;
    troupe_trace_t trace;
    (void) ctx, (void) state;
    cr_assert_eq(troupe_unpack(msg, "[B, B]", &at, &size, &other, &other_size),
                 0);
    cr_assert_eq(other_size, sizeof trace);
    memcpy(&trace, other, other_size);
    note("link %s", place_of(&trace));
    return 0;
}

TROUPE_KIND(handler_taker, char, TROUPE_ON_START(take_all_spans),
            TROUPE_ON("span", taker_span), TROUPE_ON("link", taker_link));

static void
spawn_taker(void)
{
    troupe_spawn_options_t options = {.place = TROUPE_WORKER, .worker = 0};
    spawn(&handler_taker, &options);
    settle();
}

static int
called(troupe_context_t *ctx, void *state, void *data)
{
    (void) state, (void) data;
    note_place("call", ctx);
    return 0;
}

static int
ready(troupe_context_t *ctx, void *state, int fd, short events)
{
    (void) state, (void) events;
    note_place("ready", ctx);
    return troupe_unwatch(ctx, fd);
}

static int
set_all(troupe_context_t *ctx, void *arg)
{
    (void) arg;
    int rc = troupe_timer_set(ctx, "once", 10, 0);
    if (rc == 0)
        rc = troupe_timer_set(ctx, "again", 10, 1000);
    if (rc == 0)
        rc = troupe_call_after(ctx, 10, called, NULL, NULL, NULL);
    return rc < 0 ? rc : troupe_watch(ctx, pipe_ends[0], POLLIN, ready);
}

/* Sets all in a trace, lets them fire, and returns what is noted. */
static const char *
fire_all(troupe_ref_t to)
{
    in_trace(true);
    cr_assert_eq(inside(to, set_all, NULL), 0);
    in_trace(false);
    notes();
    cr_assert_eq(write(pipe_ends[1], "x", 1), 1);
    notes_after(1); /* the descriptor's, whenever it is looked at */
    advance(20);
    return notes();
}

Test(tracing_handlers, what_is_set_in_a_trace_goes_on_with_it)
{
    troupe_ref_t to = spawn(&handled, NULL);
    in_trace(true);
    cr_assert_eq(inside(to, set_all, NULL), 0);
    in_trace(false);
    notes();
    advance(20);
    const char *all = notes();
    cr_assert(strstr(all, "once outer"), "%s", all);
    cr_assert(strstr(all, "call outer"), "%s", all);
    cr_assert(strstr(all, "again none"), "%s", all);
    cr_assert_eq(write(pipe_ends[1], "x", 1), 1);
    cr_assert_str_eq(notes_after(1), "ready outer");
}

static int
set_again(troupe_context_t *ctx, void *arg)
{
    (void) arg;
    return troupe_timer_set(ctx, "once", 10, 0);
}

Test(tracing_handlers, a_timer_belongs_to_the_trace_that_it_was_last_set_in)
{
    troupe_ref_t to = spawn(&handled, NULL);
    in_trace(true);
    cr_assert_eq(inside(to, set_again, NULL), 0);
    in_trace(false);
    cr_assert_eq(inside(to, set_again, NULL), 0);
    notes();
    advance(20);
    assert_notes("once none");
}

Test(tracing_handlers, a_handler_in_a_trace_is_a_span)
{
    spawn_taker();
    in_trace(true);
    troupe_ref_t to = spawn(&handled, NULL);
    assert_notes("start below, span start handled 1 below");
    tell(to, "hello");
    assert_notes("hello below, span hello handled 5 below");
    tell(to, "bad");
    const char *all = notes();
    cr_assert(strstr(all, "span bad handled 5 below: it broke"), "%s", all);
    in_trace(false);
}

Test(tracing_handlers, without_a_trace_only_a_start_begins_one)
{
    spawn_taker();
    troupe_ref_t to = spawn(&handled, NULL);
    assert_notes("start other, span start handled 1 root");
    tell(to, "hello");
    assert_notes("hello none");
}

Test(tracing_handlers, a_timer_that_comes_again_begins_a_linked_trace)
{
    spawn_taker();
    troupe_ref_t to = spawn(&handled, NULL);
    const char *all = fire_all(to);
    cr_assert(strstr(all, "once below"), "%s", all);
    cr_assert(strstr(all, "span once handled 1 below"), "%s", all);
    cr_assert(strstr(all, "call below"), "%s", all);
    cr_assert(strstr(all, "span call handled 1 below"), "%s", all);
    cr_assert(strstr(all, "again other"), "%s", all);
    cr_assert(strstr(all, "link below"), "%s", all);
    cr_assert(strstr(all, "span timer again handled 1 root"), "%s", all);
    cr_assert(strstr(all, "span again handled 1 other"), "%s", all);
}

/* It goes on watching, and takes one byte. */
static int
listen_on(troupe_context_t *ctx, void *state, int fd, short events)
{
    char byte = 0;
    (void) state, (void) events;
    note_place("ready", ctx);
    return read(fd, &byte, 1) == 1 ? 0 : -EIO;
}

static int
watch_it(troupe_context_t *ctx, void *arg)
{
    (void) arg;
    return troupe_watch(ctx, pipe_ends[0], POLLIN, listen_on);
}

static int
listener_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    return watch_it(ctx, NULL);
}

TROUPE_KIND(listener, char, TROUPE_ON_START(listener_start));

static const char *
notes_of_ready(int count)
{
    cr_assert_eq(write(pipe_ends[1], "x", 1), 1);
    return notes_after(count);
}

/* What waits for it once goes on; what comes again and again does not. */
Test(tracing_handlers, a_descriptor_that_stays_watched_begins_linked_traces)
{
    spawn_taker();
    troupe_ref_t to = spawn(&handled, NULL);
    for (int i = 0; i < 2; i++) {
        in_trace(true);
        cr_assert_eq(inside(to, watch_it, NULL), 0);
        in_trace(false);
        notes();
        cr_assert_str_eq(notes_of_ready(2),
                         "ready below, span ready handled 1 below");
        cr_assert_str_eq(notes_of_ready(3),
                         "ready other, link below, span ready handled 1 root");
    }
}

Test(tracing_handlers, a_descriptor_that_a_start_watches_is_not_of_its_trace)
{
    spawn_taker();
    in_trace(true);
    spawn(&listener, NULL);
    in_trace(false);
    notes();
    cr_assert_str_eq(notes_of_ready(3),
                     "ready other, link below, span ready listener 1 root");
}
