/* SPDX-License-Identifier: Apache-2.0 */
/* join.c: waits by the monotonic clock that ThreadSanitizer understands. */

/*
 * The ThreadSanitizer of gcc 12 and clang 14 knows pthread_timedjoin_np() and
 * pthread_mutex_timedlock(), but not the two calls below: it would take what
 * a joined thread did, or what was done under the lock, for a race with what
 * comes after. Its builds link these instead of the C library's. The real-time
 * clock may be set meanwhile; a test can bear that.
 */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <time.h>

static const int64_t second_ns = 1000000000;

static int64_t
in_ns(const struct timespec *time)
{
    return (int64_t) time->tv_sec * second_ns + time->tv_nsec;
}

/* The same moment on the real-time clock, or its beginning. */
static int
on_real_time(clockid_t clock, const struct timespec *until,
             struct timespec *ret_then)
{
    struct timespec now;
    struct timespec today;
    if (clock_gettime(clock, &now) != 0)
        return EINVAL;
    clock_gettime(CLOCK_REALTIME, &today);
    int64_t at = in_ns(&today) + in_ns(until) - in_ns(&now);
    if (at < 0)
        at = 0;
    *ret_then = (struct timespec){.tv_sec = (time_t) (at / second_ns),
                                  .tv_nsec = (long) (at % second_ns)};
    return 0;
}

int
pthread_clockjoin_np(pthread_t thread, void **ret_value, clockid_t clock,
                     const struct timespec *until)
{
    struct timespec then;
    int rc = on_real_time(clock, until, &then);
    return rc != 0 ? rc : pthread_timedjoin_np(thread, ret_value, &then);
}

int
pthread_mutex_clocklock(pthread_mutex_t *mutex, clockid_t clock,
                        const struct timespec *until)
{
    struct timespec then;
    int rc = on_real_time(clock, until, &then);
    return rc != 0 ? rc : pthread_mutex_timedlock(mutex, &then);
}
