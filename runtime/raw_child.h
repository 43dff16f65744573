/* SPDX-License-Identifier: Apache-2.0 */
/* raw_child.h: the first steps of a child that shares our memory. */
#ifndef TROUPE_RUNTIME_RAW_CHILD_H
#define TROUPE_RUNTIME_RAW_CHILD_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * A child shares our memory, as after vfork(), until it executes its program,
 * while the thread that starts it stands still. So a start costs the same however
 * large we are, and tells exactly what failed: it is written into the same
 * memory. The other side of it: before the exec nothing may be called but the
 * system, not even what a sanitizer adds, for it would be done to us.
 *
 * Source: clone(2), execve(2), prctl(2); posix_spawn of glibc does the same,
 * but has no way to set a parent-death signal.
 */
#if defined __has_attribute
#if __has_attribute(disable_sanitizer_instrumentation)
#define TROUPE__RAW __attribute__((disable_sanitizer_instrumentation))
#endif
#endif
#ifndef TROUPE__RAW
#define TROUPE__RAW                                                            \
    __attribute__((no_sanitize("address", "thread", "undefined")))
#endif

/*
 * clone() by the name under which the C library has it as well: a sanitizer's
 * own clone() does in the child what it must do after fork(), to us.
 */
int __clone(int (*run)(void *), void *stack, int flags, void *arg, ...);

/* The kernel's sigset_t; its struct sigaction is smaller than its double. */
enum { TROUPE__RAW_SIGNALS = 64, TROUPE__RAW_SIGSET = TROUPE__RAW_SIGNALS / 8 };

/* What failed, written by the child. */
struct troupe__raw_failure {
    int error; /* negative errno; 0: nothing */
    const char *step;
};

_Noreturn TROUPE__RAW static inline void
troupe__raw_failed(struct troupe__raw_failure *failure, const char *step,
                   int error)
{
    failure->error = error;
    failure->step = step;
    for (;;)
        syscall(SYS_exit_group, 127);
}

/* It ends with the thread that started it. */
TROUPE__RAW static inline void
troupe__raw_bind(struct troupe__raw_failure *failure, pid_t parent)
{
    if (syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
        troupe__raw_failed(failure, "prctl", -errno);
    if (syscall(SYS_getppid) != parent)
        troupe__raw_failed(failure, "parent",
                           -ESRCH); /* it went before the prctl */
}

TROUPE__RAW static inline void
troupe__raw_default_signals(struct troupe__raw_failure *failure)
{
    unsigned long nothing[2 * (sizeof(struct sigaction) / sizeof(long))];
    for (unsigned i = 0; i < sizeof nothing / sizeof *nothing; i++)
        ((volatile unsigned long *) nothing)[i] = 0; /* SIG_DFL, no flags */
    for (int i = 1; i <= TROUPE__RAW_SIGNALS; i++)
        if (i != SIGKILL && i != SIGSTOP)
            syscall(SYS_rt_sigaction, i, nothing, NULL, TROUPE__RAW_SIGSET);
    if (syscall(SYS_rt_sigprocmask, SIG_SETMASK, nothing, NULL,
                TROUPE__RAW_SIGSET)
        < 0)
        troupe__raw_failed(failure, "signals", -errno);
}

/* The last of all; what never returns would be announced to a sanitizer. */
TROUPE__RAW static inline int
troupe__raw_execute(struct troupe__raw_failure *failure, const char *directory,
                    const char *path, char *const *argv, char *const *env)
{
    if (directory && syscall(SYS_chdir, directory) < 0)
        troupe__raw_failed(failure, "directory", -errno);
    troupe__raw_default_signals(failure);
    syscall(SYS_execve, path, argv, env);
    troupe__raw_failed(failure, "exec", -errno);
    return 127;
}

/* In the parent, before: *fd shall not be one of the first `count`, which are the
 * child's. 0, or -errno; then it is -1. */
static inline int
troupe__raw_lift(int *fd, int count)
{
    if (*fd >= count)
        return 0;
    int higher = fcntl(*fd, F_DUPFD_CLOEXEC, count);
    int rc = higher < 0 ? -errno : 0;
    close(*fd);
    *fd = higher;
    return rc;
}

#endif
