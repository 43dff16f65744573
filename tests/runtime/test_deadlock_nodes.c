/* SPDX-License-Identifier: Apache-2.0 */
/* test_deadlock_nodes.c: circles of asks over two nodes. */
#include <criterion/criterion.h>

#include <errno.h>
#include <string.h>

#include "runtime/far_clerk.h"
#include "runtime/knots.h"
#include "runtime/world.h"

enum { LONG_MS = 60000, SOON_MS = 40 };

static void
begin(void)
{
    pair_options.deadlock_ms = SOON_MS;
    pair_begin();
}

static void
end(void)
{
    pair_end();
    pair_options.deadlock_ms = 1000;
}

TestSuite(deadlock_nodes, .init = begin, .fini = end, .timeout = 60);

static int
note_end(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    note("%s", strstr(answer->text, "deadlock: ") ? answer->text : "told");
    return note_answer(ctx, state, answer);
}

struct order {
    troupe_ref_t to, about;
};

static int
ask_middle(troupe_context_t *ctx, void *arg)
{
    const struct order *order = arg;
    troupe_ask_options_t options = {.timeout_ms = LONG_MS, .answer = note_end};
    return troupe_ask_with(ctx, order->to, "middle", &options, NULL, "R",
                           order->about);
}

/* The probe asks the clerk there, which asks the probe, which holds that. */
static int
hold(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    troupe_token_t token;
    return troupe_defer(ctx, &token);
}

TROUPE_KIND(far_holder, char, TROUPE_ON("do", do_inside),
            TROUPE_ON("job", hold));

Test(deadlock_nodes, a_circle_over_two_processes_ends)
{
    troupe_ref_t one = spawn_on(home, &far_holder);
    struct order order = {spawn_on(away, &far_clerk), one};
    cr_assert_eq(inside(one, ask_middle, &order), 0);
    const char *got = notes_after(1);
    cr_assert(strstr(got, "middle error"), "%s", got);
    troupe_node_stats_t stats;
    troupe_node_stats_get(away, &stats);
    cr_assert_eq(stats.deadlocks, 1);
    cr_assert_eq(pair_logged("deadlock: far_clerk"), 1);
    cr_assert_eq(pair_logged("('middle'"), 1);
}

/* Nobody there says that it is stuck. */
Test(deadlock_nodes, an_ask_that_hangs_elsewhere_is_waited_for)
{
    troupe_ref_t one = spawn_on(home, &far_holder);
    troupe_ref_t idle = spawn_on(away, &far_holder);
    struct order order = {spawn_on(away, &far_clerk), idle};
    cr_assert_eq(inside(one, ask_middle, &order), 0);
    troupe_node_stats_t stats;
    /* Three looks of another circle come after those of this one. */
    troupe_ref_t two = spawn_on(home, &far_holder);
    struct order circle = {spawn_on(away, &far_clerk), two};
    cr_assert_eq(inside(two, ask_middle, &circle), 0);
    const char *got = notes_after(1);
    cr_assert(strstr(got, "middle error"), "%s", got);
    troupe_node_stats_get(away, &stats);
    cr_assert_eq(stats.deadlocks, 1);
    troupe_node_stats_get(home, &stats);
    cr_assert_eq(stats.deadlocks, 0);
}
