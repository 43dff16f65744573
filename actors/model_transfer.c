/* SPDX-License-Identifier: Apache-2.0 */
/* model_transfer.c: one HTTP call: its request, its bytes, its faults. */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/model_http.h"
#include "mailbox/check.h"

#define SIZE_MAX_DEFAULT (4u << 20)
#define CONNECT_MS       10000L
#define IDLE_SECONDS     120L /* without a byte, where no deadline is sooner */
#define SERVER_BUSY      503
#define TOO_MANY         429

static void
add_message(json_t *messages, const char *role, const char *content)
{
    json_array_append_new(
        messages, json_pack("{s:s, s:s}", "role", role, "content", content));
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
        json_object_set_new(root, "response_format",
                            json_pack("{s:s, s:{s:s, s:b, s:o}}", "type",
                                      "json_schema", "json_schema", "name",
                                      "answer", "strict", 1, "schema", schema));
    }
    bool good = schema || !request->schema;
    char *text = good ? json_dumps(root, JSON_COMPACT) : NULL;
    json_decref(root);
    return text;
}

static size_t
on_bytes(char *bytes, size_t one, size_t count, void *data)
{
    struct transfer *self = data;
    size_t size = one * count;
    const char *type = NULL;
    long status = 0;
    (void) curl_easy_getinfo(self->easy, CURLINFO_CONTENT_TYPE, &type);
    (void) curl_easy_getinfo(self->easy, CURLINFO_RESPONSE_CODE, &status);
    self->received += size;
    self->too_large = self->received > self->size_max;
    if (self->too_large)
        return 0;
    static const char stream[] = "text/event-stream";
    if (self->plain || status != 200 || !type
        || strncmp(type, stream, sizeof stream - 1) != 0) {
        troupe__text_put(&self->body, bytes, size);
        return size;
    }
    self->bad = troupe__answer_feed(&self->answer, bytes, size) < 0;
    return self->bad ? 0 : size;
}

static bool
is_loopback(const char *url)
{
    return strncmp(url, "http://127.", 11) == 0
           || strncmp(url, "http://localhost", 16) == 0
           || strncmp(url, "http://[::1]", 12) == 0;
}

static void
add_header(struct transfer *self, const char *name, const char *value)
{
    struct troupe__text header = {0};
    troupe__text_printf(&header, "%s%s", name, value);
    struct curl_slist *list = curl_slist_append(self->headers, header.data);
    if (!list)
        troupe__out_of_memory(header.size);
    self->headers = list;
    explicit_bzero(header.data, header.size); /* it may be a key */
    troupe__text_free(&header);
}

static void
set_options(struct transfer *self, const char *url, uint32_t timeout_ms)
{
    CURL *easy = self->easy;
    curl_easy_setopt(easy, CURLOPT_URL, url);
    if (is_loopback(url))
        curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, self->headers);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                     (curl_off_t) strlen(self->request));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, self->request);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_bytes);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, self);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, self);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, self->error);
    curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE,
                     (curl_off_t) self->size_max);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, IDLE_SECONDS);
    if (timeout_ms > 0)
        curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long) timeout_ms);
}

static int
refuse(struct model_outcome *ret, const char *words, const char *name)
{
    *ret = (struct model_outcome){.fault = TROUPE_FAULT_PERMANENT};
    (void) snprintf(ret->words, sizeof ret->words, "%s%s", words, name);
    return -EINVAL;
}

static struct transfer *
transfer_of(char *body, uint64_t size_max)
{
    struct transfer *self = troupe__alloc(sizeof *self);
    troupe__answer_init(&self->answer);
    self->request = body;
    self->size_max = size_max ? size_max : SIZE_MAX_DEFAULT;
    self->easy = curl_easy_init();
    if (!self->easy)
        troupe__out_of_memory(sizeof *self);
    add_header(self, "Content-Type: application/json", "");
    add_header(self, "Expect:", ""); /* no waiting for "100 Continue" */
    return self;
}

