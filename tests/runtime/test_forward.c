/* SPDX-License-Identifier: Apache-2.0 */
/* test_forward.c: a cancel follows an ask that was handed on. */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "runtime/world.h"

TestSuite(forward, .init = world_begin, .fini = world_end, .timeout = 20);

/* Hands every "job" on to `next`. */
struct relay {
    troupe_ref_t next;
};

static int
relay_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct relay *self = state;
    (void) ctx;
    return troupe_unpack(msg, "R", &self->next);
}

static int
relay_job(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    const struct relay *self = state;
    return troupe_forward(ctx, self->next, msg);
}

TROUPE_KIND(relay, struct relay, TROUPE_ON_START(relay_start),
            TROUPE_ON("job", relay_job));

/* Takes a job and keeps it; says when it was given up. */
struct holder {
    troupe_token_t token;
};

static int
holder_job(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct holder *self = state;
    (void) msg;
    note("holds");
    return troupe_defer(ctx, &self->token);
}

static int
holder_cancel(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx, (void) state, (void) msg;
    note("let go");
    return 0;
}

static int
holder_done(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct holder *self = state;
    (void) msg;
    note("open %d", troupe_token_is_open(ctx, self->token));
    return troupe_reply_to(ctx, &self->token, "i", 3);
}

TROUPE_KIND(holder, struct holder, TROUPE_ON("job", holder_job),
            TROUPE_ON("done", holder_done), TROUPE_ON_CANCEL(holder_cancel));

/* Its start is never done: what comes for it waits. */
static int
closed_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx, (void) state, (void) msg;
    return TROUPE_STARTING;
}

TROUPE_KIND(closed, struct holder, TROUPE_ON_START(closed_start),
            TROUPE_ON("job", holder_job));

static troupe_ref_t
spawn_on(const troupe_kind_t *kind, uint32_t worker, troupe_ref_t next)
{
    const troupe_spawn_options_t options = {.place = TROUPE_WORKER,
                                            .worker = worker};
    troupe_ref_t ref = TROUPE_NOBODY;
    cr_assert_eq(troupe_node_spawn(node, kind, &options, &ref, "R", next), 0);
    return ref;
}

static char words[1024];

static int
note_words(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    snprintf(words, sizeof words, "%s", answer->text);
    return note_answer(ctx, state, answer);
}

struct question {
    troupe_ref_t to;
    bool cancel;
    troupe_ask_t ask;
};

static int
put(troupe_context_t *ctx, void *arg)
{
    struct question *self = arg;
    const troupe_ask_options_t options = {.timeout_ms = 1000,
                                          .answer = note_words};
    int rc = troupe_ask_with(ctx, self->to, "job", &options, &self->ask, NULL);
    return rc == 0 && self->cancel ? troupe_cancel(ctx, self->ask) : rc;
}

static int
cancel_it(troupe_context_t *ctx, void *arg)
{
    const struct question *self = arg;
    return troupe_cancel(ctx, self->ask);
}

/* Two notes from two workers come in either order. */
static void
assert_both(const char *one, const char *other)
{
    const char *got = notes();
    cr_assert(strstr(got, one) && strstr(got, other)
                  && strlen(got) == strlen(one) + 2 + strlen(other),
              "got %s", got);
}

static void
assert_it_is_over(troupe_ref_t last)
{
    if (alive(last))
        tell(last, "done");
    advance(10000);
    const char *got = notes();
    cr_assert_not(strstr(got, "open 1"), "got %s", got);
    cr_assert_not(strstr(got, "reply"), "got %s", got);
    cr_assert_not(strstr(got, "timeout"), "got %s", got);
}

/* The way of the ask, as workers; the asker is on the first. */
static const struct way {
    uint32_t workers[5];
    int hops;
} ways[] = {
    {{0, 0, 0}, 1},    {{0, 1, 1}, 1},       {{0, 0, 1}, 1},
    {{0, 1, 0}, 1},    {{0, 1, 0, 1}, 2},    {{0, 0, 1, 0}, 2},
    {{1, 1, 0, 0}, 2}, {{0, 1, 0, 1, 0}, 3}, {{0, 0, 1, 0, 1}, 3},
};
enum { WAYS = sizeof ways / sizeof *ways };

/* Relays that end at `last`; returns the first of them. */
static troupe_ref_t
way_new(const struct way *way, const troupe_kind_t *kind, troupe_ref_t *last)
{
    troupe_ref_t next = spawn_on(kind, way->workers[way->hops + 1], *last);
    *last = next;
    for (int hop = way->hops; hop > 0; hop--)
        next = spawn_on(&relay, way->workers[hop], next);
    return next;
}

