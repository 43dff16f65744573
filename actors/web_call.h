/* SPDX-License-Identifier: Apache-2.0 */
/* web_call.h: fetches with care: a rate limit, retries, a breaker. */
#ifndef TROUPE_ACTORS_WEB_CALL_H
#define TROUPE_ACTORS_WEB_CALL_H

#include "troupe_breaker.h"
#include "troupe_events.h"
#include "troupe_retry.h"

#include "actors/codec.h"

/* What an actor shares among its calls. */
struct web_caller {
    troupe_ref_t http, limiter; /* the last may be nobody */
    uint32_t timeout_ms;        /* of one attempt */
    troupe_retry_t retry;
    troupe_breaker_t breaker;
    char failure[320]; /* the last that the breaker counted, in words */
    struct web_call *calls;
};

/* What came; lent. */
struct web_answer {
    const char *type, *url; /* media type; where it came from in the end */
    const char *body;
    size_t size;
};

/* One fetch on its way. */
struct web_call {
    struct web_call *next;
    struct web_caller *caller;
    troupe_token_t token;        /* of the ask that it is for */
    uint64_t deadline_ns;        /* 0: none */
    char *url, *method, *body;   /* owned; the last two may be NULL */
    const struct texts *headers; /* lent by the actor */
    const char *key_env, *key_header, *types;
    uint64_t size_max, redirects;
    char *question; /* owned; for `done` */
    uint64_t limit;
    uint32_t attempts;
    troupe_ask_t ask;     /* of the step that it is at */
    troupe_timer_t timer; /* of the wait between two attempts; 0: none */
    /* Answers the token; or returns < 0 with words for why it cannot be
     * used. */
    int (*done)(troupe_context_t *ctx, struct web_call *call,
                const struct web_answer *answer, char words[160]);
};

/* troupe__web_caller_init: with `attempts` for each call; 0: 3. */
int troupe__web_caller_init(struct web_caller *self, uint32_t timeout_ms,
                            uint32_t attempts);

/* troupe__web_caller_clear: free the calls that are under way. */
void troupe__web_caller_clear(struct web_caller *self);

/* troupe__web_call_new: for the ask that is being handled; NULL: it is a
 * tell, and nobody waits. */
struct web_call *troupe__web_call_new(troupe_context_t *ctx,
                                      struct web_caller *caller,
                                      const troupe_message_t *msg);

/* troupe__web_call_begin: let it go; returns as a handler does. */
int troupe__web_call_begin(troupe_context_t *ctx, struct web_call *call);

/* troupe__web_call_cancel: nobody waits for it any more. */
int troupe__web_call_cancel(troupe_context_t *ctx, struct web_caller *caller,
                            const troupe_message_t *msg);

#endif
