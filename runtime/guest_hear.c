/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guest_hear.c: what a guest says: answers, and what it tells and asks others.
 *
 * Its letters are a stranger's bytes. What is no letter, and what breaks the
 * rules of WIRE.md, is the end of the guest; an answer to what is not open any
 * more is late, as everybody's is.
 */
#include <errno.h>
#include <stdlib.h>

#include "runtime/guest.h"
#include "runtime/hub.h"
#include "runtime/remote.h"

/* An ask of the guest's; the data of ours. */
struct errand {
    uint64_t number; /* the guest's */
    troupe_ask_t ask;
};

/* Whom, what: of a tell or an ask. */
struct order {
    uint64_t number, deadline, scope;
    const char *type;
    troupe_ref_t to;
    const void *body;
    size_t body_size;
};

/* --- answers ----------------------------------------------------------------*/

/* NULL: it was answered already, or never given; that is late. */
static struct troupe__gift *
take(troupe_context_t *ctx, struct troupe__guest *self, uint64_t number)
{
    struct troupe__gift *gift = troupe__guest_take(ctx, self, number);
    if (!gift)
        BUMP(ctx->worker->counters.late);
    return gift;
}

static int
on_reply(troupe_context_t *ctx, struct troupe__guest *self,
         const struct troupe__letter *letter)
{
    const char *verb = NULL;
    uint64_t number = 0;
    const void *body = NULL;
    size_t size = 0;
    int rc =
        troupe__letter_read(letter, "[s,U,r]", &verb, &number, &body, &size);
    struct troupe__gift *gift = rc == 0 ? take(ctx, self, number) : NULL;
    if (!gift)
        return rc;
    if (gift->is_ask) {
        int sent = troupe_reply_to(ctx, &gift->token, "r", body, size);
        if (sent < 0) /* nobody waits, or it is over the node's size */
            (void) !troupe_reply_error_to(ctx, &gift->token, sent, "%s",
                                          troupe_strerror(sent));
    }
    free(gift);
    return 0;
}

static int
on_error(troupe_context_t *ctx, struct troupe__guest *self,
         const struct troupe__letter *letter)
{
    const char *verb = NULL, *text = NULL;
    uint64_t number = 0;
    int code = 0;
    int rc =
        troupe__letter_read(letter, "[s,U,i,s]", &verb, &number, &code, &text);
    struct troupe__gift *gift = rc == 0 ? take(ctx, self, number) : NULL;
    if (!gift)
        return rc;
    if (gift->is_ask)
        (void) !troupe_reply_error_to(ctx, &gift->token, code, "%s", text);
    free(gift);
    return 0;
}

/* It has no answer: of an ask that is a broken promise. */
static int
on_done(troupe_context_t *ctx, struct troupe__guest *self,
        const struct troupe__letter *letter)
{
    const char *verb = NULL;
    uint64_t number = 0;
    int rc = troupe__letter_read(letter, "[s,U]", &verb, &number);
    struct troupe__gift *gift = rc == 0 ? take(ctx, self, number) : NULL;
    if (!gift)
        return rc;
    if (gift->is_ask)
        troupe_token_drop(ctx, &gift->token);
    free(gift);
    return 0;
}

/* --- what it tells and asks -------------------------------------------------*/

static void
say_error(troupe_context_t *ctx, struct troupe__guest *self, uint64_t number,
          troupe_outcome_t outcome, int code, const char *text)
{
    int rc = troupe__guest_write(self, "[s,U,i,i,s]", "error", number,
                                 (int) outcome, code, text);
    if (rc < 0) /* words that are no text */
        rc = troupe__guest_write(self, "[s,U,i,i,s]", "error", number,
                                 (int) outcome, code, troupe_strerror(code));
    CHECK(rc == 0);
    troupe__guest_say(ctx, self);
}

