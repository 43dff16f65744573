/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outside.c: an actor that calls something unsteady with care: at a rate that
 * all callers share, with waits and a budget for retries, and with a breaker.
 * The shop, an actor here, refuses its first calls as a busy server would.
 */
#include <errno.h>
#include <stdio.h>

#include <troupe.h>

#include "troupe_breaker.h"
#include "troupe_rate.h"
#include "troupe_retry.h"

enum { REFUSALS = 2 };

struct shop {
    int asked;
};

static int
on_price(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct shop *self = state;
    (void) msg;
    if (++self->asked <= REFUSALS)
        return troupe_reply_error(ctx, -EBUSY, "busy, try again");
    return troupe_reply(ctx, "i", 42);
}

TROUPE_KIND(shop, struct shop, TROUPE_ON("price", on_price));

struct buyer {
    troupe_ref_t shop, limiter;
    troupe_retry_t retry;
    troupe_breaker_t breaker;
    troupe_token_t asker;
    uint32_t attempts;
};

static int call(troupe_context_t *ctx, struct buyer *self);

static int
on_pause_end(troupe_context_t *ctx, void *state, void *data)
{
    (void) data;
    return call(ctx, state);
}

static int
on_answer(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct buyer *self = state;
    int price = 0;
    uint32_t wait_ms = 0;
    bool well = answer->outcome == TROUPE_REPLY;
    troupe_breaker_record(&self->breaker, troupe_time_ns(ctx), well);
    if (well) {
        int rc = troupe_unpack(answer->msg, "i", &price);
        return rc < 0
                   ? rc
                   : troupe_reply_to(ctx, &self->asker, "{s:i, s:i}", "price",
                                     price, "attempts", (int) self->attempts);
    }
    troupe_retry_case_t what = {.fault = TROUPE_FAULT_TRANSIENT,
                                .attempts = self->attempts,
                                .now_ns = troupe_time_ns(ctx),
                                .random = troupe_random(ctx)};
    if (troupe_retry_next(&self->retry, &what, &wait_ms) < 0)
        return troupe_reply_error_to(ctx, &self->asker, -EIO, "%s",
                                     answer->text);
    printf("attempt %u: %s; again in %u ms at most\n", self->attempts,
           answer->text, self->retry.options.base_ms << self->attempts >> 1);
    return troupe_call_after(ctx, wait_ms, on_pause_end, NULL, NULL, NULL);
}

/* The limiter has let it through; the breaker may still say no. */
static int
on_taken(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct buyer *self = state;
    if (answer->outcome != TROUPE_REPLY
        || troupe_breaker_allow(&self->breaker, troupe_time_ns(ctx), NULL) < 0)
        return troupe_reply_error_to(ctx, &self->asker, -EBUSY, "not now");
    self->attempts += 1;
    return troupe_ask(ctx, self->shop, "price", 1000, on_answer, NULL, NULL);
}

static int
call(troupe_context_t *ctx, struct buyer *self)
{
    return troupe_ask(ctx, self->limiter, "take", 5000, on_taken, NULL, "{s:U}",
                      "tokens", UINT64_C(1));
}

static int
on_buy(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct buyer *self = state;
    (void) msg;
    int rc = troupe_defer(ctx, &self->asker);
    troupe_retry_earn(&self->retry);
    self->attempts = 0;
    return rc < 0 ? rc : call(ctx, self);
}

static int
buyer_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct buyer *self = state;
    const troupe_retry_options_t options = {.attempts_max = 5, .base_ms = 20};
    (void) ctx;
    troupe_retry_init(&self->retry, &options);
    int rc = troupe_breaker_init(&self->breaker, NULL);
    return rc < 0 ? rc
                  : troupe_unpack(msg, "{s:R, s:R}", "shop", &self->shop,
                                  "limiter", &self->limiter);
}

TROUPE_KIND(buyer, struct buyer, TROUPE_ON_START(buyer_start),
            TROUPE_ON("buy", on_buy));

static int
buy(troupe_t *node, int *ret_price, int *ret_attempts)
{
    troupe_ref_t shop_ref, limiter, buyer_ref;
    troupe_message_t *reply = NULL;
    int rc = troupe_node_spawn(node, &shop, NULL, &shop_ref, NULL);
    if (rc == 0)
        rc = troupe_node_spawn(node, &troupe_rate_limiter, NULL, &limiter,
                               "{s:U}", "requests", UINT64_C(6000));
    if (rc == 0)
        rc = troupe_node_spawn(node, &buyer, NULL, &buyer_ref, "{s:R, s:R}",
                               "shop", shop_ref, "limiter", limiter);
    if (rc == 0)
        rc = troupe_node_ask(node, buyer_ref, "buy", 10000, &reply, NULL);
    if (rc == 0)
        rc = troupe_unpack(reply, "{s:i, s:i}", "price", ret_price, "attempts",
                           ret_attempts);
    troupe_message_destroy(&reply);
    return rc;
}

int
main(void)
{
    troupe_t *node = NULL;
    int price = 0, attempts = 0;
    int rc = troupe_new(NULL, &node);
    if (rc == 0)
        rc = buy(node, &price, &attempts);
    if (rc < 0)
        fprintf(stderr, "outside: %s\n", troupe_strerror(rc));
    else
        printf("%d, after %d attempts\n", price, attempts);
    bool shown = rc == 0 && price == 42 && attempts == REFUSALS + 1;
    return troupe_destroy(&node) == 0 && shown ? 0 : 1;
}
