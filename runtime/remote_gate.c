/* SPDX-License-Identifier: Apache-2.0 */
/*
 * remote_gate.c: what another node may say, and to whom it goes on.
 *
 * The sender of a message must be of the node that the connection was granted
 * to. One exception, for runtimes of ours alone: what was forwarded comes from
 * who forwarded it, in the name of who sent it first, and so do the cancel and
 * the question why that follow an ask on its way. Of the messages of runtimes
 * only those pass that are about the sender's own actors, or that ours would
 * answer to anybody.
 */
#include <string.h>

#include "runtime/remote.h"

enum { LOG_EVERY_MS = 1000, NS_PER_MS = 1000000 };

static bool
is_one_of(const struct troupe_message *msg, const char *const *verbs)
{
    for (; *verbs; verbs++) {
        if (strlen(*verbs) == msg->type_size
            && memcmp(*verbs, msg->type, msg->type_size) == 0)
            return true;
    }
    return false;
}

static bool
is_allowed_kind(const struct troupe_message *msg, bool system)
{
    static const char *const verbs[] = {
        "monitor", "demonitor", "link", "unlink",    "room",  "go",
        "full",    "credit",    "why",  "forwarded", "stuck", NULL};
    static const char *const plain[] = {"credit", "room", "go", NULL};
    static const char *const answers[] = {"because", "held", NULL};
    static const char *const exits[] = {"exit", NULL};
    switch (msg->kind) {
    case WIRE_TELL:
        return msg->id == 0; /* else it would pass for a timer */
    case WIRE_ASK:
    case WIRE_REPLY:
    case WIRE_ERROR:
    case WIRE_CANCEL:
        return true;
    case WIRE_STOP:
        return system && is_one_of(msg, exits);
    case WIRE_DOWN:
    case WIRE_EXIT:
        return system;
    case WIRE_CONTROL:
        return is_one_of(msg, system ? verbs : plain)
               || (system && is_one_of(msg, answers));
    case WIRE_START:
    case WIRE_CHILD:
        break;
    }
    return false;
}

/* May it come from that node in the name of its sender? */
static bool
is_sender(const struct troupe_message *msg, uint32_t number, bool system)
{
    if (troupe__ref_node(msg->from) == number)
        return true;
    if (troupe_ref_is_nobody(msg->from))
        return msg->kind == WIRE_TELL || msg->kind == WIRE_STOP;
    static const char *const why[] = {"why", NULL};
    return system
           && (msg->kind <= WIRE_ASK || msg->kind == WIRE_CANCEL
               || (msg->kind == WIRE_CONTROL && is_one_of(msg, why)));
}

void
troupe__remotes_refused(struct troupe__worker *self, uint32_t number,
                        const char *what)
{
    struct troupe__remotes *remotes = self->remotes;
    uint64_t now = troupe__now(self);
    BUMP(self->counters.refused);
    if (remotes->logged_ns
        && now - remotes->logged_ns < (uint64_t) LOG_EVERY_MS * NS_PER_MS) {
        remotes->suppressed++;
        return;
    }
    troupe__log(self->node, TROUPE_LOG_WARNING,
                "node %u sent %s: refused (and %llu more not logged)", number,
                what, (unsigned long long) remotes->suppressed);
    remotes->logged_ns = now;
    remotes->suppressed = 0;
}

static struct troupe__worker *
worker_of(troupe_t *node, troupe_ref_t ref)
{
    struct troupe__worker *worker = atomic_load_explicit(
        &node->workers[troupe__ref_worker(ref)], memory_order_acquire);
    return worker && !atomic_load(&worker->finished) ? worker : NULL;
}

/* For a worker that has no remote inbox, or for another one by mistake. */
static void
pass_on(struct troupe__worker *self, struct troupe_message *msg, bool system)
{
    const struct troupe__worker *worker = worker_of(self->node, msg->to);
    struct troupe__outbox *outbox =
        worker ? troupe__outbox_to(self, msg->to) : NULL;
    if (!outbox) {
        /* What is said to a worker itself is about that worker. */
        if (troupe__ref_slot(msg->to) != TROUPE__SLOT_MAX)
            troupe__system_nobody(self, msg);
        return;
    }
    uint64_t under_way = troupe__outbox_under_way(outbox);
    uint64_t most = worker->is_port ? TROUPE__LANE_SOFT : TROUPE__LANE_HARD;
    bool is_user = msg->kind <= WIRE_ASK;
    if (is_user && !worker->is_port)
        troupe__remotes_tell_behind(self, msg, under_way);
    if (is_user && under_way > most) {
        troupe__refuse(self, NULL, msg, TROUPE_DEAD_OVERFLOW);
        return;
    }
    if (!system && under_way > TROUPE__LANE_HARD) {
        BUMP(self->counters.late); /* answers that nobody can have asked for */
        return;
    }
    troupe__pass_on(self, outbox, msg);
}

/* What nearly all are: said by an actor there to one of this worker's. */
static bool
is_plain(const struct troupe__worker *self, uint32_t number,
         const struct troupe_message *msg)
{
    return msg->kind <= WIRE_CANCEL && (msg->kind != WIRE_TELL || msg->id == 0)
           && troupe__ref_node(msg->from) == number
           && troupe__ref_node(msg->to) == self->node->id
           && troupe__ref_worker(msg->to) == self->index;
}

bool
troupe__remotes_admits(struct troupe__worker *self, uint32_t number,
                       struct troupe_message *msg)
{
    if (is_plain(self, number, msg))
        return true;
    bool system = self->node->peers->all[number].facts.system;
    if (troupe__ref_node(msg->to) != self->node->id) {
        troupe__remotes_refused(self, number, "a message for another node");
        return false;
    }
    if (!is_sender(msg, number, system)) {
        troupe__remotes_refused(self, number, "a message in another's name");
        return false;
    }
    if (!is_allowed_kind(msg, system)) {
        troupe__remotes_refused(self, number,
                                "a message that only a runtime may send");
        return false;
    }
    if (troupe__ref_worker(msg->to) == self->index)
        return true;
    pass_on(self, msg, system);
    return false;
}
