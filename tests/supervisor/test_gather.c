/* SPDX-License-Identifier: Apache-2.0 */
/* test_gather.c: gather's policies and its result. */
#include <criterion/criterion.h>

#include <errno.h>
#include <math.h>
#include <string.h>

#include "supervisor/harness.h"
#include "supervisor/oracles.h"

Test(gather, all_waits_for_every_reply_in_the_order_of_targets)
{
    static const char *const says[] = {"x", "y", "z"};
    troupe_ref_t targets[3];
    oracles(says, 3, targets);
    const troupe_gather_options_t options = {.policy = TROUPE_GATHER_ALL};
    troupe_gather_t *result = gather(targets, 3, &options);
    cr_assert(result->met);
    cr_assert_eq(result->count, 3);
    cr_assert_eq(result->asked, 3);
    cr_assert_eq(result->answered, 3);
    cr_assert_eq(result->usable, 3);
    cr_assert_eq(result->failed, 0);
    for (int i = 0; i < 3; i++) {
        const troupe_gather_part_t *part = &result->parts[i];
        cr_assert(troupe_ref_equal(part->target, targets[i]));
        cr_assert(troupe_ref_equal(part->answered_by, targets[i]));
        cr_assert_eq(part->outcome, TROUPE_REPLY);
        cr_assert_eq(part->attempts, 1);
        cr_assert_eq(part->incarnation, 1);
        cr_assert(part->usable && part->chosen);
        EXPECT_SAID(part, says[i]);
    }
    troupe_gather_destroy(&result);
    cr_assert_null(result);
    troupe_gather_destroy(&result);
}

Test(gather, all_is_not_met_when_one_fails_and_says_who)
{
    static const char *const says[] = {"x", "!", "z"};
    troupe_ref_t targets[3];
    oracles(says, 3, targets);
    const troupe_gather_options_t options = {.policy = TROUPE_GATHER_ALL};
    troupe_gather_t *result = gather(targets, 3, &options);
    cr_assert_not(result->met);
    cr_assert_str_eq(result->why, "2 of 3 gave a usable reply, 3 needed");
    cr_assert_eq(result->failed, 1);
    cr_assert_eq(result->parts[1].outcome, TROUPE_ERROR);
    cr_assert_eq(result->parts[1].code, -ENODATA);
    cr_assert_str_eq(result->parts[1].text, "nothing to say");
    cr_assert_eq(result->best, SIZE_MAX);
    EXPECT_SAID(&result->parts[2], "z");
    troupe_gather_destroy(&result);
}

Test(gather, all_can_end_at_the_first_failure)
{
    static const char *const says[] = {"?", "!", "?"};
    troupe_ref_t targets[3];
    oracles(says, 3, targets);
    const troupe_gather_options_t options = {.policy = TROUPE_GATHER_ALL,
                                             .fail_fast = true};
    troupe_gather_t *result = gather(targets, 3, &options);
    cr_assert_not(result->met);
    cr_assert_eq(result->parts[0].outcome, TROUPE_CANCELLED);
    cr_assert_eq(result->parts[0].code, -ECANCELED);
    cr_assert_eq(result->parts[1].code, -ENODATA);
    troupe_gather_destroy(&result);
}

Test(gather, first_takes_one_reply_and_cancels_the_losers)
{
    static const char *const says[] = {"?", "y", "?"};
    troupe_ref_t targets[3];
    oracles(says, 3, targets);
    const troupe_gather_options_t options = {.policy = TROUPE_GATHER_FIRST};
    troupe_gather_t *result = gather(targets, 3, &options);
    cr_assert(result->met);
    cr_assert_eq(result->best, 1);
    cr_assert_eq(result->answered, 1);
    cr_assert_eq(result->parts[0].outcome, TROUPE_CANCELLED);
    cr_assert_eq(result->parts[2].outcome, TROUPE_CANCELLED);
    troupe_gather_destroy(&result);
    tell(targets[0], "late"); /* it finds that nobody waits any more */
    tell(targets[2], "late");
    EXPECT_JOURNAL("? was cancelled, ? was cancelled");
}

