/* SPDX-License-Identifier: Apache-2.0 */
/* map_record.h: what a map knows of each of its tasks. */
#ifndef TROUPE_ACTORS_MAP_RECORD_H
#define TROUPE_ACTORS_MAP_RECORD_H

#include "troupe_ask.h"
#include "troupe_trace.h"

#include "actors/map_packed.h"

/* Tasks that came together by "map" and are answered together. */
struct map_batch {
    troupe_token_t token;
    struct map_record **records;
    uint32_t count, left;
};

/*
 * A task from its arrival until its result is settled. It is in one list at a
 * time: the queue, a pool, to be written down, being written.
 */
struct map_record {
    struct map_record *next;
    uint32_t index, generation; /* its id at the pools */
    struct map_chunk *chunk;    /* that its task lies in */
    const uint8_t *packed;      /* the task */
    size_t packed_size, work_size;
    uint64_t queued_ns;
    uint32_t timeout_ms; /* 0: that of the map */
    uint8_t how;
    uint8_t resource; /* index + 1 of what it needs; 0: nothing */
    bool is_sent;     /* to a pool that has not told its end */
    bool has_pool;
    bool is_settled;

    uint32_t pool; /* it was given to, last */
    uint32_t attempts, retries;
    uint64_t number, priority;
    uint64_t turn, sent_ns;  /* as which it was sent, and when */
    struct map_batch *batch; /* or NULL: its result is for "take" */
    const char *key;         /* or NULL */
    size_t key_size;

    struct map_record *order_next;
    struct map_record *head;     /* the task that it is a vote on; or NULL */
    struct map_ballot *ballot;   /* the votes on it; or NULL */
    troupe_span_t *span;         /* or NULL */
    struct map_chunk *end_chunk; /* that its end lies in, or NULL */
    struct map_end end;
};

struct map_list {
    struct map_record *first, *last;
    uint64_t count;
};

static inline void
troupe__list_put(struct map_list *self, struct map_record *record)
{
    record->next = NULL;
    if (self->last)
        self->last->next = record;
    else
        self->first = record;
    self->last = record;
    self->count++;
}

/* troupe__list_push: in front. */
static inline void
troupe__list_push(struct map_list *self, struct map_record *record)
{
    record->next = self->first;
    self->first = record;
    if (!self->last)
        self->last = record;
    self->count++;
}

/* troupe__list_take: the first one, or NULL. */
static inline struct map_record *
troupe__list_take(struct map_list *self)
{
    struct map_record *record = self->first;
    if (!record)
        return NULL;
    self->first = record->next;
    if (!self->first)
        self->last = NULL;
    else
        __builtin_prefetch(&self->first->next, 1); /* it will be the next */
    self->count--;
    return record;
}

#endif
