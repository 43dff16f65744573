/* SPDX-License-Identifier: Apache-2.0 */
/* troupe_kind.h: the static description of actors: their handlers. */
#ifndef TROUPE_KIND_H
#define TROUPE_KIND_H

#include "troupe_message.h"
#include "troupe_node.h"

/*
 * What a callback is lent to act through; valid until it returns. Every
 * callback of an actor runs on its worker, never two at once.
 */
typedef struct troupe_context troupe_context_t;

/* What a callback may return beside 0 and negative errors. */
enum {
    TROUPE_STOP = 1,    /* from a handler or start: done, end normally */
    TROUPE_IGNORE = 2,  /* from start: nothing to do, do not count me */
    TROUPE_STARTING = 3 /* from start: troupe_started() will follow */
};

/*
 * troupe_handler_fn: handle one message.
 *
 *   returns  0: go on; TROUPE_STOP: end normally; negative: fail with that
 *            code (see troupe_fail() for words): the supervisor decides, the
 *            message is a dead letter, its asker gets an error at once.
 */
typedef int (*troupe_handler_fn)(troupe_context_t *ctx, void *state,
                                 const troupe_message_t *msg);

/*
 * troupe_stop_fn: the actor ends (unless it is killed): give back what the
 * state holds. Sending is allowed; nothing comes back.
 */
typedef void (*troupe_stop_fn)(troupe_context_t *ctx, void *state,
                               const troupe_reason_t *reason);

/* One line of a kind's table; write it with the macros below. */
typedef struct troupe_clause {
    int on;           /* 0 ends the table */
    const char *type; /* for messages: 1 .. TROUPE_TYPE_MAX bytes */
    troupe_handler_fn handle;
    troupe_stop_fn stop;
} troupe_clause_t;

enum {
    TROUPE__ON_MESSAGE = 1,
    TROUPE__ON_START,
    TROUPE__ON_STOP,
    TROUPE__ON_FALLBACK,
    TROUPE__ON_DOWN,
    TROUPE__ON_EXIT,
    TROUPE__ON_CHILD,
    TROUPE__ON_CANCEL
};

/* clang-format off */
#define TROUPE_ON(verb, fn)      {TROUPE__ON_MESSAGE, verb, fn, NULL}
#define TROUPE_ON_START(fn)      {TROUPE__ON_START, NULL, fn, NULL}
#define TROUPE_ON_STOP(fn)       {TROUPE__ON_STOP, NULL, NULL, fn}
#define TROUPE_ON_FALLBACK(fn)   {TROUPE__ON_FALLBACK, NULL, fn, NULL}
#define TROUPE_ON_DOWN(fn)       {TROUPE__ON_DOWN, NULL, fn, NULL}
#define TROUPE_ON_EXIT(fn)       {TROUPE__ON_EXIT, NULL, fn, NULL} /* traps */
#define TROUPE_ON_CHILD(fn)      {TROUPE__ON_CHILD, NULL, fn, NULL}
#define TROUPE_ON_CANCEL(fn)     {TROUPE__ON_CANCEL, NULL, fn, NULL}
/* clang-format on */

/* The static description of actors. It must outlive the nodes that use it. */
typedef struct troupe_kind {
    const char *name;
    size_t state_size; /* zeroed at each start; at most 1 MiB */
    const troupe_clause_t *clauses;
    troupe_limits_t mailbox; /* zeros: the node's */
} troupe_kind_t;

/* TROUPE_KIND(name, state type, clauses...): a constant of that name. */
#define TROUPE_KIND(kind, type, ...)                                           \
    static const troupe_clause_t kind##_clauses[] = {__VA_ARGS__,              \
                                                     {0, NULL, NULL, NULL}};   \
    const troupe_kind_t kind = {#kind, sizeof(type), kind##_clauses, {0}}

/*
 * troupe_kind_register: make a kind known to a node by its name. Spawning
 * does it too, where the name is free.
 *
 *   returns  0, also for the same kind again, -EINVAL when the kind is
 *            wrong, -EEXIST when another kind has that name, or -ENOSPC
 *            (255 kinds a node)
 *   threads  any
 */
TROUPE_MUST int troupe_kind_register(troupe_t *node, const troupe_kind_t *kind);

/*
 * troupe_kind_find: a known kind by its name.
 *
 *   returns  0 or -ENOENT
 *   threads  any
 */
TROUPE_MUST int troupe_kind_find(troupe_t *node, const char *name,
                                 const troupe_kind_t **ret_kind);

/* What a shared object offers to `troupe run`, as its symbol troupe_kinds. */
typedef struct troupe_kinds {
    const char *version; /* of the headers that it was built with */
    const troupe_kind_t *const *kinds; /* ended by NULL */
} troupe_kinds_t;

/* TROUPE_KINDS(&one, &other): define it; at file scope, once in a library. */
#define TROUPE_KINDS(...)                                                      \
    TROUPE_API const troupe_kinds_t troupe_kinds;                              \
    static const troupe_kind_t *const troupe_kinds_list[] = {__VA_ARGS__,      \
                                                             NULL};            \
    const troupe_kinds_t troupe_kinds = {TROUPE_VERSION, troupe_kinds_list}

#endif
