/* SPDX-License-Identifier: Apache-2.0 */
/* test_model_hedge.c: a second request where the first one is late. */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <troupe.h>

#include "actors/mock_server.h"
#include "actors/model_pack.h"
#include "actors/model_world.h"
#include "troupe_budget.h"
#include "troupe_hedge.h"
#include "troupe_model.h"
#include "troupe_query.h"

static troupe_t *node;
static troupe_ref_t backend, budget;

static void
begin(void)
{
    model_world_begin(&node, &backend);
}

static void
end(void)
{
    model_world_end(&node);
}

TestSuite(model_hedge, .init = begin, .fini = end, .timeout = 60);

/* With so many latencies of 5 ms known, as of so many asks and hedges. */
static troupe_hedge_t
known(uint32_t samples, uint64_t asks, uint64_t hedges)
{
    troupe_hedge_t hedge;
    cr_assert_eq(troupe_hedge_init(&hedge, NULL), 0);
    for (uint32_t i = 0; i < samples; i++)
        troupe_hedge_record(&hedge, 5000000);
    hedge.asks = asks;
    hedge.hedges = hedges;
    return hedge;
}

static troupe_ref_t
model(const char *name, const troupe_hedge_t *hedge, uint64_t calls)
{
    troupe_query_model_t what =
        troupe_query_model_default("one", mock_url(), name);
    troupe_child_spec_t spec = {.id = "one"};
    troupe_ref_t ref;
    what.hedge = hedge;
    cr_assert_eq(troupe_node_spawn(node, &troupe_budget_keeper, NULL, &budget,
                                   "{s:U}", "calls", calls),
                 0);
    const struct model_means means = {.backend = backend, .budget = budget};
    cr_assert_eq(troupe__model_pack(&what, &means, 1, &spec), 0);
    cr_assert_eq(troupe_node_spawn(node, &troupe_model, NULL, &ref, "r",
                                   spec.arguments, spec.arguments_size),
                 0);
    troupe_child_spec_clear(&spec);
    return ref;
}

struct said {
    int code;
    bool hedged;
    uint64_t attempts;
};

static struct said
ask(troupe_ref_t ref, uint32_t timeout_ms)
{
    struct said said = {0};
    troupe_message_t *reply = NULL;
    said.code = troupe_node_ask(node, ref, "ask", timeout_ms, &reply, "{s:s}",
                                "prompt", "one");
    int rc = said.code != 0
                 ? 0
                 : troupe_unpack(reply, "{s:b, s:U}", "hedged", &said.hedged,
                                 "attempts", &said.attempts);
    cr_assert_eq(rc, 0);
    troupe_message_destroy(&reply);
    return said;
}

/* The loser is given up: nothing of it is left. */
static void
wait_for_no_call(void)
{
    uint64_t open = 1;
    while (open > 0)
        open = model_count(node, backend, "open")
               + model_count(node, budget, "reserved");
}

Test(model_hedge, the_second_answers_and_the_first_is_given_up)
{
    troupe_hedge_t hedge = known(20, 100, 0);
    /* The mock's second request is late; the first is for another one. */
    cr_assert_eq(ask(model("say=a+late=50s+nth=2", NULL, 0), 30000).code, 0);
    troupe_ref_t ref = model("say=a+late=50s+nth=2", &hedge, 0);
    struct said said = ask(ref, 30000);
    cr_assert_eq(said.code, 0);
    cr_assert(said.hedged);
    cr_assert_eq(said.attempts, 2u);
    cr_assert_eq(model_count(node, ref, "hedged"), 1u);
    wait_for_no_call();
    cr_assert_eq(model_count(node, backend, "calls"), 3u);
    cr_assert_eq(model_count(node, budget, "calls"), 2u, "both are counted");
}

