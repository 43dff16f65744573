/* SPDX-License-Identifier: Apache-2.0 */
/* formatter.c: mandoc(1) as a function from manual pages to HTML. */
#include "actors/formatter.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "mailbox/check.h"

/* Children see the pages at these descriptors; ours are below or above. */
#define CHILD_FD 10

struct job {
    int pages[TROUPE__FORMAT_MAX]; /* memory files */
    size_t count;
    int out[2]; /* pipe from mandoc */
    pid_t pid;
};

static int64_t
now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int
page_open(const struct troupe__text *source)
{
    int low = memfd_create("page", MFD_CLOEXEC);
    if (low < 0)
        return -1;
    /* Out of the way of CHILD_FD + i, which the child is about to fill. */
    int fd = fcntl(low, F_DUPFD_CLOEXEC, CHILD_FD + (int) TROUPE__FORMAT_MAX);
    close(low);
    size_t at = 0;
    while (fd >= 0 && at < source->size) {
        ssize_t put = write(fd, source->data + at, source->size - at);
        if (put < 0) {
            close(fd);
            return -1;
        }
        at += (size_t) put;
    }
    return fd;
}

static int
job_open(struct job *self, const struct troupe__text *const *sources,
         size_t count)
{
    *self = (struct job){.out = {-1, -1}, .pid = -1};
    for (; self->count < count; self->count++) {
        int fd = page_open(sources[self->count]);
        if (fd < 0)
            return -EIO;
        self->pages[self->count] = fd;
    }
    return pipe2(self->out, O_CLOEXEC) < 0 ? -EIO : 0;
}

static void
job_close(struct job *self)
{
    for (size_t i = 0; i < self->count; i++)
        close(self->pages[i]);
    for (size_t i = 0; i < 2; i++)
        if (self->out[i] >= 0)
            close(self->out[i]);
}

static int
job_spawn(struct job *self)
{
    char names[TROUPE__FORMAT_MAX][24];
    char *argv[TROUPE__FORMAT_MAX + 10];
    size_t argc = 0;
    static const char *const fixed[] = {"mandoc",   "-T", "html", "-O",
                                        "fragment", "-K", "utf-8"};
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        argv[argc++] = (char *) (uintptr_t) fixed[i];

    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, self->out[1], 1);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    for (size_t i = 0; i < self->count; i++) {
        int fd = CHILD_FD + (int) i;
        posix_spawn_file_actions_adddup2(&actions, self->pages[i], fd);
        snprintf(names[i], sizeof names[i], "/dev/fd/%d", fd);
        argv[argc++] = names[i];
    }
    argv[argc] = NULL;
    char *const environment[] = {NULL};
    int rc =
        posix_spawnp(&self->pid, "mandoc", &actions, NULL, argv, environment);
    posix_spawn_file_actions_destroy(&actions);
    close(self->out[1]);
    self->out[1] = -1;
    if (rc != 0)
        self->pid = -1;
    return rc == 0 ? 0 : rc == ENOENT ? -ENOENT : -EIO;
}

static int
job_read(struct job *self, size_t size_max, struct troupe__text *html)
{
    int64_t end = now_ms() + 10000 + 1000 * (int64_t) self->count;
    for (;;) {
        int64_t left = end - now_ms();
        if (left <= 0)
            return -ETIMEDOUT;
        struct pollfd wait = {.fd = self->out[0], .events = POLLIN};
        int ready = poll(&wait, 1, (int) left);
        if (ready < 0 && errno != EINTR)
            return -EIO;
        if (ready <= 0)
            continue;
        const size_t chunk = (size_t) 256 << 10;
        char *room = troupe__text_room(html, chunk);
        ssize_t got = read(self->out[0], room, chunk);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -EIO;
        html->size += (size_t) got;
        html->data[html->size] = 0;
        if (got == 0)
            return 0;
        if (html->size > size_max)
            return -EFBIG;
    }
}

int
troupe__format(const struct troupe__text *const *sources, size_t count,
               struct troupe__text *html)
{
    CHECK(count > 0 && count <= TROUPE__FORMAT_MAX);
    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += sources[i]->size;

    struct job job;
    int rc = job_open(&job, sources, count);
    if (rc == 0)
        rc = job_spawn(&job);
    if (rc == 0)
        rc = job_read(&job, size * 30 + ((size_t) 1 << 20), html);
    if (job.pid > 0) {
        if (rc < 0)
            kill(job.pid, SIGKILL);
        while (waitpid(job.pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    job_close(&job);
    return rc;
}
