/* SPDX-License-Identifier: Apache-2.0 */
/* model.h: one model with its policies, and the calls that it has open. */
#ifndef TROUPE_ACTORS_MODEL_H
#define TROUPE_ACTORS_MODEL_H

#include "troupe_ask.h"
#include "troupe_breaker.h"
#include "troupe_budget.h"
#include "troupe_events.h"
#include "troupe_hedge.h"
#include "troupe_retry.h"
#include "troupe_trace.h"

#define MODEL_KEY_SIZE 256

/* What an ask is answered with. */
#define MODEL_REPLY "{s:s, s:b, s:I, s:I, s:f, s:U, s:b, s:b}"

/* One ask on its way: reserve, wait for the rate, call; and again. With a
 * journal it is looked for there first, and each attempt is written down before
 * and after it. */
struct call {
    struct call *next;
    struct model *model;
    troupe_token_t token;
    uint64_t deadline_ns; /* 0: none */
    char *prompt;
    char *system;         /* NULL: the model's */
    char *schema;         /* NULL: none */
    uint64_t tokens;      /* that an attempt may come to */
    uint32_t attempts;    /* made so far */
    uint64_t draw;        /* its reservation; 0: none */
    bool taken;           /* of the rate limit, and not settled */
    troupe_ask_t ask;     /* of the step that it is at */
    troupe_timer_t timer; /* of the wait between two attempts; 0: none */
    troupe_span_t span;
    uint64_t status; /* of the last attempt that failed: of HTTP, or 0 */
    uint64_t fault;  /* a troupe_fault_t, or 0 */
    char *failure;   /* the last one that was tried again, in words, or NULL */
    troupe_message_t *reply; /* of the backend, while it is written down */
    bool firm; /* it waits for the journal or the budget, which answer at once
                  and would not take back what they did: not to be cancelled */
    bool kept_only; /* it is answered from the journal, or not at all */
    bool plain;     /* it was refused with its schema, and goes on without */
    char key[MODEL_KEY_SIZE]; /* in the journal */
    struct call *twin;        /* the other request for the same; NULL: none */
    bool second;              /* it is the later one of the two */
    bool hedged;              /* a second one was made */
    bool outrun;              /* the other one has answered */
    troupe_timer_t late;      /* until there is a second one; 0: none */
};

/* What the backend says of an attempt. */
struct completion {
    uint64_t fault, status, retry_after_ms;
    const char *text, *finish, *model, *words;
    int64_t prompt_tokens, completion_tokens;
    bool billable;
};

/* What an attempt came to. */
struct bill {
    troupe_cost_t cost;
    bool known; /* else it is the most that it may be */
};

struct model {
    troupe_ref_t backend;
    troupe_ref_t limiter, budget, journal; /* each may be nobody */
    char *url, *name, *key_env, *system;
    char *origin; /* instead of url, for the journal; or NULL */
    char *id;     /* of its own, for who keeps answers; or NULL */
    uint64_t max_tokens, size_max;
    double temperature, price_in, price_out;
    bool stream, hedges;
    bool plain;           /* its server takes no schema */
    troupe_hedge_t hedge; /* where it hedges */
    troupe_retry_t retry;
    troupe_breaker_t breaker;
    char *failure; /* the last that the breaker counted, in words, or NULL */
    struct call *calls;
    uint64_t count, failed, retries, hedged;
};

/* troupe__model_start: read the arguments; returns as a start does.
 * troupe__model_clear: free what is held. */
int troupe__model_start(troupe_context_t *ctx, struct model *self,
                        const troupe_message_t *msg);
void troupe__model_clear(struct model *self);

/* troupe__model_record: the breaker hears of an attempt that has ended so.
 * troupe__model_refuse: the breaker allows no attempt; with its last failure. */
void troupe__model_record(troupe_context_t *ctx, struct model *self,
                          const struct completion *what);
int troupe__model_refuse(troupe_context_t *ctx, struct call *call);

