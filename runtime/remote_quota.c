/* SPDX-License-Identifier: Apache-2.0 */
/*
 * remote_quota.c: how much the actors of another node may have kept for them.
 *
 * A monitor, a link and a wait for room each take memory of the actor that they
 * are about. What comes is counted, by node; what goes is not. So at the bound
 * it is looked how many there are, and that is the count from then on. Who is
 * at the bound is refused for a while without another look.
 */
#include <stdlib.h>

#include "runtime/remote.h"

enum { REST_MS = 100, NS_PER_MS = 1000000 };

struct quota {
    uint32_t held;     /* at most */
    uint64_t until_ns; /* refused until then */
};

static struct quota *
quota_of(struct troupe__worker *self, uint32_t number)
{
    uint64_t value = 0;
    if (troupe__idmap_get(&self->remotes->quotas, number, &value))
        return (void *) (uintptr_t) value;
    struct quota *quota = troupe__alloc(sizeof *quota);
    troupe__idmap_set(&self->remotes->quotas, number,
                      (uint64_t) (uintptr_t) quota);
    return quota;
}

static uint32_t
count_in(const struct troupe__idmap *map, uint32_t number, bool by_value)
{
    uint32_t count = 0;
    for (uint32_t i = 0; map->count > 0 && i < map->capacity; i++) {
        const struct troupe__idmap_entry *at = &map->entries[i];
        troupe_ref_t ref = {by_value ? at->value : at->id};
        count += at->id && troupe__ref_node(ref) == number;
    }
    return count;
}

/* By all actors of this worker; of another's not a byte may be read. */
static uint32_t
count_held(const struct troupe__worker *self, uint32_t number)
{
    struct troupe__slots *slots = &self->node->slots;
    uint32_t count = count_in(&self->remotes->full, number, false);
    for (uint32_t i = troupe__slots_used(slots); i-- > 0;) {
        struct troupe__slot *slot = troupe__slot_at(slots, i);
        const struct troupe__actor *actor =
            slot && SEEN(slot->worker) == self->index
                ? atomic_load_explicit(&slot->actor, memory_order_acquire)
                : NULL;
        if (!actor || !actor->extra)
            continue;
        count += count_in(&actor->extra->watchers, number, true)
                 + count_in(&actor->extra->links, number, false)
                 + count_in(&actor->extra->waiters, number, false);
    }
    return count;
}

bool
troupe__remotes_may_hold(struct troupe__worker *self, uint32_t number)
{
    struct quota *quota = quota_of(self, number);
    if (quota->held < TROUPE__HELD_MAX) {
        quota->held++;
        return true;
    }
    uint64_t now = troupe__now(self);
    if (now >= quota->until_ns) {
        quota->held = count_held(self, number);
        quota->until_ns = now + (uint64_t) REST_MS * NS_PER_MS;
    }
    if (quota->held < TROUPE__HELD_MAX) {
        quota->held++;
        return true;
    }
    troupe__remotes_refused(self, number,
                            "more monitors, links and waits for room than "
                            "one node may have here");
    return false;
}

void
troupe__remotes_quota_lost(struct troupe__worker *self, uint32_t number)
{
    uint64_t value = 0;
    if (troupe__idmap_remove(&self->remotes->quotas, number, &value))
        free((void *) (uintptr_t) value);
}
