/* SPDX-License-Identifier: Apache-2.0 */
/* run_trace.c: the trace of a run of a topology. */
#include "tools/run_trace.h"

#include <errno.h>

#include "troupe_lifecycle.h"
#include "troupe_thread.h"

#include "tools/commands.h"

#define NS_PER_MS UINT64_C(1000000)

static bool
is_on(const struct troupe__run_trace *self)
{
    return !troupe_ref_is_nobody(self->trace.taker);
}

int
troupe__run_trace_begin(struct troupe__run_trace *self,
                        const struct troupe__run_options *options,
                        troupe_t *node)
{
    atomic_store(&self->root, 0);
    int code = troupe__trace_begin(&self->trace, &options->trace, "run", node);
    if (is_on(self)) /* this thread starts nobody else */
        (void) troupe_node_trace_set(node, NULL);
    return code < 0 ? 0 : -EIO;
}

int
troupe__run_trace_tree(struct troupe__run_trace *self, troupe_t *node,
                       const struct troupe__part *part, troupe_ref_t *ret_root,
                       troupe_supervisor_error_t *ret_error)
{
    if (is_on(self))
        (void) troupe_node_trace_set(node, &self->trace.span.at);
    int rc = troupe_node_supervisor_start(node, &part->options, part->specs,
                                          part->count, ret_root, ret_error);
    if (is_on(self))
        (void) troupe_node_trace_set(node, NULL);
    if (rc == 0)
        atomic_store(&self->root, ret_root->id);
    return rc;
}

uint32_t
troupe__run_trace_end(struct troupe__run_trace *self, bool is_good,
                      uint32_t timeout_ms)
{
    troupe_ref_t root = {atomic_load(&self->root)};
    if (!is_on(self))
        return timeout_ms;
    uint64_t until = troupe_now_ns(self->trace.node) + timeout_ms * NS_PER_MS;
    /* What a process has sent may be lost on its way when it ends. */
    int rc = troupe_node_ask(self->trace.node, self->trace.taker, "hear",
                             timeout_ms, NULL, NULL);
    (void) rc; /* if nobody answers, the end says so */
    if (!troupe_ref_is_nobody(root))
        (void) troupe_node_exit(self->trace.node, root, TROUPE_EXIT_SHUTDOWN,
                                timeout_ms);
    uint64_t now = troupe_now_ns(self->trace.node);
    (void) troupe__trace_end(
        &self->trace, is_good ? TROUPE__EXIT_OK : TROUPE__EXIT_FAILED, NULL);
    return now + NS_PER_MS < until ? (uint32_t) ((until - now) / NS_PER_MS) : 1;
}
