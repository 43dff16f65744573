/* SPDX-License-Identifier: Apache-2.0 */
/* care.c: asks that are kept until they are answered, over restarts. */
#include "runtime/care.h"

#include <errno.h>
#include <stdio.h>

#include "runtime/handle.h"
#include "runtime/mark.h"

enum { ATTEMPTS = 5, OPEN = 1024, OPEN_BYTES = 8 << 20 };

void
troupe__care_take(struct troupe__actor *actor,
                  const troupe_spawn_options_t *options)
{
    const troupe_delivery_t *given = &options->delivery;
    bool keeps = given->mode == TROUPE_AT_LEAST_ONCE;
    if (!keeps && troupe_ref_is_nobody(options->deputy))
        return;
    struct troupe__care *care = troupe__alloc(sizeof *care);
    care->deputy = options->deputy;
    if (keeps) {
        care->attempts_max =
            given->attempts_max ? given->attempts_max : (uint32_t) ATTEMPTS;
        care->open_max = given->open_max ? given->open_max : (uint32_t) OPEN;
        care->open_bytes_max = given->open_bytes_max ? given->open_bytes_max
                                                     : (uint32_t) OPEN_BYTES;
    }
    troupe__extra(actor)->care = care;
}

static bool
is_over(const struct troupe__care *care, const struct troupe_message *msg)
{
    return care->open >= care->open_max
           || (care->open > 0
               && care->open_bytes + msg->size > care->open_bytes_max);
}

static struct troupe__token *
keep(struct troupe__worker *self, struct troupe__actor *actor,
     const struct troupe_message *msg)
{
    struct troupe__token *token = troupe__token_open(self, actor, msg);
    token->kept = troupe__parcel_new(&self->parcels, msg, self->now);
    token->kept->attempt = (uint16_t) troupe_message_attempt(msg);
    actor->extra->care->open += 1;
    actor->extra->care->open_bytes += token->kept->size;
    if (token->kept->attempt > 1)
        BUMP(self->counters.redelivered);
    return token;
}

static struct troupe__parcel *
take(struct troupe__token *token)
{
    struct troupe__care *care = token->actor->extra->care;
    struct troupe__parcel *parcel = token->kept;
    CHECK(care->open > 0);
    care->open -= 1;
    care->open_bytes -= parcel->size;
    token->kept = NULL;
    return parcel;
}

void
troupe__kept_drop(struct troupe__worker *self, struct troupe__token *token)
{
    troupe__parcel_free(&self->parcels, take(token));
}

/* Nobody will be asked again. */
static void
give_up(struct troupe__worker *self, const struct troupe__token *token,
        const struct troupe_message *msg, const troupe_reason_t *reason,
        bool restarts)
{
    char words[TROUPE__WORDS_MAX + 64];
    const char *text =
        reason->text[0] ? reason->text : troupe_exit_name(reason->kind);
    troupe_outcome_t outcome = TROUPE_ERROR;
    int code = -EHOSTDOWN;
    if (restarts) {
        snprintf(words, sizeof words, "given up after %u attempt%s: %s",
                 msg->attempt, msg->attempt == 1 ? "" : "s", text);
        text = words;
        troupe__dead(self, msg, TROUPE_DEAD_ATTEMPTS);
    } else if (token->deferred) {
        outcome = TROUPE_DOWN;
        code = -ESRCH;
    } else {
        troupe__dead(self, msg, TROUPE_DEAD_FAILED);
    }
    troupe__send_outcome(self, token->asker, token->ask_id, token->actor->ref,
                         SEEN(token->actor->incarnation), outcome, code, text);
}

/* Where one message is known to have ended it, others did not. */
static bool
is_to_blame(const struct troupe__actor *actor, const struct troupe_message *msg)
{
    const struct troupe__ending *ending = actor->extra->ending;
    return !ending || !ending->had_message
           || ending->fingerprint == troupe__fingerprint(msg);
}

