/* SPDX-License-Identifier: Apache-2.0 */
/* troupe_actor.h: spawning, sending, failing: what a handler may do. */
#ifndef TROUPE_ACTOR_H
#define TROUPE_ACTOR_H

#include "troupe_delivery.h"
#include "troupe_kind.h"

/* Where a new actor runs. */
typedef enum troupe_place {
    TROUPE_PLACE_DEFAULT = 0, /* near an actor, spread from a thread */
    TROUPE_NEAR,              /* on the spawner's worker */
    TROUPE_SPREAD,            /* on the next worker, in turn */
    TROUPE_WORKER,            /* on the worker of that index */
    TROUPE_OWN_THREAD         /* on a thread of its own: for code that blocks */
} troupe_place_t;

typedef struct troupe_spawn_options {
    const char *name;     /* unique in the run; NULL: none; copied */
    bool unlisted;        /* the name is only shown; others may have it too */
    uint32_t incarnation; /* that it begins as, where it goes on with what ran
                             elsewhere; 0: 1 */
    troupe_place_t place;
    uint32_t worker;            /* for TROUPE_WORKER: 0 .. workers - 1 */
    bool supervised;            /* the spawner hears of it and restarts it */
    bool linked;                /* spawn and link in one step */
    troupe_limits_t mailbox;    /* zeros: the kind's */
    troupe_delivery_t delivery; /* of asks, for one that is supervised */
    troupe_ref_t deputy; /* on another node, that it runs for; or nobody */
} troupe_spawn_options_t;

/*
 * troupe_spawn: begin an actor. Its start runs later, on its worker; messages
 * to it may be sent at once and wait for the end of start.
 *
 *   ctx      the spawner.
 *   kind     what it is.
 *   options  NULL: none.
 *   ret_ref  out: its address; may be NULL.
 *   format   its arguments, as for troupe_send(): what start is given.
 *   returns  0, or
 *            -EINVAL     kind, options or format are wrong
 *            -EEXIST     the name is taken
 *            -ENOSPC     actors_max is reached
 *            -EIO        no thread for TROUPE_OWN_THREAD
 *            -ESHUTDOWN  the node is stopping
 */
TROUPE_MUST int troupe_spawn(troupe_context_t *ctx, const troupe_kind_t *kind,
                             const troupe_spawn_options_t *options,
                             troupe_ref_t *ret_ref, const char *format, ...);

/*
 * troupe_send: tell an actor something. Order per pair is kept; delivery is
 * at most once.
 *
 *   to       any actor; a stale ref makes a dead letter, not an error.
 *   type     the verb, 1 .. TROUPE_TYPE_MAX bytes.
 *   format   the body; see the list in troupe_message.h; NULL: nil.
 *   returns  0, or
 *            -EINVAL     no ref, type or format is wrong
 *            -EMSGSIZE   over the node's message_size_max
 *            -EAGAIN     the receiver is over its hard cap: return from the
 *                        handler and try again later
 */
TROUPE_MUST int troupe_send(troupe_context_t *ctx, troupe_ref_t to,
                            const char *type, const char *format, ...);

/*
 * troupe_blob_new: memory for one large binary that will be moved, not
 * copied, all the way to its receiver.
 *
 *   size      bytes; up to the node's message_size_max less 4096.
 *   returns   the bytes, to be filled in and given to troupe_send_blob() or
 *             troupe_blob_free(); NULL when size is too large.
 *   threads   any
 */
TROUPE_API void *troupe_blob_new(size_t size);

/* troupe_blob_free: give back a blob that was not sent; NULL is fine. */
TROUPE_API void troupe_blob_free(void *blob);

/*
 * troupe_send_blob: as troupe_send() with a binary as the whole body.
 *
 *   blob_p   from troupe_blob_new(); NULL after success, else still yours.
 *   size     bytes of it that are sent.
 *   returns  as troupe_send()
 */
TROUPE_MUST int troupe_send_blob(troupe_context_t *ctx, troupe_ref_t to,
                                 const char *type, void **blob_p, size_t size);

/*
 * troupe_fail: say why this handler fails: `return troupe_fail(ctx, ...)`.
 *
 *   code     negative errno value.
 *   format   as printf; kept to 1 KiB.
 *   returns  code
 */
TROUPE_API int troupe_fail(troupe_context_t *ctx, int code, const char *format,
                           ...) __attribute__((format(printf, 3, 4)));

/*
 * troupe_log: a line through the node's log callback, behind the actor's
 * kind, ref and, where it has one, name; format as printf, kept to 1 KiB.
 */
TROUPE_API void troupe_log(troupe_context_t *ctx, troupe_level_t level,
                           const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* troupe_self: the actor's own address. */
TROUPE_API troupe_ref_t troupe_self(const troupe_context_t *ctx);

/* troupe_context_node: the node that it runs on. */
TROUPE_API troupe_t *troupe_context_node(const troupe_context_t *ctx);

/* troupe_incarnation: 1 at first, one more after each restart. */
TROUPE_API uint32_t troupe_incarnation(const troupe_context_t *ctx);

/* troupe_random: 64 bits from the node's seeded source. */
TROUPE_API uint64_t troupe_random(troupe_context_t *ctx);

/* troupe_time_ns: the time on the node's clock, at most 50 us old. */
TROUPE_API uint64_t troupe_time_ns(troupe_context_t *ctx);

#endif
