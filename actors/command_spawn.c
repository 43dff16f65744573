/* SPDX-License-Identifier: Apache-2.0 */
/* command_spawn.c: starts a program in a process group of its own. */
#include "actors/command.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/raw_child.h"

enum { FD_COUNT = 3 };

/* What one start works with; the child writes its failure into it. */
struct start {
    const char *path;
    char *const *argv;
    char *const *env;
    const char *directory;
    uint64_t *line; /* that its group is written into, or NULL */
    bool outlives;
    pid_t parent;
    int fds[FD_COUNT]; /* what shall be 0, 1, 2; all are above those */
    struct troupe__raw_failure failure;
};

/* "NUMBER\n" with blanks in front, by one store: half of a number is another
 * one. */
TROUPE__RAW static void
raw_write_line(uint64_t *line, long number)
{
    volatile union {
        char text[sizeof(uint64_t)];
        uint64_t whole;
    } it;
    for (unsigned i = 0; i < sizeof it.text - 1; i++)
        it.text[i] = ' ';
    it.text[sizeof it.text - 1] = '\n';
    for (unsigned i = sizeof it.text - 1; i-- > 0 && number > 0; number /= 10)
        it.text[i] = (char) ('0' + number % 10);
    if (number == 0) /* else it has more digits than any has */
        *(volatile uint64_t *) line = it.whole;
}

TROUPE__RAW static int
raw_child(void *arg)
{
    struct start *self = arg;
    if (syscall(SYS_setpgid, 0, 0) < 0)
        troupe__raw_failed(&self->failure, "process group", -errno);
    if (!self->outlives)
        troupe__raw_bind(&self->failure, self->parent);
    if (self->line)
        raw_write_line(self->line, syscall(SYS_getpid));
    for (int i = 0; i < FD_COUNT; i++)
        if (syscall(SYS_dup3, self->fds[i], i, 0) < 0)
            troupe__raw_failed(&self->failure, "descriptors", -errno);
    if (syscall(SYS_close_range, FD_COUNT, ~0U, 0) < 0)
        troupe__raw_failed(&self->failure, "descriptors", -errno);
    return troupe__raw_execute(&self->failure, self->directory, self->path,
                               self->argv, self->env);
}

static int
open_pipe(int fds[2])
{
    if (pipe2(fds, O_CLOEXEC) < 0) {
        fds[0] = fds[1] = -1;
        return -errno;
    }
    int rc = troupe__raw_lift(&fds[0], FD_COUNT);
    if (rc == 0)
        rc = troupe__raw_lift(&fds[1], FD_COUNT);
    if (rc == 0 && fcntl(fds[0], F_SETFL, O_NONBLOCK) < 0)
        rc = -errno;
    return rc;
}

/* What it is given; or a file in memory with all that it will read, or nothing
 * to read. */
static int
open_input(const struct command_request *request, int *ret_fd)
{
    size_t size = request->input_size;
    int fd = request->input_fd >= 0
                 ? fcntl(request->input_fd, F_DUPFD_CLOEXEC, FD_COUNT)
             : size == 0 ? open("/dev/null", O_RDONLY | O_CLOEXEC)
                         : memfd_create("stdin", MFD_CLOEXEC);
    if (fd < 0)
        return -errno;
    *ret_fd = fd;
    const char *at = request->input;
    for (size_t left = size; left > 0;) {
        ssize_t written = write(fd, at, left);
        if (written < 0 && errno != EINTR)
            return -errno;
        at += written > 0 ? written : 0;
        left -= written > 0 ? (size_t) written : 0;
    }
    if (size > 0 && lseek(fd, 0, SEEK_SET) < 0)
        return -errno;
    return troupe__raw_lift(ret_fd, FD_COUNT);
}

/* The file of a name, as execvp(3) looks for it; NULL for none. */
static char *
find_program(const char *name, int *ret_rc)
{
    *ret_rc = -ENOENT;
    if (strchr(name, '/'))
        return strdup(name);
    const char *path = getenv("PATH");
    if (!path)
        path = "/bin:/usr/bin";
    for (const char *at = path; *name; at++) {
        size_t size = strcspn(at, ":");
        char *file = NULL;
        const char *directory = size > 0 ? at : ".";
        if (asprintf(&file, "%.*s/%s", size > 0 ? (int) size : 1, directory,
                     name)
            < 0)
            return NULL;
        if (access(file, X_OK) == 0)
            return file;
        if (errno == EACCES)
            *ret_rc = -EACCES;
        free(file);
        at += size;
        if (!*at)
            break;
    }
    return NULL;
}

static void
close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static int
run_child(struct start *start, void *stack, struct command_process *ret)
{
    int flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD;
    char *top = (char *) stack + COMMAND_STACK;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* no handler runs in it */
    pid_t pid = __clone(raw_child, top, flags, start, &ret->pidfd);
    int error = -errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (pid < 0) {
        ret->pidfd = -1;
        ret->step = "clone";
        return error;
    }
    ret->pid = pid;
    if (start->failure.error == 0)
        return 0;
    siginfo_t info;
    while (waitid(P_PIDFD, (id_t) ret->pidfd, &info, WEXITED) < 0
           && errno == EINTR)
        continue;
    ret->step = start->failure.step;
    return start->failure.error;
}

int
troupe__command_start(const char *path, char *const *argv, const int *fds,
                      void *stack, struct command_process *ret_process)
{
    struct start start = {.path = path,
                          .argv = argv,
                          .env = environ,
                          .outlives = true,
                          .fds = {fds[0], fds[1], fds[2]}};
    for (int i = 0; i < FD_COUNT; i++)
        if (fds[i] < FD_COUNT)
            return -EBADF;
    return run_child(&start, stack, ret_process);
}

int
troupe__command_spawn(const struct command_request *request, uint64_t *line,
                      void *stack, struct command_process *ret_process)
{
    int rc = 0;
    int input = -1;
    int out[2][2] = {{-1, -1}, {-1, -1}};
    *ret_process = (struct command_process){
        .pidfd = -1, .out = {-1, -1}, .step = "look for"};
    struct start start = {.argv = request->argv,
                          .env = request->env ? request->env : environ,
                          .directory = request->directory,
                          .line = line,
                          .parent = getpid()};
    char *path = find_program(request->argv[0], &rc);
    start.path = path;
    if (path) {
        ret_process->step = "pipe";
        rc = open_input(request, &input);
    }
    for (int i = 0; i < 2 && path && rc == 0; i++)
        rc = open_pipe(out[i]);
    if (path && rc == 0) {
        start.fds[0] = input;
        start.fds[1] = out[0][1];
        start.fds[2] = out[1][1];
        rc = run_child(&start, stack, ret_process);
    }
    close_fd(&input);
    for (int i = 0; i < 2; i++) {
        close_fd(&out[i][1]);
        if (rc < 0)
            close_fd(&out[i][0]);
        ret_process->out[i] = out[i][0];
    }
    if (rc < 0)
        close_fd(&ret_process->pidfd);
    free(path);
    return rc;
}
