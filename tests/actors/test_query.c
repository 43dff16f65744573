/* SPDX-License-Identifier: Apache-2.0 */
/* test_query.c: what a question asks for. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "actors/query.h"
#include "troupe_corpus.h"

static const char *const kinds[] = {"word", "name", "option", "page", "quoted"};

/* "word:file page:open" for the terms of a question. */
static void
expect(const char *question, const char *expected)
{
    struct troupe__query query;
    struct troupe__text found = {0};
    int rc = troupe__query_parse(question, &query);
    cr_assert_eq(rc, query.count > 0 ? 0 : -EINVAL);
    for (size_t i = 0; i < query.count; i++) {
        troupe__text_printf(&found, "%s%s:%s%s%s", i ? ", " : "",
                            kinds[query.terms[i].kind], query.terms[i].text,
                            query.terms[i].section[0] ? "/" : "",
                            query.terms[i].section);
    }
    cr_assert_str_eq(troupe__text_string(&found), expected);
    troupe__text_free(&found);
    troupe__query_free(&query);
}

Test(query, words_that_say_nothing_are_dropped)
{
    expect("How do I copy a file?", "word:copy, word:file");
    expect("What is the difference between a Pipe and a FIFO?",
           "word:pipe, name:fifo");
}

Test(query, names_options_pages_and_quotes_are_kept_whole)
{
    expect("does open(2) set O_CLOEXEC?",
           "page:open/2, word:set, name:o_cloexec");
    expect("tar --exclude-from=FILE -x", "word:tar, option:exclude from, "
                                         "option:x");
    expect("when is SIGKILL sent, or \"close on exec\" (see fork())?",
           "name:sigkill, word:sent, quoted:close on exec, word:see, "
           "name:fork");
    expect("copy-on-write in /etc/passwd",
           "quoted:copy on write, word:copy, word:write, name:etc passwd");
}

Test(query, the_same_term_counts_once)
{
    expect("file File FILE file", "name:file");
}

Test(query, nothing_to_search_for_is_an_error)
{
    static const char *const nothing[] = {"",    "   \n\t ", "what is the",
                                          "???", "\"\"",     "- -- ---",
                                          "()",  "\"the\""};
    for (size_t i = 0; i + 1 < sizeof nothing / sizeof *nothing; i++)
        cr_assert_eq(troupe_query_check(nothing[i]), -EINVAL, "'%s'",
                     nothing[i]);
    cr_assert_eq(troupe_query_check("fork"), 0);
    cr_assert_eq(troupe_query_check("what is \"the\""), 0, "quoted on purpose");
}

Test(query, any_bytes_of_any_length_are_fine)
{
    srand(7);
    for (int round = 0; round < 2000; round++) {
        char question[400];
        size_t size = (size_t) rand() % sizeof question;
        for (size_t i = 0; i < size; i++)
            question[i] = (char) (rand() % 3 ? "a\"(2)-_ '.="[rand() % 11]
                                             : 1 + rand() % 255);
        question[size ? size - 1 : 0] = 0;
        struct troupe__query query;
        int rc = troupe__query_parse(question, &query);
        cr_assert(rc == 0 || rc == -EINVAL);
        cr_assert_leq(query.count, TROUPE__TERMS_MAX);
        for (size_t i = 0; i < query.count; i++)
            cr_assert_lt(strnlen(query.terms[i].text, TROUPE__TERM_SIZE_MAX),
                         TROUPE__TERM_SIZE_MAX);
        troupe__query_free(&query);
    }
    size_t size = (size_t) 1 << 20;
    char *question = malloc(size + 1);
    cr_assert_not_null(question);
    memset(question, 'x', size);
    question[size] = 0;
    cr_assert_eq(troupe_query_check(question), 0);
    free(question);
}

Test(query, stop_words_are_in_the_order_that_the_search_needs)
{
    static const char *const stops[] = {
        "a", "difference", "how", "the", "your", "which", "with", "i", "vs"};
    for (size_t i = 0; i < sizeof stops / sizeof *stops; i++)
        cr_assert(troupe__is_stop_word(stops[i]), "%s", stops[i]);
    static const char *const others[] = {"", "file", "open", "zebra", "sort"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        cr_assert_not(troupe__is_stop_word(others[i]), "%s", others[i]);
}
