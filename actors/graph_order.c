/* SPDX-License-Identifier: Apache-2.0 */
/* graph_order.c: the order of tasks, cycles, and longest ways. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/graph.h"
#include "mailbox/check.h"

#define CYCLES_MAX 10 /* that are reported */
#define SHOWN_MAX  20 /* tasks of one cycle that are named */

enum { UNSEEN, OPEN, DONE };

/* A walk in depth: the way from where it began to where it is. */
struct walk {
    struct troupe_graph *graph;
    struct graph_findings *findings;
    uint8_t *seen;
    uint32_t *way;
    uint32_t *edge; /* by place on the way: the next edge to look at */
    uint32_t depth;
    uint32_t left; /* places of `order` that are not filled, from behind */
    uint32_t cycles;
};

static void
name_task(const struct troupe_graph *graph, uint32_t index, FILE *out)
{
    const troupe_graph_task_t *spec = &graph->tasks[index].spec;
    fputs(spec->id, out);
    if (spec->line > 0)
        fprintf(out, " (line %u)", spec->line);
}

/* The way from place `from` on is a cycle; its first task is named first. */
static void
write_cycle(const struct walk *self, uint32_t from, FILE *out)
{
    uint32_t count = self->depth - from;
    const uint32_t *way = &self->way[from];
    uint32_t first = 0;
    for (uint32_t i = 1; i < count; i++)
        if (way[i] < way[first])
            first = i;
    for (uint32_t i = 0; i < count; i++) {
        if (i == SHOWN_MAX) {
            fprintf(out, "%u more -> ", count - i);
            break;
        }
        name_task(self->graph, way[(first + i) % count], out);
        fputs(" -> ", out);
    }
    name_task(self->graph, way[first], out);
}

/* An edge leads back to the place `from` of the way. */
static void
found_cycle(struct walk *self, uint32_t from)
{
    char *text = NULL;
    size_t size = 0;
    uint32_t task = self->way[from];
    const char *id = self->graph->tasks[task].spec.id;
    if (self->cycles++ >= CYCLES_MAX)
        return;
    if (from + 1 == self->depth) {
        troupe__graph_found(self->findings, TROUPE_GRAPH_CYCLE, task, SIZE_MAX,
                            id, "task '%s' waits for itself; take that out",
                            id);
        return;
    }
    FILE *out = troupe__graph_text_open(&text, &size);
    write_cycle(self, from, out);
    troupe__graph_text_close(out);
    troupe__graph_found(self->findings, TROUPE_GRAPH_CYCLE, task, SIZE_MAX, id,
                        "a cycle: %s; take one of its needs out", text);
    free(text);
}

static void
enter(struct walk *self, uint32_t task)
{
    self->seen[task] = OPEN;
    self->way[self->depth] = task;
    self->edge[self->depth++] = self->graph->after.at[task];
}

static void
follow(struct walk *self, uint32_t to)
{
    if (self->seen[to] == UNSEEN) {
        enter(self, to);
        return;
    }
    if (self->seen[to] != OPEN)
        return;
    uint32_t from = self->depth;
    while (self->way[--from] != to)
        ;
    found_cycle(self, from);
}

void
troupe__graph_sort(struct troupe_graph *self, struct graph_findings *findings)
{
    CHECK(self->is_linked);
    size_t count = self->count;
    struct walk walk = {.graph = self,
                        .findings = findings,
                        .seen = troupe__alloc(count + 1),
                        .way = troupe__alloc((count + 1) * sizeof(uint32_t)),
                        .edge = troupe__alloc((count + 1) * sizeof(uint32_t)),
                        .left = self->count};
    free(self->order);
    self->order = troupe__alloc((count + 1) * sizeof *self->order);
    /* The last first: then the first come first where they may. */
    for (uint32_t root = self->count; root-- > 0;) {
        if (walk.seen[root] == UNSEEN)
            enter(&walk, root);
        while (walk.depth > 0) {
            uint32_t at = walk.way[walk.depth - 1];
            if (walk.edge[walk.depth - 1] < self->after.at[at + 1]) {
                uint32_t edge = walk.edge[walk.depth - 1]++;
                follow(&walk, self->after.items[edge]);
                continue;
            }
            walk.seen[at] = DONE;
            self->order[--walk.left] = at;
            walk.depth--;
        }
    }
    free(walk.seen);
    free(walk.way);
    free(walk.edge);
}

/* --- who writes what --------------------------------------------------------*/

struct writer {
    const char *thing;
    uint32_t place; /* in the order, from 1 */
    uint32_t task;
};

static int
by_thing(const void *one, const void *other)
{
    const struct writer *a = one, *b = other;
    int order = strcmp(a->thing, b->thing);
    if (order != 0)
        return order;
    return a->place < b->place ? -1 : a->place > b->place;
}

/* A task that starts before all its needs have ended comes after none. */
static bool
waits_for_all(const struct graph_task *task)
{
    return (task->spec.rule != TROUPE_GRAPH_ONE_SUCCESS
            && task->spec.rule != TROUPE_GRAPH_QUORUM)
           || task->spec.need_count < 2;
}

