/* SPDX-License-Identifier: Apache-2.0 */
/* mould.c: what the owner of processes does with its mould. */
#include "runtime/mould.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mailbox/check.h"
#include "runtime/node.h"
#include "runtime/process_self.h"

/*
 * The first child is executed: many a run has only one. With the second the
 * mould is started, and that child is its first order, which waits in the socket
 * while the mould is linked: so that child is there no later than if it had been
 * executed, and all others sooner.
 */
enum { WORTH_IT = 2, ANSWER_MS = 5000 };

/* Of mould_first.c, where that is linked in. */
extern bool troupe__mould_first __attribute__((weak));

bool
troupe__mould_is_possible(void)
{
    const bool *first = &troupe__mould_first;
    return first && *first;
}

/* --- its beginning and its end ----------------------------------------------*/

static void
set_watched(struct troupe__processes *owner, int pidfd)
{
    pthread_mutex_lock(&owner->lock);
    owner->mould_pidfd = pidfd;
    owner->mould_ended = false;
    troupe__processes_wake(owner);
    pthread_mutex_unlock(&owner->lock);
}

static size_t
count_of(char *const *list)
{
    size_t count = 0;
    while (list[count])
        count++;
    return count;
}

static char **
copy_of(char *const *list, size_t count)
{
    char **copy = troupe__alloc((count + 2) * sizeof *copy);
    for (size_t i = 0; i < count; i++)
        copy[i] = troupe__strdup(list[i]);
    return copy;
}

/* As the child's; its last argument has room for that of each other. */
static struct troupe__launch *
launch_like(const struct troupe__launch *child)
{
    struct troupe__launch *self = troupe__alloc(sizeof *self);
    size_t arguments = count_of(child->argv) - 1;
    size_t variables = count_of(child->env);
    char room[TROUPE_NAME_MAX + 1];
    memset(room, ' ', TROUPE_NAME_MAX);
    room[TROUPE_NAME_MAX] = '\0';
    self->path = troupe__strdup(child->path);
    self->argv = copy_of(child->argv, arguments);
    self->argv[arguments] = troupe__strdup(room);
    self->env = copy_of(child->env, variables);
    self->env[variables] = troupe__strdup(TROUPE__MOULD_ENV "=4");
    _Static_assert(TROUPE__FD_HELLO == 4, "orders come where hellos do");
    return self;
}

static void
forget(struct troupe__mould *self)
{
    troupe__launch_free(self->launch);
    free(self->launch);
    self->launch = NULL;
}

/* Somebody else may have reaped it, and its number be a stranger's. */
static void
end_by_fd(int pidfd)
{
    (void) syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
}

void
troupe__mould_end(struct troupe__processes *owner)
{
    struct troupe__mould *self = &owner->mould;
    siginfo_t info;
    if (!self->launch)
        return;
    set_watched(owner, -1);
    close(self->socket);
    end_by_fd(self->pidfd);
    while (waitid(P_PIDFD, (id_t) self->pidfd, &info, WEXITED) < 0
           && errno == EINTR)
        continue;
    close(self->pidfd);
    forget(self);
}

/* A line of what the system says of a thread that tells what it may do. */
static bool
is_of_rights(const char *line)
{
    static const char *const keys[] = {
        "Uid:", "Gid:", "Groups:", "Umask:", "Cap", "NoNewPrivs:", "Seccomp"};
    bool found = false;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        found |= strncmp(line, keys[i], strlen(keys[i])) == 0;
    return found;
}

/* A number that is another one when they are others; 0: it is not told. */
static uint64_t
rights_now(void)
{
    FILE *file = fopen("/proc/thread-self/status", "re");
    char *line = NULL;
    size_t room = 0;
    uint64_t rights = 0;
    while (file && getline(&line, &room, file) > 0)
        for (const char *at = line; is_of_rights(line) && *at; at++)
            rights = troupe__mix(rights + (unsigned char) *at);
    free(line);
    if (file)
        fclose(file);
    return rights;
}

static bool
begin(struct troupe__processes *owner, const struct troupe__launch *child)
{
    struct troupe__mould *self = &owner->mould;
    int ends[2];
    self->useless = !troupe__mould_is_possible();
    if (self->useless
        || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return false;
    bool are_lifted = troupe__process_lift(&ends[0]) == 0;
    are_lifted &= troupe__process_lift(&ends[1]) == 0;
    struct troupe__birth birth = {.error = -EMFILE};
    self->launch = launch_like(child);
    if (are_lifted) {
        const int fds[TROUPE__FD_COUNT] = {owner->null_fd, owner->null_fd,
                                           owner->null_fd, owner->lifeline[0],
                                           ends[1]};
        birth = troupe__process_execute(owner, self->launch, fds);
    }
    if (ends[1] >= 0)
        close(ends[1]);
    if (birth.error != 0) {
        if (ends[0] >= 0)
            close(ends[0]);
        forget(self);
        return false;
    }
    self->pid = birth.pid;
    self->pidfd = birth.pidfd;
    self->socket = ends[0];
    self->rights = rights_now();
    set_watched(owner, self->pidfd);
    return true;
}

/* --- orders -----------------------------------------------------------------*/

static bool
is_suitable(const struct troupe__launch *child)
{
    size_t count = count_of(child->argv);
    return child->may_fork && count > 1
           && strlen(child->argv[count - 1]) <= TROUPE_NAME_MAX;
}

static bool
are_same(char *const *one, char *const *other, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(one[i], other[i]) != 0)
            return false;
    return true;
}

