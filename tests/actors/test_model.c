/* SPDX-License-Identifier: Apache-2.0 */
/* test_model.c: models against a real server that fails on demand. */
#include <criterion/criterion.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <troupe.h>

#include "troupe_budget.h"
#include "troupe_model.h"
#include "troupe_rate.h"

#include "actors/mock_server.h"
#include "actors/model_world.h"

#define NOBODY                                                                 \
    (troupe_ref_t)                                                             \
    {                                                                          \
        0                                                                      \
    }

static troupe_t *node;
static troupe_ref_t backend, limiter, budget;

static void
begin(void)
{
    model_world_begin(&node, &backend);
    limiter = budget = NOBODY;
}

static void
end(void)
{
    model_world_end(&node);
}

TestSuite(model, .init = begin, .fini = end, .timeout = 60);

static troupe_ref_t
model_at(const char *url, const char *name, bool stream)
{
    troupe_ref_t ref;
    cr_assert_eq(troupe_node_spawn(
                     node, &troupe_model, NULL, &ref,
                     "{s:R, s:R, s:R, s:s, s:s, s:b, s:f, s:f, s:U, s:U}",
                     "backend", backend, "limiter", limiter, "budget", budget,
                     "url", url, "model", name, "stream", (int) stream,
                     "price_in", 1.0, "price_out", 2.0, "max_tokens",
                     UINT64_C(100), "size_max", UINT64_C(100000)),
                 0);
    return ref;
}

struct said {
    int code;
    char text[256]; /* or the words of the error */
    bool truncated;
    int64_t in, out;
    double cost;
    uint64_t attempts;
};

static struct said
ask_for(troupe_ref_t model, uint32_t timeout_ms)
{
    struct said said = {0};
    troupe_message_t *reply = NULL;
    const char *text = NULL;
    said.code = troupe_node_ask(node, model, "ask", timeout_ms, &reply, "{s:s}",
                                "prompt", "one two three");
    if (said.code == 0) {
        cr_assert_eq(troupe_unpack(reply, "{s:s, s:b, s:I, s:I, s:f, s:U}",
                                   "text", &text, "truncated", &said.truncated,
                                   "prompt_tokens", &said.in,
                                   "completion_tokens", &said.out, "cost",
                                   &said.cost, "attempts", &said.attempts),
                     0);
    }
    snprintf(said.text, sizeof said.text, "%s",
             said.code == 0 ? text : troupe_node_ask_words());
    troupe_message_destroy(&reply);
    return said;
}

static struct said
ask(const char *name, bool stream)
{
    return ask_for(model_at(mock_url(), name, stream), 20000);
}

#define EXPECT_WORDS(said, part)                                               \
    cr_assert(strstr((said).text, part), "'%s' lacks '%s'", (said).text, part)

Test(model, answers_in_one_piece_and_as_a_stream)
{
    for (int stream = 0; stream < 2; stream++) {
        struct said said = ask("say=yes, it is", stream);
        cr_assert_eq(said.code, 0, "%s", said.text);
        cr_assert_str_eq(said.text, "yes, it is");
        cr_assert_eq(said.in, 3);
        cr_assert_eq(said.out, 3);
        cr_assert_float_eq(said.cost, 9e-6, 1e-12);
        cr_assert_eq(said.attempts, 1u);
        cr_assert_not(said.truncated);
    }
}

Test(model, says_so_when_it_does_not_know)
{
    struct said said = ask("say=a b+nousage", true);
    cr_assert_eq(said.code, 0);
    cr_assert_eq(said.in, -1);
    cr_assert_eq(said.out, -1);
    cr_assert(isnan(said.cost));
    said = ask("say=a b+length", true);
    cr_assert(said.truncated);
}

Test(model, reads_a_whole_body_where_it_asked_for_a_stream)
{
    struct said said = ask("say=a b+nostream", true);
    cr_assert_eq(said.code, 0);
    cr_assert_str_eq(said.text, "a b");
}

Test(model, tries_again_after_errors_that_may_heal)
{
    struct said said = ask("say=yes+500=2", false);
    cr_assert_eq(said.code, 0, "%s", said.text);
    cr_assert_eq(said.attempts, 3u);
    said = ask("500", false);
    cr_assert_eq(said.code, -EIO);
    EXPECT_WORDS(said, "HTTP 500: the mock was told to fail");
    EXPECT_WORDS(said, "the last of 3 attempts");
}

Test(model, does_not_try_again_what_is_refused_or_senseless)
{
    struct said said = ask("401", false);
    cr_assert_eq(said.code, -EPROTO);
    EXPECT_WORDS(said, "HTTP 401");
    said = ask("badjson", false);
    cr_assert_eq(said.code, -EPROTO);
    EXPECT_WORDS(said, "not the JSON of a chat completion");
    cr_assert_eq(model_count(node, backend, "calls"), 2u);
}

