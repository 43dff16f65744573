/* SPDX-License-Identifier: Apache-2.0 */
/* names.h: the tables of names and groups, for those who change them. */
#ifndef TROUPE_RUNTIME_NAMES_H
#define TROUPE_RUNTIME_NAMES_H

#include "runtime/node.h"

/* What node->groups holds of each group. */
struct troupe__members {
    uint64_t *members;
    size_t count, capacity;
};

/*
 * troupe__name_set: under names_lock: whose name it is now; TROUPE_NOBODY:
 * nobody's.
 *
 *   returns  whose it was
 */
troupe_ref_t troupe__name_set(troupe_t *node, const char *name,
                              troupe_ref_t ref);

/* troupe__group_set: under names_lock: in or out; true when that is new. */
bool troupe__group_set(troupe_t *node, const char *name, troupe_ref_t ref,
                       bool is_member);

/* What an actor is called, or which groups it is in; ends with _free. */
struct troupe__words {
    char **items;
    size_t count;
};
void troupe__names_of(troupe_t *node, troupe_ref_t ref,
                      struct troupe__words *ret_names,
                      struct troupe__words *ret_groups);
void troupe__words_free(struct troupe__words *self);

#endif
