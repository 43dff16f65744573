/* SPDX-License-Identifier: Apache-2.0 */
/* research_run.h: one run, as the files of the coordinator share it. */
#ifndef TROUPE_ACTORS_RESEARCH_RUN_H
#define TROUPE_ACTORS_RESEARCH_RUN_H

#include "troupe_gather.h"

#include "actors/research.h"
#include "actors/research_plan.h"
#include "actors/research_synthesis.h"

#define QUERIES_MAX        (1 + FACETS_MAX)
#define RUN_INTERRUPTED_MS 300 /* for what is left after an interrupt */

/* One question to all engines; the first is the one that was asked. */
struct query_run {
    struct run *run;
    enum facet_kind facet;                 /* of those that follow */
    char *text;                            /* owned */
    troupe_gathering_t *gathering;         /* while it is under way */
    troupe_passages_t *lists[ENGINES_MAX]; /* by engine; owned */
    bool answered;                         /* there is one of them */
};

struct run {
    struct coordinator *coordinator; /* whose it is */
    struct research_request request; /* its question is the report's */
    struct troupe_report *report;
    troupe_token_t token;
    troupe_gathering_t *gathering; /* of pages and analysers */
    struct query_run queries[QUERIES_MAX];
    uint32_t query_count, querying; /* of them, under way */
    struct texts urls;              /* of the pages that are fetched */
    struct facet_queries planned;   /* by a model; count 0: by nobody */
    struct spans spans;             /* that a writer was given */
    troupe_ask_t ask;               /* of a model or the budget */
    uint32_t asked;                 /* the model that it is of: its part */
    uint64_t draw;                  /* what is set aside; 0: nothing */
    bool kept_only;                 /* a model may say what the journal has */
    uint64_t start_ns, phase_ns;    /* when it began; when its phase did */
    /* Begins what comes after the phase; returns as a handler does. */
    int (*next)(troupe_context_t *ctx, struct run *run);
};

/* The members of a role, in their order. */
struct targets {
    troupe_ref_t refs[MEMBERS_MAX];
    uint32_t index[MEMBERS_MAX]; /* in the members, and in the report's parts */
    uint32_t count;
};

struct targets troupe__run_targets(const struct run *run, enum part_role role);

/* troupe__run_phase_ms: a share of the time that is left, never 0. */
uint32_t troupe__run_phase_ms(troupe_context_t *ctx, const struct run *run,
                              unsigned percent);

/* troupe__run_gather: options of a gather that gets a share of the time left;
 * `done` is told `data`. */
troupe_gather_options_t troupe__run_gather(troupe_context_t *ctx,
                                           struct run *run, unsigned percent,
                                           troupe_gathered_fn done, void *data);

/* troupe__run_note: what a gather says about one actor, in the words of the
 * report. Of several questions the worst outcome stays. True when it replied
 * this time. */
bool troupe__run_note(struct run *run, struct part *part,
                      const troupe_gather_part_t *from);

/* troupe__part_reason: why it has no answer; long words are cut short. */
void troupe__part_reason(struct part *part, const char *words);

/* troupe__part_silent: the same where no answer came: in so long, or, when it
 * was cancelled, by then. Words of the runtime are for who looks for a mistake
 * in actors. False when one came that is no reply. */
bool troupe__part_silent(struct part *part, uint64_t after_ns);

/* troupe__part_bad: its answer cannot be read. */
void troupe__part_bad(struct part *part);

/* troupe__part_skip: it is not asked. */
void troupe__part_skip(struct part *part, const char *why);

/*
 * troupe__run_search: ask all engines; their passages, merged, are the
 * report's when `next` is called.
 *
 *   returns  0, -EINVAL: there is no engine, or as troupe_gather()
 */
int troupe__run_search(troupe_context_t *ctx, struct run *run);

/* troupe__run_read_pages: put pages in the places of what the engines quote of
 * them; `next` is called at once where there is none. */
int troupe__run_read_pages(troupe_context_t *ctx, struct run *run);

/* troupe__run_plan, troupe__run_write: what models do before the search and
 * after the analysis; `next` is called at once where there is none. */
int troupe__run_plan(troupe_context_t *ctx, struct run *run);
int troupe__run_write(troupe_context_t *ctx, struct run *run);

/* troupe__run_flag: take out the passages that give orders, and note them. */
void troupe__run_flag(struct run *run);

#endif
