/* SPDX-License-Identifier: Apache-2.0 */
/* test_program.c: children that are programs; examples/python has a good one. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "supervisor/isolated.h"

static char directory[64];
static troupe_t *root;
static troupe_ref_t top;
static troupe_supervisor_error_t error;

static void
begin(void)
{
    snprintf(directory, sizeof directory, "/tmp/troupe-prog-XXXXXX");
    cr_assert(mkdtemp(directory));
    troupe_nodes_options_t nodes = {.directory = directory};
    troupe_options_t options = troupe_options_default();
    options.workers = 2;
    options.nodes = &nodes;
    cr_assert_eq(troupe_new(&options, &root), 0);
    cr_assert_eq(troupe_isolation_begin(root, NULL), 0);
}

static void
end(void)
{
    cr_assert_eq(troupe_destroy(&root), 0);
    cr_assert_eq(rmdir(directory), 0);
}

TestSuite(program, .init = begin, .fini = end, .timeout = 120);

#define TESTS TROUPE_BUILD_DIR "/tests/"

static const char *const no_argument[] = {"crew", NULL};
static const troupe_program_t crew = {.path = TESTS "crew",
                                      .argv = no_argument};

/* It joins by hand, with no actor to name. */
static const char *const raw[] = {
    "player", "adopt", "connect", "hello", "1",    "hear", "welcome",
    "letter", "ready", "hear",    "go",    "hear", "stop", NULL};

static int
start_one(const troupe_child_spec_t *spec)
{
    return troupe_node_supervisor_start(root, NULL, spec, 1, &top, &error);
}

static troupe_child_spec_t
child(const troupe_kind_t *kind, const troupe_program_t *program)
{
    return (troupe_child_spec_t){.id = "one",
                                 .name = "one",
                                 .kind = kind,
                                 .isolation = TROUPE_OWN_PROCESS,
                                 .program = program};
}

Test(program, a_child_of_a_kind_may_have_a_program_of_its_own)
{
    troupe_child_spec_t spec = child(&mate, &crew);
    troupe_ref_t ref;
    troupe_message_t *reply = NULL;
    int pid = 0;
    cr_assert_eq(start_one(&spec), 0, "%s", error.text);
    cr_assert_eq(troupe_lookup(root, "one", &ref), 0);
    for (int i = 0; i < 2; i++) { /* after its restart, too */
        int before = pid;
        cr_assert_eq(troupe_node_ask(root, ref, "pid", 60000, &reply, NULL), 0,
                     "%s", troupe_node_ask_words());
        cr_assert_eq(troupe_unpack(reply, "i", &pid), 0);
        troupe_message_destroy(&reply);
        cr_assert(pid != getpid() && pid != before);
        if (i == 0)
            cr_assert_eq(
                troupe_node_ask(root, ref, "signal", 60000, NULL, "i", SIGKILL),
                -ESRCH);
    }
}

Test(program, one_that_hosts_kinds_must_be_told_which)
{
    troupe_child_spec_t spec = child(NULL, &crew);
    cr_assert_eq(start_one(&spec), -EOPNOTSUPP);
    cr_assert(strstr(error.text, "say in the child's spec which"), "%s",
              error.text);
}

Test(program, one_that_names_no_actor_in_its_hello_is_of_no_use)
{
    static const troupe_program_t player = {.path = TESTS "player",
                                            .argv = raw};
    troupe_child_spec_t spec = child(NULL, &player);
    cr_assert_eq(start_one(&spec), -EOPNOTSUPP);
    cr_assert(strstr(error.text, "name an actor in its hello"), "%s",
              error.text);
}

Test(program, one_that_cannot_be_started_fails_with_words)
{
    static const troupe_program_t none = {.path = "/no/such/program"};
    troupe_child_spec_t spec = child(NULL, &none);
    cr_assert_lt(start_one(&spec), 0);
    cr_assert(strstr(error.text, "No such file"), "%s", error.text);
}

static void
check_is_refused(const troupe_child_spec_t *spec, const char *words)
{
    cr_assert_eq(start_one(spec), -EINVAL);
    cr_assert(strstr(error.text, words), "%s", error.text);
}

Test(program, specs_that_make_no_sense_are_refused)
{
    static const troupe_program_t nowhere = {.argv = no_argument};
    troupe_child_spec_t spec = child(NULL, &nowhere);
    check_is_refused(&spec, "program.path is missing");
    const char *many[64];
    for (size_t i = 0; i < 63; i++)
        many[i] = "x";
    many[63] = NULL;
    const troupe_program_t wordy = {.path = TESTS "crew", .argv = many};
    spec = child(&mate, &wordy);
    check_is_refused(&spec, "more than 62 arguments");
    spec = child(&mate, &crew);
    spec.isolation = TROUPE_SAME_PROCESS;
    check_is_refused(&spec, "a process of its own");
    spec = child(NULL, &crew);
    spec.arguments = "\x01";
    spec.arguments_size = 1;
    check_is_refused(&spec, "arguments are for a kind");
    spec = child(NULL, NULL);
    check_is_refused(&spec, "kind is missing");
}
