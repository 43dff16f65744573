/* SPDX-License-Identifier: Apache-2.0 */
/* test_council.c: votes read, counted and ranked. */
#include <criterion/criterion.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/council_judge.h"
#include "actors/council_world.h"

/* What one answer is read as; "-" for an unusable one. */
static const char *
reads(troupe_query_type_t type, const char *const *choices, const char *text)
{
    static char result[128];
    const char *answers[] = {text, NULL};
    struct council *council = council_of(type, choices, answers);
    const struct vote *vote = &council->votes[0];
    snprintf(result, sizeof result, "%s",
             vote->state == VOTE_USABLE ? vote->answer : "-");
    cr_assert_eq(vote->state == VOTE_USABLE, vote->reason[0] == '\0');
    troupe__council_destroy(&council);
    return result;
}

#define EXPECT_READS(type, choices, text, answer)                              \
    cr_assert_str_eq(reads(type, choices, text), answer)

Test(council, a_choice_is_one_of_the_words_and_only_one)
{
    static const char *const c[] = {"A", "Plan A", "red", NULL};
    EXPECT_READS(TROUPE_QUERY_CHOICE, c, "red", "red");
    EXPECT_READS(TROUPE_QUERY_CHOICE, c, " **Red**.\n", "red");
    EXPECT_READS(TROUPE_QUERY_CHOICE, c, "I would say red, surely red.", "red");
    EXPECT_READS(TROUPE_QUERY_CHOICE, c, "Plan A", "Plan A");
    EXPECT_READS(TROUPE_QUERY_CHOICE, c, "plan a!", "Plan A");
    EXPECT_READS(TROUPE_QUERY_CHOICE, c, "A", "A");
    EXPECT_READS(TROUPE_QUERY_CHOICE, c, "tired", "-");
    EXPECT_READS(TROUPE_QUERY_CHOICE, c, "red or Plan A", "-");
    EXPECT_READS(TROUPE_QUERY_CHOICE, c, "not red", "-");
    EXPECT_READS(TROUPE_QUERY_CHOICE, c, "", "-");
    EXPECT_READS(TROUPE_QUERY_CHOICE, c, "I cannot say.", "-");
}

/* Who says nothing has no vote, whatever words that takes. */
Test(council, a_word_like_a_choice_is_no_vote)
{
    static const char *const c[] = {"A", "B", "no", NULL};
    static const char *const none[] = {
        "I have a hunch, but I cannot say.",
        "As a language model I would rather not choose.",
        "A spider has eight legs.",
        "It isn't A.",
        "It isn\u2019t A.",
        "I would not choose A.",
        "It cannot be the option \"A\"",
        "Anything except A",
        "No idea",
        "I have no opinion on that.",
        NULL};
    for (size_t i = 0; none[i]; i++)
        EXPECT_READS(TROUPE_QUERY_CHOICE, c, none[i], "-");
    EXPECT_READS(TROUPE_QUERY_CHOICE, c, "a", "A");
    EXPECT_READS(TROUPE_QUERY_CHOICE, c, "(a)", "A");
    EXPECT_READS(TROUPE_QUERY_CHOICE, c, "**A**", "A");
    EXPECT_READS(TROUPE_QUERY_CHOICE, c, "A is right", "A");
    EXPECT_READS(TROUPE_QUERY_CHOICE, c, "I'd take A, because it is cheap",
                 "A");
    EXPECT_READS(TROUPE_QUERY_CHOICE, c, "I have a hunch: A", "A");
    EXPECT_READS(TROUPE_QUERY_CHOICE, c, "I am not sure, but B", "B");
    EXPECT_READS(TROUPE_QUERY_CHOICE, c, "No, never.", "no");
    EXPECT_READS(TROUPE_QUERY_CHOICE, c, "no", "no");
}

