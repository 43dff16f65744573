/* SPDX-License-Identifier: Apache-2.0 */
/*
 * graph_coordinator.c: the actor that runs graphs, one at a time.
 *
 * Each task is an ask to whoever does it. When an answer comes, the tasks that
 * needed it are looked at, and those that can start do, at once: nobody waits
 * for a sibling. The run ends when each task has ended.
 */
#include "actors/graph_coordinator.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "troupe_children.h"
#include "troupe_command.h"
#include "troupe_lifecycle.h"

#include "actors/graph_nested.h"
#include "mailbox/check.h"

#define NS_PER_MS 1000000u
#define MARGIN_MS 100u /* of the asker's deadline, for the report */

/* --- from outside -----------------------------------------------------------*/

static int
on_deadline(troupe_context_t *ctx, void *state, void *data)
{
    struct coordinator *self = state;
    if (self->run != data || self->run->is_over)
        return 0; /* another one's, or too late */
    self->run->deadline = (troupe_timer_t){0};
    troupe__graph_run_drain(ctx, self->run, TROUPE_GRAPH_OVERDUE,
                            "the deadline passed", true);
    return troupe__graph_run_dispatch(ctx, self);
}

/* Once: nothing more is started. Twice: what runs is given up. */
static int
on_interrupt(troupe_context_t *ctx, void *state, int fd, short events)
{
    (void) events;
    struct coordinator *self = state;
    char byte;
    if (!self->run || read(fd, &byte, 1) != 1) {
        troupe_unwatch(ctx, fd);
        return 0;
    }
    troupe__graph_run_drain(ctx, self->run, TROUPE_GRAPH_INTERRUPTED,
                            "it was interrupted", self->run->draining);
    return troupe__graph_run_dispatch(ctx, self);
}

static void
give_up(troupe_context_t *ctx, struct graph_run *run)
{
    troupe__graph_run_drain(ctx, run, TROUPE_GRAPH_INTERRUPTED,
                            "whoever wanted it gave up", true);
}

static int
on_cancel(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct coordinator *self = state;
    if (!self->run || !self->run->is_begun
        || troupe_token_read(msg).id != self->run->token.id)
        return 0;
    give_up(ctx, self->run);
    return troupe__graph_run_dispatch(ctx, self);
}

/* The sooner of what the orders say and of what the asker waits for. */
static uint32_t
deadline_of(troupe_context_t *ctx, const struct graph_orders *orders,
            const troupe_message_t *msg)
{
    uint64_t at_ns = troupe_message_deadline_ns(msg);
    uint64_t now_ns = troupe_time_ns(ctx);
    uint64_t left_ms = at_ns > now_ns ? (at_ns - now_ns) / NS_PER_MS : 0;
    uint64_t margin_ms = left_ms / 10 < MARGIN_MS ? left_ms / 10 : MARGIN_MS;
    left_ms = left_ms > margin_ms ? left_ms - margin_ms : 1;
    if (at_ns == 0 || left_ms > UINT32_MAX / 2)
        return orders->deadline_ms;
    if (orders->deadline_ms > 0 && orders->deadline_ms < left_ms)
        return orders->deadline_ms;
    return (uint32_t) left_ms;
}

int
troupe__graph_run_begin(troupe_context_t *ctx, struct coordinator *self)
{
    struct graph_run *run = self->run;
    const struct graph_orders *orders = &run->orders;
    int rc = 0;
    if (orders->deadline_ms > 0)
        rc = troupe_call_after(ctx, orders->deadline_ms, on_deadline, run, NULL,
                               &run->deadline);
    if (rc == 0 && orders->interrupt_fd >= 0)
        rc = troupe_watch(ctx, orders->interrupt_fd, POLLIN, on_interrupt);
    if (rc < 0)
        return troupe__graph_run_refuse(ctx, self, rc, "the run cannot begin");
    run->is_begun = true;
    run->start_ns = troupe_time_ns(ctx);
    troupe__schedule_begin(&run->schedule);
    troupe__graph_run_tell(ctx, run);
    if (!troupe_token_is_open(ctx, run->token))
        give_up(ctx, run);
    return troupe__graph_run_dispatch(ctx, self);
}

static void
keep_first(void *data, const troupe_graph_problem_t *problem)
{
    char *why = data;
    if (!*why)
        snprintf(why, WIRE_WHY, "%s", problem->text);
}

