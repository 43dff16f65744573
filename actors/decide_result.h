/* SPDX-License-Identifier: Apache-2.0 */
/* decide_result.h: everything that a decision's report says. */
#ifndef TROUPE_ACTORS_DECIDE_RESULT_H
#define TROUPE_ACTORS_DECIDE_RESULT_H

#include "actors/decide_sample.h"

#define NO_ROW UINT32_MAX

enum verdict_of_decision {
    DECISION_RECOMMENDED,
    DECISION_NO_CLEAR_WINNER,
    DECISION_INSUFFICIENT_DATA
};

/* What became of a perspective or a sampler. */
struct opinion {
    bool done;
    uint32_t attempts;
    char reason[160]; /* of a failure; "" otherwise */
    double *scores;   /* of a perspective, as troupe__opinion(); owned */
};

/* Rankings put together; all by row, owned. */
struct consensus {
    uint32_t ballots; /* rankings by a method under a perspective */
    double *borda;
    double *copeland;
    uint32_t condorcet; /* a row, or NO_ROW */
    uint32_t leader;    /* a row; NO_ROW when several are ahead, or nobody */
    uint32_t second;
    bool tied; /* several are ahead */
};

/* What is left when a row is taken away. */
struct reversal {
    uint32_t without; /* the row */
    uint32_t leader;  /* a row of the whole table; NO_ROW: nobody alone */
};

struct decision_result {
    struct decision *decision; /* owned */
    struct standing *standing; /* by option; owned */
    struct cell *cells;        /* by option, then strategy; owned */
    bool used[GROUP_COUNT];
    struct table table;
    uint32_t *options;    /* by row; owned */
    uint32_t *dominators; /* by row, NO_ROW for none; owned */
    struct opinion opinions[PERSPECTIVE_COUNT];
    struct opinion *samplers; /* owned */
    uint32_t sampler_count;
    uint32_t samples_asked;
    uint32_t samples; /* done */
    uint64_t seed;
    uint32_t *counts; /* rows x rows; owned */
    struct consensus consensus;
    double *regrets; /* by row: the worst over the perspectives; owned */
    uint32_t champions[PERSPECTIVE_COUNT]; /* rows; NO_ROW */
    struct stability *stability;           /* owned */
    uint32_t stability_count;
    struct reversal *reversals; /* owned; only those that change the leader */
    uint32_t reversal_count;
    enum verdict_of_decision verdict;
    uint32_t winner; /* a row, or NO_ROW */
    uint32_t rival;  /* who comes next by the samples, or NO_ROW */
    double lead;     /* in shares of the samples; NAN */
    double noise;    /* what a lead must be more than */
    char why[240];   /* of the verdict, a sentence without its full stop */
    double elapsed_ms;
    uint32_t deadline_ms;
    bool deadline_passed;
    bool interrupted;  /* it was told to end with what there is */
    uint32_t failures; /* of the decider, before it made this */
};

/* troupe__result_judge: work all out, once cells, table, opinions and samples
 * are in. */
void troupe__result_judge(struct decision_result *self);

void troupe__result_clear(struct decision_result *self);

/* troupe__result_degraded: some actor gave no answer, or too late. */
bool troupe__result_degraded(const struct decision_result *self);

/* troupe__result_degradation: in one line why; `size` bytes. */
void troupe__result_degradation(const struct decision_result *self, char *text,
                                size_t size);

/* troupe__result_limits: call `say` with each limit of the run, a sentence. */
void troupe__result_limits(const struct decision_result *self,
                           void (*say)(void *data, const char *text),
                           void *data);

/* troupe__result_tally: actors asked, answered, usable and failed. */
struct tally {
    uint32_t asked, answered, usable, failed;
};
struct tally troupe__result_tally(const struct decision_result *self);

/* troupe__acceptability: share of the samples with the row at that rank, 0 the
 * first; NAN without samples. */
double troupe__acceptability(const struct decision_result *self, uint32_t row,
                             uint32_t rank);

/* troupe__result_title: of a row's option. */
const char *troupe__result_title(const struct decision_result *self,
                                 uint32_t row);

/* troupe__result_order: the rows by Copeland, Borda, name. */
void troupe__result_order(const struct decision_result *self,
                          uint32_t *ret_rows);

/* troupe__result_payoffs: those of the rows, where all have them; the result
 * is to be freed when *ret_payoffs, which lends from it, is done with. */
double *troupe__result_payoffs(const struct decision_result *self,
                               struct payoffs *ret_payoffs);

const char *troupe__verdict_name(enum verdict_of_decision verdict);

/* troupe__consensus_make: put scores together, by perspective as of
 * troupe__opinion(), NULL for none; to be ended with clear. */
struct consensus
troupe__consensus_make(const struct table *table,
                       double *const scores[PERSPECTIVE_COUNT]);
void troupe__consensus_clear(struct consensus *self);

/* The forms; each result is to be freed with free(). */
char *troupe__result_markdown(const struct decision_result *self);
char *troupe__result_json(const struct decision_result *self);
char *troupe__result_svg(const struct decision_result *self);

#endif
