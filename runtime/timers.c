/* SPDX-License-Identifier: Apache-2.0 */
/* timers.c: keyed timers and calls that are set for later. */
#include <errno.h>
#include <stdio.h>

#include "runtime/handle.h"
#include "runtime/trace.h"

enum { ALARM_TIMER = 2, NS_PER_MS = 1000000 };

static struct troupe__timer *
timer_of(struct troupe__alarm *alarm)
{
    return (struct troupe__timer *) (void *) alarm;
}
_Static_assert(offsetof(struct troupe__timer, alarm) == 0,
               "an alarm of a timer is the timer");

static struct troupe__ask *
ask_of(struct troupe__alarm *alarm)
{
    char *at = (char *) alarm - offsetof(struct troupe__ask, alarm);
    return (struct troupe__ask *) (void *) at;
}

/* At once is in the present tick; any other time is never early. */
static uint64_t
first_due(const struct troupe__timer *timer, uint32_t after_ms)
{
    return after_ms > 0 ? timer->due : timer->due - timer->due % NS_PER_MS;
}

static struct troupe__timer *
timer_new(struct troupe__worker *self, struct troupe__actor *actor,
          uint32_t after_ms)
{
    struct troupe__extra *extra = troupe__extra(actor);
    struct troupe__timer *timer =
        troupe__pool_get(&self->parcels, sizeof *timer);
    *timer = (struct troupe__timer){.actor = actor,
                                    .due = troupe__now(self)
                                           + (uint64_t) after_ms * NS_PER_MS,
                                    .next = extra->timers,
                                    .link = &extra->timers};
    if (extra->timers)
        extra->timers->link = &timer->next;
    extra->timers = timer;
    if (self->ctx.trace)
        memcpy(&timer->trace, self->ctx.trace, sizeof timer->trace);
    timer->id = troupe__ids_add(&self->timers, timer);
    troupe__wheel_set(&self->wheel, &timer->alarm, first_due(timer, after_ms));
    timer->alarm.what = ALARM_TIMER;
    return timer;
}

static void
timer_free(struct troupe__worker *self, struct troupe__timer *timer)
{
    troupe__wheel_clear(&self->wheel, &timer->alarm);
    *timer->link = timer->next;
    if (timer->next)
        timer->next->link = timer->link;
    troupe__ids_remove(&self->timers, timer->id);
    troupe__pool_put(&self->parcels, timer, sizeof *timer);
}

static struct troupe__timer *
find_key(const struct troupe__actor *actor, const char *key)
{
    struct troupe__timer *at = actor->extra ? actor->extra->timers : NULL;
    while (at && (at->call || strcmp(at->key, key) != 0))
        at = at->next;
    return at;
}

static struct troupe__timer *
find_id(struct troupe__worker *self, const struct troupe__actor *actor,
        uint64_t id)
{
    struct troupe__timer *timer = troupe__ids_find(&self->timers, id);
    return timer && timer->actor == actor ? timer : NULL;
}

static bool
key_is_valid(const char *key)
{
    return troupe__type_size(key) > 0;
}

int
troupe_timer_set(troupe_context_t *ctx, const char *key, uint32_t after_ms,
                 uint32_t every_ms)
{
    CHECK(ctx);
    if (!key_is_valid(key))
        return -EINVAL;
    struct troupe__timer *old = find_key(ctx->actor, key);
    if (old)
        timer_free(ctx->worker, old);
    struct troupe__timer *timer = timer_new(ctx->worker, ctx->actor, after_ms);
    timer->every = (uint64_t) every_ms * NS_PER_MS;
    snprintf(timer->key, sizeof timer->key, "%s", key);
    return 0;
}

int
troupe_timer_clear(troupe_context_t *ctx, const char *key)
{
    CHECK(ctx);
    struct troupe__timer *timer =
        key_is_valid(key) ? find_key(ctx->actor, key) : NULL;
    if (!timer)
        return -ENOENT;
    timer_free(ctx->worker, timer);
    return 0;
}

