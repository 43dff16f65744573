/* SPDX-License-Identifier: Apache-2.0 */
/* test_isolation.c: children in other processes are children like others. */
#include <criterion/criterion.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "supervisor/isolation_world.h"

static void
begin(void)
{
    isolation_begin(NULL, (troupe_nodes_options_t){0});
}

TestSuite(isolation, .init = begin, .fini = isolation_end, .timeout = 120);

Test(isolation, a_child_runs_in_a_process_of_its_own_and_answers)
{
    troupe_child_spec_t specs[] = {mate_spec("one"), mate_spec("two")};
    cr_assert_eq(supervise(&patient, specs, 2), 0);
    int64_t one = number_of("one", "pid"), two = number_of("two", "pid");
    cr_assert_neq(one, getpid());
    cr_assert_neq(one, two);
}

Test(isolation, one_that_is_killed_is_restarted)
{
    end_and_ask_again("signal", SIGKILL);
}

Test(isolation, one_that_crashes_is_restarted)
{
    end_and_ask_again("signal", SIGSEGV);
}

Test(isolation, one_that_aborts_is_restarted)
{
    end_and_ask_again("signal", SIGABRT);
}

Test(isolation, one_that_exits_is_restarted)
{
    end_and_ask_again("code", 3);
}

Test(isolation, one_whose_handler_fails_is_restarted)
{
    end_and_ask_again("fail", 0);
}

Test(isolation, an_ask_that_it_holds_when_it_dies_ends_down_with_the_words)
{
    troupe_child_spec_t spec = mate_spec("one");
    cr_assert_eq(supervise(&patient, &spec, 1), 0);
    int rc = troupe_node_ask(root, named("one"), "signal", 60000, NULL, "i",
                             SIGKILL);
    cr_assert_eq(rc, -ESRCH, "%d", rc);
    cr_assert(strstr(troupe_node_ask_words(), "SIGKILL"), "%s",
              troupe_node_ask_words());
}

Test(isolation, exit_code_125_means_that_it_is_not_restarted)
{
    troupe_child_spec_t specs[] = {mate_spec("one"), mate_spec("two")};
    cr_assert_eq(supervise(&patient, specs, 2), 0);
    troupe_ref_t ref = named("one");
    end_by(ref, "code", 125);
    /* Until its name is free an ask waits in its mailbox, and then ends. */
    int rc = troupe_node_ask(root, ref, "pid", 60000, NULL, NULL);
    cr_assert_eq(rc, -ESRCH, "%d", rc);
    cr_assert_eq(troupe_lookup(root, "one", &ref), -ENOENT);
    (void) number_of("two", "pid");
}

Test(isolation, strategies_hold_across_processes)
{
    troupe_supervisor_options_t all = {.strategy = TROUPE_ONE_FOR_ALL,
                                       .intensity = 10};
    troupe_child_spec_t specs[] = {mate_spec("one"), mate_spec("two")};
    specs[1].isolation = TROUPE_SAME_PROCESS;
    cr_assert_eq(supervise(&all, specs, 2), 0);
    int64_t before = number_of("one", "pid");
    for (int i = 0; i < 5; i++)
        cr_assert_eq(troupe_node_send(root, named("two"), "note", NULL), 0);
    cr_assert_eq(number_of("two", "heard"), 5);
    end_by(named("one"), "signal", SIGKILL);
    cr_assert_neq(number_of("one", "pid"), before);
    cr_assert_eq(number_of("two", "heard"), 0); /* it began anew as well */
}

Test(isolation, messages_for_a_child_that_is_down_wait_for_it)
{
    troupe_child_spec_t spec = mate_spec("one");
    spec.backoff.min_ms = 300;
    cr_assert_eq(supervise(&patient, &spec, 1), 0);
    troupe_ref_t ref = named("one");
    for (int round = 0; round < 3; round++) {
        end_by(ref, "signal", SIGKILL);
        for (int i = 0; i < 10; i++)
            cr_assert_eq(troupe_node_send(root, ref, "note", NULL), 0);
        cr_assert_eq(number_of("one", "heard"), 10);
    }
}

