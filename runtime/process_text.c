/* SPDX-License-Identifier: Apache-2.0 */
/* process_text.c: says in words how a child ended, and what would help. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/process_self.h"

/* Why a file cannot be executed, as far as it can be seen from outside. */
static const char *
cure_of_exec(const char *path, int error)
{
    struct stat status;
    bool is_there = stat(path, &status) == 0;
    switch (error) {
    case ENOENT:
        return is_there ? "; what it is to be run by (its #! line, its loader) "
                          "is missing"
                        : "; name the file with its whole path";
    case EACCES:
        if (is_there && S_ISDIR(status.st_mode))
            return "; it is a directory";
        return is_there && !(status.st_mode & 0111)
                   ? "; it is not executable: chmod +x"
                   : "";
    case ENOEXEC:
        return "; it is no program of this machine and has no #! line";
    case E2BIG:
        return "; arguments and environment are too long";
    default:
        return "";
    }
}

static const char *
cure(const struct troupe__process *child, const char *step, int error)
{
    if (strcmp(step, "exec") == 0)
        return cure_of_exec(child->launch.path, error);
    switch (error) {
    case EMFILE:
        return "; raise the limit of descriptors (ulimit -n)";
    case EAGAIN:
        return "; raise the limit of processes (ulimit -u, or pids.max of the "
               "cgroup)";
    default:
        return "";
    }
}

static void
text_of_unstarted(const struct troupe__process *child,
                  const struct troupe__process_exit *end, char *text,
                  size_t size)
{
    int error = -end->code;
    const char *what = child->launch.path;
    char words[128];
    if (error == ECANCELED) {
        snprintf(text, size, "stopped before it was started");
        return;
    }
    if (strcmp(end->step, "directory") == 0)
        what = child->launch.directory;
    snprintf(text, size, "could not be started: %s of %s: %s%s", end->step,
             what, strerror_r(error, words, sizeof words),
             cure(child, end->step, error));
}

static void
text_of_signal(const struct troupe__process_exit *end, char *text, size_t size)
{
    const char *name = sigabbrev_np(end->code);
    const char *words = sigdescr_np(end->code);
    const char *core = end->core ? ", core dumped" : "";
    if (name && words)
        snprintf(text, size, "killed by SIG%s (%s)%s", name, words, core);
    else
        snprintf(text, size, "killed by signal %d%s", end->code, core);
}

void
troupe__process_text(const struct troupe__process *child,
                     const struct troupe__process_exit *end, char *text,
                     size_t size)
{
    switch (end->end) {
    case TROUPE__END_NORMAL:
        snprintf(text, size, "ended normally");
        break;
    case TROUPE__END_CODE:
        snprintf(text, size, "ended with exit code %d%s", end->code,
                 end->permanent ? ", which means: do not restart" : "");
        break;
    case TROUPE__END_SIGNAL:
        text_of_signal(end, text, size);
        break;
    case TROUPE__END_OOM:
        snprintf(text, size,
                 "killed by SIGKILL (Killed), most likely because memory ran "
                 "out: its cgroup counts an out-of-memory kill");
        break;
    case TROUPE__END_UNSTARTED:
        text_of_unstarted(child, end, text, size);
        break;
    case TROUPE__END_UNKNOWN:
        snprintf(text, size,
                 "ended, but its exit status was taken by something else in "
                 "this process: SIGCHLD is ignored, or wait() was called");
        break;
    }
}
