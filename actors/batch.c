/* SPDX-License-Identifier: Apache-2.0 */
/*
 * batch.c: the actor that makes one ask of many.
 *
 * Asks of one type lie in a batch that is collected; when it goes, the next
 * one of that type begins another.
 */
#include "troupe_batch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "troupe_ask.h"
#include "troupe_events.h"
#include "troupe_lifecycle.h"
#include "troupe_msgpack.h"

#include "actors/relay.h"
#include "mailbox/check.h"

#define COUNT      32
#define COUNT_MAX  4096
#define WAIT_MS    5
#define BYTES_MAX  (UINT64_C(1) << 20)
#define TIMEOUT_MS 60000

struct part {
    troupe_token_t token; /* 0: its asker gave up while it was under way */
    uint8_t *body;
    size_t size;
};

struct batch {
    struct batch *next;
    struct batcher *batcher;
    struct part *parts;
    uint32_t count, open; /* open: whose askers wait */
    uint64_t bytes;
    troupe_timer_t timer;
    troupe_ask_t ask;
    bool under_way;
    char type[TROUPE_TYPE_MAX + 1];
};

struct batcher {
    troupe_ref_t backend;
    uint32_t count, wait_ms, timeout_ms;
    uint64_t bytes_max;
    struct batch *batches;
    uint64_t asks, sent;
};

static int
batcher_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct batcher *self = state;
    uint64_t count = COUNT, wait_ms = WAIT_MS, timeout_ms = TIMEOUT_MS;
    self->bytes_max = BYTES_MAX;
    int rc = troupe_unpack(msg, "{s?U, s?U, s?U, s?U}", "count", &count,
                           "wait_ms", &wait_ms, "bytes_max", &self->bytes_max,
                           "timeout_ms", &timeout_ms);
    if (rc < 0 || count < 1 || count > COUNT_MAX || timeout_ms < 1
        || !troupe__u32(wait_ms, &self->wait_ms)
        || !troupe__u32(timeout_ms, &self->timeout_ms)) {
        return troupe_fail(ctx, -EINVAL,
                           "a batcher wants {backend}, and may have count (1 "
                           "to %d), wait_ms, bytes_max and timeout_ms",
                           COUNT_MAX);
    }
    self->count = (uint32_t) count;
    rc = troupe__read_ref(ctx, msg, "batcher", "backend", &self->backend);
    if (rc == 0 && troupe_ref_is_nobody(self->backend))
        rc = troupe_fail(ctx, -EINVAL, "a batcher wants a backend");
    return rc;
}

/* --- batches ----------------------------------------------------------------*/

static struct batch *
collecting(struct batcher *self, const troupe_message_t *msg)
{
    struct batch *at = self->batches;
    while (at && (at->under_way || !troupe_message_is(msg, at->type)))
        at = at->next;
    return at;
}

static struct batch *
batch_new(struct batcher *self, const troupe_message_t *msg)
{
    struct batch *batch = troupe__alloc(sizeof *batch);
    batch->parts = troupe__alloc(self->count * sizeof *batch->parts);
    batch->batcher = self;
    snprintf(batch->type, sizeof batch->type, "%s", troupe_message_type(msg));
    batch->next = self->batches;
    self->batches = batch;
    return batch;
}

static void
batch_free(struct batch *batch)
{
    for (uint32_t i = 0; i < batch->count; i++)
        free(batch->parts[i].body);
    free(batch->parts);
    free(batch);
}

static void
batch_end(struct batch *batch)
{
    struct batch **at = &batch->batcher->batches;
    while (*at != batch)
        at = &(*at)->next;
    *at = batch->next;
    batch_free(batch);
}

/* The same for all that wait. */
static int
end_all(troupe_context_t *ctx, struct batch *batch, int code, const char *words)
{
    int rc = 0;
    for (uint32_t i = 0; i < batch->count && rc == 0; i++) {
        if (batch->parts[i].token.id)
            rc = troupe__relay_error(ctx, &batch->parts[i].token, code, "%s",
                                     words);
    }
    batch_end(batch);
    return rc;
}

/* --- the ask and its answer -------------------------------------------------*/

static int
put_bodies(msgpack_packer *packer, void *arg)
{
    const struct batch *batch = arg;
    msgpack_pack_array(packer, batch->count);
    for (uint32_t i = 0; i < batch->count; i++)
        msgpack_pack_str_body(packer, batch->parts[i].body,
                              batch->parts[i].size); /* a value as it is */
    return 0;
}

static int
put_object(msgpack_packer *packer, void *arg)
{
    return msgpack_pack_object(packer, *(const msgpack_object *) arg);
}

/* [code, value] */
static int
tell_one(troupe_context_t *ctx, struct part *part, const msgpack_object *item)
{
    const msgpack_object *pair = item->via.array.ptr;
    if (item->type != MSGPACK_OBJECT_ARRAY || item->via.array.size != 2
        || (pair[0].type != MSGPACK_OBJECT_POSITIVE_INTEGER
            && pair[0].type != MSGPACK_OBJECT_NEGATIVE_INTEGER)
        || pair[0].via.i64 > 0 || pair[0].via.i64 < INT32_MIN
        || (pair[0].via.i64 < 0 && pair[1].type != MSGPACK_OBJECT_STR)) {
        return troupe__relay_error(ctx, &part->token, -EBADMSG,
                                   "the batch's answer is no [code, value]");
    }
    msgpack_object value = pair[1];
    if (pair[0].via.i64 < 0) {
        return troupe__relay_error(ctx, &part->token, (int) pair[0].via.i64,
                                   "%.*s", (int) value.via.str.size,
                                   value.via.str.ptr);
    }
    int rc = troupe_reply_to(ctx, &part->token, "*", put_object, &value);
    return rc == -ENOMSG ? 0 : rc;
}

