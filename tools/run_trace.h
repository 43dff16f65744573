/* SPDX-License-Identifier: Apache-2.0 */
/* run_trace.h: the trace of a run of a topology. */
#ifndef TROUPE_TOOLS_RUN_TRACE_H
#define TROUPE_TOOLS_RUN_TRACE_H

#include "tools/run.h"
#include "tools/trace.h"

/*
 * A run's: its span is the first, the starts of its actors are below, and what
 * these send, ask and set for later. The taker is an actor of the root's, to
 * which the spans of all processes come; it ends before who serves `troupe ps`
 * and after the tree.
 */
struct troupe__run_trace {
    struct troupe__trace trace;
    _Atomic uint64_t root; /* the root supervisor; 0: it has not started */
};

/* troupe__run_trace_begin: 0, or -EIO after having said why; where nobody
 * wants a trace all calls do nothing. */
int troupe__run_trace_begin(struct troupe__run_trace *self,
                            const struct troupe__run_options *options,
                            troupe_t *node);

/* troupe__run_trace_tree: start the part's tree, in the trace; returns as
 * troupe_node_supervisor_start(). */
int troupe__run_trace_tree(struct troupe__run_trace *self, troupe_t *node,
                           const struct troupe__part *part,
                           troupe_ref_t *ret_root,
                           troupe_supervisor_error_t *ret_error);

/* troupe__run_trace_end: the tree stops, which takes `timeout_ms` at most, and
 * all spans go out. Returns what is left of that time, 1 or more. */
uint32_t troupe__run_trace_end(struct troupe__run_trace *self, bool is_good,
                               uint32_t timeout_ms);

#endif
