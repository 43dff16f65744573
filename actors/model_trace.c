/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model_trace.c: the span of a call of a model.
 * source: OpenTelemetry, "Semantic conventions for generative client AI spans",
 * 1.37: gen_ai.provider.name, and gen_ai.system for those who know the older
 * name.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "troupe_msgpack.h"

#include "actors/model.h"

#define HOST_MAX  255
#define NAME_SIZE 128

struct server {
    char host[HOST_MAX + 1];
    int port;
};

/* Of a URL that libcurl has taken; "" where there is none. */
static void
read_server(const char *url, struct server *ret)
{
    const char *at = strstr(url, "://");
    bool is_safe = strncmp(url, "https:", 6) == 0;
    *ret = (struct server){.port = is_safe ? 443 : 80};
    at = at ? at + 3 : url;
    size_t size = strcspn(at, "/?#");
    const char *user = memchr(at, '@', size); /* what is before it is secret */
    if (user) {
        size -= (size_t) (user + 1 - at);
        at = user + 1;
    }
    size_t host = *at == '[' ? strcspn(at, "]") + 1 : strcspn(at, ":/?#");
    if (host > size)
        host = size;
    if (host < size && at[host] == ':')
        (void) sscanf(at + host + 1, "%5d", &ret->port);
    snprintf(ret->host, sizeof ret->host, "%.*s", (int) host, at);
}

/* By the convention's names; what only speaks its protocol is "openai". */
static const char *
provider_of(const char *host)
{
    static const struct {
        const char *end, *name;
    } known[] = {{"openai.azure.com", "azure.ai.openai"},
                 {"anthropic.com", "anthropic"},
                 {"mistral.ai", "mistral_ai"},
                 {"deepseek.com", "deepseek"},
                 {"groq.com", "groq"},
                 {"googleapis.com", "gcp.gemini"},
                 {"x.ai", "x_ai"},
                 {"perplexity.ai", "perplexity"},
                 {"cohere.com", "cohere"}};
    size_t size = strlen(host);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        size_t end = strlen(known[i].end);
        if (size >= end && strcmp(host + size - end, known[i].end) == 0)
            return known[i].name;
    }
    return "openai";
}

/* What kind of failure, in few words. */
static const char *
error_type(const struct call *call, int code, char text[16])
{
    if (code == -ENOSPC)
        return "budget";
    if (code == -EBUSY)
        return "breaker_open";
    if (code == -ECANCELED)
        return "cancelled";
    if (call->status >= 400) {
        snprintf(text, 16, "%u", (unsigned) call->status);
        return text;
    }
    if (code == -ETIMEDOUT)
        return "timeout";
    return call->fault ? troupe_fault_name((troupe_fault_t) call->fault)
                       : "_OTHER";
}

/* What is told of a call at its end. */
struct ending {
    const struct call *call;
    const struct completion *what; /* NULL: it failed */
    double cost;
    const char *error;
    uint32_t count; /* members so far */
    bool counts;    /* only count them */
};

static bool
put_key(msgpack_packer *packer, struct ending *self, const char *key)
{
    self->count++;
    if (!self->counts)
        msgpack_pack_str_with_body(packer, key, strlen(key));
    return !self->counts;
}

static void
put_text(msgpack_packer *packer, struct ending *self, const char *key,
         const char *text)
{
    if (text && *text && put_key(packer, self, key))
        msgpack_pack_str_with_body(packer, text, strlen(text));
}

static void
put_number(msgpack_packer *packer, struct ending *self, const char *key,
           int64_t number)
{
    if (number >= 0 && put_key(packer, self, key))
        msgpack_pack_int64(packer, number);
}

static void
put_answer(msgpack_packer *packer, struct ending *self)
{
    const struct completion *what = self->what;
    const char *finish = what->finish;
    put_text(packer, self, "gen_ai.response.model", what->model);
    if (*finish && put_key(packer, self, "gen_ai.response.finish_reasons")) {
        msgpack_pack_array(packer, 1);
        msgpack_pack_str_with_body(packer, finish, strlen(finish));
    }
    put_number(packer, self, "gen_ai.usage.input_tokens", what->prompt_tokens);
    put_number(packer, self, "gen_ai.usage.output_tokens",
               what->completion_tokens);
    if (isfinite(self->cost) && put_key(packer, self, "troupe.cost"))
        msgpack_pack_double(packer, self->cost);
}

static void
put_all(msgpack_packer *packer, struct ending *self)
{
    const struct call *call = self->call;
    const struct model *model = call->model;
    struct server server;
    read_server(model->url, &server);
    const char *provider = provider_of(server.host);
    put_text(packer, self, "gen_ai.operation.name", "chat");
    put_text(packer, self, "gen_ai.provider.name", provider);
    put_text(packer, self, "gen_ai.system", provider);
    put_text(packer, self, "gen_ai.request.model", model->name);
    put_number(packer, self, "gen_ai.request.max_tokens",
               (int64_t) model->max_tokens);
    put_text(packer, self, "server.address", server.host);
    put_number(packer, self, "server.port", server.port);
    put_number(packer, self, "troupe.attempts", call->attempts);
    put_text(packer, self, "error.type", self->error);
    if (self->what)
        put_answer(packer, self);
}

static int
write_ending(msgpack_packer *packer, void *data)
{
    struct ending *self = data;
    self->counts = true;
    put_all(packer, self);
    msgpack_pack_map(packer, self->count);
    self->counts = false;
    put_all(packer, self);
    return 0;
}

static void
end(troupe_context_t *ctx, struct call *call, struct ending *ending,
    const char *words)
{
    char name[NAME_SIZE];
    snprintf(name, sizeof name, "chat %s", call->model->name);
    troupe_span_end(ctx, &call->span, name, TROUPE_SPAN_CLIENT, words, "*",
                    write_ending, ending);
}

void
troupe__call_traced_ok(troupe_context_t *ctx, struct call *call,
                       const struct completion *what, double cost)
{
    struct ending ending = {.call = call, .what = what, .cost = cost};
    end(ctx, call, &ending, NULL);
}

void
troupe__call_traced_failed(troupe_context_t *ctx, struct call *call, int code,
                           const char *words)
{
    char text[16];
    struct ending ending = {.call = call,
                            .error = error_type(call, code, text)};
    end(ctx, call, &ending, words);
}

void
troupe__call_traced_again(troupe_context_t *ctx, const struct call *call,
                          uint32_t wait_ms, const char *words)
{
    char text[16];
    troupe_span_event(ctx, &call->span, "retry", "{s:I, s:I, s:s, s:s}",
                      "troupe.attempt", (int64_t) call->attempts,
                      "troupe.wait_ms", (int64_t) wait_ms, "error.type",
                      error_type(call, 0, text), "exception.message", words);
}