int
troupe__transfer_new(const struct model_request *request, uint32_t timeout_ms,
                     struct model_outcome *ret_outcome,
                     struct transfer **ret_transfer)
{
    const char *key = request->key_env ? getenv(request->key_env) : NULL;
    if (request->key_env && (!key || !*key)) {
        return refuse(ret_outcome,
                      "its key is missing: set the environment variable ",
                      request->key_env);
    }
    if (key && strpbrk(key, "\r\n"))
        return refuse(ret_outcome, "there is an end of line in ",
                      request->key_env);
    char *body = make_body(request);
    if (!body)
        return refuse(ret_outcome, "the schema is no JSON", "");
    struct transfer *self = transfer_of(body, request->size_max);
    if (key) {
        self->key = troupe__strdup(key);
        add_header(self, "Authorization: Bearer ", key);
    }
    if (request->traceparent)
        add_header(self, "traceparent: ", request->traceparent);
    struct troupe__text url = {0};
    size_t size = strlen(request->url);
    while (size > 0 && request->url[size - 1] == '/')
        size -= 1;
    troupe__text_printf(&url, "%.*s/chat/completions", (int) size,
                        request->url);
    set_options(self, url.data, timeout_ms);
    troupe__text_free(&url);
    *ret_transfer = self;
    return 0;
}

/* "a=b,c=d", percent-encoded. source: OpenTelemetry, "OTLP exporter", headers
 * from the environment; W3C Baggage. */
static int
add_headers_of(struct transfer *self, const char *list)
{
    int rc = 0;
    for (const char *at = list; *at && rc == 0;) {
        size_t size = strcspn(at, ",");
        const char *equals = memchr(at, '=', size);
        struct troupe__text name = {0};
        char *value = NULL;
        if (equals) {
            const char *from = equals + 1;
            troupe__text_printf(&name, "%.*s: ", (int) (equals - at), at);
            value = curl_easy_unescape(self->easy, from,
                                       (int) (at + size - from), NULL);
        }
        if (!value || strpbrk(value, "\r\n") || strpbrk(name.data, "\r\n"))
            rc = -EINVAL;
        else
            add_header(self, name.data, value);
        curl_free(value);
        troupe__text_free(&name);
        at += size + (at[size] == ',');
    }
    return rc;
}

int
troupe__transfer_post(const struct post_request *request, uint32_t timeout_ms,
                      struct model_outcome *ret_outcome,
                      struct transfer **ret_transfer)
{
    struct transfer *self = transfer_of(troupe__strdup(request->body), 0);
    const char *env = request->headers_env;
    const char *headers = env ? getenv(env) : NULL;
    self->plain = true;
    if (headers && add_headers_of(self, headers) < 0) {
        troupe__transfer_destroy(&self);
        return refuse(ret_outcome, "not a list of name=value: ", env);
    }
    set_options(self, request->url, timeout_ms);
    *ret_transfer = self;
    return 0;
}

static troupe_fault_t
fault_of_code(CURLcode code)
{
    switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
        return TROUPE_FAULT_TIMEOUT;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_FILESIZE_EXCEEDED:
    case CURLE_TOO_MANY_REDIRECTS:
        return TROUPE_FAULT_PERMANENT;
    default:
        return TROUPE_FAULT_TRANSIENT;
    }
}

/* A server that echoes a key must not bring it into our words. */
static void
hide_key(const struct transfer *self, char *words)
{
    size_t size = self->key ? strlen(self->key) : 0;
    for (char *at = words; size > 0 && (at = strstr(at, self->key)); at += size)
        memset(at, '*', size);
    /* Words are cut somewhere: the key may be. */
    size_t length = strlen(words);
    for (size_t part = size < length ? size : length; part > 3; part--) {
        char *tail = words + length - part;
        if (memcmp(tail, self->key, part) == 0)
            memset(tail, '*', part);
    }
}

