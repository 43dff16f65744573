/* SPDX-License-Identifier: Apache-2.0 */
/* rundir.c: the private directory of a run, from its beginning to its end. */
#include "troupe_rundir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/un.h>
#include <unistd.h>

#include "mailbox/check.h"
#include "runtime/rundir_self.h"

_Static_assert(TROUPE_RUN_PATH == sizeof((struct sockaddr_un *) 0)->sun_path,
               "what a socket's path has");

/* How often others may remove or make under our hands what we are about to. */
enum { TRIES = 100 };

static void
close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void
let_go(troupe_rundir_t *self)
{
    close_fd(&self->run_fd);
    close_fd(&self->name_fd);
    close_fd(&self->base_fd);
    close_fd(&self->lock_fd); /* the lock goes last */
}

/* Whether a name still leads to what is open. */
static bool
still_there(int at, const char *name, int fd)
{
    struct stat open, named;
    return fd >= 0 && fstat(fd, &open) == 0
           && fstatat(at, name, &named, AT_SYMLINK_NOFOLLOW) == 0
           && troupe__rundir_is_same(&open, &named);
}

/* BASE/NAME; where something was left, or another has begun, it stays. */
static void
remove_empty(const troupe_rundir_t *self)
{
    if (still_there(self->base_fd, self->name, self->name_fd))
        unlinkat(self->base_fd, self->name, AT_REMOVEDIR);
}

/* The longest path of a socket must fit, or it could not be bound later on. */
static int
check_length(const char *base, const char *name, char *text)
{
    size_t longest = strlen(base) + 1 + strlen(name) + 1 + GENERATION_SIZE - 1
                     + 1 + SOCKET_NAME_SIZE - 1;
    if (longest < TROUPE_RUN_PATH)
        return 0;
    return troupe__rundir_say(
        text, -ENAMETOOLONG,
        "the base directory %.300s is too long: the sockets of '%s' below it "
        "would have paths of up to %zu bytes, and %d is the most; choose a "
        "base "
        "directory, or a name, that is %zu bytes shorter",
        base, name, longest, TROUPE_RUN_PATH - 1,
        longest - (TROUPE_RUN_PATH - 1));
}

/* A directory of a name that nobody can know beforehand. */
static int
make_generation(troupe_rundir_t *self, char *text)
{
    int rc = -EEXIST;
    for (int i = 0; i < TRIES && rc == -EEXIST; i++) {
        uint32_t number = 0;
        if (getrandom(&number, sizeof number, 0) != sizeof number)
            return troupe__rundir_cannot(text, -errno, "name a directory in",
                                         self->parent);
        snprintf(self->generation, sizeof self->generation, "g-%08x", number);
        rc = mkdirat(self->name_fd, self->generation, S_IRWXU) < 0 ? -errno : 0;
    }
    CHECK(troupe__rundir_join(self->directory, sizeof self->directory,
                              self->parent, self->generation));
    if (rc < 0) {
        self->generation[0] = '\0';
        return troupe__rundir_cannot(text, rc, "make", self->directory);
    }
    self->run_fd = troupe__rundir_enter(self->name_fd, self->generation,
                                        self->directory, false, text);
    if (self->run_fd >= 0)
        return 0;
    unlinkat(self->name_fd, self->generation, AT_REMOVEDIR);
    self->generation[0] = '\0';
    return self->run_fd;
}

/* -ESTALE: another run that ended has removed what it had made. */
static int
try_open(troupe_rundir_t *self, const char *base, char *text)
{
    char path[PATH_MAX];
    self->base_fd = troupe__rundir_enter_base(base, true, path, text);
    if (self->base_fd < 0)
        return self->base_fd;
    int rc = check_length(path, self->name, text);
    if (rc < 0)
        return rc;
    CHECK(troupe__rundir_join(self->parent, sizeof self->parent, path,
                              self->name));
    self->name_fd = troupe__rundir_enter(self->base_fd, self->name,
                                         self->parent, true, text);
    if (self->name_fd < 0)
        return self->name_fd == -ENOENT ? -ESTALE : self->name_fd;
    return troupe__rundir_lock(self, text);
}

static int
begin(troupe_rundir_t *self, char *text)
{
    int rc = troupe__rundir_lock_write(self, text);
    if (rc < 0)
        return rc;
    text[0] = '\0';
    troupe__rundir_clear_stale(self, text);
    rc = make_generation(self, text);
    return rc < 0 ? rc : troupe__rundir_lock_write(self, text);
}

