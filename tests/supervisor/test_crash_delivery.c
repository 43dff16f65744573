/* SPDX-License-Identifier: Apache-2.0 */
/* test_crash_delivery.c: asks to children whose processes end with them. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "supervisor/clerk.h"
#include "supervisor/client.h"
#include "supervisor/isolation_world.h"

static const troupe_supervisor_options_t tireless = {
    .intensity = TROUPE_INFINITE, .unstable_max = TROUPE_INFINITE};

static void
begin(void)
{
    isolation_begin(NULL, (troupe_nodes_options_t){.term_ms = 100});
    client_begin(root);
}

TestSuite(crash_delivery, .init = begin, .fini = isolation_end, .timeout = 120);

static troupe_child_spec_t
clerk_spec(void)
{
    return (troupe_child_spec_t){.id = "clerk",
                                 .kind = &clerk,
                                 .name = "clerk",
                                 .backoff = {.min_ms = TROUPE_ZERO},
                                 .isolation = TROUPE_OWN_PROCESS,
                                 .delivery = {.mode = TROUPE_AT_LEAST_ONCE}};
}

static troupe_ref_t
start_clerk(const troupe_child_spec_t *spec)
{
    cr_assert_eq(supervise(&tireless, spec, 1), 0);
    return named("clerk");
}

static void
expect_outcome(int n, troupe_outcome_t outcome, int code)
{
    struct client_note note = client_wait(n);
    cr_assert_eq(note.outcomes, 1, "%d", note.outcomes);
    cr_assert_eq(note.outcome, outcome, "%d: %s: %s", n,
                 troupe_outcome_name(note.outcome), note.text);
    cr_assert_eq(note.code, code, "%d: %d", n, note.code);
}

static void
expect_reply(int n, int64_t attempt)
{
    expect_outcome(n, TROUPE_REPLY, 0);
    cr_assert(client_note(n).is_right, "%d", n);
    cr_assert_eq(client_note(n).attempt, attempt, "%d", n);
}

static void
kill_clerk(int64_t pid)
{
    cr_assert_eq(kill((pid_t) pid, SIGKILL), 0);
    wait_gone(pid);
}

Test(crash_delivery, asks_are_down_with_their_process_by_default)
{
    troupe_child_spec_t spec = clerk_spec();
    spec.delivery = (troupe_delivery_t){0};
    troupe_ref_t ref = start_clerk(&spec);
    client_ask(ref, "hold", 1, 9, 60000);
    (void) client_seen(1);
    kill_clerk(number_of("clerk", "pid"));
    expect_outcome(1, TROUPE_DOWN, -ESRCH);
    cr_assert_str_eq(client_seen(1), "1.1");
}

Test(crash_delivery, asks_that_a_killed_process_held_go_to_the_next_one)
{
    troupe_child_spec_t spec = clerk_spec();
    troupe_ref_t ref = start_clerk(&spec);
    for (int n = 1; n <= 3; n++)
        client_ask(ref, "hold", n, 1, 60000);
    (void) client_seen(3);
    kill_clerk(number_of("clerk", "pid"));
    client_ask(ref, "hold", 4, 0, 60000);
    for (int n = 1; n <= 3; n++)
        expect_reply(n, 2);
    expect_outcome(4, TROUPE_REPLY, 0); /* it may have met the dead one */
    const char *seen = client_seen(7);
    cr_assert_eq(strncmp(seen, "1.1 2.1 3.1 1.2 2.2 3.2 4.", 26), 0, "%s",
                 seen);
}

Test(crash_delivery, an_ask_on_which_a_handler_elsewhere_fails_comes_again)
{
    troupe_child_spec_t spec = clerk_spec();
    spec.poison_max = TROUPE_INFINITE;
    troupe_ref_t ref = start_clerk(&spec);
    client_ask(ref, "work", 1, 2, 60000);
    expect_reply(1, 3);
}

Test(crash_delivery, on_a_named_node_only_the_child_is_asked_again)
{
    troupe_child_spec_t specs[] = {clerk_spec(), clerk_spec()};
    for (int i = 0; i < 2; i++) {
        specs[i].isolation = TROUPE_SAME_PROCESS;
        specs[i].node = "office";
    }
    specs[1].id = specs[1].name = "other";
    cr_assert_eq(supervise(&tireless, specs, 2), 0);
    client_ask(named("other"), "hold", 1, 1, 60000);
    (void) client_seen(1);
    client_ask(named("clerk"), "work", 2, 1, 60000);
    expect_reply(2, 2);
    cr_assert_eq(client_note(1).outcomes, 0);
    kill_clerk(number_of("other", "pid"));
    expect_reply(1, 2);
}

