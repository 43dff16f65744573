/* SPDX-License-Identifier: Apache-2.0 */
/* web_request.c: a question as an engine of the web wants it. */
#include "actors/web.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "troupe_supervisor.h"
#include "troupe_web.h"

#include "mailbox/check.h"

#define QUERY     "{query}"
#define LIMIT     "{limit}"
#define NAME_MAX  31
#define SIZE_MOST (4u << 20)

int
troupe_web_engine_preset(const char *kind, troupe_web_engine_t *ret_engine)
{
    static const char *const searxng[] = {"q", QUERY, "format", "json"};
    static const char *const brave[] = {"q", QUERY, "count", LIMIT};
    static const char *const accept[] = {"Accept: application/json"};
    const troupe_web_engine_t presets[] = {
        {.name = "searxng",
         .parameters = searxng,
         .parameter_count = 4,
         .results = "results",
         .title = "title",
         .link = "url",
         .text = "content"},
        {.name = "brave",
         .url = "https://api.search.brave.com/res/v1/web/search",
         .parameters = brave,
         .parameter_count = 4,
         .headers = accept,
         .header_count = 1,
         .key_env = "BRAVE_API_KEY",
         .key_header = "X-Subscription-Token: ",
         .results = "web.results",
         .title = "title",
         .link = "url",
         .text = "description"},
        {.name = "tavily",
         .url = "https://api.tavily.com/search",
         .body = "{\"query\": \"" QUERY "\", \"max_results\": \"" LIMIT "\"}",
         .key_env = "TAVILY_API_KEY",
         .results = "results",
         .title = "title",
         .link = "url",
         .text = "raw_content|content"},
        {.name = "json",
         .results = "results",
         .title = "title",
         .link = "url",
         .text = "content"}};
    CHECK(kind && ret_engine);
    for (size_t i = 0; i < sizeof presets / sizeof *presets; i++) {
        if (strcmp(presets[i].name, kind) == 0) {
            *ret_engine = presets[i];
            ret_engine->name = NULL;
            return 0;
        }
    }
    return -ENOENT;
}

static bool
is_text(const char *text)
{
    return text && *text && !strpbrk(text, "\r\n")
           && troupe__utf8_is_valid(text, strlen(text));
}

static bool
are_texts(const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!texts || !is_text(texts[i]))
            return false;
    return true;
}

static bool
is_json(const char *text)
{
    json_t *root = json_loads(text, 0, NULL);
    json_decref(root);
    return root != NULL;
}

const char *
troupe_web_engine_check(const troupe_web_engine_t *engine)
{
    if (!is_text(engine->name) || strlen(engine->name) > NAME_MAX)
        return "its name has 1 to 31 bytes";
    if (!is_text(engine->url) || !troupe__web_is_page(engine->url))
        return "its url is no http or https address";
    if (engine->parameter_count % 2 != 0
        || !are_texts(engine->parameters, engine->parameter_count))
        return "its parameters are names and values, each of one line";
    if (!are_texts(engine->headers, engine->header_count))
        return "its headers are \"Name: value\", each of one line";
    for (size_t i = 0; i < engine->header_count; i++)
        if (!strchr(engine->headers[i], ':'))
            return "its headers are \"Name: value\", each of one line";
    if (engine->body && !is_json(engine->body))
        return "its body is no JSON";
    if (!engine->results || !is_text(engine->link) || !is_text(engine->text)
        || !is_text(engine->title))
        return "it names no path of results, title, link or text";
    return engine->size_max > SIZE_MOST ? "its size_max is over 4 MiB" : NULL;
}

static void
put_escaped(struct troupe__text *to, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char) *text;
        if (isalnum(c) || strchr("-._~", c))
            troupe__text_putc(to, (char) c);
        else
            troupe__text_printf(to, "%%%02X", c);
    }
}

/* What a template comes to; `put` adds each part of it that is no mark. */
static void
fill(struct troupe__text *to, const char *template, const char *question,
     const char *limit, bool escape_all)
{
    while (*template) {
        bool query = strncmp(template, QUERY, strlen(QUERY)) == 0;
        bool count = strncmp(template, LIMIT, strlen(LIMIT)) == 0;
        char one[2] = {*template, '\0'};
        const char *part = query ? question : count ? limit : one;
        if (escape_all || query)
            put_escaped(to, part);
        else
            troupe__text_puts(to, part);
        template += query ? strlen(QUERY) : count ? strlen(LIMIT) : 1;
    }
}

