/* SPDX-License-Identifier: Apache-2.0 */
/*
 * map_stuck.c: pools whose thread a function keeps.
 *
 * A pool has its functions on its own worker, where they cost least; one that
 * blocks keeps the pool from its tasks and its clock. The map, which has a
 * thread of its own, asks a pool that is silent whether it is there. One that
 * does not answer gets no more work, and what it cannot have begun is done by
 * others: it begins in order, and not more than its slots. What it has begun
 * ends by its own answer, or here, by its timeout or the end of the map. When
 * one has run out of time the pool counts as lost, and what else it has begun
 * is done again, but for programs, which have their own clock: a pool may be
 * silent because it starts so many; when all has ended another pool on a thread of its own gets
 * the slots.
 *
 * A pool that was away looks into its mailbox before it begins a task, and
 * finds "leave" there: so no task is done by two.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/map.h"
#include "actors/map_pool.h"
#include "mailbox/check.h"

#define LOOK_MS    100
#define NS_PER_MS  UINT64_C(1000000)
#define LOOKS_MAX  4    /* without an answer */
#define LOST_MS    5000 /* for a program of a pool that is lost */
#define CHILD_MS   60000
#define WORDS_SIZE 128

static int
by_turn(const void *one, const void *other)
{
    const struct map_record *const *a = one, *const *b = other;
    return (*a)->turn < (*b)->turn ? -1 : (*a)->turn > (*b)->turn;
}

/* What a pool has, in the order in which it begins; to be freed. */
static struct map_record **
records_of(const struct map *self, uint32_t pool, size_t *ret_count)
{
    size_t count = 0;
    struct map_record **list =
        troupe__alloc((self->pools[pool].outstanding + 1) * sizeof(void *));
    for (uint32_t i = 0; i < self->record_count; i++) {
        struct map_record *record = self->records[i];
        if (!record->is_sent || record->pool != pool)
            continue;
        CHECK(count < self->pools[pool].outstanding);
        list[count++] = record;
    }
    qsort(list, count, sizeof(void *), by_turn);
    *ret_count = count;
    return list;
}

/* Thieves hear that they need not wait for it. */
static int
call_off(troupe_context_t *ctx, struct map *self)
{
    int rc = 0;
    for (uint32_t i = 0; i < self->pool_count && rc == 0; i++) {
        struct map_pool_state *pool = &self->pools[i];
        if (!pool->robs || pool->is_stuck)
            continue;
        pool->robs = false;
        rc = troupe_send(ctx, pool->ref, "rob", "{s:R}", "victim",
                         TROUPE_NOBODY);
    }
    return rc;
}

/* Others do what it has: what it cannot have begun, or all; but a program that
 * was begun runs, whoever looks after it. */
static void
requeue(struct map *self, uint32_t index, bool all)
{
    size_t count = 0;
    size_t begun = self->pools[index].slots;
    struct map_record **records = records_of(self, index, &count);
    for (size_t i = 0; i < count; i++) {
        if (i < begun && (!all || records[i]->how == TROUPE_MAP_COMMAND))
            continue;
        troupe__map_took(self, records[i]);
        troupe__map_queue(self, records[i]);
        self->pools[index].outstanding--;
    }
    free(records);
}

static int
leave(troupe_context_t *ctx, struct map *self, uint32_t index)
{
    struct map_pool_state *pool = &self->pools[index];
    int rc = troupe_send(ctx, pool->ref, "leave", NULL);
    if (rc < 0)
        return rc == -EAGAIN ? 0 : rc; /* at the next look */
    pool->is_stuck = true;
    requeue(self, index, false);
    return call_off(ctx, self);
}

/* In place of the pool that cannot. */
static int
end_one(troupe_context_t *ctx, struct map *self, struct map_record *record,
        const char *state, const char *words)
{
    struct troupe__text text = {0};
    troupe__text_put(&text, words, strlen(words) + 1);
    struct map_chunk *chunk = troupe__chunk_of(&text);
    struct map_end end = troupe__end_of(state, chunk->bytes.data);
    end.run_ms = (double) (self->now_ns - record->sent_ns) / NS_PER_MS;
    self->pools[record->pool].outstanding--;
    troupe__map_took(self, record);
    int rc = troupe__map_attempted(ctx, self, record, chunk, &end);
    troupe__chunk_drop(chunk);
    return rc;
}

static bool
is_past(const struct map *self, uint64_t since_ns, uint32_t ms)
{
    return since_ns > 0 && self->now_ns - since_ns >= ms * NS_PER_MS;
}

/* It began when the pool was heard last, if not before. */
static bool
is_late(const struct map *self, const struct map_record *record,
        uint32_t timeout_ms)
{
    uint64_t heard_ns = self->pools[record->pool].heard_ns;
    uint64_t since_ns = record->sent_ns > heard_ns ? record->sent_ns : heard_ns;
    return timeout_ms > 0 && is_past(self, since_ns, timeout_ms);
}

