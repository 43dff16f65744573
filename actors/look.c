/* SPDX-License-Identifier: Apache-2.0 */
/*
 * look.c: directories to be read, some of them ahead by helping threads.
 *
 * Who scans takes the directory that was put last, and puts what it finds in
 * there; helpers read those that were put first, which come last. The order in
 * which directories are taken does not depend on who has read them. One mutex
 * guards all but the contents of a look that has begun and is not done: these
 * belong to who reads it. Helpers wait when much has been read ahead, so that
 * memory is bounded, and are started when there is something for them to do.
 */
#include "actors/look.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "actors/text.h"
#include "mailbox/check.h"

#define HELPERS_MAX   7
#define WORTH_HELPERS 4     /* directories that wait */
#define AHEAD_MAX     65536 /* entries that are read and not taken */

struct looks {
    struct look **items; /* to be taken, the last one first */
    size_t count, capacity;
    size_t read;  /* the first that may still wait: none before it does */
    size_t ahead; /* entries read by helpers and not taken */
    pthread_mutex_t mutex;
    pthread_cond_t waiting; /* for helpers: there is more to do, or it ends */
    pthread_cond_t done;    /* for the taker: one is done */
    pthread_t helpers[HELPERS_MAX];
    unsigned helper_count, helpers_wanted;
    bool stop;
};

static char *
join(const char *directory, const char *name)
{
    struct troupe__text path = {0};
    size_t size = strlen(directory), length = strlen(name);
    (void) troupe__text_room(&path, size + length + 1);
    troupe__text_put(&path, directory, size);
    if (size == 0 || directory[size - 1] != '/')
        troupe__text_putc(&path, '/');
    troupe__text_put(&path, name, length);
    return path.data;
}

static int
look_at(int dir, const char *name, int flags, struct look_facts *ret)
{
    struct stat st;
    if (fstatat(dir, name, &st, flags) < 0)
        return errno;
    *ret =
        (struct look_facts){.mode = st.st_mode,
                            .device = st.st_dev,
                            .inode = st.st_ino,
                            .size = st.st_size,
                            .mtime_ns = (int64_t) st.st_mtim.tv_sec * 1000000000
                                        + st.st_mtim.tv_nsec};
    return 0;
}

int
troupe__look_facts(const char *path, struct look_facts *ret)
{
    return look_at(AT_FDCWD, path, 0, ret);
}

/* What an entry is; most file systems say it without being asked again. */
static void
look_at_entry(int dir, const struct dirent *entry, struct look_entry *ret)
{
    if (entry->d_type == DT_LNK || entry->d_type == DT_DIR)
        ret->facts.mode = entry->d_type == DT_LNK ? S_IFLNK : S_IFDIR;
    else
        ret->error =
            look_at(dir, entry->d_name, AT_SYMLINK_NOFOLLOW, &ret->facts);
}

static void
read_directory(struct look *look)
{
    size_t capacity = 0;
    look->error = troupe__look_facts(look->path, &look->facts);
    if (look->error != 0)
        return;
    DIR *dir = opendir(look->path);
    if (!dir) {
        look->error = errno;
        return;
    }
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (entry->d_name[0] == '.')
            continue;
        if (look->count == capacity) {
            capacity = capacity ? capacity * 2 : 64;
            look->entries = troupe__realloc(look->entries,
                                            capacity * sizeof *look->entries);
        }
        struct look_entry *it = &look->entries[look->count++];
        *it = (struct look_entry){.path = join(look->path, entry->d_name)};
        look_at_entry(dirfd(dir), entry, it);
    }
    closedir(dir);
}

/* The first that waits; NULL: none does, or enough has been read ahead. */
static struct look *
find_waiting(struct looks *self)
{
    if (self->ahead > AHEAD_MAX)
        return NULL;
    while (self->read < self->count) {
        struct look *look = self->items[self->read++];
        if (look->state == LOOK_WAITS)
            return look;
    }
    return NULL;
}

