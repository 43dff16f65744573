/* SPDX-License-Identifier: Apache-2.0 */
/* test_graph_ends.c: when tasks start, and how runs end. */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "troupe_thread.h"

#include "graph_world.h"

#define WAIT_MS 20000

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

TestSuite(graph_ends, .init = begin, .fini = end, .timeout = 60);

/* --- when -------------------------------------------------------------------*/

/* "slow" is freed by the last task of the other branch: were there batches, it
 * would never come to that. */
Test(graph_ends, nobody_waits_for_a_sibling)
{
    troupe_graph_t *graph = troupe_graph_new();
    graph_add(graph, graph_doing("slow", NULL, true, 0));
    graph_add(graph, graph_doing("b1", NULL, false, 0));
    graph_add(graph, graph_doing("b2", "b1", false, 0));
    graph_add(graph, (troupe_graph_task_t){.id = "b3",
                                           .work = TROUPE_GRAPH_ASK,
                                           .actor = "helper",
                                           .type = "free",
                                           .needs = (const char *[]){"b2"},
                                           .need_count = 1});
    graph_add(graph, graph_doing("end", "slow", false, 0));
    troupe_graph_options_t options = troupe_graph_options_default();
    options.parallel = 2;
    troupe_graph_report_t *report = graph_run_with(node, graph, &options);
    cr_expect_eq(report->outcome, TROUPE_GRAPH_COMPLETE);
    cr_expect_str_eq(graph_result(report, "slow"), "\"freed\"");
    graph_finish(report, graph);
}

/* One that holds all it gets until it has as many as may be at once. */
struct counter {
    troupe_token_t held[16];
    size_t held_count, bound, most;
};

static int
counter_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx;
    struct counter *self = state;
    uint64_t bound = 0;
    int rc = troupe_unpack(msg, "U", &bound);
    self->bound = bound;
    return rc;
}

static int
counter_let_go(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    struct counter *self = state;
    for (size_t i = 0; i < self->held_count; i++)
        if (troupe_reply_to(ctx, &self->held[i], NULL) < 0)
            return -EPROTO;
    self->held_count = 0;
    return 0;
}

static int
counter_count(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    struct counter *self = state;
    int rc = troupe_defer(ctx, &self->held[self->held_count++]);
    if (self->held_count > self->most)
        self->most = self->held_count;
    /* A while after it is full: more would have come by then. */
    if (rc == 0 && self->held_count == self->bound)
        rc = troupe_timer_set(ctx, "let go", 2, 0);
    return rc;
}

static int
counter_most(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    struct counter *self = state;
    return troupe_reply(ctx, "I", (int64_t) self->most);
}

TROUPE_KIND(graph_test_counter, struct counter, TROUPE_ON_START(counter_start),
            TROUPE_ON("count", counter_count),
            TROUPE_ON("let go", counter_let_go),
            TROUPE_ON("most", counter_most));

Test(graph_ends, never_more_at_once_than_the_bound)
{
    troupe_graph_t *graph = troupe_graph_new();
    troupe_ref_t ref = TROUPE_NOBODY;
    troupe_spawn_options_t named = {.name = "counter"};
    cr_assert_eq(troupe_node_spawn(node, &graph_test_counter, &named, &ref, "U",
                                   (uint64_t) 3),
                 0);
    for (int i = 0; i < 12; i++) {
        char id[16];
        snprintf(id, sizeof id, "t%d", i);
        graph_add(graph, (troupe_graph_task_t){.id = id,
                                               .work = TROUPE_GRAPH_ASK,
                                               .actor = "counter",
                                               .type = "count"});
    }
    troupe_graph_options_t options = troupe_graph_options_default();
    options.parallel = 3;
    troupe_graph_report_t *report = graph_run_with(node, graph, &options);
    troupe_message_t *reply = NULL;
    int64_t most = 0;
    cr_assert_eq(troupe_node_ask(node, ref, "most", WAIT_MS, &reply, NULL), 0);
    cr_assert_eq(troupe_unpack(reply, "I", &most), 0);
    troupe_message_destroy(&reply);
    cr_expect_eq(report->outcome, TROUPE_GRAPH_COMPLETE);
    cr_expect_eq(most, 3);
    cr_expect_eq(report->parallel_most, 3);
    cr_expect_eq(report->parallel, 3);
    graph_finish(report, graph);
}

