/* SPDX-License-Identifier: Apache-2.0 */
/* test_remote_ask.c: asks across nodes: each outcome, once, with its words. */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "runtime/far_clerk.h"
#include "runtime/world.h"
#include "troupe_gather.h"

TestSuite(remote_ask, .init = pair_begin, .fini = pair_end, .timeout = 60);

enum { LONG_MS = 60000, SHORT_MS = 300 };

static char words[1024];

/* Time stands still but where a test moves it, so that what is told on the way
 * of a timeout always comes before the asker has waited long enough for it. */
static void
pair_begin_without_time(void)
{
    pair_options.manual_clock = true;
    pair_begin();
}

TestSuite(remote_timeout, .init = pair_begin_without_time, .fini = pair_end,
          .timeout = 60);

static int
note_words(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    snprintf(words, sizeof words, "%s", answer->text);
    return note_answer(ctx, state, answer);
}

struct question {
    troupe_ref_t to, about;
    const char *type;
    uint32_t timeout_ms;
    troupe_ask_t ask;
};

static int
put(troupe_context_t *ctx, void *arg)
{
    struct question *question = arg;
    troupe_ask_options_t options = {.timeout_ms = question->timeout_ms,
                                    .answer = note_words};
    if (troupe_ref_is_nobody(question->about))
        return troupe_ask_with(ctx, question->to, question->type, &options,
                               &question->ask, "I", INT64_C(7));
    return troupe_ask_with(ctx, question->to, question->type, &options,
                           &question->ask, "R", question->about);
}

static int
give_up(troupe_context_t *ctx, void *arg)
{
    return troupe_cancel(ctx, *(const troupe_ask_t *) arg);
}

static troupe_ref_t asker;

static void
put_question(struct question *question)
{
    if (troupe_ref_is_nobody(asker))
        asker = spawn_on(home, &probe);
    cr_assert_eq(inside(asker, put, question), 0);
}

/* The time of a question of SHORT_MS passes for who asked it. */
static void
pass_time(void)
{
    pair_settle();
    cr_assert_eq(troupe_clock_advance(home, SHORT_MS * UINT64_C(1000000)), 0);
}

/* What the question came to, and nothing else. */
static void
comes_to(troupe_ref_t to, const char *type, const char *outcome,
         const char *why)
{
    struct question question = {.to = to, .type = type, .timeout_ms = LONG_MS};
    put_question(&question);
    const char *got = notes_after(1);
    cr_assert_str_eq(got, outcome, "%s", type);
    cr_assert(strstr(words, why), "%s: %s", type, words);
    pair_settle();
    got = notes();
    cr_assert_str_eq(got, "", "%s: then %s", type, got);
}

Test(remote_ask, every_outcome_comes_back_once_with_its_words)
{
    const troupe_spawn_options_t tiny = {
        .place = TROUPE_WORKER,
        .mailbox = {.messages_max = 1, .overflow = TROUPE_OVERFLOW_REJECT}};
    troupe_ref_t far = spawn_on(away, &far_clerk), full, gone = far;
    comes_to(far, "echo", "reply:7", "");
    comes_to(far, "wrong", "error -95", "unhandled");
    comes_to(far, "forget", "error -32", "without an answer");
    comes_to(far, "fail", "error -112", "the ink has run out");
    comes_to(gone, "echo", "down -3", "no such actor");
    /* Its start is never done, so that what comes waits. */
    extern const troupe_kind_t closed;
    cr_assert_eq(troupe_node_spawn(away, &closed, &tiny, &full, NULL), 0);
    pair_settle(); /* till then its start is in its mailbox, and counts */
    cr_assert_eq(troupe_node_send(home, full, "job", NULL), 0);
    pair_settle(); /* two senders have no order between them */
    comes_to(full, "job", "overload -105", "the mailbox was full");
}

Test(remote_ask, who_ends_while_it_holds_an_ask_answers_down)
{
    troupe_ref_t far = spawn_on(away, &far_clerk);
    struct question question = {
        .to = far, .type = "job", .timeout_ms = LONG_MS};
    put_question(&question);
    cr_assert_str_eq(notes_after(1), "holds");
    cr_assert_eq(troupe_node_send(home, far, "end", NULL), 0);
    cr_assert_str_eq(notes_after(1), "down -3");
    pair_settle();
    cr_assert_str_eq(notes(), "");
}

