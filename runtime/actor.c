/* SPDX-License-Identifier: Apache-2.0 */
/*
 * actor.c: how an incarnation begins and ends, and how an actor goes.
 *
 * An end has three steps. (1) The incarnation stops: its stop runs, its asks,
 * timers and promises are over. (2) Actors that it supervised are stopped;
 * the end waits for them, so that whoever hears of it finds their names free.
 * (3) It is told: a supervised actor then waits for its supervisor, any other
 * is released: names, mailbox and slot are gone before anyone is told.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/handle.h"

static void
set_status(struct troupe__actor *actor, troupe_status_t status)
{
    atomic_store_explicit(&actor->status, (uint8_t) status,
                          memory_order_relaxed);
}

static void
send_child_event(struct troupe__worker *self, struct troupe__actor *actor,
                 troupe_child_event_t event,
                 const struct troupe__ending *ending)
{
    static const struct troupe__ending none = {.reason = {.text = ""}};
    const struct troupe__ending *end = ending ? ending : &none;
    struct troupe__envelope envelope =
        troupe__envelope(WIRE_CHILD, actor->parent, actor->ref, "child");
    uint32_t incarnation = SEEN(actor->incarnation);
    int rc = troupe__emitf(
        self, &envelope, "[i, I, b, i, i, s, b, s, U, U]", (int) event,
        (int64_t) incarnation, (int) end->in_start, (int) end->reason.kind,
        end->reason.code, end->reason.text, (int) end->had_message, end->type,
        end->fingerprint, end->cause);
    if (rc < 0) { /* words that are not UTF-8, or too many */
        rc = troupe__emitf(self, &envelope, "[i, I, b, i, i, s, b, s, U, U]",
                           (int) event, (int64_t) incarnation,
                           (int) end->in_start, (int) end->reason.kind,
                           end->reason.code, "", (int) end->had_message, "",
                           end->fingerprint, end->cause);
    }
    CHECK(rc == 0);
}

void
troupe__actor_started(struct troupe__worker *self, struct troupe__actor *actor)
{
    actor->in_start = false;
    actor->suspended = false;
    set_status(actor, actor->resting ? TROUPE_STATUS_SUSPENDED
                                     : TROUPE_STATUS_RUNNING);
    if (!troupe_ref_is_nobody(actor->parent))
        send_child_event(self, actor, TROUPE_CHILD_STARTED, NULL);
    if (troupe__mailbox_count(&actor->mailbox) > 0)
        troupe__enqueue(self, actor);
    else
        troupe__settle_direct(actor);
}

static void
start_returned(struct troupe__worker *self, struct troupe__actor *actor, int rc)
{
    troupe_reason_t ignore = {TROUPE_EXIT_IGNORE, 0, ""};
    if (rc == TROUPE_IGNORE) {
        troupe__actor_end(self, actor, &ignore, NULL);
    } else if (rc == TROUPE_STARTING) {
        troupe__context_end(self, actor, 0);
    } else {
        if (rc >= 0 && actor->in_start)
            troupe__actor_started(self, actor);
        troupe__context_end(self, actor, rc);
    }
}

void
troupe__actor_start(struct troupe__worker *self, struct troupe__actor *actor)
{
    struct troupe_message msg;
    struct troupe__parcel *parcel = troupe__mailbox_pop(&actor->mailbox);
    CHECK(parcel);
    troupe__pressure_update(self, actor);
    actor->queued = false;
    memset(actor->state, 0, actor->born->user->state_size);
    actor->in_start = actor->begun = true;
    set_status(actor, TROUPE_STATUS_STARTING);
    troupe__parcel_open(parcel, &self->arena, &msg);
    msg.type_text[0] = '\0';
    troupe__context_begin(self, actor);
    troupe__context_take(self, &msg);
    troupe__run_mark(self, actor, "(start)");
    troupe_handler_fn start = actor->born->start;
    int rc = start ? troupe__trace_start(self, actor, &msg, start) : 0;
    start_returned(self, actor, rc);
    troupe__parcel_free(&self->parcels, parcel);
}

int
troupe_started(troupe_context_t *ctx)
{
    CHECK(ctx);
    if (!ctx->actor->in_start)
        return -EALREADY;
    troupe__actor_started(ctx->worker, ctx->actor);
    return 0;
}

static void
orphan_children(struct troupe__worker *self, struct troupe__actor *actor)
{
    const struct troupe__idmap *children = &actor->extra->children;
    troupe_reason_t reason = {TROUPE_EXIT_SHUTDOWN, 0, "its supervisor ended"};
    for (uint32_t i = 0; i < children->capacity; i++) {
        troupe_ref_t child = {children->entries[i].id};
        if (child.id)
            troupe__send_exit(self, child, actor->ref, "orphan", &reason);
    }
}

