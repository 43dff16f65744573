/* SPDX-License-Identifier: Apache-2.0 */
/* nodes.c: what is told of the nodes of a run, and who is told. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/hub.h"
#include "runtime/worker.h"

int
troupe_nodes_watch(troupe_context_t *ctx)
{
    CHECK(ctx);
    struct troupe__link *link = ctx->worker->node->link;
    if (!link)
        return -EPERM;
    struct troupe__note *note = troupe__note_new(NOTE_WATCH, "");
    note->ref = ctx->actor->ref;
    troupe__link_note(link, note);
    return 0;
}

/* Who has ended is told nothing more. */
static void
drop_ended(struct troupe__link *self)
{
    troupe_actor_stats_t stats;
    size_t count = 0;
    for (size_t i = 0; i < self->watcher_count; i++)
        if (troupe_actor_stats_get(self->node, self->watchers[i], &stats) == 0)
            self->watchers[count++] = self->watchers[i];
    self->watcher_count = count;
}

static void
emit_up(struct troupe__worker *port, troupe_ref_t to, const char *name,
        uint32_t number)
{
    struct troupe__envelope envelope =
        troupe__envelope(WIRE_TELL, to, port->guest->ref, "node-up");
    (void) troupe__emitf(port, &envelope, "[s,I]", name, (int64_t) number);
}

static void
emit_down(struct troupe__worker *port, troupe_ref_t to,
          const troupe_node_event_t *event)
{
    struct troupe__envelope envelope =
        troupe__envelope(WIRE_TELL, to, port->guest->ref, "node-down");
    (void) troupe__emitf(port, &envelope, "[s,I,i,i,s,b,b]", event->name,
                         (int64_t) event->number, (int) event->reason.kind,
                         event->reason.code, event->reason.text,
                         event->was_ready, event->is_permanent);
}

void
troupe__tell_up(struct troupe__link *self, uint32_t number, const char *name)
{
    struct troupe__worker *port = NULL;
    drop_ended(self);
    if (self->watcher_count == 0
        || troupe__port_enter(self->node, true, &port) < 0)
        return;
    for (size_t i = 0; i < self->watcher_count; i++)
        emit_up(port, self->watchers[i], name, number);
    troupe__port_leave(port);
}

void
troupe__tell_down(struct troupe__link *self, const troupe_node_event_t *event)
{
    struct troupe__worker *port = NULL;
    drop_ended(self);
    if (self->watcher_count == 0
        || troupe__port_enter(self->node, true, &port) < 0)
        return;
    for (size_t i = 0; i < self->watcher_count; i++)
        emit_down(port, self->watchers[i], event);
    troupe__port_leave(port);
}

static void
tell_all_that_live(struct troupe__link *self, struct troupe__worker *port,
                   troupe_ref_t watcher)
{
    struct troupe__peer_facts facts;
    for (uint32_t i = 0; self->hub && i < self->hub->count; i++) {
        const struct troupe__hub_node *node = self->hub->nodes[i];
        if (node->state == HUB_LIVE)
            emit_up(port, watcher, node->facts.name, node->facts.number);
    }
    for (uint32_t i = TROUPE__ROOT; !self->hub && i <= TROUPE__PEER_MAX; i++) {
        if ((self->live[i / 64] >> i % 64 & 1)
            && troupe__peer_facts(self->node, i, &facts) == 0)
            emit_up(port, watcher, facts.name, i);
    }
}

void
troupe__watch_begin(struct troupe__link *self, troupe_ref_t watcher)
{
    struct troupe__worker *port = NULL;
    for (size_t i = 0; i < self->watcher_count; i++)
        if (troupe_ref_equal(self->watchers[i], watcher))
            return;
    drop_ended(self);
    self->watchers = troupe__realloc(
        self->watchers, (self->watcher_count + 1) * sizeof *self->watchers);
    self->watchers[self->watcher_count++] = watcher;
    if (troupe__port_enter(self->node, true, &port) < 0)
        return;
    tell_all_that_live(self, port, watcher);
    troupe__port_leave(port);
}

