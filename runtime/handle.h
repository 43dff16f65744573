/* SPDX-License-Identifier: Apache-2.0 */
/* handle.h: the way of a message into its handler, where every step counts. */
#ifndef TROUPE_RUNTIME_HANDLE_H
#define TROUPE_RUNTIME_HANDLE_H

#include "runtime/worker.h"

/* troupe__context_begin: the worker's context is the actor's from now on. */
static inline void
troupe__context_begin(struct troupe__worker *self, struct troupe__actor *actor)
{
    struct troupe_context *ctx = &self->ctx;
    ctx->actor = actor;
    ctx->msg = NULL;
    ctx->trace = self->base_trace;
    ctx->scope = NULL;
    ctx->stashed = NULL;
    ctx->ask = ASK_NONE;
    ctx->mute_count = 0;
    ctx->exits = false;
    ctx->has_words = false;
}

/* troupe__context_take: the message in hand, and its trace with it. */
static inline void
troupe__context_take(struct troupe__worker *self,
                     const struct troupe_message *msg)
{
    self->ctx.msg = msg;
    self->ctx.trace = msg->trace;
}

/* troupe__run_mark: what runs, for the watchdog; `type` is a constant. */
static inline void
troupe__run_mark(struct troupe__worker *self, struct troupe__actor *actor,
                 const char *type)
{
    BUMP(self->callbacks);
    atomic_store_explicit(&self->run_ref, actor->ref.id, memory_order_relaxed);
    atomic_store_explicit(&self->run_type, type, memory_order_relaxed);
}

/* The rare half of troupe__context_end; handle.c. */
void troupe__context_settle(struct troupe__worker *self,
                            struct troupe__actor *actor, int rc)
    __attribute__((cold));

/* troupe__context_end: after a callback, which returned `rc`; the actor may be
 * gone then. */
static inline void
troupe__context_end(struct troupe__worker *self, struct troupe__actor *actor,
                    int rc)
{
    struct troupe_context *ctx = &self->ctx;
    if (rc >= 0) {
        BUMP(actor->handled);
        BUMP(self->kinds[actor->born->index].handled);
    }
    if (__builtin_expect(rc != 0 || ctx->ask == ASK_OPEN || ctx->scope
                             || ctx->mute_count > 0,
                         0))
        troupe__context_settle(self, actor, rc);
    if (self->arena.dirty)
        troupe__arena_reset(&self->arena);
}

/* What stands between a message of an actor and its handler: a deadline, a
 * timer that was cancelled, a quarantine; true: it is dealt with. Who needs
 * care is called from there; handle.c. */
bool troupe__is_settled(struct troupe__worker *self,
                        struct troupe__actor *actor,
                        const struct troupe_message *msg);

/* A handler's call where the message has a trace; span_handler.c. */
int troupe__trace_handle(struct troupe__worker *self,
                         struct troupe__actor *actor,
                         const struct troupe_message *msg,
                         troupe_handler_fn handle) __attribute__((cold));

/* troupe__trace_start: call a start, in a span where handlers are spans. */
int troupe__trace_start(struct troupe__worker *self,
                        struct troupe__actor *actor,
                        const struct troupe_message *msg,
                        troupe_handler_fn start);

/* troupe__handler_of: what a message is for, or NULL. */
static inline troupe_handler_fn
troupe__handler_of(const struct troupe__actor *actor,
                   const struct troupe_message *msg)
{
    const struct troupe__clause_entry *entry =
        troupe__kind_entry(actor->kind, msg);
    return entry ? entry->handle : actor->kind->fallback;
}

/* troupe__call_user: straight into the handler; `scope` is the ask's token
 * where it has one already, or NULL. */
static inline __attribute__((always_inline)) void
troupe__call_user(struct troupe__worker *self, struct troupe__actor *actor,
                  const struct troupe_message *msg, struct troupe__token *scope)
{
    const struct troupe__kind *kind = actor->kind;
    const struct troupe__clause_entry *entry = troupe__kind_entry(kind, msg);
    troupe_handler_fn handle = entry ? entry->handle : kind->fallback;
    if (__builtin_expect(!handle, 0)) {
        troupe__refuse(self, actor, msg, TROUPE_DEAD_UNHANDLED);
        return;
    }
    troupe__context_begin(self, actor);
    troupe__context_take(self, msg);
    self->ctx.scope = scope;
    self->ctx.ask = msg->kind == WIRE_ASK ? ASK_OPEN : ASK_NONE;
    troupe__run_mark(self, actor, entry ? entry->type : "(fallback)");
    BUMP(self->kinds[actor->born->index].received);
    int rc = __builtin_expect(msg->trace != NULL, 0)
                 ? troupe__trace_handle(self, actor, msg, handle)
                 : handle(&self->ctx, actor->state, msg);
    troupe__context_end(self, actor, rc);
}

/* troupe__handle_user: a tell or an ask, into its handler. */
static inline void
troupe__handle_user(struct troupe__worker *self, struct troupe__actor *actor,
                    struct troupe_message *msg)
{
    if (__builtin_expect((msg->deadline | msg->id) != 0 || actor->extra, 0)
        && troupe__is_settled(self, actor, msg))
        return;
    troupe__call_user(self, actor, msg, NULL);
}

#endif
