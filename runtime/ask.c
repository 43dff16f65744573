/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ask.c: the asker's side of an ask: exactly one outcome.
 *
 * An ask is open until its outcome is set, once: by an answer that arrives,
 * by its deadline, or by a cancel. An answer is counted when it arrives and
 * told when its turn in the mailbox comes; the others are told from the
 * worker's list of outcomes. Whatever comes later finds no open ask under
 * that id: it is counted as late, and dropped.
 */
#include <errno.h>
#include <stdlib.h>

#include "mailbox/pack.h"
#include "runtime/handle.h"
#include "runtime/knot.h"
#include "runtime/trace.h"

enum { ANSWERED = 0xff }; /* the outcome of an ask whose answer waits */

/* No ask waits for longer: times after it would not fit a tick. */
#define DEADLINE_NS (UINT64_C(1) << 60) /* 36 years */

static void
scope_leave(struct troupe__ask *ask)
{
    if (!ask->scope_link)
        return;
    *ask->scope_link = ask->scope_next;
    if (ask->scope_next)
        ask->scope_next->scope_link = ask->scope_link;
    ask->scope_link = NULL;
    ask->scope = NULL;
}

static void
scope_enter(struct troupe__ask *ask, struct troupe__token *scope)
{
    ask->scope = scope;
    ask->scope_next = scope->asks;
    ask->scope_link = &scope->asks;
    if (scope->asks)
        scope->asks->scope_link = &ask->scope_next;
    scope->asks = ask;
}

static void
ask_free(struct troupe__worker *self, struct troupe__ask *ask)
{
    scope_leave(ask);
    troupe__wheel_clear(&self->wheel, &ask->alarm);
    *ask->link = ask->next;
    if (ask->next)
        ask->next->link = ask->link;
    troupe__ids_remove(&self->asks, ask->id);
    troupe__hops_free(self, ask);
    troupe__knot_free(ask);
    free(ask->text);
    troupe__trace_free(self, ask->traced);
    troupe__pool_put(&self->parcels, ask, sizeof *ask);
}

/* The ask that the present callback works for, if any. */
static struct troupe__token *
present_scope(struct troupe_context *ctx)
{
    if (!ctx->scope && ctx->msg && ctx->msg->kind == WIRE_ASK
        && ctx->ask == ASK_OPEN)
        ctx->scope = troupe__token_open(ctx->worker, ctx->actor, ctx->msg);
    return ctx->scope;
}

static uint64_t
deadline_of(const struct troupe__worker *self, uint64_t now,
            const troupe_ask_options_t *options,
            const struct troupe__token *scope)
{
    uint32_t timeout_ms = options->timeout_ms
                              ? options->timeout_ms
                              : self->node->options.ask_timeout_ms;
    uint64_t deadline = options->deadline_ns
                            ? options->deadline_ns
                            : now + timeout_ms * UINT64_C(1000000);
    if (scope && scope->deadline && scope->deadline < deadline)
        deadline = scope->deadline;
    uint64_t last = now + DEADLINE_NS;
    return deadline < last ? deadline : last;
}

int
troupe__ask_open(struct troupe__worker *self, struct troupe__actor *actor,
                 troupe_ref_t to, const troupe_ask_options_t *options,
                 struct troupe__ask **ret_ask)
{
    if (!options || !options->answer)
        return -EINVAL;
    struct troupe__token *scope =
        options->detached ? NULL : present_scope(&self->ctx);
    struct troupe__extra *extra = troupe__extra(actor);
    struct troupe__ask *ask = troupe__pool_get(&self->parcels, sizeof *ask);
    troupe__clear(ask, sizeof *ask);
    ask->actor = actor;
    ask->answer = options->answer;
    ask->data = options->data;
    ask->drop = options->drop;
    ask->patient = options->patient;
    ask->target = to;
    ask->next = extra->asks;
    ask->link = &extra->asks;
    if (extra->asks)
        extra->asks->link = &ask->next;
    extra->asks = ask;
    if (scope)
        scope_enter(ask, scope);
    ask->id = troupe__ids_add(&self->asks, ask);
    ask->since = troupe__now(self);
    ask->deadline = deadline_of(self, ask->since, options, scope);
    troupe__wheel_set(&self->wheel, &ask->alarm,
                      troupe__ask_look_at(self, ask));
    ask->alarm.what = TROUPE__ALARM_ASK;
    *ret_ask = ask;
    return 0;
}

/* The send failed: as if it had never been opened. */
void
troupe__ask_undo(struct troupe__worker *self, struct troupe__ask *ask)
{
    ask_free(self, ask);
}

