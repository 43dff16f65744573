/* SPDX-License-Identifier: Apache-2.0 */
/* test_links.c: links and exit signals (cases 82 to 87, 95, 97). */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "supervisor/bonds.h"
#include "supervisor/harness.h"

/* Two friends on two workers, or on one. */
static troupe_ref_t one, two;

static void
two_linked(const troupe_kind_t *kind_one, const troupe_kind_t *kind_two,
           uint32_t worker_two)
{
    one = befriend(kind_one, "one", 0);
    two = befriend(kind_two, "two", worker_two);
    watch(one, "one");
    watch(two, "two");
    tell_ref(one, "link", two);
}

Test(bonds, case_82_a_link_binds_both_ways)
{
    for (uint32_t worker = 0; worker < 2; worker++) {
        two_linked(&friend, &friend, worker);
        tell(two, "crash");
        EXPECT_JOURNAL_SORTED("down one error, down two error");
        two_linked(&friend, &friend, worker);
        tell(one, "crash");
        EXPECT_JOURNAL_SORTED("down one error, down two error");
    }
}

Test(bonds, case_82_a_second_link_of_a_pair_is_the_same_one)
{
    two_linked(&trapper, &trapper, 1);
    tell_ref(one, "link", two);
    tell_ref(two, "link", one);
    tell(two, "crash");
    EXPECT_JOURNAL_SORTED("down two error, one exit error");
    two_linked(&trapper, &trapper, 1);
    tell_ref(two, "link", one);
    tell_ref(two, "unlink", one);
    tell(two, "crash");
    EXPECT_JOURNAL_SORTED("down two error, two unlink 0");
}

Test(bonds, case_82_a_link_to_oneself_is_nothing)
{
    one = befriend(&trapper, "one", 0);
    watch(one, "one");
    tell_ref(one, "link", one);
    tell(one, "crash");
    EXPECT_JOURNAL("down one error");
}

Test(bonds, case_82_either_side_may_unlink)
{
    for (int side = 0; side < 2; side++) {
        two_linked(&friend, &friend, 1);
        tell_ref(side ? one : two, "unlink", side ? two : one);
        tell(side ? one : two, "crash");
        cr_assert(is_alive(side ? two : one));
    }
}

static int
spawn_linked(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state;
    (void) msg;
    const troupe_spawn_options_t options = {.linked = true,
                                            .place = TROUPE_SPREAD};
    troupe_ref_t child;
    int rc = troupe_spawn(ctx, &friend, &options, &child, "s", "child");
    return rc < 0 ? rc : troupe_send(ctx, child, "crash", NULL);
}

TROUPE_KIND(spawner, char, TROUPE_ON("spawn", spawn_linked));

Test(bonds, case_82_spawn_and_link_are_one_step)
{
    troupe_ref_t parent;
    cr_assert_eq(troupe_node_spawn(world_node(), &spawner, NULL, &parent, NULL),
                 0);
    watch(parent, "parent");
    tell(parent, "spawn");
    EXPECT_JOURNAL("down parent error");
}

Test(bonds, case_83_a_normal_end_leaves_who_does_not_trap)
{
    two_linked(&friend, &friend, 1);
    tell(two, "done");
    EXPECT_JOURNAL("down two normal");
    cr_assert(is_alive(one));
}

Test(bonds, case_83_who_traps_hears_each_end_as_a_message)
{
    two_linked(&trapper, &friend, 1);
    tell(two, "done");
    EXPECT_JOURNAL_SORTED("down two normal, one exit normal");
    two_linked(&trapper, &friend, 1);
    tell(two, "crash");
    EXPECT_JOURNAL_SORTED("down two error, one exit error");
    cr_assert(is_alive(one));
}

Test(bonds, case_83_an_exit_comes_behind_what_waits)
{
    two_linked(&trapper, &friend, 1);
    cr_assert_eq(troupe_node_send(world_node(), one, "block", NULL), 0);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(troupe_node_send(world_node(), one, "note", NULL), 0);
    cr_assert_eq(troupe_node_exit(world_node(), two, TROUPE_EXIT_KILLED, 5000),
                 0);
    harness_unblock();
    EXPECT_JOURNAL_SORTED("down two killed, one exit killed, one note, "
                          "one note, one note");
}

Test(bonds, case_84_a_kill_cannot_be_trapped_and_spreads_as_killed)
{
    troupe_ref_t killer = befriend(&friend, "killer", 1);
    two_linked(&trapper, &friend, 1);
    tell_ref(killer, "kill", one);
    EXPECT_JOURNAL_SORTED("down one killed, down two killed");
    two_linked(&friend, &trapper, 1);
    tell_ref(killer, "kill", one);
    EXPECT_JOURNAL_SORTED("down one killed, two exit killed");
    cr_assert(is_alive(two));
}

