/* SPDX-License-Identifier: Apache-2.0 */
/* test_decide_properties.c: what must hold for any decision. */
#include <criterion/criterion.h>

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decide_world.h"

#define CRITERIA 4
#define OPTIONS  5
#define ROUNDS   2

/* One whose ranking turns over when an option is left out. */
#define REVERSAL_SEED 15

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

TestSuite(decide_properties, .init = begin, .fini = end, .timeout = 120);

/* A decision by chance: numbers, from the seed alone. */
struct sketch {
    double values[OPTIONS][CRITERIA];
    double flows[OPTIONS][3];
    double scales[CRITERIA]; /* of each criterion's unit */
    unsigned order[OPTIONS]; /* in which the options are written */
    unsigned skip;           /* an option that is not written; OPTIONS: none */
};

static double
draw(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double) (*state >> 40) / (1 << 24);
}

static struct sketch
sketch_new(uint64_t seed)
{
    struct sketch it = {.skip = OPTIONS};
    uint64_t state = seed * 7919 + 13;
    for (unsigned i = 0; i < OPTIONS; i++) {
        it.order[i] = i;
        for (unsigned j = 0; j < CRITERIA; j++)
            it.values[i][j] = 1 + 99 * draw(&state);
        it.flows[i][0] = -100 * draw(&state);
        it.flows[i][1] = 80 * draw(&state);
        it.flows[i][2] = 80 * draw(&state);
    }
    for (unsigned j = 0; j < CRITERIA; j++)
        it.scales[j] = 1;
    return it;
}

/* Odd criteria are to be small; each value may be a tenth off. */
static char *
sketch_write(const struct sketch *it)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    cr_assert_not_null(out);
    fputs("{'problem': 'p', 'discount_rate': 0.05, 'criteria': {", out);
    for (unsigned j = 0; j < CRITERIA; j++)
        fprintf(out, "%s'c%u': {'direction': '%s', 'weight': %u}",
                j ? ", " : "", j, j % 2 ? "min" : "max", 1 + j);
    fputs("}, 'options': {", out);
    const char *comma = "";
    for (unsigned k = 0; k < OPTIONS; k++) {
        unsigned i = it->order[k];
        if (i == it->skip)
            continue;
        fprintf(out,
                "%s'o%u': {'cash_flow': [%.17g, %.17g, %.17g], 'values': {",
                comma, i, it->flows[i][0], it->flows[i][1], it->flows[i][2]);
        for (unsigned j = 0; j < CRITERIA; j++) {
            double value = it->values[i][j] * it->scales[j];
            fprintf(out,
                    "%s'c%u': {'low': %.17g, 'mode': %.17g, 'high': %.17g}",
                    j ? ", " : "", j, 0.9 * value, value, 1.1 * value);
        }
        fputs("}}", out);
        comma = ", ";
    }
    fputs("}}", out);
    cr_assert_eq(fclose(out), 0);
    return text;
}

static json_t *
report_of_sketch(const struct sketch *it, uint64_t seed, uint32_t samplers)
{
    char *text = sketch_write(it);
    troupe_decide_options_t options = troupe_decide_options_default();
    options.samples = 500;
    options.seed = seed;
    options.samplers = samplers;
    troupe_decide_t *decide = decide_run(node, text, &options);
    json_t *report = decide_json(decide);
    troupe_decide_destroy(&decide);
    free(text);
    return report;
}

/* Verdict, consensus, recommendation and each option's ranking are alike. */
static void
assert_same(const json_t *one, const json_t *other, const char *what)
{
    cr_assert_str_eq(text_at(one, "verdict"), text_at(other, "verdict"), "%s",
                     what);
    cr_assert(json_equal(json_object_get(one, "consensus"),
                         json_object_get(other, "consensus")),
              "%s", what);
    for (unsigned i = 0; i < OPTIONS; i++) {
        char id[8];
        snprintf(id, sizeof id, "o%u", i);
        json_t *a = json_object_get(option_of(one, id), "ranking");
        json_t *b = json_object_get(option_of(other, id), "ranking");
        cr_assert_float_eq(real_at(a, "borda"), real_at(b, "borda"), 1e-9, "%s",
                           what);
        cr_assert_float_eq(real_at(a, "copeland"), real_at(b, "copeland"), 1e-9,
                           "%s", what);
        for (unsigned k = 0; k < OPTIONS; k++)
            cr_assert_float_eq(share_of(one, id, k), share_of(other, id, k),
                               1e-9, "%s: %s, %u", what, id, k);
    }
}

Test(decide_properties, the_unit_of_a_criterion_does_not_matter)
{
    for (uint64_t seed = 0; seed < ROUNDS; seed++) {
        struct sketch it = sketch_new(seed);
        json_t *one = report_of_sketch(&it, 1, 2);
        it.scales[0] = 1000;
        it.scales[1] = 0.001;
        json_t *other = report_of_sketch(&it, 1, 2);
        assert_same(one, other, "units");
        json_decref(one);
        json_decref(other);
    }
}

