/* SPDX-License-Identifier: Apache-2.0 */
/* many.h: a kind that takes many names, and places in groups. */
#ifndef TROUPE_TESTS_RUNTIME_MANY_H
#define TROUPE_TESTS_RUNTIME_MANY_H

#include <stdio.h>
#include <stdlib.h>

#include "troupe.h"

/* many: as many names, and then as many groups, as its arguments say. */
static int
many_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    char name[32];
    int names = 0, rc = troupe_unpack(msg, "i", &names);
    (void) state;
    for (int i = 0; rc == 0 && i < names; i++) {
        snprintf(name, sizeof name, "many-%d", i);
        rc = troupe_register(ctx, name);
    }
    for (int i = 0; rc == 0 && i < names; i++) {
        snprintf(name, sizeof name, "crowd-%d", i);
        rc = troupe_join(ctx, name);
    }
    return rc;
}

static const troupe_clause_t many_clauses[] = {TROUPE_ON_START(many_start),
                                               {0, NULL, NULL, NULL}};

static const troupe_kind_t many = {
    .name = "many", .state_size = 1, .clauses = many_clauses};

static inline void
many_spawn(troupe_t *node, int count)
{
    troupe_ref_t ref;
    if (troupe_node_spawn(node, &many, NULL, &ref, "i", count) < 0)
        exit(2);
}

#endif
