/* SPDX-License-Identifier: Apache-2.0 */
/* research_world.h: an index over planted documents and a node to ask it. */
#ifndef TROUPE_TESTS_RESEARCH_WORLD_H
#define TROUPE_TESTS_RESEARCH_WORLD_H

#include <jansson.h>
#include <stdint.h>

#include "troupe_node.h"
#include "troupe_research.h"

#include "planted.h"
#include "scratch_dir.h"

/* A question that the planted documents answer. */
#define WORLD_QUESTION "How long is the river?"

struct research_world {
    struct scratch_dir docs;
    struct scratch_dir cache;
    struct planted planted;
    const char *roots[1];
    troupe_t *node;
};

void world_begin(struct research_world *ret_world);
void world_end(struct research_world *world);

/* The default options for a question to this world, which must outlive them. */
troupe_research_options_t world_options(const struct research_world *world,
                                        const char *question);

/* A run that must work; the caller destroys what it gets. */
troupe_research_t *world_run(const struct research_world *world,
                             const troupe_research_options_t *options);

/* WORLD_QUESTION, while the named actor fails that many times. */
troupe_research_t *world_run_with_fault(const struct research_world *world,
                                        const char *name, uint32_t times);

/* The report as JSON, to be given to json_decref. */
json_t *report_of(const troupe_research_t *research);

#endif
