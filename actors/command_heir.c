/* SPDX-License-Identifier: Apache-2.0 */
/*
 * command_heir.c: a process that ends groups of commands when we cannot.
 *
 * PR_SET_PDEATHSIG ends a command when our process is killed, but not what the
 * command has started. So with the first command of an actor a shell is started
 * that waits for the end of a pipe which only we hold. Then it kills the groups
 * in a table that it shares with us: a file in memory with a line of eight
 * bytes for each command that runs, the number of its group. A command writes
 * its own line before it executes its program, with one store, and its line is
 * blank again before its number can name somebody else. So nothing has to be
 * told to the shell, and a command costs nothing more.
 */
#include "actors/command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mailbox/check.h"

#define LINES_MAX  131072 /* commands at once; others are not in the table */
#define LINES_SOME 512    /* by which the file grows */
#define END_MS     1000

static const char script[] =
    "trap '' HUP INT QUIT TERM; exec 3<&1; read -r x; "
    "for g in $(cat <&3); do kill -s KILL -- -$g; done";

static uint64_t
blank(void)
{
    uint64_t line = 0;
    memcpy(&line, "       \n", sizeof line);
    return line;
}

/* What the shell has open: the pipe, the table, and nothing. */
static int
start(struct command_heir *self, void *stack)
{
    static char *const argv[] = {(char *) (uintptr_t) "sh",
                                 (char *) (uintptr_t) "-c",
                                 (char *) (uintptr_t) script, NULL};
    struct command_process process = {.pidfd = -1};
    int ends[2] = {-1, -1};
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    int rc = nothing < 0 || pipe2(ends, O_CLOEXEC) < 0 ? -errno : 0;
    if (rc == 0) {
        const int fds[] = {ends[0], self->table_fd, nothing};
        rc = troupe__command_start("/bin/sh", argv, fds, stack, &process);
    }
    if (nothing >= 0)
        close(nothing);
    if (ends[0] >= 0)
        close(ends[0]);
    if (rc < 0 && ends[1] >= 0)
        close(ends[1]);
    self->pidfd = rc < 0 ? -1 : process.pidfd;
    self->pipe_fd = rc < 0 ? -1 : ends[1];
    return rc;
}

static int
open_table(struct command_heir *self)
{
    self->table_fd = memfd_create("commands", MFD_CLOEXEC);
    if (self->table_fd < 0)
        return -errno;
    void *at = mmap(NULL, LINES_MAX * sizeof *self->lines,
                    PROT_READ | PROT_WRITE, MAP_SHARED, self->table_fd, 0);
    if (at == MAP_FAILED)
        return -errno;
    self->lines = at;
    return 0;
}

/* More of the file, blank. */
static int
grow(struct command_heir *self)
{
    uint32_t count = self->count + LINES_SOME;
    if (count > LINES_MAX)
        return -ENOSPC;
    if (ftruncate(self->table_fd, (off_t) (count * sizeof *self->lines)) < 0)
        return -errno;
    self->unused = troupe__realloc(self->unused, count * sizeof *self->unused);
    for (uint32_t i = count; i-- > self->count;) {
        self->lines[i] = blank();
        self->unused[self->unused_count++] = i;
    }
    self->count = count;
    return 0;
}

uint64_t *
troupe__heir_take(struct command_heir *self, void *stack)
{
    if (!self->is_open) { /* where that fails it goes on without */
        self->is_open = true;
        self->pidfd = self->pipe_fd = self->table_fd = -1;
        if (open_table(self) == 0 && grow(self) == 0)
            (void) start(self, stack);
    }
    if (self->pidfd < 0 || (self->unused_count == 0 && grow(self) < 0))
        return NULL;
    return &self->lines[self->unused[--self->unused_count]];
}

void
troupe__heir_give(struct command_heir *self, uint64_t *line)
{
    if (!line)
        return;
    __atomic_store_n(line, blank(), __ATOMIC_RELEASE);
    self->unused[self->unused_count++] = (uint32_t) (line - self->lines);
}

void
troupe__heir_end(struct command_heir *self)
{
    if (!self->is_open)
        return;
    if (self->pipe_fd >= 0)
        close(self->pipe_fd);
    if (self->pidfd >= 0) {
        struct pollfd ended = {.fd = self->pidfd, .events = POLLIN};
        siginfo_t info;
        if (poll(&ended, 1, END_MS) > 0)
            (void) waitid(P_PIDFD, (id_t) self->pidfd, &info, WEXITED);
        close(self->pidfd);
    }
    if (self->lines)
        munmap(self->lines, LINES_MAX * sizeof *self->lines);
    if (self->table_fd >= 0)
        close(self->table_fd);
    free(self->unused);
}
