/* SPDX-License-Identifier: Apache-2.0 */
/* station.c: the nodes that a warden knows, and the proxies of guests. */
#include "supervisor/station.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mailbox/check.h"
#include "runtime/guest.h"
#include "runtime/peers.h"

struct station *
troupe__station_named(const struct warden *self, const char *name)
{
    struct station *at = self->stations;
    while (at && strcmp(at->name, name) != 0)
        at = at->next;
    return at;
}

struct station *
troupe__station_numbered(const struct warden *self, uint32_t number)
{
    struct station *at = self->stations;
    while (at && at->number != number)
        at = at->next;
    return at;
}

void
troupe__station_remove(struct warden *self, struct station *station)
{
    struct station **at = &self->stations;
    while (*at != station)
        at = &(*at)->next;
    *at = station->next;
    troupe__program_free(&station->program);
    free(station);
}

struct station *
troupe__station_add(struct warden *self, const char *name, bool alone)
{
    struct station *station = troupe__alloc(sizeof *station);
    snprintf(station->name, sizeof station->name, "%s", name);
    station->alone = alone;
    station->next = self->stations;
    self->stations = station;
    return station;
}

/* The root's own are its user's. */
bool
troupe__station_may_begin(const struct warden *self, uint32_t starter)
{
    int64_t count = 0;
    for (const struct station *at = self->stations; at; at = at->next)
        count += at->starter == starter;
    return starter == TROUPE__ROOT || count < self->processes_max;
}

int
troupe__station_proxy_begin(troupe_context_t *ctx, struct station *station)
{
    station->shown = station->tenants ? station->tenants->ref : TROUPE_NOBODY;
    const troupe_spawn_options_t options = {
        .name = station->name,
        .unlisted = true,
        .deputy = station->shown,
        .place = TROUPE_SPREAD,
        .mailbox = {.messages_max = 64}}; /* then its deputy rests */
    int rc = troupe_spawn(ctx, &troupe__guest_kind, &options, &station->host,
                          "I", (int64_t) station->number);
    if (rc == 0)
        rc = troupe_monitor(ctx, station->host, &station->of_proxy);
    station->is_guest = rc == 0;
    return rc;
}

void
troupe__station_proxy_end(troupe_context_t *ctx, struct station *station,
                          const char *text)
{
    if (!station->is_guest)
        return;
    station->is_guest = false;
    (void) troupe_demonitor(ctx, station->of_proxy);
    (void) troupe_exit_send(ctx, station->host, TROUPE_EXIT_ERROR, -EHOSTDOWN,
                            text);
    station->host = TROUPE_NOBODY;
}
