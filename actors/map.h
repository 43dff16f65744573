/* SPDX-License-Identifier: Apache-2.0 */
/* map.h: what the files of the map actor share. */
#ifndef TROUPE_ACTORS_MAP_H
#define TROUPE_ACTORS_MAP_H

#include "troupe_ask.h"
#include "troupe_events.h"
#include "troupe_supervisor.h"

#include "actors/map_record.h"
#include "actors/map_tally.h"

#define MAP_RESOURCES_MAX 64
#define MAP_STUCK_MAX     64 /* pools whose thread a function keeps */

/* A resource, and those who wait for a token of it. */
struct map_resource {
    char name[TROUPE_NAME_MAX + 1];
    uint64_t most, used;
    struct map_list waiting;
};

struct map_pool_state {
    troupe_ref_t ref; /* nobody until it is ready */
    uint64_t slots;
    uint64_t outstanding;
    uint64_t peak;
    bool robs;         /* it has asked another one for work */
    bool knows_late;   /* the timeout of tasks that were sent without one */
    uint64_t lost_ns;  /* when one of its functions ran out of time; 0 */
    uint64_t heard_ns; /* when it told something, last */
    uint32_t looks;   /* since it was asked whether it is there; 0: it is not */
    bool is_stuck;    /* a function keeps its thread: it gets no more work */
    bool is_replaced; /* and another one has its slots */
};

struct map {
    troupe_map_options_t options;
    troupe_ref_t journal, supervisor;
    struct map_pool_state *pools;
    uint32_t pool_count, first_pools; /* of it, with those that start with it */
    bool watches;                     /* whether they go on */
    uint64_t turns;                   /* tasks given to pools */

    struct map_record **records; /* by index */
    uint32_t record_count, record_size;
    struct map_list free_records;
    uint64_t next_number;
    uint64_t live;         /* tasks of puts whose result nobody has taken */
    uint64_t held_bytes;   /* of values of puts that nobody has taken */
    struct map_list queue; /* for pools */
    struct map_resource resources[MAP_RESOURCES_MAX];
    uint32_t resource_count;
    uint64_t waiting;                            /* for tokens */
    struct map_list before;                      /* done in an earlier run */
    struct map_record *order_first, *order_last; /* of puts, when ordered */
    struct map_list to_log, logging;
    struct troupe__text results;         /* packed, that nobody has taken */
    uint64_t result_count, result_bytes; /* of their values */
    uint64_t results_ns;                 /* when the first of them came */

    troupe_token_t take;
    bool take_packed;
    troupe_token_t *puts; /* that wait for room */
    size_t put_count, put_size;
    bool last;               /* no more puts will come */
    bool dispatches, serves; /* again, soon: a pool had no room; more comes */
    bool halted, halted_now, deadline_passed, told_halt;

    troupe_trace_t trace; /* that it was started in: of the tasks of puts */
    struct map_tally tally;
    uint64_t now_ns;          /* as the message in hand came */
    struct troupe__text text; /* room for what is sent; empty in between */
    char error[512];
    const char *why;            /* it was halted: one of */
    char whys[2][MAP_WHY_SIZE]; /* for soon, for now */
};

/* --- map_accept.c ----------------------------------------------------------*/

void troupe__map_records_free(struct map *self);

/* troupe__map_record_new: an empty record. */
struct map_record *troupe__map_record_new(struct map *self);

/* troupe__map_accept: records for the tasks of a message; 0 or -EBADMSG, and
 * then none. */
int troupe__map_accept(troupe_context_t *ctx, struct map *self,
                       const troupe_message_t *msg, struct map_batch *batch);

/* troupe__map_forget: its result is given away. */
void troupe__map_forget(struct map *self, struct map_record *record);

/* troupe__map_task_of: what is not in its record. */
void troupe__map_task_of(const struct map_record *record,
                         struct packed_task *ret);

/* troupe__map_find: the record of an id at the pools, or NULL. */
struct map_record *troupe__map_find(const struct map *self, uint64_t id);

/* --- map_queue.c -----------------------------------------------------------*/

/* troupe__map_is_full: too much is held: only what it waits for is begun. */
bool troupe__map_is_full(const struct map *self);

/* troupe__map_text_done: what a text of the map held is sent. */
void troupe__map_text_done(struct troupe__text *text);

/* troupe__map_dispatch: give the pools what they can do next. */
int troupe__map_dispatch(troupe_context_t *ctx, struct map *self);

/* troupe__map_lost: a pool begins anew: what it had is to be done again. */
void troupe__map_lost(struct map *self, uint32_t pool);

/* troupe__map_timeout_of: of an attempt that begins now, in ms; 0: none. */
uint32_t troupe__map_timeout_of(const struct map *self,
                                const struct map_record *record);

/* --- map_hear.c ------------------------------------------------------------*/

/* troupe__map_spec_of: of a pool of that number, as a child. */
int troupe__map_spec_of(troupe_context_t *ctx, const struct map *self,
                        uint32_t index, char id[16], troupe_child_spec_t *ret);

/* troupe__map_go_on: there is new work, or it is too late for it. */
int troupe__map_go_on(troupe_context_t *ctx, struct map *self);

/* What pools say. */
int troupe__map_on_ready(troupe_context_t *ctx, void *state,
                         const troupe_message_t *msg);
int troupe__map_on_results(troupe_context_t *ctx, void *state,
                           const troupe_message_t *msg);
int troupe__map_on_gave(troupe_context_t *ctx, void *state,
                        const troupe_message_t *msg);
int troupe__map_on_here(troupe_context_t *ctx, void *state,
                        const troupe_message_t *msg);

/* --- map_stuck.c -----------------------------------------------------------*/

/* troupe__map_watch: look now and then whether the pools go on. */
int troupe__map_watch(troupe_context_t *ctx, struct map *self);

/* --- map_ends.c ------------------------------------------------------------*/

/* troupe__map_attempted: an attempt has ended: again, or done. */
int troupe__map_attempted(troupe_context_t *ctx, struct map *self,
                          struct map_record *record, struct map_chunk *chunk,
                          const struct map_end *end);

/* troupe__map_done_before: settle what was done in an earlier run. */
int troupe__map_done_before(troupe_context_t *ctx, struct map *self);

/* troupe__map_halt: begin no more; now: end what runs, too; why: what those say
 * that do not run; NULL: as before. */
int troupe__map_halt(troupe_context_t *ctx, struct map *self, bool now,
                     const char *why);

/* troupe__map_log: write down what is done. */
int troupe__map_log(troupe_context_t *ctx, struct map *self);

/* --- map_give.c ------------------------------------------------------------*/

/* troupe__map_settle: it is on the disk, or need not be: on to who wants it. */
int troupe__map_settle(troupe_context_t *ctx, struct map *self,
                       struct map_record *record);

/* troupe__map_proceed: something has ended: give more, log it, serve who waits. */
int troupe__map_proceed(troupe_context_t *ctx, struct map *self);

/* troupe__map_serve: answer those who wait for results and for room. */
int troupe__map_serve(troupe_context_t *ctx, struct map *self);

/* troupe__map_summary_write: for the format "*"; value: a struct map. */
struct msgpack_packer;
int troupe__map_summary_write(struct msgpack_packer *packer, void *value);

#include "actors/map_order.h"
#include "actors/map_vote.h"

#endif
