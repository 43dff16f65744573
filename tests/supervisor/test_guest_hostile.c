/* SPDX-License-Identifier: Apache-2.0 */
/* test_guest_hostile.c: guests that break the rules harm nobody but themselves. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "supervisor/guest_world.h"

TestSuite(guest_hostile, .init = guest_begin, .fini = isolation_end,
          .timeout = 120);
TestSuite(guest_silent, .init = guest_begin_impatient, .fini = isolation_end,
          .timeout = 120);

static const troupe_program_t good = {.path = GUEST};

/* Beside a good one, which goes on answering. */
static void
let_in(const char *habit, troupe_restart_t restart)
{
    const char *argv[] = {"guest", habit, NULL};
    const troupe_program_t program = {.path = GUEST, .argv = argv};
    troupe_child_spec_t specs[] = {guest_spec(&good), guest_spec(&program)};
    specs[1].id = specs[1].name = "bad";
    specs[1].restart = restart;
    ear_begin();
    cr_assert_eq(supervise(&patient, specs, 2), 0, "%s", habit);
}

static void
check_ended(const char *habit, const char *words)
{
    let_in(habit, TROUPE_TEMPORARY);
    wait_line(words);
    wait_line("bad has ended: ");
    cr_assert_eq(echo_of("one"), 7);
}

Test(guest_hostile, garbage_is_the_end_of_its_sender)
{
    check_ended("garbage", "bad is ended: it broke the rules of the link: what "
                           "it said is no letter");
}

Test(guest_hostile, a_message_in_anothers_name_is_no_letter)
{
    check_ended("forged", "what it said is no letter");
}

Test(guest_hostile, a_letter_has_one_part)
{
    check_ended("parts", "what it said is no letter");
}

/* It is not let in again, and ended when its silence is noticed. */
Test(guest_hostile, one_that_says_too_much_at_once_is_cut_off)
{
    let_in("oversized", TROUPE_TEMPORARY);
    wait_line("was turned away at the door");
    cr_assert_eq(echo_of("one"), 7);
}

Test(guest_hostile, what_nests_too_deep_is_no_letter)
{
    check_ended("deep", "what it said is no letter");
}

Test(guest_hostile, it_begins_once)
{
    check_ended("second", "it may not say that, or not so: guest");
}

Test(guest_hostile, an_unknown_verb_is_not_understood)
{
    check_ended("unknown", "it may not say that, or not so: frobnicate");
}

Test(guest_hostile, what_is_to_be_answered_has_a_number)
{
    check_ended("no-number", "it may not say that, or not so: tell");
}

Test(guest_hostile, a_beat_answers_a_ping)
{
    check_ended("beats", "it may not say that, or not so: beat");
}

Test(guest_hostile, more_asks_than_it_may_have_end_it)
{
    check_ended("many-asks", "it may not say that, or not so: ask");
}

Test(guest_hostile, a_flood_is_ended)
{
    check_ended("flood", "bad is ended: it says more than it may");
}

Test(guest_hostile, who_never_reads_what_it_asks_for_is_ended)
{
    check_ended("greedy", "bad is ended: it does not read what it is sent");
}

Test(guest_hostile, answers_to_what_nobody_asked_are_dropped)
{
    let_in("liar", TROUPE_PERMANENT);
    cr_assert_eq(echo_of("bad"), 7);
    cr_assert_eq(echo_of("one"), 7);
}

static void
check_never_starts(const char *habit, const char *words)
{
    const char *argv[] = {"guest", habit, NULL};
    const troupe_program_t program = {.path = GUEST, .argv = argv};
    troupe_child_spec_t spec = guest_spec(&program);
    spec.restart = TROUPE_TEMPORARY;
    cr_assert_lt(supervise(&patient, &spec, 1), 0, "%s", habit);
    wait_line(words);
}

Test(guest_hostile, nothing_may_be_said_before_guest)
{
    check_never_starts("early", "it may not say that, or not so: tell");
}

Test(guest_hostile, another_version_is_told_which_is_spoken)
{
    check_never_starts("version", "one is refused: it speaks version 2");
}

/* It may have started, and ended, before that was noticed. */
Test(guest_hostile, nothing_may_be_said_before_go)
{
    const char *argv[] = {"guest", "eager", NULL};
    const troupe_program_t program = {.path = GUEST, .argv = argv};
    troupe_child_spec_t spec = guest_spec(&program);
    spec.restart = TROUPE_TEMPORARY;
    (void) supervise(&patient, &spec, 1);
    wait_line("it may not say that, or not so: ");
}

/* Who reads nothing: its mailbox has its bounds, and it is ended. */
Test(guest_silent, one_that_does_not_read_fills_its_mailbox_and_is_ended)
{
    enum { ROUNDS = 10, MANY = 500 };
    static const char *const argv[] = {"guest", "deaf", NULL};
    static const troupe_program_t deaf = {.path = GUEST, .argv = argv};
    troupe_child_spec_t spec = guest_spec(&deaf);
    spec.mailbox = (troupe_limits_t){.messages_max = 10,
                                     .overflow = TROUPE_OVERFLOW_REJECT};
    cr_assert_eq(supervise(&patient, &spec, 1), 0);
    asker_begin();
    /* All at once its deputy may hand on before it hears that it is to rest. */
    for (int i = 0; i < ROUNDS; i++) {
        asker_ask("one", "echo", MANY, 60000);
        cr_assert_eq(troupe_settle(root, 60000), 0);
    }
    struct outcomes all = asker_outcomes();
    cr_assert_gt(all.of[TROUPE_OVERLOAD], 0);
    cr_assert_eq(all.of[TROUPE_OVERLOAD] + all.of[TROUPE_DOWN], ROUNDS * MANY);
    wait_line("one is ended: it did not answer for");
}
