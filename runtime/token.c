/* SPDX-License-Identifier: Apache-2.0 */
/* token.c: the answering side of an ask: reply and defer. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "mailbox/pack.h"
#include "runtime/care.h"
#include "runtime/remote.h"

uint64_t
troupe__ask_key(troupe_ref_t asker, uint64_t ask_id)
{
    uint64_t key = troupe__mix(asker.id) ^ troupe__mix(ask_id * 3 + 1);
    return key ? key : 1;
}

struct troupe__token *
troupe__token_find(struct troupe__worker *self, troupe_ref_t asker,
                   uint64_t ask_id)
{
    uint64_t value = 0;
    if (!troupe__idmap_get(&self->token_of, troupe__ask_key(asker, ask_id),
                           &value))
        return NULL;
    struct troupe__token *token = (void *) (uintptr_t) value;
    bool same = token->asker.id == asker.id && token->ask_id == ask_id;
    return same ? token : NULL;
}

struct troupe__token *
troupe__token_open(struct troupe__worker *self, struct troupe__actor *actor,
                   const struct troupe_message *msg)
{
    struct troupe__extra *extra = troupe__extra(actor);
    struct troupe__token *token =
        troupe__pool_get(&self->parcels, sizeof *token);
    *token = (struct troupe__token){.actor = actor,
                                    .asker = msg->from,
                                    .ask_id = msg->id,
                                    .deadline = msg->deadline,
                                    .next = extra->tokens,
                                    .link = &extra->tokens};
    snprintf(token->type, sizeof token->type, "%.*s", (int) msg->type_size,
             msg->type);
    if (extra->tokens)
        extra->tokens->link = &token->next;
    extra->tokens = token;
    token->id = troupe__ids_add(&self->tokens, token);
    troupe__idmap_set(&self->token_of,
                      troupe__ask_key(token->asker, token->ask_id),
                      (uint64_t) (uintptr_t) token);
    if (self->remotes && troupe__remotes_is_lost(self, token->asker))
        troupe__token_lost(self, token); /* it waited here meanwhile */
    return token;
}

/* What was asked on its behalf goes on, for nobody's sake but its asker's. */
void
troupe__token_close(struct troupe__worker *self, struct troupe__token *token)
{
    while (token->asks) {
        struct troupe__ask *ask = token->asks;
        token->asks = ask->scope_next;
        ask->scope = NULL;
        ask->scope_link = NULL;
    }
    if (self->ctx.scope == token)
        self->ctx.scope = NULL;
    *token->link = token->next;
    if (token->next)
        token->next->link = token->link;
    uint64_t key = troupe__ask_key(token->asker, token->ask_id), value = 0;
    if (troupe__idmap_get(&self->token_of, key, &value)
        && value == (uint64_t) (uintptr_t) token)
        troupe__idmap_remove(&self->token_of, key, NULL);
    troupe__ids_remove(&self->tokens, token->id);
    free(token->hung);
    if (token->kept)
        troupe__kept_drop(self, token);
    troupe__pool_put(&self->parcels, token, sizeof *token);
}

/* The asker gave up: so does everything that was asked on its behalf. */
void
troupe__token_cancel(struct troupe__worker *self, struct troupe__token *token)
{
    token->cancelled = true;
    for (struct troupe__ask *ask = token->asks; ask; ask = ask->scope_next)
        if (ask->outcome == 0)
            troupe__ask_cancel(self, ask);
}

const char *
troupe_outcome_name(troupe_outcome_t outcome)
{
    static const char *const names[] = {
        [TROUPE_REPLY] = "reply",       [TROUPE_ERROR] = "error",
        [TROUPE_TIMEOUT] = "timeout",   [TROUPE_DOWN] = "down",
        [TROUPE_OVERLOAD] = "overload", [TROUPE_CANCELLED] = "cancelled",
    };
    size_t count = sizeof names / sizeof *names;
    return outcome >= TROUPE_REPLY && (size_t) outcome < count ? names[outcome]
                                                               : "unknown";
}

void
troupe__send_outcome(struct troupe__worker *self, troupe_ref_t asker,
                     uint64_t ask_id, troupe_ref_t from, uint32_t incarnation,
                     troupe_outcome_t outcome, int code, const char *text)
{
    struct troupe__envelope envelope =
        troupe__envelope(WIRE_ERROR, asker, from, "error");
    envelope.id = ask_id;
    envelope.deadline = incarnation;
    int rc =
        troupe__emitf(self, &envelope, "[i, i, s]", (int) outcome, code, text);
    if (rc < 0) /* words that are no text, or too many, lose no outcome */
        rc = troupe__emitf(self, &envelope, "[i, i, s]", (int) outcome, code,
                           troupe_strerror(code));
    CHECK(rc == 0);
}

