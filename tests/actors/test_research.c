/* SPDX-License-Identifier: Apache-2.0 */
/* test_research.c: whole runs of healthy actors, and options that are wrong. */
#include <criterion/criterion.h>

#include <errno.h>
#include <jansson.h>
#include <pthread.h>
#include <string.h>

#include "troupe_document.h"
#include "troupe_research.h"

#include "research_world.h"

static struct research_world world;

static void
begin(void)
{
    world_begin(&world);
}

static void
end(void)
{
    world_end(&world);
}

TestSuite(research, .init = begin, .fini = end, .timeout = 60);

/* Read the document again and compare. */
static void
check_citation(json_t *it)
{
    const char *path = json_string_value(json_object_get(it, "path"));
    const char *quote = json_string_value(json_object_get(it, "quote"));
    size_t start = (size_t) json_integer_value(json_object_get(it, "start"));
    size_t stop = (size_t) json_integer_value(json_object_get(it, "end"));
    troupe_document_t *document = NULL;
    cr_assert_eq(troupe_document_read(path, 0, &document), 0, "%s", path);
    cr_assert_lt(start, stop);
    cr_assert_leq(stop, troupe_document_size(document));
    cr_assert_eq(strlen(quote), stop - start);
    cr_assert_eq(
        memcmp(troupe_document_text(document) + start, quote, stop - start), 0);
    troupe_document_destroy(&document);
}

/* Every object with a quote, wherever it is; returns how many. */
static unsigned
check_citations(json_t *value)
{
    unsigned count = 0;
    size_t index = 0;
    const char *key = NULL;
    json_t *item = NULL;
    if (json_object_get(value, "quote")) {
        check_citation(value);
        return 1;
    }
    if (json_is_object(value))
        json_object_foreach(value, key, item) count += check_citations(item);
    if (json_is_array(value))
        json_array_foreach(value, index, item) count += check_citations(item);
    return count;
}

Test(research, quotes_are_the_bytes_of_their_documents)
{
    unsigned quotes = 0;
    for (uint32_t i = 0; i < world.planted.fact_count; i++) {
        troupe_research_options_t options =
            world_options(&world, world.planted.facts[i].question);
        troupe_research_t *research = world_run(&world, &options);
        cr_assert_eq(troupe_research_outcome(research),
                     TROUPE_RESEARCH_COMPLETE);
        json_t *report = report_of(research);
        quotes += check_citations(report);
        json_decref(report);
        troupe_research_destroy(&research);
    }
    cr_assert_gt(quotes, world.planted.fact_count);
}

Test(research, says_contradicted_where_it_was_planted)
{
    for (uint32_t i = 0; i < world.planted.fact_count; i++) {
        if (world.planted.facts[i].how != PLANTED_DISPUTED)
            continue;
        troupe_research_options_t options =
            world_options(&world, world.planted.facts[i].question);
        troupe_research_t *research = world_run(&world, &options);
        json_t *report = report_of(research);
        cr_assert_gt(json_array_size(json_object_get(report, "disagreements")),
                     0);
        cr_assert_not_null(strstr(troupe_research_markdown(research),
                                  world.planted.facts[i].sentence));
        json_decref(report);
        troupe_research_destroy(&research);
    }
}

static void
expect_refusal(const troupe_research_options_t *options, int expected)
{
    troupe_research_t *research = NULL;
    cr_assert_eq(troupe_research_run(world.node, options, &research), expected);
    cr_assert_null(research);
}