static int
ask_v(troupe_context_t *ctx, troupe_ref_t to, const char *type,
      const troupe_ask_options_t *options, troupe_ask_t *ret_ask,
      const char *format, va_list *args)
{
    struct troupe__worker *self = ctx->worker;
    struct troupe__ask *ask = NULL;
    size_t type_size = troupe__type_size(type);
    if (troupe_ref_is_nobody(to) || type_size == 0)
        return -EINVAL;
    int rc = troupe__guard(ctx, to);
    if (rc == 0)
        rc = troupe__ask_open(self, ctx->actor, to, options, &ask);
    if (rc < 0)
        return rc;
    CHECK(ask);
    uint64_t id = ask->id;
    struct troupe__envelope envelope = {.kind = WIRE_ASK,
                                        .to = to,
                                        .from = ctx->actor->ref,
                                        .id = id,
                                        .deadline = ask->deadline,
                                        .type = type,
                                        .type_size = type_size};
    if (__builtin_expect(ctx->trace != NULL, 0))
        troupe__trace_ask(self, ask, &envelope);
    rc = troupe__emit(self, &envelope, format, args);
    if (rc < 0)
        troupe__ask_undo(self, ask);
    else if (ask->scope && ask->scope->cancelled)
        troupe__ask_cancel(self, ask); /* nobody wants the answer any more */
    if (rc == 0 && ret_ask)
        *ret_ask = (troupe_ask_t){id};
    return rc;
}

int
troupe_ask_with(troupe_context_t *ctx, troupe_ref_t to, const char *type,
                const troupe_ask_options_t *options, troupe_ask_t *ret_ask,
                const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int rc = ask_v(ctx, to, type, options, ret_ask, format, &args);
    va_end(args);
    return rc;
}

int
troupe_ask(troupe_context_t *ctx, troupe_ref_t to, const char *type,
           uint32_t timeout_ms, troupe_answer_fn answer, void *data,
           const char *format, ...)
{
    troupe_ask_options_t options = {
        .timeout_ms = timeout_ms, .answer = answer, .data = data};
    va_list args;
    va_start(args, format);
    int rc = ask_v(ctx, to, type, &options, NULL, format, &args);
    va_end(args);
    return rc;
}

/* Whoever it was made for may be asked later what it waited for. */
static void
note_hung(struct troupe__ask *ask, const char *text)
{
    if (!ask->scope)
        return;
    free(ask->scope->hung);
    ask->scope->hung = troupe__strdup(text ? text : "");
}

/* An outcome that is not an answer: told after the present callback. */
void
troupe__ask_finish(struct troupe__worker *self, struct troupe__ask *ask,
                   troupe_outcome_t outcome, int code, const char *text)
{
    CHECK(ask->outcome == 0);
    ask->outcome = (uint8_t) outcome;
    ask->code = code;
    char *words = text ? troupe__strdup(text) : NULL;
    free(ask->text);
    ask->text = words;
    if (outcome == TROUPE_TIMEOUT)
        note_hung(ask, text);
    troupe__wheel_clear(&self->wheel, &ask->alarm);
    ask->done_next = NULL;
    ask->done_before = self->done_last;
    if (self->done_last)
        self->done_last->done_next = ask;
    else
        self->done_first = ask;
    self->done_last = ask;
}

/* Its outcome is told, or nobody is there to hear it. */
static void
done_remove(struct troupe__worker *self, struct troupe__ask *ask)
{
    if (ask->done_before)
        ask->done_before->done_next = ask->done_next;
    else
        self->done_first = ask->done_next;
    if (ask->done_next)
        ask->done_next->done_before = ask->done_before;
    else
        self->done_last = ask->done_before;
}

/* Call the asker back; the ask is over before, so that it may ask again. */
static void
tell(struct troupe__worker *self, struct troupe__ask *ask,
     troupe_answer_t *answer, const struct troupe_message *msg)
{
    struct troupe__actor *actor = ask->actor;
    troupe_answer_fn call = ask->answer;
    struct troupe__token *scope = ask->scope;
    char *text = ask->text;
    struct troupe__traced *traced = ask->traced;
    ask->text = NULL;
    ask->traced = NULL;
    answer->target = ask->target;
    answer->latency_ns = troupe__now(self) - ask->since;
    answer->ask = (troupe_ask_t){ask->id};
    answer->data = ask->data;
    if (!answer->text)
        answer->text = text ? text : "";
    ask_free(self, ask);
    troupe__context_begin(self, actor);
    self->ctx.scope = scope;
    self->ctx.msg = msg;
    if (__builtin_expect(traced != NULL, 0))
        troupe__trace_told(self, actor, traced, answer);
    troupe__run_mark(self, actor, "(answer)");
    int rc = call(&self->ctx, actor->state, answer);
    troupe__context_end(self, actor, rc);
    troupe__trace_free(self, traced);
    free(text);
}

