/* SPDX-License-Identifier: Apache-2.0 */
/* room.c: whether there is room for a node in this process. */
#include "runtime/room.h"

#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "runtime/worker.h"

/* What a context of libzmq opens for itself, and some; its two threads. */
enum { DESCRIPTORS = 16, THREADS = 2 };

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
check_threads(void)
{
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_t threads[THREADS];
    size_t count = 0;
    int rc = 0;
    pthread_mutex_lock(&lock);
    while (rc == 0 && count < THREADS) {
        rc = troupe__thread_start(&threads[count], wait_for_others, &lock);
        count += rc == 0;
    }
    pthread_mutex_unlock(&lock);
    while (count > 0)
        pthread_join(threads[--count], NULL);
    return rc;
}

int
troupe__room_check(void)
{
    int rc = check_descriptors();
    return rc < 0 ? rc : check_threads();
}
