/* SPDX-License-Identifier: Apache-2.0 */
/* isolated.h: kinds that run in processes of their own, in tests. */
#ifndef TROUPE_TESTS_SUPERVISOR_ISOLATED_H
#define TROUPE_TESTS_SUPERVISOR_ISOLATED_H

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <troupe.h>

/*
 * A mate answers "pid", "incarnation", "echo", "again" (its incarnation; the
 * first does not survive it), never answers "wait", and ends
 * by "signal" (a number), "code" (of its process), "fail" (words) or "done".
 * Its arguments: nil, or "refuses": its start fails, or "dies": its process
 * does while it starts.
 */
struct mate {
    troupe_token_t token;
    int64_t heard; /* "note"s */
};

static int
mate_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    const char *how = NULL;
    (void) state;
    if (troupe_unpack(msg, "s?", &how) < 0 || !how)
        return 0;
    if (how[0] == 'd')
        raise(SIGKILL);
    return troupe_fail(ctx, -EIO, "refuses to start");
}

static int
mate_pid(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    return troupe_reply(ctx, "i", (int) getpid());
}

static int
mate_incarnation(troupe_context_t *ctx, void *state,
                 const troupe_message_t *msg)
{
    (void) state, (void) msg;
    return troupe_reply(ctx, "I", (int64_t) troupe_incarnation(ctx));
}

static int
mate_again(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    if (troupe_incarnation(ctx) == 1)
        raise(SIGKILL);
    return mate_incarnation(ctx, state, msg);
}

static int
mate_note(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct mate *self = state;
    (void) ctx, (void) msg;
    self->heard++;
    return 0;
}

static int
mate_heard(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    const struct mate *self = state;
    (void) msg;
    return troupe_reply(ctx, "I", self->heard);
}

static int
mate_echo(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state;
    return troupe_reply(ctx, "m", msg);
}

static int
mate_wait(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct mate *self = state;
    (void) msg;
    return troupe_defer(ctx, &self->token);
}

static int
mate_signal(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    int number = 0;
    (void) ctx, (void) state;
    if (troupe_unpack(msg, "i", &number) < 0)
        return -EBADMSG;
    if (number == SIGABRT)
        abort();
    if (number == SIGSEGV)
        *(volatile int *) NULL = number;
    raise(number);
    return 0;
}

static int
mate_code(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    int code = 0;
    (void) ctx, (void) state;
    if (troupe_unpack(msg, "i", &code) == 0)
        _exit(code);
    return 0;
}

static int
mate_fail(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    return troupe_fail(ctx, -EIO, "the ink has run out");
}

static int
mate_done(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx, (void) state, (void) msg;
    return TROUPE_STOP;
}

static const troupe_clause_t mate_clauses[] = {
    TROUPE_ON_START(mate_start),
    TROUPE_ON("pid", mate_pid),
    TROUPE_ON("incarnation", mate_incarnation),
    TROUPE_ON("again", mate_again),
    TROUPE_ON("note", mate_note),
    TROUPE_ON("heard", mate_heard),
    TROUPE_ON("echo", mate_echo),
    TROUPE_ON("wait", mate_wait),
    TROUPE_ON("signal", mate_signal),
    TROUPE_ON("code", mate_code),
    TROUPE_ON("fail", mate_fail),
    TROUPE_ON("done", mate_done),
    {0, NULL, NULL, NULL}};

static const troupe_kind_t mate = {
    .name = "mate", .state_size = sizeof(struct mate), .clauses = mate_clauses};

#endif