Test(model, a_refusal_makes_all_models_of_a_limiter_rest)
{
    cr_assert_eq(
        troupe_node_spawn(node, &troupe_rate_limiter, NULL, &limiter, "{}"), 0);
    troupe_ref_t first = model_at(mock_url(), "say=yes+429=1", false);
    troupe_ref_t second = model_at(mock_url(), "say=no", false);
    uint64_t begun_ns = troupe_now_ns(node);
    struct said said = ask_for(first, 20000);
    cr_assert_eq(said.code, 0, "%s", said.text);
    cr_assert_eq(said.attempts, 2u);
    cr_assert_geq(troupe_now_ns(node) - begun_ns, 1000000000u);
    cr_assert_eq(model_count(node, limiter, "refused"), 1u);
    /* Another model's refusal, and this one waits too. */
    cr_assert_eq(troupe_node_send(node, limiter, "refused", "{s:U}", "after_ms",
                                  UINT64_C(400)),
                 0);
    begun_ns = troupe_now_ns(node);
    said = ask_for(second, 20000);
    cr_assert_str_eq(said.text, "no");
    cr_assert_geq(troupe_now_ns(node) - begun_ns, 390000000u);
    /* Nobody waits for what cannot be in time. */
    cr_assert_eq(troupe_node_send(node, limiter, "refused", "{s:U}", "after_ms",
                                  UINT64_C(3600000)),
                 0);
    said = ask_for(second, 5000);
    cr_assert_eq(said.code, -ETIMEDOUT);
    EXPECT_WORDS(said, "the rate limit lets it through in");
}

/* It is not the limit that is to be looked at, but what made it try again. */
Test(model, a_limit_that_ends_a_retry_does_not_hide_why_there_was_one)
{
    cr_assert_eq(troupe_node_spawn(node, &troupe_rate_limiter, NULL, &limiter,
                                   "{s:U}", "requests", UINT64_C(1)),
                 0);
    struct said said =
        ask_for(model_at(mock_url(), "say=yes+500", false), 5000);
    cr_assert_eq(said.code, -ETIMEDOUT);
    EXPECT_WORDS(said, "the rate limit lets it through in");
    EXPECT_WORDS(said, "before it: HTTP 500: the mock was told to fail");
}

/* An attempt that cost nothing gives back what it was thought to use. */
Test(model, a_failure_costs_no_tokens_of_the_rate_limit)
{
    cr_assert_eq(troupe_node_spawn(node, &troupe_rate_limiter, NULL, &limiter,
                                   "{s:U}", "tokens", UINT64_C(300)),
                 0);
    troupe_ref_t ref = model_at(mock_url(), "say=yes+500=2", false);
    struct said said = ask_for(ref, 5000);
    cr_assert_eq(said.code, 0, "%s", said.text);
    cr_assert_eq(said.attempts, 3u);
}

Test(model, a_server_that_is_not_there_is_an_error_soon)
{
    struct said said =
        ask_for(model_at("http://127.0.0.1:1/v1", "x", false), 20000);
    cr_assert_eq(said.code, -EIO);
    EXPECT_WORDS(said, "connect");
    said = ask("refuse", false);
    cr_assert_eq(said.code, -EIO);
    said = ask_for(model_at("gopher://127.0.0.1/", "x", false), 20000);
    cr_assert_eq(said.code, -EPROTO);
}

Test(model, a_slow_stream_is_read_to_its_end_and_a_cut_one_is_no_answer)
{
    struct said said = ask("say=a b c d e+drip=20ms", true);
    cr_assert_str_eq(said.text, "a b c d e");
    said = ask("say=a b c d e+cut=3", true);
    cr_assert_eq(said.code, -EIO);
    EXPECT_WORDS(said, "broke off");
    said = ask("say=a b c d e+lie", false);
    cr_assert_eq(said.code, -EIO);
    EXPECT_WORDS(said, "broke off");
}

Test(model, a_huge_body_is_not_taken_in)
{
    struct said said = ask("huge=500000000", false);
    cr_assert_eq(said.code, -EPROTO);
    EXPECT_WORDS(said, "over 100000 bytes");
}

/* Asks until the backend has given up what nobody waits for. */
static void
expect_none_open(void)
{
    while (model_count(node, backend, "open") > 0)
        ;
}

Test(model, a_server_that_hangs_is_left_at_the_deadline)
{
    struct said said = ask_for(model_at(mock_url(), "hang", false), 300);
    cr_assert_eq(said.code, -ETIMEDOUT);
    expect_none_open();
}

struct quitter {
    troupe_ask_t ask;
    troupe_token_t token;
};

static int
on_quit_answer(troupe_context_t *ctx, void *state,
               const troupe_answer_t *answer)
{
    struct quitter *self = state;
    return troupe_reply_to(ctx, &self->token, "i", (int) answer->outcome);
}

