/* SPDX-License-Identifier: Apache-2.0 */
/*
 * warden.c: has the processes of a run started and ended for deputies.
 *
 * One for each run, on its root. A node is there as long as somebody needs it:
 * one for a child alone until that deputy's incarnation ends, one with a name
 * of its own to the end of the run. How a process ended is told to all who had
 * an actor there. Who asks for a node that is just ending waits for its end.
 * Of a guest, which has one socket and no actors, the proxy is spawned here.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mailbox/check.h"
#include "mailbox/ref.h"
#include "runtime/guest.h"
#include "runtime/hub.h"
#include "runtime/peers.h"
#include "supervisor/station.h"
#include "troupe_ask.h"
#include "troupe_msgpack.h"

enum { END_MS = 2000 }; /* for a process to end in order */

/* --- stations ---------------------------------------------------------------*/

static void
tenant_ready(troupe_context_t *ctx, const struct station *station,
             struct tenant *tenant)
{
    if (troupe_ref_is_nobody(station->host)) {
        troupe__turn_down(
            ctx, &tenant->ready, -EOPNOTSUPP,
            "its program did not call troupe_isolation_serve(), nor, "
            "where it is not ours, name an actor in its hello");
    } else if (troupe_reply_to(ctx, &tenant->ready, "[I, R, b, b]",
                               station->is_guest ? (int64_t) TROUPE__ROOT
                                                 : (int64_t) station->number,
                               station->host, (int) station->is_child,
                               (int) (station->is_guest ? troupe_ref_equal(
                                          station->shown, tenant->ref)
                                                        : station->is_told))
               < 0) {
        troupe_token_drop(ctx, &tenant->ready);
    }
}

static int
station_start(troupe_context_t *ctx, struct warden *self,
              struct station *station)
{
    const troupe_program_t *program =
        station->program ? station->program : self->program;
    const char *argv[TROUPE__ARGUMENTS_MAX + 2];
    size_t count = 0;
    while (program->argv && program->argv[count]
           && count < TROUPE__ARGUMENTS_MAX) {
        argv[count] = program->argv[count];
        count++;
    }
    if (count == 0)
        argv[count++] = program->path ? program->path : "troupe";
    if (!station->program) /* a program of a child's own knows what it is */
        argv[count++] = station->name;
    argv[count] = NULL;
    const troupe_node_spec_t spec = {.name = station->name,
                                     .path = program->path,
                                     .argv = argv,
                                     .env = program->env};
    station->state = STATION_STARTING;
    station->life = ++self->lives;
    return troupe_node_start(troupe_context_node(ctx), &spec, &station->number);
}

/* Its end comes first: that says more than that it will not be ready. */
static void
tenant_lost(troupe_context_t *ctx, const struct station *station,
            struct tenant *tenant, troupe_exit_t kind, int code,
            const char *text)
{
    struct troupe__scene scene = {troupe_context_node(ctx), station->number};
    (void) troupe_demonitor(ctx, tenant->monitor);
    if (tenant->end.id
        && troupe_reply_to(ctx, &tenant->end, "[i, i, s, U, *]", (int) kind,
                           code, text, station->life, troupe__suspects_write,
                           &scene)
               < 0)
        troupe_token_drop(ctx, &tenant->end);
    troupe__turn_down(ctx, &tenant->ready, code < 0 ? code : -EHOSTDOWN, text);
    free(tenant);
}

/* All of them; who came while the node was ending is still waiting. */
static void
tell_tenants(troupe_context_t *ctx, struct station *station, troupe_exit_t kind,
             int code, const char *text, bool even_waiting)
{
    struct tenant **at = &station->tenants;
    while (*at) {
        struct tenant *tenant = *at;
        if (tenant->ready.id && !even_waiting) {
            at = &tenant->next;
            continue;
        }
        *at = tenant->next;
        tenant_lost(ctx, station, tenant, kind, code, text);
    }
}

/* Where it is, or where the next one would be. */
static struct tenant **
tenant_of(struct station *station, troupe_ref_t ref)
{
    struct tenant **at = &station->tenants;
    while (*at && !troupe_ref_equal((*at)->ref, ref))
        at = &(*at)->next;
    return at;
}

/* It needs the node no more; NULL within: nobody did. */
static void
drop_tenant(troupe_context_t *ctx, struct tenant **at)
{
    struct tenant *tenant = *at;
    if (!tenant)
        return;
    *at = tenant->next;
    (void) troupe_demonitor(ctx, tenant->monitor);
    if (tenant->ready.id)
        troupe_token_drop(ctx, &tenant->ready);
    if (tenant->end.id)
        troupe_token_drop(ctx, &tenant->end);
    free(tenant);
}

