/* SPDX-License-Identifier: Apache-2.0 */
/* trace.h: the trace of what a worker has in hand. */
#ifndef TROUPE_RUNTIME_TRACE_H
#define TROUPE_RUNTIME_TRACE_H

#include "runtime/worker.h"
#include "troupe_trace.h"

/*
 * A node has, for all of its workers: `span_taker` and `handler_taker`, whose
 * the names of troupe_trace.h are (0: nobody's), read without the lock that they
 * are set under; `spans_lost`, which could not be sent, or found its mailbox full,
 * and of which the taker has not been told.
 */

/* An ask that was made in a trace. */
struct troupe__traced {
    troupe_trace_t outer; /* where it was made: its answer belongs there */
    troupe_span_t span;   /* its own; none where nobody takes spans */
    char type[TROUPE_TYPE_MAX + 1];
};

/* troupe__trace_call_begin: a callback without a message continues the trace
 * that it was set in; _event_begin: it begins one that is linked to that, or has
 * none; _end: with what it returned. `what`: "call", "ready". */
void troupe__trace_call_begin(struct troupe__worker *self,
                              const troupe_trace_t *trace,
                              troupe_span_t *ret_span);
void troupe__trace_event_begin(struct troupe__worker *self,
                               const troupe_trace_t *trace,
                               troupe_span_t *ret_span);
void troupe__trace_call_end(struct troupe__worker *self, troupe_span_t *span,
                            const char *what, int rc);

/* troupe__trace_timer: where the message of a timer belongs that fires now, as
 * troupe_trace.h has it; false: nowhere. */
bool troupe__trace_timer(struct troupe__worker *self,
                         const struct troupe__timer *timer,
                         troupe_trace_t *ret_at);

/* troupe__trace_make: a span that begins a trace, as if it were this actor's;
 * false: nobody takes spans. */
bool troupe__trace_make(struct troupe__worker *self, troupe_ref_t whose,
                        troupe_span_t *ret_span);

/* troupe__trace_write: the body of a span but for its attributes. */
void troupe__trace_write(struct troupe__buffer *to, const troupe_span_t *span,
                         const char *name, troupe_span_kind_t kind,
                         uint64_t until_ns, const char *error);

/* troupe__trace_emit: to the taker, by whoever is at work: it is not made to
 * wait, and what cannot be sent is counted as lost. */
void troupe__trace_emit(struct troupe__worker *self, troupe_ref_t from,
                        troupe_ref_t to, const char *type,
                        const struct troupe__buffer *body);

/* troupe__trace_refused: an actor's mailbox dropped a message: it may have been
 * a span, and that one the taker. */
void troupe__trace_refused(struct troupe__worker *self,
                           const struct troupe__actor *taker,
                           const struct troupe_message *msg);

/* troupe__trace_pack: more of a body; 0, or as troupe_send(). */
int troupe__trace_pack(struct troupe__buffer *to, const char *format, ...);

/* troupe__trace_is_ours: an actor of a kind that hands on what others send, and
 * not somebody whose work is looked at. */
bool troupe__trace_is_ours(const char *kind);

/* troupe__trace_is_plumbing: what supervisors are asked: who starts in it
 * belongs to the outer span. */
bool troupe__trace_is_plumbing(const char *type, size_t size);

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
