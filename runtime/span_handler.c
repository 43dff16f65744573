/* SPDX-License-Identifier: Apache-2.0 */
/* span_handler.c: spans of handlers, starts, timers and calls for later. */
#include "runtime/handle.h"
#include "runtime/trace.h"

#include <stdio.h>
#include <unistd.h>

static bool
are_spans(const struct troupe__worker *self)
{
    return atomic_load_explicit(&self->node->handler_taker,
                                memory_order_relaxed)
           != 0;
}

static bool
is_ours(const struct troupe__actor *actor)
{
    return troupe__trace_is_ours(actor->born->user->name);
}

/* What it returned, in words; NULL: it went well. */
static const char *
error_of(const struct troupe_context *ctx, int rc)
{
    return rc >= 0 ? NULL : ctx->has_words ? ctx->words : troupe_strerror(rc);
}

/* The actor that is at work has done so much for a message of that type. */
static void
end(struct troupe__worker *self, troupe_span_t *span, const char *type,
    troupe_span_kind_t kind, troupe_ref_t sender, int rc)
{
    struct troupe_context *ctx = &self->ctx;
    const struct troupe__actor *actor = ctx->actor;
    char shown[TROUPE_NAME_MAX + 1], one[TROUPE_REF_TEXT], two[TROUPE_REF_TEXT];
    char name[TROUPE_TYPE_MAX + TROUPE_NAME_MAX + 2];
    const char *of = actor->born->user->name;
    bool is_sent = !troupe_ref_is_nobody(sender);
    snprintf(name, sizeof name, "%s %.*s", type, TROUPE_NAME_MAX, of);
    troupe_span_end(ctx, span, name, kind, error_of(ctx, rc),
                    "{s:s, s:s, s:s, s:s?, s:s?, s:i}", "troupe.message.type",
                    type, "troupe.actor.kind", of, "troupe.actor.ref",
                    troupe_ref_text(actor->ref, one), "troupe.actor.name",
                    troupe__name_of(self->node, actor->ref, shown),
                    "troupe.sender.ref",
                    is_sent ? troupe_ref_text(sender, two) : NULL,
                    "process.pid", (int) getpid());
}

int
troupe__trace_handle(struct troupe__worker *self, struct troupe__actor *actor,
                     const struct troupe_message *msg, troupe_handler_fn handle)
{
    struct troupe_context *ctx = &self->ctx;
    char type[TROUPE_TYPE_MAX + 1];
    troupe_span_t span;
    if (!are_spans(self) || is_ours(actor)
        || troupe__trace_is_plumbing(msg->type, msg->type_size)
        || !troupe_span_begin(ctx, &span))
        return handle(ctx, actor->state, msg);
    snprintf(type, sizeof type, "%.*s", (int) msg->type_size, msg->type);
    bool is_own = troupe_ref_equal(msg->from, actor->ref);
    troupe_span_kind_t kind = msg->kind == WIRE_ASK ? TROUPE_SPAN_SERVER
                              : is_own              ? TROUPE_SPAN_INTERNAL
                                                    : TROUPE_SPAN_CONSUMER;
    troupe_trace_set(ctx, &span.at);
    int rc = handle(ctx, actor->state, msg);
    end(self, &span, type, kind, msg->from, rc);
    return rc;
}

/* Who starts by itself, as after a failure, begins a trace. */
int
troupe__trace_start(struct troupe__worker *self, struct troupe__actor *actor,
                    const struct troupe_message *msg, troupe_handler_fn start)
{
    struct troupe_context *ctx = &self->ctx;
    troupe_span_t span;
    if (__builtin_expect(!are_spans(self), 1) || is_ours(actor)
        || !(ctx->trace ? troupe_span_begin(ctx, &span)
                        : troupe_span_begin_trace(ctx, &span)))
        return start(ctx, actor->state, msg);
    troupe_trace_set(ctx, &span.at);
    int rc = start(ctx, actor->state, msg);
    end(self, &span, "start", TROUPE_SPAN_INTERNAL, TROUPE_NOBODY, rc);
    return rc;
}

/* --- what comes without a message, or later ---------------------------------*/

void
troupe__trace_call_begin(struct troupe__worker *self,
                         const troupe_trace_t *trace, troupe_span_t *ret_span)
{
    struct troupe_context *ctx = &self->ctx;
    *ret_span = (troupe_span_t){.taker = TROUPE_NOBODY};
    if (__builtin_expect(!troupe_trace_is(trace), 1))
        return;
    troupe_trace_set(ctx, trace);
    if (are_spans(self) && !is_ours(ctx->actor)
        && troupe_span_begin(ctx, ret_span))
        troupe_trace_set(ctx, &ret_span->at);
}

void
troupe__trace_event_begin(struct troupe__worker *self,
                          const troupe_trace_t *trace, troupe_span_t *ret_span)
{
    struct troupe_context *ctx = &self->ctx;
    *ret_span = (troupe_span_t){.taker = TROUPE_NOBODY};
    if (__builtin_expect(!troupe_trace_is(trace), 1) || !are_spans(self)
        || is_ours(ctx->actor) || !troupe_span_begin_trace(ctx, ret_span))
        return;
    troupe_trace_set(ctx, &ret_span->at);
    troupe_span_link(ctx, ret_span, trace);
}

void
troupe__trace_call_end(struct troupe__worker *self, troupe_span_t *span,
                       const char *what, int rc)
{
    if (__builtin_expect(!troupe_ref_is_nobody(span->taker), 0))
        end(self, span, what, TROUPE_SPAN_INTERNAL, TROUPE_NOBODY, rc);
}

/* The span of a firing has no length; what is done because of it is below. */
static bool
tick(struct troupe__worker *self, const struct troupe__timer *timer,
     troupe_trace_t *ret_at)
{
    const struct troupe__actor *actor = timer->actor;
    const char *of = actor->born->user->name;
    char name[TROUPE_TYPE_MAX + TROUPE_NAME_MAX + 8], ref[TROUPE_REF_TEXT];
    struct troupe__buffer link = {0}, body = {0};
    troupe_span_t span;
    if (!are_spans(self) || is_ours(actor)
        || !troupe__trace_make(self, actor->ref, &span))
        return false;
    *ret_at = span.at;
    snprintf(name, sizeof name, "timer %s %.*s", timer->key, TROUPE_NAME_MAX,
             of);
    (void) troupe__trace_pack(&link, "[B, B]", &span.at, sizeof span.at,
                              &timer->trace, sizeof timer->trace);
    troupe__trace_write(&body, &span, name, TROUPE_SPAN_INTERNAL, span.from_ns,
                        NULL);
    (void) troupe__trace_pack(
        &body, "{s:s, s:s, s:s, s:f}", "troupe.message.type", timer->key,
        "troupe.actor.kind", of, "troupe.actor.ref",
        troupe_ref_text(actor->ref, ref), "troupe.timer.every_ms",
        (double) timer->every / 1e6);
    troupe__trace_emit(self, actor->ref, span.taker, "link", &link);
    troupe__trace_emit(self, actor->ref, span.taker, "span", &body);
    troupe__buffer_free(&link);
    troupe__buffer_free(&body);
    return true;
}

bool
troupe__trace_timer(struct troupe__worker *self,
                    const struct troupe__timer *timer, troupe_trace_t *ret_at)
{
    if (__builtin_expect(!troupe_trace_is(&timer->trace), 1))
        return false;
    *ret_at = timer->trace;
    return timer->every == 0 || tick(self, timer, ret_at);
}
