/* SPDX-License-Identifier: Apache-2.0 */
/* limit.c: a limit that follows what calls take, and how many are lost. */
#include "troupe_limit.h"

#include <errno.h>

#include "mailbox/check.h"

#define START     20
#define MIN       1
#define MAX       1000
#define TOLERANCE 150
#define BACKOFF   90
#define WINDOW    600 /* samples of the long run */
#define SLACK     4   /* calls that may queue at the other side */
#define SMOOTHING 0.2 /* weight of what a sample says */
#define STEEPEST  0.5 /* of the limit, whatever a sample says */
#define RECOVERS  2.0 /* times faster than usual: the long run is outdated */
#define DRIFT     0.95
#define NS_PER_US 1000.0

static void
set_default(uint32_t *value, uint32_t standard)
{
    if (*value == 0)
        *value = standard;
}

int
troupe_limit_init(troupe_limit_t *self, const troupe_limit_options_t *options)
{
    CHECK(self);
    troupe_limit_options_t own = {0};
    if (options)
        own = *options;
    set_default(&own.start, START);
    set_default(&own.min, MIN);
    set_default(&own.max, MAX);
    set_default(&own.tolerance_percent, TOLERANCE);
    set_default(&own.backoff_percent, BACKOFF);
    if (own.min > own.start || own.start > own.max
        || own.tolerance_percent < 100 || own.backoff_percent > 99
        || own.algorithm > TROUPE_LIMIT_AIMD)
        return -EINVAL;
    *self = (troupe_limit_t){.options = own, .limit = own.start};
    return 0;
}

int
troupe_limit_take(troupe_limit_t *self)
{
    CHECK(self);
    if (self->under_way + 1.0 > self->limit) {
        self->refused += 1;
        return -EAGAIN;
    }
    self->under_way += 1;
    self->taken += 1;
    return 0;
}

static void
set_limit(troupe_limit_t *self, double limit)
{
    const troupe_limit_options_t *options = &self->options;
    self->limit = limit < options->min   ? options->min
                  : limit > options->max ? options->max
                                         : limit;
}

/* The mean of the first ones, then one that forgets slowly. */
static void
learn(troupe_limit_t *self, double us)
{
    self->samples += 1;
    double weight =
        1.0 / (double) (self->samples < WINDOW ? self->samples : WINDOW);
    self->usual_us += (us - self->usual_us) * weight;
    if (self->usual_us > us * RECOVERS)
        self->usual_us *= DRIFT;
}

static void
follow_gradient(troupe_limit_t *self, double us, bool busy)
{
    learn(self, us);
    if (!busy)
        return;
    double gradient =
        self->options.tolerance_percent / 100.0 * self->usual_us / us;
    gradient = gradient > 1 ? 1 : gradient < STEEPEST ? STEEPEST : gradient;
    double wanted = self->limit * gradient + SLACK;
    set_limit(self, self->limit + (wanted - self->limit) * SMOOTHING);
}

void
troupe_limit_record(troupe_limit_t *self, uint64_t latency_ns)
{
    CHECK(self);
    CHECK(self->under_way > 0);
    bool busy = self->under_way * 2.0 >= self->limit;
    double us = (double) latency_ns / NS_PER_US;
    if (self->options.algorithm == TROUPE_LIMIT_GRADIENT)
        follow_gradient(self, us < 1 ? 1 : us, busy);
    else if (busy)
        set_limit(self, self->limit + 1 / self->limit);
    self->under_way -= 1;
}

void
troupe_limit_lose(troupe_limit_t *self)
{
    CHECK(self);
    CHECK(self->under_way > 0);
    set_limit(self, self->limit * self->options.backoff_percent / 100);
    self->under_way -= 1;
    self->lost += 1;
}

void
troupe_limit_forget(troupe_limit_t *self)
{
    CHECK(self);
    CHECK(self->under_way > 0);
    self->under_way -= 1;
}
