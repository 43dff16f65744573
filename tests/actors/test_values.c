/* SPDX-License-Identifier: Apache-2.0 */
/* test_values.c: words, their stems, and the numbers among them. */
#include <criterion/criterion.h>

#include <string.h>

#include "actors/question.h"
#include "actors/scratch.h"
#include "actors/values.h"
#include "actors/words.h"

static struct scratch *scratch;
static struct vocabulary *vocabulary;

static void
begin(void)
{
    scratch = troupe__scratch_new();
    vocabulary = troupe__vocabulary_new(scratch);
}

static void
end(void)
{
    troupe__vocabulary_destroy(&vocabulary);
    troupe__scratch_destroy(&scratch);
}

TestSuite(values, .init = begin, .fini = end);

static struct words
cut(const char *text)
{
    return troupe__words_cut(vocabulary, text, strlen(text));
}

static struct value
only_value(const char *text)
{
    struct words words = cut(text);
    struct values values = troupe__values_read(&words);
    cr_assert_eq(values.count, 1, "\"%s\" has %u values", text, values.count);
    return values.items[0];
}

Test(values, words_are_cut_at_spaces_and_marks)
{
    struct words words = cut("The well-known \"--force\" of open(2), it's "
                             "5,000 (five) /etc/fstab.");
    const char *expected[] = {"The",  "well",      "known", "--force",
                              "of",   "open(2)",   "it's",  "5,000",
                              "five", "/etc/fstab"};
    cr_assert_eq(words.count, sizeof expected / sizeof expected[0]);
    for (uint32_t i = 0; i < words.count; i++)
        cr_assert(strlen(expected[i]) == words.items[i].size
                      && !memcmp(expected[i], words.items[i].text,
                                 words.items[i].size),
                  "%s", expected[i]);
    cr_assert(words.items[3].flags & WORD_IDENTIFIER);
    cr_assert(words.items[7].flags & WORD_NUMBER);
    cr_assert(words.items[0].flags & WORD_STOP);
}

Test(values, forms_of_a_word_share_a_term)
{
    struct words words = cut("remove Removes removing open(2) open() open");
    cr_assert_eq(words.items[0].term, words.items[1].term);
    cr_assert_eq(words.items[0].term, words.items[2].term);
    cr_assert_eq(words.items[3].term, words.items[5].term);
    cr_assert_eq(words.items[4].term, words.items[5].term);
    cr_assert_neq(words.items[0].term, words.items[5].term);
}

Test(values, units_of_one_kind_are_comparable)
{
    static const char *const equal[][2] = {
        {"it is 5 km long", "it is 5,000 m long"},
        {"wait 2 minutes", "wait 120 seconds"},
        {"up to 64 KiB of it", "up to 65536 bytes of it"},
        {"a share of 5%", "a share of 5 percent"},
        {"on 12 March 1987", "on March 12, 1987"},
        {"founded in 1987", "founded on 12 March 1987"},
        {"on 1987-03-12", "on 12 March 1987"},
        {"five of them", "5 of them"},
    };
    for (size_t i = 0; i < sizeof equal / sizeof equal[0]; i++) {
        struct value one = only_value(equal[i][0]);
        struct value other = only_value(equal[i][1]);
        cr_assert(troupe__value_equal(&one, &other), "%s", equal[i][0]);
    }
    struct value one = only_value("it is 719 km long");
    struct value other = only_value("it is 726 km long");
    cr_assert_not(troupe__value_equal(&one, &other));
    one = only_value("5 seconds");
    other = only_value("5 minutes");
    cr_assert_not(troupe__value_equal(&one, &other));
}

Test(values, a_year_beside_an_amount_says_when)
{
    struct words words = cut("In 1985 the village had 300 inhabitants");
    struct values values = troupe__values_read(&words);
    cr_assert_eq(values.count, 2);
    cr_assert(values.items[0].qualifier);
    cr_assert_not(values.items[1].qualifier);
    cr_assert_not(only_value("it was founded in 1985").qualifier);
    cr_assert(only_value("since Linux 2.6 only").qualifier);
    cr_assert(only_value("as section 4 says").qualifier);
}

static enum question_kind
kind_of(const char *text)
{
    return troupe__question_read(scratch, vocabulary, text).kind;
}

Test(values, questions_have_a_kind)
{
    cr_assert_eq(kind_of("What is a signal?"), QUESTION_WHAT);
    cr_assert_eq(kind_of("What does rm do?"), QUESTION_WHAT);
    cr_assert_eq(kind_of("What signal is sent by Ctrl-C?"), QUESTION_WHICH);
    cr_assert_eq(kind_of("Which signal cannot be caught?"), QUESTION_WHICH);
    cr_assert_eq(kind_of("How do I delete a directory?"), QUESTION_HOW);
    cr_assert_eq(kind_of("How many bytes fit in a pipe?"), QUESTION_AMOUNT);
    cr_assert_eq(kind_of("What is the maximum length of a path?"),
                 QUESTION_AMOUNT);
    cr_assert_eq(kind_of("Why does write fail?"), QUESTION_WHY);
    cr_assert_eq(kind_of("When is SIGCHLD sent?"), QUESTION_WHEN);
    cr_assert_eq(kind_of("Where are passwords stored?"), QUESTION_WHERE);
    cr_assert_eq(kind_of("Can SIGKILL be caught?"), QUESTION_YES_NO);
    cr_assert_eq(kind_of("difference between fork and vfork"),
                 QUESTION_DIFFERENCE);
    cr_assert_eq(kind_of("signal handling"), QUESTION_TOPIC);
}

Test(values, aspects_are_the_words_that_say_what_it_is_about)
{
    struct question question = troupe__question_read(
        scratch, vocabulary, "What is the difference between fork and vfork?");
    cr_assert_eq(question.count, 2);
    cr_assert_not(question.aspects[0].second);
    cr_assert(question.aspects[1].second);
    question = troupe__question_read(scratch, vocabulary, "what is the of?");
    cr_assert_eq(question.count, 0);
}
