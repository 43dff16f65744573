/* SPDX-License-Identifier: Apache-2.0 */
/* part.h: what one node of a topology runs, as specs for a supervisor. */
#ifndef TROUPE_TOOLS_PART_H
#define TROUPE_TOOLS_PART_H

#include <stdatomic.h>

#include "tools/topology.h"

/* An actor or a supervisor of the topology, by its name. */
struct troupe__post {
    char name[TROUPE_NAME_MAX + 1];
    size_t member;
};

/* A kind whose handlers are called by way of ours; see guard.c. */
struct troupe__guard {
    const troupe_kind_t *kind; /* the user's */
    troupe_kind_t guarded;     /* ours, of the same name */
    troupe_clause_t *clauses;
};

/*
 * What a process of a run knows of its topology. The root's is run: the whole
 * tree, in which who is placed on another node is isolated; the others have
 * the kinds, and wait for orders.
 */
struct troupe__part {
    const struct troupe__topology *topology;
    bool is_root;
    troupe_supervisor_options_t options; /* of the root supervisor */
    troupe_child_spec_t *specs;          /* its children */
    size_t count;
    void **owned; /* memory behind the specs */
    size_t owned_count;
    struct troupe__post *posts; /* sorted by name */
    size_t post_count;
    size_t actor_count;
    bool has_others; /* something runs in another process */
    struct troupe__guard *guards;
    size_t guard_count;
    _Atomic size_t *refusals; /* by member */
    _Atomic bool ended_well;  /* the actor of `until` ended normally */
    bool is_left_behind; /* a handler never returned: threads of its node may
                            still use this, and the shared objects */
};

/* The actor of the root that ends the run; see run.c. */
#define TROUPE__DIRECTOR "troupe.director"

/* troupe__part_make: for the root, or for another process; to be freed. */
struct troupe__part *troupe__part_make(const struct troupe__topology *topology,
                                       bool is_root);

/* troupe__part_free: after the node that ran it is destroyed; NULL is fine. */
void troupe__part_free(struct troupe__part *self);

/* troupe__part_kinds: all that the topology uses, with their guards, and what
 * else its libraries offer, ended by NULL; valid as long as the part. */
const troupe_kind_t *const *troupe__part_kinds(struct troupe__part *self);

/* troupe__guards_make: step of troupe__part_make(): the kinds with guards. */
void troupe__guards_make(struct troupe__part *self);

/* troupe__guards_kind: which kind an actor of that member is spawned with. */
const troupe_kind_t *troupe__guards_kind(const struct troupe__part *self,
                                         const struct troupe__member *member);

/* troupe__guards_set: whose guards are on duty in this process; NULL: none. */
void troupe__guards_set(struct troupe__part *part);

#endif
