/* SPDX-License-Identifier: Apache-2.0 */
/* graph_schedule.h: which task comes when: a state machine without actors. */
#ifndef TROUPE_ACTORS_GRAPH_SCHEDULE_H
#define TROUPE_ACTORS_GRAPH_SCHEDULE_H

#include "troupe_graph_run.h"

enum schedule_phase {
    SCHEDULE_WAITING, /* for needs, or for a failure to stand by for */
    SCHEDULE_READY,
    SCHEDULE_RUNNING, /* it was popped, and has not ended */
    SCHEDULE_ENDED
};

struct schedule_task {
    uint8_t phase;
    uint8_t state; /* troupe_graph_state_t once it has ended */
    bool fired;    /* what it stands by for has failed */
    bool recovered;
    bool told;     /* those who need it know */
    uint32_t open; /* needs that have not ended */
    uint32_t good; /* of those that have */
    uint32_t bad;
    uint32_t passed;     /* were not needed */
    uint32_t watch_open; /* tasks it stands by for that have not ended */
    uint32_t blame;      /* for want of which need it was skipped, or NONE */
};

/*
 * Each task ends exactly once. A task starts when its own needs have ended as
 * its rule says, whatever the others do; of several that are ready, the one
 * with the longest way to the end comes first.
 */
struct schedule {
    const struct troupe_graph *graph; /* borrowed; checked */
    struct schedule_task *tasks;
    uint64_t *ranks;
    uint32_t *heap; /* of ready tasks */
    uint32_t heap_count;
    uint32_t *work; /* tasks that have ended, whose needers do not know yet */
    uint32_t work_count;
    uint32_t running;
    uint32_t ended;
    /* Called with each task that becomes ready, or ends. */
    void (*changed)(void *data, uint32_t task);
    void *data;
};

/* troupe__schedule_begin: the first tasks are ready when it returns. The
 * fields `graph`, `changed` and `data` are set. */
void troupe__schedule_begin(struct schedule *self);
void troupe__schedule_clear(struct schedule *self);

/* troupe__schedule_pop: the next ready task; false: there is none now. */
bool troupe__schedule_pop(struct schedule *self, uint32_t *ret_task);

/* troupe__schedule_is_before: whether the next ready task comes before another
 * one, ready or not. */
bool troupe__schedule_is_before(const struct schedule *self, uint32_t task);

/* troupe__schedule_end: a running task has ended. */
void troupe__schedule_end(struct schedule *self, uint32_t task,
                          troupe_graph_state_t state);

/* troupe__schedule_again: a running task is ready once more. */
void troupe__schedule_again(struct schedule *self, uint32_t task);

/* troupe__schedule_cancel: what is not running ends, cancelled; but for tasks
 * that stand by, if they are to be kept. */
void troupe__schedule_cancel(struct schedule *self, bool keep_standby);

/* troupe__schedule_is_stalled: nothing runs, nothing could, and it is not over:
 * that would be a bug. */
bool troupe__schedule_is_stalled(const struct schedule *self);

/* troupe__schedule_waits: who waits for whom, as text; to be freed. */
char *troupe__schedule_waits(const struct schedule *self);

/* troupe__schedule_failed: a task that had to go well did not. */
bool troupe__schedule_failed(const struct schedule *self, uint32_t task);

/*
 * troupe__schedule_chain: why a task was skipped: "'b' was skipped, as 'a'
 * failed: its words"; to be freed.
 *
 *   whys  by task: words of those that failed; NULLs: none.
 */
char *troupe__schedule_chain(const struct schedule *self, uint32_t task,
                             char *const *whys);

#endif
