/* SPDX-License-Identifier: Apache-2.0 */
/* picture_run.h: what the files of the pictures of a run share. */
#ifndef TROUPE_TOOLS_PICTURE_RUN_H
#define TROUPE_TOOLS_PICTURE_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
    PICTURE_TASKS = 60,       /* boxes of tasks; more are drawn together */
    PICTURE_FAILED = 20,      /* of them, those that failed, by themselves */
    PICTURE_ACTORS = 300,     /* boxes of actors of one kind; the same */
    PICTURE_BARS = 300,       /* of a timeline; the longest are drawn */
    PICTURE_SPANS = 1u << 20, /* that are kept; later ones are counted */
    PICTURE_NONE = -1
};

/* How a part ended. */
enum picture_end { PICTURE_OK, PICTURE_BAD, PICTURE_CUT };

/* A box: the run, an actor or all of a kind that have no name, a task, or
 * tasks of one outcome. */
struct picture_box {
    char *name, *kind, *why;         /* why: of the first failure, or NULL */
    uint64_t count;                  /* of asks, or of tasks */
    uint64_t ended[PICTURE_CUT + 1]; /* of them */
    uint64_t retries, spent_ns, longest_ns;
    uint64_t tokens[2]; /* to models, from them */
    double cost;
    bool has_tokens, has_cost, is_task, is_group;
    uint32_t actors;
    uint32_t into; /* the box that it is drawn in; itself */
    int32_t next;  /* in its bucket */
};

/* A span. */
struct picture_span {
    uint64_t id, parent, from_ns, to_ns;
    uint64_t run_ns; /* of a task: its last attempt */
    uint64_t number; /* of a task */
    int32_t box;     /* PICTURE_NONE: a part of what its parent is */
    uint8_t type;    /* of the message */
    uint8_t end;
    bool is_task;
};

struct picture_arrow {
    uint32_t from, to;
    uint64_t count, bad, spent_ns;
};

/* What a model has cost: a part of what its parent is. */
struct picture_cost {
    size_t span;
    uint64_t retries, tokens[2];
    double cost;
    bool has_tokens, has_cost;
};

enum { PICTURE_BUCKETS = 4096, PICTURE_TYPES = 255 };

struct picture {
    struct picture_box *boxes; /* the first is the run */
    size_t box_count;
    int32_t buckets[PICTURE_BUCKETS];
    struct picture_span *spans;
    size_t span_count, task_count, failed_boxes;
    size_t actor_boxes;
    uint64_t unseen; /* spans */
    struct picture_cost *costs;
    size_t cost_count;
    struct picture_arrow *arrows;
    size_t arrow_count;
    char *types[PICTURE_TYPES];
    size_t type_count;
    uint64_t *actors; /* a set of hashes of a box and a ref */
    size_t actor_count, actor_size;
    uint64_t begin_ns, wall_ns;
    int code; /* exit code; -1: not known */
    char *run;
};

/* troupe__picture_read: 0, or -EBADMSG: no such trace. */
int troupe__picture_read(struct picture *self, FILE *trace);

/* troupe__picture_join: find who asked whom; after the reading. */
void troupe__picture_join(struct picture *self);

void troupe__picture_free(struct picture *self);

/* troupe__picture_box: the box of that name and kind; it is made if there is
 * room, else it is that of the others. */
uint32_t troupe__picture_box(struct picture *self, const char *kind,
                             const char *name, bool is_task);

/* troupe__picture_ended: a part of a box has ended. */
void troupe__picture_ended(struct picture_box *box, enum picture_end end,
                           uint64_t spent_ns, const char *why);

/* troupe__picture_title: what the run was, and what is not drawn by itself. */
char *troupe__picture_title(const struct picture *self);

/* Files: an open one is written; `data` is a struct picture. */
void troupe__picture_dot(const void *data, FILE *out);
void troupe__picture_timeline(const void *data, FILE *out);
void troupe__picture_chrome(const void *data, FILE *out);

#endif
