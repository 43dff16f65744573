/* SPDX-License-Identifier: Apache-2.0 */
/* Research: a question answered from documents, by supervised actors. */
#ifndef TROUPE_RESEARCH_H
#define TROUPE_RESEARCH_H

#include "troupe_actor.h"
#include "troupe_corpus.h"
#include "troupe_passage.h"
#include "troupe_query.h"
#include "troupe_supervisor.h"
#include "troupe_web.h"

/*
 * The actors of a run. Each engine and each analyser is a child of one
 * supervisor (one for one, with back-off); a coordinator asks them by gather:
 * first all engines at once, then, where pages of the web are wanted, their
 * readers, then, over the merged passages, all analysers at once. Whoever fails
 * is restarted and asked again while there is time. Passages that give orders
 * to who reads them are flagged and reach no analyser.
 *
 * They can be used on their own. Start arguments and messages, as formats of
 * troupe_send(), keys in any order:
 *
 *   troupe_search_engine    start {engine: s, cache: s, roots: [s], fail: U}
 *     search                {question: s, limit: U} -> {passages: [...]}
 *   troupe_summariser       start {fail: U}
 *     analyse               {question: s, sentences: U, claims: U,
 *                           passages: [...]} -> {summary: ...}
 *   troupe_fact_checker     likewise -> {facts: ...}
 *   troupe_sentiment        likewise -> {sentiment: ...}
 *   troupe_coordinator      start {fail: U}
 *     research              -> {outcome: U, deadline_passed: b, markdown: s,
 *                           json: s}
 *
 * `fail` is the number of first incarnations that fail on each message; 0 for
 * real use. REPORT.md describes the values and the body of "research".
 */
TROUPE_API const troupe_kind_t troupe_search_engine;
TROUPE_API const troupe_kind_t troupe_summariser;
TROUPE_API const troupe_kind_t troupe_fact_checker;
TROUPE_API const troupe_kind_t troupe_sentiment;
TROUPE_API const troupe_kind_t troupe_coordinator;

/* What came of a run. */
typedef enum troupe_research_outcome {
    TROUPE_RESEARCH_COMPLETE = 1, /* every engine and analyser answered */
    TROUPE_RESEARCH_DEGRADED,     /* some did not, or most documents were
                                   * skipped; the report says so */
    TROUPE_RESEARCH_NOTHING,      /* no engine answered: nothing was seen */
    TROUPE_RESEARCH_BUDGET        /* degraded: the budget kept a model from
                                   * being asked */
} troupe_research_outcome_t;

/* An actor of the run as progress shows it; all is lent for the call. */
typedef struct troupe_research_actor {
    const char *name;  /* "bm25", "summariser", "coordinator", ... */
    const char *role;  /* "engine", "analyser", "coordinator" */
    const char *state; /* "waiting", "working", "done", "restarting", "down" */
    uint64_t handled;  /* messages done */
    uint64_t failed;   /* messages failed on */
    uint32_t restarts;
} troupe_research_actor_t;

/* An actor that shall fail, to see what the run makes of it. */
typedef struct troupe_research_fault {
    const char *name;
    uint32_t times; /* its first so many messages; UINT32_MAX: each */
} troupe_research_fault_t;

/* How many sides of a question are searched for, each at the same time as the
 * question itself: definition, mechanism, comparison, limits, figures,
 * history. */
typedef enum troupe_research_effort {
    TROUPE_RESEARCH_AUTO = 0, /* none for one fact, all for a bare topic */
    TROUPE_RESEARCH_QUICK,    /* none */
    TROUPE_RESEARCH_THOROUGH  /* all */
} troupe_research_effort_t;

/* A file that was passed over when the index was brought up to date. */
typedef struct troupe_research_skip {
    const char *path;
    const char *reason;
} troupe_research_skip_t;

#define TROUPE_RESEARCH_SKIPS_MAX 1000
#define TROUPE_RESEARCH_WEB_MAX   16 /* engines beside those of documents */
#define TROUPE_RESEARCH_PAGES_MAX 20

