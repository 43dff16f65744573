/* SPDX-License-Identifier: Apache-2.0 */
/* trace_world.h: a trace of the test's, and who takes spans. */
#ifndef TROUPE_TESTS_RUNTIME_TRACE_WORLD_H
#define TROUPE_TESTS_RUNTIME_TRACE_WORLD_H

#include "runtime/world.h"

/* A trace, which no node has begun. */
#define OUTER_TEXT "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
troupe_trace_t outer(void);

/* in_trace: what this thread does from now on belongs to outer(), or to none. */
void in_trace(bool is_in);

/* place_of: where a place is, seen from outer(): "none", "other" where it is in
 * another trace, "outer", or "below". */
const char *place_of(const troupe_trace_t *at);

/* note_place: notes who is where. */
void note_place(const char *who, troupe_context_t *ctx);

/* start_noted: a start that notes its place. */
int start_noted(troupe_context_t *ctx, void *state,
                const troupe_message_t *msg);

/* take_all_spans: the start of who takes those of handlers, too. */
int take_all_spans(troupe_context_t *ctx, void *state,
                   const troupe_message_t *msg);

#endif
