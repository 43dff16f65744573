/* SPDX-License-Identifier: Apache-2.0 */
/* graph_schedule.c: counts down needs, and keeps ready tasks by priority. */
#include "actors/graph_schedule.h"

#include <stdlib.h>

#include "actors/graph.h"
#include "mailbox/check.h"

/* What its end means for those who need it. */
enum verdict { GOOD, BAD, PASSED, ABSENT };

/* --- the heap ---------------------------------------------------------------*/

static bool
comes_first(const struct schedule *self, uint32_t one, uint32_t other)
{
    if (self->ranks[one] != self->ranks[other])
        return self->ranks[one] > self->ranks[other];
    return one < other;
}

static void
heap_push(struct schedule *self, uint32_t task)
{
    uint32_t at = self->heap_count++;
    while (at > 0 && comes_first(self, task, self->heap[(at - 1) / 2])) {
        self->heap[at] = self->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    self->heap[at] = task;
}

static uint32_t
heap_pop(struct schedule *self)
{
    uint32_t top = self->heap[0];
    uint32_t last = self->heap[--self->heap_count];
    uint32_t at = 0;
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= self->heap_count)
            break;
        if (child + 1 < self->heap_count
            && comes_first(self, self->heap[child + 1], self->heap[child]))
            child++;
        if (!comes_first(self, self->heap[child], last))
            break;
        self->heap[at] = self->heap[child];
        at = child;
    }
    self->heap[at] = last;
    return top;
}

/* --- ends -------------------------------------------------------------------*/

static bool
is_failure(uint8_t state)
{
    return state == TROUPE_GRAPH_FAILED || state == TROUPE_GRAPH_TIMEOUT
           || state == TROUPE_GRAPH_LOST;
}

static enum verdict
verdict_of(const struct schedule *self, uint32_t task)
{
    const struct schedule_task *it = &self->tasks[task];
    if (it->state == TROUPE_GRAPH_OK || it->recovered)
        return GOOD;
    if (self->graph->tasks[task].spec.optional)
        return ABSENT;
    return it->state == TROUPE_GRAPH_NOT_NEEDED ? PASSED : BAD;
}

static void
mark_ended(struct schedule *self, uint32_t task, troupe_graph_state_t state)
{
    struct schedule_task *it = &self->tasks[task];
    CHECK(it->phase != SCHEDULE_ENDED);
    if (it->phase == SCHEDULE_RUNNING)
        self->running--;
    it->phase = SCHEDULE_ENDED;
    it->state = (uint8_t) state;
    self->ended++;
    self->work[self->work_count++] = task;
    if (self->changed)
        self->changed(self->data, task);
}

static void
mark_ready(struct schedule *self, uint32_t task)
{
    self->tasks[task].phase = SCHEDULE_READY;
    heap_push(self, task);
    if (self->changed)
        self->changed(self->data, task);
}

/* What a task does next, as its rule says: READY, a state it ends in at once,
 * or 0: it waits. */
#define STARTS UINT8_MAX

static uint8_t
next_of(const struct schedule *self, uint32_t task)
{
    const struct schedule_task *it = &self->tasks[task];
    const troupe_graph_task_t *spec = &self->graph->tasks[task].spec;
    uint32_t enough = 1;
    switch (spec->rule) {
    case TROUPE_GRAPH_ALL_SUCCESS:
        if (it->bad > 0)
            return TROUPE_GRAPH_SKIPPED;
        if (it->open > 0)
            return 0;
        return it->passed > 0 ? TROUPE_GRAPH_NOT_NEEDED : STARTS;
    case TROUPE_GRAPH_NONE_FAILED:
        if (it->bad > 0)
            return TROUPE_GRAPH_SKIPPED;
        return it->open > 0 ? 0 : STARTS;
    case TROUPE_GRAPH_ALL_DONE:
        return it->open > 0 ? 0 : STARTS;
    case TROUPE_GRAPH_QUORUM:
        enough = spec->quorum;
        break;
    case TROUPE_GRAPH_ONE_SUCCESS:
        break;
    }
    if (it->good >= enough)
        return STARTS;
    if (it->good + it->open >= enough)
        return 0;
    /* Whether all of them were not needed is known when all have ended. */
    if (it->passed + it->open == spec->need_count && it->open > 0)
        return 0;
    return it->passed == spec->need_count ? TROUPE_GRAPH_NOT_NEEDED
                                          : TROUPE_GRAPH_SKIPPED;
}

static void
look_again(struct schedule *self, uint32_t task)
{
    const struct graph_task *of = &self->graph->tasks[task];
    struct schedule_task *it = &self->tasks[task];
    if (it->phase != SCHEDULE_WAITING)
        return;
    if (troupe__graph_stands_by(of) && !it->fired) {
        if (it->watch_open == 0)
            mark_ended(self, task, TROUPE_GRAPH_NOT_NEEDED);
        return;
    }
    uint8_t next = next_of(self, task);
    if (next == STARTS)
        mark_ready(self, task);
    else if (next != 0)
        mark_ended(self, task, (troupe_graph_state_t) next);
}

/* Those who need it learn what came of it. */
static void
tell(struct schedule *self, uint32_t task)
{
    const struct graph_edges *next = &self->graph->next;
    enum verdict verdict = verdict_of(self, task);
    CHECK(!self->tasks[task].told);
    self->tasks[task].told = true;
    for (uint32_t e = next->at[task]; e < next->at[task + 1]; e++) {
        uint32_t to = next->items[e];
        struct schedule_task *it = &self->tasks[to];
        it->open--;
        it->good += verdict == GOOD;
        it->bad += verdict == BAD;
        it->passed += verdict == PASSED;
        if (verdict != GOOD && verdict != PASSED
            && (verdict == BAD || it->blame == GRAPH_NONE))
            it->blame = task;
        look_again(self, to);
    }
}

