/* SPDX-License-Identifier: Apache-2.0 */
/*
 * task_graph.c: tasks that need each other. Two shops are asked for a price at
 * once; one of them fails, and its fallback takes its place; the sum waits for
 * both, and the offer for the sum.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include <troupe.h>
#include <troupe_graph_run.h>

/* A shop that knows the price of tea alone. */
static int
on_price(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state;
    const char *of = NULL;
    int rc = troupe_unpack(msg, "{s:s}", "of", &of);
    if (rc < 0)
        return troupe_reply_error(ctx, rc, "price wants 'of'");
    if (of[0] != 't')
        return troupe_reply_error(ctx, -ENODATA, "there is no %s", of);
    return troupe_reply(ctx, "{s:i}", "euros", 4);
}

TROUPE_KIND(shop, char, TROUPE_ON("price", on_price));

static int
on_sum(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state;
    int one = 0, other = 0;
    int rc = troupe_unpack(msg, "[i,i]", &one, &other);
    if (rc < 0)
        return troupe_reply_error(ctx, rc, "sum wants two numbers");
    return troupe_reply(ctx, "i", one + other);
}

TROUPE_KIND(adder, char, TROUPE_ON("sum", on_sum));

/* Bodies are msgpack; these were written with {"of": "tea"} and the like. */
#define BODY(bytes) .body = (bytes), .body_size = sizeof(bytes) - 1

static int
make(troupe_graph_t *graph)
{
    static const char *const prices[] = {"tea", "cake"};
    static const char *const sum[] = {"sum"};
    const troupe_graph_task_t tasks[] = {
        {.id = "tea",
         .work = TROUPE_GRAPH_ASK,
         .actor = "shop",
         .type = "price",
         BODY("\x81\xa2of\xa3tea")},
        {.id = "cake",
         .work = TROUPE_GRAPH_ASK,
         .actor = "shop",
         .type = "price",
         BODY("\x81\xa2of\xa4"
              "cake"),
         .fallback = "bread"},
        {.id = "bread",
         .work = TROUPE_GRAPH_VALUE,
         BODY("\x81\xa5"
              "euros\x02")},
        {.id = "sum",
         .work = TROUPE_GRAPH_ASK,
         .actor = "adder",
         .type = "sum",
         BODY("\x92\xac${tea.euros}\xad${cake.euros}"),
         .needs = prices,
         .need_count = 2},
        {.id = "offer",
         .work = TROUPE_GRAPH_VALUE,
         BODY("\xac${sum} euros"),
         .needs = sum,
         .need_count = 1},
    };
    int rc = 0;
    for (size_t i = 0; i < sizeof tasks / sizeof *tasks && rc == 0; i++)
        rc = troupe_graph_add(graph, &tasks[i]);
    return rc;
}

static void
on_problem(void *data, const troupe_graph_problem_t *problem)
{
    (void) data;
    fprintf(stderr, "task_graph: %s\n", problem->text);
}

static void
print(const troupe_graph_report_t *report)
{
    printf("%s, after %" PRIu64 " us\n",
           troupe_graph_outcome_name(report->outcome), report->wall_ns / 1000);
    for (size_t i = 0; i < report->count; i++) {
        const troupe_graph_ended_t *task = &report->tasks[i];
        printf("  %-6s %-6s %s%s\n", task->id,
               troupe_graph_state_name(task->state), task->why,
               task->recovered ? " (and its fallback took its place)" : "");
    }
}

static int
run(troupe_t *node, troupe_graph_t *graph, troupe_graph_report_t **ret_report)
{
    troupe_spawn_options_t named = {.name = "shop"};
    int rc = troupe_node_spawn(node, &shop, &named, NULL, NULL);
    named.name = "adder";
    if (rc == 0)
        rc = troupe_node_spawn(node, &adder, &named, NULL, NULL);
    if (rc == 0)
        rc = make(graph);
    if (rc == 0)
        rc = troupe_graph_check(graph, on_problem, NULL);
    if (rc == 0)
        rc = troupe_graph_run(node, graph, NULL, ret_report);
    return rc;
}

int
main(void)
{
    troupe_t *node = NULL;
    troupe_graph_t *graph = troupe_graph_new();
    troupe_graph_report_t *report = NULL;
    int rc = troupe_new(NULL, &node);
    if (rc == 0)
        rc = run(node, graph, &report);
    if (rc == 0)
        print(report);
    else
        fprintf(stderr, "task_graph: %s\n", troupe_strerror(rc));
    /* Cake failed, bread was there: 4 + 2. The offer is a msgpack text. */
    bool shown = report && report->outcome == TROUPE_GRAPH_DEGRADED
                 && report->tasks[4].result_size == 8;
    if (shown)
        printf("%.7s\n", (const char *) report->tasks[4].result + 1);
    troupe_graph_report_destroy(&report);
    troupe_graph_destroy(&graph);
    return troupe_destroy(&node) == 0 && shown ? 0 : 1;
}
