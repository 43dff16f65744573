/* SPDX-License-Identifier: Apache-2.0 */
/* test_sentiment.c: the rules of praise and blame. */
#include <criterion/criterion.h>

#include <string.h>

#include "actors/findings.h"

/* The mood of one sentence; the sentence must read as prose. */
static double
mood_of(const char *text)
{
    troupe_passages_t *passages = troupe_passages_new();
    troupe_passage_t passage = {
        .path = "/a.txt", .title = "A", .text = text, .end = strlen(text)};
    cr_assert_eq(troupe_passages_add(passages, &passage), 0);
    struct sentiment sentiment =
        troupe__sentiment_make("What is the tool like?", passages);
    cr_assert_eq(sentiment.whole.sentences, 1, "%s", text);
    cr_assert_eq(sentiment.count, 1);
    double compound = sentiment.whole.compound;
    troupe__sentiment_clear(&sentiment);
    troupe_passages_destroy(&passages);
    return compound;
}

Test(sentiment, praise_and_blame_have_signs)
{
    cr_assert_gt(mood_of("The tool is excellent and a delight to the user."),
                 0.5);
    cr_assert_lt(mood_of("The tool is terrible and a disaster for the user."),
                 -0.5);
    cr_assert_float_eq(mood_of("The tool reads a file and prints its lines."),
                       0, 1e-9);
}

/* good = 2.2: 2.2 / sqrt(2.2^2 + 15), worked out by hand. */
Test(sentiment, compound_is_the_published_formula)
{
    cr_assert_float_eq(mood_of("The tool is good for the user of it."),
                       0.493919, 1e-5);
}

Test(sentiment, negation_turns_and_weakens)
{
    double good = mood_of("The tool is good for the user of it.");
    double denied = mood_of("The tool is not good for the user of it.");
    cr_assert_lt(denied, 0);
    cr_assert_lt(-denied, good);
}

Test(sentiment, degree_words_capitals_and_marks_strengthen)
{
    double plain = mood_of("The tool is good for the user of it.");
    cr_assert_gt(mood_of("The tool is very good for the user of it."), plain);
    cr_assert_lt(mood_of("The tool is slightly good for the user of it."),
                 plain);
    cr_assert_gt(mood_of("The tool is GOOD for the user of it."), plain);
    cr_assert_gt(mood_of("The tool is good for the user of it!!"), plain);
}

Test(sentiment, what_follows_but_weighs_more)
{
    cr_assert_lt(mood_of("The tool is good but the manual of it is awful."), 0);
    cr_assert_gt(mood_of("The manual is awful but the tool itself is superb."),
                 0);
}

Test(sentiment, manuals_are_neutral_though_they_kill_and_fail)
{
    troupe_passages_t *passages = troupe_passages_new();
    const char *text =
        "The kill command sends a signal to the process. If the call fails, "
        "an error is returned and the process is aborted. The child becomes "
        "a zombie when it dies. Free memory is given back to the system. The "
        "dead letter is refused like an invalid argument.";
    troupe_passage_t passage = {.path = "/kill.1",
                                .title = "kill(1)",
                                .text = text,
                                .end = strlen(text)};
    cr_assert_eq(troupe_passages_add(passages, &passage), 0);
    struct sentiment sentiment =
        troupe__sentiment_make("What does kill do?", passages);
    cr_assert_eq(sentiment.whole.sentences, 5);
    cr_assert_eq(sentiment.whole.opinions, 0);
    cr_assert_str_eq(troupe__mood_word(&sentiment.whole), "neutral");
    troupe__sentiment_clear(&sentiment);
    troupe_passages_destroy(&passages);
}