Test(isolation, too_many_crashes_end_the_supervisor)
{
    troupe_supervisor_options_t strict = {.intensity = 2, .period_ms = 60000};
    troupe_child_spec_t spec = mate_spec("one");
    cr_assert_eq(supervise(&strict, &spec, 1), 0);
    troupe_ref_t ref = named("one");
    for (int i = 0; i < 3; i++)
        end_by(ref, "signal", SIGKILL);
    int rc = -EOPNOTSUPP; /* it may not have heard of the last one yet */
    while (rc == -EOPNOTSUPP)
        rc = troupe_node_ask(root, top, "anything", 60000, NULL, NULL);
    cr_assert_eq(rc, -ESRCH, "%d", rc);
}

Test(isolation, a_start_that_fails_there_fails_here)
{
    troupe_supervisor_error_t error;
    troupe_child_spec_t spec = mate_spec("one");
    cr_assert_eq(troupe_child_spec_pack(&spec, "s", "refuses"), 0);
    int rc =
        troupe_node_supervisor_start(root, &patient, &spec, 1, &top, &error);
    cr_assert_eq(rc, -EIO, "%d", rc);
    cr_assert(strstr(error.text, "refuses to start"), "%s", error.text);
    troupe_child_spec_clear(&spec);
}

Test(isolation, a_process_that_dies_in_a_start_fails_it)
{
    troupe_supervisor_error_t error;
    troupe_child_spec_t spec = mate_spec("one");
    cr_assert_eq(troupe_child_spec_pack(&spec, "s", "dies"), 0);
    int rc =
        troupe_node_supervisor_start(root, &patient, &spec, 1, &top, &error);
    cr_assert_lt(rc, 0);
    cr_assert(strstr(error.text, "SIGKILL"), "%s", error.text);
    troupe_child_spec_clear(&spec);
}

Test(isolation, a_named_node_holds_several_children_and_comes_back)
{
    troupe_child_spec_t specs[] = {mate_spec("one"), mate_spec("two"),
                                   mate_spec("three")};
    for (size_t i = 0; i < 3; i++) {
        specs[i].isolation = TROUPE_SAME_PROCESS;
        specs[i].node = i < 2 ? "engines" : NULL;
    }
    cr_assert_eq(supervise(&patient, specs, 3), 0);
    int64_t before = number_of("one", "pid");
    cr_assert_eq(number_of("two", "pid"), before);
    cr_assert_eq(number_of("three", "pid"), getpid());
    end_by(named("two"), "signal", SIGKILL);
    int64_t after = number_of("two", "pid");
    cr_assert_neq(after, before);
    cr_assert_eq(number_of("one", "pid"), after);
}

Test(isolation, a_supervisor_may_live_on_another_node)
{
    troupe_supervisor_options_t below = {.intensity = 100};
    troupe_child_spec_t leaves[] = {mate_spec("leaf"), mate_spec("alone")};
    leaves[0].isolation = TROUPE_SAME_PROCESS;
    troupe_child_spec_t branch = {.id = "branch",
                                  .supervisor = &below,
                                  .children = leaves,
                                  .child_count = 2,
                                  .node = "there"};
    cr_assert_eq(supervise(&patient, &branch, 1), 0);
    int64_t leaf = number_of("leaf", "pid"), alone = number_of("alone", "pid");
    cr_assert_neq(leaf, getpid());
    cr_assert_neq(alone, getpid());
    cr_assert_neq(alone, leaf);
    end_by(named("leaf"), "fail", 0);
    cr_assert_eq(number_of("leaf", "pid"), leaf); /* restarted over there */
    end_by(named("alone"), "signal", SIGKILL);
    cr_assert_neq(number_of("alone", "pid"), alone);
}

