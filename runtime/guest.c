/* SPDX-License-Identifier: Apache-2.0 */
/* guest.c: the actor that stands for a guest: what goes to the guest. */
#include "runtime/guest.h"

#include <errno.h>
#include <stdlib.h>

#include "mailbox/pack.h"
#include "runtime/hub.h"

enum { HEARD_EVERY = 16, HEARD_BYTES = 1 << 20 };

int
troupe__guest_write(struct troupe__guest *self, const char *format, ...)
{
    va_list args;
    self->out.size = 0;
    va_start(args, format);
    int rc = troupe__pack(&self->out, format, &args);
    va_end(args);
    if (rc == 0 && self->out.size > TROUPE__LETTER_LONG)
        rc = -EMSGSIZE;
    if (rc < 0) {
        self->out.size = 0;
        if (self->out.capacity > TROUPE__LETTER_LONG)
            troupe__buffer_free(&self->out);
    }
    return rc;
}

void
troupe__guest_note(troupe_context_t *ctx, const struct troupe__guest *self,
                   enum troupe__note_kind kind, const void *bytes, size_t size)
{
    struct troupe__note *note = troupe__note_bytes(kind, bytes, size);
    note->number = self->number;
    note->ref = troupe_self(ctx);
    note->count = self->heard;
    note->value = (int64_t) self->heard_bytes;
    troupe__link_note(troupe_context_node(ctx)->link, note);
}

void
troupe__guest_say(troupe_context_t *ctx, struct troupe__guest *self)
{
    troupe__guest_note(ctx, self, NOTE_LETTER, self->out.data, self->out.size);
    self->out.size = 0;
}

static int
guest_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct troupe__guest *self = state;
    int number = 0;
    int rc = troupe_unpack(msg, "i", &number);
    if (rc < 0)
        return rc;
    self->number = (uint32_t) number;
    troupe__guest_note(ctx, self, NOTE_GUEST, "", 0);
    return 0;
}

static void
guest_stop(troupe_context_t *ctx, void *state, const troupe_reason_t *reason)
{
    struct troupe__guest *self = state;
    const struct troupe__idmap_entry *any;
    (void) ctx, (void) reason;
    while ((any = troupe__idmap_any(&self->given))) {
        free((void *) (uintptr_t) any->value);
        troupe__idmap_remove(&self->given, any->id, NULL);
    }
    troupe__idmap_free(&self->given);
    troupe__idmap_free(&self->asks); /* each ask frees its own */
    troupe__buffer_free(&self->out);
}

static bool
is_full(const struct troupe__guest *self)
{
    return self->given.count >= TROUPE__GUEST_GIVEN_MAX
           || self->given_bytes >= TROUPE__GUEST_BYTES_MAX;
}

/* Letters are no messages of actors: they still come. */
static void
rest(troupe_context_t *ctx)
{
    troupe__suspend_arrived(ctx->worker, ctx->actor);
}

struct troupe__gift *
troupe__guest_take(troupe_context_t *ctx, struct troupe__guest *self,
                   uint64_t number)
{
    uint64_t value = 0;
    bool was_full = is_full(self);
    if (number == 0 || !troupe__idmap_remove(&self->given, number, &value))
        return NULL;
    struct troupe__gift *gift = (void *) (uintptr_t) value;
    self->given_bytes -= gift->size;
    if (was_full && !is_full(self)) {
        if (self->put_aside)
            (void) troupe_unstash(ctx);
        self->put_aside = false;
        troupe__resume_arrived(ctx->worker, ctx->actor);
    }
    return gift;
}

/* Not to be guessed, and small enough for languages whose numbers are reals. */
static uint64_t
fresh_number(troupe_context_t *ctx, const struct troupe__guest *self)
{
    uint64_t number, value;
    do
        number = troupe_random(ctx) >> 12;
    while (number == 0 || troupe__idmap_get(&self->given, number, &value));
    return number;
}

