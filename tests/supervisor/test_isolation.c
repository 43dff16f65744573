/* SPDX-License-Identifier: Apache-2.0 */
/* test_isolation.c: children in other processes are children like others. */
#include <criterion/criterion.h>

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "supervisor/isolated.h"

static char directory[64];
static troupe_t *root;
static troupe_ref_t top;

static void
log_line(void *data, troupe_level_t level, const char *text)
{
    (void) data, (void) level;
    if (getenv("TROUPE_TEST_LOG"))
        fprintf(stderr, "%s\n", text);
}

static void
begin_with(const char *argument)
{
    snprintf(directory, sizeof directory, "/tmp/troupe-iso-XXXXXX");
    cr_assert(mkdtemp(directory));
    troupe_nodes_options_t nodes = {.directory = directory};
    troupe_options_t options = troupe_options_default();
    options.workers = 2;
    options.nodes = &nodes;
    options.log = log_line;
    cr_assert_eq(troupe_new(&options, &root), 0);
    const char *argv[] = {"crew", argument, NULL};
    troupe_program_t program = {.path = TROUPE_BUILD_DIR "/tests/crew",
                                .argv = argv};
    cr_assert_eq(troupe_isolation_begin(root, &program), 0);
    cr_assert_eq(troupe_isolation_begin(root, &program), -EEXIST);
}

static void
begin(void)
{
    begin_with(NULL);
}

/* No child may be left, nor a socket file. */
static void
end(void)
{
    cr_assert_eq(troupe_destroy(&root), 0);
    cr_assert_eq(rmdir(directory), 0);
}

TestSuite(isolation, .init = begin, .fini = end, .timeout = 120);

static troupe_child_spec_t
mate_spec(const char *id)
{
    return (troupe_child_spec_t){
        .id = id, .kind = &mate, .name = id, .isolation = TROUPE_OWN_PROCESS};
}

static int
supervise(const troupe_supervisor_options_t *options,
          const troupe_child_spec_t *specs, size_t count)
{
    troupe_supervisor_error_t error;
    int rc =
        troupe_node_supervisor_start(root, options, specs, count, &top, &error);
    if (rc < 0 && getenv("TROUPE_TEST_LOG"))
        fprintf(stderr, "%s\n", error.text);
    return rc;
}

static troupe_ref_t
named(const char *name)
{
    troupe_ref_t ref = TROUPE_NOBODY;
    cr_assert_eq(troupe_lookup(root, name, &ref), 0, "%s", name);
    return ref;
}

/* An ask that waits for as long as a restart takes. */
static int64_t
number_of(const char *name, const char *what)
{
    int64_t number = 0;
    troupe_message_t *reply = NULL;
    int rc = -ESRCH;
    /* Until word of its end has come, its deputy sends messages after it. */
    while (rc == -ESRCH)
        rc = troupe_node_ask(root, named(name), what, 60000, &reply, NULL);
    cr_assert_eq(rc, 0, "%s: %s", what, troupe_node_ask_words());
    cr_assert_eq(troupe_unpack(reply, "I", &number), 0);
    troupe_message_destroy(&reply);
    return number;
}

/* An ask that ends with who is asked. */
static void
end_by(troupe_ref_t ref, const char *verb, int number)
{
    int rc = troupe_node_ask(root, ref, verb, 60000, NULL, "i", number);
    cr_assert(rc == -ESRCH || rc == -EHOSTDOWN || rc == -EPIPE, "%d", rc);
}

static const troupe_supervisor_options_t patient = {.intensity = 1000};

Test(isolation, a_child_runs_in_a_process_of_its_own_and_answers)
{
    troupe_child_spec_t specs[] = {mate_spec("one"), mate_spec("two")};
    cr_assert_eq(supervise(&patient, specs, 2), 0);
    int64_t one = number_of("one", "pid"), two = number_of("two", "pid");
    cr_assert_neq(one, getpid());
    cr_assert_neq(one, two);
}

/* It is started again, with its name, its ref, and in another process. */
static void
end_and_ask_again(const char *verb, int number)
{
    troupe_child_spec_t specs[] = {mate_spec("one"), mate_spec("two")};
    cr_assert_eq(supervise(&patient, specs, 2), 0);
    troupe_ref_t ref = named("one");
    int64_t before = number_of("one", "pid"), other = number_of("two", "pid");
    end_by(ref, verb, number);
    int64_t after = number_of("one", "pid");
    cr_assert_neq(after, before);
    cr_assert(troupe_ref_equal(named("one"), ref));
    cr_assert_eq(number_of("two", "pid"), other);
    cr_assert_eq(kill((pid_t) before, 0), -1); /* neither alive nor a zombie */
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
