/* SPDX-License-Identifier: Apache-2.0 */
/* test_process_output.c: what child processes write arrives, whatever it is. */
#include <criterion/criterion.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/process_output.h"
#include "runtime/process_world.h"

TestSuite(process_output, .init = process_begin, .fini = process_end,
          .timeout = 30);

Test(process_output, both_streams_are_read_and_the_last_lines_kept)
{
    uint64_t id =
        PUPPET("say", "to stdout", "say-error", "to stderr", "exit", "1");
    const struct told *told = wait_end(id);
    cr_assert_not_null(strstr(told->tail, "to stdout\n"));
    cr_assert_not_null(strstr(told->tail, "to stderr\n"));
    cr_assert_eq(told->tail_count, 2);
    cr_assert_eq(line_count(id), 2);
}

Test(process_output, what_has_no_end_of_line_counts_at_the_end)
{
    const struct told *told =
        wait_end(PUPPET("say-raw", "last words", "abort"));
    cr_assert_str_eq(told->tail, "last words\n");
}

Test(process_output, hostile_bytes_arrive_harmless)
{
    const struct told *told =
        wait_end(PUPPET("say", "\x1b]0;title\x07\xff\xc2\x9b"));
    cr_assert_str_eq(told->tail, "\\x1b]0;title\\x07\\xff\\u009b\n");
}

/* Whoever writes without end disturbs nobody and can be stopped. */
Test(process_output, a_flood_is_bounded)
{
    uint64_t lines = PUPPET("flood", "and another line of it\n");
    uint64_t bytes = PUPPET("flood", "no line has an end ");
    uint64_t empty = PUPPET("flood", "\n");
    wait_line(lines, "and another");
    wait_line(bytes, "no line");
    wait_line(empty, "");
    for (int i = 0; i < 5; i++)
        cr_assert_str_eq(wait_end(PUPPET("say", "calm"))->tail, "calm\n");
    cr_assert_eq(troupe__process_stop(owner, lines), 0);
    cr_assert_eq(troupe__process_stop(owner, bytes), 0);
    cr_assert_eq(troupe__process_stop(owner, empty), 0);
    cr_assert_eq(wait_end(lines)->code, SIGTERM);
    cr_assert_eq(wait_end(lines)->tail_count, 20);
    cr_assert_eq(wait_end(empty)->tail_count, 20);
    const struct told *told = wait_end(bytes);
    cr_assert_eq(told->code, SIGTERM);
    cr_assert_eq(told->tail_count, 1);
    cr_assert_eq(strlen(told->tail), TROUPE__LINE_MAX + 4 + 1);
}

/* In a session of its own it survives; it must not hold up the report. */
Test(process_output, a_grandchild_that_holds_the_pipe_delays_nothing)
{
    uint64_t id = PUPPET("fork", "own", "say", "done", "exit", "4");
    pid_t grandchild = atoi(wait_line(id, "grandchild "));
    int pidfd = watch_pid(grandchild);
    const struct told *told = wait_end(id);
    cr_assert_eq(told->code, 4);
    cr_assert_not_null(strstr(told->tail, "done\n"));
    kill(grandchild, SIGKILL);
    wait_gone(pidfd);
}