/* A whole supervisor's worth of names, looked up the moment it has started. */
Test(isolation, who_hears_of_a_start_elsewhere_finds_the_names)
{
    enum { LEAVES = 40, ROUNDS = 100 };
    troupe_supervisor_options_t below = {.intensity = 100};
    troupe_child_spec_t leaves[LEAVES];
    char names[LEAVES][8];
    for (int i = 0; i < LEAVES; i++) {
        snprintf(names[i], sizeof names[i], "leaf%d", i);
        leaves[i] = mate_spec(names[i]);
        leaves[i].isolation = TROUPE_SAME_PROCESS;
    }
    troupe_child_spec_t branch = {.id = "branch",
                                  .supervisor = &below,
                                  .children = leaves,
                                  .child_count = LEAVES,
                                  .node = "there"};
    cr_assert_eq(supervise(&patient, &branch, 1), 0);
    for (int i = 0; i < ROUNDS; i++) {
        troupe_ref_t ref;
        for (int j = LEAVES - 1; j >= 0; j--)
            cr_assert_eq(troupe_lookup(root, names[j], &ref), 0, "%d: %s", i,
                         names[j]);
        cr_assert_eq(troupe_supervisor_terminate_child(root, top, "branch"), 0);
        cr_assert_eq(troupe_supervisor_restart_child(root, top, "branch", NULL),
                     0);
    }
}

/* One is killed by what all are asked, and asked again after its restart; one
 * that is gone for good is not. */
Test(isolation, gather_asks_again_who_died_of_it)
{
    troupe_child_spec_t specs[] = {mate_spec("one"), mate_spec("two"),
                                   mate_spec("last")};
    specs[2].restart = TROUPE_TEMPORARY;
    cr_assert_eq(supervise(&patient, specs, 3), 0);
    end_by(named("two"), "signal", SIGKILL);
    cr_assert_eq(number_of("two", "incarnation"), 2);
    const troupe_ref_t targets[] = {named("one"), named("two"), named("last")};
    const troupe_gather_options_t options = {.policy = TROUPE_GATHER_DEADLINE,
                                             .timeout_ms = 60000};
    troupe_gather_t *result = NULL;
    cr_assert_eq(
        troupe_node_gather(root, targets, 3, "again", &options, &result, NULL),
        0);
    const troupe_gather_part_t *parts = result->parts;
    cr_assert_eq(parts[0].outcome, TROUPE_REPLY, "%s", parts[0].text);
    cr_assert_eq(parts[0].attempts, 2);
    cr_assert_eq(parts[0].incarnation, 2);
    cr_assert_eq(parts[1].outcome, TROUPE_REPLY, "%s", parts[1].text);
    cr_assert_eq(parts[1].attempts, 1);
    cr_assert_eq(parts[2].outcome, TROUPE_DOWN);
    troupe_gather_destroy(&result);
}

/* --- many that end with one process -----------------------------------------*/

enum { MANY = 8 };

/* So many children of one supervisor on one node. */
static void
supervise_many(const troupe_supervisor_options_t *options, const char *node,
               uint32_t rest_ms)
{
    static const char *const ids[MANY] = {"a", "b", "c", "d",
                                          "e", "f", "g", "h"};
    troupe_child_spec_t specs[MANY];
    for (size_t i = 0; i < MANY; i++) {
        specs[i] = mate_spec(ids[i]);
        specs[i].isolation = TROUPE_SAME_PROCESS;
        specs[i].node = node;
        specs[i].backoff.min_ms = rest_ms;
    }
    cr_assert_eq(supervise(options, specs, MANY), 0);
}

/* All eight ask for more than the one restart that is allowed; the second loss
 * is one too many, and the words are those of a process's end. */
