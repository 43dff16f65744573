/* SPDX-License-Identifier: Apache-2.0 */
/* troupe_ask.h: requests that end exactly once. */
#ifndef TROUPE_ASK_H
#define TROUPE_ASK_H

#include "troupe_actor.h"

/*
 * Asks that wait for each other: an ask ends with TROUPE_ERROR and -EDEADLK,
 * and with words that name the circle, when it has been open for deadlock_ms
 * (node options) and everybody on the circle holds an ask, deferred, stashed
 * or come before his start is done, and has nothing left that could run: no
 * message, no timer before the deadline, no descriptor, no blocking function,
 * no ask to anybody outside who could answer. It is the youngest ask of the
 * circle, which has waited least, and it is cancelled as one that times out.
 *
 * What nobody can foresee is a tell, a down or an exit still to come: where an
 * answer waits for one, say so with `patient`. A circle that a program in
 * another language is on is not seen, nor one among more than 256 open asks, nor
 * one with an actor that has a timer for each moment: these end by deadline. So
 * does one by a supervisor that waits for a start, or when that start is late.
 */

/* How an ask ended: exactly one of these, exactly once. */
typedef enum troupe_outcome {
    TROUPE_REPLY = 1, /* an answer */
    TROUPE_ERROR,     /* an error as answer, or the actor failed on it */
    TROUPE_TIMEOUT,   /* the deadline passed */
    TROUPE_DOWN,      /* the actor is not there, or ended before answering */
    TROUPE_OVERLOAD,  /* its mailbox was full */
    TROUPE_CANCELLED  /* the asker, or who asked the asker, gave up */
} troupe_outcome_t;

/* troupe_outcome_name: "reply", "error", "timeout", ... */
TROUPE_API const char *troupe_outcome_name(troupe_outcome_t outcome);

/* One open ask of the asker's own; a value; 0: none. */
typedef struct troupe_ask {
    uint64_t id;
} troupe_ask_t;

/* The right and the duty to answer one ask; 0: none. */
typedef struct troupe_token {
    uint64_t id;
} troupe_token_t;

/* What an ask came to; lent until the callback returns. */
typedef struct troupe_answer {
    troupe_outcome_t outcome;
    int code;         /* 0 for a reply, else a negative errno value */
    const char *text; /* words for the code; for a timeout, whom it waited
                         for, and where that one was waiting, the chain */
    const troupe_message_t *msg; /* the reply, or NULL */
    troupe_ref_t target;         /* who was asked */
    uint32_t incarnation;        /* of who answered; 0: not known */
    uint64_t latency_ns;         /* from ask to outcome */
    troupe_ask_t ask;
    void *data; /* as given with the ask */
} troupe_answer_t;

/* troupe_answer_fn: returns as a handler does. */
typedef int (*troupe_answer_fn)(troupe_context_t *ctx, void *state,
                                const troupe_answer_t *answer);

typedef struct troupe_ask_options {
    uint32_t timeout_ms;      /* 0: the node's default */
    uint64_t deadline_ns;     /* on the node's clock; 0: by timeout_ms */
    troupe_answer_fn answer;  /* required */
    void *data;               /* given back; never travels */
    void (*drop)(void *data); /* called instead of `answer` when the asker
                                 ends or restarts first; may be NULL */
    bool detached;            /* do not inherit deadline and cancellation of
                                the ask that is being handled */
    bool patient;             /* the answer waits for something from outside:
                                never taken for a part of a deadlock */
} troupe_ask_options_t;

/*
 * troupe_ask: send a message that wants an answer. An ask made while
 * handling an ask takes over its deadline where that is sooner, and is
 * cancelled with it.
 *
 *   timeout_ms  0: the node's default.
 *   answer      called once on the asker's worker, unless the asker ends.
 *   data        given back with the answer.
 *   returns     0, or as troupe_send(), or -EINVAL without `answer`; then
 *               `answer` is never called.
 */
TROUPE_MUST int troupe_ask(troupe_context_t *ctx, troupe_ref_t to,
                           const char *type, uint32_t timeout_ms,
                           troupe_answer_fn answer, void *data,
                           const char *format, ...);

/* troupe_ask_with: troupe_ask() with all options; ret_ask may be NULL. */
TROUPE_MUST int troupe_ask_with(troupe_context_t *ctx, troupe_ref_t to,
                                const char *type,
                                const troupe_ask_options_t *options,
                                troupe_ask_t *ret_ask, const char *format, ...);

/*
 * troupe_cancel: give up an ask: its answer callback runs with
 * TROUPE_CANCELLED after this handler, the one who was asked is told, and
 * what it had asked in turn is cancelled too.
 *
 *   returns  0, or -ENOENT when that ask is over or not this actor's
 */
TROUPE_API int troupe_cancel(troupe_context_t *ctx, troupe_ask_t ask);

/*
 * troupe_reply: answer the ask that is being handled.
 *
 *   returns  0, or -ENOMSG when there is none, it was answered or deferred,
 *            or -EINVAL, -EMSGSIZE as troupe_send(): then it is still open.
 */
TROUPE_MUST int troupe_reply(troupe_context_t *ctx, const char *format, ...);

/*
 * troupe_reply_error: answer it with an error.
 *
 *   code     negative errno value; another is sent as -EINVAL.
 *   format   as printf; kept to 1 KiB; the asker's `text`.
 *   returns  0 or -ENOMSG
 */
TROUPE_MUST int troupe_reply_error(troupe_context_t *ctx, int code,
                                   const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * troupe_defer: answer later: the token is the promise. A handler that
 * neither answers nor defers breaks it, and so does an actor that ends: the
 * asker then gets TROUPE_ERROR with -EPIPE, or TROUPE_DOWN.
 *
 *   returns  0, or -ENOMSG when no unanswered ask is being handled
 */
TROUPE_MUST int troupe_defer(troupe_context_t *ctx, troupe_token_t *ret_token);

/*
 * troupe_reply_to: answer a deferred ask; *token is 0 then.
 *
 *   returns  0, -ENOMSG when it is not open, or as troupe_reply()
 */
TROUPE_MUST int troupe_reply_to(troupe_context_t *ctx, troupe_token_t *token,
                                const char *format, ...);

/*
 * troupe_reply_error_to: answer a deferred ask with an error.
 *
 *   returns  0 or -ENOMSG
 */
TROUPE_MUST int troupe_reply_error_to(troupe_context_t *ctx,
                                      troupe_token_t *token, int code,
                                      const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* troupe_token_drop: break the promise now; *token is 0 then. */
TROUPE_API void troupe_token_drop(troupe_context_t *ctx, troupe_token_t *token);

/*
 * troupe_token_read: in a TROUPE_ON_CANCEL handler: which deferred ask was
 * given up by its asker; what was asked on its behalf is cancelled already.
 *
 *   returns  the token, as troupe_defer() gave it, or 0 in another handler
 */
TROUPE_API troupe_token_t troupe_token_read(const troupe_message_t *msg);

/* troupe_token_is_open: false once the asker gave up or was answered. */
TROUPE_API bool troupe_token_is_open(const troupe_context_t *ctx,
                                     troupe_token_t token);

/*
 * troupe_forward: hand the message being handled on to another actor, which
 * then sees the first sender and, for an ask, answers it, with the same
 * deadline. A cancel follows it to whoever holds the ask by then.
 *
 *   returns  0, or as troupe_send(), or -ENOMSG when it was answered
 */
TROUPE_MUST int troupe_forward(troupe_context_t *ctx, troupe_ref_t to,
                               const troupe_message_t *msg);

#endif
