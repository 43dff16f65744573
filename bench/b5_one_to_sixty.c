/* SPDX-License-Identifier: Apache-2.0 */
/* b5_one_to_sixty: one sender, sixty counters in turn, 100,000 each. */
#include <errno.h>

#include "bench/common.h"

enum { COUNTERS = 60, EACH = 100000, ROUNDS = 25 };

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
counter_total(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct counter *self = state;
    (void) msg;
    return troupe_reply(ctx, "I", self->total);
}

TROUPE_KIND(counter, struct counter, TROUPE_ON("add", counter_add),
            TROUPE_ON("total", counter_total));

struct sender {
    troupe_ref_t counters[COUNTERS];
    troupe_token_t done;
    int64_t left; /* messages to send */
    int64_t told, total;
    uint32_t next;
};

static int
sender_start(troupe_context_t *ctx, void *state, const troupe_message_t *args)
{
    struct sender *self = state;
    troupe_spawn_options_t options = {.place = TROUPE_SPREAD};
    int rc = troupe_unpack(args, "I", &self->left);
    for (int i = 0; rc == 0 && i < COUNTERS; i++)
        rc = troupe_spawn(ctx, &counter, &options, &self->counters[i], NULL);
    return rc;
}

static int
sender_ready(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    return troupe_reply(ctx, NULL);
}

static int
told(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct sender *self = state;
    int64_t total = 0;
    int rc = answer->outcome == TROUPE_REPLY
                 ? troupe_unpack(answer->msg, "I", &total)
                 : answer->code;
    if (rc < 0)
        return rc;
    self->total += total;
    if (++self->told < COUNTERS)
        return 0;
    return troupe_reply_to(ctx, &self->done, "I", self->total);
}

static int
sender_more(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct sender *self = state;
    int rc = 0;
    (void) msg;
    for (int i = 0; self->left > 0 && i < ROUNDS * COUNTERS; i++) {
        rc = troupe_send(ctx, self->counters[self->next], "add", "i", 1);
        if (rc < 0)
            break;
        self->next = (self->next + 1) % COUNTERS;
        self->left--;
    }
    if (rc < 0 && rc != -EAGAIN)
        return rc;
    if (self->left > 0)
        return troupe_send(ctx, troupe_self(ctx), "more", NULL);
    for (int i = 0; i < COUNTERS; i++) {
        rc = troupe_ask(ctx, self->counters[i], "total", 60000, told, NULL,
                        NULL);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int
sender_go(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct sender *self = state;
    int rc = troupe_defer(ctx, &self->done);
    return rc < 0 ? rc : sender_more(ctx, state, msg);
}

TROUPE_KIND(sender, struct sender, TROUPE_ON_START(sender_start),
            TROUPE_ON("ready", sender_ready), TROUPE_ON("go", sender_go),
            TROUPE_ON("more", sender_more));

static int
run(bool quick)
{
    int64_t count = (int64_t) COUNTERS * (quick ? EACH / 10 : EACH);
    int64_t answer = 0;
    double seconds = 0;
    troupe_t *node = NULL;
    int rc = bench_node(0, &node);
    if (rc == 0)
        rc = bench_go(node, &sender, count, &seconds, &answer);
    if (rc == 0 && answer != count)
        rc = -EPROTO;
    if (rc == 0)
        bench_result(NULL, seconds / (double) count * 1e9, "ns/message", count);
    troupe_destroy(&node);
    return rc;
}

int
main(int argc, char **argv)
{
    static const struct bench_variant variants[] = {{"default", run},
                                                    {NULL, NULL}};
    return bench_main(argc, argv, "B5", variants);
}
