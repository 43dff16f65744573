/* SPDX-License-Identifier: Apache-2.0 */
/* research_world.c: see research_world.h. */
#include "research_world.h"

#include <criterion/criterion.h>

#include "troupe_corpus.h"

void
world_begin(struct research_world *ret_world)
{
    scratch_dir_make(&ret_world->docs);
    scratch_dir_make(&ret_world->cache);
    planted_new(7, &ret_world->planted);
    planted_write(&ret_world->planted, ret_world->docs.path);
    ret_world->roots[0] = ret_world->docs.path;
    troupe_corpus_options_t options = troupe_corpus_options_default();
    options.cache = ret_world->cache.path;
    troupe_corpus_t *corpus = NULL;
    cr_assert_eq(troupe_corpus_open(ret_world->roots, 1, &options, &corpus), 0);
    cr_assert_eq(troupe_corpus_update(corpus, NULL), 0);
    troupe_corpus_destroy(&corpus);
    cr_assert_eq(troupe_new(NULL, &ret_world->node), 0);
}

void
world_end(struct research_world *world)
{
    cr_assert_eq(troupe_destroy(&world->node), 0);
    planted_free(&world->planted);
    scratch_dir_remove(&world->docs);
    scratch_dir_remove(&world->cache);
}

troupe_research_options_t
world_options(const struct research_world *world, const char *question)
{
    troupe_research_options_t options = troupe_research_options_default();
    options.question = question;
    options.roots = world->roots;
    options.root_count = 1;
    options.cache = world->cache.path;
    return options;
}

troupe_research_t *
world_run(const struct research_world *world,
          const troupe_research_options_t *options)
{
    troupe_research_t *research = NULL;
    int rc = troupe_research_run(world->node, options, &research);
    cr_assert_eq(rc, 0, "%s", troupe_strerror(rc));
    cr_assert_not_null(research);
    return research;
}

troupe_research_t *
world_run_with_fault(const struct research_world *world, const char *name,
                     uint32_t times)
{
    troupe_research_fault_t fault = {.name = name, .times = times};
    troupe_research_options_t options = world_options(world, WORLD_QUESTION);
    options.faults = &fault;
    options.fault_count = 1;
    return world_run(world, &options);
}

json_t *
report_of(const troupe_research_t *research)
{
    json_error_t error;
    json_t *report = json_loads(troupe_research_json(research), 0, &error);
    cr_assert_not_null(report, "%s", error.text);
    return report;
}
