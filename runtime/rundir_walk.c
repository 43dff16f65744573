/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rundir_walk.c: the way to a run directory, and whom each step belongs to.
 *
 * Every step is opened first, without following links, and looked at then: what
 * was looked at is what is used, whatever happens to its name meanwhile.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/rundir_self.h"

enum { OTHERS_MAY = 077, OTHERS_WRITE = 022, PERMISSIONS = 07777 };

int
troupe_rundir_base(const char *given, const char *runtime_dir, char *base,
                   size_t size)
{
    int printed = 0;
    if (given)
        printed = snprintf(base, size, "%s", given);
    else if (runtime_dir && runtime_dir[0] == '/')
        printed = snprintf(base, size, "%s/troupe", runtime_dir);
    else
        printed =
            snprintf(base, size, "/tmp/troupe-%lu", (unsigned long) geteuid());
    return printed >= 0 && (size_t) printed < size ? 0 : -ENAMETOOLONG;
}

bool
troupe__rundir_is_run_name(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    size_t size = strnlen(name, TROUPE_NAME_MAX + 1);
    if (size == 0 || size > TROUPE_NAME_MAX || !strchr(letters, name[0]))
        return false;
    for (size_t i = 1; i < size; i++)
        if (!strchr(letters, name[i]) && !strchr("._-", name[i]))
            return false;
    return true;
}

bool
troupe__rundir_is_same(const struct stat *one, const struct stat *other)
{
    return one->st_dev == other->st_dev && one->st_ino == other->st_ino;
}

int
troupe__rundir_is_ours(const struct stat *status, const char *path, char *text)
{
    unsigned mode = status->st_mode & PERMISSIONS;
    bool is_directory = S_ISDIR(status->st_mode);
    if (status->st_uid != geteuid()) {
        return troupe__rundir_say(
            text, -EPERM,
            "%s belongs to user %lu, and this is user %lu; choose another "
            "base directory",
            path, (unsigned long) status->st_uid, (unsigned long) geteuid());
    }
    if (mode & OTHERS_MAY) {
        return troupe__rundir_say(
            text, -EPERM,
            "%s is open to other users (mode %04o); look at who uses it, then "
            "chmod %s, or choose another base directory",
            path, mode, is_directory ? "700" : "600");
    }
    return 0;
}

/* What a step on the way is, when it is not a directory. */
static int
is_directory(const struct stat *status, const char *path, char *text)
{
    if (S_ISDIR(status->st_mode))
        return 0;
    if (S_ISLNK(status->st_mode)) {
        return troupe__rundir_say(
            text, -ELOOP,
            "%s is a symbolic link, which could lead anywhere; remove it, or "
            "choose another base directory",
            path);
    }
    return troupe__rundir_say(text, -ENOTDIR,
                              "%s is not a directory; remove it, or choose "
                              "another base directory",
                              path);
}

