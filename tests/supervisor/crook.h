/* SPDX-License-Identifier: Apache-2.0 */
/* crook.h: a kind that does to its process what no actor should. */
#ifndef TROUPE_TESTS_SUPERVISOR_CROOK_H
#define TROUPE_TESTS_SUPERVISOR_CROOK_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <troupe.h>

/*
 * A crook answers "pid", and "fork" with the pid of a process that never ends
 * by itself. "spin" never returns; "eat" takes memory until there is none;
 * "descriptors" takes all of them, and answers how many. What "arm" says is
 * what its stop does: "crash", or "hang". Its argument may be the path of a
 * file: a start that finds it there removes it and dies.
 */
struct crook {
    char at_stop;
};

static int
crook_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    const char *path = NULL;
    (void) ctx, (void) state;
    if (troupe_unpack(msg, "s?", &path) == 0 && path && unlink(path) == 0)
        raise(SIGKILL);
    return 0;
}

static int
crook_pid(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    return troupe_reply(ctx, "i", (int) getpid());
}

static int
crook_fork(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    pid_t pid = fork();
    while (pid == 0)
        pause();
    return troupe_reply(ctx, "i", (int) pid);
}

static int
crook_spin(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx, (void) state, (void) msg;
    while (pause() < 0) {
    }
    return 0;
}

static int
crook_eat(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    const struct rlimit none = {1, 1};
    (void) state, (void) msg;
    if (setrlimit(RLIMIT_AS, &none) < 0)
        return troupe_fail(ctx, -EIO, "no limit");
    for (;;)
        memset(troupe_blob_new(1 << 20), 1, 1 << 20);
}

/* They are given back when it ends. */
static int
crook_descriptors(troupe_context_t *ctx, void *state,
                  const troupe_message_t *msg)
{
    int count = 0;
    const struct rlimit few = {256, 256};
    (void) state, (void) msg;
    if (setrlimit(RLIMIT_NOFILE, &few) < 0)
        return troupe_fail(ctx, -EIO, "no limit");
    while (open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0)
        count++;
    return troupe_reply(ctx, "i", count);
}

static int
crook_arm(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct crook *self = state;
    const char *how = "";
    int rc = troupe_unpack(msg, "s", &how);
    self->at_stop = how[0];
    return rc < 0 ? rc : troupe_reply(ctx, "i", 0);
}

static void
crook_stop(troupe_context_t *ctx, void *state, const troupe_reason_t *reason)
{
    const struct crook *self = state;
    (void) ctx, (void) reason;
    if (self->at_stop == 'c')
        raise(SIGKILL);
    while (self->at_stop == 'h')
        pause();
}

static const troupe_clause_t crook_clauses[] = {
    TROUPE_ON_START(crook_start),  TROUPE_ON("pid", crook_pid),
    TROUPE_ON("fork", crook_fork), TROUPE_ON("spin", crook_spin),
    TROUPE_ON("eat", crook_eat),   TROUPE_ON("descriptors", crook_descriptors),
    TROUPE_ON("arm", crook_arm),   TROUPE_ON_STOP(crook_stop),
    {0, NULL, NULL, NULL}};

static const troupe_kind_t crook = {.name = "crook",
                                    .state_size = sizeof(struct crook),
                                    .clauses = crook_clauses};

#endif
