/* SPDX-License-Identifier: Apache-2.0 */
/* map_doers.c: the actors that do a pool's functions: as many as needed. */
#include "actors/map_pool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "troupe_lifecycle.h"
#include "troupe_supervisor.h"

#include "mailbox/check.h"

#define SHRINK    "(shrink)"
#define SHRINK_MS 1000
#define START_MS  60000

/* They fail with their tasks: nothing is counted, and nobody waits. */
int
troupe__doers_start(troupe_context_t *ctx, struct pool *self)
{
    troupe_supervisor_options_t options = {.strategy = TROUPE_ONE_FOR_ONE,
                                           .intensity = TROUPE_INFINITE,
                                           .place = TROUPE_NEAR,
                                           .unstable_max = TROUPE_INFINITE};
    return troupe_supervisor_start(ctx, &options, NULL, 0, &self->supervisor,
                                   NULL);
}

static bool
is_of(const struct pool_doer *doer, const struct map_task *task)
{
    return strcmp(doer->kind->name, task->target) == 0;
}

/* One of that kind that has nothing to do, which it has from now on. */
static struct pool_doer *
take_idle(struct pool *self, const struct map_task *task)
{
    struct pool_doer **at = &self->idle;
    while (*at && !is_of(*at, task))
        at = &(*at)->next_idle;
    struct pool_doer *doer = *at;
    if (doer)
        *at = doer->next_idle;
    return doer;
}

void
troupe__doer_rest(struct pool_run *run)
{
    struct pool_doer *doer = run->doer;
    doer->rested = true;
    doer->next_idle = run->pool->idle;
    run->pool->idle = doer;
}

static void
forget(struct pool *self, struct pool_doer *doer)
{
    struct pool_doer **at = &self->doers;
    while (*at != doer)
        at = &(*at)->next;
    *at = doer->next;
    free(doer);
}

static int
end_at_start(troupe_context_t *ctx, struct pool_run *run, const char *state,
             const char *text)
{
    struct pool *self = run->pool;
    struct map_end end = troupe__end_of(state, text);
    int rc = troupe__pool_end(ctx, run, &end);
    return rc < 0 ? rc : troupe__pool_pump(ctx, self);
}

/* It has started, or its task fails for it. */
static int
on_started(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct pool *self = state;
    struct pool_run *run = answer->data;
    troupe_child_info_t info = {.ref = TROUPE_NOBODY};
    int rc = answer->code;
    if (answer->outcome == TROUPE_REPLY)
        rc = troupe_child_info_read(answer->msg, &info);
    if (rc < 0) {
        forget(self, run->doer);
        run->doer = NULL;
        return end_at_start(ctx, run, "failed", answer->text);
    }
    run->doer->ref = info.ref;
    rc = troupe_monitor(ctx, info.ref, &run->doer->monitor);
    if (rc < 0)
        return rc;
    if (run->cancelled)
        return end_at_start(ctx, run, "cancelled", self->why);
    return troupe__pool_ask(ctx, run, info.ref);
}

static void
name_doer(const struct pool *self, uint64_t serial, char ret_id[32])
{
    snprintf(ret_id, 32, "doer-%u-%u", (unsigned) self->index,
             (unsigned) serial);
}

static int
start_one(troupe_context_t *ctx, struct pool_run *run,
          const troupe_kind_t *kind)
{
    struct pool *self = run->pool;
    struct pool_doer *doer = troupe__alloc(sizeof *doer);
    doer->kind = kind;
    doer->next = self->doers;
    self->doers = doer;
    run->doer = doer;
    doer->serial = ++self->doer_serial;
    name_doer(self, doer->serial, doer->id);
    troupe_child_spec_t spec = {
        .id = doer->id,
        .kind = kind,
        .place =
            self->mode == TROUPE_MAP_THREAD ? TROUPE_OWN_THREAD : TROUPE_NEAR,
        .isolation = self->mode == TROUPE_MAP_PROCESS ? TROUPE_OWN_PROCESS
                                                      : TROUPE_SAME_PROCESS,
        .backoff = {.min_ms = TROUPE_ZERO},
        .poison_max = TROUPE_INFINITE};
    troupe_child_request_t request = {.verb = TROUPE_START_CHILD,
                                      .spec = &spec};
    return troupe_supervisor_ask(ctx, self->supervisor, &request, START_MS,
                                 on_started, run);
}

