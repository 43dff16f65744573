/* SPDX-License-Identifier: Apache-2.0 */
/*
 * map_vote.c: a task that several do, each for itself: what most say counts.
 *
 * Each of them has a record of its own, which is queued, tried again and lost as
 * any other; the task's own record waits for them. So many are begun as must
 * agree; more only where they did not, and could. None is begun that could not
 * change the outcome any more.
 */
#include "actors/map.h"

#include <stdlib.h>
#include <string.h>

#include "mailbox/check.h"

#define SHOWN_MAX 65536 /* bytes of a value that is told among the votes */

/* So many said the same. */
struct map_vote {
    uint32_t count;
    struct map_chunk *chunk; /* that the end lies in, or NULL */
    struct map_end end;
    bool is_result; /* of the task */
};

/* The votes on a task. */
struct map_ballot {
    uint32_t open; /* that have not ended */
    uint32_t cast;
    uint32_t dropped; /* by a halt: no votes */
    struct map_vote *votes;
    uint32_t vote_count;
    uint8_t *used; /* by pool: whether one was given to it */
};

static uint32_t
majority_of(const struct map *self)
{
    return self->options.replicas / 2 + 1;
}

/* --- what is the same -------------------------------------------------------*/

/* A member of a map, whole, or NULL. */
static const void *
member(const struct map_end *end, const char *name, size_t *ret_size)
{
    struct map_cursor at = {end->value,
                            (const uint8_t *) end->value + end->value_size};
    uint32_t count = 0;
    if (!troupe__take_map(&at, &count))
        return NULL;
    for (uint32_t i = 0; i < count; i++) {
        const char *key = NULL;
        const void *value = NULL;
        size_t key_size = 0;
        if (!troupe__take_text(&at, &key, &key_size)
            || !troupe__take_any(&at, &value, ret_size))
            return NULL;
        if (key && key_size == strlen(name) && memcmp(key, name, key_size) == 0)
            return value;
    }
    return NULL;
}

static bool
has_same(const struct map_end *one, const struct map_end *other,
         const char *name)
{
    size_t size = 0, other_size = 0;
    const void *value = member(one, name, &size);
    const void *of_other = member(other, name, &other_size);
    return value && of_other && size == other_size
           && memcmp(value, of_other, size) == 0;
}

/* Of a program what it wrote and how it ended; how long it took, and what it
 * said of it on standard error, is its own. */
static bool
is_same(const struct map_record *record, const struct map_end *one,
        const struct map_end *other)
{
    if (one->state_size != other->state_size
        || memcmp(one->state, other->state, one->state_size) != 0)
        return false;
    if (record->how == TROUPE_MAP_COMMAND && one->value_size > 1
        && other->value_size > 1) {
        return has_same(one, other, "exit") && has_same(one, other, "signal")
               && has_same(one, other, "stdout")
               && has_same(one, other, "stdout_size");
    }
    return one->value_size == other->value_size
           && memcmp(one->value, other->value, one->value_size) == 0;
}

/* --- pools ------------------------------------------------------------------*/

/* Whether each that can be given one has been. */
static bool
all_are_used(const struct map *self, const struct map_ballot *ballot)
{
    bool all = true;
    for (uint32_t i = 0; i < self->pool_count && all; i++)
        all = ballot->used[i] || self->pools[i].is_stuck;
    return all;
}

bool
troupe__map_avoids(const struct map *self, const struct map_record *record,
                   uint32_t pool)
{
    const struct map_ballot *ballot =
        record->head ? record->head->ballot : NULL;
    return ballot && ballot->used[pool] && !all_are_used(self, ballot);
}

bool
troupe__map_is_begun(const struct map_record *record)
{
    return record->head && record->head->ballot->cast > 0;
}

void
troupe__map_uses(const struct map *self, const struct map_record *record,
                 uint32_t pool)
{
    struct map_ballot *ballot = record->head ? record->head->ballot : NULL;
    if (!ballot)
        return;
    if (all_are_used(self, ballot)) /* once more round */
        memset(ballot->used, 0, self->pool_count);
    ballot->used[pool] = 1;
}

/* --- votes ------------------------------------------------------------------*/

static void
launch(troupe_context_t *ctx, struct map *self, struct map_record *head,
       uint32_t count)
{
    bool is_first = head->ballot->cast == 0;
    troupe_trace_t before;
    (void) troupe_trace_get(ctx, &before);
    troupe_trace_set(ctx, head->span ? &head->span->at
                                     : NULL); /* theirs are below the task's */
    for (uint32_t i = 0; i < count; i++) {
        struct map_record *record = troupe__map_record_new(self);
        record->packed = head->packed;
        record->packed_size = head->packed_size;
        record->work_size = head->work_size;
        record->priority = head->priority;
        record->timeout_ms = head->timeout_ms;
        record->how = head->how;
        record->chunk = head->chunk;
        record->chunk->users++;
        record->head = head;
        record->number = head->number;
        record->retries = head->retries;
        record->resource = head->resource;
        record->queued_ns = troupe_time_ns(ctx);
        troupe__map_trace_begin(ctx, record);
        head->ballot->open++;
        if (is_first)
            troupe__map_queue(self, record);
        else
            troupe__list_push(&self->queue, record);
    }
    troupe_trace_set(ctx, &before);
}

