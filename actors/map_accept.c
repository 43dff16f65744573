/* SPDX-License-Identifier: Apache-2.0 */
/* map_accept.c: tasks that come to a map, and the records that it has of them. */
#include "actors/map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "troupe_nodes.h"

#include "mailbox/check.h"

#define TOGETHER 64 /* records that are made at once */

/* Some at once: they are near each other, and the memory grows less often. */
static void
make_records(struct map *self)
{
    if (self->record_count + TOGETHER > self->record_size) {
        self->record_size = self->record_size * 2 + TOGETHER;
        self->records =
            troupe__realloc(self->records, self->record_size * sizeof(void *));
    }
    struct map_record *some = troupe__alloc(TOGETHER * sizeof *some);
    for (uint32_t i = 0; i < TOGETHER; i++) {
        some[i].index = self->record_count;
        self->records[self->record_count++] = &some[i];
        troupe__list_put(&self->free_records, &some[i]);
    }
}

void
troupe__map_records_free(struct map *self)
{
    for (uint32_t i = 0; i < self->record_count; i += TOGETHER)
        free(self->records[i]);
    free(self->records);
}

struct map_record *
troupe__map_record_new(struct map *self)
{
    if (self->free_records.count == 0)
        make_records(self);
    struct map_record *record = troupe__list_take(&self->free_records);
    uint32_t index = record->index, generation = record->generation + 1;
    troupe__clear(record, sizeof *record);
    record->index = index;
    record->generation = generation;
    return record;
}

static void
give_away(struct map *self, struct map_record *record)
{
    troupe__chunk_drop(record->chunk);
    troupe__chunk_drop(record->end_chunk);
    if (record->span)
        free(record->span);
    record->chunk = record->end_chunk = NULL;
    record->span = NULL;
    record->generation++;
    troupe__list_push(&self->free_records, record);
}

void
troupe__map_forget(struct map *self, struct map_record *record)
{
    if (record->ballot)
        troupe__map_ballot_free(self, record);
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
          const struct packed_task *it, uint32_t resource)
{
    const struct map_task *task = &it->task;
    struct map_record *record = troupe__map_record_new(self);
    uint64_t retries =
        task->has_retries ? task->retries : self->options.retries;
    record->retries = retries < UINT32_MAX ? (uint32_t) retries : UINT32_MAX;
    record->packed = it->bytes;
    record->work_size = it->work_size;
    record->priority = task->priority;
    record->key = task->key;
    record->key_size = task->key_size;
    record->timeout_ms = (uint32_t) task->timeout_ms;
    record->how = (uint8_t) task->how;
    record->resource = (uint8_t) resource;
    record->chunk = chunk;
    chunk->users++;
    return record;
}

void
troupe__map_task_of(const struct map_record *record, struct packed_task *ret)
{
    struct map_cursor at = {record->packed,
                            record->packed + record->packed_size};
    CHECK(troupe__packed_task_take(&at, ret)); /* it was read when it came */
}

static void
accept_one(troupe_context_t *ctx, struct map *self, struct map_record *record,
           struct map_batch *batch)
{
    record->queued_ns = self->now_ns;
    record->batch = batch;
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
    if (record->how == MAP_DONE)
        troupe__list_put(&self->before, record);
    else
        begin(ctx, self, record);
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

/* From msgpack, as tasks come from elsewhere. */
static bool
pack_tasks(struct map_cursor *at, struct troupe__text *to)
{
    struct map_task task;
    uint32_t count = 0;
    bool ok = troupe__take_array(at, &count);
    while (ok && count-- > 0) {
        ok = troupe__task_take(at, &task);
        if (ok)
            troupe__packed_task_put(to, &task);
    }
    return ok;
}

/* The tasks of a message, packed; the chunk, or NULL: there are none. */
static struct map_chunk *
open_tasks(troupe_context_t *ctx, const troupe_message_t *msg,
           struct map_cursor *ret_tasks)
{
    struct troupe__text packed = {0};
    if (!troupe__find_value(msg, "tasks", ret_tasks))
        return NULL;
    struct map_cursor list = *ret_tasks;
    if (troupe__take_bin(&list)) {
        if (!is_here(ctx, troupe_message_sender(msg)))
            return NULL;
        struct map_chunk *chunk = troupe__chunk_new(msg);
        CHECK(troupe__find_value(chunk->msg, "tasks", ret_tasks)
              && troupe__take_bin(ret_tasks));
        return chunk;
    }
    if (!pack_tasks(&list, &packed)) {
        troupe__text_free(&packed);
        return NULL;
    }
    const uint8_t *at = (const uint8_t *) packed.data;
    *ret_tasks = (struct map_cursor){at, at + packed.size};
    return troupe__chunk_of(&packed);
}

/* Records for tasks; false: one of them is none. */
static bool
read_tasks(struct map *self, struct map_chunk *chunk, struct map_cursor *at,
           struct map_list *ret)
{
    bool ok = true;
    while (ok && at->at < at->end) {
        struct packed_task it;
        uint32_t resource = 0;
        ok = troupe__packed_task_take(at, &it);
        if (ok && it.task.resource)
            ok = troupe__map_resource_of(self, &it.task, &resource);
        if (ok) {
            struct map_record *record = record_of(self, chunk, &it, resource);
            record->packed_size = (size_t) (at->at - record->packed);
            troupe__list_put(ret, record);
        }
    }
    return ok;
}

/* All or none: all are read before one is begun. */
int
troupe__map_accept(troupe_context_t *ctx, struct map *self,
                   const troupe_message_t *msg, struct map_batch *batch)
{
    struct map_cursor at;
    struct map_chunk *chunk = open_tasks(ctx, msg, &at);
    struct map_list records = {0};
    troupe_trace_t trace;
    bool is_traced = troupe_trace_get(ctx, &trace);
    self->now_ns = troupe_time_ns(ctx);
    bool ok = chunk && read_tasks(self, chunk, &at, &records);
    if (ok && batch)
        batch->records = troupe__alloc((records.count + 1) * sizeof(void *));
    while (records.count > 0) {
        struct map_record *record = troupe__list_take(&records);
        if (ok && is_traced)
            troupe__map_trace_begin(ctx, record);
        if (ok)
            accept_one(ctx, self, record, batch);
        else
            give_away(self, record);
    }
    troupe__chunk_drop(chunk);
    return ok ? 0 : -EBADMSG;
}
