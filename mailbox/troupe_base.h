/* SPDX-License-Identifier: Apache-2.0 */
/* troupe_base.h: the words that every other header uses. */
#ifndef TROUPE_BASE_H
#define TROUPE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define TROUPE_EXTERN extern "C"
#else
#define TROUPE_EXTERN extern
#endif

#define TROUPE_API  TROUPE_EXTERN __attribute__((visibility("default")))
#define TROUPE_MUST TROUPE_API __attribute__((warn_unused_result))

#define TROUPE_VERSION_MAJOR 0
#define TROUPE_VERSION_MINOR 1
#define TROUPE_VERSION_PATCH 0
#define TROUPE_VERSION       "0.1.0"

/*
 * A ref is the address of an actor: a value to copy, compare and send. It
 * survives restarts of its actor. When the actor is gone for good the ref is
 * stale: messages to it become dead letters, asks end with TROUPE_DOWN.
 */
typedef struct troupe_ref {
    uint64_t id; /* 0: nobody */
} troupe_ref_t;

#define TROUPE_NOBODY ((troupe_ref_t){0})

/* Bytes that hold any ref as text, with its NUL. */
#define TROUPE_REF_TEXT 48

/* Longest message type and longest actor or group name, without the NUL. */
#define TROUPE_TYPE_MAX 31
#define TROUPE_NAME_MAX 63

/*
 * Every error a call of ours returns, as negative errno values, in one list:
 * X(code, meaning).
 */
#define TROUPE_ERRORS(X)                                                       \
    X(EINVAL, "an argument is outside what the header allows")                 \
    X(EAGAIN, "full: try again when this handler has returned")                \
    X(ETIMEDOUT, "the deadline passed first")                                  \
    X(ESRCH, "no such actor")                                                  \
    X(ENOENT, "no such name, group, timer or file")                            \
    X(EEXIST, "the name is taken")                                             \
    X(ESHUTDOWN, "the node is stopping")                                       \
    X(EMSGSIZE, "the message is over the size limit")                          \
    X(EBADMSG, "the bytes are not what they should be")                        \
    X(ENOMSG, "nobody is waiting for this reply")                              \
    X(ENOSPC, "a limit of the node is reached")                                \
    X(EDEADLK, "the caller would wait for itself")                             \
    X(ECANCELED, "cancelled")                                                  \
    X(EPIPE, "broken promise: the actor ended without an answer")              \
    X(EOPNOTSUPP, "the actor does not handle messages of this type")           \
    X(ENOTRECOVERABLE, "beyond help: not to be started again")                 \
    X(ENOTCONN, "this node is in no run, or its root is gone")                 \
    X(EALREADY, "that has been done already")                                  \
    X(EBUSY, "in use")                                                         \
    X(EPERM, "not allowed here")                                               \
    X(EIO, "the system refused a read, a write or a thread")                   \
    X(EMFILE, "no descriptors left")                                           \
    X(EHOSTDOWN, "the actor failed before it answered")                        \
    X(ENOBUFS, "the mailbox is full")                                          \
    X(ENODATA, "there is nothing to read there")                               \
    X(ERANGE, "the number does not fit")                                       \
    X(EFBIG, "the file is over the size limit")                                \
    X(ENOTDIR, "not a directory")                                              \
    X(EACCES, "permission denied")                                             \
    X(ELOOP, "the links form a loop")                                          \
    X(EPROTO, "a program that was run gave no usable answer")

/*
 * troupe_strerror: what an error code of ours means, in a few words.
 *
 *   rc       0 or a negative errno value.
 *   returns  a static string; for a code that is not in TROUPE_ERRORS the
 *            words of the C library.
 *   threads  any
 */
TROUPE_API const char *troupe_strerror(int rc);

/* troupe_version: the version of the library that runs, "1.2.3". */
TROUPE_API const char *troupe_version(void);

/* troupe_ref_equal: true when both refs name the same actor. */
static inline bool
troupe_ref_equal(troupe_ref_t one, troupe_ref_t other)
{
    return one.id == other.id;
}

/* troupe_ref_is_nobody: true for the ref that names no actor. */
static inline bool
troupe_ref_is_nobody(troupe_ref_t ref)
{
    return ref.id == 0;
}

/*
 * troupe_ref_text: a ref as people read it: "<node.worker.slot.generation>".
 *
 *   ref      any ref.
 *   text     out: NUL-ended; TROUPE_REF_TEXT bytes.
 *   returns  text
 *   threads  any
 */
TROUPE_API const char *troupe_ref_text(troupe_ref_t ref,
                                       char text[TROUPE_REF_TEXT]);

/* troupe_ref_parse: the ref that troupe_ref_text() wrote so; returns 0, or
 * -EINVAL for any other text; threads: any */
TROUPE_MUST int troupe_ref_parse(const char *text, troupe_ref_t *ret_ref);

/* Why an actor ended. */
typedef enum troupe_exit {
    TROUPE_EXIT_NORMAL = 0,      /* it said that it was done */
    TROUPE_EXIT_SHUTDOWN = 1,    /* it was asked to stop and did */
    TROUPE_EXIT_KILLED = 2,      /* it was told to stop and had no say */
    TROUPE_EXIT_ERROR = 3,       /* a handler or start failed */
    TROUPE_EXIT_IGNORE = 4,      /* start said that there is nothing to do */
    TROUPE_EXIT_NOPROC = 5,      /* there was no such actor */
    TROUPE_EXIT_NOCONNECTION = 6 /* its node cannot be reached, or keeps no more
                                    monitors and links: -ENOSPC; it may live */
} troupe_exit_t;

/* A reason is a kind, an error code and words. */
typedef struct troupe_reason {
    troupe_exit_t kind;
    int code;         /* negative errno for TROUPE_EXIT_ERROR, or 0 */
    const char *text; /* never NULL; lives as long as what carries it */
} troupe_reason_t;

/* troupe_exit_name: "normal", "shutdown", "killed", "error", ... */
TROUPE_API const char *troupe_exit_name(troupe_exit_t kind);

#endif
