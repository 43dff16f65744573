/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model_call.c: the steps of a call of a model: the budget (reserve), the rate
 * limiter (take) and the backend (complete), with a journal an append on both
 * sides of that; a failure that may heal begins again after a wait. A call is
 * freed where its last step ends: by answer, by error, or when its asker gave
 * up.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/model.h"
#include "actors/model_hedge.h"
#include "mailbox/check.h"

#define WITHOUT_DEADLINE_MS 600000
#define CLOSE_NS            UINT64_C(10000000) /* libcurl counts in ms */
#define BUDGET_MS           30000
#define NS_PER_MS           1000000.0

void
troupe__call_destroy(struct call *call)
{
    free(call->prompt);
    free(call->system);
    free(call->schema);
    free(call->failure);
    troupe_message_destroy(&call->reply);
    free(call);
}

void
troupe__call_free(struct call *call)
{
    struct call **at = &call->model->calls;
    while (*at && *at != call)
        at = &(*at)->next;
    CHECK(*at);
    *at = call->next;
    troupe__call_part(call);
    troupe__call_destroy(call);
}

int
troupe__call_fail(troupe_context_t *ctx, struct call *call, int code,
                  const char *words)
{
    char how_often[48] = "";
    if (call->attempts > 1 && code != -EBUSY)
        snprintf(how_often, sizeof how_often, " (the last of %u attempts)",
                 call->attempts);
    int rc = troupe__call_release(ctx, call);
    if (rc == 0)
        rc = troupe__call_settle(ctx, call, 0, false);
    bool told = !call->twin; /* else that one may still answer */
    int replied = told ? troupe_reply_error_to(ctx, &call->token, code, "%s%s",
                                               words, how_often)
                       : 0;
    troupe__call_unwatch(ctx, call);
    call->model->failed += told && !call->outrun;
    troupe__call_traced_failed(ctx, call, code, words);
    troupe__call_free(call);
    return rc < 0 ? rc : replied == -ENOMSG ? 0 : replied;
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
    return troupe__call_reserve(ctx, call);
}

static int
succeed(troupe_context_t *ctx, struct call *call, const struct completion *what)
{
    struct model *self = call->model;
    self->plain |= call->plain;
    double cost =
        troupe__model_cost(self, what->prompt_tokens, what->completion_tokens);
    uint64_t attempts =
        (uint64_t) call->attempts + (call->twin ? call->twin->attempts : 0);
    int replied = troupe_reply_to(
        ctx, &call->token, MODEL_REPLY, "text", what->text, "truncated",
        (int) (strcmp(what->finish, "length") == 0), "prompt_tokens",
        what->prompt_tokens, "completion_tokens", what->completion_tokens,
        "cost", cost, "attempts", attempts, "replayed", 0, "hedged",
        (int) (call->hedged || call->second));
    int rc = troupe__call_outrun(ctx, call);
    troupe__call_traced_ok(ctx, call, what, cost);
    troupe__call_free(call);
    return rc < 0 ? rc : replied == -ENOMSG ? 0 : replied;
}

/* Again after a wait, or never. */
static int
try_again(troupe_context_t *ctx, struct call *call, troupe_fault_t fault,
          uint64_t retry_after_ms, const char *words)
{
    struct model *self = call->model;
    uint32_t wait_ms = 0;
    bool late = call->deadline_ns > 0
                && troupe_time_ns(ctx) + CLOSE_NS >= call->deadline_ns;
    if (call->second)
        return troupe__call_fail(ctx, call, late ? -ETIMEDOUT : -EIO, words);
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
        int code = rc == -EPERM               ? -EPROTO
                   : late || rc == -ETIMEDOUT ? -ETIMEDOUT
                                              : -EIO;
        return troupe__call_fail(ctx, call, code, words);
    }
    self->retries += 1;
    free(call->failure);
    call->failure = troupe__strdup(words);
    troupe__call_traced_again(ctx, call, wait_ms, words);
    return troupe_call_after(ctx, wait_ms, on_pause_end, call, NULL,
                             &call->timer);
}

static int
take_fault(troupe_context_t *ctx, struct call *call,
           const struct completion *what)
{
    struct model *self = call->model;
    int rc = 0;
    if (!troupe_token_is_open(ctx, call->token))
        return troupe__call_fail(ctx, call, -ECANCELED, "nobody waits for it");
    if (troupe__call_goes_plain(call, what)) {
        troupe__call_traced_again(ctx, call, 0, what->words);
        return troupe__call_reserve(ctx, call);
    }
    call->fault = what->fault;
    call->status = what->status;
    if (what->fault == TROUPE_FAULT_OVERLOAD
        && !troupe_ref_is_nobody(self->limiter))
        rc = troupe_send(ctx, self->limiter, "refused", "{s:U}", "after_ms",
                         what->retry_after_ms);
    if (rc < 0)
        return rc;
    return try_again(ctx, call, (troupe_fault_t) what->fault,
                     what->retry_after_ms, what->words);
}

