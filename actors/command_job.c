/* SPDX-License-Identifier: Apache-2.0 */
/* command_job.c: one command, from its start to its answer. */
#include "actors/command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#define DRAIN_MAX (1u << 20) /* after the end; no pipe holds more */
#define NS_PER_MS 1000000u
#define YOUNG_MS  2

void
troupe__job_free(struct command_job *job)
{
    troupe_message_destroy(&job->asked);
    for (int i = 0; i < PIPE_COUNT; i++) {
        if (job->pipes[i].fd >= 0)
            close(job->pipes[i].fd);
        troupe__text_free(&job->pipes[i].kept);
    }
    if (job->pidfd >= 0)
        close(job->pidfd);
    free(job);
}

static void
unlink_job(struct command_job **list, const struct command_job *job)
{
    while (*list != job)
        list = &(*list)->next;
    *list = job->next;
}

/* How a command ended, as its answer has it. */
struct ending {
    const char *state;
    int exit;
    int signal;
    int error;
    const char *text;
};

/* For its words: the answer is packed before this frame is left. */
enum { WORDS_SIZE = 256, SUBJECT_MAX = 160 };

static struct ending
ending_of(const struct command_job *job, const siginfo_t *info, char *words)
{
    struct ending it = {.exit = -1, .state = "failed", .text = words};
    if (info->si_code == CLD_EXITED) {
        it.exit = info->si_status;
        snprintf(words, WORDS_SIZE, "exit code %d", it.exit);
    } else {
        it.signal = info->si_status;
        const char *name = sigdescr_np(it.signal);
        snprintf(words, WORDS_SIZE, "signal %d (%s)", it.signal,
                 name ? name : "?");
    }
    if (job->timed_out) {
        it.state = "timeout";
        snprintf(words, WORDS_SIZE, "it took longer than %llu ms",
                 (unsigned long long) job->timeout_ms);
    } else if (it.exit == 0) {
        it.state = "ok";
        *words = '\0';
    }
    return it;
}

static int
answer(troupe_context_t *ctx, struct command_job *job, const struct ending *end)
{
    uint64_t now = troupe_now_ns(troupe_context_node(ctx));
    double queue_ms = (double) (job->started_ns - job->queued_ns) / NS_PER_MS;
    double run_ms = (double) (now - job->started_ns) / NS_PER_MS;
    if (job->token.id == 0)
        return 0;
    const struct command_pipe *out = &job->pipes[PIPE_OUT];
    const struct command_pipe *err = &job->pipes[PIPE_ERR];
    int rc = troupe_reply_to(
        ctx, &job->token,
        "{s:s, s:i, s:i, s:i, s:s, s:B, s:B, s:U, s:U, s:f, s:f, s:U}", "state",
        end->state, "exit", end->exit, "signal", end->signal, "error",
        end->error, "text", end->text, "stdout",
        troupe__text_string(&out->kept), out->kept.size, "stderr",
        troupe__text_string(&err->kept), err->kept.size, "stdout_size",
        out->size, "stderr_size", err->size, "queue_ms", queue_ms, "run_ms",
        run_ms, "pid", (uint64_t) job->pid);
    if (rc == -EMSGSIZE)
        rc = troupe_reply_error_to(ctx, &job->token, rc,
                                   "the output is over the size of a message");
    return rc == -ENOMSG ? 0 : rc; /* given up a moment ago */
}

/* Out of the set first: a child that another thread is just starting has a copy
 * of each descriptor for a moment, and close() alone would leave it there. */
static void
forget_fd(const struct commands *self, int *fd, bool is_watched)
{
    if (*fd < 0)
        return;
    if (is_watched)
        (void) epoll_ctl(self->epoll_fd, EPOLL_CTL_DEL, *fd, NULL);
    close(*fd);
    *fd = -1;
}

/* Read what there is, at most `most`; closes the pipe at its end. */
void
troupe__job_drain(struct commands *self, struct command_pipe *pipe, size_t most)
{
    size_t taken = 0;
    while (pipe->fd >= 0 && taken < most) {
        ssize_t size = read(pipe->fd, self->buffer, COMMAND_READ_SIZE);
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0 && errno == EAGAIN)
            return;
        if (size <= 0) {
            forget_fd(self, &pipe->fd, pipe->is_watched);
            return;
        }
        size_t room = pipe->most > pipe->kept.size
                          ? (size_t) pipe->most - pipe->kept.size
                          : 0;
        troupe__text_put(&pipe->kept, self->buffer,
                         (size_t) size < room ? (size_t) size : room);
        pipe->size += (uint64_t) size;
        taken += (size_t) size;
    }
}

/* TERM may be blocked by a stopped process: CONT lets it hear. */
static int
on_time(troupe_context_t *ctx, void *state, void *data)
{
    (void) state;
    struct command_job *job = data;
    if (job->timed_out) {
        kill(-job->pid, SIGKILL);
        return 0;
    }
    job->timed_out = true;
    kill(-job->pid, SIGTERM);
    kill(-job->pid, SIGCONT);
    return troupe_call_after(ctx, job->grace_ms, on_time, job, NULL,
                             &job->timer);
}

static int
add(const struct commands *self, int fd, struct command_job *job,
    unsigned which)
{
    uint64_t tagged = (uint64_t) (uintptr_t) job | which;
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = tagged};
    return epoll_ctl(self->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno
                                                                    : 0;
}