/* Step three. */
static void
finish_end(struct troupe__worker *self, struct troupe__actor *actor)
{
    struct troupe__ending *ending = actor->extra->ending;
    actor->extra->ending = NULL;
    if (troupe_ref_is_nobody(actor->parent) || actor->orphaned) {
        troupe__actor_release(self, actor, &ending->reason);
    } else {
        set_status(actor, TROUPE_STATUS_WAITING);
        troupe__tell_the_end(self, actor, &ending->reason);
        send_child_event(self, actor, TROUPE_CHILD_ENDED, ending);
    }
    free((char *) ending->reason.text);
    free(ending);
}

static struct troupe__ending *
ending_new(const struct troupe_context *ctx, const struct troupe__actor *actor,
           const troupe_reason_t *reason,
           const struct troupe_message *broken_by)
{
    struct troupe__ending *self = troupe__alloc(sizeof *self);
    self->reason = *reason;
    self->reason.text = troupe__strdup(reason->text ? reason->text : "");
    self->in_start = actor->in_start || !actor->begun;
    if (broken_by) {
        self->had_message = true;
        self->fingerprint = troupe__fingerprint(broken_by);
        snprintf(self->type, sizeof self->type, "%.*s",
                 (int) broken_by->type_size, broken_by->type);
    } else if (ctx->blamed && ctx->actor == actor) {
        self->had_message = true;
        self->fingerprint = ctx->blamed;
        memcpy(self->type, ctx->blamed_type, sizeof self->type);
    }
    if (ctx->actor == actor)
        self->cause = ctx->cause;
    return self;
}

static void
run_stop(struct troupe__worker *self, struct troupe__actor *actor,
         const troupe_reason_t *reason)
{
    troupe_stop_fn stop = actor->kind->stop;
    if (!stop || reason->kind == TROUPE_EXIT_KILLED || actor->in_start
        || !actor->begun)
        return;
    troupe__context_begin(self, actor);
    troupe__run_mark(self, actor, "(stop)");
    stop(&self->ctx, actor->state, reason);
}

/* The call of the thread that it stands for is over. */
static void
guest_ends(struct troupe__worker *self, const troupe_reason_t *reason)
{
    if (self->guest_state)
        self->guest->state = self->guest_state;
    self->guest_state = NULL;
    self->guest = NULL;
    self->guest_rc = reason->kind == TROUPE_EXIT_NORMAL ? 0
                     : reason->code < 0                 ? reason->code
                                                        : -ECANCELED;
}

/* It shall not run: neither a share of a turn nor its start. */
void
troupe__unqueue(struct troupe__worker *self, struct troupe__actor *actor)
{
    actor->queued = false;
    struct troupe__actor *before = NULL;
    for (struct troupe__actor *at = self->queue_first; at;
         before = at, at = at->queue_next) {
        if (at != actor)
            continue;
        if (before)
            before->queue_next = at->queue_next;
        else
            self->queue_first = at->queue_next;
        if (self->queue_last == at)
            self->queue_last = before;
        return;
    }
    for (struct troupe__actor **at = &self->newest; *at;
         at = &(*at)->queue_next) {
        if (*at != actor)
            continue;
        *at = actor->queue_next;
        return;
    }
}

/* It was stopped before it began: the start that waits is nobody's. */
static void
start_undo(struct troupe__worker *self, struct troupe__actor *actor)
{
    struct troupe_message msg;
    struct troupe__parcel *first = actor->mailbox.first;
    if (actor->queued)
        troupe__unqueue(self, actor);
    if (!first)
        return;
    troupe__parcel_open(first, &self->arena, &msg);
    if (msg.kind != WIRE_START)
        return;
    troupe__parcel_free(&self->parcels, troupe__mailbox_pop(&actor->mailbox));
    troupe__pressure_update(self, actor);
}

/* Whom it watched may live long, and must not keep the dead in mind. */
static void
forget_targets(struct troupe__worker *self, struct troupe__actor *actor)
{
    struct troupe__idmap *monitors = &actor->extra->monitors;
    for (uint32_t i = 0; monitors->count > 0 && i < monitors->capacity; i++) {
        const struct troupe__idmap_entry *entry = &monitors->entries[i];
        if (!entry->id)
            continue;
        struct troupe__envelope envelope =
            troupe__envelope(WIRE_CONTROL, (troupe_ref_t){entry->value},
                             actor->ref, "demonitor");
        envelope.id = entry->id;
        (void) troupe__emitf(self, &envelope, NULL);
    }
    troupe__idmap_free(monitors);
}

void
troupe__actor_end(struct troupe__worker *self, struct troupe__actor *actor,
                  const troupe_reason_t *reason,
                  const struct troupe_message *broken_by)
{
    if (actor->ending)
        return;
    struct troupe__ending *ending =
        ending_new(&self->ctx, actor, reason, broken_by);
    if (actor == self->guest)
        guest_ends(self, reason);
    actor->ending = true;
    actor->direct = false;
    set_status(actor, TROUPE_STATUS_STOPPING);
    run_stop(self, actor, &ending->reason);
    if (!actor->begun)
        start_undo(self, actor);
    actor->in_start = actor->begun = false;
    actor->suspended = true;
    actor->resting = false;

    struct troupe__extra *extra = troupe__extra(actor);
    extra->ending = ending;
    bool restarts = !troupe_ref_is_nobody(actor->parent) && !actor->orphaned;
    troupe__stash_return(actor);
    troupe__tokens_break(self, actor, &ending->reason, restarts);
    troupe__asks_drop(self, actor);
    troupe__timers_drop(self, actor);
    troupe__watches_drop(self, actor);
    troupe__mute_forget(self, actor);
    forget_targets(self, actor);
    troupe__pressure_update(self, actor);
    actor->kind = actor->born;
    atomic_store_explicit(&actor->kind_seen, actor->born, memory_order_relaxed);
    if (extra->children.count > 0)
        orphan_children(self, actor);
    else
        finish_end(self, actor);
}

