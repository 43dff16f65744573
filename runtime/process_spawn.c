/* SPDX-License-Identifier: Apache-2.0 */
/* process_spawn.c: the thread that starts children, and their first steps. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mailbox/check.h"
#include "runtime/node.h"
#include "runtime/process_self.h"

/*
 * One thread starts all children of an owner and lives as long as they do, for
 * PR_SET_PDEATHSIG means the death of the thread that forked.
 *
 * A child shares our memory, as after vfork(), until it executes its program,
 * while this thread stands still. So a start costs the same however large we
 * are, and tells exactly what failed: it is written into the same memory. The
 * other side of it: before the exec nothing may be called but the system, not
 * even what a sanitizer adds, for it would be done to us. A program on a file
 * system that hangs delays other starts, though not the watching of children.
 *
 * Source: clone(2), execve(2), prctl(2); posix_spawn of glibc does the same,
 * but has no way to set a parent-death signal.
 */
#if defined __has_attribute
#if __has_attribute(disable_sanitizer_instrumentation)
#define RAW __attribute__((disable_sanitizer_instrumentation))
#endif
#endif
#ifndef RAW
#define RAW __attribute__((no_sanitize("address", "thread", "undefined")))
#endif

enum { FD_HELLO = TROUPE__FD_HELLO, FD_COUNT = TROUPE__FD_COUNT };

/* The kernel's sigset_t; its struct sigaction is smaller than its double. */
enum { SIGNALS = 64, SIGSET_SIZE = SIGNALS / 8 };

/* What one start works with; the child writes its failure into it. */
struct start {
    const struct troupe__launch *launch;
    const char *oom_adjust;
    size_t oom_adjust_size;
    pid_t parent;
    int fds[FD_COUNT]; /* what shall be 0, 1, ...; -1: closed */
    int error;         /* negative errno */
    const char *step;
};

_Noreturn RAW static void
failed(struct start *self, const char *step, int error)
{
    self->error = error;
    self->step = step;
    for (;;)
        syscall(SYS_exit_group, 127);
}

RAW static void
raw_default_signals(struct start *self)
{
    unsigned long nothing[2 * (sizeof(struct sigaction) / sizeof(long))];
    for (unsigned i = 0; i < sizeof nothing / sizeof *nothing; i++)
        ((volatile unsigned long *) nothing)[i] = 0; /* SIG_DFL, no flags */
    for (int i = 1; i <= SIGNALS; i++)
        if (i != SIGKILL && i != SIGSTOP)
            syscall(SYS_rt_sigaction, i, nothing, NULL, SIGSET_SIZE);
    if (syscall(SYS_rt_sigprocmask, SIG_SETMASK, nothing, NULL, SIGSET_SIZE)
        < 0)
        failed(self, "signals", -errno);
}

/* The numbers in fds are all above the ones they shall become. */
RAW static void
raw_descriptors(struct start *self)
{
    for (int i = 0; i < FD_COUNT; i++)
        if (self->fds[i] >= 0 && syscall(SYS_dup3, self->fds[i], i, 0) < 0)
            failed(self, "descriptors", -errno);
    if (self->fds[FD_HELLO] < 0)
        syscall(SYS_close, FD_HELLO);
    if (syscall(SYS_close_range, FD_COUNT, ~0U, 0) < 0)
        failed(self, "descriptors", -errno);
}

/* Children go before us when memory runs out. */
RAW static void
raw_oom_adjust(const struct start *self)
{
    long fd = syscall(SYS_openat, AT_FDCWD, "/proc/self/oom_score_adj",
                      O_WRONLY | O_CLOEXEC, 0);
    if (fd < 0)
        return;
    syscall(SYS_write, fd, self->oom_adjust, self->oom_adjust_size);
    syscall(SYS_close, fd);
}

RAW static int
raw_child(void *arg)
{
    struct start *self = arg;
    const struct troupe__launch *launch = self->launch;
    if (syscall(SYS_setsid) < 0)
        failed(self, "setsid", -errno);
    if (syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
        failed(self, "prctl", -errno);
    if (syscall(SYS_getppid) != self->parent)
        failed(self, "parent", -ESRCH); /* it went before the prctl */
    raw_oom_adjust(self);
    raw_descriptors(self);
    if (launch->directory && syscall(SYS_chdir, launch->directory) < 0)
        failed(self, "directory", -errno);
    raw_default_signals(self);
    syscall(SYS_execve, launch->path, launch->argv, launch->env);
    failed(self, "exec", -errno);
    return 127;
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
    if (*fd >= FD_COUNT)
        return 0;
    int higher = fcntl(*fd, F_DUPFD_CLOEXEC, FD_COUNT);
    int rc = higher < 0 ? -errno : 0;
    close(*fd);
    *fd = higher;
    return rc;
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

/*
 * clone() by the name under which the C library has it as well: a sanitizer's
 * own clone() does in the child what it must do after fork(), to us.
 */
int __clone(int (*run)(void *), void *stack, int flags, void *arg, ...);

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
    } else if (start.error != 0) {
        siginfo_t info;
        waitid(P_PIDFD, (id_t) birth.pidfd, &info, WEXITED);
        close(birth.pidfd);
        birth = (struct troupe__birth){
            .pidfd = -1, .error = start.error, .step = start.step};
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
