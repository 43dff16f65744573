/* SPDX-License-Identifier: Apache-2.0 */
/* map_pool.h: what the files of a map's pool share. */
#ifndef TROUPE_ACTORS_MAP_POOL_H
#define TROUPE_ACTORS_MAP_POOL_H

#include "troupe_ask.h"
#include "troupe_children.h"
#include "troupe_events.h"
#include "troupe_lifecycle.h"

#include "actors/map_packed.h"

/* The kind of a pool; started by troupe_map alone, which it serves:
 *
 *   start    {owner: R, index: U, slots: U, mode: U, eager: b}
 *   work     B: packed tasks, one behind the other
 *   rob      {victim: R}: ask that pool for half of its tasks; nobody: that
 *            was in vain
 *   steal    {to: U, thief: R}: half of what is not begun becomes its work
 *   there    nil: say "here"
 *   leave    nil: what is not begun is done by others
 *   late     [ms: U]: the timeout of all tasks that were given without one
 *   drop     {now: b, why: s}: begin nothing of what there is; now: end what
 *            runs
 *
 * and tells it "ready" [index], "results" [peak, B], packed ends, and "gave"
 * {to, thief, ids}.
 */
extern const troupe_kind_t troupe__map_pool;

/* A task that is not begun: it is read when it is. */
struct pool_item {
    struct map_chunk *chunk; /* that it lies in */
    const uint8_t *packed;
    size_t packed_size;
    uint64_t id;
};

/* An actor that does tasks of one kind, one at a time. */
struct pool_doer {
    struct pool_doer *next;
    struct pool_doer *next_idle;
    const troupe_kind_t *kind;
    char id[32];     /* as a child */
    uint64_t serial; /* in it */
    troupe_ref_t ref;
    troupe_monitor_t monitor;
    struct pool_run *run; /* that it was asked for, or NULL */
    uint32_t ends;        /* of incarnations, since it was */
    bool rested;          /* since idle ones were ended last */
};

/* A task that runs, or whose actor is being started. */
struct pool_run {
    struct pool_run *next;  /* of those that run, or that are free */
    struct pool_run **link; /* what points here, while it runs */
    struct pool *pool;
    struct pool_item item;
    struct packed_task it;
    struct pool_doer *doer; /* or NULL */
    troupe_ask_t ask;       /* 0 while its actor starts */
    bool cancelled;
    char lost[128];      /* why its actor does not come back; "" */
    troupe_timer_t late; /* of map_late.c; 0: none */
    bool is_late;
};

struct pool {
    troupe_ref_t owner;
    uint64_t index;
    uint64_t slots;
    uint64_t mode;       /* troupe_map_mode_t */
    uint32_t late_ms;    /* the timeout of tasks that have none; 0: none */
    troupe_ref_t victim; /* that it robs, or robbed last */
    uint64_t here_ns;    /* when it looked at the time, last */
    uint32_t unseen;     /* answers, and most of them came without a look */
    troupe_ref_t supervisor;
    troupe_ref_t commands;

    struct pool_item *items; /* a ring */
    size_t item_count, item_first, item_size;

    struct pool_run *runs;
    struct pool_run *free_runs;
    uint64_t run_count, peak;

    struct pool_doer *doers;
    struct pool_doer *idle; /* the last that became so first */
    uint64_t doer_serial;
    bool shrinking;

    struct troupe__text out; /* packed results */
    size_t out_before;       /* so large it was a turn ago */
    uint32_t out_turns;      /* in which it did not grow */
    uint64_t out_since_ns;   /* when it was begun */
    bool flushing;           /* they go soon, or they are held for more */
    bool holding;
    bool hurry;    /* one of them may have been waited for */
    bool eager;    /* each is waited for: by a halt, votes, a journal */
    bool dropping; /* the map was halted */
    char why[MAP_WHY_SIZE];
};

/* troupe__pool_pump: begin what can be begun. Returns as a handler does. */
int troupe__pool_pump(troupe_context_t *ctx, struct pool *self);

/* troupe__pool_begin: the same, where this thread cannot have been away. */
int troupe__pool_begin(troupe_context_t *ctx, struct pool *self);

/* troupe__pool_drop: what is not begun never will be. */
int troupe__pool_drop(troupe_context_t *ctx, struct pool *self);

/* troupe__pool_was_away: whether its thread was kept for so long that the map
 * may think it stuck. Then it says so in its mailbox: look there first. */
bool troupe__pool_was_away(troupe_context_t *ctx, struct pool *self);

/* Of map_steal.c: what others do instead. */
#define TROUPE__POOL_LATER "(later)"
int troupe__pool_on_later(troupe_context_t *ctx, void *state,
                          const troupe_message_t *msg);
int troupe__pool_on_there(troupe_context_t *ctx, void *state,
                          const troupe_message_t *msg);
int troupe__pool_on_leave(troupe_context_t *ctx, void *state,
                          const troupe_message_t *msg);
int troupe__pool_on_rob(troupe_context_t *ctx, void *state,
                        const troupe_message_t *msg);
int troupe__pool_on_steal(troupe_context_t *ctx, void *state,
                          const troupe_message_t *msg);

/* Of map_late.c: tasks that got their timeout late. */
int troupe__pool_on_late(troupe_context_t *ctx, void *state,
                         const troupe_message_t *msg);
struct map_end troupe__pool_late_end(struct pool_run *run);

/* troupe__pool_flush: what has ended goes to the owner now. */
int troupe__pool_flush(troupe_context_t *ctx, struct pool *self);

/* troupe__pool_end: a run is over; its result goes out soon. */
int troupe__pool_end(troupe_context_t *ctx, struct pool_run *run,
                     const struct map_end *end);

/* troupe__pool_tell: put a result that is on its way to the owner. */
int troupe__pool_tell(troupe_context_t *ctx, struct pool *self, uint64_t id,
                      const struct map_end *end);

/* troupe__doer_run: have a function's task done by an actor of its kind. */
int troupe__doer_run(troupe_context_t *ctx, struct pool_run *run);

/* troupe__doer_rest: its task is over. */
void troupe__doer_rest(struct pool_run *run);

/* troupe__doer_give_up: it may never end its task: it gets no other one. */
int troupe__doer_give_up(troupe_context_t *ctx, struct pool_run *run);

/* troupe__doer_down: an incarnation of one has ended. One that waits for its
 * task to be done, and does not start again, is given up. */
int troupe__doer_down(troupe_context_t *ctx, void *state,
                      const troupe_message_t *msg);

/* troupe__doers_start: the supervisor of the pool's actors; 0 or an error. */
int troupe__doers_start(troupe_context_t *ctx, struct pool *self);

/* troupe__doers_shrink: end those that had nothing to do for a while. */
int troupe__doers_shrink(troupe_context_t *ctx, struct pool *self);
void troupe__doers_free(struct pool *self);

/* troupe__pool_ask: ask whoever does it; the run ends by the answer. */
int troupe__pool_ask(troupe_context_t *ctx, struct pool_run *run,
                     troupe_ref_t to);

/* troupe__pool_ask_name: the same with the actor of the task's name. */
int troupe__pool_ask_name(troupe_context_t *ctx, struct pool_run *run);

/* troupe__end_of: an end without a value. */
struct map_end troupe__end_of(const char *state, const char *text);

#endif