int
troupe_rundir_open(const char *base, const char *name, troupe_rundir_t **ret,
                   char text[TROUPE_RUN_TEXT])
{
    CHECK(ret && text);
    text[0] = '\0';
    if (!name || !troupe__rundir_is_run_name(name)) {
        return troupe__rundir_say(
            text, -EINVAL,
            "the name of a run has 1 to %d letters (A-Z, a-z), digits, '.', "
            "'_' and '-', and begins with a letter or digit",
            TROUPE_NAME_MAX);
    }
    troupe_rundir_t *self = troupe__alloc(sizeof *self);
    *self = (troupe_rundir_t){-1, -1, -1, -1, .generation = ""};
    memcpy(self->name, name, strlen(name) + 1);
    int rc = -ESTALE;
    for (int i = 0; i < TRIES && rc == -ESTALE; i++) {
        let_go(self);
        rc = try_open(self, base, text);
    }
    if (rc == -ESTALE) {
        rc = troupe__rundir_say(text, -EBUSY,
                                "others begin and end '%s' all the time; try "
                                "again, or choose another name",
                                name);
    }
    char left[TROUPE_RUN_TEXT] = "";
    if (rc == 0 && (rc = begin(self, text)) < 0)
        troupe_rundir_close(&self, left);
    if (rc == 0) {
        *ret = self;
        return 0;
    }
    if (self) {
        remove_empty(self);
        let_go(self);
    }
    free(self);
    return rc;
}

const char *
troupe_rundir_directory(const troupe_rundir_t *self)
{
    CHECK(self);
    return self->directory;
}

int
troupe_rundir_check(const troupe_rundir_t *self, char text[TROUPE_RUN_TEXT])
{
    CHECK(self && text);
    text[0] = '\0';
    char lock[TROUPE_RUN_PATH + sizeof "/lock"];
    CHECK(troupe__rundir_join(lock, sizeof lock, self->parent, "lock"));
    const char *gone = NULL;
    /* By their whole paths: that is how others look for them. */
    if (!still_there(AT_FDCWD, lock, self->lock_fd))
        gone = lock;
    else if (!still_there(AT_FDCWD, self->directory, self->run_fd))
        gone = self->directory;
    if (!gone)
        return 0;
    return troupe__rundir_say(
        text, -ESTALE,
        "%s was removed or exchanged while '%s' ran; start it again, in a base "
        "directory that nothing tidies up",
        gone, self->name);
}

void
troupe_rundir_close(troupe_rundir_t **self_p, char text[TROUPE_RUN_TEXT])
{
    CHECK(self_p && text);
    text[0] = '\0';
    troupe_rundir_t *self = *self_p;
    if (!self)
        return;
    if (self->generation[0]
        && still_there(self->base_fd, self->name, self->name_fd))
        troupe__rundir_clear(self, self->generation, self->run_fd, text);
    if (still_there(self->name_fd, "lock", self->lock_fd))
        unlinkat(self->name_fd, "lock", 0);
    remove_empty(self);
    let_go(self);
    free(self);
    *self_p = NULL;
}

int
troupe_rundir_socket(const char *directory, const char *name,
                     char path[TROUPE_RUN_PATH], char text[TROUPE_RUN_TEXT])
{
    CHECK(directory && name && path && text);
    struct stat status;
    text[0] = '\0';
    if (!troupe__rundir_is_socket(name)) {
        return troupe__rundir_say(
            text, -EINVAL, "'%.40s' is no name of a socket of a run", name);
    }
    if (!troupe__rundir_join(path, TROUPE_RUN_PATH, directory, name)) {
        return troupe__rundir_say(text, -ENAMETOOLONG,
                                  "%.300s is too long: the path of a socket "
                                  "has at most %d bytes",
                                  directory, TROUPE_RUN_PATH - 1);
    }
    int fd = troupe__rundir_enter(AT_FDCWD, directory, directory, false, text);
    if (fd < 0)
        return fd;
    int rc = 0;
    if (fstatat(fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0) {
        rc = troupe__rundir_say(text, -EEXIST,
                                "%s is there already, and would be removed by "
                                "binding to it; find out who uses it, and "
                                "remove it then",
                                path);
    } else if (errno != ENOENT) {
        rc = troupe__rundir_cannot(text, -errno, "look at", path);
    }
    close(fd);
    return rc;
}

uint64_t
troupe_rundir_socket_id(const char *path)
{
    struct stat status;
    CHECK(path);
    bool ours = lstat(path, &status) == 0 && S_ISSOCK(status.st_mode)
                && status.st_uid == geteuid();
    if (!ours)
        return 0;
    /* Numbers of files are given again; the same one later is another. */
    uint64_t at = (uint64_t) status.st_ctim.tv_sec * 1000000000u
                  + (uint64_t) status.st_ctim.tv_nsec;
    uint64_t id = (uint64_t) status.st_ino ^ at * UINT64_C(0x9e3779b97f4a7c15);
    return id ? id : 1;
}
