/* SPDX-License-Identifier: Apache-2.0 */
/* round.c: walks along the children, to start them, stop them, or both. */
#include "mailbox/check.h"
#include "supervisor/supervisor.h"

static bool
is_grouped(const struct troupe__supervisor *self)
{
    return self->options.strategy == TROUPE_ONE_FOR_ALL
           || self->options.strategy == TROUPE_REST_FOR_ONE;
}

static void
restart_one(troupe_context_t *ctx, struct troupe__supervisor *self,
            struct troupe__child *child)
{
    int rc = troupe__child_start(ctx, self, child);
    if (rc < 0)
        troupe__child_not_started(ctx, self, child, rc);
}

static void
retry(troupe_context_t *ctx, struct troupe__supervisor *self,
      struct troupe__child *child)
{
    CHECK(child->retrying);
    if (self->phase != PHASE_RUNNING)
        return;
    if (!is_grouped(self))
        restart_one(ctx, self, child);
    else if (self->round != ROUND_NONE)
        troupe__supervisor_pend(self, child);
    else
        troupe__round_begin(ctx, self, child, AT_ONCE);
}

static int
on_retry(troupe_context_t *ctx, void *state, void *data)
{
    struct troupe__supervisor_state *held = state;
    struct troupe__child *child = data;
    child->timer.id = 0;
    retry(ctx, held->self, child);
    return troupe__supervisor_settle(ctx, held->self);
}

void
troupe__again_forget(struct troupe__supervisor *self,
                     struct troupe__child *child)
{
    CHECK(child->again);
    struct troupe__child *before = NULL;
    struct troupe__child *at = self->again_first;
    while (at != child) {
        before = at;
        at = at->again_next;
    }
    if (before)
        before->again_next = child->again_next;
    else
        self->again_first = child->again_next;
    if (self->again_last == child)
        self->again_last = before;
    child->again = false;
}

/* Only what was there at first: each further failure waits its turn. */
int
troupe__on_again(troupe_context_t *ctx, void *state,
                 const troupe_message_t *msg)
{
    struct troupe__supervisor_state *held = state;
    struct troupe__supervisor *self = held->self;
    if (!troupe_ref_equal(troupe_message_sender(msg), troupe_self(ctx)))
        return 0;
    struct troupe__child *due = self->again_first;
    self->again_first = self->again_last = NULL;
    while (due) {
        struct troupe__child *child = due;
        due = child->again_next;
        child->again = false;
        if (child->retrying && !troupe__child_is_active(child))
            retry(ctx, self, child);
    }
    return troupe__supervisor_settle(ctx, self);
}

/* By way of the mailbox, so that what waits there has its turn before. */
static void
retry_again(troupe_context_t *ctx, struct troupe__supervisor *self,
            struct troupe__child *child)
{
    if (child->again)
        return;
    bool first = !self->again_first;
    child->again = true;
    child->again_next = NULL;
    if (first)
        self->again_first = child;
    else
        self->again_last->again_next = child;
    self->again_last = child;
    if (first
        && troupe_send(ctx, troupe_self(ctx), "supervisor.again", NULL) < 0) {
        /* Its own mailbox is over its hard cap: a moment later, then. */
        troupe__again_forget(self, child);
        troupe__child_timer(ctx, child, 1, on_retry);
    }
}

static void
retry_after(troupe_context_t *ctx, struct troupe__supervisor *self,
            struct troupe__child *child, int64_t wait_ms)
{
    if (wait_ms == 0)
        retry_again(ctx, self, child);
    else
        troupe__child_timer(ctx, child, (uint32_t) wait_ms, on_retry);
}

void
troupe__retry_later(troupe_context_t *ctx, struct troupe__supervisor *self,
                    struct troupe__child *child, int64_t wait_ms)
{
    CHECK(!troupe__child_is_active(child));
    child->retrying = true;
    if (is_grouped(self))
        troupe__round_begin(ctx, self, child, wait_ms);
    else if (wait_ms == AT_ONCE)
        restart_one(ctx, self, child);
    else
        retry_after(ctx, self, child, wait_ms);
}

void
troupe__round_begin(troupe_context_t *ctx, struct troupe__supervisor *self,
                    struct troupe__child *failed, int64_t wait_ms)
{
    CHECK(self->phase == PHASE_RUNNING && is_grouped(self));
    CHECK(self->round != ROUND_STOPS);
    self->round = ROUND_STOPS;
    self->failed = failed;
    self->wait_ms = wait_ms;
    bool all = self->options.strategy == TROUPE_ONE_FOR_ALL;
    self->from = all ? self->children.first : failed;
    self->cursor = self->children.last;
    troupe__walk_backwards(ctx, self);
}

static void
starts_done(troupe_context_t *ctx, struct troupe__supervisor *self)
{
    if (self->phase == PHASE_STARTING) {
        self->phase = PHASE_RUNNING;
        if (self->has_parent)
            (void) troupe_started(ctx);
        troupe__waiters_nil(ctx, &self->ready);
    }
    self->round = ROUND_NONE;
    self->from = NULL;
    self->failed = NULL;
}

/* One after another: each start begins when the one before is done. */
void
troupe__walk_forwards(troupe_context_t *ctx, struct troupe__supervisor *self)
{
    CHECK(self->phase == PHASE_STARTING || self->round == ROUND_STARTS);
    struct troupe__child *child = self->cursor;
    if (!child) {
        starts_done(ctx, self);
        return;
    }
    child->called = NOT_CALLED;
    int rc = troupe__child_start(ctx, self, child);
    if (rc < 0)
        troupe__child_not_started(ctx, self, child, rc);
}

static void
stops_done(troupe_context_t *ctx, struct troupe__supervisor *self)
{
    if (self->phase == PHASE_STOPPING) {
        self->phase = PHASE_DONE;
        return;
    }
    CHECK(self->failed);
    if (self->wait_ms != AT_ONCE) {
        self->round = ROUND_NONE;
        retry_after(ctx, self, self->failed, self->wait_ms);
        return;
    }
    self->round = ROUND_STARTS;
    self->cursor = self->from;
    troupe__walk_forwards(ctx, self);
}

/* What becomes of a child that the walk back has found ended. */
static void
pass(troupe_context_t *ctx, struct troupe__supervisor *self,
     struct troupe__child *child)
{
    self->cursor = child == self->from ? NULL : child->prev;
    if (self->phase == PHASE_STOPPING) {
        troupe__child_release(ctx, self, child);
    } else if (child->spec->restart == TROUPE_TEMPORARY) {
        troupe__child_forget(ctx, self, child);
    } else if (child != self->failed) {
        /* From now on it is this round that will restart it. */
        troupe__child_timer_clear(ctx, child);
        child->retrying = false;
    }
}

void
troupe__walk_backwards(troupe_context_t *ctx, struct troupe__supervisor *self)
{
    bool stops = self->phase == PHASE_STOPPING || self->round == ROUND_STOPS;
    if (!stops)
        return;
    if (self->simple) {
        troupe__shutdown_check(ctx, self);
        return;
    }
    enum troupe__purpose purpose =
        self->phase == PHASE_STOPPING ? FOR_SHUTDOWN : FOR_ROUND;
    while (self->cursor) {
        struct troupe__child *child = self->cursor;
        if (troupe__child_is_active(child)) {
            if (child->purpose != purpose)
                troupe__child_stop(ctx, self, child, purpose);
            return;
        }
        pass(ctx, self, child);
    }
    stops_done(ctx, self);
}
