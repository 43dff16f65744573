/* SPDX-License-Identifier: Apache-2.0 */
/* test_web_actors.c: engines and pages of the web, against a server that fails
 * on demand. */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <troupe.h>

#include "troupe_http.h"
#include "troupe_passage.h"
#include "troupe_retry.h"
#include "troupe_web.h"

#include "actors/codec.h"
#include "actors/mock_server.h"
#include "actors/scratch_dir.h"

#define WAIT_MS  20000
#define QUESTION "How many queens has a hive?"

static struct scratch_dir pages;
static troupe_t *node;
static troupe_ref_t http;

static void
begin(void)
{
    scratch_dir_make(&pages);
    scratch_dir_write(&pages, "hive.html",
                      "<title>On hives</title><p>A hive has one queen.</p>"
                      "<script>var bees = 9;</script>");
    scratch_dir_write(&pages, "picture.png", "not a picture");
    scratch_dir_write(&pages, "empty.html", "<p></p>");
    cr_assert(mock_begin_with_pages(pages.path));
    cr_assert_eq(troupe_new(NULL, &node), 0);
    cr_assert_eq(troupe_node_spawn(node, &troupe_http, NULL, &http, NULL), 0);
}

static void
end(void)
{
    cr_assert_eq(troupe_destroy(&node), 0);
    mock_end();
    scratch_dir_remove(&pages);
}

TestSuite(web_actors, .init = begin, .fini = end, .timeout = 60);

/* The mock's address with another path. */
static const char *
at(const char *path)
{
    static char url[256];
    snprintf(url, sizeof url, "%.*s%s", (int) strlen(mock_url()) - 3,
             mock_url(), path);
    return url;
}

struct found {
    int code;
    char words[256];
    size_t count;
    char path[128];
};

/* The first passage and how many there are. */
static void
take_passages(const troupe_message_t *reply, struct found *found)
{
    troupe_passages_t *list = NULL;
    cr_assert_eq(troupe__passages_read(reply, &list), 0);
    found->count = troupe_passages_count(list);
    if (found->count > 0)
        snprintf(found->path, sizeof found->path, "%s",
                 troupe_passages_at(list, 0)->path);
    troupe_passages_destroy(&list);
}

static struct found
take(int code, troupe_message_t **reply)
{
    struct found found = {.code = code};
    if (code == 0)
        take_passages(*reply, &found);
    else
        snprintf(found.words, sizeof found.words, "%s",
                 troupe_node_ask_words());
    troupe_message_destroy(reply);
    return found;
}

static struct found
search(const troupe_web_engine_t *engine, uint32_t timeout_ms)
{
    troupe_child_spec_t spec = {.id = "engine", .kind = &troupe_web_search};
    troupe_ref_t ref;
    troupe_message_t *reply = NULL;
    cr_assert_eq(troupe_web_engine_pack(engine, http, TROUPE_NOBODY, &spec), 0);
    cr_assert_eq(troupe_node_spawn(node, spec.kind, NULL, &ref, "r",
                                   spec.arguments, spec.arguments_size),
                 0);
    troupe_child_spec_clear(&spec);
    int rc =
        troupe_node_ask(node, ref, "search", timeout_ms, &reply, "{s:s, s:U}",
                        "question", QUESTION, "limit", UINT64_C(20));
    return take(rc, &reply);
}

static struct found
search_as(const char *kind, const char *path)
{
    troupe_web_engine_t engine;
    cr_assert_eq(troupe_web_engine_preset(kind, &engine), 0);
    engine.name = kind;
    engine.url = at(path);
    engine.key_env = engine.key_env ? "TROUPE_TEST_KEY" : NULL;
    engine.timeout_ms = 2000;
    return search(&engine, WAIT_MS);
}

Test(web_actors, each_known_kind_is_understood)
{
    setenv("TROUPE_TEST_KEY", "secret-of-the-test", 1);
    static const char *const kinds[][2] = {
        {"searxng", "/search"}, {"brave", "/brave"}, {"tavily", "/tavily"}};
    for (size_t i = 0; i < 3; i++) {
        struct found found = search_as(kinds[i][0], kinds[i][1]);
        cr_assert_eq(found.code, 0, "%s: %s", kinds[i][0], found.words);
        cr_assert_eq(found.count, 1);
        cr_assert_str_eq(found.path, at("/page/hive.html"));
    }
    unsetenv("TROUPE_TEST_KEY");
    struct found found = search_as("brave", "/brave");
    cr_assert_eq(found.code, -EPROTO);
    cr_assert(strstr(found.words, "TROUPE_TEST_KEY"), "%s", found.words);
}

