/* SPDX-License-Identifier: Apache-2.0 */
/* map_pool.c: runs the tasks that a map gives it, so many at once. */
#include "actors/map_pool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "troupe_command.h"
#include "troupe_lifecycle.h"

#include "mailbox/check.h"

#define OUT_MAX  (256u << 10)
#define OUT_MIN  (16u << 10) /* less waits for more, but not longer than */
#define OUT_NS   UINT64_C(500000)
#define HOLD_NS  UINT64_C(10000000) /* results of commands wait for more */
#define AGAIN_MS 1
#define FLUSH    "(flush)"

struct map_end
troupe__end_of(const char *state, const char *text)
{
    static const uint8_t nil = 0xc0;
    return (struct map_end){.state = state,
                            .text = text,
                            .state_size = strlen(state),
                            .text_size = strlen(text),
                            .value = &nil,
                            .value_size = 1};
}

int
troupe__pool_flush(troupe_context_t *ctx, struct pool *self)
{
    if (self->out.size == 0)
        return 0;
    int rc = troupe_send(ctx, self->owner, "results", "[U, B]", self->peak,
                         self->out.data, self->out.size);
    if (rc == -EAGAIN) /* when this handler has returned */
        return troupe_timer_set(ctx, FLUSH, AGAIN_MS, 0);
    troupe__text_clear(&self->out);
    return rc;
}

int
troupe__pool_tell(troupe_context_t *ctx, struct pool *self, uint64_t id,
                  const struct map_end *end)
{
    struct troupe__text *out = &self->out;
    struct map_end none;
    if (!troupe__value_fits(end->value, end->value_size)) {
        none = troupe__end_of("failed",
                              "its result nests too deep or is too large");
        none.run_ms = end->run_ms;
        end = &none;
    }
    troupe__packed_end_put(out, id, end);
    if (out->size > OUT_MAX)
        return troupe__pool_flush(ctx, self);
    if (self->holding) {
        self->holding = false;
        return troupe_send(ctx, troupe_self(ctx), FLUSH, NULL);
    }
    if (self->flushing)
        return 0;
    self->flushing = true;
    self->out_before = 0;
    self->out_since_ns = troupe_time_ns(ctx);
    return troupe_send(ctx, troupe_self(ctx), FLUSH, NULL);
}

/* Each result wakes two threads, which takes the time of a small command: so
 * they go some at once, while the next ones do not wait for that. */
static bool
may_hold(troupe_context_t *ctx, const struct pool *self)
{
    return !self->eager && !self->hurry && !self->dropping
           && self->item_count >= self->slots
           && troupe_time_ns(ctx) - self->out_since_ns < HOLD_NS;
}

/* Those of one turn go together: what is sent to oneself is handled after them.
 * So do those of some turns, while they bring more: an answer takes two. */
static int
on_flush(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    struct pool *self = state;
    bool grows = self->out.size > self->out_before;
    self->out_before = self->out.size;
    self->out_turns = grows ? 0 : self->out_turns + 1;
    if (self->out_turns < 2 && self->item_count > 0 && self->out.size < OUT_MIN
        && troupe_time_ns(ctx) - self->out_since_ns < OUT_NS)
        return troupe_send(ctx, troupe_self(ctx), FLUSH, NULL);
    self->holding = self->out.size > 0 && may_hold(ctx, self);
    if (self->holding)
        return 0 * troupe_timer_set(ctx, FLUSH, HOLD_NS / 1000000, 0);
    self->flushing = self->hurry = false;
    return troupe__pool_flush(ctx, self);
}

int
troupe__pool_end(troupe_context_t *ctx, struct pool_run *run,
                 const struct map_end *end)
{
    struct pool *self = run->pool;
    bool is_ok = end->state_size == 2 && memcmp(end->state, "ok", 2) == 0;
    if (!is_ok || run->it.task.how != TROUPE_MAP_COMMAND)
        self->hurry = true;
    int rc = troupe__pool_tell(ctx, self, run->item.id, end);
    if (run->late.id != 0)
        (void) troupe_call_clear(ctx, run->late);
    if (run->doer)
        troupe__doer_rest(run);
    troupe__chunk_drop(run->item.chunk);
    *run->link = run->next;
    if (run->next)
        run->next->link = run->link;
    run->next = self->free_runs;
    self->free_runs = run;
    self->run_count--;
    return rc;
}

