/* SPDX-License-Identifier: Apache-2.0 */
/* test_decide_estimate.c: money, time and risks against published values. */
#include <criterion/criterion.h>

#include <math.h>

#include "actors/decide_estimate.h"

/* Microsoft's page on Excel's NPV: 10 % and 8 %. Its function discounts the
 * first value, too; ours is of period 0. */
Test(decide_estimate, present_values_are_those_of_excels_manual)
{
    static const double one[] = {0, -10000, 3000, 4200, 6800};
    static const double other[] = {-40000, 8000, 9200, 10000, 12000, 14500};
    cr_assert_float_eq(troupe__present_value(one, 5, 0.10), 1188.44, 0.005);
    cr_assert_float_eq(troupe__present_value(other, 6, 0.08), 1922.06, 0.005);
}

Test(decide_estimate, payback_counts_a_part_of_the_last_period)
{
    static const double flows[] = {-1000, 300, 400, 600};
    static const double never[] = {-1000, 300};
    static const double at_once[] = {10, -5};
    cr_assert_float_eq(troupe__payback(flows, 4), 2.5, 1e-9);
    cr_assert(isnan(troupe__payback(never, 2)));
    cr_assert_float_eq(troupe__payback(at_once, 2), 0, 0);
}

/* Heizer & Render, Operations Management: Milwaukee Paper Manufacturing. */
Test(decide_estimate, milwaukee_paper_is_ready_in_15_weeks)
{
    uint32_t after[] = {0, 0, 1, 2, 3, 4, 5, 6};
    struct task tasks[] = {
        {"A", 1, 2, 3, NULL, 0},       {"B", 2, 3, 4, NULL, 0},
        {"C", 1, 2, 3, &after[0], 1},  {"D", 2, 4, 6, &after[1], 2},
        {"E", 1, 4, 7, &after[3], 1},  {"F", 1, 2, 9, &after[3], 1},
        {"G", 3, 4, 11, &after[4], 2}, {"H", 1, 2, 3, &after[6], 2}};
    after[6] = 5;
    uint32_t last[] = {5, 6};
    tasks[7].after = last;
    double mean = 0;
    double variance = 0;
    troupe__schedule(tasks, 8, &mean, &variance);
    cr_assert_float_eq(mean, 15, 1e-9);
    cr_assert_float_eq(variance, 3.11, 0.005);

    struct option option = {.id = "plant", .tasks = tasks, .task_count = 8};
    struct decision decision = {
        .options = &option, .option_count = 1, .deadline = 16, .rate = NAN};
    struct estimate it = troupe__estimate(&decision, GROUP_TIMELINE, 0);
    cr_assert(it.enough);
    /* The book rounds to 0.57 standard deviations: 0.7157. */
    cr_assert_float_eq(it.on_time, 0.7157, 0.002);
}

Test(decide_estimate, tasks_that_wait_for_each_other_are_found)
{
    uint32_t after[] = {1, 2, 1};
    struct task tasks[] = {{"a", 1, 1, 1, &after[0], 1},
                           {"b", 1, 1, 1, &after[1], 1},
                           {"c", 1, 1, 1, &after[2], 1}};
    uint32_t found = troupe__tasks_cycle(tasks, 3);
    cr_assert(found == 1 || found == 2);
    tasks[2].after_count = 0;
    cr_assert_eq(troupe__tasks_cycle(tasks, 3), UINT32_MAX);
}

/* Two risks: outcomes 0, 50, 100, 150 with 0.855, 0.045, 0.095, 0.005; of the
 * worst 5 % 0.5 are 150 and 4.5 are 100. */
Test(decide_estimate, the_tail_is_the_mean_of_the_worst_twentieth)
{
    static const struct risk risks[] = {{"fire", 0.1, 100}, {"late", 0.05, 50}};
    double wanted = (0.005 * 150 + 0.045 * 100) / 0.05;
    cr_assert_float_eq(troupe__tail_loss(risks, 2, 0.95), wanted, 1e-9);
    cr_assert_float_eq(troupe__tail_loss(risks, 2, 0), 12.5, 1e-9);
    cr_assert_float_eq(troupe__tail_loss(NULL, 0, 0.95), 0, 0);
}

Test(decide_estimate, a_strategy_without_numbers_says_what_it_lacks)
{
    struct option option = {.id = "blank"};
    struct decision decision = {
        .options = &option, .option_count = 1, .deadline = NAN, .rate = NAN};
    for (unsigned i = 1; i <= STRATEGY_COUNT; i++) {
        struct estimate it = troupe__estimate(&decision, (enum group) i, 0);
        cr_assert_not(it.enough, "%s", troupe__group_name((enum group) i));
        cr_assert(it.missing[0]);
        cr_assert(isnan(it.mean) && isnan(it.loss) && isnan(it.net[0].mode));
    }
}

Test(decide_estimate, stakeholders_count_by_weight_and_the_least_is_named)
{
    struct named_weight who[] = {{"staff", 3}, {"owners", 1}};
    double scores[] = {8, 4};
    struct option option = {.id = "move", .scores = scores};
    struct decision decision = {.options = &option,
                                .option_count = 1,
                                .stakeholders = who,
                                .stakeholder_count = 2};
    struct estimate it = troupe__estimate(&decision, GROUP_STAKEHOLDERS, 0);
    cr_assert_float_eq(it.mean, 7, 1e-9);
    cr_assert_float_eq(it.minimum, 4, 0);
    cr_assert_float_eq(it.maximum, 8, 0);
    scores[1] = NAN;
    it = troupe__estimate(&decision, GROUP_STAKEHOLDERS, 0);
    cr_assert_not(it.enough);
    cr_assert_str_eq(it.missing, "no score of 'owners'");
}