static void *
help(void *argument)
{
    struct looks *self = argument;
    pthread_mutex_lock(&self->mutex);
    while (!self->stop) {
        struct look *look = find_waiting(self);
        if (!look) {
            pthread_cond_wait(&self->waiting, &self->mutex);
            continue;
        }
        look->state = LOOK_BEGUN;
        pthread_mutex_unlock(&self->mutex);
        read_directory(look);
        pthread_mutex_lock(&self->mutex);
        look->state = LOOK_DONE;
        self->ahead += look->count;
        pthread_cond_signal(&self->done);
    }
    pthread_mutex_unlock(&self->mutex);
    return NULL;
}

/* Signals are the business of the threads that we did not make. */
static void
start_helpers(struct looks *self)
{
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    while (
        self->helper_count < self->helpers_wanted
        && pthread_create(&self->helpers[self->helper_count], NULL, help, self)
               == 0)
        self->helper_count++;
    self->helpers_wanted = self->helper_count;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}

struct looks *
troupe__looks_new(unsigned threads)
{
    struct looks *self = troupe__alloc(sizeof *self);
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (threads == 0)
        threads = cores > 1 ? (unsigned) cores : 1;
    self->helpers_wanted =
        threads - 1 < HELPERS_MAX ? threads - 1 : HELPERS_MAX;
    pthread_mutex_init(&self->mutex, NULL);
    pthread_cond_init(&self->waiting, NULL);
    pthread_cond_init(&self->done, NULL);
    return self;
}

void
troupe__looks_put(struct looks *self, char *path, unsigned depth)
{
    struct look *look = troupe__alloc(sizeof *look);
    look->path = path;
    look->depth = depth;
    pthread_mutex_lock(&self->mutex);
    if (self->count == self->capacity) {
        self->capacity = self->capacity ? self->capacity * 2 : 64;
        self->items =
            troupe__realloc(self->items, self->capacity * sizeof(void *));
    }
    self->items[self->count++] = look;
    if (self->count >= WORTH_HELPERS
        && self->helper_count < self->helpers_wanted)
        start_helpers(self);
    pthread_cond_signal(&self->waiting);
    pthread_mutex_unlock(&self->mutex);
}

struct look *
troupe__looks_take(struct looks *self)
{
    pthread_mutex_lock(&self->mutex);
    struct look *look = self->count > 0 ? self->items[--self->count] : NULL;
    self->read = self->read < self->count ? self->read : self->count;
    if (look && look->state == LOOK_WAITS) {
        pthread_mutex_unlock(&self->mutex);
        read_directory(look);
        return look;
    }
    while (look && look->state != LOOK_DONE)
        pthread_cond_wait(&self->done, &self->mutex);
    if (look) {
        self->ahead -= look->count;
        pthread_cond_broadcast(&self->waiting);
    }
    pthread_mutex_unlock(&self->mutex);
    return look;
}

void
troupe__look_destroy(struct look **self_p)
{
    struct look *self = *self_p;
    if (!self)
        return;
    for (size_t i = 0; i < self->count; i++)
        free(self->entries[i].path);
    free(self->entries);
    free(self->path);
    free(self);
    *self_p = NULL;
}

void
troupe__looks_destroy(struct looks **self_p)
{
    struct looks *self = *self_p;
    if (!self)
        return;
    pthread_mutex_lock(&self->mutex);
    self->stop = true;
    pthread_cond_broadcast(&self->waiting);
    pthread_mutex_unlock(&self->mutex);
    for (unsigned i = 0; i < self->helper_count; i++)
        pthread_join(self->helpers[i], NULL);
    for (size_t i = 0; i < self->count; i++)
        troupe__look_destroy(&self->items[i]);
    pthread_cond_destroy(&self->waiting);
    pthread_cond_destroy(&self->done);
    pthread_mutex_destroy(&self->mutex);
    free(self->items);
    free(self);
    *self_p = NULL;
}
