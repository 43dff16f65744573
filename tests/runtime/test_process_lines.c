/* SPDX-License-Identifier: Apache-2.0 */
/* test_process_lines.c: output is cut into lines, cleaned, and its end kept. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "runtime/process_output.h"

TestSuite(process_lines, .timeout = 30);

static void
expect_clean(const char *bytes, size_t size, bool over, const char *wanted)
{
    char text[TROUPE__LINE_TEXT];
    size_t length = troupe__line_clean(bytes, size, over, text);
    cr_assert_str_eq(text, wanted);
    cr_assert_eq(length, strlen(wanted));
}

Test(process_lines, text_stays_as_it_is)
{
    const char *text = "na\xc3\xafve\t\xe2\x82\xac \xf0\x9f\x8e\xad";
    expect_clean(text, strlen(text), false, text);
    expect_clean("", 0, false, "");
}

Test(process_lines, what_a_terminal_obeys_becomes_harmless)
{
    expect_clean("\x1b[2J\a\0\r\x7f", 8, false, "\\x1b[2J\\x07\\x00\\x0d\\x7f");
    expect_clean("\xc2\x9b"
                 "1m",
                 4, false, "\\u009b1m");               /* C1 CSI */
    expect_clean("\xe2\x80\xae", 3, false, "\\u202e"); /* turns text */
    expect_clean("\xe2\x80\xa8", 3, false, "\\u2028"); /* a line's end */
    expect_clean("\xf3\xa0\x80\x81", 4, false, "\\U000e0001");
}

Test(process_lines, bytes_that_are_not_utf8_become_numbers)
{
    expect_clean("\xff\xc0\x80", 3, false, "\\xff\\xc0\\x80");
    expect_clean("\xe0\x80\x80", 3, false, "\\xe0\\x80\\x80"); /* overlong */
    expect_clean("\xed\xa0\x80", 3, false, "\\xed\\xa0\\x80"); /* surrogate */
    expect_clean("\xf4\x90\x80\x80", 4, false, "\\xf4\\x90\\x80\\x80");
    expect_clean("a\xe2\x82", 3, false, "a\\xe2\\x82");
    expect_clean("a\xe2\x82", 3, true, "a ..."); /* it was we who cut it */
}

Test(process_lines, the_worst_line_fits)
{
    char bytes[TROUPE__LINE_MAX];
    char text[TROUPE__LINE_TEXT];
    memset(bytes, 0xff, sizeof bytes);
    size_t length = troupe__line_clean(bytes, sizeof bytes, true, text);
    cr_assert_eq(length, TROUPE__LINE_TEXT - 1);
}

struct heard {
    char text[4096];
    size_t size, count;
};

static void
hear(void *data, const char *text, size_t size)
{
    struct heard *heard = data;
    cr_assert_eq(size, strlen(text));
    heard->count++;
    heard->size +=
        (size_t) snprintf(heard->text + heard->size,
                          sizeof heard->text - heard->size, "[%s]", text);
}

/* However the bytes are cut into pieces, the lines are the same. */
Test(process_lines, lines_do_not_depend_on_how_they_arrive)
{
    static const char bytes[] = "one\n\nthree\r\nf\xc3\xbcnf\nlast";
    for (size_t piece = 1; piece <= sizeof bytes; piece++) {
        struct troupe__lines lines = {0};
        struct heard heard = {0};
        for (size_t at = 0; at < sizeof bytes - 1; at += piece) {
            size_t left = sizeof bytes - 1 - at;
            troupe__lines_feed(&lines, bytes + at, left < piece ? left : piece,
                               hear, &heard);
        }
        troupe__lines_end(&lines, hear, &heard);
        troupe__lines_end(&lines, hear, &heard);
        cr_assert_str_eq(heard.text, "[one][][three][f\xc3\xbcnf][last]");
    }
}

Test(process_lines, a_long_line_is_cut_and_the_next_is_whole)
{
    struct troupe__lines lines = {0};
    struct heard heard = {0};
    char bytes[TROUPE__LINE_MAX + 1];
    memset(bytes, 'x', sizeof bytes);
    troupe__lines_feed(&lines, bytes, sizeof bytes - 1, hear, &heard);
    cr_assert_eq(heard.count, 0); /* as long as is kept: not over yet */
    for (int i = 0; i < 100; i++)
        troupe__lines_feed(&lines, bytes, sizeof bytes, hear, &heard);
    cr_assert_eq(heard.count, 1); /* told before it ended, and once */
    troupe__lines_feed(&lines, "y\nnext\n", 7, hear, &heard);
    cr_assert_eq(heard.count, 2);
    cr_assert_eq(heard.size, TROUPE__LINE_MAX + 4 + 2 + 6);
    cr_assert_str_eq(heard.text + TROUPE__LINE_MAX, "x ...][next]");
}

Test(process_lines, the_tail_keeps_the_last_lines_within_bounds)
{
    struct troupe__tail tail;
    troupe__tail_init(&tail, 3, 10);
    const char *const words[] = {"a", "bb", "ccc", "dddd"};
    for (size_t i = 0; i < 4; i++)
        troupe__tail_add(&tail, words[i], strlen(words[i]));
    cr_assert_eq(tail.count, 3); /* 9 bytes of at most 10 */
    cr_assert_str_eq(tail.lines[0], "bb");
    troupe__tail_add(&tail, "eee", 3);
    cr_assert_eq(tail.count, 3); /* 10 bytes */
    troupe__tail_add(&tail, "ffff", 4);
    cr_assert_eq(tail.count, 2);
    cr_assert_str_eq(tail.lines[0], "eee");
    troupe__tail_add(&tail, "ggggggggg\xc3\xbcgggg", 15);
    cr_assert_eq(tail.count, 1);
    cr_assert_str_eq(tail.lines[0], "ggggggggg"); /* not half a character */
    cr_assert_eq(tail.bytes, 9);
    troupe__tail_free(&tail);
}
