/* SPDX-License-Identifier: Apache-2.0 */
/* count.c: counts failures, and says whether and when to restart. */
#include <string.h>

#include "mailbox/check.h"
#include "supervisor/supervisor.h"

#define NS_PER_MS UINT64_C(1000000)

/* A long enough run ends the row: what was before is forgiven. */
static void
row_check(struct troupe__child *child, uint64_t now_ns)
{
    uint64_t reset_ns = child->spec->backoff.reset_ms * NS_PER_MS;
    if (child->up_since_ns == 0 || now_ns - child->up_since_ns < reset_ns)
        return;
    child->row = 0;
    if (child->poisons)
        memset(child->poisons, 0, POISONS_MAX * sizeof *child->poisons);
}

/* The entry of a message, a free one, or the one with the fewest failures. */
static struct troupe__poison *
poison_entry(struct troupe__child *child, uint64_t fingerprint)
{
    if (!child->poisons)
        child->poisons = troupe__alloc(POISONS_MAX * sizeof *child->poisons);
    struct troupe__poison *least = &child->poisons[0];
    for (uint32_t i = 0; i < POISONS_MAX; i++) {
        struct troupe__poison *poison = &child->poisons[i];
        if (poison->failures > 0 && poison->fingerprint == fingerprint)
            return poison;
        if (poison->failures < least->failures)
            least = poison;
    }
    *least = (struct troupe__poison){.fingerprint = fingerprint};
    return least;
}

static bool
was_poisoned(troupe_context_t *ctx, struct troupe__child *child)
{
    const troupe_child_spec_t *spec = child->spec;
    if (!child->end.had_message || child->state != CHILD_WAITING
        || spec->poison_max == TROUPE_INFINITE)
        return false;
    struct troupe__poison *poison = poison_entry(child, child->end.fingerprint);
    poison->failures += 1;
    if (poison->failures < spec->poison_max)
        return false;
    poison->failures = 0;
    (void) troupe_child_quarantine(ctx, child->ref, child->end.fingerprint);
    troupe_log(ctx, TROUPE_LOG_WARNING,
               "child '%s': a message that broke it %u times is quarantined",
               spec->id, spec->poison_max);
    return true;
}

/* How long to rest before restart number `row` in a row. */
static int64_t
backoff_ms(troupe_context_t *ctx, const troupe_backoff_t *backoff, uint32_t row)
{
    CHECK(row > 0);
    if (row == 1 || backoff->min_ms == 0)
        return 0;
    uint64_t wait_ms = backoff->min_ms;
    for (uint32_t i = 2; i < row && wait_ms < backoff->max_ms; i++) {
        uint64_t longer = wait_ms * backoff->factor_percent / 100;
        if (longer == wait_ms)
            break;
        wait_ms = longer;
    }
    if (wait_ms > backoff->max_ms)
        wait_ms = backoff->max_ms;
    uint64_t jitter = wait_ms * backoff->jitter_percent / 100;
    if (jitter > 0)
        wait_ms -= troupe_random(ctx) % (jitter + 1);
    return (int64_t) wait_ms;
}

static enum troupe__verdict
budgets_check(struct troupe__supervisor *self, struct troupe__child *child,
              uint64_t now_ns)
{
    const troupe_budget_t *budget = &child->spec->budget;
    if (budget->restarts > 0) {
        uint32_t period_ms =
            budget->period_ms ? budget->period_ms : self->options.period_ms;
        uint32_t allowed =
            budget->restarts == TROUPE_ZERO ? 0 : budget->restarts;
        if (troupe__window_add(&child->window, now_ns, child->end.cause,
                               period_ms * NS_PER_MS, allowed))
            return budget->then == TROUPE_GIVE_UP ? VERDICT_GIVE_UP
                                                  : VERDICT_ESCALATE;
    }
    if (self->options.unstable_max != TROUPE_INFINITE
        && child->row > self->options.unstable_max)
        return VERDICT_ESCALATE;
    if (troupe__window_add(&self->window, now_ns, child->end.cause,
                           self->options.period_ms * NS_PER_MS,
                           self->options.intensity))
        return VERDICT_ESCALATE;
    return VERDICT_RESTART;
}

enum troupe__verdict
troupe__restart_judge(troupe_context_t *ctx, struct troupe__supervisor *self,
                      struct troupe__child *child, int64_t *ret_wait_ms)
{
    CHECK(ret_wait_ms);
    uint64_t now_ns = troupe_time_ns(ctx);
    row_check(child, now_ns);
    child->up_since_ns = 0;
    child->restarts += 1;
    if (was_poisoned(ctx, child)) {
        *ret_wait_ms = AT_ONCE;
        return VERDICT_RESTART;
    }
    child->row += 1;
    enum troupe__verdict verdict = budgets_check(self, child, now_ns);
    int64_t wait_ms = backoff_ms(ctx, &child->spec->backoff, child->row);
    /* A failed start is tried again by way of the mailbox, so that calls and
     * the shutdown get their turn between attempts. */
    *ret_wait_ms = wait_ms == 0 && !child->end.in_start ? AT_ONCE : wait_ms;
    static const char *const words[] = {"restarted", "given up",
                                        "one restart too many"};
    troupe_log(
        ctx, verdict == VERDICT_RESTART ? TROUPE_LOG_INFO : TROUPE_LOG_WARNING,
        "child '%s' ended %s (%s): %s", child->spec->id,
        troupe_exit_name(child->end.kind), child->end.text, words[verdict]);
    return verdict;
}