static int
read_completion(const troupe_message_t *reply, struct completion *ret)
{
    *ret = (struct completion){.text = "", .model = ""};
    int rc = troupe_unpack(
        reply, "{s:U, s:U, s:s, s:s, s?s, s:s, s:I, s:I, s:U, s:b}", "fault",
        &ret->fault, "status", &ret->status, "text", &ret->text, "finish",
        &ret->finish, "model", &ret->model, "words", &ret->words,
        "prompt_tokens", &ret->prompt_tokens, "completion_tokens",
        &ret->completion_tokens, "retry_after_ms", &ret->retry_after_ms,
        "billable", &ret->billable);
    return rc < 0 || ret->fault >= TROUPE_FAULT_COUNT ? -EPROTO : 0;
}

/* What it came to is written down, where that is wanted. */
static int
take_completion(troupe_context_t *ctx, struct call *call,
                const struct completion *what)
{
    struct bill bill = troupe__call_bill(call, what);
    bool good = what->fault == TROUPE_FAULT_NONE;
    int rc = troupe__call_commit(ctx, call, &bill, good);
    if (rc < 0)
        return rc;
    return good ? succeed(ctx, call, what) : take_fault(ctx, call, what);
}

/* It is paid for, but what is on no disk does not count. */
static int
fail_unwritten(troupe_context_t *ctx, struct call *call,
               const struct completion *what)
{
    struct bill bill = troupe__call_bill(call, what);
    int rc = troupe__call_commit(ctx, call, &bill, false);
    return rc < 0 ? rc
                  : troupe__call_fail(ctx, call, -EIO,
                                      "the journal cannot be written");
}

static int
on_booked(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct call *call = answer->data;
    struct completion what;
    (void) state;
    call->firm = false;
    int rc = read_completion(call->reply, &what);
    CHECK(rc == 0);
    return answer->outcome == TROUPE_REPLY ? take_completion(ctx, call, &what)
                                           : fail_unwritten(ctx, call, &what);
}

/* Nobody knows what it did: it may have cost the most. The journal has its
 * beginning, which says the same. */
static int
take_loss(troupe_context_t *ctx, struct call *call,
          const troupe_answer_t *answer)
{
    struct bill bill = troupe__call_most(call);
    int rc = troupe__call_commit(ctx, call, &bill, false);
    if (rc < 0)
        return rc;
    troupe_breaker_forget(&call->model->breaker);
    if (call->outrun)
        troupe__call_lost(ctx, call, answer->latency_ns);
    bool died = answer->code == -EHOSTDOWN || answer->code == -EPIPE;
    if (died && troupe_token_is_open(ctx, call->token))
        return try_again(ctx, call, TROUPE_FAULT_TRANSIENT, 0,
                         "the backend failed");
    return troupe__call_fail_step(ctx, call, answer);
}

static int
on_completed(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct model *self = state;
    struct call *call = answer->data;
    struct completion what;
    troupe__call_unwatch(ctx, call);
    if (answer->outcome != TROUPE_REPLY)
        return take_loss(ctx, call, answer);
    if (read_completion(answer->msg, &what) < 0) {
        struct bill most = troupe__call_most(call); /* as the journal has it */
        troupe_breaker_forget(&self->breaker);
        int rc = troupe__call_commit(ctx, call, &most, false);
        return rc < 0 ? rc
                      : troupe__call_fail(ctx, call, -EPROTO,
                                          "the backend's answer is no such");
    }
    troupe__model_record(ctx, self, &what);
    if (what.fault == TROUPE_FAULT_NONE)
        troupe_hedge_record(&self->hedge, answer->latency_ns);
    if (troupe_ref_is_nobody(self->journal))
        return take_completion(ctx, call, &what);
    troupe_message_destroy(&call->reply); /* of an attempt before */
    int rc = troupe_message_keep(answer->msg, &call->reply);
    double ms = (double) answer->latency_ns / NS_PER_MS;
    if (rc == 0)
        rc = troupe__call_book(ctx, call, &what, ms, on_booked);
    return rc < 0 ? fail_unwritten(ctx, call, &what) : 0;
}

