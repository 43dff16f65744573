/* SPDX-License-Identifier: Apache-2.0 */
/* test_graph.c: graphs that cannot run, and what is said of them. */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph_world.h"

struct seen {
    size_t count;
    troupe_graph_problem_t last;
    char text[512];
};

static void
on_found(void *data, const troupe_graph_problem_t *problem)
{
    struct seen *seen = data;
    seen->count++;
    seen->last = *problem;
    snprintf(seen->text, sizeof seen->text, "%s", problem->text);
}

/* Exactly one thing is wrong, and this is what is said of it. */
static void
refused(troupe_graph_t *graph, troupe_graph_fault_t fault, const char *text)
{
    struct seen seen = {0};
    cr_expect_eq(troupe_graph_check(graph, on_found, &seen), -EINVAL);
    cr_expect_eq(seen.count, 1, "%zu problems, wanted: %s", seen.count, text);
    cr_expect_eq(seen.last.fault, fault, "fault %d: %s", (int) seen.last.fault,
                 seen.text);
    cr_expect_str_eq(seen.text, text);
    troupe_graph_destroy(&graph);
}

static void
accepted(troupe_graph_t *graph)
{
    struct seen seen = {0};
    cr_expect_eq(troupe_graph_check(graph, on_found, &seen), 0, "%s",
                 seen.text);
    troupe_graph_destroy(&graph);
}

Test(graph, an_empty_one_is_refused)
{
    refused(troupe_graph_new(), TROUPE_GRAPH_EMPTY,
            "there are no tasks; add one");
}

Test(graph, a_need_that_is_not_there_is_named)
{
    troupe_graph_t *graph = graph_of("a; b a; c bb");
    refused(graph, TROUPE_GRAPH_MISSING,
            "task 'c' needs 'bb', and there is no such task");
}

Test(graph, two_tasks_of_one_id_are_refused)
{
    refused(graph_of("a; b a; a"), TROUPE_GRAPH_DUPLICATE,
            "there are two tasks 'a'; rename one of them");
    refused(graph_of("a; b a a"), TROUPE_GRAPH_DUPLICATE,
            "task 'b' needs 'a' twice; take one of the two out");
}

Test(graph, a_cycle_is_shown_as_a_path)
{
    refused(graph_of("a a"), TROUPE_GRAPH_CYCLE,
            "task 'a' waits for itself; take that out");
    refused(graph_of("top; a c top; b a; c b; end c"), TROUPE_GRAPH_CYCLE,
            "a cycle: a -> b -> c -> a; take one of its needs out");
}

Test(graph, a_cycle_names_lines_and_is_cut_when_it_is_long)
{
    troupe_graph_t *graph = troupe_graph_new();
    for (int i = 0; i < 100; i++) {
        char id[16], need[16];
        snprintf(id, sizeof id, "t%d", i);
        snprintf(need, sizeof need, "t%d", (i + 99) % 100);
        const char *needs[] = {need};
        troupe_graph_task_t task = {.id = id,
                                    .needs = needs,
                                    .need_count = 1,
                                    .line = (uint32_t) i + 1};
        cr_assert_eq(troupe_graph_add(graph, &task), 0);
    }
    struct seen seen = {0};
    cr_assert_eq(troupe_graph_check(graph, on_found, &seen), -EINVAL);
    cr_assert_eq(seen.count, 1);
    cr_assert(strstr(seen.text, "t0 (line 1) -> t1 (line 2)"), "%s", seen.text);
    cr_assert(strstr(seen.text, "80 more -> t0 (line 1)"), "%s", seen.text);
    troupe_graph_destroy(&graph);
}

Test(graph, a_fallback_is_part_of_the_order)
{
    /* b replaces a for c; it cannot wait for c. */
    troupe_graph_t *graph = graph_of("a; b c; c a");
    graph_again(&graph, "a",
                &(troupe_graph_task_t){.id = "a", .fallback = "b"});
    struct seen seen = {0};
    cr_expect_eq(troupe_graph_check(graph, on_found, &seen), -EINVAL);
    cr_expect_eq(seen.last.fault, TROUPE_GRAPH_CYCLE);
    troupe_graph_destroy(&graph);

    graph = graph_of("a; b; c a");
    graph_again(&graph, "a",
                &(troupe_graph_task_t){.id = "a", .fallback = "b"});
    accepted(graph);
}