/* Who stands by for it learns whether it failed. */
static void
tell_standby(struct schedule *self, uint32_t task, uint32_t stands_by)
{
    if (stands_by == GRAPH_NONE)
        return;
    struct schedule_task *it = &self->tasks[stands_by];
    it->watch_open--;
    it->fired |= is_failure(self->tasks[task].state);
    look_again(self, stands_by);
}

static void
recover(struct schedule *self, uint32_t task)
{
    uint32_t fallback = self->graph->tasks[task].fallback;
    self->tasks[task].recovered =
        self->tasks[fallback].state == TROUPE_GRAPH_OK;
    tell(self, task);
}

static void
process(struct schedule *self, uint32_t task)
{
    const struct graph_task *of = &self->graph->tasks[task];
    bool failed = is_failure(self->tasks[task].state);
    bool waits = failed && of->fallback != GRAPH_NONE;
    bool is_late = waits && self->tasks[of->fallback].phase == SCHEDULE_ENDED;
    tell_standby(self, task, of->on_error);
    tell_standby(self, task, of->fallback);
    if (!waits)
        tell(self, task);
    else if (is_late) /* it was cancelled before it was wanted */
        recover(self, task);
    uint32_t whose = of->fallback_of;
    if (whose != GRAPH_NONE && is_failure(self->tasks[whose].state)
        && !self->tasks[whose].told)
        recover(self, whose);
}

static void
work_off(struct schedule *self)
{
    while (self->work_count > 0)
        process(self, self->work[--self->work_count]);
}

/* --- the calls --------------------------------------------------------------*/

void
troupe__schedule_begin(struct schedule *self)
{
    CHECK(self->graph && self->graph->order);
    uint32_t count = self->graph->count;
    bool guess = false;
    uint64_t *lengths = troupe__graph_lengths(self->graph, &guess);
    self->ranks = troupe__graph_ranks(self->graph, lengths);
    free(lengths);
    self->tasks = troupe__alloc((count + 1) * sizeof *self->tasks);
    self->heap = troupe__alloc((count + 1) * sizeof *self->heap);
    self->work = troupe__alloc((count + 1) * sizeof *self->work);
    for (uint32_t i = 0; i < count; i++) {
        const struct graph_task *of = &self->graph->tasks[i];
        self->tasks[i].open = (uint32_t) of->spec.need_count;
        self->tasks[i].watch_open = of->watched;
        self->tasks[i].blame = GRAPH_NONE;
    }
    for (uint32_t i = 0; i < count; i++)
        if (self->tasks[i].open == 0)
            look_again(self, i);
    work_off(self);
}

void
troupe__schedule_clear(struct schedule *self)
{
    free(self->tasks);
    free(self->ranks);
    free(self->heap);
    free(self->work);
    self->tasks = NULL;
    self->ranks = NULL;
    self->heap = self->work = NULL;
}

bool
troupe__schedule_pop(struct schedule *self, uint32_t *ret_task)
{
    while (self->heap_count > 0) {
        uint32_t task = heap_pop(self);
        if (self->tasks[task].phase != SCHEDULE_READY)
            continue; /* cancelled meanwhile */
        self->tasks[task].phase = SCHEDULE_RUNNING;
        self->running++;
        *ret_task = task;
        return true;
    }
    return false;
}

bool
troupe__schedule_is_before(const struct schedule *self, uint32_t task)
{
    return self->heap_count > 0 && comes_first(self, self->heap[0], task);
}

void
troupe__schedule_end(struct schedule *self, uint32_t task,
                     troupe_graph_state_t state)
{
    CHECK(task < self->graph->count);
    CHECK(self->tasks[task].phase == SCHEDULE_RUNNING);
    mark_ended(self, task, state);
    work_off(self);
}

void
troupe__schedule_again(struct schedule *self, uint32_t task)
{
    CHECK(self->tasks[task].phase == SCHEDULE_RUNNING);
    self->running--;
    mark_ready(self, task);
}

void
troupe__schedule_cancel(struct schedule *self, bool keep_standby)
{
    for (uint32_t i = 0; i < self->graph->count; i++) {
        uint8_t phase = self->tasks[i].phase;
        if (phase == SCHEDULE_RUNNING || phase == SCHEDULE_ENDED
            || (keep_standby
                && troupe__graph_stands_by(&self->graph->tasks[i])))
            continue;
        mark_ended(self, i, TROUPE_GRAPH_CANCELLED);
    }
    work_off(self);
}

bool
troupe__schedule_failed(const struct schedule *self, uint32_t task)
{
    const struct graph_task *of = &self->graph->tasks[task];
    const struct schedule_task *it = &self->tasks[task];
    if (!is_failure(it->state) || it->recovered || of->spec.optional
        || of->fallback_of != GRAPH_NONE) /* whose failure counts itself */
        return false;
    /* A fallback that may yet recover it. */
    return of->fallback == GRAPH_NONE
           || self->tasks[of->fallback].phase == SCHEDULE_ENDED;
}

bool
troupe__schedule_is_stalled(const struct schedule *self)
{
    return self->running == 0 && self->heap_count == 0
           && self->ended < self->graph->count;
}