static struct pool_run *
take_run(struct pool *self)
{
    struct pool_run *run = self->free_runs;
    if (run)
        self->free_runs = run->next;
    else
        run = troupe__alloc(sizeof *run);
    run->pool = self;
    run->next = self->runs;
    run->link = &self->runs;
    run->doer = NULL;
    run->ask.id = 0;
    run->cancelled = run->is_late = false;
    run->lost[0] = '\0';
    run->late = (troupe_timer_t){0};
    if (run->next)
        run->next->link = &run->next;
    self->runs = run;
    self->run_count++;
    if (self->run_count > self->peak)
        self->peak = self->run_count;
    return run;
}

static int
begin(troupe_context_t *ctx, struct pool *self, struct pool_run *run)
{
    struct map_cursor at = {run->item.packed,
                            run->item.packed + run->item.packed_size};
    if (!troupe__packed_work_take(&at, &run->it)) {
        struct map_end end = troupe__end_of("failed", "it is no task");
        return troupe__pool_end(ctx, run, &end);
    }
    if (run->it.task.timeout_ms == 0)
        run->it.task.timeout_ms = self->late_ms;
    if (run->it.task.how == TROUPE_MAP_COMMAND)
        return troupe__pool_ask(ctx, run, self->commands);
    if (run->it.task.how == TROUPE_MAP_FN)
        return troupe__doer_run(ctx, run);
    return troupe__pool_ask_name(ctx, run);
}

int
troupe__pool_pump(troupe_context_t *ctx, struct pool *self)
{
    if (self->item_count > 0 && troupe__pool_was_away(ctx, self))
        return troupe_send(ctx, troupe_self(ctx), TROUPE__POOL_LATER, NULL);
    return troupe__pool_begin(ctx, self);
}

int
troupe__pool_begin(troupe_context_t *ctx, struct pool *self)
{
    int rc = 0;
    while (self->item_count > 0 && self->run_count < self->slots && rc == 0) {
        struct pool_run *run = take_run(self);
        run->item = self->items[self->item_first];
        self->item_first = (self->item_first + 1) & (self->item_size - 1);
        self->item_count--;
        rc = begin(ctx, self, run);
    }
    return rc;
}

static void
put_item(struct pool *self, const struct pool_item *item)
{
    if (self->item_count == self->item_size) {
        size_t size = self->item_size ? self->item_size * 2 : 64;
        struct pool_item *items = troupe__alloc(size * sizeof *items);
        for (size_t i = 0; i < self->item_count; i++)
            items[i] =
                self->items[(self->item_first + i) & (self->item_size - 1)];
        free(self->items);
        self->items = items;
        self->item_size = size;
        self->item_first = 0;
    }
    self->items[(self->item_first + self->item_count++)
                & (self->item_size - 1)] = *item;
}

/* A list of work, kept as it came. */
static int
take_work(struct pool *self, const troupe_message_t *msg)
{
    struct map_chunk *chunk = troupe__chunk_new(msg);
    struct map_cursor at;
    int rc = troupe__packed_bytes(chunk->msg, &at);
    while (rc == 0 && at.at < at.end) {
        struct pool_item item = {.chunk = chunk, .packed = at.at};
        if (!troupe__packed_task_pass(&at, &item.id)) {
            rc = -EBADMSG;
            break;
        }
        item.packed_size = (size_t) (at.at - item.packed);
        chunk->users++;
        put_item(self, &item);
    }
    troupe__chunk_drop(chunk);
    return rc;
}

/* What is not begun never will be. */
int
troupe__pool_drop(troupe_context_t *ctx, struct pool *self)
{
    struct map_end end = troupe__end_of("skipped", self->why);
    int rc = 0;
    while (self->item_count > 0 && rc == 0) {
        const struct pool_item *item = &self->items[self->item_first];
        rc = troupe__pool_tell(ctx, self, item->id, &end);
        troupe__chunk_drop(item->chunk);
        self->item_first = (self->item_first + 1) & (self->item_size - 1);
        self->item_count--;
    }
    return rc;
}

