/* SPDX-License-Identifier: Apache-2.0 */
/* test_map_stuck.c: a map of which too many threads do not return. */
#include <criterion/criterion.h>

#include <string.h>
#include <unistd.h>

#include "map_tasks.h"

#define STUCK 66 /* over what a map replaces */

static int gate[2]; /* a pipe: nobody writes, and a read ends by its close */

/* It blocks its worker until the gate is opened. */
static int
on_call(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    char byte;
    (void) state, (void) msg;
    return read(gate[0], &byte, 1) < 0 ? -1 : troupe_reply(ctx, "U", 0);
}

TROUPE_KIND(blocked, char, TROUPE_ON("call", on_call));

Test(map_stuck, more_threads_than_it_replaces_end_it_with_words, .timeout = 60)
{
    troupe_options_t wide = troupe_options_default();
    troupe_map_options_t options = {.mode = TROUPE_MAP_ASYNC,
                                    .apart = true,
                                    .jobs = STUCK,
                                    .timeout_ms = 50};
    struct tasks tasks = tasks_of("blocked", 2 * STUCK);
    troupe_map_calls_t calls_of = {
        .next = map_give, .result = map_take, .data = &tasks};
    troupe_map_summary_t summary;
    wide.workers = STUCK;
    cr_assert_eq(pipe(gate), 0);
    cr_assert_eq(troupe_new(&wide, &node), 0);
    cr_assert_eq(troupe_kind_register(node, &blocked), 0);
    cr_assert_eq(troupe_map_run(node, &options, &calls_of, &summary), 0);
    cr_assert_str_eq(summary.error, "64 threads do not return from functions; "
                                    "see --mode process");
    cr_assert_eq(tasks.taken, tasks.given); /* each has an end all the same */
    cr_assert_geq(summary.stuck, 64u);
    close(gate[1]);
    cr_assert_eq(troupe_destroy(&node), 0);
    close(gate[0]);
    tasks_free(&tasks);
}