/* All but the last argument, and but for the variable that is the mould's own. */
static bool
was_launched_like(const struct troupe__mould *self,
                  const struct troupe__launch *child)
{
    size_t arguments = count_of(child->argv), variables = count_of(child->env);
    return strcmp(self->launch->path, child->path) == 0
           && count_of(self->launch->argv) == arguments
           && count_of(self->launch->env) == variables + 1
           && are_same(self->launch->argv, child->argv, arguments - 1)
           && are_same(self->launch->env, child->env, variables);
}

static bool
send_order(struct troupe__mould *self, const struct troupe__launch *child,
           const int fds[MOULD_FDS])
{
    struct troupe__mould_order order = {.id = ++self->orders};
    struct iovec bytes = {&order, sizeof order};
    union {
        struct cmsghdr first;
        char room[CMSG_SPACE(MOULD_FDS * sizeof(int))];
    } control = {.room = ""};
    struct msghdr msg = {.msg_iov = &bytes,
                         .msg_iovlen = 1,
                         .msg_control = &control,
                         .msg_controllen = sizeof control};
    const char *last = child->argv[count_of(child->argv) - 1];
    for (int i = 0; i < (int) RLIM_NLIMITS; i++)
        if (getrlimit((__rlimit_resource_t) i, &order.limits[i]) < 0)
            return false;
    memcpy(order.last, last, strlen(last));
    control.first.cmsg_level = SOL_SOCKET;
    control.first.cmsg_type = SCM_RIGHTS;
    control.first.cmsg_len = CMSG_LEN(MOULD_FDS * sizeof(int));
    memcpy(CMSG_DATA(&control.first), fds, MOULD_FDS * sizeof(int));
    return sendmsg(self->socket, &msg, MSG_NOSIGNAL) == (ssize_t) sizeof order;
}

static int
open_process(pid_t pid)
{
    return (int) syscall(SYS_pidfd_open, pid, 0);
}

/* The pid of the child of the last order; 0: there is none, and there will be
 * none; or a negative errno of the mould. Where the mould does not answer it is
 * killed, and the socket ends as soon as no child has it either. */
static pid_t
await_child(struct troupe__mould *self)
{
    struct troupe__mould_answer words;
    struct pollfd ends[2] = {{.fd = self->socket, .events = POLLIN},
                             {.fd = -1, .events = POLLIN}};
    pid_t pid = 0;
    for (int killed = 0; killed < 2;) {
        int ready = poll(ends, 2, ANSWER_MS);
        if (ready == 0 && killed++ == 0)
            end_by_fd(self->pidfd);
        if (ready <= 0)
            continue;
        if (!ends[0].revents)
            break; /* it has ended before it could say a word */
        ssize_t size = recv(self->socket, &words, sizeof words, MSG_DONTWAIT);
        if (size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR))
            break;
        if (size != (ssize_t) sizeof words || words.id != self->orders)
            continue; /* the second answer to the last order */
        pid = words.pid;
        if (words.is_child || pid < 0)
            break;
        if (ends[1].fd < 0)
            ends[1].fd = open_process(pid);
    }
    if (ends[1].fd >= 0)
        close(ends[1].fd);
    return pid;
}

static bool
order(struct troupe__mould *self, struct troupe__process *child,
      const int fds[MOULD_FDS])
{
    child->started_ns = troupe__real_ns();
    pid_t pid = send_order(self, &child->launch, fds) ? await_child(self) : 0;
    if (pid <= 0) {
        self->useless = !self->has_forked && pid != -EAGAIN;
        return false;
    }
    self->has_forked = true;
    child->pidfd = open_process(pid);
    if (child->pidfd < 0) {
        siginfo_t info;
        kill(pid, SIGKILL);
        waitid(P_PID, (id_t) pid, &info, WEXITED);
        return false;
    }
    child->pid = pid;
    return true;
}

bool
troupe__mould_fork(struct troupe__processes *owner,
                   struct troupe__process *child, const int output[2],
                   int hello)
{
    struct troupe__mould *self = &owner->mould;
    const struct troupe__launch *launch = &child->launch;
    if (self->useless || hello < 0 || !is_suitable(launch)
        || ++self->wished < WORTH_IT)
        return false;
    uint64_t rights = rights_now();
    if (self->launch && rights != self->rights)
        troupe__mould_end(owner);
    if (!self->launch && !begin(owner, launch))
        return false;
    if (!was_launched_like(self, launch))
        return false;
    int fds[MOULD_FDS] = {[MOULD_OUT] = output[0],
                          [MOULD_ERROR] = output[1],
                          [MOULD_HELLO] = hello};
    /* One that may not be entered is an error of a start: the execution tells. */
    const char *directory = launch->directory ? launch->directory : ".";
    if (faccessat(AT_FDCWD, directory, X_OK, AT_EACCESS) < 0)
        return false;
    fds[MOULD_DIRECTORY] = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fds[MOULD_DIRECTORY] < 0)
        return false;
    bool forked = order(self, child, fds);
    close(fds[MOULD_DIRECTORY]);
    if (!forked)
        troupe__mould_end(owner);
    return forked;
}
