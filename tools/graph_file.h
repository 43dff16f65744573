/* SPDX-License-Identifier: Apache-2.0 */
/* graph_file.h: a graph file, read and checked; GRAPH.md has its keys. */
#ifndef TROUPE_TOOLS_GRAPH_FILE_H
#define TROUPE_TOOLS_GRAPH_FILE_H

#include "troupe_graph_run.h"

#include "tools/topology.h"

#define TROUPE__GRAPHS_MAX      64 /* files of one graph */
#define TROUPE__GRAPH_DEPTH_MAX 8  /* graphs in graphs */

/* A key of a task, and where it stands; all points into the file. */
struct troupe__graph_entry {
    char *id; /* with the ids of the graphs that it is in: "build/compile" */
    const char *own;          /* its end, without them */
    struct troupe__spot spot; /* in the file that was given */
    uint32_t line;            /* 0: in another file */
    const struct troupe__value *map;
    struct troupe__words needs;
    char **need_ids; /* with those graphs; owned */
    struct troupe__words writes;
    unsigned rule;
    uint32_t quorum;
    unsigned optional;
    struct troupe__word fallback, on_error, when;
    char *fallback_id, *on_error_id;
    uint32_t retries, backoff_min_ms, backoff_max_ms, timeout_ms, takes_ms;
    struct troupe__word each;
    uint32_t each_parallel, each_quorum;
    struct troupe__word until;
    uint32_t rounds_max;
    unsigned rounds_enough;
    char *file; /* that it is in; owned */
    bool stands_by;
    bool is_needed; /* by another one of its file */
    troupe_graph_work_t work;
    struct troupe__word actor, type;
    void *body;
    size_t body_size;
};

/* A graph file. */
struct troupe__graph_file {
    char *directory;
    char *name;
    struct troupe__value
        *roots[TROUPE__GRAPHS_MAX]; /* of this file and those it names */
    size_t root_count;
    const char *open[TROUPE__GRAPH_DEPTH_MAX + 1]; /* files, each in the one
                                                      before; while reading */
    size_t open_count;
    struct troupe__graph_entry *entries; /* in the order of the graph's tasks */
    size_t entry_count;
    troupe_graph_t *graph;
    struct troupe__topology *actors; /* whom tasks ask; or NULL */
    uint32_t parallel;
    uint32_t timeout_ms; /* of tasks that do not say */
    uint32_t deadline_ms;
    unsigned fail_fast;
};

/*
 * troupe__graph_file_read: read and check a file, with all graphs that it
 * names, and load its libraries.
 *
 *   findings  out: what is wrong, maybe several things. What is wrong with
 *             another file that it names is printed to standard error.
 *   ret_file  out: to be freed; NULL when anything is wrong.
 *   returns   0 or -EINVAL
 */
int troupe__graph_file_read(const char *path, struct troupe__findings *findings,
                            struct troupe__graph_file **ret_file);

/* troupe__graph_file_free: NULL is fine. Its nodes must be gone. */
void troupe__graph_file_free(struct troupe__graph_file *self);

/* The steps of a read; each adds to the findings. */

/* The tasks of one file; `prefix` is "" or "build/". */
void troupe__graph_entries(struct troupe__graph_file *self,
                           const struct troupe__value *root, const char *prefix,
                           struct troupe__findings *findings);

/* What a task does: its work, and its body. */
void troupe__graph_work(struct troupe__graph_entry *entry,
                        struct troupe__findings *findings);

/* One more entry; pointers to others move. */
struct troupe__graph_entry *
troupe__graph_entry_add(struct troupe__graph_file *self);

/* The keys at the top of a file, into `self` unless it is an inner one; returns
 * the timeout of its tasks that do not say, or 0. */
uint32_t troupe__graph_top(struct troupe__graph_file *self,
                           const struct troupe__value *root, bool is_inner,
                           struct troupe__findings *findings);

/* How often it is done: `each` and `repeat`. */
void troupe__graph_often(struct troupe__graph_entry *entry,
                         struct troupe__findings *findings);

/* Into the graph, after all files have been read. */
void troupe__graph_task_add(struct troupe__graph_file *self,
                            struct troupe__graph_entry *entry,
                            struct troupe__findings *findings);

/* Whether a task that is a graph has only keys that it may have. */
bool troupe__graph_can_hold(const struct troupe__graph_entry *entry,
                            struct troupe__findings *findings);

/* The graph of `path`, whole, as what a task with `each` does. */
void troupe__graph_nest(struct troupe__graph_file *self, size_t index,
                        const char *path, struct troupe__findings *findings);

/* Another file, empty, in the way of those that are open; its actors are those
 * of `outer`. */
struct troupe__graph_file *
troupe__graph_file_inner(const struct troupe__graph_file *outer,
                         const char *path);

/* The graph of all entries, with whom they ask. */
void troupe__graph_file_make(struct troupe__graph_file *self,
                             struct troupe__findings *findings);

/* Put a prefix before each id that a ${...} of a file's tasks begins with. */
void troupe__graph_rename(struct troupe__value *root, const char *prefix);

/* Read a YAML file whose texts may have any '$'; NULL after a finding. */
struct troupe__value *troupe__graph_yaml(const char *path,
                                         struct troupe__findings *findings);

#endif
