/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model.c: the actor of one model. An ask goes through three asks of its own:
 * the budget (reserve), the rate limiter (take) and the backend (complete); a
 * failure that may heal begins again after a wait. A call is freed where its
 * last step ends: by answer, by error, or when its asker gave up.
 */
#include "actors/model.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "troupe_model.h"

#include "mailbox/check.h"

#define BYTES_PER_TOKEN     4 /* at least, in most languages and tokenizers */
#define WITHOUT_DEADLINE_MS 600000

static int reserve(troupe_context_t *ctx, struct call *call);

static void
call_destroy(struct call *call)
{
    free(call->prompt);
    free(call->system);
    free(call->schema);
    free(call);
}

static void
call_free(struct call *call)
{
    struct call **at = &call->model->calls;
    while (*at && *at != call)
        at = &(*at)->next;
    CHECK(*at);
    *at = call->next;
    call_destroy(call);
}

static int
fail(troupe_context_t *ctx, struct call *call, int code, const char *words)
{
    const char *how_often =
        call->attempts > 1 ? " (the last of its attempts)" : "";
    int rc = troupe__call_release(ctx, call);
    int replied = troupe_reply_error_to(ctx, &call->token, code, "%s%s", words,
                                        how_often);
    call->model->failed += 1;
    troupe__call_traced_failed(ctx, call, code, words);
    call_free(call);
    return rc < 0 ? rc : replied == -ENOMSG ? 0 : replied;
}

/* An ask of ours brought no reply: its asker gave up, or it failed. */
static int
fail_step(troupe_context_t *ctx, struct call *call,
          const troupe_answer_t *answer)
{
    int code = answer->outcome == TROUPE_TIMEOUT ? -ETIMEDOUT
               : answer->outcome == TROUPE_ERROR ? answer->code
                                                 : -EIO;
    return fail(ctx, call, code, answer->text ? answer->text : "");
}

static troupe_ask_options_t
step_options(const struct call *call, troupe_answer_fn answer)
{
    return (troupe_ask_options_t){.timeout_ms = WITHOUT_DEADLINE_MS,
                                  .deadline_ns = call->deadline_ns,
                                  .answer = answer,
                                  .data = (void *) (uintptr_t) call,
                                  .detached = true};
}

static int
on_pause_end(troupe_context_t *ctx, void *state, void *data)
{
    struct call *call = data;
    (void) state;
    call->timer.id = 0;
    return reserve(ctx, call);
}

static int
succeed(troupe_context_t *ctx, struct call *call, const struct completion *what)
{
    struct model *self = call->model;
    bool known = what->prompt_tokens >= 0 && what->completion_tokens >= 0;
    uint64_t used = known ? (uint64_t) what->prompt_tokens
                                + (uint64_t) what->completion_tokens
                          : call->tokens;
    double cost =
        troupe__model_cost(self, what->prompt_tokens, what->completion_tokens);
    int rc = troupe__call_commit(
        ctx, call, used, known ? cost : troupe__call_dearest(call), known);
    if (rc == 0 && !troupe_ref_is_nobody(self->limiter))
        rc = troupe_send(ctx, self->limiter, "settle", "{s:U, s:U}",
                         "estimated", call->tokens, "used", used);
    int replied = troupe_reply_to(
        ctx, &call->token, "{s:s, s:b, s:I, s:I, s:f, s:U}", "text", what->text,
        "truncated", (int) (strcmp(what->finish, "length") == 0),
        "prompt_tokens", what->prompt_tokens, "completion_tokens",
        what->completion_tokens, "cost", cost, "attempts",
        (uint64_t) call->attempts);
    troupe__call_traced_ok(ctx, call, what, cost);
    call_free(call);
    return rc < 0 ? rc : replied == -ENOMSG ? 0 : replied;
}

/* Again after a wait, or never. */
static int
try_again(troupe_context_t *ctx, struct call *call, troupe_fault_t fault,
          uint64_t retry_after_ms, const char *words)
{
    struct model *self = call->model;
    uint32_t wait_ms = 0;
    troupe_retry_case_t what = {.fault = fault,
                                .attempts = call->attempts,
                                .now_ns = troupe_time_ns(ctx),
                                .deadline_ns = call->deadline_ns,
                                .retry_after_ms =
                                    retry_after_ms > UINT32_MAX
                                        ? UINT32_MAX
                                        : (uint32_t) retry_after_ms,
                                .random = troupe_random(ctx)};
    int rc = troupe_retry_next(&self->retry, &what, &wait_ms);
    if (rc < 0) {
        int code = rc == -EPERM       ? -EPROTO
                   : rc == -ETIMEDOUT ? -ETIMEDOUT
                                      : -EIO;
        return fail(ctx, call, code, words);
    }
    self->retries += 1;
    troupe__call_traced_again(ctx, call, wait_ms, words);
    return troupe_call_after(ctx, wait_ms, on_pause_end, call, NULL,
                             &call->timer);
}

