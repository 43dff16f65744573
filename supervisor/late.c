/* SPDX-License-Identifier: Apache-2.0 */
/* late.c: the deadlines of starts: a list, and one timer for all of it. */
#include "mailbox/check.h"
#include "supervisor/supervisor.h"

#define NS_PER_MS UINT64_C(1000000)

static int on_late(troupe_context_t *ctx, void *state, void *data);

/* The timer is left to fire when its child has started in time: setting it
 * anew for each of ten thousand starts would cost more than one look. */
static void
timer_set(troupe_context_t *ctx, struct troupe__supervisor *self,
          uint64_t late_ns)
{
    if (self->late_timer.id != 0 && self->late_ns <= late_ns)
        return;
    if (self->late_timer.id != 0)
        (void) troupe_call_clear(ctx, self->late_timer);
    uint64_t now_ns = troupe_time_ns(ctx);
    uint64_t wait_ns = late_ns > now_ns ? late_ns - now_ns : 0;
    uint32_t wait_ms = (uint32_t) ((wait_ns + NS_PER_MS - 1) / NS_PER_MS);
    self->late_ns = late_ns;
    int rc =
        troupe_call_after(ctx, wait_ms, on_late, NULL, NULL, &self->late_timer);
    CHECK(rc == 0);
}

void
troupe__late_watch(troupe_context_t *ctx, struct troupe__supervisor *self,
                   struct troupe__child *child)
{
    CHECK(child->late_ns == 0);
    child->late_ns = troupe_time_ns(ctx) + child->spec->start_ms * NS_PER_MS;
    child->late_prev = self->late_last;
    child->late_next = NULL;
    if (self->late_last)
        self->late_last->late_next = child;
    else
        self->late_first = child;
    self->late_last = child;
    timer_set(ctx, self, child->late_ns);
}

void
troupe__late_forget(struct troupe__supervisor *self,
                    struct troupe__child *child)
{
    CHECK(child->late_ns != 0);
    if (child->late_prev)
        child->late_prev->late_next = child->late_next;
    else
        self->late_first = child->late_next;
    if (child->late_next)
        child->late_next->late_prev = child->late_prev;
    else
        self->late_last = child->late_prev;
    child->late_ns = 0;
}

static void
is_late(troupe_context_t *ctx, struct troupe__supervisor *self,
        struct troupe__child *child)
{
    CHECK(child->state == CHILD_STARTING);
    troupe_log(ctx, TROUPE_LOG_WARNING,
               "child '%s' did not start within %u ms: killed", child->spec->id,
               child->spec->start_ms);
    child->purpose = FOR_LATENESS;
    troupe__child_kill(ctx, self, child);
}

static int
on_late(troupe_context_t *ctx, void *state, void *data)
{
    (void) data;
    struct troupe__supervisor_state *held = state;
    struct troupe__supervisor *self = held->self;
    self->late_timer.id = 0;
    uint64_t now_ns = troupe_time_ns(ctx);
    uint64_t nearest_ns = UINT64_MAX;
    struct troupe__child *next = NULL;
    for (struct troupe__child *c = self->late_first; c; c = next) {
        next = c->late_next;
        if (c->late_ns <= now_ns)
            is_late(ctx, self, c);
        else if (c->late_ns < nearest_ns)
            nearest_ns = c->late_ns;
    }
    if (nearest_ns != UINT64_MAX)
        timer_set(ctx, self, nearest_ns);
    return troupe__supervisor_settle(ctx, self);
}
