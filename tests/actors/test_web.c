/* SPDX-License-Identifier: Apache-2.0 */
/* test_web.c: what is sent to engines of the web, and what they answer. */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "troupe_passage.h"
#include "troupe_web.h"

#include "actors/web.h"

#define QUESTION "How many queens has a hive?"

/* Lent, and only read. */
#define TEXT(text) ((char *) (uintptr_t) (text))

static struct web_engine
engine_of(const char *results)
{
    return (struct web_engine){.url = TEXT("http://x.test/a"),
                               .results = TEXT(results),
                               .title = TEXT("title"),
                               .link = TEXT("url"),
                               .text = TEXT("raw|content")};
}

Test(web, puts_a_question_where_the_engine_wants_it)
{
    char *parameters[] = {TEXT("q"),       TEXT("{query}"), TEXT("n"),
                          TEXT("{limit}"), TEXT("format"),  TEXT("json")};
    struct web_engine engine = engine_of("results");
    engine.parameters = (struct texts){.items = parameters, .count = 6};
    engine.body = TEXT("{\"query\": \"{query}\", \"max\": \"{limit}\", \"a\": "
                       "[\"up to {limit}\", 1, {\"b\": \"{query}\"}]}");
    char *url = NULL, *body = NULL;
    cr_assert_eq(
        troupe__web_request(&engine, "a & b=\"\xc3\xa9\"?", 7, &url, &body), 0);
    cr_assert_str_eq(url, "http://x.test/a?q=a%20%26%20b%3D%22%C3%A9%22%3F&n=7"
                          "&format=json");
    cr_assert_str_eq(body, "{\"query\":\"a & b=\\\"\xc3\xa9\\\"?\",\"max\":7,"
                           "\"a\":[\"up to 7\",1,{\"b\":\"a & b=\\\"\xc3\xa9"
                           "\\\"?\"}]}");
    free(url);
    free(body);
    engine.url = TEXT("http://x.test/{query}/?x=1");
    engine.body = NULL;
    cr_assert_eq(troupe__web_request(&engine, "a/b", 7, &url, &body), 0);
    cr_assert_eq(strncmp(url, "http://x.test/a%2Fb/?x=1&q=a%2Fb&n=7", 36), 0);
    cr_assert_null(body);
    free(url);
}

static troupe_passages_t *
read_answer(const char *results, const char *json)
{
    struct web_engine engine = engine_of(results);
    troupe_passages_t *list = NULL;
    char words[160] = "";
    int rc = troupe__web_read(&engine, QUESTION, 50, json, strlen(json), words,
                              &list);
    cr_assert_eq(rc, 0, "%s", words);
    return list;
}

Test(web, reads_results_and_passes_over_what_is_none)
{
    troupe_passages_t *list = read_answer(
        "web.results",
        "{\"web\": {\"results\": ["
        "{\"url\": \"HTTP://X.test:80/a?utm_source=y&b=1#c\", \"title\": "
        "\"A <b>t</b>\", \"content\": \"One &amp; <strong>two</strong>\\n"
        "three\"},"
        "{\"url\": \"javascript:alert(1)\", \"content\": \"no\"},"
        "{\"url\": \"file:///etc/passwd\", \"content\": \"no\"},"
        "{\"content\": \"no address\"}, 7, null, [], \"text\","
        "{\"url\": 5, \"content\": \"x\"}, {\"url\": \"http://y.test/\"},"
        "{\"url\": \"http://z.test/\", \"title\": \"Only a title\"},"
        "{\"url\": \"http://u:p@z.test/b\", \"content\": [\"x\", 5, \"y\"], "
        "\"title\": {}}"
        "]}}");
    cr_assert_eq(troupe_passages_count(list), 3);
    const troupe_passage_t *it = troupe_passages_at(list, 0);
    cr_assert_str_eq(it->path, "http://x.test/a?b=1");
    cr_assert_str_eq(it->title, "A t");
    cr_assert_str_eq(it->text, "One & two three");
    cr_assert_eq(it->end, strlen(it->text));
    cr_assert_str_eq(troupe_passages_at(list, 1)->text, "Only a title");
    it = troupe_passages_at(list, 2);
    cr_assert_str_eq(it->path, "http://z.test/b");
    cr_assert_str_eq(it->title, "http://z.test/b");
    cr_assert_str_eq(it->text, "x y");
    troupe_passages_destroy(&list);
    list = read_answer("", "[{\"url\": \"http://x.test\", \"raw\": \"R\", "
                           "\"content\": \"C\"}]");
    cr_assert_str_eq(troupe_passages_at(list, 0)->text, "R");
    troupe_passages_destroy(&list);
    list = read_answer("results", "{\"results\": []}");
    cr_assert_eq(troupe_passages_count(list), 0);
    troupe_passages_destroy(&list);
}

