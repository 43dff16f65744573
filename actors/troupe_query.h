/* SPDX-License-Identifier: Apache-2.0 */
/* troupe_query.h: one prompt to several models, and what they agree on. */
#ifndef TROUPE_QUERY_H
#define TROUPE_QUERY_H

#include "troupe_budget.h"
#include "troupe_hedge.h"
#include "troupe_node.h"

/* What an answer is, and so how answers are compared. */
typedef enum troupe_query_type {
    TROUPE_QUERY_TEXT = 0, /* by what its sentences say */
    TROUPE_QUERY_CHOICE,   /* one of some given words */
    TROUPE_QUERY_NUMBER,   /* equal within a tolerance */
    TROUPE_QUERY_JSON,     /* a field of an object, equal as JSON */
    TROUPE_QUERY_RANKING,  /* all of some given words, in an order */
    TROUPE_QUERY_TYPE_COUNT
} troupe_query_type_t;

/* troupe_query_type_name: "text", "choice", "number", "json", "ranking". */
TROUPE_API const char *troupe_query_type_name(troupe_query_type_t type);

/* One model that is asked; start from troupe_query_model_default(). See
 * troupe_model.h for most of it. */
typedef struct troupe_query_model {
    const char *name;     /* of its own, unique */
    const char *provider; /* those of one provider share its rate limits; NULL:
                             one of its own */
    const char *url;
    const char *origin; /* whose answers these are, where a journal tells them
                           from others; NULL: those of the url */
    const char *model;
    const char *key_env; /* NULL: no key */
    const char *system;  /* NULL: none */
    const char *family;  /* who made it: models of one err alike; NULL: its
                            provider's name, or its own */
    double weight;       /* of its vote; 0: 1 */
    double price_in;     /* for a million tokens; not a number: unknown */
    double price_out;
    double temperature;  /* not a number: the server's */
    uint32_t max_tokens; /* 0: 2048 */
    bool stream;
    uint32_t requests_per_minute; /* of its provider: the first model's count */
    uint32_t tokens_per_minute;
    const troupe_hedge_t
        *hedge; /* a second request where the first is late: how,
                                    and what is known of its latencies, asks and
                                    hedges so far; NULL: never */
} troupe_query_model_t;

/* troupe_query_model_default: a model with these, weight 1, and prices and
 * temperature that are not numbers. */
TROUPE_API troupe_query_model_t troupe_query_model_default(const char *name,
                                                           const char *url,
                                                           const char *model);

/* Start from troupe_query_options_default(). Everything is borrowed. */
typedef struct troupe_query_options {
    const char *prompt;
    troupe_query_type_t type;
    const char *const *choices; /* of CHOICE and RANKING; 2 .. 64 */
    size_t choice_count;
    const char *field; /* of JSON: names with "." between them */
    double tolerance;  /* of NUMBER; 0.01 */
    bool absolute;     /* it is a difference, not a part of the larger one */
    const troupe_query_model_t *models; /* 1 .. 1,000 */
    size_t model_count;
    const troupe_query_model_t *judge; /* compares the two best texts, or those
                             that tie; no voter; NULL: nobody */
    uint32_t quorum;      /* usable answers without which there is no result;
                             0: more than half of the models */
    uint32_t deadline_ms; /* for everything; 60,000 */
    uint32_t attempts;    /* calls for one answer, with retries; 3 */
    troupe_cost_t budget; /* zeros: no bound */
    bool ask_all;         /* go on when the leader cannot lose any more */
    int interrupt_fd;     /* end with what there is when it is readable; -1 */
    /* Called on the calling thread when more models have ended, however that is;
     * may be NULL. */
    void (*progress)(void *context, size_t ended, size_t count);
    void *context;       /* of progress */
    const char *journal; /* file in which each answer is kept before it counts;
                             NULL: none */
    bool resume;         /* it is there: answers that it has are not asked for
                             again; what was spent before is of the budget */
} troupe_query_options_t;

/* troupe_query_options_default: the values named above. */
TROUPE_API troupe_query_options_t troupe_query_options_default(void);

/* What came of it. */
typedef enum troupe_query_outcome {
    TROUPE_QUERY_COMPLETE = 1, /* all that were needed gave a usable answer */
    TROUPE_QUERY_DEGRADED, /* the quorum is met; some failed, the judge did, or
                              answers tie */
    TROUPE_QUERY_BUDGET,   /* the budget kept some from being asked, or the
                              judge */
    TROUPE_QUERY_DEADLINE, /* the quorum is not met; time was up for some */
    TROUPE_QUERY_NO_QUORUM /* the quorum is not met */
} troupe_query_outcome_t;

/* A result. */
typedef struct troupe_query troupe_query_t;

/*
 * troupe_query_run: ask the models at once and wait for the result.
 *
 *   node       runs the actors; they are gone again at the end.
 *   ret_query  out: the result, owned by the caller; untouched on error.
 *   returns    0, whatever the outcome is, or
 *              -EINVAL     an option is wrong
 *              -EHOSTDOWN  the council failed for good
 *              -ECANCELED  the node stops
 *              -ENOSPC     the node has no room for the actors
 *              -EIO        the journal cannot be opened
 *   threads    any but the node's own; several runs may share a node.
 */
TROUPE_MUST int troupe_query_run(troupe_t *node,
                                 const troupe_query_options_t *options,
                                 troupe_query_t **ret_query);

/* troupe_query_outcome: what came of it. */
TROUPE_API troupe_query_outcome_t
troupe_query_outcome(const troupe_query_t *self);

/* troupe_query_text: the result for people; lives as long as self. */
TROUPE_API const char *troupe_query_text(const troupe_query_t *self);

/* troupe_query_json: the result for programs; see QUERY.md. */
TROUPE_API const char *troupe_query_json(const troupe_query_t *self);

/* troupe_query_destroy: free *self_p and set it to NULL; NULL is fine. */
TROUPE_API void troupe_query_destroy(troupe_query_t **self_p);

/*
 * troupe_council: the actor that asks models, which are troupe_model or any
 * actor that answers "ask" as that does, and counts their answers.
 *
 *   start  nil
 *   query  {prompt: s, models: [name: s or [name: s, family: s, weight: f,
 *          R]], type?: s, choices?: [s], field?: s?, tolerance?: f, absolute?:
 *          b, quorum?: U, deadline_ms?: U, ask_all?: b, budget?: R,
 *          judge?: R, interrupt_fd?: I} -> {outcome: U, text: s, json: s}
 *   state  -> {ended: U, count: U}: models that have answered or failed; zeros:
 *          there is no query
 *
 * A model that is only a name is the actor of that name. -ENOENT as an error:
 * there is none. The budget is asked what it cost; it may be nobody.
 */
TROUPE_API const troupe_kind_t troupe_council;

#endif
