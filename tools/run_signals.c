/* SPDX-License-Identifier: Apache-2.0 */
/* run_signals.c: INT and TERM, for a run. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "tools/run.h"

#define EXIT_SIGNAL 130

/* A signal handler can reach nothing else. */
static volatile sig_atomic_t signal_pipe = -1;

/* Once: the director reads it. Twice: the end. */
static void
on_signal(int number)
{
    static volatile sig_atomic_t seen;
    (void) number;
    int saved = errno;
    if (seen || write(signal_pipe, "!", 1) < 0)
        _exit(EXIT_SIGNAL);
    seen = 1;
    errno = saved;
}

int
troupe__run_signals(void)
{
    static int ends[2] = {-1, -1};
    if (ends[0] < 0 && pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
        return -errno;
    signal_pipe = ends[1];
    struct sigaction action = {.sa_handler = on_signal};
    action.sa_flags = SA_RESTART;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    return ends[0];
}
