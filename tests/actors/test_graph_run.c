/* SPDX-License-Identifier: Apache-2.0 */
/* test_graph_run.c: what becomes of the tasks of a graph. */
#include <criterion/criterion.h>

#include <string.h>

#include "troupe_thread.h"

#include "graph_world.h"

static troupe_t *node;

static void
begin(void)
{
    cr_assert_eq(troupe_new(NULL, &node), 0);
    graph_helper(node, "helper");
}

static void
end(void)
{
    cr_assert_eq(troupe_destroy(&node), 0);
}

TestSuite(graph_run, .init = begin, .fini = end, .timeout = 60);

/* --- results ----------------------------------------------------------------*/

Test(graph_run, results_are_handed_on)
{
    troupe_graph_t *graph = graph_of("a");
    static const char body[] = "\x81\xa4list\x93\x01\xa3two\x81\xa1n\x03";
    graph_add(graph, (troupe_graph_task_t){.id = "map",
                                           .work = TROUPE_GRAPH_VALUE,
                                           .body = body,
                                           .body_size = sizeof body - 1});
    graph_value(graph, "whole", "map", "${map}");
    graph_value(graph, "field", "map", "${map.list.2.n}");
    graph_value(graph, "text", "map", "<${map.list.1}, ${map.list}> $${x}");
    graph_value(graph, "nothing", "a", "[${a}]");
    graph_value(graph, "missing", "map", "${map.nowhere}");
    graph_value(graph, "state", "map", "${map:state}");
    troupe_graph_report_t *report = graph_run_with(node, graph, NULL);
    cr_expect_eq(report->outcome, TROUPE_GRAPH_BROKEN);
    cr_expect_str_eq(graph_result(report, "whole"),
                     "{\"list\":[1,\"two\",{\"n\":3}]}");
    cr_expect_str_eq(graph_result(report, "field"), "3");
    cr_expect_str_eq(graph_result(report, "text"),
                     "\"<two, [1,\\\"two\\\",{\\\"n\\\":3}]> ${x}\"");
    cr_expect_str_eq(graph_result(report, "nothing"), "\"[]\"");
    cr_expect_str_eq(graph_result(report, "state"), "\"ok\"");
    graph_expect(report, "missing", TROUPE_GRAPH_FAILED,
                 "the result of 'map' has no 'nowhere'");
    graph_finish(report, graph);
}

Test(graph_run, a_condition_decides_whether_a_task_is_needed)
{
    troupe_graph_t *graph = troupe_graph_new();
    static const struct {
        const char *id, *when;
        bool holds;
    } all[] = {
        {"c1", "${n.v} == 3", true},      {"c2", "${n.v} > 3", false},
        {"c3", "${n.v} <= 3.0", true},    {"c4", "not ${n.v}", false},
        {"c5", "${n.w} == 'x y'", true},  {"c6", "${n.w} != \"x y\"", false},
        {"c7", "${n:state} == ok", true}, {"c8", "${n.e}", false}};
    static const char body[] = "\x83\xa1v\x03\xa1w\xa3x y\xa1"
                               "e\x90";
    const char *need = "n";
    graph_add(graph, (troupe_graph_task_t){.id = "n",
                                           .work = TROUPE_GRAPH_VALUE,
                                           .body = body,
                                           .body_size = sizeof body - 1});
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        graph_add(graph, (troupe_graph_task_t){.id = all[i].id,
                                               .when = all[i].when,
                                               .needs = &need,
                                               .need_count = 1});
    const char *c2 = "c2";
    graph_add(graph, (troupe_graph_task_t){
                         .id = "below", .needs = &c2, .need_count = 1});
    graph_add(graph, (troupe_graph_task_t){.id = "still",
                                           .needs = &c2,
                                           .need_count = 1,
                                           .rule = TROUPE_GRAPH_NONE_FAILED});
    graph_add(graph, (troupe_graph_task_t){.id = "odd",
                                           .when = "${n.w} > 3",
                                           .needs = &need,
                                           .need_count = 1,
                                           .optional = true});
    troupe_graph_report_t *report = graph_run_with(node, graph, NULL);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        graph_expect(report, all[i].id,
                     all[i].holds ? TROUPE_GRAPH_OK : TROUPE_GRAPH_NOT_NEEDED,
                     all[i].holds ? "" : "its 'when' is false");
    graph_expect(report, "below", TROUPE_GRAPH_NOT_NEEDED,
                 "what it needs was not needed");
    graph_expect(report, "still", TROUPE_GRAPH_OK, "");
    graph_expect(report, "odd", TROUPE_GRAPH_FAILED,
                 "'when': it compares what is no number by size");
    cr_expect_eq(report->outcome, TROUPE_GRAPH_DEGRADED);
    graph_finish(report, graph);
}

