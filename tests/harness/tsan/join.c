/* SPDX-License-Identifier: Apache-2.0 */
/* join.c: a pthread_clockjoin_np() that ThreadSanitizer understands. */

/*
 * The ThreadSanitizer of gcc 12 and clang 14 knows pthread_timedjoin_np() but
 * not pthread_clockjoin_np(): it would take everything that a joined thread
 * did for a race with what comes after. Its builds link this instead of the C
 * library's. The real-time clock may be set meanwhile; a test can bear that.
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

int
pthread_clockjoin_np(pthread_t thread, void **ret_value, clockid_t clock,
                     const struct timespec *until)
{
    struct timespec now;
    struct timespec today;
    if (clock_gettime(clock, &now) != 0)
        return EINVAL;
    clock_gettime(CLOCK_REALTIME, &today);
    int64_t at = in_ns(&today) + in_ns(until) - in_ns(&now);
    if (at < 0)
        at = 0;
    struct timespec then = {.tv_sec = (time_t) (at / second_ns),
                            .tv_nsec = (long) (at % second_ns)};
    return pthread_timedjoin_np(thread, ret_value, &then);
}
