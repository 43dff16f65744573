/* SPDX-License-Identifier: Apache-2.0 */
/* process.c: owners of child processes, and what may be asked of them. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "mailbox/check.h"
#include "runtime/process_self.h"

enum {
    PROCESSES_MAX = 1024,
    STOP_MS = 5000,
    TAIL_LINES = 20,
    TAIL_BYTES = 8192,
    OOM_MORE = 500,
    OOM_MOST = 1000
};

void
troupe__processes_wake(struct troupe__processes *self)
{
    const uint64_t one = 1;
    (void) !write(self->wake_fd, &one, sizeof one); /* full is as good */
}

void
troupe__process_free(struct troupe__process *child)
{
    troupe__launch_free(&child->launch);
    troupe__tail_free(&child->tail);
    free(child);
}

static void
set_defaults(struct troupe__processes_options *options)
{
    if (options->processes_max == 0)
        options->processes_max = PROCESSES_MAX;
    if (options->term_ms == 0)
        options->term_ms = STOP_MS;
    if (options->kill_ms == 0)
        options->kill_ms = STOP_MS;
    if (options->tail_lines == 0)
        options->tail_lines = TAIL_LINES;
    if (options->tail_bytes == 0)
        options->tail_bytes = TAIL_BYTES;
}

static void
set_oom_adjust(struct troupe__processes *self)
{
    FILE *file = fopen("/proc/self/oom_score_adj", "re");
    char line[16] = "";
    if (file && !fgets(line, sizeof line, file))
        line[0] = '\0';
    if (file)
        fclose(file);
    long value = strtol(line, NULL, 10) + OOM_MORE;
    int own = value < OOM_MOST ? (int) value : OOM_MOST;
    snprintf(self->oom_adjust, sizeof self->oom_adjust, "%d", own);
}

