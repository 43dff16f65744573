/* SPDX-License-Identifier: Apache-2.0 */
/* interrupt.c: signals as a descriptor. */
#include "tools/interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#define EXIT_SIGNAL 130

/* A signal handler can reach nothing else. */
static volatile sig_atomic_t interrupt_pipe = -1;

static void
on_signal(int number)
{
    static volatile sig_atomic_t seen;
    (void) number;
    if (seen)
        _exit(EXIT_SIGNAL);
    seen = 1;
    int saved = errno;
    if (write(interrupt_pipe, "!", 1) < 0)
        _exit(EXIT_SIGNAL);
    errno = saved;
}

int
troupe__catch_interrupts(int *ret_fd)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
        return -errno;
    interrupt_pipe = ends[1];
    struct sigaction action = {.sa_handler = on_signal};
    action.sa_flags = SA_RESTART;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    *ret_fd = ends[0];
    return 0;
}
