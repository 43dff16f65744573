/* SPDX-License-Identifier: Apache-2.0 */
/* trace.h: the trace of what a worker has in hand. */
#ifndef TROUPE_RUNTIME_TRACE_H
#define TROUPE_RUNTIME_TRACE_H

#include "runtime/worker.h"
#include "troupe_trace.h"

/* An ask that was made in a trace. */
struct troupe__traced {
    troupe_trace_t outer; /* where it was made: its answer belongs there */
    troupe_span_t span;   /* its own; none where nobody takes spans */
    char type[TROUPE_TYPE_MAX + 1];
};

/* troupe__trace_ask: the callback in hand has a trace: the ask and its message
 * get theirs; `envelope` NULL: there is no message, and no span. */
void troupe__trace_ask(struct troupe__worker *self, struct troupe__ask *ask,
                       struct troupe__envelope *envelope);

/* troupe__trace_told: the ask is over; the callback in hand is its answer's. */
void troupe__trace_told(struct troupe__worker *self,
                        struct troupe__actor *asker,
                        const struct troupe__traced *traced,
                        const troupe_answer_t *answer);

/* troupe__trace_dropped: nobody will hear of it: the asker ends. */
void troupe__trace_dropped(struct troupe__worker *self,
                           const struct troupe__ask *ask);

/* troupe__trace_free: NULL is fine. */
void troupe__trace_free(struct troupe__worker *self,
                        struct troupe__traced *traced);

#endif
