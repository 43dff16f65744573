/* SPDX-License-Identifier: Apache-2.0 */
/* council.h: answers of several models, and what is made of them. */
#ifndef TROUPE_ACTORS_COUNCIL_H
#define TROUPE_ACTORS_COUNCIL_H

#include "troupe_ask.h"
#include "troupe_query.h"

#include "actors/text.h"

#define COUNCIL_MODELS_MAX  1000
#define COUNCIL_CHOICES_MAX 64
#define COUNCIL_REASON_MAX  320

/* What became of one model. Only VOTE_USABLE counts as a vote. */
enum vote_state {
    VOTE_OPEN = 0,
    VOTE_USABLE,
    VOTE_UNUSABLE,   /* it answered, but not what was asked for */
    VOTE_FAILED,     /* no answer */
    VOTE_TIMEOUT,    /* none in time */
    VOTE_BUDGET,     /* not asked: the budget is used up */
    VOTE_NOT_NEEDED, /* given up: the result stood */
    VOTE_INTERRUPTED /* given up: the user did not want to wait */
};

struct vote {
    char *name, *family;
    double weight;
    troupe_ref_t model;
    enum vote_state state;
    char reason[COUNCIL_REASON_MAX]; /* unless it is usable */
    char *text;                      /* the answer as it came; NULL: none */
    char *answer;  /* what it comes to, as text; NULL unless usable */
    double number; /* of NUMBER */
    uint8_t order[COUNCIL_CHOICES_MAX]; /* of RANKING: choices, best first */
    bool truncated;
    bool replayed;                            /* from the journal */
    bool hedged;                              /* asked for twice */
    int64_t prompt_tokens, completion_tokens; /* -1: unknown */
    double cost;                              /* not a number: unknown */
    uint64_t attempts;
    double latency_ms;
    double worth; /* of TEXT: how well it stands for all */
};

/* Answers that are the same. */
struct answer_group {
    char *answer;
    double weight;
    uint32_t *votes; /* indexes */
    uint32_t count;
};

/* One sentence that several may have said. */
struct common_claim {
    char *text;      /* as one of them said it */
    uint32_t *votes; /* indexes, ascending, each once */
    uint32_t count;
    bool contested; /* another one says otherwise */
};

/* What a judge said of two answers, asked twice with their order swapped. */
struct judgement {
    uint32_t one, other;     /* the votes that it compares */
    struct vote verdicts[2]; /* in each order */
    bool wanted;             /* there is something for it to decide */
    bool agreed;             /* both times the same: it counts */
};

struct council {
    char *prompt, *field;
    troupe_query_type_t type;
    char **choices;
    uint32_t choice_count;
    double tolerance;
    bool absolute, ask_all;
    uint32_t quorum; /* never 0 */
    uint32_t deadline_ms;
    struct vote *votes;
    uint32_t count;
    /* The result: */
    uint32_t answered, usable, failed, not_needed;
    struct answer_group *groups; /* heaviest first; not of TEXT, RANKING */
    uint32_t group_count;
    uint32_t best; /* the index of the best vote; UINT32_MAX: none */
    char *answer;  /* the best answer; NULL: none */
    bool tie;
    double score;     /* of agreement, 0 to 1; not a number: not to be said */
    double low, high; /* its interval; not a number: none */
    const char *method;
    double voters; /* effective, by weight */
    uint32_t families;
    double borda[COUNCIL_CHOICES_MAX], copeland[COUNCIL_CHOICES_MAX];
    struct common_claim *claims;
    uint32_t claim_count;
    struct judgement judgement;
    bool interrupted;
    double elapsed_ms;
    troupe_cost_t spent;
    bool counted;      /* all tokens and calls; else that is not known */
    bool cost_known;   /* that, and the money */
    uint32_t replayed; /* answers that the journal had, those of a judge too */
    uint32_t hedged;   /* those that were asked for twice, likewise */
    troupe_query_outcome_t outcome;
};

/* troupe__council_new: of `count` votes that are still to be filled in. */
struct council *troupe__council_new(uint32_t count);
void troupe__council_destroy(struct council **self_p);

/* troupe__council_prompt: what models are asked: the prompt and the form that
 * the answer shall have; to be freed. */
char *troupe__council_prompt(const struct council *self);

/* troupe__council_schema: of a field's JSON, to be freed; else NULL. */
char *troupe__council_schema(const struct council *self);

/* troupe__vote_read: make of the text of a vote its answer; VOTE_USABLE, or
 * VOTE_UNUSABLE with a reason. */
void troupe__vote_read(const struct council *self, struct vote *vote);

/* troupe__number_next: the next number from *at on, which goes behind it; false:
 * there is none. */
bool troupe__number_next(const char **at, double *ret);

/* troupe__choice_is_meant: is a choice that stands there meant as one, or a word
 * like any other? troupe__choice_is_denied: is it named as what it is not?
 * Before the text of `at` stands a NUL. */
bool troupe__choice_is_meant(const char *at, const char *choice);
bool troupe__choice_is_denied(const char *at);

/* troupe__vote_take: what an ask of a model came to; true when it is a text to
 * be read. troupe__vote_give_up: it came to nothing, for that reason. */
bool troupe__vote_take(struct council *council, struct vote *vote,
                       const troupe_answer_t *answer);
void troupe__vote_give_up(struct vote *vote, enum vote_state state,
                          const char *words);

/* troupe__council_add_costs: the costs of all votes, where nobody else knows
 * them. troupe__council_costs_are_told: all that answered said theirs. */
void troupe__council_add_costs(struct council *council);
bool troupe__council_costs_are_told(const struct council *council);

/* troupe__council_is_decided: the leader cannot lose any more, whatever those
 * say that are open, and the quorum is met. */
bool troupe__council_is_decided(struct council *self);

/* troupe__council_conclude: the result of all votes, none of which is open. */
void troupe__council_conclude(struct council *self);

/* troupe__council_outcome: what that makes of the run, a judge among it. */
troupe_query_outcome_t troupe__council_outcome(const struct council *self);

/* Steps of it: by equal answers, by rank, by what sentences say. */
void troupe__council_group(struct council *self);
void troupe__council_count(struct council *self);
void troupe__council_rank(struct council *self);
void troupe__council_compare(struct council *self);

/* troupe__wilson: the 95 % interval of a share (Wilson 1927). */
void troupe__wilson(double share, double voters, double *ret_low,
                    double *ret_high);

/* troupe__vote_state_name: "usable", "unusable", "failed", ... */
const char *troupe__vote_state_name(enum vote_state state);

/* troupe__council_text, troupe__council_json: the result; to be freed. */
char *troupe__council_text(const struct council *self);
char *troupe__council_json(const struct council *self);

#endif
