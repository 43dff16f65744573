/* SPDX-License-Identifier: Apache-2.0 */
/* test_decide.c: whole decisions: verdicts, robustness, what must not matter.
 */
#include <criterion/criterion.h>

#include <errno.h>
#include <math.h>
#include <string.h>

#include "decide_world.h"

static troupe_t *node;

static void
begin(void)
{
    cr_assert_eq(troupe_new(NULL, &node), 0);
}

static void
end(void)
{
    cr_assert_eq(troupe_destroy(&node), 0);
}

TestSuite(decide, .init = begin, .fini = end, .timeout = 60);

Test(decide, the_better_one_of_two_is_recommended_and_the_other_dominated)
{
    json_t *report = decide_report(
        node, "{'problem': 'p', 'criteria': {'price': {'direction': 'min'}, "
              "'size': {'direction': 'max'}}, 'options': {"
              "'good': {'values': {'price': 1, 'size': 5}}, "
              "'bad': {'values': {'price': 2, 'size': 4}}}}");
    cr_assert_str_eq(text_at(report, "verdict"), "recommended");
    json_t *it = json_object_get(report, "recommendation");
    cr_assert_str_eq(text_at(it, "option"), "good");
    cr_assert_float_eq(real_at(it, "first_share"), 1, 0);
    cr_assert_str_eq(text_at(option_of(report, "bad"), "dominated_by"), "good");
    cr_assert_str_eq(
        text_at(json_object_get(report, "consensus"), "condorcet_winner"),
        "good");
    json_decref(report);
}

Test(decide, options_that_are_alike_have_no_clear_winner)
{
    json_t *report = decide_report(
        node, "{'problem': 'p', 'criteria': {'price': {'direction': 'min'}, "
              "'size': {'direction': 'max'}}, 'options': {"
              "'one': {'values': {'price': 1, 'size': 5}}, "
              "'two': {'values': {'price': 1, 'size': 5}}}}");
    cr_assert_str_eq(text_at(report, "verdict"), "no_clear_winner");
    cr_assert(json_is_null(json_object_get(report, "recommendation")));
    json_decref(report);
}

/* Against each other in everything; which is better hangs on the weights. */
Test(decide, a_lead_below_the_noise_is_no_clear_winner)
{
    json_t *report = decide_report(
        node, "{'problem': 'p', 'margin': 0.2, 'criteria': {"
              "'price': {'direction': 'max', 'weight': 11}, "
              "'size': {'direction': 'max', 'weight': 10}}, 'options': {"
              "'one': {'values': {'price': 1, 'size': 0}}, "
              "'two': {'values': {'price': 0, 'size': 1}}}}");
    cr_assert_str_eq(text_at(report, "verdict"), "no_clear_winner");
    cr_assert_not_null(strstr(text_at(report, "why"), "noise of 20.0"));
    json_decref(report);
}

/* With two criteria the first weight is uniform: a is first above 0.6, b
 * below 0.4, c between. */
Test(decide, shares_of_first_ranks_are_those_of_the_weights)
{
    json_t *report = decide_report(
        node, "{'problem': 'p', 'criteria': {'x': {'direction': 'max'}, "
              "'y': {'direction': 'max'}}, 'options': {"
              "'a': {'values': {'x': 1, 'y': 0}}, "
              "'b': {'values': {'x': 0, 'y': 1}}, "
              "'c': {'values': {'x': 0.6, 'y': 0.6}}}}");
    cr_assert_float_eq(share_of(report, "a", 0), 0.4, 0.02);
    cr_assert_float_eq(share_of(report, "b", 0), 0.4, 0.02);
    cr_assert_float_eq(share_of(report, "c", 0), 0.2, 0.02);
    cr_assert_float_eq(share_of(report, "c", 1), 0.8, 0.02);
    cr_assert_float_eq(share_of(report, "c", 2), 0, 0);
    json_decref(report);
}

/* Uniform on [0, 2] against 1.5 with even weights for what is alike: the
 * triangle (0, 1, 2) is above 1.5 in 1/8 of all cases. */
