/* SPDX-License-Identifier: Apache-2.0 */
/* rate_limiter.c: the actor that lets calls through, in order, at a rate. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "troupe_events.h"
#include "troupe_rate.h"

#include "mailbox/check.h"

#define NS_PER_MS UINT64_C(1000000)
#define NEXT      "(next)"

/* One who asked and waits; the list is a queue. */
struct waiting {
    troupe_token_t token;
    uint64_t tokens;
    bool settles;
    uint64_t since_ns;
    uint64_t deadline_ns; /* 0: none */
    struct waiting *next;
};

struct limiter {
    troupe_rate_t rate;
    struct waiting *first, **end;
    uint64_t count;
    uint64_t open; /* tokens of calls that have not settled yet */
};

static int
limiter_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct limiter *self = state;
    uint64_t requests = 0, tokens = 0, burst_ms = 0;
    int rc = troupe_unpack(msg, "{s?U, s?U, s?U}", "requests", &requests,
                           "tokens", &tokens, "burst_ms", &burst_ms);
    if (rc < 0 || requests > UINT32_MAX || tokens > UINT32_MAX
        || burst_ms > UINT32_MAX) {
        return troupe_fail(ctx, -EINVAL,
                           "a rate limiter wants {requests, tokens}, whole "
                           "numbers per minute");
    }
    troupe_rate_options_t options = {.requests = (uint32_t) requests,
                                     .tokens = (uint32_t) tokens,
                                     .burst_ms = (uint32_t) burst_ms};
    troupe_rate_init(&self->rate, &options, troupe_time_ns(ctx));
    self->end = &self->first;
    return 0;
}

static void
drop_first(struct limiter *self)
{
    struct waiting *gone = self->first;
    self->first = gone->next;
    if (!self->first)
        self->end = &self->first;
    self->count -= 1;
    free(gone);
}

static int
answer(troupe_context_t *ctx, struct waiting *it, uint64_t now_ns)
{
    uint64_t waited_ms = (now_ns - it->since_ns) / NS_PER_MS;
    int rc = troupe_reply_to(ctx, &it->token, "{s:U}", "waited_ms", waited_ms);
    return rc == -ENOMSG ? 0 : rc;
}

static int
refuse(troupe_context_t *ctx, struct waiting *it, uint64_t wait_ns)
{
    int rc = troupe_reply_error_to(
        ctx, &it->token, -ETIMEDOUT,
        "the rate limit lets it through in %llu ms, after its deadline",
        (unsigned long long) (wait_ns / NS_PER_MS));
    return rc == -ENOMSG ? 0 : rc;
}

/* When it may pass at the soonest: if the calls under way have used nothing. */
static uint64_t
soonest_ns(const struct limiter *self, const struct waiting *it,
           uint64_t now_ns)
{
    troupe_rate_t then = self->rate;
    uint64_t when_ns = now_ns;
    troupe_rate_return(&then, self->open, 0);
    (void) !troupe_rate_take(&then, now_ns, it->tokens, &when_ns);
    return when_ns;
}

/* Let through who may pass; a timer for the next one. */
static int
let_through(troupe_context_t *ctx, struct limiter *self)
{
    int rc = 0;
    while (self->first && rc == 0) {
        struct waiting *it = self->first;
        uint64_t now_ns = troupe_time_ns(ctx), when_ns = 0;
        if (!troupe_token_is_open(ctx, it->token)) {
            troupe_token_drop(ctx, &it->token);
            drop_first(self);
            continue;
        }
        if (troupe_rate_take(&self->rate, now_ns, it->tokens, &when_ns) == 0) {
            self->open += it->settles ? it->tokens : 0;
            rc = answer(ctx, it, now_ns);
            drop_first(self);
            continue;
        }
        uint64_t wait_ns = when_ns - now_ns;
        if (it->deadline_ns > 0
            && soonest_ns(self, it, now_ns) >= it->deadline_ns) {
            rc = refuse(ctx, it, wait_ns);
            drop_first(self);
            continue;
        }
        return troupe_timer_set(ctx, NEXT, (uint32_t) (wait_ns / NS_PER_MS + 1),
                                0);
    }
    return rc;
}

static int
on_take(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct limiter *self = state;
    uint64_t tokens = 0;
    bool settles = false;
    if (troupe_unpack(msg, "{s:U, s?b}", "tokens", &tokens, "settles", &settles)
        < 0)
        return troupe_reply_error(ctx, -EINVAL, "take wants {tokens}");
    struct waiting *it = troupe__alloc(sizeof *it);
    it->tokens = tokens;
    it->settles = settles;
    it->since_ns = troupe_time_ns(ctx);
    it->deadline_ns = troupe_message_deadline_ns(msg);
    int rc = troupe_defer(ctx, &it->token);
    if (rc < 0) { /* a tell: nobody waits for it */
        free(it);
        return 0;
    }
    *self->end = it;
    self->end = &it->next;
    self->count += 1;
    return self->first == it ? let_through(ctx, self) : 0;
}

static int
on_next(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    return let_through(ctx, state);
}

/* Who gave up may have been the one that the others waited behind. */
static int
on_cancel(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    return let_through(ctx, state);
}

static int
on_settle(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct limiter *self = state;
    uint64_t estimated = 0, used = 0;
    bool good = true;
    if (troupe_unpack(msg, "{s:U, s:U, s?b}", "estimated", &estimated, "used",
                      &used, "good", &good)
        < 0)
        return 0;
    self->open -= estimated < self->open ? estimated : self->open;
    if (good)
        troupe_rate_settle(&self->rate, estimated, used);
    else
        troupe_rate_return(&self->rate, estimated, used);
    return let_through(ctx, self);
}

static int
on_refused(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct limiter *self = state;
    uint64_t after_ms = 0;
    if (troupe_unpack(msg, "{s:U}", "after_ms", &after_ms) < 0)
        return 0;
    troupe_rate_refuse(&self->rate, troupe_time_ns(ctx), after_ms);
    return let_through(ctx, self);
}

static int
on_state(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    struct limiter *self = state;
    uint64_t now_ns = troupe_time_ns(ctx);
    uint64_t rest_ns =
        self->rate.rest_ns > now_ns ? self->rate.rest_ns - now_ns : 0;
    return troupe_reply(ctx, "{s:U, s:U, s:U, s:U}", "waiting", self->count,
                        "granted", self->rate.granted, "refused",
                        self->rate.refused, "rest_ms", rest_ns / NS_PER_MS);
}

static void
limiter_stop(troupe_context_t *ctx, void *state, const troupe_reason_t *reason)
{
    (void) ctx, (void) reason;
    struct limiter *self = state;
    while (self->first)
        drop_first(self);
}

TROUPE_KIND(troupe_rate_limiter, struct limiter, TROUPE_ON_START(limiter_start),
            TROUPE_ON("take", on_take), TROUPE_ON("settle", on_settle),
            TROUPE_ON("refused", on_refused), TROUPE_ON("state", on_state),
            TROUPE_ON(NEXT, on_next), TROUPE_ON_CANCEL(on_cancel),
            TROUPE_ON_STOP(limiter_stop));
