/* SPDX-License-Identifier: Apache-2.0 */
/* map_accept.c: tasks that come to a map, and the records that it has of them. */
#include "actors/map.h"

#include <errno.h>
#include <string.h>

#include "troupe_nodes.h"

#include "mailbox/check.h"

struct map_record *
troupe__map_record_new(struct map *self)
{
    struct map_record *record = troupe__list_take(&self->free_records);
    if (!record) {
        if (self->record_count == self->record_size) {
            self->record_size = self->record_size * 2 + 64;
            self->records = troupe__realloc(self->records,
                                            self->record_size * sizeof(void *));
        }
        record = troupe__alloc(sizeof *record);
        record->index = self->record_count;
        self->records[self->record_count++] = record;
    }
    uint32_t index = record->index, generation = record->generation + 1;
    *record = (struct map_record){.index = index, .generation = generation};
    return record;
}

static void
give_away(struct map *self, struct map_record *record)
{
    troupe__chunk_drop(record->chunk);
    troupe__chunk_drop(record->end_chunk);
    record->chunk = record->end_chunk = NULL;
    record->generation++;
    troupe__list_push(&self->free_records, record);
}

void
troupe__map_forget(struct map *self, struct map_record *record)
{
    troupe__map_ballot_free(self, record);
    self->live -= record->batch || record->head ? 0 : 1;
    give_away(self, record);
}

struct map_record *
troupe__map_find(const struct map *self, uint64_t id)
{
    uint32_t index = (uint32_t) id, generation = (uint32_t) (id >> 32);
    if (index >= self->record_count)
        return NULL;
    struct map_record *record = self->records[index];
    return record->generation == generation ? record : NULL;
}

static void
begin(troupe_context_t *ctx, struct map *self, struct map_record *record)
{
    if (self->options.replicas > 1)
        troupe__map_ballot_open(ctx, self, record);
    else
        troupe__map_queue(self, record);
}

/* A record of a task that has come; nothing is done with it yet. */
static struct map_record *
record_of(struct map *self, struct map_chunk *chunk,
          const struct map_task *task, uint32_t resource)
{
    struct map_record *record = troupe__map_record_new(self);
    record->task = *task;
    record->resource = resource;
    record->chunk = chunk;
    chunk->users++;
    uint64_t retries =
        task->has_retries ? task->retries : self->options.retries;
    record->retries = retries < UINT32_MAX ? (uint32_t) retries : UINT32_MAX;
    return record;
}

static void
accept_one(troupe_context_t *ctx, struct map *self, struct map_record *record,
           struct map_batch *batch)
{
    record->queued_ns = self->now_ns;
    record->batch = batch;
    troupe__map_trace_begin(ctx, record);
    if (batch) {
        record->number = batch->count;
        batch->records[batch->count++] = record;
        begin(ctx, self, record);
        return;
    }
    record->number = self->next_number++;
    self->live++;
    if (self->options.ordered && self->order_last)
        self->order_last->order_next = record;
    else if (self->options.ordered)
        self->order_first = record;
    if (self->options.ordered)
        self->order_last = record;
    if (record->task.how == MAP_DONE)
        troupe__list_put(&self->before, record);
    else
        begin(ctx, self, record);
}

static bool
read_task(struct map *self, struct map_chunk *chunk, bool is_packed,
          struct map_cursor *at, struct map_list *ret)
{
    struct packed_task it;
    uint32_t resource = 0;
    bool ok = is_packed ? troupe__packed_task_take(at, &it)
                        : troupe__task_take(at, &it.task);
    ok = ok && troupe__map_resource_of(self, &it.task, &resource);
    if (ok)
        troupe__list_put(ret, record_of(self, chunk, &it.task, resource));
    return ok;
}

/* Whether it lives in this process: only then are packed tasks what we think. */
static bool
is_here(troupe_context_t *ctx, troupe_ref_t sender)
{
    char own[TROUPE_NAME_MAX + 1], other[TROUPE_NAME_MAX + 1];
    troupe_t *node = troupe_context_node(ctx);
    return troupe_node_of(node, troupe_self(ctx), own) < 0
           || (troupe_node_of(node, sender, other) == 0
               && strcmp(own, other) == 0);
}

/* Records for the tasks of a message; false: one of them is none. */
static bool
read_tasks(troupe_context_t *ctx, struct map *self, struct map_chunk *chunk,
           struct map_list *ret)
{
    struct map_cursor at;
    uint32_t count = 0;
    if (!troupe__find_value(chunk->msg, "tasks", &at))
        return false;
    bool ok = true, is_packed = troupe__take_bin(&at);
    if (is_packed ? !is_here(ctx, troupe_message_sender(chunk->msg))
                  : !troupe__take_array(&at, &count))
        return false;
    while (ok && (is_packed ? at.at < at.end : count-- > 0))
        ok = read_task(self, chunk, is_packed, &at, ret);
    return ok;
}

/* All or none: all are read before one is begun. */
int
troupe__map_accept(troupe_context_t *ctx, struct map *self,
                   const troupe_message_t *msg, struct map_batch *batch)
{
    struct map_chunk *chunk = troupe__chunk_new(msg);
    struct map_list records = {0};
    self->now_ns = troupe_time_ns(ctx);
    bool ok = read_tasks(ctx, self, chunk, &records);
    if (ok && batch)
        batch->records = troupe__alloc((records.count + 1) * sizeof(void *));
    while (records.count > 0) {
        struct map_record *record = troupe__list_take(&records);
        if (ok)
            accept_one(ctx, self, record, batch);
        else
            give_away(self, record);
    }
    troupe__chunk_drop(chunk);
    return ok ? 0 : -EBADMSG;
}
