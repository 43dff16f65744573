/* SPDX-License-Identifier: Apache-2.0 */
/* run.c: begins and ends the actors of single children. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mailbox/check.h"
#include "supervisor/isolation.h"
#include "supervisor/supervisor.h"

void
troupe__child_move(struct troupe__supervisor *self, struct troupe__child *child,
                   enum troupe__child_event what)
{
    bool was_active = troupe__child_is_active(child);
    if (child->late_ns != 0)
        troupe__late_forget(self, child);
    child->state = troupe__child_next(child->state, what);
    bool is_active = troupe__child_is_active(child);
    if (was_active == is_active)
        return;
    uint32_t significant = child->spec->significant ? 1 : 0;
    if (is_active) {
        self->active += 1;
        self->significant += significant;
    } else {
        CHECK(self->active > 0);
        self->active -= 1;
        self->significant -= significant;
    }
}

void
troupe__child_timer(troupe_context_t *ctx, struct troupe__child *child,
                    uint32_t after_ms, troupe_call_fn call)
{
    troupe__child_timer_clear(ctx, child);
    int rc = troupe_call_after(ctx, after_ms, call, child, NULL, &child->timer);
    CHECK(rc == 0);
}

void
troupe__child_timer_clear(troupe_context_t *ctx, struct troupe__child *child)
{
    if (child->timer.id != 0)
        (void) troupe_call_clear(ctx, child->timer);
    child->timer.id = 0;
}

static struct troupe__supervisor *
self_of(void *state)
{
    struct troupe__supervisor_state *held = state;
    CHECK(held->self);
    return held->self;
}

static int
on_stop_late(troupe_context_t *ctx, void *state, void *data)
{
    struct troupe__supervisor *self = self_of(state);
    struct troupe__child *child = data;
    child->timer.id = 0;
    CHECK(child->state == CHILD_STOPPING);
    troupe_log(ctx, TROUPE_LOG_WARNING,
               "child '%s' did not stop within %u ms: killed", child->spec->id,
               child->spec->shutdown_ms);
    troupe__child_kill(ctx, self, child);
    return troupe__supervisor_settle(ctx, self);
}

static int
on_kill_late(troupe_context_t *ctx, void *state, void *data)
{
    struct troupe__supervisor *self = self_of(state);
    struct troupe__child *child = data;
    child->timer.id = 0;
    troupe__child_leave(ctx, self, child);
    return troupe__supervisor_settle(ctx, self);
}

void *
troupe__child_arguments(const struct troupe__child *child, size_t *ret_size)
{
    const troupe_child_spec_t *spec = child->spec;
    void *bytes = NULL;
    int rc = 0;
    *ret_size = 0;
    if (spec->arguments_size > 0 && child->arguments_size > 0) {
        rc = troupe__bytes_packf(&bytes, ret_size, "[rr]", spec->arguments,
                                 spec->arguments_size, child->arguments,
                                 child->arguments_size);
    } else if (spec->arguments_size > 0) {
        rc = troupe__bytes_packf(&bytes, ret_size, "r", spec->arguments,
                                 spec->arguments_size);
    } else if (child->arguments_size > 0) {
        rc = troupe__bytes_packf(&bytes, ret_size, "r", child->arguments,
                                 child->arguments_size);
    }
    CHECK(rc == 0); /* they were checked when they came */
    return bytes;
}

static int
start_anew(troupe_context_t *ctx, struct troupe__supervisor *self,
           struct troupe__child *child, const void *arguments, size_t size)
{
    const troupe_child_spec_t *spec = child->spec;
    bool isolated = troupe__spec_is_isolated(spec);
    const char *format = arguments ? "r" : NULL;
    if (child->state == CHILD_WAITING)
        return troupe_child_restart(ctx, child->ref, format, arguments, size);
    troupe_spawn_options_t options = {
        .name = spec->name,
        .place = isolated ? TROUPE_NEAR : spec->place,
        .worker = isolated ? 0 : spec->worker,
        .supervised = true,
        .mailbox = spec->mailbox,
        .delivery = spec->delivery,
    };
    troupe_ref_t ref = TROUPE_NOBODY;
    int rc = troupe_spawn(ctx, isolated ? &troupe__deputy_kind : spec->kind,
                          &options, &ref, format, arguments, size);
    if (rc == 0)
        troupe__children_set_ref(&self->children, child, ref);
    return rc;
}

/* Start is given what the template holds, what the child's own call gave, or
 * an array of both; a deputy, what it needs to give that to another node. */
static int
begin(troupe_context_t *ctx, struct troupe__supervisor *self,
      struct troupe__child *child)
{
    void *arguments = NULL;
    size_t size = 0;
    int rc = 0;
    if (troupe__spec_is_isolated(child->spec))
        rc = troupe__deputy_pack(child, &arguments, &size);
    else
        arguments = troupe__child_arguments(child, &size);
    if (rc == 0)
        rc = start_anew(ctx, self, child, arguments, size);
    free(arguments);
    return rc;
}