Test(remote_timeout, names_who_has_deferred_its_answer)
{
    struct question question = {.to = spawn_on(away, &far_clerk),
                                .type = "never",
                                .timeout_ms = SHORT_MS};
    put_question(&question);
    pass_time();
    const char *got = notes_after(2); /* it hears of the cancel */
    cr_assert(strstr(got, "timeout -110"), "%s", got);
    cr_assert(strstr(words, "waited for far_clerk <2."), "%s", words);
    cr_assert(strstr(words, "which had deferred its answer to 'never'"), "%s",
              words);
    pair_settle();
    got = notes();
    cr_assert_str_eq(got, "");
}

Test(remote_timeout, names_the_chain_through_both_nodes)
{
    troupe_ref_t far = spawn_on(away, &far_clerk);
    troupe_ref_t last = spawn_on(home, &far_clerk);
    char ref[TROUPE_REF_TEXT];
    struct question question = {
        .to = far, .about = last, .type = "middle", .timeout_ms = SHORT_MS};
    put_question(&question);
    pass_time();
    /* holds, let go, middle cancelled, let go, and the outcome */
    const char *got = notes_after(5);
    cr_assert(strstr(got, "timeout -110"), "%s", got);
    cr_assert(strstr(words, "waited for far_clerk"), "%s", words);
    cr_assert(strstr(words, troupe_ref_text(far, ref)), "%s", words);
    cr_assert(strstr(words, "which waited for far_clerk"), "%s", words);
    cr_assert(strstr(words, troupe_ref_text(last, ref)), "%s", words);
    cr_assert(strstr(words, "which had deferred its answer to 'job'"), "%s",
              words);
    cr_assert_eq(pair_logged("refused"), 0);
}

Test(remote_ask, a_cancel_travels_through_an_ask_back_to_the_first_node)
{
    troupe_ref_t far = spawn_on(away, &far_clerk);
    troupe_ref_t last = spawn_on(home, &far_clerk);
    struct question question = {
        .to = far, .about = last, .type = "middle", .timeout_ms = LONG_MS};
    put_question(&question);
    cr_assert_str_eq(notes_after(1), "holds");
    cr_assert_eq(inside(asker, give_up, &question.ask), 0);
    const char *got = notes_after(4);
    cr_assert(strstr(got, "cancelled -125"), "%s", got);
    cr_assert(strstr(got, "middle cancelled"), "%s", got);
    /* Both deferred: the middle man's promise and the last one's. */
    cr_assert(strstr(got, "let go"), "%s", got);
    cr_assert(strstr(strstr(got, "let go") + 1, "let go"), "%s", got);
    pair_settle();
    cr_assert_str_eq(notes(), "");
}

/* --- forward ----------------------------------------------------------------*/

/* From the asker's node to the other one, and on to `last`. */
static troupe_ref_t
relay_to(troupe_ref_t last)
{
    troupe_ref_t first = spawn_on(home, &far_clerk);
    troupe_ref_t second = spawn_on(away, &far_clerk);
    hand_on(first, second);
    hand_on(second, last);
    return first;
}

static void
answered_by(troupe_ref_t first, troupe_ref_t last)
{
    struct question question = {
        .to = first, .type = "job", .timeout_ms = LONG_MS};
    put_question(&question);
    cr_assert_str_eq(notes_after(1), "holds");
    cr_assert_eq(troupe_node_send(home, last, "done", NULL), 0);
    cr_assert_str_eq(notes_after(1), "reply:3");
}

Test(remote_ask, a_forwarded_ask_keeps_its_asker_wherever_it_goes)
{
    troupe_ref_t here = spawn_on(home, &far_clerk);
    troupe_ref_t there = spawn_on(away, &far_clerk);
    answered_by(relay_to(here), here);
    answered_by(relay_to(there), there);
    cr_assert_eq(pair_logged("refused"), 0);
}

