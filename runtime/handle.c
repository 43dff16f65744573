/* SPDX-License-Identifier: Apache-2.0 */
/* handle.c: one callback of an actor, and what its return means. */
#include <errno.h>
#include <stdio.h>

#include "runtime/care.h"
#include "runtime/handle.h"
#include "runtime/trace.h"

enum { FAR_SAMPLE = 16 }; /* deadlines far away, of which one is looked at */
#define FAR_NS (UINT64_C(3600) * 1000000000)

/* What an asker hears when its message is not handled. */
static void
refuse_ask(struct troupe__worker *self, const struct troupe__actor *actor,
           const struct troupe_message *msg, troupe_dead_t why)
{
    troupe_outcome_t outcome = TROUPE_ERROR;
    int code = -EHOSTDOWN;
    const char *text = troupe_dead_name(why);
    char words[256], ref[TROUPE_REF_TEXT];
    switch (why) {
    case TROUPE_DEAD_OVERFLOW:
        outcome = TROUPE_OVERLOAD;
        code = -ENOBUFS;
        break;
    case TROUPE_DEAD_EXPIRED:
        outcome = TROUPE_TIMEOUT;
        code = -ETIMEDOUT;
        CHECK(actor); /* who looks at the deadline */
        snprintf(words, sizeof words, "waited for %s %s, which was too busy",
                 actor->born->user->name, troupe_ref_text(msg->to, ref));
        text = words;
        break;
    case TROUPE_DEAD_UNHANDLED:
        code = -EOPNOTSUPP;
        break;
    case TROUPE_DEAD_QUARANTINED:
        code = -EBADMSG;
        break;
    case TROUPE_DEAD_CANCELLED:
        outcome = TROUPE_CANCELLED;
        code = -ECANCELED;
        break;
    case TROUPE_DEAD_ENDED:
        if (msg->attempt > 1)
            text = "the actor ended for good before it had answered";
        __attribute__((fallthrough));
    case TROUPE_DEAD_NO_ACTOR:
    case TROUPE_DEAD_STOPPING:
        outcome = TROUPE_DOWN;
        code = -ESRCH;
        break;
    case TROUPE_DEAD_FAILED:
    case TROUPE_DEAD_ATTEMPTS:
        break;
    }
    troupe__send_outcome(self, msg->from, msg->id, msg->to,
                         actor ? SEEN(actor->incarnation) : 0, outcome, code,
                         text);
}

void
troupe__refuse(struct troupe__worker *self, struct troupe__actor *actor,
               const struct troupe_message *msg, troupe_dead_t why)
{
    if (actor) {
        BUMP(actor->dropped);
        BUMP(self->kinds[actor->born->index].dropped);
        BUMP(self->kinds[actor->born->index].received);
        troupe__trace_refused(self, actor, msg);
    }
    if (why == TROUPE_DEAD_EXPIRED)
        BUMP(self->counters.expired);
    troupe__dead(self, msg, why);
    if (msg->kind == WIRE_ASK)
        refuse_ask(self, actor, msg, why);
}

/* An ask that the handler left open, with no promise to answer later. */
static void
break_promise(struct troupe__worker *self, struct troupe__actor *actor,
              const struct troupe_message *msg)
{
    troupe__send_outcome(self, msg->from, msg->id, actor->ref,
                         SEEN(actor->incarnation), TROUPE_ERROR, -EPIPE,
                         "the handler returned without an answer");
}

/* It put the message aside and then failed on it: it shall not come back. */
static void
stash_undo(struct troupe__worker *self, struct troupe__actor *actor)
{
    struct troupe__parcel *parcel = self->ctx.stashed;
    troupe__mailbox_remove(
        parcel->stashed ? &actor->extra->stash : &actor->mailbox, parcel);
    troupe__waiting_remove(self, self->ctx.msg, parcel);
    troupe__parcel_free(&self->parcels, parcel);
    self->ctx.ask = self->ctx.msg->kind == WIRE_ASK ? ASK_OPEN : self->ctx.ask;
}

/* Nobody else may say it: a supervisor logs what it decides about it. */
static void
log_failure(struct troupe__worker *self, const struct troupe__actor *actor,
            const char *words)
{
    char ref[TROUPE_REF_TEXT], shown[TROUPE_NAME_MAX + 1];
    const char *type =
        atomic_load_explicit(&self->run_type, memory_order_relaxed);
    const char *name = troupe__name_of(self->node, actor->ref, shown);
    bool supervised = !troupe_ref_is_nobody(actor->parent);
    troupe__log(self->node, supervised ? TROUPE_LOG_INFO : TROUPE_LOG_WARNING,
                "%s %s%s%s failed on '%s': %s", actor->born->user->name,
                troupe_ref_text(actor->ref, ref), name ? " " : "",
                name ? name : "", type, words);
}

