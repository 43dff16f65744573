/* SPDX-License-Identifier: Apache-2.0 */
/* process_self.h: what the files of the process module share. */
#ifndef TROUPE_RUNTIME_PROCESS_SELF_H
#define TROUPE_RUNTIME_PROCESS_SELF_H

#include <pthread.h>

#include "runtime/mould.h"
#include "runtime/process.h"
#include "runtime/process_output.h"

/* What a spec becomes: copies, and the environment as the child gets it. */
struct troupe__launch {
    char *name, *path, *directory, *oom_file;
    char **argv, **env; /* NULL-ended */
    void *hello;
    size_t hello_size;
    bool may_fork;
};

/* Where a child is on its way to run; under the owner's lock. */
enum troupe__phase {
    PHASE_QUEUED,   /* waits for the starting thread */
    PHASE_STARTING, /* in its hands */
    PHASE_STARTED,  /* came back, running or not; the watching thread's */
    PHASE_GONE      /* about to be reported; the watching thread's */
};

/* How far the stopping of a child has gone. */
enum troupe__rung { RUNG_NONE, RUNG_TERM, RUNG_KILL, RUNG_STUCK };

struct troupe__process {
    struct troupe__process *next;
    uint64_t id;
    struct troupe__launch launch;

    /* Under the owner's lock. */
    enum troupe__phase phase;
    bool stop_wanted;
    uint64_t signals_wanted; /* bit n - 1: signal n */

    /* The starting thread's until PHASE_STARTED, then the watching one's. */
    pid_t pid; /* 0: none */
    int pidfd; /* -1: none */
    int output[2];
    int error;        /* negative errno of what failed, or 0 */
    const char *step; /* what failed */
    uint64_t started_ns;
    uint64_t oom_kills; /* counted before it was started */

    /* The watching thread's. */
    bool watched;
    bool asked;  /* to stop, before its end was noticed */
    bool killed; /* SIGKILL was sent by us */
    enum troupe__rung rung;
    uint64_t due; /* ns: when the next rung comes; UINT64_MAX: never */
    struct troupe__lines lines[2];
    struct troupe__tail tail;
};

/* A child as the watching thread saw it at the beginning of a round. */
struct troupe__view {
    struct troupe__process *child; /* NULL: reported since */
    enum troupe__phase phase;
    bool stop;
    uint64_t signals;
};

/* A group whose leader has ended, and that may have left children to us. */
struct troupe__orphans {
    pid_t group;
    uint64_t until; /* ns: not looked at any longer */
};

struct troupe__processes {
    struct troupe__processes_options options;
    char **env;          /* NULL-ended, without ZSYS_* and our own */
    char *oom_file;      /* NULL: there is none */
    char oom_adjust[16]; /* what a child writes into its oom_score_adj */
    int lifeline[2];     /* children inherit [0]; nobody writes to [1] */
    int null_fd, wake_fd;
    void *stack; /* of a child until it executes its program */
    pthread_t starter, watcher;

    pthread_mutex_t lock;
    pthread_cond_t changed; /* a child is queued, reported, stuck; the end */
    struct troupe__process *first;
    uint32_t count, stuck_count;
    uint64_t id_last;
    bool stopping; /* no new children; end those there are */
    bool ended;    /* stopping, and no child is left */

    int mould_pidfd; /* -1: none */
    bool mould_ended;

    struct troupe__mould mould; /* the starting thread's */

    /* The watching thread's. */
    int mould_fd; /* as it was at the beginning of a round; -1: none */
    struct troupe__view *view;
    struct pollfd *polled; /* two of ours, then three of each in view */
    uint32_t view_count, view_capacity;
    struct troupe__orphans *orphans;
    uint32_t orphans_count, orphans_capacity;
};

/* The descriptors of a child; process_launch.c tells it the last two. */
enum { TROUPE__FD_LIFELINE = 3, TROUPE__FD_HELLO = 4, TROUPE__FD_COUNT = 5 };

/* A size of the stack that a child runs on until it executes its program. */
enum { TROUPE__CHILD_STACK = 65536 };

/* process_launch.c */
int troupe__launch_init(struct troupe__launch *self,
                        const struct troupe__process_spec *spec,
                        char *const *base_env);
void troupe__launch_free(struct troupe__launch *self);
char **troupe__launch_base_env(void);
void troupe__launch_env_free(char **env);

/* process_spawn.c */
void *troupe__process_starter(void *owner);
/* troupe__process_execute: as a child of the starting thread, with descriptors
 * 0 .. TROUPE__FD_COUNT - 1, -1: none. Where `error` comes out other than 0
 * there is no child. */
struct troupe__birth {
    pid_t pid;
    int pidfd;
    int error; /* negative errno */
    const char *step;
};
struct troupe__birth
troupe__process_execute(const struct troupe__processes *self,
                        const struct troupe__launch *launch, const int fds[]);
/* A pipe, closed on exec, both ends above all numbers that a child's get; even
 * on failure what is not -1 in `fds` is to be closed. */
int troupe__process_pipe(int fds[2]);
int troupe__process_lift(int *fd); /* the same for one descriptor */

/* process_read.c: read what is there, at most `budget` bytes. */
void troupe__process_read(struct troupe__processes *self,
                          struct troupe__process *child, int stream,
                          size_t budget);
void troupe__process_read_rest(struct troupe__processes *self,
                               struct troupe__process *child);

/* process_exit.c: reap a child that ended and tell of it, or tell that it
 * never started. The child is still to be taken off the list and freed. */
void troupe__process_report(struct troupe__processes *self,
                            struct troupe__process *child);
/* Reap what ended groups left to this process; false: nothing is left. */
bool troupe__process_reap_orphans(struct troupe__processes *self);

/* process_text.c: an end in words. */
void troupe__process_text(const struct troupe__process *child,
                          const struct troupe__process_exit *end, char *text,
                          size_t size);

/* process_watch.c */
void *troupe__process_watcher(void *owner);

/* process_oom.c: NULL when there is none; the count, 0 when it has none. */
char *troupe__oom_file_of_ours(void);
uint64_t troupe__oom_kills(const char *file);

/* process.c */
void troupe__processes_wake(struct troupe__processes *self);
void troupe__process_free(struct troupe__process *child);

#endif