static char *
make_url(const struct web_engine *engine, const char *question,
         const char *limit)
{
    struct troupe__text url = {0};
    fill(&url, engine->url, question, limit, false);
    for (uint32_t i = 0; i + 1 < engine->parameters.count; i += 2) {
        troupe__text_putc(&url,
                          strchr(troupe__text_string(&url), '?') ? '&' : '?');
        put_escaped(&url, engine->parameters.items[i]);
        troupe__text_putc(&url, '=');
        fill(&url, engine->parameters.items[i + 1], question, limit, true);
    }
    return url.data;
}

/* A text that is "{limit}" alone becomes a number. */
static json_t *
fill_text(const char *template, const char *question, const char *limit)
{
    if (strcmp(template, LIMIT) == 0)
        return json_integer((json_int_t) strtoull(limit, NULL, 10));
    struct troupe__text text = {0};
    while (*template) {
        bool query = strncmp(template, QUERY, strlen(QUERY)) == 0;
        bool count = strncmp(template, LIMIT, strlen(LIMIT)) == 0;
        if (query || count)
            troupe__text_puts(&text, query ? question : limit);
        else
            troupe__text_putc(&text, *template);
        template += query ? strlen(QUERY) : count ? strlen(LIMIT) : 1;
    }
    json_t *value = json_string(troupe__text_string(&text));
    troupe__text_free(&text);
    return value;
}

static void
fill_json(json_t *value, const char *question, const char *limit)
{
    const char *key = NULL;
    json_t *item = NULL;
    size_t index = 0;
    void *next = NULL;
    json_object_foreach_safe(value, next, key, item)
    {
        if (json_is_string(item)) {
            json_object_set_new(
                value, key,
                fill_text(json_string_value(item), question, limit));
        } else {
            fill_json(item, question, limit);
        }
    }
    json_array_foreach(value, index, item)
    {
        if (json_is_string(item)) {
            json_array_set_new(
                value, index,
                fill_text(json_string_value(item), question, limit));
        } else {
            fill_json(item, question, limit);
        }
    }
}

int
troupe__web_request(const struct web_engine *engine, const char *question,
                    uint64_t limit, char **ret_url, char **ret_body)
{
    char number[24];
    (void) snprintf(number, sizeof number, "%" PRIu64, limit);
    *ret_body = NULL;
    if (engine->body) {
        json_t *body = json_loads(engine->body, 0, NULL);
        if (!body)
            return -EINVAL;
        fill_json(body, question, number);
        *ret_body = json_dumps(body, JSON_COMPACT);
        json_decref(body);
    }
    *ret_url = make_url(engine, question, number);
    return 0;
}

int
troupe_web_engine_pack(const troupe_web_engine_t *engine, troupe_ref_t http,
                       troupe_ref_t limiter, struct troupe_child_spec *ret_spec)
{
    return troupe__web_engine_pack(engine, http, limiter, 0, ret_spec);
}

int
troupe__web_engine_pack(const troupe_web_engine_t *engine, troupe_ref_t http,
                        troupe_ref_t limiter, uint64_t fail,
                        struct troupe_child_spec *ret_spec)
{
    CHECK(engine && ret_spec);
    if (troupe_web_engine_check(engine))
        return -EINVAL;
    struct texts parameters = {.items =
                                   (char **) (uintptr_t) engine->parameters,
                               .count = (uint32_t) engine->parameter_count};
    struct texts headers = {.items = (char **) (uintptr_t) engine->headers,
                            .count = (uint32_t) engine->header_count};
    return troupe_child_spec_pack(
        ret_spec,
        "{s:R, s:R, s:s, s:s, s:s?, s:*, s:*, s:s?, s:s?, s:s?, s:s, s:s, s:s, "
        "s:s, s:U, s:U, s:U, s:U}",
        "http", http, "limiter", limiter, "name", engine->name, "url",
        engine->url, "method", engine->method, "parameters",
        troupe__texts_write, &parameters, "headers", troupe__texts_write,
        &headers, "body", engine->body, "key_env", engine->key_env,
        "key_header", engine->key_header, "results", engine->results, "title",
        engine->title, "link", engine->link, "text", engine->text, "timeout_ms",
        (uint64_t) engine->timeout_ms, "size_max", (uint64_t) engine->size_max,
        "attempts", (uint64_t) engine->attempts, "fail", fail);
}
