/* SPDX-License-Identifier: Apache-2.0 */
/* graph_nested.h: tasks that are a run of another graph. */
#ifndef TROUPE_ACTORS_GRAPH_NESTED_H
#define TROUPE_ACTORS_GRAPH_NESTED_H

#include "actors/graph_coordinator.h"

/*
 * troupe__graph_nester: runs graphs for the tasks of one coordinator, each on a
 * coordinator below it, as many at once as it is asked for.
 *
 *   run  {what: body of a task, parallel: U, fail_fast: b, resume: b, kept: R,
 *        prefix: s} -> {why: s, value: any}; why: what it went well without, or
 *        "". An error: it did not go well; -ETIMEDOUT: by its deadline
 */
extern const troupe_kind_t troupe__graph_nester;

/* troupe__graph_nested_ask: ask for it; as troupe_ask_with(). */
int troupe__graph_nested_ask(troupe_context_t *ctx, struct coordinator *self,
                             struct graph_job *job,
                             const troupe_ask_options_t *options);

/* troupe__graph_nested_take: it went well: what came of it. */
void troupe__graph_nested_take(troupe_context_t *ctx, struct graph_job *job,
                               const troupe_message_t *reply);

#endif
