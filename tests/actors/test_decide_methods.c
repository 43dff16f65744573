/* SPDX-License-Identifier: Apache-2.0 */
/* test_decide_methods.c: the methods against values that others published. */
#include <criterion/criterion.h>

#include <math.h>

#include "actors/decide_methods.h"

static void
assert_near(const double *got, const double *wanted, uint32_t count,
            double tolerance)
{
    for (uint32_t i = 0; i < count; i++)
        cr_assert(fabs(got[i] - wanted[i]) <= tolerance, "%u: %.6f, not %.6f",
                  i, got[i], wanted[i]);
}

/* Hwang & Yoon, Multiple Attribute Decision Making (1981), the choice of a
 * fighter aircraft: speed, range, payload, cost, reliability, agility. */
static const bool fighter_max[] = {true, true, true, false, true, true};
static const double fighter_weights[] = {0.2, 0.1, 0.1, 0.1, 0.2, 0.3};
static const double fighter_values[] = {
    2.0, 1500, 20000, 5.5, 5, 9, 2.5, 2700, 18000, 6.5, 3, 5,
    1.8, 2000, 21000, 4.5, 7, 7, 2.2, 1800, 20000, 5.0, 5, 5};
static const struct matrix fighters = {4, 6, fighter_max, fighter_weights,
                                       fighter_values};

Test(decide_methods, topsis_ranks_the_fighters_as_hwang_and_yoon_did)
{
    static const double published[] = {0.643, 0.268, 0.613, 0.312};
    double scores[4];
    cr_assert(troupe__topsis(&fighters, scores));
    assert_near(scores, published, 4, 0.0006);
}

/* No source has these; they were worked out once in Python, independently. */
Test(decide_methods, the_other_methods_agree_with_a_second_computation)
{
    static const double sums[] = {0.573810, 0.3, 0.591667, 0.380952};
    static const double products[] = {0.822302, 0.671673, 0.842733, 0.722413};
    static const double vikors[] = {0.969388, 0, 0.818182, 0.138776};
    static const double entropies[] = {0.0642, 0.2061, 0.0134,
                                       0.0813, 0.3587, 0.2763};
    double scores[6];
    cr_assert(troupe__weighted_sum(&fighters, scores));
    assert_near(scores, sums, 4, 1e-6);
    cr_assert(troupe__weighted_product(&fighters, scores));
    assert_near(scores, products, 4, 1e-6);
    cr_assert(troupe__vikor(&fighters, scores));
    assert_near(scores, vikors, 4, 1e-6);
    cr_assert(troupe__entropy_weights(&fighters, scores));
    assert_near(scores, entropies, 6, 5e-5);
}

Test(decide_methods, a_product_of_weights_refuses_numbers_that_are_not_above_0)
{
    static const bool max[] = {true};
    static const double weights[] = {1};
    static const double values[] = {1, -2};
    const struct matrix matrix = {2, 1, max, weights, values};
    double scores[2] = {7, 7};
    cr_assert_not(troupe__weighted_product(&matrix, scores));
    cr_assert_not(troupe__entropy_weights(&matrix, scores));
    cr_assert_float_eq(scores[0], 7, 0);
}

Test(decide_methods, a_criterion_that_is_alike_for_all_changes_no_order)
{
    static const bool max[] = {true, false};
    static const double weights[] = {0.5, 0.5};
    static const double values[] = {1, 0, 2, 0, 3, 0};
    const struct matrix matrix = {3, 2, max, weights, values};
    for (unsigned i = 0; i < METHOD_COUNT; i++) {
        double scores[3];
        if (!troupe__method_run((enum method) i, &matrix, scores))
            continue;
        cr_assert(scores[2] > scores[1] && scores[1] > scores[0], "%s",
                  troupe__method_name((enum method) i));
        cr_assert(isfinite(scores[0]));
    }
}

/* Saaty, "How to make a decision: the analytic hierarchy process", European
 * Journal of Operational Research 48 (1990): buying a house. */
Test(decide_methods, ahp_weighs_what_matters_in_a_house_as_saaty_did)
{
    static const double house[] = {
        1,       5,       3,       7, 6,       6,       1 / 3.0, 1 / 4.0,
        1 / 5.0, 1,       1 / 3.0, 5, 3,       3,       1 / 5.0, 1 / 7.0,
        1 / 3.0, 3,       1,       6, 3,       4,       6,       1 / 5.0,
        1 / 7.0, 1 / 5.0, 1 / 6.0, 1, 1 / 3.0, 1 / 4.0, 1 / 7.0, 1 / 8.0,
        1 / 6.0, 1 / 3.0, 1 / 3.0, 3, 1,       1 / 2.0, 1 / 5.0, 1 / 6.0,
        1 / 6.0, 1 / 3.0, 1 / 4.0, 4, 2,       1,       1 / 5.0, 1 / 6.0,
        3,       5,       1 / 6.0, 7, 5,       5,       1,       1 / 2.0,
        4,       7,       5,       8, 6,       6,       2,       1};
    static const double published[] = {0.173, 0.054, 0.188, 0.018,
                                       0.031, 0.036, 0.167, 0.333};
    double weights[8];
    double lambda = 0;
    double ratio = troupe__ahp(house, 8, weights, &lambda);
    assert_near(weights, published, 8, 0.0006);
    cr_assert_float_eq(lambda, 9.669, 0.0006);
    cr_assert_float_eq(ratio, 0.169, 0.0006);
}

