/* SPDX-License-Identifier: Apache-2.0 */
/* map_packed.c: see map_packed.h. */
#include "actors/map_packed.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "mailbox/check.h"

/* The heads, without gaps, whose bytes would be anything. Sizes of texts count
 * the NUL; 0: there is no text. */
struct task_head {
    uint64_t id, retries, priority, body_size;
    uint32_t timeout_ms, key_size;
    uint8_t how, target_size, type_size, resource_size;
    uint8_t has_retries, has_trace;
    uint8_t unused[2];
};

struct end_head {
    uint64_t id, value_size;
    double run_ms;
    uint32_t state_size, text_size;
};

struct result_head {
    uint64_t number, value_size, votes_size;
    double queue_ms, run_ms;
    uint32_t attempts, pool;
    uint32_t key_size, state_size, text_size;
    uint8_t has_pool, has_votes;
    uint8_t unused[2];
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
    struct task_head head = {
        .how = (uint8_t) task->how,
        .retries = task->retries,
        .has_retries = task->has_retries,
        .priority = task->priority,
        .timeout_ms = (uint32_t) task->timeout_ms,
        .body_size = task->body_size,
        .target_size = (uint8_t) size_of(task->target, task->target_size),
        .type_size = (uint8_t) size_of(task->type, task->type_size),
        .key_size = (uint32_t) size_of(task->key, task->key_size),
        .resource_size =
            (uint8_t) size_of(task->resource, task->resource_size)};
    size_t size = sizeof head + head.target_size + head.type_size
                  + head.body_size + head.resource_size + head.key_size;
    char *at = troupe__text_room(to, size);
    memcpy(at, &head, sizeof head);
    at += sizeof head;
    at = put_text(at, task->target, head.target_size);
    at = put_text(at, task->type, head.type_size);
    at = put_bytes(at, task->body, task->body_size);
    at = put_text(at, task->resource, head.resource_size);
    (void) put_text(at, task->key, head.key_size);
    to->size += size;
}

void
troupe__packed_work_put(struct troupe__text *to, const uint8_t *bytes,
                        size_t work_size, uint64_t id, uint32_t timeout_ms,
                        const troupe_trace_t *trace)
{
    struct task_head head;
    size_t trace_size = trace ? sizeof *trace : 0;
    char *at = troupe__text_room(to, work_size + trace_size);
    memcpy(&head, bytes, sizeof head);
    head.id = id;
    head.timeout_ms = timeout_ms;
    head.has_trace = trace != NULL;
    head.resource_size = 0;
    head.key_size = 0;
    memcpy(at, &head, sizeof head);
    at += sizeof head;
    at = put_bytes(at, bytes + sizeof head, work_size - sizeof head);
    if (trace)
        (void) put_bytes(at, trace, trace_size);
    to->size += work_size + trace_size;
}

static bool
take_texts(struct task_head *head, const uint8_t *at, struct packed_task *ret)
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

/* A head, and what lies behind it within the bytes; 0: it is none. */
static size_t
read_task_head(const struct map_cursor *from, struct task_head *ret)
{
    size_t left = (size_t) (from->end - from->at);
    if (left < sizeof *ret)
        return 0;
    memcpy(ret, from->at, sizeof *ret);
    left -= sizeof *ret;
    size_t texts = (ret->has_trace ? sizeof(troupe_trace_t) : 0)
                   + (size_t) ret->target_size + ret->type_size
                   + ret->resource_size + ret->key_size;
    if (left < texts || left - texts < ret->body_size)
        return 0;
    return sizeof *ret + texts + ret->body_size;
}

bool
troupe__packed_task_pass(struct map_cursor *self, uint64_t *ret_id)
{
    struct task_head head;
    size_t size = read_task_head(self, &head);
    self->at += size;
    *ret_id = size > 0 ? head.id : 0;
    return size > 0;
}

