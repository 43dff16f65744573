/* SPDX-License-Identifier: Apache-2.0 */
/* graph.h: a graph as its files see it: tasks, and the edges between them. */
#ifndef TROUPE_ACTORS_GRAPH_H
#define TROUPE_ACTORS_GRAPH_H

#include <stdio.h>

#include "troupe_graph.h"

#define GRAPH_NONE        UINT32_MAX
#define GRAPH_TIMEOUT_MS  3600000u
#define GRAPH_BACKOFF_MIN 100u
#define GRAPH_BACKOFF_MAX 10000u
#define GRAPH_GUESS_MS    1000u /* of a task that does not say */

/* A task and what its ids stand for; GRAPH_NONE where there is no such task. */
struct graph_task {
    troupe_graph_task_t spec; /* its texts and arrays are in the block */
    void *block;
    uint32_t *needs; /* in `need_items` */
    uint32_t fallback;
    uint32_t on_error;
    uint32_t fallback_of; /* whose fallback it is */
    uint32_t watched;     /* how many tasks it stands by for */
};

/* For each task a list: items[at[i]] to items[at[i + 1]]. */
struct graph_edges {
    uint32_t *at;
    uint32_t *items;
};

struct troupe_graph {
    struct graph_task *tasks;
    uint32_t count;
    uint32_t capacity;
    uint32_t need_count; /* of all tasks */
    /* Below: made by troupe__graph_link(), gone with the next add. */
    bool is_linked;
    bool is_good; /* it was checked, and can run */
    uint32_t *need_items;
    uint32_t *slots; /* ids by hash: index + 1 */
    uint32_t slot_count;
    struct graph_edges next;  /* who needs it */
    struct graph_edges after; /* who cannot start before it has ended */
    uint32_t *order;          /* each before those after it; if no cycle */
};

/* Where problems go. */
struct graph_findings {
    void (*found)(void *data, const troupe_graph_problem_t *problem);
    void *data;
    size_t count;
};

/* troupe__graph_found: report one more; `format` makes its text. */
void troupe__graph_found(struct graph_findings *self,
                         troupe_graph_fault_t fault, size_t task, size_t need,
                         const char *name, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

/* troupe__graph_find: the first task of that id, or GRAPH_NONE; of a linked
 * graph, or while it is being linked. */
uint32_t troupe__graph_find(const struct troupe_graph *self, const char *id,
                            size_t size);

/* troupe__graph_link: find the tasks that ids name; problems are reported. */
void troupe__graph_link(struct troupe_graph *self,
                        struct graph_findings *findings);
void troupe__graph_unlink(struct troupe_graph *self);

/* troupe__graph_sort: set `order`; each cycle is reported as a path. */
void troupe__graph_sort(struct troupe_graph *self,
                        struct graph_findings *findings);

/* troupe__graph_writers: two that write one thing must come in order. */
void troupe__graph_writers(struct troupe_graph *self,
                           struct graph_findings *findings);

/* troupe__graph_references: each ${...} must be of a need; in graph_value.c */
void troupe__graph_references(struct troupe_graph *self,
                              struct graph_findings *findings);

/* troupe__graph_ranks: of each task of a sorted graph the longest way from its
 * start to the end, by lengths of tasks; to be freed. */
uint64_t *troupe__graph_ranks(const struct troupe_graph *self,
                              const uint64_t *lengths);

/* troupe__graph_path: a longest way through `after`, to be freed; tasks of
 * length 0 at its ends are left out. */
uint32_t *troupe__graph_path(const struct troupe_graph *self,
                             const uint64_t *lengths, size_t *ret_count);

/* troupe__graph_lengths: what the tasks say that they take, in ms; those that
 * stand by: 0; to be freed. */
uint64_t *troupe__graph_lengths(const struct troupe_graph *self,
                                bool *ret_guess);

/* troupe__graph_text_open: a stream into memory, as open_memstream(3), or the
 * process ends. troupe__graph_text_close: the text is whole then. */
FILE *troupe__graph_text_open(char **text, size_t *size);
void troupe__graph_text_close(FILE *out);

/* troupe__graph_stands_by: it runs only when another task fails. */
static inline bool
troupe__graph_stands_by(const struct graph_task *task)
{
    return task->watched > 0;
}

#endif
