/* SPDX-License-Identifier: Apache-2.0 */
/* test_link_hang.c: nodes that do not answer are noticed, and ended. */
#include <criterion/criterion.h>

#include <signal.h>
#include <string.h>

#include "runtime/process_world.h"
#include "runtime/run_world.h"

static void
begin_patient(void)
{
    run_begin_with((troupe_nodes_options_t){.heartbeat_ms = 20,
                                            .missed_max = 3,
                                            .hang_ms = 600000,
                                            .start_ms = 60000,
                                            .term_ms = 60000});
}

static void
begin_impatient(void)
{
    run_begin_with((troupe_nodes_options_t){.heartbeat_ms = 20,
                                            .missed_max = 3,
                                            .hang_ms = 1000,
                                            .start_ms = 60000,
                                            .term_ms = 60000});
}

TestSuite(link_hang, .init = begin_patient, .fini = run_end, .timeout = 60);

Test(link_hang, a_stopped_node_is_reported_and_may_go_on)
{
    uint32_t number = START("one", "join", "wait");
    wait_up(number);
    int pid = pid_of(number);
    kill(pid, SIGSTOP);
    wait_log("one has not answered for");
    troupe_node_info_t infos[2];
    troupe_node_list(root, infos, 2);
    cr_assert(infos[1].is_silent);
    kill(pid, SIGCONT);
    wait_log("one answers again");
    cr_assert_eq(heard_count(number, false), 0);
}

/* SIGTERM comes with SIGCONT: it may still end in its own way. */
Test(link_hang, who_stays_silent_is_ended, .init = begin_impatient)
{
    uint32_t number = START("one", "join", "wait");
    wait_up(number);
    kill(pid_of(number), SIGSTOP);
    const struct heard *heard = wait_down(number);
    cr_assert(strstr(heard->text, "it did not answer for"), "%s", heard->text);
    cr_assert_eq(heard->kind, TROUPE_EXIT_KILLED);
    cr_assert_eq(heard->code, SIGTERM);
    cr_assert_eq(log_count("one has not answered for"), 1);
    wait_up(START("two", "join", "wait"));
}

Test(link_hang, a_handler_that_does_not_return_is_reported)
{
    uint32_t number = START("one", "join", "hang", "wait");
    wait_log("one: a handler there does not return");
    cr_assert_eq(heard_count(number, false), 0);
    kill(pid_of(number), SIGKILL);
    wait_down(number);
}

/* One that is silent keeps nobody else from anything. */
Test(link_hang, others_do_not_notice)
{
    uint32_t number = START("one", "join", "wait");
    wait_up(number);
    int pid = pid_of(number);
    kill(pid, SIGSTOP);
    wait_log("one has not answered for");
    uint32_t other = START("two", "join", "name", "star", "wait");
    /* It is announced to "one" too, which cannot acknowledge it. */
    wait_up(other);
    seek_name("star");
    cr_assert_eq(troupe_node_end(root, other, 60000), 0);
    wait_down(other);
    kill(pid, SIGCONT);
}
