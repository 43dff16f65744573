/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rundir_lock.c: the lock of a run: one holder at a time, and who it is.
 *
 * The lock file is removed by its holder while it is held. So who gets the lock
 * looks whether the file is still the one that has the name; if not, somebody
 * else may hold another one by now, and everything begins anew.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mailbox/check.h"
#include "runtime/rundir_self.h"

enum { CONTENT_MAX = 64 };

/* "1234 g-1a2b3c4d\n"; the second word comes later than the first. What was
 * written by one who is no more says nothing about the holder. */
static void
read_holder(int fd, troupe_run_t *run)
{
    char content[CONTENT_MAX + 1] = "", *end = NULL;
    if (pread(fd, content, CONTENT_MAX, 0) <= 0)
        return;
    content[strcspn(content, "\n")] = '\0';
    long pid = strtol(content, &end, 10);
    if (pid <= 0 || pid > INT_MAX
        || (kill((pid_t) pid, 0) < 0 && errno == ESRCH))
        return;
    run->pid = (pid_t) pid;
    if (*end == ' ' && troupe__rundir_is_generation(end + 1))
        memcpy(run->directory, end + 1, GENERATION_SIZE);
}

bool
troupe__rundir_is_held(int name_fd, troupe_run_t *run)
{
    struct stat status;
    struct flock wanted = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int fd =
        openat(name_fd, "lock", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool held = fstat(fd, &status) == 0 && S_ISREG(status.st_mode)
                && fcntl(fd, F_OFD_GETLK, &wanted) == 0
                && wanted.l_type != F_UNLCK;
    if (held)
        read_holder(fd, run);
    close(fd);
    return held;
}

static int
say_busy(const troupe_rundir_t *self, int fd, char *text)
{
    troupe_run_t run = {.pid = 0};
    char process[32] = "its number is not known";
    read_holder(fd, &run);
    if (run.pid)
        snprintf(process, sizeof process, "process %ld", (long) run.pid);
    return troupe__rundir_say(
        text, -EBUSY,
        "'%s' runs already (%s); stop it first, or choose "
        "another name",
        self->name, process);
}

/* A lock file that is ours, and the lock on it. */
static int
take(const troupe_rundir_t *self, int fd, const char *path, char *text)
{
    struct stat status, named;
    struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fstat(fd, &status) < 0)
        return troupe__rundir_cannot(text, -errno, "look at", path);
    if (!S_ISREG(status.st_mode)) {
        return troupe__rundir_say(text, -EPERM,
                                  "%s is not a regular file; remove it", path);
    }
    int rc = troupe__rundir_is_ours(&status, path, text);
    if (rc < 0)
        return rc;
    if (fcntl(fd, F_OFD_SETLK, &all) < 0) {
        return errno == EAGAIN || errno == EACCES
                   ? say_busy(self, fd, text)
                   : troupe__rundir_cannot(text, -errno, "lock", path);
    }
    if (fstatat(self->name_fd, "lock", &named, AT_SYMLINK_NOFOLLOW) < 0
        || !troupe__rundir_is_same(&status, &named))
        return -ESTALE;
    return 0;
}

int
troupe__rundir_lock(troupe_rundir_t *self, char *text)
{
    char path[TROUPE_RUN_PATH + sizeof "/lock"];
    CHECK(troupe__rundir_join(path, sizeof path, self->parent, "lock"));
    int fd = openat(self->name_fd, "lock",
                    O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
                    S_IRUSR | S_IWUSR);
    if (fd < 0 && errno == ENOENT)
        return -ESTALE; /* the directory was removed meanwhile */
    if (fd < 0 && errno == ELOOP) {
        return troupe__rundir_say(text, -ELOOP,
                                  "%s is a symbolic link; remove it", path);
    }
    if (fd < 0)
        return troupe__rundir_cannot(text, -errno, "open", path);
    int rc = take(self, fd, path, text);
    if (rc < 0) {
        close(fd);
        return rc;
    }
    self->lock_fd = fd;
    return 0;
}

int
troupe__rundir_lock_write(const troupe_rundir_t *self, char *text)
{
    char content[CONTENT_MAX], path[TROUPE_RUN_PATH + sizeof "/lock"];
    CHECK(self->lock_fd >= 0);
    int size = snprintf(content, sizeof content, "%ld%s%s\n", (long) getpid(),
                        self->generation[0] ? " " : "", self->generation);
    ssize_t put = ftruncate(self->lock_fd, 0) < 0
                      ? -1
                      : pwrite(self->lock_fd, content, (size_t) size, 0);
    if (put == size)
        return 0;
    CHECK(troupe__rundir_join(path, sizeof path, self->parent, "lock"));
    return troupe__rundir_cannot(text, put < 0 ? -errno : -ENOSPC, "write",
                                 path);
}
