/* SPDX-License-Identifier: Apache-2.0 */
/* station.h: the nodes that a warden knows, and the proxies of guests. */
#ifndef TROUPE_SUPERVISOR_STATION_H
#define TROUPE_SUPERVISOR_STATION_H

#include "supervisor/isolation.h"
#include "troupe_ask.h"

/* A deputy that needs a node. */
struct tenant {
    struct tenant *next;
    troupe_ref_t ref;
    troupe_monitor_t monitor;
    troupe_token_t ready, end; /* open: to be told when it is ready, or ends */
};

enum station_state { STATION_STARTING, STATION_READY, STATION_ENDING };

struct station {
    struct station *next;
    char name[TROUPE_NAME_MAX + 1];
    uint32_t number;
    uint32_t starter; /* the node whose supervisor had it started */
    uint64_t life;    /* of all processes of this run the first, second, ... */
    enum station_state state;
    bool alone;    /* for one child: it ends with its tenant */
    bool is_child; /* `host` is the child itself, in a foreign program */
    bool is_guest; /* `host` is its proxy, on the root */
    bool is_told;  /* the child takes asks with their attempt */
    troupe_monitor_t of_proxy;
    troupe_ref_t shown; /* whose asks the proxy is shown the parts of */
    const troupe_program_t *program; /* NULL: as for others */
    troupe_ref_t host;
    struct tenant *tenants;
};

struct warden {
    const troupe_program_t *program;
    struct station *stations;
    uint64_t lives; /* so far */
    int64_t processes_max;
};

struct station *troupe__station_named(const struct warden *self,
                                      const char *name);
struct station *troupe__station_numbered(const struct warden *self,
                                         uint32_t number);
struct station *troupe__station_add(struct warden *self, const char *name,
                                    bool alone);
void troupe__station_remove(struct warden *self, struct station *station);

/* troupe__station_may_begin: one more for a supervisor on that node? */
bool troupe__station_may_begin(const struct warden *self, uint32_t starter);

/* troupe__station_proxy_begin: a guest is there: who speaks with it for others
 * begins, and is the host; 0, or as troupe_spawn(). */
int troupe__station_proxy_begin(troupe_context_t *ctx, struct station *station);

/* troupe__station_proxy_end: its process has ended; who asked it hears how. */
void troupe__station_proxy_end(troupe_context_t *ctx, struct station *station,
                               const char *text);

#endif
