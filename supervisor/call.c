/* SPDX-License-Identifier: Apache-2.0 */
/* call.c: answers calls that change a supervisor's children. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mailbox/check.h"
#include "supervisor/look.h"
#include "troupe_stats.h"

/* The caller is answered when the start has ended. */
static int
start(troupe_context_t *ctx, struct troupe__supervisor *self,
      struct troupe__child *child, enum troupe__called called)
{
    troupe__waiter_add(ctx, &child->starters);
    child->restarts = 0;
    child->row = 0;
    child->up_since_ns = 0;
    child->called = called;
    int rc = troupe__child_start(ctx, self, child);
    if (rc < 0)
        troupe__child_not_started(ctx, self, child, rc);
    return troupe__supervisor_settle(ctx, self);
}

static int
start_more(troupe_context_t *ctx, struct troupe__supervisor *self,
           const struct troupe__request *request)
{
    if (request->spec)
        return troupe__call_refuse(ctx, -EPERM,
                                   "simple one-for-one: no spec, please");
    struct troupe__child *child =
        troupe__children_add(&self->children, &self->template, true);
    if (request->arguments_size > 0) {
        child->arguments = troupe__alloc(request->arguments_size);
        memcpy(child->arguments, request->arguments, request->arguments_size);
        child->arguments_size = request->arguments_size;
    }
    return start(ctx, self, child, CALLED_START);
}

int
troupe__on_start_child(troupe_context_t *ctx, void *state,
                       const troupe_message_t *msg)
{
    struct troupe__request request;
    struct troupe__supervisor *self =
        troupe__change_begin(ctx, state, msg, &request);
    if (!self)
        return 0;
    if (self->simple)
        return start_more(ctx, self, &request);
    if (!request.spec)
        return troupe__call_refuse(ctx, -EINVAL, "a spec is missing");
    troupe_child_spec_t *spec = troupe__alloc(sizeof *spec);
    int rc = troupe__spec_read(troupe_context_node(ctx), request.spec, spec);
    if (rc < 0) {
        free(spec);
        return troupe__call_refuse(ctx, rc, "the spec cannot be read");
    }
    troupe_supervisor_error_t error;
    const char *fault = NULL;
    rc = troupe__spec_check(&self->options, spec, 0, &error);
    if (rc < 0)
        fault = error.text;
    const struct troupe__child *other =
        troupe__children_find(&self->children, spec->id);
    if (!fault && other) {
        bool lives = troupe__child_is_active(other);
        rc = lives ? -EEXIST : -EALREADY;
        fault = lives ? "a child of that id runs" : "that id is there, stopped";
    }
    if (fault) {
        (void) troupe__call_refuse(ctx, rc, fault);
        troupe__spec_free(spec);
        free(spec);
        return 0;
    }
    return start(ctx, self, troupe__children_add(&self->children, spec, false),
                 CALLED_START);
}

/* A restart that was under way is off, also for those stopped for it. */
static void
cancel_restart(troupe_context_t *ctx, struct troupe__supervisor *self,
               struct troupe__child *child)
{
    bool retried = child->retrying;
    troupe__child_release(ctx, self, child);
    if (!retried)
        return;
    for (struct troupe__child *c = self->children.first; c; c = c->next) {
        if (c->retrying)
            return; /* another round will take them along */
    }
    for (struct troupe__child *c = self->children.first; c; c = c->next) {
        if (c->state == CHILD_WAITING && !c->pending)
            troupe__child_release(ctx, self, c);
    }
}

static int
terminate_unknown(troupe_context_t *ctx, const struct troupe__supervisor *self,
                  const struct troupe__request *request)
{
    troupe_actor_stats_t stats;
    bool gone = self->simple
                && troupe_actor_stats_get(troupe_context_node(ctx),
                                          request->ref, &stats)
                       < 0;
    if (!gone)
        return troupe__call_refuse(ctx, -ENOENT, "no such child");
    (void) !troupe_reply(ctx, NULL);
    return 0;
}

