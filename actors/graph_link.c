/* SPDX-License-Identifier: Apache-2.0 */
/* graph_link.c: finds the tasks that ids name, and makes edges of them. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/graph.h"
#include "mailbox/check.h"

void
troupe__graph_found(struct graph_findings *self, troupe_graph_fault_t fault,
                    size_t task, size_t need, const char *name,
                    const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        troupe__out_of_memory(0);
    va_end(args);
    self->count++;
    if (self->found) {
        self->found(self->data, &(troupe_graph_problem_t){.fault = fault,
                                                          .task = task,
                                                          .need = need,
                                                          .name = name,
                                                          .text = text});
    }
    free(text);
}

/* FNV-1a, 32 bits. */
static uint32_t
hash_of(const char *id, size_t size)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (unsigned char) id[i]) * 16777619u;
    return hash;
}

uint32_t
troupe__graph_find(const struct troupe_graph *self, const char *id, size_t size)
{
    CHECK(self->slots);
    uint32_t at = hash_of(id, size) & (self->slot_count - 1);
    for (; self->slots[at]; at = (at + 1) & (self->slot_count - 1)) {
        const char *other = self->tasks[self->slots[at] - 1].spec.id;
        if (strncmp(other, id, size) == 0 && other[size] == '\0')
            return self->slots[at] - 1;
    }
    return GRAPH_NONE;
}

static void
take_ids(struct troupe_graph *self, struct graph_findings *findings)
{
    self->slot_count = 16;
    while (self->slot_count < 2 * self->count)
        self->slot_count *= 2;
    self->slots = troupe__alloc(self->slot_count * sizeof *self->slots);
    for (uint32_t i = 0; i < self->count; i++) {
        const char *id = self->tasks[i].spec.id;
        uint32_t other = troupe__graph_find(self, id, strlen(id));
        if (other != GRAPH_NONE) {
            troupe__graph_found(
                findings, TROUPE_GRAPH_DUPLICATE, i, SIZE_MAX, id,
                "there are two tasks '%s'; rename one of them", id);
            continue;
        }
        uint32_t at = hash_of(id, strlen(id)) & (self->slot_count - 1);
        while (self->slots[at])
            at = (at + 1) & (self->slot_count - 1);
        self->slots[at] = i + 1;
    }
}

static uint32_t
find(const struct troupe_graph *self, uint32_t task, size_t need,
     const char *id, const char *what, struct graph_findings *findings)
{
    uint32_t found = id ? troupe__graph_find(self, id, strlen(id)) : GRAPH_NONE;
    const char *own = self->tasks[task].spec.id;
    if (id && found == GRAPH_NONE) {
        troupe__graph_found(findings, TROUPE_GRAPH_MISSING, task, need, id,
                            "task '%s' %s '%s', and there is no such task", own,
                            what, id);
    }
    return found;
}

/* `marks` has, by task, who was the last to need it, plus one. */
static void
link_needs(struct troupe_graph *self, uint32_t index, uint32_t *marks,
           struct graph_findings *findings)
{
    struct graph_task *task = &self->tasks[index];
    const char *id = task->spec.id;
    for (size_t i = 0; i < task->spec.need_count; i++) {
        const char *name = task->spec.needs[i];
        uint32_t need = find(self, index, i, name, "needs", findings);
        task->needs[i] = need;
        if (need != GRAPH_NONE && marks[need] == index + 1) {
            troupe__graph_found(findings, TROUPE_GRAPH_DUPLICATE, index, i,
                                name,
                                "task '%s' needs '%s' twice; take one of the "
                                "two out",
                                id, name);
        }
        if (need != GRAPH_NONE)
            marks[need] = index + 1;
    }
}

static void
link_task(struct troupe_graph *self, uint32_t index, uint32_t *marks,
          struct graph_findings *findings)
{
    struct graph_task *task = &self->tasks[index];
    link_needs(self, index, marks, findings);
    task->fallback = find(self, index, SIZE_MAX, task->spec.fallback,
                          "has the fallback", findings);
    task->on_error = find(self, index, SIZE_MAX, task->spec.on_error,
                          "has the handler", findings);
}