static int
reply_to(troupe_context_t *ctx, troupe_ref_t asker, uint64_t ask_id,
         const char *format, va_list *args)
{
    struct troupe__envelope envelope =
        troupe__envelope(WIRE_REPLY, asker, ctx->actor->ref, "reply");
    envelope.id = ask_id;
    envelope.deadline = SEEN(ctx->actor->incarnation);
    return troupe__emit(ctx->worker, &envelope, format, args);
}

int
troupe_reply(troupe_context_t *ctx, const char *format, ...)
{
    CHECK(ctx);
    if (ctx->ask != ASK_OPEN)
        return -ENOMSG;
    va_list args;
    va_start(args, format);
    int rc = reply_to(ctx, ctx->msg->from, ctx->msg->id, format, &args);
    va_end(args);
    if (rc == 0)
        ctx->ask = ASK_ANSWERED;
    return rc;
}

static void
reply_error_v(troupe_context_t *ctx, troupe_ref_t asker, uint64_t ask_id,
              int code, const char *format, va_list args)
{
    char words[TROUPE__WORDS_MAX] = "";
    if (format)
        vsnprintf(words, sizeof words, format, args);
    troupe__send_outcome(ctx->worker, asker, ask_id, ctx->actor->ref,
                         SEEN(ctx->actor->incarnation), TROUPE_ERROR,
                         code < 0 ? code : -EINVAL, words);
}

int
troupe_reply_error(troupe_context_t *ctx, int code, const char *format, ...)
{
    CHECK(ctx);
    if (ctx->ask != ASK_OPEN)
        return -ENOMSG;
    va_list args;
    va_start(args, format);
    reply_error_v(ctx, ctx->msg->from, ctx->msg->id, code, format, args);
    va_end(args);
    ctx->ask = ASK_ANSWERED;
    return 0;
}

int
troupe_defer(troupe_context_t *ctx, troupe_token_t *ret_token)
{
    CHECK(ctx);
    CHECK(ret_token);
    if (ctx->ask != ASK_OPEN)
        return -ENOMSG;
    if (!ctx->scope)
        ctx->scope = troupe__token_open(ctx->worker, ctx->actor, ctx->msg);
    ctx->scope->deferred = true;
    ctx->ask = ASK_DEFERRED;
    *ret_token = (troupe_token_t){ctx->scope->id};
    return 0;
}

static struct troupe__token *
mine(const troupe_context_t *ctx, troupe_token_t token)
{
    struct troupe__token *open =
        troupe__ids_find(&ctx->worker->tokens, token.id);
    return open && open->actor == ctx->actor && open->deferred ? open : NULL;
}

int
troupe_reply_to(troupe_context_t *ctx, troupe_token_t *token,
                const char *format, ...)
{
    CHECK(ctx);
    CHECK(token);
    struct troupe__token *open = mine(ctx, *token);
    if (!open)
        return -ENOMSG;
    va_list args;
    va_start(args, format);
    int rc = reply_to(ctx, open->asker, open->ask_id, format, &args);
    va_end(args);
    if (rc < 0)
        return rc;
    troupe__token_close(ctx->worker, open);
    token->id = 0;
    return 0;
}

int
troupe_reply_error_to(troupe_context_t *ctx, troupe_token_t *token, int code,
                      const char *format, ...)
{
    CHECK(ctx);
    CHECK(token);
    struct troupe__token *open = mine(ctx, *token);
    if (!open)
        return -ENOMSG;
    va_list args;
    va_start(args, format);
    reply_error_v(ctx, open->asker, open->ask_id, code, format, args);
    va_end(args);
    troupe__token_close(ctx->worker, open);
    token->id = 0;
    return 0;
}

void
troupe_token_drop(troupe_context_t *ctx, troupe_token_t *token)
{
    /* Where it was kept or broken already there is nothing to say. */
    if (troupe_reply_error_to(ctx, token, -EPIPE,
                              "the promise to answer was dropped")
        < 0)
        token->id = 0;
}

bool
troupe_token_is_open(const troupe_context_t *ctx, troupe_token_t token)
{
    const struct troupe__token *open = mine(ctx, token);
    return open && !open->cancelled;
}

troupe_token_t
troupe_token_read(const troupe_message_t *msg)
{
    bool is_cancel = msg && msg->kind == WIRE_CANCEL;
    return (troupe_token_t){is_cancel ? msg->id : 0};
}

/* The actor ends: nobody will keep its promises. */
void
troupe__tokens_break(struct troupe__worker *self, struct troupe__actor *actor,
                     const troupe_reason_t *reason, bool restarts)
{
    while (actor->extra && actor->extra->tokens) {
        struct troupe__token *token = actor->extra->tokens;
        const char *text =
            reason->text[0] ? reason->text : troupe_exit_name(reason->kind);
        if (token->kept) {
            troupe__kept_return(self, token, reason, restarts);
        } else if (token->deferred) {
            troupe__send_outcome(self, token->asker, token->ask_id, actor->ref,
                                 SEEN(actor->incarnation), TROUPE_DOWN,
                                 restarts ? -EHOSTDOWN : -ESRCH, text);
        }
        troupe__token_close(self, token);
    }
}
