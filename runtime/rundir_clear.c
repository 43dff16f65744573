/* SPDX-License-Identifier: Apache-2.0 */
/* rundir_clear.c: removes what a run has made, and nothing else. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "mailbox/check.h"
#include "runtime/rundir_self.h"

enum { NODE_MAX = 1023, WORKER_MAX = 1023 };

bool
troupe__rundir_is_generation(const char *name)
{
    static const char digits[] = "0123456789abcdef";
    return strncmp(name, "g-", 2) == 0 && strlen(name) == GENERATION_SIZE - 1
           && strspn(name + 2, digits) == GENERATION_SIZE - 3;
}

/* Up to four digits, as printf writes a number; the rest, or NULL. */
static const char *
read_number(const char *text, unsigned max, unsigned *ret)
{
    size_t size = strspn(text, "0123456789");
    if (size == 0 || size > 4 || (text[0] == '0' && size > 1))
        return NULL;
    *ret = 0;
    for (size_t i = 0; i < size; i++)
        *ret = *ret * 10 + (unsigned) (text[i] - '0');
    return *ret <= max ? text + size : NULL;
}

/* "n7.w0" and such: what follows the number of the node, or NULL. */
static const char *
read_node(const char *name)
{
    unsigned node = 0;
    const char *rest =
        name[0] == 'n' ? read_number(name + 1, NODE_MAX, &node) : NULL;
    return rest && node > 0 ? rest : NULL;
}

static bool
is_marks(const char *name)
{
    const char *rest = read_node(name);
    return rest && strcmp(rest, ".marks") == 0;
}

bool
troupe__rundir_is_socket(const char *name)
{
    unsigned worker = 0;
    if (strcmp(name, "hub") == 0 || strcmp(name, "admin") == 0)
        return true;
    const char *rest = read_node(name);
    if (!rest || strncmp(rest, ".w", 2) != 0)
        return false;
    rest = read_number(rest + 2, WORKER_MAX, &worker);
    return rest && *rest == '\0';
}

static bool
is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* A stream over a directory that is open as a mere path. */
DIR *
troupe__rundir_read(int path_fd)
{
    int fd = openat(path_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);
    if (fd >= 0 && !stream)
        close(fd);
    return stream;
}

/* Nobody else can exchange it between the look and the removal: the directory
 * is ours, and the lock is held. */
static void
clear_sockets(int fd, const char *path, char *text)
{
    DIR *stream = troupe__rundir_read(fd);
    for (struct dirent *entry; stream && (entry = readdir(stream));) {
        struct stat status;
        const char *name = entry->d_name;
        if (is_dots(name))
            continue;
        bool marks = is_marks(name);
        if ((!marks && !troupe__rundir_is_socket(name))
            || fstatat(fd, name, &status, AT_SYMLINK_NOFOLLOW) < 0
            || !(marks ? S_ISREG(status.st_mode) : S_ISSOCK(status.st_mode))
            || status.st_uid != geteuid() || unlinkat(fd, name, 0) < 0)
            troupe__rundir_left(text, path, name);
    }
    if (stream)
        closedir(stream);
}

void
troupe__rundir_clear(const troupe_rundir_t *self, const char *name, int run_fd,
                     char *text)
{
    struct stat held, named = {.st_ino = 0};
    char path[TROUPE_RUN_PATH + GENERATION_SIZE], why[TROUPE_RUN_TEXT];
    CHECK(troupe__rundir_is_generation(name));
    if (fstatat(self->name_fd, name, &named, AT_SYMLINK_NOFOLLOW) < 0
        && errno == ENOENT)
        return; /* somebody tidied up */
    CHECK(troupe__rundir_join(path, sizeof path, self->parent, name));
    int fd = run_fd >= 0
                 ? run_fd
                 : troupe__rundir_enter(self->name_fd, name, path, false, why);
    bool ours = fd >= 0 && fstat(fd, &held) == 0
                && troupe__rundir_is_same(&held, &named);
    size_t before = strlen(text);
    if (ours)
        clear_sockets(fd, path, text);
    if (fd >= 0 && fd != run_fd)
        close(fd);
    if (strlen(text) > before)
        return; /* what is in it was named */
    if (!ours || unlinkat(self->name_fd, name, AT_REMOVEDIR) < 0)
        troupe__rundir_left(text, self->parent, name);
}

void
troupe__rundir_clear_stale(const troupe_rundir_t *self, char *text)
{
    DIR *stream = troupe__rundir_read(self->name_fd);
    for (struct dirent *entry; stream && (entry = readdir(stream));) {
        const char *name = entry->d_name;
        if (is_dots(name) || strcmp(name, "lock") == 0)
            continue;
        if (troupe__rundir_is_generation(name))
            troupe__rundir_clear(self, name, -1, text);
        else
            troupe__rundir_left(text, self->parent, name);
    }
    if (stream)
        closedir(stream);
}
