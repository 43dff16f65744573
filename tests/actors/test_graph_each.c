/* SPDX-License-Identifier: Apache-2.0 */
/* test_graph_each.c: tasks that are done for each item, or round by round. */
#include <criterion/criterion.h>

#include <errno.h>
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

TestSuite(graph_each, .init = begin, .fini = end, .timeout = 60);

static const char *const needs_list[] = {"list"};

/* "list" is [1, "two", null]. */
static troupe_graph_t *
graph_with_list(void)
{
    static const char body[] = "\x93\x01\xa3two\xc0";
    troupe_graph_t *graph = graph_of("x");
    graph_add(graph, (troupe_graph_task_t){.id = "list",
                                           .work = TROUPE_GRAPH_VALUE,
                                           .body = body,
                                           .body_size = sizeof body - 1});
    return graph;
}

/* Asks "helper" `type` with such a body for each of the list. */
static troupe_graph_task_t
asking(const char *id, const char *type, const char *body, size_t size)
{
    return (troupe_graph_task_t){.id = id,
                                 .work = TROUPE_GRAPH_ASK,
                                 .actor = "helper",
                                 .type = type,
                                 .body = body,
                                 .body_size = size,
                                 .needs = needs_list,
                                 .need_count = 1,
                                 .each = "${list}",
                                 .backoff_min_ms = 1,
                                 .backoff_max_ms = 1};
}

Test(graph_each, an_actor_is_asked_for_each_item)
{
    static const char body[] = "\x82\xa6result\xa7${item}\xa4"
                               "fail\x02";
    troupe_graph_t *graph = graph_with_list();
    troupe_graph_task_t task = asking("all", "do", body, sizeof body - 1);
    task.retries = 2;
    graph_add(graph, task);
    graph_value(graph, "after", "all", "${all.1} of ${all}");
    troupe_graph_report_t *report = graph_run_with(node, graph, NULL);
    const troupe_graph_ended_t *all = graph_ended(report, "all");
    cr_expect_eq(report->outcome, TROUPE_GRAPH_COMPLETE);
    cr_expect_str_eq(graph_result(report, "all"), "[1,\"two\",null]");
    cr_expect_str_eq(graph_result(report, "after"),
                     "\"two of [1,\\\"two\\\",null]\"");
    cr_expect_eq(all->attempts, 5, "three and two failures");
    cr_assert_eq(all->part_count, 3);
    uint32_t attempts = 0;
    uint64_t spent_ns = 0;
    for (size_t i = 0; i < all->part_count; i++) {
        attempts += all->parts[i].attempts;
        spent_ns += all->parts[i].spent_ns;
        cr_expect_eq(all->parts[i].state, TROUPE_GRAPH_OK);
        cr_expect(all->parts[i].ended_ns <= all->ended_ns);
    }
    cr_expect_eq(attempts, all->attempts);
    cr_expect_eq(spent_ns, all->spent_ns);
    cr_expect_eq(graph_ended(report, "x")->part_count, 0);
    graph_finish(report, graph);
}

Test(graph_each, an_item_that_is_lost_is_the_tasks_end)
{
    troupe_graph_t *graph = graph_with_list();
    troupe_graph_task_t task = asking("all", "die", NULL, 0);
    task.each_parallel = 1;
    graph_add(graph, task);
    troupe_graph_task_t enough = asking("enough", "none", NULL, 0);
    enough.each_quorum = 1;
    enough.optional = true;
    graph_add(graph, enough);
    troupe_graph_report_t *report = graph_run_with(node, graph, NULL);
    const troupe_graph_ended_t *all = graph_ended(report, "all");
    cr_expect(all->state == TROUPE_GRAPH_LOST
                  || all->state == TROUPE_GRAPH_FAILED,
              "%s: %s", troupe_graph_state_name(all->state), all->why);
    cr_expect(strstr(all->why, "item [0] of 3, '1': "), "%s", all->why);
    cr_expect_eq(all->parts[1].state, TROUPE_GRAPH_CANCELLED);
    cr_expect_eq(all->parts[1].attempts, 0);
    cr_expect(strstr(graph_ended(report, "enough")->why,
                     "0 items went well, and its quorum is 1: item"),
              "%s", graph_ended(report, "enough")->why);
    cr_expect_eq(report->outcome, TROUPE_GRAPH_BROKEN);
    graph_finish(report, graph);
}

/* Each round sees what came of the one before. */
Test(graph_each, an_actor_is_asked_round_by_round)
{
    static const char body[] = "\x81\xa6result\xb1${last}<${round}>";
    troupe_graph_t *graph = graph_of("x");
    troupe_graph_task_t task = asking("round", "do", body, sizeof body - 1);
    task.each = NULL;
    task.need_count = 0;
    task.until = "${last} == \"<1><2><3>\"";
    task.rounds_max = 3;
    graph_add(graph, task);
    troupe_graph_report_t *report = graph_run_with(node, graph, NULL);
    cr_expect_eq(report->outcome, TROUPE_GRAPH_COMPLETE);
    cr_expect_str_eq(graph_result(report, "round"), "\"<1><2><3>\"");
    cr_expect_eq(graph_ended(report, "round")->part_count, 3);
    cr_expect_eq(graph_ended(report, "round")->attempts, 3);
    graph_finish(report, graph);
}

Test(graph_each, what_cannot_be_is_refused)
{
    troupe_graph_t *graph = troupe_graph_new();
    troupe_graph_task_t task = {.id = "a", .until = "${last}"};
    cr_expect_eq(troupe_graph_add(graph, &task), -EINVAL, "no bound");
    task.rounds_max = TROUPE_GRAPH_ROUNDS_MAX + 1;
    cr_expect_eq(troupe_graph_add(graph, &task), -EINVAL, "too many");
    task.until = NULL;
    task.rounds_max = 1;
    cr_expect_eq(troupe_graph_add(graph, &task), -EINVAL, "no condition");
    task.rounds_max = 0;
    task.each = "";
    cr_expect_eq(troupe_graph_add(graph, &task), -EINVAL, "no list");
    task.each = "${a}";
    cr_expect_eq(troupe_graph_add(graph, &task), 0);
    cr_expect_eq(troupe_graph_check(graph, NULL, NULL), -EINVAL,
                 "it does not need what it names");
    troupe_graph_destroy(&graph);
}
