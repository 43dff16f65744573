/* SPDX-License-Identifier: Apache-2.0 */
/* remote.c: frames from workers of other nodes, and ways to them. */
#include "runtime/remote.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    TRY_TICKS = 50000,
    EAGER_TICKS = 5000,
    TAKE_MOST = 32,
    CUT = 64 << 20 /* bytes under way to who is no runtime of ours */
};

/* Another node that this worker sends to. */
struct troupe__remote {
    uint32_t lanes; /* its regular workers */
    uint64_t cut;   /* bytes under way; what comes then is dropped */
    struct troupe__outbox *outboxes[];
};

int
troupe__remotes_open(struct troupe__worker *self)
{
    const troupe_t *node = self->node;
    const struct troupe__membership *member = &node->peers->self;
    char path[sizeof self->remotes->inbox.path];
    self->remotes = troupe__alloc(sizeof *self->remotes);
    troupe__secret_text(member, self->remotes->password);
    if (self->is_port || self->is_own)
        return 0;
    snprintf(path, sizeof path, "%s/n%u.w%u", member->directory, node->id,
             self->index);
    int rc = troupe__remote_inbox_open(
        &self->remotes->inbox, node->transport, path,
        (size_t) node->options.message_size_max + TROUPE__REMOTE_BUFFER);
    if (rc < 0) {
        free(self->remotes);
        self->remotes = NULL;
    }
    return rc;
}

static void
remote_free(struct troupe__worker *self, uint32_t number, bool drop)
{
    struct troupe__remote *remote = self->remotes->nodes[number];
    self->remotes->nodes[number] = NULL;
    self->remotes->last = NULL;
    for (uint32_t i = 0; i < remote->lanes; i++) {
        struct troupe__outbox *outbox = remote->outboxes[i];
        if (outbox && drop)
            troupe__remote_outbox_drop(outbox);
        else if (outbox)
            troupe__outbox_close(outbox);
        free(outbox);
    }
    free(remote);
}

void
troupe__remotes_close(struct troupe__worker *self)
{
    if (!self->remotes)
        return;
    for (uint32_t i = 0; i <= TROUPE__PEER_MAX; i++) {
        troupe__remotes_flow_lost(self, i);
        if (self->remotes->nodes[i])
            remote_free(self, i, false);
    }
    troupe__remote_inbox_close(&self->remotes->inbox);
    troupe__idmap_free(&self->remotes->readers);
    troupe__idmap_free(&self->remotes->full);
    troupe__idmap_free(&self->remotes->quotas);
    explicit_bzero(self->remotes->password, sizeof self->remotes->password);
    free(self->remotes);
    self->remotes = NULL;
}

/* What was written for it in this turn goes with it. */
void
troupe__remotes_drop(struct troupe__worker *self, uint32_t number)
{
    if (!self->remotes->nodes[number])
        return;
    troupe__flush(self); /* so that none of its outboxes is dirty */
    remote_free(self, number, true);
}

bool
troupe__remotes_source(struct troupe__worker *self,
                       struct troupe__source *ret_source)
{
    if (!self->remotes || !self->remotes->inbox.socket)
        return false;
    struct troupe__remote_inbox *inbox = &self->remotes->inbox;
    *ret_source =
        (struct troupe__source){inbox->socket, inbox->fd, &inbox->armed};
    self->remotes->has_slept = true;
    return true;
}

static bool
is_known(const troupe_t *node, uint32_t number)
{
    uint32_t state = number > TROUPE__PEER_MAX
                         ? (uint32_t) PEER_NONE
                         : atomic_load(&node->peers->all[number].state);
    return state == PEER_ADMITTED || state == PEER_ROUTED;
}

