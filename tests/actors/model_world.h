/* SPDX-License-Identifier: Apache-2.0 */
/* model_world.h: what the tests of models share. */
#ifndef TROUPE_TESTS_MODEL_WORLD_H
#define TROUPE_TESTS_MODEL_WORLD_H

#include <troupe.h>

/* model_world_begin: a mock, a node, and a backend on it. _end: none of them. */
void model_world_begin(troupe_t **ret_node, troupe_ref_t *ret_backend);
void model_world_end(troupe_t **node_p);

/* model_count: what an actor tells of itself under that key of its "state". */
uint64_t model_count(troupe_t *node, troupe_ref_t ref, const char *key);

#endif
