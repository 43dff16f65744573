/* SPDX-License-Identifier: Apache-2.0 */
/* test_stats.c: counters, and what became of messages that nobody handled. */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdio.h>

#include "runtime/world.h"

TestSuite(stats, .init = world_begin, .fini = world_end, .timeout = 20);

struct some {
    char unused;
};

static int
fail_it(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx, (void) state, (void) msg;
    return -EIO;
}

TROUPE_KIND(some, struct some, TROUPE_ON("ok", note_message),
            TROUPE_ON("fail", fail_it), TROUPE_ON("do", do_inside));

static troupe_kind_stats_t
kind_of(const troupe_kind_t *kind)
{
    troupe_kind_stats_t stats = {.kind = NULL};
    settle();
    cr_assert_eq(troupe_kind_stats_get(node, kind, &stats), 0);
    return stats;
}

Test(stats, an_actors_counters_say_what_it_did)
{
    const troupe_spawn_options_t options = {.name = "me"};
    troupe_ref_t ref = spawn(&some, &options);
    settle();
    uint64_t handled = stats_of(ref).handled; /* its start, if that counts */
    for (int i = 0; i < 3; i++)
        tell(ref, "ok");
    tell(ref, "unknown");
    troupe_actor_stats_t stats = stats_of(ref);
    cr_assert_eq(stats.ref.id, ref.id);
    cr_assert_str_eq(stats.kind, "some");
    cr_assert_str_eq(stats.name, "me");
    cr_assert_eq(stats.status, TROUPE_STATUS_RUNNING);
    cr_assert_eq(stats.incarnation, 1);
    cr_assert_eq(stats.received, 4);
    cr_assert_eq(stats.handled - handled, 3);
    cr_assert_eq(stats.failed, 0);
    cr_assert_eq(stats.dropped, 1);
    cr_assert_eq(stats.mailbox_depth, 0);
    cr_assert_eq(stats.mailbox_bytes, 0);
    cr_assert_eq(stats.mailbox_age_ns, 0);
    cr_assert_gt(stats.handler_ns, 0);
}

Test(stats, an_ended_actor_has_none_but_its_kind_keeps_the_sum)
{
    troupe_actor_stats_t stats = {.received = 77};
    troupe_ref_t one = spawn(&some, NULL), other = spawn(&some, NULL);
    tell(one, "ok");
    tell(one, "fail");
    tell(other, "ok");
    tell(other, "unknown");
    settle();
    cr_assert_eq(troupe_actor_stats_get(node, one, &stats), -ESRCH);
    cr_assert_eq(stats.received, 77);
    troupe_kind_stats_t sum = kind_of(&some);
    cr_assert_str_eq(sum.kind, "some");
    cr_assert_eq(sum.spawned, 2);
    cr_assert_eq(sum.ended, 1);
    cr_assert_eq(sum.restarted, 0);
    cr_assert_eq(sum.failed, 1);
    cr_assert_eq(sum.dropped, 1);
    cr_assert_eq(sum.received, 4);
    troupe_kind_stats_t unknown;
    cr_assert_eq(troupe_kind_stats_get(node, &noisy, &unknown), -ENOENT);
}

struct late {
    char unused;
};

static int
late_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx, (void) state, (void) msg;
    return TROUPE_STARTING;
}

TROUPE_KIND(late, struct late, TROUPE_ON_START(late_start),
            TROUPE_ON_FALLBACK(note_message));

Test(stats, depth_bytes_and_age_of_what_waits)
{
    troupe_ref_t ref = spawn(&late, NULL);
    settle();
    tell(ref, "a");
    settle();
    advance(30);
    tell(ref, "b");
    settle();
    advance(12);
    troupe_actor_stats_t stats = stats_of(ref);
    cr_assert_eq(stats.status, TROUPE_STATUS_STARTING);
    cr_assert_eq(stats.mailbox_depth, 2);
    cr_assert_gt(stats.mailbox_bytes, 40);
    cr_assert_eq(stats.mailbox_age_ns, 42000000);
    cr_assert_eq(stats.received, 2);
}

static void
newest_is(const char *type, troupe_dead_t why, troupe_ref_t to)
{
    troupe_dead_letter_t letter = {.why = 0};
    settle();
    cr_assert_eq(troupe_dead_letters(node, &letter, 1), 1);
    cr_assert_str_eq(letter.type, type);
    cr_assert_eq(letter.why, why, "%s", troupe_dead_name(letter.why));
    cr_assert_eq(letter.to.id, to.id);
    cr_assert_neq(letter.from.id, 0);
    cr_assert_eq(letter.at_ns, troupe_now_ns(node));
}

static int
tell_self_and_end(troupe_context_t *ctx, void *arg)
{
    (void) arg;
    int rc = troupe_send(ctx, troupe_self(ctx), "to-myself", NULL);
    return rc < 0 ? rc : TROUPE_STOP;
}