static int
on_answer(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct batch *batch = answer->data;
    msgpack_object list;
    (void) state;
    if (answer->outcome != TROUPE_REPLY)
        return end_all(ctx, batch, answer->code, answer->text);
    if (troupe_message_object(answer->msg, &list) < 0
        || list.type != MSGPACK_OBJECT_ARRAY
        || list.via.array.size != batch->count)
        return end_all(ctx, batch, -EBADMSG,
                       "the batch's answer is no list of its length");
    int rc = 0;
    for (uint32_t i = 0; i < batch->count && rc == 0; i++)
        if (batch->parts[i].token.id)
            rc = tell_one(ctx, &batch->parts[i], &list.via.array.ptr[i]);
    batch_end(batch);
    return rc;
}

static int
go(troupe_context_t *ctx, struct batch *batch)
{
    struct batcher *self = batch->batcher;
    troupe_ask_options_t options = {.timeout_ms = self->timeout_ms,
                                    .answer = on_answer,
                                    .data = batch,
                                    .detached = true};
    (void) troupe_call_clear(ctx, batch->timer); /* it may be over */
    batch->under_way = true;
    self->sent += 1;
    int rc = troupe_ask_with(ctx, self->backend, batch->type, &options,
                             &batch->ask, "*", put_bodies, batch);
    return rc == 0 ? 0 : end_all(ctx, batch, rc, "the backend cannot be asked");
}

static int
on_wait_end(troupe_context_t *ctx, void *state, void *data)
{
    (void) state;
    return go(ctx, data);
}

static int
on_ask(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct batcher *self = state;
    struct part part = {.size = 0};
    if (!troupe_message_is_ask(msg))
        return troupe_forward(ctx, self->backend, msg);
    int rc = troupe_defer(ctx, &part.token);
    if (rc < 0)
        return rc;
    const void *body = troupe_message_body(msg, &part.size);
    part.body = troupe__alloc(part.size + 1);
    memcpy(part.body, body, part.size);
    struct batch *batch = collecting(self, msg);
    if (!batch) {
        batch = batch_new(self, msg);
        rc = troupe_call_after(ctx, self->wait_ms, on_wait_end, batch, NULL,
                               &batch->timer);
    }
    batch->parts[batch->count++] = part;
    batch->open += 1;
    batch->bytes += part.size;
    self->asks += 1;
    bool full = batch->count == self->count || batch->bytes >= self->bytes_max;
    return rc == 0 && full ? go(ctx, batch) : rc;
}

/* --- askers that give up ----------------------------------------------------*/

static void
leave_out(struct batch *batch, uint32_t index)
{
    struct part *part = &batch->parts[index];
    batch->bytes -= part->size;
    free(part->body);
    batch->count -= 1;
    memmove(part, part + 1, (batch->count - index) * sizeof *part);
}

static void
give_up(troupe_context_t *ctx, struct batch *batch, uint32_t index)
{
    batch->open -= 1;
    batch->parts[index].token.id = 0;
    if (!batch->under_way)
        leave_out(batch, index);
    if (batch->open > 0)
        return;
    if (batch->under_way) {
        (void) troupe_cancel(ctx, batch->ask); /* or it is just answered */
    } else {
        (void) troupe_call_clear(ctx, batch->timer);
        batch_end(batch);
    }
}

static int
on_cancel(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct batcher *self = state;
    troupe_token_t token = troupe_token_read(msg);
    for (struct batch *at = self->batches; at; at = at->next) {
        uint32_t index = 0;
        while (index < at->count && at->parts[index].token.id != token.id)
            index += 1;
        if (index == at->count)
            continue;
        give_up(ctx, at, index);
        break;
    }
    troupe_token_drop(ctx, &token);
    return 0;
}

static int
on_state(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    const struct batcher *self = state;
    uint64_t waiting = 0, under_way = 0;
    (void) msg;
    for (const struct batch *at = self->batches; at; at = at->next)
        *(at->under_way ? &under_way : &waiting) += at->open;
    return troupe_reply(ctx, "{s:U, s:U, s:U, s:U}", "asks", self->asks,
                        "batches", self->sent, "waiting", waiting, "under_way",
                        under_way);
}

static void
batcher_stop(troupe_context_t *ctx, void *state, const troupe_reason_t *reason)
{
    struct batcher *self = state;
    (void) ctx, (void) reason;
    for (struct batch *at = self->batches, *next; at; at = next) {
        next = at->next;
        batch_free(at);
    }
}

TROUPE_KIND(troupe_batcher, struct batcher, TROUPE_ON_START(batcher_start),
            TROUPE_ON("batch.state", on_state), TROUPE_ON_FALLBACK(on_ask),
            TROUPE_ON_CANCEL(on_cancel), TROUPE_ON_STOP(batcher_stop));