static int
on_begin(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct quitter *self = state;
    troupe_ref_t model;
    troupe_ask_options_t options = {.timeout_ms = 60000,
                                    .answer = on_quit_answer};
    int rc = troupe_unpack(msg, "R", &model);
    return rc < 0 ? rc
                  : troupe_ask_with(ctx, model, "ask", &options, &self->ask,
                                    "{s:s}", "prompt", "x");
}

static int
on_quit(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct quitter *self = state;
    (void) msg;
    int rc = troupe_defer(ctx, &self->token);
    return rc < 0 ? rc : troupe_cancel(ctx, self->ask);
}

TROUPE_KIND(quitter, struct quitter, TROUPE_ON("begin", on_begin),
            TROUPE_ON("quit", on_quit));

Test(model, a_call_that_nobody_waits_for_is_broken_off)
{
    cr_assert_eq(troupe_node_spawn(node, &troupe_budget_keeper, NULL, &budget,
                                   "{s:U}", "tokens", UINT64_C(1000)),
                 0);
    troupe_ref_t model = model_at(mock_url(), "hang", true), ref;
    cr_assert_eq(troupe_node_spawn(node, &quitter, NULL, &ref, NULL), 0);
    troupe_message_t *reply = NULL;
    int outcome = 0;
    cr_assert_eq(troupe_node_send(node, ref, "begin", "R", model), 0);
    while (model_count(node, backend, "open") == 0)
        ;
    cr_assert_eq(troupe_node_ask(node, ref, "quit", 20000, &reply, NULL), 0);
    cr_assert_eq(troupe_unpack(reply, "i", &outcome), 0);
    troupe_message_destroy(&reply);
    cr_assert_eq(outcome, TROUPE_CANCELLED);
    expect_none_open();
    cr_assert_eq(troupe_settle(node, 5000), 0);
    cr_assert_eq(model_count(node, budget, "reserved"), 0u);
    cr_assert_eq(model_count(node, budget, "calls"),
                 1u); /* it may have been paid */
}

Test(model, a_budget_is_not_overdrawn)
{
    cr_assert_eq(troupe_node_spawn(node, &troupe_budget_keeper, NULL, &budget,
                                   "{s:U}", "tokens", UINT64_C(110)),
                 0);
    troupe_ref_t model = model_at(mock_url(), "say=yes", false);
    cr_assert_eq(ask_for(model, 20000).code, 0);
    cr_assert_eq(troupe_settle(node, 5000), 0);
    cr_assert_eq(model_count(node, budget, "tokens"), 4u);
    cr_assert_eq(ask_for(model, 20000).code, 0);
    struct said said = ask_for(model, 20000);
    cr_assert_eq(said.code, -ENOSPC);
    EXPECT_WORDS(said, "are wanted, 102 of 110 are left");
}

Test(model, connections_are_used_again)
{
    troupe_ref_t model = model_at(mock_url(), "say=yes", true);
    for (int i = 0; i < 10; i++)
        cr_assert_eq(ask_for(model, 20000).code, 0);
    cr_assert_eq(model_count(node, backend, "calls"), 10u);
    cr_assert_eq(model_count(node, backend, "connected"), 1u);
}

Test(model, a_breaker_spares_a_server_that_fails_all_the_time)
{
    troupe_ref_t model = model_at(mock_url(), "500", false);
    struct said said = {0};
    for (int i = 0; i < 4 && said.code != -EBUSY; i++)
        said = ask_for(model, 20000);
    cr_assert_eq(said.code, -EBUSY);
    EXPECT_WORDS(said,
                 "no calls to it for a while; the last failure: HTTP 500");
    cr_assert_null(strstr(said.text, "attempts"));
    cr_assert_eq(model_count(node, backend, "calls"), 5u);
}

static troupe_ref_t
with_key(void)
{
    troupe_ref_t ref;
    cr_assert_eq(troupe_node_spawn(node, &troupe_model, NULL, &ref,
                                   "{s:R, s:s, s:s, s:s}", "backend", backend,
                                   "url", mock_url(), "model", "500", "key_env",
                                   "TROUPE_TEST_NO_SUCH_KEY"),
                 0);
    return ref;
}

Test(model, a_missing_key_is_named_and_a_key_is_in_no_words)
{
    troupe_ref_t ref = with_key();
    struct said said = ask_for(ref, 20000);
    cr_assert_eq(said.code, -EPROTO);
    EXPECT_WORDS(said, "TROUPE_TEST_NO_SUCH_KEY");
    setenv("TROUPE_TEST_NO_SUCH_KEY", "told to", 1);
    said = ask_for(ref, 20000);
    EXPECT_WORDS(said, "the mock was ******* fail");
    /* Cut off within it, as words may be. */
    setenv("TROUPE_TEST_NO_SUCH_KEY", "fail again", 1);
    said = ask_for(with_key(), 20000);
    EXPECT_WORDS(said, "the mock was told to ****");
}