Test(gather, first_is_not_met_when_all_fail)
{
    static const char *const says[] = {"!", "!"};
    troupe_ref_t targets[2];
    oracles(says, 2, targets);
    const troupe_gather_options_t options = {.policy = TROUPE_GATHER_FIRST};
    troupe_gather_t *result = gather(targets, 2, &options);
    cr_assert_not(result->met);
    cr_assert_eq(result->failed, 2);
    troupe_gather_destroy(&result);
}

Test(gather, first_k_takes_k_replies)
{
    static const char *const says[] = {"x", "!", "y", "?", "?"};
    troupe_ref_t targets[5];
    oracles(says, 5, targets);
    troupe_gather_options_t options = {.policy = TROUPE_GATHER_FIRST_K, .k = 2};
    troupe_gather_t *result = gather(targets, 5, &options);
    cr_assert(result->met);
    cr_assert_eq(result->usable, 2);
    cr_assert(result->parts[0].chosen && result->parts[2].chosen);
    cr_assert_eq(result->parts[4].outcome, TROUPE_CANCELLED);
    troupe_gather_destroy(&result);
}

Test(gather, a_quorum_is_more_than_half_unless_said_otherwise)
{
    static const char *const says[] = {"x", "y", "z", "?", "!"};
    troupe_ref_t targets[5];
    oracles(says, 5, targets);
    troupe_gather_options_t options = {.policy = TROUPE_GATHER_QUORUM};
    troupe_gather_t *result = gather(targets, 5, &options);
    cr_assert(result->met);
    cr_assert_eq(result->usable, 3);
    cr_assert_eq(result->parts[3].outcome, TROUPE_CANCELLED);
    troupe_gather_destroy(&result);

    options.k = 4;
    options.fail_fast = true;
    static const char *const worse[] = {"x", "!", "!", "?", "?"};
    oracles(worse, 5, targets);
    result = gather(targets, 5, &options);
    cr_assert_not(result->met);
    cr_assert_str_eq(result->why, "1 of 5 gave a usable reply, 4 needed");
    troupe_gather_destroy(&result);
}

static bool
same_without_case(const troupe_message_t *one, const troupe_message_t *other,
                  void *data)
{
    (void) data;
    const char *a = NULL;
    const char *b = NULL;
    return troupe_unpack(one, "s", &a) == 0
           && troupe_unpack(other, "s", &b) == 0 && strcasecmp(a, b) == 0;
}

Test(gather, a_majority_must_say_the_same)
{
    static const char *const says[] = {"no", "yes", "YES", "Yes", "?"};
    troupe_ref_t targets[5];
    oracles(says, 5, targets);
    troupe_gather_options_t options = {.policy = TROUPE_GATHER_MAJORITY,
                                       .same = same_without_case};
    troupe_gather_t *result = gather(targets, 5, &options);
    cr_assert(result->met);
    cr_assert_eq(result->best, 1);
    cr_assert_not(result->parts[0].chosen);
    cr_assert(result->parts[1].chosen && result->parts[2].chosen
              && result->parts[3].chosen);
    cr_assert_eq(result->parts[4].outcome, TROUPE_CANCELLED);
    troupe_gather_destroy(&result);

    options.same = NULL; /* byte for byte, no two agree */
    options.fail_fast = true;
    result = gather(targets, 5, &options);
    cr_assert_not(result->met);
    cr_assert_not_null(strstr(result->why, "agree, 3 needed"));
    troupe_gather_destroy(&result);
}

static double
by_length(const troupe_message_t *reply, void *data)
{
    (void) data;
    const char *text = NULL;
    return troupe_unpack(reply, "s", &text) == 0 ? (double) strlen(text) : 0;
}

Test(gather, best_waits_for_all_and_takes_the_highest_score)
{
    static const char *const says[] = {"a", "ccc", "!", "bb"};
    troupe_ref_t targets[4];
    oracles(says, 4, targets);
    const troupe_gather_options_t options = {.policy = TROUPE_GATHER_BEST,
                                             .score = by_length};
    troupe_gather_t *result = gather(targets, 4, &options);
    cr_assert(result->met);
    cr_assert_eq(result->best, 1);
    cr_assert(result->parts[1].chosen);
    cr_assert_not(result->parts[0].chosen || result->parts[3].chosen);
    cr_assert_float_eq(result->parts[1].score, 3.0, 1e-9);
    cr_assert_eq(result->answered, 3);
    troupe_gather_destroy(&result);
}

