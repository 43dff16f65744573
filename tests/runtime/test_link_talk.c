/* SPDX-License-Identifier: Apache-2.0 */
/* test_link_talk.c: actors of different processes talk with each other. */
#include <criterion/criterion.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "runtime/link.h"
#include "runtime/node.h"
#include "runtime/run_world.h"

TestSuite(link_talk, .init = run_begin, .fini = run_end, .timeout = 60);

static int
ask(troupe_ref_t ref, const char *type, int *ret_number)
{
    troupe_message_t *reply = NULL;
    int rc = troupe_node_ask(root, ref, type, 60000, &reply, "i", 42);
    if (rc == 0)
        rc = troupe_unpack(reply, "i", ret_number);
    troupe_message_destroy(&reply);
    return rc;
}

Test(link_talk, the_root_asks_an_actor_of_a_node)
{
    int number = 0;
    START("one", "join", "clerk", "bob", "wait");
    cr_assert_eq(ask(seek_name("bob"), "echo", &number), 0);
    cr_assert_eq(number, 42);
    cr_assert_eq(atomic_load(&root->link->denied_count), 0);
}

struct nothing {
    char unused;
};

static int
on_echo(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state;
    return troupe_reply(ctx, "m", msg);
}

TROUPE_KIND(root_clerk, struct nothing, TROUPE_ON("echo", on_echo));

Test(link_talk, nodes_ask_the_root_and_each_other)
{
    troupe_spawn_options_t options = {.name = "alice"};
    cr_assert_eq(troupe_node_spawn(root, &root_clerk, &options, NULL, NULL), 0);
    START("one", "join", "ask", "alice", "clerk", "bob", "wait");
    wait_log("[one] answer 0 42");
    START("two", "join", "ask", "bob", "say", "bob knew", "clerk", "carl",
          "wait");
    wait_log("[two] answer 0 42");
    START("three", "join", "ask", "alice", "ask", "bob", "ask", "carl", "say",
          "all knew", "wait");
    wait_log("[three] all knew");
    cr_assert_eq(log_count("[three] answer 0 42"), 3);
    cr_assert_eq(atomic_load(&root->link->denied_count), 0);
}

/* Each has to know all that came before it, and they come at once. */
Test(link_talk, nodes_that_start_together_reach_each_other)
{
    START("one", "join", "clerk", "a", "ask", "b", "ask", "c", "say", "done",
          "wait");
    START("two", "join", "clerk", "b", "ask", "c", "ask", "a", "say", "done",
          "wait");
    START("three", "join", "clerk", "c", "ask", "a", "ask", "b", "say", "done",
          "wait");
    wait_log("[one] done");
    wait_log("[two] done");
    wait_log("[three] done");
    cr_assert_eq(log_count("answer 0 42"), 6);
}

static int held_rc; /* and words: until the thread is joined */
static char held_words[512];

static void *
hold(void *ref)
{
    int unused = 0;
    held_rc = ask(*(const troupe_ref_t *) ref, "hold", &unused);
    snprintf(held_words, sizeof held_words, "%s", troupe_node_ask_words());
    return NULL;
}

Test(link_talk, an_ask_ends_with_the_node_that_has_it)
{
    pthread_t thread;
    int number = 0;
    uint32_t one = START("one", "join", "clerk", "bob", "wait");
    troupe_ref_t bob = seek_name("bob");
    cr_assert_eq(pthread_create(&thread, NULL, hold, &bob), 0);
    wait_log("[one] holding");
    kill(pid_of(one), SIGKILL);
    pthread_join(thread, NULL);
    cr_assert(held_rc == -EHOSTDOWN || held_rc == -ESRCH, "%d", held_rc);
    cr_assert(strstr(held_words, "killed by SIGKILL"), "%s", held_words);
    /* Its ref stays nobody's, whoever is started in its place. */
    START("one", "join", "clerk", "bob", "wait");
    cr_assert_lt(ask(bob, "echo", &number), 0);
    troupe_ref_t next = bob; /* its name may go a moment after it */
    while (troupe_ref_equal(next, bob))
        next = seek_name("bob");
    cr_assert_eq(ask(next, "echo", &number), 0);
}