Test(graph, two_writers_of_one_thing_must_come_in_order)
{
    const char *out[] = {"out.txt"};
    const char *needs_b[] = {"b"};
    troupe_graph_t *graph = graph_of("top; b top");
    troupe_graph_task_t one = {.id = "one", .writes = out, .write_count = 1};
    troupe_graph_task_t two = {.id = "two",
                               .writes = out,
                               .write_count = 1,
                               .needs = needs_b,
                               .need_count = 1};
    cr_assert_eq(troupe_graph_add(graph, &one), 0);
    cr_assert_eq(troupe_graph_add(graph, &two), 0);
    struct seen seen = {0};
    cr_expect_eq(troupe_graph_check(graph, on_found, &seen), -EINVAL);
    cr_expect_eq(seen.last.fault, TROUPE_GRAPH_WRITERS);
    cr_expect(strstr(seen.text, "both write 'out.txt'"), "%s", seen.text);
    troupe_graph_destroy(&graph);

    /* In order by way of others. */
    const char *needs_one[] = {"one"};
    graph = graph_of("top");
    cr_assert_eq(troupe_graph_add(graph, &one), 0);
    troupe_graph_task_t b = {.id = "b", .needs = needs_one, .need_count = 1};
    cr_assert_eq(troupe_graph_add(graph, &b), 0);
    cr_assert_eq(troupe_graph_add(graph, &two), 0);
    accepted(graph);

    /* Who starts with the first of two needs comes after neither. */
    const char *two_needs[] = {"one", "top"};
    graph = graph_of("top");
    cr_assert_eq(troupe_graph_add(graph, &one), 0);
    two.needs = two_needs;
    two.need_count = 2;
    two.rule = TROUPE_GRAPH_ONE_SUCCESS;
    cr_assert_eq(troupe_graph_add(graph, &two), 0);
    refused(graph, TROUPE_GRAPH_WRITERS,
            "'one' and 'two' both write 'out.txt', and could do so at once; "
            "let one need the other");
}

Test(graph, what_can_never_run_is_refused)
{
    troupe_graph_t *graph = graph_of("a; b; c a b");
    graph_again(&graph, "c",
                &(troupe_graph_task_t){
                    .id = "c", .rule = TROUPE_GRAPH_QUORUM, .quorum = 3});
    refused(graph, TROUPE_GRAPH_NEVER,
            "'c' can never run: its quorum is 3 of 2 needs");
    graph = graph_of("a; oops; c a oops");
    graph_again(&graph, "a",
                &(troupe_graph_task_t){.id = "a", .on_error = "oops"});
    refused(graph, TROUPE_GRAPH_NEVER,
            "'c' can never run: it needs 'a', and 'oops', which runs only when "
            "that fails");
}

Test(graph, a_reference_must_be_of_a_need)
{
    troupe_graph_t *graph = graph_of("a; b a; c b");
    graph_value(graph, "d", "c", "see ${a.x}");
    refused(graph, TROUPE_GRAPH_REFERENCE,
            "task 'd' refers to 'a' and does not need it; add it to its needs");
    graph = graph_of("a");
    graph_value(graph, "d", "a", "see ${aa}");
    refused(graph, TROUPE_GRAPH_REFERENCE,
            "task 'd' refers to 'aa', and there is no such task");
    graph = graph_of("a");
    graph_value(graph, "d", "a", "see ${a");
    refused(graph, TROUPE_GRAPH_REFERENCE,
            "task 'd': '${a' is no reference; write ${id}, ${id.field}, "
            "${id:state} or ${id:error}, or $${ for ${");
    graph = graph_of("a");
    graph_value(graph, "d", "a", "$${a and ${a.x.0} and ${a:error} and $5");
    accepted(graph);
}

