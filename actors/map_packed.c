/* SPDX-License-Identifier: Apache-2.0 */
/* map_packed.c: see map_packed.h. */
#include "actors/map_packed.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "mailbox/check.h"

/* The heads, without gaps. Sizes of texts count the NUL; 0: there is no text.
 * They are written and read where they lie: what is built aside first, in small
 * pieces, is fetched late. */
#define IN_PLACE __attribute__((packed, may_alias))

struct IN_PLACE task_head {
    uint64_t id, retries, priority, body_size;
    uint32_t timeout_ms, key_size;
    uint8_t how, target_size, type_size, resource_size;
    uint8_t has_retries, has_trace;
};

struct IN_PLACE end_head {
    uint64_t id, value_size;
    double run_ms;
    uint32_t state_size, text_size;
};

struct IN_PLACE result_head {
    uint64_t number, value_size, votes_size;
    double queue_ms, run_ms;
    uint32_t attempts, pool;
    uint32_t key_size, state_size, text_size;
    uint8_t has_pool, has_votes;
};

struct map_chunk *
troupe__chunk_new(const troupe_message_t *msg)
{
    struct map_chunk *self = troupe__alloc(sizeof *self);
    self->users = 1;
    if (troupe_message_keep(msg, &self->msg) < 0)
        CHECK(self->msg); /* it fails for NULL alone */
    return self;
}

struct map_chunk *
troupe__chunk_of(struct troupe__text *bytes)
{
    struct map_chunk *self = troupe__alloc(sizeof *self);
    self->users = 1;
    self->bytes = *bytes;
    *bytes = (struct troupe__text){0};
    return self;
}

void
troupe__chunk_drop(struct map_chunk *self)
{
    if (!self || --self->users > 0)
        return;
    troupe_message_destroy(&self->msg);
    troupe__text_free(&self->bytes);
    free(self);
}

/* Most are short: two that overlap are faster than a call. */
static inline char *
put_bytes(char *at, const void *bytes, size_t size)
{
    const char *from = bytes;
    if (size > 16) {
        memcpy(at, from, size);
    } else if (size >= 8) {
        memcpy(at, from, 8);
        memcpy(at + size - 8, from + size - 8, 8);
    } else if (size >= 4) {
        memcpy(at, from, 4);
        memcpy(at + size - 4, from + size - 4, 4);
    } else if (size > 0) {
        at[0] = from[0];
        at[size / 2] = from[size / 2];
        at[size - 1] = from[size - 1];
    }
    return at + size;
}

static inline char *
put_text(char *at, const char *text, size_t size)
{
    if (size == 0)
        return at;
    at = put_bytes(at, text, size - 1);
    *at = '\0';
    return at + 1;
}

static inline size_t
size_of(const char *text, size_t size)
{
    return text ? size + 1 : 0;
}

/* Its place, and on behind it; false: it has no NUL. */
static inline bool
take_text(const uint8_t **at, size_t size, const char **ret_text,
          size_t *ret_size)
{
    *ret_text = size > 0 ? (const char *) *at : NULL;
    *ret_size = size > 0 ? size - 1 : 0;
    *at += size;
    return size == 0 || (*at)[-1] == '\0';
}

/* --- tasks -------------------------------------------------------------------*/

/* Behind the head: target, type, body; resource, key; or, for pools, a trace. */
void
troupe__packed_task_put(struct troupe__text *to, const struct map_task *task)
{
    CHECK(task->target_size <= TROUPE_NAME_MAX);
    CHECK(task->type_size <= TROUPE_TYPE_MAX);
    CHECK(task->resource_size <= TROUPE_NAME_MAX);
    size_t target_size = size_of(task->target, task->target_size);
    size_t type_size = size_of(task->type, task->type_size);
    size_t key_size = size_of(task->key, task->key_size);
    size_t resource_size = size_of(task->resource, task->resource_size);
    size_t size = sizeof(struct task_head) + target_size + type_size
                  + task->body_size + resource_size + key_size;
    char *at = troupe__text_room(to, size);
    struct task_head *head = (struct task_head *) at;
    head->id = 0;
    head->retries = task->retries;
    head->priority = task->priority;
    head->body_size = task->body_size;
    head->timeout_ms = (uint32_t) task->timeout_ms;
    head->key_size = (uint32_t) key_size;
    head->how = (uint8_t) task->how;
    head->target_size = (uint8_t) target_size;
    head->type_size = (uint8_t) type_size;
    head->resource_size = (uint8_t) resource_size;
    head->has_retries = task->has_retries;
    head->has_trace = 0;
    at += sizeof *head;
    at = put_text(at, task->target, target_size);
    at = put_text(at, task->type, type_size);
    at = put_bytes(at, task->body, task->body_size);
    at = put_text(at, task->resource, resource_size);
    (void) put_text(at, task->key, key_size);
    to->size += size;
}