static int
open_all(struct troupe__processes *self)
{
    int rc = troupe__process_pipe(self->lifeline);
    if (rc < 0)
        return rc;
    self->null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (self->null_fd < 0 || (rc = troupe__process_lift(&self->null_fd)) < 0)
        return rc < 0 ? rc : -errno;
    self->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (self->wake_fd < 0)
        return -errno;
    self->stack = mmap(NULL, TROUPE__CHILD_STACK, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (self->stack == MAP_FAILED) {
        self->stack = NULL;
        return -errno;
    }
    return 0;
}

/* Both threads have all signals blocked: they are for the program's own. */
static int
start_threads(struct troupe__processes *self)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc =
        pthread_create(&self->starter, NULL, troupe__process_starter, self);
    if (rc == 0) {
        rc =
            pthread_create(&self->watcher, NULL, troupe__process_watcher, self);
        if (rc != 0) {
            pthread_mutex_lock(&self->lock);
            self->ended = true;
            pthread_cond_broadcast(&self->changed);
            pthread_mutex_unlock(&self->lock);
            pthread_join(self->starter, NULL);
        }
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return -rc;
}

static void
free_owner(struct troupe__processes *self)
{
    const int fds[] = {self->lifeline[0], self->lifeline[1], self->null_fd,
                       self->wake_fd};
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    if (self->stack)
        munmap(self->stack, TROUPE__CHILD_STACK);
    pthread_cond_destroy(&self->changed);
    pthread_mutex_destroy(&self->lock);
    troupe__launch_env_free(self->env);
    free(self->oom_file);
    free(self->view);
    free(self->polled);
    free(self->orphans);
    free(self);
}

int
troupe__processes_new(const struct troupe__processes_options *options,
                      struct troupe__processes **ret)
{
    CHECK(ret);
    struct troupe__processes *self = troupe__alloc(sizeof *self);
    if (options)
        self->options = *options;
    set_defaults(&self->options);
    self->lifeline[0] = self->lifeline[1] = -1;
    self->null_fd = self->wake_fd = self->mould_pidfd = -1;
    CHECK(pthread_mutex_init(&self->lock, NULL) == 0);
    CHECK(pthread_cond_init(&self->changed, NULL) == 0);
    self->env = troupe__launch_base_env();
    self->oom_file = troupe__oom_file_of_ours();
    set_oom_adjust(self);
    int rc = open_all(self);
    if (rc == 0 && self->options.subreaper
        && prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
        rc = -errno;
    if (rc == 0)
        rc = start_threads(self);
    if (rc < 0) {
        free_owner(self);
        return rc;
    }
    *ret = self;
    return 0;
}

int
troupe__processes_destroy(struct troupe__processes **self_p)
{
    CHECK(self_p);
    struct troupe__processes *self = *self_p;
    if (!self)
        return 0;
    if (pthread_equal(pthread_self(), self->watcher))
        return -EDEADLK;
    pthread_mutex_lock(&self->lock);
    self->stopping = true;
    for (struct troupe__process *it = self->first; it; it = it->next)
        it->stop_wanted = true;
    troupe__processes_wake(self);
    while (!self->ended
           && (self->count == 0 || self->stuck_count < self->count))
        pthread_cond_wait(&self->changed, &self->lock);
    bool ended = self->ended;
    pthread_mutex_unlock(&self->lock);
    if (!ended)
        return -ETIMEDOUT;
    pthread_join(self->watcher, NULL);
    pthread_join(self->starter, NULL);
    free_owner(self);
    *self_p = NULL;
    return 0;
}

/* Takes the child over when it succeeds: it may be gone when this returns. */
static int
enlist(struct troupe__processes *self, struct troupe__process *child,
       uint64_t *ret_id)
{
    int rc = 0;
    pthread_mutex_lock(&self->lock);
    if (self->stopping)
        rc = -ESHUTDOWN;
    else if (self->count >= self->options.processes_max)
        rc = -ENOSPC;
    if (rc == 0) {
        struct troupe__process **at = &self->first;
        while (*at)
            at = &(*at)->next;
        *at = child;
        child->id = ++self->id_last;
        if (ret_id) /* here: its callbacks may look for it there */
            *ret_id = child->id;
        self->count++;
        pthread_cond_broadcast(&self->changed);
    }
    pthread_mutex_unlock(&self->lock);
    return rc;
}

int
troupe__process_start(struct troupe__processes *self,
                      const struct troupe__process_spec *spec, uint64_t *ret_id)
{
    CHECK(self);
    struct troupe__process *child = troupe__alloc(sizeof *child);
    child->pidfd = child->output[0] = child->output[1] = -1;
    child->due = UINT64_MAX;
    troupe__tail_init(&child->tail, self->options.tail_lines,
                      self->options.tail_bytes);
    int rc = troupe__launch_init(&child->launch, spec, self->env);
    if (rc == 0)
        rc = enlist(self, child, ret_id);
    if (rc < 0)
        troupe__process_free(child);
    return rc;
}

/* Under the lock. */
static struct troupe__process *
find(struct troupe__processes *self, uint64_t id)
{
    struct troupe__process *it = self->first;
    while (it && it->id != id)
        it = it->next;
    return it && it->phase != PHASE_GONE ? it : NULL;
}

static int
ask_for(struct troupe__processes *self, uint64_t id, bool stop,
        uint64_t signals)
{
    CHECK(self);
    pthread_mutex_lock(&self->lock);
    struct troupe__process *child = find(self, id);
    if (child) {
        child->stop_wanted |= stop;
        child->signals_wanted |= signals;
        troupe__processes_wake(self);
    }
    pthread_mutex_unlock(&self->lock);
    return child ? 0 : -ESRCH;
}

int
troupe__process_stop(struct troupe__processes *self, uint64_t id)
{
    return ask_for(self, id, true, 0);
}

int
troupe__process_signal(struct troupe__processes *self, uint64_t id, int signal)
{
    if (signal < 1 || signal > 64)
        return -EINVAL;
    return ask_for(self, id, false, UINT64_C(1) << (signal - 1));
}