/* --- failures ---------------------------------------------------------------*/

Test(graph_run, a_failure_skips_what_needs_it_and_nothing_else)
{
    troupe_graph_t *graph = graph_of("side; other side");
    graph_add(graph, graph_doing("bad", NULL, false, 99));
    graph_add(graph, graph_doing("b", "bad", false, 0));
    graph_add(graph, graph_doing("c", "b", false, 0));
    const char *c = "c";
    graph_add(graph, (troupe_graph_task_t){.id = "anyway",
                                           .needs = &c,
                                           .need_count = 1,
                                           .rule = TROUPE_GRAPH_ALL_DONE});
    troupe_graph_report_t *report = graph_run_with(node, graph, NULL);
    cr_expect_eq(report->outcome, TROUPE_GRAPH_BROKEN);
    graph_expect(report, "bad", TROUPE_GRAPH_FAILED, "failure 1");
    graph_expect(report, "b", TROUPE_GRAPH_SKIPPED, "'bad' failed: failure 1");
    graph_expect(report, "c", TROUPE_GRAPH_SKIPPED,
                 "'b' was skipped, as 'bad' failed: failure 1");
    graph_expect(report, "other", TROUPE_GRAPH_OK, "");
    graph_expect(report, "anyway", TROUPE_GRAPH_OK, "");
    graph_finish(report, graph);
}

Test(graph_run, a_failure_is_tried_again_as_often_as_it_may)
{
    troupe_graph_t *graph = troupe_graph_new();
    troupe_graph_task_t task = graph_doing("a", NULL, false, 2);
    task.retries = 2;
    graph_add(graph, task);
    troupe_graph_report_t *report = graph_run_with(node, graph, NULL);
    graph_expect(report, "a", TROUPE_GRAPH_OK, "");
    cr_expect_eq(graph_ended(report, "a")->attempts, 3);
    graph_finish(report, graph);

    graph = troupe_graph_new();
    task = graph_doing("a", NULL, false, 99);
    task.retries = 2;
    graph_add(graph, task);
    report = graph_run_with(node, graph, NULL);
    graph_expect(report, "a", TROUPE_GRAPH_FAILED, "3 tries: failure 5");
    graph_finish(report, graph);
}

Test(graph_run, a_fallback_takes_the_place_of_what_failed)
{
    troupe_graph_t *graph = troupe_graph_new();
    troupe_graph_task_t task = graph_doing("a", NULL, false, 99);
    task.fallback = "spare";
    task.on_error = "alarm";
    graph_add(graph, task);
    graph_add(graph, graph_doing("well", NULL, false, 0));
    graph_value(graph, "spare", NULL, "from the spare: ${a:error}");
    graph_value(graph, "alarm", NULL, "${a:state}: ${a:error}");
    graph_value(graph, "user", "a", "got ${a}");
    troupe_graph_report_t *report = graph_run_with(node, graph, NULL);
    cr_expect_eq(report->outcome, TROUPE_GRAPH_DEGRADED);
    graph_expect(report, "a", TROUPE_GRAPH_FAILED, "failure 1");
    cr_expect(graph_ended(report, "a")->recovered);
    cr_expect_str_eq(graph_result(report, "alarm"), "\"failed: failure 1\"");
    cr_expect_str_eq(graph_result(report, "user"),
                     "\"got from the spare: failure 1\"");
    graph_finish(report, graph);
}

Test(graph_run, what_stands_by_is_not_needed_when_all_goes_well)
{
    troupe_graph_t *graph = graph_of("a; spare; alarm; b a");
    graph_again(&graph, "a",
                &(troupe_graph_task_t){
                    .id = "a", .fallback = "spare", .on_error = "alarm"});
    troupe_graph_report_t *report = graph_run_with(node, graph, NULL);
    cr_expect_eq(report->outcome, TROUPE_GRAPH_COMPLETE);
    graph_expect(report, "spare", TROUPE_GRAPH_NOT_NEEDED,
                 "it stood by, and nothing failed");
    graph_expect(report, "alarm", TROUPE_GRAPH_NOT_NEEDED,
                 "it stood by, and nothing failed");
    graph_expect(report, "b", TROUPE_GRAPH_OK, "");
    graph_finish(report, graph);
}

