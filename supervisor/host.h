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
    bool has_started;            /* whether or not that has been told */
    bool is_left; /* it does not end: the next one does not wait for that */
};

struct troupe__host {
    struct troupe__idmap by_actor;   /* ref -> struct troupe__stay * */
    struct troupe__idmap by_monitor; /* the same of both of its monitors */
    struct troupe__idmap counts;     /* of stays, by the node of their owners */
    uint64_t refused;
};

/* What a deputy wants to be run; lent with its message. */
struct troupe__order {
    const char *kind, *label;
    int64_t incarnation, messages_max, bytes_max;
    int place, worker, overflow;
    const void *arguments;
    size_t arguments_size;
};

/* host_order.c */
int troupe__order_read(const troupe_message_t *msg, struct troupe__order *ret);
int troupe__order_spawn(troupe_context_t *ctx,
                        const struct troupe__order *order, troupe_ref_t owner,
                        troupe_ref_t *ret_ref);

/* host_look.c: what it has, for those who look. */
int troupe__host_look(troupe_context_t *ctx, void *state,
                      const troupe_message_t *msg);

#endif