/* --- what deputies and nodes say --------------------------------------------*/

static int
refuse(troupe_context_t *ctx, const struct warden *self, uint32_t starter)
{
    return troupe_reply_error(
        ctx, -ENOSPC,
        "node %u has %lld processes for its children, the most: raise "
        "'processes' of the topology, processes_max of the root",
        starter, (long long) self->processes_max);
}

static int
on_node(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct warden *self = state;
    const char *name = "";
    bool alone = false;
    const troupe_program_t *program = NULL;
    const void *bytes = NULL;
    size_t size = 0;
    int rc = troupe_unpack(msg, "[s, b, r]", &name, &alone, &bytes, &size);
    if (rc < 0 || !troupe_message_is_ask(msg)
        || troupe__program_read(bytes, size, &program) < 0)
        return 0;
    struct station *station = troupe__station_named(self, name);
    bool is_new = !station;
    if (strlen(name) > TROUPE_NAME_MAX
        || (station && station->alone != alone)) {
        troupe__program_free(&program);
        return troupe_reply_error(ctx, -EEXIST,
                                  "a node is called '%s': give the child that "
                                  "is to be alone another name",
                                  name);
    }
    uint32_t starter = troupe__ref_node(troupe_message_sender(msg));
    if (is_new && !troupe__station_may_begin(self, starter)) {
        troupe__program_free(&program);
        return refuse(ctx, self, starter);
    }
    if (is_new) {
        station = troupe__station_add(self, name, alone);
        station->starter = starter;
    }
    drop_tenant(ctx, tenant_of(station, troupe_message_sender(msg)));
    if (station->tenants) /* it runs what it runs */
        troupe__program_free(&program);
    else
        troupe__program_free(&station->program);
    if (program)
        station->program = program;
    if (is_new && (rc = station_start(ctx, self, station)) < 0) {
        troupe__station_remove(self, station);
        return troupe_reply_error(ctx, rc, "node '%s' cannot be started: %s",
                                  name, troupe_strerror(rc));
    }
    struct tenant *tenant = troupe__alloc(sizeof *tenant);
    tenant->ref = troupe_message_sender(msg);
    struct tenant **last = &station->tenants;
    while (*last)
        last = &(*last)->next;
    *last = tenant; /* the first hears first */
    CHECK(troupe_defer(ctx, &tenant->ready) == 0);
    CHECK(troupe_monitor(ctx, tenant->ref, &tenant->monitor) == 0);
    if (station->state == STATION_READY)
        tenant_ready(ctx, station, tenant);
    return 0;
}

static void
station_end(troupe_context_t *ctx, struct station *station)
{
    if (station->state == STATION_ENDING)
        return;
    station->state = STATION_ENDING;
    (void) troupe_node_end(troupe_context_node(ctx), station->number, END_MS);
}

/* The deputy of a program wants it to end in order, and waits for its end. */
static int
on_stop(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct warden *self = state;
    for (struct station *at = self->stations; at; at = at->next) {
        if (at->is_child && at->tenants
            && troupe_ref_equal(at->tenants->ref, troupe_message_sender(msg)))
            station_end(ctx, at);
    }
    return 0;
}

/* The same deputy wants to hear of the end. */
static int
on_end(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    const char *name = "";
    if (troupe_unpack(msg, "s", &name) < 0 || !troupe_message_is_ask(msg))
        return 0;
    const struct station *station = troupe__station_named(state, name);
    struct tenant *tenant = station ? station->tenants : NULL;
    while (tenant
           && (tenant->end.id
               || !troupe_ref_equal(tenant->ref, troupe_message_sender(msg))))
        tenant = tenant->next;
    if (!tenant)
        return troupe_reply_error(ctx, -ESRCH, "nobody lives there");
    return troupe_defer(ctx, &tenant->end);
}

static int
on_up(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct warden *self = state;
    troupe_node_event_t event;
    int rc = troupe_node_event_read(msg, &event);
    struct station *station =
        rc == 0 ? troupe__station_numbered(self, event.number) : NULL;
    struct troupe__peer_facts facts = {.system = false};
    /* Anybody can send such words: they only say where to look. */
    if (!station || station->state != STATION_STARTING)
        return 0;
    if (troupe__guest_is(troupe_context_node(ctx), event.number)) {
        if (troupe__station_proxy_begin(ctx, station) < 0) {
            station_end(ctx, station);
            return 0; /* its tenants hear of that end */
        }
    } else if (troupe__peer_facts(troupe_context_node(ctx), event.number,
                                  &facts)
               < 0) {
        return 0;
    } else {
        station->host = facts.agent;
    }
    station->state = STATION_READY;
    station->is_child = !facts.system;
    station->is_told = facts.attempts && !facts.system;
    for (struct tenant *at = station->tenants; at; at = at->next)
        tenant_ready(ctx, station, at);
    return 0;
}

