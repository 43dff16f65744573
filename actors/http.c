/* SPDX-License-Identifier: Apache-2.0 */
/* http.c: the actor that fetches by HTTP. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "troupe_http.h"

#include "actors/codec.h"
#include "actors/http.h"

#define CONNECTIONS   64
#define SIZE_MOST     (4u << 20)
#define REDIRECTS_MAX 20
#define TYPE_SIZE     80

struct http {
    struct http_multi multi; /* first: handlers of its timer see only it */
    bool public_only;
};

static int
refuse(troupe_context_t *ctx, troupe_token_t *token,
       const struct http_outcome *outcome)
{
    int rc = troupe_reply_to(
        ctx, token, "{s:U, s:U, s:s, s:U, s:s, s:s, s:B}", "fault",
        (uint64_t) outcome->fault, "status", (uint64_t) outcome->status,
        "words", outcome->words, "retry_after_ms", outcome->retry_after_ms,
        "type", "", "url", "", "body", "", (size_t) 0);
    return rc == -ENOMSG ? 0 : rc;
}

/* Where it came from in the end; an address that is no text is none. */
static const char *
url_of(const struct http_transfer *self)
{
    const char *url = NULL;
    (void) curl_easy_getinfo(self->easy, CURLINFO_EFFECTIVE_URL, &url);
    return url && troupe__utf8_is_valid(url, strlen(url)) ? url : "";
}

static int
on_done(troupe_context_t *ctx, struct http_transfer *self, CURLcode code)
{
    struct http_outcome outcome = troupe__http_finish(self, code);
    char type[TYPE_SIZE];
    troupe__http_type(self, type, sizeof type);
    if (outcome.fault == TROUPE_FAULT_NONE && code != CURLE_OK) {
        outcome.fault = code == CURLE_OPERATION_TIMEDOUT
                            ? TROUPE_FAULT_TIMEOUT
                            : TROUPE_FAULT_TRANSIENT;
        (void) snprintf(outcome.words, sizeof outcome.words,
                        "the answer broke off after %llu bytes",
                        (unsigned long long) self->size);
    }
    if (outcome.fault != TROUPE_FAULT_NONE)
        return refuse(ctx, &self->token, &outcome);
    int rc = troupe_reply_to(
        ctx, &self->token, "{s:U, s:U, s:s, s:U, s:s, s:s, s:B}", "fault",
        (uint64_t) outcome.fault, "status", (uint64_t) outcome.status, "words",
        "", "retry_after_ms", UINT64_C(0), "type",
        troupe__utf8_is_valid(type, strlen(type)) ? type : "", "url",
        url_of(self), "body", troupe__text_string(&self->received),
        self->received.size);
    return rc == -ENOMSG ? 0 : rc;
}

static int
http_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct http *self = state;
    uint64_t connections = CONNECTIONS;
    size_t size = 0;
    const unsigned char *body = troupe_message_body(msg, &size);
    bool nil = size == 1 && *body == 0xc0;
    if (!nil
        && (troupe_unpack(msg, "{s?U, s?b}", "connections", &connections,
                          "public_only", &self->public_only)
                < 0
            || connections < 1 || connections > 65535))
        return troupe_fail(ctx, -EINVAL,
                           "http wants {connections}, 1 to 65535");
    return troupe__http_multi_start(ctx, &self->multi, connections);
}

static int
read_request(const troupe_message_t *msg, struct http_request *ret)
{
    uint64_t redirects = 0;
    int rc = troupe_unpack(
        msg, "{s:s, s?s?, s?s?, s?s?, s?s?, s?s?, s?U, s?U, s?s?}", "url",
        &ret->url, "method", &ret->method, "body", &ret->body, "key_env",
        &ret->key_env, "key_header", &ret->key_header, "headers_env",
        &ret->headers_env, "size_max", &ret->size_max, "redirects", &redirects,
        "types", &ret->types);
    if (rc == 0 && (redirects > REDIRECTS_MAX || ret->size_max > SIZE_MOST))
        rc = -ERANGE;
    ret->redirects = (long) redirects;
    return rc;
}

static int
fetch(troupe_context_t *ctx, struct http_multi *self,
      const struct http_request *request)
{
    struct http_outcome outcome;
    struct http_transfer *transfer = NULL;
    troupe_token_t token;
    if (troupe_defer(ctx, &token) < 0)
        return 0; /* a tell: nobody waits for it */
    if (troupe__http_new(request, sizeof *transfer, &outcome, &transfer) < 0)
        return refuse(ctx, &token, &outcome);
    transfer->token = token;
    transfer->done = on_done;
    return troupe__http_multi_add(ctx, self, transfer);
}

static int
on_fetch(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct http *self = state;
    struct http_request request = {.compressed = true,
                                   .public_only = self->public_only};
    struct texts headers = {0};
    const void *list = NULL;
    size_t size = 0;
    int rc = read_request(msg, &request);
    if (rc == 0 && troupe_unpack(msg, "{s?r}", "headers", &list, &size) == 0
        && list)
        rc = troupe__texts_read(msg, "headers", &headers);
    if (rc < 0)
        return troupe_reply_error(ctx, -EINVAL, "not such a request");
    request.headers = (const char *const *) headers.items;
    request.header_count = headers.count;
    request.timeout_ms =
        troupe__http_left_ms(ctx, troupe_message_deadline_ns(msg));
    rc = fetch(ctx, &self->multi, &request);
    troupe__texts_clear(&headers);
    return rc;
}

static int
on_time(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    return troupe__http_multi_time(ctx, state);
}

static int
on_cancel(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    troupe_token_t token = troupe_token_read(msg);
    troupe__http_multi_cancel(ctx, state, &token);
    return 0;
}

static int
on_state(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    const struct http_multi *self = state;
    (void) msg;
    return troupe_reply(ctx, "{s:U, s:U, s:U}", "calls", self->calls, "open",
                        self->open, "connected", self->connected);
}

static void
on_stop(troupe_context_t *ctx, void *state, const troupe_reason_t *reason)
{
    (void) reason;
    troupe__http_multi_stop(ctx, state);
}

TROUPE_KIND(troupe_http, struct http, TROUPE_ON_START(http_start),
            TROUPE_ON("fetch", on_fetch), TROUPE_ON("state", on_state),
            TROUPE_ON(HTTP_TIME, on_time), TROUPE_ON_CANCEL(on_cancel),
            TROUPE_ON_STOP(on_stop));
