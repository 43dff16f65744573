/* SPDX-License-Identifier: Apache-2.0 */
/* test_map.c: many tasks at once: one result each, order, bounds. */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "map_tasks.h"
#include "scratch_dir.h"
#include "troupe_thread.h"

#define WAIT_MS 60000

TestSuite(map, .init = map_begin, .fini = map_end, .timeout = 120);

Test(map, each_task_has_one_result)
{
    struct tasks tasks = tasks_of("doubler", 20000);
    troupe_map_options_t options = {.jobs = 16};
    troupe_map_summary_t summary = map_run(&tasks, &options);
    cr_assert_eq(summary.ok, 20000);
    cr_assert_eq(atomic_load(&calls), 20000);
    cr_assert_leq(summary.peak, 16);
    tasks_free(&tasks);
}

Test(map, nothing_to_do_is_no_error)
{
    struct tasks tasks = tasks_of("doubler", 0);
    troupe_map_options_t options = {0};
    troupe_map_summary_t summary = map_run(&tasks, &options);
    cr_assert_eq(summary.tasks, 0);
    tasks_free(&tasks);
}

Test(map, results_come_in_order_when_asked_for)
{
    struct tasks tasks = tasks_of("slow_doubler", 500);
    troupe_map_options_t options = {.jobs = 20, .ordered = true};
    map_run(&tasks, &options);
    cr_assert(tasks.in_order);
    tasks_free(&tasks);
}

/* In each way of running, with tasks that take their time. */
static void
check_bound(troupe_map_mode_t mode, uint32_t jobs)
{
    struct tasks tasks = tasks_of("slow_doubler", 200);
    troupe_map_options_t options = {.jobs = jobs, .mode = mode};
    atomic_store(&most_busy, 0);
    troupe_map_summary_t summary = map_run(&tasks, &options);
    cr_assert_eq(summary.ok, 200);
    cr_assert_leq(atomic_load(&most_busy), (int) jobs);
    cr_assert_eq(atomic_load(&busy), 0);
    tasks_free(&tasks);
}

Test(map, no_more_run_at_once_than_allowed_on_workers)
{
    check_bound(TROUPE_MAP_ASYNC, 1);
    check_bound(TROUPE_MAP_ASYNC, 7);
}

Test(map, no_more_run_at_once_than_allowed_on_threads)
{
    check_bound(TROUPE_MAP_THREAD, 3);
}

Test(map, no_more_run_at_once_than_allowed_as_processes)
{
    struct scratch_dir dir;
    char text[512];
    scratch_dir_make(&dir);
    snprintf(text, sizeof text,
             "cd %s; : > in.$$; [ $(ls in.* | wc -l) -le 3 ] || exit 1; "
             "sleep 0.01; rm in.$$ # %%u",
             dir.path);
    struct tasks tasks = tasks_of(NULL, 30);
    tasks.text = text;
    troupe_map_options_t options = {.jobs = 3};
    troupe_map_summary_t summary = map_run(&tasks, &options);
    cr_assert_eq(summary.ok, 30);
    cr_assert_leq(summary.peak, 3);
    scratch_dir_remove(&dir);
    tasks_free(&tasks);
}

Test(map, a_failure_is_a_result_and_ends_no_other)
{
    struct tasks tasks = tasks_of("moody", 40);
    troupe_map_options_t options = {.jobs = 4, .timeout_ms = 200};
    troupe_map_summary_t summary = map_run(&tasks, &options);
    cr_assert_eq(summary.ok, 9); /* 2, 10, 14, ... 38 */
    cr_assert_eq(summary.timeout, 1);
    cr_assert_eq(summary.failed + summary.lost, 30);
    cr_assert_str_eq(tasks.states[6], "timeout");
    cr_assert_str_eq(tasks.states[4], "failed");
    cr_assert_str_eq(tasks.states[10], "ok");
    tasks_free(&tasks);
}

/* Tasks cost next to nothing, so that each pool has many, until one blocks. */
Test(map, a_pool_without_work_takes_from_another)
{
    uint64_t stolen = 0; /* it takes a moment in which one pool has none */
    for (int i = 0; i < 20 && stolen == 0; i++) {
        struct tasks tasks = tasks_of("sleeper", 1500);
        troupe_map_options_t options = {.jobs = 2, .mode = TROUPE_MAP_THREAD};
        troupe_map_summary_t summary = map_run(&tasks, &options);
        cr_assert_eq(summary.ok, 1500);
        stolen = summary.stolen;
        tasks_free(&tasks);
    }
    cr_assert_gt(stolen, 0);
}

static long
resident_pages(void)
{
    long all = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    cr_assert_not_null(file);
    cr_assert_eq(fscanf(file, "%ld %ld", &all, &resident), 2);
    fclose(file);
    return resident;
}

