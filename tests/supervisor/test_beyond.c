/* SPDX-License-Identifier: Apache-2.0 */
/* test_beyond.c: what OTP has not: back-off, budgets, deadlines, poison. */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "supervisor/harness.h"

static const troupe_supervisor_options_t lenient = {
    .intensity = 1000000, .unstable_max = TROUPE_INFINITE};

/* How long a crashed child rests: milliseconds of the manual clock. */
static uint32_t
rest_after_crash(troupe_ref_t top, const char *id, uint32_t at_most)
{
    uint32_t rested = 0;
    tell(ref_of(top, id), "crash");
    while (status_of(top, id) != TROUPE_CHILD_UP) {
        cr_assert_lt(rested, at_most);
        world_advance(1);
        rested += 1;
    }
    return rested;
}

Test(supervisor, beyond_backoff_begins_with_the_second_restart_and_doubles)
{
    troupe_child_spec_t a = child_of("a");
    a.backoff = (troupe_backoff_t){.max_ms = 70, .jitter_percent = TROUPE_ZERO};
    troupe_ref_t top = start_supervisor(&lenient, &a, 1);
    static const uint32_t expected[] = {0, 10, 20, 40, 70, 70};
    for (int i = 0; i < 6; i++)
        cr_assert_eq(rest_after_crash(top, "a", 100), expected[i], "row %d", i);
}

Test(supervisor, beyond_backoff_jitter_only_shortens)
{
    troupe_child_spec_t a = child_of("a");
    a.backoff = (troupe_backoff_t){
        .min_ms = 100, .factor_percent = 100, .jitter_percent = 50};
    troupe_ref_t top = start_supervisor(&lenient, &a, 1);
    cr_assert_eq(rest_after_crash(top, "a", 1), 0);
    uint32_t least = 1000, most = 0;
    for (int i = 0; i < 12; i++) {
        uint32_t rested = rest_after_crash(top, "a", 101);
        least = rested < least ? rested : least;
        most = rested > most ? rested : most;
    }
    cr_assert_geq(least, 50);
    cr_assert_leq(most, 100);
    cr_assert_lt(least, most);
}

Test(supervisor, beyond_backoff_begins_anew_after_a_stable_run)
{
    troupe_child_spec_t a = child_of("a");
    a.backoff = (troupe_backoff_t){
        .min_ms = 50, .reset_ms = 500, .jitter_percent = TROUPE_ZERO};
    troupe_ref_t top = start_supervisor(&lenient, &a, 1);
    cr_assert_eq(rest_after_crash(top, "a", 1), 0);
    cr_assert_eq(rest_after_crash(top, "a", 51), 50);
    world_advance(499);
    cr_assert_eq(rest_after_crash(top, "a", 101), 100);
    world_advance(500);
    cr_assert_eq(rest_after_crash(top, "a", 1), 0);
}

Test(supervisor, beyond_a_resting_child_keeps_its_messages)
{
    troupe_child_spec_t a = child_of("a");
    a.backoff.min_ms = 1000;
    troupe_ref_t top = start_supervisor(&lenient, &a, 1);
    troupe_ref_t ref = ref_of(top, "a");
    tell(ref, "crash");
    tell(ref, "crash");
    cr_assert_eq(status_of(top, "a"), TROUPE_CHILD_RESTARTING);
    tell_text(ref, "poison", "harmless");
    EXPECT_JOURNAL("start a, stop a error, start a, stop a error");
    world_advance(1000);
    EXPECT_JOURNAL("start a, a got harmless");
}

Test(supervisor, beyond_slow_failures_in_a_row_end_the_supervisor_too)
{
    troupe_child_spec_t a = child_of("a");
    a.backoff = (troupe_backoff_t){.min_ms = TROUPE_ZERO, .reset_ms = 60000};
    const troupe_supervisor_options_t options = {.unstable_max = 4};
    troupe_ref_t top = start_supervisor(&options, &a, 1);
    for (int i = 0; i < 4; i++) {
        tell(ref_of(top, "a"), "crash");
        cr_assert(is_alive(top));
        world_advance(20000); /* well beyond the period, never stable */
    }
    tell(ref_of(top, "a"), "crash");
    cr_assert_not(is_alive(top));
}