bool
troupe__packed_task_take(struct map_cursor *self, struct packed_task *ret)
{
    struct task_head head;
    struct map_task *task = &ret->task;
    size_t size = read_task_head(self, &head);
    if (size == 0 || head.how > MAP_DONE
        || head.target_size > TROUPE_NAME_MAX + 1
        || head.type_size > TROUPE_TYPE_MAX + 1
        || head.resource_size > TROUPE_NAME_MAX + 1)
        return false;
    ret->id = head.id;
    ret->bytes = self->at;
    task->how = head.how;
    task->timeout_ms = head.timeout_ms;
    task->retries = head.retries;
    task->has_retries = head.has_retries != 0;
    task->priority = head.priority;
    if (!take_texts(&head, self->at + sizeof head, ret))
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
    struct end_head head = {.id = id,
                            .run_ms = end->run_ms,
                            .value_size = end->value_size,
                            .state_size = (uint32_t) end->state_size + 1,
                            .text_size = (uint32_t) end->text_size + 1};
    size_t size =
        sizeof head + head.state_size + head.text_size + end->value_size;
    char *at = troupe__text_room(to, size);
    memcpy(at, &head, sizeof head);
    at += sizeof head;
    at = put_text(at, end->state, head.state_size);
    at = put_text(at, end->text, head.text_size);
    (void) put_bytes(at, end->value, end->value_size);
    to->size += size;
}

bool
troupe__packed_end_take(struct map_cursor *self, uint64_t *ret_id,
                        struct map_end *ret_end)
{
    struct end_head head;
    size_t left = (size_t) (self->end - self->at);
    if (left < sizeof head)
        return false;
    memcpy(&head, self->at, sizeof head);
    const uint8_t *at = self->at + sizeof head;
    left -= sizeof head;
    size_t texts = (size_t) head.state_size + head.text_size;
    if (left < texts || left - texts < head.value_size
        || !take_text(&at, head.state_size, &ret_end->state,
                      &ret_end->state_size)
        || !take_text(&at, head.text_size, &ret_end->text, &ret_end->text_size))
        return false;
    ret_end->value = at;
    ret_end->value_size = head.value_size;
    ret_end->run_ms = head.run_ms;
    *ret_id = head.id;
    self->at = at + head.value_size;
    return ret_end->state && ret_end->text;
}

/* --- results -----------------------------------------------------------------*/

void
troupe__packed_result_put(struct troupe__text *to,
                          const struct packed_result *result)
{
    const struct map_end *end = &result->end;
    struct result_head head = {
        .number = result->number,
        .queue_ms = result->queue_ms,
        .run_ms = end->run_ms,
        .attempts = result->attempts,
        .pool = result->pool,
        .has_pool = result->has_pool,
        .has_votes = result->votes != NULL,
        .key_size = (uint32_t) size_of(result->key, result->key_size),
        .state_size = (uint32_t) end->state_size + 1,
        .text_size = (uint32_t) end->text_size + 1,
        .value_size = end->value_size,
        .votes_size = result->votes ? result->votes_size : 0};
    size_t size = sizeof head + head.key_size + head.state_size + head.text_size
                  + end->value_size + head.votes_size;
    char *at = troupe__text_room(to, size);
    memcpy(at, &head, sizeof head);
    at += sizeof head;
    at = put_text(at, result->key, head.key_size);
    at = put_text(at, end->state, head.state_size);
    at = put_text(at, end->text, head.text_size);
    at = put_bytes(at, end->value, end->value_size);
    if (result->votes)
        (void) put_bytes(at, result->votes, head.votes_size);
    to->size += size;
}

bool
troupe__packed_result_take(struct map_cursor *self, struct packed_result *ret)
{
    struct result_head head;
    struct map_end *end = &ret->end;
    size_t left = (size_t) (self->end - self->at);
    if (left < sizeof head)
        return false;
    memcpy(&head, self->at, sizeof head);
    const uint8_t *at = self->at + sizeof head;
    left -= sizeof head;
    size_t texts = (size_t) head.key_size + head.state_size + head.text_size;
    if (left < texts || left - texts < head.value_size
        || left - texts - head.value_size < head.votes_size)
        return false;
    *ret = (struct packed_result){.number = head.number,
                                  .queue_ms = head.queue_ms,
                                  .attempts = head.attempts,
                                  .pool = head.pool,
                                  .has_pool = head.has_pool != 0,
                                  .votes_size = head.votes_size};
    if (!take_text(&at, head.key_size, &ret->key, &ret->key_size)
        || !take_text(&at, head.state_size, &end->state, &end->state_size)
        || !take_text(&at, head.text_size, &end->text, &end->text_size))
        return false;
    end->value = at;
    end->value_size = head.value_size;
    end->run_ms = head.run_ms;
    ret->votes = head.has_votes ? at + head.value_size : NULL;
    self->at = at + head.value_size + head.votes_size;
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
