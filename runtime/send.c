/* SPDX-License-Identifier: Apache-2.0 */
/* send.c: messages on their way out: into outboxes, and outboxes into frames. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "mailbox/pack.h"
#include "runtime/remote.h"
#include "runtime/worker.h"

static struct troupe__outbox *__attribute__((cold))
outbox_open(struct troupe__worker *self, uint32_t index)
{
    struct troupe__worker *to =
        atomic_load_explicit(&self->node->workers[index], memory_order_acquire);
    if (!to)
        return NULL;
    struct troupe__outbox *outbox = troupe__alloc(sizeof *outbox);
    outbox->index = index;
    int rc = troupe__outbox_open(outbox, self->node->transport,
                                 troupe__lane_of(to, self->index),
                                 &self->node->tap, &self->node->spares);
    if (rc < 0) {
        troupe__log(self->node, TROUPE_LOG_ERROR,
                    "no socket from worker %u to worker %u: %s", self->index,
                    index, troupe_strerror(rc));
        free(outbox);
        return NULL;
    }
    self->outboxes[index] = outbox;
    return outbox;
}

/* NULL: nobody reads there. */
static inline struct troupe__outbox *
outbox_to(struct troupe__worker *self, troupe_ref_t to)
{
    uint32_t index = troupe__ref_worker(to);
    if (__builtin_expect(troupe__ref_node(to) != self->node->id, 0))
        return troupe__remotes_outbox(self, to);
    struct troupe__outbox *outbox = self->outboxes[index];
    if (__builtin_expect(!outbox, 0))
        outbox = outbox_open(self, index);
    return outbox;
}

struct troupe__outbox *
troupe__outbox_to(struct troupe__worker *self, troupe_ref_t to)
{
    return outbox_to(self, to);
}

static void
mark_dirty(struct troupe__worker *self, struct troupe__outbox *outbox)
{
    outbox->dirty = true;
    outbox->next_dirty = self->dirty;
    self->dirty = outbox;
}

/*
 * Who takes nothing while it makes us answer would make us hold the answers:
 * they are dropped, whatever they are.
 */
static bool __attribute__((noinline))
is_cut(struct troupe__worker *self, struct troupe__outbox *outbox)
{
    if (troupe__outbox_under_way(outbox) <= outbox->cut)
        return false;
    outbox->buffer.size = 0;
    BUMP(self->counters.late);
    return true;
}

static void
flush_one(struct troupe__worker *self, struct troupe__outbox *outbox)
{
    if (!outbox->to && is_cut(self, outbox))
        return;
    uint64_t frames = outbox->frames, bytes = outbox->bytes;
    uint64_t allocations = outbox->allocations;
    troupe__outbox_flush(outbox);
    ADD(self->counters.frames, outbox->frames - frames);
    ADD(self->counters.bytes, outbox->bytes - bytes);
    ADD(self->counters.allocations, outbox->allocations - allocations);
}

void
troupe__flush(struct troupe__worker *self)
{
    while (self->dirty) {
        struct troupe__outbox *outbox = self->dirty;
        self->dirty = outbox->next_dirty;
        outbox->dirty = false;
        flush_one(self, outbox);
    }
}

/* Nobody can ever read it: the outcome of an ask is told at once. */
static int __attribute__((cold))
unreachable(struct troupe__worker *self,
            const struct troupe__envelope *envelope)
{
    struct troupe_message msg = {.to = envelope->to,
                                 .from = envelope->from,
                                 .kind = envelope->kind,
                                 .type = envelope->type,
                                 .type_size = envelope->type_size,
                                 .id = envelope->id};
    bool is_word = envelope->kind != WIRE_CONTROL;
    static const char *const asked[] = {"monitor", "link", "room", "why"};
    for (size_t i = 0; !is_word && i < sizeof asked / sizeof *asked; i++)
        is_word = strlen(asked[i]) == envelope->type_size
                  && memcmp(envelope->type, asked[i], envelope->type_size) == 0;
    if (is_word) /* other control is for a worker, and never for this one */
        troupe__system_nobody(self, &msg);
    return 0;
}

/* The body could not be packed, or is too large: as if it had never begun. */
static int __attribute__((cold))
take_back(struct troupe__buffer *buffer, size_t start, int rc)
{
    buffer->size = start;
    if (start == 0 && buffer->capacity > TROUPE__FRAME_BUFFER)
        troupe__buffer_free(buffer); /* it was too large: let it go */
    return rc;
}