/* Returns a descriptor of whatever stands there, links included. */
static int
look(int at, const char *name, const char *path, struct stat *ret_status,
     char *text)
{
    *ret_status = (struct stat){.st_ino = 0};
    int fd = openat(at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return troupe__rundir_cannot(text, -errno, "open", path);
    if (fstat(fd, ret_status) < 0) {
        int rc = troupe__rundir_cannot(text, -errno, "look at", path);
        close(fd);
        return rc;
    }
    return fd;
}

int
troupe__rundir_enter(int at, const char *name, const char *path, bool make,
                     char *text)
{
    struct stat status;
    if (make && mkdirat(at, name, S_IRWXU) < 0 && errno != EEXIST)
        return troupe__rundir_cannot(text, -errno, "make", path);
    int fd = look(at, name, path, &status, text);
    if (fd < 0)
        return fd;
    int rc = is_directory(&status, path, text);
    if (rc == 0)
        rc = troupe__rundir_is_ours(&status, path, text);
    if (rc == 0)
        return fd;
    close(fd);
    return rc;
}

/* Nobody but us and who the system belongs to can exchange what is in it: that
 * one owns "/", and is not always known as 0 in a user namespace. */
static int
is_safe_above(const struct stat *status, uid_t system, const char *path,
              char *text)
{
    int rc = is_directory(status, path, text);
    if (rc < 0)
        return rc;
    uid_t owner = status->st_uid;
    if (owner != geteuid() && owner != 0 && owner != system) {
        return troupe__rundir_say(text, -EPERM,
                                  "%s belongs to user %lu, who could exchange "
                                  "what is in it; choose a base directory "
                                  "elsewhere",
                                  path, (unsigned long) owner);
    }
    if ((status->st_mode & OTHERS_WRITE) && !(status->st_mode & S_ISVTX)) {
        return troupe__rundir_say(
            text, -EPERM,
            "%s lets other users exchange what is in it (mode %04o); choose a "
            "base directory elsewhere, or chmod go-w or +t",
            path, status->st_mode & PERMISSIONS);
    }
    return 0;
}

/* From "/" to a directory whose path has no links any more. */
static int
walk(char path[PATH_MAX], char *text)
{
    struct stat status;
    int fd = look(AT_FDCWD, "/", "/", &status, text);
    if (fd < 0)
        return fd;
    uid_t system = status.st_uid;
    int rc = is_safe_above(&status, system, "/", text);
    char *from = path + 1;
    while (rc == 0 && *from) {
        char *end = from + strcspn(from, "/");
        char kept = *end;
        *end = '\0';
        int next = look(fd, from, path, &status, text);
        rc = next < 0 ? next : is_safe_above(&status, system, path, text);
        *end = kept;
        from = kept ? end + 1 : end;
        if (next >= 0) {
            close(fd);
            fd = next;
        }
    }
    if (rc == 0)
        return fd;
    close(fd);
    return rc;
}

/* A base is a name in a directory. */
static int
split(const char *base, char above[PATH_MAX], char name[NAME_MAX + 1],
      char *text)
{
    size_t size = base ? strnlen(base, PATH_MAX) : 0;
    while (size > 1 && base[size - 1] == '/')
        size--;
    if (size < 2 || size == PATH_MAX || base[0] != '/') {
        return troupe__rundir_say(text, -EINVAL,
                                  "'%.300s' cannot be a base directory: write "
                                  "its path from / on, as in "
                                  "/run/user/1000/troupe",
                                  base ? base : "");
    }
    memcpy(above, base, size);
    above[size] = '\0';
    char *last = strrchr(above, '/');
    int printed = snprintf(name, NAME_MAX + 1, "%s", last + 1);
    if (printed > NAME_MAX || strcmp(name, ".") == 0
        || strcmp(name, "..") == 0) {
        return troupe__rundir_say(text, -EINVAL,
                                  "'%.300s' cannot be a base directory: the "
                                  "last step of it must be a name",
                                  base);
    }
    last[last == above ? 1 : 0] = '\0';
    return 0;
}

int
troupe__rundir_enter_base(const char *base, bool make, char ret_path[PATH_MAX],
                          char *text)
{
    char above[PATH_MAX], path[PATH_MAX], name[NAME_MAX + 1];
    int rc = split(base, above, name, text);
    if (rc < 0)
        return rc;
    if (!realpath(above, ret_path))
        return troupe__rundir_cannot(text, -errno, "find", above);
    int fd = walk(ret_path, text);
    if (fd < 0)
        return fd;
    const char *root = strcmp(ret_path, "/") == 0 ? "" : ret_path;
    if (troupe__rundir_join(path, sizeof path, root, name)) {
        memcpy(ret_path, path, sizeof path);
        rc = troupe__rundir_enter(fd, name, ret_path, make, text);
    } else {
        rc = troupe__rundir_cannot(text, -ENAMETOOLONG, "use", above);
    }
    close(fd);
    return rc;
}
