/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cache.c: the actor that answers from memory what was asked before.
 *
 * An item is made by the first ask of its type and body. While that is under
 * way it has waiters and no value; then it has a value, or is gone.
 */
#include "troupe_cache.h"

#include <errno.h>
#include <stdlib.h>

#include "troupe_lifecycle.h"

#include "actors/cache.h"
#include "actors/relay.h"
#include "mailbox/check.h"

#define TTL_MS     60000
#define BYTES_MAX  (UINT64_C(16) << 20)
#define TIMEOUT_MS 60000

static int
cache_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct cache *self = state;
    uint64_t timeout_ms = TIMEOUT_MS;
    self->ttl_ms = TTL_MS;
    self->bytes_max = BYTES_MAX;
    int rc =
        troupe_unpack(msg, "{s?U, s?U, s?U}", "ttl_ms", &self->ttl_ms,
                      "bytes_max", &self->bytes_max, "timeout_ms", &timeout_ms);
    if (rc < 0 || self->ttl_ms == 0 || self->ttl_ms > UINT32_MAX
        || timeout_ms == 0 || !troupe__u32(timeout_ms, &self->timeout_ms)) {
        return troupe_fail(ctx, -EINVAL,
                           "a cache wants {backend}, and may have ttl_ms, "
                           "bytes_max and timeout_ms, numbers above 0");
    }
    rc = troupe__read_ref(ctx, msg, "cache", "backend", &self->backend);
    if (rc == 0 && troupe_ref_is_nobody(self->backend))
        rc = troupe_fail(ctx, -EINVAL, "a cache wants a backend");
    if (rc == 0)
        troupe__cache_open(self); /* there is no stop after a failed start */
    return rc;
}

/* --- asks -------------------------------------------------------------------*/

static int fly(troupe_context_t *ctx, struct cache *self, struct item *item);

/* Each waiter is told; none is left. */
static int
tell_all(troupe_context_t *ctx, struct item *item,
         const troupe_answer_t *answer)
{
    int rc = 0;
    while (item->waiters) {
        struct waiter *it = item->waiters;
        item->waiters = it->next;
        if (rc == 0)
            rc = troupe__relay_answer(ctx, &it->token, answer);
        free(it);
    }
    return rc;
}

static int
on_answer(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct cache *self = state;
    struct item *item = answer->data;
    if (answer->outcome == TROUPE_CANCELLED && item->waiters)
        return fly(ctx, self, item); /* they came after the last had left */
    int rc = tell_all(ctx, item, answer);
    if (answer->outcome == TROUPE_REPLY) {
        troupe__item_keep(self, item, troupe_time_ns(ctx), answer->msg);
        return rc;
    }
    self->failed += answer->outcome != TROUPE_CANCELLED;
    troupe__item_end(self, item);
    return rc;
}

static int
fly(troupe_context_t *ctx, struct cache *self, struct item *item)
{
    troupe_ask_options_t options = {.timeout_ms = self->timeout_ms,
                                    .answer = on_answer,
                                    .data = item,
                                    .detached = true};
    int rc = troupe_ask_with(ctx, self->backend, item->type, &options,
                             &item->ask, "r", item->body, item->body_size);
    if (rc == 0)
        return 0;
    const troupe_answer_t answer = {.outcome = TROUPE_ERROR,
                                    .code = rc,
                                    .text = "the backend cannot be asked"};
    self->failed += 1;
    rc = tell_all(ctx, item, &answer);
    troupe__item_end(self, item);
    return rc;
}

static int
wait_for(troupe_context_t *ctx, struct item *item)
{
    struct waiter *it = troupe__alloc(sizeof *it);
    int rc = troupe_defer(ctx, &it->token);
    if (rc < 0) {
        free(it);
        return rc;
    }
    it->next = item->waiters;
    item->waiters = it;
    return 0;
}

static int
on_ask(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct cache *self = state;
    if (!troupe_message_is_ask(msg))
        return troupe_forward(ctx, self->backend, msg);
    uint64_t hash = troupe__cache_hash(msg);
    struct item *item = troupe__cache_find(self, hash, msg);
    if (item && !item->under_way && item->until_ns <= troupe_time_ns(ctx)) {
        troupe__item_end(self, item);
        item = NULL;
    }
    if (item && item->under_way) {
        self->shared += 1;
        return wait_for(ctx, item);
    }
    if (item) {
        self->hits += 1;
        troupe__item_touch(self, item);
        return troupe_reply(ctx, "r", item->value, item->value_size);
    }
    self->misses += 1;
    item = troupe__item_new(self, hash, msg);
    int rc = wait_for(ctx, item);
    return rc < 0 ? rc : fly(ctx, self, item);
}

/* Who gave up waits no more; without anybody the ask is given up, too. */
static int
on_cancel(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct cache *self = state;
    troupe_token_t token = troupe_token_read(msg);
    for (struct item *item = self->under_way.newest; item; item = item->older) {
        struct waiter **at = &item->waiters;
        while (*at && (*at)->token.id != token.id)
            at = &(*at)->next;
        struct waiter *gone = *at;
        if (!gone)
            continue;
        *at = gone->next;
        free(gone);
        if (!item->waiters)
            (void) troupe_cancel(ctx, item->ask); /* or it is just answered */
        break;
    }
    troupe_token_drop(ctx, &token);
    return 0;
}

static int
on_clear(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) troupe__cache_shrink(state, 0);
    return troupe_message_is_ask(msg) ? troupe_reply(ctx, NULL) : 0;
}

static int
on_state(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    const struct cache *self = state;
    (void) msg;
    return troupe_reply(ctx, "{s:U, s:U, s:U, s:U, s:U, s:U, s:U, s:U}", "hits",
                        self->hits, "shared", self->shared, "misses",
                        self->misses, "failed", self->failed, "evicted",
                        self->evicted, "entries", self->kept.count, "bytes",
                        self->bytes, "under_way", self->under_way.count);
}

static void
waiters_free(struct item *item)
{
    for (struct waiter *it = item->waiters, *next; it; it = next) {
        next = it->next;
        free(it);
    }
    item->waiters = NULL;
}

static void
cache_stop(troupe_context_t *ctx, void *state, const troupe_reason_t *reason)
{
    struct cache *self = state;
    (void) ctx, (void) reason;
    (void) troupe__cache_shrink(self, 0);
    for (struct item *at = self->under_way.newest, *older; at; at = older) {
        older = at->older;
        waiters_free(at);
        troupe__item_end(self, at);
    }
    troupe__cache_close(self);
}

TROUPE_KIND(troupe_cache, struct cache, TROUPE_ON_START(cache_start),
            TROUPE_ON("cache.clear", on_clear),
            TROUPE_ON("cache.state", on_state), TROUPE_ON_FALLBACK(on_ask),
            TROUPE_ON_CANCEL(on_cancel), TROUPE_ON_STOP(cache_stop));