Test(graph_ends, a_report_has_what_was_measured)
{
    troupe_graph_t *graph = troupe_graph_new();
    troupe_graph_task_t task = graph_doing("a", NULL, true, 0);
    task.timeout_ms = 30;
    task.optional = true;
    graph_add(graph, task);
    task = graph_doing("b", "a", true, 0);
    task.timeout_ms = 20;
    task.optional = true;
    graph_add(graph, task);
    graph_add(graph, graph_doing("c", NULL, false, 0));
    troupe_graph_report_t *report = graph_run_with(node, graph, NULL);
    const troupe_graph_ended_t *a = graph_ended(report, "a");
    const troupe_graph_ended_t *b = graph_ended(report, "b");
    cr_expect_geq(a->spent_ns, 29000000u);
    cr_expect_geq(b->started_ns, a->ended_ns);
    cr_expect_geq(report->path_count, 2);
    cr_expect_eq(report->path[0], 0);
    cr_expect_eq(report->path[1], 1);
    cr_expect_geq(report->wall_ns, report->span_ns);
    cr_expect_geq(report->work_ns, report->span_ns);
    cr_expect_gt(report->speedup, 0.0);
    graph_finish(report, graph);
}

/* --- ends -------------------------------------------------------------------*/

Test(graph_ends, at_the_deadline_what_is_finished_is_reported)
{
    troupe_graph_t *graph = graph_of("a");
    graph_add(graph, graph_doing("hangs", NULL, true, 0));
    graph_add(graph, graph_doing("after", "hangs", false, 0));
    troupe_graph_options_t options = troupe_graph_options_default();
    options.deadline_ms = 50;
    troupe_graph_report_t *report = graph_run_with(node, graph, &options);
    cr_expect_eq(report->outcome, TROUPE_GRAPH_OVERDUE);
    graph_expect(report, "a", TROUPE_GRAPH_OK, "");
    graph_expect(report, "hangs", TROUPE_GRAPH_CANCELLED,
                 "the deadline passed");
    graph_expect(report, "after", TROUPE_GRAPH_CANCELLED,
                 "the deadline passed");
    graph_finish(report, graph);
}

Test(graph_ends, after_a_failure_a_run_can_end_fast)
{
    troupe_graph_t *graph = troupe_graph_new();
    troupe_graph_task_t task = graph_doing("bad", NULL, false, 99);
    task.on_error = "alarm";
    graph_add(graph, task);
    graph_value(graph, "alarm", NULL, "${bad:error}");
    graph_add(graph, graph_doing("next", NULL, false, 0));
    graph_add(graph, graph_doing("last", "next", false, 0));
    troupe_graph_options_t options = troupe_graph_options_default();
    options.fail_fast = true;
    options.parallel = 1;
    troupe_graph_report_t *report = graph_run_with(node, graph, &options);
    cr_expect_eq(report->outcome, TROUPE_GRAPH_BROKEN);
    graph_expect(report, "last", TROUPE_GRAPH_CANCELLED, "'bad' failed");
    cr_expect_str_eq(graph_result(report, "alarm"), "\"failure 1\"");
    graph_finish(report, graph);
}

/* The first byte: "hangs" may end, "after" does not begin; the second one ends
 * it at once. */
Test(graph_ends, an_interrupt_drains_and_a_second_one_ends_it)
{
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    troupe_graph_t *graph = troupe_graph_new();
    graph_add(graph, graph_doing("hangs", NULL, true, 0));
    graph_add(graph, graph_doing("after", "hangs", false, 0));
    troupe_graph_options_t options = troupe_graph_options_default();
    options.interrupt_fd = ends[0];
    cr_assert_eq(write(ends[1], "!!", 2), 2);
    troupe_graph_report_t *report = graph_run_with(node, graph, &options);
    cr_expect_eq(report->outcome, TROUPE_GRAPH_INTERRUPTED);
    graph_expect(report, "hangs", TROUPE_GRAPH_CANCELLED, "it was interrupted");
    graph_expect(report, "after", TROUPE_GRAPH_CANCELLED, "it was interrupted");
    graph_finish(report, graph);
    close(ends[0]);
    close(ends[1]);
}

Test(graph_ends, a_graph_that_cannot_run_is_refused)
{
    troupe_graph_report_t *report = NULL;
    troupe_graph_t *graph = graph_of("a b; b a");
    cr_expect_eq(troupe_graph_run(node, graph, NULL, &report), -EINVAL);
    cr_expect_null(report);
    troupe_graph_destroy(&graph);
}