static bool
is_long(const troupe_message_t *reply, void *data)
{
    return by_length(reply, data) > 1;
}

Test(gather, what_the_caller_cannot_use_does_not_count)
{
    static const char *const says[] = {"a", "bb", "ccc"};
    troupe_ref_t targets[3];
    oracles(says, 3, targets);
    const troupe_gather_options_t options = {.policy = TROUPE_GATHER_ALL,
                                             .usable = is_long};
    troupe_gather_t *result = gather(targets, 3, &options);
    cr_assert_not(result->met);
    cr_assert_eq(result->answered, 3);
    cr_assert_eq(result->usable, 2);
    cr_assert_not(result->parts[0].usable);
    cr_assert_eq(result->parts[0].outcome, TROUPE_REPLY);
    troupe_gather_destroy(&result);
}

Test(gather, at_the_deadline_there_is_what_there_is)
{
    static const char *const says[] = {"x", "?", "!"};
    troupe_ref_t targets[3];
    oracles(says, 3, targets);
    const troupe_gather_options_t options = {.policy = TROUPE_GATHER_DEADLINE,
                                             .timeout_ms = 200};
    gather_later(targets, 3, &options);
    EXPECT_JOURNAL("");
    world_advance(199);
    EXPECT_JOURNAL("");
    world_advance(30);
    EXPECT_JOURNAL("met, 1 of 3 gave a usable reply: reply timeout error");
}

Test(gather, all_is_not_met_at_the_deadline)
{
    static const char *const says[] = {"x", "?"};
    troupe_ref_t targets[2];
    oracles(says, 2, targets);
    const troupe_gather_options_t options = {.policy = TROUPE_GATHER_ALL,
                                             .timeout_ms = 200};
    gather_later(targets, 2, &options);
    world_advance(230);
    EXPECT_JOURNAL("not met, 1 of 2 gave a usable reply, 2 needed: reply "
                   "timeout");
}

Test(gather, bad_arguments_are_refused)
{
    static const char *const says[] = {"x"};
    troupe_ref_t targets[1];
    troupe_gather_t *result = NULL;
    troupe_t *node = world_node();
    oracles(says, 1, targets);
    troupe_gather_options_t options = {.policy = TROUPE_GATHER_ALL};
    cr_assert_eq(
        troupe_node_gather(node, targets, 0, "ask", &options, &result, NULL),
        -EINVAL);
    cr_assert_eq(
        troupe_node_gather(node, NULL, 1, "ask", &options, &result, NULL),
        -EINVAL);
    cr_assert_eq(
        troupe_node_gather(node, targets, 1, "", &options, &result, NULL),
        -EINVAL);
    cr_assert_eq(
        troupe_node_gather(node, targets, 1, "ask", NULL, &result, NULL),
        -EINVAL);
    cr_assert_eq(troupe_node_gather(node, targets, 1, "ask", &options, &result,
                                    "s", NULL),
                 -EINVAL);
    options.policy = TROUPE_GATHER_BEST; /* without score */
    cr_assert_eq(
        troupe_node_gather(node, targets, 1, "ask", &options, &result, NULL),
        -EINVAL);
    options = (troupe_gather_options_t){.policy = TROUPE_GATHER_FIRST_K};
    cr_assert_eq(
        troupe_node_gather(node, targets, 1, "ask", &options, &result, NULL),
        -EINVAL);
    options.k = 2; /* of one */
    cr_assert_eq(
        troupe_node_gather(node, targets, 1, "ask", &options, &result, NULL),
        -EINVAL);
    targets[0] = TROUPE_NOBODY;
    options.k = 1;
    cr_assert_eq(
        troupe_node_gather(node, targets, 1, "ask", &options, &result, NULL),
        -EINVAL);
    cr_assert_null(result);
}
