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

static bool
begin(struct troupe__worker *self, troupe_ref_t whose,
      const troupe_trace_t *outer, troupe_span_t *ret_span)
{
    troupe_ref_t taker;
    if (!troupe_trace_is(outer)
        || troupe_lookup(self->node, TROUPE_SPANS, &taker) < 0)
        return false;
    ret_span->at = *outer;
    memcpy(ret_span->parent, outer->span, SPAN);
    make_id(self, whose, ret_span->at.span);
    ret_span->from_ns = troupe__now(self);
    ret_span->taker = taker;
    return true;
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

/* Spans are in no trace themselves. */
static void
tell(struct troupe__worker *self, struct troupe__actor *from, troupe_ref_t to,
     const char *type, const struct troupe__buffer *body)
{
    struct troupe__envelope envelope =
        troupe__envelope(WIRE_TELL, to, from->ref, type);
    if (troupe__guard(&self->ctx, to) == 0)
        (void) troupe__emitf(self, &envelope, "r", body->data, body->size);
}

static int
put(struct troupe__buffer *to, const char *format, ...)
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
    (void) put(to, "{}");
}

/* What is no text is left out. */
static void
put_text(struct troupe__buffer *to, const char *text)
{
    if (put(to, "s?", text) < 0)
        (void) put(to, "s", "(not UTF-8)");
}

static void
put_span(struct troupe__buffer *to, const troupe_span_t *span, const char *name,
         troupe_span_kind_t kind, uint64_t until_ns, const char *error)
{
    static const uint8_t none[SPAN];
    troupe__put_byte(to, 0x98); /* an array of eight */
    (void) put(to, "B", &span->at, sizeof span->at);
    if (memcmp(span->parent, none, SPAN) == 0)
        (void) put(to, NULL);
    else
        (void) put(to, "B", span->parent, (size_t) SPAN);
    put_text(to, name);
    (void) put(to, "i", (int) kind);
    (void) put(to, "U", span->from_ns);
    (void) put(to, "U", until_ns);
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
    put_span(&body, span, name, kind, troupe__now(ctx->worker), error);
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
    (void) put(&body, "B", &span->at, sizeof span->at);
    put_text(&body, name);
    (void) put(&body, "U", troupe__now(ctx->worker));
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
    troupe_ref_t taker;
    if (!ctx->trace
        || troupe_lookup(ctx->worker->node, TROUPE_SPANS, &taker) < 0)
        return;
    struct troupe__buffer body = {0};
    va_list args;
    troupe__put_byte(&body, 0x92); /* an array of two */
    (void) put(&body, "B", ctx->trace, (size_t) WIRE_TRACE_SIZE);
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
    (void) put(&body, "[B, B]", &span->at, sizeof span->at, other,
               sizeof *other);
    tell(ctx->worker, ctx->actor, span->taker, "link", &body);
    troupe__buffer_free(&body);
}

/* --- asks -------------------------------------------------------------------*/

/* What supervisors are asked: who starts in it belongs to the outer span. */
static bool
is_plumbing(const char *type)
{
    return strncmp(type, "child.", 6) == 0
           || strncmp(type, "supervisor.", 11) == 0;
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
    if (!is_plumbing(traced->type)
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
    if (troupe_actor_stats_get(self->node, asked, &stats) == 0)
        kind = stats.kind;
    snprintf(name, sizeof name, "%s%s%.*s", traced->type, kind ? " " : "",
             TROUPE_NAME_MAX, kind ? kind : "");
    put_span(to, &traced->span, name, TROUPE_SPAN_CLIENT, troupe__now(self),
             error);
    (void) put(to, "{s:s, s:s?, s:s, s:s?, s:s, s:s}", "troupe.message.type",
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
    struct troupe__envelope envelope = troupe__envelope(
        WIRE_TELL, traced->span.taker, ask->actor->ref, "span");
    write_ask(self, traced, ask->actor, ask->target, "dropped",
              "who asked has ended", &body);
    (void) troupe__emitf(self, &envelope, "r", body.data, body.size);
    troupe__buffer_free(&body);
}

void
troupe__trace_free(struct troupe__worker *self, struct troupe__traced *traced)
{
    if (traced)
        troupe__pool_put(&self->parcels, traced, sizeof *traced);
}
