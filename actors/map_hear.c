/* SPDX-License-Identifier: Apache-2.0 */
/* map_hear.c: the pools of a map, and what they tell it. */
#include <errno.h>
#include <stdio.h>

#include "actors/map.h"
#include "actors/map_pool.h"

int
troupe__map_spec_of(troupe_context_t *ctx, const struct map *self,
                    uint32_t index, char id[16], troupe_child_spec_t *ret)
{
    snprintf(id, 16, "pool-%u", index);
    bool is_first = index < self->first_pools;
    troupe_map_mode_t mode = self->options.mode;
    if (mode == TROUPE_MAP_AUTO)
        mode = is_first ? TROUPE_MAP_ASYNC : TROUPE_MAP_THREAD;
    *ret = (troupe_child_spec_t){.id = id,
                                 .kind = &troupe__map_pool,
                                 .place = is_first ? TROUPE_WORKER
                                                   : TROUPE_OWN_THREAD,
                                 .worker = is_first ? index : 0};
    bool eager = self->options.halt.on != TROUPE_MAP_HALT_NEVER
                 || self->options.replicas > 1
                 || !troupe_ref_is_nobody(self->journal);
    return troupe_child_spec_pack(ret, "{s:R, s:U, s:U, s:U, s:b}", "owner",
                                  troupe_self(ctx), "index", (uint64_t) index,
                                  "slots", self->pools[index].slots, "mode",
                                  (uint64_t) mode, "eager", (int) eager);
}

/* New work was put into the queue, or it is too late for it. */
int
troupe__map_go_on(troupe_context_t *ctx, struct map *self)
{
    int rc = troupe__map_done_before(ctx, self);
    if (rc < 0)
        return rc;
    if (self->halted) {
        self->halted = false;
        rc = troupe__map_halt(ctx, self, self->halted_now, NULL);
    } else {
        rc = troupe__map_dispatch(ctx, self);
    }
    if (rc == 0)
        rc = troupe__map_log(ctx, self);
    return rc == 0 ? troupe__map_serve(ctx, self) : rc;
}

/* The number of a pool, or -1. */
static int
pool_of(const struct map *self, troupe_ref_t sender)
{
    for (uint32_t i = 0; i < self->pool_count; i++)
        if (troupe_ref_equal(self->pools[i].ref, sender))
            return (int) i;
    return -1;
}

/* It is there. */
static void
heard(troupe_context_t *ctx, struct map *self, int pool)
{
    self->now_ns = troupe_time_ns(ctx);
    self->pools[pool].heard_ns = self->now_ns;
    self->pools[pool].looks = 0;
}

int
troupe__map_on_ready(troupe_context_t *ctx, void *state,
                     const troupe_message_t *msg)
{
    struct map *self = state;
    uint64_t index = 0;
    int rc = troupe_unpack(msg, "[U]", &index);
    if (rc < 0 || index >= self->pool_count)
        return 0;
    struct map_pool_state *pool = &self->pools[index];
    if (pool->is_replaced)
        return 0;
    if (!troupe_ref_is_nobody(pool->ref))
        troupe__map_lost(self, (uint32_t) index);
    pool->ref = troupe_message_sender(msg);
    pool->is_stuck = pool->knows_late = false;
    heard(ctx, self, (int) index);
    return troupe__map_go_on(ctx, self);
}

int
troupe__map_on_here(troupe_context_t *ctx, void *state,
                    const troupe_message_t *msg)
{
    struct map *self = state;
    int pool = pool_of(self, troupe_message_sender(msg));
    if (pool >= 0)
        heard(ctx, self, pool);
    return 0;
}

/* Of one that was stuck only what it still has: others do the rest. */
static bool
is_of(const struct map *self, const struct map_record *record, int pool)
{
    return record && record->is_sent
           && (!self->pools[pool].is_stuck || record->pool == (uint32_t) pool);
}

/* What the next end is about: it was last looked at many tasks ago. */
static inline void
fetch(const struct map *self, uint64_t id)
{
    uint32_t index = (uint32_t) id;
    if (index >= self->record_count)
        return;
    __builtin_prefetch(self->records[index], 1);
    __builtin_prefetch(&self->records[index]->number, 1);
}

static int
take_ends(troupe_context_t *ctx, struct map *self, struct map_cursor *at,
          struct map_chunk *chunk, int sender, uint64_t peak)
{
    int rc = 0;
    while (at->at < at->end && rc == 0) {
        struct map_end end;
        uint64_t id = 0;
        if (!troupe__packed_end_take(at, &id, &end))
            return -EBADMSG;
        fetch(self, troupe__packed_end_next(at));
        struct map_record *record = troupe__map_find(self, id);
        if (!is_of(self, record, sender))
            continue; /* of a pool that has begun anew since */
        struct map_pool_state *pool = &self->pools[record->pool];
        pool->outstanding--;
        pool->peak = peak > pool->peak ? peak : pool->peak;
        troupe__map_took(self, record);
        rc = troupe__map_attempted(ctx, self, record, chunk, &end);
    }
    return rc;
}

int
troupe__map_on_results(troupe_context_t *ctx, void *state,
                       const troupe_message_t *msg)
{
    struct map *self = state;
    int sender = pool_of(self, troupe_message_sender(msg));
    if (sender < 0)
        return 0; /* nobody else says what a value is */
    struct map_chunk *chunk = troupe__chunk_new(msg);
    const void *ends = NULL;
    size_t size = 0;
    uint64_t peak = 0;
    int rc = troupe_unpack(chunk->msg, "[U, B]", &peak, &ends, &size);
    struct map_cursor at = {ends, (const uint8_t *) ends + size};
    heard(ctx, self, sender);
    if (rc == 0)
        rc = take_ends(ctx, self, &at, chunk, sender, peak);
    troupe__chunk_drop(chunk);
    return rc == 0 ? troupe__map_proceed(ctx, self) : rc;
}

/* A pool gave another one what it had not begun. */
int
troupe__map_on_gave(troupe_context_t *ctx, void *state,
                    const troupe_message_t *msg)
{
    struct map *self = state;
    const void *ids = NULL;
    size_t size = 0;
    uint32_t count = 0;
    uint64_t to = 0, id = 0;
    troupe_ref_t thief;
    int rc = troupe_unpack(msg, "{s:U, s:R, s:r}", "to", &to, "thief", &thief,
                           "ids", &ids, &size);
    struct map_cursor at = {ids, (const uint8_t *) ids + size};
    if (rc < 0 || to >= self->pool_count || !troupe__take_array(&at, &count))
        return -EBADMSG;
    bool known = troupe_ref_equal(thief, self->pools[to].ref);
    self->pools[to].robs = known ? false : self->pools[to].robs;
    int victim = pool_of(self, troupe_message_sender(msg));
    if (victim >= 0 && self->pools[victim].is_stuck)
        return 0; /* too late: others do them, and the thief does not */
    self->now_ns = troupe_time_ns(ctx);
    while (troupe__take_uint(&at, &id)) {
        struct map_record *record = troupe__map_find(self, id);
        if (!record || !record->is_sent)
            continue;
        self->pools[record->pool].outstanding--;
        if (!known) { /* the thief has begun anew, without them */
            troupe__map_took(self, record);
            troupe__map_queue(self, record);
            continue;
        }
        record->pool = (uint32_t) to;
        record->turn = ++self->turns;
        record->sent_ns = self->now_ns;
        self->pools[to].outstanding++;
        self->tally.stolen++;
    }
    return troupe__map_go_on(ctx, self);
}