Test(decide, values_between_two_ends_are_sampled)
{
    json_t *report = decide_report(
        node, "{'problem': 'p', 'criteria': {'x': {'direction': 'max'}}, "
              "'options': {'sure': {'values': {'x': 1.5}}, 'open': {'values': "
              "{'x': {'low': 0, 'mode': 1, 'high': 2}}}}}");
    cr_assert_float_eq(share_of(report, "open", 0), 0.125, 0.015);
    cr_assert_float_eq(share_of(report, "sure", 0), 0.875, 0.015);
    json_decref(report);
}

/* a: 0.7 x, b: y; they meet where both weigh 0.5. */
Test(decide, it_is_told_how_far_a_weight_may_go)
{
    json_t *report = decide_report(
        node, "{'problem': 'p', 'criteria': {'x': {'direction': 'max', "
              "'weight': 7}, 'y': {'direction': 'max', 'weight': 3}}, "
              "'options': {'a': {'values': {'x': 1, 'y': 0}}, "
              "'b': {'values': {'x': 0, 'y': 1}}}}");
    json_t *list = json_object_get(json_object_get(report, "robustness"),
                                   "weight_stability");
    json_t *x = json_array_get(list, 0);
    json_t *y = json_array_get(list, 1);
    cr_assert_float_eq(real_at(x, "weight"), 0.7, 1e-9);
    cr_assert_float_eq(real_at(x, "low"), 0.5, 1e-9);
    cr_assert_float_eq(real_at(x, "high"), 1, 1e-9);
    cr_assert_str_eq(text_at(x, "first_below"), "b");
    cr_assert_float_eq(real_at(y, "high"), 0.5, 1e-9);
    cr_assert_str_eq(text_at(y, "first_above"), "b");
    json_decref(report);
}

Test(decide, a_hard_limit_excludes_with_its_reason)
{
    json_t *report = decide_report(
        node, "{'problem': 'p', 'criteria': {'x': {'direction': 'max', "
              "'limit': 2}}, 'options': {'low': {'values': {'x': 1}}, "
              "'in': {'values': {'x': 3}}, 'also': {'values': "
              "{'x': {'low': 1, 'mode': 2.5, 'high': 3}}}}}");
    json_t *low = option_of(report, "low");
    cr_assert_str_eq(text_at(low, "status"), "excluded");
    cr_assert_str_eq(text_at(low, "reason"), "x is 1, the limit at least 2");
    cr_assert(json_is_null(json_object_get(low, "ranking")));
    cr_assert(limits_say(report, "'also' may break a hard limit"));
    json_decref(report);
}

Test(decide, the_only_one_within_the_limits_is_recommended_as_that)
{
    json_t *report = decide_report(
        node, "{'problem': 'p', 'criteria': {'x': {'direction': 'max', "
              "'limit': 2}}, 'options': {'low': {'values': {'x': 1}}, "
              "'in': {'values': {'x': 3}}}}");
    cr_assert_str_eq(text_at(report, "verdict"), "recommended");
    cr_assert_str_eq(text_at(report, "why"),
                     "it is the only option that keeps the hard limits");
    json_decref(report);
}

Test(decide, nothing_is_recommended_when_every_option_breaks_a_limit)
{
    json_t *report = decide_report(
        node, "{'problem': 'p', 'criteria': {'x': {'direction': 'max', "
              "'limit': 9}}, 'options': {'low': {'values': {'x': 1}}, "
              "'in': {'values': {'x': 3}}}}");
    cr_assert_str_eq(text_at(report, "verdict"), "insufficient_data");
    json_decref(report);
}