static int
give_up(troupe_context_t *ctx, struct map *self, uint32_t index)
{
    char words[WORDS_SIZE];
    size_t count = 0;
    int rc = 0;
    bool any = false;
    struct map_record **records = records_of(self, index, &count);
    for (size_t i = 0; i < count && rc == 0; i++) {
        uint32_t ms = troupe__map_timeout_of(self, records[i]);
        if (self->halted_now) {
            rc = end_one(ctx, self, records[i], "cancelled", self->why);
        } else if (records[i]->how == TROUPE_MAP_COMMAND) {
            if (is_past(self, self->pools[index].lost_ns, LOST_MS))
                rc = end_one(ctx, self, records[i], "lost",
                             "its thread does not return from a function");
        } else if (is_late(self, records[i], ms)) {
            snprintf(words, sizeof words,
                     "it took longer than %u ms, and its thread does not "
                     "return",
                     (unsigned) ms);
            rc = end_one(ctx, self, records[i], "timeout", words);
            any = true;
        }
    }
    free(records);
    if (any && self->pools[index].lost_ns == 0)
        self->pools[index].lost_ns = self->now_ns;
    if (rc == 0 && any)
        requeue(self, index, true);
    return rc;
}

static int
on_replaced(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct map *self = state;
    if (answer->outcome == TROUPE_REPLY)
        return 0; /* it says itself that it is ready */
    snprintf(self->error, sizeof self->error,
             "no thread for those whose function does not return: %s",
             answer->text);
    int rc = troupe__map_halt(ctx, self, true, "no thread was left");
    return rc == 0 ? troupe__map_serve(ctx, self) : rc;
}

static int
replace(troupe_context_t *ctx, struct map *self, uint32_t index)
{
    uint32_t count = self->pool_count;
    self->pools[index].is_replaced = true;
    if (count - self->first_pools >= MAP_STUCK_MAX) {
        snprintf(self->error, sizeof self->error,
                 "%d threads do not return from functions; see --mode process",
                 MAP_STUCK_MAX);
        return troupe__map_halt(ctx, self, true, "no thread was left");
    }
    self->pools =
        troupe__realloc(self->pools, (count + 1) * sizeof *self->pools);
    self->pools[count] = (struct map_pool_state){
        .ref = TROUPE_NOBODY, .slots = self->pools[index].slots};
    self->pool_count++;
    char id[16];
    troupe_child_spec_t spec;
    int rc = troupe__map_spec_of(ctx, self, count, id, &spec);
    troupe_child_request_t request = {.verb = TROUPE_START_CHILD,
                                      .spec = &spec};
    if (rc == 0)
        rc = troupe_supervisor_ask(ctx, self->supervisor, &request, CHILD_MS,
                                   on_replaced, NULL);
    troupe_child_spec_clear(&spec);
    return rc;
}

static int
look_at(troupe_context_t *ctx, struct map *self, uint32_t index)
{
    struct map_pool_state *pool = &self->pools[index];
    int rc = 0;
    if (pool->is_stuck) {
        rc = pool->outstanding > 0 ? give_up(ctx, self, index) : 0;
        pool = &self->pools[index];
        bool is_free = pool->outstanding == 0 && !pool->is_replaced;
        return rc == 0 && is_free && !self->halted ? replace(ctx, self, index)
                                                   : rc;
    }
    uint64_t silent_ns = self->now_ns - pool->heard_ns;
    if (pool->outstanding == 0
        || (pool->looks == 0 && silent_ns < LOOK_MS * NS_PER_MS))
        return 0;
    if (pool->looks++ >= LOOKS_MAX)
        return leave(ctx, self, index);
    return pool->looks == 1 ? troupe_send(ctx, pool->ref, "there", NULL) : 0;
}

static int
look(troupe_context_t *ctx, void *state, void *data)
{
    struct map *self = state;
    int rc = 0;
    (void) data;
    self->watches = false;
    self->now_ns = troupe_time_ns(ctx);
    uint32_t count = self->pool_count;
    for (uint32_t i = 0; i < count && rc == 0; i++)
        rc = look_at(ctx, self, i);
    if (rc == 0 || rc == -EAGAIN)
        rc = troupe__map_watch(ctx, self);
    return rc == 0 ? troupe__map_proceed(ctx, self) : rc;
}

int
troupe__map_watch(troupe_context_t *ctx, struct map *self)
{
    bool any = self->queue.count > 0;
    for (uint32_t i = 0; i < self->pool_count; i++)
        any |= self->pools[i].outstanding > 0;
    if (!any || self->watches)
        return 0;
    self->watches = true;
    return troupe_call_after(ctx, LOOK_MS, look, NULL, NULL, NULL);
}