static int
take_and_begin(troupe_context_t *ctx, struct pool *self,
               const troupe_message_t *msg)
{
    int rc = take_work(self, msg);
    if (rc == 0)
        rc = self->dropping ? troupe__pool_drop(ctx, self)
                            : troupe__pool_pump(ctx, self);
    return rc;
}

static int
on_work(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct pool *self = state;
    troupe_ref_t from = troupe_message_sender(msg);
    if (!troupe_ref_equal(from, self->owner)
        && !troupe_ref_equal(from, self->victim))
        return 0; /* it was too late: others do it */
    return take_and_begin(ctx, self, msg);
}

static int
on_drop(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct pool *self = state;
    bool now = false;
    const char *why = "";
    int rc = troupe_unpack(msg, "{s:b, s:s}", "now", &now, "why", &why);
    self->dropping = true;
    snprintf(self->why, sizeof self->why, "%s", why);
    if (rc == 0)
        rc = troupe__pool_drop(ctx, self);
    for (struct pool_run *run = self->runs; run && now; run = run->next) {
        run->cancelled = true;
        if (run->ask.id != 0)
            (void) troupe_cancel(ctx, run->ask);
    }
    return rc;
}

static int
on_shrink(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    return troupe__doers_shrink(ctx, state);
}

static int
pool_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct pool *self = state;
    int rc =
        troupe_unpack(msg, "{s:R, s:U, s:U, s:U, s:b}", "owner", &self->owner,
                      "index", &self->index, "slots", &self->slots, "mode",
                      &self->mode, "eager", &self->eager);
    if (rc < 0)
        return troupe_fail(ctx, rc,
                           "a pool wants owner, index, slots, mode, eager");
    troupe_spawn_options_t options = {.place = TROUPE_NEAR, .linked = true};
    if (self->mode == TROUPE_MAP_THREAD)
        options.place = TROUPE_OWN_THREAD;
    rc = troupe_spawn(ctx, &troupe_command, &options, &self->commands, NULL);
    if (rc == 0)
        rc = troupe__doers_start(ctx, self);
    if (rc == 0)
        rc = troupe_send(ctx, self->owner, "ready", "[U]", self->index);
    return rc;
}

static void
pool_stop(troupe_context_t *ctx, void *state, const troupe_reason_t *reason)
{
    (void) reason;
    struct pool *self = state;
    if (!troupe_ref_is_nobody(self->commands))
        (void) troupe_exit_send(ctx, self->commands, TROUPE_EXIT_SHUTDOWN, 0,
                                NULL);
    for (size_t i = 0; i < self->item_count; i++)
        troupe__chunk_drop(
            self->items[(self->item_first + i) & (self->item_size - 1)].chunk);
    free(self->items);
    while (self->runs) {
        struct pool_run *run = self->runs;
        self->runs = run->next;
        troupe__chunk_drop(run->item.chunk);
        free(run);
    }
    while (self->free_runs) {
        struct pool_run *run = self->free_runs;
        self->free_runs = run->next;
        free(run);
    }
    troupe__doers_free(self);
    troupe__text_free(&self->out);
}

TROUPE_KIND(troupe__map_pool, struct pool, TROUPE_ON_START(pool_start),
            TROUPE_ON("work", on_work), TROUPE_ON("rob", troupe__pool_on_rob),
            TROUPE_ON("steal", troupe__pool_on_steal),
            TROUPE_ON("there", troupe__pool_on_there),
            TROUPE_ON("leave", troupe__pool_on_leave),
            TROUPE_ON(TROUPE__POOL_LATER, troupe__pool_on_later),
            TROUPE_ON("late", troupe__pool_on_late), TROUPE_ON("drop", on_drop),
            TROUPE_ON(FLUSH, on_flush), TROUPE_ON("(shrink)", on_shrink),
            TROUPE_ON_DOWN(troupe__doer_down), TROUPE_ON_STOP(pool_stop));