static int
watch_idle(troupe_context_t *ctx, struct pool *self)
{
    if (self->shrinking)
        return 0;
    self->shrinking = true;
    return troupe_timer_set(ctx, SHRINK, SHRINK_MS, 0);
}

int
troupe__doer_run(troupe_context_t *ctx, struct pool_run *run)
{
    struct pool *self = run->pool;
    const troupe_kind_t *kind = NULL;
    run->doer = take_idle(self, &run->it.task);
    if (run->doer)
        return troupe__pool_ask(ctx, run, run->doer->ref);
    int rc =
        troupe_kind_find(troupe_context_node(ctx), run->it.task.target, &kind);
    if (rc == 0)
        rc = watch_idle(ctx, self);
    if (rc == 0)
        rc = start_one(ctx, run, kind);
    if (rc == 0)
        return 0;
    char words[TROUPE_NAME_MAX + 64];
    snprintf(words, sizeof words,
             "there is no function '%s': no library has such a kind",
             run->it.task.target);
    struct map_end end =
        troupe__end_of("failed", rc == -ENOENT ? words : troupe_strerror(rc));
    if (run->doer)
        forget(self, run->doer);
    run->doer = NULL;
    return troupe__pool_end(ctx, run, &end);
}

static int
on_ended(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    (void) ctx, (void) state, (void) answer;
    return 0; /* it may have been gone already */
}

/* Only what has stopped can be forgotten. */
static int
on_stopped(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct pool *self = state;
    char id[32];
    name_doer(self, (uintptr_t) answer->data, id);
    troupe_child_request_t request = {.verb = TROUPE_DELETE_CHILD, .id = id};
    return troupe_supervisor_ask(ctx, self->supervisor, &request, START_MS,
                                 on_ended, NULL);
}

static int
end_one(troupe_context_t *ctx, struct pool *self, struct pool_doer *doer)
{
    troupe_child_request_t request = {.verb = TROUPE_TERMINATE_CHILD,
                                      .id = doer->id};
    int rc =
        troupe_supervisor_ask(ctx, self->supervisor, &request, START_MS,
                              on_stopped, (void *) (uintptr_t) doer->serial);
    forget(self, doer);
    return rc;
}

/* The first end is most likely that of the task before, and where it runs in a
 * process the second may be that of this one, whose answer comes another way.
 * Its supervisor would try a start that fails for ever. */
int
troupe__doer_down(troupe_context_t *ctx, void *state,
                  const troupe_message_t *msg)
{
    const struct pool *self = state;
    troupe_down_t down;
    int rc = troupe_down_read(msg, &down);
    struct pool_doer *doer = rc == 0 ? self->doers : NULL;
    while (doer && doer->monitor.id != down.monitor.id)
        doer = doer->next;
    if (!doer)
        return rc;
    rc = troupe_monitor(ctx, doer->ref, &doer->monitor);
    struct pool_run *run = doer->run;
    uint32_t most = self->mode == TROUPE_MAP_PROCESS ? 2 : 1;
    if (rc < 0 || !run || ++doer->ends <= most || run->lost[0])
        return rc;
    snprintf(run->lost, sizeof run->lost, "it does not start again: %s",
             down.reason.text);
    (void) troupe_cancel(ctx, run->ask);
    return 0;
}

int
troupe__doer_give_up(troupe_context_t *ctx, struct pool_run *run)
{
    struct pool_doer *doer = run->doer;
    run->doer = NULL;
    (void) troupe_exit_send(ctx, doer->ref, TROUPE_EXIT_KILLED, 0,
                            "its task took too long");
    return end_one(ctx, run->pool, doer);
}

int
troupe__doers_shrink(troupe_context_t *ctx, struct pool *self)
{
    struct pool_doer **at = &self->idle;
    int rc = 0;
    while (*at && rc == 0) {
        struct pool_doer *doer = *at;
        if (doer->rested) {
            doer->rested = false;
            at = &doer->next_idle;
            continue;
        }
        *at = doer->next_idle;
        rc = end_one(ctx, self, doer);
    }
    self->shrinking = false;
    return rc == 0 && self->doers ? watch_idle(ctx, self) : rc;
}

void
troupe__doers_free(struct pool *self)
{
    while (self->doers)
        forget(self, self->doers);
}