/* What will never be started again need not remember how. */
static void
forget_arguments(struct troupe__child *child)
{
    free(child->arguments);
    child->arguments = NULL;
    child->arguments_size = 0;
    if (!child->shares_spec)
        troupe_child_spec_clear((void *) (uintptr_t) child->spec);
}

int
troupe__child_start(troupe_context_t *ctx, struct troupe__supervisor *self,
                    struct troupe__child *child)
{
    CHECK(!troupe__child_is_active(child));
    troupe__child_timer_clear(ctx, child);
    child->retrying = false;
    child->purpose = FOR_NOTHING;
    troupe_trace_t here;
    if (self->phase == PHASE_STARTING && !troupe_trace_get(ctx, &here))
        troupe_trace_set(ctx, &self->trace); /* it began with its own start */
    int rc = begin(ctx, self, child);
    if (rc < 0)
        return rc;
    if (child->spec->restart == TROUPE_TEMPORARY)
        forget_arguments(child);
    troupe__child_move(self, child, ON_START);
    if (child->spec->start_ms != TROUPE_INFINITE)
        troupe__late_watch(ctx, self, child);
    return 0;
}

void
troupe__child_stop(troupe_context_t *ctx, struct troupe__supervisor *self,
                   struct troupe__child *child, enum troupe__purpose purpose)
{
    CHECK(troupe__child_is_active(child));
    child->purpose = purpose;
    if (child->state == CHILD_STOPPING || child->state == CHILD_KILLING)
        return;
    uint32_t shutdown_ms = child->spec->shutdown_ms;
    if (shutdown_ms == TROUPE_SHUTDOWN_BRUTAL) {
        troupe__child_kill(ctx, self, child);
        return;
    }
    troupe__child_timer_clear(ctx, child);
    troupe__child_move(self, child, ON_STOP);
    (void) troupe_exit_send(ctx, child->ref, TROUPE_EXIT_SHUTDOWN, 0, NULL);
    bool shared = self->simple && purpose == FOR_SHUTDOWN;
    if (!shared && shutdown_ms != TROUPE_INFINITE)
        troupe__child_timer(ctx, child, shutdown_ms, on_stop_late);
}

void
troupe__child_kill(troupe_context_t *ctx, struct troupe__supervisor *self,
                   struct troupe__child *child)
{
    troupe__child_timer_clear(ctx, child);
    troupe__child_move(self, child, ON_KILL);
    (void) troupe_exit_send(ctx, child->ref, TROUPE_EXIT_KILLED, 0, NULL);
    bool shared = self->simple && child->purpose == FOR_SHUTDOWN;
    if (!shared)
        troupe__child_timer(ctx, child, KILL_GRACE_MS, on_kill_late);
}

void
troupe__child_release(troupe_context_t *ctx, struct troupe__supervisor *self,
                      struct troupe__child *child)
{
    CHECK(!troupe__child_is_active(child));
    troupe__child_timer_clear(ctx, child);
    child->retrying = false;
    if (child->state == CHILD_DOWN)
        return;
    (void) troupe_child_release(ctx, child->ref);
    troupe__children_set_ref(&self->children, child, TROUPE_NOBODY);
    troupe__child_move(self, child, ON_GONE);
}

/*
 * An actor whose handler never returns cannot be ended from outside. Its end
 * is taken for granted: released, it will go by itself should it ever end, and
 * the supervisor's own end does not wait for it.
 */
void
troupe__child_leave(troupe_context_t *ctx, struct troupe__supervisor *self,
                    struct troupe__child *child)
{
    char text[TROUPE_REF_TEXT];
    troupe_log(ctx, TROUPE_LOG_ERROR, "child '%s' %s does not end: left behind",
               child->spec->id, troupe_ref_text(child->ref, text));
    (void) troupe_child_release(ctx, child->ref);
    troupe__children_set_ref(&self->children, child, TROUPE_NOBODY);
    troupe__child_move(self, child, ON_GONE);
    child->end = (struct troupe__end){.kind = TROUPE_EXIT_KILLED};
    (void) snprintf(child->end.text, sizeof child->end.text, "left behind");
    troupe__child_ended(ctx, self, child);
}

void
troupe__child_forget(troupe_context_t *ctx, struct troupe__supervisor *self,
                     struct troupe__child *child)
{
    troupe__child_release(ctx, self, child);
    troupe__waiters_error(ctx, &child->starters, -ECANCELED, "terminated");
    troupe__waiters_nil(ctx, &child->enders);
    bool was_from = self->from == child;
    if (self->cursor == child && self->phase != PHASE_STARTING)
        self->cursor = was_from ? NULL : child->prev;
    if (was_from)
        self->from = child->next;
    if (self->failed == child)
        self->failed = NULL;
    if (child->pending)
        troupe__supervisor_unpend(self, child);
    if (child->again)
        troupe__again_forget(self, child);
    troupe__children_remove(&self->children, child);
}
