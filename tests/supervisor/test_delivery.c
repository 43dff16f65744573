/* SPDX-License-Identifier: Apache-2.0 */
/* test_delivery.c: asks over the restart of a child in this process. */
#include <criterion/criterion.h>

#include <errno.h>
#include <string.h>

#include "supervisor/clerk.h"
#include "supervisor/client.h"
#include "supervisor/harness.h"

static const troupe_supervisor_options_t patient = {
    .intensity = TROUPE_INFINITE, .unstable_max = TROUPE_INFINITE};

/* A clerk that is asked at least once; `top` is its supervisor. */
static troupe_ref_t top;

static troupe_child_spec_t
clerk_spec(void)
{
    return (troupe_child_spec_t){.id = "clerk",
                                 .kind = &clerk,
                                 .backoff = {.min_ms = TROUPE_ZERO},
                                 .poison_max = TROUPE_INFINITE,
                                 .delivery = {.mode = TROUPE_AT_LEAST_ONCE}};
}

static troupe_ref_t
start_clerk(const troupe_child_spec_t *spec)
{
    client_begin(world_node());
    top = start_supervisor(&patient, spec, 1);
    return ref_of(top, spec->id);
}

static size_t
dead_of(troupe_dead_t why)
{
    troupe_dead_letter_t letters[256];
    size_t found = 0, count = troupe_dead_letters(world_node(), letters, 256);
    for (size_t i = 0; i < count; i++)
        found += letters[i].why == why;
    return found;
}

static uint64_t
redelivered(void)
{
    troupe_node_stats_t stats;
    troupe_node_stats_get(world_node(), &stats);
    return stats.redelivered;
}

#define EXPECT_OUTCOME(n, outcome_, code_)                                     \
    do {                                                                       \
        world_settle();                                                        \
        struct client_note note_ = client_note(n);                             \
        cr_assert_eq(note_.outcomes, 1, "%d", note_.outcomes);                 \
        cr_assert_eq(note_.outcome, (outcome_), "%s: %s",                      \
                     troupe_outcome_name(note_.outcome), note_.text);          \
        cr_assert_eq(note_.code, (code_), "%d", note_.code);                   \
    } while (0)

#define EXPECT_REPLY(n, attempt_)                                              \
    do {                                                                       \
        EXPECT_OUTCOME(n, TROUPE_REPLY, 0);                                    \
        cr_assert(client_note(n).is_right);                                    \
        cr_assert_eq(client_note(n).attempt, (attempt_));                      \
    } while (0)

#define EXPECT_SEEN(words)                                                     \
    do {                                                                       \
        world_settle();                                                        \
        const char *seen_ = client_seen(0);                                    \
        cr_assert_str_eq(seen_, (words), "%s, not %s", seen_, (words));        \
    } while (0)

Test(supervisor, delivery_is_at_most_once_unless_it_is_asked_for)
{
    troupe_child_spec_t spec = clerk_spec();
    spec.delivery = (troupe_delivery_t){0};
    troupe_ref_t ref = start_clerk(&spec);
    client_ask(ref, "work", 1, 1, 0);
    EXPECT_OUTCOME(1, TROUPE_ERROR, -EHOSTDOWN);
    client_ask(ref, "hold", 2, 9, 0);
    world_settle();
    tell(ref, "crash");
    EXPECT_OUTCOME(2, TROUPE_DOWN, -EHOSTDOWN);
    EXPECT_SEEN("1.1 2.1");
    cr_assert_eq(redelivered(), 0);
}

Test(supervisor, delivery_an_ask_on_which_it_fails_is_handed_over_again)
{
    troupe_child_spec_t spec = clerk_spec();
    troupe_ref_t ref = start_clerk(&spec);
    client_ask(ref, "work", 1, 2, 0);
    EXPECT_REPLY(1, 3);
    EXPECT_SEEN("1.1 1.2 1.3");
    cr_assert_eq(incarnation_of(ref), 3);
    cr_assert_eq(redelivered(), 2);
    cr_assert_eq(dead_of(TROUPE_DEAD_FAILED), 0); /* it was not lost */
}

