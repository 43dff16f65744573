/* SPDX-License-Identifier: Apache-2.0 */
/* decide_limits.c: what a decision rests on, and what it could not see. */
#include "actors/decide_result.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "mailbox/check.h"

#define LINE_MAX_SIZE 512
#define INCONSISTENT  0.1

/* Phase 2 is not begun when there is nothing to compare. */
static bool
is_ranked(const struct decision_result *self)
{
    return self->table.rows >= 2 && self->table.column_count > 0;
}

struct tally
troupe__result_tally(const struct decision_result *self)
{
    struct tally tally = {.asked = 0};
    uint32_t cells = self->decision->option_count * STRATEGY_COUNT;
    for (uint32_t i = 0; i < cells; i++) {
        const struct cell *cell = &self->cells[i];
        tally.asked += 1;
        tally.answered += cell->done;
        tally.usable += cell->done && cell->estimate.enough;
    }
    for (unsigned v = 0; v < PERSPECTIVE_COUNT && is_ranked(self); v++) {
        tally.asked += 1;
        tally.answered += self->opinions[v].done;
        tally.usable += self->opinions[v].done;
    }
    for (uint32_t i = 0; i < self->sampler_count; i++) {
        tally.asked += 1;
        tally.answered += self->samplers[i].done;
        tally.usable += self->samplers[i].done;
    }
    tally.failed = tally.asked - tally.answered;
    return tally;
}

bool
troupe__result_degraded(const struct decision_result *self)
{
    return self->deadline_passed || self->interrupted
           || troupe__result_tally(self).failed > 0;
}

/* Adds to a text that is too short for all of it: the rest is dropped. */
static void
add(char *text, size_t size, const char *format, ...)
{
    size_t used = strlen(text);
    va_list args;
    va_start(args, format);
    vsnprintf(text + used, size - used, format, args);
    va_end(args);
}

void
troupe__result_degradation(const struct decision_result *self, char *text,
                           size_t size)
{
    CHECK(text && size > 0);
    text[0] = '\0';
    if (self->interrupted)
        add(text, size, "interrupted; ");
    if (self->deadline_passed)
        add(text, size, "the deadline passed; ");
    const char *before = "without ";
    for (unsigned g = 1; g <= STRATEGY_COUNT; g++) {
        uint32_t failed = 0;
        const char *reason = "";
        for (uint32_t i = 0; i < self->decision->option_count; i++) {
            const struct cell *cell =
                &self->cells[(size_t) i * STRATEGY_COUNT + g - 1];
            failed += !cell->done;
            reason = cell->done ? reason : cell->reason;
        }
        if (failed == 0)
            continue;
        add(text, size, "%s%s for %u of %u options (%s)", before,
            troupe__group_name((enum group) g), failed,
            self->decision->option_count, reason);
        before = ", ";
    }
    for (unsigned v = 0; v < PERSPECTIVE_COUNT && is_ranked(self); v++) {
        if (self->opinions[v].done)
            continue;
        add(text, size, "%sthe perspective %s (%s)", before,
            troupe__perspective_name((enum perspective_index) v),
            self->opinions[v].reason);
        before = ", ";
    }
    if (self->samples < self->samples_asked
        && (self->sampler_count > 0 || (self->interrupted && is_ranked(self))))
        add(text, size, "%s%u of %u samples", before,
            self->samples_asked - self->samples, self->samples_asked);
}

/* Where the limits go, and the line that is being written. */
struct saying {
    void (*say)(void *data, const char *text);
    void *data;
};

