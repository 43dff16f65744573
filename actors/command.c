/* SPDX-License-Identifier: Apache-2.0 */
/* command.c: the actor that runs commands; see troupe_command.h. */
#include "actors/command.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "troupe_command.h"

#include "mailbox/check.h"

/*
 * All descriptors of all commands are in one epoll(7) set, which the worker
 * watches as one. What a descriptor belongs to is told by a job's address and,
 * in its lowest bits, which of its descriptors it is.
 */
#define EVENTS_MAX 64
#define STOP_MS    1000

static void
enter(struct commands *self, struct command_job *job)
{
    job->next = self->running;
    self->running = job;
    self->running_count++;
}

static bool
is_full(const struct commands *self)
{
    return self->limit > 0 && self->running_count >= self->limit;
}

/* Those that wait were found in order when they came. */
static int
start_waiting(troupe_context_t *ctx, struct commands *self)
{
    int rc = 0;
    while (self->waiting && !is_full(self) && rc == 0) {
        struct command_job *job = self->waiting;
        struct command_request request;
        const char *what = NULL;
        self->waiting = job->next;
        if (!self->waiting)
            self->waiting_end = &self->waiting;
        enter(self, job);
        CHECK(troupe__command_read(job->asked, &request, &what) == 0);
        rc = troupe__job_start(ctx, self, job, &request);
        troupe__command_clear(&request);
    }
    return rc;
}

static struct command_job *
job_of(const struct epoll_event *event, unsigned *ret_which)
{
    *ret_which = (unsigned) (event->data.u64 & WHICH_MASK);
    return (struct command_job *) (uintptr_t) (event->data.u64
                                               & ~(uint64_t) WHICH_MASK);
}

/* First what they wrote; then the ends, each of which lets a job go. */
static int
on_ready(troupe_context_t *ctx, void *state, int fd, short events)
{
    (void) events;
    struct commands *self = state;
    struct epoll_event ready[EVENTS_MAX];
    int count = epoll_wait(fd, ready, EVENTS_MAX, 0);
    unsigned which = 0;
    for (int i = 0; i < count; i++) {
        struct command_job *job = job_of(&ready[i], &which);
        if (which != WHICH_PIDFD)
            troupe__job_drain(self, &job->pipes[which], COMMAND_READ_SIZE);
    }
    int rc = 0;
    for (int i = 0; i < count && rc == 0; i++) {
        struct command_job *job = job_of(&ready[i], &which);
        if (which == WHICH_PIDFD)
            rc = troupe__job_finish(ctx, self, job);
    }
    return rc == 0 ? start_waiting(ctx, self) : rc;
}

static int
commands_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct commands *self = state;
    self->epoll_fd = -1;
    self->waiting_end = &self->waiting;
    if (troupe_unpack(msg, "n") < 0
        && troupe_unpack(msg, "{s?U!}", "limit", &self->limit) < 0)
        return troupe_fail(ctx, -EINVAL,
                           "a command actor wants nothing, or {limit: N}");
    self->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (self->epoll_fd < 0)
        return troupe_fail(ctx, -errno, "epoll: %s", strerror(errno));
    self->stack = troupe__alloc(COMMAND_STACK);
    self->buffer = troupe__alloc(COMMAND_READ_SIZE);
    int rc = troupe_watch(ctx, self->epoll_fd, POLLIN, on_ready);
    if (rc == -ENOSPC) {
        return troupe_fail(ctx, rc,
                           "this worker watches 64 descriptors "
                           "already; place the actor elsewhere");
    }
    return rc;
}

static int
on_run(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct commands *self = state;
    struct command_request request;
    const char *what = NULL;
    int rc = troupe__command_read(msg, &request, &what);
    if (rc < 0) {
        rc = troupe_message_is_ask(msg)
                 ? troupe_reply_error(ctx, rc, "%s", what)
                 : 0;
        troupe__command_clear(&request);
        return rc;
    }
    struct command_job *job = troupe__alloc(sizeof *job);
    job->pidfd = job->pipes[PIPE_OUT].fd = job->pipes[PIPE_ERR].fd = -1;
    job->queued_ns = troupe_now_ns(troupe_context_node(ctx));
    rc = troupe_message_is_ask(msg) ? troupe_defer(ctx, &job->token) : 0;
    if (rc == 0 && is_full(self)) {
        rc = troupe_message_keep(msg, &job->asked);
        *self->waiting_end = job;
        self->waiting_end = &job->next;
    } else {
        enter(self, job);
        rc = troupe__job_start(ctx, self, job, &request);
    }
    troupe__command_clear(&request);
    return rc;
}

static int
on_cancel(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx;
    struct commands *self = state;
    troupe_token_t token = troupe_token_read(msg);
    for (struct command_job *job = self->running; job; job = job->next) {
        if (job->token.id == token.id) {
            job->token.id = 0;
            kill(-job->pid, SIGKILL);
            return 0;
        }
    }
    for (struct command_job **at = &self->waiting; *at; at = &(*at)->next) {
        struct command_job *job = *at;
        if (job->token.id != token.id)
            continue;
        *at = job->next;
        if (!job->next)
            self->waiting_end = at;
        troupe__job_free(job);
        return 0;
    }
    return 0;
}

static void
commands_stop(troupe_context_t *ctx, void *state, const troupe_reason_t *reason)
{
    (void) ctx, (void) reason;
    struct commands *self = state;
    for (struct command_job *job = self->running; job; job = job->next)
        kill(-job->pid, SIGKILL);
    while (self->running) {
        struct command_job *job = self->running;
        struct pollfd ended = {.fd = job->pidfd, .events = POLLIN};
        siginfo_t info;
        if (poll(&ended, 1, STOP_MS) > 0)
            troupe__job_reap(self, job, &info);
        self->running = job->next;
        troupe__job_free(job);
    }
    while (self->waiting) {
        struct command_job *job = self->waiting;
        self->waiting = job->next;
        troupe__job_free(job);
    }
    troupe__heir_end(&self->heir);
    if (self->epoll_fd >= 0)
        close(self->epoll_fd);
    free(self->stack);
    free(self->buffer);
}

TROUPE_KIND(troupe_command, struct commands, TROUPE_ON_START(commands_start),
            TROUPE_ON("run", on_run), TROUPE_ON_CANCEL(on_cancel),
            TROUPE_ON_STOP(commands_stop));