void
troupe__child_is_gone(struct troupe__worker *self, struct troupe__actor *actor,
                      troupe_ref_t child)
{
    if (!actor->extra
        || !troupe__idmap_remove(&actor->extra->children, child.id, NULL))
        return;
    if (actor->extra->ending && actor->extra->children.count == 0)
        finish_end(self, actor);
}

/* The supervisor ended, or was never there: nobody will decide about it. */
void
troupe__actor_orphaned(struct troupe__worker *self, struct troupe__actor *actor)
{
    troupe_reason_t reason = {TROUPE_EXIT_SHUTDOWN, 0, "its supervisor ended"};
    actor->orphaned = true;
    if (SEEN(actor->status) == TROUPE_STATUS_WAITING)
        troupe__actor_release(self, actor, &reason);
    else
        troupe__actor_end(self, actor, &reason, NULL);
}

static void
empty_mailbox(struct troupe__worker *self, struct troupe__actor *actor,
              troupe_dead_t why)
{
    struct troupe__parcel *parcel;
    struct troupe_message msg;
    while ((parcel = troupe__mailbox_pop(&actor->mailbox))) {
        troupe__parcel_open(parcel, &self->arena, &msg);
        troupe__waiting_remove(self, &msg, parcel);
        bool timer = msg.kind == WIRE_TELL && msg.id; /* they just end */
        if (msg.kind <= WIRE_ASK && !timer)
            troupe__refuse(self, actor, &msg, why);
        troupe__parcel_free(&self->parcels, parcel);
    }
}

static void
release_names(struct troupe__worker *self, struct troupe__actor *actor)
{
    struct troupe__extra *extra = actor->extra;
    for (uint32_t i = 0; i < extra->name_count; i++) {
        troupe__name_release(self->node, extra->names[i], actor->ref);
        free(extra->names[i]);
    }
    extra->name_count = 0;
    troupe__groups_leave_all(self, actor);
}

/* The actor is gone for good; its block may be another's at once. */
void
troupe__actor_release(struct troupe__worker *self, struct troupe__actor *actor,
                      const troupe_reason_t *reason)
{
    struct troupe__extra *extra = troupe__extra(actor);
    troupe_ref_t ref = actor->ref, parent = actor->parent;
    bool orphaned = actor->orphaned;
    bool is_guest = actor->born->user == &troupe__thread_kind;
    self->gone++;
    if (actor->queued)
        troupe__unqueue(self, actor);
    release_names(self, actor);
    if (actor->root)
        troupe__root_remove(self->node, ref);
    empty_mailbox(self, actor, TROUPE_DEAD_ENDED);
    troupe__mute_relieve(self, actor);
    if (!is_guest) {
        BUMP(self->counters.ended);
        BUMP(self->kinds[actor->born->index].ended);
        troupe__place_leave(self->node, self->index);
    }
    troupe__slot_give(&self->node->slots, &self->slots, troupe__ref_slot(ref));

    troupe__tell_the_end(self, actor, reason);
    if (orphaned) {
        struct troupe__envelope envelope =
            troupe__envelope(WIRE_CONTROL, parent, ref, "released");
        (void) troupe__emitf(self, &envelope, NULL);
    }
    troupe__idmap_free(&extra->children);
    troupe__idmap_free(&extra->waiters);
    troupe__actor_free(self, actor);
}

/* At the end of a node: whoever is left on this worker ends now. */
void
troupe__sweep(struct troupe__worker *self, bool kill)
{
    struct troupe__slots *slots = &self->node->slots;
    troupe_reason_t reason = {kill ? TROUPE_EXIT_KILLED : TROUPE_EXIT_SHUTDOWN,
                              0, "the node stops"};
    for (uint32_t i = troupe__slots_used(slots); i-- > 0;) {
        /* Of another worker's actors not a byte may be read. */
        struct troupe__slot *slot = troupe__slot_at(slots, i);
        struct troupe__actor *actor =
            slot && SEEN(slot->worker) == self->index
                ? atomic_load_explicit(&slot->actor, memory_order_acquire)
                : NULL;
        if (!actor || actor == self->guest)
            continue;
        actor->orphaned = true;
        if (SEEN(actor->status) == TROUPE_STATUS_WAITING)
            troupe__actor_release(self, actor, &reason);
        else
            troupe__actor_end(self, actor, &reason, NULL);
    }
}
