/* SPDX-License-Identifier: Apache-2.0 */
/* shutdown.c: a supervisor's end: first its children's, then its own. */
#include <stdarg.h>
#include <stdio.h>

#include "mailbox/check.h"
#include "supervisor/supervisor.h"

static int
on_all_late(troupe_context_t *ctx, void *state, void *data)
{
    (void) data;
    struct troupe__supervisor_state *held = state;
    struct troupe__supervisor *self = held->self;
    self->stop_timer.id = 0;
    bool again = self->stop_is_late;
    self->stop_is_late = true;
    struct troupe__child *next = NULL;
    for (struct troupe__child *c = self->children.first; c; c = next) {
        next = c->next;
        if (!troupe__child_is_active(c))
            continue;
        if (again)
            troupe__child_leave(ctx, self, c);
        else if (c->state != CHILD_KILLING)
            troupe__child_kill(ctx, self, c);
    }
    if (!again) {
        int rc = troupe_call_after(ctx, KILL_GRACE_MS, on_all_late, NULL, NULL,
                                   &self->stop_timer);
        CHECK(rc == 0);
    }
    return troupe__supervisor_settle(ctx, self);
}

/* All at once, with one timer for all: there may be a great many. */
static void
stop_all(troupe_context_t *ctx, struct troupe__supervisor *self)
{
    for (struct troupe__child *c = self->children.first; c; c = c->next) {
        if (troupe__child_is_active(c)) {
            troupe__child_timer_clear(ctx, c);
            troupe__child_stop(ctx, self, c, FOR_SHUTDOWN);
        }
    }
    uint32_t wait_ms = self->template.shutdown_ms;
    self->stop_is_late = wait_ms == TROUPE_SHUTDOWN_BRUTAL;
    if (self->stop_is_late)
        wait_ms = KILL_GRACE_MS;
    if (self->active > 0 && wait_ms != TROUPE_INFINITE) {
        int rc = troupe_call_after(ctx, wait_ms, on_all_late, NULL, NULL,
                                   &self->stop_timer);
        CHECK(rc == 0);
    }
    troupe__shutdown_check(ctx, self);
}

void
troupe__shutdown_check(troupe_context_t *ctx, struct troupe__supervisor *self)
{
    (void) ctx;
    if (self->phase == PHASE_STOPPING && self->active == 0)
        self->phase = PHASE_DONE;
}

void
troupe__shutdown_begin(troupe_context_t *ctx, struct troupe__supervisor *self,
                       troupe_exit_t kind, int code, const char *format, ...)
{
    if (self->phase >= PHASE_STOPPING)
        return;
    self->exit_kind = kind;
    self->exit_code = code;
    va_list args;
    va_start(args, format);
    (void) vsnprintf(self->exit_text, sizeof self->exit_text, format, args);
    va_end(args);
    self->phase = PHASE_STOPPING;
    self->round = ROUND_NONE;
    self->failed = NULL;
    for (struct troupe__child *c = self->children.first; c; c = c->next) {
        if (!troupe__child_is_active(c))
            troupe__child_release(ctx, self, c);
    }
    if (self->simple) {
        stop_all(ctx, self);
        return;
    }
    self->from = self->children.first;
    self->cursor = self->children.last;
    troupe__walk_backwards(ctx, self);
}
