/* SPDX-License-Identifier: Apache-2.0 */
/* test_council_run.c: councils of actors, and of models behind a server. */
#include <criterion/criterion.h>

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include <troupe.h>

#include "troupe_hedge.h"
#include "troupe_query.h"

#include "actors/council_world.h"
#include "actors/mock_server.h"

TestSuite(council_actor, .init = council_begin, .fini = council_end,
          .timeout = 60);

static int64_t
number(const json_t *root, const char *key)
{
    return json_integer_value(json_object_get(root, key));
}

static const char *
best(const json_t *root)
{
    const char *text = json_string_value(
        json_object_get(json_object_get(root, "best"), "answer"));
    return text ? text : "";
}

/* asked = answered + failed + not needed, and usable is a part of answered. */
static void
expect_counts(const json_t *root, int asked, int answered, int usable,
              int failed)
{
    cr_assert_eq(number(root, "asked"), asked);
    cr_assert_eq(number(root, "answered"), answered);
    cr_assert_eq(number(root, "usable"), usable);
    cr_assert_eq(number(root, "failed"), failed);
    cr_assert_eq(number(root, "not_needed"), asked - answered - failed);
}

Test(council_actor, who_fails_is_no_vote_and_is_named)
{
    static const char *const says[] = {"x", "x", "y", "!", "%", NULL};
    uint64_t outcome = 0;
    json_t *root = council_ask(says, 20000, &outcome);
    cr_assert_eq(outcome, TROUPE_QUERY_DEGRADED);
    cr_assert_str_eq(best(root), "x");
    expect_counts(root, 5, 3, 3, 2);
    const json_t *degraded = json_object_get(root, "degraded");
    cr_assert_eq(json_array_size(degraded), 2u);
    cr_assert_str_eq(json_string_value(json_array_get(degraded, 0)),
                     "d: the line is dead");
    const json_t *score =
        json_object_get(json_object_get(root, "consensus"), "score");
    cr_assert_float_eq(json_real_value(score), 2.0 / 3, 1e-9);
    json_decref(root);
}

Test(council_actor, one_survivor_is_not_called_unanimous)
{
    static const char *const says[] = {"x", "!", "!", NULL};
    uint64_t outcome = 0;
    json_t *root = council_ask(says, 20000, &outcome);
    cr_assert_eq(outcome, TROUPE_QUERY_NO_QUORUM);
    expect_counts(root, 3, 1, 1, 2);
    cr_assert(json_is_null(json_object_get(root, "best")));
    cr_assert(json_is_null(
        json_object_get(json_object_get(root, "consensus"), "score")));
    json_decref(root);
}

Test(council_actor, the_rest_is_given_up_when_the_leader_cannot_lose)
{
    static const char *const says[] = {"x", "x", "x", "?", "?", NULL};
    uint64_t outcome = 0;
    json_t *root = council_ask(says, 20000, &outcome);
    cr_assert_eq(outcome, TROUPE_QUERY_COMPLETE);
    expect_counts(root, 5, 3, 3, 0);
    json_decref(root);
    bool cancelled = false;
    troupe_message_t *reply = NULL;
    cr_assert_eq(troupe_settle(council_node, 5000), 0);
    cr_assert_eq(troupe_node_ask(council_node, council_speakers[4], "look", 0,
                                 &reply, NULL),
                 0);
    cr_assert_eq(troupe_unpack(reply, "b", &cancelled), 0);
    troupe_message_destroy(&reply);
    cr_assert(cancelled);
}

Test(council_actor, a_model_that_crashes_is_asked_again)
{
    static const char *const says[] = {"#x", "#x", "y", NULL};
    uint64_t outcome = 0;
    json_t *root = council_ask(says, 20000, &outcome);
    cr_assert_eq(outcome, TROUPE_QUERY_COMPLETE);
    cr_assert_str_eq(best(root), "x");
    json_decref(root);
}

Test(council_actor, the_deadline_ends_it_and_is_told_apart)
{
    static const char *const says[] = {"x", "?", "?", NULL};
    uint64_t outcome = 0;
    json_t *root = council_ask(says, 200, &outcome);
    cr_assert_eq(outcome, TROUPE_QUERY_DEADLINE);
    expect_counts(root, 3, 1, 1, 2);
    json_decref(root);
    static const char *const others[] = {"x", "x", "?", NULL};
    root = council_ask(others, 200, &outcome);
    cr_assert_eq(outcome, TROUPE_QUERY_COMPLETE); /* decided before */
    json_decref(root);
    static const char *const unpaid[] = {"x", "y", "x", "$", NULL};
    root = council_ask(unpaid, 20000, &outcome);
    cr_assert_eq(outcome, TROUPE_QUERY_BUDGET);
    cr_assert_str_eq(best(root), "x");
    json_decref(root);
}

