/* SPDX-License-Identifier: Apache-2.0 */
/* test_model_journal.c: what a model has answered is given, not bought again. */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <troupe.h>

#include "actors/mock_server.h"
#include "actors/model_pack.h"
#include "actors/model_world.h"
#include "scratch_dir.h"
#include "troupe_budget.h"
#include "troupe_journal.h"
#include "troupe_model.h"

static struct scratch_dir dir;
static char *path;
static troupe_t *node;
static troupe_ref_t backend, journal, budget;

/* A run, the first or one that goes on; its budget is of so many calls. */
static void
run_begin(bool again, uint64_t calls)
{
    troupe_spawn_options_t thread = {.place = TROUPE_OWN_THREAD};
    troupe_cost_t used = {0};
    bool known = true;
    if (again)
        cr_assert_eq(troupe__model_spent(path, &used, &known), 0);
    cr_assert_eq(troupe_new(NULL, &node), 0);
    cr_assert_eq(
        troupe_node_spawn(node, &troupe_model_backend, NULL, &backend, NULL),
        0);
    cr_assert_eq(troupe_node_spawn(node, &troupe_journal_actor, &thread,
                                   &journal, "{s:s, s:U}", "path", path, "mode",
                                   (uint64_t) (again ? TROUPE_JOURNAL_RESUME
                                                     : TROUPE_JOURNAL_CREATE)),
                 0);
    cr_assert_eq(troupe_node_spawn(node, &troupe_budget_keeper, NULL, &budget,
                                   "{s:U, s:U, s:U, s:f, s:b}", "calls", calls,
                                   "used_calls", used.calls, "used_tokens",
                                   used.tokens, "used_money", used.money,
                                   "used_known", (int) known),
                 0);
}

static void
run_end(void)
{
    cr_assert_eq(troupe_destroy(&node), 0);
}

static void
begin(void)
{
    cr_assert(mock_begin());
    scratch_dir_make(&dir);
    path = strdup(scratch_dir_path(&dir, "journal.db"));
}

static void
end(void)
{
    mock_end();
    free(path);
    scratch_dir_remove(&dir);
}

TestSuite(model_journal, .init = begin, .fini = end, .timeout = 60);

static troupe_ref_t
model(const char *name)
{
    troupe_ref_t ref;
    cr_assert_eq(
        troupe_node_spawn(node, &troupe_model, NULL, &ref,
                          "{s:R, s:R, s:R, s:s, s:s, s:s, s:U, s:f, s:f, s:U}",
                          "backend", backend, "budget", budget, "journal",
                          journal, "url", mock_url(), "model", name, "id",
                          "one", "max_tokens", UINT64_C(100), "price_in", 1.0,
                          "price_out", 2.0, "attempts", UINT64_C(1)),
        0);
    return ref;
}

struct said {
    int code;
    char text[128];
    bool replayed;
    double cost;
};

static struct said
ask(troupe_ref_t ref, const char *prompt, bool kept_only, uint32_t timeout_ms)
{
    struct said said = {0};
    troupe_message_t *reply = NULL;
    const char *text = NULL;
    said.code =
        troupe_node_ask(node, ref, "ask", timeout_ms, &reply, "{s:s, s:b}",
                        "prompt", prompt, "kept_only", (int) kept_only);
    int rc = said.code != 0 ? 0
                            : troupe_unpack(reply, "{s:s, s:b, s:f}", "text",
                                            &text, "replayed", &said.replayed,
                                            "cost", &said.cost);
    cr_assert_eq(rc, 0);
    snprintf(said.text, sizeof said.text, "%s",
             said.code == 0 ? text : troupe_node_ask_words());
    troupe_message_destroy(&reply);
    return said;
}

static bool
is_known(void)
{
    troupe_message_t *reply = NULL;
    bool known = false;
    cr_assert_eq(troupe_node_ask(node, budget, "state", 0, &reply, NULL), 0);
    cr_assert_eq(troupe_unpack(reply, "{s:b}", "known", &known), 0);
    troupe_message_destroy(&reply);
    return known;
}