Test(bonds, case_85_normal_from_another_is_nothing_and_from_oneself_the_end)
{
    two_linked(&friend, &trapper, 1);
    tell_ref(two, "normal", one);
    cr_assert(is_alive(one));
    EXPECT_JOURNAL("");
    tell_ref(one, "normal", one);
    EXPECT_JOURNAL_SORTED("down one normal, two exit normal");
}

Test(bonds, case_86_a_link_to_nobody_is_an_exit_with_noproc)
{
    troupe_ref_t dead = befriend(&friend, "dead", 1);
    tell(dead, "done");
    one = befriend(&friend, "one", 0);
    watch(one, "one");
    tell_ref(one, "link", dead);
    EXPECT_JOURNAL("down one noproc");
    two = befriend(&trapper, "two", 0);
    tell_ref(two, "link", dead);
    EXPECT_JOURNAL("two exit noproc");
    cr_assert(is_alive(two));
}

Test(bonds, case_87_after_an_unlink_nothing_is_heard)
{
    two_linked(&trapper, &friend, 1);
    tell_ref(one, "unlink", two);
    tell(two, "crash");
    EXPECT_JOURNAL("one unlink 0, down two error");
    tell_ref(one, "unlink", two);
    char line[32];
    snprintf(line, sizeof line, "one unlink %d", -ENOENT);
    EXPECT_JOURNAL(line);
}

static int
fail_at_length(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state;
    (void) msg;
    char words[1001];
    memset(words, 'w', sizeof words);
    words[1000] = '\0';
    return troupe_fail(ctx, -EPROTO, "%s", words);
}

static int
hear_at_length(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx;
    (void) state;
    troupe_down_t down;
    int rc = troupe_down_read(msg, &down);
    if (rc < 0)
        return rc;
    if (down.reason.kind == TROUPE_EXIT_SHUTDOWN) /* the node stops */
        return TROUPE_STOP;
    journal_add("%zu w, code %d", strspn(down.reason.text, "w"),
                down.reason.code);
    return 0;
}

static int
monitor_and_link(troupe_context_t *ctx, void *state,
                 const troupe_message_t *msg)
{
    (void) state;
    troupe_ref_t other;
    int rc = troupe_unpack(msg, "R", &other);
    if (rc == 0)
        rc = troupe_monitor(ctx, other, NULL);
    return rc < 0 ? rc : troupe_link(ctx, other);
}

TROUPE_KIND(verbose, char, TROUPE_ON("fail", fail_at_length));
TROUPE_KIND(listener, char, TROUPE_ON("watch", monitor_and_link),
            TROUPE_ON_DOWN(hear_at_length), TROUPE_ON_EXIT(hear_at_length));

Test(bonds, case_95_long_reasons_arrive_whole)
{
    troupe_ref_t speaker, hearer;
    troupe_t *node = world_node();
    cr_assert_eq(troupe_node_spawn(node, &verbose, NULL, &speaker, NULL), 0);
    cr_assert_eq(troupe_node_spawn(node, &listener, NULL, &hearer, NULL), 0);
    tell_ref(hearer, "watch", speaker);
    tell(speaker, "fail");
    char lines[64];
    snprintf(lines, sizeof lines, "1000 w, code %d, 1000 w, code %d", -EPROTO,
             -EPROTO);
    EXPECT_JOURNAL(lines);
}

static int
burst(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state;
    troupe_ref_t other;
    int rc = troupe_unpack(msg, "R", &other);
    for (int i = 0; i < 3 && rc == 0; i++)
        rc = troupe_send(ctx, other, "note", NULL);
    if (rc == 0)
        rc = troupe_exit_send(ctx, other, TROUPE_EXIT_SHUTDOWN, 0, NULL);
    return rc < 0 ? rc : troupe_send(ctx, other, "note", NULL);
}

TROUPE_KIND(burster, char, TROUPE_ON("burst", burst));

Test(bonds, case_97_messages_and_signals_of_one_sender_keep_their_order)
{
    troupe_ref_t sender;
    cr_assert_eq(troupe_node_spawn(world_node(), &burster, NULL, &sender, NULL),
                 0);
    for (uint32_t worker = 0; worker < 2; worker++) {
        one = befriend(&trapper, "one", worker);
        tell_ref(sender, "burst", one);
        EXPECT_JOURNAL("one note, one note, one note, one exit shutdown, "
                       "one note");
    }
}