Test(council, a_number_is_read_as_people_write_it)
{
    EXPECT_READS(TROUPE_QUERY_NUMBER, NULL, "42", "42");
    EXPECT_READS(TROUPE_QUERY_NUMBER, NULL, "About 1,234.5 km.", "1234.5");
    EXPECT_READS(TROUPE_QUERY_NUMBER, NULL, "-3", "-3");
    EXPECT_READS(TROUPE_QUERY_NUMBER, NULL, "1.5e3", "1500");
    EXPECT_READS(TROUPE_QUERY_NUMBER, NULL, "6 * 7 = 42", "42");
    EXPECT_READS(TROUPE_QUERY_NUMBER, NULL, "In 1990 ... the answer: 17", "17");
    EXPECT_READS(TROUPE_QUERY_NUMBER, NULL, "42, yes, 42", "42");
    EXPECT_READS(TROUPE_QUERY_NUMBER, NULL, "3 or 4", "-");
    EXPECT_READS(TROUPE_QUERY_NUMBER, NULL, "many", "-");
    EXPECT_READS(TROUPE_QUERY_NUMBER, NULL, "mp3", "-");
    EXPECT_READS(TROUPE_QUERY_NUMBER, NULL, "\u22125", "-5");
    EXPECT_READS(TROUPE_QUERY_NUMBER, NULL, "\u20ac1,000", "1000");
    EXPECT_READS(TROUPE_QUERY_NUMBER, NULL, "\u224842", "42");
    EXPECT_READS(TROUPE_QUERY_NUMBER, NULL, "5 million", "5000000");
    EXPECT_READS(TROUPE_QUERY_NUMBER, NULL, "1.5k", "1500");
    EXPECT_READS(TROUPE_QUERY_NUMBER, NULL, "42km", "42");
    EXPECT_READS(TROUPE_QUERY_NUMBER, NULL, "3\u00bd", "3.5");
    EXPECT_READS(TROUPE_QUERY_NUMBER, NULL, "5\u20137", "-");
    EXPECT_READS(TROUPE_QUERY_NUMBER, NULL, "5-7", "-");
    EXPECT_READS(TROUPE_QUERY_NUMBER, NULL, "\u00e93", "-");
    EXPECT_READS(TROUPE_QUERY_NUMBER, NULL, "-0", "0");
}

Test(council, a_field_is_found_within_what_models_put_around_it)
{
    EXPECT_READS(TROUPE_QUERY_JSON, NULL,
                 "Here:\n```json\n{\"a\": {\"b\": [1, 2]}}\n```", "[1,2]");
    EXPECT_READS(TROUPE_QUERY_JSON, NULL, "{\"a\": {\"b\": \"x\"}}", "\"x\"");
    EXPECT_READS(TROUPE_QUERY_JSON, NULL, "{\"a\": 1}", "-");
    EXPECT_READS(TROUPE_QUERY_JSON, NULL, "{\"a\": {\"b\": null}}", "-");
    EXPECT_READS(TROUPE_QUERY_JSON, NULL, "{ broken", "-");
}

Test(council, equal_answers_are_counted_with_an_interval)
{
    static const char *const choices[] = {"x", "y", NULL};
    static const char *const answers[] = {"x", "x", "x", "x", "x", "x",
                                          "x", "x", "y", "y", NULL};
    struct council *council = council_of(TROUPE_QUERY_CHOICE, choices, answers);
    troupe__council_conclude(council);
    cr_assert_eq(council->outcome, TROUPE_QUERY_COMPLETE);
    cr_assert_str_eq(council->answer, "x");
    cr_assert_float_eq(council->score, 0.8, 1e-9);
    cr_assert_float_eq(council->low, 0.4902, 1e-4); /* Wilson for 8 of 10 */
    cr_assert_float_eq(council->high, 0.9433, 1e-4);
    troupe__council_destroy(&council);
}

Test(council, one_voter_is_no_consensus_and_two_halves_are_a_tie)
{
    static const char *const choices[] = {"x", "y", NULL};
    static const char *const one[] = {"x", "?", NULL};
    struct council *council = council_of(TROUPE_QUERY_CHOICE, choices, one);
    council->quorum = 1;
    troupe__council_conclude(council);
    cr_assert(isnan(council->score));
    cr_assert_str_eq(council->answer, "x");
    cr_assert_eq(council->outcome, TROUPE_QUERY_DEGRADED);
    troupe__council_destroy(&council);
    static const char *const two[] = {"x", "y", NULL};
    council = council_of(TROUPE_QUERY_CHOICE, choices, two);
    troupe__council_conclude(council);
    cr_assert(council->tie);
    cr_assert_null(council->answer);
    cr_assert_eq(council->outcome, TROUPE_QUERY_DEGRADED);
    troupe__council_destroy(&council);
    council = council_of(TROUPE_QUERY_CHOICE, choices, two);
    council->votes[1].weight = 2;
    troupe__council_conclude(council);
    cr_assert_str_eq(council->answer, "y");
    cr_assert_float_eq(council->voters, 1.8, 1e-9);
    troupe__council_destroy(&council);
}

