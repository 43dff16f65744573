/* SPDX-License-Identifier: Apache-2.0 */
/* map.c: the actor that runs many tasks at once; see troupe_map.h. */
#include "actors/map.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "troupe_lifecycle.h"
#include "troupe_stats.h"
#include "troupe_supervisor.h"

#include "actors/map_pool.h"
#include "mailbox/check.h"

#define DEADLINE "(deadline)"
#define JOBS_MAX 65536

static const char *const modes[] = {"async", "thread", "process", "auto"};

static int
read_mode(const char *name, troupe_map_mode_t *ret_mode)
{
    for (unsigned i = 0; i < sizeof modes / sizeof *modes; i++) {
        if (strcmp(name, modes[i]) == 0) {
            *ret_mode = (troupe_map_mode_t) i;
            return 0;
        }
    }
    return -EINVAL;
}

/* The numbers of a start, which must fit into those of the options. */
struct numbers {
    uint64_t jobs, timeout_ms, timeout_percent, retries, backoff_ms;
    uint64_t deadline_ms, halt_on, halt_count, halt_percent, replicas;
};

static int
read_options(const troupe_message_t *msg, struct map *self)
{
    troupe_map_options_t *to = &self->options;
    struct numbers it = {0};
    const char *mode = modes[0];
    const void *raw = NULL;
    size_t raw_size = 0;
    if (troupe_unpack(msg, "n") == 0)
        return 0;
    int rc = troupe_unpack(
        msg,
        "{s?U, s?s, s?b, s?U, s?U, s?U, s?U, s?U, s?U, s?b, s?U, s?U, s?f, "
        "s?r, s?U, s?R!}",
        "jobs", &it.jobs, "mode", &mode, "ordered", &to->ordered, "timeout_ms",
        &it.timeout_ms, "timeout_percent", &it.timeout_percent, "retries",
        &it.retries, "backoff_ms", &it.backoff_ms, "deadline_ms",
        &it.deadline_ms, "halt_on", &it.halt_on, "halt_now", &to->halt.now,
        "halt_count", &it.halt_count, "halt_percent", &it.halt_percent, "load",
        &to->load, "resources", &raw, &raw_size, "replicas", &it.replicas,
        "journal", &self->journal);
    if (rc == 0)
        rc = troupe__map_resources_read(self, msg);
    if (rc == 0)
        rc = read_mode(mode, &to->mode);
    const uint64_t all[] = {it.timeout_ms,  it.timeout_percent, it.retries,
                            it.backoff_ms,  it.deadline_ms,     it.halt_count,
                            it.halt_percent};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i] > UINT32_MAX / 2)
            rc = -EINVAL;
    if (rc < 0 || it.jobs > JOBS_MAX || it.halt_on > TROUPE_MAP_HALT_DONE
        || it.replicas > TROUPE_MAP_REPLICAS_MAX)
        return -EINVAL;
    to->jobs = (uint32_t) it.jobs;
    to->timeout_ms = (uint32_t) it.timeout_ms;
    to->timeout_percent = (uint32_t) it.timeout_percent;
    to->retries = (uint32_t) it.retries;
    to->backoff_ms = (uint32_t) it.backoff_ms;
    to->deadline_ms = (uint32_t) it.deadline_ms;
    to->halt.on = (troupe_map_halt_on_t) it.halt_on;
    to->halt.count = (uint32_t) it.halt_count;
    to->halt.percent = (uint32_t) it.halt_percent;
    to->replicas = (uint32_t) it.replicas;
    return 0;
}

/* One on each worker, as far as there are jobs; the bound is split. */
static int
start_pools(troupe_context_t *ctx, struct map *self)
{
    troupe_node_stats_t stats;
    troupe_node_stats_get(troupe_context_node(ctx), &stats);
    if (self->options.jobs == 0)
        self->options.jobs = stats.workers;
    uint32_t jobs = self->options.jobs;
    self->pool_count = jobs < stats.workers ? jobs : stats.workers;
    self->first_pools = self->pool_count;
    self->pools = troupe__alloc(self->pool_count * sizeof *self->pools);
    troupe_child_spec_t *specs =
        troupe__alloc(self->pool_count * sizeof *specs);
    char(*ids)[16] = troupe__alloc(self->pool_count * sizeof *ids);
    int rc = 0;
    for (uint32_t i = 0; i < self->pool_count && rc == 0; i++) {
        self->pools[i].slots =
            jobs / self->pool_count + (i < jobs % self->pool_count ? 1 : 0);
        rc = troupe__map_spec_of(ctx, self, i, ids[i], &specs[i]);
    }
    /* Not on the worker of a pool, whom a function may keep from everything. */
    troupe_supervisor_options_t options = {
        .strategy = TROUPE_ONE_FOR_ONE, .intensity = 10, .place = TROUPE_NEAR};
    if (rc == 0)
        rc = troupe_supervisor_start(ctx, &options, specs, self->pool_count,
                                     &self->supervisor, NULL);
    for (uint32_t i = 0; i < self->pool_count; i++)
        troupe_child_spec_clear(&specs[i]);
    free(specs);
    free(ids);
    return rc;
}