/* Who stands by for whom. */
static void
link_standby(struct troupe_graph *self, uint32_t index,
             struct graph_findings *findings)
{
    struct graph_task *task = &self->tasks[index];
    if (task->on_error != GRAPH_NONE)
        self->tasks[task->on_error].watched++;
    if (task->fallback == GRAPH_NONE)
        return;
    struct graph_task *other = &self->tasks[task->fallback];
    other->watched++;
    if (other->fallback_of != GRAPH_NONE) {
        troupe__graph_found(
            findings, TROUPE_GRAPH_NEVER, index, SIZE_MAX, other->spec.id,
            "'%s' is the fallback of '%s' and of '%s'; give "
            "each its own",
            other->spec.id, self->tasks[other->fallback_of].spec.id,
            task->spec.id);
        return;
    }
    other->fallback_of = index;
}

/* Counts when `at` is being made, else fills `items` from behind. */
static void
edge_add(struct graph_edges *edges, uint32_t from, uint32_t to)
{
    if (from == GRAPH_NONE)
        return;
    if (edges->items)
        edges->items[--edges->at[from + 1]] = to;
    else
        edges->at[from + 1]++;
}

static void
edges_of(struct troupe_graph *self, bool all, struct graph_edges *edges)
{
    for (uint32_t k = self->count; k-- > 0;) {
        const struct graph_task *task = &self->tasks[k];
        for (size_t i = 0; i < task->spec.need_count; i++) {
            uint32_t need = task->needs[i];
            edge_add(edges, need, k);
            /* Who needs a task waits for its fallback, too. */
            if (all && need != GRAPH_NONE)
                edge_add(edges, self->tasks[need].fallback, k);
        }
        if (all && task->fallback != GRAPH_NONE)
            edge_add(edges, k, task->fallback);
        if (all && task->on_error != GRAPH_NONE)
            edge_add(edges, k, task->on_error);
    }
}

static void
make_edges(struct troupe_graph *self, bool all, struct graph_edges *edges)
{
    size_t count = self->count;
    edges->at = troupe__alloc((count + 2) * sizeof *edges->at);
    edges->items = NULL;
    edges_of(self, all, edges);
    for (size_t i = 1; i <= count; i++)
        edges->at[i] += edges->at[i - 1];
    /* at[i + 1] is the end of i's items; filling moves it to their start. */
    edges->items = troupe__alloc((edges->at[count] + 1) * sizeof *edges->items);
    uint32_t total = edges->at[count];
    edges_of(self, all, edges);
    memmove(edges->at, edges->at + 1, count * sizeof *edges->at);
    edges->at[count] = total;
}

void
troupe__graph_link(struct troupe_graph *self, struct graph_findings *findings)
{
    troupe__graph_unlink(self);
    uint32_t *needs = troupe__alloc((self->need_count + 1) * sizeof *needs);
    self->need_items = needs;
    for (uint32_t i = 0; i < self->count; i++) {
        self->tasks[i].fallback_of = GRAPH_NONE;
        self->tasks[i].watched = 0;
        self->tasks[i].needs = needs;
        needs += self->tasks[i].spec.need_count;
    }
    take_ids(self, findings);
    uint32_t *marks = troupe__alloc((self->count + 1) * sizeof *marks);
    for (uint32_t i = 0; i < self->count; i++)
        link_task(self, i, marks, findings);
    free(marks);
    for (uint32_t i = 0; i < self->count; i++)
        link_standby(self, i, findings);
    make_edges(self, false, &self->next);
    make_edges(self, true, &self->after);
    self->is_linked = true;
}

void
troupe__graph_unlink(struct troupe_graph *self)
{
    if (!self->is_linked)
        return;
    free(self->need_items);
    free(self->slots);
    free(self->next.at);
    free(self->next.items);
    free(self->after.at);
    free(self->after.items);
    free(self->order);
    self->slots = self->order = NULL;
    self->next = self->after = (struct graph_edges){0};
    self->need_items = NULL;
    self->is_linked = self->is_good = false;
}