void
troupe__packed_work_put(struct troupe__text *to, const uint8_t *bytes,
                        size_t work_size, uint64_t id, uint32_t timeout_ms,
                        const troupe_trace_t *trace)
{
    size_t trace_size = trace ? sizeof *trace : 0;
    char *at = troupe__text_room(to, work_size + trace_size);
    memcpy(at, bytes, work_size);
    struct task_head *head = (struct task_head *) at;
    head->id = id;
    head->timeout_ms = timeout_ms;
    head->has_trace = trace != NULL;
    head->resource_size = 0;
    head->key_size = 0;
    if (trace)
        (void) put_bytes(at + work_size, trace, trace_size);
    to->size += work_size + trace_size;
}

static bool
take_texts(const struct task_head *head, const uint8_t *at,
           struct packed_task *ret)
{
    struct map_task *task = &ret->task;
    bool ok =
        take_text(&at, head->target_size, &task->target, &task->target_size)
        && take_text(&at, head->type_size, &task->type, &task->type_size);
    task->body = at;
    task->body_size = head->body_size;
    at += head->body_size;
    ret->work_size = (size_t) (at - ret->bytes);
    ok = ok
         && take_text(&at, head->resource_size, &task->resource,
                      &task->resource_size)
         && take_text(&at, head->key_size, &task->key, &task->key_size);
    ret->trace = head->has_trace ? (const troupe_trace_t *) at : NULL;
    return ok;
}

/* The size of a task that lies within the bytes; 0: there is none. */
static size_t
task_size(const struct map_cursor *from)
{
    const struct task_head *head = (const struct task_head *) from->at;
    size_t left = (size_t) (from->end - from->at);
    if (left < sizeof *head)
        return 0;
    left -= sizeof *head;
    size_t texts = (head->has_trace ? sizeof(troupe_trace_t) : 0)
                   + (size_t) head->target_size + head->type_size
                   + head->resource_size + head->key_size;
    if (left < texts || left - texts < head->body_size)
        return 0;
    return sizeof *head + texts + head->body_size;
}

bool
troupe__packed_work_take(struct map_cursor *self, struct packed_task *ret)
{
    const struct task_head *head = (const struct task_head *) self->at;
    struct map_task *task = &ret->task;
    size_t size = task_size(self), none = 0;
    const uint8_t *at = self->at + sizeof *head;
    if (size == 0 || !take_text(&at, head->target_size, &task->target, &none)
        || !take_text(&at, head->type_size, &task->type, &none))
        return false;
    task->how = head->how;
    task->timeout_ms = head->timeout_ms;
    task->body = at;
    task->body_size = head->body_size;
    ret->trace = head->has_trace
                     ? (const troupe_trace_t *) (at + head->body_size)
                     : NULL;
    self->at += size;
    return head->how < MAP_DONE
           && (task->target || head->how == TROUPE_MAP_COMMAND);
}

bool
troupe__packed_task_pass(struct map_cursor *self, uint64_t *ret_id)
{
    const struct task_head *head = (const struct task_head *) self->at;
    size_t size = task_size(self);
    self->at += size;
    *ret_id = size > 0 ? head->id : 0;
    return size > 0;
}

bool
troupe__packed_task_take(struct map_cursor *self, struct packed_task *ret)
{
    const struct task_head *head = (const struct task_head *) self->at;
    struct map_task *task = &ret->task;
    size_t size = task_size(self);
    if (size == 0 || head->how > MAP_DONE
        || head->target_size > TROUPE_NAME_MAX + 1
        || head->type_size > TROUPE_TYPE_MAX + 1
        || head->resource_size > TROUPE_NAME_MAX + 1)
        return false;
    ret->id = head->id;
    ret->bytes = self->at;
    task->how = head->how;
    task->timeout_ms = head->timeout_ms;
    task->retries = head->retries;
    task->has_retries = head->has_retries != 0;
    task->priority = head->priority;
    if (!take_texts(head, self->at + sizeof *head, ret))
        return false;
    self->at += size;
    return task->target || task->how == TROUPE_MAP_COMMAND
           || task->how == MAP_DONE;
}

/* --- ends --------------------------------------------------------------------*/

