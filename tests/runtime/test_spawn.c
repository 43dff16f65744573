/* SPDX-License-Identifier: Apache-2.0 */
/* test_spawn.c: where actors run, what their refs mean, what is refused. */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "mailbox/ref.h"
#include "runtime/world.h"

TestSuite(spawn, .init = world_begin, .fini = world_end, .timeout = 20);

static int
thread_id(troupe_context_t *ctx, void *arg)
{
    (void) ctx, (void) arg;
    return gettid();
}

static troupe_ref_t
placed(troupe_place_t place, uint32_t worker)
{
    const troupe_spawn_options_t options = {.place = place, .worker = worker};
    return spawn(&probe, &options);
}

struct nest {
    troupe_place_t place;
    troupe_ref_t ref;
};

static int
spawn_from(troupe_context_t *ctx, void *arg)
{
    struct nest *nest = arg;
    const troupe_spawn_options_t options = {.place = nest->place};
    return troupe_spawn(ctx, &probe, &options, &nest->ref, NULL);
}

Test(spawn, a_worker_runs_what_was_placed_on_it)
{
    int one = inside(placed(TROUPE_WORKER, 0), thread_id, NULL);
    int other = inside(placed(TROUPE_WORKER, 1), thread_id, NULL);
    cr_assert_neq(one, other);
    cr_assert_eq(inside(placed(TROUPE_WORKER, 0), thread_id, NULL), one);
}

Test(spawn, near_is_the_spawners_worker_and_spread_takes_turns)
{
    troupe_ref_t first = placed(TROUPE_WORKER, 1);
    int home = inside(first, thread_id, NULL);
    struct nest nest = {.place = TROUPE_NEAR};
    cr_assert_eq(inside(first, spawn_from, &nest), 0);
    cr_assert_eq(inside(nest.ref, thread_id, NULL), home);
    nest.place = TROUPE_PLACE_DEFAULT;
    cr_assert_eq(inside(first, spawn_from, &nest), 0);
    cr_assert_eq(inside(nest.ref, thread_id, NULL), home);
    int one = inside(placed(TROUPE_SPREAD, 0), thread_id, NULL);
    cr_assert_neq(inside(placed(TROUPE_SPREAD, 0), thread_id, NULL), one);
    cr_assert_eq(inside(placed(TROUPE_SPREAD, 0), thread_id, NULL), one);
}

Test(spawn, an_own_thread_is_nobody_elses_and_is_used_again)
{
    int regular[2] = {inside(placed(TROUPE_WORKER, 0), thread_id, NULL),
                      inside(placed(TROUPE_WORKER, 1), thread_id, NULL)};
    troupe_ref_t own = placed(TROUPE_OWN_THREAD, 0);
    int first = inside(own, thread_id, NULL);
    cr_assert(first != regular[0] && first != regular[1]);
    troupe_ref_t second = placed(TROUPE_OWN_THREAD, 0);
    cr_assert_neq(inside(second, thread_id, NULL), first);
    end_actor(own, TROUPE_EXIT_SHUTDOWN);
    settle();
    cr_assert_eq(inside(placed(TROUPE_OWN_THREAD, 0), thread_id, NULL), first);
}

/* The thread is free again only when the last actor on it is gone. */
Test(spawn, a_guest_on_an_own_thread_keeps_it_busy)
{
    troupe_ref_t own = placed(TROUPE_OWN_THREAD, 0);
    int thread = inside(own, thread_id, NULL);
    struct nest nest = {.place = TROUPE_NEAR};
    cr_assert_eq(inside(own, spawn_from, &nest), 0);
    cr_assert_eq(inside(nest.ref, thread_id, NULL), thread);
    end_actor(own, TROUPE_EXIT_SHUTDOWN);
    settle();
    troupe_ref_t other = placed(TROUPE_OWN_THREAD, 0);
    int second = inside(other, thread_id, NULL);
    cr_assert_neq(second, thread);
    end_actor(nest.ref, TROUPE_EXIT_SHUTDOWN);
    settle();
    cr_assert_eq(inside(placed(TROUPE_OWN_THREAD, 0), thread_id, NULL), thread);
    int third = inside(placed(TROUPE_OWN_THREAD, 0), thread_id, NULL);
    cr_assert(third != thread && third != second);
}

/* What an actor with its own thread spawns must not block behind it. */
Test(spawn, children_of_an_own_thread_go_elsewhere_unless_asked)
{
    troupe_ref_t own = placed(TROUPE_OWN_THREAD, 0);
    int thread = inside(own, thread_id, NULL);
    struct nest nest = {.place = TROUPE_PLACE_DEFAULT};
    cr_assert_eq(inside(own, spawn_from, &nest), 0);
    cr_assert_neq(inside(nest.ref, thread_id, NULL), thread);
}

