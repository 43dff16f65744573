/* SPDX-License-Identifier: Apache-2.0 */
/* blocking.c: helper threads that run functions which may block. */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "mailbox/pack.h"
#include "runtime/trace.h"

enum { WAITING_MAX = 65536, GRACE_NS = 200000000 };

struct troupe_result {
    struct troupe__buffer body; /* empty until it is set */
};

struct troupe__job {
    struct troupe__job *next;
    troupe_blocking_fn run;
    troupe_ref_t asker;
    uint64_t ask_id;
    size_t size;
    _Alignas(16) char arg[];
};

void
troupe__helpers_init(troupe_t *node)
{
    struct troupe__helpers *helpers = &node->helpers;
    CHECK(pthread_mutex_init(&helpers->lock, NULL) == 0);
    CHECK(pthread_cond_init(&helpers->wake, NULL) == 0);
    helpers->threads = troupe__alloc((node->options.helpers_max + 1)
                                     * sizeof *helpers->threads);
}

void
troupe__helpers_free(troupe_t *node)
{
    free(node->helpers.threads);
    pthread_cond_destroy(&node->helpers.wake);
    pthread_mutex_destroy(&node->helpers.lock);
}

int
troupe_result_set(troupe_result_t *result, const char *format, ...)
{
    CHECK(result);
    if (result->body.size > 0)
        return -EALREADY;
    va_list args;
    va_start(args, format);
    int rc = troupe__pack(&result->body, format, &args);
    va_end(args);
    return rc;
}

/* The result goes the way of every message: through a socket. */
static void
send_result(troupe_t *node, const struct troupe__job *job, int rc,
            const struct troupe__buffer *body)
{
    struct troupe__worker *port = NULL;
    if (troupe__port_enter(node, true, &port) < 0)
        return;
    struct troupe__envelope envelope =
        troupe__envelope(WIRE_REPLY, job->asker, TROUPE_NOBODY, "reply");
    envelope.id = job->ask_id;
    if (rc >= 0) {
        rc = body->size > 0
                 ? troupe__emitf(port, &envelope, "r", body->data, body->size)
                 : troupe__emitf(port, &envelope, NULL);
    }
    if (rc < 0)
        troupe__send_outcome(port, job->asker, job->ask_id, TROUPE_NOBODY, 0,
                             TROUPE_ERROR, rc, troupe_strerror(rc));
    troupe__port_leave(port);
}

static void
run_job(troupe_t *node, struct troupe__job *job)
{
    struct troupe_result result = {0};
    int rc = job->run(job->arg, &result);
    send_result(node, job, rc, &result.body);
    troupe__buffer_free(&result.body);
    free(job);
    atomic_fetch_sub(&node->helpers.busy, 1);
    troupe__state_changed(node);
}

static void *
helper_main(void *data)
{
    troupe_t *node = data;
    struct troupe__helpers *helpers = &node->helpers;
    pthread_setname_np(pthread_self(), "troupe-help");
    pthread_mutex_lock(&helpers->lock);
    while (!helpers->quit) {
        struct troupe__job *job = helpers->first;
        if (!job) {
            helpers->idle++;
            pthread_cond_wait(&helpers->wake, &helpers->lock);
            helpers->idle--;
            continue;
        }
        helpers->first = job->next;
        if (!helpers->first)
            helpers->last = NULL;
        helpers->waiting--;
        pthread_mutex_unlock(&helpers->lock);
        run_job(node, job);
        pthread_mutex_lock(&helpers->lock);
    }
    pthread_mutex_unlock(&helpers->lock);
    return NULL;
}

/* Under the lock: a helper for the job, one more where there may be. */
static int
find_helper(troupe_t *node)
{
    struct troupe__helpers *helpers = &node->helpers;
    if (helpers->waiting >= WAITING_MAX)
        return -ENOSPC;
    if (helpers->idle > helpers->waiting
        || helpers->started == node->options.helpers_max) {
        return helpers->started > 0 ? 0 : -EIO;
    }
    int rc = troupe__thread_start(&helpers->threads[helpers->started],
                                  helper_main, node);
    if (rc == 0)
        helpers->started++;
    return helpers->started > 0 ? 0 : rc;
}

static int
add_job(troupe_t *node, struct troupe__job *job)
{
    struct troupe__helpers *helpers = &node->helpers;
    pthread_mutex_lock(&helpers->lock);
    int rc = helpers->quit ? -ESHUTDOWN : find_helper(node);
    if (rc == 0) {
        if (helpers->last)
            helpers->last->next = job;
        else
            helpers->first = job;
        helpers->last = job;
        helpers->waiting++;
        atomic_fetch_add(&helpers->busy, 1);
        pthread_cond_signal(&helpers->wake);
    }
    pthread_mutex_unlock(&helpers->lock);
    return rc;
}

int
troupe_blocking(troupe_context_t *ctx, troupe_blocking_fn run, const void *arg,
                size_t size, const troupe_ask_options_t *options,
                troupe_ask_t *ret_ask)
{
    CHECK(ctx);
    struct troupe__worker *self = ctx->worker;
    struct troupe__ask *ask = NULL;
    if (!run || (!arg && size > 0))
        return -EINVAL;
    if (size > self->node->options.message_size_max)
        return -EMSGSIZE;
    int rc = troupe__ask_open(self, ctx->actor, ctx->actor->ref, options, &ask);
    if (rc < 0)
        return rc;
    ask->local = true;
    if (ctx->trace)
        troupe__trace_ask(self, ask, NULL);
    struct troupe__job *job = troupe__alloc(sizeof *job + size);
    job->run = run;
    job->asker = ctx->actor->ref;
    job->ask_id = ask->id;
    job->size = size;
    if (size > 0)
        memcpy(job->arg, arg, size);
    if (ret_ask)
        *ret_ask = (troupe_ask_t){ask->id};
    rc = add_job(self->node, job);
    if (rc < 0) {
        troupe__ask_undo(self, ask);
        free(job);
    }
    return rc;
}

/* True when all helpers have returned; jobs that wait are forgotten. */
bool
troupe__helpers_stop(troupe_t *node, uint64_t deadline)
{
    struct troupe__helpers *helpers = &node->helpers;
    bool all = true;
    pthread_mutex_lock(&helpers->lock);
    helpers->quit = true;
    while (helpers->first) {
        struct troupe__job *job = helpers->first;
        helpers->first = job->next;
        atomic_fetch_sub(&helpers->busy, 1);
        free(job);
    }
    helpers->last = NULL;
    helpers->waiting = 0;
    pthread_cond_broadcast(&helpers->wake);
    pthread_mutex_unlock(&helpers->lock);
    /* One that has only to wake up gets the time for it. */
    uint64_t grace = troupe__real_ns() + GRACE_NS;
    uint64_t until = deadline > grace ? deadline : grace;
    struct timespec at = {(time_t) (until / 1000000000),
                          (long) (until % 1000000000)};
    for (uint32_t i = 0; i < helpers->started; i++) {
        if (pthread_clockjoin_np(helpers->threads[i], NULL, CLOCK_MONOTONIC,
                                 &at)
            != 0)
            all = false;
    }
    return all;
}
