/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model_hedge.c: a second request where the first one is late. It is a call of
 * its own, the twin of the first, with a reservation, a place in the rate limit
 * and a span of its own, but with the same token: who answers first closes it.
 * While both live an error of one is nobody's answer. A twin is not tried
 * again.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "troupe_msgpack.h"

#include "actors/model.h"
#include "actors/model_hedge.h"
#include "mailbox/check.h"

static const msgpack_object *
find_latencies(const msgpack_object *body)
{
    static const char key[] = "hedge_us";
    for (uint32_t i = 0;
         body->type == MSGPACK_OBJECT_MAP && i < body->via.map.size; i++) {
        const msgpack_object_kv *it = &body->via.map.ptr[i];
        if (it->key.type == MSGPACK_OBJECT_STR
            && it->key.via.str.size == sizeof key - 1
            && memcmp(it->key.via.str.ptr, key, sizeof key - 1) == 0)
            return &it->val;
    }
    return NULL;
}

/* The latencies that are known already, the oldest first. */
static int
read_latencies(const troupe_message_t *msg, troupe_hedge_t *hedge)
{
    msgpack_object body;
    int rc = troupe_message_object(msg, &body);
    const msgpack_object *list = rc == 0 ? find_latencies(&body) : NULL;
    if (!list)
        return rc;
    if (list->type != MSGPACK_OBJECT_ARRAY)
        return -EBADMSG;
    for (uint32_t i = 0; i < list->via.array.size; i++) {
        const msgpack_object *it = &list->via.array.ptr[i];
        if (it->type != MSGPACK_OBJECT_POSITIVE_INTEGER)
            return -EBADMSG;
        troupe_hedge_record(hedge, it->via.u64 * UINT64_C(1000));
    }
    return 0;
}

int
troupe__model_hedge_start(struct model *self, const troupe_message_t *msg)
{
    uint64_t percentile = 0, extra = 0, asks = 0, made = 0;
    int rc =
        troupe_unpack(msg, "{s?b, s?U, s?U, s?U, s?U}", "hedge", &self->hedges,
                      "hedge_percentile", &percentile, "hedge_extra", &extra,
                      "hedge_asks", &asks, "hedge_made", &made);
    if (rc < 0 || percentile > UINT32_MAX || extra > UINT32_MAX)
        return -EINVAL;
    troupe_hedge_options_t options = {.percentile = (uint32_t) percentile,
                                      .extra_percent = (uint32_t) extra};
    rc = troupe_hedge_init(&self->hedge, &options);
    if (rc == 0)
        rc = read_latencies(msg, &self->hedge);
    self->hedge.asks = asks;
    self->hedge.hedges = made;
    return rc;
}

static char *
copy(const char *text)
{
    return text ? troupe__strdup(text) : NULL;
}

static struct call *
twin_of(troupe_context_t *ctx, struct call *call)
{
    struct model *self = call->model;
    struct call *twin = troupe__alloc(sizeof *twin);
    *twin = (struct call){.model = self,
                          .token = call->token,
                          .deadline_ns = call->deadline_ns,
                          .prompt = copy(call->prompt),
                          .system = copy(call->system),
                          .schema = copy(call->schema),
                          .tokens = call->tokens,
                          .plain = call->plain,
                          .twin = call,
                          .second = true,
                          .next = self->calls};
    memcpy(twin->key, call->key, sizeof twin->key);
    call->twin = twin;
    self->calls = twin;
    (void) troupe_span_begin(ctx, &twin->span);
    return twin;
}

static int
on_late(troupe_context_t *ctx, void *state, void *data)
{
    const struct model *self = state;
    struct call *call = data;
    call->late.id = 0;
    if (!troupe_hedge_allowed(&self->hedge)
        || !troupe_token_is_open(ctx, call->token))
        return 0;
    troupe_hedge_made(&call->model->hedge);
    troupe_trace_set(ctx, &call->span.at);
    return troupe__call_reserve(ctx, twin_of(ctx, call));
}

int
troupe__call_watch(troupe_context_t *ctx, struct call *call)
{
    struct model *self = call->model;
    if (!self->hedges)
        return 0;
    if (call->second) {
        self->hedged += 1;
        if (call->twin)
            call->twin->hedged = true;
        return 0;
    }
    if (call->attempts > 1)
        return 0; /* what is tried again is late already */
    uint32_t after_ms = troupe_hedge_after_ms(&self->hedge);
    return after_ms == 0 ? 0
                         : troupe_call_after(ctx, after_ms, on_late, call, NULL,
                                             &call->late);
}

void
troupe__call_unwatch(troupe_context_t *ctx, struct call *call)
{
    if (call->late.id)
        (void) troupe_call_clear(ctx, call->late);
    call->late.id = 0;
}

void
troupe__call_part(struct call *call)
{
    if (call->second && call->attempts == 0)
        call->model->hedge.hedges -= 1; /* it was not made after all */
    if (call->twin)
        call->twin->twin = NULL;
    call->twin = NULL;
}

int
troupe__call_outrun(troupe_context_t *ctx, struct call *call)
{
    struct call *other = call->twin;
    troupe__call_part(call);
    if (!other)
        return 0;
    other->outrun = true;
    return troupe__call_give_up(ctx, other);
}