Test(graph, a_condition_must_be_one)
{
    troupe_graph_t *graph = graph_of("a; b a");
    graph_again(&graph, "b",
                &(troupe_graph_task_t){.id = "b", .when = "${a} = 3"});
    struct seen seen = {0};
    cr_expect_eq(troupe_graph_check(graph, on_found, &seen), -EINVAL);
    cr_expect_eq(seen.last.fault, TROUPE_GRAPH_REFERENCE);
    cr_expect(strstr(seen.text, "task 'b': 'when': "), "%s", seen.text);
    troupe_graph_destroy(&graph);
    graph = graph_of("a; b a");
    graph_again(&graph, "b",
                &(troupe_graph_task_t){.id = "b", .when = "not ${a.n} >= 3"});
    accepted(graph);
}

Test(graph, tasks_out_of_range_are_not_added)
{
    troupe_graph_t *graph = troupe_graph_new();
    static const char long_id[] =
        "0123456789012345678901234567890123456789012345678901234567890123"
        "0123456789012345678901234567890123456789012345678901234567890123";
    const troupe_graph_task_t bad[] = {
        {.id = NULL},
        {.id = ""},
        {.id = "a b"},
        {.id = "a.b"},
        {.id = long_id},
        {.id = "a", .work = (troupe_graph_work_t) 9},
        {.id = "a", .rule = (troupe_graph_rule_t) 9},
        {.id = "a", .work = TROUPE_GRAPH_ASK, .actor = "x"},
        {.id = "a", .work = TROUPE_GRAPH_ASK, .type = "x"},
        {.id = "a", .work = TROUPE_GRAPH_COMMAND},
        {.id = "a", .need_count = 1},
        {.id = "a", .fallback = "b c"},
        {.id = "a", .when = ""},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_expect_eq(troupe_graph_add(graph, &bad[i]), -EINVAL, "%zu", i);
    troupe_graph_task_t half = {.id = "a", .body = "\x92\x01", .body_size = 2};
    cr_expect_eq(troupe_graph_add(graph, &half), -EBADMSG);
    cr_expect_eq(troupe_graph_count(graph), 0);
    for (int i = 0; i < TROUPE_GRAPH_TASKS_MAX; i++) {
        char id[16];
        snprintf(id, sizeof id, "t%d", i);
        cr_assert_eq(troupe_graph_add(graph, &(troupe_graph_task_t){.id = id}),
                     0);
    }
    cr_expect_eq(troupe_graph_add(graph, &(troupe_graph_task_t){.id = "x"}),
                 -ENOSPC);
    troupe_graph_destroy(&graph);
}

/* A diamond: a, then b (long) and c, then d. */
Test(graph, a_plan_has_the_critical_path_and_the_bounds)
{
    troupe_graph_t *graph = graph_of("a; b a; c a; d b c");
    static const uint32_t takes[] = {100, 500, 200, 50};
    static const char *const ids[] = {"a", "b", "c", "d"};
    for (size_t i = 0; i < 4; i++)
        graph_again(&graph, ids[i],
                    &(troupe_graph_task_t){.id = ids[i], .takes_ms = takes[i]});
    troupe_graph_plan_t *plan = NULL;
    cr_assert_eq(troupe_graph_plan(graph, 2, &plan), 0);
    cr_expect_eq(plan->work_ms, 850);
    cr_expect_eq(plan->span_ms, 650);
    cr_expect_eq(plan->wall_ms, 650);
    cr_expect_eq(plan->path_count, 3);
    cr_expect_eq(plan->path[1], 1);
    cr_expect_eq(plan->rank_ms[0], 650);
    cr_expect_eq(plan->rank_ms[2], 250);
    cr_expect_eq(plan->start_ms[3], 600);
    cr_expect_not(plan->is_guess);
    troupe_graph_plan_destroy(&plan);
    cr_assert_eq(troupe_graph_plan(graph, 1, &plan), 0);
    cr_expect_eq(plan->wall_ms, 850);
    cr_expect_eq(plan->order[1], 1, "the longest way comes first");
    troupe_graph_plan_destroy(&plan);
    troupe_graph_destroy(&graph);
    graph = graph_of("a b; b a");
    cr_expect_eq(troupe_graph_plan(graph, 1, &plan), -EINVAL);
    troupe_graph_destroy(&graph);
}