int
troupe_call_after(troupe_context_t *ctx, uint32_t after_ms, troupe_call_fn call,
                  void *data, void (*drop)(void *data),
                  troupe_timer_t *ret_timer)
{
    CHECK(ctx);
    CHECK(call);
    struct troupe__timer *timer = timer_new(ctx->worker, ctx->actor, after_ms);
    timer->call = call;
    timer->data = data;
    timer->drop = drop;
    if (ret_timer)
        *ret_timer = (troupe_timer_t){timer->id};
    return 0;
}

int
troupe_call_clear(troupe_context_t *ctx, troupe_timer_t timer)
{
    CHECK(ctx);
    struct troupe__timer *set = find_id(ctx->worker, ctx->actor, timer.id);
    if (!set || !set->call)
        return -ENOENT;
    timer_free(ctx->worker, set);
    return 0;
}

/* A timer's message is seen while its setting stands, and once. */
bool
troupe__timer_take(struct troupe__worker *self, struct troupe__actor *actor,
                   uint64_t id)
{
    struct troupe__timer *timer = find_id(self, actor, id);
    if (!timer)
        return false;
    timer->waiting = false;
    if (!timer->alarm.link)
        timer_free(self, timer);
    return true;
}

static void
fire_message(struct troupe__worker *self, struct troupe__timer *timer)
{
    troupe_ref_t ref = timer->actor->ref;
    struct troupe__envelope envelope =
        troupe__envelope(WIRE_TELL, ref, ref, timer->key);
    envelope.id = timer->id;
    if (!timer->waiting) { /* one at a time, however long its actor rests */
        troupe_trace_t at;
        if (troupe__trace_timer(self, timer, &at))
            envelope.trace = (const uint8_t *) &at;
        (void) troupe__emitf(self, &envelope, NULL);
    }
    timer->waiting = true;
    if (timer->every == 0)
        return;
    timer->due += timer->every;
    if (timer->due <= self->now) /* far behind: skip what was missed */
        timer->due += (self->now - timer->due) / timer->every * timer->every;
    troupe__wheel_set(&self->wheel, &timer->alarm, timer->due);
}

static void
fire_call(struct troupe__worker *self, struct troupe__timer *timer)
{
    struct troupe__actor *actor = timer->actor;
    troupe_call_fn call = timer->call;
    void *data = timer->data;
    troupe_trace_t trace = timer->trace;
    troupe_span_t span;
    timer_free(self, timer);
    troupe__context_begin(self, actor);
    troupe__run_mark(self, actor, "(call)");
    troupe__trace_call_begin(self, &trace, &span);
    int rc = call(&self->ctx, actor->state, data);
    troupe__trace_call_end(self, &span, "call", rc);
    troupe__context_end(self, actor, rc);
}

void
troupe__timers_due(struct troupe__worker *self)
{
    struct troupe__alarm *alarm;
    /* No more than there are now: what is set for at once comes next turn. */
    for (uint32_t count = self->wheel.count;
         count > 0 && (alarm = troupe__wheel_due(&self->wheel, self->now));
         count--) {
        if (alarm->what != ALARM_TIMER)
            troupe__ask_due(self, ask_of(alarm));
        else if (timer_of(alarm)->call && troupe__rests(timer_of(alarm)->actor))
            timer_of(alarm)->waiting = true;
        else if (timer_of(alarm)->call)
            fire_call(self, timer_of(alarm));
        else
            fire_message(self, timer_of(alarm));
    }
}

/* The actor rested when they fell due. */
void
troupe__calls_resume(struct troupe__worker *self, struct troupe__actor *actor)
{
    struct troupe__timer *at = actor->extra ? actor->extra->timers : NULL;
    for (; at; at = at->next) {
        if (!at->call || !at->waiting)
            continue;
        at->waiting = false;
        troupe__wheel_set(&self->wheel, &at->alarm, self->now);
    }
}

void
troupe__timers_drop(struct troupe__worker *self, struct troupe__actor *actor)
{
    while (actor->extra && actor->extra->timers) {
        struct troupe__timer *timer = actor->extra->timers;
        void (*drop)(void *) = timer->drop;
        void *data = timer->data;
        timer_free(self, timer);
        if (drop)
            drop(data);
    }
}
