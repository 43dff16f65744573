/* SPDX-License-Identifier: Apache-2.0 */
/* host_stay.c: which actors a host runs, found by all that is known of them. */
#include <stdlib.h>

#include "mailbox/check.h"
#include "mailbox/ref.h"
#include "supervisor/host.h"

struct troupe__stay *
troupe__stay_of(const struct troupe__idmap *map, uint64_t id)
{
    uint64_t value = 0;
    (void) troupe__idmap_get(map, id, &value);
    return (void *) (uintptr_t) value;
}

struct troupe__desk *
troupe__desk_of(const struct troupe__host *self, troupe_ref_t owner)
{
    uint64_t value = 0;
    (void) troupe__idmap_get(&self->desks, owner.id, &value);
    return (void *) (uintptr_t) value;
}

uint64_t
troupe__stay_count(const struct troupe__host *self, uint32_t node)
{
    uint64_t count = 0;
    (void) troupe__idmap_get(&self->counts, node, &count);
    return count;
}

/* --- by owner ---------------------------------------------------------------*/

static void
desk_enter(struct troupe__host *self, struct troupe__stay *stay)
{
    struct troupe__desk *desk = troupe__desk_of(self, stay->owner);
    if (!desk) {
        desk = troupe__alloc(sizeof *desk);
        troupe__idmap_set(&self->desks, stay->owner.id,
                          (uint64_t) (uintptr_t) desk);
    }
    stay->before = desk->last;
    if (desk->last)
        desk->last->next = stay;
    else
        desk->first = stay;
    desk->last = stay;
}

static void
desk_leave(struct troupe__host *self, const struct troupe__stay *stay)
{
    struct troupe__desk *desk = troupe__desk_of(self, stay->owner);
    if (stay->before)
        stay->before->next = stay->next;
    else
        desk->first = stay->next;
    if (stay->next)
        stay->next->before = stay->before;
    else
        desk->last = stay->before;
    troupe__desk_close(self, stay->owner);
}

void
troupe__desk_close(struct troupe__host *self, troupe_ref_t owner)
{
    struct troupe__desk *desk = troupe__desk_of(self, owner);
    if (!desk || desk->first || desk->early)
        return;
    troupe__idmap_remove(&self->desks, owner.id, NULL);
    free(desk);
}

struct troupe__stay *
troupe__stay_ordered(const struct troupe__host *self, troupe_ref_t owner,
                     int64_t incarnation)
{
    const struct troupe__desk *desk = troupe__desk_of(self, owner);
    struct troupe__stay *at = desk ? desk->last : NULL;
    while (at && at->incarnation != incarnation)
        at = at->before;
    return at;
}

/* --- all of it --------------------------------------------------------------*/

void
troupe__stay_add(troupe_context_t *ctx, struct troupe__host *self,
                 troupe_ref_t owner, int64_t incarnation, troupe_ref_t actor,
                 troupe_token_t token)
{
    struct troupe__stay *stay = troupe__alloc(sizeof *stay);
    uint64_t value = (uint64_t) (uintptr_t) stay;
    stay->owner = owner;
    stay->incarnation = incarnation;
    stay->actor = actor;
    stay->started = token;
    CHECK(troupe_monitor(ctx, owner, &stay->of_owner) == 0);
    troupe__idmap_set(&self->by_actor, actor.id, value);
    troupe__idmap_set(&self->by_monitor, stay->of_owner.id, value);
    desk_enter(self, stay);
    uint32_t node = troupe__ref_node(owner);
    troupe__idmap_set(&self->counts, node, troupe__stay_count(self, node) + 1);
}

void
troupe__stay_remove(troupe_context_t *ctx, struct troupe__host *self,
                    struct troupe__stay *stay)
{
    (void) troupe_demonitor(ctx, stay->of_owner);
    if (!stay->last)
        (void) troupe_child_release(ctx, stay->actor);
    troupe__idmap_remove(&self->by_actor, stay->actor.id, NULL);
    troupe__idmap_remove(&self->by_monitor, stay->of_owner.id, NULL);
    troupe__idmap_remove(&self->by_monitor, stay->of_actor.id, NULL);
    uint32_t node = troupe__ref_node(stay->owner);
    uint64_t count = troupe__stay_count(self, node);
    if (count > 1)
        troupe__idmap_set(&self->counts, node, count - 1);
    else
        troupe__idmap_remove(&self->counts, node, NULL);
    desk_leave(self, stay);
    troupe_message_destroy(&stay->last);
    free(stay);
}
