/* SPDX-License-Identifier: Apache-2.0 */
/*
 * web_call.c: a fetch goes through two asks of its own: the rate limiter
 * (take) and the one that makes the calls (fetch); a failure that may heal
 * begins again after a wait. A call is freed where its last step ends: by
 * answer, by error, or when its asker gave up.
 */
#include "actors/web_call.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "mailbox/check.h"

#define NS_PER_MS           UINT64_C(1000000)
#define WITHOUT_DEADLINE_MS 600000u

static int take(troupe_context_t *ctx, struct web_call *call);

int
troupe__web_caller_init(struct web_caller *self, uint32_t timeout_ms,
                        uint32_t attempts)
{
    troupe_retry_options_t options = {.attempts_max = attempts};
    troupe_retry_init(&self->retry, &options);
    self->timeout_ms = timeout_ms;
    return troupe_breaker_init(&self->breaker, NULL);
}

static void
call_destroy(struct web_call *call)
{
    free(call->url);
    free(call->method);
    free(call->body);
    free(call->question);
    free(call);
}

static void
call_free(struct web_call *call)
{
    struct web_call **at = &call->caller->calls;
    while (*at && *at != call)
        at = &(*at)->next;
    CHECK(*at);
    *at = call->next;
    call_destroy(call);
}

void
troupe__web_caller_clear(struct web_caller *self)
{
    for (struct web_call *it = self->calls, *next = NULL; it; it = next) {
        next = it->next;
        call_destroy(it);
    }
    self->calls = NULL;
}

static int
fail(troupe_context_t *ctx, struct web_call *call, int code, const char *words)
{
    char often[32] = "";
    if (call->attempts > 1)
        (void) snprintf(often, sizeof often, " (%u attempts)", call->attempts);
    int rc =
        troupe_reply_error_to(ctx, &call->token, code, "%s%s", words, often);
    call_free(call);
    return rc == -ENOMSG ? 0 : rc;
}

/* What the breaker keeps from being tried failed for a reason. */
static int
refuse(troupe_context_t *ctx, struct web_call *call)
{
    char words[sizeof call->caller->failure + 64];
    (void) snprintf(words, sizeof words,
                    "no calls to it for a while; the last failure: %s",
                    call->caller->failure);
    return fail(ctx, call, -EBUSY, words);
}

static int
fail_step(troupe_context_t *ctx, struct web_call *call,
          const troupe_answer_t *answer)
{
    int code = answer->outcome == TROUPE_TIMEOUT ? -ETIMEDOUT
               : answer->outcome == TROUPE_ERROR ? answer->code
                                                 : -EIO;
    return fail(ctx, call, code, answer->text ? answer->text : "");
}

static int
on_pause_end(troupe_context_t *ctx, void *state, void *data)
{
    struct web_call *call = data;
    (void) state;
    call->timer.id = 0;
    return take(ctx, call);
}

/* Again after a wait, or never. */
static int
try_again(troupe_context_t *ctx, struct web_call *call, troupe_fault_t fault,
          uint64_t after_ms, const char *words)
{
    uint32_t wait_ms = 0;
    troupe_retry_case_t what = {.fault = fault,
                                .attempts = call->attempts,
                                .now_ns = troupe_time_ns(ctx),
                                .deadline_ns = call->deadline_ns,
                                .retry_after_ms = after_ms > UINT32_MAX
                                                      ? UINT32_MAX
                                                      : (uint32_t) after_ms,
                                .random = troupe_random(ctx)};
    int rc = troupe_retry_next(&call->caller->retry, &what, &wait_ms);
    if (rc < 0) {
        int code = rc == -EPERM       ? -EPROTO
                   : rc == -ETIMEDOUT ? -ETIMEDOUT
                                      : -EIO;
        return fail(ctx, call, code, words);
    }
    return troupe_call_after(ctx, wait_ms, on_pause_end, call, NULL,
                             &call->timer);
}

static int
take_fault(troupe_context_t *ctx, struct web_call *call, troupe_fault_t fault,
           uint64_t after_ms, const char *words)
{
    struct web_caller *self = call->caller;
    bool to_blame =
        fault != TROUPE_FAULT_PERMANENT && fault != TROUPE_FAULT_OVERLOAD;
    troupe_breaker_record(&self->breaker, troupe_time_ns(ctx), !to_blame);
    if (to_blame)
        (void) snprintf(self->failure, sizeof self->failure, "%s", words);
    int rc = 0;
    if (fault == TROUPE_FAULT_OVERLOAD && !troupe_ref_is_nobody(self->limiter))
        rc = troupe_send(ctx, self->limiter, "refused", "{s:U}", "after_ms",
                         after_ms);
    return rc < 0 ? rc : try_again(ctx, call, fault, after_ms, words);
}

static int
take_late(troupe_context_t *ctx, struct web_call *call, uint64_t after_ns)
{
    char words[64];
    (void) snprintf(words, sizeof words, "no answer in %" PRIu64 " ms",
                    after_ns / NS_PER_MS);
    return take_fault(ctx, call, TROUPE_FAULT_TIMEOUT, 0, words);
}

static int
take_answer(troupe_context_t *ctx, struct web_call *call,
            const troupe_message_t *msg)
{
    struct web_answer answer = {.body = ""};
    const void *body = NULL;
    char words[160] = "";
    int rc = troupe_unpack(msg, "{s:s, s:s, s:B}", "type", &answer.type, "url",
                           &answer.url, "body", &body, &answer.size);
    if (rc < 0)
        return fail(ctx, call, -EPROTO, "the answer is no such");
    answer.body = body;
    troupe_breaker_record(&call->caller->breaker, troupe_time_ns(ctx), true);
    rc = call->done(ctx, call, &answer, words);
    if (rc < 0 && *words)
        return fail(ctx, call, -EPROTO, words);
    call_free(call);
    return rc == -ENOMSG ? 0 : rc;
}

