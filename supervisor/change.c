/* SPDX-License-Identifier: Apache-2.0 */
/* change.c: calls that change a running supervisor's rules. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mailbox/check.h"
#include "supervisor/look.h"

struct troupe__supervisor *
troupe__change_begin(troupe_context_t *ctx, void *state,
                     const troupe_message_t *msg,
                     struct troupe__request *ret_request)
{
    struct troupe__supervisor_state *held = state;
    struct troupe__supervisor *self = held->self;
    CHECK(self);
    if (self->phase >= PHASE_STOPPING) {
        (void) !troupe_reply_error(ctx, -ESHUTDOWN,
                                   "the supervisor is stopping");
        return NULL;
    }
    if (self->round != ROUND_NONE || self->phase == PHASE_STARTING) {
        self->stashed = true;
        if (troupe_stash(ctx) < 0)
            (void) !troupe_reply_error(ctx, -ENOBUFS,
                                       "too many calls wait for a restart");
        return NULL;
    }
    return troupe__call_begin(ctx, msg, ret_request) == 0 ? self : NULL;
}

int
troupe__call_refuse(troupe_context_t *ctx, int code, const char *text)
{
    (void) !troupe_reply_error(ctx, code, "%s", text);
    return 0;
}

static const char *
change_fault(const troupe_child_spec_t *now, const troupe_child_spec_t *wanted)
{
    if (troupe__spec_is_supervisor(now) != troupe__spec_is_supervisor(wanted))
        return "a worker stays a worker, a supervisor a supervisor";
    return NULL;
}

/* Who runs keeps running; what the spec says counts from the next decision or
 * start on. */
static void
replace(struct troupe__supervisor *self, const struct troupe__child *child,
        troupe_child_spec_t *held, const troupe_child_spec_t *wanted)
{
    bool active = child && troupe__child_is_active(child);
    if (active && held->significant)
        self->significant -= 1;
    if (active && wanted->significant)
        self->significant += 1;
    troupe__spec_free(held);
    *held = *wanted;
}

static int
change_child(troupe_context_t *ctx, struct troupe__supervisor *self,
             troupe_child_spec_t *wanted)
{
    troupe_supervisor_error_t error;
    if (troupe__spec_check(&self->options, wanted, 0, &error) < 0)
        return troupe__call_refuse(ctx, -EINVAL, error.text);
    const struct troupe__child *child = NULL;
    troupe_child_spec_t *held = &self->template;
    if (!self->simple) {
        child = troupe__children_find(&self->children, wanted->id);
        held = child ? (void *) (uintptr_t) child->spec : NULL;
    } else if (strcmp(held->id, wanted->id) != 0) {
        held = NULL;
    }
    if (!held)
        return troupe__call_refuse(ctx, -ENOENT, "no such child");
    const char *fault = change_fault(held, wanted);
    if (fault)
        return troupe__call_refuse(ctx, -EINVAL, fault);
    replace(self, child, held, wanted);
    *wanted = (troupe_child_spec_t){0}; /* what it pointed to is the child's */
    (void) !troupe_reply(ctx, NULL);
    return 0;
}

int
troupe__on_change_child(troupe_context_t *ctx, void *state,
                        const troupe_message_t *msg)
{
    struct troupe__request request;
    struct troupe__supervisor *self =
        troupe__change_begin(ctx, state, msg, &request);
    if (!self)
        return 0;
    if (!request.spec)
        return troupe__call_refuse(ctx, -EINVAL, "a spec is missing");
    troupe_child_spec_t wanted;
    int rc = troupe__spec_read(troupe_context_node(ctx), request.spec, &wanted);
    if (rc < 0)
        return troupe__call_refuse(ctx, rc, "the spec cannot be read");
    (void) change_child(ctx, self, &wanted);
    troupe__spec_free(&wanted);
    return troupe__supervisor_settle(ctx, self);
}

int
troupe__on_change_options(troupe_context_t *ctx, void *state,
                          const troupe_message_t *msg)
{
    struct troupe__request request;
    struct troupe__supervisor *self =
        troupe__change_begin(ctx, state, msg, &request);
    if (!self)
        return 0;
    troupe_supervisor_options_t wanted = {0};
    troupe_supervisor_error_t error;
    if (!request.options || troupe__options_read(request.options, &wanted) < 0)
        return troupe__call_refuse(ctx, -EINVAL, "options cannot be read");
    if (troupe__options_check(&wanted, &error) < 0)
        return troupe__call_refuse(ctx, -EINVAL, error.text);
    if (wanted.strategy != self->options.strategy)
        return troupe__call_refuse(ctx, -EINVAL,
                                   "options: the strategy cannot be changed");
    self->options = wanted;
    (void) !troupe_reply(ctx, NULL);
    return troupe__supervisor_settle(ctx, self);
}