void
troupe__map_ballot_open(troupe_context_t *ctx, struct map *self,
                        struct map_record *head)
{
    head->ballot = troupe__alloc(sizeof *head->ballot);
    head->ballot->used = troupe__alloc(self->first_pools + MAP_STUCK_MAX);
    launch(ctx, self, head, majority_of(self));
}

/* What votes hold counts, as what results do. */
static void
count_held(struct map *self, const struct map_record *head,
           const struct map_vote *vote, bool held)
{
    if (head->batch)
        return;
    if (held)
        self->held_bytes += vote->end.value_size;
    else
        self->held_bytes -= vote->end.value_size;
}

static void
cast(struct map *map, struct map_ballot *self, const struct map_record *record)
{
    struct map_vote *vote = NULL;
    self->cast++;
    for (uint32_t i = 0; i < self->vote_count && !vote; i++)
        if (is_same(record, &self->votes[i].end, &record->end))
            vote = &self->votes[i];
    if (vote) {
        vote->count++;
        return;
    }
    self->votes = troupe__realloc(self->votes,
                                  (self->vote_count + 1) * sizeof *self->votes);
    self->votes[self->vote_count++] = (struct map_vote){
        .count = 1, .chunk = record->end_chunk, .end = record->end};
    if (record->end_chunk)
        record->end_chunk->users++;
    count_held(map, record->head, &self->votes[self->vote_count - 1], true);
}

static struct map_vote *
best_of(const struct map_ballot *self)
{
    struct map_vote *best = NULL;
    for (uint32_t i = 0; i < self->vote_count; i++)
        if (!best || self->votes[i].count > best->count)
            best = &self->votes[i];
    return best;
}

static void
set_end(struct map_record *head, const char *state, const char *text)
{
    static const uint8_t nil = 0xc0;
    double run_ms = head->end.run_ms;
    head->end = (struct map_end){.state = state,
                                 .state_size = strlen(state),
                                 .text = text,
                                 .text_size = strlen(text),
                                 .value = &nil,
                                 .value_size = 1,
                                 .run_ms = run_ms};
}

/* True: it is decided, and the end is set. */
static bool
decide(troupe_context_t *ctx, struct map *self, struct map_record *head)
{
    struct map_ballot *ballot = head->ballot;
    struct map_vote *best = best_of(ballot);
    uint32_t most = best ? best->count : 0;
    uint32_t wanted = majority_of(self);
    uint32_t left = self->options.replicas - ballot->cast;
    if (best && most >= wanted) {
        head->end = best->end;
        head->end_chunk = best->chunk;
        if (head->end_chunk)
            head->end_chunk->users++;
        count_held(self, head, best, false); /* as the result it will */
        best->is_result = true;
        return true;
    }
    if (ballot->dropped > 0 || self->halted) {
        set_end(head, head->attempts > 0 ? "cancelled" : "skipped",
                "the map was halted before its replicas agreed");
        return true;
    }
    if (most + left < wanted) {
        set_end(head, "failed", "replicas disagree");
        return true;
    }
    launch(ctx, self, head, wanted - most);
    return false;
}

struct map_record *
troupe__map_voted(troupe_context_t *ctx, struct map *self,
                  struct map_record *record)
{
    struct map_record *head = record->head;
    struct map_ballot *ballot = head->ballot;
    enum map_state state =
        troupe__state_of(record->end.state, record->end.state_size);
    CHECK(ballot->open > 0);
    ballot->open--;
    head->attempts += record->attempts;
    head->end.run_ms = record->end.run_ms;
    if (record->has_pool) {
        head->pool = record->pool;
        head->has_pool = true;
    }
    if (state == MAP_SKIPPED || state == MAP_CANCELLED)
        ballot->dropped++;
    else
        cast(self, ballot, record);
    if (record->span)
        troupe__map_trace_end(ctx, record);
    troupe__map_forget(self, record);
    return ballot->open == 0 && decide(ctx, self, head) ? head : NULL;
}

/* [[state, count, value], ...]; nil for the value that the task has, and for
 * one that is too large to be told. */
void
troupe__map_votes_put(struct troupe__text *to, const struct map_record *record)
{
    const struct map_ballot *self = record->ballot;
    troupe__put_array(to, self->vote_count);
    for (uint32_t i = 0; i < self->vote_count; i++) {
        const struct map_vote *vote = &self->votes[i];
        troupe__put_array(to, 3);
        troupe__put_text(to, vote->end.state, vote->end.state_size);
        troupe__put_uint(to, vote->count);
        if (vote->is_result || vote->end.value_size > SHOWN_MAX)
            troupe__put_nil(to);
        else
            troupe__text_put(to, vote->end.value, vote->end.value_size);
    }
}

void
troupe__map_ballot_free(struct map *map, struct map_record *record)
{
    struct map_ballot *self = record->ballot;
    if (!self)
        return;
    for (uint32_t i = 0; i < self->vote_count; i++) {
        if (!self->votes[i].is_result)
            count_held(map, record, &self->votes[i], false);
        troupe__chunk_drop(self->votes[i].chunk);
    }
    free(self->votes);
    free(self->used);
    free(self);
    record->ballot = NULL;
}
