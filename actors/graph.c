/* SPDX-License-Identifier: Apache-2.0 */
/* graph.c: makes graphs and copies tasks into them. */
#include "actors/graph.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "troupe_msgpack.h"

#include "actors/graph_command.h"
#include "mailbox/check.h"

#define TEXT_MAX 4096 /* bytes of a `when`, or of a name of a thing */

troupe_graph_t *
troupe_graph_new(void)
{
    return troupe__alloc(sizeof(struct troupe_graph));
}

static bool
is_id_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')
           || (c >= 'A' && c <= 'Z') || c == '_' || c == '-' || c == '/';
}

static bool
is_id(const char *id)
{
    size_t size = 0;
    while (id && size <= TROUPE_GRAPH_ID_MAX && is_id_letter(id[size]))
        size++;
    return size > 0 && size <= TROUPE_GRAPH_ID_MAX && id[size] == '\0';
}

static bool
are_ids(const char *const *ids, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!is_id(ids[i]))
            return false;
    return true;
}

static bool
are_texts(const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!texts[i] || !*texts[i] || strnlen(texts[i], TEXT_MAX) == TEXT_MAX)
            return false;
    return true;
}

static bool
is_asked(const troupe_graph_task_t *task)
{
    size_t type = task->type ? strnlen(task->type, TROUPE_TYPE_MAX + 1) : 0;
    size_t name = task->actor ? strnlen(task->actor, TROUPE_NAME_MAX + 1) : 0;
    return type > 0 && type <= TROUPE_TYPE_MAX && name > 0
           && name <= TROUPE_NAME_MAX;
}

static bool
has_rounds(const troupe_graph_task_t *task)
{
    if (!task->until)
        return task->rounds_max == 0;
    return are_texts(&task->until, 1) && task->rounds_max > 0
           && task->rounds_max <= TROUPE_GRAPH_ROUNDS_MAX;
}

static bool
is_task(const troupe_graph_task_t *task)
{
    return is_id(task->id) && task->work <= TROUPE_GRAPH_NESTED
           && task->rule <= TROUPE_GRAPH_QUORUM
           && (task->work != TROUPE_GRAPH_ASK || is_asked(task))
           && (task->work < TROUPE_GRAPH_COMMAND || task->body)
           && (!task->body || task->body_size > 0)
           && (task->need_count == 0 || task->needs)
           && (task->write_count == 0 || task->writes)
           && task->need_count <= TROUPE_GRAPH_NEEDS_MAX
           && task->write_count <= TROUPE_GRAPH_NEEDS_MAX
           && are_ids(task->needs, task->need_count)
           && are_texts(task->writes, task->write_count)
           && (!task->when || are_texts(&task->when, 1))
           && (!task->each || are_texts(&task->each, 1))
           && (!task->file || are_texts(&task->file, 1)) && has_rounds(task)
           && (!task->fallback || is_id(task->fallback))
           && (!task->on_error || is_id(task->on_error));
}

static bool
is_value(const void *bytes, size_t size)
{
    msgpack_unpacked unpacked;
    size_t used = 0;
    msgpack_unpacked_init(&unpacked);
    bool is_whole = msgpack_unpack_next(&unpacked, bytes, size, &used)
                        == MSGPACK_UNPACK_SUCCESS
                    && used == size;
    msgpack_unpacked_destroy(&unpacked);
    return is_whole;
}

static bool
is_command(const troupe_graph_task_t *task)
{
    msgpack_unpacked unpacked;
    struct command command;
    size_t used = 0;
    msgpack_unpacked_init(&unpacked);
    bool is = msgpack_unpack_next(&unpacked, task->body, task->body_size, &used)
                  == MSGPACK_UNPACK_SUCCESS
              && troupe__graph_command_read(&unpacked.data, &command) == 0;
    msgpack_unpacked_destroy(&unpacked);
    return is;
}

/* One block of memory for a task, handed out piece by piece. */
struct block {
    char *bytes;
    size_t used;
};