static int
on_fetched(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct web_call *call = answer->data;
    (void) state;
    if (!troupe_token_is_open(ctx, call->token)) {
        troupe_breaker_forget(&call->caller->breaker);
        return fail(ctx, call, -ECANCELED, "nobody waits for it");
    }
    bool late =
        answer->outcome == TROUPE_TIMEOUT
        || (answer->outcome == TROUPE_ERROR && answer->code == -ETIMEDOUT);
    if (late)
        return take_late(ctx, call, answer->latency_ns);
    if (answer->outcome != TROUPE_REPLY)
        return take_fault(ctx, call, TROUPE_FAULT_TRANSIENT, 0,
                          answer->text ? answer->text : "the call failed");
    uint64_t fault = 0, after_ms = 0;
    const char *words = NULL;
    int rc = troupe_unpack(answer->msg, "{s:U, s:U, s:s}", "fault", &fault,
                           "retry_after_ms", &after_ms, "words", &words);
    if (rc == 0 && fault == TROUPE_FAULT_NONE)
        return take_answer(ctx, call, answer->msg);
    if (rc < 0 || fault >= TROUPE_FAULT_COUNT)
        return take_fault(ctx, call, TROUPE_FAULT_PERMANENT, 0,
                          "the answer is no such");
    return take_fault(ctx, call, (troupe_fault_t) fault, after_ms, words);
}

/* So long from now, or the deadline if that is sooner. */
static uint64_t
until(troupe_context_t *ctx, const struct web_call *call, uint32_t ms)
{
    uint64_t then_ns = troupe_time_ns(ctx) + ms * NS_PER_MS;
    return call->deadline_ns > 0 && call->deadline_ns < then_ns
               ? call->deadline_ns
               : then_ns;
}

static int
fetch(troupe_context_t *ctx, struct web_call *call)
{
    static const struct texts none;
    struct web_caller *self = call->caller;
    if (troupe_breaker_allow(&self->breaker, troupe_time_ns(ctx), NULL) < 0)
        return refuse(ctx, call);
    call->attempts += 1;
    const struct texts *headers = call->headers ? call->headers : &none;
    troupe_ask_options_t options = {.deadline_ns =
                                        until(ctx, call, self->timeout_ms),
                                    .answer = on_fetched,
                                    .data = call,
                                    .detached = true};
    int rc = troupe_ask_with(
        ctx, self->http, "fetch", &options, &call->ask,
        "{s:s, s:*, s:s?, s:s?, s:s?, s:s?, s:U, s:U, s:s?}", "url", call->url,
        "headers", troupe__texts_write, (void *) (uintptr_t) headers, "method",
        call->method, "body", call->body, "key_env", call->key_env,
        "key_header", call->key_header, "size_max", call->size_max, "redirects",
        call->redirects, "types", call->types);
    if (rc < 0) {
        troupe_breaker_forget(&self->breaker);
        return fail(ctx, call, rc, "the call cannot be made");
    }
    return 0;
}

static int
on_taken(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct web_call *call = answer->data;
    (void) state;
    if (answer->outcome != TROUPE_REPLY
        || !troupe_token_is_open(ctx, call->token))
        return fail_step(ctx, call, answer);
    return fetch(ctx, call);
}

static int
take(troupe_context_t *ctx, struct web_call *call)
{
    struct web_caller *self = call->caller;
    if (!troupe_token_is_open(ctx, call->token))
        return fail(ctx, call, -ECANCELED, "nobody waits for it");
    if (troupe_ref_is_nobody(self->limiter))
        return fetch(ctx, call);
    troupe_ask_options_t options = {.deadline_ns =
                                        until(ctx, call, WITHOUT_DEADLINE_MS),
                                    .answer = on_taken,
                                    .data = call,
                                    .detached = true};
    int rc = troupe_ask_with(ctx, self->limiter, "take", &options, &call->ask,
                             "{s:U}", "tokens", UINT64_C(0));
    return rc < 0 ? fail(ctx, call, rc, "the rate limiter cannot be asked") : 0;
}

struct web_call *
troupe__web_call_new(troupe_context_t *ctx, struct web_caller *caller,
                     const troupe_message_t *msg)
{
    struct web_call *call = troupe__alloc(sizeof *call);
    if (troupe_defer(ctx, &call->token) < 0) {
        free(call);
        return NULL;
    }
    call->caller = caller;
    call->deadline_ns = troupe_message_deadline_ns(msg);
    call->next = caller->calls;
    caller->calls = call;
    troupe_retry_earn(&caller->retry);
    return call;
}

int
troupe__web_call_begin(troupe_context_t *ctx, struct web_call *call)
{
    CHECK(call->url && call->done);
    return take(ctx, call);
}

/* What it waits for is given up; the answer to that ends the call. */
int
troupe__web_call_cancel(troupe_context_t *ctx, struct web_caller *caller,
                        const troupe_message_t *msg)
{
    troupe_token_t token = troupe_token_read(msg);
    struct web_call *call = caller->calls;
    while (call && call->token.id != token.id)
        call = call->next;
    if (!call)
        return 0;
    if (call->timer.id == 0) {
        (void) troupe_cancel(ctx, call->ask);
        return 0;
    }
    (void) troupe_call_clear(ctx, call->timer);
    return fail(ctx, call, -ECANCELED, "nobody waits for it");
}
