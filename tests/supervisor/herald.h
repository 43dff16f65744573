/* SPDX-License-Identifier: Apache-2.0 */
/* herald.h: a kind with many names, and one that looks for them. */
#ifndef TROUPE_TESTS_SUPERVISOR_HERALD_H
#define TROUPE_TESTS_SUPERVISOR_HERALD_H

#include <errno.h>
#include <stdio.h>

#include <troupe.h>

/* A herald takes so many names while it starts, which begin with its argument,
 * answers "incarnation", and fails of "fail".
 * A seeker looks them up while it does, and answers "found" with how many there
 * were. */
enum { HERALD_NAMES = 10000 };

static inline const char *
herald_name(const char *of, int index, char name[32])
{
    snprintf(name, 32, "%.16s%d", of, index);
    return name;
}

static int
herald_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    char name[32];
    const char *of = NULL;
    int rc = troupe_unpack(msg, "s", &of);
    (void) state;
    for (int i = 0; rc == 0 && i < HERALD_NAMES; i++)
        rc = troupe_register(ctx, herald_name(of, i, name));
    return rc;
}

static int
herald_incarnation(troupe_context_t *ctx, void *state,
                   const troupe_message_t *msg)
{
    (void) state, (void) msg;
    return troupe_reply(ctx, "I", (int64_t) troupe_incarnation(ctx));
}

static int
herald_fail(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    return troupe_fail(ctx, -EIO, "has lost its voice");
}

static const troupe_clause_t herald_clauses[] = {
    TROUPE_ON_START(herald_start),
    TROUPE_ON("incarnation", herald_incarnation),
    TROUPE_ON("fail", herald_fail),
    {0, NULL, NULL, NULL}};

static const troupe_kind_t herald = {
    .name = "herald", .state_size = 1, .clauses = herald_clauses};

struct seeker {
    int found;
};

static int
seeker_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct seeker *self = state;
    char name[32];
    const char *of = NULL;
    troupe_ref_t ref;
    int rc = troupe_unpack(msg, "s", &of);
    /* The last one first: it is there last. */
    for (int i = HERALD_NAMES; rc == 0 && i-- > 0;)
        self->found += troupe_lookup(troupe_context_node(ctx),
                                     herald_name(of, i, name), &ref)
                       == 0;
    return 0;
}

static int
seeker_found(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    const struct seeker *self = state;
    (void) msg;
    return troupe_reply(ctx, "i", self->found);
}

static const troupe_clause_t seeker_clauses[] = {
    TROUPE_ON_START(seeker_start),
    TROUPE_ON("found", seeker_found),
    {0, NULL, NULL, NULL}};

static const troupe_kind_t seeker = {.name = "seeker",
                                     .state_size = sizeof(struct seeker),
                                     .clauses = seeker_clauses};

#endif