static int
on_node_down(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct warden *self = state;
    troupe_node_event_t event;
    int rc = troupe_node_event_read(msg, &event);
    struct station *station =
        rc == 0 ? troupe__station_numbered(self, event.number) : NULL;
    /* Anybody can say so. */
    if (!station || event.number == TROUPE__ROOT
        || troupe__hub_has(troupe_context_node(ctx), event.number))
        return 0; /* it lives */
    bool was_ending = station->state == STATION_ENDING;
    int code = event.is_permanent ? -ENOTRECOVERABLE : event.reason.code;
    troupe_exit_t kind =
        event.is_permanent ? TROUPE_EXIT_ERROR : event.reason.kind;
    troupe__station_proxy_end(ctx, station, event.reason.text);
    tell_tenants(ctx, station, kind, code, event.reason.text, !was_ending);
    if (!station->tenants) {
        troupe__station_remove(self, station);
        return 0;
    }
    rc = station_start(ctx, self, station);
    if (rc < 0) {
        tell_tenants(ctx, station, TROUPE_EXIT_ERROR, rc, troupe_strerror(rc),
                     true);
        troupe__station_remove(self, station);
    }
    return 0;
}

/* A deputy's incarnation has ended; or a proxy, of itself. */
static int
on_down(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct warden *self = state;
    troupe_down_t down;
    int rc = troupe_down_read(msg, &down);
    for (struct station *station = self->stations; rc == 0 && station;
         station = station->next) {
        if (station->is_guest && station->of_proxy.id == down.monitor.id) {
            station->is_guest = false;
            station_end(ctx, station);
            break;
        }
        struct tenant **at = &station->tenants;
        while (*at && (*at)->monitor.id != down.monitor.id)
            at = &(*at)->next;
        if (!*at)
            continue;
        drop_tenant(ctx, at);
        if (station->alone && !station->tenants)
            station_end(ctx, station);
        break;
    }
    return rc;
}

static void
warden_stop(troupe_context_t *ctx, void *state, const troupe_reason_t *reason)
{
    struct warden *self = state;
    (void) reason;
    while (self->stations) {
        tell_tenants(ctx, self->stations, TROUPE_EXIT_SHUTDOWN, 0,
                     "the run ends", true);
        troupe__station_remove(self, self->stations);
    }
    troupe__program_free(&self->program);
}

static int
warden_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct warden *self = state;
    troupe_t *node = troupe_context_node(ctx);
    char name[TROUPE_NAME_MAX + 1] = "";
    const void *bytes = NULL;
    size_t size = 0;
    int rc = troupe_unpack(msg, "[r, I]", &bytes, &size, &self->processes_max);
    if (rc == 0)
        rc = troupe__program_read(bytes, size, &self->program);
    if (rc == 0)
        rc = troupe_node_of(node, troupe_self(ctx), name);
    /* The root is a station too, for children of supervisors elsewhere. */
    struct station *station = troupe__station_add(self, name, false);
    troupe_spawn_options_t options = {.place = TROUPE_SPREAD};
    station->number = TROUPE__ROOT;
    station->state = STATION_READY;
    if (rc == 0)
        rc = troupe_spawn(ctx, &troupe__host_kind, &options, &station->host,
                          NULL);
    if (rc == 0)
        rc = troupe_nodes_watch(ctx);
    if (rc < 0)
        warden_stop(ctx, self, NULL); /* whose start fails is not stopped */
    return rc;
}

static const troupe_clause_t clauses[] = {
    TROUPE_ON_START(warden_start), TROUPE_ON("node", on_node),
    TROUPE_ON("end", on_end),      TROUPE_ON("stop", on_stop),
    TROUPE_ON("node-up", on_up),   TROUPE_ON("node-down", on_node_down),
    TROUPE_ON_DOWN(on_down),       TROUPE_ON_STOP(warden_stop),
    {0, NULL, NULL, NULL}};

const troupe_kind_t troupe__warden_kind = {
    .name = "troupe.warden",
    .state_size = sizeof(struct warden),
    .clauses = clauses,
};
