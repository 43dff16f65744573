/* SPDX-License-Identifier: Apache-2.0 */
/* system.c: what the runtime's own messages do when they arrive. */
#include <errno.h>

#include "runtime/knot.h"
#include "runtime/remote.h"

static bool
is(const struct troupe_message *msg, const char *verb)
{
    size_t size = strlen(verb);
    return msg->type_size == size && memcmp(msg->type, verb, size) == 0;
}

/* The body of exits and downs: [incarnation, kind, code, text]. */
void
troupe__send_exit(struct troupe__worker *self, troupe_ref_t to,
                  troupe_ref_t from, const char *type,
                  const troupe_reason_t *reason)
{
    struct troupe__envelope envelope =
        troupe__envelope(WIRE_STOP, to, from, type);
    int rc = troupe__emitf(self, &envelope, "[i, i, i, s]", 0,
                           (int) reason->kind, reason->code, reason->text);
    if (rc < 0) /* words that are not UTF-8 */
        rc = troupe__emitf(self, &envelope, "[i, i, i, s]", 0,
                           (int) reason->kind, reason->code, "");
    CHECK(rc == 0);
}

static bool
read_reason(const struct troupe_message *msg, troupe_reason_t *ret_reason)
{
    int incarnation = 0, kind = 0;
    if (troupe_unpack(msg, "[i, i, i, s]", &incarnation, &kind,
                      &ret_reason->code, &ret_reason->text)
        < 0)
        return false;
    ret_reason->kind = (troupe_exit_t) kind;
    return true;
}

/* An end is heard of after the last message of who ended, even by an actor
 * whose start is not done and which only events and answers reach. */
static bool
waits_from(struct troupe__worker *self, const struct troupe__actor *actor,
           const struct troupe_message *event)
{
    struct troupe_message msg;
    const struct troupe__parcel *at = actor->mailbox.first;
    if (event->kind != WIRE_DOWN && event->kind != WIRE_EXIT)
        return false;
    for (; at; at = at->next) {
        troupe__parcel_open(at, &self->arena, &msg);
        if (msg.from.id == event->from.id)
            return true;
    }
    return false;
}

/* An event passes every bound, but keeps its place behind what waits. */
void
troupe__event(struct troupe__worker *self, struct troupe__actor *actor,
              struct troupe_message *msg)
{
    if (actor->ending)
        return;
    BUMP(actor->received);
    bool in_start = actor->in_start && !waits_from(self, actor, msg);
    if (actor->direct || in_start)
        troupe__handle(self, actor, msg);
    else
        troupe__park(self, actor, msg);
}

/* An exit signal, from anyone, or from a link. */
static void
exit_signal(struct troupe__worker *self, struct troupe__actor *actor,
            struct troupe_message *msg)
{
    troupe_reason_t reason;
    bool own = troupe_ref_equal(msg->from, actor->ref);
    bool is_thread = actor == self->guest && !self->guest_state;
    if (!read_reason(msg, &reason) || is_thread)
        return; /* what stands for a thread no signal ends */
    bool signal = msg->kind == WIRE_STOP;
    bool kill = signal && reason.kind == TROUPE_EXIT_KILLED;
    bool normal = reason.kind == TROUPE_EXIT_NORMAL && !own;
    if (normal && (signal || !actor->kind->exit))
        return;
    if (actor->kind->exit && !kill)
        troupe__event(self, actor, msg);
    else
        troupe__actor_end(self, actor, &reason, NULL);
}

static void
stop_arrived(struct troupe__worker *self, struct troupe__actor *actor,
             struct troupe_message *msg)
{
    if (is(msg, "orphan"))
        troupe__actor_orphaned(self, actor);
    else if (!actor->ending)
        exit_signal(self, actor, msg);
}

static void
exit_arrived(struct troupe__worker *self, struct troupe__actor *actor,
             struct troupe_message *msg)
{
    /* After an unlink nothing of that link is seen; who traps may unlink
     * before its turn comes, see troupe__handle(). */
    uint64_t linked = 0;
    if (actor->ending || !actor->extra
        || !troupe__idmap_get(&actor->extra->links, msg->from.id, &linked))
        return;
    if (!actor->kind->exit)
        troupe__idmap_remove(&actor->extra->links, msg->from.id, NULL);
    exit_signal(self, actor, msg);
}

