/* SPDX-License-Identifier: Apache-2.0 */
/*
 * map_late.c: the timeout that is a share of the median, for tasks that a pool
 * was given before there was a median.
 */
#include "actors/map_pool.h"

#include <errno.h>
#include <stdio.h>

/* Its time is over as of now; one whose actor still starts gets it once more. */
static int
on_time(troupe_context_t *ctx, void *state, void *data)
{
    const struct pool *self = state;
    struct pool_run *run = data;
    run->late = (troupe_timer_t){0};
    if (run->ask.id == 0)
        return troupe_call_after(ctx, self->late_ms, on_time, run, NULL,
                                 &run->late);
    run->is_late = true;
    int rc = troupe_cancel(ctx, run->ask);
    return rc == -ENOENT ? 0 : rc; /* it has just answered */
}

int
troupe__pool_on_late(troupe_context_t *ctx, void *state,
                     const troupe_message_t *msg)
{
    struct pool *self = state;
    uint64_t ms = 0;
    int rc = troupe_unpack(msg, "[U]", &ms);
    if (rc < 0 || !troupe_ref_equal(troupe_message_sender(msg), self->owner))
        return 0;
    self->late_ms = (uint32_t) ms;
    for (struct pool_run *run = self->runs; run && rc == 0; run = run->next) {
        if (run->it.task.timeout_ms > 0)
            continue;
        run->it.task.timeout_ms = self->late_ms;
        rc = troupe_call_after(ctx, self->late_ms, on_time, run, NULL,
                               &run->late);
    }
    return rc;
}

/* As a command says it that has a timeout from its start on. */
struct map_end
troupe__pool_late_end(struct pool_run *run)
{
    snprintf(run->lost, sizeof run->lost, "it took longer than %llu ms",
             (unsigned long long) run->it.task.timeout_ms);
    return troupe__end_of("timeout", run->lost);
}