static int
count_threads(void)
{
    char line[128];
    int count = 0;
    FILE *status = fopen("/proc/self/status", "r");
    cr_assert_not_null(status);
    while (fgets(line, sizeof line, status))
        if (sscanf(line, "Threads: %d", &count) == 1)
            break;
    fclose(status);
    return count;
}

Test(spawn, a_refused_spawn_leaves_no_thread_behind)
{
    const troupe_spawn_options_t named = {.name = "taken"};
    const troupe_spawn_options_t own = {.name = "taken",
                                        .place = TROUPE_OWN_THREAD};
    troupe_ref_t ref = {77};
    spawn(&probe, &named);
    cr_assert_eq(troupe_node_spawn(node, &probe, &own, &ref, NULL), -EEXIST);
    int before = count_threads();
    for (int i = 0; i < 20; i++)
        cr_assert_eq(troupe_node_spawn(node, &probe, &own, &ref, NULL),
                     -EEXIST);
    cr_assert_eq(count_threads(), before);
    cr_assert_eq(ref.id, 77);
}

static int
nothing(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx, (void) state, (void) msg;
    return 0;
}

Test(spawn, wrong_kinds_and_options_are_refused)
{
    const troupe_clause_t none[] = {{0, NULL, NULL, NULL}};
    const troupe_clause_t twice[] = {TROUPE_ON("a", nothing),
                                     TROUPE_ON("a", nothing),
                                     {0, NULL, NULL, NULL}};
    const troupe_clause_t no_type[] = {TROUPE_ON("", nothing),
                                       {0, NULL, NULL, NULL}};
    const troupe_clause_t no_handler[] = {TROUPE_ON("a", NULL),
                                          {0, NULL, NULL, NULL}};
    const troupe_clause_t unknown[] = {{99, "a", nothing, NULL},
                                       {0, NULL, NULL, NULL}};
    const troupe_kind_t wrong[] = {
        {NULL, 1, none, {0}},
        {"", 1, none, {0}},
        {"k", 1, NULL, {0}},
        {"k", (1 << 20) + 1, none, {0}},
        {"k", 1, twice, {0}},
        {"k", 1, no_type, {0}},
        {"k", 1, no_handler, {0}},
        {"k", 1, unknown, {0}},
        {"k", 1, none, {0, 0, (troupe_overflow_t) 9}},
    };
    troupe_ref_t ref = {77};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_assert_eq(troupe_node_spawn(node, &wrong[i], NULL, &ref, NULL),
                     -EINVAL, "%zu", i);
    cr_assert_eq(troupe_node_spawn(node, NULL, NULL, &ref, NULL), -EINVAL);
    const troupe_spawn_options_t options[] = {
        {.place = (troupe_place_t) 99},
        {.place = TROUPE_WORKER, .worker = 2},
        {.name = ""},
        {.name = "line\nend"},
        {.name = "\xff"},
        {.name = "a name of more than sixty-three bytes, which is longer than "
                 "names"},
        {.mailbox = {0, 0, (troupe_overflow_t) 9}},
    };
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        cr_assert_eq(troupe_node_spawn(node, &probe, &options[i], &ref, NULL),
                     -EINVAL, "%zu", i);
    cr_assert_eq(troupe_node_spawn(node, &probe, NULL, &ref, "{s:", "a"),
                 -EINVAL);
    cr_assert_eq(ref.id, 77);
    cr_assert_eq(node_stats().actors, 0);
    cr_assert_eq(node_stats().spawned, 0);
}

Test(spawn, the_arguments_reach_start)
{
    static const troupe_clause_t clauses[] = {TROUPE_ON_START(note_message),
                                              {0, NULL, NULL, NULL}};
    static const troupe_kind_t kind = {"k", 0, clauses, {0}};
    cr_assert_eq(troupe_node_spawn(node, &kind, NULL, NULL, "i", 42), 0);
    assert_notes("start:42");
}

Test(spawn, a_kind_without_start_or_state_runs)
{
    static const troupe_clause_t clauses[] = {TROUPE_ON("hi", note_message),
                                              {0, NULL, NULL, NULL}};
    static const troupe_kind_t kind = {"k", 0, clauses, {0}};
    tell(spawn(&kind, NULL), "hi");
    assert_notes("hi");
}

/* The last actor's slot is the next one's: its old refs must stay stale. */
Test(spawn, a_ref_goes_stale_and_its_slot_is_used_again)
{
    troupe_ref_t old = probe_on(0);
    uint32_t slot = troupe__ref_slot(old);
    end_actor(old, TROUPE_EXIT_KILLED);
    cr_assert_not(alive(old));
    troupe_ref_t mother = probe_on(0), found = TROUPE_NOBODY;
    struct nest nest = {.place = TROUPE_NEAR};
    for (int i = 0; i < 1000 && found.id == 0; i++) {
        cr_assert_eq(inside(mother, spawn_from, &nest), 0);
        if (troupe__ref_slot(nest.ref) == slot)
            found = nest.ref;
    }
    cr_assert_neq(found.id, 0);
    cr_assert_not(troupe_ref_equal(found, old));
    tell(old, "for-the-old");
    tell(found, "for-the-new");
    assert_notes("for-the-new");
    cr_assert_eq(dead(TROUPE_DEAD_NO_ACTOR), 1);
}