static int
on_run(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct coordinator *self = state;
    struct graph_orders orders;
    char why[WIRE_WHY] = "";
    if (!troupe_message_is_ask(msg))
        return 0;
    if (self->run) { /* one at a time: its turn comes */
        return troupe_stash(ctx) == 0
                   ? 0
                   : troupe_reply_error(ctx, -EBUSY, "too many runs wait");
    }
    int rc = troupe__graph_orders_read(msg, &orders, why);
    if (rc < 0)
        return troupe_reply_error(ctx, rc, "%s", why);
    rc = troupe_graph_check(orders.graph, keep_first, why);
    if (rc < 0) {
        troupe__graph_orders_clear(&orders);
        return troupe_reply_error(ctx, rc, "%s", why);
    }
    orders.deadline_ms = deadline_of(ctx, &orders, msg);
    self->run = troupe__graph_run_new(ctx, &orders);
    self->run->owner = self;
    rc = troupe_defer(ctx, &self->run->token);
    CHECK(rc == 0); /* it is an ask, and not answered */
    self->run->journal = orders.kept;
    if (!orders.journal)
        return troupe__graph_run_begin(ctx, self);
    rc = troupe__graph_journal_open(ctx, self);
    return rc < 0 ? troupe__graph_run_refuse(ctx, self, rc, "no journal") : 0;
}

/* --- the actors below it ----------------------------------------------------*/

#define CHILDREN (GRAPH_WORKERS + 2)

static int start_child(troupe_context_t *ctx, struct coordinator *self);

static int
on_child(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct coordinator *self = state;
    troupe_child_info_t info;
    if (answer->outcome != TROUPE_REPLY
        || troupe_child_info_read(answer->msg, &info) < 0)
        return troupe_fail(ctx, -EHOSTDOWN, "no worker: %s", answer->text);
    if (self->child_count < GRAPH_WORKERS)
        self->workers[self->child_count] = info.ref;
    else if (self->child_count == GRAPH_WORKERS)
        self->commands = info.ref;
    else
        self->nester = info.ref;
    return ++self->child_count == CHILDREN ? troupe_started(ctx)
                                           : start_child(ctx, self);
}

static int
start_child(troupe_context_t *ctx, struct coordinator *self)
{
    static const troupe_child_spec_t specs[CHILDREN] = {
        {.id = "worker-1", .kind = &troupe_graph_worker},
        {.id = "worker-2", .kind = &troupe_graph_worker},
        {.id = "commands", .kind = &troupe_command, .place = TROUPE_SPREAD},
        {.id = "nester", .kind = &troupe__graph_nester},
    };
    troupe_child_request_t request = {.verb = TROUPE_START_CHILD,
                                      .spec = &specs[self->child_count]};
    return troupe_supervisor_ask(ctx, self->supervisor, &request, 0, on_child,
                                 NULL);
}

static int
coordinator_start(troupe_context_t *ctx, void *state,
                  const troupe_message_t *msg)
{
    (void) msg;
    struct coordinator *self = state;
    troupe_supervisor_options_t options = {.strategy = TROUPE_ONE_FOR_ONE,
                                           .intensity = 10};
    int rc = troupe_supervisor_start(ctx, &options, NULL, 0, &self->supervisor,
                                     NULL);
    if (rc == 0)
        rc = start_child(ctx, self);
    return rc < 0 ? troupe_fail(ctx, rc, "no workers") : TROUPE_STARTING;
}

static void
coordinator_stop(troupe_context_t *ctx, void *state,
                 const troupe_reason_t *reason)
{
    (void) ctx, (void) reason;
    troupe__graph_run_destroy(&((struct coordinator *) state)->run);
}

TROUPE_KIND(troupe_graph_coordinator, struct coordinator,
            TROUPE_ON_START(coordinator_start), TROUPE_ON("run", on_run),
            TROUPE_ON_CANCEL(on_cancel), TROUPE_ON_STOP(coordinator_stop));

/* --- the worker -------------------------------------------------------------*/

static int
on_noop(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    return troupe_reply(ctx, NULL);
}

static int
on_value(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state;
    return troupe_reply(ctx, "m", msg);
}

TROUPE_KIND(troupe_graph_worker, char, TROUPE_ON("noop", on_noop),
            TROUPE_ON("value", on_value));
