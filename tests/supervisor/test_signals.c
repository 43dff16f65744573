/* SPDX-License-Identifier: Apache-2.0 */
/* test_signals.c: late replies and full mailboxes (cases 98 and 99). */
#include <criterion/criterion.h>

#include <errno.h>

#include "supervisor/bonds.h"
#include "supervisor/harness.h"

static int
on_asked(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    (void) ctx;
    (void) state;
    journal_add("answer %s", troupe_outcome_name(answer->outcome));
    return 0;
}

static int
on_ask_it(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state;
    troupe_ref_t other;
    int rc = troupe_unpack(msg, "R", &other);
    return rc < 0 ? rc
                  : troupe_ask(ctx, other, "wait", 100, on_asked, NULL, NULL);
}

TROUPE_KIND(asker, char, TROUPE_ON("ask", on_ask_it));

Test(bonds, case_98_a_late_reply_is_dropped_and_counted)
{
    troupe_child_spec_t a = child_of("a");
    troupe_ref_t target = ref_of(start_supervisor(NULL, &a, 1), "a");
    troupe_ref_t ref;
    troupe_t *node = world_node();
    cr_assert_eq(troupe_node_spawn(node, &asker, NULL, &ref, NULL), 0);
    tell_ref(ref, "ask", target);
    world_advance(200);
    EXPECT_JOURNAL("start a, answer timeout");
    tell(target, "go");
    EXPECT_JOURNAL("a was not needed"); /* it knew: the timeout told it */
    tell_ref(ref, "ask", target);
    tell(target, "crash");
    EXPECT_JOURNAL_SORTED("answer down, start a, stop a error");
}

static int
on_open(troupe_context_t *ctx, void *state, void *data)
{
    (void) state;
    (void) data;
    return troupe_started(ctx);
}

/* Its mailbox is open, but nothing is taken out of it for a while. */
static int
on_shut_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state;
    troupe_ref_t other;
    int rc = troupe_unpack(msg, "R", &other);
    if (rc == 0)
        rc = troupe_monitor(ctx, other, NULL);
    if (rc == 0)
        rc = troupe_link(ctx, other);
    if (rc == 0)
        rc = troupe_call_after(ctx, 100, on_open, NULL, NULL, NULL);
    return rc < 0 ? rc : TROUPE_STARTING;
}

static int
on_shut_event(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx;
    (void) state;
    troupe_down_t down;
    int rc = troupe_down_read(msg, &down);
    if (rc == 0)
        journal_add("%s %s", down.monitor.id ? "down" : "exit",
                    troupe_exit_name(down.reason.kind));
    return harness_is_ending() ? TROUPE_STOP : rc;
}

static int
on_shut_note(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx;
    (void) state;
    (void) msg;
    journal_add("note");
    return 0;
}

TROUPE_KIND(shut, char, TROUPE_ON_START(on_shut_start),
            TROUPE_ON("note", on_shut_note), TROUPE_ON_DOWN(on_shut_event),
            TROUPE_ON_EXIT(on_shut_event));

Test(bonds, case_99_signals_pass_a_full_mailbox)
{
    troupe_ref_t one;
    const troupe_spawn_options_t narrow = {
        .place = TROUPE_WORKER,
        .worker = 1,
        .mailbox = {.messages_max = 2,
                    .overflow = TROUPE_OVERFLOW_DROP_NEWEST}};
    troupe_t *node = world_node();
    troupe_ref_t two = befriend(&friend, "two", 0);
    cr_assert_eq(troupe_node_spawn(node, &shut, &narrow, &one, "R", two), 0);
    world_settle();
    for (int i = 0; i < 7; i++)
        cr_assert_eq(troupe_node_send(node, one, "note", NULL), 0);
    kill_actor(two);
    world_advance(100);
    EXPECT_JOURNAL_SORTED("down killed, exit killed, note, note");
}