int
troupe_node_event_read(const troupe_message_t *msg,
                       troupe_node_event_t *ret_event)
{
    CHECK(msg && ret_event);
    troupe_node_event_t event = {.is_up = true};
    uint64_t number = 0;
    int kind = 0;
    int rc = -EBADMSG;
    if (troupe_message_is(msg, "node-up")) {
        rc = troupe_unpack(msg, "[s,U!]", &event.name, &number);
    } else if (troupe_message_is(msg, "node-down")) {
        event.is_up = false;
        rc = troupe_unpack(msg, "[s,U,i,i,s,b,b!]", &event.name, &number, &kind,
                           &event.reason.code, &event.reason.text,
                           &event.was_ready, &event.is_permanent);
    }
    if (rc < 0 || number > TROUPE__PEER_MAX || kind < 0
        || kind > TROUPE_EXIT_NOCONNECTION)
        return -EBADMSG;
    event.number = (uint32_t) number;
    event.reason.kind = (troupe_exit_t) kind;
    if (!event.reason.text)
        event.reason.text = "";
    *ret_event = event;
    return 0;
}

int
troupe_node_end(troupe_t *root, uint32_t number, uint32_t timeout_ms)
{
    CHECK(root);
    struct troupe__link *link = root->link;
    if (!link || !link->hub)
        return -EPERM;
    pthread_mutex_lock(&link->lock);
    bool lives = troupe__hub_find(link->hub, number);
    pthread_mutex_unlock(&link->lock);
    if (!lives)
        return -ESRCH;
    struct troupe__note *note = troupe__note_new(NOTE_END, "");
    note->number = number;
    note->value = timeout_ms;
    troupe__link_note(link, note);
    return 0;
}

static void
fill_info(troupe_node_info_t *info, const struct troupe__peer_facts *facts,
          troupe_node_state_t state)
{
    *info = (troupe_node_info_t){.number = facts->number,
                                 .state = state,
                                 .pid = (int) facts->pid,
                                 .workers = facts->workers,
                                 .agent = facts->agent};
    memcpy(info->name, facts->name, sizeof info->name);
}

/* Under the lock: the node of that number, if the root has started it. */
static bool
started_info(const struct troupe__hub *hub, uint32_t number,
             troupe_node_info_t *info)
{
    const struct troupe__hub_node *node = NULL;
    for (uint32_t i = 0; i < hub->count; i++)
        if (hub->nodes[i]->facts.number == number)
            node = hub->nodes[i];
    if (!node)
        return false;
    fill_info(info, &node->facts,
              node->state == HUB_LIVE       ? TROUPE_NODE_READY
              : node->state == HUB_STARTING ? TROUPE_NODE_STARTING
                                            : TROUPE_NODE_JOINING);
    info->is_silent = node->is_silent;
    return true;
}

static bool
info_of(troupe_t *node, uint32_t number, troupe_node_info_t *info)
{
    struct troupe__peer_facts facts = {.number = number};
    if (number == node->id) {
        facts.pid = getpid();
        facts.workers = node->regular;
        facts.agent = node->link->agent;
        memcpy(facts.name, node->peers->self.name, sizeof facts.name);
        fill_info(info, &facts, TROUPE_NODE_READY);
        return true;
    }
    if (node->link->hub)
        return started_info(node->link->hub, number, info);
    if (troupe__peer_facts(node, number, &facts) < 0)
        return false;
    fill_info(info, &facts, TROUPE_NODE_READY);
    return true;
}

int
troupe_node_of(troupe_t *node, troupe_ref_t ref, char name[TROUPE_NAME_MAX + 1])
{
    struct troupe__peer_facts facts;
    CHECK(node && name);
    if (!node->peers)
        return -ENOENT;
    if (troupe__ref_node(ref) == node->id) {
        memcpy(name, node->peers->self.name, sizeof facts.name);
        return 0;
    }
    int rc = troupe__peer_facts(node, troupe__ref_node(ref), &facts);
    if (rc == 0)
        memcpy(name, facts.name, sizeof facts.name);
    return rc;
}

size_t
troupe_node_list(troupe_t *node, troupe_node_info_t *ret_infos, size_t max)
{
    CHECK(node);
    troupe_node_info_t info;
    size_t count = 0;
    if (!node->link)
        return 0;
    pthread_mutex_lock(&node->link->lock);
    for (uint32_t i = TROUPE__ROOT; i <= TROUPE__PEER_MAX; i++) {
        if (!info_of(node, i, &info))
            continue;
        if (count < max)
            ret_infos[count] = info;
        count++;
    }
    pthread_mutex_unlock(&node->link->lock);
    return count;
}
