/* SPDX-License-Identifier: Apache-2.0 */
/* runs.c: the directory of a run of a topology, and which runs there are. */
#include "tools/runs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "troupe_base.h"

#include "tools/findings.h"

#define ADMIN "admin"

static char *
base_path(void)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    if (runtime && runtime[0] == '/')
        return troupe__format("%s/troupe", runtime);
    return troupe__format("/tmp/troupe-%u", (unsigned) geteuid());
}

char *
troupe__venue_name(const char *name)
{
    static const char good[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                               "abcdefghijklmnopqrstuvwxyz0123456789._-";
    size_t size = strlen(name);
    char *text =
        troupe__copy(name, size > TROUPE_NAME_MAX ? TROUPE_NAME_MAX : size);
    for (char *at = text; *at; at++)
        if (!strchr(good, *at))
            *at = '_';
    if (!*text || strchr("._-", *text)) {
        char *longer = troupe__format("x%s", text);
        free(text);
        text = longer;
    }
    return text;
}

/* A directory that is this user's, and open to nobody else. */
static int
make_private(const char *path, char why[512])
{
    struct stat status;
    if (mkdir(path, 0700) < 0 && errno != EEXIST) {
        int rc = -errno;
        snprintf(why, 512,
                 "%s cannot be made: %s; set XDG_RUNTIME_DIR to a directory "
                 "of yours",
                 path, strerror(-rc));
        return rc;
    }
    if (lstat(path, &status) < 0)
        return -errno;
    bool good = S_ISDIR(status.st_mode) && status.st_uid == geteuid()
                && (status.st_mode & 077) == 0;
    if (good)
        return 0;
    snprintf(why, 512,
             "%s is not a directory of yours that nobody else may enter: "
             "remove it, or run 'chmod 700' on it, or set XDG_RUNTIME_DIR",
             path);
    return -EPERM;
}

/* --- the lock ---------------------------------------------------------------*/

/* A lock of the open file: the kernel lets go of it with its holder, and
 * others can look at it without taking it. */
static bool
is_held(int fd)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

static pid_t
read_holder(int fd)
{
    char text[32] = "";
    ssize_t size = pread(fd, text, sizeof text - 1, 0);
    return size > 0 ? (pid_t) strtol(text, NULL, 10) : 0;
}

static int
take_lock(const char *path, const char *name, int *ret_fd, char why[512])
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        int rc = -errno;
        snprintf(why, 512, "%s cannot be opened: %s", path, strerror(-rc));
        return rc;
    }
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    char text[32];
    if (fcntl(fd, F_OFD_SETLK, &lock) < 0) {
        snprintf(why, 512,
                 "'%s' runs already (process %d): stop it with 'troupe stop "
                 "--run %s', or give this one another name with --name",
                 name, (int) read_holder(fd), name);
        close(fd);
        return -EBUSY;
    }
    int size = snprintf(text, sizeof text, "%d\n", (int) getpid());
    if (ftruncate(fd, 0) < 0 || pwrite(fd, text, (size_t) size, 0) != size) {
        int rc = -errno;
        snprintf(why, 512, "%s cannot be written: %s", path, strerror(-rc));
        close(fd);
        return rc;
    }
    *ret_fd = fd;
    return 0;
}

/* Between its open and its lock the file may have been taken away, by the
 * run that ended: then it is another file's lock. */
static bool
is_the_file(int fd, const char *path)
{
    struct stat open_one, there;
    return fstat(fd, &open_one) == 0 && stat(path, &there) == 0
           && open_one.st_ino == there.st_ino
           && open_one.st_dev == there.st_dev;
}

static int
lock_venue(struct troupe__venue *self, char why[512])
{
    char *path = troupe__format("%s/lock", self->directory);
    int rc = 0;
    do {
        if (self->lock >= 0)
            close(self->lock);
        self->lock = -1;
        rc = make_private(self->directory, why);
        if (rc == 0)
            rc = take_lock(path, self->name, &self->lock, why);
    } while (rc == 0 && !is_the_file(self->lock, path));
    free(path);
    return rc;
}

/* --- a run ------------------------------------------------------------------*/

static void
venue_clear(struct troupe__venue *venue)
{
    free(venue->name);
    free(venue->directory);
    *venue = (struct troupe__venue){.lock = -1};
}

int
troupe__venue_socket(const struct troupe__venue *venue,
                     struct sockaddr_un *ret_address)
{
    *ret_address = (struct sockaddr_un){.sun_family = AF_UNIX};
    int size = snprintf(ret_address->sun_path, sizeof ret_address->sun_path,
                        "%s/" ADMIN, venue->directory);
    return (size_t) size < sizeof ret_address->sun_path ? 0 : -ENAMETOOLONG;
}

int
troupe__venue_claim(const char *name, struct troupe__venue *ret_venue,
                    char why[512])
{
    char *base = base_path();
    struct troupe__venue self = {
        .name = troupe__venue_name(name), .pid = getpid(), .lock = -1};
    struct sockaddr_un address;
    self.directory = troupe__format("%s/%s", base, self.name);
    why[0] = '\0';
    int rc = troupe__venue_socket(&self, &address);
    if (rc < 0) {
        snprintf(why, 512,
                 "%s is too long a path for a socket: set XDG_RUNTIME_DIR to "
                 "a shorter one",
                 self.directory);
    }
    if (rc == 0)
        rc = make_private(base, why);
    if (rc == 0)
        rc = lock_venue(&self, why);
    free(base);
    if (rc < 0)
        venue_clear(&self);
    else
        *ret_venue = self;
    return rc;
}

void
troupe__venue_release(struct troupe__venue *venue)
{
    if (venue->lock < 0)
        return;
    char *path = troupe__format("%s/lock", venue->directory);
    unlink(path);
    rmdir(venue->directory); /* where something else is, it stays */
    close(venue->lock);
    free(path);
    venue_clear(venue);
}

/* --- all runs ---------------------------------------------------------------*/

static int
by_name(const void *one, const void *other)
{
    const struct troupe__venue *a = one, *b = other;
    return strcmp(a->name, b->name);
}

void
troupe__venues_list(struct troupe__venues *ret_venues)
{
    char *base = base_path();
    DIR *directory = opendir(base);
    *ret_venues = (struct troupe__venues){0};
    for (const struct dirent *at;
         directory && (at = readdir(directory)) != NULL;) {
        if (at->d_name[0] == '.')
            continue;
        char *path = troupe__format("%s/%s/lock", base, at->d_name);
        int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
        free(path);
        if (fd >= 0 && is_held(fd)) {
            ret_venues->items =
                troupe__grow(ret_venues->items, ret_venues->count,
                             sizeof *ret_venues->items);
            ret_venues->items[ret_venues->count++] = (struct troupe__venue){
                .name = troupe__copy(at->d_name, strlen(at->d_name)),
                .directory = troupe__format("%s/%s", base, at->d_name),
                .pid = read_holder(fd),
                .lock = -1};
        }
        if (fd >= 0)
            close(fd);
    }
    if (directory)
        closedir(directory);
    if (ret_venues->count > 0)
        qsort(ret_venues->items, ret_venues->count, sizeof *ret_venues->items,
              by_name);
    free(base);
}

void
troupe__venues_free(struct troupe__venues *venues)
{
    for (size_t i = 0; i < venues->count; i++)
        venue_clear(&venues->items[i]);
    free(venues->items);
    *venues = (struct troupe__venues){0};
}
