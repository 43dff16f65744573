/* SPDX-License-Identifier: Apache-2.0 */
/* graph_world.h: graphs from a few words, for tests. */
#ifndef TROUPE_TESTS_GRAPH_WORLD_H
#define TROUPE_TESTS_GRAPH_WORLD_H

#include "troupe_graph.h"
#include "troupe_graph_run.h"

/* "a; b a; c a b": b needs a, c needs a and b; they do nothing. */
troupe_graph_t *graph_of(const char *words);

/* The same graph, where the task of that id is `task`, with the old needs when
 * it has none of its own. */
void graph_again(troupe_graph_t **graph_p, const char *id,
                 const troupe_graph_task_t *task);

/* Add a task whose result is a text with references. */
void graph_value(troupe_graph_t *graph, const char *id, const char *need,
                 const char *text);

/* What became of a task. */
const troupe_graph_ended_t *graph_ended(const troupe_graph_report_t *report,
                                        const char *id);

/* The result of a task, as JSON; valid until the next call. */
const char *graph_result(const troupe_graph_report_t *report, const char *id);

/*
 * An actor of that name. "do" {fail: I, hold: b, result: r}: it fails so many
 * times, then answers; with `hold` not before somebody tells it "free". It ends
 * on "die".
 */
void graph_helper(troupe_t *node, const char *name);

/* A task that asks "helper" to "do" so. */
troupe_graph_task_t graph_doing(const char *id, const char *need, bool hold,
                                char fail);

void graph_add(troupe_graph_t *graph, troupe_graph_task_t task);

/* A run that must come to a report in which each task has one end. */
troupe_graph_report_t *graph_run_with(troupe_t *node, troupe_graph_t *graph,
                                      const troupe_graph_options_t *options);

/* That is what became of a task. */
void graph_expect(const troupe_graph_report_t *report, const char *id,
                  troupe_graph_state_t state, const char *why);

void graph_finish(troupe_graph_report_t *report, troupe_graph_t *graph);

#endif
