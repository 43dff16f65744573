/* SPDX-License-Identifier: Apache-2.0 */
/*
 * blocking_function.c: one call that blocks, made on a helper thread; its
 * result comes to the actor as the answer to an ask would.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include <troupe.h>

/* Runs on the helper: it gets a copy of its argument and no actor's state. */
static int
read_number(void *arg, troupe_result_t *result)
{
    const int *fd = arg;
    int64_t number = 0;
    /* Blocks until somebody writes: on a worker nobody ever could. */
    if (read(*fd, &number, sizeof number) != (ssize_t) sizeof number)
        return -EIO;
    return troupe_result_set(result, "{s:I}", "number", number);
}

struct reader {
    int pipe[2];
    int64_t beats; /* while the helper waits */
    troupe_token_t promise;
};

static int
reader_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    struct reader *self = state;
    return pipe(self->pipe) == 0 ? 0 : troupe_fail(ctx, -errno, "no pipe");
}

static void
reader_stop(troupe_context_t *ctx, void *state, const troupe_reason_t *reason)
{
    (void) ctx, (void) reason;
    struct reader *self = state;
    close(self->pipe[0]);
    close(self->pipe[1]);
}

static int
on_number(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct reader *self = state;
    if (answer->outcome != TROUPE_REPLY)
        return troupe_reply_error_to(ctx, &self->promise, answer->code, "%s",
                                     answer->text);
    return troupe_reply_to(ctx, &self->promise, "m", answer->msg);
}

static int
on_read(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    struct reader *self = state;
    const troupe_ask_options_t options = {.timeout_ms = 20000,
                                          .answer = on_number};
    int rc = troupe_defer(ctx, &self->promise);
    if (rc == 0)
        rc = troupe_blocking(ctx, read_number, &self->pipe[0],
                             sizeof self->pipe[0], &options, NULL);
    return rc < 0 ? rc : troupe_timer_set(ctx, "beat", 1, 1);
}

/* The actor is free while its helper blocks; the tenth beat ends the wait. */
static int
on_beat(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    struct reader *self = state;
    if (++self->beats < 10)
        return 0;
    ssize_t size = write(self->pipe[1], &self->beats, sizeof self->beats);
    if (size != (ssize_t) sizeof self->beats)
        return troupe_fail(ctx, -EIO, "cannot write to the pipe");
    return troupe_timer_clear(ctx, "beat");
}

TROUPE_KIND(reader, struct reader, TROUPE_ON_START(reader_start),
            TROUPE_ON_STOP(reader_stop), TROUPE_ON("read", on_read),
            TROUPE_ON("beat", on_beat));

int
main(void)
{
    int64_t number = 0;
    troupe_t *node = NULL;
    troupe_ref_t ref;
    troupe_message_t *reply = NULL;
    int rc = troupe_new(NULL, &node);
    if (rc == 0)
        rc = troupe_node_spawn(node, &reader, NULL, &ref, NULL);
    if (rc == 0)
        rc = troupe_node_ask(node, ref, "read", 20000, &reply, NULL);
    if (rc == 0)
        rc = troupe_unpack(reply, "{s:I}", "number", &number);
    troupe_message_destroy(&reply);
    if (rc < 0)
        fprintf(stderr, "blocking_function: %s\n", troupe_strerror(rc));
    printf("the helper was blocked until the actor had handled %" PRId64
           " timers\n",
           number);
    return troupe_destroy(&node) == 0 && rc == 0 && number == 10 ? 0 : 1;
}
