/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model_journal.c: what the calls of a model leave in the journal of a run. A
 * call is begun on the disk before it is made (STARTED, with the most that it
 * may cost), and ends there with what it came to (ATTEMPT), an answer in the
 * same transaction (DONE). So a kill at any point leaves either what was spent
 * or that nobody knows it, and no answer that was paid for is lost.
 */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "troupe_journal.h"

#include "actors/model.h"
#include "mailbox/check.h"

#define JOURNAL_MS 30000
#define FNV_PRIME  UINT64_C(1099511628211)

/* FNV-1a, from two beginnings: 128 bits; the end of a text is a byte, too, and
 * no text is another one than an empty one. */
static void
hash(uint64_t hashes[2], const char *text)
{
    size_t size = text ? strlen(text) + 1 : 0;
    const char *bytes = text ? text : "\x01";
    for (size_t i = 0; i < (text ? size : 1); i++)
        for (int j = 0; j < 2; j++)
            hashes[j] = (hashes[j] ^ (unsigned char) bytes[i]) * FNV_PRIME;
}

/* What an answer depends on. */
static void
write_key(struct call *call)
{
    const struct model *self = call->model;
    uint64_t hashes[2] = {UINT64_C(14695981039346656037),
                          UINT64_C(0x9e3779b97f4a7c15)};
    char settings[96];
    (void) snprintf(settings, sizeof settings, "%llu %.17g %d",
                    (unsigned long long) self->max_tokens, self->temperature,
                    (int) self->stream);
    hash(hashes, self->origin ? self->origin : self->url);
    hash(hashes, self->name);
    hash(hashes, call->system ? call->system : self->system);
    hash(hashes, call->prompt);
    hash(hashes, call->schema);
    hash(hashes, settings);
    (void) snprintf(call->key, sizeof call->key,
                    "%.200s:complete:%016" PRIx64 "%016" PRIx64,
                    self->id ? self->id : "model", hashes[0], hashes[1]);
}

static troupe_ask_options_t
options_of(struct call *call, troupe_answer_fn answer)
{
    return (troupe_ask_options_t){.timeout_ms = JOURNAL_MS,
                                  .answer = answer,
                                  .data = call,
                                  .detached = true};
}

int
troupe__call_find(troupe_context_t *ctx, struct call *call,
                  troupe_answer_fn answer)
{
    troupe_ask_options_t options = options_of(call, answer);
    write_key(call);
    return troupe_ask_with(ctx, call->model->journal, "find", &options,
                           &call->ask, "{s:s}", "key", call->key);
}

/* --- what it comes to -------------------------------------------------------*/

struct bill
troupe__call_most(const struct call *call)
{
    double money = troupe__call_dearest(call);
    return (struct bill){.cost = {.tokens = call->tokens,
                                  .money = isfinite(money) ? money : 0.0,
                                  .calls = 1}};
}

struct bill
troupe__call_bill(const struct call *call, const struct completion *what)
{
    if (what->fault != TROUPE_FAULT_NONE && !what->billable)
        return (struct bill){.known = true};
    if (what->fault != TROUPE_FAULT_NONE || what->prompt_tokens < 0
        || what->completion_tokens < 0)
        return troupe__call_most(call);
    double money = troupe__model_cost(call->model, what->prompt_tokens,
                                      what->completion_tokens);
    return (struct bill){
        .cost = {.tokens = (uint64_t) what->prompt_tokens
                           + (uint64_t) what->completion_tokens,
                 .money = isfinite(money) ? money : 0.0,
                 .calls = 1},
        .known = true};
}

static char *
text_of(json_t *value)
{
    char *text = value ? json_dumps(value, JSON_COMPACT) : NULL;
    CHECK(text);
    json_decref(value);
    return text;
}

/* With whose it is: latencies of earlier runs are found by that. */
static char *
bill_text(const struct call *call, const struct bill *bill)
{
    const struct model *self = call->model;
    const char *at = self->origin ? self->origin : self->url;
    return text_of(json_pack(
        "{s:I, s:f, s:I, s:b, s:s++}", "tokens", (json_int_t) bill->cost.tokens,
        "money", bill->cost.money, "calls", (json_int_t) bill->cost.calls,
        "known", (int) bill->known, "of", at, " ", self->name));
}

int
troupe__call_announce(troupe_context_t *ctx, struct call *call,
                      troupe_answer_fn answer)
{
    troupe_ask_options_t options = options_of(call, answer);
    struct bill most = troupe__call_most(call);
    char *text = bill_text(call, &most);
    call->firm = true;
    int rc = troupe_ask_with(
        ctx, call->model->journal, "append", &options, &call->ask,
        "{s:[{s:U, s:s, s:s, s:U, s:B}]}", "entries", "what",
        (uint64_t) TROUPE_JOURNAL_STARTED, "key", call->key, "state",
        call->second ? "hedge" : "asked", "attempt",
        (uint64_t) call->attempts + 1, "value", text, strlen(text));
    free(text);
    return rc;
}

