/* SPDX-License-Identifier: Apache-2.0 */
/* test_gather_more.c: repeats, hedges, children, and early ends. */
#include <criterion/criterion.h>

#include <errno.h>
#include <string.h>

#include "supervisor/harness.h"
#include "supervisor/oracles.h"

/* Supervised oracles whose ids are what they say. */
static troupe_ref_t
start_oracles(const char *const says[], size_t count)
{
    troupe_child_spec_t specs[8];
    for (size_t i = 0; i < count; i++) {
        specs[i] = child_of(says[i]);
        specs[i].kind = &oracle;
        specs[i].poison_max = 3;
    }
    const troupe_supervisor_options_t options = {.intensity = 100};
    return start_supervisor(&options, specs, count);
}

static const troupe_gather_options_t all = {.policy = TROUPE_GATHER_ALL};

Test(gather, a_child_that_fails_is_asked_again_after_its_restart)
{
    static const char *const says[] = {"x", "#"};
    troupe_ref_t top = start_oracles(says, 2);
    troupe_gather_t *result = NULL;
    cr_assert_eq(troupe_node_gather_children(world_node(), top, NULL, 0, "ask",
                                             &all, &result, NULL),
                 0);
    cr_assert(result->met);
    cr_assert_str_eq(result->parts[0].id, "x");
    cr_assert_str_eq(result->parts[1].id, "#");
    cr_assert_eq(result->parts[1].attempts, 2);
    cr_assert_eq(result->parts[1].incarnation, 2);
    EXPECT_SAID(&result->parts[1], "#");
    troupe_gather_destroy(&result);
}

Test(gather, a_child_that_is_stopped_for_a_sibling_is_asked_again)
{
    troupe_child_spec_t specs[] = {child_of("a"), child_of("?")};
    specs[1].kind = &oracle;
    const troupe_supervisor_options_t options = {.strategy = TROUPE_ONE_FOR_ALL,
                                                 .intensity = 100};
    troupe_ref_t top = start_supervisor(&options, specs, 2);
    troupe_ref_t target = ref_of(top, "?");
    (void) gather_later(&target, 1, &all);
    tell(ref_of(top, "a"), "crash");
    EXPECT_JOURNAL("start a, stop a error, start a");
    cr_assert_eq(incarnation_of(target), 2);
    tell(target, "late"); /* it has the ask again */
    EXPECT_JOURNAL("met, 1 of 1 gave a usable reply, 1 needed: reply");
}

Test(gather, attempts_are_bounded)
{
    const troupe_supervisor_options_t options = {.intensity = 100};
    troupe_child_spec_t spec = child_of("crashes");
    troupe_ref_t top = start_supervisor(&options, &spec, 1);
    troupe_gather_options_t twice = all;
    twice.attempts_max = 2;
    troupe_gather_t *result = NULL;
    cr_assert_eq(troupe_node_gather_children(world_node(), top, NULL, 0,
                                             "crash", &twice, &result, NULL),
                 0);
    cr_assert_not(result->met);
    cr_assert_eq(result->parts[0].attempts, 2);
    cr_assert_eq(result->parts[0].code, -EHOSTDOWN);
    cr_assert_eq(incarnation_of(ref_of(top, "crashes")), 3);
    troupe_gather_destroy(&result);
}

Test(gather, one_that_is_given_up_has_the_words_of_its_failure)
{
    const troupe_supervisor_options_t options = {.intensity = 100};
    troupe_child_spec_t spec = child_of("crashes");
    spec.budget = (troupe_budget_t){
        .restarts = 1, .period_ms = 60000, .then = TROUPE_GIVE_UP};
    troupe_ref_t top = start_supervisor(&options, &spec, 1);
    troupe_ref_t target = ref_of(top, "crashes");
    troupe_gather_options_t often = all;
    troupe_gather_t *result = NULL;
    often.attempts_max = 9;
    cr_assert_eq(troupe_node_gather(world_node(), &target, 1, "crash", &often,
                                    &result, NULL),
                 0);
    cr_assert_eq(result->parts[0].outcome, TROUPE_DOWN);
    cr_assert_str_eq(result->parts[0].failure, "told to crash");
    troupe_gather_destroy(&result);
}

Test(gather, one_that_is_gone_is_not_asked_again)
{
    static const char *const says[] = {"x", "y"};
    troupe_ref_t targets[2];
    oracles(says, 2, targets);
    kill_actor(targets[1]);
    troupe_gather_t *result = gather(targets, 2, &all);
    cr_assert_not(result->met);
    cr_assert_eq(result->parts[1].outcome, TROUPE_DOWN);
    cr_assert_eq(result->parts[1].code, -ESRCH);
    cr_assert_eq(result->parts[1].attempts, 1);
    troupe_gather_destroy(&result);
}

Test(gather, a_silent_target_is_hedged_by_a_spare)
{
    static const char *const says[] = {"?", "x", "spare"};
    troupe_ref_t refs[3];
    oracles(says, 3, refs);
    troupe_gather_options_t options = all;
    options.hedge_after_ms = 50;
    options.spares = &refs[2];
    options.spare_count = 1;
    (void) gather_later(refs, 2, &options);
    world_advance(49);
    EXPECT_JOURNAL("");
    world_advance(1);
    EXPECT_JOURNAL("met, 2 of 2 gave a usable reply, 2 needed: reply reply");
    tell(refs[0], "late");
    EXPECT_JOURNAL("? was cancelled");
}

