/* SPDX-License-Identifier: Apache-2.0 */
/* test_council_text.c: texts compared by what their sentences say. */
#include <criterion/criterion.h>

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "actors/council_judge.h"
#include "actors/council_world.h"

static const struct common_claim *
claim_with(const struct council *council, const char *part)
{
    for (uint32_t i = 0; i < council->claim_count; i++) {
        if (strstr(council->claims[i].text, part))
            return &council->claims[i];
    }
    return NULL;
}

Test(council, sentences_that_differ_in_a_number_or_a_denial_are_contested)
{
    static const char *const answers[] = {
        "The river is 640 km long. It flows into the northern sea.",
        "The river is 640 km long. It flows into the northern sea.",
        "The river has a length of 640 km. The river flows into the sea.",
        "The river is 520 km long. It does not flow into the northern sea.",
        NULL};
    struct council *council = council_of(TROUPE_QUERY_TEXT, NULL, answers);
    troupe__council_conclude(council);
    const struct common_claim *most = claim_with(council, "640");
    const struct common_claim *few = claim_with(council, "520");
    const struct common_claim *denied = claim_with(council, "does not");
    cr_assert(most && few && denied);
    cr_assert_geq(most->count, 2u);
    cr_assert_eq(few->count, 1u);
    cr_assert_eq(denied->count, 1u);
    cr_assert(most->contested && few->contested && denied->contested);
    cr_assert_lt(council->best, 3u, "the odd one out is the best");
    cr_assert_gt(council->score, 0.2);
    cr_assert_lt(council->score, 0.9);
    troupe__council_destroy(&council);
}

Test(council, equal_texts_are_wholly_alike_and_others_not_at_all)
{
    static const char *const same[] = {"Bees live in hives.",
                                       "Bees live in hives.", NULL};
    static const char *const other[] = {"Bees live in hives.",
                                        "Stock prices fell sharply.", NULL};
    struct council *council = council_of(TROUPE_QUERY_TEXT, NULL, same);
    troupe__council_conclude(council);
    cr_assert_float_eq(council->score, 1, 1e-9);
    cr_assert_eq(council->claim_count, 1u);
    troupe__council_destroy(&council);
    council = council_of(TROUPE_QUERY_TEXT, NULL, other);
    troupe__council_conclude(council);
    cr_assert_lt(council->score, 0.15);
    troupe__council_destroy(&council);
}

static struct council *
concluded(const char *const *answers)
{
    struct council *council = council_of(TROUPE_QUERY_TEXT, NULL, answers);
    troupe__council_conclude(council);
    return council;
}

/* Whoever is listed first: nobody says what another one does. */
Test(council, texts_that_share_nothing_tie)
{
    static const char *const pairs[][5] = {
        {"The limit is 5 minutes.", "The limit is 12 minutes.", NULL},
        {"It is safe to delete.", "It is not safe to delete.", NULL},
        {"Bees live in hives.", "Stock prices fell sharply.", NULL},
        {"The limit is 5 minutes. Ask your admin.",
         "The limit is 12 minutes. Ask your admin.", NULL},
        {"The limit is 5.", "The limit is 12.", "The limit is 20.", NULL},
        {"The limit is 5.", "The limit is 5.", "The limit is 12.",
         "The limit is 12.", NULL},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct council *council = concluded(pairs[i]);
        cr_assert(council->tie, "%s", pairs[i][0]);
        cr_assert_null(council->answer);
        cr_assert_eq(council->outcome, TROUPE_QUERY_DEGRADED);
        troupe__council_destroy(&council);
    }
}

Test(council, texts_that_say_the_same_do_not_tie)
{
    static const char *const groups[][5] = {
        {"The limit is 5 minutes.", "The limit is 5 minutes.", NULL},
        {"The limit is 5 minutes.", "The limit is 5 minutes. Ask your admin.",
         NULL},
        {"The limit is 12.", "The limit is 5.", "The limit is 5.", NULL},
        {"The river is 640 km long.", "The length of the river is 640 km.",
         NULL},
        {"It is 5.", NULL},
    };
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        struct council *council = concluded(groups[i]);
        cr_assert_not(council->tie, "%s", groups[i][0]);
        cr_assert(strpbrk(council->answer, "56"));
        cr_assert_eq(council->outcome, TROUPE_QUERY_COMPLETE);
        troupe__council_destroy(&council);
    }
}

Test(council, the_weight_of_a_vote_breaks_a_tie_of_texts)
{
    static const char *const answers[] = {"The limit is 5.", "The limit is 12.",
                                          NULL};
    struct council *council = council_of(TROUPE_QUERY_TEXT, NULL, answers);
    council->votes[1].weight = 2;
    troupe__council_conclude(council);
    cr_assert_not(council->tie);
    cr_assert_str_eq(council->answer, answers[1]);
    troupe__council_destroy(&council);
}

Test(council, a_judge_compares_texts_that_tie)
{
    static const char *const answers[] = {"The limit is 5.", "The limit is 12.",
                                          NULL};
    struct council *council = concluded(answers);
    cr_assert(troupe__judge_wanted(council));
    for (int i = 0; i < 2; i++) {
        council->judgement.verdicts[i].text = strdup(i == 0 ? "B" : "A");
        troupe__judge_read(council, i);
    }
    troupe__judge_conclude(council);
    cr_assert_str_eq(council->answer, answers[1]);
    cr_assert_eq(council->outcome, TROUPE_QUERY_COMPLETE);
    troupe__council_destroy(&council);
}

static size_t
dissents(const char *const *answers, const char *part)
{
    struct council *council = concluded(answers);
    char *text = troupe__council_json(council);
    json_t *root = json_loads(text, 0, NULL);
    json_t *it = NULL;
    size_t index = 0, found = 0;
    json_array_foreach(json_object_get(root, "dissent"), index, it)
    {
        const char *claim = json_string_value(json_object_get(it, "text"));
        found += strstr(claim, part) != NULL;
    }
    json_decref(root);
    free(text);
    troupe__council_destroy(&council);
    return found;
}

Test(council, what_the_answer_says_is_no_dissent)
{
    static const char *const some[] = {"The limit is 12 minutes.",
                                       "The limit is 5 minutes.",
                                       "The limit is 5 minutes.", NULL};
    cr_assert_eq(dissents(some, "12 minutes"), 1u);
    cr_assert_eq(dissents(some, "5 minutes"), 0u);
    static const char *const tie[] = {"The limit is 12 minutes.",
                                      "The limit is 5 minutes.", NULL};
    cr_assert_eq(dissents(tie, "12 minutes"), 1u);
    cr_assert_eq(dissents(tie, "5 minutes"), 1u);
}