int
troupe__on_terminate_child(troupe_context_t *ctx, void *state,
                           const troupe_message_t *msg)
{
    struct troupe__request request;
    struct troupe__supervisor *self =
        troupe__change_begin(ctx, state, msg, &request);
    if (!self)
        return 0;
    bool by_ref = !troupe_ref_is_nobody(request.ref);
    if (self->simple && !by_ref)
        return troupe__call_refuse(ctx, -EPERM,
                                   "simple one-for-one: by ref only");
    if (!self->simple && by_ref)
        return troupe__call_refuse(ctx, -ENOENT,
                                   "children are named by id here");
    struct troupe__child *child = troupe__child_named(self, &request);
    if (!child)
        return terminate_unknown(ctx, self, &request);
    if (troupe__child_is_active(child)) {
        troupe__waiter_add(ctx, &child->enders);
        troupe__child_stop(ctx, self, child, FOR_CALL);
    } else {
        cancel_restart(ctx, self, child);
        if (self->simple)
            troupe__child_forget(ctx, self, child);
        (void) !troupe_reply(ctx, NULL);
    }
    return troupe__supervisor_settle(ctx, self);
}

/* The child of a request, when it neither runs nor is about to; otherwise the
 * asker is told why not and the result is NULL. */
static struct troupe__child *
idle_child(troupe_context_t *ctx, struct troupe__supervisor *self,
           const struct troupe__request *request)
{
    struct troupe__child *child = troupe__child_named(self, request);
    const char *why = NULL;
    int code = -ENOENT;
    if (!child) {
        why = "no such child";
    } else if (troupe__child_is_active(child)) {
        why = "the child runs";
        code = -EBUSY;
    } else if (child->retrying) {
        why = "the child is being restarted";
        code = -EAGAIN;
    }
    if (!why)
        return child;
    (void) troupe__call_refuse(ctx, code, why);
    return NULL;
}

int
troupe__on_restart_child(troupe_context_t *ctx, void *state,
                         const troupe_message_t *msg)
{
    struct troupe__request request;
    struct troupe__supervisor *self =
        troupe__change_begin(ctx, state, msg, &request);
    if (!self)
        return 0;
    if (self->simple)
        return troupe__call_refuse(ctx, -EPERM,
                                   "simple one-for-one: start one more");
    struct troupe__child *child = idle_child(ctx, self, &request);
    if (!child)
        return 0;
    return start(ctx, self, child, CALLED_RESTART);
}

/* Why a child cannot be restarted now, or NULL. */
static const char *
renewal_fault(const struct troupe__child *child, int *ret_code)
{
    *ret_code = -ENOENT;
    if (!child)
        return "no such child";
    *ret_code = -EPERM;
    if (child->spec->restart == TROUPE_TEMPORARY)
        return "a temporary child is never restarted";
    *ret_code = -EAGAIN;
    if (child->retrying)
        return "the child is being restarted";
    if (child->state == CHILD_STOPPING || child->state == CHILD_KILLING)
        return "the child is stopping";
    return NULL;
}

int
troupe__on_renew_child(troupe_context_t *ctx, void *state,
                       const troupe_message_t *msg)
{
    struct troupe__request request;
    struct troupe__supervisor *self =
        troupe__change_begin(ctx, state, msg, &request);
    if (!self)
        return 0;
    if (self->simple && troupe_ref_is_nobody(request.ref))
        return troupe__call_refuse(ctx, -EPERM,
                                   "simple one-for-one: by ref only");
    struct troupe__child *child = troupe__child_named(self, &request);
    int code = 0;
    const char *fault = renewal_fault(child, &code);
    if (fault)
        return troupe__call_refuse(ctx, code, fault);
    if (!troupe__child_is_active(child))
        return start(ctx, self, child, CALLED_RESTART);
    troupe_log(ctx, TROUPE_LOG_INFO, "child '%s' is restarted by a call",
               child->spec->id);
    troupe__waiter_add(ctx, &child->starters);
    troupe__child_stop(ctx, self, child, FOR_RENEWAL);
    return troupe__supervisor_settle(ctx, self);
}

int
troupe__on_delete_child(troupe_context_t *ctx, void *state,
                        const troupe_message_t *msg)
{
    struct troupe__request request;
    struct troupe__supervisor *self =
        troupe__change_begin(ctx, state, msg, &request);
    if (!self)
        return 0;
    if (self->simple)
        return troupe__call_refuse(ctx, -EPERM,
                                   "simple one-for-one: terminate it");
    struct troupe__child *child = idle_child(ctx, self, &request);
    if (!child)
        return 0;
    troupe__child_forget(ctx, self, child);
    (void) !troupe_reply(ctx, NULL);
    return troupe__supervisor_settle(ctx, self);
}