static inline __attribute__((always_inline)) int
emit(struct troupe__worker *self, const struct troupe__envelope *envelope,
     const char *format, va_list *args)
{
    struct troupe__outbox *outbox = outbox_to(self, envelope->to);
    if (__builtin_expect(!outbox, 0))
        return unreachable(self, envelope);
    struct troupe__buffer *buffer = &outbox->buffer;
    size_t start = buffer->size;
    troupe__wire_begin(buffer, envelope);
    int rc = troupe__pack(buffer, format, args);
    if (__builtin_expect(rc < 0, 0))
        return take_back(buffer, start, rc);
    if (__builtin_expect(
            buffer->size - start > self->node->options.message_size_max, 0))
        return take_back(buffer, start, -EMSGSIZE);
    troupe__wire_end(buffer, start);
    BUMP(self->counters.sent);
    if (!outbox->dirty)
        mark_dirty(self, outbox);
    if (__builtin_expect(buffer->size >= outbox->full, 0))
        flush_one(self, outbox);
    return 0;
}

int
troupe__emit(struct troupe__worker *self,
             const struct troupe__envelope *envelope, const char *format,
             va_list *args)
{
    return emit(self, envelope, format, args);
}

int
troupe__emitf(struct troupe__worker *self,
              const struct troupe__envelope *envelope, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int rc = troupe__emit(self, envelope, format, &args);
    va_end(args);
    return rc;
}

/* A message as it came. */
void
troupe__pass_on(struct troupe__worker *self, struct troupe__outbox *outbox,
                const struct troupe_message *msg)
{
    troupe__buffer_put(&outbox->buffer, msg->start, msg->size);
    if (!outbox->dirty)
        mark_dirty(self, outbox);
    if (outbox->buffer.size >= outbox->full)
        flush_one(self, outbox);
}

/* The way to that actor's worker, if it is open already. */
struct troupe__outbox *
troupe__outbox_known(struct troupe__worker *self, troupe_ref_t to)
{
    return troupe__ref_node(to) == self->node->id
               ? self->outboxes[troupe__ref_worker(to)]
               : troupe__remotes_known(self, to);
}

/* All bytes ever sent to the worker of that actor. */
uint64_t
troupe__bytes_to(struct troupe__worker *self, troupe_ref_t to)
{
    const struct troupe__outbox *outbox = troupe__outbox_known(self, to);
    return outbox ? outbox->bytes + outbox->buffer.size : 0;
}

/* NULL when the handler has found too many receivers full. */
static const struct troupe__full *
note_full(struct troupe_context *ctx, troupe_ref_t receiver)
{
    for (uint32_t i = 0; i < ctx->mute_count; i++)
        if (ctx->mutes[i].receiver == receiver.id)
            return &ctx->mutes[i];
    if (ctx->mute_count == TROUPE__MUTES_MAX)
        return NULL;
    struct troupe__full *full = &ctx->mutes[ctx->mute_count++];
    full->receiver = receiver.id;
    full->found_at = troupe__bytes_to(ctx->worker, receiver);
    return full;
}

/* In this handler, or in all of them while the actor was full itself and
 * could not be made to rest. */
static bool
pushed_enough(const struct troupe_context *ctx,
              const struct troupe__full *noted, troupe_ref_t to)
{
    uint64_t now = troupe__bytes_to(ctx->worker, to) - noted->found_at;
    return now > TROUPE__PUSH_MAX
           || ctx->actor->pushed + now > TROUPE__PUSH_FULL_MAX;
}

/* Reading how much is under way costs a cache line: not each time. */
enum { LOOK_EVERY = 128 * 1024 };

/* The receiver is over its bounds, or it is time to look at its worker. */
static int __attribute__((noinline))
guard_full(struct troupe_context *ctx, troupe_ref_t to,
           struct troupe__outbox *outbox, uint32_t pressure)
{
    bool full = pressure != PRESSURE_NONE;
    bool over = pressure == PRESSURE_OVER;
    if (outbox && outbox->bytes - outbox->looked > LOOK_EVERY) {
        uint64_t under_way = troupe__outbox_under_way(outbox);
        if (under_way <= TROUPE__LANE_SOFT)
            outbox->looked = outbox->bytes;
        if (under_way > TROUPE__LANE_SOFT && outbox->to
            && ctx->worker->node->workers[outbox->index]->is_port)
            return -EAGAIN; /* a thread that is away: nobody will say "go" */
        full = full || under_way > TROUPE__LANE_SOFT;
        over = over || under_way > TROUPE__LANE_HARD;
    }
    if (!full)
        return 0;
    const struct troupe__full *noted = note_full(ctx, to);
    return over && (!noted || pushed_enough(ctx, noted, to)) ? -EAGAIN : 0;
}

