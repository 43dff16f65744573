/* SPDX-License-Identifier: Apache-2.0 */
/* troupe_decide.h: a choice between options, made by supervised actors. */
#ifndef TROUPE_DECIDE_H
#define TROUPE_DECIDE_H

#include "troupe_actor.h"
#include "troupe_research.h"

/*
 * The actors of a decision. A decider starts the others below supervisors of
 * its own, for one run: a cell for each option and strategy, which are asked
 * all at once; then, over the table that comes of it, the four perspectives
 * and some samplers. Whoever fails is restarted and asked again while there
 * is time; what is missing in the end is said, and counts for nobody.
 *
 * They can be used on their own, the decider also in a topology file. Start
 * arguments and messages, as formats of troupe_send(), keys in any order; a
 * key with '?' may be absent:
 *
 *   troupe_decider               start nil or {fail?: U}
 *     decide    {decision: {...}, samples?: U, seed?: U, samplers?: U,
 *               deadline_ms?: U, failures?: U, faults?: [[s, U]]}
 *               -> {outcome: U, verdict: s, deadline_passed: b, markdown: s,
 *               json: s, svg: s}
 *     end       tell: report with what there is; samplers draw no more
 *     team      -> {supervisors: [RRRRR]}: those of the strategies, then of
 *               perspectives and samplers; nobody before they have started
 *   troupe_decision_cell         start {strategy: s, decision?: {...}, fail?: U}
 *     evaluate  nil or {decision: {...}} -> {estimate: {...}} of the first
 *               option, of the start's decision where there is no other
 *   troupe_decision_perspective  start {perspective: s, fail?: U}
 *     rank      {table: {...}} -> {scores: [f or nil]}
 *   troupe_decision_sampler      start {first: U, step: U, fail?: U}
 *     sample    {table: {...}, seed: U, samples: U} -> {samples: U, cut: U,
 *               ranks: [U]}: those below `samples` that are `first` plus a
 *               multiple of `step`, or fewer when the deadline is near, or
 *               (cut: 1) when it was told to end
 *     end       tell: answer with what is drawn
 *
 * `fail` is the number of first incarnations that fail on each message; 0 for
 * real use. DECISION.md describes the values.
 */
TROUPE_API const troupe_kind_t troupe_decider;
TROUPE_API const troupe_kind_t troupe_decision_cell;
TROUPE_API const troupe_kind_t troupe_decision_perspective;
TROUPE_API const troupe_kind_t troupe_decision_sampler;

/* What came of a run, as of troupe_research_outcome_t: complete, whatever the
 * verdict; degraded, some actor gave no answer; nothing, none did. */
typedef troupe_research_outcome_t troupe_decide_outcome_t;

/*
 * troupe_problem_fn: something is wrong with a decision.
 *
 *   pointer  where, as a JSON pointer (RFC 6901): "/options/rent/values".
 *   at_key   the key at that place is wrong, not its value.
 *   text     what is wrong, and the cure.
 */
typedef void (*troupe_problem_fn)(void *context, const char *pointer,
                                  bool at_key, const char *text);

/* Start from troupe_decide_options_default(). Everything is borrowed. */
typedef struct troupe_decide_options {
    const char *json;     /* the decision as text in JSON, or NULL: */
    const void *decision; /* as one msgpack value */
    size_t decision_size;
    uint32_t samples;     /* of weights and values, 0 .. 1,000,000; 10,000 */
    uint64_t seed;        /* of the samples; 1 */
    uint32_t samplers;    /* actors that draw them, 1 .. 64; 2 */
    uint32_t deadline_ms; /* for everything; 0: none */
    int interrupt_fd;     /* end with what there is when it is readable; -1 */
    const troupe_research_fault_t *faults; /* by strategy, by perspective,
                                              "sampler" or "decider" */
    size_t fault_count;
    uint32_t progress_ms; /* between calls of progress; 50 */
    /* Called on the calling thread, at first, now and then, and at the end;
     * the cells of a strategy, and the samplers, are shown as one. */
    void (*progress)(void *context, const troupe_research_actor_t *actors,
                     size_t count);
    troupe_problem_fn problem; /* may be NULL */
    void *context;             /* of both */
    const char *journal; /* file in which cells, rankings and samples are kept
                            before they count; NULL: none */
    bool resume;         /* it is there: what it has is not done again */
} troupe_decide_options_t;

/* troupe_decide_options_default: the defaults above. */
TROUPE_API troupe_decide_options_t troupe_decide_options_default(void);

/*
 * troupe_decide_check: look at a decision without making it.
 *
 *   options  json or decision, problem and context are looked at.
 *   returns  0, or -EINVAL after a call of `problem` for each thing that is
 *            wrong, in no particular order
 *   threads  any
 */
TROUPE_MUST int troupe_decide_check(const troupe_decide_options_t *options);

/* A finished report. */
typedef struct troupe_decide troupe_decide_t;

/*
 * troupe_decide_run: make a decision and wait for the report.
 *
 *   node        runs the actors; they are gone again at the end.
 *   ret_decide  out: the report, owned by the caller; untouched on error.
 *   returns     0, whatever the outcome and the verdict, or
 *               -EINVAL     the decision is wrong (as troupe_decide_check()),
 *                           or another option is
 *               -ENOENT     a fault names no actor of the run
 *               -ECANCELED  the node stops, or interrupt_fd is readable and
 *                           the actors do not end within two seconds
 *               -ETIMEDOUT  the decider did not keep the deadline
 *               -EHOSTDOWN  the decider failed for good
 *               -ENOSPC     the node has no room for the actors
 *   threads     any but the node's own; several runs may share a node.
 */
TROUPE_MUST int troupe_decide_run(troupe_t *node,
                                  const troupe_decide_options_t *options,
                                  troupe_decide_t **ret_decide);

/* troupe_decide_outcome: what came of the run. */
TROUPE_API troupe_decide_outcome_t
troupe_decide_outcome(const troupe_decide_t *self);

/* troupe_decide_verdict: "recommended", "no_clear_winner" or
 * "insufficient_data"; lives as long as self, as do those below. */
TROUPE_API const char *troupe_decide_verdict(const troupe_decide_t *self);

/* troupe_decide_deadline_passed: the deadline cut the run short. */
TROUPE_API bool troupe_decide_deadline_passed(const troupe_decide_t *self);

/* troupe_decide_markdown: the report for people. */
TROUPE_API const char *troupe_decide_markdown(const troupe_decide_t *self);

/* troupe_decide_json: the report for programs; see DECISION.md. */
TROUPE_API const char *troupe_decide_json(const troupe_decide_t *self);

/* troupe_decide_svg: a heat map of options and what they are judged by. */
TROUPE_API const char *troupe_decide_svg(const troupe_decide_t *self);

/* troupe_decide_destroy: free *self_p and set it to NULL; NULL is fine. */
TROUPE_API void troupe_decide_destroy(troupe_decide_t **self_p);

#endif