Test(supervisor, delivery_open_asks_come_again_in_order_before_others)
{
    troupe_child_spec_t spec = clerk_spec();
    troupe_ref_t ref = start_clerk(&spec);
    for (int n = 1; n <= 3; n++)
        client_ask(ref, "hold", n, 1, 0);
    client_ask(ref, "work", 4, 1, 0);
    client_ask(ref, "work", 5, 0, 0);
    EXPECT_SEEN("1.1 2.1 3.1 4.1 1.2 2.2 3.2 4.2 5.1");
    for (int n = 1; n <= 4; n++)
        EXPECT_REPLY(n, 2);
    EXPECT_REPLY(5, 1);
}

Test(supervisor, delivery_what_is_answered_does_not_come_again)
{
    troupe_child_spec_t spec = clerk_spec();
    troupe_ref_t ref = start_clerk(&spec);
    client_ask(ref, "work", 1, 0, 0);
    world_settle();
    cr_assert_eq(troupe_node_send(world_node(), ref, "note", NULL), 0);
    tell(ref, "crash");
    tell(ref, "crash");
    EXPECT_REPLY(1, 1);
    EXPECT_SEEN("1.1");
    troupe_message_t *reply = NULL;
    int64_t noted = -1;
    cr_assert_eq(troupe_node_ask(world_node(), ref, "noted", 0, &reply, NULL),
                 0);
    cr_assert_eq(troupe_unpack(reply, "I", &noted), 0);
    troupe_message_destroy(&reply);
    cr_assert_eq(noted, 0); /* a tell is not kept */
    cr_assert_eq(redelivered(), 0);
}

Test(supervisor, delivery_after_the_last_attempt_the_asker_hears)
{
    troupe_child_spec_t spec = clerk_spec();
    spec.delivery.attempts_max = 2;
    troupe_ref_t ref = start_clerk(&spec);
    client_ask(ref, "work", 1, 9, 0);
    client_ask(ref, "work", 2, 0, 0);
    EXPECT_OUTCOME(1, TROUPE_ERROR, -EHOSTDOWN);
    cr_assert_str_eq(client_note(1).text,
                     "given up after 2 attempts: the pen broke");
    EXPECT_REPLY(2, 1);
    EXPECT_SEEN("1.1 1.2 2.1");
    cr_assert_eq(dead_of(TROUPE_DEAD_ATTEMPTS), 1);
}

Test(supervisor, delivery_a_poison_is_quarantined_before_its_last_attempt)
{
    troupe_child_spec_t spec = clerk_spec();
    spec.poison_max = 3;
    troupe_ref_t ref = start_clerk(&spec);
    client_ask(ref, "work", 1, 9, 0);
    client_ask(ref, "work", 2, 0, 0);
    EXPECT_OUTCOME(1, TROUPE_ERROR, -EBADMSG);
    EXPECT_REPLY(2, 1);
    EXPECT_SEEN("1.1 1.2 1.3 2.1");
    cr_assert_eq(dead_of(TROUPE_DEAD_QUARANTINED), 1);
    cr_assert_eq(log_count("is quarantined"), 1);
}

Test(supervisor, delivery_over_its_bounds_asks_are_refused_at_once)
{
    troupe_child_spec_t spec = clerk_spec();
    spec.delivery.open_max = 2;
    troupe_ref_t ref = start_clerk(&spec);
    for (int n = 1; n <= 3; n++)
        client_ask(ref, "hold", n, 1, 0);
    EXPECT_OUTCOME(3, TROUPE_OVERLOAD, -ENOBUFS);
    cr_assert_eq(client_note(2).outcomes, 0);
    tell(ref, "crash");
    EXPECT_REPLY(1, 2);
    EXPECT_REPLY(2, 2);
    client_ask(ref, "hold", 4, 0, 0); /* there is room again */
    EXPECT_REPLY(4, 1);
}