Test(decide, an_option_without_a_value_is_not_ranked_and_not_scored)
{
    json_t *report = decide_report(
        node, "{'problem': 'p', 'criteria': {'x': {'direction': 'max'}, 'y': "
              "{'direction': 'max'}}, 'options': {'a': {'values': {'x': 1}}, "
              "'b': {'values': {'x': 2, 'y': 3}}}}");
    cr_assert_str_eq(text_at(report, "verdict"), "insufficient_data");
    json_t *a = option_of(report, "a");
    cr_assert_str_eq(text_at(a, "status"), "insufficient_data");
    cr_assert_str_eq(text_at(a, "reason"), "no value for 'y'");
    cr_assert_str_eq(text_at(cell_of(report, "a", "cost_benefit"), "state"),
                     "insufficient_data");
    cr_assert(limits_say(report, "'a' is not ranked: insufficient data"));
    json_decref(report);
}

Test(decide, a_strategy_that_some_options_lack_has_no_part_in_the_ranking)
{
    json_t *report = decide_report(
        node, "{'problem': 'p', 'discount_rate': 0.1, 'criteria': {'x': "
              "{'direction': 'max'}}, 'options': {'a': {'values': {'x': 1}, "
              "'cash_flow': [-100, 200]}, 'b': {'values': {'x': 2}}}}");
    cr_assert_str_eq(text_at(cell_of(report, "b", "cost_benefit"), "state"),
                     "insufficient_data");
    cr_assert_float_eq(
        real_at(cell_of(report, "a", "cost_benefit"), "benefit_cost_ratio"),
        200 / 1.1 / 100, 1e-9);
    cr_assert(limits_say(report, "1 of 2 options lack them"));
    cr_assert_str_eq(
        text_at(json_object_get(report, "recommendation"), "option"), "b");
    json_decref(report);
}

Test(decide, comparisons_that_contradict_each_other_are_warned_of)
{
    json_t *report = decide_report(
        node, "{'problem': 'p', 'criteria': {'x': {'direction': 'max'}, 'y': "
              "{'direction': 'max'}, 'z': {'direction': 'max'}}, "
              "'comparisons': [['x', 'y', 5], ['y', 'z', 5], ['z', 'x', 5]], "
              "'options': {'a': {'values': {'x': 1, 'y': 2, 'z': 3}}, "
              "'b': {'values': {'x': 2, 'y': 1, 'z': 1}}}}");
    cr_assert(limits_say(report, "contradict each other"));
    json_decref(report);
}

/* Savage's plant of test_decide_methods.c, as a decision node. */
Test(decide, a_decision_node_is_rolled_back)
{
    json_t *report = decide_report(
        node, "{'problem': 'p', 'states': {'low': 0.5, 'high': 0.5}, "
              "'options': {'large': {'payoffs': {'low': -180, 'high': 200}}, "
              "'small': {'payoffs': {'low': -20, 'high': 100}}, "
              "'none': {'payoffs': {'low': 0, 'high': 0}}}}");
    json_t *it = json_object_get(report, "decision_node");
    json_t *small = json_object_get(json_object_get(it, "options"), "small");
    cr_assert_float_eq(real_at(it, "perfect_information"), 60, 1e-9);
    cr_assert_float_eq(real_at(small, "expected"), 40, 1e-9);
    cr_assert_float_eq(real_at(small, "regret"), 100, 1e-9);
    json_decref(report);
}

Test(decide, wrong_options_of_a_run_are_refused)
{
    troupe_decide_options_t options = troupe_decide_options_default();
    troupe_decide_t *decide = NULL;
    troupe_research_fault_t fault = {.name = "nobody", .times = 1};
    cr_assert_eq(troupe_decide_run(node, &options, &decide), -EINVAL);
    options.json = "{}";
    cr_assert_eq(troupe_decide_run(node, &options, &decide), -EINVAL);
    options.samplers = 0;
    cr_assert_eq(troupe_decide_run(node, &options, &decide), -EINVAL);
    options.samplers = 1;
    options.samples = 1000001;
    cr_assert_eq(troupe_decide_run(node, &options, &decide), -EINVAL);
    options.samples = 1;
    options.faults = &fault;
    options.fault_count = 1;
    cr_assert_eq(troupe_decide_run(node, &options, &decide), -ENOENT);
    cr_assert_null(decide);
}
