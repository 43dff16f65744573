/* SPDX-License-Identifier: Apache-2.0 */
/* retry.c: waits with full jitter, and the budget that bounds retries. */
#include "troupe_retry.h"

#include <errno.h>

#include "mailbox/check.h"

#define ATTEMPTS_MAX   3
#define BASE_MS        250
#define CAP_MS         10000
#define BUDGET_PERCENT 10
#define BUDGET_BURST   10
#define RETRY          100 /* hundredths of a retry */
#define NS_PER_MS      UINT64_C(1000000)

const char *
troupe_fault_name(troupe_fault_t fault)
{
    static const char *const names[TROUPE_FAULT_COUNT] = {
        "none", "transient", "overload", "permanent", "timeout"};
    return (unsigned) fault < TROUPE_FAULT_COUNT ? names[fault] : "unknown";
}

static void
set_default(uint32_t *value, uint32_t standard)
{
    if (*value == 0)
        *value = standard;
}

void
troupe_retry_init(troupe_retry_t *self, const troupe_retry_options_t *options)
{
    CHECK(self);
    *self = (troupe_retry_t){0};
    if (options)
        self->options = *options;
    set_default(&self->options.attempts_max, ATTEMPTS_MAX);
    set_default(&self->options.base_ms, BASE_MS);
    set_default(&self->options.cap_ms, CAP_MS);
    set_default(&self->options.budget_percent, BUDGET_PERCENT);
    set_default(&self->options.budget_burst, BUDGET_BURST);
    self->credit = (uint64_t) self->options.budget_burst * RETRY;
}

void
troupe_retry_earn(troupe_retry_t *self)
{
    CHECK(self);
    uint64_t max = (uint64_t) self->options.budget_burst * RETRY;
    self->credit += self->options.budget_percent;
    if (self->credit > max)
        self->credit = max;
}

/* Doubled with each attempt, up to the cap. */
static uint32_t
bound_of(const troupe_retry_options_t *options, uint32_t attempts)
{
    uint64_t bound = options->base_ms;
    for (uint32_t i = 1; i < attempts && bound < options->cap_ms; i++)
        bound *= 2;
    return bound < options->cap_ms ? (uint32_t) bound : options->cap_ms;
}

int
troupe_retry_next(troupe_retry_t *self, const troupe_retry_case_t *what,
                  uint32_t *ret_wait_ms)
{
    CHECK(self && what && ret_wait_ms);
    if (what->fault != TROUPE_FAULT_TRANSIENT
        && what->fault != TROUPE_FAULT_OVERLOAD
        && what->fault != TROUPE_FAULT_TIMEOUT)
        return -EPERM;
    if (what->attempts >= self->options.attempts_max)
        return -ERANGE;
    uint32_t bound = bound_of(&self->options, what->attempts);
    uint32_t wait_ms = (uint32_t) (what->random % ((uint64_t) bound + 1));
    if (wait_ms < what->retry_after_ms)
        wait_ms = what->retry_after_ms;
    if (what->deadline_ns > 0
        && what->now_ns + wait_ms * NS_PER_MS >= what->deadline_ns)
        return -ETIMEDOUT;
    if (self->credit < RETRY)
        return -EAGAIN;
    self->credit -= RETRY;
    *ret_wait_ms = wait_ms;
    return 0;
}