Test(research, wrong_options_are_refused_and_change_nothing)
{
    troupe_research_options_t options = world_options(&world, "");
    expect_refusal(&options, -EINVAL);
    options = world_options(&world, "what is the of");
    expect_refusal(&options, -EINVAL);
    options = world_options(&world, WORLD_QUESTION);
    options.limit = 0;
    expect_refusal(&options, -EINVAL);
    options = world_options(&world, WORLD_QUESTION);
    options.root_count = 0;
    expect_refusal(&options, -EINVAL);
    options = world_options(&world, WORLD_QUESTION);
    options.engines = 1u << TROUPE_ENGINE_COUNT;
    expect_refusal(&options, -EINVAL);
    options = world_options(&world, WORLD_QUESTION);
    options.cache = NULL;
    expect_refusal(&options, -EINVAL);
    expect_refusal(NULL, -EINVAL);
    const char *roots[] = {world.roots[0], NULL};
    options = world_options(&world, WORLD_QUESTION);
    options.roots = roots;
    options.root_count = 2;
    expect_refusal(&options, -EINVAL);
    roots[1] = "/not\xfftext";
    expect_refusal(&options, -EINVAL);
    options = world_options(&world, "bees \xff\xfe");
    expect_refusal(&options, -EINVAL);
    options = world_options(&world, WORLD_QUESTION);
    options.cache = "/not\xfftext";
    expect_refusal(&options, -EINVAL);
    troupe_research_fault_t fault = {.name = "nobody", .times = 1};
    options = world_options(&world, WORLD_QUESTION);
    options.faults = &fault;
    options.fault_count = 1;
    expect_refusal(&options, -ENOENT);
    fault.name = NULL;
    expect_refusal(&options, -EINVAL);
}

/* What is agreed on must be surer than what one source says, and that surer
 * than what is disputed; over all facts of a kind. */
Test(research, confidence_follows_the_evidence)
{
    double sum[PLANTED_CASES] = {0};
    unsigned count[PLANTED_CASES] = {0};
    for (uint32_t i = 0; i < world.planted.fact_count; i++) {
        troupe_research_options_t options =
            world_options(&world, world.planted.facts[i].question);
        options.limit = 6;
        troupe_research_t *research = world_run(&world, &options);
        json_t *report = report_of(research);
        sum[world.planted.facts[i].how] += json_real_value(
            json_object_get(json_object_get(report, "confidence"), "value"));
        count[world.planted.facts[i].how] += 1;
        json_decref(report);
        troupe_research_destroy(&research);
    }
    for (int i = 0; i < PLANTED_CASES; i++)
        sum[i] /= count[i];
    cr_assert_gt(sum[PLANTED_AGREED], sum[PLANTED_ALONE]);
    cr_assert_gt(sum[PLANTED_UNITS], sum[PLANTED_ALONE]);
    cr_assert_gt(sum[PLANTED_ALONE], sum[PLANTED_DISPUTED]);
}

struct beside {
    troupe_research_t *research;
    int rc;
};

static void *
research_beside(void *data)
{
    struct beside *self = data;
    troupe_research_options_t options = world_options(&world, WORLD_QUESTION);
    self->rc = troupe_research_run(world.node, &options, &self->research);
    return NULL;
}

Test(research, several_runs_share_a_node)
{
    struct beside runs[3] = {{.rc = 1}, {.rc = 1}, {.rc = 1}};
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        cr_assert_eq(
            pthread_create(&threads[i], NULL, research_beside, &runs[i]), 0);
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(pthread_join(threads[i], NULL), 0);
        cr_assert_eq(runs[i].rc, 0);
        cr_assert_eq(troupe_research_outcome(runs[i].research),
                     TROUPE_RESEARCH_COMPLETE);
        troupe_research_destroy(&runs[i].research);
    }
}

struct seen {
    unsigned calls;
    unsigned done; /* actors that were done at the last call */
};

static void
look(void *context, const troupe_research_actor_t *actors, size_t count)
{
    struct seen *seen = context;
    seen->calls += 1;
    seen->done = 0;
    for (size_t i = 0; i < count; i++)
        seen->done += strcmp(actors[i].state, "done") == 0;
    cr_assert_eq(count, 9);
}

Test(research, progress_ends_with_every_actor_done)
{
    struct seen seen = {0};
    troupe_research_options_t options = world_options(&world, WORLD_QUESTION);
    options.progress = look;
    options.context = &seen;
    troupe_research_t *research = world_run(&world, &options);
    cr_assert_geq(seen.calls, 2);
    cr_assert_eq(seen.done, 9);
    troupe_research_destroy(&research);
}

Test(research, destroy_twice_is_harmless)
{
    troupe_research_options_t options = world_options(&world, WORLD_QUESTION);
    troupe_research_t *research = world_run(&world, &options);
    troupe_research_destroy(&research);
    cr_assert_null(research);
    troupe_research_destroy(&research);
    troupe_research_destroy(NULL);
}
