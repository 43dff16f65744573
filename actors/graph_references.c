/* SPDX-License-Identifier: Apache-2.0 */
/* graph_references.c: each reference in a graph must be of a need. */
#include <stdlib.h>
#include <string.h>

#include "actors/graph.h"
#include "actors/graph_value.h"
#include "mailbox/check.h"

struct look {
    const struct troupe_graph *graph;
    uint32_t task;
    struct graph_findings *findings;
    bool in_work; /* where ${item} and its like are */
};

/* A task knows its needs, and whom it stands by for. */
static bool
knows(const struct look *self, uint32_t other)
{
    const struct graph_task *task = &self->graph->tasks[self->task];
    for (size_t i = 0; i < task->spec.need_count; i++)
        if (task->needs[i] == other)
            return true;
    return self->graph->tasks[other].fallback == self->task
           || self->graph->tasks[other].on_error == self->task;
}

static void
on_seen(void *data, const struct reference *reference)
{
    struct look *self = data;
    const troupe_graph_task_t *spec = &self->graph->tasks[self->task].spec;
    const char *own = spec->id;
    if (self->in_work
        && troupe__graph_reference_word(reference, spec->each, spec->until))
        return;
    uint32_t other =
        troupe__graph_find(self->graph, reference->id, reference->id_size);
    if (other != GRAPH_NONE && knows(self, other))
        return;
    char *id = troupe__alloc(reference->id_size + 1);
    memcpy(id, reference->id, reference->id_size);
    if (other == GRAPH_NONE) {
        troupe__graph_found(self->findings, TROUPE_GRAPH_REFERENCE, self->task,
                            SIZE_MAX, id,
                            "task '%s' refers to '%s', and there is no such "
                            "task",
                            own, id);
    } else {
        troupe__graph_found(self->findings, TROUPE_GRAPH_REFERENCE, self->task,
                            SIZE_MAX, NULL,
                            "task '%s' refers to '%s' and does not need it; "
                            "add it to its needs",
                            own, id);
    }
    free(id);
}

static void
look_at_text(struct look *self, const char *text, size_t size)
{
    const char *end = text + size;
    const char *at = troupe__graph_reference_next(text, size);
    while (at) {
        struct reference reference;
        size_t used =
            troupe__graph_reference_read(at, (size_t) (end - at), &reference);
        if (used > 0) {
            on_seen(self, &reference);
        } else {
            troupe__graph_found(
                self->findings, TROUPE_GRAPH_REFERENCE, self->task, SIZE_MAX,
                NULL,
                "task '%s': '%.*s' is no reference; write ${id}, "
                "${id.field}, ${id:state} or ${id:error}, or $${ for ${",
                self->graph->tasks[self->task].spec.id,
                (int) (end - at < 40 ? end - at : 40), at);
            used = 2;
        }
        at =
            troupe__graph_reference_next(at + used, (size_t) (end - at) - used);
    }
}

static void
look_at(struct look *self, const msgpack_object *object, bool as_text)
{
    if (object->type == MSGPACK_OBJECT_STR)
        look_at_text(self, object->via.str.ptr, object->via.str.size);
    if (object->type == MSGPACK_OBJECT_ARRAY)
        for (uint32_t i = 0; i < object->via.array.size; i++)
            look_at(self, &object->via.array.ptr[i], as_text);
    if (object->type != MSGPACK_OBJECT_MAP)
        return;
    for (uint32_t i = 0; i < object->via.map.size; i++) {
        const msgpack_object_str *key = &object->via.map.ptr[i].key.via.str;
        bool as_is = as_text
                     && object->via.map.ptr[i].key.type == MSGPACK_OBJECT_STR
                     && key->size == 3 && memcmp(key->ptr, "cmd", 3) == 0;
        if (!as_is)
            look_at(self, &object->via.map.ptr[i].val, as_text);
    }
}

static void
check_body(struct look *self, const troupe_graph_task_t *spec)
{
    msgpack_unpacked body;
    size_t used = 0;
    if (!spec->body || !memmem(spec->body, spec->body_size, "${", 2))
        return;
    msgpack_unpacked_init(&body);
    int rc = msgpack_unpack_next(&body, spec->body, spec->body_size, &used);
    CHECK(rc == MSGPACK_UNPACK_SUCCESS); /* looked at by the add */
    look_at(self, &body.data, spec->work == TROUPE_GRAPH_COMMAND);
    msgpack_unpacked_destroy(&body);
}

/* What the word for an item means must not be in doubt. */
static void
check_names(const struct look *self, const troupe_graph_task_t *spec)
{
    for (size_t i = 0; i < spec->need_count; i++) {
        struct reference need = {.id = spec->needs[i],
                                 .id_size = strlen(spec->needs[i])};
        if (!troupe__graph_reference_word(&need, spec->each, spec->until))
            continue;
        troupe__graph_found(self->findings, TROUPE_GRAPH_REFERENCE, self->task,
                            i, NULL,
                            "task '%s' needs '%s', and ${%s} is a word of its "
                            "own there; give the other task another id",
                            spec->id, spec->needs[i], spec->needs[i]);
    }
}

static void
check_each(struct look *self, const char *text)
{
    struct reference reference;
    size_t size = strlen(text);
    if (strncmp(text, "${", 2) == 0
        && troupe__graph_reference_read(text, size, &reference) == size
        && reference.part == REFERENCE_RESULT) {
        on_seen(self, &reference);
        return;
    }
    troupe__graph_found(self->findings, TROUPE_GRAPH_REFERENCE, self->task,
                        SIZE_MAX, NULL,
                        "task '%s': 'each' is one reference to a list, as in "
                        "${id} or ${id.field}, not '%.40s'",
                        self->graph->tasks[self->task].spec.id, text);
}

static void
check_condition(struct look *self, const char *key, const char *text)
{
    char why[REFERENCE_WHY];
    if (troupe__graph_when(text, NULL, self, on_seen, why) < 0) {
        troupe__graph_found(self->findings, TROUPE_GRAPH_REFERENCE, self->task,
                            SIZE_MAX, NULL, "task '%s': '%s': %s",
                            self->graph->tasks[self->task].spec.id, key, why);
    }
}

void
troupe__graph_references(struct troupe_graph *self,
                         struct graph_findings *findings)
{
    for (uint32_t i = 0; i < self->count; i++) {
        struct look look = {.graph = self, .task = i, .findings = findings};
        const troupe_graph_task_t *spec = &self->tasks[i].spec;
        check_names(&look, spec);
        if (spec->when)
            check_condition(&look, "when", spec->when);
        if (spec->each)
            check_each(&look, spec->each);
        look.in_work = true;
        check_body(&look, spec);
        if (spec->until)
            check_condition(&look, "until", spec->until);
    }
}