/* troupe__model_cost: of so many tokens; -1: unknown; not a number where it
 * cannot be said. */
double troupe__model_cost(const struct model *self, int64_t prompt_tokens,
                          int64_t completion_tokens);

/* troupe__call_dearest: the most that an attempt may cost. */
double troupe__call_dearest(const struct call *call);

/*
 * troupe__call_reserve: begin with the steps of a call, or begin again.
 * troupe__call_fail: answer it with an error; troupe__call_fail_step: with that
 * of an ask of ours that brought no reply. troupe__call_free: it is over;
 * troupe__call_destroy: likewise, and it is in no list any more.
 */
int troupe__call_reserve(troupe_context_t *ctx, struct call *call);
int troupe__call_fail(troupe_context_t *ctx, struct call *call, int code,
                      const char *words);
int troupe__call_fail_step(troupe_context_t *ctx, struct call *call,
                           const troupe_answer_t *answer);
void troupe__call_free(struct call *call);
void troupe__call_destroy(struct call *call);

/* troupe__call_give_up: nobody wants its answer any more; what it waits for is
 * cancelled, and ends it. */
int troupe__call_give_up(troupe_context_t *ctx, struct call *call);

/* troupe__call_traced_ok, _failed, _again: the span of a call ends, or has an
 * event; by OpenTelemetry's conventions for generative models. */
void troupe__call_traced_ok(troupe_context_t *ctx, struct call *call,
                            const struct completion *what, double cost);
void troupe__call_traced_failed(troupe_context_t *ctx, struct call *call,
                                int code, const char *words);
void troupe__call_traced_again(troupe_context_t *ctx, const struct call *call,
                               uint32_t wait_ms, const char *words);

/* troupe__call_settle: the rate limiter hears what an attempt used that took of it,
 * and whether it went well. troupe__call_release, troupe__call_commit: end the
 * reservation, if there is one, unused or, settled, with what it came to. */
int troupe__call_settle(troupe_context_t *ctx, struct call *call, uint64_t used,
                        bool good);
int troupe__call_release(troupe_context_t *ctx, struct call *call);
int troupe__call_commit(troupe_context_t *ctx, struct call *call,
                        const struct bill *bill, bool good);

/* troupe__call_goes_plain: not all servers take a schema: is it to be asked once
 * more, without? The prompt says in words what is wanted. */
bool troupe__call_goes_plain(struct call *call, const struct completion *what);

/* troupe__call_most: what an attempt may come to. troupe__call_bill: what one
 * came to that has ended so; 0 calls: nothing. */
struct bill troupe__call_most(const struct call *call);
struct bill troupe__call_bill(const struct call *call,
                              const struct completion *what);

/*
 * With the journal, which the model must have; each asks it, with the call as
 * the data of the answer, and returns as troupe_ask_with():
 *
 *   troupe__call_find      what it has of this call: {value: B}, or -ENOENT
 *   troupe__call_announce  an attempt is made now
 *   troupe__call_book      it has ended, after so long; an answer is kept
 */
int troupe__call_find(troupe_context_t *ctx, struct call *call,
                      troupe_answer_fn answer);
int troupe__call_announce(troupe_context_t *ctx, struct call *call,
                          troupe_answer_fn answer);
int troupe__call_book(troupe_context_t *ctx, struct call *call,
                      const struct completion *what, double ms,
                      troupe_answer_fn answer);

/* troupe__call_lost: it was outrun after so long, which is the least that it
 * would have taken, and may have cost the most. troupe__call_unmade: the
 * attempt that was begun is not made after all. */
void troupe__call_lost(troupe_context_t *ctx, const struct call *call,
                       uint64_t latency_ns);
void troupe__call_unmade(troupe_context_t *ctx, const struct call *call);

/* troupe__call_replay: answer with a value of the journal; 0, also when nobody
 * waits any more, or as troupe_reply_to(). */
int troupe__call_replay(troupe_context_t *ctx, struct call *call,
                        const void *value, size_t size);

#endif