Test(council, too_few_usable_answers_are_no_result)
{
    static const char *const choices[] = {"x", "y", NULL};
    static const char *const answers[] = {"x", "?", "?", NULL};
    struct council *council = council_of(TROUPE_QUERY_CHOICE, choices, answers);
    troupe__council_conclude(council);
    cr_assert_eq(council->outcome, TROUPE_QUERY_NO_QUORUM);
    cr_assert_null(council->answer);
    cr_assert_eq(council->usable, 1u);
    cr_assert_eq(council->answered, 3u);
    cr_assert(isnan(council->score));
    troupe__council_destroy(&council);
}

Test(council, numbers_within_the_tolerance_are_one_answer)
{
    static const char *const answers[] = {"100", "101",  "100.5",
                                          "90",  "-100", NULL};
    struct council *council = council_of(TROUPE_QUERY_NUMBER, NULL, answers);
    troupe__council_conclude(council);
    cr_assert_eq(council->group_count, 3u);
    cr_assert_str_eq(council->answer, "100.5");
    cr_assert_float_eq(council->score, 0.6, 1e-9);
    troupe__council_destroy(&council);
}

/* "Tennessee chooses its capital", the usual example of voting theory. */
Test(council, an_order_is_that_of_copeland_and_borda)
{
    static const char *const choices[] = {"Memphis", "Nashville", "Chattanooga",
                                          "Knoxville", NULL};
    static const char *const answers[] = {
        "1. Memphis\n2. Nashville\n3. Chattanooga\n4. Knoxville",
        "Nashville > Chattanooga > Knoxville > Memphis",
        "Chattanooga, Knoxville, Nashville, Memphis",
        "Knoxville > Chattanooga > Nashville > Memphis",
        "Memphis alone",
        NULL};
    static const double weights[] = {42, 26, 15, 17, 1};
    struct council *council =
        council_of(TROUPE_QUERY_RANKING, choices, answers);
    for (uint32_t i = 0; i < council->count; i++)
        council->votes[i].weight = weights[i];
    troupe__council_conclude(council);
    cr_assert_str_eq(council->answer,
                     "Nashville > Chattanooga > Knoxville > Memphis");
    cr_assert_float_eq(council->borda[0], 126, 1e-9);
    cr_assert_float_eq(council->borda[1], 194, 1e-9);
    cr_assert_float_eq(council->borda[2], 173, 1e-9);
    cr_assert_float_eq(council->borda[3], 107, 1e-9);
    cr_assert_float_eq(council->copeland[1], 3, 1e-9);
    cr_assert_eq(council->usable, 4u);
    troupe__council_destroy(&council);
}

Test(council, orders_agree_wholly_or_not_at_all)
{
    static const char *const choices[] = {"x", "y", "z", NULL};
    static const char *const same[] = {"x > y > z", "x > y > z", NULL};
    static const char *const other[] = {"x > y > z", "z > y > x", NULL};
    struct council *council = council_of(TROUPE_QUERY_RANKING, choices, same);
    troupe__council_conclude(council);
    cr_assert_float_eq(council->score, 1, 1e-9);
    troupe__council_destroy(&council);
    council = council_of(TROUPE_QUERY_RANKING, choices, other);
    troupe__council_conclude(council);
    cr_assert_float_eq(council->score, 0, 1e-9);
    cr_assert(council->tie);
    cr_assert_str_eq(council->answer, "x = y = z");
    troupe__council_destroy(&council);
}

/* --- councils of voters with a set accuracy ------------------------------ */

static uint64_t random_state = 42;

static double
chance(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (double) (random_state >> 11) / (double) (UINT64_C(1) << 53);
}

/* "x" with a probability, or one of two others. */
static const char *
vote_of(double accuracy)
{
    if (chance() < accuracy)
        return "x";
    return chance() < 0.5 ? "y" : "z";
}