Test(web, refuses_answers_that_are_none_and_says_why)
{
    static const struct {
        const char *json, *words;
    } cases[] = {
        {"", "no JSON"},
        {"<html>", "no JSON"},
        {"{\"results\": [", "no JSON"},
        {"\xff\xfe{}", "no JSON"},
        {"{}", "no list at results"},
        {"{\"results\": {}}", "no list at results"},
        {"{\"results\": null}", "no list at results"},
        {"[]", "no list at results"},
        {"{\"results\": [{\"link\": \"http://x.test\"}]}", "none of its"},
    };
    struct web_engine engine = engine_of("results");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        troupe_passages_t *list = NULL;
        char words[160] = "";
        cr_assert_eq(troupe__web_read(&engine, QUESTION, 50, cases[i].json,
                                      strlen(cases[i].json), words, &list),
                     -EBADMSG);
        cr_assert(strstr(words, cases[i].words), "'%s' for %s", words,
                  cases[i].json);
        cr_assert_null(list);
    }
}

Test(web, cuts_long_results_into_what_is_about_the_question)
{
    char *json = malloc(200000);
    size_t size = (size_t) sprintf(json, "{\"results\": [{\"url\": "
                                         "\"http://x.test\", \"raw\": \"");
    for (int i = 0; i < 400; i++) {
        size += (size_t) sprintf(json + size,
                                 "Sentence %d is about wheels of carts and has "
                                 "some words. ",
                                 i);
    }
    size += (size_t) sprintf(json + size, "\\n\\nA hive has one queen.\\n\\n");
    for (int i = 0; i < 400; i++) {
        size += (size_t) sprintf(json + size,
                                 "Sentence %d is about boats on rivers and has "
                                 "some words. ",
                                 i);
    }
    sprintf(json + size, "\"}]}");
    troupe_passages_t *list = read_answer("results", json);
    cr_assert(troupe_passages_count(list) >= 1
              && troupe_passages_count(list) <= 4);
    cr_assert(strstr(troupe_passages_at(list, 0)->text, "one queen"));
    for (size_t i = 0; i < troupe_passages_count(list); i++) {
        const troupe_passage_t *it = troupe_passages_at(list, i);
        cr_assert_eq(it->end - it->start, strlen(it->text));
    }
    troupe_passages_destroy(&list);
    free(json);
}

Test(web, knows_what_an_engine_must_have)
{
    troupe_web_engine_t engine;
    cr_assert_eq(troupe_web_engine_preset("searxng", &engine), 0);
    cr_assert_not_null(troupe_web_engine_check(&engine));
    engine.name = "mine";
    cr_assert(strstr(troupe_web_engine_check(&engine), "url"));
    engine.url = "ftp://x.test";
    cr_assert(strstr(troupe_web_engine_check(&engine), "url"));
    engine.url = "http://x.test/search";
    cr_assert_null(troupe_web_engine_check(&engine));
    engine.body = "{";
    cr_assert(strstr(troupe_web_engine_check(&engine), "JSON"));
    engine.body = NULL;
    static const char *const bad[] = {"X: 1\r\nY: 2"};
    engine.headers = bad;
    engine.header_count = 1;
    cr_assert(strstr(troupe_web_engine_check(&engine), "headers"));
    cr_assert_eq(troupe_web_engine_preset("altavista", &engine), -ENOENT);
}
