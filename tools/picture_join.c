/* SPDX-License-Identifier: Apache-2.0 */
/* picture_join.c: the boxes of a run's picture, and who asked whom. */
#include <stdlib.h>
#include <string.h>

#include "tools/findings.h"
#include "tools/picture_run.h"
#include "tools/table.h"

#define PARENTS_MAX 64

static size_t
bucket_of(const char *kind, const char *name)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *kind; kind++)
        hash = (hash ^ (unsigned char) *kind) * UINT64_C(0x100000001b3);
    for (; *name; name++)
        hash = (hash ^ (unsigned char) *name) * UINT64_C(0x100000001b3);
    return hash % PICTURE_BUCKETS;
}

uint32_t
troupe__picture_box(struct picture *self, const char *kind, const char *name,
                    bool is_task)
{
    int32_t *bucket = &self->buckets[bucket_of(kind, name)];
    for (int32_t at = *bucket; at >= 0; at = self->boxes[at].next) {
        const struct picture_box *it = &self->boxes[at];
        if (strcmp(it->name, name) == 0 && strcmp(it->kind, kind) == 0)
            return (uint32_t) at;
    }
    bool is_other = !is_task && self->actor_boxes >= PICTURE_ACTORS
                    && strcmp(name, kind) != 0;
    if (is_other)
        return troupe__picture_box(self, kind, kind, false);
    size_t at = self->box_count;
    self->boxes = troupe__grow(self->boxes, at, sizeof *self->boxes);
    self->boxes[at] =
        (struct picture_box){.name = troupe__copy(name, strlen(name)),
                             .kind = troupe__copy(kind, strlen(kind)),
                             .is_task = is_task,
                             .into = (uint32_t) at,
                             .next = *bucket};
    *bucket = (int32_t) at;
    self->actor_boxes += !is_task;
    self->box_count++;
    return (uint32_t) at;
}

void
troupe__picture_ended(struct picture_box *box, enum picture_end end,
                      uint64_t spent_ns, const char *why)
{
    box->count++;
    box->ended[end]++;
    box->spent_ns += spent_ns;
    if (spent_ns > box->longest_ns)
        box->longest_ns = spent_ns;
    if (end == PICTURE_BAD && why && *why && !box->why)
        box->why = troupe__copy(why, strlen(why));
}

/* --- too many tasks ---------------------------------------------------------*/

static void
add_box(struct picture_box *to, struct picture_box *from)
{
    to->count += from->count;
    for (int i = 0; i <= PICTURE_CUT; i++)
        to->ended[i] += from->ended[i];
    to->retries += from->retries;
    to->spent_ns += from->spent_ns;
    if (from->longest_ns > to->longest_ns)
        to->longest_ns = from->longest_ns;
}

/* The first that were ok stood by themselves until there were too many. */
static void
group_tasks(struct picture *self)
{
    size_t failed = 0;
    if (self->task_count <= PICTURE_TASKS)
        return;
    for (uint32_t i = 0; i < self->box_count; i++) {
        const struct picture_box *it = &self->boxes[i];
        if (!it->is_task || it->is_group)
            continue;
        bool bad = it->ended[PICTURE_BAD] > 0;
        failed += bad;
        if (bad && failed <= PICTURE_FAILED)
            continue;
        const char *name = bad                         ? "tasks that failed"
                           : it->ended[PICTURE_OK] > 0 ? "tasks that are ok"
                                                       : "tasks that were "
                                                         "cancelled";
        uint32_t to = troupe__picture_box(self, "task", name, true);
        self->boxes[to].is_group = true;
        self->boxes[i].into = to;
        add_box(&self->boxes[to], &self->boxes[i]);
    }
}

/* --- arrows -----------------------------------------------------------------*/

struct place {
    uint64_t id;
    size_t span;
};

static int
by_id(const void *one, const void *other)
{
    uint64_t a = ((const struct place *) one)->id;
    uint64_t b = ((const struct place *) other)->id;
    return a < b ? -1 : a > b;
}

static int
by_ends(const void *one, const void *other)
{
    const struct picture_arrow *a = one, *b = other;
    if (a->from != b->from)
        return a->from < b->from ? -1 : 1;
    return a->to < b->to ? -1 : a->to > b->to;
}