Test(web_actors, what_goes_wrong_has_a_name)
{
    static const struct {
        const char *manner;
        int code;
        const char *words;
    } cases[] = {
        {"500", -EIO, "HTTP 500"},
        {"404", -EPROTO, "HTTP 404"},
        {"refuse", -EIO, "attempts"},
        {"badjson", -EPROTO, "no JSON"},
        {"huge=9000000", -EPROTO, "over 1048576 bytes"},
        {"lie", -EIO, "broke off"},
        {"429=1%2Bafter=1", 0, ""},
        {"500=1", 0, ""},
        {"429%2Bafter=100", -ETIMEDOUT, "HTTP 429"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char path[128];
        snprintf(path, sizeof path, "/search?manner=%s", cases[i].manner);
        struct found found = search_as("searxng", path);
        cr_assert_eq(found.code, cases[i].code, "%s: %d %s", path, found.code,
                     found.words);
        cr_assert(strstr(found.words, cases[i].words), "%s: %s", path,
                  found.words);
    }
}

Test(web_actors, silence_ends_with_the_time_of_an_attempt)
{
    static const char *const manners[] = {"hang", "drip=1s"};
    for (size_t i = 0; i < 2; i++) {
        char path[128];
        snprintf(path, sizeof path, "/search?manner=%s", manners[i]);
        troupe_web_engine_t engine;
        cr_assert_eq(troupe_web_engine_preset("searxng", &engine), 0);
        engine.name = "slow";
        engine.url = at(path);
        engine.timeout_ms = 150;
        engine.attempts = 2;
        struct found found = search(&engine, WAIT_MS);
        cr_assert_eq(found.code, -EIO, "%d", found.code);
        cr_assert(strstr(found.words, "(2 attempts)"), "%s", found.words);
    }
}

Test(web_actors, an_engine_that_fails_too_often_is_left_alone)
{
    troupe_web_engine_t engine;
    cr_assert_eq(troupe_web_engine_preset("searxng", &engine), 0);
    engine.name = "broken";
    engine.url = at("/search?manner=500");
    engine.attempts = 1;
    troupe_child_spec_t spec = {.id = "engine", .kind = &troupe_web_search};
    troupe_ref_t ref;
    cr_assert_eq(troupe_web_engine_pack(&engine, http, TROUPE_NOBODY, &spec),
                 0);
    cr_assert_eq(troupe_node_spawn(node, spec.kind, NULL, &ref, "r",
                                   spec.arguments, spec.arguments_size),
                 0);
    troupe_child_spec_clear(&spec);
    int rc = 0;
    for (int i = 0; i < 6; i++)
        rc = troupe_node_ask(node, ref, "search", WAIT_MS, NULL, "{s:s, s:U}",
                             "question", QUESTION, "limit", UINT64_C(20));
    cr_assert_eq(rc, -EBUSY);
    cr_assert(strstr(troupe_node_ask_words(), "the last failure: HTTP 500"),
              "%s", troupe_node_ask_words());
}

static struct found
read_page(const char *path, bool public_only)
{
    troupe_ref_t guarded, reader;
    troupe_message_t *reply = NULL;
    cr_assert_eq(troupe_node_spawn(node, &troupe_http, NULL, &guarded, "{s:b}",
                                   "public_only", (int) public_only),
                 0);
    cr_assert_eq(troupe_node_spawn(node, &troupe_page_reader, NULL, &reader,
                                   "{s:R, s:U, s:U}", "http", guarded, "index",
                                   UINT64_C(0), "fail", UINT64_C(0)),
                 0);
    int rc = troupe_node_ask(node, reader, "read", WAIT_MS, &reply,
                             "{s:s, s:U, s:[s]}", "question", QUESTION, "limit",
                             UINT64_C(4), "urls", at(path));
    return take(rc, &reply);
}

Test(web_actors, pages_are_cleaned_and_those_that_are_none_are_named)
{
    static const struct {
        const char *path;
        int code;
        const char *words;
    } cases[] = {
        {"/page/hive.html", 0, ""},
        {"/page/picture.png", -EPROTO, "application/octet-stream, not text"},
        {"/page/empty.html", -EPROTO, "no text in it"},
        {"/page/none.html", -EPROTO, "HTTP 404"},
        {"/page/a?to=/page/hive.html", 0, ""},
        {"/page/loop?to=loop?to=loop", -EPROTO, "HTTP 404"},
        {"/page/a?to=file:///etc/passwd", -EPROTO, ""},
        {"/page/a?to=ftp://127.0.0.1/x", -EPROTO, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct found found = read_page(cases[i].path, false);
        cr_assert_eq(found.code, cases[i].code, "%s: %d %s", cases[i].path,
                     found.code, found.words);
        cr_assert(strstr(found.words, cases[i].words), "%s: %s", cases[i].path,
                  found.words);
        cr_assert_eq(found.count, found.code == 0);
    }
}

Test(web_actors, private_addresses_are_not_asked_for_pages)
{
    struct found found = read_page("/page/hive.html", true);
    cr_assert_eq(found.code, -EPROTO, "%d", found.code);
    cr_assert(strstr(found.words, "private address"), "%s", found.words);
    /* Whatever the name of the address is. */
    static const char *const urls[] = {"http://localhost:1/",
                                       "http://[::1]:1/",
                                       "http://0.0.0.0:1/",
                                       "http://2130706433:1/",
                                       "http://[::ffff:127.0.0.1]:1/",
                                       "http://169.254.169.254/latest/",
                                       "http://10.1.2.3/"};
    troupe_ref_t guarded;
    cr_assert_eq(troupe_node_spawn(node, &troupe_http, NULL, &guarded, "{s:b}",
                                   "public_only", 1),
                 0);
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        troupe_message_t *reply = NULL;
        const char *words = NULL;
        cr_assert_eq(troupe_node_ask(node, guarded, "fetch", WAIT_MS, &reply,
                                     "{s:s}", "url", urls[i]),
                     0);
        cr_assert_eq(troupe_unpack(reply, "{s:s}", "words", &words), 0);
        cr_assert(strstr(words, "private address"), "%s: %s", urls[i], words);
        troupe_message_destroy(&reply);
    }
}

Test(web_actors, a_fetch_has_only_the_two_protocols)
{
    static const char *const urls[] = {"file:///etc/passwd", "gopher://x.test/",
                                       "dict://127.0.0.1/", "", "nonsense://"};
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        troupe_message_t *reply = NULL;
        uint64_t fault = 0;
        cr_assert_eq(troupe_node_ask(node, http, "fetch", WAIT_MS, &reply,
                                     "{s:s}", "url", urls[i]),
                     0);
        cr_assert_eq(troupe_unpack(reply, "{s:U}", "fault", &fault), 0);
        cr_assert_neq(fault, TROUPE_FAULT_NONE, "%s", urls[i]);
        troupe_message_destroy(&reply);
    }
}