/* A ref, or a name that is looked up here, where the true table is. */
static int
resolve(troupe_context_t *ctx, const void *value, size_t size,
        troupe_ref_t *ret_ref)
{
    char name[TROUPE_NAME_MAX + 1];
    const uint8_t *at = value;
    struct troupe__cursor cursor = {at, at + size};
    struct troupe__item item;
    CHECK(troupe__cursor_next(&cursor, &item)); /* it was checked */
    if (item.form == FORM_UINT && item.number > 0) {
        *ret_ref = (troupe_ref_t){item.number};
        return 0;
    }
    if (item.form != FORM_TEXT || item.number > TROUPE_NAME_MAX)
        return -EINVAL;
    memcpy(name, item.data, item.number);
    name[item.number] = '\0';
    return troupe__name_is_valid(name)
               ? troupe_lookup(troupe_context_node(ctx), name, ret_ref)
               : -EINVAL;
}

/* Returns 0, -ENOENT or -EINVAL (told to the guest), or -EBADMSG. */
static int
read_order(troupe_context_t *ctx, struct troupe__guest *self,
           const struct troupe__letter *letter, struct order *ret)
{
    const char *verb = NULL;
    const void *to = NULL;
    size_t to_size = 0;
    *ret = (struct order){.number = 0};
    if (troupe__letter_read(letter, "[s,U,r,s,r]", &verb, &ret->number, &to,
                            &to_size, &ret->type, &ret->body, &ret->body_size)
            < 0
        || ret->number == 0)
        return -EBADMSG;
    int rc = resolve(ctx, to, to_size, &ret->to);
    if (rc == -ENOENT)
        say_error(ctx, self, ret->number, TROUPE_DOWN, rc,
                  "nobody has that name");
    if (rc == -EINVAL)
        say_error(ctx, self, ret->number, TROUPE_ERROR, rc,
                  "to whom is a ref or a name");
    return rc;
}

/* What is full now may not be so later; the guest decides. */
static void
say_refused(troupe_context_t *ctx, struct troupe__guest *self, uint64_t number,
            int code)
{
    bool is_full = code == -EAGAIN;
    say_error(ctx, self, number, is_full ? TROUPE_OVERLOAD : TROUPE_ERROR,
              is_full ? -ENOBUFS : code,
              troupe_strerror(is_full ? -ENOBUFS : code));
}

static int
on_tell(troupe_context_t *ctx, struct troupe__guest *self,
        const struct troupe__letter *letter)
{
    struct order order;
    int rc = read_order(ctx, self, letter, &order);
    if (rc < 0)
        return rc == -EBADMSG ? rc : 0;
    rc = troupe_send(ctx, order.to, order.type, "r", order.body,
                     order.body_size);
    if (rc < 0) {
        say_refused(ctx, self, order.number, rc);
        return 0;
    }
    CHECK(troupe__guest_write(self, "[s,U]", "done", order.number) == 0);
    troupe__guest_say(ctx, self);
    return 0;
}

static int
on_answer(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct troupe__guest *self = state;
    struct errand *errand = answer->data;
    uint64_t number = errand->number;
    int rc = 0;
    troupe__idmap_remove(&self->asks, number, NULL);
    free(errand);
    if (answer->outcome != TROUPE_REPLY) {
        say_error(ctx, self, number, answer->outcome, answer->code,
                  answer->text);
        return 0;
    }
    rc =
        answer->msg->body_size > TROUPE__LETTER_LONG - TROUPE__GUEST_LETTER_ROOM
            ? -EMSGSIZE
            : troupe__guest_write(self, "[s,U,m]", "reply", number,
                                  answer->msg);
    if (rc < 0) {
        say_error(ctx, self, number, TROUPE_ERROR, rc,
                  "the answer is too large, or too deep, for a letter");
    } else {
        troupe__guest_say(ctx, self);
    }
    return 0;
}

/* The ask of ours on whose behalf it asks: its deadline and its cancel are for
 * this one too. One that is over, or 0, binds nothing. False: its asker has
 * given it up already. */
static bool
enter_scope(troupe_context_t *ctx, const struct troupe__guest *self,
            uint64_t number)
{
    uint64_t value = 0;
    if (number == 0 || !troupe__idmap_get(&self->given, number, &value))
        return true;
    const struct troupe__gift *gift = (void *) (uintptr_t) value;
    if (gift->is_ask)
        ctx->scope = troupe__ids_find(&ctx->worker->tokens, gift->token.id);
    return !ctx->scope || !ctx->scope->cancelled;
}

