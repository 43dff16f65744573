/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reading.c: documents read and cut by some threads, taken by one.
 *
 * The readers take the next batch of paths and put what they made of it into a
 * short queue; the one thread that writes the index takes from it. One mutex
 * guards next, queue, working and stop; a reader holds it only to take and to
 * put. When the queue is full readers wait, so that memory is bounded.
 */
#include "actors/reading.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "mailbox/check.h"

#define QUEUE_MAX   4
#define THREADS_MAX 16

struct troupe__reading {
    const char *const *paths;
    size_t count;
    size_t size_max;
    pthread_t threads[THREADS_MAX];
    unsigned thread_count;
    pthread_mutex_t mutex;
    pthread_cond_t filled;
    pthread_cond_t emptied;
    size_t next;      /* first path that nobody has taken */
    unsigned working; /* threads that may still put something */
    bool stop;
    struct troupe__batch *queue[QUEUE_MAX];
    size_t queued;
};

static struct troupe__batch *
read_batch(struct troupe__reading *self, size_t first, size_t count)
{
    struct troupe__batch *batch = troupe__alloc(sizeof *batch);
    batch->first = first;
    batch->count = count;
    troupe__documents_read(self->paths + first, count, self->size_max,
                           batch->documents);
    for (size_t i = 0; i < count; i++)
        if (batch->documents[i]->rc == 0)
            troupe__cut_document(batch->documents[i], &batch->cuts[i]);
    return batch;
}

static void *
run(void *argument)
{
    struct troupe__reading *self = argument;
    pthread_mutex_lock(&self->mutex);
    while (!self->stop && self->next < self->count) {
        size_t first = self->next;
        size_t left = self->count - first;
        size_t count = left < TROUPE__BATCH ? left : TROUPE__BATCH;
        self->next += count;
        pthread_mutex_unlock(&self->mutex);
        struct troupe__batch *batch = read_batch(self, first, count);
        pthread_mutex_lock(&self->mutex);
        while (!self->stop && self->queued == QUEUE_MAX)
            pthread_cond_wait(&self->emptied, &self->mutex);
        if (self->stop)
            troupe__batch_destroy(&batch);
        else
            self->queue[self->queued++] = batch;
        pthread_cond_signal(&self->filled);
    }
    self->working--;
    pthread_cond_signal(&self->filled);
    pthread_mutex_unlock(&self->mutex);
    return NULL;
}

/* Signals are the business of the threads that we did not make. */
static void
start_threads(struct troupe__reading *self, unsigned count)
{
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    pthread_mutex_lock(&self->mutex);
    while (self->thread_count < count) {
        pthread_t *thread = &self->threads[self->thread_count];
        if (pthread_create(thread, NULL, run, self) != 0)
            break;
        self->thread_count++;
        self->working++;
    }
    pthread_mutex_unlock(&self->mutex);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}

struct troupe__reading *
troupe__reading_new(const char *const *paths, size_t count, size_t size_max,
                    unsigned threads)
{
    struct troupe__reading *self = troupe__alloc(sizeof *self);
    self->paths = paths;
    self->count = count;
    self->size_max = size_max;
    pthread_mutex_init(&self->mutex, NULL);
    pthread_cond_init(&self->filled, NULL);
    pthread_cond_init(&self->emptied, NULL);
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (threads == 0)
        threads = cores > 1 ? (unsigned) cores : 1;
    if (threads > THREADS_MAX)
        threads = THREADS_MAX;
    size_t batches = (count + TROUPE__BATCH - 1) / TROUPE__BATCH;
    if (threads > batches)
        threads = (unsigned) batches;
    /* One batch or less is read by the caller: a thread would only cost. */
    if (batches > 1)
        start_threads(self, threads);
    return self;
}

struct troupe__batch *
troupe__reading_next(struct troupe__reading *self)
{
    struct troupe__batch *batch = NULL;
    pthread_mutex_lock(&self->mutex);
    while (self->queued == 0 && self->working > 0)
        pthread_cond_wait(&self->filled, &self->mutex);
    if (self->queued > 0) {
        batch = self->queue[--self->queued];
        pthread_cond_signal(&self->emptied);
    }
    size_t first = self->next;
    size_t left = self->count - first;
    size_t count = left < TROUPE__BATCH ? left : TROUPE__BATCH;
    if (!batch)
        self->next += count;
    pthread_mutex_unlock(&self->mutex);
    if (!batch && count > 0) /* no thread could be started */
        batch = read_batch(self, first, count);
    return batch;
}

void
troupe__batch_destroy(struct troupe__batch **self_p)
{
    if (!*self_p)
        return;
    for (size_t i = 0; i < (*self_p)->count; i++) {
        troupe_document_destroy(&(*self_p)->documents[i]);
        troupe__cut_free(&(*self_p)->cuts[i]);
    }
    free(*self_p);
    *self_p = NULL;
}

void
troupe__reading_destroy(struct troupe__reading **self_p)
{
    struct troupe__reading *self = *self_p;
    if (!self)
        return;
    pthread_mutex_lock(&self->mutex);
    self->stop = true;
    pthread_cond_broadcast(&self->emptied);
    pthread_mutex_unlock(&self->mutex);
    for (unsigned i = 0; i < self->thread_count; i++)
        pthread_join(self->threads[i], NULL);
    while (self->queued > 0)
        troupe__batch_destroy(&self->queue[--self->queued]);
    pthread_cond_destroy(&self->filled);
    pthread_cond_destroy(&self->emptied);
    pthread_mutex_destroy(&self->mutex);
    free(self);
    *self_p = NULL;
}
