/* SPDX-License-Identifier: Apache-2.0 */
/* map_vote.h: tasks that several do, and on whose result they vote. */
#ifndef TROUPE_ACTORS_MAP_VOTE_H
#define TROUPE_ACTORS_MAP_VOTE_H

#include "actors/map.h"

/* troupe__map_ballot_open: have it done by as many as must agree. */
void troupe__map_ballot_open(troupe_context_t *ctx, struct map *self,
                             struct map_record *head);

/* troupe__map_voted: one of them has ended, and is forgotten; returns the
 * record of the task when that decides it, with its end; else NULL. */
struct map_record *troupe__map_voted(troupe_context_t *ctx, struct map *self,
                                     struct map_record *record);

/* troupe__map_avoids: another pool should do it, as this one did it before;
 * troupe__map_uses: this one will. */
bool troupe__map_avoids(const struct map *self, const struct map_record *record,
                        uint32_t pool);
void troupe__map_uses(const struct map *self, const struct map_record *record,
                      uint32_t pool);

/* troupe__map_is_begun: there are votes already on what it is a vote on. */
bool troupe__map_is_begun(const struct map_record *record);

/* troupe__map_votes_put: the votes on a task, as one value. */
void troupe__map_votes_put(struct troupe__text *to,
                           const struct map_record *record);
void troupe__map_ballot_free(struct map *self, struct map_record *record);

#endif
