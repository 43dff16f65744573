/* SPDX-License-Identifier: Apache-2.0 */
/* process_watch.c: the thread that watches children and makes callbacks. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "mailbox/check.h"
#include "runtime/node.h"
#include "runtime/process_self.h"

/*
 * A round: look at all children under the lock (gather), do what was asked of
 * them and what is due (attend), sleep in poll() on their pidfds and pipes,
 * then read and reap (serve). Only this thread takes children off the list, so
 * those in view stay valid while the lock is not held.
 */

enum {
    FDS_OWN = 2,          /* the wake-up, the mould */
    FDS_EACH = 3,         /* pidfd, stdout, stderr */
    READ_BUDGET = 16384,  /* of one pipe in one round: others wait for it */
    ORPHANS_LOOK_MS = 10, /* nothing else tells of their end */
    NAP_MS = 10,          /* between looks that cannot wait */
    NS_PER_MS = 1000000
};

static void
make_room(struct troupe__processes *self, uint32_t count)
{
    if (count <= self->view_capacity)
        return;
    self->view_capacity = 2 * count;
    self->view =
        troupe__realloc(self->view, self->view_capacity * sizeof *self->view);
    size_t fds = FDS_OWN + FDS_EACH * (size_t) self->view_capacity;
    self->polled = troupe__realloc(self->polled, fds * sizeof *self->polled);
}

/* False when there is nothing more to do, ever. */
static bool
gather(struct troupe__processes *self)
{
    bool has_orphans = troupe__process_reap_orphans(self);
    pthread_mutex_lock(&self->lock);
    make_room(self, self->count + 1);
    self->view_count = 0;
    for (struct troupe__process *it = self->first; it; it = it->next) {
        if (it->phase == PHASE_QUEUED && it->stop_wanted) {
            it->phase = PHASE_STARTED;
            it->error = -ECANCELED;
            it->step = "queue";
        }
        struct troupe__view *seen = &self->view[self->view_count++];
        *seen = (struct troupe__view){it, it->phase, it->stop_wanted, 0};
        if (it->phase == PHASE_STARTED) {
            seen->signals = it->signals_wanted;
            it->signals_wanted = 0;
        }
    }
    self->mould_fd = self->mould_ended ? -1 : self->mould_pidfd;
    self->ended = self->stopping && !self->first && !has_orphans;
    bool goes_on = !self->ended;
    if (!goes_on)
        pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
    return goes_on;
}

/* Tell of its end; it is gone for all other calls before the callback. */
static void
finish(struct troupe__processes *self, struct troupe__view *seen)
{
    struct troupe__process *child = seen->child;
    pthread_mutex_lock(&self->lock);
    child->phase = PHASE_GONE;
    child->asked = child->stop_wanted;
    self->stuck_count -= child->rung == RUNG_STUCK;
    pthread_mutex_unlock(&self->lock);

    troupe__process_report(self, child);

    pthread_mutex_lock(&self->lock);
    struct troupe__process **at = &self->first;
    while (*at != child)
        at = &(*at)->next;
    *at = child->next;
    self->count--;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
    troupe__process_free(child);
    seen->child = NULL;
}

/* The group is there as long as the child is not reaped. */
static void
send_signal(struct troupe__process *child, int signal)
{
    CHECK(child->pid > 1);
    child->killed |= signal == SIGKILL;
    kill(-child->pid, signal);
}

/* What a rung does, once the child runs. SIGCONT wakes one that is stopped:
 * it could not act on SIGTERM otherwise. */
static void
act_on_rung(struct troupe__process *child)
{
    if (child->rung == RUNG_TERM) {
        send_signal(child, SIGTERM);
        send_signal(child, SIGCONT);
    } else if (child->rung >= RUNG_KILL) {
        send_signal(child, SIGKILL);
    }
}

static void
tell_stuck(struct troupe__processes *self, struct troupe__process *child)
{
    const struct troupe__process_calls *calls = &self->options.calls;
    pid_t pid = child->watched ? child->pid : 0;
    child->due = UINT64_MAX;
    if (calls->stuck)
        calls->stuck(self->options.data, child->id, child->launch.name, pid);
    pthread_mutex_lock(&self->lock);
    self->stuck_count++;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
}

static void
climb(struct troupe__processes *self, struct troupe__process *child,
      uint64_t now)
{
    child->rung++;
    uint32_t ms = child->rung == RUNG_TERM ? self->options.term_ms
                                           : self->options.kill_ms;
    child->due = now + (uint64_t) ms * NS_PER_MS;
    if (child->rung == RUNG_STUCK)
        tell_stuck(self, child);
    else if (child->watched)
        act_on_rung(child);
}

