/* SPDX-License-Identifier: Apache-2.0 */
/* test_starters.c: supervisors that actors start, and whom they obey. */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdio.h>

#include "supervisor/bonds.h"
#include "supervisor/harness.h"

/* Starts a supervisor over one child, as it is told. */
static int
begin(troupe_context_t *ctx, const char *id, bool unlinked)
{
    troupe_child_spec_t spec = child_of(id);
    const troupe_supervisor_options_t options = {.unlinked = unlinked};
    troupe_ref_t ref = TROUPE_NOBODY;
    troupe_supervisor_error_t error;
    int rc = troupe_supervisor_start(ctx, &options, &spec, 1, &ref, &error);
    return rc < 0 ? rc : troupe_reply(ctx, "R", ref);
}

static int
on_linked(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state;
    (void) msg;
    return begin(ctx, "a", false);
}

static int
on_unlinked(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state;
    (void) msg;
    return begin(ctx, "b", true);
}

static int
on_wrong(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state;
    (void) msg;
    const troupe_child_spec_t spec = {.id = "no kind"};
    troupe_supervisor_error_t error;
    int rc = troupe_supervisor_start(ctx, NULL, &spec, 1, NULL, &error);
    journal_add("%d %s", rc, error.text);
    return troupe_reply(ctx, "R", troupe_self(ctx));
}

static int
on_crash(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state;
    (void) msg;
    return troupe_fail(ctx, -EIO, "told to crash");
}

static int
on_exit_signal(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx;
    (void) state;
    troupe_down_t down;
    int rc = troupe_down_read(msg, &down);
    if (rc == 0)
        journal_add("%s: %s", troupe_exit_name(down.reason.kind),
                    down.reason.text);
    return harness_is_ending() ? TROUPE_STOP : rc;
}

#define STARTER_CLAUSES                                                        \
    TROUPE_ON("linked", on_linked), TROUPE_ON("unlinked", on_unlinked),        \
        TROUPE_ON("wrong", on_wrong), TROUPE_ON("crash", on_crash)

TROUPE_KIND(starter, char, STARTER_CLAUSES);
TROUPE_KIND(trapping_starter, char, STARTER_CLAUSES,
            TROUPE_ON_EXIT(on_exit_signal));

static troupe_ref_t
ask_for(troupe_ref_t boss, const char *verb)
{
    troupe_message_t *reply = NULL;
    troupe_ref_t ref = TROUPE_NOBODY;
    cr_assert_eq(troupe_node_ask(world_node(), boss, verb, 0, &reply, NULL), 0);
    cr_assert_eq(troupe_unpack(reply, "R", &ref), 0);
    troupe_message_destroy(&reply);
    world_settle();
    return ref;
}

static troupe_ref_t
spawn_boss(const troupe_kind_t *kind)
{
    troupe_ref_t boss = TROUPE_NOBODY;
    cr_assert_eq(troupe_node_spawn(world_node(), kind, NULL, &boss, NULL), 0);
    return boss;
}

Test(supervisor, part_0_the_end_of_its_starter_is_a_supervisor_s_too)
{
    troupe_ref_t boss = spawn_boss(&starter);
    troupe_ref_t linked = ask_for(boss, "linked");
    troupe_ref_t unlinked = ask_for(boss, "unlinked");
    watch(linked, "linked");
    EXPECT_JOURNAL("start a, start b");
    tell(boss, "crash");
    EXPECT_JOURNAL_SORTED("down linked error, stop a");
    cr_assert(is_alive(unlinked));
    EXPECT_COUNTS(unlinked, 1, 1, 0, 1);
}

Test(supervisor, part_0_a_starter_hears_why_its_supervisor_gave_up)
{
    troupe_ref_t boss = spawn_boss(&trapping_starter);
    troupe_ref_t top = ask_for(boss, "linked");
    script_of("a")->start_fails = 10;
    tell(ref_of(top, "a"), "crash");
    EXPECT_JOURNAL_SORTED("shutdown: child 'a' failed too often: scripted, "
                          "start a, start a, stop a error");
    cr_assert(is_alive(boss));
}

Test(supervisor, part_0_a_starter_hears_why_the_first_start_failed)
{
    troupe_ref_t boss = spawn_boss(&trapping_starter);
    script_of("a")->start_fails = 1;
    troupe_ref_t top = ask_for(boss, "linked");
    EXPECT_JOURNAL_SORTED(
        "error: child 'a' failed to start: scripted, start a");
    cr_assert_not(is_alive(top));
}

Test(supervisor, part_0_a_wrong_spec_is_an_error_in_the_starter_s_handler)
{
    char line[64];
    (void) ask_for(spawn_boss(&starter), "wrong");
    snprintf(line, sizeof line, "%d child 'no kind': kind is missing", -EINVAL);
    EXPECT_JOURNAL(line);
}

Test(supervisor, part_0_exits_of_strangers_are_ignored)
{
    troupe_child_spec_t a = child_of("a");
    troupe_ref_t top = start_supervisor(NULL, &a, 1);
    troupe_ref_t stranger = befriend(&friend, "stranger", 1);
    tell_ref(stranger, "stop", top);
    tell_ref(stranger, "link", top);
    tell(stranger, "crash");
    cr_assert(is_alive(top));
    EXPECT_COUNTS(top, 1, 1, 0, 1);
}
