/* SPDX-License-Identifier: Apache-2.0 */
/* supervisor.c: the actor: its start, what it hears, its end. */
#include "supervisor/supervisor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mailbox/check.h"
#include "supervisor/look.h"

void
troupe__supervisor_pend(struct troupe__supervisor *self,
                        struct troupe__child *child)
{
    if (child->pending)
        return;
    child->pending = true;
    child->pending_next = NULL;
    if (self->pending_last)
        self->pending_last->pending_next = child;
    else
        self->pending_first = child;
    self->pending_last = child;
}

void
troupe__supervisor_unpend(struct troupe__supervisor *self,
                          struct troupe__child *child)
{
    CHECK(child->pending);
    struct troupe__child *before = NULL;
    struct troupe__child *at = self->pending_first;
    while (at != child) {
        before = at;
        at = at->pending_next;
    }
    if (before)
        before->pending_next = child->pending_next;
    else
        self->pending_first = child->pending_next;
    if (self->pending_last == child)
        self->pending_last = before;
    child->pending = false;
}

/* A child may have been restarted by a round while its end was pending. */
static void
decide_pending(troupe_context_t *ctx, struct troupe__supervisor *self)
{
    struct troupe__child *child = self->pending_first;
    troupe__supervisor_unpend(self, child);
    if (troupe__child_is_active(child))
        return;
    if (child->retrying)
        troupe__round_begin(ctx, self, child, AT_ONCE);
    else if (child->state == CHILD_WAITING)
        troupe__child_decide(ctx, self, child);
}

/* Every callback ends here: what had to wait may have its turn now. */
int
troupe__supervisor_settle(troupe_context_t *ctx,
                          struct troupe__supervisor *self)
{
    while (self->phase == PHASE_RUNNING && self->round == ROUND_NONE
           && self->pending_first)
        decide_pending(ctx, self);
    bool rests = self->phase != PHASE_STARTING && self->round == ROUND_NONE;
    if (rests && self->stashed) {
        self->stashed = false;
        (void) troupe_unstash(ctx);
    }
    /* Who waits to hear how the start went must find someone there. */
    if (self->phase != PHASE_DONE || self->awaited)
        return 0;
    int code = self->exit_code < 0 ? self->exit_code : -ECANCELED;
    troupe__waiters_error(ctx, &self->ready, code, self->exit_text);
    return troupe_exit(ctx, self->exit_kind, self->exit_code, "%s",
                       self->exit_text);
}

static void
self_free(void *data)
{
    struct troupe__supervisor *self = data;
    troupe__waiters_free(&self->ready);
    for (struct troupe__child *c = self->children.first; c; c = c->next) {
        troupe__waiters_free(&c->starters);
        troupe__waiters_free(&c->enders);
    }
    troupe__children_free(&self->children);
    if (self->simple)
        troupe__spec_free(&self->template);
    troupe__window_clear(&self->window);
    free(self);
}

/*
 * The only thing that the runtime gives back for a killed actor is what its
 * timers hold, so a timer holds the supervisor.
 */
static int
hold(troupe_context_t *ctx, void *state, void *data)
{
    (void) state;
    return troupe_call_after(ctx, UINT32_MAX, hold, data, self_free, NULL);
}

static void
take_specs(struct troupe__supervisor *self,
           struct troupe__definition *definition)
{
    if (self->simple) {
        self->template = definition->specs[0];
    } else {
        for (size_t i = 0; i < definition->count; i++) {
            troupe_child_spec_t *spec = troupe__alloc(sizeof *spec);
            *spec = definition->specs[i];
            (void) troupe__children_add(&self->children, spec, false);
        }
    }
    definition->count = 0; /* what they point to is ours now */
    troupe__definition_free(definition);
}

static int
on_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct troupe__definition definition;
    int rc =
        troupe__definition_read(troupe_context_node(ctx), msg, &definition);
    if (rc < 0)
        return troupe_fail(ctx, rc, "the definition cannot be read");
    struct troupe__supervisor *self = troupe__alloc(sizeof *self);
    struct troupe__supervisor_state *held = state;
    held->self = self;
    rc = hold(ctx, state, self);
    CHECK(rc == 0);
    self->options = definition.options;
    self->simple = self->options.strategy == TROUPE_SIMPLE_ONE_FOR_ONE;
    self->starter = troupe_message_sender(msg);
    self->has_parent = !troupe_ref_is_nobody(troupe_parent(ctx));
    self->awaited = definition.awaited;
    (void) troupe_trace_get(ctx, &self->trace);
    take_specs(self, &definition);
    if (!self->children.first) {
        self->phase = PHASE_RUNNING;
        return 0;
    }
    self->cursor = self->children.first;
    troupe__walk_forwards(ctx, self);
    rc = troupe__supervisor_settle(ctx, self);
    /* Without a supervisor to hear of it the start is over: calls that look
     * are answered, others wait. */
    return rc == 0 && self->has_parent ? TROUPE_STARTING : rc;
}

