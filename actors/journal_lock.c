/* SPDX-License-Identifier: Apache-2.0 */
/* journal_lock.c: one process writes a journal at a time. */
#include "actors/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * A lock on a file of its own, so that who reads the journal disturbs nobody;
 * it belongs to the open file, and is gone with its process. The number in it
 * is for people. Source: fcntl(2), open file description locks.
 */
static int
open_lock(const char *path, int flags)
{
    struct troupe__text name = {0};
    troupe__text_printf(&name, "%s-lock", path);
    int fd = open(name.data, flags | O_CLOEXEC, 0600);
    int rc = fd < 0 ? -errno : fd;
    troupe__text_free(&name);
    return rc;
}

static pid_t
read_holder(int fd)
{
    char line[32] = "";
    ssize_t size = pread(fd, line, sizeof line - 1, 0);
    return size > 0 ? (pid_t) strtol(line, NULL, 10) : 0;
}

int
troupe__journal_lock(const char *path, int *ret_fd, pid_t *ret_holder)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    char line[32];
    int fd = open_lock(path, O_RDWR | O_CREAT);
    *ret_holder = 0;
    if (fd < 0)
        return fd == -EROFS || fd == -EPERM ? -EACCES : fd;
    if (fcntl(fd, F_OFD_SETLK, &whole) < 0) {
        int rc = errno == EAGAIN || errno == EACCES ? -EBUSY : -EIO;
        *ret_holder = read_holder(fd);
        close(fd);
        return rc;
    }
    int size = snprintf(line, sizeof line, "%d\n", (int) getpid());
    if (ftruncate(fd, 0) < 0 || pwrite(fd, line, (size_t) size, 0) < 0) {
        int rc = errno == ENOSPC ? -ENOSPC : -EIO;
        close(fd);
        return rc;
    }
    *ret_fd = fd;
    return 0;
}

pid_t
troupe__journal_holder(const char *path)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int fd = open_lock(path, O_RDONLY);
    if (fd < 0)
        return 0;
    bool held = fcntl(fd, F_OFD_GETLK, &whole) == 0 && whole.l_type != F_UNLCK;
    pid_t holder = held ? read_holder(fd) : 0;
    close(fd);
    return held && holder == 0 ? -1 : holder;
}
