/* SPDX-License-Identifier: Apache-2.0 */
/* span.c: spans that actors make, and those of their asks. */
#include "runtime/trace.h"

#include <stdio.h>

#include "mailbox/pack.h"
#include "troupe_events.h"
#include "troupe_stats.h"

enum { SPAN = 8 };

/* Workers of several nodes may draw the same numbers; refs differ. */
static void
make_id(struct troupe__worker *self, troupe_ref_t of, uint8_t ret_id[SPAN])
{
    uint64_t id = troupe_random(&self->ctx) ^ troupe__mix(of.id)
                  ^ troupe__mix(troupe__real_ns());
    id = id ? id : 1;
    memcpy(ret_id, &id, SPAN);
}

static troupe_ref_t
taker_of(const struct troupe__worker *self)
{
    return (troupe_ref_t){
        atomic_load_explicit(&self->node->span_taker, memory_order_relaxed)};
}

static bool
begin(struct troupe__worker *self, troupe_ref_t whose,
      const troupe_trace_t *outer, troupe_span_t *ret_span)
{
    troupe_ref_t taker = taker_of(self);
    if (troupe_ref_is_nobody(taker) || !troupe_trace_is(outer))
        return false;
    ret_span->at = *outer;
    memcpy(ret_span->parent, outer->span, SPAN);
    make_id(self, whose, ret_span->at.span);
    ret_span->from_ns = troupe__now(self);
    ret_span->taker = taker;
    return true;
}

bool
troupe__trace_make(struct troupe__worker *self, troupe_ref_t whose,
                   troupe_span_t *ret_span)
{
    *ret_span = (troupe_span_t){.taker = TROUPE_NOBODY};
    if (troupe_ref_is_nobody(taker_of(self)))
        return false;
    troupe_trace_t fresh = troupe_trace_new();
    if (!begin(self, whose, &fresh, ret_span))
        return false;
    memset(ret_span->parent, 0, SPAN);
    return true;
}

bool
troupe_span_begin_trace(troupe_context_t *ctx, troupe_span_t *ret_span)
{
    CHECK(ctx);
    CHECK(ret_span);
    return troupe__trace_make(ctx->worker, ctx->actor->ref, ret_span);
}

bool
troupe_span_begin(troupe_context_t *ctx, troupe_span_t *ret_span)
{
    troupe_trace_t outer;
    CHECK(ctx);
    CHECK(ret_span);
    *ret_span = (troupe_span_t){.taker = TROUPE_NOBODY};
    if (!ctx->trace || !troupe_trace_get(ctx, &outer))
        return false;
    ret_span->at = outer; /* passed on where nobody takes spans */
    return begin(ctx->worker, ctx->actor->ref, &outer, ret_span);
}

/* Spans are in no trace themselves. Of those that did not get there the taker
 * is told behind the next thing that does. */
void
troupe__trace_emit(struct troupe__worker *self, troupe_ref_t from,
                   troupe_ref_t to, const char *type,
                   const struct troupe__buffer *body)
{
    _Atomic uint64_t *lost = &self->node->spans_lost;
    struct troupe__envelope envelope =
        troupe__envelope(WIRE_TELL, to, from, type);
    int rc = troupe__emitf(self, &envelope, "r", body->data, body->size);
    if (rc < 0) {
        atomic_fetch_add(lost, strcmp(type, "span") == 0);
        return;
    }
    uint64_t count = atomic_load_explicit(lost, memory_order_relaxed) > 0
                         ? atomic_exchange(lost, 0)
                         : 0;
    envelope = troupe__envelope(WIRE_TELL, to, from, "lost");
    if (count > 0 && troupe__emitf(self, &envelope, "[U]", count) < 0)
        atomic_fetch_add(lost, count);
}

/* With a "lost" goes what it had told. */
void
troupe__trace_refused(struct troupe__worker *self,
                      const struct troupe__actor *taker,
                      const struct troupe_message *msg)
{
    uint64_t count = 0;
    if (taker->ref.id != taker_of(self).id || msg->kind != WIRE_TELL)
        return;
    if (troupe_message_is(msg, "span"))
        count = 1;
    else if (troupe_message_is(msg, "lost")
             && troupe_unpack(msg, "[U]", &count) < 0)
        count = 0;
    atomic_fetch_add(&self->node->spans_lost, count);
}

