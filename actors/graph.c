/* SPDX-License-Identifier: Apache-2.0 */
/* graph.c: makes graphs and copies tasks into them. */
#include "actors/graph.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "troupe_msgpack.h"

#include "actors/graph_command.h"
#include "mailbox/check.h"

#define ID_LETTERS                                                             \
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-/"
#define TEXT_MAX 4096 /* bytes of a `when`, or of a name of a thing */

troupe_graph_t *
troupe_graph_new(void)
{
    return troupe__alloc(sizeof(struct troupe_graph));
}

static bool
is_id(const char *id)
{
    size_t size = id ? strnlen(id, TROUPE_GRAPH_ID_MAX + 1) : 0;
    return size > 0 && size <= TROUPE_GRAPH_ID_MAX
           && strspn(id, ID_LETTERS) == size;
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
is_task(const troupe_graph_task_t *task)
{
    return is_id(task->id) && task->work <= TROUPE_GRAPH_COMMAND
           && task->rule <= TROUPE_GRAPH_QUORUM
           && (task->work != TROUPE_GRAPH_ASK || is_asked(task))
           && (task->work != TROUPE_GRAPH_COMMAND || task->body)
           && (!task->body || task->body_size > 0)
           && (task->need_count == 0 || task->needs)
           && (task->write_count == 0 || task->writes)
           && task->need_count <= TROUPE_GRAPH_NEEDS_MAX
           && task->write_count <= TROUPE_GRAPH_NEEDS_MAX
           && are_ids(task->needs, task->need_count)
           && are_texts(task->writes, task->write_count)
           && (!task->when || are_texts(&task->when, 1))
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

static const char *
copy_text(const char *text)
{
    return text ? troupe__strdup(text) : NULL;
}

static const char *const *
copy_texts(const char *const *texts, size_t count)
{
    const char **copies = troupe__alloc((count + 1) * sizeof *copies);
    for (size_t i = 0; i < count; i++)
        copies[i] = troupe__strdup(texts[i]);
    return copies;
}

static void
take_task(struct graph_task *self, const troupe_graph_task_t *task)
{
    troupe_graph_task_t *spec = &self->spec;
    *spec = *task;
    spec->id = troupe__strdup(task->id);
    spec->actor = copy_text(task->actor);
    spec->type = copy_text(task->type);
    spec->fallback = copy_text(task->fallback);
    spec->on_error = copy_text(task->on_error);
    spec->when = copy_text(task->when);
    spec->needs = copy_texts(task->needs, task->need_count);
    spec->writes = copy_texts(task->writes, task->write_count);
    if (task->body) {
        void *body = troupe__alloc(task->body_size);
        memcpy(body, task->body, task->body_size);
        spec->body = body;
    }
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

static void
free_texts(const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free((char *) (uintptr_t) texts[i]);
    free((char **) (uintptr_t) texts);
}

static void
free_task(struct graph_task *self)
{
    troupe_graph_task_t *spec = &self->spec;
    const char *const texts[] = {spec->id,       spec->actor,    spec->type,
                                 spec->fallback, spec->on_error, spec->when};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free((char *) (uintptr_t) texts[i]);
    free_texts(spec->needs, spec->need_count);
    free_texts(spec->writes, spec->write_count);
    free((void *) (uintptr_t) spec->body);
    free(self->needs);
}

void
troupe_graph_destroy(troupe_graph_t **self_p)
{
    if (!self_p || !*self_p)
        return;
    troupe_graph_t *self = *self_p;
    troupe__graph_unlink(self);
    for (uint32_t i = 0; i < self->count; i++)
        free_task(&self->tasks[i]);
    free(self->tasks);
    free(self);
    *self_p = NULL;
}