/* It will not be handled again. Of what a deputy asked only that one knows. */
static void
lose_message(struct troupe__worker *self, const struct troupe__actor *actor,
             const char *words)
{
    const struct troupe_message *msg = self->ctx.msg;
    bool relayed = !troupe_ref_is_nobody(msg->asker);
    if (!relayed)
        troupe__dead(self, msg, TROUPE_DEAD_FAILED);
    if (msg->kind == WIRE_ASK && self->ctx.ask == ASK_OPEN) {
        troupe__send_outcome(
            self, msg->from, msg->id, actor->ref, SEEN(actor->incarnation),
            relayed ? TROUPE_DOWN : TROUPE_ERROR, -EHOSTDOWN, words);
    }
}

/* `kept`: the message in hand is an ask that the end of the actor settles. */
static void
failed(struct troupe__worker *self, struct troupe__actor *actor, int rc,
       bool kept)
{
    struct troupe_context *ctx = &self->ctx;
    const struct troupe_message *msg = ctx->msg;
    char words[TROUPE__WORDS_MAX];
    snprintf(words, sizeof words, "%s",
             ctx->has_words ? ctx->words : troupe_strerror(rc));
    troupe_reason_t reason = {TROUPE_EXIT_ERROR, rc, words};
    BUMP(actor->failed);
    BUMP(self->kinds[actor->born->index].failed);
    log_failure(self, actor, words);
    if (ctx->stashed)
        stash_undo(self, actor);
    if (msg && msg->kind <= WIRE_ASK && !kept)
        lose_message(self, actor, words);
    troupe__actor_end(self, actor, &reason,
                      msg && msg->kind <= WIRE_ASK ? msg : NULL);
}

void
troupe__context_blame(struct troupe_context *self, const char *type,
                      uint64_t fingerprint)
{
    snprintf(self->blamed_type, sizeof self->blamed_type, "%s", type);
    self->blamed = fingerprint;
}

void
troupe__context_cause(struct troupe_context *self, uint64_t cause)
{
    self->cause = cause;
}

static void
ended_by_itself(struct troupe__worker *self, struct troupe__actor *actor)
{
    struct troupe_context *ctx = &self->ctx;
    char words[TROUPE__WORDS_MAX];
    snprintf(words, sizeof words, "%s", ctx->has_words ? ctx->words : "");
    troupe_reason_t reason = {TROUPE_EXIT_NORMAL, 0, ""};
    if (ctx->exits)
        reason = (troupe_reason_t){ctx->exit_kind, ctx->exit_code, words};
    troupe__actor_end(self, actor, &reason, NULL);
    ctx->blamed = ctx->cause = 0;
}

void
troupe__context_settle(struct troupe__worker *self, struct troupe__actor *actor,
                       int rc)
{
    struct troupe_context *ctx = &self->ctx;
    const struct troupe_message *msg = ctx->msg;
    if (rc >= 0 && ctx->ask == ASK_OPEN)
        break_promise(self, actor, msg);
    bool in_hand =
        ctx->scope && msg && msg->kind == WIRE_ASK && !ctx->scope->deferred;
    bool kept = in_hand && rc < 0 && ctx->scope->kept
                && (ctx->ask == ASK_OPEN || ctx->stashed);
    if (in_hand && !kept)
        troupe__token_close(self, ctx->scope);
    ctx->scope = NULL;
    if (rc < 0)
        failed(self, actor, rc, kept);
    else if (rc == TROUPE_STOP)
        ended_by_itself(self, actor);
    else if (ctx->mute_count > 0)
        troupe__mute_apply(self, actor);
}

/* Eight bytes at a time: it is taken of each message of an isolated child. */
static uint64_t
hash_bytes(uint64_t hash, const uint8_t *bytes, size_t size)
{
    uint64_t word = 0;
    for (; size >= sizeof word; bytes += sizeof word, size -= sizeof word) {
        memcpy(&word, bytes, sizeof word);
        hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 32;
    }
    word = size;
    for (size_t i = 0; i < size; i++)
        word = word << 8 | bytes[i];
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 29;
}

