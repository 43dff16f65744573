/* SPDX-License-Identifier: Apache-2.0 */
/* test_guest.c: guests, actors over one socket: what a good one can rely on. */
#include <criterion/criterion.h>

#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "runtime/guest.h"
#include "supervisor/guest_world.h"

TestSuite(guest, .init = guest_begin, .fini = isolation_end, .timeout = 120);

static const troupe_program_t good = {.path = GUEST};

Test(guest, it_answers_by_its_name_as_any_actor)
{
    troupe_child_spec_t spec = guest_spec(&good);
    troupe_message_t *reply = NULL;
    const char *text = NULL;
    cr_assert_eq(supervise(&patient, &spec, 1), 0);
    cr_assert_eq(troupe_node_ask(root, named("one"), "echo", 60000, &reply,
                                 "{s:s}", "of", "tea"),
                 0, "%s", troupe_node_ask_words());
    cr_assert_eq(troupe_unpack(reply, "{s:s}", "of", &text), 0);
    cr_assert_str_eq(text, "tea");
    troupe_message_destroy(&reply);
    cr_assert_eq(troupe_node_ask(root, named("one"), "fail", 60000, NULL, NULL),
                 -5);
    cr_assert_str_eq(troupe_node_ask_words(), "the ink has run out");
    cr_assert_eq(
        troupe_node_ask(root, named("one"), "break", 60000, NULL, NULL),
        -EPIPE);
    cr_assert_neq(number_of("one", "pid"), getpid());
}

Test(guest, it_asks_others_by_name_and_hears_why_there_is_no_answer)
{
    troupe_child_spec_t spec = guest_spec(&good);
    troupe_message_t *reply = NULL;
    int number = 0;
    cr_assert_eq(supervise(&patient, &spec, 1), 0);
    /* Nobody is called so yet. */
    cr_assert_eq(
        troupe_node_ask(root, named("one"), "forward", 60000, NULL, "i", 7),
        -ENOENT);
    ear_begin();
    cr_assert_eq(
        troupe_node_ask(root, named("one"), "forward", 60000, &reply, "i", 7),
        0, "%s", troupe_node_ask_words());
    cr_assert_eq(troupe_unpack(reply, "i", &number), 0);
    cr_assert_eq(number, 7);
    troupe_message_destroy(&reply);
    /* Its answer has more than a letter may. */
    cr_assert_eq(troupe_node_ask(root, named("one"), "big", 60000, NULL, NULL),
                 -EMSGSIZE);
}

Test(guest, what_it_sends_is_answered_to_it)
{
    troupe_child_spec_t spec = guest_spec(&good);
    char node[TROUPE_NAME_MAX + 1];
    cr_assert_eq(supervise(&patient, &spec, 1), 0);
    ear_begin();
    cr_assert_eq(troupe_node_ask(root, named("one"), "tell", 60000, NULL, NULL),
                 0);
    troupe_ref_t from = ear_heard();
    /* Not the deputy that has its name, as for any actor elsewhere. */
    cr_assert(!troupe_ref_equal(from, named("one")));
    cr_assert_eq(troupe_node_of(root, from, node), 0);
    cr_assert_str_eq(node, "root");
    cr_assert_eq(troupe_node_ask(root, from, "pid", 60000, NULL, NULL), 0);
}

Test(guest, each_ask_that_it_has_ends_once_when_it_is_killed)
{
    troupe_child_spec_t spec = guest_spec(&good);
    cr_assert_eq(supervise(&patient, &spec, 1), 0);
    troupe_ref_t ref = named("one");
    int64_t before = number_of("one", "pid");
    asker_begin();
    asker_ask("one", "hold", 20, 60000);
    asker_ask("one", "die", 1, 60000);
    struct outcomes all = asker_outcomes();
    cr_assert_eq(all.of[TROUPE_DOWN], 21, "%d %d %d", all.of[TROUPE_REPLY],
                 all.of[TROUPE_ERROR], all.of[TROUPE_TIMEOUT]);
    cr_assert(strstr(all.text, "killed by SIGKILL"), "%s", all.text);
    cr_assert_neq(number_of("one", "pid"), before);
    cr_assert(troupe_ref_equal(named("one"), ref));
}

/* 32 of 100 are with it at once; it ends itself when it has more. */
Test(guest, no_more_is_with_it_than_it_may_have)
{
    troupe_child_spec_t spec = guest_spec(&good);
    cr_assert_eq(supervise(&patient, &spec, 1), 0);
    asker_begin();
    asker_ask("one", "hold", 96, 60000);
    struct outcomes all = asker_outcomes();
    cr_assert_eq(all.of[TROUPE_REPLY], 96);
}

