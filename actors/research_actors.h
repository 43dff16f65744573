/* SPDX-License-Identifier: Apache-2.0 */
/* research_actors.h: the actors of a run, as the thread that waits sees them.
 */
#ifndef TROUPE_ACTORS_RESEARCH_ACTORS_H
#define TROUPE_ACTORS_RESEARCH_ACTORS_H

#include "actors/research.h"

struct research_actor {
    char name[PART_NAME_SIZE];
    const char *role;
    troupe_ref_t ref;
    uint64_t before; /* handled before the run: the start */
};

struct research_actors {
    struct research_actor items[MEMBERS_MAX + 1]; /* the coordinator is last */
    uint32_t count;
    troupe_ref_t supervisor; /* of them all; nobody: it did not start */
    troupe_ref_t coordinator;
};

/*
 * troupe__research_actors_start: start all that the options ask for.
 *
 *   request     its members are filled in.
 *   ret_actors  out: zeroed before; whoever started is in it on error too.
 *   returns     0, or as troupe_supervisor_start_child()
 */
int troupe__research_actors_start(troupe_t *node,
                                  const troupe_research_options_t *options,
                                  struct research_request *request,
                                  struct research_actors *ret_actors);

/* troupe__research_faults_check: -ENOENT for a fault of an actor that is not
 * there; 0 otherwise. */
int troupe__research_faults_check(const struct research_actors *actors,
                                  const troupe_research_options_t *options);

/* What starts them. */
struct cast {
    troupe_t *node;
    const troupe_research_options_t *options;
    struct research_request *request; /* its members are filled in */
    struct research_actors *actors;
    troupe_ref_t journal; /* nobody where none is kept */
    troupe_ref_t http;    /* nobody where no engine of the web is asked */
};

/* troupe__cast_spec: a child as all of them are. */
troupe_child_spec_t troupe__cast_spec(const char *id, const troupe_kind_t *kind,
                                      troupe_place_t place);

/* troupe__cast_start: start a child; its arguments are packed unless rc says
 * otherwise, and are cleared. */
int troupe__cast_start(struct cast *self, troupe_child_spec_t *spec, int rc,
                       troupe_ref_t *ret_ref);

/* troupe__cast_member: the same for one that takes part. */
int troupe__cast_member(struct cast *self, const char *name,
                        enum part_role role, troupe_child_spec_t *spec, int rc);

/* troupe__cast_record: put a recorder before an actor, where there is a
 * journal; ret_ref has the address of who is to be asked. */
int troupe__cast_record(struct cast *self, const char *id,
                        troupe_ref_t *ret_ref);

/* troupe__cast_models: the models that the options name. */
int troupe__cast_models(struct cast *self);

#endif