static void
start_arrived(struct troupe__worker *self, struct troupe__actor *actor,
              struct troupe_message *msg)
{
    bool again = msg->type_size > strlen("start");
    if (again
        && (SEEN(actor->status) != TROUPE_STATUS_WAITING
            || !troupe_ref_equal(msg->from, actor->parent))) {
        troupe__log(self->node, TROUPE_LOG_WARNING,
                    "a %s was not restarted: it had not ended, or not for "
                    "this supervisor",
                    actor->born->user->name);
        return;
    }
    if (again) {
        BUMP(actor->incarnation);
        BUMP(self->counters.restarts);
        BUMP(self->kinds[actor->born->index].restarted);
        actor->ending = false;
        if (actor->queued)
            troupe__unqueue(self, actor);
    } else if (actor->ending) {
        return; /* it was stopped before it began */
    }
    troupe__mailbox_push_front(
        &actor->mailbox, troupe__parcel_new(&self->parcels, msg, self->now));
    actor->queued = true;
    actor->queue_next = self->newest;
    self->newest = actor;
}

static void
cancel_arrived(struct troupe__worker *self, struct troupe__actor *actor,
               struct troupe_message *msg)
{
    troupe__cancel_onwards(self, msg);
    struct troupe__token *token = troupe__token_find(self, msg->from, msg->id);
    if (token && token->cancelled)
        return; /* it comes over each hop that ends on this worker */
    if (token) {
        actor = token->actor; /* another, where it was forwarded */
        bool deferred = token->deferred && actor->kind->cancel;
        troupe__token_cancel(self, token);
        if (deferred)
            troupe__event(self, actor, msg);
        return;
    }
    troupe__waiting_cancel(self, msg);
}

static void
quarantine(struct troupe__actor *actor, const struct troupe_message *msg)
{
    struct troupe__extra *extra = troupe__extra(actor);
    size_t count = sizeof extra->quarantine / sizeof extra->quarantine[0];
    extra->quarantine[extra->quarantine_count++ % count] = msg->id;
}

static void
monitor_arrived(struct troupe__actor *actor, const struct troupe_message *msg)
{
    troupe__idmap_set(&troupe__extra(actor)->watchers, msg->id, msg->from.id);
}

/* Nobody ends another's monitor, whatever its id. */
static void
demonitor_arrived(struct troupe__actor *actor, const struct troupe_message *msg)
{
    uint64_t watcher = 0;
    if (actor->extra
        && troupe__idmap_get(&actor->extra->watchers, msg->id, &watcher)
        && watcher == msg->from.id)
        troupe__idmap_remove(&actor->extra->watchers, msg->id, NULL);
}

/* Between runtimes, about a worker: there need be no such actor. */
static bool
worker_control(struct troupe__worker *self, const struct troupe_message *msg)
{
    if (is(msg, "go"))
        troupe__mute_go(self, msg->id);
    else if (is(msg, "because"))
        troupe__because(self, msg);
    else if (is(msg, "held"))
        troupe__held(self, msg);
    else if (is(msg, "forwarded"))
        troupe__ask_forwarded(self, msg);
    else if (is(msg, "credit"))
        troupe__remotes_credit(self, msg);
    else if (is(msg, "full"))
        troupe__remotes_full(self, msg);
    else if (is(msg, "lost"))
        troupe__remotes_lost(self, (uint32_t) msg->id);
    else if (is(msg, "sweep"))
        troupe__sweep(self, false);
    else if (is(msg, "kill"))
        troupe__sweep(self, true);
    else if (is(msg, "quit"))
        self->quit = true;
    else
        return is(msg, "wake");
    return true;
}

/* What there is to hear of a monitor or a link that is not kept. */
static void
answer_end(struct troupe__worker *self, const struct troupe_message *msg,
           troupe_exit_t exit, int code, const char *text)
{
    struct troupe__envelope envelope =
        troupe__envelope(is(msg, "link") ? WIRE_EXIT : WIRE_DOWN, msg->from,
                         msg->to, troupe_exit_name(exit));
    envelope.id = msg->id;
    (void) troupe__emitf(self, &envelope, "[i, i, i, s]", 0, (int) exit, code,
                         text);
}

/* It would be kept for an actor of another node that has too many kept. */
static bool
refuses(struct troupe__worker *self, struct troupe_message *msg)
{
    static const char why[] =
        "refused: too many monitors and links of its node here";
    uint32_t number = troupe__ref_node(msg->from);
    bool waits = is(msg, "room");
    if (number == self->node->id || !self->remotes
        || !(waits || is(msg, "monitor") || is(msg, "link"))
        || troupe__remotes_may_hold(self, number))
        return false;
    if (waits)
        troupe__system_nobody(self, msg); /* so it does not */
    else
        answer_end(self, msg, TROUPE_EXIT_NOCONNECTION, -ENOSPC, why);
    return true;
}