Test(forward, a_cancel_reaches_who_holds_the_ask)
{
    for (size_t i = 0; i < WAYS; i++) {
        troupe_ref_t last = TROUPE_NOBODY;
        struct question question = {.to = way_new(&ways[i], &holder, &last)};
        troupe_ref_t asker = probe_on(ways[i].workers[0]);
        cr_assert_eq(inside(asker, put, &question), 0);
        assert_notes("holds");
        cr_assert_eq(inside(asker, cancel_it, &question), 0);
        assert_both("cancelled -125", "let go");
        assert_it_is_over(last);
    }
}

Test(forward, a_cancel_takes_the_ask_out_of_a_mailbox)
{
    for (size_t i = 0; i < WAYS; i++) {
        troupe_ref_t last = TROUPE_NOBODY;
        struct question question = {.to = way_new(&ways[i], &closed, &last)};
        troupe_ref_t asker = probe_on(ways[i].workers[0]);
        cr_assert_eq(inside(asker, put, &question), 0);
        settle();
        cr_assert_eq(stats_of(last).mailbox_depth, 1);
        cr_assert_eq(inside(asker, cancel_it, &question), 0);
        assert_notes("cancelled -125");
        cr_assert_eq(stats_of(last).mailbox_depth, 0);
        assert_it_is_over(last);
    }
}

/* The cancel leaves right behind the ask: it must neither be lost before the
 * ask is forwarded nor overtake it. */
Test(forward, a_cancel_that_comes_before_the_word_of_the_hop_follows_too)
{
    for (size_t i = 0; i < WAYS * 5; i++) {
        const struct way *way = &ways[i % WAYS];
        troupe_ref_t last = TROUPE_NOBODY;
        struct question question = {.to = way_new(way, &closed, &last),
                                    .cancel = true};
        troupe_ref_t asker = probe_on(way->workers[0]);
        settle();
        cr_assert_eq(inside(asker, put, &question), 0);
        assert_notes("cancelled -125");
        cr_assert_eq(stats_of(last).mailbox_depth, 0);
    }
    cr_assert_eq(dead(TROUPE_DEAD_CANCELLED), WAYS * 5);
}

Test(forward, a_cancel_passes_a_forwarder_that_has_ended)
{
    troupe_ref_t last = TROUPE_NOBODY;
    struct question question = {.to = way_new(&ways[4], &holder, &last)};
    troupe_ref_t asker = probe_on(0);
    cr_assert_eq(inside(asker, put, &question), 0);
    assert_notes("holds");
    end_actor(question.to, TROUPE_EXIT_KILLED);
    cr_assert_eq(inside(asker, cancel_it, &question), 0);
    assert_both("cancelled -125", "let go");
    assert_it_is_over(last);
}

Test(forward, the_end_of_the_asker_cancels_too)
{
    troupe_ref_t last = TROUPE_NOBODY;
    struct question question = {.to = way_new(&ways[4], &holder, &last)};
    troupe_ref_t asker = probe_on(0);
    cr_assert_eq(inside(asker, put, &question), 0);
    assert_notes("holds");
    end_actor(asker, TROUPE_EXIT_KILLED);
    assert_notes("let go");
    assert_it_is_over(last);
}

Test(forward, a_timeout_lets_go_too_and_names_the_holder)
{
    troupe_ref_t last = TROUPE_NOBODY;
    struct question question = {.to = way_new(&ways[5], &holder, &last)};
    troupe_ref_t asker = probe_on(0);
    cr_assert_eq(inside(asker, put, &question), 0);
    assert_notes("holds");
    advance(1100);
    assert_both("timeout -110", "let go");
    char wanted[1024], first[TROUPE_REF_TEXT], holds[TROUPE_REF_TEXT];
    snprintf(wanted, sizeof wanted,
             "waited for relay %s, which forwarded it to holder %s, which had "
             "deferred its answer to 'job'",
             troupe_ref_text(question.to, first), troupe_ref_text(last, holds));
    cr_assert_str_eq(words, wanted);
}

Test(forward, an_answer_after_hops_is_one_reply_and_nothing_is_cancelled)
{
    for (size_t i = 0; i < WAYS; i++) {
        troupe_ref_t last = TROUPE_NOBODY;
        struct question question = {.to = way_new(&ways[i], &holder, &last)};
        troupe_ref_t asker = probe_on(ways[i].workers[0]);
        cr_assert_eq(inside(asker, put, &question), 0);
        assert_notes("holds");
        tell(last, "done");
        assert_both("open 1", "reply:3");
        cr_assert_eq(inside(asker, cancel_it, &question), -ENOENT);
        advance(10000);
        assert_notes("");
    }
    cr_assert_eq(node_stats().late_replies, 0);
}
