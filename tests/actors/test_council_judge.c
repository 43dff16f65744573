/* SPDX-License-Identifier: Apache-2.0 */
/* test_council_judge.c: judges that fail, and queries that are interrupted. */
#include <criterion/criterion.h>

#include <jansson.h>
#include <string.h>

#include "troupe_query.h"

#include "actors/council_world.h"

TestSuite(council_judge, .init = council_begin, .fini = council_end,
          .timeout = 60);

static const char *
text(const json_t *root, const char *key)
{
    const char *text = json_string_value(json_object_get(root, key));
    return text ? text : "";
}

static const char *
complaint(const json_t *root, size_t index)
{
    const char *text = json_string_value(
        json_array_get(json_object_get(root, "degraded"), index));
    return text ? text : "";
}

Test(council_judge, a_judge_that_fails_is_not_one_that_cannot_decide)
{
    static const char *const says[] = {"x", "y", NULL};
    static const struct {
        const char *judge, *state, *reason;
        uint64_t outcome;
    } cases[] = {
        {"A", "usable", "", TROUPE_QUERY_DEGRADED},
        {"!", "failed", "the line is dead", TROUPE_QUERY_DEGRADED},
        {"~", "timeout", "it is too late", TROUPE_QUERY_DEGRADED},
        {"$", "budget", "the budget: nothing is left", TROUPE_QUERY_BUDGET},
        {"%", "failed", "its answer is not that of a model",
         TROUPE_QUERY_DEGRADED},
        {"/", "failed", "the mailbox was full", TROUPE_QUERY_DEGRADED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t outcome = 0;
        json_t *root = council_ask_judged(says, cases[i].judge, &outcome);
        const json_t *judge = json_object_get(root, "judge");
        cr_assert_eq(outcome, cases[i].outcome, "%s", cases[i].judge);
        cr_assert_str_eq(text(judge, "state"), cases[i].state);
        cr_assert_str_eq(text(judge, "reason"), cases[i].reason);
        bool failed = i > 0;
        cr_assert_eq(json_array_size(json_object_get(root, "degraded")),
                     failed);
        cr_assert(!failed
                  || strstr(complaint(root, 0), "the judge gave no answer: "));
        json_decref(root);
    }
}

Test(council_judge, who_pays_for_no_budget_pays_for_the_judge_too)
{
    static const char *const says[] = {"x", "y", NULL};
    uint64_t outcome = 0;
    json_t *root = council_ask_judged(says, "A", &outcome);
    const json_t *cost = json_object_get(root, "cost");
    cr_assert_eq(json_integer_value(json_object_get(cost, "calls")), 4);
    cr_assert_eq(json_integer_value(json_object_get(cost, "tokens")), 16);
    json_decref(root);
}

Test(council_judge, an_interrupt_ends_the_wait_for_it)
{
    static const char *const says[] = {"x", "y", NULL};
    uint64_t outcome = 0;
    json_t *root = council_ask_judged(says, "^", &outcome);
    const json_t *judge = json_object_get(root, "judge");
    cr_assert_eq(outcome, TROUPE_QUERY_DEGRADED);
    cr_assert_str_eq(text(judge, "state"), "interrupted");
    cr_assert_str_eq(complaint(root, 0),
                     "the judge gave no answer: it was interrupted");
    cr_assert_str_eq(complaint(root, 1), "it was interrupted");
    json_decref(root);
}

Test(council_judge, who_is_cut_off_by_an_interrupt_was_needed)
{
    static const char *const says[] = {"x", "x", "?", "^", "?", NULL};
    uint64_t outcome = 0;
    json_t *root = council_ask(says, 20000, &outcome);
    cr_assert_eq(outcome, TROUPE_QUERY_NO_QUORUM);
    cr_assert_eq(json_integer_value(json_object_get(root, "not_needed")), 0);
    /* The first two may have answered before it, or not. */
    json_int_t failed = json_integer_value(json_object_get(root, "failed"));
    cr_assert(failed >= 3 && failed <= 5);
    const json_t *last = json_array_get(json_object_get(root, "answers"), 4);
    cr_assert_str_eq(text(last, "state"), "interrupted");
    cr_assert_str_eq(complaint(root, (size_t) failed - 1),
                     "e: it was interrupted");
    json_decref(root);
}