Test(graph_run, the_graph_goes_on_without_an_optional_task)
{
    troupe_graph_t *graph = troupe_graph_new();
    troupe_graph_task_t task = graph_doing("a", NULL, false, 99);
    task.optional = true;
    graph_add(graph, task);
    graph_value(graph, "b", "a", "without: ${a}");
    troupe_graph_report_t *report = graph_run_with(node, graph, NULL);
    cr_expect_eq(report->outcome, TROUPE_GRAPH_DEGRADED);
    cr_expect_str_eq(graph_result(report, "b"), "\"without: \"");
    graph_finish(report, graph);
}

/* An optional task that failed is nobody's vote. */
Test(graph_run, a_quorum_counts_only_what_went_well)
{
    troupe_graph_t *graph = graph_of("a; b");
    troupe_graph_task_t bad = graph_doing("bad", NULL, false, 99);
    bad.optional = true;
    graph_add(graph, bad);
    const char *needs[] = {"a", "b", "bad"};
    troupe_graph_task_t two = {.id = "two",
                               .needs = needs,
                               .need_count = 3,
                               .rule = TROUPE_GRAPH_QUORUM,
                               .quorum = 2};
    troupe_graph_task_t three = two;
    three.id = "three";
    three.quorum = 3;
    graph_add(graph, two);
    graph_add(graph, three);
    troupe_graph_report_t *report = graph_run_with(node, graph, NULL);
    graph_expect(report, "two", TROUPE_GRAPH_OK, "");
    graph_expect(report, "three", TROUPE_GRAPH_SKIPPED,
                 "3 of 3 needed, 1 failed: 'bad' failed: failure 1");
    cr_expect_eq(report->outcome, TROUPE_GRAPH_DEGRADED);
    graph_finish(report, graph);
}

static void
count_report(void *data, const troupe_graph_report_t *report)
{
    size_t *count = data;
    *count += report->count;
}

Test(graph_run, a_report_is_told_once_as_soon_as_it_is_there)
{
    size_t count = 0;
    troupe_graph_options_t options = troupe_graph_options_default();
    options.ended = count_report;
    options.data = &count;
    troupe_graph_t *graph = graph_of("a; b a; c a b");
    graph_finish(graph_run_with(node, graph, &options), graph);
    cr_expect_eq(count, 3);
}

Test(graph_run, who_is_not_there_or_falls_over_is_a_failure)
{
    troupe_graph_t *graph = troupe_graph_new();
    graph_add(graph, (troupe_graph_task_t){.id = "nobody",
                                           .work = TROUPE_GRAPH_ASK,
                                           .actor = "nobody",
                                           .type = "do",
                                           .retries = 5});
    graph_add(graph, (troupe_graph_task_t){.id = "deaf",
                                           .work = TROUPE_GRAPH_ASK,
                                           .actor = "helper",
                                           .type = "sing"});
    graph_add(graph, (troupe_graph_task_t){.id = "dies",
                                           .work = TROUPE_GRAPH_ASK,
                                           .actor = "helper",
                                           .type = "die",
                                           .needs = (const char *[]){"deaf"},
                                           .need_count = 1,
                                           .rule = TROUPE_GRAPH_ALL_DONE});
    troupe_graph_report_t *report = graph_run_with(node, graph, NULL);
    graph_expect(report, "nobody", TROUPE_GRAPH_FAILED,
                 "there is no actor 'nobody'");
    cr_expect_eq(graph_ended(report, "nobody")->attempts, 1);
    cr_expect_eq(graph_ended(report, "deaf")->state, TROUPE_GRAPH_FAILED);
    cr_expect_neq(graph_ended(report, "dies")->state, TROUPE_GRAPH_OK);
    cr_assert_str_not_empty(graph_ended(report, "dies")->why);
    graph_finish(report, graph);
}

Test(graph_run, a_task_that_hangs_is_given_up_at_its_timeout)
{
    troupe_graph_t *graph = graph_of("well");
    troupe_graph_task_t task = graph_doing("hangs", NULL, true, 0);
    task.timeout_ms = 20;
    graph_add(graph, task);
    graph_add(graph, graph_doing("after", "hangs", false, 0));
    troupe_graph_report_t *report = graph_run_with(node, graph, NULL);
    cr_expect_eq(graph_ended(report, "hangs")->state, TROUPE_GRAPH_TIMEOUT);
    cr_expect(strstr(graph_ended(report, "hangs")->why,
                     "waited for graph_test_helper"),
              "%s", graph_ended(report, "hangs")->why);
    cr_expect_eq(graph_ended(report, "after")->state, TROUPE_GRAPH_SKIPPED);
    cr_expect_eq(graph_ended(report, "well")->state, TROUPE_GRAPH_OK);
    graph_finish(report, graph);
}