static int
take_fault(troupe_context_t *ctx, struct call *call,
           const struct completion *what)
{
    struct model *self = call->model;
    bool to_blame = what->fault != TROUPE_FAULT_PERMANENT
                    && what->fault != TROUPE_FAULT_OVERLOAD;
    call->fault = what->fault;
    call->status = what->status;
    troupe_breaker_record(&self->breaker, troupe_time_ns(ctx), !to_blame);
    int rc = what->billable ? troupe__call_commit(
                 ctx, call, call->tokens, troupe__call_dearest(call), false)
                            : troupe__call_release(ctx, call);
    if (rc == 0 && what->fault == TROUPE_FAULT_OVERLOAD
        && !troupe_ref_is_nobody(self->limiter))
        rc = troupe_send(ctx, self->limiter, "refused", "{s:U}", "after_ms",
                         what->retry_after_ms);
    if (rc < 0)
        return rc;
    return try_again(ctx, call, (troupe_fault_t) what->fault,
                     what->retry_after_ms, what->words);
}

static int
on_completed(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct model *self = state;
    struct call *call = answer->data;
    struct completion what = {.text = "", .model = ""};
    if (answer->outcome != TROUPE_REPLY) { /* nobody knows what it did */
        int rc = troupe__call_commit(ctx, call, call->tokens,
                                     troupe__call_dearest(call), false);
        if (rc < 0)
            return rc;
        troupe_breaker_forget(&self->breaker);
        bool died = answer->code == -EHOSTDOWN || answer->code == -EPIPE;
        if (died && troupe_token_is_open(ctx, call->token))
            return try_again(ctx, call, TROUPE_FAULT_TRANSIENT, 0,
                             "the backend failed");
        return fail_step(ctx, call, answer);
    }
    int rc = troupe_unpack(
        answer->msg, "{s:U, s:U, s:s, s:s, s?s, s:s, s:I, s:I, s:U, s:b}",
        "fault", &what.fault, "status", &what.status, "text", &what.text,
        "finish", &what.finish, "model", &what.model, "words", &what.words,
        "prompt_tokens", &what.prompt_tokens, "completion_tokens",
        &what.completion_tokens, "retry_after_ms", &what.retry_after_ms,
        "billable", &what.billable);
    if (rc < 0 || what.fault >= TROUPE_FAULT_COUNT) {
        troupe_breaker_forget(&self->breaker);
        return fail(ctx, call, -EPROTO, "the backend's answer is no such");
    }
    if (what.fault != TROUPE_FAULT_NONE)
        return take_fault(ctx, call, &what);
    troupe_breaker_record(&self->breaker, troupe_time_ns(ctx), true);
    return succeed(ctx, call, &what);
}

static int
complete(troupe_context_t *ctx, struct call *call)
{
    struct model *self = call->model;
    uint32_t wait_ms = 0;
    uint64_t now_ns = troupe_time_ns(ctx);
    if (troupe_breaker_allow(&self->breaker, now_ns, &wait_ms) < 0)
        return fail(ctx, call, -EBUSY,
                    "it failed too often: no calls to it for a while");
    call->attempts += 1;
    self->count += 1;
    troupe_ask_options_t options = step_options(call, on_completed);
    int rc = troupe_ask_with(
        ctx, self->backend, "complete", &options, &call->ask,
        "{s:s?, s:s, s:s, s:s?, s:s?, s:s, s:s?, s:U, s:f, s:b, s:U}", "id",
        self->id, "url", self->url, "model", self->name, "key_env",
        self->key_env, "system", call->system ? call->system : self->system,
        "prompt", call->prompt, "schema", call->schema, "max_tokens",
        self->max_tokens, "temperature", self->temperature, "stream",
        (int) self->stream, "size_max", self->size_max);
    if (rc < 0) {
        troupe_breaker_forget(&self->breaker);
        return fail(ctx, call, rc, "the backend cannot be asked");
    }
    return 0;
}

