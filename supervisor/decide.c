/* SPDX-License-Identifier: Apache-2.0 */
/* decide.c: what follows when a child's start or incarnation has ended. */
#include <errno.h>
#include <stdio.h>

#include "mailbox/check.h"
#include "supervisor/supervisor.h"

void
troupe__child_started(troupe_context_t *ctx, struct troupe__supervisor *self,
                      struct troupe__child *child)
{
    bool was_starting = child->state == CHILD_STARTING;
    troupe__child_move(self, child, ON_STARTED);
    if (!was_starting)
        return; /* it is being stopped: its end will say the rest */
    troupe__child_timer_clear(ctx, child);
    child->called = NOT_CALLED;
    child->up_since_ns = troupe_time_ns(ctx);
    troupe__waiters_info(ctx, child);
    if (self->cursor == child && self->phase != PHASE_STOPPING
        && self->round != ROUND_STOPS) {
        self->cursor = child->next;
        troupe__walk_forwards(ctx, self);
    }
}

static bool
walks_forwards(const struct troupe__supervisor *self,
               const struct troupe__child *child)
{
    return self->cursor == child
           && (self->phase == PHASE_STARTING || self->round == ROUND_STARTS);
}

/* Start said that there is nothing to do: the spec is kept where a later
 * restart by a call makes sense. */
static void
ignored(troupe_context_t *ctx, struct troupe__supervisor *self,
        struct troupe__child *child)
{
    bool walks = walks_forwards(self, child);
    if (walks)
        self->cursor = child->next;
    troupe__child_release(ctx, self, child);
    child->called = NOT_CALLED;
    troupe__waiters_info(ctx, child);
    if (self->simple || child->spec->restart == TROUPE_TEMPORARY)
        troupe__child_forget(ctx, self, child);
    if (walks)
        troupe__walk_forwards(ctx, self);
}

static void
called_start_failed(troupe_context_t *ctx, struct troupe__supervisor *self,
                    struct troupe__child *child)
{
    enum troupe__called called = child->called;
    child->called = NOT_CALLED;
    troupe__child_release(ctx, self, child);
    int code = child->end.code < 0 ? child->end.code : -ECANCELED;
    troupe__waiters_error(ctx, &child->starters, code, child->end.text);
    if (called == CALLED_START || self->simple
        || child->spec->restart == TROUPE_TEMPORARY)
        troupe__child_forget(ctx, self, child);
}

static void
auto_shutdown_check(troupe_context_t *ctx, struct troupe__supervisor *self,
                    bool significant, const char *id)
{
    bool all = self->options.auto_shutdown == TROUPE_AUTO_ALL;
    if (!significant || self->options.auto_shutdown == TROUPE_AUTO_NEVER)
        return;
    if (all && self->significant > 0)
        return;
    troupe__shutdown_begin(ctx, self, TROUPE_EXIT_SHUTDOWN, 0,
                           "auto shutdown: significant child '%s' ended", id);
}

/* It ended by itself and is not restarted. */
static void
stays_down(troupe_context_t *ctx, struct troupe__supervisor *self,
           struct troupe__child *child)
{
    char id[TROUPE_NAME_MAX + 1];
    (void) snprintf(id, sizeof id, "%s", child->spec->id);
    bool significant = child->spec->significant;
    troupe__child_release(ctx, self, child);
    troupe__waiters_error(ctx, &child->starters, -ECANCELED, "given up");
    if (self->simple || child->spec->restart == TROUPE_TEMPORARY)
        troupe__child_forget(ctx, self, child);
    auto_shutdown_check(ctx, self, significant, id);
}

/* It knows that another try is in vain; as exit code 125 of a process. */
static bool
is_beyond_help(const struct troupe__child *child)
{
    return child->end.kind == TROUPE_EXIT_ERROR
           && child->end.code == -ENOTRECOVERABLE;
}

static void
restart_wanted(troupe_context_t *ctx, struct troupe__supervisor *self,
               struct troupe__child *child)
{
    int64_t wait_ms = AT_ONCE;
    enum troupe__verdict verdict = VERDICT_GIVE_UP;
    if (!is_beyond_help(child))
        verdict = troupe__restart_judge(ctx, self, child, &wait_ms);
    else {
        troupe_log(ctx, TROUPE_LOG_ERROR,
                   "child '%s' ended for good, and is not restarted: %s",
                   child->spec->id, child->end.text);
    }
    if (verdict == VERDICT_RESTART) {
        troupe__retry_later(ctx, self, child, wait_ms);
        return;
    }
    /* The group of a child that is given up goes on without it. */
    bool walks = walks_forwards(self, child);
    if (walks)
        self->cursor = child->next;
    if (verdict == VERDICT_ESCALATE) {
        troupe__shutdown_begin(ctx, self, TROUPE_EXIT_SHUTDOWN, 0,
                               "child '%s' failed too often: %s",
                               child->spec->id, child->end.text);
        return;
    }
    stays_down(ctx, self, child);
    if (walks && self->phase == PHASE_RUNNING)
        troupe__walk_forwards(ctx, self);
}

static void
start_failed(troupe_context_t *ctx, struct troupe__supervisor *self,
             struct troupe__child *child)
{
    if (child->end.kind == TROUPE_EXIT_IGNORE) {
        ignored(ctx, self, child);
    } else if (self->phase == PHASE_STARTING) {
        troupe__shutdown_begin(
            ctx, self, TROUPE_EXIT_ERROR,
            child->end.code < 0 ? child->end.code : -ECANCELED,
            "child '%s' failed to start: %s", child->spec->id, child->end.text);
    } else if (child->called != NOT_CALLED) {
        called_start_failed(ctx, self, child);
    } else {
        restart_wanted(ctx, self, child);
    }
}

