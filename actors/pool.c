/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool.c: the actor that stands for as many others as there is work for.
 *
 * A worker is an actor of the kind that was named: a child of the pool's own
 * supervisor, known here from when it has started until it is stopped.
 */
#include "troupe_pool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "troupe_children.h"
#include "troupe_events.h"
#include "troupe_lifecycle.h"

#include "actors/relay.h"
#include "mailbox/check.h"

#define MIN       1
#define MAX       4
#define EACH      1
#define QUEUE     1000
#define IDLE_MS   10000
#define CALL_MS   60000
#define NS_PER_MS UINT64_C(1000000)
#define SHRINK    "(shrink)"

struct worker {
    struct worker *next;
    troupe_ref_t ref;
    uint64_t under_way;
    uint64_t idle_ns; /* since when it has nothing to do */
};

struct pool {
    troupe_ref_t supervisor;
    uint32_t min, max, each, queue, idle_ms;
    struct worker *workers;
    uint64_t count, starting;
    struct relays waiting, under_way;
    uint64_t started, stopped, refused;
};

/* --- start ------------------------------------------------------------------*/

struct settings {
    const char *kind, *place;
    const void *arguments;
    size_t arguments_size;
    uint64_t min, max, each, queue, idle_ms;
};

static int
read_settings(struct pool *self, const troupe_message_t *msg,
              struct settings *ret)
{
    *ret = (struct settings){.place = "spread",
                             .min = MIN,
                             .max = MAX,
                             .each = EACH,
                             .queue = QUEUE,
                             .idle_ms = IDLE_MS};
    int rc = troupe_unpack(
        msg, "{s:s, s?s, s?r, s?U, s?U, s?U, s?U, s?U}", "kind", &ret->kind,
        "place", &ret->place, "arguments", &ret->arguments,
        &ret->arguments_size, "min", &ret->min, "max", &ret->max, "each",
        &ret->each, "queue", &ret->queue, "idle_ms", &ret->idle_ms);
    bool fits = rc == 0 && troupe__u32(ret->min, &self->min)
                && troupe__u32(ret->max, &self->max)
                && troupe__u32(ret->each, &self->each)
                && troupe__u32(ret->queue, &self->queue)
                && troupe__u32(ret->idle_ms, &self->idle_ms);
    return fits && self->max > 0 && self->min <= self->max && self->each > 0
                   && self->idle_ms > 0
               ? 0
               : -EINVAL;
}

static int
read_place(const char *word, troupe_place_t *ret)
{
    if (strcmp(word, "near") == 0)
        *ret = TROUPE_NEAR;
    else if (strcmp(word, "spread") == 0)
        *ret = TROUPE_SPREAD;
    else if (strcmp(word, "own_thread") == 0)
        *ret = TROUPE_OWN_THREAD;
    else
        return -EINVAL;
    return 0;
}

static int
start_supervisor(troupe_context_t *ctx, struct pool *self,
                 const struct settings *settings)
{
    const troupe_supervisor_options_t options = {
        .strategy = TROUPE_SIMPLE_ONE_FOR_ONE, .intensity = TROUPE_INFINITE};
    troupe_child_spec_t spec = {.id = "worker",
                                .arguments = settings->arguments,
                                .arguments_size = settings->arguments_size};
    int rc =
        troupe_kind_find(troupe_context_node(ctx), settings->kind, &spec.kind);
    if (rc < 0) {
        return troupe_fail(ctx, rc, "a pool's kind is not known: %s",
                           settings->kind);
    }
    rc = read_place(settings->place, &spec.place);
    if (rc < 0) {
        return troupe_fail(ctx, rc,
                           "a pool's place is near, spread or own_thread, "
                           "not %s",
                           settings->place);
    }
    return troupe_supervisor_start(ctx, &options, &spec, 1, &self->supervisor,
                                   NULL);
}

static int grow(troupe_context_t *ctx, struct pool *self);