void
troupe__packed_end_put(struct troupe__text *to, uint64_t id,
                       const struct map_end *end)
{
    size_t state_size = end->state_size + 1, text_size = end->text_size + 1;
    size_t size =
        sizeof(struct end_head) + state_size + text_size + end->value_size;
    char *at = troupe__text_room(to, size);
    struct end_head *head = (struct end_head *) at;
    head->id = id;
    head->value_size = end->value_size;
    head->run_ms = end->run_ms;
    head->state_size = (uint32_t) state_size;
    head->text_size = (uint32_t) text_size;
    at += sizeof *head;
    at = put_text(at, end->state, state_size);
    at = put_text(at, end->text, text_size);
    (void) put_bytes(at, end->value, end->value_size);
    to->size += size;
}

bool
troupe__packed_end_take(struct map_cursor *self, uint64_t *ret_id,
                        struct map_end *ret_end)
{
    const struct end_head *head = (const struct end_head *) self->at;
    size_t left = (size_t) (self->end - self->at);
    if (left < sizeof *head)
        return false;
    const uint8_t *at = self->at + sizeof *head;
    left -= sizeof *head;
    size_t texts = (size_t) head->state_size + head->text_size;
    if (left < texts || left - texts < head->value_size
        || !take_text(&at, head->state_size, &ret_end->state,
                      &ret_end->state_size)
        || !take_text(&at, head->text_size, &ret_end->text,
                      &ret_end->text_size))
        return false;
    ret_end->value = at;
    ret_end->value_size = head->value_size;
    ret_end->run_ms = head->run_ms;
    *ret_id = head->id;
    self->at = at + head->value_size;
    return ret_end->state && ret_end->text;
}

uint64_t
troupe__packed_end_next(const struct map_cursor *self)
{
    const struct end_head *head = (const struct end_head *) self->at;
    size_t left = (size_t) (self->end - self->at);
    return left < sizeof *head ? 0 : head->id;
}

/* --- results -----------------------------------------------------------------*/

void
troupe__packed_result_put(struct troupe__text *to,
                          const struct packed_result *result)
{
    const struct map_end *end = &result->end;
    size_t key_size = size_of(result->key, result->key_size);
    size_t state_size = end->state_size + 1, text_size = end->text_size + 1;
    size_t votes_size = result->votes ? result->votes_size : 0;
    size_t size = sizeof(struct result_head) + key_size + state_size + text_size
                  + end->value_size + votes_size;
    char *at = troupe__text_room(to, size);
    struct result_head *head = (struct result_head *) at;
    head->number = result->number;
    head->value_size = end->value_size;
    head->votes_size = votes_size;
    head->queue_ms = result->queue_ms;
    head->run_ms = end->run_ms;
    head->attempts = result->attempts;
    head->pool = result->pool;
    head->key_size = (uint32_t) key_size;
    head->state_size = (uint32_t) state_size;
    head->text_size = (uint32_t) text_size;
    head->has_pool = result->has_pool;
    head->has_votes = result->votes != NULL;
    at += sizeof *head;
    at = put_text(at, result->key, key_size);
    at = put_text(at, end->state, state_size);
    at = put_text(at, end->text, text_size);
    at = put_bytes(at, end->value, end->value_size);
    if (result->votes)
        (void) put_bytes(at, result->votes, votes_size);
    to->size += size;
}

bool
troupe__packed_result_take(struct map_cursor *self, struct packed_result *ret)
{
    const struct result_head *head = (const struct result_head *) self->at;
    struct map_end *end = &ret->end;
    size_t left = (size_t) (self->end - self->at);
    if (left < sizeof *head)
        return false;
    const uint8_t *at = self->at + sizeof *head;
    left -= sizeof *head;
    size_t texts = (size_t) head->key_size + head->state_size + head->text_size;
    if (left < texts || left - texts < head->value_size
        || left - texts - head->value_size < head->votes_size
        || !take_text(&at, head->key_size, &ret->key, &ret->key_size)
        || !take_text(&at, head->state_size, &end->state, &end->state_size)
        || !take_text(&at, head->text_size, &end->text, &end->text_size))
        return false;
    end->value = at;
    end->value_size = head->value_size;
    end->run_ms = head->run_ms;
    ret->number = head->number;
    ret->queue_ms = head->queue_ms;
    ret->attempts = head->attempts;
    ret->pool = head->pool;
    ret->has_pool = head->has_pool != 0;
    ret->votes = head->has_votes ? at + head->value_size : NULL;
    ret->votes_size = head->votes_size;
    self->at = at + head->value_size + head->votes_size;
    return end->state && end->text;
}

int
troupe__packed_bytes(const troupe_message_t *msg,
                     struct map_cursor *ret_records)
{
    const void *bytes = NULL;
    size_t size = 0;
    int rc = troupe_unpack(msg, "B", &bytes, &size);
    *ret_records = (struct map_cursor){bytes, (const uint8_t *) bytes + size};
    return rc;
}
