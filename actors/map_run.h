/* SPDX-License-Identifier: Apache-2.0 */
/* map_run.h: what the files of troupe_map_run() share. */
#ifndef TROUPE_ACTORS_MAP_RUN_H
#define TROUPE_ACTORS_MAP_RUN_H

#include "troupe_ask.h"
#include "troupe_events.h"

#include "actors/map_packed.h"

/* The calling thread, as the one who puts and takes. */
struct map_client {
    troupe_t *node;
    const troupe_map_options_t *options;
    const troupe_map_calls_t *calls;
    troupe_ref_t supervisor, map;
    troupe_journal_t *reader; /* when resumed */
    uint32_t look_ms;
    uint32_t batch; /* tasks of the next put */
    uint32_t puts;  /* that are not answered */
    bool waits;     /* for input */
    bool is_last;   /* there is nothing more to put */
    bool halted;
    int wish;                        /* the highest that `look` returned */
    struct troupe__text tasks, body; /* room for messages, for a task's body */
    uint64_t began_ns;
    troupe_map_summary_t summary;
};

/* troupe__client_begin: the callback of troupe_node_run(). */
int troupe__client_begin(troupe_context_t *ctx, void *state, void *data);

/* troupe__client_results: tell each of a list of results. */
int troupe__client_results(struct map_client *self,
                           const troupe_message_t *msg);

/* troupe__client_summary: read the one in the answer to a take. */
int troupe__client_summary(struct map_client *self,
                           const troupe_message_t *msg);

/* troupe__client_fail: the map is gone: words, and the error. */
int troupe__client_fail(struct map_client *self, const troupe_answer_t *answer);

#endif
