/* SPDX-License-Identifier: Apache-2.0 */
/* look.c: answers calls that only look at a supervisor's children. */
#include "supervisor/look.h"

#include <errno.h>
#include <stdio.h>

#include "mailbox/check.h"

static troupe_child_status_t
status_of(const struct troupe__child *child)
{
    switch (child->state) {
    case CHILD_STARTING:
        return TROUPE_CHILD_STARTING;
    case CHILD_UP:
        return TROUPE_CHILD_UP;
    case CHILD_STOPPING:
    case CHILD_KILLING:
        return TROUPE_CHILD_STOPPING;
    case CHILD_DOWN:
        return child->retrying ? TROUPE_CHILD_RESTARTING : TROUPE_CHILD_DOWN;
    case CHILD_WAITING:
        return child->retrying || child->pending ? TROUPE_CHILD_RESTARTING
                                                 : TROUPE_CHILD_WAITING;
    case CHILD_STATE_COUNT:
        break;
    }
    return TROUPE_CHILD_DOWN;
}

troupe_child_info_t
troupe__child_info(const struct troupe__child *child)
{
    troupe_child_info_t info = {
        .ref = child->ref,
        .status = status_of(child),
        .supervisor = troupe__spec_is_supervisor(child->spec),
        .restarts = child->restarts,
    };
    (void) snprintf(info.id, sizeof info.id, "%s", child->spec->id);
    return info;
}

struct troupe__child *
troupe__child_named(const struct troupe__supervisor *self,
                    const struct troupe__request *request)
{
    if (!troupe_ref_is_nobody(request->ref))
        return troupe__children_find_ref(&self->children, request->ref);
    return troupe__children_find(&self->children, request->id);
}

static int
write_info(msgpack_packer *packer, void *arg)
{
    troupe_child_info_t info = troupe__child_info(arg);
    troupe__info_write(&info, packer);
    return 0;
}

int
troupe__reply_info(troupe_context_t *ctx, const struct troupe__child *child)
{
    (void) !troupe_reply(ctx, "*", write_info, (void *) (uintptr_t) child);
    return 0;
}

int
troupe__call_begin(troupe_context_t *ctx, const troupe_message_t *msg,
                   struct troupe__request *ret_request)
{
    int rc = troupe__request_read(msg, ret_request);
    if (rc < 0)
        (void) !troupe_reply_error(ctx, -EBADMSG, "this is no such call");
    return rc;
}

static struct troupe__supervisor *
self_of(void *state)
{
    struct troupe__supervisor_state *held = state;
    CHECK(held->self);
    return held->self;
}

int
troupe__on_which_child(troupe_context_t *ctx, void *state,
                       const troupe_message_t *msg)
{
    struct troupe__supervisor *self = self_of(state);
    struct troupe__request request;
    if (troupe__call_begin(ctx, msg, &request) < 0)
        return 0;
    bool by_id = troupe_ref_is_nobody(request.ref);
    if (self->simple && by_id) {
        (void) !troupe_reply_error(ctx, -EPERM,
                                   "simple one-for-one: by ref only");
        return 0;
    }
    const struct troupe__child *child = troupe__child_named(self, &request);
    if (child)
        return troupe__reply_info(ctx, child);
    (void) !troupe_reply_error(ctx, -ENOENT, "no such child");
    return 0;
}

static int
write_infos(msgpack_packer *packer, void *arg)
{
    const struct troupe__supervisor *self = arg;
    msgpack_pack_array(packer, self->children.count);
    for (struct troupe__child *c = self->children.last; c; c = c->prev) {
        troupe_child_info_t info = troupe__child_info(c);
        troupe__info_write(&info, packer);
    }
    return 0;
}

int
troupe__on_which_children(troupe_context_t *ctx, void *state,
                          const troupe_message_t *msg)
{
    struct troupe__request request;
    if (troupe__call_begin(ctx, msg, &request) < 0)
        return 0;
    (void) !troupe_reply(ctx, "*", write_infos, self_of(state));
    return 0;
}

int
troupe__on_count_children(troupe_context_t *ctx, void *state,
                          const troupe_message_t *msg)
{
    const struct troupe__supervisor *self = self_of(state);
    struct troupe__request request;
    if (troupe__call_begin(ctx, msg, &request) < 0)
        return 0;
    uint32_t supervisors = 0;
    for (struct troupe__child *c = self->children.first; c; c = c->next) {
        if (troupe__spec_is_supervisor(c->spec))
            supervisors += 1;
    }
    uint32_t count = self->children.count;
    (void) !troupe_reply(ctx, "[IIII]", (int64_t) (self->simple ? 1 : count),
                         (int64_t) self->active, (int64_t) supervisors,
                         (int64_t) (count - supervisors));
    return 0;
}

static int
write_spec(msgpack_packer *packer, void *arg)
{
    troupe__spec_write(arg, packer);
    return 0;
}

int
troupe__on_child_spec(troupe_context_t *ctx, void *state,
                      const troupe_message_t *msg)
{
    const struct troupe__supervisor *self = self_of(state);
    struct troupe__request request;
    if (troupe__call_begin(ctx, msg, &request) < 0)
        return 0;
    const struct troupe__child *child = troupe__child_named(self, &request);
    if (child) {
        (void) !troupe_reply(ctx, "*", write_spec,
                             (void *) (uintptr_t) child->spec);
    } else {
        (void) !troupe_reply_error(ctx, -ENOENT, "no such child");
    }
    return 0;
}
