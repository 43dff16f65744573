/* SPDX-License-Identifier: Apache-2.0 */
/* test_plan.c: which sides of a question are looked at, and what is found. */
#include <criterion/criterion.h>

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "actors/research_plan.h"
#include "research_world.h"

Test(plan, grows_with_the_question)
{
    static const struct {
        const char *question;
        uint32_t count;
    } cases[] = {
        {"How many queens has a hive?", 0},
        {"When was the town founded?", 0},
        {"Who may write to the file?", 0},
        {"What is a hive?", 3},
        {"How does a hive keep warm?", 3},
        {"hive queens", 6},
        {"What is the difference between a hive and a nest?", 4},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *question = cases[i].question;
        cr_assert_eq(troupe__plan_make(question, TROUPE_RESEARCH_AUTO).count,
                     cases[i].count, "%s", question);
        cr_assert_eq(troupe__plan_make(question, TROUPE_RESEARCH_QUICK).count,
                     0);
        cr_assert_eq(
            troupe__plan_make(question, TROUPE_RESEARCH_THOROUGH).count, 6);
    }
}

Test(plan, searches_for_the_subject_and_the_facet)
{
    char *query = troupe__facet_query(FACET_HISTORY, "What is a bee hive?");
    cr_assert_str_eq(query, "bee hive history introduced version");
    free(query);
}

static bool
covers(enum facet_kind facet, const char *text)
{
    return troupe__facet_covers(facet, "What is a hive?", text, strlen(text));
}

Test(plan, knows_what_speaks_of_a_facet)
{
    cr_assert(covers(FACET_DEFINITION, "A hive\nis a box for bees."));
    cr_assert_not(covers(FACET_DEFINITION, "A box is a thing."));
    cr_assert_not(covers(FACET_DEFINITION, "Hives stand there."));
    cr_assert(covers(FACET_FIGURES, "A hive has 1 queen."));
    cr_assert_not(covers(FACET_FIGURES, "A hive has one queen."));
    cr_assert(covers(FACET_HISTORY, "The hive was invented by a pastor."));
    cr_assert(covers(FACET_LIMITS, "A hive cannot be moved."));
    cr_assert(covers(FACET_COMPARISON, "A hive is warmer than a nest."));
    cr_assert(covers(FACET_MECHANISM, "The hive works as a whole."));
    cr_assert_not(covers(FACET_MECHANISM, ""));
}

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

TestSuite(plan_run, .init = begin, .fini = end, .timeout = 60);

Test(plan_run, says_what_was_searched_for_and_not_found)
{
    troupe_research_options_t options = world_options(&world, WORLD_QUESTION);
    options.effort = TROUPE_RESEARCH_THOROUGH;
    troupe_research_t *research = world_run(&world, &options);
    json_t *report = report_of(research);
    json_t *facets = json_object_get(report, "facets");
    cr_assert_eq(json_array_size(facets), 6);
    unsigned gaps = 0;
    size_t index = 0;
    json_t *facet = NULL;
    json_array_foreach(facets, index, facet)
    {
        json_t *passages = json_object_get(facet, "passages");
        gaps += json_integer_value(passages) == 0;
    }
    cr_assert_gt(json_integer_value(
                     json_object_get(json_array_get(facets, 4), "passages")),
                 0, "the planted documents are full of figures");
    cr_assert_eq(gaps > 0, strstr(troupe_research_markdown(research),
                                  "as sides of the question")
                               != NULL);
    json_decref(report);
    troupe_research_destroy(&research);
}

Test(plan_run, asks_for_no_facet_where_a_fact_will_do)
{
    troupe_research_options_t options = world_options(&world, WORLD_QUESTION);
    troupe_research_t *research = world_run(&world, &options);
    json_t *report = report_of(research);
    cr_assert_eq(json_array_size(json_object_get(report, "facets")), 0);
    cr_assert_null(strstr(troupe_research_markdown(research), "## Facets"));
    json_decref(report);
    troupe_research_destroy(&research);
}
