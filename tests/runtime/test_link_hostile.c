/* SPDX-License-Identifier: Apache-2.0 */
/* test_link_hostile.c: who may not speak, or speaks nonsense, harms nobody. */
#include <criterion/criterion.h>

#include <czmq.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <zmq.h>

#include "mailbox/post.h"
#include "runtime/link.h"
#include "runtime/node.h"
#include "runtime/replica.h"
#include "runtime/run_world.h"

TestSuite(link_hostile, .init = run_begin, .fini = run_end, .timeout = 60);

static void
wait_denied(uint64_t count)
{
    while (atomic_load(&root->link->denied_count) < count)
        sched_yield();
}

/* The run still takes in those that behave. */
static void
assert_still_well(void)
{
    wait_up(START("good", "join", "name", "good", "wait"));
    seek_name("good");
}

/* What becomes of a player that joins as it should not. */
static const struct heard *
end_of(uint32_t number)
{
    const struct heard *heard = wait_down(number);
    cr_assert_not(heard->was_ready);
    return heard;
}

static void
assert_cut_off(uint32_t number, const char *why)
{
    const struct heard *heard = end_of(number);
    cr_assert(strstr(heard->text, why), "%s", heard->text);
    cr_assert_eq(heard->kind, TROUPE_EXIT_KILLED);
    assert_still_well();
}

Test(link_hostile, a_wrong_secret_opens_no_door)
{
    START("bad", "adopt", "wrong-secret", "connect", "hello", "1", "wait");
    wait_denied(1);
    assert_still_well();
    cr_assert_eq(log_count("bad is ready"), 0);
}

Test(link_hostile, a_wrong_number_opens_no_door)
{
    uint32_t good = START("quiet", "wait");
    char number[16];
    snprintf(number, sizeof number, "%u", good);
    START("bad", "adopt", "user", number, "connect", "hello", "1", "wait");
    wait_denied(1);
    START("worse", "adopt", "user", "1", "connect", "hello", "1", "wait");
    wait_denied(2);
    START("worst", "adopt", "user", "+3", "connect", "hello", "1", "wait");
    wait_denied(3);
    assert_still_well();
}

/* The secret and a number that waits for its process: but of another one. */
Test(link_hostile, a_wrong_process_opens_no_door)
{
    char path[128], user[16], password[80];
    void *socket = NULL;
    void *context = zmq_ctx_new();
    uint32_t number = START("quiet", "say", "here", "wait");
    wait_log("[quiet] here");
    snprintf(path, sizeof path, "%s/hub", run_directory());
    snprintf(user, sizeof user, "%u", number);
    troupe__secret_text(&root->peers->self, password);
    cr_assert_eq(troupe__post_connect(context, path, user, password, &socket),
                 0);
    wait_denied(1);
    troupe__post_close(socket, 0);
    zmq_ctx_term(context);
    assert_still_well();
}

Test(link_hostile, another_version_is_told_which_is_spoken)
{
    uint32_t number = START("new", "adopt", "connect", "hello", "2", "hear",
                            "refused", "exit", "1");
    wait_log("[new] heard refused");
    const struct heard *heard = end_of(number);
    cr_assert(strstr(heard->text, "version 2"), "%s", heard->text);
    assert_still_well();
}

Test(link_hostile, nothing_may_be_said_before_hello)
{
    assert_cut_off(START("bad", "adopt", "connect", "letter", "ready", "wait"),
                   "rules of the link");
}

Test(link_hostile, hello_may_be_said_once)
{
    assert_cut_off(
        START("bad", "adopt", "connect", "hello", "1", "hello", "1", "wait"),
        "hello");
}

Test(link_hostile, a_second_connection_is_not_listened_to)
{
    assert_cut_off(START("bad", "adopt", "connect", "letter", "bye", "connect",
                         "hello", "1", "wait"),
                   "rules of the link");
}

Test(link_hostile, ready_may_be_said_once)
{
    uint32_t number = START("bad", "adopt", "connect", "hello", "1", "letter",
                            "ready", "hear", "go", "letter", "ready", "wait");
    const struct heard *heard = wait_down(number);
    cr_assert(strstr(heard->text, "ready"), "%s", heard->text);
    assert_still_well();
}

Test(link_hostile, garbage_is_the_end_of_its_sender)
{
    assert_cut_off(START("bad", "adopt", "connect", "garbage",
                         "\xdd\xff\xff\xff\xff", "wait"),
                   "no letter");
}

Test(link_hostile, an_empty_letter_is_none)
{
    assert_cut_off(START("bad", "adopt", "connect", "garbage", "", "wait"),
                   "no letter");
}

Test(link_hostile, many_parts_are_no_letter)
{
    assert_cut_off(
        START("bad", "adopt", "connect", "hello", "1", "parts", "1000", "wait"),
        "no letter");
}

Test(link_hostile, an_unknown_verb_is_not_understood)
{
    assert_cut_off(START("bad", "adopt", "connect", "hello", "1", "letter",
                         "frobnicate", "wait"),
                   "frobnicate");
}

Test(link_hostile, a_claim_for_another_nodes_actor_is_refused)
{
    troupe_ref_t none;
    assert_cut_off(START("bad", "adopt", "connect", "hello", "1", "hear",
                         "welcome", "claim", "crown", "wait"),
                   "name");
    cr_assert_lt(troupe_lookup(root, "crown", &none), 0);
}

Test(link_hostile, a_node_in_another_language_joins)
{
    uint32_t number = START("foreign", "adopt", "connect", "hello", "1", "hear",
                            "welcome", "letter", "ready", "hear", "go", "hear",
                            "stop", "letter", "bye", "exit", "0");
    cr_assert_str_eq(wait_up(number)->name, "foreign");
}

/* It claims more names, and joins more groups, than one node may: the root
 * stops at its bound, says so, and serves the others; when that node ends all
 * of it is given back. */
Test(link_hostile, one_that_claims_without_end_is_stopped_at_a_bound,
     .timeout = 120)
{
#ifdef TROUPE_SLOW_BUILD
    cr_skip_test("80,000 names take minutes here: see the release build");
#endif
    uint32_t number =
        START("greedy", "join", "many", "40000", "wait"); /* of each */
    wait_up(number);
    wait_log("may have no more: refused");
    assert_still_well();
    pthread_mutex_lock(&root->names_lock);
    size_t names = zhashx_size(root->names), groups = zhashx_size(root->groups);
    pthread_mutex_unlock(&root->names_lock);
    cr_assert_geq(names, 40000);
    cr_assert_leq(names + groups, TROUPE__HOLDINGS_MAX + 16);
    cr_assert_eq(kill(pid_of(number), SIGKILL), 0);
    wait_down(number);
    pthread_mutex_lock(&root->names_lock);
    cr_assert_leq(zhashx_size(root->names) + zhashx_size(root->groups), 16);
    pthread_mutex_unlock(&root->names_lock);
}
