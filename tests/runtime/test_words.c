/* SPDX-License-Identifier: Apache-2.0 */
/* test_words.c: what a thread is told when its ask ends without a reply. */
#include <criterion/criterion.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "runtime/world.h"

TestSuite(words, .init = world_begin, .fini = world_end, .timeout = 30);

static int gate[2];

struct keeper {
    troupe_token_t token;
};

static int
keep(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct keeper *self = state;
    (void) msg;
    return troupe_defer(ctx, &self->token);
}

static int
refuse(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    return troupe_reply_error(ctx, -ERANGE, "too far");
}

static int
answer(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    return troupe_reply(ctx, "i", 1);
}

static int
hang(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    char byte;
    (void) ctx, (void) state, (void) msg;
    return read(gate[0], &byte, 1) == 1 ? 0 : -EIO;
}

TROUPE_KIND(keeper, struct keeper, TROUPE_ON("keep", keep),
            TROUPE_ON("refuse", refuse), TROUPE_ON("answer", answer),
            TROUPE_ON("hang", hang));

/* Asks `to` on behalf of who asks it. */
struct broker {
    troupe_ref_t to;
    troupe_token_t token;
};

static int
broker_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct broker *self = state;
    (void) ctx;
    return troupe_unpack(msg, "R", &self->to);
}

static int
ignore(troupe_context_t *ctx, void *state, const troupe_answer_t *answered)
{
    (void) ctx, (void) state, (void) answered;
    return 0;
}

static int
broker_ask(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct broker *self = state;
    (void) msg;
    int rc = troupe_defer(ctx, &self->token);
    return rc < 0 ? rc
                  : troupe_ask(ctx, self->to, "keep", 0, ignore, NULL, NULL);
}

TROUPE_KIND(broker, struct broker, TROUPE_ON_START(broker_start),
            TROUPE_ON("keep", broker_ask));

static troupe_ref_t
spawn_on(const troupe_kind_t *kind, uint32_t worker, troupe_ref_t to)
{
    const troupe_spawn_options_t options = {.place = TROUPE_WORKER,
                                            .worker = worker};
    troupe_ref_t ref = TROUPE_NOBODY;
    cr_assert_eq(troupe_node_spawn(node, kind, &options, &ref, "R", to), 0);
    return ref;
}

static void
real_clock(void)
{
    troupe_options_t options = world_options();
    options.manual_clock = false;
    world_reopen(&options);
}

static void
assert_words(const char *first, const char *second)
{
    const char *words = troupe_node_ask_words();
    const char *at = strstr(words, first);
    cr_assert(at == words && strstr(words, second), "%s", words);
}

Test(words, an_error_brings_its_own_and_a_reply_none)
{
    troupe_ref_t to = spawn_on(&keeper, 1, TROUPE_NOBODY);
    cr_assert_str_eq(troupe_node_ask_words(), "");
    cr_assert_eq(troupe_node_ask(node, to, "refuse", 0, NULL, NULL), -ERANGE);
    cr_assert_str_eq(troupe_node_ask_words(), "too far");
    cr_assert_eq(troupe_node_ask(node, to, "answer", 0, NULL, NULL), 0);
    cr_assert_str_eq(troupe_node_ask_words(), "");
    end_actor(to, TROUPE_EXIT_KILLED);
    cr_assert_eq(troupe_node_ask(node, to, "keep", 0, NULL, NULL), -ESRCH);
    cr_assert_str_eq(troupe_node_ask_words(), "no such actor");
    cr_assert_eq(troupe_node_ask(node, to, "", 0, NULL, NULL), -EINVAL);
    cr_assert_str_eq(troupe_node_ask_words(), "");
}

/* The words come by messages, for which a timeout waits a moment only: on a
 * machine that is busy it may take more than one. */
Test(words, a_timeout_names_the_chain)
{
    real_clock();
    troupe_ref_t last = spawn_on(&keeper, 1, TROUPE_NOBODY);
    troupe_ref_t first = spawn_on(&broker, 0, last);
    do {
        cr_assert_eq(troupe_node_ask(node, first, "keep", 5, NULL, NULL),
                     -ETIMEDOUT);
        assert_words("waited for broker <", "");
    } while (!strstr(troupe_node_ask_words(), "deferred its answer to 'keep'"));
    assert_words("waited for broker <", ", which waited for keeper <");
}

/* Keeps questions as well, but takes them up again. */
static int
put_aside(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    return troupe_stash(ctx);
}

static int
take_up(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    troupe_unstash(ctx);
    return 0;
}

struct sluggard {
    char unused;
};

TROUPE_KIND(sluggard, struct sluggard, TROUPE_ON("keep", put_aside),
            TROUPE_ON("go", take_up));

static int
note_words(troupe_context_t *ctx, void *state, const troupe_answer_t *answered)
{
    (void) ctx, (void) state;
    note("%s: %s", troupe_outcome_name(answered->outcome), answered->text);
    return 0;
}

struct question {
    troupe_ref_t to;
    uint64_t left_ns; /* out: from now to its deadline */
};

/* Its deadline is in the middle of a millisecond. */
static int
ask_until(troupe_context_t *ctx, void *arg)
{
    enum { MS = 1000000 };
    struct question *self = arg;
    uint64_t now = troupe_time_ns(ctx);
    troupe_ask_options_t options = {
        .deadline_ns = now - now % MS + 4 * MS + MS / 2, .answer = note_words};
    self->left_ns = options.deadline_ns - now;
    return troupe_ask_with(ctx, self->to, "keep", &options, NULL, NULL);
}

/* Messages expire at their deadline, timers ring at the next millisecond: who
 * is asked too late may say so before the timer of who asked it rings. */
Test(words, a_timeout_names_who_said_that_it_was_too_late)
{
    troupe_ref_t last = spawn(&sluggard, NULL);
    struct question question = {.to = spawn_on(&broker, 0, last)};
    cr_assert_eq(inside(probe_on(0), ask_until, &question), 0);
    settle();
    cr_assert_eq(troupe_clock_advance(node, question.left_ns), 0);
    tell(last, "go");
    assert_notes("");
    advance(1);
    const char *noted = notes();
    cr_assert(strstr(noted, "timeout: waited for broker <")
                  && strstr(noted, ", which waited for sluggard <")
                  && strstr(noted, ", which was too busy"),
              "%s", noted);
}

/* No worker of these answers, and the words are there all the same. */
Test(words, a_timeout_names_whom_it_waited_for_however_busy)
{
    real_clock();
    cr_assert_eq(pipe(gate), 0);
    troupe_ref_t last = spawn_on(&keeper, 1, TROUPE_NOBODY);
    troupe_ref_t first = spawn_on(&broker, 0, last);
    tell(last, "hang");
    cr_assert_eq(troupe_node_ask(node, last, "keep", 5, NULL, NULL),
                 -ETIMEDOUT);
    assert_words("waited for keeper <", "is busy or does not answer");
    do {
        cr_assert_eq(troupe_node_ask(node, first, "keep", 5, NULL, NULL),
                     -ETIMEDOUT);
        assert_words("waited for broker <", "");
    } while (!strstr(troupe_node_ask_words(), "which waited for keeper"));
    assert_words("waited for broker <", "is busy or does not answer");
    cr_assert_eq(write(gate[1], "x", 1), 1);
}
