/* SPDX-License-Identifier: Apache-2.0 */
/* host.h: what the parts of a host share. */
#ifndef TROUPE_SUPERVISOR_HOST_H
#define TROUPE_SUPERVISOR_HOST_H

#include "runtime/idmap.h"
#include "troupe_ask.h"
#include "troupe_lifecycle.h"

/* An actor here, and whom it runs for. */
struct troupe__stay {
    struct troupe__stay *next, *before; /* of the same owner */
    troupe_ref_t owner, actor;
    troupe_monitor_t of_owner, of_actor; /* the latter when it has ended */
    int64_t incarnation;                 /* of the owner */
    troupe_token_t started;              /* to be told when it has, ... */
    troupe_token_t ended, end; /* ... that it has ended, and how, behind that */
    troupe_message_t *last;    /* how it has ended, until that is told */
    bool has_started;          /* whether or not that has been told */
    bool is_left; /* it does not end: the next one does not wait for that */
};

/* What a deputy said before its turn. */
struct troupe__early {
    struct troupe__early *next;
    troupe_message_t *msg;
    troupe_token_t token; /* of an ask */
};

/* All of one deputy's; there as long as it has a stay. */
struct troupe__desk {
    struct troupe__stay *first, *last;        /* as they came */
    struct troupe__early *early, *early_last; /* as they came, too */
    uint32_t early_count;
};

struct troupe__host {
    struct troupe__idmap by_actor;   /* ref -> struct troupe__stay * */
    struct troupe__idmap by_monitor; /* the same of both of its monitors */
    struct troupe__idmap desks;      /* owner -> struct troupe__desk * */
    struct troupe__idmap counts;     /* of stays, by the node of their owners */
    size_t early_size;               /* bytes of all that came early */
    uint64_t refused;
};

/* So much may wait for ends: of one owner, and in all. */
enum { TROUPE__EARLY_MAX = 64, TROUPE__EARLY_BYTES_MAX = 64 << 20 };

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

/* host_stay.c. A desk is closed where nothing is at it; the token is that of an
 * order. */
struct troupe__desk *troupe__desk_of(const struct troupe__host *self,
                                     troupe_ref_t owner);
void troupe__desk_close(struct troupe__host *self, troupe_ref_t owner);
struct troupe__stay *troupe__stay_of(const struct troupe__idmap *map,
                                     uint64_t id);
uint64_t troupe__stay_count(const struct troupe__host *self, uint32_t node);
void troupe__stay_add(troupe_context_t *ctx, struct troupe__host *self,
                      troupe_ref_t owner, int64_t incarnation,
                      troupe_ref_t actor, troupe_token_t token);
void troupe__stay_remove(troupe_context_t *ctx, struct troupe__host *self,
                         struct troupe__stay *stay);
struct troupe__stay *troupe__stay_ordered(const struct troupe__host *self,
                                          troupe_ref_t owner,
                                          int64_t incarnation);

/* host_early.c.
 *
 * troupe__early_is: what was run for that owner before is still ending, as
 * where that was killed: the next one is to find its names free.
 */
bool troupe__early_is(const struct troupe__host *self, troupe_ref_t owner,
                      int64_t incarnation);

/* troupe__early_put_off: keep it, and its token; of one that is early.
 * 0, or -ENOBUFS: too much is kept. */
int troupe__early_put_off(troupe_context_t *ctx, struct troupe__host *self,
                          const troupe_message_t *msg, troupe_token_t token);

/* troupe__early_take: all that was kept of that owner, in order. */
struct troupe__early *troupe__early_take(struct troupe__host *self,
                                         troupe_ref_t owner);

/* troupe__early_again: one of those is still early; it goes behind the others
 * that are. */
void troupe__early_again(struct troupe__host *self,
                         struct troupe__early *early);

/* troupe__early_free: whether or not it was heeded. */
void troupe__early_free(troupe_context_t *ctx, struct troupe__early *early);

/* host_look.c: what it has, for those who look. */
int troupe__host_look(troupe_context_t *ctx, void *state,
                      const troupe_message_t *msg);

#endif