static int __attribute__((noinline))
guard_remote(struct troupe_context *ctx, troupe_ref_t to)
{
    struct troupe__worker *self = ctx->worker;
    struct troupe__outbox *outbox = troupe__remotes_known(self, to);
    if (outbox && outbox->bytes - outbox->looked <= LOOK_EVERY
        && self->remotes->full.count == 0)
        return 0;
    return guard_full(ctx, to, outbox, troupe__remotes_pressure(self, to));
}

/*
 * May the actor send to that receiver? A receiver over its bounds mutes the
 * sender when its handler returns. One over its hard cap refuses, but not
 * those who could not know: only a handler that found it full and went on
 * sending. The same for the bytes under way in the lane to the receiver's
 * worker.
 */
static inline int
guard(struct troupe_context *ctx, troupe_ref_t to)
{
    struct troupe__worker *self = ctx->worker;
    if (__builtin_expect(troupe__ref_node(to) != self->node->id, 0))
        return guard_remote(ctx, to);
    struct troupe__outbox *outbox = self->outboxes[troupe__ref_worker(to)];
    struct troupe__slot *slot =
        troupe__slot_at(&self->node->slots, troupe__ref_slot(to));
    uint32_t pressure = PRESSURE_NONE;
    if (slot && !troupe_ref_equal(to, ctx->actor->ref))
        pressure = atomic_load_explicit(&slot->pressure, memory_order_relaxed);
    if (__builtin_expect(
            pressure != PRESSURE_NONE
                || (outbox && outbox->bytes - outbox->looked > LOOK_EVERY),
            0))
        return guard_full(ctx, to, outbox, pressure);
    return 0;
}

int
troupe__guard(struct troupe_context *ctx, troupe_ref_t to)
{
    return guard(ctx, to);
}

int
troupe_send(troupe_context_t *ctx, troupe_ref_t to, const char *type,
            const char *format, ...)
{
    struct troupe__envelope envelope = {.kind = WIRE_TELL, .to = to};
    CHECK(ctx);
    envelope.type_size = troupe__type_size(type);
    if (troupe_ref_is_nobody(to) || envelope.type_size == 0)
        return -EINVAL;
    envelope.type = type;
    envelope.from = ctx->actor->ref;
    envelope.trace = ctx->trace;
    int rc = guard(ctx, to);
    if (rc < 0)
        return rc;
    va_list args;
    va_start(args, format);
    rc = emit(ctx->worker, &envelope, format, &args);
    va_end(args);
    return rc;
}

void *
troupe_blob_new(size_t size)
{
    return size <= UINT32_MAX / 2 ? troupe__blob_new(size) : NULL;
}

void
troupe_blob_free(void *blob)
{
    troupe__blob_free(blob);
}

/* The envelope and the head of the binary go into the room before it. */
static size_t
write_head(const struct troupe__envelope *envelope, uint8_t *blob, size_t size)
{
    struct troupe__buffer head = {0};
    troupe__wire_begin(&head, envelope);
    uint8_t bin32[5] = {0xc6};
    troupe__store_u32(bin32 + 1, (uint32_t) size);
    troupe__buffer_put(&head, bin32, sizeof bin32);
    troupe__wire_widen(&head, 0, size);
    size_t head_size = head.size;
    CHECK(head_size <= TROUPE__BLOB_HEAD);
    memcpy(blob - head_size, head.data, head_size);
    troupe__buffer_free(&head);
    return head_size;
}

int
troupe_send_blob(troupe_context_t *ctx, troupe_ref_t to, const char *type,
                 void **blob_p, size_t size)
{
    struct troupe__envelope envelope = {.kind = WIRE_TELL, .to = to};
    CHECK(ctx);
    envelope.type_size = troupe__type_size(type);
    if (troupe_ref_is_nobody(to) || envelope.type_size == 0 || !blob_p
        || !*blob_p)
        return -EINVAL;
    envelope.type = type;
    envelope.from = ctx->actor->ref;
    envelope.trace = ctx->trace;
    if (size > ctx->worker->node->options.message_size_max - 4096)
        return -EMSGSIZE;
    int rc = guard(ctx, to);
    if (rc < 0)
        return rc;
    struct troupe__outbox *outbox = outbox_to(ctx->worker, to);
    if (!outbox) {
        troupe__blob_free(*blob_p);
        *blob_p = NULL;
        return unreachable(ctx->worker, &envelope);
    }
    size_t head = write_head(&envelope, *blob_p, size);
    flush_one(ctx->worker, outbox);
    troupe__outbox_send_blob(outbox, *blob_p, head, size);
    BUMP(ctx->worker->counters.sent);
    BUMP(ctx->worker->counters.frames);
    ADD(ctx->worker->counters.bytes, head + size);
    *blob_p = NULL;
    return 0;
}
