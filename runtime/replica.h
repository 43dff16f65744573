/* SPDX-License-Identifier: Apache-2.0 */
/* replica.h: names and groups of all nodes of a run, on each of them. */
#ifndef TROUPE_RUNTIME_REPLICA_H
#define TROUPE_RUNTIME_REPLICA_H

#include "troupe_node.h"

struct troupe__link;
struct troupe__note;

/*
 * The root's table of names is the true one. A node changes its own at once,
 * and tells the root, which answers each change with whose the name is then
 * ("named"). Until all its changes of a name are answered a node does not
 * listen to what else is said about it: the last answer holds that. Groups
 * know no conflict: each node alone says where its actors are.
 */

/*
 * A node that never stops claiming must not make the root grow: beyond so many
 * names and memberships of one node the root takes no more of it. A claim is
 * answered as one that somebody else was first with; there is a log line.
 */
enum { TROUPE__HOLDINGS_MAX = 65536 };

/* What a worker did; both under names_lock; nothing on a node alone. */
void troupe__name_changed(troupe_t *node, bool is_claim, const char *name,
                          troupe_ref_t ref);
void troupe__group_changed(troupe_t *node, bool joins, const char *name,
                           troupe_ref_t ref);

/* All below: the link's thread. troupe__replica_claim: at the root: node
 * `number` claims a name, or lets go of it. */
void troupe__replica_claim(struct troupe__link *self, uint32_t number,
                           bool is_claim, const char *name, troupe_ref_t ref);

/* troupe__replica_group: an actor of node `number` joins or leaves. */
void troupe__replica_group(struct troupe__link *self, uint32_t number,
                           bool joins, const char *name, troupe_ref_t ref);

/* troupe__replica_name: not at the root: what it says of a name. */
void troupe__replica_name(struct troupe__link *self, bool is_claim,
                          const char *name, troupe_ref_t ref);

/* troupe__replica_named: its answer to a change of ours. */
void troupe__replica_named(struct troupe__link *self, const char *name,
                           troupe_ref_t owner);

/* troupe__replica_purge: nothing of that node is left; then `note_p`, which
 * may be NULL, is handed to the link. */
void troupe__replica_purge(struct troupe__link *self, uint32_t number,
                           struct troupe__note *note_p);

/* troupe__replica_each: all that there is: verb "name" or "join". */
void troupe__replica_each(struct troupe__link *self,
                          void (*tell)(void *data, const char *verb,
                                       const char *name, troupe_ref_t ref),
                          void *data);

void troupe__replica_init(struct troupe__link *self);
void troupe__replica_free(struct troupe__link *self);

#endif