/* The box of a span, or of what it is a part of; else the run. */
static uint32_t
box_of(const struct picture *self, const struct place *places, uint64_t id)
{
    for (int i = 0; i < PARENTS_MAX; i++) {
        struct place key = {.id = id};
        const struct place *found =
            bsearch(&key, places, self->span_count, sizeof *places, by_id);
        if (!found)
            return 0;
        const struct picture_span *span = &self->spans[found->span];
        if (span->box >= 0)
            return self->boxes[span->box].into;
        id = span->parent;
    }
    return 0;
}

static void
add_costs(struct picture *self, const struct place *places)
{
    for (size_t i = 0; i < self->cost_count; i++) {
        const struct picture_cost *it = &self->costs[i];
        uint32_t at = box_of(self, places, self->spans[it->span].parent);
        struct picture_box *box = &self->boxes[at];
        box->retries += it->retries;
        box->tokens[0] += it->tokens[0];
        box->tokens[1] += it->tokens[1];
        box->has_tokens |= it->has_tokens;
        box->has_cost |= it->has_cost;
        box->cost += it->has_cost ? it->cost : 0;
    }
}

static void
add_arrows(struct picture *self, const struct place *places)
{
    struct picture_arrow *all =
        troupe__grab((self->span_count + 1) * sizeof *all);
    size_t count = 0, kept = 0;
    for (size_t i = 0; i < self->span_count; i++) {
        const struct picture_span *it = &self->spans[i];
        if (it->box <= 0)
            continue;
        struct picture_arrow *arrow = &all[count++];
        arrow->from = box_of(self, places, it->parent);
        arrow->to = self->boxes[it->box].into;
        arrow->count = 1;
        arrow->bad = it->end == PICTURE_BAD;
        arrow->spent_ns = it->is_task ? it->run_ns : it->to_ns - it->from_ns;
    }
    qsort(all, count, sizeof *all, by_ends);
    for (size_t i = 0; i < count; i++) {
        if (kept > 0 && by_ends(&all[kept - 1], &all[i]) == 0) {
            all[kept - 1].count++;
            all[kept - 1].bad += all[i].bad;
            all[kept - 1].spent_ns += all[i].spent_ns;
        } else {
            all[kept++] = all[i];
        }
    }
    self->arrows = all;
    self->arrow_count = kept;
}

void
troupe__picture_join(struct picture *self)
{
    struct place *places =
        troupe__grab((self->span_count + 1) * sizeof *places);
    for (size_t i = 0; i < self->span_count; i++)
        places[i] = (struct place){self->spans[i].id, i};
    qsort(places, self->span_count, sizeof *places, by_id);
    group_tasks(self);
    add_costs(self, places);
    add_arrows(self, places);
    free(places);
}

/* --- words ------------------------------------------------------------------*/

char *
troupe__picture_title(const struct picture *self)
{
    char text[32], code[32] = "", *tasks = NULL, *unseen = NULL;
    if (self->code >= 0)
        snprintf(code, sizeof code, ", exit code %d", self->code);
    if (self->task_count > PICTURE_TASKS) {
        tasks = troupe__format(
            ";\nits %zu tasks are drawn together, by outcome, but for the "
            "first %d that failed",
            self->task_count, PICTURE_FAILED);
    }
    if (self->unseen > 0) {
        unseen = troupe__format(";\n%llu spans came when it was full, and are "
                                "not drawn",
                                (unsigned long long) self->unseen);
    }
    char *title = troupe__format(
        "%s%s%s%s: %s%s%s%s%s", self->boxes[0].name, self->run ? " (" : "",
        self->run ? self->run : "", self->run ? ")" : "",
        troupe__time_text(self->wall_ns, text), code, tasks ? tasks : "",
        unseen ? unseen : "",
        self->actor_boxes > PICTURE_ACTORS
            ? ";\nit has more actors than boxes: those that came late are "
              "drawn "
              "together, by kind"
            : "");
    free(tasks);
    free(unseen);
    return title;
}

void
troupe__picture_free(struct picture *self)
{
    for (size_t i = 0; i < self->box_count; i++) {
        free(self->boxes[i].name);
        free(self->boxes[i].kind);
        free(self->boxes[i].why);
    }
    for (size_t i = 0; i < self->type_count; i++)
        free(self->types[i]);
    free(self->boxes);
    free(self->spans);
    free(self->costs);
    free(self->arrows);
    free(self->actors);
    free(self->run);
}