/* Start from troupe_research_options_default(). Everything is borrowed. */
typedef struct troupe_research_options {
    const char *question;
    const char *const *roots; /* as for troupe_corpus_open(); up to date */
    size_t root_count;        /* to TROUPE_ROOTS_MAX; 0: other engines alone */
    const char *cache;        /* directory of the index; NULL without roots */
    const troupe_web_engine_t *web; /* engines of the web */
    size_t web_count;
    const troupe_child_spec_t *more; /* others that answer "search", started as
                                        given; with web_count at most
                                        TROUPE_RESEARCH_WEB_MAX */
    size_t more_count;
    uint32_t pages;      /* of the web that are fetched, the best first; 0 */
    bool private_pages;  /* also from private addresses */
    const char *journal; /* of what engines of the web, pages and models
                            answered, which is not asked for again: a file of
                            troupe_journal_open(), there already; NULL: none */
    uint32_t engines;    /* bit 1 << troupe_engine_t; 0: all */
    uint32_t limit;      /* passages that are analysed, 1 .. 100; 32 */
    troupe_research_effort_t effort;
    /* One model plans the facets and writes an answer from the sentences that
     * were found; another, or itself, checks what it wrote. What they say that
     * does not hold is replaced by quotes. NULL: no models. */
    const troupe_query_model_t *writer, *checker;
    troupe_cost_t budget; /* of the models; zeros: no bound */
    uint32_t deadline_ms; /* for everything; 0: none */
    int interrupt_fd;     /* report at once when it is readable; -1 */
    size_t documents;     /* in the index, for the report */
    size_t passages;      /* likewise */
    size_t skipped;       /* files that could not be read, likewise */
    const troupe_research_skip_t *skips; /* of these, the ones to be named */
    size_t skip_count;                   /* at most TROUPE_RESEARCH_SKIPS_MAX */
    bool incomplete; /* the index was not finished, likewise */
    const troupe_research_fault_t *faults;
    size_t fault_count;
    uint32_t progress_ms; /* between calls of progress; 50 */
    /* Called on the calling thread, at first, now and then, and at the end. */
    void (*progress)(void *context, const troupe_research_actor_t *actors,
                     size_t count);
    void *context;
} troupe_research_options_t;

/* troupe_research_options_default: the defaults above, no faults. */
TROUPE_API troupe_research_options_t troupe_research_options_default(void);

/* A finished report. */
typedef struct troupe_research troupe_research_t;

/*
 * troupe_research_run: answer a question and wait for the report.
 *
 *   node          runs the actors; they are gone again at the end.
 *   options       question, roots and cache are required.
 *   ret_research  out: the report, owned by the caller; untouched on error.
 *   returns       0, also when the outcome is degraded or nothing, or
 *                 -EINVAL     the question is empty or has only stop words,
 *                             a text is not UTF-8, two actors have one name,
 *                             or another option is wrong
 *                 -ENOENT     a fault names no actor of the run
 *                 -EHOSTDOWN  the coordinator failed for good
 *                 -ECANCELED  the node stops
 *                 -EIO        no thread for an actor
 *                 -ENOSPC     the node has no room for the actors
 *   threads       any but the node's own; several runs may share a node.
 */
TROUPE_MUST int troupe_research_run(troupe_t *node,
                                    const troupe_research_options_t *options,
                                    troupe_research_t **ret_research);

/* troupe_research_outcome: what came of it. */
TROUPE_API troupe_research_outcome_t
troupe_research_outcome(const troupe_research_t *self);

/* troupe_research_deadline_passed: the deadline cut the run short. */
TROUPE_API bool troupe_research_deadline_passed(const troupe_research_t *self);

/* troupe_research_markdown: the report for people; lives as long as self. */
TROUPE_API const char *troupe_research_markdown(const troupe_research_t *self);

/* troupe_research_json: the report for programs; see REPORT.md. */
TROUPE_API const char *troupe_research_json(const troupe_research_t *self);

/* troupe_research_destroy: free *self_p and set it to NULL; NULL is fine. */
TROUPE_API void troupe_research_destroy(troupe_research_t **self_p);

#endif
