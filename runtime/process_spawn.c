/* SPDX-License-Identifier: Apache-2.0 */
/* process_spawn.c: the thread that starts children, and their first steps. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mailbox/check.h"
#include "runtime/node.h"
#include "runtime/process_self.h"
#include "runtime/raw_child.h"

/*
 * One thread starts all children of an owner and lives as long as they do, for
 * PR_SET_PDEATHSIG means the death of the thread that forked.
 *
 * A program on a file system that hangs delays other starts, though not the
 * watching of children.
 */
enum { FD_HELLO = TROUPE__FD_HELLO, FD_COUNT = TROUPE__FD_COUNT };

/* What one start works with; the child writes its failure into it. */
struct start {
    const struct troupe__launch *launch;
    const char *oom_adjust;
    size_t oom_adjust_size;
    pid_t parent;
    int fds[FD_COUNT]; /* what shall be 0, 1, ...; -1: closed */
    struct troupe__raw_failure failure;
};

/* The numbers in fds are all above the ones they shall become. */
TROUPE__RAW static void
raw_descriptors(struct start *self)
{
    for (int i = 0; i < FD_COUNT; i++)
        if (self->fds[i] >= 0 && syscall(SYS_dup3, self->fds[i], i, 0) < 0)
            troupe__raw_failed(&self->failure, "descriptors", -errno);
    if (self->fds[FD_HELLO] < 0)
        syscall(SYS_close, FD_HELLO);
    if (syscall(SYS_close_range, FD_COUNT, ~0U, 0) < 0)
        troupe__raw_failed(&self->failure, "descriptors", -errno);
}

/* Children go before us when memory runs out. */
TROUPE__RAW static void
raw_oom_adjust(const struct start *self)
{
    long fd = syscall(SYS_openat, AT_FDCWD, "/proc/self/oom_score_adj",
                      O_WRONLY | O_CLOEXEC, 0);
    if (fd < 0)
        return;
    syscall(SYS_write, fd, self->oom_adjust, self->oom_adjust_size);
    syscall(SYS_close, fd);
}

TROUPE__RAW static int
raw_child(void *arg)
{
    struct start *self = arg;
    const struct troupe__launch *launch = self->launch;
    if (syscall(SYS_setsid) < 0)
        troupe__raw_failed(&self->failure, "setsid", -errno);
    troupe__raw_bind(&self->failure, self->parent);
    raw_oom_adjust(self);
    raw_descriptors(self);
    return troupe__raw_execute(&self->failure, launch->directory, launch->path,
                               launch->argv, launch->env);
}

static void
close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

int
troupe__process_lift(int *fd)
{
    return troupe__raw_lift(fd, FD_COUNT);
}

int
troupe__process_pipe(int fds[2])
{
    if (pipe2(fds, O_CLOEXEC) < 0) {
        fds[0] = fds[1] = -1;
        return -errno;
    }
    int rc = troupe__process_lift(&fds[0]);
    return rc < 0 ? rc : troupe__process_lift(&fds[1]);
}

/* The hello fits into the pipe, so writing it cannot block. */
static int
make_hello(const struct troupe__launch *launch, int fds[2])
{
    if (launch->hello_size == 0)
        return 0;
    int rc = troupe__process_pipe(fds);
    if (rc == 0) {
        ssize_t size = write(fds[1], launch->hello, launch->hello_size);
        if (size != (ssize_t) launch->hello_size)
            rc = size < 0 ? -errno : -EIO;
    }
    close_fd(&fds[1]);
    return rc;
}

struct troupe__birth
troupe__process_execute(const struct troupe__processes *self,
                        const struct troupe__launch *launch, const int fds[])
{
    struct start start = {.launch = launch,
                          .oom_adjust = self->oom_adjust,
                          .oom_adjust_size = strlen(self->oom_adjust),
                          .parent = getpid()};
    struct troupe__birth birth = {.pidfd = -1};
    int flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD;
    char *top = (char *) self->stack + TROUPE__CHILD_STACK;
    memcpy(start.fds, fds, sizeof start.fds);
    birth.pid = __clone(raw_child, top, flags, &start, &birth.pidfd);
    if (birth.pid < 0) {
        birth = (struct troupe__birth){
            .pidfd = -1, .error = -errno, .step = "clone"};
    } else if (start.failure.error != 0) {
        siginfo_t info;
        waitid(P_PIDFD, (id_t) birth.pidfd, &info, WEXITED);
        close(birth.pidfd);
        birth = (struct troupe__birth){.pidfd = -1,
                                       .error = start.failure.error,
                                       .step = start.failure.step};
    }
    return birth;
}

static void
execute(struct troupe__processes *self, struct troupe__process *child,
        const int output[2], int hello)
{
    const int fds[FD_COUNT] = {self->null_fd, output[0], output[1],
                               self->lifeline[0], hello};
    child->started_ns = troupe__real_ns();
    struct troupe__birth birth =
        troupe__process_execute(self, &child->launch, fds);
    child->pid = birth.pid;
    child->pidfd = birth.pidfd;
    child->error = birth.error;
    child->step = birth.step;
}

/* What a mould takes up may be what the child lacks. */
static void
run_child(struct troupe__processes *self, struct troupe__process *child,
          const int output[2], int hello)
{
    if (troupe__mould_fork(self, child, output, hello))
        return;
    execute(self, child, output, hello);
    if (child->error == -EAGAIN && self->mould.launch) {
        troupe__mould_end(self);
        execute(self, child, output, hello);
    }
}

/* Sets pid and pidfd, or error and step; whatever fails, nothing is left. */
static void
spawn(struct troupe__processes *self, struct troupe__process *child)
{
    int out[2][2] = {{-1, -1}, {-1, -1}};
    int hello[2] = {-1, -1};
    const char *oom_file = child->launch.oom_file;
    child->oom_kills = troupe__oom_kills(oom_file ? oom_file : self->oom_file);
    child->step = "pipe";
    child->error = troupe__process_pipe(out[0]);
    if (child->error == 0)
        child->error = troupe__process_pipe(out[1]);
    if (child->error == 0)
        child->error = make_hello(&child->launch, hello);
    if (child->error == 0) {
        const int output[2] = {out[0][1], out[1][1]};
        run_child(self, child, output, hello[0]);
    }
    for (int i = 0; i < 2; i++) {
        close_fd(&out[i][1]);
        if (child->error != 0)
            close_fd(&out[i][0]);
        else
            fcntl(out[i][0], F_SETFL, O_NONBLOCK);
        child->output[i] = out[i][0];
    }
    close_fd(&hello[0]);
}

static struct troupe__process *
next_queued(struct troupe__processes *self)
{
    struct troupe__process *child = self->first;
    while (child && child->phase != PHASE_QUEUED)
        child = child->next;
    return child;
}

void *
troupe__process_starter(void *owner)
{
    struct troupe__processes *self = owner;
    pthread_mutex_lock(&self->lock);
    while (!self->ended) {
        struct troupe__process *child = next_queued(self);
        if (self->mould_ended) {
            self->mould_ended = false;
            pthread_mutex_unlock(&self->lock);
            troupe__mould_end(self);
            pthread_mutex_lock(&self->lock);
            continue;
        }
        if (!child) {
            pthread_cond_wait(&self->changed, &self->lock);
            continue;
        }
        child->phase = PHASE_STARTING;
        pthread_mutex_unlock(&self->lock);
        spawn(self, child);
        pthread_mutex_lock(&self->lock);
        child->phase = PHASE_STARTED;
        troupe__processes_wake(self);
    }
    pthread_mutex_unlock(&self->lock);
    troupe__mould_end(self);
    return NULL;
}
