/* SPDX-License-Identifier: Apache-2.0 */
/* test_map_ends.c: how a map ends: retries, halts, deadlines, resumes. */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "map_tasks.h"
#include "scratch_dir.h"

TestSuite(map_ends, .init = map_begin, .fini = map_end, .timeout = 120);

Test(map_ends, what_failed_is_tried_again)
{
    struct tasks tasks = tasks_of("moody", 4);
    troupe_map_options_t options = {.jobs = 1, .retries = 2, .backoff_ms = 1};
    troupe_map_summary_t summary = map_run(&tasks, &options);
    cr_assert_eq(summary.ok, 1);
    cr_assert_eq(summary.retried, 6);
    cr_assert_eq(atomic_load(&calls), 10);
    tasks_free(&tasks);
}

/* The hundredth blocks for longer than it may; the next one is not to wait. */
Test(map_ends, who_took_too_long_gets_no_other_task)
{
    struct tasks tasks = tasks_of("sleeper", 102);
    troupe_map_options_t options = {
        .jobs = 1, .mode = TROUPE_MAP_THREAD, .timeout_ms = 400};
    troupe_map_summary_t summary = map_run(&tasks, &options);
    cr_assert_eq(summary.timeout, 1);
    cr_assert_eq(summary.ok, 101);
    tasks_free(&tasks);
}

Test(map_ends, an_unknown_function_fails_its_tasks)
{
    struct tasks tasks = tasks_of("no_such_kind", 3);
    troupe_map_options_t options = {0};
    troupe_map_summary_t summary = map_run(&tasks, &options);
    cr_assert_eq(summary.failed, 3);
    cr_assert_not_null(strstr(tasks.words, "no function 'no_such_kind'"));
    tasks_free(&tasks);
}

static _Atomic int starts;

static int
start_as_few(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    return atomic_fetch_sub(&starts, 1) > 0
               ? 0
               : troupe_fail(ctx, -EIO, "there are no more starts");
}

static int
break_down(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    return troupe_fail(ctx, -EIO, "it broke");
}

TROUPE_KIND(mayfly, char, TROUPE_ON_START(start_as_few),
            TROUPE_ON("call", break_down));

/* At the first start, or when one broke and is to come back for the next task,
 * which waits for it: no task may wait for ever. */
static void
run_mayflies(int lives, troupe_map_mode_t mode)
{
    atomic_store(&starts, lives);
    struct tasks tasks = tasks_of("mayfly", 30);
    troupe_map_options_t options = {.jobs = 2, .mode = mode};
    troupe_map_summary_t summary = map_run(&tasks, &options);
    cr_assert_eq(summary.ok, 0);
    cr_assert_eq(summary.failed + summary.lost, 30);
    cr_assert(strstr(tasks.words, "no more starts")
                  || strstr(tasks.words, "it broke"),
              "%s", tasks.words);
    tasks_free(&tasks);
}

Test(map_ends, a_function_that_does_not_start_fails_its_tasks)
{
    cr_assert_eq(troupe_kind_register(node, &mayfly), 0);
    for (int lives = 0; lives < 5; lives++) {
        run_mayflies(lives, TROUPE_MAP_ASYNC);
        run_mayflies(lives, TROUPE_MAP_THREAD);
    }
}

Test(map_ends, a_halt_begins_no_more)
{
    struct tasks tasks = tasks_of("moody", 100000);
    troupe_map_options_t options = {
        .jobs = 2,
        .timeout_ms = 200,
        .halt = {TROUPE_MAP_HALT_FAIL, false, 3, 0}};
    troupe_map_summary_t summary = map_run(&tasks, &options);
    cr_assert(summary.halted);
    cr_assert_geq(summary.failed + summary.lost, 3);
    cr_assert_lt(tasks.given, 100000);
    cr_assert_gt(summary.skipped, 0);
    tasks_free(&tasks);
}

Test(map_ends, the_first_success_ends_what_runs)
{
    struct tasks tasks = tasks_of(NULL, 6);
    tasks.text = "[ %u = 4 ] || exec sleep 1000";
    troupe_map_options_t options = {
        .jobs = 6, .halt = {TROUPE_MAP_HALT_SUCCESS, true, 1, 0}};
    troupe_map_summary_t summary = map_run(&tasks, &options);
    cr_assert_eq(summary.ok, 1);
    cr_assert_eq(summary.cancelled, 5);
    tasks_free(&tasks);
}