static void
control(struct troupe__worker *self, struct troupe__actor *actor,
        struct troupe_message *msg)
{
    uint64_t from = msg->from.id;
    if (worker_control(self, msg) || refuses(self, msg))
        return;
    if (is(msg, "room"))
        troupe__mute_wanted(self, actor, msg);
    else if (is(msg, "monitor"))
        monitor_arrived(actor, msg);
    else if (is(msg, "demonitor"))
        demonitor_arrived(actor, msg);
    else if (is(msg, "link"))
        troupe__idmap_set(&troupe__extra(actor)->links, from, 1);
    else if (is(msg, "unlink") && actor->extra)
        troupe__idmap_remove(&actor->extra->links, from, NULL);
    else if (is(msg, "release") && actor->parent.id == from)
        troupe__actor_orphaned(self, actor);
    else if (is(msg, "released"))
        troupe__child_is_gone(self, actor, msg->from);
    else if (is(msg, "quarantine") && actor->parent.id == from)
        quarantine(actor, msg);
    else if (is(msg, "suspend"))
        troupe__suspend_arrived(self, actor);
    else if (is(msg, "resume"))
        troupe__resume_arrived(self, actor);
    else if (is(msg, "why"))
        troupe__why(self, actor, msg);
    else if (is(msg, "stuck"))
        troupe__stuck(self, actor, msg);
    else if (is(msg, "letter"))
        troupe__event(self, actor, msg); /* of a guest; see guest.h */
}

static void
child_arrived(struct troupe__worker *self, struct troupe__actor *actor,
              struct troupe_message *msg)
{
    troupe_child_t child;
    if (actor->kind->child) {
        troupe__event(self, actor, msg);
    } else if (troupe_child_read(msg, &child) == 0
               && child.event == TROUPE_CHILD_ENDED) {
        /* It supervises in name only: nothing comes back. */
        struct troupe__envelope envelope =
            troupe__envelope(WIRE_CONTROL, msg->from, actor->ref, "release");
        (void) troupe__emitf(self, &envelope, NULL);
    }
}

void
troupe__system(struct troupe__worker *self, struct troupe__actor *actor,
               struct troupe_message *msg)
{
    switch (msg->kind) {
    case WIRE_CANCEL:
        cancel_arrived(self, actor, msg);
        break;
    case WIRE_START:
        start_arrived(self, actor, msg);
        break;
    case WIRE_STOP:
        stop_arrived(self, actor, msg);
        break;
    case WIRE_DOWN:
        troupe__event(self, actor, msg);
        break;
    case WIRE_EXIT:
        exit_arrived(self, actor, msg);
        break;
    case WIRE_CHILD:
        child_arrived(self, actor, msg);
        break;
    case WIRE_CONTROL:
        control(self, actor, msg);
        break;
    case WIRE_TELL:
    case WIRE_ASK:
    case WIRE_REPLY:
    case WIRE_ERROR:
        break;
    }
}

static void
control_nobody(struct troupe__worker *self, const struct troupe_message *msg)
{
    if (worker_control(self, msg))
        return;
    struct troupe__envelope envelope =
        troupe__envelope(WIRE_CONTROL, msg->from, msg->to, "go");
    if (is(msg, "monitor") || is(msg, "link")) {
        answer_end(self, msg, TROUPE_EXIT_NOPROC, 0, "no such actor");
    } else if (is(msg, "room")) {
        envelope.id = msg->to.id;
        (void) troupe__emitf(self, &envelope, NULL);
    } else if (is(msg, "why")) {
        troupe__why(self, NULL, msg);
    }
}

/* A message for an actor that is not there. */
void
troupe__system_nobody(struct troupe__worker *self, struct troupe_message *msg)
{
    troupe_child_t child;
    struct troupe__envelope reply;
    troupe_dead_t why =
        self->quit ? TROUPE_DEAD_STOPPING : TROUPE_DEAD_NO_ACTOR;
    switch (msg->kind) {
    case WIRE_TELL:
    case WIRE_ASK: /* a tell with an id is a timer of the actor that is gone */
        if (msg->kind == WIRE_ASK || msg->id == 0)
            troupe__refuse(self, NULL, msg, why);
        break;
    case WIRE_REPLY:
    case WIRE_ERROR:
        BUMP(self->counters.late);
        break;
    case WIRE_CONTROL:
        control_nobody(self, msg);
        break;
    case WIRE_STOP:
        reply = troupe__envelope(WIRE_CONTROL, msg->from, msg->to, "released");
        if (is(msg, "orphan"))
            (void) troupe__emitf(self, &reply, NULL);
        break;
    case WIRE_CHILD:
        reply = troupe__envelope(WIRE_STOP, msg->from, msg->to, "orphan");
        if (troupe_child_read(msg, &child) == 0)
            (void) troupe__emitf(self, &reply, NULL);
        break;
    case WIRE_CANCEL:
        troupe__cancel_onwards(self, msg);
        break;
    case WIRE_START:
    case WIRE_DOWN:
    case WIRE_EXIT:
        break;
    }
}
