/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stages.c: a fast producer, a stage between, a slow writer. Nobody counts or
 * waits by hand: a full mailbox rests its sender, stage by stage, so that what
 * waits is bounded, however much is produced.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include <troupe.h>

enum { LINES = 400000, BATCH = 100, BOUND = 1000 };

/* The last stage: it takes its time, and looks at its own mailbox. */
struct writer {
    int64_t written, sum;
    uint32_t depth_max;
    troupe_token_t promise;
};

static int
answer_when_done(troupe_context_t *ctx, struct writer *self)
{
    if (self->written < LINES || self->promise.id == 0)
        return 0;
    return troupe_reply_to(ctx, &self->promise, "{s:I, s:U}", "sum", self->sum,
                           "depth_max", (uint64_t) self->depth_max);
}

static int
on_write(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct writer *self = state;
    troupe_actor_stats_t stats = {0};
    int64_t value = 0;
    int rc = troupe_unpack(msg, "I", &value);
    if (rc == 0)
        rc = troupe_actor_stats_get(troupe_context_node(ctx), troupe_self(ctx),
                                    &stats);
    if (rc < 0)
        return rc;
    if (stats.mailbox_depth > self->depth_max)
        self->depth_max = stats.mailbox_depth;
    for (volatile int work = 0; work < 2000; work++)
        ; /* slow */
    self->written += 1;
    self->sum += value;
    return answer_when_done(ctx, self);
}

static int
on_wait(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    struct writer *self = state;
    int rc = troupe_defer(ctx, &self->promise);
    return rc < 0 ? rc : answer_when_done(ctx, self);
}

TROUPE_KIND(writer, struct writer, TROUPE_ON("write", on_write),
            TROUPE_ON("wait", on_wait));

/* The stage between doubles what comes and passes it on. */
struct stage {
    troupe_ref_t next;
};

static int
stage_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx;
    struct stage *self = state;
    return troupe_unpack(msg, "R", &self->next);
}

static int
on_line(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    const struct stage *self = state;
    int64_t value = 0;
    int rc = troupe_unpack(msg, "I", &value);
    return rc < 0 ? rc : troupe_send(ctx, self->next, "write", "I", 2 * value);
}

TROUPE_KIND(doubler, struct stage, TROUPE_ON_START(stage_start),
            TROUPE_ON("line", on_line));

/*
 * The producer sends a batch, then tells itself to go on. It rests between
 * two handlers, hence batches: one endless handler could never be rested and
 * would in the end meet -EAGAIN.
 */
struct producer {
    struct stage stage;
    int64_t sent;
};

static int
on_go_on(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    struct producer *self = state;
    for (int i = 0; i < BATCH && self->sent < LINES; i++) {
        int rc = troupe_send(ctx, self->stage.next, "line", "I", self->sent);
        if (rc < 0)
            return rc;
        self->sent += 1;
    }
    if (self->sent == LINES)
        return TROUPE_STOP;
    return troupe_send(ctx, troupe_self(ctx), "go_on", NULL);
}

TROUPE_KIND(producer, struct producer, TROUPE_ON_START(stage_start),
            TROUPE_ON("go_on", on_go_on));

static int
run(troupe_t *node, int64_t *ret_sum, uint64_t *ret_depth)
{
    const troupe_spawn_options_t bounded = {.mailbox.messages_max = BOUND};
    troupe_ref_t first;
    troupe_ref_t between;
    troupe_ref_t last;
    troupe_message_t *reply = NULL;
    int rc = troupe_node_spawn(node, &writer, &bounded, &last, NULL);
    if (rc == 0)
        rc = troupe_node_spawn(node, &doubler, &bounded, &between, "R", last);
    if (rc == 0)
        rc = troupe_node_spawn(node, &producer, NULL, &first, "R", between);
    if (rc == 0)
        rc = troupe_node_send(node, first, "go_on", NULL);
    if (rc == 0)
        rc = troupe_node_ask(node, last, "wait", TROUPE_INFINITE, &reply, NULL);
    if (rc == 0)
        rc = troupe_unpack(reply, "{s:I, s:U}", "sum", ret_sum, "depth_max",
                           ret_depth);
    troupe_message_destroy(&reply);
    return rc;
}

int
main(void)
{
    troupe_t *node = NULL;
    troupe_node_stats_t stats = {0};
    int64_t sum = 0;
    uint64_t depth_max = 0;
    int rc = troupe_new(NULL, &node);
    if (rc == 0) {
        rc = run(node, &sum, &depth_max);
        troupe_node_stats_get(node, &stats);
    }
    if (rc < 0)
        fprintf(stderr, "stages: %s\n", troupe_strerror(rc));
    printf("%d lines written, sum %" PRId64 "\n", LINES, sum);
    printf("most that ever waited for the writer: %" PRIu64 "\n", depth_max);
    printf("times that a sender rested: %" PRIu64 "\n", stats.mutes);
    /* Its bound, and what was on its way between two workers at the time. */
    bool shown = sum == (int64_t) LINES * (LINES - 1) && stats.mutes > 0
                 && depth_max < LINES / 4 && stats.dead_letters == 0;
    return troupe_destroy(&node) == 0 && rc == 0 && shown ? 0 : 1;
}
