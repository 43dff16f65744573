/* SPDX-License-Identifier: Apache-2.0 */
/* graph_each.h: tasks that are done once for each item, or round by round. */
#ifndef TROUPE_ACTORS_GRAPH_EACH_H
#define TROUPE_ACTORS_GRAPH_EACH_H

#include "actors/graph_coordinator.h"
#include "actors/graph_value.h"

/* One item of a list, while it is done. */
struct graph_item {
    struct graph_job job;
    struct graph_job *whole; /* the task's own */
    uint32_t index;
    uint32_t twin;  /* how many before it look the same to the journal */
    uint64_t looks; /* a hash of what it is given; 0: not known */
    uint8_t state;  /* how it ended; 0: it has not */
    char *why;      /* owned; or NULL */
    void *bytes;    /* the item, one msgpack value; owned */
    size_t size;
    char place[9]; /* the index, as msgpack */
    size_t place_size;
};

/* The items of a task. */
struct graph_each {
    struct graph_item *items;
    msgpack_unpacked list; /* its texts lie in the body of the task's job */
    uint32_t count;
    uint32_t next;   /* the first that was never begun */
    uint32_t *again; /* those that have rested, to be tried again */
    uint32_t again_count;
    uint32_t resting;
    uint32_t open;      /* that are being done */
    uint32_t good, bad; /* of those that have ended */
    uint32_t first_bad; /* the first that did not end well; or count */
    uint32_t lacking;   /* of the good, those that never met their `until` */
    uint32_t first_lacking;
    bool stopped; /* no more are begun */
    bool is_over;
};

/* What is kept of the rounds of a task. */
struct graph_rounds {
    uint32_t round; /* from 1 */
    void *last;     /* the result of the one before; owned; or NULL */
    size_t last_size;
    troupe_graph_part_t *parts; /* of those that have ended */
    uint32_t part_count;
    uint32_t attempts; /* before this round */
    uint64_t spent_ns;
    uint64_t began_ns; /* this round */
    char place[9];     /* the number of the round, as msgpack */
    size_t place_size;
};

/* troupe__graph_each_begin: a task with `each` starts: look at its list. */
void troupe__graph_each_begin(troupe_context_t *ctx, struct graph_job *job);

/* troupe__graph_list_open: find the list, and make room for what comes of it;
 * 0 or an error and why. */
#define LIST_WHY 512 /* bytes that say what is wrong, with the file */
int troupe__graph_list_open(struct graph_job *job, char why[LIST_WHY]);

/* troupe__graph_cut: so many bytes of a text, or less: no half of a letter. */
size_t troupe__graph_cut(const char *text, size_t size);

/* troupe__graph_each_next: the task whose items come first, of those where one
 * more can be begun; or NULL. */
struct graph_job *troupe__graph_each_next(const struct graph_run *run);

/* troupe__graph_each_start: begin one more item of it, or try one again. */
void troupe__graph_each_start(troupe_context_t *ctx, struct coordinator *self,
                              struct graph_job *job);

/* troupe__graph_each_rests: an item waits before it is tried again;
 * troupe__graph_each_rested: it has waited. */
void troupe__graph_each_rests(struct graph_job *item);
void troupe__graph_each_rested(struct graph_job *item);

/* troupe__graph_each_ended: an item has ended; its `why` is set. */
void troupe__graph_each_ended(troupe_context_t *ctx, struct graph_job *item,
                              troupe_graph_state_t state);

/* troupe__graph_each_stop: begin no more items; with `now` also end those that
 * run. */
void troupe__graph_each_stop(troupe_context_t *ctx, struct graph_job *job,
                             bool now);

/* troupe__graph_each_parts: what came of its items; to be freed. */
troupe_graph_part_t *troupe__graph_each_parts(const struct graph_each *self);
void troupe__graph_each_destroy(struct graph_each **self_p);

/* troupe__graph_rounds_begin: the first round of a task with `until`. */
void troupe__graph_rounds_begin(troupe_context_t *ctx, struct graph_job *job);

/* troupe__graph_rounds_end: the round it is in has ended, so. */
void troupe__graph_rounds_end(troupe_context_t *ctx, struct graph_job *job,
                              troupe_graph_state_t state);
/* troupe__graph_rounds_forget: the last of them has ended. */
void troupe__graph_rounds_forget(struct graph_rounds *self);
void troupe__graph_rounds_destroy(struct graph_rounds **self_p);

/* troupe__graph_job_is_stopped: it begins no further attempt or round, for the
 * reason that _why says: its run ends, or its list cannot go well any more. */
bool troupe__graph_job_is_stopped(const struct graph_job *job);
const char *troupe__graph_job_why(const struct graph_job *job);

/* troupe__graph_pack_parts: the "parts" of a report, each an array;
 * troupe__graph_read_parts: 0 and what there is, to be freed with
 * troupe__graph_parts_free(), or -EBADMSG. */
void troupe__graph_pack_parts(msgpack_packer *packer,
                              const troupe_graph_part_t *parts, size_t count);
int troupe__graph_read_parts(const msgpack_object *list,
                             troupe_graph_part_t **ret_parts,
                             size_t *ret_count);
void troupe__graph_parts_free(troupe_graph_part_t *parts, size_t count);

#endif