/* For each task the place of the last of these writers that comes before. */
static void
reach(const struct troupe_graph *self, const struct writer *writers,
      size_t count, uint32_t *last)
{
    size_t next = 0;
    memset(last, 0, self->count * sizeof *last);
    for (uint32_t i = 0; i < self->count && next < count; i++) {
        uint32_t task = self->order[i];
        uint32_t place = last[task];
        if (writers[next].place == i + 1)
            place = writers[next++].place;
        for (uint32_t e = self->after.at[task];
             place > 0 && e < self->after.at[task + 1]; e++) {
            uint32_t to = self->after.items[e];
            if (waits_for_all(&self->tasks[to]) && last[to] < place)
                last[to] = place;
        }
    }
}

static void
check_thing(const struct troupe_graph *self, const struct writer *writers,
            size_t count, uint32_t *last, struct graph_findings *findings)
{
    reach(self, writers, count, last);
    for (size_t i = 1; i < count; i++) {
        const struct graph_task *one = &self->tasks[writers[i - 1].task];
        const struct graph_task *other = &self->tasks[writers[i].task];
        if (one == other || last[writers[i].task] == writers[i - 1].place)
            continue;
        troupe__graph_found(findings, TROUPE_GRAPH_WRITERS, writers[i].task,
                            SIZE_MAX, one->spec.id,
                            "'%s' and '%s' both write '%s', and could do so at "
                            "once; let one need the other",
                            one->spec.id, other->spec.id, writers[i].thing);
    }
}

void
troupe__graph_writers(struct troupe_graph *self,
                      struct graph_findings *findings)
{
    size_t count = 0;
    for (uint32_t i = 0; i < self->count; i++)
        count += self->tasks[i].spec.write_count;
    if (count < 2)
        return;
    struct writer *writers = troupe__alloc(count * sizeof *writers);
    uint32_t *last = troupe__alloc(self->count * sizeof *last);
    size_t filled = 0;
    for (uint32_t i = 0; i < self->count; i++) {
        const troupe_graph_task_t *spec = &self->tasks[self->order[i]].spec;
        for (size_t j = 0; j < spec->write_count; j++) {
            writers[filled++] = (struct writer){.thing = spec->writes[j],
                                                .place = i + 1,
                                                .task = self->order[i]};
        }
    }
    qsort(writers, count, sizeof *writers, by_thing);
    for (size_t i = 0; i < count;) {
        size_t end = i + 1;
        while (end < count && strcmp(writers[i].thing, writers[end].thing) == 0)
            end++;
        if (end > i + 1)
            check_thing(self, &writers[i], end - i, last, findings);
        i = end;
    }
    free(writers);
    free(last);
}

/* --- longest ways -----------------------------------------------------------*/

uint64_t *
troupe__graph_ranks(const struct troupe_graph *self, const uint64_t *lengths)
{
    CHECK(self->order);
    uint64_t *ranks = troupe__alloc((self->count + 1) * sizeof *ranks);
    for (uint32_t i = self->count; i-- > 0;) {
        uint32_t task = self->order[i];
        for (uint32_t e = self->after.at[task]; e < self->after.at[task + 1];
             e++)
            if (ranks[self->after.items[e]] > ranks[task])
                ranks[task] = ranks[self->after.items[e]];
        ranks[task] += lengths[task];
    }
    return ranks;
}

uint32_t *
troupe__graph_path(const struct troupe_graph *self, const uint64_t *lengths,
                   size_t *ret_count)
{
    uint64_t *ranks = troupe__graph_ranks(self, lengths);
    uint32_t *path = troupe__alloc((self->count + 1) * sizeof *path);
    size_t count = 0;
    uint32_t at = GRAPH_NONE;
    for (uint32_t i = 0; i < self->count; i++)
        if (at == GRAPH_NONE || ranks[i] > ranks[at])
            at = i;
    while (at != GRAPH_NONE && ranks[at] > 0) {
        if (lengths[at] > 0)
            path[count++] = at;
        uint32_t next = GRAPH_NONE;
        for (uint32_t e = self->after.at[at]; e < self->after.at[at + 1]; e++) {
            uint32_t to = self->after.items[e];
            if (next == GRAPH_NONE || ranks[to] > ranks[next])
                next = to;
        }
        at = next;
    }
    free(ranks);
    *ret_count = count;
    return path;
}

uint64_t *
troupe__graph_lengths(const struct troupe_graph *self, bool *ret_guess)
{
    uint64_t *lengths = troupe__alloc((self->count + 1) * sizeof *lengths);
    *ret_guess = false;
    for (uint32_t i = 0; i < self->count; i++) {
        if (troupe__graph_stands_by(&self->tasks[i]))
            continue;
        lengths[i] = self->tasks[i].spec.takes_ms;
        if (lengths[i] == 0) {
            lengths[i] = GRAPH_GUESS_MS;
            *ret_guess = true;
        }
    }
    return lengths;
}