static int
pool_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct pool *self = state;
    struct settings settings;
    troupe__relays_open(&self->waiting);
    troupe__relays_open(&self->under_way);
    int rc = read_settings(self, msg, &settings);
    if (rc < 0) {
        return troupe_fail(ctx, rc,
                           "a pool wants {kind}, and may have min, max, each "
                           "and idle_ms, above 0 and max not below min, queue, "
                           "place and arguments");
    }
    rc = start_supervisor(ctx, self, &settings);
    if (rc == 0)
        rc = grow(ctx, self);
    return rc < 0 ? rc
                  : troupe_timer_set(ctx, SHRINK, self->idle_ms / 2 + 1,
                                     self->idle_ms / 2 + 1);
}

/* --- asks -------------------------------------------------------------------*/

static int pump(troupe_context_t *ctx, struct pool *self);

static struct worker *
find_worker(const struct pool *self, troupe_ref_t ref)
{
    struct worker *at = self->workers;
    while (at && !troupe_ref_equal(at->ref, ref))
        at = at->next;
    return at;
}

static void
worker_remove(struct pool *self, struct worker *worker)
{
    struct worker **at = &self->workers;
    while (*at != worker)
        at = &(*at)->next;
    *at = worker->next;
    self->count -= 1;
    free(worker);
}

/* The one with the fewest asks, if it may have one more. */
static struct worker *
least_busy(const struct pool *self)
{
    struct worker *best = self->workers;
    for (struct worker *at = best; at; at = at->next)
        if (at->under_way < best->under_way)
            best = at;
    return best && best->under_way < self->each ? best : NULL;
}

static int
on_answer(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct pool *self = state;
    struct relayed *it = answer->data;
    struct worker *worker = find_worker(self, answer->target);
    int rc = troupe__relay_answer(ctx, &it->token, answer);
    troupe__relays_remove(&self->under_way, it);
    troupe__relayed_free(it);
    if (worker) { /* else it was stopped meanwhile */
        worker->under_way -= 1;
        worker->idle_ns = troupe_time_ns(ctx);
        if (answer->outcome == TROUPE_DOWN && answer->code == -ESRCH
            && worker->under_way == 0)
            worker_remove(self, worker); /* it is not restarted any more */
    }
    return rc < 0 ? rc : pump(ctx, self);
}

static int
pass(troupe_context_t *ctx, struct pool *self, struct worker *worker,
     struct relayed *it)
{
    int rc = troupe__relayed_ask(ctx, it, worker->ref, on_answer);
    if (rc == 0) {
        worker->under_way += 1;
        troupe__relays_add(&self->under_way, it);
        return 0;
    }
    rc = troupe__relay_error(ctx, &it->token, rc, "it cannot be asked");
    troupe__relayed_free(it);
    return rc;
}

/* Who is free gets work; for what is left more are started. */
static int
pump(troupe_context_t *ctx, struct pool *self)
{
    struct worker *worker = NULL;
    int rc = 0;
    while (rc == 0 && self->waiting.first && (worker = least_busy(self))) {
        struct relayed *it = self->waiting.first;
        troupe__relays_remove(&self->waiting, it);
        rc = pass(ctx, self, worker, it);
    }
    return rc < 0 ? rc : grow(ctx, self);
}

static int
on_ask(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct pool *self = state;
    if (!troupe_message_is_ask(msg))
        return 0;
    if (self->waiting.count >= self->queue && !least_busy(self)) {
        self->refused += 1;
        return troupe_reply_error(
            ctx, -EBUSY, "all %llu actors are busy, and %llu asks wait",
            (unsigned long long) self->count,
            (unsigned long long) self->waiting.count);
    }
    troupe__relays_add(&self->waiting, troupe__relayed_new(ctx, msg));
    return pump(ctx, self);
}

