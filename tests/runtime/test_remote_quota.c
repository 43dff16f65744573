/* SPDX-License-Identifier: Apache-2.0 */
/* test_remote_quota.c: what is kept for the actors of one node is bounded. */
#include <criterion/criterion.h>

#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "mailbox/wire.h"
#include "runtime/far_clerk.h"
#include "runtime/remote.h"
#include "runtime/worker.h"
#include "runtime/world.h"

enum { RUNTIME = 4 }; /* a node whose frames the tests write */

static void *way; /* from there to `away` */

static void
begin(void)
{
    pair_begin();
    pair_admit(RUNTIME, true);
    way = pair_socket(away, "4.0", pair_password());
}

static void
end(void)
{
    pair_socket_close(way);
    pair_end();
}

TestSuite(remote_quota, .init = begin, .fini = end, .timeout = 120);

static size_t
write_letter(enum troupe__wire_kind kind, troupe_ref_t to, uint64_t id,
             const char *type, uint8_t *ret_bytes)
{
    struct troupe__buffer out = {0};
    struct troupe__envelope envelope =
        troupe__envelope(kind, to, troupe__ref_make(RUNTIME, 0, 1, 5), type);
    envelope.id = id;
    troupe__wire_begin(&out, &envelope);
    troupe__buffer_put(&out, "\x07", 1);
    troupe__wire_end(&out, 0);
    size_t size = out.size;
    memcpy(ret_bytes, out.data, size);
    troupe__buffer_free(&out);
    return size;
}

/* Many in each frame: ids from `first` on. */
static void
post(troupe_ref_t to, const char *verb, uint64_t first, size_t count)
{
    enum { EACH = 512, ROOM = 128 };
    uint8_t *bytes = malloc((size_t) EACH * ROOM);
    cr_assert(bytes);
    for (size_t done = 0; done < count;) {
        size_t size = 0;
        for (size_t i = 0; i < EACH && done < count; i++, done++)
            size += write_letter(WIRE_CONTROL, to, first + done, verb,
                                 bytes + size);
        pair_push(way, bytes, size);
    }
    free(bytes);
}

static uint64_t
refused(void)
{
    troupe_node_stats_t stats;
    troupe_node_stats_get(away, &stats);
    return stats.frames_refused;
}

static int64_t
counted(troupe_ref_t clerk)
{
    int64_t sum = 0, count = 0;
    troupe_message_t *reply = NULL;
    cr_assert_eq(troupe_node_ask(home, clerk, "sum", 30000, &reply, NULL), 0);
    cr_assert_eq(troupe_unpack(reply, "[I, I]", &sum, &count), 0);
    troupe_message_destroy(&reply);
    return count;
}

/* Until what was posted has been looked at: one more message has. */
static void
until_seen(troupe_ref_t clerk)
{
    uint8_t bytes[128];
    int64_t before = counted(clerk);
    pair_push(way, bytes, write_letter(WIRE_TELL, clerk, 0, "add", bytes));
    while (counted(clerk) == before)
        sched_yield();
}

static uint64_t
refused_of(troupe_ref_t to, const char *verb, uint64_t first, size_t count)
{
    uint64_t before = refused();
    post(to, verb, first, count);
    until_seen(to);
    return refused() - before;
}

Test(remote_quota, monitors_without_end_are_refused_at_a_bound)
{
    enum { MORE = 3000 };
    troupe_ref_t clerk = spawn_on(away, &far_clerk);
    uint64_t next = TROUPE__HELD_MAX + 1;
    cr_assert_eq(refused_of(clerk, "monitor", 1, TROUPE__HELD_MAX), 0);
    cr_assert_eq(refused_of(clerk, "monitor", next, MORE), MORE);
    cr_assert_geq(pair_logged("more monitors, links and waits for room"), 1);
    cr_assert_leq(pair_logged("more monitors, links and waits for room"), 10);
    /* What is taken back makes room. */
    cr_assert_eq(refused_of(clerk, "demonitor", 1, 1000), 0);
    while (refused_of(clerk, "monitor", ++next, 1) > 0)
        sched_yield();
    cr_assert_eq(refused_of(clerk, "monitor", ++next, 900), 0);
}

/* One that makes and ends them all the time never has many. */
Test(remote_quota, monitors_that_come_and_go_are_not_refused)
{
    enum { STEP = 8192 };
    troupe_ref_t clerk = spawn_on(away, &far_clerk);
    for (uint64_t id = 1; id < 2 * TROUPE__HELD_MAX; id += STEP) {
        cr_assert_eq(refused_of(clerk, "monitor", id, STEP), 0);
        cr_assert_eq(refused_of(clerk, "demonitor", id, STEP), 0);
    }
}

/* --- what who is refused hears ----------------------------------------------*/

/* As many as there may be, and one more. */
static int
monitor_all(troupe_context_t *ctx, void *arg)
{
    int rc = 0;
    for (int i = 0; rc == 0 && i < TROUPE__HELD_MAX; i++)
        rc = troupe_monitor(ctx, *(const troupe_ref_t *) arg, NULL);
    return rc;
}

static int
monitor_one(troupe_context_t *ctx, void *arg)
{
    return troupe_monitor(ctx, *(const troupe_ref_t *) arg, NULL);
}

static int
link_one(troupe_context_t *ctx, void *arg)
{
    return troupe_link(ctx, *(const troupe_ref_t *) arg);
}

static int
note_end(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    troupe_down_t down;
    (void) ctx, (void) state;
    int rc = troupe_down_read(msg, &down);
    note("%s %s %d %s", down.monitor.id ? "down" : "exit",
         troupe_exit_name(down.reason.kind), down.reason.code,
         down.reason.text);
    return rc;
}

TROUPE_KIND(mourner, char, TROUPE_ON("do", do_inside), TROUPE_ON_DOWN(note_end),
            TROUPE_ON_EXIT(note_end));

Test(remote_quota, who_is_refused_a_monitor_or_a_link_hears_why)
{
    troupe_ref_t far = spawn_on(away, &far_clerk);
    troupe_ref_t one = spawn_on(home, &mourner);
    cr_assert_eq(inside(one, monitor_all, &far), 0);
    cr_assert_eq(inside(one, monitor_one, &far), 0);
    cr_assert_str_eq(notes_after(1),
                     "down noconnection -28 refused: too many monitors and "
                     "links of its node here");
    cr_assert_eq(inside(one, link_one, &far), 0);
    cr_assert_str_eq(notes_after(1),
                     "exit noconnection -28 refused: too many monitors and "
                     "links of its node here");
    cr_assert_eq(counted(far), 0); /* it lives */
    cr_assert_eq(troupe_node_exit(home, one, TROUPE_EXIT_KILLED, 30000), 0);
    pair_settle();
}
