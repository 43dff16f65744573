/* SPDX-License-Identifier: Apache-2.0 */
/* room.c: whether there is room for a node in this process. */
#include "runtime/room.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "runtime/worker.h"

/* What a context of libzmq opens for itself, and some. */
enum { DESCRIPTORS = 16 };

static int
check_descriptors(void)
{
    int fds[DESCRIPTORS];
    size_t count = 0;
    while (count < DESCRIPTORS && (fds[count] = eventfd(0, EFD_CLOEXEC)) >= 0)
        count++;
    bool enough = count == DESCRIPTORS;
    while (count > 0)
        close(fds[--count]);
    return enough ? 0 : -EMFILE;
}

/* They are there at once: each waits until all have been started. */
static void *
wait_for_others(void *lock)
{
    pthread_mutex_lock(lock);
    pthread_mutex_unlock(lock);
    return NULL;
}

static int
begin_threads(struct troupe__room *self)
{
    int rc = 0;
    pthread_mutex_lock(&self->lock);
    while (rc == 0 && self->count < TROUPE__ROOM_THREADS) {
        rc = troupe__thread_start(&self->threads[self->count], wait_for_others,
                                  &self->lock);
        self->count += rc == 0;
    }
    pthread_mutex_unlock(&self->lock);
    return rc;
}

int
troupe__room_look(struct troupe__room *self)
{
    *self = (struct troupe__room){.lock = PTHREAD_MUTEX_INITIALIZER};
    int rc = check_descriptors();
    return rc < 0 ? rc : begin_threads(self);
}

void
troupe__room_leave(struct troupe__room *self)
{
    while (self->count > 0)
        pthread_join(self->threads[--self->count], NULL);
}