Test(crash_delivery, the_last_attempt_is_told)
{
    troupe_child_spec_t spec = clerk_spec();
    spec.delivery.attempts_max = 2;
    troupe_ref_t ref = start_clerk(&spec);
    client_ask(ref, "hold", 1, 9, 60000);
    for (int i = 1; i <= 2; i++) {
        (void) client_seen(i);
        kill_clerk(number_of("clerk", "pid"));
    }
    expect_outcome(1, TROUPE_ERROR, -EHOSTDOWN);
    cr_assert(strstr(client_note(1).text, "given up after 2 attempts: "), "%s",
              client_note(1).text);
    troupe_dead_letter_t last;
    cr_assert_eq(troupe_dead_letters(root, &last, 1), 1);
    cr_assert_eq(last.why, TROUPE_DEAD_ATTEMPTS);
    cr_assert_str_eq(last.type, "hold");
}

Test(crash_delivery, more_than_may_be_open_is_refused_at_once)
{
    troupe_child_spec_t spec = clerk_spec();
    spec.delivery.open_max = 2;
    troupe_ref_t ref = start_clerk(&spec);
    int64_t pid = number_of("clerk", "pid");
    for (int n = 1; n <= 3; n++)
        client_ask(ref, "hold", n, 1, 60000);
    expect_outcome(3, TROUPE_OVERLOAD, -ENOBUFS);
    kill_clerk(pid);
    expect_reply(1, 2);
    expect_reply(2, 2);
}

Test(crash_delivery, who_gave_up_is_not_asked_for_again)
{
    troupe_child_spec_t spec = clerk_spec();
    troupe_ref_t ref = start_clerk(&spec);
    client_ask(ref, "hold", 1, 9, 60000);
    client_ask(ref, "hold", 2, 9, 500);
    client_ask(ref, "hold", 3, 1, 60000);
    (void) client_seen(3);
    client_cancel(1);
    expect_outcome(1, TROUPE_CANCELLED, -ECANCELED);
    expect_outcome(2, TROUPE_TIMEOUT, -ETIMEDOUT);
    kill_clerk(number_of("clerk", "pid"));
    expect_reply(3, 2);
    cr_assert_str_eq(client_seen(4), "1.1 2.1 3.1 3.2");
}

/* An ask is handed over in order: it goes back only where a process began. */
static int
steps_back(const char *seen)
{
    int last = -1, count = 0, n = 0, attempt = 0, size = 0;
    for (; sscanf(seen, "%d.%d%n", &n, &attempt, &size) == 2; seen += size) {
        count += n < last;
        last = n;
    }
    return count;
}

/* True while one of the first asks has no outcome. */
static bool
are_held(int count)
{
    for (int n = 0; n < count; n++)
        if (client_note(n).outcomes == 0)
            return true;
    return false;
}

Test(crash_delivery, killed_at_any_moment_no_ask_is_lost)
{
    enum { ASKS = 400, KILLS = 8 }; /* and more, while any ask is held */
    static const char *const verbs[] = {"work", "hold"};
    troupe_child_spec_t spec = clerk_spec();
    spec.delivery.attempts_max = UINT32_MAX;
    uint64_t dice = 2463534242u; /* xorshift64 */
    troupe_ref_t ref = start_clerk(&spec);
    int asked = 0, kills = 0;
    for (; kills < KILLS || are_held(asked); kills++) {
        int64_t pid = number_of("clerk", "pid");
        for (int j = 0; asked < ASKS && j < ASKS / KILLS; j++, asked++) {
            dice ^= dice << 13, dice ^= dice >> 7, dice ^= dice << 17;
            client_ask(ref, verbs[dice % 2], asked,
                       dice % 2 == 1 && dice % 16 < 4, 60000);
        }
        for (volatile uint64_t spin = dice >> 8 & 0x1fffff; spin > 0; spin--)
            continue;
        kill_clerk(pid);
    }
    bool was_again = false;
    for (int n = 0; n < asked; n++) {
        expect_outcome(n, TROUPE_REPLY, 0);
        cr_assert(client_note(n).is_right, "%d", n);
        was_again |= client_note(n).attempt > 1;
    }
    cr_assert(was_again);
    /* What a process told the scribe last may have ended with it. */
    cr_assert_leq(steps_back(client_seen(0)), kills);
}