static void *
take(struct block *self, const void *bytes, size_t size)
{
    size_t at = self->used;
    self->used += size;
    if (!self->bytes)
        return NULL;
    if (size > 0)
        memcpy(self->bytes + at, bytes, size);
    return self->bytes + at;
}

static const char *
take_text(struct block *self, const char *text)
{
    return text ? take(self, text, strlen(text) + 1) : NULL;
}

/* Texts of a list whose pointers have been taken. */
static void
take_texts(struct block *self, const char **list, const char *const *texts,
           size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *copy = take_text(self, texts[i]);
        if (list)
            list[i] = copy;
    }
}

/* Without a block this only counts its bytes. Pointers first: aligned. */
static void
take_spec(struct block *block, const troupe_graph_task_t *task,
          troupe_graph_task_t *spec)
{
    *spec = *task;
    const char **needs =
        take(block, task->needs, task->need_count * sizeof *needs);
    const char **writes =
        take(block, task->writes, task->write_count * sizeof *writes);
    take_texts(block, needs, task->needs, task->need_count);
    take_texts(block, writes, task->writes, task->write_count);
    spec->needs = needs;
    spec->writes = writes;
    spec->id = take_text(block, task->id);
    spec->actor = take_text(block, task->actor);
    spec->type = take_text(block, task->type);
    spec->fallback = take_text(block, task->fallback);
    spec->on_error = take_text(block, task->on_error);
    spec->when = take_text(block, task->when);
    spec->each = take_text(block, task->each);
    spec->until = take_text(block, task->until);
    spec->file = take_text(block, task->file);
    spec->body = task->body ? take(block, task->body, task->body_size) : NULL;
}

static void
take_task(struct graph_task *self, const troupe_graph_task_t *task)
{
    troupe_graph_task_t *spec = &self->spec;
    struct block block = {0};
    take_spec(&block, task, spec);
    self->block = troupe__alloc(block.used);
    block = (struct block){.bytes = self->block};
    take_spec(&block, task, spec);
    if (spec->timeout_ms == 0)
        spec->timeout_ms = GRAPH_TIMEOUT_MS;
    if (spec->backoff_min_ms == 0)
        spec->backoff_min_ms = GRAPH_BACKOFF_MIN;
    if (spec->backoff_max_ms == 0)
        spec->backoff_max_ms = GRAPH_BACKOFF_MAX;
    if (spec->backoff_max_ms < spec->backoff_min_ms)
        spec->backoff_max_ms = spec->backoff_min_ms;
}

int
troupe_graph_add(troupe_graph_t *self, const troupe_graph_task_t *task)
{
    CHECK(self);
    CHECK(task);
    if (!is_task(task))
        return -EINVAL;
    if (task->body && !is_value(task->body, task->body_size))
        return -EBADMSG;
    if (task->work == TROUPE_GRAPH_COMMAND && !is_command(task))
        return -EBADMSG;
    if (self->count == TROUPE_GRAPH_TASKS_MAX
        || self->need_count + task->need_count > TROUPE_GRAPH_NEEDS_MAX)
        return -ENOSPC;
    troupe__graph_unlink(self);
    if (self->count == self->capacity) {
        self->capacity = self->capacity ? 2 * self->capacity : 16;
        self->tasks =
            troupe__realloc(self->tasks, self->capacity * sizeof *self->tasks);
    }
    struct graph_task *added = &self->tasks[self->count++];
    *added = (struct graph_task){0};
    take_task(added, task);
    self->need_count += (uint32_t) task->need_count;
    return 0;
}

size_t
troupe_graph_count(const troupe_graph_t *self)
{
    CHECK(self);
    return self->count;
}

const troupe_graph_task_t *
troupe_graph_task(const troupe_graph_t *self, size_t index)
{
    CHECK(self);
    return index < self->count ? &self->tasks[index].spec : NULL;
}

void
troupe_graph_destroy(troupe_graph_t **self_p)
{
    if (!self_p || !*self_p)
        return;
    troupe_graph_t *self = *self_p;
    troupe__graph_unlink(self);
    for (uint32_t i = 0; i < self->count; i++)
        free(self->tasks[i].block);
    free(self->tasks);
    free(self);
    *self_p = NULL;
}