static void say(const struct saying *self, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void
say(const struct saying *self, const char *format, ...)
{
    char line[LINE_MAX_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    self->say(self->data, line);
}

/* A strategy's part in the ranking: lost by failures, or by missing data. */
static void
say_strategy(const struct decision_result *self, const struct saying *to,
             enum group group)
{
    uint32_t failed = 0;
    uint32_t missing = 0;
    uint32_t healed = 0;
    for (uint32_t i = 0; i < self->decision->option_count; i++) {
        const struct cell *cell =
            &self->cells[(size_t) i * STRATEGY_COUNT + group - 1];
        failed += !cell->done;
        missing += cell->done && !cell->estimate.enough;
        healed += cell->done && cell->attempts > 1;
    }
    const char *name = troupe__group_name(group);
    uint32_t count = self->decision->option_count;
    if (failed > 0) {
        say(to,
            "%s gave no answer for %u of %u options; that is no evidence for "
            "or against any, and it has no part in the ranking.",
            name, failed, count);
    } else if (missing == count) {
        say(to, "Insufficient data for %s: no option has any.", name);
    } else if (!self->used[group] && missing > 0) {
        say(to,
            "Insufficient data for %s: %u of %u options lack them, so it has "
            "no part in the ranking.",
            name, missing, count);
    }
    if (healed > 0) {
        say(to,
            "%s failed for %u option%s, was restarted and asked again: its "
            "answers are complete.",
            name, healed, healed == 1 ? "" : "s");
    }
}

static void
say_others(const struct decision_result *self, const struct saying *to)
{
    for (unsigned v = 0; v < PERSPECTIVE_COUNT && is_ranked(self); v++) {
        const struct opinion *it = &self->opinions[v];
        const char *name = troupe__perspective_name((enum perspective_index) v);
        if (!it->done) {
            say(to, "The perspective %s gave no ranking (%s); it has no vote.",
                name, it->reason);
        } else if (it->attempts > 1) {
            say(to,
                "The perspective %s failed %u time%s, was restarted and asked "
                "again.",
                name, it->attempts - 1, it->attempts > 2 ? "s" : "");
        }
    }
    for (uint32_t i = 0; i < self->sampler_count; i++) {
        const struct opinion *it = &self->samplers[i];
        if (!it->done)
            say(to, "Sampler %u gave no samples (%s).", i, it->reason);
        else if (it->attempts > 1) {
            say(to,
                "Sampler %u failed %u time%s, was restarted and asked again.",
                i, it->attempts - 1, it->attempts > 2 ? "s" : "");
        }
    }
}

static void
say_data(const struct decision_result *self, const struct saying *to)
{
    const struct decision *decision = self->decision;
    for (uint32_t i = 0; i < decision->option_count; i++) {
        const struct standing *it = &self->standing[i];
        const char *title = decision->options[i].title;
        if (it->incomplete)
            say(to, "'%s' is not ranked: insufficient data, %s.", title,
                it->reason);
        if (!it->excluded && it->doubt[0])
            say(to, "'%s' may break a hard limit: %s.", title, it->doubt);
    }
    if (decision->state_count > 0 && !self->used[GROUP_PAYOFFS])
        say(to, "Insufficient data for payoffs: an option lacks one in some "
                "state, so they have no part in the ranking.");
    if (decision->consistency > INCONSISTENT) {
        say(to,
            "The comparisons contradict each other: consistency ratio %.2f, "
            "over %.1f (Saaty); look at them again.",
            decision->consistency, INCONSISTENT);
    }
    if (self->table.unweighed)
        say(to, "Entropy weights want values above 0: all criteria weigh "
                "alike.");
}

void
troupe__result_limits(const struct decision_result *self,
                      void (*line)(void *data, const char *text), void *data)
{
    const struct saying to = {line, data};
    for (unsigned g = 1; g <= STRATEGY_COUNT; g++)
        say_strategy(self, &to, (enum group) g);
    say_others(self, &to);
    say_data(self, &to);
    if (self->interrupted)
        say(&to, "It was interrupted: the report has what there was by then.");
    if (self->deadline_passed)
        say(&to, "The deadline passed: the report has what there was by then.");
    if (self->failures > 0)
        say(&to, "The decider failed %u time%s and was asked again.",
            self->failures, self->failures == 1 ? "" : "s");
    if (is_ranked(self) && self->samples_asked == 0)
        say(&to, "No samples were asked for: nothing says how robust the "
                 "ranking is.");
}
