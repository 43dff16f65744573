/* SPDX-License-Identifier: Apache-2.0 */
/* b16_graph: graphs of 10,000 tasks that do nothing, with random needs. */
#include <errno.h>
#include <stdio.h>

#include "troupe_graph_run.h"

#include "bench/common.h"

enum { TASKS = 10000, NEEDS = 3, GRAPHS = 10, PARALLEL = 64, WIDTH = 1000 };

/* Task i needs up to three of those before it: x = (x * 75 + 74) mod 65537, and
 * x mod i is one, unless it was that already. */
static int
make_random(troupe_graph_t **ret_graph)
{
    static char ids[TASKS][16];
    uint32_t x = 1;
    int rc = 0;
    *ret_graph = troupe_graph_new();
    for (uint32_t i = 0; i < TASKS && rc == 0; i++) {
        const char *needs[NEEDS];
        troupe_graph_task_t task = {.id = ids[i], .needs = needs};
        (void) snprintf(ids[i], sizeof ids[i], "t%u", i);
        for (uint32_t k = 0; k < NEEDS && i > 0; k++) {
            x = (x * 75 + 74) % 65537;
            bool is_new = true;
            for (size_t j = 0; j < task.need_count; j++)
                is_new &= needs[j] != ids[x % i];
            if (is_new)
                needs[task.need_count++] = ids[x % i];
        }
        rc = troupe_graph_add(*ret_graph, &task);
    }
    return rc;
}

/* One task, then WIDTH at once, then one that needs them all. */
static int
make_fan_out(troupe_graph_t **ret_graph)
{
    static char ids[WIDTH + 2][16];
    static const char *all[WIDTH];
    const char *first = ids[0];
    int rc = 0;
    *ret_graph = troupe_graph_new();
    for (uint32_t i = 0; i < WIDTH + 2 && rc == 0; i++) {
        troupe_graph_task_t task = {.id = ids[i]};
        (void) snprintf(ids[i], sizeof ids[i], "t%u", i);
        if (i > WIDTH) {
            task.needs = all;
            task.need_count = WIDTH;
        } else if (i > 0) {
            task.needs = &first;
            task.need_count = 1;
            all[i - 1] = ids[i];
        }
        rc = troupe_graph_add(*ret_graph, &task);
    }
    return rc;
}

static int
run_once(troupe_t *node, troupe_graph_t *graph, uint32_t parallel,
         uint32_t tasks)
{
    troupe_graph_report_t *report = NULL;
    troupe_graph_options_t options = troupe_graph_options_default();
    options.parallel = parallel;
    int rc = troupe_graph_run(node, graph, &options, &report);
    if (rc == 0 && report->states[TROUPE_GRAPH_OK] != tasks)
        rc = -EPROTO;
    troupe_graph_report_destroy(&report);
    return rc;
}

/* Each run has its own actors, and reads its graph anew. */
static int
run_all(int (*make)(troupe_graph_t **ret_graph), uint32_t tasks,
        uint32_t parallel, int graphs)
{
    troupe_t *node = NULL;
    troupe_graph_t *graph = NULL;
    int rc = bench_node(0, &node);
    if (rc == 0)
        rc = make(&graph);
    double began = bench_now();
    for (int i = 0; i < graphs && rc == 0; i++)
        rc = run_once(node, graph, parallel, tasks);
    double seconds = bench_now() - began;
    int64_t count = (int64_t) graphs * tasks;
    if (rc == 0)
        bench_result(NULL, seconds / (double) count * 1e6, "us/task", count);
    troupe_graph_destroy(&graph);
    troupe_destroy(&node);
    return rc;
}

static int
run(bool quick)
{
    return run_all(make_random, TASKS, PARALLEL, quick ? 1 : GRAPHS);
}

/* One at a time: each task waits for the answer of the one before. */
static int
run_one_by_one(bool quick)
{
    return run_all(make_random, TASKS, 1, quick ? 1 : GRAPHS);
}

static int
run_fan_out(bool quick)
{
    return run_all(make_fan_out, WIDTH + 2, PARALLEL,
                   quick ? GRAPHS : 10 * GRAPHS);
}

/* A million tasks: the peak is what it is after the first graph. */
static int
run_million(bool quick)
{
    return run_all(make_random, TASKS, PARALLEL, quick ? GRAPHS : 10 * GRAPHS);
}

int
main(int argc, char **argv)
{
    static const struct bench_variant variants[] = {
        {"default", run},
        {"fan-out", run_fan_out},
        {"one-by-one", run_one_by_one},
        {"million", run_million},
        {NULL, NULL}};
    return bench_main(argc, argv, "B16", variants);
}