Test(map_ends, a_share_of_failures_halts_from_the_tenth_end_on)
{
    struct tasks tasks = tasks_of("moody", 100000);
    troupe_map_options_t options = {
        .jobs = 1,
        .halt = {TROUPE_MAP_HALT_FAIL, false, 0, 50},
        .timeout_ms = 100};
    troupe_map_summary_t summary = map_run(&tasks, &options);
    cr_assert_geq(summary.ok + summary.failed + summary.lost + summary.timeout,
                  10);
    cr_assert_lt(tasks.given, 100000);
    tasks_free(&tasks);
}

Test(map_ends, the_deadline_ends_with_what_there_is)
{
    struct tasks tasks = tasks_of(NULL, 4);
    tasks.text = "[ %u = 0 ] || exec sleep 1000";
    troupe_map_options_t options = {.jobs = 2, .deadline_ms = 500};
    troupe_map_summary_t summary = map_run(&tasks, &options);
    cr_assert(summary.deadline_passed);
    cr_assert_eq(summary.ok, 1);
    cr_assert_eq(summary.ok + summary.cancelled + summary.skipped, 4);
    tasks_free(&tasks);
}

Test(map_ends, a_timeout_can_be_a_share_of_the_median)
{
    struct tasks tasks = tasks_of(NULL, 8);
    tasks.text = "[ %u != 7 ] || exec sleep 1000";
    troupe_map_options_t options = {.jobs = 1, .timeout_percent = 10000};
    troupe_map_summary_t summary = map_run(&tasks, &options);
    cr_assert_eq(summary.ok, 7);
    cr_assert_eq(summary.timeout, 1);
    tasks_free(&tasks);
}

/* What was begun before there was a median has that timeout, too. */
Test(map_ends, a_share_of_the_median_ends_what_began_before_it)
{
    struct tasks tasks = tasks_of(NULL, 8);
    tasks.text = "[ %u != 0 ] || exec sleep 1000";
    troupe_map_options_t options = {.jobs = 8, .timeout_percent = 10000};
    troupe_map_summary_t summary = map_run(&tasks, &options);
    cr_assert_eq(summary.ok, 7);
    cr_assert_eq(summary.timeout, 1);
    cr_assert_not_null(strstr(tasks.words, "it took longer than"));
    tasks_free(&tasks);
    tasks = tasks_of("moody", 8); /* 6 is never answered */
    summary = map_run(&tasks, &options);
    cr_assert_eq(summary.timeout, 1);
    tasks_free(&tasks);
}

Test(map_ends, a_resumed_run_repeats_nothing_that_was_done)
{
    struct scratch_dir dir;
    scratch_dir_make(&dir);
    const char *path = scratch_dir_path(&dir, "journal.db");
    struct tasks first = tasks_of("moody", 11);
    first.has_keys = true;
    troupe_map_options_t options = {
        .jobs = 2, .timeout_ms = 200, .journal = path};
    troupe_map_summary_t summary = map_run(&first, &options);
    cr_assert_eq(summary.ok, 2);
    cr_assert_eq(atomic_load(&calls), 11);

    struct tasks second = tasks_of("moody", 20);
    second.has_keys = true;
    options.resume = true;
    options.ordered = true;
    summary = map_run(&second, &options);
    cr_assert_eq(summary.resumed, 11);
    cr_assert_eq(summary.ok, 4);
    cr_assert_eq(atomic_load(&calls), 20);
    cr_assert(second.in_order);
    cr_assert_str_eq(second.states[3], "failed");

    struct tasks third = tasks_of("moody", 20);
    third.has_keys = true;
    options.resume_failed = true;
    summary = map_run(&third, &options);
    cr_assert_eq(summary.resumed, 4);
    cr_assert_eq(atomic_load(&calls), 36);
    tasks_free(&first);
    tasks_free(&second);
    tasks_free(&third);
    scratch_dir_remove(&dir);
}

Test(map_ends, a_journal_that_is_in_use_is_named)
{
    struct scratch_dir dir;
    scratch_dir_make(&dir);
    const char *path = scratch_dir_path(&dir, "journal.db");
    troupe_journal_t *other = NULL;
    cr_assert_eq(troupe_journal_open(path, TROUPE_JOURNAL_CREATE, &other, NULL),
                 0);
    struct tasks tasks = tasks_of("doubler", 3);
    troupe_map_options_t options = {.journal = path, .resume = true};
    troupe_map_calls_t it = {
        .next = map_give, .result = map_take, .input_fd = -1, .data = &tasks};
    troupe_map_summary_t summary;
    cr_assert_eq(troupe_map_run(node, &options, &it, &summary), -EBUSY);
    cr_assert_not_null(strstr(summary.error, path));
    cr_assert_eq(tasks.taken, 0);
    troupe_journal_destroy(&other);
    tasks_free(&tasks);
    scratch_dir_remove(&dir);
}