static void
judge_status(struct transfer *self, struct model_outcome *ret)
{
    curl_off_t after = 0;
    (void) curl_easy_getinfo(self->easy, CURLINFO_RETRY_AFTER, &after);
    ret->retry_after_ms = after > 0 ? (uint64_t) after * 1000 : 0;
    bool rest = ret->status == TOO_MANY
                || (ret->status == SERVER_BUSY && ret->retry_after_ms > 0);
    bool heals = ret->status >= 500 || ret->status == 408;
    ret->fault = rest    ? TROUPE_FAULT_OVERLOAD
                 : heals ? TROUPE_FAULT_TRANSIENT
                         : TROUPE_FAULT_PERMANENT;
    if (!self->plain) /* else it may echo what is in the headers */
        troupe__answer_read_error(
            &self->answer, troupe__text_string(&self->body), self->body.size);
    (void) snprintf(ret->words, sizeof ret->words, "HTTP %ld%s%s", ret->status,
                    self->answer.error[0] ? ": " : "", self->answer.error);
}

static void
judge_body(struct transfer *self, CURLcode code, struct model_outcome *ret)
{
    struct model_answer *answer = &self->answer;
    bool whole = self->body.size > 0;
    ret->billable = true;
    if (whole && code == CURLE_OK) {
        self->bad =
            troupe__answer_read(answer, troupe__text_string(&self->body),
                                self->body.size)
            < 0;
    }
    if (answer->error[0]) {
        ret->fault = TROUPE_FAULT_TRANSIENT;
        (void) snprintf(ret->words, sizeof ret->words, "the server says: %s",
                        answer->error);
    } else if (self->bad) {
        ret->fault = TROUPE_FAULT_PERMANENT;
        (void) snprintf(ret->words, sizeof ret->words,
                        "the answer is not the JSON of a chat completion");
    } else if (!answer->done && !answer->finish[0]) {
        ret->fault = code == CURLE_OPERATION_TIMEDOUT ? TROUPE_FAULT_TIMEOUT
                                                      : TROUPE_FAULT_TRANSIENT;
        (void) snprintf(ret->words, sizeof ret->words,
                        "the answer broke off after %llu bytes",
                        (unsigned long long) self->received);
    }
}

struct model_outcome
troupe__transfer_finish(struct transfer *self, CURLcode code)
{
    CHECK(self);
    struct model_outcome outcome = {.fault = TROUPE_FAULT_NONE};
    long sent = 0;
    (void) curl_easy_getinfo(self->easy, CURLINFO_RESPONSE_CODE,
                             &outcome.status);
    (void) curl_easy_getinfo(self->easy, CURLINFO_REQUEST_SIZE, &sent);
    if (self->too_large || code == CURLE_FILESIZE_EXCEEDED) {
        outcome.fault = TROUPE_FAULT_PERMANENT;
        outcome.billable = true;
        (void) snprintf(outcome.words, sizeof outcome.words,
                        "the answer is over %llu bytes",
                        (unsigned long long) self->size_max);
    } else if (outcome.status >= 200 && outcome.status < 300 && !self->plain) {
        judge_body(self, code, &outcome);
    } else if (outcome.status >= 200 && outcome.status < 300
               && code == CURLE_OK) {
        if (troupe__utf8_is_valid(self->body.data, self->body.size))
            troupe__text_put(&self->answer.text, self->body.data,
                             self->body.size);
        return outcome;
    } else if (outcome.status != 0 && code == CURLE_OK) {
        judge_status(self, &outcome);
    } else {
        outcome.fault = fault_of_code(code);
        outcome.billable = sent > 0 && code == CURLE_OPERATION_TIMEDOUT;
        (void) snprintf(outcome.words, sizeof outcome.words, "%s",
                        self->error[0] ? self->error
                                       : curl_easy_strerror(code));
    }
    hide_key(self, outcome.words);
    if (!troupe__utf8_is_valid(outcome.words, strlen(outcome.words)))
        (void) snprintf(outcome.words, sizeof outcome.words, "HTTP %ld",
                        outcome.status);
    return outcome;
}

void
troupe__transfer_destroy(struct transfer **self_p)
{
    struct transfer *self = *self_p;
    if (!self)
        return;
    curl_easy_cleanup(self->easy);
    for (struct curl_slist *it = self->headers; it; it = it->next)
        explicit_bzero(it->data, strlen(it->data));
    curl_slist_free_all(self->headers);
    if (self->key)
        explicit_bzero(self->key, strlen(self->key));
    free(self->key);
    free(self->request);
    troupe__answer_free(&self->answer);
    troupe__text_free(&self->body);
    free(self);
    *self_p = NULL;
}
