/* SPDX-License-Identifier: Apache-2.0 */
/* council_judge.h: a model that compares two answers of a council. */
#ifndef TROUPE_ACTORS_COUNCIL_JUDGE_H
#define TROUPE_ACTORS_COUNCIL_JUDGE_H

#include "actors/council.h"

/* troupe__council_rivals: of texts, the best one and the next that is another
 * text; false: there is none. */
bool troupe__council_rivals(const struct council *self, uint32_t *ret_one,
                            uint32_t *ret_other);

/*
 * troupe__judge_wanted: whether a judge has something to decide, and of what.
 * troupe__judge_prompt: what it is asked, the second time with the order
 * swapped; to be freed. troupe__judge_read: make of the text of a verdict its
 * answer, as troupe__vote_read(). troupe__judge_conclude: what both do to the
 * result, none of which is open.
 */
bool troupe__judge_wanted(struct council *self);
char *troupe__judge_prompt(const struct council *self, bool swapped);
void troupe__judge_read(struct council *self, bool swapped);
void troupe__judge_conclude(struct council *self);

/*
 * troupe__judge_failure: the first verdict that is none; NULL: there is no such
 * one, or the judge was not wanted. troupe__judge_complain: that in words; the
 * judge has failed.
 */
const struct vote *troupe__judge_failure(const struct council *self);
void troupe__judge_complain(const struct council *self,
                            struct troupe__text *to);

#endif
