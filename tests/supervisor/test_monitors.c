/* SPDX-License-Identifier: Apache-2.0 */
/* test_monitors.c: monitors and what they are told (cases 88 to 94, 96). */
#include <criterion/criterion.h>

#include <errno.h>
#include <malloc.h>
#include <stdio.h>

#include "supervisor/bonds.h"
#include "supervisor/harness.h"

Test(bonds, case_88_each_monitor_gives_one_down_with_the_true_reason)
{
    static const char *const verbs[] = {"crash", "done"};
    static const char *const lines[] = {"one down error", "one down normal"};
    for (int way = 0; way < 2; way++) {
        for (uint32_t worker = 0; worker < 2; worker++) {
            troupe_ref_t one = befriend(&friend, "one", 0);
            troupe_ref_t two = befriend(&friend, "two", worker);
            for (int i = 0; i < 3; i++)
                tell_ref(one, "monitor", two);
            tell(two, verbs[way]);
            cr_assert_eq(journal_count(lines[way]), 3 * (1 + (int) worker));
            cr_assert(is_alive(one)); /* monitors bind one way only */
        }
    }
}

Test(bonds, case_88_a_down_is_of_one_incarnation)
{
    troupe_child_spec_t a = child_of("a");
    troupe_ref_t target = ref_of(start_supervisor(NULL, &a, 1), "a");
    troupe_ref_t one = befriend(&friend, "one", 1);
    tell_ref(one, "monitor", target);
    tell(target, "crash");
    world_advance(10000);
    tell(target, "crash");
    cr_assert_eq(journal_count("one down error"), 1);
}

Test(bonds, case_89_a_monitor_of_nobody_is_down_with_noproc)
{
    troupe_ref_t dead = befriend(&friend, "dead", 1);
    troupe_ref_t one = befriend(&friend, "one", 0);
    tell(dead, "done");
    tell_ref(one, "monitor", dead);
    EXPECT_JOURNAL("one down noproc");
}

static int
on_heir_watch(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state;
    troupe_ref_t other;
    int rc = troupe_unpack(msg, "R", &other);
    return rc < 0 ? rc : troupe_monitor(ctx, other, NULL);
}

static int
on_heir_down(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state;
    troupe_down_t down;
    int rc = troupe_down_read(msg, &down);
    if (rc < 0)
        return rc;
    troupe_actor_stats_t stats;
    bool gone =
        troupe_actor_stats_get(troupe_context_node(ctx), down.ref, &stats)
        == -ESRCH;
    journal_add("heir: %d, %s", troupe_register(ctx, "throne"),
                gone ? "gone" : "there");
    return troupe_unregister(ctx, "throne");
}

TROUPE_KIND(heir, char, TROUPE_ON("watch", on_heir_watch),
            TROUPE_ON_DOWN(on_heir_down));

Test(bonds, case_90_a_down_comes_when_the_name_is_free)
{
    troupe_ref_t next;
    troupe_t *node = world_node();
    cr_assert_eq(troupe_node_spawn(node, &heir, NULL, &next, NULL), 0);
    for (uint32_t worker = 0; worker < 2; worker++) {
        const troupe_spawn_options_t named = {
            .name = "throne", .place = TROUPE_WORKER, .worker = worker};
        troupe_ref_t king;
        cr_assert_eq(
            troupe_node_spawn(node, &friend, &named, &king, "s", "king"), 0);
        tell_ref(next, "watch", king);
        tell(king, "crash");
        EXPECT_JOURNAL("heir: 0, gone");
    }
}

static int
on_member_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state;
    (void) msg;
    return troupe_join(ctx, "court");
}

static int
on_member_end(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state;
    (void) msg;
    return troupe_fail(ctx, -EIO, "told to");
}

static int
on_census(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state;
    (void) msg;
    journal_add("%d at court", troupe_publish(ctx, "court", "hail", NULL));
    return 0;
}

TROUPE_KIND(member, char, TROUPE_ON_START(on_member_start),
            TROUPE_ON("end", on_member_end));
TROUPE_KIND(census, char, TROUPE_ON("watch", on_heir_watch),
            TROUPE_ON("count", on_census), TROUPE_ON_DOWN(on_census));

Test(bonds, case_96_a_down_comes_when_groups_are_left)
{
    troupe_ref_t clerk;
    troupe_t *node = world_node();
    cr_assert_eq(troupe_node_spawn(node, &census, NULL, &clerk, NULL), 0);
    for (uint32_t worker = 0; worker < 2; worker++) {
        const troupe_spawn_options_t there = {.place = TROUPE_WORKER,
                                              .worker = worker};
        troupe_ref_t ref;
        cr_assert_eq(troupe_node_spawn(node, &member, &there, &ref, NULL), 0);
        tell_ref(clerk, "watch", ref);
        tell(clerk, "count");
        EXPECT_JOURNAL("1 at court");
        tell(ref, "end");
        EXPECT_JOURNAL("0 at court");
    }
}

Test(bonds, case_91_after_demonitor_nothing_is_heard)
{
    troupe_ref_t one = befriend(&friend, "one", 0);
    troupe_ref_t two = befriend(&friend, "two", 1);
    tell_ref(one, "monitor", two);
    tell(one, "demonitor");
    tell(two, "crash");
    EXPECT_JOURNAL("one demonitor 0");
}

enum { RACES = 10000 };

struct racer {
    troupe_monitor_t monitors[RACES];
    int downs, open, over;
};

