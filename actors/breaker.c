/* SPDX-License-Identifier: Apache-2.0 */
/* breaker.c: closed, open, half open: a window of calls decides. */
#include "troupe_breaker.h"

#include <errno.h>

#include "mailbox/check.h"

#define WINDOW           20
#define CALLS_MIN        5
#define FAILURES_PERCENT 50
#define OPEN_MS          10000
#define PROBES           2
#define PROBE_WAIT_MS    100 /* while all probes are under way */
#define NS_PER_MS        UINT64_C(1000000)

static void
set_default(uint32_t *value, uint32_t standard)
{
    if (*value == 0)
        *value = standard;
}

int
troupe_breaker_init(troupe_breaker_t *self,
                    const troupe_breaker_options_t *options)
{
    CHECK(self);
    troupe_breaker_options_t own = {0};
    if (options)
        own = *options;
    set_default(&own.window, WINDOW);
    set_default(&own.calls_min,
                own.window < CALLS_MIN ? own.window : CALLS_MIN);
    set_default(&own.failures_percent, FAILURES_PERCENT);
    set_default(&own.open_ms, OPEN_MS);
    set_default(&own.probes, PROBES);
    if (own.window > TROUPE_BREAKER_WINDOW_MAX || own.failures_percent > 100
        || own.calls_min > own.window)
        return -EINVAL;
    *self = (troupe_breaker_t){.options = own};
    return 0;
}

static void
open_it(troupe_breaker_t *self, uint64_t now_ns)
{
    self->state = TROUPE_BREAKER_OPEN;
    self->opened_ns = now_ns;
    self->opened += 1;
    self->probing = self->probed = 0;
}

static int
refuse(uint32_t wait_ms, uint32_t *ret_wait_ms)
{
    if (ret_wait_ms)
        *ret_wait_ms = wait_ms;
    return -EBUSY;
}

int
troupe_breaker_allow(troupe_breaker_t *self, uint64_t now_ns,
                     uint32_t *ret_wait_ms)
{
    CHECK(self);
    uint64_t until_ns = self->opened_ns + self->options.open_ms * NS_PER_MS;
    if (self->state == TROUPE_BREAKER_OPEN && now_ns < until_ns) {
        uint64_t left_ms = (until_ns - now_ns + NS_PER_MS - 1) / NS_PER_MS;
        return refuse((uint32_t) left_ms, ret_wait_ms);
    }
    if (self->state == TROUPE_BREAKER_OPEN)
        self->state = TROUPE_BREAKER_HALF_OPEN;
    if (self->state == TROUPE_BREAKER_HALF_OPEN) {
        if (self->probing + self->probed >= self->options.probes)
            return refuse(PROBE_WAIT_MS, ret_wait_ms);
        self->probing += 1;
    }
    return 0;
}

static void
record_probe(troupe_breaker_t *self, uint64_t now_ns, bool ok)
{
    if (self->probing > 0)
        self->probing -= 1;
    if (!ok) {
        open_it(self, now_ns);
        return;
    }
    self->probed += 1;
    if (self->probed < self->options.probes)
        return;
    self->state = TROUPE_BREAKER_CLOSED;
    self->probed = self->probing = self->calls = 0;
    self->failed = 0;
}

void
troupe_breaker_record(troupe_breaker_t *self, uint64_t now_ns, bool ok)
{
    CHECK(self);
    if (self->state == TROUPE_BREAKER_OPEN)
        return; /* it was under way when the others failed */
    if (self->state == TROUPE_BREAKER_HALF_OPEN) {
        record_probe(self, now_ns, ok);
        return;
    }
    uint32_t window = self->options.window;
    uint64_t mask = window == 64 ? UINT64_MAX : (UINT64_C(1) << window) - 1;
    self->failed = ((self->failed << 1) | (ok ? 0 : 1)) & mask;
    if (self->calls < window)
        self->calls += 1;
    uint32_t failures = (uint32_t) __builtin_popcountll(self->failed);
    if (self->calls >= self->options.calls_min && failures > 0
        && failures * 100 >= self->options.failures_percent * self->calls)
        open_it(self, now_ns);
}

void
troupe_breaker_forget(troupe_breaker_t *self)
{
    CHECK(self);
    if (self->state == TROUPE_BREAKER_HALF_OPEN && self->probing > 0)
        self->probing -= 1;
}

const char *
troupe_breaker_state_name(troupe_breaker_state_t state)
{
    static const char *const names[] = {"closed", "open", "half open"};
    return (unsigned) state < 3 ? names[state] : "unknown";
}
