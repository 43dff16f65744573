/* SPDX-License-Identifier: Apache-2.0 */
/* decide_world.h: decisions made in tests, and what their reports say. */
#ifndef TROUPE_TESTS_DECIDE_WORLD_H
#define TROUPE_TESTS_DECIDE_WORLD_H

#include <jansson.h>

#include "troupe_decide.h"
#include "troupe_node.h"

/* A run that must work, of JSON with ' for "; the caller destroys it. */
troupe_decide_t *decide_run(troupe_t *node, const char *json,
                            const troupe_decide_options_t *options);

/* The report of such a run with the default options; to json_decref. */
json_t *decide_report(troupe_t *node, const char *json);

/* The report of a run as JSON; to json_decref. */
json_t *decide_json(const troupe_decide_t *decide);

/* Members that must be there, and of that type. */
const char *text_at(const json_t *object, const char *key);
double real_at(const json_t *object, const char *key);

/* The part of an option, of its cell, of a perspective; lent. */
json_t *option_of(const json_t *report, const char *id);
json_t *cell_of(const json_t *report, const char *id, const char *strategy);
json_t *perspective_of(const json_t *report, const char *name);

/* Share of the samples with an option at a rank, 0 the first. */
double share_of(const json_t *report, const char *id, size_t rank);

/* True when one of the limits has these words. */
bool limits_say(const json_t *report, const char *words);

#endif
