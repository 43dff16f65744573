/* SPDX-License-Identifier: Apache-2.0 */
/*
 * map_order.c: which task is next: by priority, as far as its resource has
 * tokens left and the machine is not too busy. Who needs a token that others
 * have waits aside, so that those behind it go on.
 */
#include "actors/map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "troupe_msgpack.h"

#include "mailbox/check.h"

void
troupe__map_queue(struct map *self, struct map_record *record)
{
    struct map_list *queue = &self->queue;
    if (!queue->last || queue->last->priority >= record->priority) {
        troupe__list_put(queue, record);
        return;
    }
    struct map_record **at = &queue->first;
    while ((*at)->priority >= record->priority)
        at = &(*at)->next;
    record->next = *at;
    *at = record;
    queue->count++;
}

/* --- resources --------------------------------------------------------------*/

static struct map_resource *
find(struct map *self, const char *name, size_t size)
{
    for (uint32_t i = 0; i < self->resource_count; i++) {
        struct map_resource *it = &self->resources[i];
        if (strlen(it->name) == size && memcmp(it->name, name, size) == 0)
            return it;
    }
    return NULL;
}

/* One that nobody has said anything of has one token. */
static struct map_resource *
add(struct map *self, const char *name, size_t size, uint64_t most)
{
    if (self->resource_count == MAP_RESOURCES_MAX)
        return NULL;
    struct map_resource *it = &self->resources[self->resource_count++];
    *it = (struct map_resource){.most = most};
    memcpy(it->name, name, size);
    return it;
}

int
troupe__map_resources_read(struct map *self, const troupe_message_t *msg)
{
    const void *value = NULL;
    size_t size = 0;
    int rc = troupe_unpack(msg, "{s?r}", "resources", &value, &size);
    struct map_cursor at = {value, (const uint8_t *) value + size};
    uint32_t count = 0;
    if (rc < 0 || !value)
        return rc;
    if (!troupe__take_map(&at, &count))
        return -EINVAL;
    for (uint32_t i = 0; i < count; i++) {
        const char *name = NULL;
        size_t length = 0;
        uint64_t most = 0;
        if (!troupe__take_text(&at, &name, &length) || !name || length == 0
            || length > TROUPE_NAME_MAX || !troupe__take_uint(&at, &most)
            || most == 0 || find(self, name, length)
            || !add(self, name, length, most))
            return -EINVAL;
    }
    return 0;
}

bool
troupe__map_resource_of(struct map *self, const struct map_task *task,
                        uint32_t *ret_resource)
{
    struct map_resource *it = find(self, task->resource, task->resource_size);
    if (!it)
        it = add(self, task->resource, task->resource_size, 1);
    if (it)
        *ret_resource = (uint32_t) (it - self->resources) + 1;
    return it != NULL;
}

static struct map_resource *
resource_of(struct map *self, const struct map_record *record)
{
    return record->resource ? &self->resources[record->resource - 1] : NULL;
}

struct map_record *
troupe__map_next(struct map *self)
{
    while (self->queue.count > 0) {
        struct map_record *record = troupe__list_take(&self->queue);
        struct map_resource *it = resource_of(self, record);
        if (!it)
            return record;
        if (it->used < it->most) {
            it->used++;
            return record;
        }
        troupe__list_put(&it->waiting, record);
        self->waiting++;
    }
    return NULL;
}

/* Whoever waits for what is given back is in the queue again. */
static void
give_back(struct map *self, const struct map_record *record)
{
    struct map_resource *it = resource_of(self, record);
    if (!it)
        return;
    CHECK(it->used > 0);
    it->used--;
    if (it->waiting.count > 0) {
        self->waiting--;
        troupe__map_queue(self, troupe__list_take(&it->waiting));
    }
}

void
troupe__map_took(struct map *self, struct map_record *record)
{
    give_back(self, record);
    record->is_sent = false;
    record->generation++; /* what is told late of this attempt is stale */
}

void
troupe__map_untake(struct map *self, struct map_record *record)
{
    give_back(self, record);
    troupe__map_queue(self, record);
}

void
troupe__map_unwait(struct map *self)
{
    for (uint32_t i = 0; i < self->resource_count; i++) {
        struct map_list *waiting = &self->resources[i].waiting;
        while (waiting->count > 0)
            troupe__list_put(&self->queue, troupe__list_take(waiting));
    }
    self->waiting = 0;
}

/* --- load -------------------------------------------------------------------*/

uint64_t
troupe__map_room(const struct map *self)
{
    double load = 0;
    uint64_t outstanding = 0;
    if (self->options.load <= 0 || getloadavg(&load, 1) != 1
        || load <= self->options.load)
        return UINT64_MAX;
    for (uint32_t i = 0; i < self->pool_count; i++)
        outstanding += self->pools[i].outstanding;
    return outstanding > 0 ? 0 : 1;
}
