/* SPDX-License-Identifier: Apache-2.0 */
/* process_adopt.c: a child takes over what it inherited. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/process_adopt.h"

enum { LOOK_MS = 500 };

/* What the watching thread waits for; it lives as long as the process. */
static struct pollfd ends[2];
static pid_t parent;

/* The descriptor that a variable names, closed on exec; the variable goes. */
static int
take_fd(const char *variable)
{
    const char *text = getenv(variable);
    if (!text)
        return -ENODATA;
    char *end = NULL;
    errno = 0;
    long fd = strtol(text, &end, 10);
    bool is_number = end != text && *end == '\0' && errno == 0;
    unsetenv(variable);
    struct stat status;
    if (!is_number || fd < 0 || fd > 1 << 20 || fstat((int) fd, &status) < 0
        || !S_ISFIFO(status.st_mode))
        return -EBADMSG;
    if (fcntl((int) fd, F_SETFD, FD_CLOEXEC) < 0)
        return -errno;
    return (int) fd;
}

/* All of the hello, or the reason why not. */
static int
read_hello(int fd, char *bytes, size_t size, size_t *ret_size)
{
    size_t have = 0;
    for (;;) {
        char more = 0;
        char *to = have < size ? bytes + have : &more;
        ssize_t got = read(fd, to, have < size ? size - have : 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (got == 0)
            break;
        if (to == &more)
            return -EMSGSIZE;
        have += (size_t) got;
    }
    *ret_size = have;
    return 0;
}

/* Somebody closed one of our descriptors: the other must do. Without any, the
 * number of the parent, which changes with its end, is looked at. */
static int
forget_closed(void)
{
    int left = 0;
    for (int i = 0; i < 2; i++) {
        if (ends[i].revents & POLLNVAL)
            ends[i].fd = -1;
        left += ends[i].fd >= 0;
    }
    return left;
}

static void *
watch(void *unused)
{
    int timeout_ms = -1;
    for (;;) {
        int count = poll(ends, 2, timeout_ms);
        if (count < 0)
            continue;
        if (((ends[0].revents | ends[1].revents) & (POLLIN | POLLHUP))
            || getppid() != parent)
            break;
        timeout_ms = forget_closed() > 0 ? -1 : LOOK_MS;
    }
    kill(0, SIGKILL);
    _exit(EXIT_FAILURE); /* not reached */
    return unused;
}

static int
watch_owner(int lifeline)
{
    if (prctl(PR_SET_PDEATHSIG, SIGCONT) < 0)
        return -errno;
    /* The parent may have gone before that; then the lifeline is at its end.
     * If not, its number is the right one. */
    parent = getppid();
    int parent_fd = (int) syscall(SYS_pidfd_open, parent, 0);
    ends[0] = (struct pollfd){.fd = lifeline, .events = POLLIN};
    ends[1] = (struct pollfd){.fd = parent_fd, .events = POLLIN};
    if (poll(ends, 2, 0) > 0)
        kill(0, SIGKILL);

    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t thread;
    int rc = -pthread_create(&thread, NULL, watch, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc == 0)
        return -pthread_detach(thread);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (parent_fd >= 0)
        close(parent_fd);
    return rc;
}

int
troupe__process_adopt(void *hello, size_t size, size_t *ret_size)
{
    size_t have = 0;
    if (gettid() != getpid())
        return -EPERM;
    int lifeline = take_fd(TROUPE__LIFELINE_ENV);
    int hello_fd = take_fd(TROUPE__HELLO_ENV);
    int rc = hello_fd == -ENODATA ? 0 : hello_fd;
    if (hello_fd >= 0) {
        rc = read_hello(hello_fd, hello, size, &have);
        close(hello_fd);
    }
    if (lifeline < 0)
        return lifeline;
    if (ret_size)
        *ret_size = have;
    /* Even with a wrong hello the process must not outlive its owner. */
    int watch_rc = watch_owner(lifeline);
    return rc < 0 ? rc : watch_rc;
}
