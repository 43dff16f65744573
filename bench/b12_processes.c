/* SPDX-License-Identifier: Apache-2.0 */
/* b12: messages of 64 bytes from an actor to one in another process. */
#include <errno.h>
#include <string.h>

#include "bench/two.h"

enum { MESSAGES = 10000000, BATCH = 1000, BODY = 64, PATIENCE_MS = 600000 };

struct sink {
    int64_t sum;
};

static int
sink_add(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct sink *self = state;
    const void *bytes = NULL;
    size_t size = 0;
    (void) ctx;
    int rc = troupe_unpack(msg, "B", &bytes, &size);
    if (rc < 0)
        return rc;
    self->sum += *(const uint8_t *) bytes;
    return 0;
}

static int
sink_total(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    const struct sink *self = state;
    (void) msg;
    return troupe_reply(ctx, "I", self->sum);
}

TROUPE_KIND(sink, struct sink, TROUPE_ON("add", sink_add),
            TROUPE_ON("total", sink_total));

struct source {
    troupe_ref_t to;
    troupe_token_t done;
    int64_t left;
    uint8_t body[BODY];
};

static int
source_total(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct source *self = state;
    if (answer->outcome != TROUPE_REPLY)
        return troupe_fail(ctx, answer->code, "%s", answer->text);
    return troupe_reply_to(ctx, &self->done, "m", answer->msg);
}

static int
source_more(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct source *self = state;
    (void) msg;
    for (int i = 0; i < BATCH && self->left > 0; i++) {
        int rc = troupe_send(ctx, self->to, "add", "B", self->body,
                             sizeof self->body);
        if (rc == -EAGAIN)
            break;
        if (rc < 0)
            return rc;
        self->left--;
    }
    if (self->left > 0)
        return troupe_send(ctx, troupe_self(ctx), "more", NULL);
    return troupe_ask(ctx, self->to, "total", PATIENCE_MS, source_total, NULL,
                      NULL);
}

static int
source_go(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct source *self = state;
    memset(self->body, 1, sizeof self->body);
    int rc = troupe_unpack(msg, "[R, I]", &self->to, &self->left);
    if (rc == 0)
        rc = troupe_defer(ctx, &self->done);
    return rc < 0 ? rc : troupe_send(ctx, troupe_self(ctx), "more", NULL);
}

TROUPE_KIND(source, struct source, TROUPE_ON("go", source_go),
            TROUPE_ON("more", source_more));

static int
run(bool quick)
{
    int64_t count = quick ? MESSAGES / 10 : MESSAGES, answer = 0;
    troupe_spawn_options_t options = {.place = TROUPE_WORKER};
    troupe_message_t *reply = NULL;
    troupe_ref_t ref;
    struct bench_two two;
    int rc = bench_two_begin(&two);
    if (rc == 0)
        rc = troupe_node_spawn(two.node, &source, &options, &ref, NULL);
    if (rc == 0) /* the way there is open when it answers */
        rc = troupe_node_ask(two.node, two.far, "total", 0, NULL, NULL);
    double began = bench_now();
    if (rc == 0)
        rc = troupe_node_ask(two.node, ref, "go", PATIENCE_MS, &reply, "[R, I]",
                             two.far, count);
    double seconds = bench_now() - began;
    if (rc == 0)
        rc = troupe_unpack(reply, "I", &answer);
    troupe_message_destroy(&reply);
    if (rc == 0 && answer != count)
        rc = -EPROTO;
    if (rc == 0)
        bench_result(NULL, seconds / (double) count * 1e9, "ns/message", count);
    bench_two_end(&two);
    return rc;
}

int
main(int argc, char **argv)
{
    static const struct bench_variant variants[] = {{"default", run},
                                                    {NULL, NULL}};
    bench_two_main(argc, argv, &sink);
    return bench_main(argc, argv, "B12", variants);
}
