/* SPDX-License-Identifier: Apache-2.0 */
/* test_deadlock.c: circles of asks that end, and those that are none. */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "runtime/knots.h"
#include "runtime/world.h"
#include "troupe_supervisor.h"

TestSuite(deadlock, .init = world_begin, .fini = world_end, .timeout = 20);

enum { LONG_MS = 600000, SEEN_MS = 1300, MANY = 8 };

static troupe_ref_t
spawn_at(const troupe_kind_t *kind, uint32_t worker, const char *name)
{
    const troupe_spawn_options_t options = {
        .place = TROUPE_WORKER, .worker = worker, .name = name};
    return spawn(kind, &options);
}

/* Actors on both workers in turn. */
static void
spawn_all(troupe_ref_t *refs, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        refs[i] = spawn_at(&knotted, i % 2, NULL);
}

/* One ask, a millisecond after the one before. */
static void
ask_next(struct knot_ask *ask, troupe_ref_t from, troupe_ref_t to)
{
    const char *type = ask->type;
    *ask = (struct knot_ask){.from = from,
                             .to = to,
                             .type = type,
                             .timeout_ms = LONG_MS,
                             .patient = ask->patient};
    advance(1);
    knot_put(ask);
}

/* Each asks the next one, the last asks the first. */
static void
ask_round(struct knot_ask *asks, const troupe_ref_t *refs, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        ask_next(&asks[i], refs[i], refs[(i + 1) % count]);
}

static void
assert_open(const struct knot_ask *asks, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        cr_assert_eq(asks[i].outcome, 0, "ask %u: %s", i,
                     troupe_outcome_name(asks[i].outcome));
    cr_assert_eq(node_stats().deadlocks, 0);
    cr_assert_eq(logged("deadlock"), 0);
}

static void
assert_untied(const struct knot_ask *ask)
{
    cr_assert_eq(ask->outcome, TROUPE_ERROR, "%s",
                 troupe_outcome_name(ask->outcome));
    cr_assert_eq(ask->code, -EDEADLK, "%d %s", ask->code, ask->text);
}

Test(deadlock, a_circle_of_two_is_named_and_its_youngest_ask_ends)
{
    troupe_ref_t refs[] = {spawn_at(&knotted, 0, "anna"),
                           spawn_at(&knotted, 1, NULL)};
    static struct knot_ask asks[2] = {{.type = "hold"}, {.type = NULL}};
    char wanted[512], one[TROUPE_REF_TEXT], two[TROUPE_REF_TEXT];
    ask_round(asks, refs, 2);
    advance(999);
    assert_open(asks, 2);
    advance(SEEN_MS - 999);
    assert_untied(&asks[1]);
    troupe_ref_text(refs[0], one);
    troupe_ref_text(refs[1], two);
    snprintf(wanted, sizeof wanted,
             "deadlock: knotted %s waits for knotted anna %s ('hold', 1250 "
             "ms), which waits for knotted %s ('hold', 1251 ms)",
             two, one, two);
    cr_assert_str_eq(asks[1].text, wanted, "%s", asks[1].text);
    cr_assert_eq(logged(wanted), 1);
    cr_assert_eq(node_stats().deadlocks, 1);
    cr_assert_eq(stats_of(refs[1]).deadlocks, 1);
    cr_assert_eq(stats_of(refs[0]).deadlocks, 0);
}

/* Who was asked hears that the ask is over; the other one got an answer. */
Test(deadlock, the_run_goes_on_after_it)
{
    troupe_ref_t refs[2];
    static struct knot_ask asks[2] = {{.outcome = 0}}, again = {.type = "now"};
    spawn_all(refs, 2);
    ask_round(asks, refs, 2);
    advance(SEEN_MS);
    assert_untied(&asks[1]);
    cr_assert_eq(asks[0].code, -EDEADLK, "%d", asks[0].code);
    cr_assert_str_eq(asks[0].text, "it could not go on");
    ask_next(&again, refs[0], refs[1]);
    settle();
    cr_assert_eq(again.outcome, TROUPE_REPLY);
    advance(LONG_MS);
    cr_assert_eq(node_stats().deadlocks, 1);
}

Test(deadlock, a_circle_of_three_and_one_of_eight)
{
    static struct knot_ask asks[3 + MANY];
    troupe_ref_t refs[3 + MANY];
    spawn_all(refs, 3 + MANY);
    ask_round(asks, refs, 3);
    ask_round(&asks[3], &refs[3], MANY);
    advance(SEEN_MS);
    assert_untied(&asks[2]);
    assert_untied(&asks[2 + MANY]);
    cr_assert_eq(node_stats().deadlocks, 2);
}