/* By a callback, which rests afterwards where the taker is full. */
static void
tell(struct troupe__worker *self, struct troupe__actor *from, troupe_ref_t to,
     const char *type, const struct troupe__buffer *body)
{
    if (troupe__guard(&self->ctx, to) == 0)
        troupe__trace_emit(self, from->ref, to, type, body);
    else
        atomic_fetch_add(&self->node->spans_lost, strcmp(type, "span") == 0);
}

int
troupe__trace_pack(struct troupe__buffer *to, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int rc = troupe__pack(to, format, &args);
    va_end(args);
    return rc;
}

static void
put_attributes(struct troupe__buffer *to, const char *format, va_list *args)
{
    size_t before = to->size;
    if (format && troupe__pack(to, format, args) == 0)
        return;
    to->size = before;
    (void) troupe__trace_pack(to, "{}");
}

/* What is no text is left out. */
static void
put_text(struct troupe__buffer *to, const char *text)
{
    if (troupe__trace_pack(to, "s?", text) < 0)
        (void) troupe__trace_pack(to, "s", "(not UTF-8)");
}

void
troupe__trace_write(struct troupe__buffer *to, const troupe_span_t *span,
                    const char *name, troupe_span_kind_t kind,
                    uint64_t until_ns, const char *error)
{
    static const uint8_t none[SPAN];
    troupe__put_byte(to, 0x98); /* an array of eight */
    (void) troupe__trace_pack(to, "B", &span->at, sizeof span->at);
    if (memcmp(span->parent, none, SPAN) == 0)
        (void) troupe__trace_pack(to, NULL);
    else
        (void) troupe__trace_pack(to, "B", span->parent, (size_t) SPAN);
    put_text(to, name);
    (void) troupe__trace_pack(to, "i", (int) kind);
    (void) troupe__trace_pack(to, "U", span->from_ns);
    (void) troupe__trace_pack(to, "U", until_ns);
    put_text(to, error);
}

void
troupe_span_end(troupe_context_t *ctx, troupe_span_t *span, const char *name,
                troupe_span_kind_t kind, const char *error, const char *format,
                ...)
{
    CHECK(ctx);
    CHECK(span);
    if (troupe_ref_is_nobody(span->taker))
        return;
    struct troupe__buffer body = {0};
    va_list args;
    troupe__trace_write(&body, span, name, kind, troupe__now(ctx->worker),
                        error);
    va_start(args, format);
    put_attributes(&body, format, &args);
    va_end(args);
    tell(ctx->worker, ctx->actor, span->taker, "span", &body);
    troupe__buffer_free(&body);
    *span = (troupe_span_t){.taker = TROUPE_NOBODY};
}

void
troupe_span_event(troupe_context_t *ctx, const troupe_span_t *span,
                  const char *name, const char *format, ...)
{
    CHECK(ctx);
    CHECK(span);
    if (troupe_ref_is_nobody(span->taker))
        return;
    struct troupe__buffer body = {0};
    va_list args;
    troupe__put_byte(&body, 0x94); /* an array of four */
    (void) troupe__trace_pack(&body, "B", &span->at, sizeof span->at);
    put_text(&body, name);
    (void) troupe__trace_pack(&body, "U", troupe__now(ctx->worker));
    va_start(args, format);
    put_attributes(&body, format, &args);
    va_end(args);
    tell(ctx->worker, ctx->actor, span->taker, "event", &body);
    troupe__buffer_free(&body);
}

void
troupe_trace_note(troupe_context_t *ctx, const char *format, ...)
{
    CHECK(ctx);
    troupe_ref_t taker = taker_of(ctx->worker);
    if (!ctx->trace || troupe_ref_is_nobody(taker))
        return;
    struct troupe__buffer body = {0};
    va_list args;
    troupe__put_byte(&body, 0x92); /* an array of two */
    (void) troupe__trace_pack(&body, "B", ctx->trace, (size_t) WIRE_TRACE_SIZE);
    va_start(args, format);
    put_attributes(&body, format, &args);
    va_end(args);
    tell(ctx->worker, ctx->actor, taker, "note", &body);
    troupe__buffer_free(&body);
}

void
troupe_span_link(troupe_context_t *ctx, const troupe_span_t *span,
                 const troupe_trace_t *other)
{
    CHECK(ctx);
    CHECK(span);
    if (troupe_ref_is_nobody(span->taker) || !troupe_trace_is(other))
        return;
    struct troupe__buffer body = {0};
    (void) troupe__trace_pack(&body, "[B, B]", &span->at, sizeof span->at,
                              other, sizeof *other);
    tell(ctx->worker, ctx->actor, span->taker, "link", &body);
    troupe__buffer_free(&body);
}