Test(guest, who_gives_up_is_not_waited_for)
{
    troupe_child_spec_t spec = guest_spec(&good);
    cr_assert_eq(supervise(&patient, &spec, 1), 0);
    asker_begin();
    asker_ask("one", "hold", 1, 60000);
    wait_line("[one] holds one");
    asker_cancel();
    cr_assert_eq(asker_outcomes().of[TROUPE_CANCELLED], 1);
    wait_line("[one] cancelled");
    cr_assert_eq(echo_of("one"), 7);
}

/* What it asks for another ends with what that one asked. */
Test(guest, a_cancel_reaches_through_it)
{
    troupe_child_spec_t spec = guest_spec(&good);
    cr_assert_eq(supervise(&patient, &spec, 1), 0);
    ear_begin();
    asker_begin();
    asker_ask("one", "never", 1, 60000);
    wait_line("is asked for what never comes");
    asker_cancel();
    cr_assert_eq(asker_outcomes().of[TROUPE_CANCELLED], 1);
    wait_line("[one] its ask came to 6 ");
}

Test(guest, for_one_who_has_given_up_it_asks_in_vain)
{
    troupe_child_spec_t spec = guest_spec(&good);
    cr_assert_eq(supervise(&patient, &spec, 1), 0);
    ear_begin();
    asker_begin();
    asker_ask("one", "late", 1, 60000);
    wait_line("[one] is late");
    asker_cancel();
    cr_assert_eq(asker_outcomes().of[TROUPE_CANCELLED], 1);
    wait_line("[one] its ask came to 6 nobody waits for it any more");
}

/* The guest asks for a time that is much longer. */
Test(guest, a_deadline_reaches_through_it)
{
    enum { LONG_MS = 60000 };
    troupe_child_spec_t spec = guest_spec(&good);
    troupe_message_t *reply = NULL;
    uint64_t deadline = 0;
    cr_assert_eq(supervise(&patient, &spec, 1), 0);
    ear_begin();
    cr_assert_eq(
        troupe_node_ask(root, named("one"), "until", LONG_MS, &reply, NULL), 0,
        "%s", troupe_node_ask_words());
    cr_assert_eq(troupe_unpack(reply, "U", &deadline), 0);
    troupe_message_destroy(&reply);
    cr_assert_gt(deadline, 0);
    cr_assert_leq(deadline, troupe_now_ns(root) + LONG_MS * UINT64_C(1000000));
}

Test(guest, it_is_told_to_stop_and_ends_in_order)
{
    troupe_child_spec_t spec = guest_spec(&good);
    cr_assert_eq(supervise(&patient, &spec, 1), 0);
    cr_assert_eq(troupe_node_exit(root, top, TROUPE_EXIT_SHUTDOWN, 60000), 0);
    wait_line("one has ended: ended normally");
}

/* It reads nothing before "go", and nobody is there who would let it go. */
static void
stop_early(const char *habit)
{
    const char *argv[] = {"guest", habit, NULL};
    const troupe_node_spec_t spec = {
        .name = "early", .path = GUEST, .argv = argv};
    uint32_t number = 0;
    cr_assert_eq(troupe_node_start(root, &spec, &number), 0);
    while (!troupe__guest_is(root, number))
        sched_yield(); /* until it has said "guest" */
    cr_assert_eq(troupe_node_end(root, number, 60000), 0);
    wait_line("early has ended: ended normally");
}

Test(guest, one_that_is_told_to_stop_before_it_may_go_ends_in_order)
{
    stop_early("good");
}

/* Nobody is there for whom that would be. */
Test(guest, what_such_a_one_says_is_passed_over)
{
    stop_early("gossip");
    cr_assert_not(has_line("broke the rules"));
}

/* It is asked again in its next process, and told so. */
Test(guest, one_that_is_asked_at_least_once_sees_the_attempt_and_the_asker)
{
    troupe_child_spec_t spec = guest_spec(&good);
    troupe_message_t *reply = NULL;
    uint64_t attempt = 0;
    troupe_ref_t asker = TROUPE_NOBODY;
    spec.delivery = (troupe_delivery_t){.mode = TROUPE_AT_LEAST_ONCE};
    cr_assert_eq(supervise(&patient, &spec, 1), 0);
    troupe_ref_t one = named("one");
    cr_assert_eq(troupe_node_ask(root, one, "again", 60000, &reply, NULL), 0,
                 "%s", troupe_node_ask_words());
    cr_assert_eq(troupe_unpack(reply, "[U, R]", &attempt, &asker), 0);
    troupe_message_destroy(&reply);
    cr_assert_eq(attempt, 2);
    cr_assert_not(troupe_ref_is_nobody(asker));
    cr_assert_not(troupe_ref_equal(asker, one)); /* its deputy has that ref */
}