/* A hundred at a time, so that DOWNs and demonitors cross. */
static int
on_race(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct racer *self = state;
    const troupe_spawn_options_t spread = {.place = TROUPE_SPREAD};
    int at = 0;
    int rc = troupe_unpack(msg, "i", &at);
    for (int i = at; i < at + 100 && rc == 0; i++) {
        troupe_ref_t target;
        rc = troupe_spawn(ctx, &friend, &spread, &target, "s", "target");
        if (rc == 0)
            rc = troupe_monitor(ctx, target, &self->monitors[i]);
        if (rc == 0)
            rc = troupe_exit_send(ctx, target, TROUPE_EXIT_KILLED, 0, NULL);
    }
    if (rc == 0)
        rc = troupe_send(ctx, troupe_self(ctx), "halt", "i", at);
    if (rc < 0 || at + 100 >= RACES)
        return rc;
    return troupe_send(ctx, troupe_self(ctx), "race", "i", at + 100);
}

static int
on_halt(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct racer *self = state;
    int at = 0;
    int rc = troupe_unpack(msg, "i", &at);
    for (int i = at; i < at + 100 && rc == 0; i++) {
        int ended = troupe_demonitor(ctx, self->monitors[i]);
        self->open += ended == 0;
        self->over += ended == -ENOENT;
    }
    return rc;
}

static int
on_race_down(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx;
    (void) msg;
    struct racer *self = state;
    self->downs += 1;
    return 0;
}

static int
on_score(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    const struct racer *self = state;
    return troupe_reply(ctx, "[i,i,i]", self->downs, self->open, self->over);
}

TROUPE_KIND(racer, struct racer, TROUPE_ON("race", on_race),
            TROUPE_ON("halt", on_halt), TROUPE_ON("score", on_score),
            TROUPE_ON_DOWN(on_race_down));

Test(bonds, case_91_ten_thousand_monitors_end_by_down_or_by_demonitor)
{
    troupe_ref_t ref;
    cr_assert_eq(troupe_node_spawn(world_node(), &racer, NULL, &ref, NULL), 0);
    cr_assert_eq(troupe_node_send(world_node(), ref, "race", "i", 0), 0);
    world_settle();
    troupe_message_t *reply = NULL;
    int downs = 0, open = 0, over = 0;
    cr_assert_eq(troupe_node_ask(world_node(), ref, "score", 0, &reply, NULL),
                 0);
    cr_assert_eq(troupe_unpack(reply, "[i,i,i]", &downs, &open, &over), 0);
    troupe_message_destroy(&reply);
    cr_assert_eq(open + over, RACES);
    cr_assert_eq(downs, over, "%d downs, %d open, %d over", downs, open, over);
}

Test(bonds, case_92_a_monitor_ends_once_and_for_its_owner_only)
{
    char line[64];
    troupe_ref_t one = befriend(&friend, "one", 0);
    troupe_ref_t two = befriend(&friend, "two", 1);
    troupe_ref_t thief = befriend(&friend, "thief", 1);
    tell_ref(one, "monitor", two);
    troupe_message_t *reply = NULL;
    uint64_t id = 0;
    cr_assert_eq(troupe_node_ask(world_node(), one, "steal", 0, &reply, NULL),
                 0);
    cr_assert_eq(troupe_unpack(reply, "U", &id), 0);
    troupe_message_destroy(&reply);
    cr_assert_eq(troupe_node_send(world_node(), thief, "demonitor", "U", id),
                 0);
    snprintf(line, sizeof line, "thief demonitor %d", -EPERM);
    EXPECT_JOURNAL(line);
    tell(two, "crash");
    EXPECT_JOURNAL("one down error");
    tell(one, "demonitor");
    snprintf(line, sizeof line, "one demonitor %d", -ENOENT);
    EXPECT_JOURNAL(line);
}

Test(bonds, case_93_who_kills_its_watcher_and_ends_harms_nobody)
{
    troupe_ref_t one = befriend(&friend, "one", 0);
    troupe_ref_t two = befriend(&friend, "two", 1);
    tell_ref(one, "monitor", two);
    cr_assert_eq(troupe_node_send(world_node(), two, "kill", "R", one), 0);
    cr_assert_eq(troupe_node_send(world_node(), two, "done", NULL), 0);
    EXPECT_JOURNAL("");
    cr_assert_not(is_alive(one));
    cr_assert_not(is_alive(two));
}

static void
watch_and_end(troupe_ref_t target, int times)
{
    for (int i = 0; i < times; i++) {
        troupe_ref_t one = befriend(&friend, "one", (uint32_t) i % 2);
        cr_assert_eq(
            troupe_node_send(world_node(), one, "monitor", "R", target), 0);
        cr_assert_eq(troupe_node_send(world_node(), one, "link", "R", target),
                     0);
        cr_assert_eq(troupe_node_send(world_node(), one, "unlink", "R", target),
                     0);
        cr_assert_eq(troupe_node_send(world_node(), one, "done", NULL), 0);
    }
    world_settle();
}

static size_t
bytes_in_use(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

Test(bonds, case_94_the_end_of_the_watcher_leaves_nothing_at_the_target)
{
    troupe_ref_t target = befriend(&friend, "target", 0);
    watch_and_end(target, 1000);
    size_t before = bytes_in_use();
    watch_and_end(target, 16000);
    size_t after = bytes_in_use();
    /* 16,000 forgotten watchers would hold 16 bytes each at the least. */
    cr_assert_lt(after, before + 128000, "%zu bytes, then %zu", before, after);
}
