/* SPDX-License-Identifier: Apache-2.0 */
/* host.h: what the parts of a host share. */
#ifndef TROUPE_SUPERVISOR_HOST_H
#define TROUPE_SUPERVISOR_HOST_H

#include "runtime/idmap.h"
#include "troupe_ask.h"
#include "troupe_lifecycle.h"

/* An actor here, and whom it runs for. */
struct troupe__stay {
    troupe_ref_t owner, actor;
    troupe_monitor_t of_owner, of_actor; /* the latter when it has ended */
    int64_t incarnation;                 /* of the owner */
    troupe_token_t started, end; /* to be told when it has, and of its end */
    troupe_message_t *last;      /* how it has ended, until that is told */
    bool is_left; /* it does not end: the next one does not wait for that */
};

struct troupe__host {
    struct troupe__idmap by_actor;   /* ref -> struct troupe__stay * */
    struct troupe__idmap by_monitor; /* the same of both of its monitors */
    struct troupe__idmap counts;     /* of stays, by the node of their owners */
    uint64_t refused;
};

/* host_look.c: what it has, for those who look. */
int troupe__host_look(troupe_context_t *ctx, void *state,
                      const troupe_message_t *msg);

#endif
