/* SPDX-License-Identifier: Apache-2.0 */
/* test_link_names.c: names and groups are those of the whole run. */
#include <criterion/criterion.h>

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>

#include "mailbox/ref.h"
#include "runtime/run_world.h"

TestSuite(link_names, .init = run_begin, .fini = run_end, .timeout = 60);

struct nothing {
    char unused;
};

static int
on_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx, (void) state, (void) msg;
    return 0;
}

static int
on_leave(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx, (void) state, (void) msg;
    return TROUPE_STOP;
}

TROUPE_KIND(link_local, struct nothing, TROUPE_ON_START(on_start),
            TROUPE_ON("leave", on_leave));

static troupe_ref_t
spawn_named(const char *name)
{
    troupe_ref_t ref;
    troupe_spawn_options_t options = {.name = name};
    cr_assert_eq(troupe_node_spawn(root, &link_local, &options, &ref, NULL), 0);
    return ref;
}

Test(link_names, a_name_of_a_node_is_known_to_all)
{
    uint32_t one = START("one", "join", "name", "star", "wait");
    troupe_ref_t ref = seek_name("star");
    cr_assert_eq(troupe__ref_node(ref), one);
    START("two", "join", "seek", "star", "say", "seen", "wait");
    wait_log("[two] seen");
    cr_assert_eq(troupe_node_spawn(root, &link_local,
                                   &(troupe_spawn_options_t){.name = "star"},
                                   NULL, NULL),
                 -EEXIST);
}

Test(link_names, a_name_of_the_root_is_known_to_all)
{
    wait_up(START("one", "join", "seek", "early", "seek", "late", "say", "seen",
                  "seek", "!late", "say", "gone", "wait"));
    spawn_named("early");
    troupe_ref_t late = spawn_named("late");
    wait_log("[one] seen");
    cr_assert_eq(troupe_node_exit(root, late, TROUPE_EXIT_SHUTDOWN, 10000), 0);
    wait_log("[one] gone");
}

Test(link_names, a_name_that_was_let_go_is_free_for_others)
{
    START("one", "join", "name", "star", "seek", "go on", "drop", "star", "say",
          "dropped", "name", "star", "say", "again", "wait");
    START("two", "join", "seek", "star", "seek", "!star", "say", "free",
          "wait");
    seek_name("star");
    wait_log("[two] found star");
    spawn_named("go on");
    /* "one" had it free at once, and has it again. */
    wait_log("[one] again");
    seek_name("star");
}

Test(link_names, the_names_of_a_lost_node_are_free)
{
    uint32_t one = START("one", "join", "name", "star", "wait");
    START("two", "join", "seek", "star", "seek", "!star", "name", "star",
          "wait");
    wait_log("[two] found star");
    kill(pid_of(one), SIGKILL);
    wait_down(one);
    wait_log("[two] found !star");
    wait_log("[two] spawned");
    cr_assert_neq(troupe__ref_node(seek_name("star")), one);
}

/* Many nodes want one name at the same time: one has it in the end, and
 * everybody knows which. */
Test(link_names, a_race_for_a_name_has_one_winner)
{
    enum { COUNT = 4 };
    char name[32];
    uint32_t numbers[COUNT];
    for (int i = 0; i < COUNT; i++) {
        snprintf(name, sizeof name, "node%d", i);
        numbers[i] = START(name, "join", "seek", "start", "name", "star",
                           "seek", "star", "wait");
        wait_up(numbers[i]);
    }
    spawn_named("start");
    for (int i = 0; i < COUNT; i++) {
        snprintf(name, sizeof name, "[node%d] found star", i);
        wait_log(name);
    }
    troupe_ref_t star = seek_name("star");
    /* Kill the owner: with it the name is gone everywhere, or it was never
     * one owner's. */
    int checks = 0;
    for (int i = 0; i < COUNT; i++)
        checks += troupe__ref_node(star) == numbers[i];
    cr_assert_eq(checks, 1);
    kill(pid_of(troupe__ref_node(star)), SIGKILL);
    wait_down(troupe__ref_node(star));
    troupe_ref_t none;
    cr_assert_lt(troupe_lookup(root, "star", &none), 0);
}

static _Atomic int sent;

static int
publish(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    sent = troupe_publish(ctx, "choir", "sing", NULL);
    return TROUPE_STOP;
}

TROUPE_KIND(link_publisher, struct nothing, TROUPE_ON_START(publish));

static int
members(void)
{
    troupe_ref_t ref;
    cr_assert_eq(troupe_node_spawn(root, &link_publisher, NULL, &ref, NULL), 0);
    troupe_actor_stats_t stats;
    while (troupe_actor_stats_get(root, ref, &stats) == 0)
        sched_yield();
    return sent;
}

Test(link_names, groups_span_nodes)
{
    uint32_t one =
        START("one", "join", "group", "choir", "group", "choir", "wait");
    wait_up(one);
    uint32_t two = START("two", "join", "group", "choir", "wait");
    wait_up(two);
    while (members() != 3)
        sched_yield();
    kill(pid_of(one), SIGKILL);
    wait_down(one);
    cr_assert_eq(members(), 1);
}
