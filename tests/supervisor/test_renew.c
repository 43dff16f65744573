/* SPDX-License-Identifier: Apache-2.0 */
/* test_renew.c: children that are restarted by a call. */
#include <criterion/criterion.h>

#include <errno.h>
#include <string.h>

#include "supervisor/harness.h"

static int
renew(troupe_ref_t top, const char *id)
{
    troupe_ref_t ref;
    int rc = troupe_supervisor_renew_child(world_node(), top, id, &ref);
    world_settle();
    return rc;
}

Test(supervisor, a_renewed_child_keeps_its_ref_and_is_not_counted)
{
    troupe_child_spec_t a = child_of("a");
    troupe_ref_t top = start_supervisor(NULL, &a, 1), after;
    troupe_ref_t before = ref_of(top, "a");
    EXPECT_JOURNAL("start a");
    for (uint32_t i = 1; i <= 20; i++) { /* intensity is 1 */
        cr_assert_eq(
            troupe_supervisor_renew_child(world_node(), top, "a", &after), 0);
        cr_assert(troupe_ref_equal(before, after));
        cr_assert_eq(incarnation_of(after), i + 1);
        EXPECT_JOURNAL("stop a, start a");
    }
    tell(before, "crash");
    cr_assert_eq(incarnation_of(before), 22);
    cr_assert_eq(renew(top, "x"), -ENOENT);
}

Test(supervisor, what_waits_in_the_mailbox_of_a_renewed_child_is_kept)
{
    troupe_child_spec_t a = child_of("a");
    a.kind = &trapping;
    a.shutdown_ms = 1000;
    troupe_ref_t top = start_supervisor(NULL, &a, 1);
    troupe_ref_t ref = ref_of(top, "a");
    *script_of("a") =
        (struct script){"a", .stop = STOP_LATE, .stop_after_ms = 100};
    call_later(top, TROUPE_RENEW_CHILD, "a");
    EXPECT_JOURNAL("start a, exit a");
    cr_assert_eq(renew(top, "a"), -EAGAIN); /* it is stopping */
    world_advance(100);
    EXPECT_JOURNAL_SORTED("a: 0, start a, stop a");
    troupe_message_t *reply = NULL;
    cr_assert_eq(troupe_node_ask(world_node(), ref, "ping", 0, &reply, NULL),
                 0);
    troupe_message_destroy(&reply);
    script_of("a")->stop = STOP_OBEYS;
}

Test(supervisor, those_that_a_strategy_restarts_come_along)
{
    static const char *const ids[] = {"a", "b", "c"};
    troupe_ref_t all = start_group(TROUPE_ONE_FOR_ALL, ids, 3);
    EXPECT_JOURNAL("start a, start b, start c");
    cr_assert_eq(renew(all, "b"), 0);
    EXPECT_JOURNAL("stop b, stop c, stop a, start a, start b, start c");
}

Test(supervisor, only_later_ones_come_along_for_rest_for_one)
{
    static const char *const ids[] = {"a", "b", "c"};
    troupe_ref_t rest = start_group(TROUPE_REST_FOR_ONE, ids, 3);
    EXPECT_JOURNAL("start a, start b, start c");
    cr_assert_eq(renew(rest, "b"), 0);
    EXPECT_JOURNAL("stop b, stop c, start b, start c");
}

Test(supervisor, a_renewal_waits_for_the_round_of_another)
{
    troupe_child_spec_t specs[] = {child_of("a"), child_of("b")};
    const troupe_supervisor_options_t options = {
        .strategy = TROUPE_REST_FOR_ONE, .intensity = 100};
    specs[0].kind = &trapping;
    troupe_ref_t top = start_supervisor(&options, specs, 2);
    *script_of("a") =
        (struct script){"a", .stop = STOP_LATE, .stop_after_ms = 100};
    specs[1].backoff.min_ms = 1000;
    call_later(top, TROUPE_RENEW_CHILD, "a");
    EXPECT_JOURNAL("start a, start b, exit a");
    tell(ref_of(top, "b"), "crash");
    EXPECT_JOURNAL("stop b error, start b");
    world_advance(100);
    EXPECT_JOURNAL_SORTED("a: 0, start a, start b, stop a, stop b");
    script_of("a")->stop = STOP_OBEYS;
}

Test(supervisor, who_cannot_be_renewed_is_named)
{
    troupe_child_spec_t specs[] = {child_of("once"), child_of("down")};
    specs[0].restart = TROUPE_TEMPORARY;
    specs[1].restart = TROUPE_TRANSIENT;
    troupe_ref_t top = start_supervisor(NULL, specs, 2);
    cr_assert_eq(renew(top, "once"), -EPERM);
    tell(ref_of(top, "down"), "done");
    cr_assert_eq(status_of(top, "down"), TROUPE_CHILD_DOWN);
    cr_assert_eq(renew(top, "down"), 0);
    cr_assert_eq(status_of(top, "down"), TROUPE_CHILD_UP);
}

