/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model.c: the actor of one model. What its journal has of an ask is the
 * answer; anything else is a call (model_call.c).
 */
#include "actors/model.h"
#include "actors/model_hedge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "troupe_model.h"

#include "mailbox/check.h"

#define BYTES_PER_TOKEN 4 /* at least, in most languages and tokenizers */

/* It is to be called, unless only what is kept is wanted. */
static int
call_it(troupe_context_t *ctx, struct call *call)
{
    return call->kept_only ? troupe__call_fail(
               ctx, call, -ENOSPC, "the budget is kept for the answer")
                           : troupe__call_reserve(ctx, call);
}

/* What the journal has is neither reserved nor waited for, nor paid for. */
static int
on_found(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct call *call = answer->data;
    const void *value = NULL;
    size_t size = 0;
    (void) state;
    if (answer->outcome == TROUPE_REPLY
        && troupe_unpack(answer->msg, "{s:B}", "value", &value, &size) == 0) {
        int rc = troupe__call_replay(ctx, call, value, size);
        troupe__call_free(call);
        return rc;
    }
    return answer->outcome == TROUPE_ERROR && answer->code == -ENOENT
               ? call_it(ctx, call)
               : troupe__call_fail_step(ctx, call, answer);
}

static int
look_up(troupe_context_t *ctx, struct call *call)
{
    if (troupe_ref_is_nobody(call->model->journal))
        return call_it(ctx, call);
    troupe_trace_set(ctx, &call->span.at);
    int rc = troupe__call_find(ctx, call, on_found);
    return rc < 0 ? troupe__call_fail(ctx, call, -EIO,
                                      "the journal cannot be asked")
                  : 0;
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
    bool kept_only = false;
    int rc = troupe_unpack(msg, "{s:s, s?s?, s?s?, s?b}", "prompt", &prompt,
                           "system", &system, "schema", &schema, "kept_only",
                           &kept_only);
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
    call->kept_only = kept_only;
    call->tokens = size / BYTES_PER_TOKEN + 1 + self->max_tokens;
    call->next = self->calls;
    self->calls = call;
    troupe_trace_note(ctx, "{s:s}", "gen_ai.request.model", self->name);
    (void) troupe_span_begin(ctx, &call->span);
    troupe_retry_earn(&self->retry);
    return look_up(ctx, call);
}

int
troupe__call_give_up(troupe_context_t *ctx, struct call *call)
{
    troupe__call_unwatch(ctx, call);
    if (call->firm)
        return 0; /* soon over, and it finds the token closed */
    if (call->timer.id == 0) {
        (void) troupe_cancel(ctx, call->ask); /* its answer ends the call */
        return 0;
    }
    (void) troupe_call_clear(ctx, call->timer);
    return troupe__call_fail(ctx, call, -ECANCELED, "nobody waits for it");
}

/* Both requests, where there are two. */
static int
on_cancel(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct model *self = state;
    troupe_token_t token = troupe_token_read(msg);
    int rc = 0;
    for (struct call *it = self->calls, *next = NULL; it && rc == 0;
         it = next) {
        next = it->next;
        if (it->token.id == token.id)
            rc = troupe__call_give_up(ctx, it);
    }
    return rc;
}

static int
on_state(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    const struct model *self = state;
    (void) msg;
    return troupe_reply(ctx, "{s:U, s:U, s:U, s:U, s:s}", "calls", self->count,
                        "failed", self->failed, "retries", self->retries,
                        "hedged", self->hedged, "breaker",
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
        troupe__call_destroy(it);
    }
    troupe__model_clear(self);
}

TROUPE_KIND(troupe_model, struct model, TROUPE_ON_START(on_start),
            TROUPE_ON("ask", on_ask), TROUPE_ON("state", on_state),
            TROUPE_ON_CANCEL(on_cancel), TROUPE_ON_STOP(on_stop));