/* Who only waits for the circle is not on it, and hears of it as an answer. */
Test(deadlock, a_tail_is_not_a_part_of_the_circle)
{
    troupe_ref_t refs[4];
    static struct knot_ask asks[4] = {{.outcome = 0}};
    spawn_all(refs, 4);
    ask_round(asks, refs, 2);
    ask_next(&asks[2], refs[2], refs[0]);
    ask_next(&asks[3], refs[3], refs[2]);
    advance(SEEN_MS);
    assert_untied(&asks[1]);
    char ref[TROUPE_REF_TEXT];
    cr_assert(!strstr(asks[1].text, troupe_ref_text(refs[2], ref)), "%s",
              asks[1].text);
    cr_assert_str_eq(asks[3].text, "it could not go on");
    cr_assert_eq(node_stats().deadlocks, 1);
}

Test(deadlock, who_waits_for_itself_is_told)
{
    troupe_ref_t ref = spawn_at(&knotted, 0, NULL);
    static struct knot_ask ask = {.type = "hold"};
    ask_next(&ask, ref, ref);
    advance(SEEN_MS);
    assert_untied(&ask);
}

Test(deadlock, an_ask_that_is_put_aside_is_held_too)
{
    troupe_ref_t refs[2];
    static struct knot_ask asks[2] = {{.type = "hold"}, {.type = "stash"}};
    spawn_all(refs, 2);
    ask_round(asks, refs, 2);
    advance(SEEN_MS);
    assert_untied(&asks[1]);
    cr_assert_eq(asks[0].code, -EDEADLK, "%d", asks[0].code);
}

/* Two circles with one actor in common are one knot: one ask ends, and what
 * is left is no circle. */
Test(deadlock, two_circles_with_an_actor_in_common)
{
    troupe_ref_t refs[3];
    static struct knot_ask asks[4] = {{.outcome = 0}};
    spawn_all(refs, 3);
    ask_next(&asks[0], refs[0], refs[1]);
    ask_next(&asks[1], refs[1], refs[0]);
    ask_next(&asks[2], refs[0], refs[2]);
    ask_next(&asks[3], refs[2], refs[0]);
    advance(SEEN_MS);
    assert_untied(&asks[3]);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(asks[i].outcome, TROUPE_ERROR, "%d", i);
    cr_assert_eq(node_stats().deadlocks, 1);
}

Test(deadlock, asks_in_return_that_are_answered_are_none)
{
    troupe_ref_t refs[2];
    static struct knot_ask asks[2] = {{.type = "hold"}, {.type = "now"}};
    spawn_all(refs, 2);
    ask_next(&asks[0], refs[0], refs[1]);
    ask_next(&asks[1], refs[1], refs[0]);
    settle();
    cr_assert_eq(asks[1].outcome, TROUPE_REPLY);
    cr_assert_eq(asks[0].outcome, TROUPE_REPLY);
    cr_assert_eq(node_stats().deadlocks, 0);
}

Test(deadlock, a_chain_that_hangs_on_somebody_idle_is_none)
{
    troupe_ref_t refs[3];
    static struct knot_ask asks[2] = {{.type = "hold"}, {.type = "hold"}};
    spawn_all(refs, 3);
    ask_next(&asks[0], refs[0], refs[1]);
    ask_next(&asks[1], refs[1], refs[2]);
    advance(60000);
    assert_open(asks, 2);
}

Test(deadlock, a_late_timer_of_one_of_them_is_waited_for)
{
    troupe_ref_t refs[2];
    static struct knot_ask asks[2] = {{.outcome = 0}};
    spawn_all(refs, 2);
    ask_round(asks, refs, 2);
    knot_later(refs[0], 30000);
    advance(29000);
    assert_open(asks, 2);
    advance(2000);
    cr_assert_eq(asks[1].outcome, TROUPE_REPLY);
    cr_assert_eq(asks[0].outcome, TROUPE_REPLY);
    cr_assert_eq(node_stats().deadlocks, 0);
}

/* A timer that is due after the deadline could not save the ask. */
Test(deadlock, a_timer_behind_the_deadline_does_not_count)
{
    troupe_ref_t refs[2];
    static struct knot_ask asks[2] = {{.outcome = 0}};
    spawn_all(refs, 2);
    ask_round(asks, refs, 2);
    knot_later(refs[0], LONG_MS + 1000);
    advance(SEEN_MS);
    assert_untied(&asks[1]);
}

Test(deadlock, an_ask_to_somebody_who_may_answer_is_waited_for)
{
    troupe_ref_t refs[3];
    static struct knot_ask asks[3] = {
        {.type = "hold"}, {.type = "hold"}, {.type = "hold"}};
    spawn_all(refs, 3);
    ask_round(asks, refs, 2);
    ask_next(&asks[2], refs[1], refs[2]);
    advance(60000);
    assert_open(asks, 3);
    tell(refs[2], "release");
    settle();
    cr_assert_eq(asks[0].outcome, TROUPE_REPLY);
    cr_assert_eq(node_stats().deadlocks, 0);
}