/* --- asks -------------------------------------------------------------------*/

bool
troupe__trace_is_ours(const char *kind)
{
    return strncmp(kind, "troupe.", 7) == 0;
}

bool
troupe__trace_is_plumbing(const char *type, size_t size)
{
    return (size > 6 && memcmp(type, "child.", 6) == 0)
           || (size > 11 && memcmp(type, "supervisor.", 11) == 0);
}

void
troupe__trace_ask(struct troupe__worker *self, struct troupe__ask *ask,
                  struct troupe__envelope *envelope)
{
    struct troupe__traced *traced =
        troupe__pool_get(&self->parcels, sizeof *traced);
    *traced = (struct troupe__traced){.span = {.taker = TROUPE_NOBODY}};
    ask->traced = traced;
    const uint8_t *outer = self->ctx.trace;
    memcpy(&traced->outer, outer, sizeof traced->outer);
    if (!envelope)
        return;
    envelope->trace = outer;
    memcpy(traced->type, envelope->type, envelope->type_size);
    bool is_ours =
        !self->is_port && troupe__trace_is_ours(ask->actor->born->user->name);
    if (!is_ours
        && !troupe__trace_is_plumbing(traced->type, envelope->type_size)
        && begin(self, ask->actor->ref, &traced->outer, &traced->span))
        envelope->trace = (const uint8_t *) &traced->span.at;
}

/* What is known of who was asked; the kind only where it is on this node. */
static void
write_ask(struct troupe__worker *self, const struct troupe__traced *traced,
          const struct troupe__actor *asker, troupe_ref_t asked,
          const char *outcome, const char *error, struct troupe__buffer *to)
{
    troupe_actor_stats_t stats;
    char shown[TROUPE_NAME_MAX + 1], one[TROUPE_REF_TEXT], two[TROUPE_REF_TEXT];
    char name[TROUPE_TYPE_MAX + TROUPE_NAME_MAX + 2];
    const char *kind = NULL;
    if (troupe_actor_stats_get(self->node, asked, &stats) == 0
        && !troupe__trace_is_ours(stats.kind)) /* not of a deputy */
        kind = stats.kind;
    snprintf(name, sizeof name, "%s%s%.*s", traced->type, kind ? " " : "",
             TROUPE_NAME_MAX, kind ? kind : "");
    troupe__trace_write(to, &traced->span, name, TROUPE_SPAN_CLIENT,
                        troupe__now(self), error);
    (void) troupe__trace_pack(
        to, "{s:s, s:s?, s:s, s:s?, s:s, s:s}", "troupe.message.type",
        traced->type, "troupe.actor.kind", kind, "troupe.actor.ref",
        troupe_ref_text(asked, one), "troupe.actor.name",
        troupe__name_of(self->node, asked, shown), "troupe.asker.ref",
        troupe_ref_text(asker->ref, two), "troupe.outcome", outcome);
}

void
troupe__trace_told(struct troupe__worker *self, struct troupe__actor *asker,
                   const struct troupe__traced *traced,
                   const troupe_answer_t *answer)
{
    self->ctx.trace = (const uint8_t *) &traced->outer;
    if (troupe_ref_is_nobody(traced->span.taker))
        return;
    struct troupe__buffer body = {0};
    bool is_good = answer->outcome == TROUPE_REPLY;
    write_ask(self, traced, asker, answer->target,
              troupe_outcome_name(answer->outcome),
              is_good         ? NULL
              : *answer->text ? answer->text
                              : troupe_strerror(answer->code),
              &body);
    tell(self, asker, traced->span.taker, "span", &body);
    troupe__buffer_free(&body);
}

void
troupe__trace_dropped(struct troupe__worker *self,
                      const struct troupe__ask *ask)
{
    const struct troupe__traced *traced = ask->traced;
    if (!traced || troupe_ref_is_nobody(traced->span.taker))
        return;
    struct troupe__buffer body = {0};
    write_ask(self, traced, ask->actor, ask->target, "dropped",
              "who asked has ended", &body);
    troupe__trace_emit(self, ask->actor->ref, traced->span.taker, "span",
                       &body);
    troupe__buffer_free(&body);
}

void
troupe__trace_free(struct troupe__worker *self, struct troupe__traced *traced)
{
    if (traced)
        troupe__pool_put(&self->parcels, traced, sizeof *traced);
}