static int
on_taken(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct call *call = answer->data;
    (void) state;
    if (answer->outcome != TROUPE_REPLY
        || !troupe_token_is_open(ctx, call->token))
        return fail_step(ctx, call, answer);
    return complete(ctx, call);
}

static int
take(troupe_context_t *ctx, struct call *call)
{
    struct model *self = call->model;
    if (troupe_ref_is_nobody(self->limiter))
        return complete(ctx, call);
    troupe_ask_options_t options = step_options(call, on_taken);
    int rc = troupe_ask_with(ctx, self->limiter, "take", &options, &call->ask,
                             "{s:U}", "tokens", call->tokens);
    return rc < 0 ? fail(ctx, call, rc, "the rate limiter cannot be asked") : 0;
}

static int
on_reserved(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct call *call = answer->data;
    (void) state;
    if (answer->outcome != TROUPE_REPLY)
        return fail_step(ctx, call, answer);
    int rc = troupe_unpack(answer->msg, "{s:U}", "id", &call->draw);
    if (rc < 0 || !troupe_token_is_open(ctx, call->token))
        return fail(ctx, call, -EPROTO, "the budget's answer is no such");
    return take(ctx, call);
}

static int
reserve(troupe_context_t *ctx, struct call *call)
{
    struct model *self = call->model;
    troupe_trace_set(ctx, &call->span.at); /* also after a wait */
    if (!troupe_token_is_open(ctx, call->token))
        return fail(ctx, call, -ECANCELED, "nobody waits for it");
    if (troupe_ref_is_nobody(self->budget))
        return take(ctx, call);
    double most = troupe__call_dearest(call);
    troupe_ask_options_t options = step_options(call, on_reserved);
    int rc = troupe_ask_with(ctx, self->budget, "reserve", &options, &call->ask,
                             "{s:U, s:f, s:U}", "tokens", call->tokens, "money",
                             isfinite(most) ? most : 0.0, "calls", UINT64_C(1));
    return rc < 0 ? fail(ctx, call, rc, "the budget cannot be asked") : 0;
}

static char *
copy(const char *text)
{
    return text ? troupe__strdup(text) : NULL;
}

static int
on_ask(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct model *self = state;
    const char *prompt = NULL, *system = NULL, *schema = NULL;
    int rc = troupe_unpack(msg, "{s:s, s?s?, s?s?}", "prompt", &prompt,
                           "system", &system, "schema", &schema);
    if (rc < 0)
        return troupe_reply_error(ctx, -EINVAL, "ask wants {prompt}");
    struct call *call = troupe__alloc(sizeof *call);
    if (troupe_defer(ctx, &call->token) < 0) {
        free(call); /* a tell: nobody waits for it */
        return 0;
    }
    const char *instruction = system ? system : self->system;
    size_t size = strlen(prompt) + (instruction ? strlen(instruction) : 0);
    call->model = self;
    call->deadline_ns = troupe_message_deadline_ns(msg);
    call->prompt = troupe__strdup(prompt);
    call->system = copy(system);
    call->schema = copy(schema);
    call->tokens = size / BYTES_PER_TOKEN + 1 + self->max_tokens;
    call->next = self->calls;
    self->calls = call;
    (void) troupe_span_begin(ctx, &call->span);
    troupe_retry_earn(&self->retry);
    return reserve(ctx, call);
}

/* What it waits for is given up; the answer to that ends the call. */
static int
on_cancel(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct model *self = state;
    troupe_token_t token = troupe_token_read(msg);
    struct call *call = self->calls;
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

static int
on_state(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    const struct model *self = state;
    (void) msg;
    return troupe_reply(ctx, "{s:U, s:U, s:U, s:s}", "calls", self->count,
                        "failed", self->failed, "retries", self->retries,
                        "breaker",
                        troupe_breaker_state_name(self->breaker.state));
}

static int
on_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    return troupe__model_start(ctx, state, msg);
}

static void
on_stop(troupe_context_t *ctx, void *state, const troupe_reason_t *reason)
{
    struct model *self = state;
    (void) ctx, (void) reason;
    for (struct call *it = self->calls, *next = NULL; it; it = next) {
        next = it->next;
        call_destroy(it);
    }
    troupe__model_clear(self);
}

TROUPE_KIND(troupe_model, struct model, TROUPE_ON_START(on_start),
            TROUPE_ON("ask", on_ask), TROUPE_ON("state", on_state),
            TROUPE_ON_CANCEL(on_cancel), TROUPE_ON_STOP(on_stop));