void
troupe__kept_return(struct troupe__worker *self, struct troupe__token *token,
                    const troupe_reason_t *reason, bool restarts)
{
    struct troupe__actor *actor = token->actor;
    struct troupe__parcel *parcel = take(token);
    struct troupe_message msg;
    troupe__parcel_open(parcel, &self->arena, &msg);
    if (!is_to_blame(actor, &msg) && parcel->excused < UINT8_MAX)
        parcel->excused += 1;
    uint32_t counted = parcel->attempt - (uint32_t) parcel->excused;
    bool again = restarts && !token->cancelled
                 && counted < actor->extra->care->attempts_max;
    if (again) {
        if (parcel->attempt < UINT16_MAX)
            parcel->attempt++;
        troupe__mailbox_push_front(&actor->mailbox, parcel);
        troupe__waiting_add(self, &msg, parcel);
        return;
    }
    if (!token->cancelled)
        give_up(self, token, &msg, reason, restarts);
    troupe__parcel_free(&self->parcels, parcel);
}

troupe_token_t
troupe__context_kept(const struct troupe_context *self)
{
    bool is_kept = self->ask == ASK_OPEN && self->scope && self->scope->kept;
    return (troupe_token_t){is_kept ? self->scope->id : 0};
}

troupe_ref_t
troupe__answerer(const struct troupe_context *self)
{
    bool is_answer =
        self->msg
        && (self->msg->kind == WIRE_REPLY || self->msg->kind == WIRE_ERROR);
    return is_answer ? self->msg->from : TROUPE_NOBODY;
}

void
troupe__token_settle(struct troupe_context *self, troupe_token_t *token,
                     troupe_outcome_t outcome, int code, const char *text)
{
    struct troupe__token *open =
        troupe__ids_find(&self->worker->tokens, token->id);
    token->id = 0;
    if (!open || open->actor != self->actor)
        return;
    if (!open->cancelled) { /* else nobody waits for it */
        troupe__send_outcome(self->worker, open->asker, open->ask_id,
                             self->actor->ref, SEEN(self->actor->incarnation),
                             outcome, code, text);
    }
    troupe__token_close(self->worker, open);
}

/* What a deputy asks for others; anything else stays as it is. */
static void
unwrap(struct troupe_message *msg)
{
    troupe_ref_t asker = TROUPE_NOBODY;
    uint64_t id = 0, attempt = 0;
    const void *body = NULL;
    size_t size = 0;
    if (troupe_unpack(msg, "[R, U, U, r!]", &asker, &id, &attempt, &body, &size)
            < 0
        || troupe_ref_is_nobody(asker) || attempt > UINT16_MAX)
        return;
    msg->asker = asker;
    msg->asker_id = id;
    msg->attempt = (uint16_t) attempt;
    msg->body = body;
    msg->body_size = size;
}

void
troupe__handle_carefully(struct troupe__worker *self,
                         struct troupe__actor *actor,
                         const struct troupe_message *msg)
{
    const struct troupe__care *care = actor->extra->care;
    struct troupe_message seen = *msg;
    struct troupe__token *token = NULL;
    if (msg->kind == WIRE_ASK && troupe_ref_equal(msg->from, care->deputy))
        unwrap(&seen);
    bool keeps = msg->kind == WIRE_ASK && care->attempts_max > 0;
    if (keeps && is_over(care, msg)) {
        troupe__refuse(self, actor, msg, TROUPE_DEAD_OVERFLOW);
        return;
    }
    if (!troupe__handler_of(actor, &seen)) {
        troupe__refuse(self, actor, msg, TROUPE_DEAD_UNHANDLED);
        return;
    }
    if (keeps)
        token = keep(self, actor, &seen);
    bool marks = self->node->marks && !troupe_ref_is_nobody(care->deputy);
    if (marks)
        troupe__mark_set(self, actor, &seen);
    troupe__call_user(self, actor, &seen, token);
    if (marks)
        troupe__mark_clear(self);
}