static int
map_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct map *self = state;
    if (read_options(msg, self) < 0)
        return troupe_fail(ctx, -EINVAL,
                           "a map wants nothing, or what troupe_map.h lists");
    (void) troupe_trace_get(ctx, &self->trace);
    self->tally.began_ns = troupe_now_ns(troupe_context_node(ctx));
    int rc = start_pools(ctx, self);
    if (rc == 0 && self->options.deadline_ms > 0)
        rc = troupe_timer_set(ctx, DEADLINE, self->options.deadline_ms, 0);
    return rc;
}

static int
on_put(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct map *self = state;
    bool last = false;
    int rc = troupe_unpack(msg, "{s?b}", "last", &last);
    if (rc == 0 && self->last)
        rc = -EALREADY;
    if (rc == 0 && troupe_trace_is(&self->trace))
        troupe_trace_set(ctx, &self->trace);
    if (rc == 0)
        rc = troupe__map_accept(ctx, self, msg, NULL);
    if (rc < 0)
        return troupe_reply_error(ctx, rc,
                                  "put wants tasks, and none after the last");
    self->last = last;
    if (self->put_count == self->put_size) {
        self->put_size = self->put_size * 2 + 4;
        self->puts =
            troupe__realloc(self->puts, self->put_size * sizeof *self->puts);
    }
    if (troupe_defer(ctx, &self->puts[self->put_count]) == 0)
        self->put_count++;
    return troupe__map_go_on(ctx, self);
}

static int
on_map(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct map *self = state;
    struct map_batch *batch = troupe__alloc(sizeof *batch);
    int rc = troupe__map_accept(ctx, self, msg, batch);
    if (rc == 0)
        rc = troupe_defer(ctx, &batch->token);
    batch->left = batch->count;
    if (rc == 0 && batch->count > 0)
        return troupe__map_go_on(ctx, self);
    if (rc == 0)
        rc = troupe_reply_to(ctx, &batch->token, "{s:[]}", "results");
    else if (troupe_message_is_ask(msg))
        rc = troupe_reply_error(ctx, rc, "map wants tasks");
    else
        rc = 0;
    free(batch->records);
    free(batch);
    return rc;
}

static int
on_take(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct map *self = state;
    bool packed = false;
    if (troupe_token_is_open(ctx, self->take))
        return troupe_reply_error(ctx, -EBUSY, "somebody takes already");
    self->take_packed =
        troupe_unpack(msg, "{s:b}", "packed", &packed) == 0 && packed;
    int rc = troupe_defer(ctx, &self->take);
    return rc < 0 ? 0 : troupe__map_serve(ctx, self);
}

static int
on_halt(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct map *self = state;
    bool now = false;
    const char *why = "the map was halted";
    int rc = troupe_unpack(msg, "{s:b, s?s}", "now", &now, "why", &why);
    if (rc < 0)
        return troupe_reply_error(ctx, rc, "halt wants now");
    rc = troupe__map_halt(ctx, self, now, why);
    if (rc == 0 && troupe_message_is_ask(msg))
        rc = troupe_reply(ctx, NULL);
    if (rc == 0)
        rc = troupe__map_dispatch(ctx, self);
    return rc == 0 ? troupe__map_serve(ctx, self) : rc;
}

static int
on_stat(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    return troupe_reply(ctx, "*", troupe__map_summary_write, state);
}

static int
on_deadline(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct map *self = state;
    (void) msg;
    if (self->last && self->live == 0)
        return 0;
    char why[MAP_WHY_SIZE];
    snprintf(why, sizeof why, "the deadline of %u ms had passed",
             (unsigned) self->options.deadline_ms);
    self->deadline_passed = true;
    int rc = troupe__map_halt(ctx, self, true, why);
    return rc == 0 ? troupe__map_serve(ctx, self) : rc;
}

static void
map_stop(troupe_context_t *ctx, void *state, const troupe_reason_t *reason)
{
    (void) ctx, (void) reason;
    struct map *self = state;
    for (uint32_t i = 0; i < self->record_count; i++) {
        struct map_record *record = self->records[i];
        troupe__chunk_drop(record->chunk);
        troupe__chunk_drop(record->end_chunk);
        troupe__map_ballot_free(self, record);
        struct map_batch *batch = record->batch;
        if (batch && record->chunk && --batch->count == 0) {
            free(batch->records);
            free(batch);
        }
        free(record->span);
    }
    troupe__map_records_free(self);
    free(self->pools);
    free(self->puts);
    troupe__text_free(&self->text);
    troupe__text_free(&self->results);
}

TROUPE_KIND(troupe_map, struct map, TROUPE_ON_START(map_start),
            TROUPE_ON("results", troupe__map_on_results),
            TROUPE_ON("put", on_put), TROUPE_ON("take", on_take),
            TROUPE_ON("map", on_map), TROUPE_ON("halt", on_halt),
            TROUPE_ON("stat", on_stat), TROUPE_ON("gave", troupe__map_on_gave),
            TROUPE_ON("ready", troupe__map_on_ready),
            TROUPE_ON("here", troupe__map_on_here),
            TROUPE_ON(DEADLINE, on_deadline), TROUPE_ON_STOP(map_stop));