Test(deadlock, an_ask_that_is_patient_is_left_alone)
{
    troupe_ref_t refs[2];
    static struct knot_ask asks[2] = {{.outcome = 0}, {.patient = true}};
    spawn_all(refs, 2);
    ask_round(asks, refs, 2);
    advance(60000);
    assert_open(asks, 2);
    tell(refs[0], "release");
    settle();
    cr_assert_eq(asks[0].outcome, TROUPE_REPLY);
    cr_assert_eq(asks[1].outcome, TROUPE_REPLY);
}

static int
suspend_it(troupe_context_t *ctx, void *arg)
{
    return troupe_suspend(ctx, *(const troupe_ref_t *) arg);
}

static int
resume_it(troupe_context_t *ctx, void *arg)
{
    return troupe_resume(ctx, *(const troupe_ref_t *) arg);
}

Test(deadlock, who_rests_is_waited_for)
{
    troupe_ref_t refs[2];
    static struct knot_ask asks[2] = {{.outcome = 0}};
    spawn_all(refs, 2);
    ask_round(asks, refs, 2);
    troupe_ref_t other = probe_new();
    cr_assert_eq(inside(other, suspend_it, &refs[0]), 0);
    advance(60000);
    assert_open(asks, 2);
    cr_assert_eq(inside(other, resume_it, &refs[0]), 0);
    advance(120000);
    assert_untied(&asks[1]);
}

Test(deadlock, the_delay_is_an_option_and_0_is_never)
{
    troupe_options_t options = world_options();
    options.deadlock_ms = 0;
    world_reopen(&options);
    troupe_ref_t refs[2];
    static struct knot_ask asks[2] = {{.outcome = 0}},
                           more[2] = {{.outcome = 0}};
    spawn_all(refs, 2);
    ask_round(asks, refs, 2);
    advance(LONG_MS - 1000);
    assert_open(asks, 2);
    advance(2000);
    cr_assert_eq(asks[0].outcome, TROUPE_TIMEOUT);
    options.deadlock_ms = 100;
    world_reopen(&options);
    spawn_all(refs, 2);
    ask_round(more, refs, 2);
    advance(126);
    assert_untied(&more[1]);
}

/* --- starts, supervisors ----------------------------------------------------*/

static char starts[] = "start ";

static int
early_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state;
    troupe_ref_t to;
    int rc = troupe_unpack(msg, "R", &to);
    if (rc == 0)
        rc = troupe_ask(ctx, to, "back", LONG_MS, note_answer, starts, "R",
                        troupe_self(ctx));
    return rc < 0 ? rc : TROUPE_STARTING;
}

TROUPE_KIND(early_bird, char, TROUPE_ON_START(early_start),
            TROUPE_ON_FALLBACK(note_message));

struct back {
    troupe_token_t token;
};

static int
on_answered(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct back *self = state;
    note("back %d", answer->code);
    return troupe_reply_error_to(ctx, &self->token, -EIO, "no");
}

static int
on_back(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct back *self = state;
    int rc = troupe_defer(ctx, &self->token);
    return rc < 0 ? rc
                  : troupe_ask(ctx, troupe_message_sender(msg), "hello",
                               LONG_MS, on_answered, NULL, NULL);
}

TROUPE_KIND(asks_back, struct back, TROUPE_ON("back", on_back));

/* A start takes nothing out of the mailbox before it is done. */
Test(deadlock, who_is_asked_while_it_starts_holds_that_ask)
{
    troupe_ref_t ref, to = spawn_at(&asks_back, 1, NULL);
    cr_assert_eq(troupe_node_spawn(node, &early_bird, NULL, &ref, "R", to), 0);
    advance(SEEN_MS);
    const char *got = notes();
    cr_assert_str_eq(got, "back -35, start error -5", "%s", got);
}

static const troupe_supervisor_options_t pool = {.strategy = TROUPE_ONE_FOR_ONE,
                                                 .intensity = 5};

Test(deadlock, a_supervisor_restarts_who_fails_of_it)
{
    static const troupe_child_spec_t children[] = {
        {.id = "one", .kind = &fragile, .name = "one"},
        {.id = "two", .kind = &fragile, .name = "two"}};
    troupe_ref_t top, refs[2];
    static struct knot_ask asks[2] = {{.outcome = 0}}, again = {.type = "now"};
    cr_assert_eq(
        troupe_node_supervisor_start(node, &pool, children, 2, &top, NULL), 0);
    cr_assert_eq(troupe_lookup(node, "one", &refs[0]), 0);
    cr_assert_eq(troupe_lookup(node, "two", &refs[1]), 0);
    ask_round(asks, refs, 2);
    advance(SEEN_MS);
    assert_untied(&asks[1]);
    advance(1000);
    cr_assert_eq(stats_of(refs[1]).incarnation, 2);
    ask_next(&again, refs[0], refs[1]);
    settle();
    cr_assert_eq(again.outcome, TROUPE_REPLY);
}
