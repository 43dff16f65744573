/* SPDX-License-Identifier: Apache-2.0 */
/* troupe_trace.h: which trace a message belongs to, and spans of it. */
#ifndef TROUPE_TRACE_H
#define TROUPE_TRACE_H

#include "troupe_actor.h"

/*
 * A place in a trace, as W3C's Trace Context has it: all zero is none.
 *
 * What is sent while a message is handled belongs to the trace of that
 * message, so does what is spawned; and what is sent in the callback of an
 * answer, to the trace that the ask was made in. A timer that fires once, a
 * call for later, and the first time that a watched descriptor is ready go on
 * with the trace that they were last set in: they are what its work waits for.
 * What comes again and again would let a trace never end, a timer as well as a
 * descriptor that stays watched, or is watched by a start that is over: see
 * below. To watch it again from its own callback changes nothing of that.
 * Without a trace a message carries none, and costs what it did.
 *
 * Where an actor is registered as TROUPE_SPANS, on this node or on another one
 * of its run, each ask in a trace is a span of its own, with what became of it:
 * the asked actor works below that; but not what supervisors are asked. Other
 * spans are made by the calls below.
 *
 * Where it is registered as TROUPE_SPANS_OF_HANDLERS, too, so is each handler
 * that has a message of a trace in hand, each start, each call for later, and
 * each call for a descriptor; but not of kinds whose names begin with "troupe.".
 * A start without a trace, such as that after a failure, begins one; so does
 * each firing of a timer that comes again, with a span "timer KEY KIND" that is
 * linked to where the timer was set, as OpenTelemetry has it for what runs on a
 * schedule; and each further call for a descriptor, with a span "ready KIND"
 * that is linked in the same way. Elsewhere those belong to no trace.
 */
typedef struct troupe_trace {
    uint8_t id[16];
    uint8_t span[8];
} troupe_trace_t;

/*
 * Who takes spans, in tells; times are the node's clock, as is deadline_ns:
 *   span   [at: B24, parent: B8?, name: s, kind: i, from: U, to: U, error: s?,
 *          {attributes}]; parent nil or empty: it has none; error nil: it went well
 *   event  [at: B24, name: s, when: U, {attributes}], before its span's end
 *   link   [at: B24, other: B24], before its span's end
 *   note   [at: B24, {attributes}], at any time
 *   lost   [count: U]: so many spans, of those before this, did not get there:
 *          the mailbox of their taker was full, and who made them did not stop
 *          sending; events, links and notes are not counted
 * troupe_spans (troupe_spans.h) is one such actor.
 */
#define TROUPE_SPANS             "(spans)"
#define TROUPE_SPANS_OF_HANDLERS "(spans of handlers)"

/* What a span is of, by OpenTelemetry's numbers. */
typedef enum troupe_span_kind {
    TROUPE_SPAN_INTERNAL = 1,
    TROUPE_SPAN_SERVER,
    TROUPE_SPAN_CLIENT,
    TROUPE_SPAN_PRODUCER,
    TROUPE_SPAN_CONSUMER
} troupe_span_kind_t;

/* A span under way, a value; all zero: there is none, and all calls with it do
 * nothing. */
typedef struct troupe_span {
    troupe_trace_t at;
    uint8_t parent[8]; /* all zero: it has none */
    uint64_t from_ns;
    troupe_ref_t taker;
} troupe_span_t;

/* troupe_trace_is: whether it is one. */
TROUPE_API bool troupe_trace_is(const troupe_trace_t *trace);

/* troupe_trace_get: the present trace of a callback; false: there is none, and
 * *ret_trace is all zero. */
TROUPE_API bool troupe_trace_get(const troupe_context_t *ctx,
                                 troupe_trace_t *ret_trace);

/* troupe_message_trace: the same of a message, also of one that is kept. */
TROUPE_API bool troupe_message_trace(const troupe_message_t *msg,
                                     troupe_trace_t *ret_trace);

/* troupe_trace_set: what this callback sends from now on belongs to that; NULL
 * or none: to no trace. */
TROUPE_API void troupe_trace_set(troupe_context_t *ctx,
                                 const troupe_trace_t *trace);

/* troupe_trace_new: a trace that begins here, by chance; threads: any. */
TROUPE_API troupe_trace_t troupe_trace_new(void);

#define TROUPE_TRACE_TEXT 56 /* bytes, with the NUL */

/*
 * troupe_trace_text: as the header "traceparent" of W3C, sampled.
 *
 *   source  W3C Trace Context, section 3.2
 */
TROUPE_API const char *troupe_trace_text(const troupe_trace_t *trace,
                                         char text[TROUPE_TRACE_TEXT]);

/*
 * troupe_trace_read: read such a header.
 *
 *   ret_sampled  out: whether its sender records it; may be NULL.
 *   returns      0, or -EBADMSG: then nothing is written
 *   source       W3C Trace Context, section 3.2 and 4.3: a later version is
 *                read as far as it is known
 */
TROUPE_MUST int troupe_trace_read(const char *text, troupe_trace_t *ret_trace,
                                  bool *ret_sampled);

/*
 * troupe_node_trace_set: what this thread, which runs no actor, spawns, sends
 * and asks from now on belongs to that trace; NULL: to none.
 *
 *   returns  0, or as troupe_node_send()
 */
TROUPE_API int troupe_node_trace_set(troupe_t *node,
                                     const troupe_trace_t *trace);

/*
 * troupe_span_begin: a span below the present trace.
 *
 *   ret_span  out: keep it until its end; send below it with
 *             troupe_trace_set(ctx, &span.at), which is the present trace
 *             where nobody takes spans.
 *   returns   true, or false: there is no trace, or nobody takes spans
 *   cost      without a trace none
 */
TROUPE_API bool troupe_span_begin(troupe_context_t *ctx,
                                  troupe_span_t *ret_span);

/* troupe_span_begin_trace: one that begins a trace of its own, whatever the
 * present one is; false: nobody takes spans. */
TROUPE_API bool troupe_span_begin_trace(troupe_context_t *ctx,
                                        troupe_span_t *ret_span);

/* troupe_span_event: something happened in it; attributes as in
 * troupe_span_end(). */
TROUPE_API void troupe_span_event(troupe_context_t *ctx,
                                  const troupe_span_t *span, const char *name,
                                  const char *format, ...);

/* troupe_trace_note: attributes for the span that the present trace is at, such
 * as the ask in hand: what it is about; none: nothing happens. */
TROUPE_API void troupe_trace_note(troupe_context_t *ctx, const char *format,
                                  ...);

/* troupe_span_link: it has to do with that place in a trace, too. */
TROUPE_API void troupe_span_link(troupe_context_t *ctx,
                                 const troupe_span_t *span,
                                 const troupe_trace_t *other);

/*
 * troupe_span_end: it is over; *span is all zero then.
 *
 *   name     what it was: few names for many spans.
 *   error    NULL: it went well; else what was wrong, in words.
 *   format   attributes, a map, as for troupe_send(); NULL: none. A format
 *            that is wrong leaves all of them out, a value that is nil itself.
 *   threads  the one whose context it is, as all calls here
 */
TROUPE_API void troupe_span_end(troupe_context_t *ctx, troupe_span_t *span,
                                const char *name, troupe_span_kind_t kind,
                                const char *error, const char *format, ...);

#endif