/* Refs are values: numbers that nobody was given must harm nobody. */
Test(spawn, made_up_refs_are_nobody)
{
    troupe_ref_t real = probe_on(0);
    troupe_ref_t made_up[] = {{1},
                              {UINT64_MAX},
                              {real.id ^ (UINT64_C(1) << 44)},
                              {real.id ^ (UINT64_C(1) << 24)},
                              {real.id ^ (UINT64_C(1) << 54)},
                              {real.id ^ 4096}};
    for (size_t i = 0; i < sizeof made_up / sizeof *made_up; i++) {
        troupe_actor_stats_t stats;
        cr_assert_eq(troupe_node_send(node, made_up[i], "a", NULL), 0);
        cr_assert_eq(troupe_node_ask(node, made_up[i], "a", 0, NULL, NULL),
                     -ESRCH, "%zu", i);
        cr_assert_eq(troupe_node_exit(node, made_up[i], TROUPE_EXIT_KILLED, 0),
                     0);
        cr_assert_eq(troupe_actor_stats_get(node, made_up[i], &stats), -ESRCH);
    }
    cr_assert_eq(dead(TROUPE_DEAD_NO_ACTOR), 12);
    tell(real, "there");
    assert_notes("there");
}

struct crowd {
    int count;
};

static int
spawn_and_end(troupe_context_t *ctx, void *arg)
{
    const struct crowd *crowd = arg;
    for (int i = 0; i < crowd->count; i++) {
        troupe_ref_t ref;
        int rc = troupe_spawn(ctx, &probe, NULL, &ref, NULL);
        if (rc == 0)
            rc = troupe_send(ctx, ref, "a", NULL);
        if (rc == 0)
            rc = troupe_exit_send(ctx, ref, TROUPE_EXIT_KILLED, 0, NULL);
        if (rc < 0)
            return rc;
    }
    return 0;
}

Test(spawn, nothing_grows_with_a_hundred_thousand_actors)
{
    troupe_ref_t mother = probe_on(0);
    struct crowd crowd = {1000};
    for (int i = 0; i < 10; i++)
        cr_assert_eq(inside(mother, spawn_and_end, &crowd), 0);
    settle();
    uint64_t before = node_stats().allocations;
    for (int i = 0; i < 100; i++) {
        cr_assert_eq(inside(mother, spawn_and_end, &crowd), 0);
        settle();
    }
    troupe_node_stats_t after = node_stats();
    cr_assert_eq(after.spawned, 110001);
    cr_assert_eq(after.actors, 1);
    cr_assert_leq(after.allocations - before, 110, "%llu",
                  (unsigned long long) (after.allocations - before));
    cr_assert_eq(troupe_actors(node, NULL, 0), 1);
}

Test(spawn, actors_max_is_exact_whoever_spawns)
{
    troupe_options_t options = world_options();
    options.actors_max = 3;
    world_reopen(&options);
    troupe_ref_t one = probe_on(0);
    struct nest nest = {.place = TROUPE_SPREAD};
    cr_assert_eq(inside(one, spawn_from, &nest), 0);
    cr_assert_eq(inside(nest.ref, spawn_from, &nest), 0);
    cr_assert_eq(inside(one, spawn_from, &nest), -ENOSPC);
    cr_assert_eq(troupe_node_spawn(node, &probe, NULL, NULL, NULL), -ENOSPC);
    end_actor(nest.ref, TROUPE_EXIT_KILLED);
    settle();
    cr_assert_eq(inside(one, spawn_from, &nest), 0);
    cr_assert_eq(troupe_node_spawn(node, &probe, NULL, NULL, NULL), -ENOSPC);
}

Test(spawn, kinds_are_known_by_name)
{
    const troupe_kind_t *found = NULL;
    troupe_kind_t same_name = noisy;
    same_name.name = probe.name;
    cr_assert_eq(troupe_kind_find(node, "probe", &found), -ENOENT);
    cr_assert_eq(troupe_kind_register(node, &probe), 0);
    cr_assert_eq(troupe_kind_register(node, &probe), 0);
    cr_assert_eq(troupe_kind_register(node, &same_name), -EEXIST);
    cr_assert_eq(troupe_kind_register(node, NULL), -EINVAL);
    cr_assert_eq(troupe_kind_find(node, "probe", &found), 0);
    cr_assert_eq(found, &probe);
    spawn(&noisy, NULL);
    cr_assert_eq(troupe_kind_find(node, "noisy", &found), 0);
    cr_assert_eq(found, &noisy);
}