Test(council, the_plurality_is_right_more_often_than_a_voter)
{
    static const char *const choices[] = {"x", "y", "z", NULL};
    unsigned right = 0, covered = 0;
    enum { ROUNDS = 400, VOTERS = 9 };
    for (int round = 0; round < ROUNDS; round++) {
        const char *answers[VOTERS + 1] = {NULL};
        for (int i = 0; i < VOTERS; i++)
            answers[i] = vote_of(0.7);
        struct council *council =
            council_of(TROUPE_QUERY_CHOICE, choices, answers);
        troupe__council_conclude(council);
        bool wins = council->answer && strcmp(council->answer, "x") == 0;
        right += wins;
        covered += wins && council->low <= 0.7 && 0.7 <= council->high;
        troupe__council_destroy(&council);
    }
    /* Of nine voters that are right 7 times of 10, more than half are in 90 %;
     * a plurality needs less. */
    cr_assert_gt(right, ROUNDS * 90 / 100);
    cr_assert_gt(covered, right * 90 / 100);
}

/* Whatever the others would have said: the leader stays. */
Test(council, what_is_decided_early_is_what_all_would_have_decided)
{
    static const char *const choices[] = {"x", "y", "z", NULL};
    enum { VOTERS = 7 };
    unsigned early = 0;
    for (int round = 0; round < 300; round++) {
        const char *answers[VOTERS + 1] = {NULL};
        for (int i = 0; i < VOTERS; i++)
            answers[i] = vote_of(0.6);
        troupe_query_type_t type = TROUPE_QUERY_CHOICE;
        struct council *all = council_of(type, choices, answers);
        struct council *some = council_of(type, choices, answers);
        for (uint32_t i = 0; i < VOTERS; i++)
            all->votes[i].weight = some->votes[i].weight = 1 + (double) (i % 3);
        for (uint32_t i = 0; i < VOTERS; i++)
            some->votes[i].state = VOTE_OPEN;
        uint32_t open = VOTERS;
        while (open > 0 && !troupe__council_is_decided(some))
            some->votes[--open].state = VOTE_USABLE;
        for (uint32_t i = 0; i < open; i++)
            some->votes[i].state = VOTE_NOT_NEEDED;
        troupe__council_conclude(all);
        troupe__council_conclude(some);
        if (open > 0) {
            cr_assert_str_eq(some->answer, all->answer);
            cr_assert_eq(some->outcome, TROUPE_QUERY_COMPLETE);
        }
        early += open > 0;
        troupe__council_destroy(&all);
        troupe__council_destroy(&some);
    }
    cr_assert_gt(early, 100u);
}

/* A judge that always prefers the first place says nothing. */
Test(council, a_judge_counts_when_it_means_the_same_in_both_orders)
{
    static const char *const choices[] = {"x", "y", NULL};
    static const char *const answers[] = {"x", "y", NULL};
    static const char *const says[][2] = {
        {"A", "B"}, {"B", "A"}, {"A", "A"}, {"B", "B"}, {"A", "C"}};
    static const char *const results[] = {"x", "y", NULL, NULL, NULL};
    for (int i = 0; i < 5; i++) {
        struct council *council =
            council_of(TROUPE_QUERY_CHOICE, choices, answers);
        troupe__council_conclude(council);
        cr_assert(troupe__judge_wanted(council));
        char *prompt = troupe__judge_prompt(council, true);
        cr_assert(strstr(prompt, "Answer A:\ny") != NULL);
        free(prompt);
        for (int j = 0; j < 2; j++) {
            council->judgement.verdicts[j].text = strdup(says[i][j]);
            troupe__judge_read(council, j);
        }
        troupe__judge_conclude(council);
        cr_assert_eq(troupe__judge_failure(council) != NULL, i == 4);
        cr_assert_eq(council->judgement.agreed, results[i] != NULL);
        if (results[i])
            cr_assert_str_eq(council->answer, results[i]);
        else
            cr_assert_null(council->answer);
        cr_assert_eq(council->outcome, results[i] ? TROUPE_QUERY_COMPLETE
                                                  : TROUPE_QUERY_DEGRADED);
        troupe__council_destroy(&council);
    }
    static const char *const clear[] = {"x", "x", "y", NULL};
    struct council *council = council_of(TROUPE_QUERY_CHOICE, choices, clear);
    troupe__council_conclude(council);
    cr_assert_not(troupe__judge_wanted(council));
    troupe__council_destroy(&council);
}