Test(supervisor, beyond_a_stable_run_ends_the_row)
{
    troupe_child_spec_t a = child_of("a");
    a.backoff = (troupe_backoff_t){.min_ms = TROUPE_ZERO, .reset_ms = 60000};
    const troupe_supervisor_options_t options = {.unstable_max = 1};
    troupe_ref_t top = start_supervisor(&options, &a, 1);
    for (int i = 0; i < 4; i++) {
        tell(ref_of(top, "a"), "crash");
        world_advance(60000);
    }
    cr_assert(is_alive(top));
}

Test(supervisor, beyond_a_child_over_its_own_budget_is_given_up_alone)
{
    troupe_child_spec_t specs[] = {child_of("a"), child_of("b")};
    specs[0].budget =
        (troupe_budget_t){.restarts = 2, .period_ms = 1000, TROUPE_GIVE_UP};
    troupe_ref_t top = start_supervisor(&lenient, specs, 2);
    troupe_ref_t a = ref_of(top, "a");
    for (int i = 0; i < 3; i++)
        tell(a, "crash");
    cr_assert_eq(status_of(top, "a"), TROUPE_CHILD_DOWN);
    cr_assert_eq(status_of(top, "b"), TROUPE_CHILD_UP);
    cr_assert_eq(troupe_node_ask(world_node(), a, "ping", 0, NULL, NULL),
                 -ESRCH);
    cr_assert_eq(troupe_supervisor_restart_child(world_node(), top, "a", NULL),
                 0);
}

Test(supervisor, beyond_a_child_over_its_own_budget_may_end_all)
{
    troupe_child_spec_t specs[] = {child_of("a"), child_of("b")};
    specs[0].budget = (troupe_budget_t){.restarts = 2};
    troupe_ref_t top = start_supervisor(&lenient, specs, 2);
    for (int i = 0; i < 3; i++) {
        tell(ref_of(top, "b"), "crash");
        cr_assert(is_alive(top));
    }
    for (int i = 0; i < 3; i++)
        tell(ref_of(top, "a"), "crash");
    cr_assert_not(is_alive(top));
}

Test(supervisor, beyond_a_slow_start_blinds_nobody_and_has_a_deadline)
{
    troupe_child_spec_t a = child_of("a");
    troupe_ref_t top = start_supervisor(NULL, &a, 1);
    script_of("slow")->start_hangs = 1;
    call_later(top, TROUPE_START_CHILD, "slow");
    cr_assert_eq(status_of(top, "slow"), TROUPE_CHILD_STARTING);
    EXPECT_COUNTS(top, 2, 2, 0, 2);
    world_advance(29999);
    EXPECT_JOURNAL("start a, start slow");
    world_advance(1);
    char line[32];
    snprintf(line, sizeof line, "slow: %d", -ETIMEDOUT);
    EXPECT_JOURNAL(line);
    EXPECT_COUNTS(top, 1, 1, 0, 1);
}

Test(supervisor, beyond_a_late_restart_is_a_failed_one)
{
    troupe_child_spec_t specs[] = {child_of("a"), child_of("b")};
    specs[0].start_ms = 100;
    specs[1].start_ms = 50;
    troupe_ref_t top = start_supervisor(&lenient, specs, 2);
    script_of("a")->start_hangs = 1;
    script_of("b")->start_hangs = 1;
    tell(ref_of(top, "a"), "crash");
    tell(ref_of(top, "b"), "crash");
    world_advance(50);
    cr_assert_eq(status_of(top, "a"), TROUPE_CHILD_STARTING);
    cr_assert_eq(status_of(top, "b"), TROUPE_CHILD_UP);
    world_advance(50);
    cr_assert_eq(status_of(top, "a"), TROUPE_CHILD_UP);
    cr_assert_eq(incarnation_of(ref_of(top, "a")), 3);
}

