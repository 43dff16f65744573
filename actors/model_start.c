/* SPDX-License-Identifier: Apache-2.0 */
/* model_start.c: what a model is started with, and what its tokens cost. */
#include "actors/model.h"
#include "actors/model_hedge.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "actors/relay.h"
#include "mailbox/check.h"

#define MAX_TOKENS 2048
#define MILLION    1e6

static char *
copy(const char *text)
{
    return text ? troupe__strdup(text) : NULL;
}

static int
read_settings(struct model *self, const troupe_message_t *msg,
              uint64_t *ret_attempts)
{
    const char *url = NULL, *name = NULL, *key_env = NULL, *system = NULL;
    const char *id = NULL, *origin = NULL;
    self->temperature = self->price_in = self->price_out = (double) NAN;
    self->max_tokens = MAX_TOKENS;
    int rc = troupe_unpack(
        msg,
        "{s:s, s:s, s?s?, s?s?, s?U, s?f, s?b, s?f, s?f, s?U, s?U, s?s?, s?s?}",
        "url", &url, "model", &name, "key_env", &key_env, "system", &system,
        "max_tokens", &self->max_tokens, "temperature", &self->temperature,
        "stream", &self->stream, "price_in", &self->price_in, "price_out",
        &self->price_out, "attempts", ret_attempts, "size_max", &self->size_max,
        "id", &id, "origin", &origin);
    if (rc < 0)
        return rc;
    self->url = copy(url);
    self->name = copy(name);
    self->key_env = copy(key_env);
    self->system = copy(system);
    self->id = copy(id);
    self->origin = copy(origin);
    return 0;
}

static int
read_refs(troupe_context_t *ctx, struct model *self,
          const troupe_message_t *msg)
{
    int rc = troupe__read_ref(ctx, msg, "model", "backend", &self->backend);
    if (rc == 0)
        rc = troupe__read_ref(ctx, msg, "model", "limiter", &self->limiter);
    if (rc == 0)
        rc = troupe__read_ref(ctx, msg, "model", "budget", &self->budget);
    if (rc == 0)
        rc = troupe__read_ref(ctx, msg, "model", "journal", &self->journal);
    return rc == 0 && troupe_ref_is_nobody(self->backend)
               ? troupe_fail(ctx, -EINVAL, "a model wants a backend")
               : rc;
}

/* What fails to start is not stopped: it leaves nothing itself. */
int
troupe__model_start(troupe_context_t *ctx, struct model *self,
                    const troupe_message_t *msg)
{
    uint64_t attempts = 0;
    int rc = troupe__model_hedge_start(self, msg);
    if (rc == 0)
        rc = read_settings(self, msg, &attempts);
    if (rc < 0 || attempts > UINT32_MAX || self->price_in < 0
        || self->price_out < 0) {
        rc = troupe_fail(ctx, -EINVAL,
                         "a model wants {backend, url, model}, and may have "
                         "those of troupe_model.h");
    }
    if (rc == 0)
        rc = read_refs(ctx, self, msg);
    if (rc < 0) {
        troupe__model_clear(self);
        return rc;
    }
    troupe_retry_options_t options = {.attempts_max = (uint32_t) attempts};
    troupe_retry_init(&self->retry, &options);
    return troupe_breaker_init(&self->breaker, NULL);
}

void
troupe__model_clear(struct model *self)
{
    char **texts[] = {&self->url, &self->name,   &self->key_env, &self->system,
                      &self->id,  &self->origin, &self->failure};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        free(*texts[i]);
        *texts[i] = NULL;
    }
}

double
troupe__model_cost(const struct model *self, int64_t prompt_tokens,
                   int64_t completion_tokens)
{
    if (prompt_tokens < 0 || completion_tokens < 0)
        return (double) NAN;
    return ((double) prompt_tokens * self->price_in
            + (double) completion_tokens * self->price_out)
           / MILLION;
}

int
troupe__call_release(troupe_context_t *ctx, struct call *call)
{
    if (call->draw == 0)
        return 0;
    int rc = troupe_send(ctx, call->model->budget, "release", "{s:U}", "id",
                         call->draw);
    call->draw = 0;
    return rc;
}

int
troupe__call_settle(troupe_context_t *ctx, struct call *call, uint64_t used,
                    bool good)
{
    if (!call->taken)
        return 0;
    call->taken = false;
    return troupe_send(ctx, call->model->limiter, "settle", "{s:U, s:U, s:b}",
                       "estimated", call->tokens, "used", used, "good",
                       (int) good);
}

int
troupe__call_commit(troupe_context_t *ctx, struct call *call,
                    const struct bill *bill, bool good)
{
    int rc = troupe__call_settle(ctx, call, bill->cost.tokens, good);
    if (rc == 0 && bill->cost.calls == 0)
        return troupe__call_release(ctx, call);
    if (rc < 0 || call->draw == 0)
        return rc;
    rc = troupe_send(ctx, call->model->budget, "commit",
                     "{s:U, s:U, s:f, s:U, s:b}", "id", call->draw, "tokens",
                     bill->cost.tokens, "money", bill->cost.money, "calls",
                     bill->cost.calls, "known", (int) bill->known);
    call->draw = 0;
    return rc;
}

bool
troupe__call_goes_plain(struct call *call, const struct completion *what)
{
    if (!call->schema || call->plain || call->model->plain
        || what->fault != TROUPE_FAULT_PERMANENT
        || (what->status != 400 && what->status != 422 && what->status != 501))
        return false;
    call->plain = true;
    return true;
}

double
troupe__call_dearest(const struct call *call)
{
    const struct model *self = call->model;
    uint64_t prompt = call->tokens - self->max_tokens;
    return troupe__model_cost(self, (int64_t) prompt,
                              (int64_t) self->max_tokens);
}
