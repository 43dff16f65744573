/* SPDX-License-Identifier: Apache-2.0 */
/* model_transfer.c: one call to a model: its request, its answer, its faults. */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "troupe_trace.h"

#include "actors/model_http.h"
#include "mailbox/check.h"

static void
add_message(json_t *messages, const char *role, const char *content)
{
    json_array_append_new(
        messages, json_pack("{s:s, s:s}", "role", role, "content", content));
}

/* Strict servers refuse a schema that allows more than it names. */
static bool
is_strict(const json_t *schema)
{
    return json_is_false(json_object_get(schema, "additionalProperties"));
}

/* NULL when the schema is no JSON. */
static char *
make_body(const struct model_request *request)
{
    json_t *messages = json_array();
    if (request->system)
        add_message(messages, "system", request->system);
    add_message(messages, "user", request->prompt);
    json_t *root =
        json_pack("{s:s, s:o}", "model", request->model, "messages", messages);
    if (request->max_tokens > 0)
        json_object_set_new(root, "max_tokens",
                            json_integer((json_int_t) request->max_tokens));
    if (isfinite(request->temperature))
        json_object_set_new(root, "temperature",
                            json_real(request->temperature));
    if (request->stream) {
        json_object_set_new(root, "stream", json_true());
        json_object_set_new(root, "stream_options",
                            json_pack("{s:b}", "include_usage", 1));
    }
    json_t *schema =
        request->schema ? json_loads(request->schema, 0, NULL) : NULL;
    if (schema) {
        json_object_set_new(
            root, "response_format",
            json_pack("{s:s, s:{s:s, s:b, s:o}}", "type", "json_schema",
                      "json_schema", "name", "answer", "strict",
                      (int) is_strict(schema), "schema", schema));
    }
    bool good = schema || !request->schema;
    char *text = good ? json_dumps(root, JSON_COMPACT) : NULL;
    json_decref(root);
    return text;
}

/* 1: an event of a stream; 0: to be kept whole. */
static int
take_bytes(struct http_transfer *http, const char *bytes, size_t size)
{
    struct transfer *self = (struct transfer *) http;
    char type[32];
    long status = 0;
    troupe__http_type(http, type, sizeof type);
    (void) curl_easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200 || strcmp(type, "text/event-stream") != 0)
        return 0;
    return troupe__answer_feed(&self->answer, bytes, size) < 0 ? -EBADMSG : 1;
}

static void
clear(struct http_transfer *http)
{
    troupe__answer_free(&((struct transfer *) http)->answer);
}

int
troupe__transfer_new(const struct model_request *request, uint32_t timeout_ms,
                     struct http_outcome *ret_outcome,
                     struct transfer **ret_transfer)
{
    char parent[sizeof "traceparent: " + TROUPE_TRACE_TEXT] = "";
    const char *const headers[] = {"Content-Type: application/json", parent};
    struct http_transfer *http = NULL;
    struct troupe__text url = {0};
    char *body = make_body(request);
    if (!body) {
        *ret_outcome = (struct http_outcome){.fault = TROUPE_FAULT_PERMANENT,
                                             .words = "the schema is no JSON"};
        return -EINVAL;
    }
    const char *trace = request->traceparent;
    if (trace)
        (void) snprintf(parent, sizeof parent, "traceparent: %s", trace);
    size_t size = strlen(request->url);
    while (size > 0 && request->url[size - 1] == '/')
        size -= 1;
    troupe__text_printf(&url, "%.*s/chat/completions", (int) size,
                        request->url);
    const struct http_request it = {.url = url.data,
                                    .body = body,
                                    .key_env = request->key_env,
                                    .headers = headers,
                                    .header_count = trace ? 2 : 1,
                                    .timeout_ms = timeout_ms,
                                    .size_max = request->size_max};
    int rc = troupe__http_new(&it, sizeof(struct transfer), ret_outcome, &http);
    troupe__text_free(&url);
    free(body);
    if (rc < 0)
        return rc;
    struct transfer *self = (struct transfer *) http;
    troupe__answer_init(&self->answer);
    http->take = take_bytes;
    http->clear = clear;
    *ret_transfer = self;
    return 0;
}

static void
add_words(struct transfer *self, struct http_outcome *ret)
{
    struct http_transfer *http = &self->http;
    troupe__answer_read_error(&self->answer,
                              troupe__text_string(&http->received),
                              http->received.size);
    if (self->answer.error[0])
        (void) snprintf(ret->words, sizeof ret->words, "HTTP %ld: %s",
                        ret->status, self->answer.error);
}

static void
judge_body(struct transfer *self, CURLcode code, struct http_outcome *ret)
{
    struct http_transfer *http = &self->http;
    struct model_answer *answer = &self->answer;
    bool whole = http->received.size > 0;
    if (whole && code == CURLE_OK) {
        http->bad =
            troupe__answer_read(answer, troupe__text_string(&http->received),
                                http->received.size)
            < 0;
    }
    if (answer->error[0]) {
        ret->fault = TROUPE_FAULT_TRANSIENT;
        (void) snprintf(ret->words, sizeof ret->words, "the server says: %s",
                        answer->error);
    } else if (http->bad) {
        ret->fault = TROUPE_FAULT_PERMANENT;
        (void) snprintf(ret->words, sizeof ret->words,
                        "the answer is not the JSON of a chat completion");
    } else if (!answer->done && !answer->finish[0]) {
        ret->fault = code == CURLE_OPERATION_TIMEDOUT ? TROUPE_FAULT_TIMEOUT
                                                      : TROUPE_FAULT_TRANSIENT;
        (void) snprintf(ret->words, sizeof ret->words,
                        "the answer broke off after %llu bytes",
                        (unsigned long long) http->size);
    }
}

struct http_outcome
troupe__transfer_finish(struct transfer *self, CURLcode code)
{
    CHECK(self);
    struct http_outcome outcome = troupe__http_finish(&self->http, code);
    if (outcome.fault == TROUPE_FAULT_NONE)
        judge_body(self, code, &outcome);
    else if (outcome.status >= 300 && code == CURLE_OK)
        add_words(self, &outcome);
    troupe__http_tidy(&self->http, &outcome);
    return outcome;
}