Test(supervisor, beyond_a_message_that_breaks_a_child_again_is_quarantined)
{
    troupe_child_spec_t a = child_of("a");
    a.poison_max = 2;
    troupe_ref_t top = start_supervisor(NULL, &a, 1); /* intensity 1 */
    troupe_ref_t ref = ref_of(top, "a");
    tell_text(ref, "poison", "bad");
    EXPECT_JOURNAL("start a, a got bad, stop a error, start a");
    tell_text(ref, "poison", "bad"); /* the second crash does not count */
    EXPECT_JOURNAL("a got bad, stop a error, start a");
    cr_assert_eq(incarnation_of(ref), 3);
    cr_assert_eq(log_count("is quarantined"), 1);
    tell_text(ref, "poison", "bad");
    EXPECT_JOURNAL("");
    cr_assert_eq(
        troupe_node_ask(world_node(), ref, "poison", 0, NULL, "s", "bad"),
        -EBADMSG);
    cr_assert_eq(
        troupe_node_ask(world_node(), ref, "poison", 0, NULL, "s", "good"), 0);
    EXPECT_JOURNAL("a got good");
}

Test(supervisor, beyond_an_asker_of_poison_is_told_each_time)
{
    troupe_child_spec_t a = child_of("a");
    a.poison_max = 2;
    troupe_ref_t ref = ref_of(start_supervisor(&lenient, &a, 1), "a");
    troupe_t *node = world_node();
    cr_assert_eq(troupe_node_ask(node, ref, "poison", 0, NULL, "s", "bad"),
                 -EHOSTDOWN);
    cr_assert_eq(troupe_node_ask(node, ref, "poison", 0, NULL, "s", "bad"),
                 -EHOSTDOWN);
    cr_assert_eq(troupe_node_ask(node, ref, "poison", 0, NULL, "s", "bad"),
                 -EBADMSG);
    troupe_dead_letter_t letters[3];
    cr_assert_eq(troupe_dead_letters(node, letters, 3), 3);
    cr_assert_eq(letters[0].why, TROUPE_DEAD_QUARANTINED);
    cr_assert_eq(letters[1].why, TROUPE_DEAD_FAILED);
    cr_assert_eq(letters[2].why, TROUPE_DEAD_FAILED);
}

/* STATIC: about as many as one definition can hold. Under sanitizers and
 * valgrind all takes many times as long. */
#ifdef TROUPE_SLOW_BUILD
enum { DYNAMIC = 10000, STATIC = 10000 };
#else
enum { DYNAMIC = 100000, STATIC = 40000 };
#endif

/* Many are asked for at once: one after the other would be as many switches
 * between threads, each of which is slow on a busy machine. */
struct starts {
    troupe_ref_t top, *refs;
    int count, asked, done;
};

static int ask_next(troupe_context_t *ctx, struct starts *self);

static int
one_started(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct starts *self = state;
    troupe_child_info_t info;
    if (answer->outcome != TROUPE_REPLY)
        return answer->code;
    int rc = troupe_child_info_read(answer->msg, &info);
    if (rc < 0)
        return rc;
    self->refs[self->done++] = info.ref;
    if (self->done == self->count)
        return TROUPE_STOP;
    return self->asked < self->count ? ask_next(ctx, self) : 0;
}

static int
ask_next(troupe_context_t *ctx, struct starts *self)
{
    const troupe_child_request_t request = {.verb = TROUPE_START_CHILD};
    self->asked++;
    return troupe_supervisor_ask(ctx, self->top, &request, 0, one_started,
                                 NULL);
}

