/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run_watch.c: `troupe run --restart`, a process that has the run as its child.
 *
 * The child is a plain `troupe run` in a process group of its own, so that each
 * signal comes to it once, from here. When a signal kills it, it is started
 * again, after a rest; it takes its name over, and the processes of the one
 * before it have ended with that. Its exit code is that of the watcher.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tools/commands.h"
#include "tools/run.h"

enum {
    RESTARTS_MAX = 5, /* within PERIOD_S */
    PERIOD_S = 60,
    REST_MIN_MS = 50,
    REST_MAX_MS = 5000,
    MS_PER_S = 1000,
    NS_PER_MS = 1000000,
    EXIT_EXEC = 126
};

struct watch {
    const struct troupe__run_options *options;
    char **argv;
    sigset_t signals, before;
    pid_t child;
    bool is_stopping; /* a signal has been passed on */
    time_t restarts[RESTARTS_MAX];
    size_t count; /* of all restarts */
};

static time_t
now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

/* In the child. Should the watcher be killed, it is to stop in order. */
static _Noreturn void
become_run(const struct watch *self, pid_t watcher)
{
    (void) setpgid(0, 0);
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 && getppid() == watcher) {
        sigprocmask(SIG_SETMASK, &self->before, NULL);
        execv("/proc/self/exe", self->argv);
    }
    _exit(EXIT_EXEC);
}

static int
start(struct watch *self)
{
    pid_t watcher = getpid();
    self->child = fork();
    if (self->child == 0)
        become_run(self, watcher);
    if (self->child > 0)
        return 0;
    troupe__run_say(self->options, TROUPE_LOG_ERROR,
                    "the run cannot be started: %s%s", strerror(errno),
                    troupe__cure(-EIO));
    return -EIO;
}

/* Takes one of the signals, or none when the time is over first. */
static void
take_signal(struct watch *self, const sigset_t *signals,
            const struct timespec *timeout)
{
    int number = timeout ? sigtimedwait(signals, NULL, timeout)
                         : sigwaitinfo(signals, NULL);
    if (number != SIGINT && number != SIGTERM)
        return;
    self->is_stopping = true;
    if (self->child > 0)
        (void) kill(self->child, number);
}

static int
wait_for_end(struct watch *self)
{
    int status = 0;
    while (waitpid(self->child, &status, WNOHANG) == 0)
        take_signal(self, &self->signals, NULL);
    self->child = 0;
    return status;
}

/* False: it was so often that the next time would be no better. */
static bool
may_restart(struct watch *self)
{
    time_t now = now_s();
    time_t *oldest = &self->restarts[self->count % RESTARTS_MAX];
    bool may = self->count < RESTARTS_MAX || now - *oldest > PERIOD_S;
    *oldest = now;
    self->count += may;
    return may;
}

/* Longer and longer, for those that lie within the period. */
static unsigned
rest_ms(const struct watch *self)
{
    unsigned rest = REST_MIN_MS;
    time_t now = now_s();
    for (size_t i = 1; i < RESTARTS_MAX && i < self->count; i++) {
        size_t at = (self->count - 1 - i) % RESTARTS_MAX;
        if (now - self->restarts[at] <= PERIOD_S && rest < REST_MAX_MS)
            rest *= 2;
    }
    return rest;
}

/* That of its last child's end may still be to come, and is no news. */
static void
rest(struct watch *self, unsigned ms)
{
    sigset_t signals = self->signals;
    const struct timespec time = {ms / MS_PER_S,
                                  (long) (ms % MS_PER_S) * NS_PER_MS};
    sigdelset(&signals, SIGCHLD);
    take_signal(self, &signals, &time);
}

/* Returns an exit code, or -1: it is to be started again. */
static int
after_kill(struct watch *self, pid_t child, int status)
{
    char what[128];
    int number = WTERMSIG(status);
    snprintf(what, sizeof what, "(process %d) was killed by signal %d (%s%s)",
             (int) child, number, strsignal(number),
             WCOREDUMP(status) ? ", core dumped" : "");
    if (self->is_stopping) {
        troupe__run_say(self->options, TROUPE_LOG_ERROR,
                        "the run %s while it stopped", what);
        return TROUPE__EXIT_FAILED;
    }
    if (!may_restart(self)) {
        troupe__run_say(self->options, TROUPE_LOG_ERROR,
                        "the run %s: given up after %d restarts within %d s",
                        what, RESTARTS_MAX, PERIOD_S);
        return TROUPE__EXIT_FAILED;
    }
    unsigned ms = rest_ms(self);
    troupe__run_say(self->options, TROUPE_LOG_WARNING,
                    "the run %s: it is started again in %u ms", what, ms);
    rest(self, ms);
    return self->is_stopping ? TROUPE__EXIT_OK : -1;
}

int
troupe__run_watched(char **argv, const struct troupe__run_options *options)
{
    struct watch self = {.options = options, .argv = argv};
    (void) signal(SIGCHLD, SIG_DFL); /* who started us may have ignored it */
    sigemptyset(&self.signals);
    sigaddset(&self.signals, SIGINT);
    sigaddset(&self.signals, SIGTERM);
    sigaddset(&self.signals, SIGCHLD);
    sigprocmask(SIG_BLOCK, &self.signals, &self.before);
    int code = -1;
    while (code < 0 && (code = start(&self)) == 0) {
        pid_t child = self.child;
        int status = wait_for_end(&self);
        code = WIFEXITED(status) ? WEXITSTATUS(status)
                                 : after_kill(&self, child, status);
    }
    return code < 0 ? TROUPE__EXIT_FAILED : code;
}
