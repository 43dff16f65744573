/* SPDX-License-Identifier: Apache-2.0 */
/* test_model_answer.c: streams and bodies of models, in any pieces. */
#include <criterion/criterion.h>

#include <errno.h>
#include <string.h>

#include "actors/model_answer.h"

static const char stream[] =
    ": ping\n\n"
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\"}}]}\n\n"
    "event: message\r\n"
    "data: {\"choices\":[{\"delta\":{\"content\":\"Gr\\u00fc\"}}]}\r\n\r\n"
    "data:{\"choices\":[{\"delta\":{\"content\":\"n\"},"
    "\"finish_reason\":\"length\"}]}\n\n"
    "data: {\"choices\":[],\n"
    "data: \"usage\":{\"prompt_tokens\":7,\"completion_tokens\":2}}\n\n"
    "data: [DONE]\n\n";

Test(model_answer, a_stream_may_come_in_any_pieces)
{
    size_t size = sizeof stream - 1;
    for (size_t piece = 1; piece <= size; piece++) {
        struct model_answer answer;
        troupe__answer_init(&answer);
        for (size_t at = 0; at < size; at += piece) {
            size_t part = size - at < piece ? size - at : piece;
            cr_assert_eq(troupe__answer_feed(&answer, stream + at, part), 0);
            cr_assert(!answer.done || at + part >= size - 1);
        }
        cr_assert(answer.done);
        cr_assert_str_eq(answer.text.data, "Gr\xc3\xbcn");
        cr_assert_str_eq(answer.finish, "length");
        cr_assert_eq(answer.prompt_tokens, 7);
        cr_assert_eq(answer.completion_tokens, 2);
        troupe__answer_free(&answer);
    }
}

static int
read_body(const char *body, struct model_answer *answer)
{
    troupe__answer_init(answer);
    return troupe__answer_read(answer, body, strlen(body));
}

Test(model_answer, a_body_that_is_none_is_refused)
{
    static const char *const bodies[] = {
        "",
        "[]",
        "{}",
        "{\"choices\": []}",
        "{\"choices\": 5}",
        "{\"choices\": [{\"message\": {\"content\": 5}}]}",
        "{\"choices\": [{\"message\": {\"content\": \"\xff\"}}]}",
        "<html>busy</html>",
    };
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct model_answer answer;
        cr_assert_eq(read_body(bodies[i], &answer), -EBADMSG, "%s", bodies[i]);
        cr_assert_not(answer.done);
        troupe__answer_free(&answer);
    }
}

Test(model_answer, what_a_server_says_is_wrong_is_kept_short)
{
    struct model_answer answer;
    cr_assert_eq(
        read_body("{\"error\": {\"message\": \"too\\nlong\"}}", &answer), 0);
    cr_assert_str_eq(answer.error, "too long");
    static const char *const wordless[] = {
        "{\"error\": {\"code\": 502}}", "{\"error\": true}",
        "{\"error\": {\"message\": \"\"}}", "{\"error\": \"\"}"};
    for (size_t i = 0; i < sizeof wordless / sizeof *wordless; i++) {
        cr_assert_eq(read_body(wordless[i], &answer), 0);
        cr_assert_str_eq(answer.error, "an error without words");
    }
    troupe__answer_free(&answer);
    char body[2000] = "{\"error\": \"";
    for (int i = 0; i < 400; i++)
        strcat(body, "\xc3\xa9");
    strcat(body, "\"}");
    cr_assert_eq(read_body(body, &answer), 0);
    cr_assert_leq(strlen(answer.error), sizeof answer.error - 1);
    cr_assert(troupe__utf8_is_valid(answer.error, strlen(answer.error)));
    troupe__answer_free(&answer);
}

Test(model_answer, tokens_that_are_none_stay_unknown)
{
    struct model_answer answer;
    cr_assert_eq(read_body("{\"choices\": [{\"message\": {\"content\": null}}],"
                           "\"usage\": {\"prompt_tokens\": -4}}",
                           &answer),
                 0);
    cr_assert_eq(answer.prompt_tokens, -1);
    cr_assert_eq(answer.completion_tokens, -1);
    cr_assert_str_eq(troupe__text_string(&answer.text), "");
    troupe__answer_free(&answer);
}
