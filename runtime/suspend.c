/* SPDX-License-Identifier: Apache-2.0 */
/*
 * suspend.c: actors that rest because they were told to.
 *
 * A suspended actor is never `direct`: all that comes for it is parked. Its
 * worker then takes from the mailbox what no actor told or asked it: answers,
 * ends of others, exits, cancels. Those keep their order among each other.
 */
#include <errno.h>

#include "runtime/worker.h"

static int
control(troupe_context_t *ctx, troupe_ref_t target, const char *verb)
{
    CHECK(ctx);
    if (troupe_ref_is_nobody(target))
        return -EINVAL;
    struct troupe__envelope envelope =
        troupe__envelope(WIRE_CONTROL, target, ctx->actor->ref, verb);
    return troupe__emitf(ctx->worker, &envelope, NULL);
}

int
troupe_suspend(troupe_context_t *ctx, troupe_ref_t target)
{
    return control(ctx, target, "suspend");
}

int
troupe_resume(troupe_context_t *ctx, troupe_ref_t target)
{
    return control(ctx, target, "resume");
}

static void
set_status(struct troupe__actor *actor, troupe_status_t status)
{
    atomic_store_explicit(&actor->status, (uint8_t) status,
                          memory_order_relaxed);
}

void
troupe__suspend_arrived(struct troupe__worker *self,
                        struct troupe__actor *actor)
{
    char ref[TROUPE_REF_TEXT];
    if (actor->born->child || actor == self->guest) {
        troupe__log(self->node, TROUPE_LOG_WARNING,
                    "%s %s is not suspended: others would wait for it",
                    actor->born->user->name, troupe_ref_text(actor->ref, ref));
        return;
    }
    if (actor->ending || actor->resting)
        return;
    actor->resting = true;
    actor->direct = false;
    if (actor->suspended)
        return; /* its start goes on; then it rests */
    set_status(actor, TROUPE_STATUS_SUSPENDED);
    if (troupe__mailbox_count(&actor->mailbox) > 0)
        troupe__enqueue(self, actor); /* for what is no message in it */
}

void
troupe__resume_arrived(struct troupe__worker *self, struct troupe__actor *actor)
{
    if (!actor->resting)
        return;
    actor->resting = false;
    if (actor->suspended)
        return;
    set_status(actor, actor->muted_on > 0 ? TROUPE_STATUS_MUTED
                                          : TROUPE_STATUS_RUNNING);
    troupe__calls_resume(self, actor);
    if (troupe__mailbox_count(&actor->mailbox) > 0)
        troupe__enqueue(self, actor);
    else
        troupe__settle_direct(actor);
}

/* An end is heard of after the last message of who ended. */
static bool
is_preceded(struct troupe__worker *self, const struct troupe__actor *actor,
            const struct troupe__parcel *event, troupe_ref_t from)
{
    struct troupe_message msg;
    const struct troupe__parcel *at = actor->mailbox.first;
    for (; at != event; at = at->next) {
        troupe__parcel_open(at, &self->arena, &msg);
        if (msg.from.id == from.id)
            return true;
    }
    return false;
}

struct troupe__parcel *
troupe__take_event(struct troupe__worker *self, struct troupe__actor *actor)
{
    struct troupe_message msg;
    struct troupe__parcel *at = actor->mailbox.first;
    for (; at; at = at->next) {
        troupe__parcel_open(at, &self->arena, &msg);
        bool is_end = msg.kind == WIRE_DOWN || msg.kind == WIRE_EXIT;
        if (msg.kind <= WIRE_ASK
            || (is_end && is_preceded(self, actor, at, msg.from)))
            continue;
        troupe__mailbox_remove(&actor->mailbox, at);
        return at;
    }
    return NULL;
}
