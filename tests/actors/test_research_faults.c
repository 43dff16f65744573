/* SPDX-License-Identifier: Apache-2.0 */
/* test_research_faults.c: whole runs: healed, degraded, interrupted, late. */
#include <criterion/criterion.h>

#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <unistd.h>

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

TestSuite(research_faults, .init = begin, .fini = end, .timeout = 60);

/* The actor's part of the report's run. */
static json_t *
part_of(json_t *report, const char *name)
{
    json_t *actors = json_object_get(json_object_get(report, "run"), "actors");
    size_t index = 0;
    json_t *actor = NULL;
    json_array_foreach(actors, index, actor)
    {
        if (!strcmp(json_string_value(json_object_get(actor, "name")), name))
            return actor;
    }
    cr_assert(false, "no actor %s", name);
    return NULL;
}

Test(research_faults, an_actor_that_fails_is_restarted_asked_again_and_named)
{
    static const char *const names[] = {
        "bm25",   "trigram",    "phrase",       "expand",
        "anchor", "summariser", "fact_checker", "sentiment"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        troupe_research_t *research = world_run_with_fault(&world, names[i], 2);
        cr_assert_eq(troupe_research_outcome(research),
                     TROUPE_RESEARCH_COMPLETE, "%s", names[i]);
        json_t *report = report_of(research);
        cr_assert(json_is_false(json_object_get(report, "degraded")));
        json_t *part = part_of(report, names[i]);
        cr_assert_eq(json_integer_value(json_object_get(part, "attempts")), 3);
        cr_assert_eq(json_integer_value(json_object_get(part, "restarts")), 2);
        cr_assert_not_null(
            strstr(troupe_research_markdown(research), "was restarted"));
        json_decref(report);
        troupe_research_destroy(&research);
    }
}

Test(research_faults,
     an_actor_that_is_down_degrades_the_report_on_its_first_line)
{
    static const char *const names[] = {"bm25", "summariser", "fact_checker"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        troupe_research_t *research =
            world_run_with_fault(&world, names[i], UINT32_MAX);
        cr_assert_eq(troupe_research_outcome(research),
                     TROUPE_RESEARCH_DEGRADED);
        const char *markdown = troupe_research_markdown(research);
        cr_assert_eq(strncmp(markdown, "**DEGRADED REPORT**", 19), 0);
        const char *named = strstr(markdown, names[i]);
        cr_assert(named && named < strchr(markdown, '\n'));
        json_t *report = report_of(research);
        cr_assert(json_is_true(json_object_get(report, "degraded")));
        cr_assert_str_eq(json_string_value(json_object_get(
                             part_of(report, names[i]), "state")),
                         "failed");
        cr_assert_gt(json_array_size(json_object_get(report, "sources")), 0);
        double value = json_real_value(
            json_object_get(json_object_get(report, "confidence"), "value"));
        cr_assert_leq(value, 0.6);
        json_decref(report);
        troupe_research_destroy(&research);
    }
}

Test(research_faults, without_any_engine_there_is_nothing_to_report)
{
    troupe_research_fault_t fault = {.name = "bm25", .times = UINT32_MAX};
    troupe_research_options_t options = world_options(&world, WORLD_QUESTION);
    options.engines = 1u << TROUPE_ENGINE_BM25;
    options.faults = &fault;
    options.fault_count = 1;
    troupe_research_t *research = world_run(&world, &options);
    cr_assert_eq(troupe_research_outcome(research), TROUPE_RESEARCH_NOTHING);
    cr_assert_not(troupe_research_deadline_passed(research));
    troupe_research_destroy(&research);
}

Test(research_faults, a_coordinator_that_fails_is_asked_again_and_named)
{
    troupe_research_t *research =
        world_run_with_fault(&world, "coordinator", 1);
    cr_assert_eq(troupe_research_outcome(research), TROUPE_RESEARCH_COMPLETE);
    cr_assert_not_null(strstr(troupe_research_markdown(research),
                              "The coordinator failed 1 time"));
    troupe_research_destroy(&research);

    troupe_research_fault_t fault = {.name = "coordinator",
                                     .times = UINT32_MAX};
    troupe_research_options_t options = world_options(&world, WORLD_QUESTION);
    options.faults = &fault;
    options.fault_count = 1;
    cr_assert_eq(troupe_research_run(world.node, &options, &research),
                 -EHOSTDOWN);
    cr_assert_null(research);
}

Test(research_faults, an_interrupt_gives_a_partial_report)
{
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    cr_assert_eq(write(ends[1], "!", 1), 1);
    troupe_research_options_t options = world_options(&world, WORLD_QUESTION);
    options.interrupt_fd = ends[0];
    troupe_research_t *research = world_run(&world, &options);
    cr_assert_neq(troupe_research_outcome(research), TROUPE_RESEARCH_COMPLETE);
    const char *markdown = troupe_research_markdown(research);
    cr_assert_eq(strncmp(markdown, "**DEGRADED REPORT**: interrupted", 32), 0);
    troupe_research_destroy(&research);
    close(ends[0]);
    close(ends[1]);
}

Test(research_faults, a_deadline_that_nobody_can_keep_leaves_nothing)
{
    troupe_research_options_t options = world_options(&world, WORLD_QUESTION);
    options.deadline_ms = 1;
    troupe_research_t *research = world_run(&world, &options);
    /* Who is fast enough answers; but never is it called complete. */
    cr_assert_neq(troupe_research_outcome(research), TROUPE_RESEARCH_COMPLETE);
    cr_assert(troupe_research_deadline_passed(research));
    troupe_research_destroy(&research);
}
