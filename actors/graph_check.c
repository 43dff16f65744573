/* SPDX-License-Identifier: Apache-2.0 */
/* graph_check.c: looks whether a graph can run. */
#include <errno.h>

#include "actors/graph.h"
#include "mailbox/check.h"

/* It needs one that must go well, and another that runs only if it does not. */
static void
check_pair(const struct troupe_graph *self, uint32_t index, size_t need,
           struct graph_findings *findings)
{
    const struct graph_task *task = &self->tasks[index];
    uint32_t watched = task->needs[need];
    const struct graph_task *other = &self->tasks[watched];
    if (task->spec.rule != TROUPE_GRAPH_ALL_SUCCESS || other->spec.optional)
        return;
    for (size_t i = 0; i < task->spec.need_count; i++) {
        uint32_t stands_by = task->needs[i];
        if (stands_by == GRAPH_NONE || self->tasks[stands_by].watched != 1
            || (other->on_error != stands_by && other->fallback != stands_by))
            continue;
        troupe__graph_found(findings, TROUPE_GRAPH_NEVER, index, i,
                            self->tasks[stands_by].spec.id,
                            "'%s' can never run: it needs '%s', and '%s', "
                            "which runs only when that fails",
                            task->spec.id, other->spec.id,
                            self->tasks[stands_by].spec.id);
    }
}

static void
check_task(const struct troupe_graph *self, uint32_t index,
           struct graph_findings *findings)
{
    const struct graph_task *task = &self->tasks[index];
    const troupe_graph_task_t *spec = &task->spec;
    if (spec->rule == TROUPE_GRAPH_QUORUM
        && (spec->quorum == 0 || spec->quorum > spec->need_count)) {
        troupe__graph_found(findings, TROUPE_GRAPH_NEVER, index, SIZE_MAX, NULL,
                            "'%s' can never run: its quorum is %u of %zu needs",
                            spec->id, spec->quorum, spec->need_count);
    } else if (spec->rule == TROUPE_GRAPH_ONE_SUCCESS
               && spec->need_count == 0) {
        troupe__graph_found(findings, TROUPE_GRAPH_NEVER, index, SIZE_MAX, NULL,
                            "'%s' can never run: one of its needs must go "
                            "well, and it has none",
                            spec->id);
    }
    for (size_t i = 0; i < spec->need_count; i++) {
        if (task->needs[i] != GRAPH_NONE
            && (self->tasks[task->needs[i]].on_error != GRAPH_NONE
                || self->tasks[task->needs[i]].fallback != GRAPH_NONE))
            check_pair(self, index, i, findings);
    }
}

int
troupe_graph_check(troupe_graph_t *self,
                   void (*found)(void *data,
                                 const troupe_graph_problem_t *problem),
                   void *data)
{
    CHECK(self);
    struct graph_findings findings = {.found = found, .data = data};
    if (self->is_good)
        return 0;
    if (self->count == 0) {
        troupe__graph_found(&findings, TROUPE_GRAPH_EMPTY, SIZE_MAX, SIZE_MAX,
                            NULL, "there are no tasks; add one");
        return -EINVAL;
    }
    troupe__graph_link(self, &findings);
    for (uint32_t i = 0; i < self->count; i++)
        check_task(self, i, &findings);
    troupe__graph_references(self, &findings);
    troupe__graph_sort(self, &findings);
    if (findings.count == 0)
        troupe__graph_writers(self, &findings);
    self->is_good = findings.count == 0;
    return self->is_good ? 0 : -EINVAL;
}