Test(stats, each_dead_letter_says_why)
{
    const troupe_spawn_options_t narrow = {
        .mailbox = {.messages_max = 1, .overflow = TROUPE_OVERFLOW_REJECT}};
    troupe_ref_t ref = spawn(&some, NULL);
    tell(ref, "unknown");
    newest_is("unknown", TROUPE_DEAD_UNHANDLED, ref);
    tell(ref, "fail");
    newest_is("fail", TROUPE_DEAD_FAILED, ref);
    tell(ref, "gone");
    newest_is("gone", TROUPE_DEAD_NO_ACTOR, ref);
    ref = spawn(&late, &narrow);
    settle();
    tell(ref, "first");
    settle();
    tell(ref, "second");
    newest_is("second", TROUPE_DEAD_OVERFLOW, ref);
    end_actor(ref, TROUPE_EXIT_KILLED);
    newest_is("first", TROUPE_DEAD_ENDED, ref);
    ref = spawn(&some, NULL);
    inside_later(ref, tell_self_and_end, NULL);
    settle();
    newest_is("to-myself", TROUPE_DEAD_NO_ACTOR, ref);
    cr_assert_eq(node_stats().dead_letters, 6);
}

Test(stats, the_newest_dead_letters_are_kept)
{
    troupe_options_t options = world_options();
    options.dead_letters_max = 3;
    world_reopen(&options);
    troupe_ref_t ref = spawn(&some, NULL);
    for (int i = 0; i < 5; i++)
        tell(ref, (const char[]){(char) ('a' + i), '\0'});
    settle();
    troupe_dead_letter_t letters[5];
    cr_assert_eq(troupe_dead_letters(node, letters, 5), 3);
    cr_assert_str_eq(letters[0].type, "e");
    cr_assert_str_eq(letters[2].type, "c");
    cr_assert_eq(troupe_dead_letters(node, letters, 2), 2);
    cr_assert_eq(troupe_dead_letters(node, NULL, 0), 0);
    cr_assert_eq(node_stats().dead_letters, 5);
    options.dead_letters_max = 0;
    world_reopen(&options);
    tell(spawn(&some, NULL), "a");
    cr_assert_eq(node_stats().dead_letters, 1);
    cr_assert_eq(troupe_dead_letters(node, letters, 5), 0);
}

Test(stats, every_reason_and_outcome_has_its_own_name)
{
    for (int i = TROUPE_DEAD_NO_ACTOR; i <= TROUPE_DEAD_ATTEMPTS; i++) {
        const char *name = troupe_dead_name((troupe_dead_t) i);
        cr_assert_str_neq(name, "unknown");
        for (int j = TROUPE_DEAD_NO_ACTOR; j < i; j++)
            cr_assert_str_neq(name, troupe_dead_name((troupe_dead_t) j));
    }
    for (int i = TROUPE_REPLY; i <= TROUPE_CANCELLED; i++)
        cr_assert_str_neq(troupe_outcome_name((troupe_outcome_t) i), "unknown");
    cr_assert_str_eq(troupe_dead_name((troupe_dead_t) 0), "unknown");
    cr_assert_str_eq(troupe_dead_name((troupe_dead_t) 99), "unknown");
    cr_assert_str_eq(troupe_outcome_name((troupe_outcome_t) 0), "unknown");
}

Test(stats, actors_lists_those_that_live_and_no_threads)
{
    troupe_ref_t refs[3] = {probe_on(0), probe_on(1), probe_on(0)}, found[4];
    end_actor(refs[1], TROUPE_EXIT_KILLED);
    settle();
    cr_assert_eq(troupe_actors(node, found, 4), 2);
    cr_assert((found[0].id == refs[0].id && found[1].id == refs[2].id)
              || (found[0].id == refs[2].id && found[1].id == refs[0].id));
    cr_assert_eq(troupe_actors(node, found, 1), 2);
    cr_assert_eq(troupe_actors(node, NULL, 0), 2);
}

Test(stats, a_runs_callers_are_not_counted_as_actors)
{
    troupe_node_stats_t before = node_stats();
    cr_assert_eq(before.workers, 2);
    troupe_ref_t ref = probe_new();
    for (int i = 0; i < 5; i++)
        cr_assert_eq(troupe_node_exit(node, ref, TROUPE_EXIT_NORMAL, 1),
                     -ETIMEDOUT);
    troupe_node_stats_t after = node_stats();
    cr_assert_eq(after.actors, 1);
    cr_assert_eq(after.ended, 0);
    cr_assert_eq(after.spawned, 1);
}

static int
say_something(troupe_context_t *ctx, void *arg)
{
    (void) arg;
    troupe_log(ctx, TROUPE_LOG_INFO, "something");
    return troupe_fail(ctx, -EIO, "broken");
}

Test(stats, log_lines_name_the_actor)
{
    const troupe_spawn_options_t options = {.name = "clerk"};
    troupe_ref_t named = spawn(&probe, &options), bare = probe_new();
    char ref[TROUPE_REF_TEXT], line[256];
    inside_later(named, say_something, NULL);
    settle();
    snprintf(line, sizeof line, "probe %s clerk: something",
             troupe_ref_text(named, ref));
    cr_assert_eq(logged(line), 1);
    snprintf(line, sizeof line, "probe %s clerk failed on '", ref);
    cr_assert_eq(logged(line), 1);
    inside_later(bare, say_something, NULL);
    settle();
    snprintf(line, sizeof line, "probe %s: something",
             troupe_ref_text(bare, ref));
    cr_assert_eq(logged(line), 1);
}