static int
write_message(struct troupe__guest *self, const troupe_message_t *msg,
              uint64_t number)
{
    const char *type = troupe_message_type(msg);
    troupe_ref_t from = troupe_message_sender(msg);
    if (msg->body_size > TROUPE__LETTER_LONG - TROUPE__GUEST_LETTER_ROOM)
        return -EMSGSIZE; /* before it is copied */
    return msg->kind == WIRE_ASK
               ? troupe__guest_write(self, "[s,U,R,s,m,U,U]", "ask", number,
                                     from, type, msg, msg->deadline,
                                     (uint64_t) troupe_message_attempt(msg))
               : troupe__guest_write(self, "[s,U,R,s,m]", "tell", number, from,
                                     type, msg);
}

static int
refuse(troupe_context_t *ctx, const troupe_message_t *msg, int code)
{
    const char *why = code == -EMSGSIZE ? "over the 1 MiB of a letter"
                                        : "nested too deep for a letter";
    if (msg->kind == WIRE_ASK)
        return troupe_reply_error(ctx, code, "%s", why);
    troupe__dead(ctx->worker, msg, TROUPE_DEAD_UNHANDLED);
    troupe_log(ctx, TROUPE_LOG_WARNING, "'%s' dropped: %s",
               troupe_message_type(msg), why);
    return 0;
}

static int
give(troupe_context_t *ctx, struct troupe__guest *self,
     const troupe_message_t *msg)
{
    uint64_t number = fresh_number(ctx, self);
    int rc = write_message(self, msg, number);
    if (rc < 0)
        return refuse(ctx, msg, rc);
    struct troupe__gift *gift = troupe__alloc(sizeof *gift);
    *gift = (struct troupe__gift){.number = number,
                                  .size = self->out.size,
                                  .is_ask = msg->kind == WIRE_ASK};
    if (gift->is_ask)
        CHECK(troupe_defer(ctx, &gift->token) == 0);
    troupe__idmap_set(&self->given, number, (uint64_t) (uintptr_t) gift);
    self->given_bytes += gift->size;
    troupe__guest_say(ctx, self);
    if (is_full(self))
        rest(ctx);
    return 0;
}

/* It was resumed by somebody else. */
static int
put_aside(troupe_context_t *ctx, struct troupe__guest *self,
          const troupe_message_t *msg)
{
    rest(ctx);
    if (troupe_stash(ctx) == 0) {
        self->put_aside = true;
        return 0;
    }
    troupe__refuse(ctx->worker, ctx->actor, msg, TROUPE_DEAD_OVERFLOW);
    ctx->ask = ASK_ANSWERED;
    return 0;
}

/* The hub counts what is under way to us. */
static void
count_heard(troupe_context_t *ctx, struct troupe__guest *self, size_t size)
{
    self->heard++;
    self->heard_bytes += size;
    if (self->heard < HEARD_EVERY && self->heard_bytes < HEARD_BYTES)
        return;
    troupe__guest_note(ctx, self, NOTE_HEARD, "", 0);
    self->heard = 0;
    self->heard_bytes = 0;
}

static int
on_message(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct troupe__guest *self = state;
    if (msg->kind == WIRE_CONTROL) {
        size_t size = troupe__guest_hear(ctx, self, msg);
        count_heard(ctx, self, size);
        return 0;
    }
    return is_full(self) ? put_aside(ctx, self, msg) : give(ctx, self, msg);
}

/* Its asker has given it up: the guest may stop working at it. */
static int
on_cancel(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct troupe__guest *self = state;
    uint64_t token = troupe_token_read(msg).id;
    for (uint32_t i = 0; i < self->given.capacity; i++) {
        const struct troupe__idmap_entry *at = &self->given.entries[i];
        const struct troupe__gift *gift = (void *) (uintptr_t) at->value;
        if (at->id && gift->token.id == token
            && troupe__guest_write(self, "[s,U]", "cancel", at->id) == 0)
            troupe__guest_say(ctx, self);
    }
    return 0;
}

static const troupe_clause_t clauses[] = {TROUPE_ON_START(guest_start),
                                          TROUPE_ON_STOP(guest_stop),
                                          TROUPE_ON_FALLBACK(on_message),
                                          TROUPE_ON_CANCEL(on_cancel),
                                          {0, NULL, NULL, NULL}};

const troupe_kind_t troupe__guest_kind = {
    .name = "troupe.guest",
    .state_size = sizeof(struct troupe__guest),
    .clauses = clauses,
    .mailbox = {.messages_max = 64, .bytes_max = 1 << 20}};
