/* SPDX-License-Identifier: Apache-2.0 */
/* command.h: what the files of the command actor share. */
#ifndef TROUPE_ACTORS_COMMAND_H
#define TROUPE_ACTORS_COMMAND_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "troupe_ask.h"
#include "troupe_events.h"
#include "troupe_message.h"
#include "troupe_msgpack.h"

#include "actors/text.h"

/* What is to be run; the texts are lent by the message that asked for it. */
struct command_request {
    char **argv; /* ended by NULL; the list is owned, the texts are lent */
    char **env;  /* NULL: as ours; likewise */
    const char *directory; /* or NULL */
    const void *input;
    size_t input_size;
    int input_fd; /* instead of input, where it is not -1; the caller's */
    uint64_t timeout_ms; /* 0: none */
    uint64_t grace_ms;
    uint64_t most[2];          /* bytes kept of stdout and stderr */
    struct troupe__text texts; /* NUL-ended copies of what needs them */
    char wrong[96];            /* what is, in words */
};

/* troupe__command_read: 0 or -EBADMSG, with *ret_what in words, which may lie in
 * the request; what was read ends with troupe__command_clear() in either case. */
int troupe__command_read(const troupe_message_t *msg,
                         struct command_request *ret_request,
                         const char **ret_what);
void troupe__command_clear(struct command_request *self);

/* troupe__command_read_object: the same for the map itself. */
int troupe__command_read_object(const msgpack_object *body,
                                struct command_request *ret_request,
                                const char **ret_what);

/* One of the two pipes that a command writes to. */
struct command_pipe {
    int fd; /* -1: closed */
    bool is_watched;
    uint64_t most;
    uint64_t size; /* that was written */
    struct troupe__text kept;
};

/* What a start gives: pid and the descriptors, all owned. */
struct command_process {
    pid_t pid;
    int pidfd;
    int out[2];       /* non-blocking */
    const char *step; /* that failed: "exec", "directory", ... */
};

/*
 * troupe__command_spawn: start a program; returns when it has begun.
 *
 *   line     of troupe__heir_take(), or NULL.
 *   stack    COMMAND_STACK bytes for the child's first steps.
 *   returns  0, or a negative errno value with ret_process->step set; then
 *            nothing is left
 */
enum { COMMAND_STACK = 65536 };
int troupe__command_spawn(const struct command_request *request, uint64_t *line,
                          void *stack, struct command_process *ret_process);

/* troupe__command_start: the same for a program that outlives us, with three
 * descriptors that are above 2. */
int troupe__command_start(const char *path, char *const *argv, const int *fds,
                          void *stack, struct command_process *ret_process);

/* Who ends our commands when we are killed; {0} at first. */
struct command_heir {
    bool is_open;
    int pidfd, pipe_fd, table_fd; /* -1: none */
    uint64_t *lines;              /* of the table: "NUMBER\n" with blanks */
    uint32_t count;               /* of them, so far */
    uint32_t *unused;             /* by their places */
    uint32_t unused_count;
};

/* troupe__heir_take: a line for a command that is about to be started; NULL:
 * there is none. _give: its group is gone. _end: no commands run. */
uint64_t *troupe__heir_take(struct command_heir *self, void *stack);
void troupe__heir_give(struct command_heir *self, uint64_t *line);
void troupe__heir_end(struct command_heir *self);

enum { COMMAND_READ_SIZE = 65536 }; /* bytes that are read at once */

enum { PIPE_OUT, PIPE_ERR, PIPE_COUNT, WHICH_PIDFD = PIPE_COUNT, WHICH_MASK };

/* A command, from its ask to its answer. */
struct command_job {
    struct command_job *next;
    troupe_token_t token;    /* 0: nobody wants the answer any more */
    troupe_message_t *asked; /* while it waits for its turn, else NULL */
    uint64_t queued_ns;
    uint64_t started_ns;
    uint64_t *line; /* of the heir's table, or NULL */
    pid_t pid;
    int pidfd;
    struct command_pipe pipes[PIPE_COUNT];
    troupe_timer_t timer;
    uint64_t timeout_ms;
    uint32_t grace_ms;
    bool timed_out;
    bool is_young; /* its pipes are not watched yet */
};

struct commands {
    int epoll_fd;
    void *stack; /* for first steps of children */
    struct command_heir heir;
    uint64_t limit;
    uint64_t running_count;
    struct command_job *running; /* the youngest first */
    bool watches_soon;           /* pipes of who is young */
    struct command_job *waiting; /* in order */
    struct command_job **waiting_end;
    char *buffer; /* COMMAND_READ_SIZE */
};

/* troupe__job_start: start a job that is in the list of those that run; where
 * it cannot be it is answered and gone. Returns as a handler does. */
int troupe__job_start(troupe_context_t *ctx, struct commands *self,
                      struct command_job *job,
                      const struct command_request *request);

/* troupe__job_finish: its process ended: answer, and forget it. */
int troupe__job_finish(troupe_context_t *ctx, struct commands *self,
                       struct command_job *job);

/* troupe__job_drain: read what there is, at most `most` bytes; closes the pipe
 * at its end. */
void troupe__job_drain(struct commands *self, struct command_pipe *pipe,
                       size_t most);

/* troupe__job_reap: end what is left of its group, while the zombie keeps the
 * number, and take its exit. */
void troupe__job_reap(struct commands *self, struct command_job *job,
                      siginfo_t *ret_info);

/* troupe__job_free: give everything back; not for one that runs. */
void troupe__job_free(struct command_job *job);

#endif
