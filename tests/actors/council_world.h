/* SPDX-License-Identifier: Apache-2.0 */
/* council_world.h: a node with a council of actors that say what they shall. */
#ifndef TROUPE_TESTS_ACTORS_COUNCIL_WORLD_H
#define TROUPE_TESTS_ACTORS_COUNCIL_WORLD_H

#include <jansson.h>

#include <troupe.h>

#include "actors/council.h"

#define COUNCIL_SPEAKERS_MAX 8

extern troupe_t *council_node;

void council_begin(void);
void council_end(void);

/* Who was asked by the last council_ask(), in their order. "look" -> b: it has
 * been cancelled. */
extern troupe_ref_t council_speakers[COUNCIL_SPEAKERS_MAX];

/*
 * council_ask: ask speakers "a", "b", ... for "x" or "y"; the result as JSON,
 * to be released. Each says its text, but one that begins with "!" fails, "?"
 * never answers, "^" interrupts the query instead, "#" crashes at its first
 * message, "$" has no budget, "~" is late, "%" answers nonsense.
 * council_ask_judged: with one more as the judge; "/" rests, and its mailbox
 * is full.
 */
json_t *council_ask(const char *const *says, uint32_t deadline_ms,
                    uint64_t *ret_outcome);
json_t *council_ask_judged(const char *const *says, const char *judge,
                           uint64_t *ret_outcome);

/* council_of: a council whose votes "a", "b", ... were these; NULL ends each. */
struct council *council_of(troupe_query_type_t type, const char *const *choices,
                           const char *const *answers);

#endif