Test(gather, the_target_may_still_be_faster_than_its_spare)
{
    static const char *const says[] = {"?", "?"};
    troupe_ref_t refs[2];
    oracles(says, 2, refs);
    troupe_gather_options_t options = all;
    options.hedge_after_ms = 50;
    options.spares = &refs[1];
    options.spare_count = 1;
    (void) gather_later(refs, 1, &options);
    world_advance(60);
    tell(refs[0], "late");
    EXPECT_JOURNAL("met, 1 of 1 gave a usable reply, 1 needed: reply");
    tell(refs[1], "late");
    EXPECT_JOURNAL("? was cancelled");
}

Test(gather, when_the_target_fails_its_spare_is_waited_for)
{
    static const char *const says[] = {"?", "?"};
    troupe_ref_t refs[2];
    oracles(says, 2, refs);
    troupe_gather_options_t options = all;
    options.hedge_after_ms = 50;
    options.spares = &refs[1];
    options.spare_count = 1;
    (void) gather_later(refs, 1, &options);
    world_advance(60);
    kill_actor(refs[0]);
    EXPECT_JOURNAL("");
    tell(refs[1], "late");
    EXPECT_JOURNAL("met, 1 of 1 gave a usable reply, 1 needed: reply");
}

Test(gather, a_gather_can_be_ended_early)
{
    static const char *const says[] = {"x", "?"};
    troupe_ref_t refs[2];
    oracles(says, 2, refs);
    troupe_ref_t ref = gather_later(refs, 2, &all);
    tell(ref, "gather end");
    world_advance(1);
    EXPECT_JOURNAL("not met, 1 of 2 gave a usable reply, 2 needed: reply "
                   "cancelled");
    tell(refs[1], "late");
    EXPECT_JOURNAL("? was cancelled");
}

Test(gather, when_its_actor_ends_a_gather_is_dropped_once)
{
    static const char *const says[] = {"x", "?", "?"};
    troupe_ref_t refs[3];
    oracles(says, 3, refs);
    troupe_gather_options_t options = all;
    options.hedge_after_ms = 1000;
    options.spares = refs;
    options.spare_count = 1;
    troupe_ref_t ref = gather_later(refs, 3, &options);
    tell(ref, "gather crash");
    EXPECT_JOURNAL("dropped it");
    tell(refs[1], "late");
    EXPECT_JOURNAL("? was cancelled");
}

Test(gather, children_can_be_chosen_by_id)
{
    static const char *const says[] = {"x", "y", "z"};
    static const char *const ids[] = {"z", "none", "y", "x"};
    troupe_ref_t top = start_oracles(says, 3);
    cr_assert_eq(troupe_supervisor_terminate_child(world_node(), top, "y"), 0);
    troupe_gather_t *result = NULL;
    cr_assert_eq(troupe_node_gather_children(world_node(), top, ids, 4, "ask",
                                             &all, &result, NULL),
                 0);
    cr_assert_not(result->met);
    cr_assert_eq(result->count, 4);
    cr_assert_eq(result->asked, 2);
    EXPECT_SAID(&result->parts[0], "z");
    cr_assert_eq(result->parts[1].code, -ENOENT);
    cr_assert_str_eq(result->parts[1].id, "none");
    cr_assert_eq(result->parts[2].code, -ESRCH);
    EXPECT_SAID(&result->parts[3], "x");
    troupe_gather_destroy(&result);
}

Test(gather, one_that_rests_before_its_restart_is_waited_for)
{
    troupe_child_spec_t spec = child_of("x");
    spec.kind = &oracle;
    spec.backoff =
        (troupe_backoff_t){.min_ms = 100, .jitter_percent = TROUPE_ZERO};
    const troupe_supervisor_options_t options = {.intensity = 100};
    troupe_ref_t top = start_supervisor(&options, &spec, 1);
    troupe_ref_t ref = ref_of(top, "x");
    tell(ref, "crash");
    tell(ref, "crash");
    cr_assert_eq(status_of(top, "x"), TROUPE_CHILD_RESTARTING);
    (void) gather_later(&ref, 1, &all);
    world_advance(99);
    EXPECT_JOURNAL("");
    world_advance(1);
    EXPECT_JOURNAL("met, 1 of 1 gave a usable reply, 1 needed: reply");
}

Test(gather, no_supervisor_is_an_empty_result)
{
    troupe_ref_t top = start_supervisor(NULL, NULL, 0);
    troupe_gather_t *result = NULL;
    cr_assert_eq(troupe_node_gather_children(world_node(), top, NULL, 0, "ask",
                                             &all, &result, NULL),
                 0);
    cr_assert_not(result->met);
    cr_assert_eq(result->count, 0);
    troupe_gather_destroy(&result);
    shut_down(top);
    cr_assert_eq(troupe_node_gather_children(world_node(), top, NULL, 0, "ask",
                                             &all, &result, NULL),
                 0);
    cr_assert_not(result->met);
    cr_assert_eq(result->count, 0);
    cr_assert_not_null(strstr(result->why, "the supervisor: "));
    troupe_gather_destroy(&result);
}

static bool
two_are_enough(const troupe_gather_t *so_far, void *data)
{
    *(size_t *) data = so_far->usable;
    return so_far->usable == 2;
}

Test(gather, ends_when_the_caller_has_enough)
{
    static const char *const says[] = {"x", "?", "y", "?"};
    troupe_ref_t targets[4];
    size_t seen = 0;
    troupe_gather_options_t options = {.policy = TROUPE_GATHER_DEADLINE,
                                       .timeout_ms = 60000,
                                       .enough = two_are_enough,
                                       .data = &seen};
    oracles(says, 4, targets);
    troupe_gather_t *result = gather(targets, 4, &options);
    cr_assert(result->met);
    cr_assert_eq(seen, 2u);
    cr_assert_eq(result->usable, 2u);
    cr_assert_eq(result->parts[1].outcome, TROUPE_CANCELLED);
    cr_assert_eq(result->parts[3].outcome, TROUPE_CANCELLED);
    troupe_gather_destroy(&result);
}