/* An answer, as it is given again. */
static char *
answer_text(const struct call *call, const struct completion *what)
{
    double cost = troupe__model_cost(call->model, what->prompt_tokens,
                                     what->completion_tokens);
    return text_of(
        json_pack("{s:s, s:b, s:I, s:I, s:o, s:I, s:b}", "text", what->text,
                  "truncated", (int) (strcmp(what->finish, "length") == 0),
                  "prompt_tokens", (json_int_t) what->prompt_tokens,
                  "completion_tokens", (json_int_t) what->completion_tokens,
                  "cost", isfinite(cost) ? json_real(cost) : json_null(),
                  "attempts", (json_int_t) call->attempts, "hedged",
                  (int) (call->hedged || call->second)));
}

int
troupe__call_book(troupe_context_t *ctx, struct call *call,
                  const struct completion *what, double ms,
                  troupe_answer_fn answer)
{
    troupe_ask_options_t options = options_of(call, answer);
    bool good = what->fault == TROUPE_FAULT_NONE;
    struct bill bill = troupe__call_bill(call, what);
    char *spent = bill_text(call, &bill);
    char *text = good ? answer_text(call, what) : NULL;
    call->firm = true;
    int rc =
        good ? troupe_ask_with(
            ctx, call->model->journal, "append", &options, &call->ask,
            "{s:[{s:U, s:s, s:s, s:U, s:f, s:B}, {s:s, s:s, s:U, s:f, s:B}]}",
            "entries", "what", (uint64_t) TROUPE_JOURNAL_ATTEMPT, "key",
            call->key, "state", "ok", "attempt", (uint64_t) call->attempts,
            "ms", ms, "value", spent, strlen(spent), "key", call->key, "state",
            "ok", "attempt", (uint64_t) call->attempts, "ms", ms, "value", text,
            strlen(text))
             : troupe_ask_with(
                 ctx, call->model->journal, "append", &options, &call->ask,
                 "{s:[{s:U, s:s, s:s, s:U, s:f, s:B}]}", "entries", "what",
                 (uint64_t) TROUPE_JOURNAL_ATTEMPT, "key", call->key, "state",
                 "failed", "attempt", (uint64_t) call->attempts, "ms", ms,
                 "value", spent, strlen(spent));
    free(spent);
    free(text);
    return rc;
}

static void
note(troupe_context_t *ctx, const struct call *call, const char *state,
     const struct bill *bill, double ms)
{
    if (troupe_ref_is_nobody(call->model->journal))
        return;
    char *text = bill_text(call, bill);
    (void) !troupe_send(ctx, call->model->journal, "append",
                        "{s:[{s:U, s:s, s:s, s:f, s:B}]}", "entries", "what",
                        (uint64_t) TROUPE_JOURNAL_ATTEMPT, "key", call->key,
                        "state", state, "ms", ms, "value", text, strlen(text));
    free(text);
}

void
troupe__call_unmade(troupe_context_t *ctx, const struct call *call)
{
    const struct bill nothing = {.known = true};
    note(ctx, call, "not made", &nothing, 0);
}

void
troupe__call_lost(troupe_context_t *ctx, const struct call *call,
                  uint64_t latency_ns)
{
    struct bill most = troupe__call_most(call);
    if (!call->second)
        troupe_hedge_record(&call->model->hedge, latency_ns);
    note(ctx, call, call->second ? "given up" : "outrun", &most,
         (double) latency_ns / 1e6);
}

/* --- what was kept ----------------------------------------------------------*/

int
troupe__call_replay(troupe_context_t *ctx, struct call *call, const void *value,
                    size_t size)
{
    const char *text = NULL;
    int truncated = 0, hedged = 0;
    json_int_t in = -1, out = -1, attempts = 0;
    json_t *cost = NULL, *root = json_loadb(value, size, 0, NULL);
    int rc =
        root ? json_unpack(root, "{s:s, s:b, s:I, s:I, s:o, s:I, s:b}", "text",
                           &text, "truncated", &truncated, "prompt_tokens", &in,
                           "completion_tokens", &out, "cost", &cost, "attempts",
                           &attempts, "hedged", &hedged)
             : -1;
    if (rc == 0) {
        troupe_trace_note(ctx, "{s:b}", "troupe.resumed", 1);
        rc = troupe_reply_to(
            ctx, &call->token, MODEL_REPLY, "text", text, "truncated",
            truncated, "prompt_tokens", (int64_t) in, "completion_tokens",
            (int64_t) out, "cost",
            json_is_real(cost) ? json_real_value(cost) : (double) NAN,
            "attempts", (uint64_t) attempts, "replayed", 1, "hedged", hedged);
    } else {
        rc = troupe_reply_error_to(ctx, &call->token, -EIO,
                                   "what the journal has is no answer");
    }
    json_decref(root);
    troupe__call_traced_ok(ctx, call, NULL, (double) NAN);
    return rc == -ENOMSG ? 0 : rc;
}