Test(isolation, a_lost_node_counts_once_for_all_that_it_held)
{
    const troupe_supervisor_options_t strict = {.intensity = 1,
                                                .period_ms = 600000};
    supervise_many(&strict, "engines", 0);
    int64_t before = number_of("a", "pid");
    end_by(named("h"), "signal", SIGKILL);
    int64_t after = number_of("a", "pid");
    cr_assert_neq(after, before);
    cr_assert_eq(number_of("h", "pid"), after);
    cr_assert_eq(number_of("h", "incarnation"), 2);
    end_by(named("c"), "signal", SIGKILL);
    wait_line("one restart too many");
    int rc = -EOPNOTSUPP;
    while (rc == -EOPNOTSUPP)
        rc = troupe_node_ask(root, top, "anything", 60000, NULL, NULL);
    cr_assert_eq(rc, -ESRCH, "%d", rc);
}

/* Two processes are two causes, also when they end at the same time. */
Test(isolation, each_lost_node_counts)
{
    const troupe_supervisor_options_t strict = {.intensity = 1,
                                                .period_ms = 600000};
    troupe_child_spec_t specs[] = {mate_spec("one"), mate_spec("two")};
    cr_assert_eq(supervise(&strict, specs, 2), 0);
    cr_assert_eq(kill((pid_t) number_of("one", "pid"), SIGKILL), 0);
    end_by(named("two"), "signal", SIGKILL);
    wait_line("one restart too many");
}

TestSuite(isolation_ill, .fini = isolation_end, .timeout = 120);

/* The processes of the node end before it is ready, as long as a file is
 * there: that is one failed start, not eight. */
Test(isolation_ill, a_node_that_does_not_start_counts_once)
{
    const troupe_supervisor_options_t strict = {.intensity = MANY - 3,
                                                .period_ms = 600000};
    char mark[] = "/tmp/troupe-ill-XXXXXX";
    int fd = mkstemp(mark);
    cr_assert_geq(fd, 0);
    close(fd);
    unlink(mark);
    isolation_begin(mark, (troupe_nodes_options_t){0});
    supervise_many(&strict, "engines", 500);
    fd = open(mark, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    cr_assert_geq(fd, 0);
    close(fd);
    int64_t before = number_of("a", "pid");
    end_by(named("h"), "signal", SIGKILL);
    wait_line("ended before it was ready");
    unlink(mark);
    cr_assert_neq(number_of("a", "pid"), before);
    cr_assert_eq(number_of("h", "pid"), number_of("a", "pid"));
}

static void
begin_few(void)
{
    isolation_begin(NULL, (troupe_nodes_options_t){.processes_max = 2});
}

TestSuite(isolation_few, .init = begin_few, .fini = isolation_end,
          .timeout = 120);

/* The third is refused until one of the two has ended; the root is not bound.
 */
Test(isolation_few, a_node_that_wants_processes_without_end_meets_a_bound)
{
    troupe_supervisor_options_t below = {.intensity = 100};
    troupe_child_spec_t children[] = {mate_spec("a"), mate_spec("b")};
    troupe_child_spec_t third = mate_spec("c"),
                        more[] = {mate_spec("d"), mate_spec("e")};
    troupe_child_spec_t branch = {.id = "branch",
                                  .name = "branch",
                                  .supervisor = &below,
                                  .children = children,
                                  .child_count = 2,
                                  .node = "yard"};
    cr_assert_eq(supervise(&patient, &branch, 1), 0);
    troupe_ref_t yard = named("branch");
    troupe_supervisor_error_t error;
    int rc = troupe_supervisor_start_child(root, yard, &third, NULL, &error);
    cr_assert_eq(rc, -ENOSPC, "%d", rc);
    cr_assert(strstr(error.text, "has 2 processes for its children"), "%s",
              error.text);
    for (int i = 0; i < 2; i++)
        cr_assert_eq(
            troupe_supervisor_start_child(root, top, &more[i], NULL, NULL), 0);
    cr_assert_eq(troupe_supervisor_terminate_child(root, yard, "b"), 0);
    do {
        rc = troupe_supervisor_start_child(root, yard, &third, NULL, NULL);
    } while (rc == -ENOSPC); /* its process is still ending */
    cr_assert_eq(rc, 0, "%d", rc);
    (void) number_of("c", "pid");
}