static int
start_some(troupe_context_t *ctx, void *state, void *data)
{
    struct starts *self = state;
    (void) data;
    int rc = 0;
    while (rc == 0 && self->asked < 500)
        rc = ask_next(ctx, self);
    return rc;
}

/* Of this process: the clock also counts what others do. */
static double
cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

/* Seconds of processor time to crash so many, see all restarted, and stop all. */
static double
seconds_for(int count)
{
    static troupe_ref_t refs[DYNAMIC];
    const troupe_supervisor_options_t options = {
        .strategy = TROUPE_SIMPLE_ONE_FOR_ONE, .intensity = 1000000};
    troupe_child_spec_t template = {
        .id = "t", .kind = &plain, .poison_max = TROUPE_INFINITE};
    troupe_ref_t top = start_supervisor(&options, &template, 1);
    struct starts starts = {.top = top, .refs = refs, .count = count};
    cr_assert_eq(troupe_node_run(world_node(), start_some, &starts, 0), 0);
    world_settle();
    double from = cpu_seconds();
    for (int i = 0; i < count; i++)
        cr_assert_eq(troupe_node_send(world_node(), refs[i], "crash", NULL), 0);
    world_settle();
    EXPECT_COUNTS(top, 1, count, 0, count);
    cr_assert_eq(incarnation_of(refs[count / 2]), 2);
    shut_down(top);
    double spent = cpu_seconds() - from;
    cr_assert_not(is_alive(top));
    return spent;
}

Test(supervisor, case_45_very_many_restart_and_stop_in_linear_time)
{
    (void) seconds_for(DYNAMIC / 10); /* warm */
    double one = seconds_for(DYNAMIC / 10);
    double ten = seconds_for(DYNAMIC);
    cr_log_info("%d: %.1f ms, %d: %.1f ms", DYNAMIC / 10, one * 1e3, DYNAMIC,
                ten * 1e3);
    cr_assert_lt(ten, 30 * one, "%.4f s, then %.4f s", one, ten);
}

static troupe_child_spec_t *
static_specs(int count)
{
    static troupe_child_spec_t *specs; /* kept */
    static char(*ids)[16];
    specs = calloc((size_t) count, sizeof *specs);
    ids = calloc((size_t) count, sizeof *ids);
    cr_assert(specs && ids);
    for (int i = 0; i < count; i++) {
        snprintf(ids[i], sizeof ids[i], "c%d", i);
        specs[i] = (troupe_child_spec_t){.id = ids[i], .kind = &plain};
    }
    return specs;
}

Test(supervisor, case_45_many_static_children_start_and_stop_in_linear_time)
{
    double seconds[2];
    const troupe_child_spec_t *specs = static_specs(STATIC);
    for (int i = 0; i < 2; i++) {
        double from = cpu_seconds();
        troupe_ref_t top =
            start_supervisor(NULL, specs, i ? STATIC : STATIC / 10);
        shut_down(top);
        seconds[i] = cpu_seconds() - from;
        cr_assert_not(is_alive(top));
    }
    cr_log_info("%d: %.1f ms, %d: %.1f ms", STATIC / 10, seconds[0] * 1e3,
                STATIC, seconds[1] * 1e3);
    cr_assert_lt(seconds[1], 30 * seconds[0], "%.4f s, then %.4f s", seconds[0],
                 seconds[1]);
}

Test(supervisor, case_45_more_than_a_definition_holds_are_refused_with_a_cure)
{
    troupe_supervisor_error_t error = {{0}};
    troupe_ref_t ref = {77};
    cr_assert_eq(troupe_node_supervisor_start(world_node(), NULL,
                                              static_specs(200000), 200000,
                                              &ref, &error),
                 -EMSGSIZE);
    cr_assert(strstr(error.text, "200000 children are more than the"), "%s",
              error.text);
    cr_assert(strstr(error.text, "below several supervisors"), "%s",
              error.text);
    cr_assert_eq(ref.id, 77);
}
