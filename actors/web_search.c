/* SPDX-License-Identifier: Apache-2.0 */
/* web_search.c: the actor of one search engine of the web. */
#include <errno.h>
#include <stdlib.h>

#include "troupe_ask.h"
#include "troupe_web.h"

#include "actors/research.h"
#include "actors/web.h"
#include "actors/web_call.h"
#include "mailbox/check.h"

#define TIMEOUT_MS 10000u
#define ANSWER_MAX (1u << 20)

struct web_search {
    struct web_caller caller;
    struct web_engine engine;
    uint64_t fail; /* first incarnations that fail */
};

void
troupe__web_engine_clear(struct web_engine *self)
{
    char *texts[] = {self->name,    self->url,     self->method,
                     self->body,    self->key_env, self->key_header,
                     self->results, self->title,   self->link,
                     self->text};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
    troupe__texts_clear(&self->parameters);
    troupe__texts_clear(&self->headers);
    *self = (struct web_engine){0};
}

static char *
copy(const char *text)
{
    return text ? troupe__strdup(text) : NULL;
}

static int
read_texts(const troupe_message_t *msg, struct web_engine *self)
{
    const char *name = NULL, *url = NULL, *method = NULL, *body = NULL;
    const char *key_env = NULL, *key_header = NULL, *results = NULL;
    const char *title = NULL, *link = NULL, *text = NULL;
    int rc = troupe_unpack(
        msg, "{s:s, s:s, s:s?, s:s?, s:s?, s:s?, s:s, s:s, s:s, s:s}", "name",
        &name, "url", &url, "method", &method, "body", &body, "key_env",
        &key_env, "key_header", &key_header, "results", &results, "title",
        &title, "link", &link, "text", &text);
    if (rc < 0)
        return rc;
    self->name = copy(name);
    self->url = copy(url);
    self->method = copy(method);
    self->body = copy(body);
    self->key_env = copy(key_env);
    self->key_header = copy(key_header);
    self->results = copy(results);
    self->title = copy(title);
    self->link = copy(link);
    self->text = copy(text);
    rc = troupe__texts_read(msg, "parameters", &self->parameters);
    return rc == 0 ? troupe__texts_read(msg, "headers", &self->headers) : rc;
}

static int
search_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct web_search *self = state;
    uint64_t timeout_ms = 0, attempts = 0;
    int rc = troupe_unpack(
        msg, "{s:R, s:R, s:U, s:U, s:U, s?U}", "http", &self->caller.http,
        "limiter", &self->caller.limiter, "timeout_ms", &timeout_ms, "size_max",
        &self->engine.size_max, "attempts", &attempts, "fail", &self->fail);
    if (rc == 0)
        rc = read_texts(msg, &self->engine);
    if (rc < 0 || timeout_ms > UINT32_MAX || attempts > UINT32_MAX) {
        return troupe_fail(ctx, -EINVAL,
                           "an engine of the web wants what "
                           "troupe_web_engine_pack() makes");
    }
    if (self->engine.size_max == 0)
        self->engine.size_max = ANSWER_MAX;
    return troupe__web_caller_init(
        &self->caller, timeout_ms > 0 ? (uint32_t) timeout_ms : TIMEOUT_MS,
        (uint32_t) attempts);
}

static int
on_answer(troupe_context_t *ctx, struct web_call *call,
          const struct web_answer *answer, char words[160])
{
    const struct web_search *self =
        (const struct web_search *) (void *) call->caller;
    troupe_passages_t *found = NULL;
    int rc = troupe__web_read(&self->engine, call->question, call->limit,
                              answer->body, answer->size, words, &found);
    if (rc < 0)
        return rc;
    rc = troupe_reply_to(ctx, &call->token, "{s:*}", "passages",
                         troupe__passages_write, found);
    troupe_passages_destroy(&found);
    return rc;
}

static int
on_search(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct web_search *self = state;
    const char *question = NULL;
    uint64_t limit = 0;
    int rc = troupe__fail_on_request(ctx, self->fail);
    if (rc < 0)
        return rc;
    rc = troupe_unpack(msg, "{s:s, s:U}", "question", &question, "limit",
                       &limit);
    if (rc < 0)
        return troupe_reply_error(ctx, rc, "search wants question and limit");
    char *url = NULL, *body = NULL;
    if (troupe__web_request(&self->engine, question, limit, &url, &body) < 0)
        return troupe_reply_error(ctx, -EPROTO, "its body is no JSON");
    struct web_call *call = troupe__web_call_new(ctx, &self->caller, msg);
    if (!call) {
        free(url);
        free(body);
        return 0;
    }
    call->url = url;
    call->body = body;
    call->method = copy(self->engine.method);
    call->headers = &self->engine.headers;
    call->key_env = self->engine.key_env;
    call->key_header = self->engine.key_header;
    call->size_max = self->engine.size_max;
    call->question = troupe__strdup(question);
    call->limit = limit;
    call->done = on_answer;
    return troupe__web_call_begin(ctx, call);
}

static int
on_cancel(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct web_search *self = state;
    return troupe__web_call_cancel(ctx, &self->caller, msg);
}

static void
search_stop(troupe_context_t *ctx, void *state, const troupe_reason_t *reason)
{
    (void) ctx;
    (void) reason;
    struct web_search *self = state;
    troupe__web_caller_clear(&self->caller);
    troupe__web_engine_clear(&self->engine);
}

TROUPE_KIND(troupe_web_search, struct web_search, TROUPE_ON_START(search_start),
            TROUPE_ON("search", on_search), TROUPE_ON_CANCEL(on_cancel),
            TROUPE_ON_STOP(search_stop));
