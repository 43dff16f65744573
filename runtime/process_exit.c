/* SPDX-License-Identifier: Apache-2.0 */
/* process_exit.c: how children ended, and what they leave behind. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mailbox/check.h"
#include "runtime/node.h"
#include "runtime/process_self.h"

enum { TEXT_SIZE = 1024, NS_PER_MS = 1000000 };

/* Remember that the group of an ended child may have left us orphans. */
static void
remember_orphans(struct troupe__processes *self, pid_t group)
{
    if (self->orphans_count == self->orphans_capacity) {
        self->orphans_capacity = 2 * self->orphans_capacity + 8;
        self->orphans = troupe__realloc(
            self->orphans, self->orphans_capacity * sizeof *self->orphans);
    }
    uint64_t until =
        troupe__real_ns() + (uint64_t) self->options.kill_ms * NS_PER_MS;
    self->orphans[self->orphans_count++] =
        (struct troupe__orphans){group, until};
}

/* True while the group has children of ours that have not ended. */
static bool
reap_group(pid_t group)
{
    for (;;) {
        siginfo_t info = {.si_pid = 0};
        int rc = waitid(P_PGID, (id_t) group, &info, WEXITED | WNOHANG);
        if (rc < 0)
            return errno == EINTR;
        if (info.si_pid == 0)
            return true;
    }
}

/*
 * Orphans come to us where this process is init or a subreaper. Waiting for a
 * group by its number cannot take a child from anybody else: the number is in
 * use as long as the group has members, and the group was of our child.
 */
bool
troupe__process_reap_orphans(struct troupe__processes *self)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < self->orphans_count; i++) {
        struct troupe__orphans *it = &self->orphans[i];
        if (reap_group(it->group) && troupe__real_ns() < it->until)
            self->orphans[kept++] = *it;
    }
    self->orphans_count = kept;
    return kept > 0;
}

static bool
was_out_of_memory(const struct troupe__processes *self,
                  const struct troupe__process *child, const siginfo_t *info)
{
    if (info->si_status != SIGKILL || child->killed)
        return false;
    const char *file = child->launch.oom_file;
    return troupe__oom_kills(file ? file : self->oom_file) > child->oom_kills;
}

static void
set_end(const struct troupe__processes *self,
        const struct troupe__process *child, const siginfo_t *info,
        struct troupe__process_exit *end)
{
    end->code = info->si_status;
    end->core = info->si_code == CLD_DUMPED;
    if (info->si_pid == 0) {
        end->end = TROUPE__END_UNKNOWN;
        end->code = 0;
    } else if (info->si_code != CLD_EXITED) {
        end->end = was_out_of_memory(self, child, info) ? TROUPE__END_OOM
                                                        : TROUPE__END_SIGNAL;
    } else {
        end->end = info->si_status == 0 ? TROUPE__END_NORMAL : TROUPE__END_CODE;
        end->permanent = info->si_status == TROUPE__EXIT_PERMANENT;
    }
}

/*
 * The order matters: as long as the child is not reaped, its number is its own
 * and so is that of its group. If somebody else has reaped it, the number may
 * be a stranger's by now, and nothing is sent to it.
 */
static void
reap(struct troupe__processes *self, struct troupe__process *child,
     siginfo_t *info)
{
    id_t pidfd = (id_t) child->pidfd;
    int rc = waitid(P_PIDFD, pidfd, info, WEXITED | WNOHANG | WNOWAIT);
    bool is_ours = rc == 0 && info->si_pid == child->pid;
    if (is_ours)
        kill(-child->pid, SIGKILL);
    troupe__process_read_rest(self, child);
    *info = (siginfo_t){.si_pid = 0};
    if (is_ours && waitid(P_PIDFD, pidfd, info, WEXITED | WNOHANG) < 0)
        info->si_pid = 0;
    remember_orphans(self, child->pid);
    close(child->pidfd);
    child->pidfd = -1;
}

void
troupe__process_report(struct troupe__processes *self,
                       struct troupe__process *child)
{
    char text[TEXT_SIZE];
    struct troupe__process_exit end = {.id = child->id,
                                       .name = child->launch.name,
                                       .pid = child->pid,
                                       .step = "",
                                       .text = text};
    if (child->error != 0) {
        end.end = TROUPE__END_UNSTARTED;
        end.code = child->error;
        end.step = child->step;
    } else {
        siginfo_t info = {.si_pid = 0};
        reap(self, child, &info);
        set_end(self, child, &info, &end);
        end.lived_ns = troupe__real_ns() - child->started_ns;
    }
    end.asked = child->asked;
    end.tail = (const char *const *) child->tail.lines;
    end.tail_count = child->tail.count;
    troupe__process_text(child, &end, text, sizeof text);
    if (self->options.calls.exited)
        self->options.calls.exited(self->options.data, &end);
}
