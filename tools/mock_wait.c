/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mock_wait.c: answers that are to come later. Who waits is suspended, so that
 * one thread serves all connections; another one, here, lets each of them go on
 * when its time has come or its client went away.
 *
 * A wait is of its request, and in the list from its begin to its end; the lock
 * is of the list and of the waits in it. A request ends after its wait: while it
 * is suspended its connection is not looked at.
 */
#include "tools/mock_http.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "tools/findings.h"
#include "tools/progress.h"

#define EVENTS    64
#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S  UINT64_C(1000000000)

static void
set_clock(struct troupe__mock *self)
{
    uint64_t due_ns = UINT64_MAX;
    for (struct troupe__mock_wait *at = self->waits; at; at = at->next)
        due_ns = at->due_ns < due_ns ? at->due_ns : due_ns;
    struct itimerspec when = {.it_value.tv_sec = 0};
    if (due_ns < UINT64_MAX) {
        when.it_value.tv_sec = (time_t) (due_ns / NS_PER_S);
        when.it_value.tv_nsec = (long) (due_ns % NS_PER_S);
    }
    (void) timerfd_settime(self->clock, TFD_TIMER_ABSTIME, &when, NULL);
}

/* It is out of the list, and may be gone as soon as it goes on. */
static void
end_wait(struct troupe__mock *self, struct troupe__mock_wait **link,
         enum troupe__mock_waited how)
{
    struct troupe__mock_wait *wait = *link;
    *link = wait->next;
    wait->how = how;
    if (wait->fd >= 0)
        (void) epoll_ctl(self->epoll, EPOLL_CTL_DEL, wait->fd, NULL);
    MHD_resume_connection(wait->connection);
}

enum troupe__mock_waited
troupe__mock_wait(struct troupe__mock *self, struct troupe__mock_wait *wait,
                  struct MHD_Connection *connection, uint32_t ms)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct epoll_event event = {.events = EPOLLRDHUP, .data.ptr = wait};
    uint64_t now_ns = troupe__monotonic_ns();
    pthread_mutex_lock(&self->lock);
    enum troupe__mock_waited how = self->stops ? MOCK_GONE : MOCK_WAITS;
    wait->how = how;
    if (how == MOCK_WAITS) {
        wait->connection = connection;
        wait->fd = info ? info->connect_fd : -1;
        wait->due_ns = ms == UINT32_MAX ? UINT64_MAX : now_ns + ms * NS_PER_MS;
        wait->next = self->waits;
        bool is_first = !self->waits || wait->due_ns < self->waits->due_ns;
        self->waits = wait;
        MHD_suspend_connection(connection);
        if (wait->fd >= 0)
            (void) epoll_ctl(self->epoll, EPOLL_CTL_ADD, wait->fd, &event);
        if (is_first)
            set_clock(self);
    }
    pthread_mutex_unlock(&self->lock);
    return how;
}

static void
end_gone(struct troupe__mock *self, const struct troupe__mock_wait *gone)
{
    struct troupe__mock_wait **link = &self->waits;
    while (*link && *link != gone)
        link = &(*link)->next;
    if (*link)
        end_wait(self, link, MOCK_GONE);
}

static void
end_due(struct troupe__mock *self)
{
    uint64_t now_ns = troupe__monotonic_ns();
    struct troupe__mock_wait **link = &self->waits;
    while (*link) {
        if ((*link)->due_ns <= now_ns)
            end_wait(self, link, MOCK_OVER);
        else
            link = &(*link)->next;
    }
    set_clock(self);
}

static void *
wait_main(void *data)
{
    struct troupe__mock *self = data;
    struct epoll_event events[EVENTS];
    bool stops = false;
    while (!stops) {
        int count = epoll_wait(self->epoll, events, EVENTS, -1);
        pthread_mutex_lock(&self->lock);
        bool due = false;
        for (int i = 0; i < count; i++) {
            if (events[i].data.ptr == &self->clock)
                due = true;
            else if (events[i].data.ptr != self)
                end_gone(self, events[i].data.ptr);
        }
        if (due)
            end_due(self);
        stops = self->stops;
        while (stops && self->waits)
            end_wait(self, &self->waits, MOCK_GONE);
        pthread_mutex_unlock(&self->lock);
    }
    return NULL;
}

static int
watch(const struct troupe__mock *self, int fd, void *what)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = what};
    return fd < 0 ? -1 : epoll_ctl(self->epoll, EPOLL_CTL_ADD, fd, &event);
}

int
troupe__mock_waits_start(struct troupe__mock *self)
{
    self->epoll = epoll_create1(EPOLL_CLOEXEC);
    self->clock = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (self->epoll < 0 || watch(self, self->clock, &self->clock) < 0
        || watch(self, self->stop[0], self) < 0)
        return -EIO;
    self->has_waiter =
        pthread_create(&self->waiter, NULL, wait_main, self) == 0;
    return self->has_waiter ? 0 : -EIO;
}

void
troupe__mock_waits_stop(struct troupe__mock *self)
{
    pthread_mutex_lock(&self->lock);
    self->stops = true;
    pthread_mutex_unlock(&self->lock);
    if (self->stop[1] > 0)
        close(self->stop[1]); /* its other end becomes ready */
    if (self->has_waiter)
        pthread_join(self->waiter, NULL);
}

void
troupe__mock_waits_close(const struct troupe__mock *self)
{
    if (self->epoll > 0)
        close(self->epoll);
    if (self->clock > 0)
        close(self->clock);
}
