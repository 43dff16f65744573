/* SPDX-License-Identifier: Apache-2.0 */
/* model_backend.c: the actor that makes the calls to all models. */
#include <errno.h>

#include "troupe_model.h"
#include "troupe_trace.h"

#include "actors/model_http.h"

#define CONNECTIONS 256

static int
answer(troupe_context_t *ctx, troupe_token_t *token,
       const struct http_outcome *outcome, const struct model_answer *from)
{
    int rc = troupe_reply_to(
        ctx, token, "{s:U, s:U, s:s, s:s, s:s, s:s, s:I, s:I, s:U, s:b}",
        "fault", (uint64_t) outcome->fault, "status",
        (uint64_t) outcome->status, "text",
        from ? troupe__text_string(&from->text) : "", "finish",
        from ? from->finish : "", "model", from ? from->model : "", "words",
        outcome->words, "prompt_tokens",
        from ? from->prompt_tokens : INT64_C(-1), "completion_tokens",
        from ? from->completion_tokens : INT64_C(-1), "retry_after_ms",
        outcome->retry_after_ms, "billable", (int) outcome->billable);
    if (rc == -EINVAL || rc == -EMSGSIZE)
        rc = troupe_reply_error_to(ctx, token, -EBADMSG,
                                   "the answer cannot be sent on");
    return rc == -ENOMSG ? 0 : rc;
}

static int
on_done(troupe_context_t *ctx, struct http_transfer *http, CURLcode code)
{
    struct transfer *self = (struct transfer *) http;
    struct http_outcome outcome = troupe__transfer_finish(self, code);
    return answer(ctx, &http->token, &outcome, &self->answer);
}

static int
backend_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    uint64_t connections = CONNECTIONS;
    const void *body = NULL;
    size_t size = 0;
    body = troupe_message_body(msg, &size);
    bool nil = size == 1 && *(const unsigned char *) body == 0xc0;
    if (!nil
        && (troupe_unpack(msg, "{s?U}", "connections", &connections) < 0
            || connections < 1 || connections > 65535))
        return troupe_fail(ctx, -EINVAL,
                           "a model backend wants {connections}, 1 to 65535");
    return troupe__http_multi_start(ctx, state, connections);
}

static int
on_time(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    return troupe__http_multi_time(ctx, state);
}

static int
on_complete(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct model_request request = {.temperature = 0};
    troupe_trace_t trace;
    char parent[TROUPE_TRACE_TEXT];
    int rc = troupe_unpack(
        msg, "{s:s, s:s, s:s?, s:s?, s:s, s:s?, s:U, s:f, s:b, s:U}", "url",
        &request.url, "model", &request.model, "key_env", &request.key_env,
        "system", &request.system, "prompt", &request.prompt, "schema",
        &request.schema, "max_tokens", &request.max_tokens, "temperature",
        &request.temperature, "stream", &request.stream, "size_max",
        &request.size_max);
    troupe_token_t token;
    if (rc < 0)
        return troupe_reply_error(ctx, -EINVAL, "not such a request");
    if (troupe_trace_get(ctx, &trace))
        request.traceparent = troupe_trace_text(&trace, parent);
    if (troupe_defer(ctx, &token) < 0)
        return 0; /* a tell: nobody waits for it */
    struct http_outcome outcome;
    struct transfer *transfer = NULL;
    rc = troupe__transfer_new(
        &request, troupe__http_left_ms(ctx, troupe_message_deadline_ns(msg)),
        &outcome, &transfer);
    if (rc < 0)
        return answer(ctx, &token, &outcome, NULL);
    transfer->http.token = token;
    transfer->http.done = on_done;
    return troupe__http_multi_add(ctx, state, &transfer->http);
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
backend_stop(troupe_context_t *ctx, void *state, const troupe_reason_t *reason)
{
    (void) reason;
    troupe__http_multi_stop(ctx, state);
}

TROUPE_KIND(troupe_model_backend, struct http_multi,
            TROUPE_ON_START(backend_start), TROUPE_ON("complete", on_complete),
            TROUPE_ON("state", on_state), TROUPE_ON(HTTP_TIME, on_time),
            TROUPE_ON_CANCEL(on_cancel), TROUPE_ON_STOP(backend_stop));
