/* SPDX-License-Identifier: Apache-2.0 */
/* process.h: starts, watches and ends child processes; knows no actors. */
#ifndef TROUPE_RUNTIME_PROCESS_H
#define TROUPE_RUNTIME_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * An owner has two threads: one starts children (process_spawn.c), one watches
 * them and makes all callbacks (process.c). What a child is promised:
 *
 * - a session and a process group of its own; stdin is /dev/null; stdout and
 *   stderr are read here; no other descriptor but the two that
 *   troupe__process_adopt() takes; default signals, none blocked; no ZSYS_* in
 *   its environment; oom_score_adj is its parent's and 500 more, if allowed.
 * - when it ends, SIGKILL goes to what is left of its group, before it is
 *   reaped, so that the number cannot name somebody else by then. What left
 *   the group by setsid() or setpgid() is out of reach.
 * - when its owner's process ends, however, it gets SIGKILL. One that called
 *   troupe__process_adopt() takes its whole group along; of one that did not,
 *   only the process itself is killed.
 */
struct troupe__processes;

/* How a child ended. */
enum troupe__process_end {
    TROUPE__END_NORMAL,    /* exit code 0 */
    TROUPE__END_CODE,      /* another exit code; 125: do not restart */
    TROUPE__END_SIGNAL,    /* killed by a signal */
    TROUPE__END_OOM,       /* killed, most likely, for want of memory */
    TROUPE__END_UNSTARTED, /* it never ran its program */
    TROUPE__END_UNKNOWN    /* somebody else took its exit status */
};

enum {
    TROUPE__EXIT_PERMANENT = 125, /* the exit code that means: no restart */
    TROUPE__HELLO_MAX = 4096      /* bytes; one page, what any pipe holds */
};

/* What is told of a child's end; lent for the length of the callback. */
struct troupe__process_exit {
    uint64_t id;
    const char *name;
    pid_t pid; /* 0 when there was none */
    enum troupe__process_end end;
    int code;          /* exit code, signal, or negative errno (unstarted) */
    const char *step;  /* unstarted: which step failed, "exec" say; else "" */
    bool core;         /* a core was dumped */
    bool permanent;    /* exit code 125 */
    bool asked;        /* troupe__process_stop() had been called */
    uint64_t lived_ns; /* from its start to the notice of its end */
    const char *text;  /* all of that in words, with the cure if one is known */
    const char *const *tail; /* its last lines, oldest first, cleaned */
    size_t tail_count;
};

/*
 * The callbacks run on the watching thread, one at a time, and may call
 * everything here but destroy; each may be NULL. While one runs no child is
 * watched: none may wait. For each child `started` comes first, if at all, then
 * its lines, then `exited` exactly once, when it has been reaped.
 *
 *   line    a line of output without its end: printable UTF-8, at most
 *           TROUPE__LINE_TEXT bytes. Control characters, bytes that are not
 *           UTF-8 and characters that turn text around stand as \x1b or
 *           \u202e; what is over TROUPE__LINE_MAX bytes is cut off (" ...").
 *           `stream` is 1 or 2.
 *   stuck   SIGKILL was sent and the child is still there after kill_ms: it
 *           sleeps in the kernel (state D) or may not be signalled. Called at
 *           most once; it is watched on. pid 0: it is still being started.
 */
struct troupe__process_calls {
    void (*started)(void *data, uint64_t id, pid_t pid);
    void (*line)(void *data, uint64_t id, int stream, const char *text,
                 size_t size);
    void (*stuck)(void *data, uint64_t id, const char *name, pid_t pid);
    void (*exited)(void *data, const struct troupe__process_exit *exit);
};

/* For each 0 or NULL stands the default. */
struct troupe__processes_options {
    struct troupe__process_calls calls;
    void *data;             /* given to each callback */
    uint32_t processes_max; /* at once; default 1024, then -ENOSPC */
    uint32_t term_ms;       /* from SIGTERM to SIGKILL; default 5000 */
    uint32_t kill_ms;       /* from SIGKILL to `stuck`; default 5000 */
    uint32_t tail_lines;    /* remembered of each child; default 20 */
    uint32_t tail_bytes;    /* at most, of all these; default 8192 */
    /*
     * Become a child subreaper (prctl(2)): orphans of children's groups are
     * then reaped here rather than by init. Off by default, for it is a
     * setting of the whole process and brings it children it may not expect;
     * where this process is init itself, orphans come here in any case and
     * are reaped the same way.
     */
    bool subreaper;
};

/* What to start; all of it is copied. */
struct troupe__process_spec {
    const char *name;        /* for reports; not empty */
    const char *path;        /* the file; no search. Not empty */
    const char *const *argv; /* NULL-ended; NULL: the path alone */
    const char *const *env;  /* NULL-ended "NAME=VALUE", over ours */
    const char *directory;   /* to start in; NULL: ours */
    bool may_fork;           /* from a mould: the path is our own program, and
                              * its last argument may be replaced; mould.h */
    const void *hello;       /* secret bytes for it alone, or NULL */
    size_t hello_size;       /* 0 .. TROUPE__HELLO_MAX */
    const char *oom_file;    /* memory.events or memory.oom_control of
                                    * its cgroup; NULL: of our own */
};

/*
 * troupe__processes_new: an owner without children. The environment that
 * children inherit is the one at this moment.
 *
 *   options  may be NULL; read during the call.
 *   ret      out: end it with troupe__processes_destroy().
 *   returns  0, -EMFILE or -ENFILE, -EAGAIN (no thread), or another negative
 *            errno of pipe2, eventfd or open
 *   threads  any
 */
__attribute__((warn_unused_result)) int
troupe__processes_new(const struct troupe__processes_options *options,
                      struct troupe__processes **ret);

/*
 * troupe__processes_destroy: stop all children as troupe__process_stop() does,
 * wait for their reports, and free the owner. NULL is fine.
 *
 *   returns  0 and *self_p is NULL, or
 *            -ETIMEDOUT  only stuck children are left; they were reported. The
 *                        owner is still there and watches them: call again
 *            -EDEADLK    called by a callback
 *   threads  any one; no other call may run or follow
 */
int troupe__processes_destroy(struct troupe__processes **self_p);

/*
 * troupe__process_start: start a child, soon. What goes wrong from here on,
 * lack of descriptors and a missing program included, is told by `exited`.
 *
 *   ret_id   out, may be NULL: its number, never used again; set before any
 *            callback of this child.
 *   returns  0, -EINVAL (a value is outside what the spec says), -ENOSPC (too
 *            many children), -ESHUTDOWN (after destroy was called)
 *   threads  any
 */
__attribute__((warn_unused_result)) int
troupe__process_start(struct troupe__processes *self,
                      const struct troupe__process_spec *spec,
                      uint64_t *ret_id);

/*
 * troupe__process_stop: SIGTERM and SIGCONT to its group; SIGKILL after
 * term_ms; `stuck` after another kill_ms. Does not wait.
 *
 *   returns  0 (again, too), or -ESRCH: it has ended
 *   threads  any
 */
int troupe__process_stop(struct troupe__processes *self, uint64_t id);

/*
 * troupe__process_signal: send a signal to its group: SIGABRT for a core of
 * one that hangs, SIGKILL to be done with it. One that is still being started
 * gets it when it runs.
 *
 *   returns  0, -EINVAL (no such signal), or -ESRCH: it has ended
 *   threads  any
 */
int troupe__process_signal(struct troupe__processes *self, uint64_t id,
                           int signal);

#endif
