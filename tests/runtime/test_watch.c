/* SPDX-License-Identifier: Apache-2.0 */
/* test_watch.c: which descriptors can be watched, how many, and until when. */
#include <criterion/criterion.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "runtime/world.h"

TestSuite(watching, .init = world_begin, .fini = world_end, .timeout = 20);

struct descriptor {
    int fd;
    short events;
};

static int
never(troupe_context_t *ctx, void *state, int fd, short events)
{
    (void) ctx, (void) state;
    note("fd %d events %d", fd, events);
    return 0;
}

static int
watch_it(troupe_context_t *ctx, void *arg)
{
    const struct descriptor *self = arg;
    return troupe_watch(ctx, self->fd, self->events, never);
}

static int
unwatch_it(troupe_context_t *ctx, void *arg)
{
    return troupe_unwatch(ctx, *(const int *) arg);
}

/* A descriptor of ours that nobody else has: high, and closed again. */
static int
closed_descriptor(int like)
{
    int fd = fcntl(like, F_DUPFD, 900);
    cr_assert_geq(fd, 0);
    close(fd);
    return fd;
}

Test(watching, refuses_what_is_not_open_and_events_of_its_own)
{
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    troupe_ref_t ref = probe_on(0);
    struct descriptor wrong[] = {{-1, POLLIN},
                                 {closed_descriptor(ends[0]), POLLIN},
                                 {ends[0], 0},
                                 {ends[0], POLLHUP},
                                 {ends[0], POLLIN | POLLPRI},
                                 {ends[0], 0x7fff}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_assert_eq(inside(ref, watch_it, &wrong[i]), -EINVAL, "%zu", i);
    struct descriptor right = {ends[0], POLLIN};
    cr_assert_eq(inside(ref, watch_it, &right), 0);
    assert_notes("");
    close(ends[1]);
    close(ends[0]);
}

/* It is not called back with nothing to do, again and again. */
Test(watching, one_that_is_closed_meanwhile_is_dropped_and_named)
{
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    troupe_ref_t ref = probe_on(0);
    struct descriptor copy = {fcntl(ends[0], F_DUPFD, 900), POLLIN};
    cr_assert_eq(inside(ref, watch_it, &copy), 0);
    close(copy.fd);
    while (logged("was closed while it was watched") == 0) {
        tell(ref, "turn"); /* a turn of the worker, which then polls anew */
        sched_yield();
    }
    cr_assert_eq(inside(ref, unwatch_it, &copy.fd), -ENOENT);
    const char *got = notes();
    cr_assert_null(strstr(got, "fd "), "%s", got);
    cr_assert_eq(logged("was closed while it was watched"), 1);
    close(ends[0]);
    close(ends[1]);
}

enum { MOST = 64 };

Test(watching, a_worker_watches_so_many_as_the_header_says)
{
    int ends[2], copies[MOST + 1];
    cr_assert_eq(pipe(ends), 0);
    troupe_ref_t ref = probe_on(0), other = probe_on(0), away = probe_on(1);
    for (int i = 0; i <= MOST; i++) {
        copies[i] = dup(ends[0]);
        struct descriptor one = {copies[i], POLLIN};
        cr_assert_eq(inside(i % 2 ? other : ref, watch_it, &one),
                     i < MOST ? 0 : -ENOSPC);
    }
    struct descriptor again = {copies[0], POLLOUT};
    cr_assert_eq(inside(ref, watch_it, &again), 0); /* is no further one */
    struct descriptor last = {copies[MOST], POLLIN};
    cr_assert_eq(inside(away, watch_it, &last), 0);
    cr_assert_eq(inside(ref, unwatch_it, &copies[0]), 0);
    cr_assert_eq(inside(ref, watch_it, &last), 0);
    end_actor(ref, TROUPE_EXIT_KILLED);
    end_actor(other, TROUPE_EXIT_KILLED);
    end_actor(away, TROUPE_EXIT_KILLED);
    for (int i = 0; i <= MOST; i++)
        close(copies[i]);
    close(ends[0]);
    close(ends[1]);
}
