/* SPDX-License-Identifier: Apache-2.0 */
/* hedge.c: a percentile of the last latencies, and a bound on second asks. */
#include "troupe_hedge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mailbox/check.h"

#define PERCENTILE    95
#define SAMPLES_MIN   20
#define MIN_MS        1
#define MAX_MS        60000
#define EXTRA_PERCENT 5
#define US_PER_MS     1000
#define NS_PER_US     1000

static void
set_default(uint32_t *value, uint32_t standard)
{
    if (*value == 0)
        *value = standard;
}

int
troupe_hedge_init(troupe_hedge_t *self, const troupe_hedge_options_t *options)
{
    CHECK(self);
    troupe_hedge_options_t own = {0};
    if (options)
        own = *options;
    set_default(&own.percentile, PERCENTILE);
    set_default(&own.samples_min, SAMPLES_MIN);
    set_default(&own.min_ms, MIN_MS);
    set_default(&own.max_ms, MAX_MS);
    set_default(&own.extra_percent, EXTRA_PERCENT);
    if (own.percentile > 99 || own.samples_min > TROUPE_HEDGE_WINDOW
        || own.min_ms > own.max_ms || own.extra_percent > 100)
        return -EINVAL;
    *self = (troupe_hedge_t){.options = own};
    return 0;
}

void
troupe_hedge_record(troupe_hedge_t *self, uint64_t latency_ns)
{
    CHECK(self);
    uint64_t us = latency_ns / NS_PER_US;
    self->latencies_us[self->next] =
        us > UINT32_MAX ? UINT32_MAX : (uint32_t) us;
    self->next = (self->next + 1) % TROUPE_HEDGE_WINDOW;
    if (self->count < TROUPE_HEDGE_WINDOW)
        self->count += 1;
}

static int
ascending(const void *one, const void *other)
{
    uint32_t a = *(const uint32_t *) one, b = *(const uint32_t *) other;
    return a < b ? -1 : a > b;
}

/* The nearest rank: the smallest one that so many percent do not exceed. */
static uint32_t
percentile_us(const troupe_hedge_t *self)
{
    uint32_t sorted[TROUPE_HEDGE_WINDOW];
    memcpy(sorted, self->latencies_us, self->count * sizeof *sorted);
    qsort(sorted, self->count, sizeof *sorted, ascending);
    uint32_t rank = (self->options.percentile * self->count + 99) / 100;
    return sorted[rank - 1];
}

bool
troupe_hedge_allowed(const troupe_hedge_t *self)
{
    CHECK(self);
    return (self->hedges + 1) * 100 <= self->asks * self->options.extra_percent;
}

uint32_t
troupe_hedge_after_ms(troupe_hedge_t *self)
{
    CHECK(self);
    self->asks += 1;
    if (self->count < self->options.samples_min || !troupe_hedge_allowed(self))
        return 0;
    uint32_t us = percentile_us(self);
    uint32_t ms = us / US_PER_MS + (us % US_PER_MS > 0);
    if (ms < self->options.min_ms)
        return self->options.min_ms;
    return ms < self->options.max_ms ? ms : self->options.max_ms;
}

void
troupe_hedge_made(troupe_hedge_t *self)
{
    CHECK(self);
    self->hedges += 1;
}