static bool
is_restartable(const struct troupe__child *child)
{
    switch (child->spec->restart) {
    case TROUPE_PERMANENT:
        return true;
    case TROUPE_TRANSIENT:
        return child->end.kind != TROUPE_EXIT_NORMAL
               && child->end.kind != TROUPE_EXIT_SHUTDOWN;
    case TROUPE_TEMPORARY:
        break;
    }
    return false;
}

/* It ended by itself, after its start, and nothing else goes on. */
void
troupe__child_decide(troupe_context_t *ctx, struct troupe__supervisor *self,
                     struct troupe__child *child)
{
    CHECK(self->phase == PHASE_RUNNING);
    if (is_restartable(child)) {
        restart_wanted(ctx, self, child);
        return;
    }
    stays_down(ctx, self, child);
}

static void
ended_by_itself(troupe_context_t *ctx, struct troupe__supervisor *self,
                struct troupe__child *child)
{
    if (self->phase == PHASE_STOPPING)
        troupe__child_release(ctx, self, child);
    else if (child->end.in_start)
        start_failed(ctx, self, child);
    else if (self->phase == PHASE_STARTING || self->round != ROUND_NONE)
        troupe__supervisor_pend(self, child);
    else
        troupe__child_decide(ctx, self, child);
}

/* Ends that shutdown asked for, but not so, are worth a line. */
static void
report_shutdown(troupe_context_t *ctx, const struct troupe__child *child)
{
    const struct troupe__end *end = &child->end;
    bool brutal = child->spec->shutdown_ms == TROUPE_SHUTDOWN_BRUTAL;
    if (end->kind == (brutal ? TROUPE_EXIT_KILLED : TROUPE_EXIT_SHUTDOWN))
        return;
    if (end->kind == TROUPE_EXIT_NORMAL
        && child->spec->restart != TROUPE_PERMANENT)
        return;
    troupe_log(ctx, TROUPE_LOG_WARNING, "child '%s' ended %s in shutdown: %s",
               child->spec->id, troupe_exit_name(end->kind), end->text);
}

static void
ended_for_call(troupe_context_t *ctx, struct troupe__supervisor *self,
               struct troupe__child *child)
{
    troupe__child_release(ctx, self, child);
    child->called = NOT_CALLED;
    troupe__waiters_error(ctx, &child->starters, -ECANCELED, "terminated");
    troupe__waiters_nil(ctx, &child->enders);
    if (self->simple || child->spec->restart == TROUPE_TEMPORARY)
        troupe__child_forget(ctx, self, child);
}

/* As after a failure, but nothing is counted. */
static void
ended_for_renewal(troupe_context_t *ctx, struct troupe__supervisor *self,
                  struct troupe__child *child)
{
    if (self->phase != PHASE_RUNNING) {
        troupe__waiters_error(ctx, &child->starters, -ESHUTDOWN, "stopping");
        troupe__child_release(ctx, self, child);
        return;
    }
    child->up_since_ns = 0;
    if (child->state == CHILD_DOWN) { /* its name may never be free */
        child->called = NOT_CALLED;
        troupe__waiters_error(ctx, &child->starters, -ETIMEDOUT,
                              "it does not end, and was left behind");
    } else if (self->round == ROUND_NONE) {
        troupe__retry_later(ctx, self, child, AT_ONCE);
    } else {
        child->retrying = true;
        troupe__supervisor_pend(self, child);
    }
}

/* The child is WAITING, or DOWN when it had to be left behind. */
void
troupe__child_ended(troupe_context_t *ctx, struct troupe__supervisor *self,
                    struct troupe__child *child)
{
    enum troupe__purpose purpose = child->purpose;
    child->purpose = FOR_NOTHING;
    if (purpose != FOR_CALL)
        troupe__waiters_nil(ctx, &child->enders);
    switch (purpose) {
    case FOR_NOTHING:
        ended_by_itself(ctx, self, child);
        break;
    case FOR_CALL:
        ended_for_call(ctx, self, child);
        break;
    case FOR_RENEWAL:
        ended_for_renewal(ctx, self, child);
        break;
    case FOR_ROUND:
        break; /* the walk goes on below */
    case FOR_SHUTDOWN:
        report_shutdown(ctx, child);
        troupe__child_release(ctx, self, child);
        break;
    case FOR_LATENESS:
        child->end = (struct troupe__end){
            .kind = TROUPE_EXIT_ERROR, .code = -ETIMEDOUT, .in_start = true};
        (void) snprintf(child->end.text, sizeof child->end.text,
                        "start took too long");
        ended_by_itself(ctx, self, child);
        break;
    }
    troupe__walk_backwards(ctx, self);
}

void
troupe__child_not_started(troupe_context_t *ctx,
                          struct troupe__supervisor *self,
                          struct troupe__child *child, int rc)
{
    child->end = (struct troupe__end){
        .kind = TROUPE_EXIT_ERROR, .code = rc, .in_start = true};
    (void) snprintf(child->end.text, sizeof child->end.text, "%s",
                    troupe_strerror(rc));
    start_failed(ctx, self, child);
}
