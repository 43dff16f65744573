/* SPDX-License-Identifier: Apache-2.0 */
/* map_queue.c: which pool gets how many of the tasks of a map. */
#include "actors/map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mailbox/check.h"

/*
 * Guided self-scheduling: a pool gets its share of half of what there is, so
 * that pieces become smaller towards the end; but not more than it will do in
 * BACKLOG_US, by what tasks have cost, so that nothing waits behind a long one,
 * and not less than in PIECE_US, so that pieces are worth their message.
 * At the very end a pool without work takes half of what another one has.
 * Source: Polychronopoulos and Kuck, 1987.
 */
#define BACKLOG_US  20000
#define PIECE_US    2000
#define WORK_MAX    1024         /* tasks of one piece */
#define WORK_BYTES  (256u << 10) /* of one piece */
#define MEDIAN_OF   3            /* so many before a median counts */
#define AGAIN_MS    2   /* until what could not be sent is tried again */
#define LOADED_MS   500 /* until a machine that is too busy is looked at again */
#define TIMEOUT_MAX 86400000.0
#define TEXT_KEPT   (1u << 20)
#define AVOIDED_MAX 1024        /* votes for other pools that are passed over */
#define HELD_MAX    (64u << 20) /* bytes of values that nobody has taken */

/* Memory that comes and goes costs more than what is written into it. */
void
troupe__map_text_done(struct troupe__text *text)
{
    if (text->capacity > TEXT_KEPT)
        troupe__text_free(text);
    else
        troupe__text_clear(text);
}

static bool
has_median(const struct map *self)
{
    return self->options.timeout_percent > 0
           && self->tally.run.count >= MEDIAN_OF;
}

/* Of a task that has none of its own. */
static uint32_t
timeout_now(const struct map *self)
{
    uint32_t timeout_ms = self->options.timeout_ms;
    if (has_median(self)) {
        double median = troupe__times_quantile(&self->tally.run, 0.5);
        double relative = median * self->options.timeout_percent / 100 + 1;
        relative = relative < TIMEOUT_MAX ? relative : TIMEOUT_MAX;
        if (timeout_ms == 0 || relative < (double) timeout_ms)
            timeout_ms = (uint32_t) relative;
    }
    return timeout_ms;
}

uint32_t
troupe__map_timeout_of(const struct map *self, const struct map_record *record)
{
    return record->timeout_ms > 0 ? record->timeout_ms : timeout_now(self);
}

/* What was sent before there was a median may run for ever. */
static int
tell_late(troupe_context_t *ctx, struct map *self)
{
    int rc = 0;
    for (uint32_t i = 0; i < self->pool_count && rc == 0; i++) {
        struct map_pool_state *pool = &self->pools[i];
        if (pool->knows_late || troupe_ref_is_nobody(pool->ref))
            continue;
        rc = troupe_send(ctx, pool->ref, "late", "[U]",
                         (uint64_t) timeout_now(self));
        pool->knows_late = rc == 0;
    }
    return rc;
}

/* How many more a pool should have. */
static uint64_t
wanted_by(const struct map *self, const struct map_pool_state *pool)
{
    double cost_us = self->tally.cost_us;
    double most = cost_us > 0 ? BACKLOG_US * (double) pool->slots / cost_us
                              : (double) pool->slots;
    if (self->tally.bytes > 0) { /* nor what would be too much to hold */
        double fit = HELD_MAX / self->tally.bytes / self->pool_count;
        most = fit < most ? fit : most;
    }
    uint64_t want = most < WORK_MAX ? (uint64_t) most : WORK_MAX;
    if (want < pool->slots)
        want = pool->slots;
    if (pool->outstanding >= want
        || (pool->outstanding >= pool->slots
            && (want - pool->outstanding) * 4 < want))
        return 0;
    uint64_t share = self->queue.count / (UINT64_C(2) * self->pool_count) + 1;
    uint64_t least = (uint64_t) (most * PIECE_US / BACKLOG_US);
    if (share < least)
        share = least;
    uint64_t more = want - pool->outstanding;
    if (pool->outstanding < pool->slots && share < pool->slots)
        share = pool->slots - pool->outstanding; /* none shall be idle */
    return more < share ? more : share;
}

/* What could not be sent is in the queue again, in its order. */
static void
give_back(struct map *self, struct map_list *taken)
{
    struct map_list queue = self->queue;
    self->queue = (struct map_list){0};
    while (taken->count > 0)
        troupe__map_untake(self, troupe__list_take(taken));
    while (queue.count > 0)
        troupe__map_queue(self, troupe__list_take(&queue));
}

/* What is held gets less when votes are decided; in order, where there is
 * nothing to be taken, by the first. */
static bool
may_end(const struct map *self, const struct map_record *record)
{
    bool is_first =
        self->result_count == 0 && record->head == self->order_first;
    return !record->head || troupe__map_is_begun(record) || is_first;
}

static void
put_work(const struct map *self, struct troupe__text *to,
         const struct map_record *record)
{
    troupe__packed_work_put(to, record->packed, record->work_size,
                            (uint64_t) record->generation << 32 | record->index,
                            troupe__map_timeout_of(self, record),
                            record->span ? &record->span->at : NULL);
}

