/* SPDX-License-Identifier: Apache-2.0 */
/* b4_counter: one producer, one counter, five million messages. */
#include <errno.h>
#include <string.h>

#include "bench/common.h"

enum { MESSAGES = 5000000, BATCH = 1000, BODY = 64 };

struct counter {
    int64_t total;
};

static int
counter_add(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct counter *self = state;
    int number = 0;
    (void) ctx;
    int rc = troupe_unpack(msg, "i", &number);
    self->total += number;
    return rc;
}

static int
counter_add64(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct counter *self = state;
    const void *bytes = NULL;
    size_t size = 0;
    (void) ctx;
    int rc = troupe_unpack(msg, "B", &bytes, &size);
    if (rc < 0 || size != BODY)
        return -EBADMSG;
    self->total += *(const uint8_t *) bytes;
    return 0;
}

static int
counter_total(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct counter *self = state;
    (void) msg;
    return troupe_reply(ctx, "I", self->total);
}

TROUPE_KIND(counter, struct counter, TROUPE_ON("add", counter_add),
            TROUPE_ON("add64", counter_add64),
            TROUPE_ON("total", counter_total));

struct producer {
    troupe_ref_t counter;
    troupe_token_t done;
    int64_t count, left;
};

static int
producer_start(troupe_context_t *ctx, void *state, const troupe_message_t *args)
{
    struct producer *self = state;
    troupe_spawn_options_t options = {.place = TROUPE_WORKER, .worker = 1};
    int rc = troupe_unpack(args, "I", &self->count);
    self->left = self->count;
    if (rc < 0)
        return rc;
    return troupe_spawn(ctx, &counter, &options, &self->counter, NULL);
}

static int
producer_ready(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    return troupe_reply(ctx, NULL);
}

static int
total_told(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct producer *self = state;
    int64_t total = 0;
    if (answer->outcome != TROUPE_REPLY)
        return troupe_reply_error_to(ctx, &self->done, answer->code, "%s",
                                     answer->text);
    int rc = troupe_unpack(answer->msg, "I", &total);
    return rc < 0 ? rc : troupe_reply_to(ctx, &self->done, "I", total);
}

/* Up to `most` messages; the rest, and what is refused, after "more". */
static int
send_some(troupe_context_t *ctx, struct producer *self, bool body, int64_t most)
{
    static const uint8_t bytes[BODY] = {1};
    int rc = 0;
    for (; rc == 0 && most > 0 && self->left > 0; most--) {
        rc = body ? troupe_send(ctx, self->counter, "add64", "B", bytes,
                                (size_t) BODY)
                  : troupe_send(ctx, self->counter, "add", "i", 1);
        self->left -= rc == 0;
    }
    if (rc < 0 && rc != -EAGAIN)
        return rc;
    if (self->left > 0)
        return troupe_send(ctx, troupe_self(ctx), body ? "more64" : "more", "I",
                           most > 0 ? INT64_MAX : (int64_t) BATCH);
    return troupe_ask(ctx, self->counter, "total", 600000, total_told, NULL,
                      NULL);
}

static int
producer_more(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    int64_t most = 0;
    int rc = troupe_unpack(msg, "I", &most);
    return rc < 0 ? rc : send_some(ctx, state, false, most);
}

static int
producer_more64(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    int64_t most = 0;
    int rc = troupe_unpack(msg, "I", &most);
    return rc < 0 ? rc : send_some(ctx, state, true, most);
}

static int
go(troupe_context_t *ctx, struct producer *self, bool body, int64_t most)
{
    int rc = troupe_defer(ctx, &self->done);
    return rc < 0 ? rc : send_some(ctx, self, body, most);
}

static int
go_batches(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    return go(ctx, state, false, BATCH);
}

static int
go_body64(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    return go(ctx, state, true, BATCH);
}

static int
go_at_once(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    return go(ctx, state, false, INT64_MAX);
}

#define PRODUCER(name, on_go)                                                  \
    TROUPE_KIND(name, struct producer, TROUPE_ON_START(producer_start),        \
                TROUPE_ON("ready", producer_ready), TROUPE_ON("go", on_go),    \
                TROUPE_ON("more", producer_more),                              \
                TROUPE_ON("more64", producer_more64))

PRODUCER(batch_producer, go_batches);
PRODUCER(body_producer, go_body64);
PRODUCER(eager_producer, go_at_once);

static int
run(bool quick, const troupe_kind_t *kind)
{
    int64_t count = quick ? MESSAGES / 10 : MESSAGES, answer = 0;
    double seconds = 0;
    troupe_t *node = NULL;
    int rc = bench_node(2, &node);
    if (rc == 0)
        rc = bench_go(node, kind, count, &seconds, &answer);
    if (rc == 0 && answer != count)
        rc = -EPROTO;
    if (rc == 0)
        bench_result(NULL, seconds / (double) count * 1e9, "ns/message", count);
    troupe_destroy(&node);
    return rc;
}

static int
batches(bool quick)
{
    return run(quick, &batch_producer);
}

static int
body64(bool quick)
{
    return run(quick, &body_producer);
}

static int
one_handler(bool quick)
{
    bench_note("all sends in one handler until one is refused with -EAGAIN; "
               "the rest after the next message to itself");
    return run(quick, &eager_producer);
}

int
main(int argc, char **argv)
{
    static const struct bench_variant variants[] = {
        {"default", batches},
        {"body64", body64},
        {"one-handler", one_handler},
        {NULL, NULL}};
    return bench_main(argc, argv, "B4", variants);
}