/* Saaty, The Analytic Hierarchy Process (1980): the choice of a school. */
Test(decide_methods, ahp_weighs_what_matters_in_a_school_as_saaty_did)
{
    static const double school[] = {
        1, 4,       3, 1,       3,       4,       1 / 4.0, 1,       7,
        3, 1 / 5.0, 1, 1 / 3.0, 1 / 7.0, 1,       1 / 5.0, 1 / 5.0, 1 / 6.0,
        1, 1 / 3.0, 5, 1,       1,       1 / 3.0, 1 / 3.0, 5,       5,
        1, 1,       3, 1 / 4.0, 1,       6,       3,       1 / 3.0, 1};
    static const double published[] = {0.32, 0.14, 0.03, 0.13, 0.24, 0.14};
    double weights[6];
    double ratio = troupe__ahp(school, 6, weights, NULL);
    assert_near(weights, published, 6, 0.006);
    cr_assert(ratio > 0.1); /* he calls it inconsistent, too */
}

Test(decide_methods, comparisons_that_agree_give_their_weights_back)
{
    static const double consistent[] = {1, 2,       6,       0.5, 1,
                                        3, 1 / 6.0, 1 / 3.0, 1};
    static const double weights[] = {0.6, 0.3, 0.1};
    double got[3];
    double lambda = 0;
    cr_assert_float_eq(troupe__ahp(consistent, 3, got, &lambda), 0, 1e-9);
    assert_near(got, weights, 3, 1e-9);
    cr_assert_float_eq(lambda, 3, 1e-9);
}

/* The capital of Tennessee, as in Wikipedia's articles on Borda counts,
 * Copeland's method and Condorcet: Memphis, Nashville, Chattanooga, Knoxville;
 * 42, 26, 15 and 17 of 100 voters. */
static const double tennessee_ranks[] = {1, 2, 3, 4, 4, 1, 2, 3,
                                         4, 3, 1, 2, 4, 3, 2, 1};
static const double tennessee_voters[] = {42, 26, 15, 17};
static const struct ballots tennessee = {4, 4, tennessee_ranks,
                                         tennessee_voters};

Test(decide_methods, tennessee_has_its_capital_where_the_textbooks_put_it)
{
    static const double borda[] = {126, 194, 173, 107};
    static const double copeland[] = {0, 3, 2, 1};
    double scores[4];
    troupe__borda(&tennessee, scores);
    assert_near(scores, borda, 4, 1e-9);
    troupe__copeland(&tennessee, scores);
    assert_near(scores, copeland, 4, 1e-9);
    cr_assert_eq(troupe__condorcet(&tennessee), 1);
}

/* Condorcet 1785: each of three beats one and loses to one. */
Test(decide_methods, a_cycle_has_no_condorcet_winner)
{
    static const double ranks[] = {1, 2, 3, 3, 1, 2, 2, 3, 1};
    const struct ballots cycle = {3, 3, ranks, NULL};
    static const double copeland[] = {1, 1, 1};
    double scores[3];
    cr_assert_eq(troupe__condorcet(&cycle), UINT32_MAX);
    troupe__copeland(&cycle, scores);
    assert_near(scores, copeland, 3, 1e-9);
}

Test(decide_methods, no_ballots_elect_nobody)
{
    const struct ballots none = {3, 0, NULL, NULL};
    cr_assert_eq(troupe__condorcet(&none), UINT32_MAX);
}

Test(decide_methods, equal_scores_share_the_mean_of_their_ranks)
{
    static const double scores[] = {3, 5, 3, 1};
    static const double wanted[] = {2.5, 1, 2.5, 4};
    double ranks[4];
    troupe__ranks(scores, 4, ranks);
    assert_near(ranks, wanted, 4, 0);
}

/* SpiceLogic, "Decision Making Under Uncertainty: 5 Decision Rules": small,
 * medium and large plant under low, medium and high demand. */
Test(decide_methods, five_rules_choose_the_size_of_a_plant)
{
    static const double values[] = {80, 100, 120, 60, 110, 140, -20, 120, 200};
    const struct payoffs plants = {3, 3, values, NULL};
    static const double regrets[] = {80, 60, 100};
    cr_assert_float_eq(troupe__maximin(&plants, 0), 80, 0);
    cr_assert_float_eq(troupe__maximax(&plants, 2), 200, 0);
    for (uint32_t i = 0; i < 3; i++)
        cr_assert_float_eq(troupe__regret(&plants, i), regrets[i], 0);
    cr_assert_float_eq(troupe__hurwicz(&plants, 2, 0.6), 112, 1e-9);
    cr_assert_float_eq(troupe__expected(&plants, 1), 103.333, 0.001);
}

/* Render & Stair, Quantitative Analysis for Management: Thompson Lumber. */
Test(decide_methods, perfect_information_is_worth_60000_to_thompson_lumber)
{
    static const double values[] = {200000, -180000, 100000, -20000, 0, 0};
    static const double even[] = {0.5, 0.5};
    const struct payoffs lumber = {3, 2, values, even};
    cr_assert_float_eq(troupe__expected(&lumber, 0), 10000, 1e-6);
    cr_assert_float_eq(troupe__expected(&lumber, 1), 40000, 1e-6);
    cr_assert_float_eq(troupe__perfect_information(&lumber), 60000, 1e-6);
    cr_assert_float_eq(troupe__hurwicz(&lumber, 0, 0.8), 124000, 1e-6);
    cr_assert_float_eq(troupe__hurwicz(&lumber, 1, 0.8), 76000, 1e-6);
    cr_assert_float_eq(troupe__regret(&lumber, 1), 100000, 1e-6);
}