static int
give(troupe_context_t *ctx, struct map *self, uint32_t index, uint64_t count)
{
    struct map_pool_state *pool = &self->pools[index];
    struct troupe__text *work = &self->text;
    uint32_t given = 0;
    uint64_t limit = count < self->queue.count ? count : self->queue.count;
    struct map_list taken = {0}, avoided = {0};
    bool full = troupe__map_is_full(self);
    bool votes = self->options.replicas > 1;
    while (given < limit && work->size < WORK_BYTES
           && (full || avoided.count < AVOIDED_MAX)) {
        struct map_record *record = troupe__map_next(self);
        if (!record)
            break;
        if ((votes && troupe__map_avoids(self, record, index))
            || (full && !may_end(self, record))) {
            troupe__list_put(&avoided, record);
            continue;
        }
        if (votes)
            troupe__map_uses(self, record, index);
        put_work(self, work, record);
        troupe__list_put(&taken, record);
        given++;
    }
    if (avoided.count > 0)
        give_back(self, &avoided);
    int rc = given > 0 ? troupe_send(ctx, pool->ref, "work", "B", work->data,
                                     work->size)
                       : 0;
    troupe__map_text_done(work);
    if (rc < 0) {
        give_back(self, &taken);
        return rc;
    }
    pool->outstanding += given;
    uint64_t now_ns = troupe_time_ns(ctx);
    for (struct map_record *at = taken.first; at; at = at->next) {
        at->pool = index;
        at->turn = ++self->turns;
        at->sent_ns = now_ns;
        at->is_sent = at->has_pool = true;
    }
    return 0;
}

/* Who has most that is not begun. */
static const struct map_pool_state *
richest(const struct map *self)
{
    const struct map_pool_state *best = NULL;
    for (uint32_t i = 0; i < self->pool_count; i++) {
        const struct map_pool_state *at = &self->pools[i];
        if (at->outstanding > at->slots && !at->is_stuck
            && (!best
                || at->outstanding - at->slots
                       > best->outstanding - best->slots))
            best = at;
    }
    return best;
}

static int
let_rob(troupe_context_t *ctx, struct map *self)
{
    int rc = 0;
    for (uint32_t i = 0; i < self->pool_count && rc == 0; i++) {
        struct map_pool_state *thief = &self->pools[i];
        if (thief->outstanding > 0 || thief->robs || thief->is_stuck
            || troupe_ref_is_nobody(thief->ref))
            continue;
        const struct map_pool_state *victim = richest(self);
        if (!victim)
            return 0;
        rc =
            troupe_send(ctx, thief->ref, "rob", "{s:R}", "victim", victim->ref);
        thief->robs = rc == 0;
    }
    return rc;
}

bool
troupe__map_is_full(const struct map *self)
{
    return self->held_bytes > HELD_MAX;
}

/* The one that all others wait for goes to the front, if it is in the queue. */
static bool
bring_first(struct map *self)
{
    struct map_record *first = self->order_first, *before = NULL;
    if (!first || first->is_sent || first->is_settled)
        return false;
    for (struct map_record *at = self->queue.first; at; at = at->next) {
        if (at == first)
            break;
        before = at;
    }
    if (!before || before == self->queue.last)
        return self->queue.first == first; /* or it waits for a token */
    before->next = first->next;
    if (self->queue.last == first)
        self->queue.last = before;
    first->next = self->queue.first;
    self->queue.first = first;
    return true;
}

/* A pool had no room. */
static int
dispatch_again(troupe_context_t *ctx, void *state, void *data)
{
    struct map *self = state;
    (void) data;
    self->dispatches = false;
    return troupe__map_dispatch(ctx, self);
}

static int
dispatch_later(troupe_context_t *ctx, struct map *self, uint32_t after_ms)
{
    if (self->dispatches)
        return 0;
    self->dispatches = true;
    return troupe_call_after(ctx, after_ms, dispatch_again, NULL, NULL, NULL);
}

int
troupe__map_dispatch(troupe_context_t *ctx, struct map *self)
{
    int rc = has_median(self) ? tell_late(ctx, self) : 0;
    bool full = troupe__map_is_full(self);
    uint64_t room = self->queue.count > 0 ? troupe__map_room(self) : 0;
    bool votes = self->options.replicas > 1;
    uint64_t most = !full || votes                  ? room
                    : room > 0 && bring_first(self) ? 1
                                                    : 0;
    for (uint32_t i = 0; i < self->pool_count && rc == 0 && most > 0; i++) {
        struct map_pool_state *pool = &self->pools[i];
        if (self->queue.count == 0 || troupe_ref_is_nobody(pool->ref)
            || pool->is_stuck)
            continue;
        uint64_t count = wanted_by(self, pool), had = pool->outstanding;
        if (count > 0)
            rc = give(ctx, self, i, count < most ? count : most);
        if (pool->outstanding > had && most == 1)
            break;
    }
    if (rc == 0 && self->queue.count > 0 && room == 0)
        return dispatch_later(ctx, self, LOADED_MS);
    /* Of votes no pool shall have two: none are stolen. */
    if (rc == 0 && self->queue.count == 0 && self->pool_count > 1
        && self->options.replicas < 2)
        rc = let_rob(ctx, self);
    if (rc == 0 && !self->watches)
        rc = troupe__map_watch(ctx, self);
    return rc == -EAGAIN ? dispatch_later(ctx, self, AGAIN_MS) : rc;
}

void
troupe__map_lost(struct map *self, uint32_t pool)
{
    for (uint32_t i = 0; i < self->record_count; i++) {
        struct map_record *record = self->records[i];
        if (!record->is_sent || record->pool != pool)
            continue;
        troupe__map_took(self, record);
        troupe__map_queue(self, record);
    }
    self->pools[pool].outstanding = 0;
    for (uint32_t i = 0; i < self->pool_count; i++)
        self->pools[i].robs = false; /* whom it robs may be gone, too */
}