Test(model_journal, an_answer_is_paid_for_once_and_its_cost_is_remembered)
{
    run_begin(false, 0);
    struct said first = ask(model("say=a b"), "one two", false, 20000);
    cr_assert_eq(first.code, 0, "%s", first.text);
    cr_assert_not(first.replayed);
    struct said again = ask(model("say=a b"), "one two", false, 20000);
    cr_assert(again.replayed);
    cr_assert_str_eq(again.text, "a b");
    cr_assert_float_eq(again.cost, first.cost, 1e-12);
    cr_assert_eq(model_count(node, backend, "calls"), 1u);
    cr_assert_eq(model_count(node, budget, "calls"), 1u);
    uint64_t tokens = model_count(node, budget, "tokens");
    cr_assert_eq(tokens, 4u);
    run_end();
    run_begin(true, 0);
    cr_assert_eq(model_count(node, budget, "calls"), 1u);
    cr_assert_eq(model_count(node, budget, "tokens"), tokens);
    again = ask(model("say=a b"), "one two", false, 20000);
    cr_assert(again.replayed);
    cr_assert_eq(model_count(node, backend, "calls"), 0u);
    cr_assert_eq(model_count(node, budget, "calls"), 1u, "replayed, not spent");
    cr_assert(is_known());
    run_end();
}

Test(model_journal, what_another_question_is_is_asked)
{
    run_begin(false, 0);
    (void) ask(model("say=x"), "one", false, 20000);
    cr_assert_not(ask(model("say=x"), "two", false, 20000).replayed);
    cr_assert_not(ask(model("say=x+delay=1ms"), "one", false, 20000).replayed);
    cr_assert(ask(model("say=x"), "one", false, 20000).replayed);
    cr_assert_eq(model_count(node, backend, "calls"), 3u);
    run_end();
}

Test(model_journal, a_budget_holds_over_the_whole_run_and_replays_are_free)
{
    run_begin(false, 2);
    cr_assert_eq(ask(model("say=x"), "one", false, 20000).code, 0);
    cr_assert_eq(ask(model("say=x"), "two", false, 20000).code, 0);
    cr_assert_eq(ask(model("say=x"), "three", false, 20000).code, -ENOSPC);
    run_end();
    run_begin(true, 2);
    cr_assert_eq(ask(model("say=x"), "one", false, 20000).code, 0);
    cr_assert_eq(ask(model("say=x"), "two", false, 20000).code, 0);
    cr_assert_eq(ask(model("say=x"), "three", false, 20000).code, -ENOSPC);
    cr_assert_eq(model_count(node, backend, "calls"), 0u);
    run_end();
}

Test(model_journal, what_failed_is_asked_again_and_what_it_cost_counts)
{
    run_begin(false, 0);
    cr_assert_eq(ask(model("500=1+say=x"), "one", false, 20000).code, -EIO);
    cr_assert_eq(ask(model("401"), "one", false, 20000).code, -EPROTO);
    uint64_t calls = model_count(node, budget, "calls");
    run_end();
    run_begin(true, 0);
    cr_assert_eq(model_count(node, budget, "calls"), calls);
    struct said said = ask(model("500=1+say=x"), "one", false, 20000);
    cr_assert_eq(said.code, 0, "%s", said.text);
    cr_assert_not(said.replayed);
    run_end();
}

Test(model_journal, what_nobody_heard_the_end_of_may_have_cost_the_most)
{
    run_begin(false, 0);
    cr_assert_lt(ask(model("hang"), "12345678", false, 1000).code, 0);
    run_end();
    run_begin(true, 0);
    cr_assert_eq(model_count(node, budget, "calls"), 1u);
    cr_assert_eq(model_count(node, budget, "tokens"), 103u,
                 "8 bytes / 4 + 1 + 100");
    cr_assert_not(is_known());
    run_end();
}

Test(model_journal, only_what_is_kept_can_be_asked_for)
{
    run_begin(false, 0);
    cr_assert_eq(ask(model("say=x"), "one", true, 20000).code, -ENOSPC);
    cr_assert_eq(ask(model("say=x"), "one", false, 20000).code, 0);
    cr_assert(ask(model("say=x"), "one", true, 20000).replayed);
    cr_assert_eq(model_count(node, backend, "calls"), 1u);
    run_end();
}