Test(supervisor, a_renewed_supervisor_has_all_new_children)
{
    const troupe_supervisor_options_t below = {.intensity = 1};
    troupe_child_spec_t leaves[] = {child_of("l1"), child_of("l2")};
    troupe_child_spec_t inner = {
        .id = "s", .supervisor = &below, .children = leaves, .child_count = 2};
    troupe_ref_t top = start_supervisor(NULL, &inner, 1);
    troupe_ref_t s = ref_of(top, "s"), l1 = ref_of(s, "l1");
    EXPECT_JOURNAL("start l1, start l2");
    cr_assert_eq(renew(top, "s"), 0);
    EXPECT_JOURNAL("stop l2, stop l1, start l1, start l2");
    cr_assert(troupe_ref_equal(s, ref_of(top, "s")));
    cr_assert_not(is_alive(l1));
    cr_assert(is_alive(ref_of(s, "l1")));
}

Test(supervisor, simple_children_are_renewed_by_ref)
{
    const troupe_supervisor_options_t simple = {.strategy =
                                                    TROUPE_SIMPLE_ONE_FOR_ONE};
    troupe_child_spec_t a = child_of("a");
    troupe_ref_t top = start_supervisor(&simple, &a, 1), ref;
    cr_assert_eq(troupe_supervisor_start_more(world_node(), top, &ref, NULL),
                 0);
    const troupe_child_request_t request = {.verb = TROUPE_RENEW_CHILD,
                                            .ref = ref};
    troupe_message_t *reply = NULL;
    cr_assert_eq(ask_supervisor(top, &request, &reply), 0);
    troupe_message_destroy(&reply);
    cr_assert_eq(incarnation_of(ref), 2);
    cr_assert_eq(renew(top, "a"), -EPERM);
}

Test(supervisor, a_renewal_ends_with_its_supervisor)
{
    troupe_child_spec_t a = child_of("a");
    a.kind = &trapping;
    troupe_ref_t top = start_supervisor(NULL, &a, 1);
    *script_of("a") =
        (struct script){"a", .stop = STOP_LATE, .stop_after_ms = 100};
    call_later(top, TROUPE_RENEW_CHILD, "a");
    cr_assert_eq(troupe_node_exit(world_node(), top, TROUPE_EXIT_SHUTDOWN, 0),
                 0);
    world_settle();
    world_advance(100);
    cr_assert_not(is_alive(top));
    cr_assert_eq(journal_count("start a"), 1);
    cr_assert_eq(journal_count("stop a"), 1);
}

Test(supervisor, a_renewed_child_that_fails_to_start_is_tried_again)
{
    const troupe_supervisor_options_t options = {.intensity = 3};
    troupe_child_spec_t a = child_of("a");
    troupe_ref_t top = start_supervisor(&options, &a, 1);
    script_of("a")->start_fails = 2;
    cr_assert_eq(renew(top, "a"), 0);
    cr_assert_eq(incarnation_of(ref_of(top, "a")), 4);
    cr_assert_eq(journal_count("start a"), 4);
}

Test(supervisor, a_renewed_child_that_never_ends_is_left_behind)
{
    world_begin_real();
    troupe_child_spec_t a = child_of("a");
    a.shutdown_ms = 1;
    a.place = TROUPE_OWN_THREAD;
    troupe_ref_t top = start_supervisor(NULL, &a, 1), ref = ref_of(top, "a");
    cr_assert_eq(troupe_node_send(world_node(), ref, "block", NULL), 0);
    harness_wait_blocked();
    cr_assert_eq(troupe_supervisor_renew_child(world_node(), top, "a", &ref),
                 -ETIMEDOUT);
    harness_unblock();
    cr_assert_eq(log_count("does not end: left behind"), 1);
    cr_assert_eq(status_of(top, "a"), TROUPE_CHILD_DOWN);
}

Test(supervisor, names_below_a_supervisor_are_free_when_it_starts_again)
{
    enum { ROUNDS = 50, COUNT = 4 };
    const troupe_supervisor_options_t below = {.intensity = 1};
    static const char *const ids[COUNT] = {"n1", "n2", "n3", "n4"};
    troupe_child_spec_t leaves[COUNT];
    for (uint32_t i = 0; i < COUNT; i++) {
        leaves[i] = child_of(ids[i]);
        leaves[i].name = ids[i];
        leaves[i].place = i % 2 ? TROUPE_OWN_THREAD : TROUPE_SPREAD;
    }
    troupe_child_spec_t inner = {.id = "s",
                                 .supervisor = &below,
                                 .children = leaves,
                                 .child_count = COUNT};
    troupe_ref_t top = start_supervisor(NULL, &inner, 1), ref;
    for (uint32_t i = 0; i < ROUNDS; i++)
        cr_assert_eq(
            troupe_supervisor_renew_child(world_node(), top, "s", &ref), 0);
    cr_assert_eq(incarnation_of(ref), ROUNDS + 1, "none failed to start");
}