static int
make_call(troupe_context_t *ctx, struct call *call)
{
    struct model *self = call->model;
    const char *schema = call->plain || self->plain ? NULL : call->schema;
    call->attempts += 1;
    self->count += 1;
    troupe_ask_options_t options = step_options(call, on_completed);
    int rc = troupe_ask_with(
        ctx, self->backend, "complete", &options, &call->ask,
        "{s:s?, s:s, s:s, s:s?, s:s?, s:s, s:s?, s:U, s:f, s:b, s:U}", "id",
        self->id, "url", self->url, "model", self->name, "key_env",
        self->key_env, "system", call->system ? call->system : self->system,
        "prompt", call->prompt, "schema", schema, "max_tokens",
        self->max_tokens, "temperature", self->temperature, "stream",
        (int) self->stream, "size_max", self->size_max);
    if (rc < 0) {
        troupe_breaker_forget(&self->breaker);
        troupe__call_unmade(ctx, call);
        return troupe__call_fail(ctx, call, rc, "the backend cannot be asked");
    }
    return troupe__call_watch(ctx, call);
}

/* It is on the disk that the call is made; unless it is wanted no more. */
static int
on_begun(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct model *self = state;
    struct call *call = answer->data;
    bool wanted = troupe_token_is_open(ctx, call->token);
    call->firm = false;
    if (answer->outcome == TROUPE_REPLY && wanted)
        return make_call(ctx, call);
    troupe_breaker_forget(&self->breaker);
    if (answer->outcome != TROUPE_REPLY)
        return troupe__call_fail(ctx, call, -EIO,
                                 "the journal cannot be written");
    troupe__call_unmade(ctx, call);
    return troupe__call_fail(ctx, call, -ECANCELED, "nobody waits for it");
}

static int
complete(troupe_context_t *ctx, struct call *call)
{
    struct model *self = call->model;
    uint32_t wait_ms = 0;
    uint64_t now_ns = troupe_time_ns(ctx);
    if (troupe_breaker_allow(&self->breaker, now_ns, &wait_ms) < 0)
        return troupe__model_refuse(ctx, call);
    if (troupe_ref_is_nobody(self->journal))
        return make_call(ctx, call);
    int rc = troupe__call_announce(ctx, call, on_begun);
    if (rc < 0) {
        troupe_breaker_forget(&self->breaker);
        return troupe__call_fail(ctx, call, -EIO,
                                 "the journal cannot be asked");
    }
    return 0;
}

static int
on_taken(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct call *call = answer->data;
    (void) state;
    call->taken = answer->outcome == TROUPE_REPLY;
    if (!call->taken || !troupe_token_is_open(ctx, call->token))
        return troupe__call_fail_step(ctx, call, answer);
    return complete(ctx, call);
}

static int
take(troupe_context_t *ctx, struct call *call)
{
    struct model *self = call->model;
    if (troupe_ref_is_nobody(self->limiter))
        return complete(ctx, call);
    troupe_ask_options_t options = step_options(call, on_taken);
    int rc =
        troupe_ask_with(ctx, self->limiter, "take", &options, &call->ask,
                        "{s:U, s:b}", "tokens", call->tokens, "settles", 1);
    return rc < 0 ? troupe__call_fail(ctx, call, rc,
                                      "the rate limiter cannot be asked")
                  : 0;
}

static int
on_reserved(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct call *call = answer->data;
    (void) state;
    call->firm = false;
    if (answer->outcome != TROUPE_REPLY)
        return troupe__call_fail_step(ctx, call, answer);
    int rc = troupe_unpack(answer->msg, "{s:U}", "id", &call->draw);
    if (rc < 0 || !troupe_token_is_open(ctx, call->token))
        return troupe__call_fail(ctx, call, -EPROTO,
                                 "the budget's answer is no such");
    return take(ctx, call);
}

int
troupe__call_reserve(troupe_context_t *ctx, struct call *call)
{
    struct model *self = call->model;
    troupe_trace_set(ctx, &call->span.at); /* also after a wait */
    if (!troupe_token_is_open(ctx, call->token))
        return troupe__call_fail(ctx, call, -ECANCELED, "nobody waits for it");
    if (troupe_ref_is_nobody(self->budget))
        return take(ctx, call);
    double most = troupe__call_dearest(call);
    troupe_ask_options_t options = step_options(call, on_reserved);
    options.deadline_ns = 0; /* what is granted must be heard of */
    options.timeout_ms = BUDGET_MS;
    call->firm = true;
    int rc = troupe_ask_with(ctx, self->budget, "reserve", &options, &call->ask,
                             "{s:U, s:f, s:U}", "tokens", call->tokens, "money",
                             isfinite(most) ? most : 0.0, "calls", UINT64_C(1));
    return rc < 0
               ? troupe__call_fail(ctx, call, rc, "the budget cannot be asked")
               : 0;
}
