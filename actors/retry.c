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

uint32_t
troupe_retry_wait_ms(uint32_t base_ms, uint32_t cap_ms, uint32_t attempts,
                     uint64_t random)
{
    uint64_t bound = base_ms;
    for (uint32_t i = 1; i < attempts && bound < cap_ms; i++)
        bound *= 2;
    if (bound > cap_ms)
        bound = cap_ms;
    return (uint32_t) (random % (bound + 1));
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
    uint32_t wait_ms =
        troupe_retry_wait_ms(self->options.base_ms, self->options.cap_ms,
                             what->attempts, what->random);
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