/* Both may be left out. */
static int
read_bounds(const struct troupe__letter *letter, struct order *order)
{
    enum { PLAIN = 5, BOUNDS = 2 };
    uint64_t *const targets[BOUNDS] = {&order->deadline, &order->scope};
    struct troupe__cursor cursor;
    struct troupe__item item;
    int count = troupe__letter_items(letter->bytes, letter->size, &cursor);
    for (int i = 0; i < PLAIN; i++)
        (void) troupe__cursor_skip(&cursor);
    for (int i = 0; i < BOUNDS && PLAIN + i < count; i++) {
        if (!troupe__cursor_next(&cursor, &item) || item.form != FORM_UINT)
            return -EBADMSG;
        *targets[i] = item.number;
    }
    return 0;
}

static int
on_ask(troupe_context_t *ctx, struct troupe__guest *self,
       const struct troupe__letter *letter)
{
    struct order order;
    uint64_t taken = 0;
    int rc = read_order(ctx, self, letter, &order);
    if (rc == 0)
        rc = read_bounds(letter, &order);
    if (rc < 0)
        return rc == -EBADMSG ? rc : 0;
    if (self->asks.count >= TROUPE__GUEST_ASKS_MAX
        || troupe__idmap_get(&self->asks, order.number, &taken))
        return -EALREADY;
    if (!enter_scope(ctx, self, order.scope)) {
        say_error(ctx, self, order.number, TROUPE_CANCELLED, -ECANCELED,
                  "nobody waits for it any more");
        return 0;
    }
    struct errand *errand = troupe__alloc(sizeof *errand);
    errand->number = order.number;
    const troupe_ask_options_t options = {.deadline_ns = order.deadline,
                                          .answer = on_answer,
                                          .data = errand,
                                          .drop = free};
    rc = troupe_ask_with(ctx, order.to, order.type, &options, &errand->ask, "r",
                         order.body, order.body_size);
    if (rc < 0) {
        free(errand);
        say_refused(ctx, self, order.number, rc);
        return 0;
    }
    troupe__idmap_set(&self->asks, order.number, (uint64_t) (uintptr_t) errand);
    return 0;
}

/* It has given up an ask of its own; the answer says so. */
static int
on_cancel(troupe_context_t *ctx, struct troupe__guest *self,
          const struct troupe__letter *letter)
{
    const char *verb = NULL;
    uint64_t number = 0, value = 0;
    int rc = troupe__letter_read(letter, "[s,U]", &verb, &number);
    if (rc == 0 && number > 0
        && troupe__idmap_get(&self->asks, number, &value)) {
        const struct errand *errand = (void *) (uintptr_t) value;
        (void) troupe_cancel(ctx, errand->ask);
    }
    return rc;
}

/* --- letters ----------------------------------------------------------------*/

static const struct {
    const char *verb;
    int (*hear)(troupe_context_t *ctx, struct troupe__guest *self,
                const struct troupe__letter *letter);
} verbs[] = {{"reply", on_reply}, {"error", on_error}, {"done", on_done},
             {"tell", on_tell},   {"ask", on_ask},     {"cancel", on_cancel}};

static void
blame(troupe_context_t *ctx, struct troupe__guest *self, const char *verb)
{
    troupe__guest_note(ctx, self, NOTE_BLAME, verb, strlen(verb) + 1);
    self->is_over = true;
}

size_t
troupe__guest_hear(troupe_context_t *ctx, struct troupe__guest *self,
                   const troupe_message_t *msg)
{
    const void *bytes = NULL;
    size_t size = 0;
    struct troupe__letter letter = {.verb = ""};
    CHECK(troupe_unpack(msg, "B", &bytes, &size) == 0); /* the hub's own */
    if (self->is_over)
        return size;
    int rc = -EBADMSG;
    if (troupe__letter_open_deep(&letter, bytes, size, msg->arena)) {
        for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
            if (strcmp(letter.verb, verbs[i].verb) == 0)
                rc = verbs[i].hear(ctx, self, &letter);
    }
    if (rc < 0)
        blame(ctx, self, letter.verb);
    return size;
}
