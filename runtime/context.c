/* SPDX-License-Identifier: Apache-2.0 */
/* context.c: the small things that a callback asks of its context. */
#include <errno.h>
#include <stdio.h>

#include "runtime/worker.h"

int
troupe_fail(troupe_context_t *ctx, int code, const char *format, ...)
{
    CHECK(ctx);
    CHECK(format);
    ctx->has_words = true;
    va_list args;
    va_start(args, format);
    vsnprintf(ctx->words, sizeof ctx->words, format, args);
    va_end(args);
    return code < 0 ? code : -EINVAL;
}

int
troupe_exit(troupe_context_t *ctx, troupe_exit_t kind, int code,
            const char *format, ...)
{
    CHECK(ctx);
    if ((unsigned) kind > TROUPE_EXIT_NOCONNECTION)
        return -EINVAL;
    ctx->exits = true;
    ctx->exit_kind = kind <= TROUPE_EXIT_ERROR ? kind : TROUPE_EXIT_ERROR;
    ctx->exit_code = code;
    if (format) {
        ctx->has_words = true;
        va_list args;
        va_start(args, format);
        vsnprintf(ctx->words, sizeof ctx->words, format, args);
        va_end(args);
    }
    return TROUPE_STOP;
}

void
troupe_log(troupe_context_t *ctx, troupe_level_t level, const char *format, ...)
{
    CHECK(ctx);
    char words[TROUPE__WORDS_MAX], ref[TROUPE_REF_TEXT];
    char shown[TROUPE_NAME_MAX + 1];
    const troupe_options_t *options = &ctx->worker->node->options;
    if (!options->log || level < options->log_level)
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    const char *name =
        troupe__name_of(ctx->worker->node, ctx->actor->ref, shown);
    troupe__log(ctx->worker->node, level, "%s %s%s%s: %s",
                ctx->actor->born->user->name,
                troupe_ref_text(ctx->actor->ref, ref), name ? " " : "",
                name ? name : "", words);
}

troupe_ref_t
troupe_self(const troupe_context_t *ctx)
{
    CHECK(ctx);
    return ctx->actor->ref;
}

troupe_t *
troupe_context_node(const troupe_context_t *ctx)
{
    CHECK(ctx);
    return ctx->worker->node;
}

uint32_t
troupe_incarnation(const troupe_context_t *ctx)
{
    CHECK(ctx);
    return SEEN(ctx->actor->incarnation);
}

/* SplitMix64 (Steele, Lea, Flood 2014). */
uint64_t
troupe_random(troupe_context_t *ctx)
{
    CHECK(ctx);
    uint64_t x = ctx->worker->random_state += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

uint64_t
troupe_time_ns(troupe_context_t *ctx)
{
    CHECK(ctx);
    return troupe__now(ctx->worker);
}

int
troupe_become(troupe_context_t *ctx, const troupe_kind_t *kind)
{
    CHECK(ctx);
    struct troupe__actor *actor = ctx->actor;
    const struct troupe__kind *ready = actor->born;
    if (kind) {
        int rc = troupe__kind_of(&ctx->worker->node->kinds, kind, &ready);
        if (rc < 0)
            return rc;
        if (kind->state_size > actor->born->user->state_size)
            return -EINVAL;
    }
    actor->kind = ready;
    atomic_store_explicit(&actor->kind_seen, ready, memory_order_relaxed);
    return 0;
}

int
troupe_stash(troupe_context_t *ctx)
{
    CHECK(ctx);
    const struct troupe_message *msg = ctx->msg;
    struct troupe__actor *actor = ctx->actor;
    if (!msg || msg->kind > WIRE_ASK || ctx->stashed
        || (msg->kind == WIRE_ASK && ctx->ask != ASK_OPEN))
        return -ENOMSG;
    struct troupe__mailbox *stash = &troupe__extra(actor)->stash;
    uint32_t count = troupe__mailbox_count(stash);
    if (count >= actor->messages_max
        || (count > 0
            && troupe__mailbox_size(stash) + msg->size > actor->bytes_max))
        return -ENOSPC;
    struct troupe__parcel *parcel =
        troupe__parcel_new(&ctx->worker->parcels, msg, ctx->worker->now);
    if (msg->kind == WIRE_TELL && msg->id) /* a timer's: it has fired */
        troupe__wire_clear_id(parcel->copy);
    parcel->stashed = true;
    troupe__mailbox_push(stash, parcel);
    if (msg->kind == WIRE_ASK)
        troupe__waiting_add(ctx->worker, msg, parcel);
    ctx->stashed = parcel;
    ctx->ask = ASK_NONE; /* it is open, but not for this handler */
    return 0;
}

/* What was put aside goes back to where it was taken from. */
void
troupe__stash_return(struct troupe__actor *actor)
{
    struct troupe__mailbox *stash = &actor->extra->stash;
    struct troupe__parcel *parcel;
    while ((parcel = stash->last)) {
        troupe__mailbox_remove(stash, parcel);
        parcel->stashed = false;
        troupe__mailbox_push_front(&actor->mailbox, parcel);
    }
}

int
troupe_unstash(troupe_context_t *ctx)
{
    CHECK(ctx);
    struct troupe__actor *actor = ctx->actor;
    if (!actor->extra || troupe__mailbox_count(&actor->extra->stash) == 0)
        return 0;
    troupe__stash_return(actor);
    troupe__enqueue(ctx->worker, actor);
    troupe__pressure_update(ctx->worker, actor);
    return 0;
}