Test(supervisor, delivery_of_many_bytes_is_bounded_too)
{
    troupe_child_spec_t spec = clerk_spec();
    spec.delivery.open_bytes_max = 1;
    troupe_ref_t ref = start_clerk(&spec);
    client_ask(ref, "hold", 1, 1, 0); /* one is always taken */
    client_ask(ref, "hold", 2, 1, 0);
    EXPECT_OUTCOME(2, TROUPE_OVERLOAD, -ENOBUFS);
    tell(ref, "crash");
    EXPECT_REPLY(1, 2);
}

Test(supervisor, delivery_ends_with_the_deadline)
{
    troupe_child_spec_t spec = clerk_spec();
    spec.backoff =
        (troupe_backoff_t){.min_ms = 1000, .jitter_percent = TROUPE_ZERO};
    troupe_ref_t ref = start_clerk(&spec);
    client_ask(ref, "hold", 1, 9, 100);
    client_ask(ref, "hold", 2, 2, 60000);
    world_settle();
    tell(ref, "crash");
    EXPECT_SEEN("1.1 2.1 1.2 2.2");
    tell(ref, "crash");         /* it rests before this restart */
    for (int i = 0; i < 3; i++) /* a timeout first asks why */
        world_advance(60);
    EXPECT_OUTCOME(1, TROUPE_TIMEOUT, -ETIMEDOUT);
    world_advance(1000);
    EXPECT_REPLY(2, 3);
    EXPECT_SEEN("1.1 2.1 1.2 2.2 2.3");
}

Test(supervisor, delivery_ends_with_a_cancel)
{
    troupe_child_spec_t spec = clerk_spec();
    troupe_ref_t ref = start_clerk(&spec);
    client_ask(ref, "hold", 1, 9, 0);
    client_ask(ref, "hold", 2, 1, 0);
    world_settle();
    client_cancel(1);
    EXPECT_OUTCOME(1, TROUPE_CANCELLED, -ECANCELED);
    tell(ref, "crash");
    EXPECT_REPLY(2, 2);
    EXPECT_SEEN("1.1 2.1 2.2");
}

Test(supervisor, delivery_of_what_is_forwarded_is_another_ones_matter)
{
    troupe_child_spec_t specs[] = {clerk_spec(), clerk_spec()};
    specs[1].id = "other";
    client_begin(world_node());
    top = start_supervisor(&patient, specs, 2);
    troupe_ref_t ref = ref_of(top, "clerk"), other = ref_of(top, "other");
    cr_assert_eq(troupe_node_send(world_node(), ref, "pass", "R", other), 0);
    world_settle();
    client_ask(ref, "hold", 1, 1, 0);
    world_settle();
    tell(ref, "crash");
    EXPECT_SEEN("1.1");
    tell(other, "crash");
    EXPECT_REPLY(1, 2);
    EXPECT_SEEN("1.1 1.2");
}

Test(supervisor, delivery_ends_when_the_child_is_gone_for_good)
{
    troupe_child_spec_t spec = clerk_spec();
    troupe_ref_t ref = start_clerk(&spec);
    client_ask(ref, "hold", 1, 9, 0);
    world_settle();
    cr_assert_eq(troupe_supervisor_terminate_child(world_node(), top, "clerk"),
                 0);
    EXPECT_OUTCOME(1, TROUPE_DOWN, -ESRCH);
    cr_assert_str_eq(client_note(1).text,
                     "the actor ended for good before it had answered");
}

Test(supervisor, delivery_survives_the_restart_for_a_sibling)
{
    troupe_child_spec_t specs[] = {clerk_spec(), child_of("b")};
    const troupe_supervisor_options_t all = {.strategy = TROUPE_ONE_FOR_ALL,
                                             .intensity = 1000};
    client_begin(world_node());
    top = start_supervisor(&all, specs, 2);
    client_ask(ref_of(top, "clerk"), "hold", 1, 1, 0);
    world_settle();
    tell(ref_of(top, "b"), "crash");
    EXPECT_REPLY(1, 2);
}