uint64_t
troupe__fingerprint(const struct troupe_message *msg)
{
    uint64_t hash = hash_bytes(UINT64_C(0xcbf29ce484222325),
                               (const uint8_t *) msg->type, msg->type_size);
    hash = hash_bytes(hash, msg->body, msg->body_size);
    return hash ? hash : 1;
}

static bool
is_quarantined(const struct troupe__extra *extra,
               const struct troupe_message *msg)
{
    uint64_t mark = troupe__fingerprint(msg);
    for (size_t i = 0; i < sizeof extra->quarantine / sizeof(uint64_t); i++)
        if (extra->quarantine[i] == mark)
            return true;
    return false;
}

/* A look at the clock costs as much as a short handler: for a deadline that is
 * hours away the last look will do, while the worker is awake. */
static inline bool
is_past(struct troupe__worker *self, uint64_t deadline)
{
    if (deadline > self->now + FAR_NS && self->now_ticks != 0
        && ++self->far_sample % FAR_SAMPLE != 0)
        return false;
    return deadline <= troupe__now(self);
}

bool
troupe__is_settled(struct troupe__worker *self, struct troupe__actor *actor,
                   const struct troupe_message *msg)
{
    if (msg->deadline && is_past(self, msg->deadline)) {
        troupe__refuse(self, actor, msg, TROUPE_DEAD_EXPIRED);
        return true;
    }
    if (msg->kind == WIRE_TELL && msg->id)
        return !troupe__timer_take(self, actor, msg->id);
    if (actor->extra && actor->extra->quarantine_count > 0
        && is_quarantined(actor->extra, msg)) {
        troupe__refuse(self, actor, msg, TROUPE_DEAD_QUARANTINED);
        return true;
    }
    if (actor->extra && actor->extra->care) {
        troupe__handle_carefully(self, actor, msg);
        return true;
    }
    return false;
}

static void
handle_event(struct troupe__worker *self, struct troupe__actor *actor,
             struct troupe_message *msg, troupe_handler_fn handle,
             const char *type)
{
    if (!handle)
        return;
    troupe__context_begin(self, actor);
    troupe__context_take(self, msg);
    msg->type_text[0] = '\0';
    troupe__run_mark(self, actor, type);
    int rc = handle(&self->ctx, actor->state, msg);
    troupe__context_end(self, actor, rc);
}

static void
handle_down(struct troupe__worker *self, struct troupe__actor *actor,
            struct troupe_message *msg)
{
    /* After a demonitor nothing of that monitor is seen. */
    if (actor->extra
        && troupe__idmap_remove(&actor->extra->monitors, msg->id, NULL))
        handle_event(self, actor, msg, actor->kind->down, "(down)");
}

static void
handle_link_exit(struct troupe__worker *self, struct troupe__actor *actor,
                 struct troupe_message *msg)
{
    /* After an unlink nothing of that link is seen. */
    if (actor->extra
        && troupe__idmap_remove(&actor->extra->links, msg->from.id, NULL))
        handle_event(self, actor, msg, actor->kind->exit, "(exit)");
}

static void
handle_cancel(struct troupe__worker *self, struct troupe__actor *actor,
              struct troupe_message *msg)
{
    const struct troupe__token *token =
        troupe__token_find(self, msg->from, msg->id);
    if (!token) /* it was answered meanwhile */
        return;
    msg->id = token->id; /* the actor knows it by that */
    handle_event(self, actor, msg, actor->kind->cancel, "(cancel)");
}

void
troupe__handle(struct troupe__worker *self, struct troupe__actor *actor,
               struct troupe_message *msg)
{
    if (__builtin_expect(msg->kind <= WIRE_ASK, 1))
        troupe__handle_user(self, actor, msg);
    else if (msg->kind <= WIRE_ERROR)
        troupe__answer_handle(self, actor, msg);
    else if (msg->kind == WIRE_DOWN)
        handle_down(self, actor, msg);
    else if (msg->kind == WIRE_EXIT)
        handle_link_exit(self, actor, msg);
    else if (msg->kind == WIRE_STOP)
        handle_event(self, actor, msg, actor->kind->exit, "(exit)");
    else if (msg->kind == WIRE_CHILD)
        handle_event(self, actor, msg, actor->kind->child, "(child)");
    else if (msg->kind == WIRE_CANCEL)
        handle_cancel(self, actor, msg);
    else if (msg->kind == WIRE_CONTROL)
        handle_event(self, actor, msg, actor->kind->fallback, "(letter)");
}