Test(council_actor, options_that_are_wrong_are_refused)
{
    troupe_query_t *query = NULL;
    troupe_query_options_t options = troupe_query_options_default();
    troupe_query_model_t model =
        troupe_query_model_default("m", "http://127.0.0.1:1", "x");
    cr_assert_eq(troupe_query_run(council_node, &options, &query), -EINVAL);
    options.prompt = "x";
    cr_assert_eq(troupe_query_run(council_node, &options, &query), -EINVAL);
    options.models = &model;
    options.model_count = 1;
    options.type = TROUPE_QUERY_RANKING;
    cr_assert_eq(troupe_query_run(council_node, &options, &query), -EINVAL);
    options.type = TROUPE_QUERY_TEXT;
    options.quorum = 2;
    cr_assert_eq(troupe_query_run(council_node, &options, &query), -EINVAL);
    options.quorum = 0;
    options.attempts = 1;
    cr_assert_eq(troupe_query_run(council_node, &options, &query), 0);
    cr_assert_eq(troupe_query_outcome(query), TROUPE_QUERY_NO_QUORUM);
    cr_assert_eq(strncmp(troupe_query_text(query), "No quorum: 0 of 1", 17), 0);
    troupe_query_destroy(&query);
}

/* All of them, between x and y. */
static troupe_query_t *
choose(const troupe_query_model_t *models, uint32_t count)
{
    static const char *const choices[] = {"x", "y"};
    troupe_query_options_t options = troupe_query_options_default();
    options.prompt = "x or y?";
    options.type = TROUPE_QUERY_CHOICE;
    options.choices = choices;
    options.choice_count = 2;
    options.models = models;
    options.model_count = count;
    options.ask_all = true;
    troupe_query_t *query = NULL;
    cr_assert_eq(troupe_query_run(council_node, &options, &query), 0);
    return query;
}

Test(council_actor, models_behind_a_server_are_asked_at_once)
{
    enum { MODELS = 20 };
    static char names[MODELS][16];
    troupe_query_model_t models[MODELS];
    cr_assert(mock_begin());
    for (int i = 0; i < MODELS; i++) {
        snprintf(names[i], sizeof names[i], "m%d", i);
        models[i] = troupe_query_model_default(
            names[i], mock_url(),
            i % 4 == 0 ? "say=y+delay=300ms" : "say=x+delay=300ms");
        models[i].provider = "mock";
        models[i].stream = i % 2 == 1;
    }
    troupe_query_t *query = choose(models, MODELS);
    cr_assert_eq(troupe_query_outcome(query), TROUPE_QUERY_COMPLETE, "%s",
                 troupe_query_text(query));
    json_t *root = json_loads(troupe_query_json(query), 0, NULL);
    expect_counts(root, MODELS, MODELS, MODELS, 0);
    cr_assert_str_eq(best(root), "x");
    /* One after another they would take 6 s. */
    cr_assert_lt(json_real_value(json_object_get(root, "elapsed_ms")), 3000.0);
    json_decref(root);
    troupe_query_destroy(&query);
    mock_end();
}

/* Two in forty: those of the first five are two, whoever of them makes them. */
Test(council_actor, members_of_one_model_share_its_second_asks)
{
    enum { MODELS = 6, KNOWN = 20, ASKS = 39, MS = 5 };
    static const char *const names[] = {"a", "b", "c", "d", "e", "other"};
    troupe_query_model_t models[MODELS];
    troupe_hedge_t hedge;
    cr_assert(mock_begin());
    cr_assert_eq(troupe_hedge_init(&hedge, NULL), 0);
    for (int i = 0; i < KNOWN; i++)
        troupe_hedge_record(&hedge, MS * UINT64_C(1000000));
    hedge.asks = ASKS;
    for (int i = 0; i < MODELS; i++) {
        models[i] = troupe_query_model_default(
            names[i], mock_url(),
            i < MODELS - 1 ? "say=x+delay=1s" : "say=y+delay=1s");
        models[i].hedge = &hedge;
    }
    troupe_query_t *query = choose(models, MODELS);
    json_t *root = json_loads(troupe_query_json(query), 0, NULL);
    json_int_t hedged = json_integer_value(
        json_object_get(json_object_get(root, "cost"), "hedged"));
    cr_assert_eq(hedged, 2 + 1, "%lld", (long long) hedged);
    json_decref(root);
    troupe_query_destroy(&query);
    mock_end();
}