static void
begin(struct troupe__processes *self, struct troupe__process *child)
{
    child->watched = true;
    if (self->options.calls.started)
        self->options.calls.started(self->options.data, child->id, child->pid);
    act_on_rung(child);
}

static void
attend(struct troupe__processes *self, struct troupe__view *seen, uint64_t now)
{
    struct troupe__process *child = seen->child;
    if (seen->phase == PHASE_STARTED && child->error != 0) {
        finish(self, seen);
        return;
    }
    if (seen->phase == PHASE_STARTED && !child->watched)
        begin(self, child);
    for (int i = 1; seen->signals != 0 && i <= 64; i++)
        if (seen->signals >> (i - 1) & 1)
            send_signal(child, i);
    bool on_ladder = child->rung != RUNG_NONE;
    if (on_ladder ? now >= child->due : seen->stop)
        climb(self, child, now);
}

static int
timeout_until(uint64_t due, uint64_t now)
{
    if (due == UINT64_MAX)
        return -1;
    uint64_t ms = due > now ? (due - now + NS_PER_MS - 1) / NS_PER_MS : 0;
    return ms < INT32_MAX ? (int) ms : INT32_MAX;
}

/* The system takes no more at once than this process may have descriptors, and
 * that limit can be lowered: then one by one, and a short nap. */
static void
poll_each(struct pollfd *polled, uint32_t count, int timeout_ms)
{
    int ready = 0;
    for (uint32_t i = 0; i < count; i++)
        ready += poll(&polled[i], 1, 0) > 0;
    bool is_short = timeout_ms >= 0 && timeout_ms < NAP_MS;
    if (ready == 0)
        (void) poll(NULL, 0, is_short ? timeout_ms : NAP_MS);
}

static void
sleep_until(struct troupe__processes *self, uint64_t due, uint64_t now)
{
    uint32_t count = 0;
    self->polled[count++] =
        (struct pollfd){.fd = self->wake_fd, .events = POLLIN};
    self->polled[count++] =
        (struct pollfd){.fd = self->mould_fd, .events = POLLIN};
    for (uint32_t i = 0; i < self->view_count; i++) {
        const struct troupe__process *child = self->view[i].child;
        bool is_watched = child && child->watched;
        int fds[FDS_EACH] = {-1, -1, -1};
        if (is_watched) {
            fds[0] = child->pidfd;
            fds[1] = child->output[0];
            fds[2] = child->output[1];
        }
        for (int k = 0; k < FDS_EACH; k++)
            self->polled[count++] =
                (struct pollfd){.fd = fds[k], .events = POLLIN};
    }
    int timeout_ms = timeout_until(due, now);
    if (self->orphans_count > 0
        && (timeout_ms < 0 || timeout_ms > ORPHANS_LOOK_MS))
        timeout_ms = ORPHANS_LOOK_MS;
    int ready = poll(self->polled, count, timeout_ms);
    int error = ready < 0 ? errno : 0;
    for (uint32_t i = 0; ready < 0 && i < count; i++)
        self->polled[i].revents = 0;
    if (error == EINVAL)
        poll_each(self->polled, count, timeout_ms);
    else
        CHECK(error == 0 || error == EINTR || error == ENOMEM
              || error == EAGAIN);
}

/* The starting thread reaps it. */
static void
note_mould(struct troupe__processes *self)
{
    pthread_mutex_lock(&self->lock);
    self->mould_ended = self->mould_pidfd == self->mould_fd;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
}

static void
serve(struct troupe__processes *self)
{
    uint64_t rings = 0;
    if (self->polled[0].revents)
        (void) !read(self->wake_fd, &rings, sizeof rings);
    if (self->polled[1].revents)
        note_mould(self);
    for (uint32_t i = 0; i < self->view_count; i++) {
        struct troupe__view *seen = &self->view[i];
        const struct pollfd *ready =
            &self->polled[FDS_OWN + FDS_EACH * (size_t) i];
        for (int stream = 1; stream <= 2; stream++)
            if (ready[stream].revents)
                troupe__process_read(self, seen->child, stream, READ_BUDGET);
        if (ready[0].revents)
            finish(self, seen);
    }
}

void *
troupe__process_watcher(void *owner)
{
    struct troupe__processes *self = owner;
    while (gather(self)) {
        uint64_t now = troupe__real_ns();
        uint64_t due = UINT64_MAX;
        for (uint32_t i = 0; i < self->view_count; i++) {
            attend(self, &self->view[i], now);
            const struct troupe__process *child = self->view[i].child;
            if (!child)
                due = now; /* it was the last, perhaps: look again */
            else if (child->rung != RUNG_NONE && child->due < due)
                due = child->due;
        }
        sleep_until(self, due, now);
        serve(self);
    }
    return NULL;
}
