/* SPDX-License-Identifier: Apache-2.0 */
/* mould_wait.c: a process that waits to be forked, and its children's first steps. */
#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/mould.h"
#include "runtime/process_self.h"

/*
 * fork() would make the child the mould's own, so the system is asked for it, and
 * what the C library keeps of a thread is set right as its fork() does: the
 * number of the thread, by the kernel itself, and the list of robust locks.
 * Nothing else is there to be set right: no constructor has run, not even those
 * of the C library, so that nobody has registered what is to be done at a fork.
 */

struct self {
    int socket;
    pid_t parent;
    pid_t *tid; /* where the C library has the number of this thread */
    void *robust;
    size_t robust_size;
    struct rlimit limits[RLIM_NLIMITS];
    char name[16]; /* of the process, as its program is called */
    char *last;    /* the last argument: room for TROUPE_NAME_MAX bytes */
};

_Noreturn static void
leave(void)
{
    for (;;)
        syscall(SYS_exit_group, 127);
}

/* What the variable says, which goes: children do not hear of it. -1: nothing. */
static int
take_variable(char **envp)
{
    const size_t size = sizeof TROUPE__MOULD_ENV; /* with the '=' */
    while (*envp && strncmp(*envp, TROUPE__MOULD_ENV "=", size) != 0)
        envp++;
    if (!*envp)
        return -1;
    int value = (*envp)[size] - '0';
    for (; *envp; envp++)
        envp[0] = envp[1];
    return value;
}

/* False where this process cannot be forked as it is: somebody was here before,
 * or the system does not tell what must be known. */
static bool
begin(struct self *self, int argc, char **argv)
{
    struct stat threads;
    self->parent = getppid();
    if (environ || getauxval(AT_SECURE) || argc < 1
        || strlen(argv[argc - 1]) != TROUPE_NAME_MAX
        || stat("/proc/self/task", &threads) < 0 || threads.st_nlink != 3
        || prctl(PR_GET_TID_ADDRESS, &self->tid, 0, 0, 0) < 0 || !self->tid
        || *self->tid != getpid()
        || syscall(SYS_get_robust_list, 0, &self->robust, &self->robust_size)
               < 0
        || prctl(PR_GET_NAME, self->name, 0, 0, 0) < 0)
        return false;
    for (int i = 0; i < (int) RLIM_NLIMITS; i++)
        if (getrlimit((__rlimit_resource_t) i, &self->limits[i]) < 0)
            return false;
    self->last = argv[argc - 1];
    strncpy(self->last, "(mould)", TROUPE_NAME_MAX);
    return prctl(PR_SET_NAME, "troupe-mould", 0, 0, 0) == 0;
}

static void
answer(const struct self *self, uint64_t id, long pid, bool is_child)
{
    const struct troupe__mould_answer words = {
        .id = id, .pid = (int32_t) pid, .is_child = is_child};
    (void) !send(self->socket, &words, sizeof words, MSG_NOSIGNAL);
}

/* What raw_child() in process_spawn.c does, but for what was done to the mould. */
static void
become_child(const struct self *self, const struct troupe__mould_order *order,
             const int fds[MOULD_FDS])
{
    if (setsid() < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0
        || getppid() != self->parent || fchdir(fds[MOULD_DIRECTORY]) < 0
        || dup3(fds[MOULD_OUT], 1, 0) < 0 || dup3(fds[MOULD_ERROR], 2, 0) < 0)
        leave();
    for (int i = 0; i < (int) RLIM_NLIMITS; i++) {
        const struct rlimit *limit = &order->limits[i];
        if (memcmp(limit, &self->limits[i], sizeof *limit) != 0)
            (void) setrlimit((__rlimit_resource_t) i, limit);
    }
    syscall(SYS_set_robust_list, self->robust, self->robust_size);
    prctl(PR_SET_NAME, self->name, 0, 0, 0);
    memcpy(self->last, order->last, TROUPE_NAME_MAX);
    answer(self, order->id, getpid(), true);
    if (dup3(fds[MOULD_HELLO], TROUPE__FD_HELLO, 0) < 0
        || syscall(SYS_close_range, TROUPE__FD_COUNT, ~0U, 0) < 0)
        leave();
}

/* As fork(), with our parent for its own. */
static long
fork_for_parent(const struct self *self)
{
    struct clone_args args = {.flags = CLONE_PARENT | CLONE_CHILD_SETTID
                                       | CLONE_CHILD_CLEARTID,
                              .child_tid = (uint64_t) (uintptr_t) self->tid};
    long pid = syscall(SYS_clone3, &args, sizeof args);
    return pid < 0 ? -errno : pid;
}

/* False: nobody will give orders any more. */
static bool
receive(const struct self *self, struct troupe__mould_order *order,
        int fds[MOULD_FDS])
{
    struct iovec bytes = {order, sizeof *order};
    union {
        struct cmsghdr first;
        char room[CMSG_SPACE(MOULD_FDS * sizeof(int))];
    } control;
    struct msghdr msg = {.msg_iov = &bytes,
                         .msg_iovlen = 1,
                         .msg_control = &control,
                         .msg_controllen = sizeof control};
    ssize_t size = 0;
    do
        size = recvmsg(self->socket, &msg, MSG_CMSG_CLOEXEC);
    while (size < 0 && errno == EINTR);
    const struct cmsghdr *had = CMSG_FIRSTHDR(&msg);
    if (size != (ssize_t) sizeof *order || !had
        || had->cmsg_len != CMSG_LEN(MOULD_FDS * sizeof(int)))
        return false;
    memcpy(fds, CMSG_DATA(had), MOULD_FDS * sizeof(int));
    return true;
}

void
troupe__mould_wait(int argc, char **argv, char **envp)
{
    struct self self = {.socket = take_variable(envp)};
    struct troupe__mould_order order = {.id = 0};
    int fds[MOULD_FDS];
    if (self.socket < 0)
        return;
    if (!begin(&self, argc, argv))
        leave();
    while (receive(&self, &order, fds)) {
        long pid = fork_for_parent(&self);
        if (pid == 0) {
            become_child(&self, &order, fds);
            return;
        }
        answer(&self, order.id, pid, false);
        for (int i = 0; i < MOULD_FDS; i++)
            close(fds[i]);
    }
    leave();
}