int
troupe__on_ready(troupe_context_t *ctx, void *state,
                 const troupe_message_t *msg)
{
    (void) msg;
    struct troupe__supervisor_state *held = state;
    struct troupe__supervisor *self = held->self;
    self->awaited = false;
    if (self->phase == PHASE_RUNNING)
        (void) !troupe_reply(ctx, NULL);
    else
        troupe__waiter_add(ctx, &self->ready);
    return troupe__supervisor_settle(ctx, self);
}

static void
end_note(struct troupe__child *child, const troupe_child_t *event)
{
    child->end = (struct troupe__end){
        .kind = event->reason.kind,
        .code = event->reason.code,
        .in_start = event->in_start || child->state == CHILD_STARTING,
        .had_message = event->had_message,
        .fingerprint = event->fingerprint,
        .cause = event->cause,
    };
    const char *text = event->reason.text;
    if (text[0] == '\0')
        text = event->reason.code < 0 ? troupe_strerror(event->reason.code)
                                      : troupe_exit_name(event->reason.kind);
    (void) snprintf(child->end.text, sizeof child->end.text, "%s", text);
}

static int
on_child(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct troupe__supervisor_state *held = state;
    struct troupe__supervisor *self = held->self;
    troupe_child_t event;
    if (!self || troupe_child_read(msg, &event) < 0)
        return 0;
    struct troupe__child *child =
        troupe__children_find_ref(&self->children, event.ref);
    if (!child)
        return 0; /* it was left behind, and has ended after all */
    if (event.event == TROUPE_CHILD_STARTED) {
        troupe__child_started(ctx, self, child);
    } else {
        troupe__child_timer_clear(ctx, child);
        end_note(child, &event);
        troupe__child_move(self, child, ON_ENDED);
        troupe__child_ended(ctx, self, child);
    }
    return troupe__supervisor_settle(ctx, self);
}

/* Who may end a supervisor: its own supervisor, who started it, the node and
 * ordinary threads. Exits of others mean nothing to it. */
static int
on_exit_signal(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct troupe__supervisor_state *held = state;
    struct troupe__supervisor *self = held->self;
    troupe_down_t down;
    if (!self || troupe_down_read(msg, &down) < 0)
        return 0;
    if (!troupe_ref_is_nobody(down.ref)
        && !troupe_ref_equal(down.ref, troupe_parent(ctx))
        && !troupe_ref_equal(down.ref, self->starter)) {
        troupe_log(ctx, TROUPE_LOG_DEBUG, "exit of a stranger ignored");
        return 0;
    }
    /* A thread that started it may be kept from asking by the same stop; if
     * it does ask, it is told that nobody is there. */
    self->awaited = false;
    troupe__shutdown_begin(ctx, self, down.reason.kind, down.reason.code, "%s",
                           down.reason.text);
    return troupe__supervisor_settle(ctx, self);
}

static int
on_stranger(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state;
    troupe_log(ctx, TROUPE_LOG_WARNING, "message '%s' ignored",
               troupe_message_type(msg));
    if (troupe_message_is_ask(msg)) {
        return troupe_reply_error(ctx, -EOPNOTSUPP,
                                  "a supervisor does not know '%s'",
                                  troupe_message_type(msg));
    }
    return 0;
}

static const troupe_clause_t clauses[] = {
    TROUPE_ON_START(on_start),
    TROUPE_ON_CHILD(on_child),
    TROUPE_ON_EXIT(on_exit_signal),
    TROUPE_ON("supervisor.ready", troupe__on_ready),
    TROUPE_ON("supervisor.again", troupe__on_again),
    TROUPE_ON("child.start", troupe__on_start_child),
    TROUPE_ON("child.terminate", troupe__on_terminate_child),
    TROUPE_ON("child.restart", troupe__on_restart_child),
    TROUPE_ON("child.renew", troupe__on_renew_child),
    TROUPE_ON("child.delete", troupe__on_delete_child),
    TROUPE_ON("child.change", troupe__on_change_child),
    TROUPE_ON("supervisor.change", troupe__on_change_options),
    TROUPE_ON("child.which", troupe__on_which_child),
    TROUPE_ON("child.list", troupe__on_which_children),
    TROUPE_ON("child.count", troupe__on_count_children),
    TROUPE_ON("child.spec", troupe__on_child_spec),
    TROUPE_ON_FALLBACK(on_stranger),
    {0, NULL, NULL, NULL},
};

const troupe_kind_t troupe__supervisor_kind = {
    .name = "supervisor",
    .state_size = sizeof(struct troupe__supervisor_state),
    .clauses = clauses,
};