/* False: it is to be tried again. */
static bool
watch_pipes(const struct commands *self, struct command_job *job)
{
    bool ok = true;
    for (unsigned i = 0; i < PIPE_COUNT; i++) {
        struct command_pipe *pipe = &job->pipes[i];
        if (pipe->fd >= 0 && !pipe->is_watched)
            pipe->is_watched = add(self, pipe->fd, job, i) == 0;
        ok = ok && (pipe->fd < 0 || pipe->is_watched);
    }
    return ok;
}

static int on_grown(troupe_context_t *ctx, void *state, void *data);

/* Most commands end before they have filled a pipe, whose end would wake us
 * once more, just as theirs is about to: so a pipe is not watched at first. */
static int
watch_soon(troupe_context_t *ctx, struct commands *self)
{
    if (self->watches_soon)
        return 0;
    self->watches_soon = true;
    return troupe_call_after(ctx, YOUNG_MS, on_grown, NULL, NULL, NULL);
}

/* The youngest come first: behind one that is watched all others are, too. */
static int
on_grown(troupe_context_t *ctx, void *state, void *data)
{
    struct commands *self = state;
    uint64_t now = troupe_now_ns(troupe_context_node(ctx));
    bool again = false;
    (void) data;
    self->watches_soon = false;
    for (struct command_job *job = self->running; job && job->is_young;
         job = job->next) {
        job->is_young = now - job->started_ns < (uint64_t) YOUNG_MS * NS_PER_MS
                        || !watch_pipes(self, job);
        again = again || job->is_young;
    }
    return again ? watch_soon(ctx, self) : 0;
}

/* What is left of the group goes while the zombie keeps its number. */
void
troupe__job_reap(struct commands *self, struct command_job *job,
                 siginfo_t *ret_info)
{
    kill(-job->pid, SIGKILL);
    troupe__heir_give(&self->heir, job->line);
    job->line = NULL;
    *ret_info = (siginfo_t){0};
    while (waitid(P_PIDFD, (id_t) job->pidfd, ret_info, WEXITED) < 0
           && errno == EINTR)
        continue;
}

/* It never ran, or cannot be listened to: then it is ended at once. */
static int
fail_start(troupe_context_t *ctx, struct commands *self,
           struct command_job *job, const char *step, const char *subject,
           int error)
{
    char words[WORDS_SIZE];
    siginfo_t info;
    bool has_subject = subject && strlen(subject) <= SUBJECT_MAX
                       && troupe__utf8_is_valid(subject, strlen(subject));
    snprintf(words, sizeof words, "%s%s%s%s: %s", step, has_subject ? " '" : "",
             has_subject ? subject : "", has_subject ? "'" : "",
             strerror(-error));
    if (job->pid > 0)
        troupe__job_reap(self, job, &info);
    troupe__heir_give(&self->heir, job->line);
    for (int i = 0; i < PIPE_COUNT; i++)
        forget_fd(self, &job->pipes[i].fd, job->pipes[i].is_watched);
    forget_fd(self, &job->pidfd, true);
    struct ending end = {
        .state = "failed", .exit = -1, .error = error, .text = words};
    int rc = answer(ctx, job, &end);
    unlink_job(&self->running, job);
    self->running_count--;
    troupe__job_free(job);
    return rc;
}

static void
take_process(struct command_job *job, const struct command_request *request,
             const struct command_process *process)
{
    job->pid = process->pid;
    job->pidfd = process->pidfd;
    for (int i = 0; i < PIPE_COUNT; i++) {
        job->pipes[i].fd = process->out[i];
        job->pipes[i].most = request->most[i];
    }
    job->timeout_ms = request->timeout_ms;
    job->grace_ms = (uint32_t) request->grace_ms;
}

/* What a step is about, or NULL. */
static const char *
subject_of(const struct command_request *request, const char *step)
{
    if (strcmp(step, "directory") == 0)
        return request->directory;
    bool is_program =
        strcmp(step, "look for") == 0 || strcmp(step, "exec") == 0;
    return is_program ? request->argv[0] : NULL;
}

/* The job is in the list of those that run. */
int
troupe__job_start(troupe_context_t *ctx, struct commands *self,
                  struct command_job *job,
                  const struct command_request *request)
{
    struct command_process process;
    job->started_ns = troupe_now_ns(troupe_context_node(ctx));
    job->line = troupe__heir_take(&self->heir, self->stack);
    int rc = troupe__command_spawn(request, job->line, self->stack, &process);
    if (rc < 0)
        return fail_start(ctx, self, job, process.step,
                          subject_of(request, process.step), rc);
    take_process(job, request, &process);
    rc = add(self, job->pidfd, job, WHICH_PIDFD);
    if (rc < 0)
        return fail_start(ctx, self, job, "epoll", NULL, rc);
    job->is_young = true;
    rc = watch_soon(ctx, self);
    if (rc < 0 || job->timeout_ms == 0)
        return rc;
    return troupe_call_after(ctx, (uint32_t) job->timeout_ms, on_time, job,
                             NULL, &job->timer);
}

int
troupe__job_finish(troupe_context_t *ctx, struct commands *self,
                   struct command_job *job)
{
    char words[WORDS_SIZE];
    siginfo_t info;
    troupe__job_reap(self, job, &info);
    (void) troupe_call_clear(ctx, job->timer);
    for (int i = 0; i < PIPE_COUNT; i++) {
        troupe__job_drain(self, &job->pipes[i], DRAIN_MAX);
        forget_fd(self, &job->pipes[i].fd, job->pipes[i].is_watched);
    }
    forget_fd(self, &job->pidfd, true);
    struct ending end = ending_of(job, &info, words);
    int rc = answer(ctx, job, &end);
    unlink_job(&self->running, job);
    self->running_count--;
    troupe__job_free(job);
    return rc;
}
