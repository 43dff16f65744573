/* SPDX-License-Identifier: Apache-2.0 */
/* troupe_gather.h: one ask to many, and a policy for the answers. */
#ifndef TROUPE_GATHER_H
#define TROUPE_GATHER_H

#include "troupe_thread.h"

typedef enum troupe_gather_policy {
    TROUPE_GATHER_ALL = 0,  /* every target has a usable reply */
    TROUPE_GATHER_FIRST,    /* one has; the others are cancelled */
    TROUPE_GATHER_FIRST_K,  /* k have; the others are cancelled */
    TROUPE_GATHER_QUORUM,   /* k have (0: more than half of the targets); the
                               others are cancelled */
    TROUPE_GATHER_MAJORITY, /* more than half of the targets have the same
                               one, by `same`; then the others are cancelled */
    TROUPE_GATHER_BEST,     /* one has; wait for all, then choose by `score` */
    TROUPE_GATHER_DEADLINE  /* whatever there is at the deadline: always met */
} troupe_gather_policy_t;

/* One target of a gather and what came of it. */
typedef struct troupe_gather_part {
    troupe_ref_t target;
    char id[TROUPE_NAME_MAX + 1]; /* of a supervisor's child, else "" */
    troupe_outcome_t outcome;
    int code;                 /* 0 for a reply, else a negative errno value */
    const char *text;         /* words for the code, "" for a reply */
    const char *failure;      /* words of its failure before it was asked for
                                 the last time; "" when there was none */
    troupe_message_t *reply;  /* or NULL; belongs to the result */
    troupe_ref_t answered_by; /* the target, or the spare of its hedge */
    uint32_t attempts;        /* times that it, or its spare, was asked */
    uint32_t incarnation;     /* of who answered; 0: not known */
    uint64_t latency_ns;      /* from the first ask to the outcome */
    bool usable;              /* a reply that `usable` took */
    bool chosen;  /* what the policy rests on: the k, the majority, the best */
    double score; /* by `score`, else 0 */
} troupe_gather_part_t;

typedef struct troupe_gather {
    bool met;
    const char *why; /* "all replied", "2 of 3 needed replied", ... */
    size_t count;    /* targets; asked = answered + failed */
    size_t asked;
    size_t answered; /* with a reply */
    size_t usable;   /* of them, taken by `usable` */
    size_t failed;   /* without a reply, the cancelled ones among them */
    size_t best;     /* BEST: the index of the best part; else the first
                        chosen one; SIZE_MAX: none */
    uint64_t latency_ns;
    const troupe_gather_part_t *parts; /* in the order of the targets */
    void *data;                        /* as given */
} troupe_gather_t;

/* troupe_gathered_fn: the result is lent; returns as a handler does. */
typedef int (*troupe_gathered_fn)(troupe_context_t *ctx, void *state,
                                  const troupe_gather_t *result);

typedef struct troupe_gather_options {
    troupe_gather_policy_t policy;
    uint32_t k;                 /* for FIRST_K and QUORUM: 1 .. targets */
    uint32_t timeout_ms;        /* for all together; 0: 5000 */
    uint32_t attempts_max;      /* per target: asked again when it failed before
                               it answered, also after its restart; 0: 3 */
    uint32_t hedge_after_ms;    /* 0: never; else a target that is silent for so
                                long has its ask sent to a spare as well */
    const troupe_ref_t *spares; /* used in order, each once; copied */
    size_t spare_count;
    bool fail_fast; /* end as soon as the policy cannot be met any more */
    /* The functions below run where the result goes, with `data`. */
    bool (*usable)(const troupe_message_t *reply, void *data); /* NULL: all */
    bool (*same)(const troupe_message_t *one, const troupe_message_t *other,
                 void *data); /* for MAJORITY: an equivalence; NULL: same
                                 bytes */
    double (*score)(const troupe_message_t *reply, void *data);
    bool (*enough)(const troupe_gather_t *so_far, void *data); /* asked after
                            each outcome: true ends it as `k` replies do */
    troupe_gathered_fn done; /* from actors: required */
    void *data;
    void (*drop)(void *data); /* instead of `done` when the actor ends or
                                 restarts first; may be NULL */
} troupe_gather_options_t;

/* A gather under way; gone when `done` or `drop` is called. */
typedef struct troupe_gathering troupe_gathering_t;

/*
 * troupe_gather: ask many actors the same, from an actor.
 *
 *   targets        1 .. 65,535 refs; copied.
 *   type, format   the ask, as for troupe_ask().
 *   options        copied.
 *   ret_gathering  for troupe_gather_end(); may be NULL.
 *   returns        0: `done` will be called, once, later; or
 *                  -EINVAL  targets, options, type or format are wrong
 *                  -EMSGSIZE, -ESHUTDOWN as troupe_send()
 */
TROUPE_MUST int
troupe_gather(troupe_context_t *ctx, const troupe_ref_t *targets, size_t count,
              const char *type, const troupe_gather_options_t *options,
              troupe_gathering_t **ret_gathering, const char *format, ...);

/*
 * troupe_gather_end: no more waiting: what is open is cancelled, and `done`
 * gets what there is after this handler. Returns 0 or -EALREADY.
 */
TROUPE_API int troupe_gather_end(troupe_context_t *ctx,
                                 troupe_gathering_t *gathering);

/*
 * troupe_gather_children: troupe_gather() over children of a supervisor: all
 * that are not down, or those of `ids`. One that is being restarted is asked
 * when it is back.
 *
 *   ids      NULL: all; an id that the supervisor does not have is a part
 *            with TROUPE_DOWN and -ENOENT.
 *   returns  as troupe_gather(); where there are no children at all or no
 *            such supervisor, `done` says so with an empty result.
 */
TROUPE_MUST int troupe_gather_children(troupe_context_t *ctx,
                                       troupe_ref_t supervisor,
                                       const char *const *ids, size_t count,
                                       const char *type,
                                       const troupe_gather_options_t *options,
                                       const char *format, ...);

/*
 * troupe_node_gather: troupe_gather() from an ordinary thread; waits.
 *
 *   ret_result  out: end it with troupe_gather_destroy().
 *   returns     0 whether met or not, or as troupe_gather(), or -ECANCELED
 *               when the node stops
 */
TROUPE_MUST int troupe_node_gather(troupe_t *node, const troupe_ref_t *targets,
                                   size_t count, const char *type,
                                   const troupe_gather_options_t *options,
                                   troupe_gather_t **ret_result,
                                   const char *format, ...);

/* troupe_node_gather_children: troupe_gather_children() that waits. */
TROUPE_MUST int troupe_node_gather_children(
    troupe_t *node, troupe_ref_t supervisor, const char *const *ids,
    size_t count, const char *type, const troupe_gather_options_t *options,
    troupe_gather_t **ret_result, const char *format, ...);

/* troupe_gather_destroy: free a result and its replies; NULL is fine. */
TROUPE_API void troupe_gather_destroy(troupe_gather_t **result_p);

#endif