uint32_t
troupe__remotes_take(struct troupe__worker *self, bool eager)
{
    struct troupe__remote_inbox *inbox = &self->remotes->inbox;
    uint32_t count = 0, sender = 0;
    if (!inbox->socket)
        return 0;
    /* A look costs two system calls. One that found nothing is not repeated
     * at once: who then sleeps is woken. */
    uint64_t pause = !eager ? TRY_TICKS : inbox->armed ? EAGER_TICKS : 0;
    if (troupe__ticks() - inbox->tried_ticks < pause)
        return 0;
    /* Who was woken answers the first frame before it looks for another. */
    uint32_t most = self->remotes->has_slept ? 1 : TAKE_MOST;
    self->remotes->has_slept = false;
    while (count < most
           && troupe__remote_inbox_take(inbox, self->frame, &sender)) {
        uint32_t number = sender >> TROUPE__WORKER_BITS;
        count++;
        if (is_known(self->node, number)) {
            self->remotes->sender = sender;
            self->remotes->told_full = 0;
            troupe__deliver_remote(self, number, self->frame);
            self->remotes->sender = 0;
            troupe__remotes_took(self, sender, self->frame->size);
        } else {
            BUMP(self->counters.late);
        }
        self->frame = troupe__frame_clear(self->frame);
    }
    if (count < most)
        inbox->tried_ticks = troupe__ticks();
    return count;
}

static struct troupe__remote *
remote_new(struct troupe__worker *self, uint32_t number)
{
    struct troupe__peer_facts facts;
    if (troupe__peer_facts(self->node, number, &facts) < 0)
        return NULL;
    struct troupe__remote *remote = troupe__alloc(
        sizeof *remote + facts.workers * sizeof(struct troupe__outbox *));
    remote->lanes = facts.workers;
    remote->cut = facts.system ? UINT64_MAX : CUT;
    self->remotes->nodes[number] = remote;
    return remote;
}

static struct troupe__outbox *
outbox_new(struct troupe__worker *self, uint32_t number, uint32_t lane)
{
    char path[sizeof self->remotes->inbox.path];
    const struct troupe__membership *member = &self->node->peers->self;
    struct troupe__outbox *outbox = troupe__alloc(sizeof *outbox);
    snprintf(path, sizeof path, "%s/n%u.w%u", member->directory, number, lane);
    outbox->index = lane;
    int rc = troupe__remote_outbox_open(
        outbox, self->node->transport, path,
        member->number << TROUPE__WORKER_BITS | self->index,
        self->remotes->password, &self->node->tap, &self->node->remote_spares);
    if (rc == 0)
        return outbox;
    troupe__log(self->node, TROUPE_LOG_ERROR,
                "no socket from worker %u to worker %u of node %u: %s",
                self->index, lane, number, troupe_strerror(rc));
    free(outbox);
    return NULL;
}

struct troupe__outbox *
troupe__remotes_known(struct troupe__worker *self, troupe_ref_t to)
{
    if (!self->remotes)
        return NULL;
    if (self->remotes->last
        && self->remotes->last_way == to.id >> TROUPE__WAY_SHIFT)
        return self->remotes->last;
    const struct troupe__remote *remote =
        self->remotes->nodes[troupe__ref_node(to)];
    return remote ? remote->outboxes[troupe__ref_worker(to) % remote->lanes]
                  : NULL;
}

struct troupe__outbox *
troupe__remotes_outbox(struct troupe__worker *self, troupe_ref_t to)
{
    uint32_t number = troupe__ref_node(to);
    if (!self->remotes
        || atomic_load_explicit(&self->node->peers->all[number].state,
                                memory_order_acquire)
               != PEER_ROUTED)
        return NULL;
    if (self->remotes->last
        && self->remotes->last_way == to.id >> TROUPE__WAY_SHIFT)
        return self->remotes->last;
    struct troupe__remote *remote = self->remotes->nodes[number];
    if (!remote && !(remote = remote_new(self, number)))
        return NULL;
    uint32_t lane = troupe__ref_worker(to) % remote->lanes;
    if (!remote->outboxes[lane]
        && (remote->outboxes[lane] = outbox_new(self, number, lane)))
        remote->outboxes[lane]->cut = remote->cut;
    self->remotes->last_way = to.id >> TROUPE__WAY_SHIFT;
    self->remotes->last = remote->outboxes[lane];
    return remote->outboxes[lane];
}