Test(model_hedge, there_is_none_before_twenty_answers)
{
    troupe_hedge_t hedge = known(19, 100, 0);
    troupe_ref_t ref = model("say=a+delay=300ms+late=50s+nth=2", &hedge, 0);
    cr_assert_not(ask(ref, 30000).hedged);
    cr_assert_eq(model_count(node, backend, "calls"), 1u);
    cr_assert(ask(ref, 30000).hedged, "the first answer was the twentieth");
    cr_assert_eq(model_count(node, backend, "calls"), 3u);
}

Test(model_hedge, at_most_five_in_a_hundred_are_asked_twice)
{
    troupe_hedge_t few = known(20, 100, 5), more = known(20, 119, 5);
    troupe_ref_t ref = model("say=a+delay=300ms+late=50s+nth=2", &few, 0);
    cr_assert_not(ask(ref, 30000).hedged, "6 of 101 are too many");
    cr_assert_eq(model_count(node, backend, "calls"), 1u);
    ref = model("say=a+delay=300ms+late=50s+nth=2", &more, 0);
    cr_assert(ask(ref, 30000).hedged, "6 of 120 are not");
    cr_assert_eq(model_count(node, backend, "calls"), 3u);
    ref = model("say=a+delay=300ms", &more, 0);
    cr_assert_eq(ask(ref, 30000).code, 0);
    cr_assert_eq(ask(ref, 30000).code, 0);
    cr_assert_leq(model_count(node, ref, "hedged"), 1u, "7 of 121 are");
}

Test(model_hedge, none_where_the_budget_has_no_room_for_it)
{
    troupe_hedge_t hedge = known(20, 100, 0);
    troupe_ref_t ref = model("say=a+delay=1s", &hedge, 1);
    struct said said = ask(ref, 30000);
    cr_assert_eq(said.code, 0, "the first one is not harmed by that");
    cr_assert_not(said.hedged);
    cr_assert_eq(model_count(node, ref, "hedged"), 0u);
    cr_assert_eq(model_count(node, backend, "calls"), 1u);
    cr_assert_eq(model_count(node, budget, "refused"), 1u);
}

Test(model_hedge, who_gives_up_gives_both_up)
{
    troupe_hedge_t hedge = known(20, 100, 0);
    troupe_ref_t ref = model("hang", &hedge, 0);
    int code = ask(ref, 1500).code;
    cr_assert_eq(code, -ETIMEDOUT, "%d: %s", code, troupe_node_ask_words());
    wait_for_no_call();
    cr_assert_eq(model_count(node, ref, "hedged"), 1u);
    cr_assert_eq(model_count(node, budget, "calls"), 2u);
}

Test(model_hedge, an_error_of_one_is_not_the_answer_of_both)
{
    troupe_hedge_t hedge = known(20, 100, 0);
    /* Both are late by 500 ms; the first fails, and the second does not. */
    troupe_ref_t ref = model("say=a+delay=500ms+500=1", &hedge, 0);
    struct said said = ask(ref, 30000);
    cr_assert_eq(said.code, 0);
    cr_assert(said.hedged);
    cr_assert_eq(model_count(node, backend, "calls"), 2u);
}

/* A model that is started so does not live to be asked. */
static int
start_with(const char *key, const char *format, uint64_t number)
{
    char whole[64];
    troupe_ref_t ref;
    snprintf(whole, sizeof whole, "{s:R, s:s, s:s, s:b, s:%s}", format);
    int rc = troupe_node_spawn(node, &troupe_model, NULL, &ref, whole,
                               "backend", backend, "url", mock_url(), "model",
                               "say=x", "hedge", 1, key, number);
    return rc < 0 ? rc : ask(ref, 30000).code;
}

Test(model_hedge, bad_arguments_are_refused)
{
    cr_assert_eq(start_with("hedge_percentile", "U", 99), 0);
    cr_assert_lt(start_with("hedge_percentile", "U", 100), 0);
    cr_assert_lt(start_with("hedge_extra", "U", 101), 0);
    cr_assert_lt(start_with("hedge_us", "U", 7), 0);
}