Test(remote_timeout, of_a_forwarded_ask_is_the_first_ones)
{
    troupe_ref_t here = spawn_on(home, &far_clerk);
    troupe_ref_t first = relay_to(here);
    char ref[TROUPE_REF_TEXT];
    struct question question = {
        .to = first, .type = "job", .timeout_ms = SHORT_MS};
    put_question(&question);
    pass_time();
    const char *got = notes_after(3); /* holds; it is over; let go */
    cr_assert(strstr(got, "timeout -110"), "%s", got);
    cr_assert(strstr(got, "let go"), "%s", got);
    cr_assert(strstr(words, "forwarded it to"), "%s", words);
    cr_assert(strstr(words, troupe_ref_text(here, ref)), "%s", words);
}

Test(remote_ask, a_cancel_follows_an_ask_over_both_nodes)
{
    troupe_ref_t there = spawn_on(away, &far_clerk);
    troupe_ref_t here = spawn_on(home, &far_clerk);
    troupe_ref_t ends[] = {here, there};
    for (int i = 0; i < 2; i++) {
        struct question question = {
            .to = relay_to(ends[i]), .type = "job", .timeout_ms = LONG_MS};
        put_question(&question);
        cr_assert_str_eq(notes_after(1), "holds");
        cr_assert_eq(inside(asker, give_up, &question.ask), 0);
        const char *got = notes_after(2);
        cr_assert(strstr(got, "cancelled -125"), "%s", got);
        cr_assert(strstr(got, "let go"), "%s", got);
    }
    pair_settle();
    cr_assert_str_eq(notes(), "");
}

static int
tell_job(troupe_context_t *ctx, void *arg)
{
    return troupe_send(ctx, *(const troupe_ref_t *) arg, "job", NULL);
}

Test(remote_ask, a_forwarded_tell_keeps_its_sender)
{
    troupe_ref_t ends[] = {spawn_on(home, &far_clerk),
                           spawn_on(away, &far_clerk)};
    char ref[TROUPE_REF_TEXT], wanted[64];
    asker = spawn_on(home, &probe);
    snprintf(wanted, sizeof wanted, "job of %s", troupe_ref_text(asker, ref));
    for (int i = 0; i < 2; i++) {
        troupe_ref_t first = relay_to(ends[i]);
        cr_assert_eq(inside(asker, tell_job, &first), 0);
        cr_assert_str_eq(notes_after(1), wanted);
    }
    cr_assert_eq(pair_logged("refused"), 0);
}

/* --- gather -----------------------------------------------------------------*/

static troupe_gather_t *
gather_from(const troupe_ref_t *targets, size_t count, const char *type,
            const troupe_gather_options_t *options)
{
    troupe_gather_t *result = NULL;
    int rc = troupe_node_gather(home, targets, count, type, options, &result,
                                "i", 5);
    cr_assert_eq(rc, 0, "%d", rc);
    return result;
}

Test(remote_ask, a_gather_asks_actors_of_both_nodes)
{
    troupe_ref_t all[5], gone = spawn_on(away, &far_clerk);
    for (int i = 0; i < 5; i++)
        all[i] = spawn_on(i % 2 ? away : home, &far_clerk);
    cr_assert_eq(troupe_node_exit(away, gone, TROUPE_EXIT_KILLED, LONG_MS), 0);
    troupe_gather_options_t options = {
        .policy = TROUPE_GATHER_ALL, .timeout_ms = LONG_MS, .attempts_max = 1};
    troupe_gather_t *result = gather_from(all, 5, "echo", &options);
    cr_assert(result->met, "%s", result->why);
    troupe_gather_destroy(&result);

    options.policy = TROUPE_GATHER_QUORUM;
    all[1] = gone;
    result = gather_from(all, 5, "echo", &options);
    cr_assert(result->met, "%s", result->why);
    troupe_gather_destroy(&result);

    /* Two hold their job for ever: they are let go when one has answered. */
    const troupe_ref_t three[] = {all[2], all[3], all[4]};
    hand_on(all[4], spawn_on(home, &probe)); /* it never answers "job" */
    options.policy = TROUPE_GATHER_DEADLINE;
    options.timeout_ms = SHORT_MS;
    result = gather_from(three, 3, "job", &options);
    cr_assert(result->met);
    cr_assert_eq(result->parts[0].outcome, TROUPE_TIMEOUT);
    cr_assert_eq(result->parts[1].outcome, TROUPE_TIMEOUT);
    cr_assert_eq(result->parts[2].outcome, TROUPE_ERROR);
    troupe_gather_destroy(&result);
}
