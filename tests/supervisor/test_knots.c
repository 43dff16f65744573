/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_knots.c: a supervisor in a circle of asks.
 *
 * A foreman has a supervisor start a child, and answers nobody until it has
 * heard of that. The child's start asks the foreman first.
 */
#include <criterion/criterion.h>

#include <string.h>

#include "supervisor/harness.h"

enum { LONG_MS = 600000, START_MS = 30000 };

static const troupe_kind_t applicant;

struct foreman {
    troupe_token_t asked;
};

static int
on_hired(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct foreman *self = state;
    journal_add("hired: %s %d", troupe_outcome_name(answer->outcome),
                answer->code);
    journal_add("because %.80s", answer->text);
    return self->asked.id ? troupe_reply_to(ctx, &self->asked, NULL) : 0;
}

static int
foreman_hire(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    troupe_ref_t top;
    int64_t patience_ms = 0, start_ms = 0;
    (void) state;
    int rc = troupe_unpack(msg, "[R, I, I]", &top, &patience_ms, &start_ms);
    const troupe_child_spec_t spec = {.id = "new",
                                      .kind = &applicant,
                                      .restart = TROUPE_TEMPORARY,
                                      .start_ms = (uint32_t) start_ms};
    const troupe_child_request_t request = {.verb = TROUPE_START_CHILD,
                                            .spec = &spec};
    return rc < 0
               ? rc
               : troupe_supervisor_ask(ctx, top, &request,
                                       (uint32_t) patience_ms, on_hired, NULL);
}

static int
foreman_reference(troupe_context_t *ctx, void *state,
                  const troupe_message_t *msg)
{
    struct foreman *self = state;
    (void) msg;
    journal_add("reference");
    return troupe_defer(ctx, &self->asked);
}

static int
foreman_ping(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    return troupe_reply(ctx, "i", 1);
}

TROUPE_KIND(foreman, struct foreman, TROUPE_ON("hire", foreman_hire),
            TROUPE_ON("reference", foreman_reference),
            TROUPE_ON("ping", foreman_ping));

static int
on_reference(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    (void) state;
    journal_add("start: %s %d", troupe_outcome_name(answer->outcome),
                answer->code);
    return answer->outcome == TROUPE_REPLY
               ? troupe_started(ctx)
               : troupe_fail(ctx, answer->code, "%s", answer->text);
}

static int
applicant_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    troupe_ref_t ref = TROUPE_NOBODY;
    (void) state, (void) msg;
    int rc = troupe_lookup(world_node(), "foreman", &ref);
    if (rc == 0)
        rc = troupe_ask(ctx, ref, "reference", LONG_MS, on_reference, NULL,
                        NULL);
    return rc < 0 ? rc : TROUPE_STARTING;
}

static const troupe_clause_t applicant_clauses[] = {
    TROUPE_ON_START(applicant_start), {0, NULL, NULL, NULL}};

static const troupe_kind_t applicant = {
    .name = "applicant", .state_size = 1, .clauses = applicant_clauses};

static troupe_ref_t
hire(uint32_t patience_ms, uint32_t start_ms)
{
    troupe_ref_t ref;
    const troupe_spawn_options_t options = {.name = "foreman"};
    troupe_child_spec_t other = child_of("other");
    troupe_ref_t top = start_supervisor(NULL, &other, 1);
    cr_assert_eq(
        troupe_node_spawn(world_node(), &foreman, &options, &ref, NULL), 0);
    cr_assert_eq(troupe_node_send(world_node(), ref, "hire", "[R, I, I]", top,
                                  (int64_t) patience_ms, (int64_t) start_ms),
                 0);
    world_settle();
    return top;
}

static void
assert_goes_on(troupe_ref_t top)
{
    troupe_ref_t ref;
    EXPECT_COUNTS(top, 1, 1, 0, 1);
    cr_assert_eq(troupe_lookup(world_node(), "foreman", &ref), 0);
    cr_assert_eq(
        troupe_node_ask(world_node(), ref, "ping", LONG_MS, NULL, NULL), 0);
}

/* It has a timer left, for the start, so it is no deadlock: that one ends it. */
Test(supervisor, a_circle_by_a_supervisor_ends_with_the_time_for_a_start)
{
    troupe_ref_t top = hire(LONG_MS, 0);
    world_advance(START_MS - 1);
    EXPECT_JOURNAL("start other, reference");
    world_advance(1);
    EXPECT_JOURNAL("hired: error -110, because start took too long");
    cr_assert_eq(log_count("child 'new' did not start within 30000 ms"), 1);
    cr_assert_eq(log_count("deadlock"), 0);
    assert_goes_on(top);
}

/* A start without a bound: whoever asked for it gives up first, hears whom it
 * waited for, and so can let the start go on. */
Test(supervisor, a_circle_by_a_supervisor_ends_with_the_patience_of_who_asked)
{
    troupe_ref_t top = hire(2000, TROUPE_INFINITE);
    world_advance(2000);
    char text[512];
    journal_take(text, sizeof text);
    cr_assert(
        strstr(text, "hired: timeout -110, because waited for supervisor"),
        "%s", text);
    cr_assert(strstr(text, "which had deferred its answer to 'child.start"),
              "%s", text);
    cr_assert(strstr(text, "start: reply 0"), "%s", text);
    EXPECT_COUNTS(top, 2, 2, 0, 2);
    cr_assert_eq(log_count("deadlock"), 0);
}
