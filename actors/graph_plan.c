/* SPDX-License-Identifier: Apache-2.0 */
/* graph_plan.c: predicts a run by playing it through. */
#include <errno.h>
#include <stdlib.h>

#include "actors/graph.h"
#include "actors/graph_schedule.h"
#include "actors/graph_wire.h"
#include "mailbox/check.h"

struct play {
    struct schedule schedule;
    const uint64_t *lengths;
    troupe_graph_plan_t *plan;
    uint32_t *busy; /* running tasks */
    uint64_t *ends; /* by task */
    uint32_t busy_count;
    size_t started;
};

static bool
ends_first(const struct play *self, uint32_t one, uint32_t other)
{
    if (self->ends[one] != self->ends[other])
        return self->ends[one] < self->ends[other];
    return one < other;
}

/* Few run at once, so that a look at all of them is cheap. */
static uint32_t
take_first(struct play *self)
{
    uint32_t first = 0;
    for (uint32_t i = 1; i < self->busy_count; i++)
        if (ends_first(self, self->busy[i], self->busy[first]))
            first = i;
    uint32_t task = self->busy[first];
    self->busy[first] = self->busy[--self->busy_count];
    return task;
}

static void
play_through(struct play *self)
{
    uint64_t now_ms = 0;
    uint32_t task = 0;
    for (;;) {
        while (self->busy_count < self->plan->parallel
               && troupe__schedule_pop(&self->schedule, &task)) {
            self->plan->start_ms[task] = now_ms;
            self->plan->order[self->started++] = task;
            self->ends[task] = now_ms + self->lengths[task];
            self->busy[self->busy_count++] = task;
        }
        if (self->busy_count == 0)
            break;
        task = take_first(self);
        now_ms = self->ends[task];
        troupe__schedule_end(&self->schedule, task, TROUPE_GRAPH_OK);
    }
    self->plan->wall_ms = now_ms;
    self->plan->count = self->started;
}

int
troupe_graph_plan(troupe_graph_t *self, uint32_t parallel,
                  troupe_graph_plan_t **ret_plan)
{
    CHECK(self);
    CHECK(ret_plan);
    int rc = troupe_graph_check(self, NULL, NULL);
    if (rc < 0)
        return rc;
    size_t count = self->count;
    troupe_graph_plan_t *plan = troupe__alloc(sizeof *plan);
    plan->parallel = parallel > 0 ? parallel : troupe__graph_cores();
    plan->start_ms = troupe__alloc(count * sizeof *plan->start_ms);
    plan->order = troupe__alloc(count * sizeof *plan->order);
    uint64_t *lengths = troupe__graph_lengths(self, &plan->is_guess);
    for (size_t i = 0; i < count; i++)
        plan->work_ms += lengths[i];
    plan->rank_ms = troupe__graph_ranks(self, lengths);
    plan->path = troupe__graph_path(self, lengths, &plan->path_count);
    for (size_t i = 0; i < plan->path_count; i++)
        plan->span_ms += lengths[plan->path[i]];
    struct play play = {.schedule = {.graph = self},
                        .lengths = lengths,
                        .plan = plan,
                        .busy = troupe__alloc((count + 1) * sizeof(uint32_t)),
                        .ends = troupe__alloc((count + 1) * sizeof(uint64_t))};
    troupe__schedule_begin(&play.schedule);
    play_through(&play);
    troupe__schedule_clear(&play.schedule);
    free(play.busy);
    free(play.ends);
    free(lengths);
    *ret_plan = plan;
    return 0;
}

void
troupe_graph_plan_destroy(troupe_graph_plan_t **plan_p)
{
    if (!plan_p || !*plan_p)
        return;
    free((*plan_p)->start_ms);
    free((*plan_p)->order);
    free((*plan_p)->rank_ms);
    free((*plan_p)->path);
    free(*plan_p);
    *plan_p = NULL;
}