static int
on_cancel(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct pool *self = state;
    troupe_token_t token = troupe_token_read(msg);
    struct relayed *waits = troupe__relays_find(&self->waiting, token);
    const struct relayed *goes = troupe__relays_find(&self->under_way, token);
    if (goes)
        (void) troupe_cancel(ctx, goes->ask); /* or it is just answered */
    if (waits) {
        troupe__relays_remove(&self->waiting, waits);
        troupe__relayed_free(waits);
    }
    if (!goes)
        troupe_token_drop(ctx, &token);
    return 0;
}

/* --- more of them, and fewer ------------------------------------------------*/

static int
on_started(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct pool *self = state;
    troupe_child_info_t info = {.ref = TROUPE_NOBODY};
    int rc = answer->code;
    self->starting -= 1;
    if (answer->outcome == TROUPE_REPLY)
        rc = troupe_child_info_read(answer->msg, &info);
    if (rc < 0)
        return troupe_fail(ctx, rc, "an actor of the pool does not start: %s",
                           answer->text);
    struct worker *worker = troupe__alloc(sizeof *worker);
    *worker = (struct worker){
        .next = self->workers, .ref = info.ref, .idle_ns = troupe_time_ns(ctx)};
    self->workers = worker;
    self->count += 1;
    self->started += 1;
    return pump(ctx, self);
}

/* Up to `min`, and for each `each` that wait one more. */
static int
grow(troupe_context_t *ctx, struct pool *self)
{
    const troupe_child_request_t request = {.verb = TROUPE_START_CHILD};
    int rc = 0;
    while (rc == 0 && self->count + self->starting < self->max
           && (self->count + self->starting < self->min
               || self->starting * self->each < self->waiting.count)) {
        rc = troupe_supervisor_ask(ctx, self->supervisor, &request, CALL_MS,
                                   on_started, NULL);
        self->starting += rc == 0;
    }
    return rc;
}

static int
on_stopped(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    (void) ctx, (void) state, (void) answer;
    return 0; /* it may have been gone already */
}

static int
stop_one(troupe_context_t *ctx, struct pool *self, struct worker *worker)
{
    const troupe_child_request_t request = {.verb = TROUPE_TERMINATE_CHILD,
                                            .ref = worker->ref};
    worker_remove(self, worker);
    self->stopped += 1;
    return troupe_supervisor_ask(ctx, self->supervisor, &request, CALL_MS,
                                 on_stopped, NULL);
}

static int
on_shrink(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct pool *self = state;
    uint64_t now = troupe_time_ns(ctx);
    int rc = 0;
    (void) msg;
    for (struct worker *at = self->workers, *next; at && rc == 0; at = next) {
        next = at->next;
        if (self->count > self->min && at->under_way == 0
            && now - at->idle_ns >= self->idle_ms * NS_PER_MS)
            rc = stop_one(ctx, self, at);
    }
    return rc;
}

static int
on_state(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    const struct pool *self = state;
    (void) msg;
    return troupe_reply(ctx, "{s:U, s:U, s:U, s:U, s:U, s:U, s:U}", "actors",
                        self->count, "starting", self->starting, "under_way",
                        self->under_way.count, "waiting", self->waiting.count,
                        "started", self->started, "stopped", self->stopped,
                        "refused", self->refused);
}

static void
pool_stop(troupe_context_t *ctx, void *state, const troupe_reason_t *reason)
{
    struct pool *self = state;
    (void) ctx, (void) reason;
    troupe__relays_free(&self->waiting);
    troupe__relays_free(&self->under_way);
    for (struct worker *at = self->workers, *next; at; at = next) {
        next = at->next;
        free(at);
    }
}

TROUPE_KIND(troupe_pool, struct pool, TROUPE_ON_START(pool_start),
            TROUPE_ON(SHRINK, on_shrink), TROUPE_ON("pool.state", on_state),
            TROUPE_ON_FALLBACK(on_ask), TROUPE_ON_CANCEL(on_cancel),
            TROUPE_ON_STOP(pool_stop));
