/* SPDX-License-Identifier: Apache-2.0 */
/* test_trace_lost.c: spans that do not get to their taker are counted. */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/trace_world.h"

#define BIG  65536
#define MANY 400 /* of that size: more than may be under way to a worker */
#define FEW  20

static int taken, lost; /* spans; one thread at a time counts them */

static void
begin(void)
{
    world_begin();
    taken = lost = 0;
}

TestSuite(tracing_lost, .init = begin, .fini = world_end, .timeout = 60);

static int
taker_span(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx, (void) state, (void) msg;
    taken++;
    return 0;
}

static int
taker_lost(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    uint64_t count = 0;
    (void) ctx, (void) state;
    cr_assert_eq(troupe_unpack(msg, "[U]", &count), 0);
    lost += (int) count;
    return 0;
}

TROUPE_KIND(counter_of_spans, char, TROUPE_ON_START(take_all_spans),
            TROUPE_ON("span", taker_span), TROUPE_ON("lost", taker_lost));

/* Spans that are more than may be under way to their taker. */
static int
flood(troupe_context_t *ctx, void *arg)
{
    char *text = arg;
    for (int i = 0; i < MANY; i++) {
        troupe_span_t span;
        if (!troupe_span_begin(ctx, &span))
            return -ENOENT;
        troupe_span_end(ctx, &span, "big", TROUPE_SPAN_INTERNAL, NULL, "{s:s}",
                        "text", text);
    }
    return 0;
}

Test(tracing_lost, spans_that_are_lost_are_counted_and_told_with_the_next)
{
    char *text = malloc(BIG + 1);
    memset(text, 'x', BIG);
    text[BIG] = '\0';
    /* On the worker of who floods it: it takes nothing meanwhile. */
    troupe_spawn_options_t options = {.place = TROUPE_WORKER};
    spawn(&counter_of_spans, &options);
    settle();
    in_trace(true);
    troupe_ref_t to = probe_on(0);
    cr_assert_eq(inside(to, flood, text), 0);
    settle(); /* with the span of that very ask */
    in_trace(false);
    cr_assert_gt(lost, 0);
    cr_assert_eq(node_stats().spans_lost, 0);
    cr_assert_eq(taken + lost, MANY + 2, "%d taken, %d lost", taken, lost);
    free(text);
}

/* To a taker that rests; each with an event, a link and a note, which are no
 * spans. */
static int
make_rich(troupe_context_t *ctx, void *arg)
{
    troupe_ref_t taker = *(const troupe_ref_t *) arg;
    troupe_trace_t other = outer();
    int rc = troupe_suspend(ctx, taker);
    for (int i = 0; rc == 0 && i < FEW; i++) {
        troupe_span_t span;
        if (!troupe_span_begin(ctx, &span))
            return -ENOENT;
        troupe_span_event(ctx, &span, "event", NULL);
        troupe_span_link(ctx, &span, &other);
        troupe_trace_note(ctx, "{s:i}", "number", i);
        troupe_span_end(ctx, &span, "big", TROUPE_SPAN_INTERNAL, NULL, NULL);
    }
    return rc;
}

static int
wake(troupe_context_t *ctx, void *arg)
{
    return troupe_resume(ctx, *(const troupe_ref_t *) arg);
}

Test(tracing_lost, of_what_a_full_taker_drops_the_spans_are_counted)
{
    troupe_spawn_options_t options = {
        .place = TROUPE_WORKER,
        .mailbox = {.messages_max = FEW,
                    .overflow = TROUPE_OVERFLOW_DROP_NEWEST}};
    troupe_ref_t taker = spawn(&counter_of_spans, &options), to = probe_on(0);
    settle();
    in_trace(true);
    cr_assert_eq(inside(to, make_rich, &taker), 0);
    settle();
    cr_assert_gt(node_stats().spans_lost, 0);
    cr_assert_eq(inside(to, wake, &taker), 0);
    settle();
    cr_assert_eq(inside(to, wake, &taker), 0);
    settle(); /* with the span of that ask, which is taken */
    in_trace(false);
    cr_assert_eq(node_stats().spans_lost, 0);
    cr_assert_eq(taken + lost, FEW + 6, "%d taken, %d lost", taken, lost);
}