Test(decide_properties, the_order_of_the_options_does_not_matter)
{
    for (uint64_t seed = 0; seed < ROUNDS; seed++) {
        struct sketch it = sketch_new(seed);
        json_t *one = report_of_sketch(&it, 1, 2);
        for (unsigned i = 0; i < OPTIONS; i++)
            it.order[i] = (unsigned) (i * 2 + seed) % OPTIONS;
        json_t *other = report_of_sketch(&it, 1, 2);
        assert_same(one, other, "order");
        json_decref(one);
        json_decref(other);
    }
}

Test(decide_properties, samples_hang_on_the_seed_and_not_on_who_draws_them)
{
    struct sketch it = sketch_new(4);
    json_t *one = report_of_sketch(&it, 1, 1);
    json_t *seven = report_of_sketch(&it, 1, 7);
    json_t *other = report_of_sketch(&it, 2, 1);
    assert_same(one, seven, "samplers");
    bool differs = false;
    for (unsigned i = 0; i < OPTIONS; i++) {
        char id[8];
        snprintf(id, sizeof id, "o%u", i);
        differs |= fabs(share_of(one, id, 0) - share_of(other, id, 0)) > 0;
    }
    cr_assert(differs);
    json_decref(one);
    json_decref(seven);
    json_decref(other);
}

/* The last option is a little worse than the first one in everything. */
Test(decide_properties, a_dominated_option_is_never_recommended)
{
    for (uint64_t seed = 0; seed < ROUNDS; seed++) {
        struct sketch it = sketch_new(seed);
        for (unsigned j = 0; j < CRITERIA; j++)
            it.values[OPTIONS - 1][j] =
                it.values[0][j] * (j % 2 ? 1.001 : 0.999);
        for (unsigned k = 0; k < 3; k++)
            it.flows[OPTIONS - 1][k] = it.flows[0][k] - 0.01;
        json_t *report = report_of_sketch(&it, 1, 2);
        cr_assert_str_eq(text_at(option_of(report, "o4"), "dominated_by"),
                         "o0");
        const json_t *first =
            json_object_get(json_object_get(report, "consensus"), "first");
        cr_assert(!json_is_string(first)
                  || strcmp(json_string_value(first), "o4") != 0);
        json_decref(report);
    }
}

/* One option is the best in everything: whoever votes votes for it. */
Test(decide_properties, who_beats_all_others_is_found)
{
    for (uint64_t seed = 0; seed < ROUNDS; seed++) {
        struct sketch it = sketch_new(seed);
        unsigned best = (unsigned) seed % OPTIONS;
        char id[8];
        snprintf(id, sizeof id, "o%u", best);
        for (unsigned j = 0; j < CRITERIA; j++)
            it.values[best][j] = j % 2 ? 0.5 : 130;
        for (unsigned k = 0; k < 3; k++)
            it.flows[best][k] = 100;
        json_t *report = report_of_sketch(&it, 1, 2);
        const json_t *consensus = json_object_get(report, "consensus");
        cr_assert_str_eq(text_at(consensus, "condorcet_winner"), id);
        cr_assert_str_eq(text_at(report, "verdict"), "recommended");
        cr_assert_str_eq(
            text_at(json_object_get(report, "recommendation"), "option"), id);
        json_decref(report);
    }
}

Test(decide_properties, shares_of_each_option_and_each_rank_add_up_to_1)
{
    struct sketch it = sketch_new(3);
    json_t *report = report_of_sketch(&it, 1, 3);
    for (unsigned i = 0; i < OPTIONS; i++) {
        char id[8];
        double sum = 0;
        snprintf(id, sizeof id, "o%u", i);
        for (unsigned k = 0; k < OPTIONS; k++)
            sum += share_of(report, id, k);
        cr_assert_float_eq(sum, 1, 1e-9);
    }
    json_decref(report);
}

/* By leaving out the option that is named, the one that is named is first. */
Test(decide_properties, a_ranking_that_turns_over_is_told_as_it_does)
{
    struct sketch it = sketch_new(REVERSAL_SEED);
    json_t *report = report_of_sketch(&it, 1, 2);
    json_t *list = json_object_get(json_object_get(report, "robustness"),
                                   "rank_reversals");
    cr_assert_gt(json_array_size(list), 0);
    json_t *reversal = json_array_get(list, 0);
    const char *first = text_at(json_object_get(report, "consensus"), "first");
    const char *other = text_at(reversal, "first");
    cr_assert_str_neq(first, other);
    it.skip = (unsigned) (text_at(reversal, "without")[1] - '0');
    json_t *less = report_of_sketch(&it, 1, 2);
    cr_assert_str_eq(text_at(json_object_get(less, "consensus"), "first"),
                     other);
    json_decref(report);
    json_decref(less);
}
