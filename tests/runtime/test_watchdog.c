/* SPDX-License-Identifier: Apache-2.0 */
/* test_watchdog.c: a handler that does not return is reported. */
#include <criterion/criterion.h>

#include <errno.h>
#include <sched.h>
#include <unistd.h>

#include "runtime/world.h"

TestSuite(watchdog, .timeout = 30);

static int gate[2];

struct stuck {
    char unused;
};

static int
hang(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    char byte;
    (void) ctx, (void) state, (void) msg;
    return read(gate[0], &byte, 1) == 1 ? 0 : -EIO;
}

TROUPE_KIND(stuck, struct stuck, TROUPE_ON("hang", hang),
            TROUPE_ON("quick", note_message));

static uint64_t
reports(void)
{
    troupe_node_stats_t stats;
    troupe_node_stats_get(node, &stats);
    return stats.watchdog_reports;
}

static void
open_watched(uint32_t watchdog_ms)
{
    troupe_options_t options = world_options();
    options.watchdog_ms = watchdog_ms;
    cr_assert_eq(pipe(gate), 0);
    cr_assert_eq(troupe_new(&options, &node), 0);
}

static void
close_watched(void)
{
    world_end();
    close(gate[0]);
    close(gate[1]);
}

Test(watchdog, a_handler_that_hangs_is_reported_once_by_name_and_type)
{
    const troupe_spawn_options_t options = {.name = "patience"};
    open_watched(20);
    troupe_ref_t ref = spawn(&stuck, &options);
    char text[TROUPE_REF_TEXT];
    tell(ref, "hang");
    while (reports() == 0)
        sched_yield();
    cr_assert_eq(logged("has been in its handler for 'hang'"), 1);
    cr_assert_eq(logged("patience"), 1);
    cr_assert_eq(logged(troupe_ref_text(ref, text)), 1);
    cr_assert_eq(write(gate[1], "x", 1), 1);
    settle();
    cr_assert_eq(reports(), 1);
    tell(ref, "hang"); /* and anew for the next time */
    while (reports() == 1)
        sched_yield();
    cr_assert_eq(write(gate[1], "x", 1), 1);
    close_watched();
}

/* Looks come four times in that time, and the time is counted in them. */
Test(watchdog, the_report_says_how_long)
{
    const uint32_t times[] = {20, 40};
    const char *const said[] = {"in its handler for 'hang' for 20 ms",
                                "in its handler for 'hang' for 40 ms"};
    for (size_t i = 0; i < 2; i++) {
        open_watched(times[i]);
        tell(spawn(&stuck, NULL), "hang");
        while (reports() == 0)
            sched_yield();
        cr_assert_eq(logged(said[i]), 1);
        cr_assert_eq(write(gate[1], "x", 1), 1);
        close_watched();
    }
}

/* Nothing runs on an idle worker, however long. */
Test(watchdog, an_idle_worker_is_not_reported)
{
    open_watched(4);
    troupe_ref_t idle = spawn(&stuck, NULL);
    tell(idle, "quick");
    settle();
    const troupe_spawn_options_t own = {.place = TROUPE_OWN_THREAD};
    troupe_ref_t ref = spawn(&stuck, &own);
    tell(ref, "hang"); /* the watchdog's looks are seen in this report */
    while (reports() == 0)
        sched_yield();
    cr_assert_eq(write(gate[1], "x", 1), 1);
    settle();
    cr_assert_eq(reports(), 1);
    cr_assert_eq(logged("'quick'"), 0);
    close_watched();
}