bool
troupe__asks_tell(struct troupe__worker *self)
{
    bool any = self->done_first != NULL;
    while (self->done_first) {
        struct troupe__ask *ask = self->done_first;
        done_remove(self, ask);
        troupe_answer_t answer = {.outcome = ask->outcome, .code = ask->code};
        tell(self, ask, &answer, NULL);
    }
    return any;
}

void
troupe__answer_arrived(struct troupe__worker *self, struct troupe__actor *actor,
                       struct troupe_message *msg)
{
    struct troupe__ask *ask = troupe__ids_find(&self->asks, msg->id);
    if (!ask || ask->actor != actor || ask->outcome != 0 || ask->probing) {
        BUMP(self->counters.late);
        return;
    }
    BUMP(actor->received);
    ask->outcome = ANSWERED;
    troupe__wheel_clear(&self->wheel, &ask->alarm);
    bool starting = actor->suspended && !actor->ending;
    if (actor->direct || starting)
        troupe__answer_handle(self, actor, msg);
    else
        troupe__park(self, actor, msg);
}

/* An error answer is [outcome, code, text, incarnation]. */
static int
read_error(const struct troupe_message *msg, troupe_answer_t *answer)
{
    int outcome = 0;
    int rc =
        troupe_unpack(msg, "[i, i, s]", &outcome, &answer->code, &answer->text);
    if (rc < 0 || outcome < TROUPE_ERROR || outcome > TROUPE_CANCELLED
        || answer->code >= 0)
        return -EBADMSG;
    answer->outcome = (troupe_outcome_t) outcome;
    return 0;
}

void
troupe__answer_handle(struct troupe__worker *self, struct troupe__actor *actor,
                      struct troupe_message *msg)
{
    struct troupe__ask *ask = troupe__ids_find(&self->asks, msg->id);
    if (!ask || ask->actor != actor || ask->outcome != ANSWERED)
        return;
    troupe_answer_t answer = {.outcome = TROUPE_REPLY, .msg = msg};
    msg->type_text[0] = '\0';
    if (msg->kind == WIRE_ERROR) {
        answer.msg = NULL;
        if (read_error(msg, &answer) < 0) {
            answer.outcome = TROUPE_ERROR;
            answer.code = -EBADMSG;
            answer.text = "an error answer that cannot be read";
        }
        if (answer.outcome == TROUPE_TIMEOUT) /* it came there too late */
            note_hung(ask, answer.text);
    }
    answer.incarnation = (uint32_t) msg->deadline;
    tell(self, ask, &answer, msg);
}

void
troupe__ask_send_cancel(struct troupe__worker *self,
                        const struct troupe__ask *ask)
{
    if (ask->local)
        return;
    struct troupe__envelope envelope =
        troupe__envelope(WIRE_CANCEL, ask->target, ask->actor->ref, "cancel");
    envelope.id = ask->id;
    (void) troupe__emitf(self, &envelope, NULL);
    troupe__hops_cancel(self, ask);
}

void
troupe__ask_cancel(struct troupe__worker *self, struct troupe__ask *ask)
{
    troupe__ask_send_cancel(self, ask);
    ask->probing = false;
    troupe__ask_finish(self, ask, TROUPE_CANCELLED, -ECANCELED, "cancelled");
}

int
troupe_cancel(troupe_context_t *ctx, troupe_ask_t ask)
{
    CHECK(ctx);
    struct troupe__ask *open = troupe__ids_find(&ctx->worker->asks, ask.id);
    if (!open || open->actor != ctx->actor || open->outcome != 0)
        return -ENOENT;
    troupe__ask_cancel(ctx->worker, open);
    return 0;
}

/* The asker ends: those it asked are told, it is not. */
void
troupe__asks_drop(struct troupe__worker *self, struct troupe__actor *actor)
{
    while (actor->extra && actor->extra->asks) {
        struct troupe__ask *ask = actor->extra->asks;
        if (ask->outcome == 0)
            troupe__ask_send_cancel(self, ask);
        else if (ask->outcome != ANSWERED)
            done_remove(self, ask);
        void (*drop)(void *) = ask->drop;
        void *data = ask->data;
        troupe__trace_dropped(self, ask);
        ask_free(self, ask);
        if (drop)
            drop(data);
    }
}