/* --- messages on which the process ends -------------------------------------*/

static const troupe_supervisor_options_t strict = {.intensity = 2,
                                                   .period_ms = 600000};

/* At most once: each sender that tries it again hears DOWN, until it is kept
 * away; that crash is not one too many. */
Test(crash_delivery, a_message_on_which_its_process_crashes_is_kept_away)
{
    troupe_child_spec_t spec = clerk_spec();
    spec.delivery = (troupe_delivery_t){0};
    cr_assert_eq(supervise(&strict, &spec, 1), 0);
    troupe_ref_t ref = named("clerk");
    for (int i = 0; i < 3; i++) {
        int rc = troupe_node_ask(root, ref, "die", 60000, NULL, "[i, i]", 7, 9);
        cr_assert_eq(rc, -ESRCH, "%d", rc);
        (void) number_of("clerk", "pid");
    }
    int64_t last = number_of("clerk", "pid");
    int rc = troupe_node_ask(root, ref, "die", 60000, NULL, "[i, i]", 7, 9);
    cr_assert_eq(rc, -EBADMSG, "%d: %s", rc, troupe_node_ask_words());
    troupe_dead_letter_t letter;
    cr_assert_eq(troupe_dead_letters(root, &letter, 1), 1);
    cr_assert_eq(letter.why, TROUPE_DEAD_QUARANTINED);
    cr_assert_str_eq(letter.type, "die");
    rc = troupe_node_ask(root, ref, "die", 60000, NULL, "[i, i]", 7, 0);
    cr_assert_eq(rc, 0, "another one is handled"); /* and it lives on */
    cr_assert_eq(number_of("clerk", "pid"), last);
}

static void
expect_poison(const char *verb)
{
    troupe_child_spec_t spec = clerk_spec();
    cr_assert_eq(supervise(&strict, &spec, 1), 0);
    troupe_ref_t ref = named("clerk");
    client_ask(ref, "hold", 1, 3, 60000);
    client_ask(ref, verb, 2, 9, 60000);
    client_ask(ref, "work", 3, 0, 60000);
    expect_outcome(2, TROUPE_ERROR, -EBADMSG);
    expect_reply(1, 4); /* three crashes are survived by who waits */
    expect_outcome(3, TROUPE_REPLY, 0);
}

Test(crash_delivery, a_crash_with_an_ask_in_hand_is_counted_for_that_ask)
{
    expect_poison("die");
}

Test(crash_delivery, an_exit_with_an_ask_in_hand_is_one_too)
{
    expect_poison("leave");
}

/* Three kills while a message waits for its answer are not its doing. */
Test(crash_delivery, a_crash_without_a_message_in_hand_is_nobodys)
{
    troupe_child_spec_t spec = clerk_spec();
    troupe_ref_t ref = start_clerk(&spec);
    client_ask(ref, "hold", 1, 4, 60000);
    for (int i = 1; i <= 4; i++) {
        (void) client_seen(i);
        int64_t pid = number_of("clerk", "pid");
        cr_assert_eq(kill((pid_t) pid, i % 2 ? SIGSEGV : SIGABRT), 0);
        wait_gone(pid);
    }
    expect_reply(1, 5);
}

Test(crash_delivery, on_a_named_node_who_had_it_in_hand_is_blamed)
{
    troupe_child_spec_t specs[] = {clerk_spec(), clerk_spec()};
    for (int i = 0; i < 2; i++) {
        specs[i].isolation = TROUPE_SAME_PROCESS;
        specs[i].node = "office";
        specs[i].poison_max = 1;
    }
    specs[1].id = specs[1].name = "other";
    cr_assert_eq(supervise(&tireless, specs, 2), 0);
    client_ask(named("other"), "hold", 1, 1, 60000);
    (void) client_seen(1);
    client_ask(named("clerk"), "die", 2, 9, 60000);
    expect_outcome(2, TROUPE_ERROR, -EBADMSG);
    expect_reply(1, 2);
}
