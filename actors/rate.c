/* SPDX-License-Identifier: Apache-2.0 */
/* rate.c: two token buckets, and the rest that a refusal brings. */
#include "troupe_rate.h"

#include <errno.h>

#include "mailbox/check.h"

#define BURST_MS        6000
#define MINUTE_MS       60000.0
#define NS_PER_MS       UINT64_C(1000000)
#define REST_MIN_MS     1000
#define REST_MAX_MS     60000
#define REST_LONGEST_MS UINT64_C(86400000) /* whatever the other side says */

/* What a bucket of so much per minute holds: at least one. */
static double
room(const troupe_rate_t *self, uint32_t per_minute)
{
    double size = per_minute * (double) self->options.burst_ms / MINUTE_MS;
    return size < 1 ? 1 : size;
}

void
troupe_rate_init(troupe_rate_t *self, const troupe_rate_options_t *options,
                 uint64_t now_ns)
{
    CHECK(self);
    *self = (troupe_rate_t){.at_ns = now_ns};
    if (options)
        self->options = *options;
    if (self->options.burst_ms == 0)
        self->options.burst_ms = BURST_MS;
    self->requests = room(self, self->options.requests);
    self->tokens = room(self, self->options.tokens);
}

static void
fill(const troupe_rate_t *self, double *bucket, uint32_t per_minute,
     double minutes)
{
    double full = room(self, per_minute);
    *bucket += per_minute * minutes;
    if (*bucket > full)
        *bucket = full;
}

/* How long until a bucket holds so much. */
static uint64_t
missing_ns(double have, double want, uint32_t per_minute)
{
    if (per_minute == 0 || have >= want)
        return 0;
    double ms = (want - have) / per_minute * MINUTE_MS;
    return (uint64_t) (ms * (double) NS_PER_MS) + 1;
}

int
troupe_rate_take(troupe_rate_t *self, uint64_t now_ns, uint64_t tokens,
                 uint64_t *ret_when_ns)
{
    CHECK(self && ret_when_ns);
    if (now_ns > self->at_ns) {
        double minutes =
            (double) (now_ns - self->at_ns) / (double) NS_PER_MS / MINUTE_MS;
        fill(self, &self->requests, self->options.requests, minutes);
        fill(self, &self->tokens, self->options.tokens, minutes);
        self->at_ns = now_ns;
    }
    double full = room(self, self->options.tokens);
    double want = (double) tokens < full ? (double) tokens : full;
    uint64_t wait_ns = missing_ns(self->requests, 1, self->options.requests);
    uint64_t other_ns = missing_ns(self->tokens, want, self->options.tokens);
    if (wait_ns < other_ns)
        wait_ns = other_ns;
    if (self->rest_ns > now_ns && wait_ns < self->rest_ns - now_ns)
        wait_ns = self->rest_ns - now_ns;
    if (wait_ns > 0) {
        *ret_when_ns = now_ns + wait_ns;
        return -EAGAIN;
    }
    if (self->options.requests > 0)
        self->requests -= 1;
    if (self->options.tokens > 0)
        self->tokens -= (double) tokens;
    self->granted += 1;
    return 0;
}

void
troupe_rate_settle(troupe_rate_t *self, uint64_t estimated, uint64_t used)
{
    CHECK(self);
    self->refusals = 0;
    troupe_rate_return(self, estimated, used);
}

void
troupe_rate_return(troupe_rate_t *self, uint64_t estimated, uint64_t used)
{
    CHECK(self);
    if (self->options.tokens > 0)
        self->tokens += (double) estimated - (double) used;
}

void
troupe_rate_refuse(troupe_rate_t *self, uint64_t now_ns, uint64_t after_ms)
{
    CHECK(self);
    self->refused += 1;
    bool resting = self->rest_ns > now_ns; /* sent before the others knew */
    if (after_ms == 0) {
        if (resting)
            return;
        after_ms = REST_MIN_MS;
        for (uint32_t i = 0; i < self->refusals && after_ms < REST_MAX_MS; i++)
            after_ms *= 2;
        if (after_ms > REST_MAX_MS)
            after_ms = REST_MAX_MS;
    }
    if (after_ms > REST_LONGEST_MS)
        after_ms = REST_LONGEST_MS;
    if (!resting)
        self->refusals += 1;
    uint64_t until_ns = now_ns + after_ms * NS_PER_MS;
    if (until_ns > self->rest_ns)
        self->rest_ns = until_ns;
}