/* Whatever fails when: one outcome each, and the right answer. */
Test(supervisor, delivery_at_random_gives_each_ask_one_outcome)
{
    enum { ASKS = 2000 };
    static const char *const verbs[] = {"work", "hold"};
    troupe_child_spec_t spec = clerk_spec();
    spec.delivery.attempts_max = 4;
    uint64_t dice = 88172645463325252u; /* xorshift64 */
    troupe_ref_t ref = start_clerk(&spec);
    int ks[ASKS];
    for (int n = 0; n < ASKS; n++) {
        dice ^= dice << 13, dice ^= dice >> 7, dice ^= dice << 17;
        ks[n] = (int) (dice % 5 == 0 ? dice / 5 % 4 : 0);
        client_ask(ref, verbs[dice / 64 % 2], n, ks[n], 600000);
        if (dice % 64 == 0)
            tell(ref, "crash");
    }
    for (int i = 0; i < 4; i++)
        tell(ref, "crash");
    for (int n = 0; n < ASKS; n++) {
        struct client_note note = client_note(n);
        cr_assert_eq(note.outcomes, 1, "%d: %d", n, note.outcomes);
        if (note.outcome == TROUPE_REPLY)
            cr_assert(note.is_right && note.attempt > ks[n], "%d", n);
        else
            cr_assert(strstr(note.text, "given up after 4"), "%s", note.text);
    }
    cr_assert_gt(redelivered(), 0);
    cr_assert_eq(dead_of(TROUPE_DEAD_OVERFLOW), 0);
}

Test(supervisor, delivery_specs_with_mistakes_are_refused)
{
    troupe_supervisor_error_t error;
    troupe_child_spec_t spec = clerk_spec();
    spec.delivery.mode = (troupe_delivery_mode_t) 2;
    cr_assert_eq(troupe_child_specs_check(NULL, &spec, 1, &error), -EINVAL);
    cr_assert_str_eq(error.text, "child 'clerk': no such delivery.mode");
    spec.delivery = (troupe_delivery_t){.attempts_max = 2};
    cr_assert_eq(troupe_child_specs_check(NULL, &spec, 1, &error), -EINVAL);
    cr_assert(strstr(error.text, "need TROUPE_AT_LEAST_ONCE"), "%s",
              error.text);
    spec.delivery = (troupe_delivery_t){.mode = TROUPE_AT_LEAST_ONCE,
                                        .open_max = TROUPE_ZERO};
    cr_assert_eq(troupe_child_specs_check(NULL, &spec, 1, &error), -EINVAL);
    const troupe_supervisor_options_t below = {.intensity = 1};
    const troupe_child_spec_t inner = {
        .id = "s",
        .supervisor = &below,
        .delivery = {.mode = TROUPE_AT_LEAST_ONCE}};
    cr_assert_eq(troupe_child_specs_check(NULL, &inner, 1, &error), -EINVAL);
    cr_assert_str_eq(error.text, "child 's': delivery is not for a supervisor");
}

/* Who only waits is not given up because another message is a poison. */
Test(supervisor, delivery_attempts_that_end_for_another_message_do_not_count)
{
    troupe_child_spec_t spec = clerk_spec();
    spec.delivery.attempts_max = 2;
    troupe_ref_t ref = start_clerk(&spec);
    client_ask(ref, "hold", 1, 6, 0);
    for (int n = 2; n <= 4; n++)
        client_ask(ref, "work", n, 9, 0);
    for (int n = 2; n <= 4; n++)
        EXPECT_OUTCOME(n, TROUPE_ERROR, -EHOSTDOWN);
    EXPECT_REPLY(1, 7);
}