/* Also where the results must wait for the slowest one. */
Test(map, memory_does_not_grow_with_the_tasks)
{
#ifdef TROUPE_SLOW_BUILD
    enum { FEW = 2000, MANY = 10000 };
#else
    enum { FEW = 20000, MANY = 100000 };
#endif
    long pages[2];
    for (int i = 0; i < 2; i++) {
        struct tasks tasks = tasks_of("doubler", i == 0 ? FEW : MANY);
        troupe_map_options_t options = {.jobs = 64, .ordered = i > 0};
        long before = resident_pages();
        map_run(&tasks, &options);
        pages[i] = resident_pages() - before;
        tasks_free(&tasks);
    }
    /* What our own books take: 13 bytes for each. */
    cr_assert_lt(pages[1], pages[0] + 2048, "%ld after %ld", pages[1],
                 pages[0]);
}

static int
fail_third(void *data, const troupe_map_result_t *result)
{
    uint32_t *taken = data;
    (void) result;
    return ++*taken == 3 ? -EIO : 0;
}

static int
give_some(void *data, troupe_map_task_t *ret_task)
{
    (void) data;
    ret_task->how = TROUPE_MAP_FN;
    ret_task->target = "doubler";
    ret_task->body = "\x01";
    ret_task->body_size = 1;
    return 1;
}

Test(map, an_error_of_the_caller_ends_the_run)
{
    uint32_t taken = 0;
    troupe_map_options_t options = {0};
    troupe_map_calls_t it = {.next = give_some,
                             .result = fail_third,
                             .input_fd = -1,
                             .data = &taken};
    cr_assert_eq(troupe_map_run(node, &options, &it, NULL), -EIO);
    cr_assert_eq(taken, 3);
}

Test(map, an_actor_can_ask_for_a_list)
{
    troupe_ref_t map;
    troupe_message_t *reply = NULL;
    const char *key = "";
    const char *states[2] = {"", ""};
    uint64_t numbers[2] = {9, 9}, value = 0;
    cr_assert_eq(troupe_node_spawn(node, &troupe_map, NULL, &map, "{s:U, s:s}",
                                   "jobs", UINT64_C(3), "mode", "thread"),
                 0);
    cr_assert_eq(troupe_node_ask(node, map, "map", WAIT_MS, &reply,
                                 "{s:[[ssns], [ssnUiis]]}", "tasks", "fn",
                                 "doubler", "no number", "fn", "doubler",
                                 UINT64_C(21), 0, 0, "key"),
                 0, "%s", troupe_node_ask_words());
    cr_assert_eq(troupe_unpack(reply, "{s:[[Uns], [UssU]]}", "results",
                               &numbers[0], &states[0], &numbers[1], &key,
                               &states[1], &value),
                 0);
    cr_assert_eq(numbers[0], 0);
    cr_assert_str_eq(states[0], "failed");
    cr_assert_eq(numbers[1], 1);
    cr_assert_str_eq(states[1], "ok");
    cr_assert_str_eq(key, "key");
    cr_assert_eq(value, 42);
    troupe_message_destroy(&reply);
}

Test(map, an_actor_of_a_name_can_be_asked)
{
    troupe_ref_t map;
    troupe_message_t *reply = NULL;
    const char *states[2] = {"", ""};
    uint64_t value = 0;
    troupe_spawn_options_t options = {.name = "dub"};
    cr_assert_eq(troupe_node_spawn(node, &doubler, &options, NULL, NULL), 0);
    cr_assert_eq(troupe_node_spawn(node, &troupe_map, NULL, &map, NULL), 0);
    cr_assert_eq(troupe_node_ask(node, map, "map", WAIT_MS, &reply,
                                 "{s:[[sssi], [ssni]]}", "tasks", "ask", "dub",
                                 "call", 4, "ask", "nobody", 4),
                 0);
    cr_assert_eq(troupe_unpack(reply, "{s:[[insU], [ins]]}", "results",
                               &(int){0}, &states[0], &value, &(int){0},
                               &states[1]),
                 0);
    cr_assert_str_eq(states[0], "ok");
    cr_assert_eq(value, 8);
    cr_assert_str_eq(states[1], "failed");
    troupe_message_destroy(&reply);
}

Test(map, a_body_that_is_none_is_refused)
{
    troupe_ref_t map;
    cr_assert_eq(troupe_node_spawn(node, &troupe_map, NULL, &map, NULL), 0);
    cr_assert_eq(troupe_node_ask(node, map, "map", WAIT_MS, NULL, "{s:[[s]]}",
                                 "tasks", "fn"),
                 -EBADMSG);
    cr_assert_eq(
        troupe_node_ask(node, map, "put", WAIT_MS, NULL, "{s:[i]}", "tasks", 7),
        -EBADMSG);
    cr_assert_eq(troupe_node_ask(node, map, "map", WAIT_MS, NULL,
                                 "{s:[[ssnn]]}", "tasks", "sing", "doubler"),
                 -EBADMSG);
    cr_assert_eq(troupe_node_ask(node, map, "put", WAIT_MS, NULL, "{s:[], s:b}",
                                 "tasks", "last", 1),
                 0);
    cr_assert_eq(
        troupe_node_ask(node, map, "put", WAIT_MS, NULL, "{s:[]}", "tasks"),
        -EALREADY);
}
